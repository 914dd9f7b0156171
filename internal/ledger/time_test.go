package ledger_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// clock is a wall clock that a test sets.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time        { return time.Unix(0, c.ns.Load()) }
func (c *clock) move(by time.Duration) { c.ns.Add(int64(by)) }

// at plays a life of a server on the disk that begins at a time since the begin of
// 2000 (UTC), and ends well.
func at(t *testing.T, disk *simdisk.Disk, after time.Duration, act func(d *desk, l *ledger.Ledger, c *clock)) {
	t.Helper()
	c := &clock{}
	c.move(time.Duration(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()) + after)
	l, err := ledger.Open(ledger.Config{
		Dir: folder, Name: "test", FS: disk, CheckpointEvery: time.Hour, SealAfter: time.Hour, Now: c.now,
		Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	act(newDesk(t, l), l, c)
	closeLedger(t, l)
	if err := sound(disk, true); err != nil {
		t.Error(err)
	}
}

const day = 24 * time.Hour

// record returns all entries on the disk by log, and the parts that they are in.
func record(t *testing.T, disk *simdisk.Disk) (map[hansard.LogID][]*hansard.Entry, map[hansard.LogID][]part.Info) {
	t.Helper()
	r, err := ledger.OpenReader(disk, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := newRecorder()
	r.Follow(f)
	all, err := readRecord(disk, f)
	if err != nil {
		t.Fatal(err)
	}
	byLog := map[hansard.LogID][]*hansard.Entry{}
	for _, e := range all {
		byLog[e.Log] = append(byLog[e.Log], e)
	}
	return byLog, f.infos
}

// inOrder wants receipt times that never decrease, by position.
func inOrder(t *testing.T, logs map[hansard.LogID][]*hansard.Entry) {
	t.Helper()
	received := map[uint64]int64{}
	last := uint64(0)
	for _, entries := range logs {
		for _, e := range entries {
			received[e.Position] = e.ReceivedAt
			last = max(last, e.Position)
		}
	}
	for p := uint64(1); p <= last; p++ {
		if received[p] < received[p-1] {
			t.Errorf("position %d was received before position %d", p, p-1)
		}
	}
}

// jumps returns what the meta log says of the clock: from and to.
func jumps(t *testing.T, entries []*hansard.Entry) [][2]string {
	t.Helper()
	var all [][2]string
	for _, e := range entries {
		var s struct{ Kind, From, To string }
		if err := json.Unmarshal(e.Statement, &s); err != nil {
			t.Fatal(err)
		}
		if s.Kind == "clock_jump" {
			all = append(all, [2]string{s.From, s.To})
		}
	}
	return all
}

// TestClockBack sets the clock back between two runs of a server: receipt times do
// not go back, ids are known, and more than an hour is put on record.
func TestClockBack(t *testing.T) {
	f := func(back time.Duration, stated int) {
		t.Helper()
		t.Run(back.String(), func(t *testing.T) {
			disk := simdisk.New()
			at(t, disk, 400*day, func(d *desk, l *ledger.Ledger, c *clock) { d.append(l, "acme", 0, 300) })
			at(t, disk, 400*day-back, func(d *desk, l *ledger.Ledger, c *clock) {
				for i, r := range d.append(l, "acme", 0, 300) {
					if r.Outcome != ledger.Duplicate {
						t.Fatalf("event %d: outcome %v", i, r.Outcome)
					}
				}
				d.append(l, "acme", 300, 600)
			})
			logs, parts := record(t, disk)
			inOrder(t, logs)
			datesFit(t, logs, parts)
			got := jumps(t, logs[metaLog])
			if len(got) != stated {
				t.Fatalf("statements about the clock: %v", got)
			}
			want := [2]string{"2001-02-04T00:00:00Z", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(400*day - back).Format(time.RFC3339Nano)}
			if stated > 0 && got[0] != want {
				t.Errorf("the statement says %v, want %v", got[0], want)
			}
		})
	}
	f(30*time.Minute, 0)
	f(time.Hour, 1)
	f(day, 1)
	f(400*day, 1)
}

// TestClockBackWhileRunning sets the clock back under a running server.
func TestClockBackWhileRunning(t *testing.T) {
	for _, back := range []time.Duration{time.Second, time.Hour, day, 365 * day} {
		disk := simdisk.New()
		at(t, disk, 400*day, func(d *desk, l *ledger.Ledger, c *clock) {
			for i := range 6 {
				d.append(l, "acme", 100*i, 100*i+100)
				if i == 2 {
					c.move(-back)
				}
				c.move(time.Millisecond)
				if err := l.Seal(); err != nil {
					t.Fatal(err)
				}
			}
		})
		logs, parts := record(t, disk)
		inOrder(t, logs)
		datesFit(t, logs, parts)
	}
}

// TestClockJump tells a running server that the clock moved.
func TestClockJump(t *testing.T) {
	f := func(moved, elapsed time.Duration, stated int) {
		t.Helper()
		disk := simdisk.New()
		at(t, disk, 0, func(d *desk, l *ledger.Ledger, c *clock) {
			d.append(l, "acme", 0, 1)
			d.append(l, "zeta", 0, 1)
			now := time.Now()
			if err := l.ClockMoved(now, now.Add(moved), elapsed); err != nil {
				t.Error(err)
			}
		})
		logs, _ := record(t, disk)
		for _, tenant := range []string{"acme", "zeta"} {
			if got := jumps(t, logs[hansard.LogID{Tenant: tenant, Tier: hansard.TierMeta}]); len(got) != stated {
				t.Errorf("by %v in %v: %v", moved, elapsed, got)
			}
		}
	}
	f(time.Second, time.Second, 0)
	f(59*time.Minute, time.Second, 0)
	f(time.Hour+time.Second, time.Second, 1)
	f(-time.Hour, time.Second, 1)
	f(day, time.Second, 1)
	f(365*day, time.Second, 1)
	f(0, 2*time.Hour, 1) // the clock stood still
	f(2*time.Hour, 2*time.Hour, 0)
}

// datesFit wants each part to lie under the date of its last entry, and to hold
// of earlier dates only what was left over of an unfinished bundle of 256.
func datesFit(t *testing.T, logs map[hansard.LogID][]*hansard.Entry, parts map[hansard.LogID][]part.Info) {
	t.Helper()
	for id, infos := range parts {
		for _, p := range infos {
			earlier, last := 0, ""
			for _, e := range logs[id] {
				if e.Index < p.Name.First || e.Index >= p.Name.End {
					continue
				}
				date := part.Date(e.ReceivedAt)
				if date < p.Date {
					earlier++
				}
				last = max(last, date)
			}
			if last != p.Date || earlier > 255 {
				t.Errorf("part %s of %s lies under %s: the last entry is of %s, %d are of earlier dates", p.Name, id, p.Date, last, earlier)
			}
			if p.Name.First%256 != 0 {
				t.Errorf("part %s of %s does not begin at a multiple of 256", p.Name, id)
			}
		}
	}
}

// TestMidnight writes to all tiers before and after midnight, a day later, and a
// year later: sealed in between, and only afterwards.
func TestMidnight(t *testing.T) {
	for _, between := range []bool{true, false} {
		t.Run(fmt.Sprint("sealed in between: ", between), func(t *testing.T) {
			disk := simdisk.New()
			at(t, disk, day-time.Second, func(d *desk, l *ledger.Ledger, c *clock) {
				n := 0
				for _, pause := range []time.Duration{2 * time.Second, day, 365 * day, 0} {
					d.append(l, "acme", n, n+1300) // 325 to each tier
					n += 1300
					if between {
						if err := l.Seal(); err != nil {
							t.Fatal(err)
						}
					}
					c.move(pause)
				}
			})
			logs, parts := record(t, disk)
			inOrder(t, logs)
			datesFit(t, logs, parts)
			for _, tier := range []hansard.Tier{hansard.TierDebug, hansard.TierInfo, hansard.TierCompliance, hansard.TierCritical} {
				id := hansard.LogID{Tenant: "acme", Tier: tier}
				dates := map[string]bool{}
				for _, p := range parts[id] {
					dates[p.Date] = true
				}
				if len(logs[id]) != 1300 || len(dates) != 4 {
					t.Errorf("%s: %d entries, parts of %v", id, len(logs[id]), dates)
				}
			}
		})
	}
}

// TestDedupWindow sends an event again at the edge of the window in which its id
// is remembered, before and after a restart.
func TestDedupWindow(t *testing.T) {
	const window = 30 * day // the default
	f := func(after time.Duration, restart bool, want ledger.Outcome) {
		t.Helper()
		t.Run(fmt.Sprint(after, restart), func(t *testing.T) {
			disk := simdisk.New()
			again := func(d *desk, l *ledger.Ledger, c *clock) {
				for i, r := range d.append(l, "acme", 0, 20) {
					if r.Outcome != want {
						t.Errorf("event %d: outcome %v, want %v", i, r.Outcome, want)
					}
				}
			}
			at(t, disk, day, func(d *desk, l *ledger.Ledger, c *clock) {
				d.append(l, "acme", 0, 20)
				for range 2 {
					if err := l.Seal(); err != nil {
						t.Fatal(err)
					}
				}
				if !restart {
					c.move(after)
					again(d, l, c)
				}
			})
			if restart {
				at(t, disk, day+after, again)
			}
		})
	}
	for _, restart := range []bool{false, true} {
		f(time.Second, restart, ledger.Duplicate)
		f(window, restart, ledger.Duplicate)
		f(window+time.Nanosecond, restart, ledger.Accepted)
		f(365*day, restart, ledger.Accepted)
	}
}

// TestDedupTogether sends the same events from many sides at once, while the
// ledger seals; then again after a restart, a kill and a power cut. Each is
// stored once.
func TestDedupTogether(t *testing.T) {
	t.Parallel()
	disk := simdisk.New()
	const events = 200
	sendAll := func(disk *simdisk.Disk, end func(l *ledger.Ledger)) int64 {
		l, err := ledger.Open(ledger.Config{Dir: folder, Name: "test", FS: disk, SealRows: 40, CheckpointEvery: 5 * time.Millisecond,
			Fatal: func(err error) { t.Errorf("fatal: %v", err) }})
		if err != nil {
			t.Fatal(err)
		}
		var accepted atomic.Int64
		var wg sync.WaitGroup
		for side := range 12 {
			d := newDesk(t, l)
			order := rand.New(rand.NewPCG(uint64(side), 0)).Perm(events)
			var records []classify.Record
			for _, i := range order {
				records = append(records, d.record("acme", event(i)))
			}
			wg.Go(func() {
				for len(records) > 0 {
					n := min(1+side, len(records))
					results, err := l.Append(t.Context(), "acme", records[:n])
					if err != nil {
						t.Error(err)
						return
					}
					for _, r := range results {
						switch r.Outcome {
						case ledger.Accepted:
							accepted.Add(1)
						case ledger.Conflict:
							t.Error("an event conflicts with itself")
						}
					}
					records = records[n:]
				}
			})
		}
		wg.Wait()
		end(l)
		return accepted.Load()
	}
	var killed, cut *simdisk.Disk
	if n := sendAll(disk, func(l *ledger.Ledger) {
		killed, cut = disk.Kill(), disk.Cut(rand.New(rand.NewPCG(1, 1)))
		closeLedger(t, l)
	}); n != events {
		t.Errorf("%d were accepted, want %d", n, events)
	}
	for name, d := range map[string]*simdisk.Disk{"restart": disk, "kill": killed, "power cut": cut} {
		if n := sendAll(d, func(l *ledger.Ledger) { closeLedger(t, l) }); n != 0 {
			t.Errorf("%d were accepted again after a %s", n, name)
		}
		logs, _ := record(t, d)
		n := 0
		for id, entries := range logs {
			if id.Tier != hansard.TierMeta {
				n += len(entries)
			}
		}
		if n != events {
			t.Errorf("%d are stored after a %s, want %d", n, name, events)
		}
		if err := sound(d, true); err != nil {
			t.Errorf("after a %s: %v", name, err)
		}
	}
}
