package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/proof"
)

// prune prunes the parts of a log of dates before the given one.
func prune(t *testing.T, l *ledger.Ledger, id hansard.LogID, before string) ledger.Pruned {
	t.Helper()
	plan, err := l.PlanPrune(id, before, 0)
	if err != nil {
		t.Fatal(err)
	}
	order := ledger.PruneOrder{By: "test", KeepDays: 7}
	for _, d := range plan.Dates {
		f, err := l.WriteRollup(id, d, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%d entries of %s", d.Entries, d.Date)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		order.Rollups = append(order.Rollups, f)
	}
	out, err := l.Prune(plan, order)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pruned is a folder whose log acme/info had 300 entries on each of three days, of
// which the first ones were pruned.
type pruned struct {
	disk   *simdisk.Disk
	before *simdisk.Disk     // a copy from before the prune
	points map[uint64][]byte // the log's checkpoints, by size
	proofs []*proof.Proof    // of the entries 5 and 400, from before
	vkey   string
}

func newPruned(t *testing.T) *pruned {
	t.Helper()
	p := &pruned{disk: simdisk.New(), points: map[uint64][]byte{}}
	at(t, p.disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
		for n := range 3 {
			for i := range 4 {
				d.append(l, "acme", 1200*n+300*i, 1200*n+300*i+300) // 75 to each tier
				if err := l.PublishCheckpoints(); err != nil {
					t.Fatal(err)
				}
				info, err := l.Log(infoLog)
				if err != nil {
					t.Fatal(err)
				}
				p.points[info.Size], p.vkey = info.Checkpoint, info.VKey
			}
			if err := l.Seal(); err != nil {
				t.Fatal(err)
			}
			c.move(day)
		}
		logs, _ := record(t, p.disk.Kill())
		for _, e := range logs[infoLog] {
			if e.Index == 5 || e.Index == 400 {
				pr, err := l.Prove(e, true)
				if err != nil {
					t.Fatal(err)
				}
				p.proofs = append(p.proofs, pr)
			}
		}
	})
	p.before = p.disk.Kill()
	at(t, p.disk, 3*day, func(d *desk, l *ledger.Ledger, c *clock) {
		out := prune(t, l, infoLog, "2000-01-03")
		if out.Minimum != 512 || out.Entries != 512 {
			t.Fatalf("%+v", out)
		}
	})
	return p
}

// against verifies the folder against a checkpoint.
func (p *pruned) against(t *testing.T, point []byte) *ledger.Verification {
	t.Helper()
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: folder, FS: p.disk, Against: []ledger.Outside{{Name: "kept", Note: point}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestPrunedVerifies wants what remains to verify, and what was proved before.
func TestPrunedVerifies(t *testing.T) {
	t.Parallel()
	p := newPruned(t)
	key, err := note.NewVerifier(p.vkey)
	if err != nil {
		t.Fatal(err)
	}
	for _, pr := range p.proofs {
		if _, err := pr.Verify(key); err != nil {
			t.Errorf("a proof from before, of entry %d: %v", pr.Index, err)
		}
	}
	compared, unknown := 0, 0
	for size, point := range p.points {
		v := p.against(t, point)
		for _, f := range v.Findings {
			t.Errorf("against the checkpoint of %d entries: %s", size, f)
		}
		switch {
		case len(v.Against) == 1:
			compared++
		case strings.Contains(strings.Join(v.Notes, "\n"), "cannot be compared any more"):
			unknown++
		default:
			t.Errorf("against the checkpoint of %d entries: nothing is said", size)
		}
	}
	// Those above the minimum, and below it those that were put on record. The hashes
	// of the first file of tiles are there still: the others can be told from them.
	if compared != len(p.points) || unknown != 0 {
		t.Errorf("%d compared, %d unknown, of %d", compared, unknown, len(p.points))
	}
	dates, err := p.disk.ReadDir(folder + "/tenants/acme/info/parts")
	if err != nil || len(dates) != 1 || dates[0].Name() != "2000-01-03" {
		t.Errorf("folders of dates: %v, %v", dates, err)
	}
	logs, parts := record(t, p.disk)
	if n := len(logs[infoLog]); n != 900-512 || parts[infoLog][0].Name.First != 512 {
		t.Errorf("a reader sees %d entries", n)
	}
	at(t, p.disk, 3*day, func(d *desk, l *ledger.Ledger, c *clock) {
		p.serves(t, l, logs[infoLog], key)
		for i, r := range d.append(l, "acme", 0, 4) { // their ids went with them, but of other tiers
			if want := map[bool]ledger.Outcome{true: ledger.Accepted, false: ledger.Duplicate}[i == 0]; r.Outcome != want {
				t.Errorf("event %d again: outcome %v, want %v", i, r.Outcome, want)
			}
		}
	})
}

// serves wants the log to be served from its minimum on, and proved.
func (p *pruned) serves(t *testing.T, l *ledger.Ledger, entries []*hansard.Entry, key note.Verifier) {
	t.Helper()
	info, err := l.Log(infoLog)
	if err != nil || info.Minimum != 512 || time.Unix(0, info.Expired).UTC().Format(time.DateOnly) != "2000-01-02" {
		t.Errorf("%+v, %v", info, err)
	}
	for _, e := range entries {
		pr, err := l.Prove(e, false)
		if err == nil {
			_, err = pr.Verify(key)
		}
		if err != nil {
			t.Fatalf("entry %d: %v", e.Index, err)
		}
	}
	f := func(n uint64, width int, gone bool) {
		t.Helper()
		_, err := l.Tile(infoLog, 0, n, width)
		_, err2 := l.Bundle(infoLog, n, width)
		if errors.Is(err, ledger.ErrPruned) != gone || errors.Is(err2, ledger.ErrPruned) != gone || !gone && (err != nil || err2 != nil) {
			t.Errorf("tile %d: %v, bundle: %v", n, err, err2)
		}
	}
	f(0, 256, true)
	f(1, 256, true)
	f(1, 1, true)
	f(2, 256, false)
	f(3, 132, false)
	if _, err := l.Tile(infoLog, 1, 0, 3); err != nil {
		t.Errorf("the hashes above: %v", err)
	}
}

// TestPruneTampering changes what says what was pruned, in a folder that is sound, and
// wants verification to find it.
func TestPruneTampering(t *testing.T) {
	t.Parallel()
	p := newPruned(t)
	const log = folder + "/tenants/acme/info/"
	f := func(name, want string, change func(d *simdisk.Disk)) {
		t.Helper()
		d := p.disk.Kill()
		change(d)
		v, err := ledger.Verify(ledger.VerifyConfig{Dir: folder, FS: d})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range v.Findings {
			if strings.Contains(f.String(), want) {
				return
			}
		}
		t.Errorf("%s: want %q; findings: %v", name, want, v.Findings)
	}
	put := func(d *simdisk.Disk, path string, b []byte) {
		t.Helper()
		err := durable.WriteFile(d, path, func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(d *simdisk.Disk, path string) []byte {
		t.Helper()
		b, err := durable.ReadFile(d, path, 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// copyOf brings back what was there before.
	copyOf := func(d *simdisk.Disk, path string) {
		t.Helper()
		if err := d.MkdirAll(path[:strings.LastIndexByte(path, '/')]); err != nil {
			t.Fatal(err)
		}
		put(d, path, read(p.before, path))
	}
	remove := func(d *simdisk.Disk, path string) {
		t.Helper()
		if err := d.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	rollup := log + "rollups/2000-01-01.000000000000-000000000256.ndjson.zst"
	live, err := ledger.LivePart(p.before, folder, infoLog)
	if err != nil || len(live) < 2 {
		t.Fatalf("%v, %v", live, err)
	}
	first := live[0].Path(folder)

	f("minimum removed", "entries 0 to 511 are in no part", func(d *simdisk.Disk) { remove(d, log+"minimum") })
	f("minimum moved", "not signed by the log's key", func(d *simdisk.Disk) {
		put(d, log+"minimum", []byte(strings.Replace(string(read(d, log+"minimum")), "\n512\n", "\n768\n", 1)))
	})
	f("minimum of another log", "cannot be checked", func(d *simdisk.Disk) {
		at(t, d, 4*day, func(_ *desk, l *ledger.Ledger, _ *clock) {
			prune(t, l, hansard.LogID{Tenant: "acme", Tier: "debug"}, "2000-01-03")
		})
		put(d, log+"minimum", read(d, folder+"/tenants/acme/debug/minimum"))
	})
	f("older minimum put back", "an older minimum was put back", func(d *simdisk.Disk) {
		old := read(d, log+"minimum")
		at(t, d, 4*day, func(_ *desk, l *ledger.Ledger, _ *clock) { prune(t, l, infoLog, "2000-01-04") })
		put(d, log+"minimum", old)
	})
	f("all put back as it was", "an older minimum was put back", func(d *simdisk.Disk) {
		remove(d, log+"minimum")
		for _, q := range live[:2] {
			copyOf(d, q.Path(folder))
			copyOf(d, q.Path(folder)+ledger.IndexSuffix)
		}
	})
	f("a pruned part put back", "was pruned, by what is on record, and is there", func(d *simdisk.Disk) { copyOf(d, first) })
	f("another part in its place", "not the one that was put on record", func(d *simdisk.Disk) {
		copyOf(d, first)
		put(d, first, append(read(d, first), 0))
	})
	f("more removed than was stated", "entries 512 to 767 are in no part", func(d *simdisk.Disk) {
		for _, q := range live {
			if q.Name.First == 512 {
				remove(d, q.Path(folder))
				remove(d, q.Path(folder)+ledger.IndexSuffix)
			}
		}
	})
	f("roll-up edited", "the roll-up is not the one", func(d *simdisk.Disk) { put(d, rollup, []byte("1 entry")) })
	f("roll-up removed", "put on record is gone", func(d *simdisk.Disk) { remove(d, rollup) })
	f("roll-up added", "was never put on record", func(d *simdisk.Disk) {
		put(d, log+"rollups/1999-01-01.000000000000-000000000256.ndjson.zst", []byte("x"))
	})
	f("hashes of pruned entries edited", "not those that they had", func(d *simdisk.Disk) {
		b := read(d, log+"tiles/1/000000")
		b[3] ^= 1
		put(d, log+"tiles/1/000000", b)
	})
	f("statement of the prune edited", "", func(d *simdisk.Disk) {
		_, err := ledger.ForgeIn(d, folder, metaLog, func(e *hansard.Entry) bool {
			was := string(e.Statement)
			e.Statement = []byte(strings.Replace(was, `"end":512,"entries":512`, `"end":256,"entries":256`, 1))
			return was != string(e.Statement)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	f("minimum that nobody stated", "never put on record", func(d *simdisk.Disk) { p.unstated(t, d) })
}

// unstated moves the minimum with the log's own key, as a program would that deletes
// without saying so.
func (p *pruned) unstated(t *testing.T, d *simdisk.Disk) {
	at2 := &clock{}
	at2.move(time.Duration(time.Date(2000, 1, 6, 0, 0, 0, 0, time.UTC).UnixNano()))
	l, err := ledger.Open(ledger.Config{Dir: folder, FS: d, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: at2.now})
	if err != nil {
		t.Fatal(err)
	}
	_, parts := record(t, p.disk.Kill())
	last := parts[infoLog][0]
	root, err := ledger.RootAt(d, folder, infoLog, last.Name.End)
	if err == nil {
		err = l.PutMinimum(infoLog, last.Name.End, root, last.LastReceived)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	// The next start believes the key, and removes the part.
	if l, err = ledger.Open(ledger.Config{Dir: folder, FS: d, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: at2.now}); err != nil {
		t.Fatal(err)
	}
	closeLedger(t, l)
}

// TestUnderHold wants verification to find what went while a hold stood: the hold's
// statement stands in front of that of a prune, an erasure or the end of roll-ups, and
// that of its release behind it or nowhere.
func TestUnderHold(t *testing.T) {
	t.Parallel()
	log := map[string]any{"log": "acme/info"}
	prune := map[string]any{"log": "acme/info", "first": 0, "end": 256}
	erase := map[string]any{"log": "acme/info", "part": "000000000000-000000000256.parquet", "entries": 1}
	rollups := map[string]any{"log": "acme/info", "names": []string{"2000-01-01.000000000000-000000000256.ndjson.zst"}}
	f := func(kind string, members map[string]any, released bool, want string) {
		t.Helper()
		if got := foundUnderHold(t, kind, members, released); len(got) > 1 || strings.Join(got, "") != want {
			t.Errorf("%s: found %q, want %q", kind, got, want)
		}
	}
	const held = " while hold hold-1 stood on it"
	f("prune", prune, false, "log acme/info was pruned"+held)
	f("erase", erase, false, "log acme/info was erased in"+held)
	f("rollups_expired", rollups, false, "roll-ups of log acme/info were removed"+held)
	f("erase", erase, true, "")
	f("rollups_expired", rollups, true, "")
	f("erased", log, false, "")
}

// foundUnderHold puts a hold on record, and then a statement, as a program would that
// asks nobody, and returns what verification says of it.
func foundUnderHold(t *testing.T, kind string, members map[string]any, released bool) (texts []string) {
	t.Helper()
	disk := simdisk.New()
	c := &clock{}
	c.move(time.Duration(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()))
	l, err := ledger.Open(ledger.Config{Dir: folder, Name: "test", FS: disk, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, l)
	d.append(l, "acme", 0, 1024)
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	state := func(kind string, members map[string]any) {
		t.Helper()
		if err := l.State("acme", kind, members); err != nil {
			t.Fatal(err)
		}
	}
	state("hold", map[string]any{"id": "hold-1", "log": "acme/info", "reason": "x", "by": "x", "minimum": 0})
	if released {
		state("hold_released", map[string]any{"id": "hold-1", "log": "acme/info", "reason": "x", "by": "x"})
	}
	state(kind, members)
	closeLedger(t, l)
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: folder, FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range v.Findings {
		text, _, _ := strings.Cut(found.Text, " (statement ")
		texts = append(texts, text)
	}
	return texts
}

// TestPrunedTiles prunes more entries than a file of leaf hashes holds: it goes, the
// log still grows, verifies, and can be reindexed.
func TestPrunedTiles(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: what runs side by side does in TestPrunedVerifies too, with fewer entries")
	}
	t.Parallel()
	dir := t.TempDir() + "/data"
	l := open(t, dir, newRecorder(), func(c *ledger.Config) { c.SealAfter, c.CheckpointEvery = time.Hour, time.Hour })
	d := newDesk(t, l)
	const n = 65536 + 1024
	records := 0
	points := map[uint64][]byte{}
	for records < n {
		s := d.bulk("acme", records, 8192)
		records += s
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
		info, err := l.Log(infoLog)
		if err != nil {
			t.Fatal(err)
		}
		points[info.Size] = info.Checkpoint
	}
	first := dir + "/tenants/acme/info/tiles/0/000000"
	if _, err := os.Stat(first); err != nil {
		t.Fatal(err)
	}
	out := prune(t, l, infoLog, "9999-01-01")
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the hashes are there: %v", err)
	}
	if out.Minimum < 65536 {
		t.Fatalf("%+v", out)
	}
	d.bulk("acme", records, 600)
	closeLedger(t, l)
	checkLedger(t, dir)
	if _, err := ledger.Reindex(t.Context(), ledger.Config{Dir: dir}, nil); err != nil {
		t.Error(err)
	}
	checkLedger(t, dir)
	cfg := ledger.VerifyConfig{Dir: dir}
	for _, size := range slices.Sorted(maps.Keys(points)) {
		cfg.Against = append(cfg.Against, ledger.Outside{Name: fmt.Sprint(size), Note: points[size]})
	}
	v, err := ledger.Verify(cfg)
	if err != nil || len(v.Findings) > 0 || len(v.Against) != len(points) {
		t.Errorf("%d of %d compared, %v, %v", len(v.Against), len(points), v.Findings, err)
	}
}

// bulk appends n events of one tier.
func (d *desk) bulk(tenant string, from, n int) int {
	d.t.Helper()
	var memory arena.Lasting
	records := make([]classify.Record, n)
	for i := range records {
		ev := event(4 * (from + i))
		records[i] = d.recordIn(&memory, tenant, ev)
	}
	if _, err := d.l.Append(d.t.Context(), tenant, records); err != nil {
		d.t.Fatal(err)
	}
	return n
}
