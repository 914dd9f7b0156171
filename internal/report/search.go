package report

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// selection is what a report's filter selects; figures select within it.
type selection struct{ filter query.Node }

// and returns the node that selects what the filter and all of the nodes select.
func (s selection) and(nodes ...query.Node) query.Node {
	all := []query.Node{s.filter}
	if a, ok := s.filter.(query.And); ok {
		all = a.Nodes[:len(a.Nodes):len(a.Nodes)]
	}
	all = append(all, nodes...)
	if len(all) == 1 {
		return all[0]
	}
	return query.And{Nodes: all}
}

// search returns the text of and.
func (s selection) search(nodes ...query.Node) string { return s.and(nodes...).String() }

// is returns the node for a field of text that is equal to one of the values.
func is(field string, values ...string) query.Node {
	n := query.Compare{Field: query.Ref{Name: field, Kind: query.KindString}, Op: query.In}
	for _, v := range values {
		n.Values = append(n.Values, query.Value{Text: v})
	}
	return n
}

func hasText(field string) query.Node {
	return query.Has{Field: query.Ref{Name: field, Kind: query.KindString}}
}

func hasNumber(field string) query.Node {
	return query.Has{Field: query.Ref{Name: field, Kind: query.KindInt}}
}

// upTo returns the node for the entries up to a position: those that were there
// when a report began.
func upTo(position int64) query.Node {
	return query.Compare{
		Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: position}},
	}
}

// erred returns the node for the entries that are errors: of type agent.error,
// or with the status error or timeout, an error's text or its type. The text may
// have been erased, the others stay.
func erred() query.Node {
	return query.Or{Nodes: []query.Node{
		is("event_type", hansard.TypeError),
		is("status", "error", "timeout"),
		hasText("error_type"),
		query.Has{Field: query.Ref{Name: "error", Kind: query.KindText}},
	}}
}

// failedCalls returns the nodes for the tool calls and results that erred.
func failedCalls() []query.Node {
	return []query.Node{is("event_type", hansard.TypeToolCall, hansard.TypeToolResult), is("status", "error", "timeout")}
}

func escalations() []query.Node {
	return []query.Node{is("event_type", hansard.TypeHumanIntervention), is("intervention", "escalation")}
}

// tokenFields returns the fields that state tokens, the total first.
func tokenFields() []string {
	return []string{"token_count", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"}
}

// counted returns the node for the entries that state tokens.
func counted() query.Or {
	var n query.Or
	for _, f := range tokenFields() {
		n.Nodes = append(n.Nodes, hasNumber(f))
	}
	return n
}

// priced returns the node for the entries that state a cost.
func priced() query.Node {
	return query.Has{Field: query.Ref{Name: "cost_usd", Kind: query.KindInt, Unit: query.UnitNanoUSD}}
}

// own returns the node for the entries whose tokens and cost are not the sum of
// others'.
func own() query.Node {
	return query.Not{Node: query.Compare{
		Field: query.Ref{Name: "labels", Kind: query.KindList}, Op: query.In, Values: []query.Value{{Text: "aggregate"}},
	}}
}
