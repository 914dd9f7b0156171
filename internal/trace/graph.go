package trace

import (
	"encoding/json"
	"time"

	"github.com/hansardhq/hansard"
)

// The kinds of nodes of a Graph that are no event.
const (
	NodeAgent   = "agent"   // an agent, or one stretch of its work
	NodeMissing = "missing" // an event that others name as their parent and that is not here, or an agent that never acted
)

// The kinds of edges of a Graph.
const (
	EdgeParent     = "parent"     // to what an event caused
	EdgeResult     = "result"     // from a tool call to a result that names it by its call id only
	EdgeHandoff    = "handoff"    // an agent handed over to another
	EdgeDelegation = "delegation" // what an agent did caused an event of another
)

// GraphNode is an event, an agent, or what is missing.
type GraphNode struct {
	ID         string
	Label      string
	Type       string // the event's type, NodeAgent or NodeMissing
	Agent      string
	Tool       string
	TraceID    string
	EventID    string    // of an event; of an agent, its first
	Status     string    // "" when unknown
	Erred      bool      // an error is among its events
	Orphan     bool      // its parent is missing
	Cycle      bool      // it was its own ancestor
	Start, End time.Time // zero for what is missing
	Events     int
	Errors     int
	ToolCalls  int
	Spend      Spend
}

// GraphEdge leads from a cause to what came of it.
type GraphEdge struct {
	From, To string // ids of nodes
	Kind     string
	Count    int
	EventIDs []string // the handoffs, or the first events of the other agent; at most 100
}

// Graph is a trace as nodes and edges. Nothing of the trace is left out: what is
// missing has a node, what was a circle is broken at its earliest event.
type Graph struct {
	Of         string // "events", "agents" or "agents expanded"
	Nodes      []GraphNode
	Edges      []GraphEdge
	Duplicates int
	Orphans    []string
	Cycles     [][]string
	Expired    []Expiry
	Cut        bool
}

// maxEdgeEvents is how many events an edge names.
const maxEdgeEvents = 100

// EventGraph is the graph of parents and children: a node for each event.
func EventGraph(steps []Step) Graph {
	steps, duplicates := sorted(steps)
	f := link(entriesOf(steps))
	g := Graph{Of: "events", Duplicates: duplicates}
	g.Orphans, g.Cycles = f.faults()
	spent, ids := spends(f.entries), f.ids()
	missing := map[string]bool{}
	for i, s := range steps {
		e, at := s.entry, under(s.entry)
		n := GraphNode{
			ID: ids[i], Label: s.line.Action, Type: e.EventType, Agent: e.AgentName, Tool: e.ToolName, EventID: e.EventID,
			TraceID: or(e.TraceID, e.EventID), Status: s.line.Status, Erred: s.line.Erred, Orphan: f.orphan[i], Cycle: f.cycle[i],
			Start: time.Unix(0, at.start).UTC(), End: time.Unix(0, at.end).UTC(), Events: 1, Spend: spent[i],
		}
		if n.Erred {
			n.Errors = 1
		}
		g.Nodes = append(g.Nodes, n)
		switch {
		case f.parent[i] != none:
			g.Edges = append(g.Edges, GraphEdge{From: ids[f.parent[i]], To: ids[i], Kind: EdgeParent, Count: 1})
		case f.orphan[i]:
			id := "missing/" + e.ParentEventID
			if !missing[id] {
				missing[id] = true
				g.Nodes = append(g.Nodes, GraphNode{ID: id, Label: "not here", Type: NodeMissing, EventID: e.ParentEventID})
			}
			g.Edges = append(g.Edges, GraphEdge{From: id, To: ids[i], Kind: EdgeParent, Count: 1})
		}
	}
	g.results(f, ids)
	return g
}

// ids returns an id for the node of each entry: its event id, or a number.
func (f *forest) ids() []string {
	ids := make([]string, len(f.entries))
	for i, e := range f.entries {
		ids[i] = or(e.EventID, "#"+Count(int64(i)))
	}
	return ids
}

// results adds the edges from calls to results that the tree does not have.
func (g *Graph) results(f *forest, ids []string) {
	place := make(map[*hansard.Entry]int, len(f.entries))
	for i, e := range f.entries {
		place[e] = i
	}
	calls, _ := pairTools(f.entries)
	for _, c := range calls {
		for _, r := range c.Results {
			if i, k := place[c.Call], place[r]; f.parent[k] != i {
				g.Edges = append(g.Edges, GraphEdge{From: ids[i], To: ids[k], Kind: EdgeResult, Count: 1})
			}
		}
	}
}

// graphJSON is the JSON form of a Graph.
type graphJSON struct {
	Of         string          `json:"of"`
	Nodes      []graphNodeJSON `json:"nodes"`
	Edges      []graphEdgeJSON `json:"edges"`
	Duplicates int             `json:"duplicates"`
	Orphans    []string        `json:"orphans"`
	Cycles     [][]string      `json:"cycles"`
	Expired    []expiryJSON    `json:"expired"`
	Cut        bool            `json:"cut"`
}

type graphNodeJSON struct {
	ID         string          `json:"id"`
	Label      string          `json:"label"`
	Type       string          `json:"type"`
	Agent      string          `json:"agent"`
	Tool       string          `json:"tool_name,omitempty"`
	TraceID    string          `json:"trace_id,omitempty"`
	EventID    string          `json:"event_id,omitempty"`
	Status     string          `json:"status"`
	HasError   bool            `json:"has_error"`
	Orphan     bool            `json:"orphan,omitempty"`
	Cycle      bool            `json:"cycle,omitempty"`
	Start      *time.Time      `json:"start"`
	End        *time.Time      `json:"end"`
	Events     int             `json:"events"`
	Errors     int             `json:"errors"`
	ToolCalls  int             `json:"tool_calls"`
	TokenCount json.RawMessage `json:"token_count"`
	CostUSD    json.RawMessage `json:"cost_usd"`
}

type graphEdgeJSON struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Kind     string   `json:"kind"`
	Count    int      `json:"count"`
	EventIDs []string `json:"event_ids,omitempty"`
}

// MarshalJSON writes the graph with snake_case names. Unknown figures are null.
func (g Graph) MarshalJSON() ([]byte, error) {
	j := graphJSON{
		Of: g.Of, Nodes: make([]graphNodeJSON, len(g.Nodes)), Edges: make([]graphEdgeJSON, len(g.Edges)), Duplicates: g.Duplicates,
		Orphans: list(g.Orphans), Cycles: list(g.Cycles), Expired: expiries(g.Expired), Cut: g.Cut,
	}
	for i, n := range g.Nodes {
		j.Nodes[i] = graphNodeJSON{
			ID: n.ID, Label: n.Label, Type: n.Type, Agent: n.Agent, Tool: n.Tool, TraceID: n.TraceID, EventID: n.EventID,
			Status: n.Status, HasError: n.Erred, Orphan: n.Orphan, Cycle: n.Cycle, Events: n.Events, Errors: n.Errors,
			ToolCalls: n.ToolCalls, TokenCount: fixed(n.Spend.Tokens, 0), CostUSD: fixed(n.Spend.CostNanoUSD, 9),
		}
		if !n.Start.IsZero() {
			j.Nodes[i].Start, j.Nodes[i].End = &n.Start, &n.End
		}
	}
	for i, e := range g.Edges {
		j.Edges[i] = graphEdgeJSON(e)
	}
	return json.Marshal(j)
}
