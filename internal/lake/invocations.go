package lake

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// InvocationStat is what the invocations of one agent came to.
type InvocationStat struct {
	Agent       string // "" where none is named
	Invocations int64
	// Failed are those that ended badly, or under which an error happened
	// that nobody recovered from; Open are the others of which no end was
	// seen. The rest succeeded.
	Failed int64
	Open   int64
	Timed  int64                // with a duration of their own or of their end
	Avg    hansard.Opt[float64] // microseconds, over the timed ones
}

// Invocations returns what became of the invocations that the query selects, by
// agent, most invocations first. Their ends and errors need not match the search nor
// lie in its period, but within a day of the invocation.
//
// An invocation ends with its own status or duration, or with the lifecycle event
// invocation_end under it. An error is recovered from when the same tool succeeds
// later in the trace, or when it says what was done about it (retry, fallback,
// circuit_open, escalate) and the invocation that it happened in ended well.
func (l *Lake) Invocations(ctx context.Context, tenant string, q query.Query) ([]InvocationStat, error) {
	snap := l.pin(tenant)
	defer snap.release()
	q = onlyType(q, hansard.TypeInvocation)
	picked, err := l.picked(ctx, snap, q)
	if err != nil {
		return nil, err
	}
	// What an invocation came to can hang on an error a day away, that on an
	// invocation another day away, and that on its end.
	a := &traceQuestion[*invocationSum]{snap: snap, whole: periodSpan(q.Period), window: 3 * int64(resultWindow), merge: mergeInvocations}
	a.ask(q, picked)
	a.run = func(ctx context.Context, groups []*group, pass passSpec) (map[int64]*invocationSum, error) {
		p := &invocationPass{chosen: chosen{a.node, picked}, passSpec: pass, agents: &numbers{}, tools: &numbers{}}
		p.tools.one("") // 0 is no tool
		return p.run(ctx, l, groups)
	}
	sums, err := sumTraces(ctx, l, l.invocationSums, a)
	if err != nil {
		return nil, err
	}
	return invocationStats(invocationTotal(sums)), nil
}

// invocationSum is what invocations came to, by agent. It is never changed.
type invocationSum struct{ agents map[string]invocationFigures }

type invocationFigures struct{ n, failed, open, timed, us int64 }

func (s *invocationSum) size() int {
	if s == nil {
		return 0
	}
	return 150 * len(s.agents)
}

// mergeInvocations makes one sum of three: the first, less the second, and the
// third.
func mergeInvocations(sum, less, more *invocationSum) *invocationSum {
	merged := &invocationSum{agents: map[string]invocationFigures{}}
	merged.add(sum, 1)
	merged.add(less, -1)
	merged.add(more, 1)
	return merged
}

func (s *invocationSum) add(o *invocationSum, sign int64) {
	if o == nil {
		return
	}
	for agent, f := range o.agents {
		g := s.agents[agent]
		g.n, g.failed, g.open = g.n+sign*f.n, g.failed+sign*f.failed, g.open+sign*f.open
		g.timed, g.us = g.timed+sign*f.timed, g.us+sign*f.us
		s.agents[agent] = g
	}
}

// invocationTotal puts sums together.
func invocationTotal(sums traceSums[*invocationSum]) *invocationSum {
	total := &invocationSum{agents: map[string]invocationFigures{}}
	for _, s := range sums.plus {
		total.add(s, 1)
	}
	for _, s := range sums.minus {
		total.add(s, -1)
	}
	return total
}

func invocationStats(sum *invocationSum) []InvocationStat {
	var stats []InvocationStat
	for agent, f := range sum.agents {
		if f.n == 0 {
			continue
		}
		s := InvocationStat{Agent: agent, Invocations: f.n, Failed: f.failed, Open: f.open, Timed: f.timed}
		if f.timed > 0 {
			s.Avg = hansard.Some(float64(f.us) / float64(f.timed))
		}
		stats = append(stats, s)
	}
	slices.SortFunc(stats, func(a, b InvocationStat) int {
		return cmp.Or(cmp.Compare(b.Invocations, a.Invocations), cmp.Compare(a.Agent, b.Agent))
	})
	return stats
}

// act is an event as far as it says what became of an invocation.
type act struct {
	event, parent uint64
	at, position  int64
	us            int64
	agent, tool   int32
	kind          actKind
	bad, good     bool // an error; a tool's success
	timed         bool
	asked         bool // an invocation that is selected
	ended         bool // an invocation that says how it ended
	acted         bool // an error that says what was done about it
}

type actKind uint8

const (
	otherAct actKind = iota
	invocationAct
	endAct
)

// invocationPass computes Invocations trace by trace. How events hang together is
// read in a second pass, over the traces that have errors, or ends beside
// invocations without one: the ids of all events take most of the time to read.
type invocationPass struct {
	chosen
	passSpec
	withTree      bool
	agents, tools *numbers
	tallies       []invocationTally
}

type invocationTally struct {
	groups map[hourGroup]*invocationFigures // by agent
	apart  map[uint64]bool
}

func (p *invocationPass) run(ctx context.Context, l *Lake, groups []*group) (map[int64]*invocationSum, error) {
	for range l.config.Threads {
		p.tallies = append(p.tallies, invocationTally{map[hourGroup]*invocationFigures{}, map[uint64]bool{}})
	}
	pass := &tracePass[act]{lake: l, groups: groups, only: p.only, read: p.read, done: p.done}
	if err := pass.run(ctx); err != nil {
		return nil, err
	}
	apart := map[uint64]bool{}
	for _, t := range p.tallies {
		maps.Copy(apart, t.apart)
	}
	p.withTree = true
	if err := pass.again(ctx, apart); err != nil {
		return nil, err
	}
	sums := map[int64]*invocationSum{}
	for _, t := range p.tallies {
		for key, f := range t.groups {
			if sums[key.hour] == nil {
				sums[key.hour] = &invocationSum{agents: map[string]invocationFigures{}}
			}
			sums[key.hour].add(&invocationSum{agents: map[string]invocationFigures{string(p.agents.text(key.key)): *f}}, 1)
		}
	}
	return sums, nil
}

// actColumns are the columns of a group that acts are made of.
type actColumns struct {
	kind, status, errorType, action, recovery, agent, tool, source *part.Vector
	us, at, position                                               *part.Vector
	event, parent                                                  *part.Vector // nil: not read
	selected, around                                               []bool
}

// read returns the acts of a group: all events where the tree is wanted, else the
// invocations, ends and errors.
func (p *invocationPass) read(r *rows) (items []act, at []int, err error) {
	c, err := p.columns(r)
	if err != nil || c == nil {
		return nil, nil, err
	}
	agents, tools := p.agents.of(c.agent.Terms), p.tools.of(c.tool.Terms)
	invocation, end := codeOf(c.kind, hansard.TypeInvocation), codeOf(c.action, "invocation_end")
	lifecycle, isError := codeOf(c.kind, hansard.TypeLifecycle), codeOf(c.kind, hansard.TypeError)
	call, result := codeOf(c.kind, hansard.TypeToolCall), codeOf(c.kind, hansard.TypeToolResult)
	failed, timedOut, ok := codeOf(c.status, "error"), codeOf(c.status, "timeout"), codeOf(c.status, "ok")
	abort, synthetic := codeOf(c.recovery, "abort"), codeOf(c.source, hansard.TimeSynthetic)
	is := func(code, want uint32) bool { return code != 0 && code == want }
	if p.withTree {
		n := len(c.kind.Codes)
		if c.around != nil {
			n = len(r.numbers(c.around))
		}
		items, at = make([]act, 0, n), make([]int, 0, n)
	}
	for i, kind := range c.kind.Codes {
		if c.around != nil && !c.around[i] {
			continue
		}
		status := c.status.Codes[i]
		a := act{agent: agents[c.agent.Codes[i]], us: c.us.Ints[i], bad: is(status, failed) || is(status, timedOut)}
		a.timed = c.us.Set[i] && !is(c.source.Codes[i], synthetic)
		switch {
		case is(kind, invocation):
			a.kind, a.asked = invocationAct, c.selected == nil || c.selected[i]
			a.ended = status != 0 || c.us.Set[i]
		case is(kind, lifecycle) && is(c.action.Codes[i], end):
			a.kind = endAct
		default:
			a.bad = a.bad || is(kind, isError) || c.errorType.Codes[i] != 0
			a.good = !a.bad && (is(kind, result) || is(kind, call) && is(status, ok))
			a.acted = c.recovery.Codes[i] != 0 && !is(c.recovery.Codes[i], abort)
		}
		if a.kind == otherAct && !a.bad && !p.withTree {
			continue
		}
		a.tool, a.at, a.position = tools[c.tool.Codes[i]], c.at.Ints[i], c.position.Ints[i]
		if c.event != nil {
			a.event, a.parent = c.event.Keys[i], c.parent.Keys[i]
		}
		items, at = append(items, a), append(at, i)
	}
	return items, at, nil
}

func (p *invocationPass) columns(r *rows) (c *actColumns, err error) {
	c = &actColumns{
		kind: r.vector(), status: r.vector(), errorType: r.vector(), action: r.vector(), recovery: r.vector(), agent: r.vector(),
		tool: r.vector(), source: r.vector(), us: r.vector(), at: r.vector(), position: r.vector(),
	}
	if err := firstError(
		r.terms("event_type", c.kind), r.terms("status", c.status), r.terms("error_type", c.errorType), r.terms("action", c.action),
		r.terms("recovery_action", c.recovery), r.terms("agent_name", c.agent), r.terms("tool_name", c.tool), r.terms("time_source", c.source),
		r.ints("duration_us", c.us), r.ints("timestamp", c.at), r.ints("position", c.position),
	); err != nil {
		return nil, err
	}
	if c.selected, err = r.counted(&p.chosen, &p.passSpec); err != nil {
		return nil, err
	}
	if c.around, err = r.around(p.bounds(r.gr)); err != nil || !p.withTree {
		return c, err
	}
	c.event, c.parent = r.vector(), r.vector()
	return c, firstError(r.keys("event_id", c.event), r.keys("parent_event_id", c.parent))
}

// done counts the invocations of a trace.
func (p *invocationPass) done(worker int, trace uint64, items []act) {
	t := &p.tallies[worker]
	var asked, open, ends, bad bool
	for _, a := range items {
		asked = asked || a.asked
		open = open || a.kind == invocationAct && !a.ended
		ends = ends || a.kind == endAct
		bad = bad || a.bad && a.kind == otherAct
	}
	switch {
	case !asked:
		return
	case !p.withTree && (bad || ends && open):
		t.apart[trace] = true
		return
	case !p.withTree:
		for i := range items {
			if a := &items[i]; a.asked {
				t.add(p.hourOf(a.at), a, a.bad, !a.ended, a.timed, a.us)
			}
		}
		return
	}
	t.tree(items, p.hourOf)
}

// add counts an invocation.
func (t *invocationTally) add(hour int64, a *act, failed, open, timed bool, us int64) {
	key := hourGroup{hour, a.agent}
	f := t.groups[key]
	if f == nil {
		f = &invocationFigures{}
		t.groups[key] = f
	}
	f.n++
	switch {
	case failed:
		f.failed++
	case open:
		f.open++
	}
	if timed {
		f.timed++
		f.us += us
	}
}
