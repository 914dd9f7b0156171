package ledger_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// The tests in this file and tamper_*_test.go change a data folder in 2,000 ways,
// by somebody who may write to it and has none of the keys. docs/THREATMODEL.md
// lists the classes of what they do.

// class says what shows a mutation.
type class int

const (
	alone    class = 1 << iota // the folder alone shows it, and a finding names the place
	outside                    // only a checkpoint that was kept elsewhere does
	harmless                   // nothing: the record is as it was, and no byte of it is another one
)

func (c class) String() string {
	var s []string
	for i, name := range []string{"alone", "outside", "harmless"} {
		if c&(1<<i) != 0 {
			s = append(s, name)
		}
	}
	return strings.Join(s, " or ")
}

var (
	mutations = flag.Int("mutations", 2000, "how many mutations TestTamper makes")
	oneSeed   = flag.Int("mutation", -1, "the one mutation that TestTamper makes")
)

// tampered is the folder that is tampered with: two tenants, all tiers, parts that
// are merged, unfinished and superseded, and commits that no part has.
type tampered struct {
	whole   memory
	older   memory // the folder as it was before
	against []ledger.Outside
	entries int64
	logs    []hansard.LogID
}

const (
	worldData = "/w/data"
	worldKeys = "/w/data.keys"
)

// makeWorld makes the folder through a real ledger, which is copied while it runs:
// a killed process leaves that.
func makeWorld(t *testing.T) *tampered {
	t.Helper()
	running := filepath.Join(t.TempDir(), "data")
	l := open(t, running, nil, func(c *ledger.Config) {
		quiet(c)
		c.JournalSize = 1 << 13
	})
	d := newDesk(t, l)
	copied := func() memory {
		m := loadMemory(t, map[string]string{running: worldData, running + ".keys": worldKeys})
		// The file for commits to come is left out: TestSpare is about it.
		maps.DeleteFunc(m, func(name string, b []byte) bool { return kind(name) == "journal" && blank(b) })
		return m
	}
	d.sealCalls(1000, 1256)
	d.sealCalls(1256, 1512)
	parts, err := ledger.LivePart(durable.OS{}, running, infoLog)
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts: %v", len(parts), err)
	}
	if err := l.Merge(infoLog, []part.Name{parts[0].Name, parts[1].Name}); err != nil {
		t.Fatal(err)
	}
	d.append(l, "acme", 0, 60)
	d.append(l, "beta", 0, 30)
	d.seal()
	w := &tampered{older: copied()}
	d.sealCalls(2000, 2100)
	d.append(l, "beta", 30, 50)
	d.seal()
	for i := range 12 {
		d.append(l, "acme", 100+3*i, 103+3*i)
		d.append(l, "beta", 100+3*i, 103+3*i)
		if i == 6 {
			if err := l.PublishCheckpoints(); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.whole = copied()
	if err := l.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	for name, b := range copied() {
		if strings.HasSuffix(name, "/checkpoint") {
			w.against = append(w.against, ledger.Outside{Name: strings.ReplaceAll(strings.TrimPrefix(name, worldData+"/tenants/"), "/", "-"), Note: b})
		}
	}
	closeLedger(t, l)
	v := w.verify(t, w.whole, false, true)
	if len(v.Findings) > 0 || len(v.Logs) < 8 {
		t.Fatalf("%d logs, findings before anything is changed: %v", len(v.Logs), v.Findings)
	}
	w.entries = v.Entries
	for _, lg := range v.Logs {
		tenant, tier, _ := strings.Cut(lg.Log, "/")
		w.logs = append(w.logs, hansard.LogID{Tenant: tenant, Tier: hansard.Tier(tier)})
	}
	return w
}

// seal seals twice: the second time for the statements about the first.
func (d *desk) seal() {
	d.t.Helper()
	for range 2 {
		if err := d.l.Seal(); err != nil {
			d.t.Fatal(err)
		}
	}
}

// verify verifies a folder in memory, with the key folder or without, and with
// the outside checkpoints or without.
func (w *tampered) verify(t testing.TB, m memory, keys, against bool) *ledger.Verification {
	t.Helper()
	cfg := ledger.VerifyConfig{Dir: worldData, FS: m}
	if keys {
		cfg.KeyDir = worldKeys
	}
	if against {
		cfg.Against = w.against
	}
	v, err := ledger.Verify(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// mutation is one change of the folder.
type mutation struct {
	*tampered
	t     testing.TB
	r     *rand.Rand
	m     memory
	what  string
	want  class
	names []string // what a finding may name: files, logs
}

// on notes a file that was changed: a finding may name it, or its log.
func (x *mutation) on(path string) {
	rel := strings.TrimPrefix(path, worldData+"/")
	x.names = append(x.names, rel)
	if s := strings.Split(rel, "/"); len(s) > 3 && s[0] == "tenants" || len(s) == 4 {
		x.names = append(x.names, "log "+s[1]+"/"+s[2])
	}
	if strings.HasPrefix(rel, "journal/") {
		x.names = append(x.names, "journal/")
		for _, id := range x.logs { // a lost commit shows in its logs
			x.names = append(x.names, "log "+id.String())
		}
	}
}

// check verifies the changed folder and holds what is found against what is wanted.
func (x *mutation) check(seed int) {
	x.t.Helper()
	fail := func(format string, args ...any) {
		x.t.Helper()
		x.t.Errorf("mutation %d (%s; go test -run Tamper -mutation %d): %s", seed, x.what, seed, fmt.Sprintf(format, args...))
	}
	keys := x.r.IntN(4) == 0
	if strings.Contains(x.what, "key") {
		keys = false
	}
	v := x.verify(x.t, x.m, keys, false)
	got := alone
	if len(v.Findings) == 0 {
		got = outside
		if v2 := x.verify(x.t, x.m, keys, true); len(v2.Findings) == 0 {
			got = harmless
			if v2.Entries != x.entries {
				fail("%d entries, want %d, and nothing is found", v2.Entries, x.entries)
			}
		} else {
			v = v2
		}
	}
	if got&x.want == 0 {
		fail("found %v, want %v; findings %v, notes %v", got, x.want, v.Findings, v.Notes)
		return
	}
	if got == alone && !named(v, x.names) {
		fail("no finding names any of %q: %v", x.names, v.Findings)
	}
}

// named reports whether a finding names one of the places.
func named(v *ledger.Verification, names []string) bool {
	for _, f := range v.Findings {
		for _, name := range names {
			if strings.Contains(f.String(), name) {
				return true
			}
		}
	}
	return false
}

// TestTamper makes seeded mutations and wants each to be found as it must be.
func TestTamper(t *testing.T) {
	t.Parallel()
	w := makeWorld(t)
	n := *mutations
	if testing.Short() {
		n = min(n, 30) // some of each family; nothing in them runs beside anything
	}
	counts := make([]map[string]int, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for k := range counts {
		counts[k] = map[string]int{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			for seed := k; seed < n; seed += len(counts) {
				if *oneSeed < 0 || *oneSeed == seed {
					counts[k][mutate(t, w, seed)]++
				}
			}
		}()
	}
	wg.Wait()
	for _, m := range counts[1:] {
		for family, n := range m {
			counts[0][family] += n
		}
	}
	t.Logf("mutations by family: %v", counts[0])
}

// mutate makes the mutation with the given seed and checks what is found. It
// returns the family.
func mutate(t testing.TB, w *tampered, seed int) string {
	all := families()
	f := all[seed%len(all)]
	for try := range uint64(100) {
		x := &mutation{tampered: w, t: t, r: rand.New(rand.NewPCG(uint64(seed), try)), m: w.whole.clone()}
		if f.make(x) && !maps.EqualFunc(x.m, w.whole, bytes.Equal) {
			x.what = f.name + ": " + x.what
			x.check(seed)
			return f.name
		}
	}
	t.Errorf("mutation %d: %s cannot be made", seed, f.name)
	return f.name
}
