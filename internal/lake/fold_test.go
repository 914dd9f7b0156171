package lake_test

import (
	"context"
	"math/rand/v2"
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
	r      *rand.Rand
	sealed map[hansard.LogID]int // entries in parts
	parts  map[hansard.LogID][]part.Info
	logs   map[hansard.LogID][]*hansard.Entry
}

func newGrowing(t *testing.T, seed uint64) *growing {
	t.Helper()
	return &growing{
		world: newWorld(t, nil, 1), r: rand.New(rand.NewPCG(seed, 5)),
		sealed: map[hansard.LogID]int{}, parts: map[hansard.LogID][]part.Info{}, logs: map[hansard.LogID][]*hansard.Entry{},
	}
}

func (g *growing) commit(entries []*hansard.Entry) {
	for _, e := range entries {
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

// TestFold asks the same questions over and over while entries come, are sealed
// and merged: what is kept of the last answer must not show.
func TestFold(t *testing.T) {
	s := newSource(21)
	s.perTrace = 40 // traces that go on over many commits
	g := newGrowing(t, 21)
	for step := range 36 {
		var batch []*hansard.Entry
		for range g.r.IntN(40) {
			e := s.event()
			if g.r.IntN(4) == 0 { // an old trace comes back
				e.TraceID = "trace-00000" + string(rune('0'+g.r.IntN(3)))
			}
			if g.r.IntN(3) == 0 {
				e.SpanID, e.ToolCallID = "shared", ""
			}
			batch = append(batch, s.seal(e, tierOf(e)))
		}
		g.commit(batch)
		for log := range g.logs {
			switch g.r.IntN(4) {
			case 0:
				g.seal(t, log)
			case 1:
				g.merge(t, log)
			}
		}
		if len(g.all) > 0 {
			g.ask(t, step)
		}
	}
}

func (g *growing) ask(t *testing.T, step int) {
	t.Helper()
	ctx, last := context.Background(), g.all[len(g.all)-1].Position
	upTo := query.Compare{Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: int64(last)}}}
	period := query.Period{Since: time.Unix(0, epoch), Until: time.Unix(0, epoch+4e8)}
	for _, q := range []query.Query{
		{},
		{Node: query.And{Nodes: []query.Node{parse(t, "env:prod"), upTo}}},
		{Node: parse(t, "-tier:debug"), Period: period},
		{Node: upTo},
	} {
		tools, err := g.ToolCalls(ctx, tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		around := q.Period
		if !around.Until.IsZero() {
			around.Until = around.Until.Add(24 * time.Hour)
		}
		want := naiveTools(g.selected(query.Query{Node: q.Node, Period: q.Period}), g.selected(query.Query{Period: around}))
		if d := gocmp.Diff(want, tools); d != "" {
			t.Fatalf("step %d, %v: tools (-want +got):\n%s", step, q.Node, d)
		}
		g.aggregates(t, q, step)
		for _, by := range [][]string{nil, {"model", "agent_name"}} {
			tokens, err := g.Tokens(ctx, tenant, q, by)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(sumsOf(naiveTokens(g.selected(q), g.all, len(by) > 0)), sumsOf(tokens)); d != "" {
				t.Fatalf("step %d, %v by %v: tokens (-want +got):\n%s", step, q.Node, by, d)
			}
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
	table, err := g.Aggregate(context.Background(), tenant, q, lake.Spec{
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
	hours, err := g.Aggregate(context.Background(), tenant, q, lake.Spec{By: []string{"hour"}, Measures: []lake.Measure{{Op: lake.Count}}})
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
	distinct, err := g.Aggregate(context.Background(), tenant, q, lake.Spec{Measures: []lake.Measure{{Op: lake.Distinct, Field: "trace_id"}}, OrderBy: -1})
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([][]any{{int64(len(traces))}}, distinct.Rows); d != "" {
		t.Fatalf("step %d, %v: traces (-want +got):\n%s", step, q.Node, d)
	}
}
