package lake

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// matchFunction evaluates a node over one JSON column in Go: hansard_match(id,
// column). Paths into JSON have one meaning that way, in the live tail and here.
const matchFunction = "hansard_match"

// matchers holds the nodes that statements under way evaluate in Go. It is the
// function itself: a duckdb.ScalarFunc.
type matchers struct {
	mu    sync.Mutex // guards next and nodes: DuckDB calls on its own threads
	next  int64
	nodes map[int64]query.Node
}

func newMatchers() *matchers { return &matchers{nodes: map[int64]query.Node{}} }

// add makes a node callable until drop is called.
func (m *matchers) add(n query.Node) (id int64, drop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next++
	id = m.next
	m.nodes[id] = n
	return id, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.nodes, id)
	}
}

// Config implements duckdb.ScalarFunc.
func (m *matchers) Config() duckdb.ScalarFuncConfig {
	return duckdb.ScalarFuncConfig{
		InputTypeInfos: []duckdb.TypeInfo{typeInfo(duckdb.TYPE_BIGINT), typeInfo(duckdb.TYPE_VARCHAR)},
		ResultTypeInfo: typeInfo(duckdb.TYPE_BOOLEAN),
		Volatile:       true, // a number means another node in another statement
	}
}

// Executor implements duckdb.ScalarFunc. A null column is no match: null.
func (m *matchers) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		id, _ := values[0].(int64)
		text, _ := values[1].(string)
		m.mu.Lock()
		n := m.nodes[id]
		m.mu.Unlock()
		if n == nil {
			return nil, fmt.Errorf("no node %d", id)
		}
		return query.Match(n, entryWith(n, json.RawMessage(text))), nil
	}}
}

// entryWith returns an entry that has nothing but the JSON column that the node
// looks at.
func entryWith(n query.Node, raw json.RawMessage) *hansard.Entry {
	e := &hansard.Entry{}
	switch refOf(n).Name {
	case "params":
		e.Params = raw
	case "result":
		e.Result = raw
	case "alternatives":
		e.Alternatives = raw
	case "messages":
		e.Messages = raw
	case "response":
		e.Response = raw
	case "attributes":
		e.Attributes = raw
	case "statement":
		e.Statement = raw
	}
	return e
}

// refOf returns the field that a comparison or a presence is about.
func refOf(n query.Node) query.Ref {
	switch n := n.(type) {
	case query.Compare:
		return n.Field
	case query.Has:
		return n.Field
	}
	return query.Ref{}
}
