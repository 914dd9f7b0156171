package lake

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// mention is a call of a tool or a result.
type mention struct {
	at       int64
	position int64
	call     uint64 // key of the tool call's id; 0: none
	event    uint64 // key of the call's event, or of the result's parent
	us       int64
	tool     int32 // of a call: its number
	timed    bool
	bad      bool
	result   bool
	counts   bool // a call that is selected
}

// toolPass computes ToolCalls from the rows of parts, trace by trace.
type toolPass struct {
	chosen // the calls
	passSpec
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
	hours map[int64]map[int32]*toolFigures
	// apart are traces with a call that may be paired by its result's parent.
	apart map[uint64]bool
}

type toolFigures struct {
	calls, errors, sum int64
	us                 []int64
}

// toolCalls answers ToolCalls for the calls that a query selects. Events are paired by
// their parents in a second pass, over the traces that need it: the ids of all
// events take most of the time to read.
func (l *Lake) toolCalls(ctx context.Context, snap *snapshot, q query.Query, picked *positionSet) ([]ToolStat, error) {
	a := &traceQuestion[*toolSum]{snap: snap, whole: periodSpan(q.Period), window: int64(resultWindow), merge: mergeTools}
	a.ask(q, picked)
	a.run = func(ctx context.Context, groups []*group, pass passSpec) (map[int64]*toolSum, error) {
		tp := &toolPass{chosen: chosen{a.node, picked}, passSpec: pass, tools: &numbers{}}
		return tp.run(ctx, l, groups)
	}
	sums, err := sumTraces(ctx, l, l.toolSums, a)
	if err != nil {
		return nil, err
	}
	return toolStats(sums), nil
}

// run counts the calls in groups.
func (tp *toolPass) run(ctx context.Context, l *Lake, groups []*group) (map[int64]*toolSum, error) {
	for range l.config.Threads {
		tp.tallies = append(tp.tallies, toolTally{map[int64]map[int32]*toolFigures{}, map[uint64]bool{}})
	}
	p := &tracePass[mention]{lake: l, groups: groups, only: tp.only, read: tp.read, done: tp.done}
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
	sums := map[int64]*toolSum{}
	for _, t := range tp.tallies {
		for hour, tools := range t.hours {
			if sums[hour] == nil {
				sums[hour] = &toolSum{names: tp.tools, tools: map[int32]*toolFigures{}}
			}
			for n, f := range tools {
				sums[hour].add(n, f)
			}
		}
	}
	for _, sum := range sums {
		for _, f := range sum.tools {
			slices.Sort(f.us)
		}
	}
	return sums, nil
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
	selected, err := r.counted(&tp.chosen, &tp.passSpec)
	if err != nil {
		return nil, nil, err
	}
	in, err := r.around(tp.bounds(r.gr))
	if err != nil {
		return nil, nil, err
	}
	status, source, tool, call, us, position, event, parent := r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector(), r.vector()
	times := r.vector()
	if err := firstError(
		r.terms("status", status), r.terms("time_source", source), r.terms("tool_name", tool), r.ints("timestamp", times),
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
		if k == 0 || k != isCall && k != isResult || in != nil && !in[i] {
			continue
		}
		m := mention{result: k == isResult, at: times.Ints[i]}
		if !m.result {
			if m.counts = selected == nil || selected[i]; !m.counts {
				continue
			}
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
			t.add(tp.hourOf(m.at), m, results.of(m))
		}
	}
}

// traceResults are the results in a trace.
type traceResults struct {
	items    []mention
	nameless bool // some have no tool call's id
	// byCall and byParent are of large traces.
	byCall   map[uint64]*outcomes
	byParent map[parent]*outcomes
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
	r.byCall, r.byParent = map[uint64]*outcomes{}, map[parent]*outcomes{}
	for _, m := range r.items {
		put(r.byCall, m.call, m.at, outcome{}.with(m))
		for _, p := range []parent{{m.event, false}, {m.event, true}} {
			if !p.nameless || m.call == 0 {
				put(r.byParent, p, m.at, outcome{}.with(m))
			}
		}
	}
	return r
}

// outcomes are those of results, by their time.
type outcomes = timeline[outcome]

func put[K uint64 | parent](m map[K]*outcomes, key K, at int64, o outcome) {
	if m[key] == nil {
		m[key] = &outcomes{}
	}
	m[key].add(at, o)
}

// undecided reports whether the parents of results could decide which of them
// belong to a call.
func (r *traceResults) undecided(call mention) bool {
	return (r.nameless || call.call == 0 && len(r.items) > 0) && (call.call == 0 || r.called(call).n == 0)
}

// of returns what the results of a call say.
func (r *traceResults) of(call mention) outcome {
	if call.call != 0 {
		if o := r.called(call); o.n > 0 {
			return o
		}
	}
	if call.event == 0 {
		return outcome{}
	}
	p := parent{call.event, call.call != 0}
	if r.byParent != nil {
		return r.byParent[p].within(aroundCall(call))
	}
	o := outcome{}
	for _, m := range r.items {
		if m.event == p.event && (!p.nameless || m.call == 0) && aroundCall(call).holds(m.at) {
			o = o.with(m)
		}
	}
	return o
}

// aroundCall returns the moments in which results belong to a call.
func aroundCall(call mention) span { return span{call.at, call.at}.wider(int64(resultWindow)) }

// called returns what the results with a call's id say.
func (r *traceResults) called(call mention) outcome {
	if r.byCall != nil {
		return r.byCall[call.call].within(aroundCall(call))
	}
	o := outcome{}
	for _, m := range r.items {
		if m.call == call.call && aroundCall(call).holds(m.at) {
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
	us    int64 // of the first that has one,
	first int64 // which has this position
}

// with adds a result.
func (o outcome) with(m mention) outcome {
	return o.and(outcome{n: 1, bad: m.bad, timed: m.timed, us: m.us, first: m.position})
}

// and returns what both say together. n is how many there are at least.
func (o outcome) and(p outcome) outcome {
	if p.timed && (!o.timed || p.first < o.first) {
		o.timed, o.us, o.first = true, p.us, p.first
	}
	o.n, o.bad = max(o.n, p.n), o.bad || p.bad
	return o
}

// add counts a call.
func (t *toolTally) add(hour int64, m mention, o outcome) {
	tools := t.hours[hour]
	if tools == nil {
		tools = map[int32]*toolFigures{}
		t.hours[hour] = tools
	}
	f := tools[m.tool]
	if f == nil {
		f = &toolFigures{}
		tools[m.tool] = f
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

// toolTotal is what the figures of a tool come to: those of sums, less what is
// taken away.
type toolTotal struct {
	calls, errors, sum int64
	plus, minus        [][]int64 // durations, each list sorted
}

// toolTotals puts sums together. Each names its tools by numbers of its own.
func toolTotals(sums traceSums[*toolSum]) map[string]*toolTotal {
	totals := map[string]*toolTotal{}
	add := func(s *toolSum, sign int64) {
		if s == nil {
			return
		}
		for n, f := range s.tools {
			name := string(s.names.text(n))
			t := totals[name]
			if t == nil {
				t = &toolTotal{}
				totals[name] = t
			}
			if sign > 0 {
				t.plus = append(t.plus, f.us)
			} else {
				t.minus = append(t.minus, f.us)
			}
			t.calls, t.errors, t.sum = t.calls+sign*f.calls, t.errors+sign*f.errors, t.sum+sign*f.sum
		}
	}
	for _, s := range sums.plus {
		add(s, 1)
	}
	for _, s := range sums.minus {
		add(s, -1)
	}
	return totals
}

// mergeTools makes one sum of three.
func mergeTools(sum, less, more *toolSum) *toolSum {
	merged := &toolSum{names: &numbers{}, tools: map[int32]*toolFigures{}}
	for name, t := range toolTotals(traceSums[*toolSum]{plus: []*toolSum{sum, more}, minus: []*toolSum{less}}) {
		if t.calls > 0 {
			n := merged.names.one(name)
			merged.tools[n] = &toolFigures{t.calls, t.errors, t.sum, t.durations()}
		}
	}
	return merged
}

// durations returns those of plus but for those of minus, which are among them,
// sorted.
func (t *toolTotal) durations() []int64 {
	all, gone := slices.Concat(t.plus...), slices.Concat(t.minus...)
	slices.Sort(all)
	slices.Sort(gone)
	kept := all[:0]
	for _, v := range all {
		if len(gone) > 0 && gone[0] == v {
			gone = gone[1:]
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// toolStats returns the figures of each tool, most calls first.
func toolStats(sums traceSums[*toolSum]) []ToolStat {
	var stats []ToolStat
	for tool, t := range toolTotals(sums) {
		if t.calls == 0 {
			continue
		}
		n := int64(0)
		for _, list := range t.plus {
			n += int64(len(list))
		}
		for _, list := range t.minus {
			n -= int64(len(list))
		}
		s := ToolStat{Tool: tool, Calls: t.calls, Errors: t.errors, Timed: n}
		if n > 0 {
			s.Avg = hansard.Some(float64(t.sum) / float64(n))
			s.P50, s.P95, s.P99 = hansard.Some(t.percentile(n, 50)), hansard.Some(t.percentile(n, 95)), hansard.Some(t.percentile(n, 99))
		}
		stats = append(stats, s)
	}
	slices.SortFunc(stats, func(a, b ToolStat) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Tool, b.Tool))
	})
	return stats
}

// percentile returns the least of the n values that at least percent of them do
// not exceed. It halves the span in which that lies, and of each list looks at what
// is left of it.
func (t *toolTotal) percentile(n int64, percent int64) int64 {
	rank := max(1, (n*percent+99)/100)
	lists := make([][]int64, 0, len(t.plus)+len(t.minus))
	least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
	for _, list := range t.plus {
		if len(list) > 0 {
			least, greatest = min(least, list[0]), max(greatest, list[len(list)-1])
		}
		lists = append(lists, list)
	}
	lists = append(lists, t.minus...)
	cuts := make([]int, len(lists))
	for least < greatest {
		middle, upTo := least+int64(uint64(greatest-least)/2), int64(0)
		for i, list := range lists {
			cuts[i], _ = slices.BinarySearchFunc(list, middle, func(x, v int64) int {
				if x <= v {
					return -1
				}
				return 1
			})
			if i < len(t.plus) {
				upTo += int64(cuts[i])
			} else {
				upTo -= int64(cuts[i])
			}
		}
		if upTo >= rank {
			greatest = middle
			for i, list := range lists {
				lists[i] = list[:cuts[i]]
			}
			continue
		}
		least, rank = middle+1, rank-upTo
		for i, list := range lists {
			lists[i] = list[cuts[i]:]
		}
	}
	return least
}
