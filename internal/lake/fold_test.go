package lake_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// growing is a lake that takes entries in, seals them and merges parts, beside
// the entries that it should hold.
type growing struct {
	*world
	tenant string
	r      *rand.Rand
	sealed map[hansard.LogID]int // entries in parts
	parts  map[hansard.LogID][]part.Info
	logs   map[hansard.LogID][]*hansard.Entry
}

func newGrowing(t *testing.T, seed uint64) *growing {
	t.Helper()
	return newWorld(t, nil, 1).growing(tenant, seed)
}

// growing returns a tenant of a lake that is empty so far.
func (w *world) growing(tenant string, seed uint64) *growing {
	return &growing{
		world: &world{Lake: w.Lake, dir: w.dir, enc: w.enc}, tenant: tenant, r: rand.New(rand.NewPCG(seed, 5)),
		sealed: map[hansard.LogID]int{}, parts: map[hansard.LogID][]part.Info{}, logs: map[hansard.LogID][]*hansard.Entry{},
	}
}

func (g *growing) commit(entries []*hansard.Entry) {
	for _, e := range entries {
		e.Log.Tenant = g.tenant
		g.all = append(g.all, e)
		g.logs[e.Log] = append(g.logs[e.Log], e)
		g.Committed([]*part.Row{g.enc.RowOf(e)})
	}
}

// seal moves some of the fresh entries of a log into a part.
func (g *growing) seal(t *testing.T, log hansard.LogID) {
	t.Helper()
	from, n := g.sealed[log], len(g.logs[log])-g.sealed[log]
	if n == 0 {
		return
	}
	end := from + 1 + g.r.IntN(n)
	info := writePart(t, g.enc, g.dir, g.logs[log][from:end])
	g.sealed[log], g.parts[log] = end, append(g.parts[log], info)
	g.Sealed(log, []part.Info{info}, nil, uint64(end))()
}

// merge makes one of two parts of a log.
func (g *growing) merge(t *testing.T, log hansard.LogID) {
	t.Helper()
	parts := g.parts[log]
	if len(parts) < 2 {
		return
	}
	i := g.r.IntN(len(parts) - 1)
	a, b := parts[i], parts[i+1]
	info := writePart(t, g.enc, g.dir, g.logs[log][a.Name.First:b.Name.End])
	g.parts[log] = append(append(append([]part.Info{}, parts[:i]...), info), parts[i+2:]...)
	g.Sealed(log, []part.Info{info}, []part.Name{a.Name, b.Name}, uint64(g.sealed[log]))()
}

// prune removes the first part of a log.
func (g *growing) prune(t *testing.T, log hansard.LogID) {
	t.Helper()
	if len(g.parts[log]) == 0 {
		return
	}
	gone := g.parts[log][0]
	g.parts[log] = g.parts[log][1:]
	g.all = slices.DeleteFunc(g.all, func(e *hansard.Entry) bool { return e.Log == log && e.Index < gone.Name.End })
	g.Sealed(log, nil, []part.Name{gone.Name}, gone.Name.End)()
	if err := os.Remove(gone.Path(g.dir)); err != nil {
		t.Fatal(err)
	}
}

// TestFold asks the same questions over and over while entries come, are sealed
// merged and pruned, those of two tenants: what is kept of the last answer must not
// show. The second time traces go on for days, so that of what is in one not everything
// belongs together.
func TestFold(t *testing.T) {
	for _, step := range []time.Duration{time.Millisecond, 31 * time.Minute} {
		t.Run(step.String(), func(t *testing.T) { testFold(t, step) })
	}
}

func testFold(t *testing.T, every time.Duration) {
	first := newGrowing(t, 21)
	tenants := []*growing{first, first.growing("zenith", 22)}
	sources := []*source{newSource(21), newSource(22)}
	for step := range 36 {
		for i, g := range tenants {
			s := sources[i]
			s.perTrace = 40 // traces that go on over many commits
			s.step = int64(every)
			g.step(t, s)
			if len(g.all) > 0 && (i == 0 || step%4 == 0) {
				g.ask(t, step, s.step)
			}
		}
	}
}

// step commits some entries, and seals, merges or prunes.
func (g *growing) step(t *testing.T, s *source) {
	t.Helper()
	var batch []*hansard.Entry
	for range g.r.IntN(40) {
		e := s.event()
		if g.r.IntN(4) == 0 { // an old trace comes back
			e.TraceID = "trace-00000" + string(rune('0'+g.r.IntN(3)))
		}
		if g.r.IntN(3) == 0 {
			e.SpanID, e.ToolCallID = "shared", ""
		}
		if g.r.IntN(15) == 0 { // late
			e.Timestamp -= g.r.Int64N(60 * s.step)
		}
		if g.r.IntN(8) == 0 {
			e.EventType, e.ErrorType, e.Error = hansard.TypeError, "Timeout", "order "+e.EventID+" timed out after 30s"
		}
		batch = append(batch, s.seal(e, tierOf(e)))
	}
	g.commit(batch)
	for _, tier := range hansard.Tiers {
		log := hansard.LogID{Tenant: g.tenant, Tier: tier}
		switch g.r.IntN(9) {
		case 0, 1, 2:
			g.seal(t, log)
		case 3, 4:
			g.merge(t, log)
		case 5:
			g.prune(t, log)
		}
	}
}

func (g *growing) ask(t *testing.T, step int, every int64) {
	t.Helper()
	ctx, last := context.Background(), int64(g.all[len(g.all)-1].Position)
	upTo := func(position int64) query.Node {
		return query.Compare{Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: position}}}
	}
	begin := time.Unix(0, epoch).UTC()
	period := query.Period{Since: begin, Until: begin.Add(time.Duration(400 * every))}
	hours := query.Period{Since: begin.Truncate(time.Hour), Until: begin.Truncate(time.Hour).Add(time.Duration(g.r.IntN(200)+1) * time.Hour)}
	odd := query.Period{Since: begin.Add(time.Duration(g.r.Int64N(200 * every))), Until: begin.Add(time.Duration((g.r.Int64N(500) + 200) * every))}
	for i, q := range []query.Query{
		{},
		{Node: query.And{Nodes: []query.Node{parse(t, "env:prod"), upTo(last)}}},
		{Node: parse(t, "-tier:debug"), Period: period},
		{Node: upTo(last)},
		{Node: upTo(last - g.r.Int64N(last+1)/2), Period: odd}, // a report that began earlier
		{Period: hours},
		{Node: parse(t, "agent:b*,planner"), Period: odd},
	} {
		tools, err := g.ToolCalls(ctx, g.tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		counted := g.upTo(q)
		if d := gocmp.Diff(naiveTools(g.selected(q), counted), tools); d != "" {
			t.Fatalf("step %d, %v: tools (-want +got):\n%s", step, q.Node, d)
		}
		g.aggregates(t, q, step)
		for _, by := range [][]string{nil, {"model", "agent_name"}} {
			tokens, err := g.Tokens(ctx, g.tenant, q, by)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(sumsOf(naiveTokens(g.selected(q), counted, len(by) > 0)), sumsOf(tokens)); d != "" {
				t.Fatalf("step %d, %v %v by %v: tokens (-want +got):\n%s", step, q.Node, q.Period, by, d)
			}
		}
		if i == step%7 { // it takes the engine long
			g.unkept(t, q, step)
		}
	}
}

// upTo returns the entries that were there when a report began: what the search
// selects or not, they say what others count for.
func (g *growing) upTo(q query.Query) []*hansard.Entry {
	n := query.Compare{Op: query.LE, Values: []query.Value{{Int: math.MaxInt64}}}
	var find func(query.Node)
	find = func(node query.Node) {
		switch node := node.(type) {
		case query.And:
			for _, c := range node.Nodes {
				find(c)
			}
		case query.Compare:
			if node.Field.Name == "position" {
				n = node
			}
		}
	}
	find(q.Node)
	var found []*hansard.Entry
	for _, e := range g.all {
		if int64(e.Position) <= n.Values[0].Int {
			found = append(found, e)
		}
	}
	return found
}

// unkept asks once more in a way of which nothing is kept: by a search that the
// engine has to answer.
func (g *growing) unkept(t *testing.T, q query.Query, step int) {
	t.Helper()
	ctx := context.Background()
	slow := q
	slow.Node = query.And{Nodes: []query.Node{parse(t, "-confidence:>7")}}
	if q.Node != nil {
		slow.Node = query.And{Nodes: []query.Node{q.Node, parse(t, "-confidence:>7")}}
	}
	pattern := lake.Spec{
		By: []string{"event_type", lake.ErrorPattern, "tier"}, OrderBy: -1,
		Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Max, Field: "position"}, {Op: lake.Min, Field: "duration_ms"}},
	}
	text := lake.Spec{By: []string{lake.ErrorText, "truncated"}, Measures: []lake.Measure{{Op: lake.Count}}, OrderBy: 2, Desc: true, Limit: 5}
	top := lake.Spec{By: []string{"error_type", "agent_name"}, Top: 1 + step%3, OrderBy: 3, Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Min, Field: "duration_ms"}}}
	if step%2 == 0 {
		top.By[0] = lake.ErrorText
	}
	each := lake.Spec{By: []string{"tool_name", lake.ErrorText}, Each: 2, OrderBy: 2, Desc: true, Measures: []lake.Measure{{Op: lake.Count}}}
	for name, ask := range map[string]func(query.Query) (any, error){
		"invocations": func(q query.Query) (any, error) { return g.Invocations(ctx, g.tenant, q) },
		"tools":       func(q query.Query) (any, error) { return g.ToolCalls(ctx, g.tenant, q) },
		"spend": func(q query.Query) (any, error) {
			return g.Spend(ctx, g.tenant, q, [][]string{{"session_id"}, {"agent_name", "day"}}, lake.Pricing{}, 5)
		},
		"patterns": func(q query.Query) (any, error) { return g.Aggregate(ctx, g.tenant, q, pattern) },
		"texts":    func(q query.Query) (any, error) { return g.Aggregate(ctx, g.tenant, q, text) },
		"top":      func(q query.Query) (any, error) { return g.Aggregate(ctx, g.tenant, q, top) },
		"each":     func(q query.Query) (any, error) { return g.Aggregate(ctx, g.tenant, q, each) },
	} {
		got, err := ask(q)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ask(slow)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Fatalf("step %d, %v in %v: %s (-want +got):\n%s", step, q.Node, q.Period, name, d)
		}
	}
}

// sumsOf leaves out what is nothing at all: a group of no call has none.
func sumsOf(stats []lake.TokenStat) map[[2]string]lake.TokenStat {
	sums := map[[2]string]lake.TokenStat{}
	for _, s := range stats {
		if s.Calls == 0 && s.Counted == 0 && s.Priced == 0 {
			continue
		}
		var key [2]string
		copy(key[:], s.Key)
		sums[key] = s
	}
	return sums
}

// aggregates asks for figures that can be added up and for such that cannot.
func (g *growing) aggregates(t *testing.T, q query.Query, step int) {
	t.Helper()
	table, err := g.Aggregate(context.Background(), g.tenant, q, lake.Spec{
		By: []string{"agent_name", "model"}, OrderBy: 2, Desc: true, Limit: 7,
		Measures: []lake.Measure{
			{Op: lake.Count}, {Op: lake.Errors}, {Op: lake.Present, Field: "params"}, {Op: lake.Sum, Field: "cost_usd"},
			{Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "duration_ms"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{}
	traces := map[string]bool{}
	for _, e := range g.selected(q) {
		traces[e.TraceID] = true
	}
	for _, row := range naiveAggregate(g.selected(q)) {
		want = append(want, slices.Concat(row[:5], row[6:9])) // without distinct traces and p95
	}
	if d := gocmp.Diff(want[:min(7, len(want))], table.Rows); d != "" {
		t.Fatalf("step %d, %v: aggregate (-want +got):\n%s", step, q.Node, d)
	}
	hours, err := g.Aggregate(context.Background(), g.tenant, q, lake.Spec{By: []string{"hour"}, Measures: []lake.Measure{{Op: lake.Count}}})
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, row := range hours.Rows {
		n += row[1].(int64)
	}
	if n != int64(len(g.selected(q))) {
		t.Errorf("step %d: %d events in all hours, want %d", step, n, len(g.selected(q)))
	}
	distinct, err := g.Aggregate(context.Background(), g.tenant, q, lake.Spec{Measures: []lake.Measure{{Op: lake.Distinct, Field: "trace_id"}}, OrderBy: -1})
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([][]any{{int64(len(traces))}}, distinct.Rows); d != "" {
		t.Fatalf("step %d, %v: traces (-want +got):\n%s", step, q.Node, d)
	}
}
