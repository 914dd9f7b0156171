package lake

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// mention is a call of a tool or a result.
type mention struct {
	position int64
	call     uint64 // key of the tool call's id; 0: none
	event    uint64 // key of the call's event, or of the result's parent
	us       int64
	tool     int32 // of a call: its number
	timed    bool
	bad      bool
	result   bool
}

// toolPass computes ToolCalls from the rows of parts, trace by trace.
type toolPass struct {
	q           query.Query
	calls       *scope // of the calls
	results     *scope
	withParents bool
	tools       *numbers
	tallies     []toolTally // of each worker
}

// toolSum is what the calls of tools came to. It is never changed.
type toolSum struct {
	names *numbers
	tools map[int32]*toolFigures // us sorted
}

func (s *toolSum) size() int {
	n := 0
	if s != nil {
		for _, f := range s.tools {
			n += 100 + 8*len(f.us)
		}
	}
	return n
}

// toolTally is what one worker has counted.
type toolTally struct {
	tools map[int32]*toolFigures
	// apart are traces with a call that may be paired by its result's parent.
	apart map[uint64]bool
}

type toolFigures struct {
	calls, errors, sum int64
	us                 []int64
}

// toolCalls answers ToolCalls for a node that is selectable. Events are paired by
// their parents in a second pass, over the traces that need it: the ids of all
// events take most of the time to read.
func (l *Lake) toolCalls(ctx context.Context, snap *snapshot, q query.Query, results query.Period) ([]ToolStat, error) {
	types := onlyType(query.Query{}, hansard.TypeToolCall, hansard.TypeToolResult).Node
	calls, around := newScope(q.Node, q.Period), newScope(types, results)
	groups, err := l.groups(ctx, snap, around)
	if err != nil {
		return nil, err
	}
	names := &numbers{}
	run := func(groups []*group, only map[uint64]bool) (*toolSum, error) {
		tp := &toolPass{q: q, calls: calls, results: around, tools: names}
		return tp.run(ctx, l, groups, only)
	}
	key, ok := foldKey(snap, q)
	if !ok {
		sum, err := run(groups, nil)
		if err != nil {
			return nil, err
		}
		return toolStats(sum, nil, nil), nil
	}
	sum, less, more, err := foldTraces(ctx, l, l.toolSums, key, snap, around, groups, run, mergeTools)
	if err != nil {
		return nil, err
	}
	return toolStats(sum, less, more), nil
}

// run counts the calls in groups.
func (tp *toolPass) run(ctx context.Context, l *Lake, groups []*group, only map[uint64]bool) (*toolSum, error) {
	for range l.config.Threads {
		tp.tallies = append(tp.tallies, toolTally{tools: map[int32]*toolFigures{}, apart: map[uint64]bool{}})
	}
	p := &tracePass[mention]{lake: l, groups: groups, only: only, read: tp.read, done: tp.done}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	apart := map[uint64]bool{}
	for _, t := range tp.tallies {
		maps.Copy(apart, t.apart)
	}
	tp.withParents = tp.withParents || len(apart) > 0
	if err := p.again(ctx, apart); err != nil {
		return nil, err
	}
	sum := &toolSum{names: tp.tools, tools: map[int32]*toolFigures{}}
	for _, t := range tp.tallies {
		for n, f := range t.tools {
			sum.add(n, f)
		}
	}
	for _, f := range sum.tools {
		slices.Sort(f.us)
	}
	return sum, nil
}

// add adds figures of a tool; us is not sorted then.
func (s *toolSum) add(n int32, f *toolFigures) {
	g := s.tools[n]
	if g == nil {
		g = &toolFigures{}
		s.tools[n] = g
	}
	g.calls, g.errors, g.sum = g.calls+f.calls, g.errors+f.errors, g.sum+f.sum
	g.us = append(g.us, f.us...)
}

// numbers gives texts numbers, so that what is kept of many events is free of
// pointers.
type numbers struct {
	mu    sync.Mutex // guards what follows
	known map[string]int32
	texts []string
}

// text returns the text of a number.
func (n *numbers) text(k int32) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.texts[k]
}

// of returns the numbers of texts.
func (n *numbers) of(texts []string) []int32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]int32{}
	}
	all := make([]int32, len(texts))
	for i, t := range texts {
		k, ok := n.known[t]
		if !ok {
			k = int32(len(n.texts))
			n.known[t] = k
			n.texts = append(n.texts, t)
		}
		all[i] = k
	}
	return all
}

// read returns the calls and the results of a group.
func (tp *toolPass) read(r *rows) (items []mention, at []int, err error) {
	kind := r.vector()
	if err := r.terms("event_type", kind); err != nil {
		return nil, nil, err
	}
	isCall, isResult := codeOf(kind, hansard.TypeToolCall), codeOf(kind, hansard.TypeToolResult)
	if isCall == 0 && isResult == 0 {
		return nil, nil, nil
	}
	selected, err := r.selected(tp.q, tp.calls)
	if err != nil {
		return nil, nil, err
	}
	in, err := r.within(tp.results.since, tp.results.until)
	if err != nil {
		return nil, nil, err
	}
	if in, err = r.upTo(in, tp.calls.positionTo); err != nil {
		return nil, nil, err
	}
	status, source, tool, call, us, position, event, parent := r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector()
	if err := firstError(
		r.terms("status", status), r.terms("time_source", source), r.terms("tool_name", tool),
		r.keys("tool_call_id", call), r.ints("duration_us", us), r.ints("position", position),
	); err != nil {
		return nil, nil, err
	}
	if tp.withParents {
		if err := firstError(r.keys("event_id", event), r.keys("parent_event_id", parent)); err != nil {
			return nil, nil, err
		}
	}
	failed, timedOut, synthetic := codeOf(status, "error"), codeOf(status, "timeout"), codeOf(source, hansard.TimeSynthetic)
	n, names := 0, tp.tools.of(tool.Terms)
	for _, k := range kind.Codes {
		if k != 0 && (k == isCall || k == isResult) {
			n++
		}
	}
	items, at = make([]mention, 0, n), make([]int, 0, n)
	for i, k := range kind.Codes {
		m := mention{result: k == isResult}
		switch {
		case k == 0 || k != isCall && k != isResult:
			continue
		case m.result && in != nil && !in[i]:
			continue
		case !m.result && selected != nil && !selected[i]:
			continue
		}
		s := status.Codes[i]
		m.bad = s != 0 && (s == failed || s == timedOut)
		m.position, m.call, m.us = position.Ints[i], call.Keys[i], us.Ints[i]
		m.timed = us.Set[i] && (synthetic == 0 || source.Codes[i] != synthetic)
		switch {
		case m.result && tp.withParents:
			m.event = parent.Keys[i]
		case tp.withParents:
			m.event = event.Keys[i]
		}
		if !m.result {
			m.tool = names[tool.Codes[i]]
		}
		items, at = append(items, m), append(at, i)
	}
	return items, at, nil
}

// codeOf returns the code of a term; 0 if the column has it nowhere.
func codeOf(v *part.Vector, term string) uint32 {
	return uint32(max(0, slices.Index(v.Terms, term)))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// done counts the calls of a trace.
func (tp *toolPass) done(worker int, trace uint64, items []mention) {
	t := &tp.tallies[worker]
	if byPosition := func(a, b mention) int { return cmp.Compare(a.position, b.position) }; !slices.IsSortedFunc(items, byPosition) {
		slices.SortFunc(items, byPosition)
	}
	results := newResults(items)
	for _, m := range items {
		if !m.result && !tp.withParents && results.undecided(m) {
			t.apart[trace] = true
			return
		}
	}
	for _, m := range items {
		if !m.result {
			t.add(m, results.of(m))
		}
	}
}

// traceResults are the results in a trace.
type traceResults struct {
	items    []mention
	nameless bool               // some have no tool call's id
	byCall   map[uint64]outcome // of large traces
	byParent map[parent]outcome // of large traces
}

// parent is the key of an event, and whether only results without a tool call's
// id count.
type parent struct {
	event    uint64
	nameless bool
}

// smallTrace is up to how many results it is cheaper to look at all of them.
const smallTrace = 32

func newResults(items []mention) *traceResults {
	r := &traceResults{}
	for _, m := range items {
		if m.result {
			r.items = append(r.items, m)
			r.nameless = r.nameless || m.call == 0
		}
	}
	if len(r.items) <= smallTrace {
		return r
	}
	r.byCall, r.byParent = map[uint64]outcome{}, map[parent]outcome{}
	for _, m := range r.items {
		r.byCall[m.call] = r.byCall[m.call].with(m)
		for _, p := range []parent{{m.event, false}, {m.event, true}} {
			if !p.nameless || m.call == 0 {
				r.byParent[p] = r.byParent[p].with(m)
			}
		}
	}
	return r
}

// undecided reports whether the parents of results could decide which of them
// belong to a call.
func (r *traceResults) undecided(call mention) bool {
	return (r.nameless || call.call == 0 && len(r.items) > 0) && (call.call == 0 || r.called(call.call).n == 0)
}

// of returns what the results of a call say.
func (r *traceResults) of(call mention) outcome {
	if call.call != 0 {
		if o := r.called(call.call); o.n > 0 {
			return o
		}
	}
	if call.event == 0 {
		return outcome{}
	}
	p := parent{call.event, call.call != 0}
	if r.byParent != nil {
		return r.byParent[p]
	}
	o := outcome{}
	for _, m := range r.items {
		if m.event == p.event && (!p.nameless || m.call == 0) {
			o = o.with(m)
		}
	}
	return o
}

// called returns what the results with a tool call's id say.
func (r *traceResults) called(id uint64) outcome {
	if r.byCall != nil {
		return r.byCall[id]
	}
	o := outcome{}
	for _, m := range r.items {
		if m.call == id {
			o = o.with(m)
		}
	}
	return o
}

// outcome is what the results of a call say together.
type outcome struct {
	n     int
	bad   bool
	timed bool
	us    int64 // of the first that has one
}

// with adds a result; they come in the order of their positions.
func (o outcome) with(m mention) outcome {
	o.n++
	o.bad = o.bad || m.bad
	if m.timed && !o.timed {
		o.timed, o.us = true, m.us
	}
	return o
}

// add counts a call.
func (t *toolTally) add(m mention, o outcome) {
	f := t.tools[m.tool]
	if f == nil {
		f = &toolFigures{}
		t.tools[m.tool] = f
	}
	f.calls++
	if m.bad || o.bad {
		f.errors++
	}
	switch {
	case m.timed:
		f.us, f.sum = append(f.us, m.us), f.sum+m.us
	case o.timed:
		f.us, f.sum = append(f.us, o.us), f.sum+o.us
	}
}

// toolTotal is what the figures of a tool come to: those of a sum, less what is
// taken away, and more.
type toolTotal struct {
	calls, errors, sum int64
	us, less, more     []int64 // sorted
}

// toolTotals puts three sums together. Each names its tools by numbers of its own.
func toolTotals(sum, less, more *toolSum) map[string]*toolTotal {
	totals := map[string]*toolTotal{}
	for i, s := range []*toolSum{sum, less, more} {
		if s == nil {
			continue
		}
		for n, f := range s.tools {
			name := s.names.text(n)
			t := totals[name]
			if t == nil {
				t = &toolTotal{}
				totals[name] = t
			}
			sign := int64(1)
			switch i {
			case 0:
				t.us = f.us
			case 1:
				t.less, sign = f.us, -1
			case 2:
				t.more = f.us
			}
			t.calls, t.errors, t.sum = t.calls+sign*f.calls, t.errors+sign*f.errors, t.sum+sign*f.sum
		}
	}
	return totals
}

// mergeTools makes one sum of three.
func mergeTools(sum, less, more *toolSum) *toolSum {
	merged := &toolSum{names: &numbers{}, tools: map[int32]*toolFigures{}}
	for name, t := range toolTotals(sum, less, more) {
		if t.calls > 0 {
			n := merged.names.of([]string{name})[0]
			merged.tools[n] = &toolFigures{t.calls, t.errors, t.sum, mergeSorted(t.us, t.less, t.more)}
		}
	}
	return merged
}

// mergeSorted returns what is in a or more, but for what is in less, which is in
// a; all sorted.
func mergeSorted(a, less, more []int64) []int64 {
	out := make([]int64, 0, len(a)+len(more)-len(less))
	for _, v := range a {
		if len(less) > 0 && less[0] == v {
			less = less[1:]
			continue
		}
		for len(more) > 0 && more[0] < v {
			out, more = append(out, more[0]), more[1:]
		}
		out = append(out, v)
	}
	return append(out, more...)
}

// toolStats returns the figures of each tool, most calls first.
func toolStats(sum, less, more *toolSum) []ToolStat {
	var stats []ToolStat
	for tool, t := range toolTotals(sum, less, more) {
		if t.calls == 0 {
			continue
		}
		n := len(t.us) - len(t.less) + len(t.more)
		s := ToolStat{Tool: tool, Calls: t.calls, Errors: t.errors, Timed: int64(n)}
		if n > 0 {
			s.Avg = hansard.Some(float64(t.sum) / float64(n))
			s.P50, s.P95, s.P99 = t.percentile(n, 50), t.percentile(n, 95), t.percentile(n, 99)
		}
		stats = append(stats, s)
	}
	slices.SortFunc(stats, func(a, b ToolStat) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Tool, b.Tool))
	})
	return stats
}

// percentile returns the least of the n values that at least percent of them do
// not exceed.
func (t *toolTotal) percentile(n, percent int) hansard.Opt[int64] {
	rank := max(1, (n*percent+99)/100)
	upTo := func(list []int64, v int64) int {
		i, _ := slices.BinarySearchFunc(list, v, func(x, v int64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		return i
	}
	least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
	for _, list := range [][]int64{t.us, t.more} {
		if len(list) > 0 {
			least, greatest = min(least, list[0]), max(greatest, list[len(list)-1])
		}
	}
	for least < greatest {
		middle := least + int64(uint64(greatest-least)/2)
		if upTo(t.us, middle)-upTo(t.less, middle)+upTo(t.more, middle) >= rank {
			greatest = middle
		} else {
			least = middle + 1
		}
	}
	return hansard.Some(least)
}
