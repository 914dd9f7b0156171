package policy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
)

// history is a record that grows, is sealed, merged, pruned and erased from.
type history struct {
	t        *testing.T
	r        *rand.Rand
	dir      string
	lake     *lake.Lake
	enc      *part.Encoder
	position uint64
	logs     map[hansard.LogID]*logHistory
}

// logHistory is what a log of a history has.
type logHistory struct {
	entries []*hansard.Entry // that are there, by index
	parts   []part.Info
}

func newHistory(t *testing.T, r *rand.Rand) *history {
	t.Helper()
	h := &history{t: t, r: r, dir: t.TempDir(), enc: part.NewEncoder(), logs: map[hansard.LogID]*logHistory{}}
	var err error
	if h.lake, err = lake.New(lake.Config{Dir: h.dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.lake.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// sealed returns the index from which on entries are in no part.
func (l *logHistory) sealed() uint64 {
	if n := len(l.parts); n > 0 {
		return l.parts[n-1].Name.End
	}
	return 0
}

// between returns the entries with indexes from from to below to.
func (l *logHistory) between(from, to uint64) []*hansard.Entry {
	first := l.entries[0].Index
	return l.entries[from-first : to-first]
}

// commit adds entries of a tenant.
func (h *history) commit(tenant string, entries []*hansard.Entry) {
	for _, e := range entries {
		e.Log, e.Encoder = hansard.LogID{Tenant: tenant, Tier: e.Tier}, 1
		l := h.logs[e.Log]
		if l == nil {
			l = &logHistory{}
			h.logs[e.Log] = l
		}
		e.Position, e.Index = h.position, l.sealed()
		e.ReceivedAt = begin.Add(100*time.Hour).UnixNano() + int64(h.position)
		h.position++
		if n := len(l.entries); n > 0 {
			e.Index = l.entries[n-1].Index + 1
		}
		l.entries = append(l.entries, e)
		h.lake.Committed(h.enc.RowsOf([]*hansard.Entry{e}))
	}
}

// some returns one of the logs.
func (h *history) some() (hansard.LogID, *logHistory) {
	var ids []hansard.LogID
	for id := range h.logs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b hansard.LogID) int { return strings.Compare(a.String(), b.String()) })
	id := ids[h.r.IntN(len(ids))]
	return id, h.logs[id]
}

// change does something to the parts of a log.
func (h *history) change() string {
	id, l := h.some()
	n := len(l.parts)
	switch what := h.r.IntN(8); {
	case what < 4:
		return h.seal(id, l)
	case what < 6 && n > 1:
		return h.merge(id, l)
	case what == 6 && n > 1:
		gone := l.parts[0].Name
		h.lake.Sealed(id, nil, []part.Name{gone}, gone.End)()
		l.parts, l.entries = l.parts[1:], slices.Clone(l.entries[gone.End-gone.First:])
		return fmt.Sprint("prune ", id, " to ", gone.End)
	case what == 7 && n > 0:
		return h.erase(id, l)
	}
	return "nothing"
}

// seal moves some of the entries that are in no part into one.
func (h *history) seal(id hansard.LogID, l *logHistory) string {
	from := l.sealed()
	if len(l.entries) == 0 || l.entries[len(l.entries)-1].Index < from {
		return "nothing"
	}
	end := from + 1 + h.r.Uint64N(l.entries[len(l.entries)-1].Index+1-from)
	info := seal(h.t, h.dir, l.between(from, end))
	h.lake.Sealed(id, []part.Info{info}, nil, end)()
	l.parts = append(l.parts, info)
	return fmt.Sprintf("seal %s [%d, %d)", id, from, end)
}

// sealAll moves all entries into parts.
func (h *history) sealAll() string {
	for id, l := range h.logs {
		if n := len(l.entries); n > 0 && l.entries[n-1].Index >= l.sealed() {
			end := l.entries[n-1].Index + 1
			info := seal(h.t, h.dir, l.between(l.sealed(), end))
			h.lake.Sealed(id, []part.Info{info}, nil, end)()
			l.parts = append(l.parts, info)
		}
	}
	return "seal all"
}

// merge makes one part of two.
func (h *history) merge(id hansard.LogID, l *logHistory) string {
	i := h.r.IntN(len(l.parts) - 1)
	a, b := l.parts[i].Name, l.parts[i+1].Name
	info := seal(h.t, h.dir, l.between(a.First, b.End))
	h.lake.Sealed(id, []part.Info{info}, []part.Name{a, b}, b.End)()
	l.parts = slices.Replace(l.parts, i, i+2, info)
	return fmt.Sprintf("merge %s [%d, %d)", id, a.First, b.End)
}

// erase writes a part anew without the content of its entries.
func (h *history) erase(id hansard.LogID, l *logHistory) string {
	i := h.r.IntN(len(l.parts))
	old := l.parts[i]
	for _, e := range l.between(old.Name.First, old.Name.End) {
		e.Params, e.Error = nil, ""
	}
	path := filepath.Join(h.t.TempDir(), "old")
	if err := os.Rename(old.Path(h.dir), path); err != nil {
		h.t.Fatal(err)
	}
	anew := seal(h.t, h.dir, l.between(old.Name.First, old.Name.End))
	written := anew.Path(h.dir)
	anew.Name.Rewrite = old.Name.Rewrite + 1
	if err := os.Rename(written, anew.Path(h.dir)); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Rename(path, old.Path(h.dir)); err != nil {
		h.t.Fatal(err)
	}
	h.lake.Sealed(id, []part.Info{anew}, []part.Name{old.Name}, old.Name.End)()
	l.parts[i] = anew
	return fmt.Sprintf("erase %s [%d, %d)", id, old.Name.First, old.Name.End)
}

// of returns the entries of a tenant that are there, up to a position.
func (h *history) of(tenant string, last int64) (all []*hansard.Entry) {
	for id, l := range h.logs {
		for _, e := range l.entries {
			if id.Tenant == tenant && int64(e.Position) <= last {
				all = append(all, e)
			}
		}
	}
	return all
}

// randomPack returns a pack of random controls.
func randomPack(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	expression := func() string {
		return pick(`event_type == "agent.tool_call"`, `event_type == "agent.tool_call"`, `event_type == "agent.tool_result"`, `event_type == "agent.decision"`,
			`status == "ok"`, `status != "error"`, `intervention == "approval"`, `tool_name in ["tool0", "tool1"]`, `present(tool_call_id)`,
			`decision_ms < 2000.0`, `present(resources.id)`, `side_effect == "write" && status == "ok"`, `error.contains("after")`, `"a" in tags`)
	}
	window := func() string { return pick("20m", "1h", "90m", "3h", "26h") }
	same := func() string {
		return pick("[trace_id]", "[session_id]", "[tool_call_id]", "[[tool_call_id], [event_id=parent_event_id]]", "[agent_name, tool_name]", "[[approval_id], [session_id, tool_name]]")
	}
	bounds := func() string {
		return pick("", "", ", agree: [arguments_hash]", ", differ: [submitted_by]", ", agree: [status], differ: [submitted_by]")
	}
	var condition func(grouped bool, depth int) string
	condition = func(grouped bool, depth int) string {
		if depth < 2 {
			switch r.IntN(6) {
			case 0:
				return fmt.Sprintf("{any: [%s, %s]}", condition(grouped, depth+1), condition(grouped, depth+1))
			case 1:
				return fmt.Sprintf("{all: [%s, %s]}", condition(grouped, depth+1), condition(grouped, depth+1))
			case 2:
				return fmt.Sprintf("{not: %s}", condition(grouped, depth+1))
			}
		}
		if grouped {
			switch r.IntN(7) {
			case 0, 1:
				return fmt.Sprintf("{exists: '%s'}", expression())
			case 2, 3:
				return fmt.Sprintf("{absent: '%s'}", expression())
			case 4, 5:
				return fmt.Sprintf("{count: {event: '%s', at_least: %d, at_most: %d}}", expression(), r.IntN(2), 1+r.IntN(3))
			}
			return fmt.Sprintf("{rate: {event: '%s', at_most: 1, per: %s}}", expression(), window())
		}
		switch r.IntN(9) {
		case 0, 1:
			return fmt.Sprintf("{is: '%s'}", expression())
		case 2, 3:
			return fmt.Sprintf("{precedes: {event: '%s', within: %s, same: %s%s}}", expression(), window(), same(), bounds())
		case 4:
			return fmt.Sprintf("{precedes: {event: '%s', same: %s%s}}", expression(), same(), bounds())
		case 5, 6:
			return fmt.Sprintf("{within: {event: '%s', within: %s, same: %s}}", expression(), window(), same())
		case 7:
			return fmt.Sprintf("{rate: {event: '%s', at_most: 2, per: %s, same: [tool_name]}}", expression(), window())
		}
		return fmt.Sprintf("{within: {event: '%s', within: %s, same: %s%s}}", expression(), window(), same(), bounds())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "pack: p%d\nversion: \"1\"\ntitle: x\ncontrols:\n", r.IntN(1000))
	for i := range 5 {
		optional := pick("", "", fmt.Sprintf(", unsure: '%s'", expression()), fmt.Sprintf(", recorded: '%s'", expression()))
		threshold := pick("", ", threshold: {at_most: 20%}", ", threshold: {at_least: 50%, near: 60%}")
		switch r.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "  - {id: c%d, title: x, per: %s, each: '%s', must: %s%s%s%s}\n", i, pick("session_id", "[session_id, trace_id]"), expression(), condition(true, 0), optional, threshold, pick("", ", quiet: 5h"))
		case 1:
			fmt.Fprintf(&b, "  - {id: c%d, title: x, count: '%s', threshold: {%s: 20}}\n", i, expression(), pick("at_most", "at_least"))
		default:
			fmt.Fprintf(&b, "  - {id: c%d, title: x, each: '%s', must: %s%s%s}\n", i, expression(), condition(false, 0), optional, threshold)
		}
	}
	return b.String()
}

// randomPeriod returns a period: all, from or to whole hours, or between any moments.
func randomPeriod(r *rand.Rand) (p query.Period) {
	moment := func() time.Time {
		at := begin.Add(time.Duration(r.IntN(50*60)-60) * time.Minute)
		if r.IntN(2) == 0 {
			at = at.Truncate(time.Hour)
		}
		return at
	}
	if r.IntN(3) > 0 {
		p.Since = moment()
	}
	if r.IntN(3) > 0 {
		p.Until = moment()
		if !p.Until.After(p.Since) {
			p.Until = p.Since.Add(time.Duration(1+r.IntN(300)) * time.Minute)
		}
	}
	return p
}

// TestHourly judges random packs over random histories, about random periods, with
// what was kept of the hours at any time before: what the pass says must come out.
func TestHourly(t *testing.T) {
	hourly, found := 0, 0
	seeds := uint64(5)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 16))
		h := newHistory(t, r)
		var packs []*policy.Pack
		for range 3 {
			p, err := policy.Parse([]byte(randomPack(r)), nil)
			if err != nil {
				t.Fatal(err)
			}
			packs = append(packs, p)
			hourly += policy.HourlyControls(h.lake, p)
		}
		for i, name := range policy.Builtin() {
			if seed%4 == uint64(i) {
				packs = append(packs, load(t, name))
			}
		}
		var done []string
		for step := range 14 {
			more := random(40+r.IntN(100), seed*1000+uint64(step))
			switch at := begin.Add(time.Duration(r.IntN(48)) * time.Hour); r.IntN(4) {
			case 0: // they come in the order of time
				for _, e := range more {
					e.Timestamp = begin.Add(time.Duration(step*3*60+r.IntN(200)) * time.Minute).UnixNano()
				}
			case 1: // many in two hours
				for _, e := range more {
					e.Timestamp = at.Add(time.Duration(r.IntN(100)) * time.Minute).UnixNano()
				}
			case 2: // a few come late
				more = more[:1+r.IntN(12)]
				for _, e := range more {
					e.Timestamp = at.Add(time.Duration(r.IntN(80)) * time.Minute).UnixNano()
				}
			}
			h.commit([]string{"acme", "acme", "other"}[r.IntN(3)], more)
			for range r.IntN(4) {
				done = append(done, h.change())
			}
			if r.IntN(2) == 0 {
				done = append(done, h.sealAll())
			}
			for range 4 {
				p := packs[r.IntN(len(packs))]
				q := policy.Question{Tenant: []string{"acme", "acme", "acme", "other"}[r.IntN(4)], Period: randomPeriod(r), Last: int64(h.position), Now: begin.Add(time.Duration(20+r.IntN(60)) * time.Hour)}
				if r.IntN(4) == 0 {
					q.Last = int64(r.Uint64N(h.position))
				}
				found += compareHourly(t, h, p, q)
				if t.Failed() {
					t.Fatalf("seed %d, step %d, after %v, %+v, pack\n%s", seed, step, done, q, p.File())
				}
			}
		}
	}
	if hourly < 8*int(seeds) || found < 200*int(seeds) {
		t.Errorf("%d controls judged hour by hour, %d entries found: the test shows little", hourly, found)
	}
}

// compareHourly compares what the hours say with what the pass says, and with what
// the expressions say of each event where the period is all.
func compareHourly(t *testing.T, h *history, p *policy.Pack, q policy.Question) (found int) {
	t.Helper()
	ctx := context.Background()
	want, err := policy.EvaluateByPass(ctx, h.lake, p, q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := policy.Evaluate(ctx, h.lake, p, q)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(briefs(want), briefs(got)); d != "" {
		t.Errorf("-pass +hours:\n%s", d)
	}
	if q.Period == (query.Period{}) {
		want := policy.EvaluateEntries(p, h.of(q.Tenant, q.Last), policy.Facts{}, q.Now)
		if d := cmp.Diff(briefs(want), briefs(got)); d != "" {
			t.Errorf("-in memory +hours:\n%s", d)
		}
	}
	for _, r := range got {
		found += len(r.Found)
	}
	return found
}

// TestHourlyBounds: a record that is too dense, or has too many events that may
// precede others, is judged by the pass.
func TestHourlyBounds(t *testing.T) {
	ctx, p := context.Background(), load(t, "base")
	q := policy.Question{Tenant: tenant, Last: 1 << 40, Now: begin.Add(72 * time.Hour)}
	l := record(t, random(600, 5))
	want, err := policy.EvaluateByPass(ctx, l, p, q)
	if err != nil {
		t.Fatal(err)
	}
	f := func(rows, befores int, byTheHour bool) {
		t.Helper()
		got, hourly, err := policy.EvaluateBounded(ctx, l, p, q, rows, befores)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(briefs(want), briefs(got)); d != "" || hourly != byTheHour {
			t.Errorf("at most %d entries and %d events before: by the hour %v, want %v; -pass +bounded:\n%s", rows, befores, hourly, byTheHour, d)
		}
	}
	f(100, 1000, false)
	f(1000, 3, false)
	f(1000, 1000, true)
}

// TestHourlyCases judges step by step what single events of an hour depend on.
func TestHourlyCases(t *testing.T) {
	const head = "pack: p\nversion: \"1\"\ntitle: P\ncontrols:\n"
	type step struct {
		minute              int // after begin; of an event that comes now
		kind, trace, status string
		now                 int // minutes after begin; 0: three days
		held, open          int64
	}
	f := func(control string, steps ...step) {
		t.Helper()
		p, err := policy.Parse([]byte(head+control), nil)
		if err != nil {
			t.Fatal(err)
		}
		h := newHistory(t, rand.New(rand.NewPCG(1, 1)))
		for i, s := range steps {
			if s.kind != "" {
				e := &hansard.Entry{Tier: hansard.TierInfo}
				e.EventID, e.EventType, e.TraceID, e.Status = fmt.Sprint("e", i), s.kind, s.trace, s.status
				e.Timestamp = begin.Add(time.Duration(s.minute) * time.Minute).UnixNano()
				h.commit(tenant, []*hansard.Entry{e})
				h.sealAll()
			}
			q := policy.Question{Tenant: tenant, Last: int64(h.position), Now: begin.Add(72 * time.Hour)}
			if s.now > 0 {
				q.Now = begin.Add(time.Duration(s.now) * time.Minute)
			}
			got, err := policy.Evaluate(context.Background(), h.lake, p, q)
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Held != s.held || got[0].Open != s.open {
				t.Errorf("%s: step %d: %d held, %d open, want %d and %d", control, i, got[0].Held, got[0].Open, s.held, s.open)
			}
		}
	}
	call, result, decision := hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeDecision
	// What precedes a call comes late, into an hour before.
	f(`  - {id: c, title: x, each: event_type == "agent.tool_call", must: {precedes: {event: event_type == "agent.decision", within: 3h, same: [trace_id]}}}`,
		step{minute: 210, kind: call, trace: "a"}, step{minute: 15, kind: decision, trace: "a"}, step{minute: 90, kind: decision, trace: "a", held: 1})
	// What follows a call comes, in its hour, in another, too late.
	f(`  - {id: c, title: x, each: event_type == "agent.tool_call", must: {within: {event: event_type == "agent.tool_result", within: 2h, same: [trace_id]}}}`,
		step{minute: 10, kind: call, trace: "a"}, step{minute: 20, kind: call, trace: "b"}, step{minute: 30, kind: call, trace: "c"},
		step{minute: 131, kind: result, trace: "a"}, step{minute: 40, kind: result, trace: "b", held: 1}, step{minute: 150, kind: result, trace: "c", held: 2})
	// The time of a call is not up yet; then it is.
	f(`  - {id: c, title: x, each: event_type == "agent.tool_call", must: {within: {event: event_type == "agent.tool_result", within: 20m, same: [trace_id]}}}`,
		step{minute: 5, kind: call, trace: "a", now: 10, open: 1}, step{now: 90})
	// A call follows another one, and is one itself.
	f(`  - {id: c, title: x, each: event_type == "agent.tool_call", must: {within: {event: status == "ok", within: 2h, same: [trace_id]}}}`,
		step{minute: 10, kind: call, trace: "a"}, step{minute: 20, kind: call, trace: "a", status: "ok", held: 1})
}
