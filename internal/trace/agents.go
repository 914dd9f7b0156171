package trace

import (
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
)

// AgentGraph is the graph of who handed over or delegated to whom. Aggregated it
// has a node for each agent; expanded, one for each stretch of an agent's work:
// events that caused each other, or that followed each other without a handoff in
// between.
func AgentGraph(steps []Step, expanded bool) Graph {
	steps, duplicates := sorted(steps)
	f := link(entriesOf(steps))
	a := &agents{f: f, expanded: expanded, nodes: map[string]int{}, edges: map[edgeKey]int{}, open: map[string]string{}, times: map[string]int{}}
	a.graph = Graph{Of: "agents", Duplicates: duplicates}
	if expanded {
		a.graph.Of = "agents expanded"
	}
	a.graph.Orphans, a.graph.Cycles = f.faults()
	a.who()
	a.stretches()
	a.count(steps)
	a.connect()
	return a.graph
}

type edgeKey struct{ from, to, kind string }

// agents makes an AgentGraph.
type agents struct {
	f        *forest
	expanded bool
	graph    Graph
	nodes    map[string]int  // index in graph.Nodes by id
	edges    map[edgeKey]int // index in graph.Edges
	agent    []string        // who acted, of each entry: its own, or that of the nearest above it
	of       []string        // id of the node of each entry; "" where nobody is known to have acted
	open     map[string]string
	times    map[string]int // how many stretches an agent has
}

// who finds the agent of each entry.
func (a *agents) who() {
	a.agent = make([]string, len(a.f.entries))
	for _, p := range a.f.walk() { // parents come before their children
		i := p.index
		a.agent[i] = a.f.entries[i].AgentName
		if up := a.f.parent[i]; a.agent[i] == "" && up != none {
			a.agent[i] = a.agent[up]
		}
	}
}

// stretches gives each entry its node, in order of time. A parent that happened
// later than its child, by another clock, does not join with it.
func (a *agents) stretches() {
	a.of = make([]string, len(a.f.entries))
	for i, e := range a.f.entries {
		agent := a.agent[i]
		if agent == "" {
			continue
		}
		up := a.f.parent[i]
		switch {
		case !a.expanded:
			a.of[i] = agent
		case up != none && a.agent[up] == agent && a.of[up] != "":
			a.of[i] = a.of[up]
		case a.open[agent] != "" && (up == none || a.agent[up] == agent):
			a.of[i] = a.open[agent]
		default:
			a.times[agent]++
			a.of[i] = fmt.Sprintf("%s #%d", agent, a.times[agent])
		}
		a.open[agent] = a.of[i]
		if e.EventType == hansard.TypeHandoff {
			delete(a.open, or(e.HandoffFrom, agent)) // what it does after that is another stretch
		}
	}
}

// count adds up the events of each node, in order of time.
func (a *agents) count(steps []Step) {
	spent := spends(a.f.entries)
	for i, s := range steps {
		if a.of[i] == "" {
			continue
		}
		n := a.node(a.of[i], a.agent[i])
		at := under(s.entry)
		if n.Events == 0 {
			n.Type, n.EventID, n.TraceID = NodeAgent, s.entry.EventID, or(s.entry.TraceID, s.entry.EventID)
			n.Start, n.End = time.Unix(0, at.start).UTC(), time.Unix(0, at.end).UTC()
		}
		if end := time.Unix(0, at.end).UTC(); end.After(n.End) {
			n.End = end
		}
		n.Events++
		n.Spend.add(spent[i])
		if s.entry.EventType == hansard.TypeToolCall {
			n.ToolCalls++
		}
		if s.line.Erred {
			n.Errors++
			n.Erred = true
		}
	}
}

// node returns the node with an id, made if need be: of an agent that never acted.
func (a *agents) node(id, agent string) *GraphNode {
	i, ok := a.nodes[id]
	if !ok {
		i = len(a.graph.Nodes)
		a.nodes[id] = i
		a.graph.Nodes = append(a.graph.Nodes, GraphNode{ID: id, Label: agent, Type: NodeMissing, Agent: agent})
	}
	return &a.graph.Nodes[i]
}

func (a *agents) edge(from, to, kind, eventID string) {
	k := edgeKey{from, to, kind}
	i, ok := a.edges[k]
	if !ok {
		i = len(a.graph.Edges)
		a.edges[k] = i
		a.graph.Edges = append(a.graph.Edges, GraphEdge{From: from, To: to, Kind: kind})
	}
	e := &a.graph.Edges[i]
	e.Count++
	if len(e.EventIDs) < maxEdgeEvents {
		e.EventIDs = append(e.EventIDs, eventID)
	}
}

// connect adds the handoffs, and the delegations that are no handoff.
func (a *agents) connect() {
	next := a.nextOf()
	for i, e := range a.f.entries {
		if e.EventType == hansard.TypeHandoff {
			a.handoff(i, next)
			continue
		}
		up := a.f.parent[i]
		if up == none || a.agent[i] == a.agent[up] || a.of[i] == "" || a.of[up] == "" {
			continue
		}
		if p := a.f.entries[up]; p.EventType == hansard.TypeHandoff && p.HandoffTo == a.agent[i] {
			continue // it is that handoff
		}
		a.edge(a.of[up], a.of[i], EdgeDelegation, e.EventID)
	}
}

// handoff adds the edge of the i-th entry, a handoff.
func (a *agents) handoff(i int, next map[string][]int) {
	e := a.f.entries[i]
	to, from, fromID := e.HandoffTo, or(e.HandoffFrom, a.agent[i]), a.of[i]
	if to == "" {
		to = unknown
	}
	if from == "" {
		from = unknown
	}
	if from != a.agent[i] || fromID == "" {
		fromID = a.last(from, i, next)
	}
	a.node(fromID, from)
	toID := to
	if later := next[to]; a.expanded && len(later) > 0 {
		k := 0
		for k < len(later)-1 && later[k] <= i {
			k++
		}
		toID = a.of[later[k]]
	}
	a.node(toID, to)
	a.edge(fromID, toID, EdgeHandoff, e.EventID)
}

// last returns the node of what an agent did last before the i-th entry.
func (a *agents) last(agent string, i int, next map[string][]int) string {
	id := agent
	if a.expanded {
		for _, k := range next[agent] {
			if k > i {
				break
			}
			id = a.of[k]
		}
	}
	return id
}

// nextOf lists the first entry of each stretch of each agent, in order of time.
func (a *agents) nextOf() map[string][]int {
	first, seen := map[string][]int{}, map[string]bool{}
	for i, id := range a.of {
		if id != "" && !seen[id] {
			seen[id] = true
			first[a.agent[i]] = append(first[a.agent[i]], i)
		}
	}
	return first
}
