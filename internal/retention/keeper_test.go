package retention_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/retention"
)

const day = 24 * time.Hour

// clock is a wall clock that goes on, and a monotonic one beside it.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time         { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) elapsed() time.Duration { return time.Duration(c.ns.Load()) }
func (c *clock) pass(d time.Duration)   { c.ns.Add(int64(d)) }

// desk sends events to a ledger.
type desk struct {
	t          *testing.T
	l          *ledger.Ledger
	clock      *clock
	engine     *redact.Engine
	classifier *classify.Classifier
	sent       int
}

const folder = "/srv/data"

// open opens a ledger whose clock is c.
func open(t *testing.T, fsys durable.FS, dir string, c *clock, follower ledger.Follower) *desk {
	t.Helper()
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(ledger.Config{
		Dir: dir, Name: "test", FS: fsys, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: c.now, Elapsed: c.elapsed,
		Follower: follower, Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, l: l, clock: c, engine: engine, classifier: classifier}
}

// event returns the i-th event; one in four goes to each tier.
func event(i int, at time.Time) hansard.Event {
	ev := hansard.Event{
		EventID: fmt.Sprintf("e-%d", i), AgentName: fmt.Sprintf("agent-%d", i/4%2), TraceID: fmt.Sprintf("t-%d", i/40), TaskID: fmt.Sprintf("task-%d", i/400),
		EventType: []string{hansard.TypeReasoning, hansard.TypeLLMResponse, hansard.TypeDecision, hansard.TypeError}[i%4],
		Timestamp: at.UnixNano() + int64(i), Reasoning: "because",
	}
	if i%4 == 1 {
		ev.Model, ev.InputTokens, ev.OutputTokens, ev.CostNanoUSD = "m-1", hansard.Some[int64](100), hansard.Some[int64](7), hansard.Some[int64](1000)
	}
	return ev
}

// send sends n events and seals them.
func (d *desk) send(tenant string, n int) {
	d.t.Helper()
	keys, print, err := d.l.Pseudonyms(tenant)
	if err != nil {
		d.t.Fatal(err)
	}
	var memory arena.Lasting
	var records []classify.Record
	for range n {
		ev := event(d.sent, d.clock.now())
		d.sent++
		r, err := d.engine.Redact(keys, &hansard.Entry{Event: ev})
		if err != nil {
			d.t.Fatal(err)
		}
		rec, err := d.classifier.Classify(&memory, r, "loopback", print)
		if err != nil {
			d.t.Fatal(err)
		}
		records = append(records, rec)
	}
	if _, err := d.l.Append(d.t.Context(), tenant, records); err != nil {
		d.t.Fatal(err)
	}
	if err := d.l.Seal(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) close() {
	d.t.Helper()
	if err := d.l.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) keeper(cfg retention.Config, sums retention.Sums) *retention.Keeper {
	d.t.Helper()
	p, err := retention.NewPolicy(cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	return retention.NewKeeper(retention.KeeperConfig{Ledger: d.l, Sums: sums, Policy: p, Now: d.clock.now})
}

// parts is a Follower that knows the live parts.
type parts struct{ live map[hansard.LogID][]part.Info }

func newParts() *parts { return &parts{map[hansard.LogID][]part.Info{}} }

func (p *parts) Load(id hansard.LogID, infos []part.Info, _ []*part.Row) { p.live[id] = infos }
func (p *parts) Committed([]*part.Row)                                   {}
func (p *parts) Sealed(id hansard.LogID, added []part.Info, removed []part.Name, _ uint64) func() {
	kept := slices.DeleteFunc(slices.Clone(p.live[id]), func(i part.Info) bool { return slices.Contains(removed, i.Name) })
	p.live[id] = append(kept, added...)
	return func() {}
}

func (p *parts) of(id hansard.LogID) []part.Info { return p.live[id] }

// dates returns the dates of the parts of a log.
func (p *parts) dates(id hansard.LogID) []string {
	var dates []string
	for _, i := range p.live[id] {
		if !slices.Contains(dates, i.Date) {
			dates = append(dates, i.Date)
		}
	}
	return dates
}

// sound wants verification to find nothing.
func sound(t *testing.T, fsys durable.FS, dir string) *ledger.Verification {
	t.Helper()
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, FS: fsys, KeyDir: dir + ".keys"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		t.Errorf("finding: %s", f)
	}
	return v
}

// TestTwoYears lets 760 days go by, with a run each day. Each tier keeps exactly the
// dates that it must: no entry goes before its time, and none stays a day longer.
func TestTwoYears(t *testing.T) {
	t.Parallel()
	disk, c, live := simdisk.New(), newClock(), newParts()
	d := open(t, disk, folder, c, live)
	k := d.keeper(retention.Config{}, nil)
	keep := map[hansard.Tier]int{hansard.TierDebug: 7, hansard.TierInfo: 30, hansard.TierCompliance: 365, hansard.TierCritical: 730}
	var sent []time.Time
	for n := range 760 {
		// Busy days: 21 in a row now and then, so that every tier has dates that follow
		// each other at its edge.
		if n < 3 || n%47 == 0 || n > 340 && n < 350 || n > 725 && n < 740 {
			d.send("acme", 1024)
			sent = append(sent, c.now())
		}
		if _, err := k.Run(t.Context(), "acme", retention.Order{By: "test", Unattended: true}); err != nil {
			t.Fatal(err)
		}
		for tier, days := range keep {
			var want []string
			for _, at := range sent {
				if c.now().Truncate(day).Sub(at.Truncate(day)) <= time.Duration(days)*day {
					want = append(want, at.Format(time.DateOnly))
				}
			}
			if got := live.dates(hansard.LogID{Tenant: "acme", Tier: tier}); !slices.Equal(got, want) {
				t.Fatalf("day %d, %s: dates %v, want %v", n, tier, got, want)
			}
		}
		c.pass(day)
	}
	d.close()
	v := sound(t, disk, folder)
	for _, lg := range v.Logs {
		if lg.Log == "acme/debug" && (lg.Minimum == 0 || lg.Size != int64(len(sent))*256) {
			t.Errorf("%+v", lg)
		}
	}
}

// TestCatchUp finds more that has expired than goes by itself: two dates a day of each
// log; all of it when somebody orders it.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	disk, c, live := simdisk.New(), newClock(), newParts()
	d := open(t, disk, folder, c, live)
	for range 6 {
		d.send("acme", 1024)
		c.pass(day)
	}
	c.pass(100 * day)
	k := d.keeper(retention.Config{}, nil)
	debug := hansard.LogID{Tenant: "acme", Tier: hansard.TierDebug}
	dates := func(want int) {
		t.Helper()
		if got := live.dates(debug); len(got) != want {
			t.Fatalf("dates %v, want %d", got, want)
		}
	}
	run := func(o retention.Order) []retention.Result {
		t.Helper()
		results, err := k.Run(t.Context(), "acme", o)
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	results := run(retention.Order{DryRun: true})
	if len(results[0].Dates) != 6 || results[0].Removed || len(results[3].Dates) != 0 {
		t.Errorf("a dry run: %+v", results)
	}
	dates(6)
	run(retention.Order{Unattended: true})
	dates(4)
	c.pass(time.Hour) // a server that starts again and again prunes once a day
	if results := run(retention.Order{Unattended: true}); results[0].Refused == "" {
		t.Errorf("a second run on the same day: %+v", results)
	}
	dates(4)
	c.pass(day)
	run(retention.Order{Unattended: true})
	dates(2)
	if results := run(retention.Order{By: "auditor"}); !results[0].Removed || results[0].Entries != 512 {
		t.Errorf("%+v", results)
	}
	dates(0)
	s, err := k.Status("acme", live.of)
	if err != nil || s.Logs[0].Entries != 0 || s.Logs[0].Minimum != 6*256 || s.Logs[0].Expired == nil || s.Logs[3].Next == nil || s.Logs[3].Overdue != nil {
		t.Errorf("%+v, %v", s, err)
	}
	d.send("acme", 1024) // the log goes on
	d.close()
	sound(t, disk, folder)
}

// TestRefusals wants nothing to go while a hold stands or the clock is in doubt.
func TestRefusals(t *testing.T) {
	t.Parallel()
	disk, c, live := simdisk.New(), newClock(), newParts()
	d := open(t, disk, folder, c, live)
	d.send("acme", 1024)
	c.pass(10 * day)
	k := d.keeper(retention.Config{}, nil)
	run := func() retention.Result {
		t.Helper()
		results, err := k.Run(t.Context(), "acme", retention.Order{By: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}
	debug := hansard.LogID{Tenant: "acme", Tier: hansard.TierDebug}
	h, err := d.l.AddHold(debug, "claim 7", "test")
	if err != nil {
		t.Fatal(err)
	}
	if r := run(); r.Removed || !strings.Contains(r.Refused, h.ID) || r.Hint == "" {
		t.Errorf("%+v", r)
	}
	d.close() // a hold outlives the server
	d = open(t, disk, folder, c, live)
	k = d.keeper(retention.Config{}, nil)
	if r := run(); r.Removed {
		t.Errorf("%+v", r)
	}
	if _, err := d.l.ReleaseHold("acme", h.ID, "settled", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.l.ReleaseHold("acme", h.ID, "settled", "test"); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("released twice: %v", err)
	}
	// The wall clock jumps: the prune itself looks at it.
	k = retention.NewKeeper(retention.KeeperConfig{Ledger: d.l, Policy: k.Policy(), Now: func() time.Time { return c.now() }})
	d.close()
	jumped := &clock{}
	jumped.ns.Store(c.ns.Load())
	l, err := ledger.Open(ledger.Config{Dir: folder, FS: disk, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: jumped.now,
		Elapsed: c.elapsed, Follower: live, Fatal: func(err error) { t.Errorf("fatal: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	jumped.pass(2 * time.Hour)
	k = retention.NewKeeper(retention.KeeperConfig{Ledger: l, Policy: k.Policy(), Now: jumped.now})
	if r := run(); r.Removed || !strings.Contains(r.Refused, "jumped") {
		t.Errorf("%+v", r)
	}
	if r := run(); r.Removed {
		t.Errorf("%+v", r)
	}
	if err := l.ConfirmClock("acme", "test"); err != nil {
		t.Fatal(err)
	}
	if err := l.ConfirmClock("acme", "test"); hansard.KindOf(err) != hansard.KindNotFound {
		t.Errorf("confirmed twice: %v", err)
	}
	if r := run(); !r.Removed || r.Entries != 256 {
		t.Errorf("%+v", r)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, disk, folder)
}

// TestPolicy reads settings, and refuses those that are too short for what needs them.
func TestPolicy(t *testing.T) {
	f := func(cfg retention.Config, needs []retention.Need, want string) {
		t.Helper()
		_, err := retention.NewPolicy(cfg, needs...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.Contains(got, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	act := retention.Need{Tier: hansard.TierInfo, Keep: 184, Why: "EU AI Act, Article 19"}
	f(retention.Config{}, nil, "")
	f(retention.Config{Prune: "hourly"}, nil, "want daily or off")
	f(retention.Config{}, []retention.Need{act}, "info is kept 30d, but EU AI Act, Article 19 needs 184d")
	f(retention.Config{Tiers: retention.Tiers{Info: 184}}, []retention.Need{act}, "")
	f(retention.Config{Tiers: retention.Tiers{Info: retention.Forever}}, []retention.Need{act}, "")
	f(retention.Config{Tiers: retention.Tiers{Info: 184}, Tenants: map[string]retention.Tiers{"acme": {Info: 30}}}, []retention.Need{act}, "info of tenant acme is kept 30d")
	f(retention.Config{Min: []retention.Need{{Tier: hansard.TierDebug, Keep: 8, Why: "us"}}}, nil, "debug is kept 7d, but us needs 8d")
	f(retention.Config{Min: []retention.Need{{Tier: "meta", Keep: 8, Why: "us"}}}, nil, "want a tier")
	days := func(text string, want retention.Days, ok bool) {
		t.Helper()
		var d retention.Days
		if err := d.UnmarshalText([]byte(text)); (err == nil) != ok || ok && (d != want || d.String() != text) {
			t.Errorf("%s: %v, %v", text, d, err)
		}
	}
	days("7d", 7, true)
	days("forever", retention.Forever, true)
	for _, bad := range []string{"", "7", "0d", "-1d", "7h", "d", "99999999d", "1.5d"} {
		days(bad, 0, false)
	}
}

// TestRollupJSON: a figure that nobody stated is null, not 0.
func TestRollupJSON(t *testing.T) {
	b, err := json.Marshal(retention.Rollup{})
	if err != nil || !strings.Contains(string(b), `"cost_nano_usd":null`) {
		t.Errorf("%s, %v", b, err)
	}
}
