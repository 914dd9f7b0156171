package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// TestPowerCuts lets the power fail, or the process be killed, at a random
// operation on the disk, several times in a row, in many seeded runs. After each
// everything that was acknowledged is there once, and nothing else.
//
// HANSARD_CRASH_SEED=n runs the one run n, HANSARD_CRASH_RUNS=n that many runs.
func TestPowerCuts(t *testing.T) {
	first, runs := uint64(0), uint64(1000)
	if testing.Short() {
		runs = 10
	}
	if n, err := strconv.ParseUint(os.Getenv("HANSARD_CRASH_RUNS"), 10, 64); err == nil {
		runs = n
	}
	if n, err := strconv.ParseUint(os.Getenv("HANSARD_CRASH_SEED"), 10, 64); err == nil {
		first, runs = n, 1
	}
	const lanes = 2
	for lane := range uint64(lanes) {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			for seed := first + lane; seed < first+runs && !t.Failed(); seed += lanes {
				if err := (&saga{seed: seed}).run(); err != nil {
					t.Errorf("HANSARD_CRASH_SEED=%d: %v", seed, err)
				}
			}
		})
	}
}

// TestTeeth leaves one kind of sync out, everywhere. What the ledger's promises
// rest on is found to be broken.
func TestTeeth(t *testing.T) {
	if testing.Short() {
		t.Skip("it tests the tests; nothing in it runs beside anything")
	}
	t.Parallel()
	f := func(name string, kind simdisk.Kind, match string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			pattern := regexp.MustCompile("^" + folder + match + "$")
			for seed := range uint64(200) {
				s := &saga{seed: seed, steps: 14, skip: func(op simdisk.Op) bool { return op.Kind == kind && pattern.MatchString(op.Path) }}
				if err := s.run(); err != nil {
					t.Logf("found by run %d: %v", seed, err)
					return
				}
			}
			t.Error("nothing was found")
		})
	}
	f("commit", simdisk.Sync, `/journal/.*`)
	f("journal file's name", simdisk.SyncDir, `/journal`)
	f("part", simdisk.Sync, `/tenants/.*[.]parquet[.]tmp`)
	f("part's name", simdisk.SyncDir, `/tenants/.*/parts/[0-9-]*`)
	f("folder of a date", simdisk.SyncDir, `/tenants/.*/parts`)
	f("checkpoint", simdisk.Sync, `/tenants/.*/checkpoint[.]tmp`)
	f("checkpoint's name", simdisk.SyncDir, `/tenants/[a-z]*/[a-z]*`)
	f("log's folder", simdisk.SyncDir, `/tenants/[a-z]*`)
	f("tenant's folder", simdisk.SyncDir, `/tenants`)
	f("tiles", simdisk.Sync, `/tenants/.*/tiles/.*`)
	f("key", simdisk.Sync, `[.]keys/.*`)
	f("key's name", simdisk.SyncDir, `[.]keys/[a-z]*`)
	f("keys of a tenant", simdisk.SyncDir, `[.]keys`)
	f("data folder", simdisk.SyncDir, ``)
	f("server's name", simdisk.Sync, `/FORMAT[.]tmp`)
}

// thorough reports whether the tests of crashes and faults take their time.
func thorough() bool { return os.Getenv("HANSARD_CRASH_RUNS") != "" }

// saga is a server's fate over several crashes.
type saga struct {
	seed  uint64
	skip  func(simdisk.Op) bool // syncs that are left out
	steps int                   // of a life; at least 6
	r     *rand.Rand
	w     *world
}

// run lives two or three lives on one disk. The last one ends well.
func (s *saga) run() (err error) {
	s.r = rand.New(rand.NewPCG(s.seed, 1))
	if s.w, err = newWorld(); err != nil {
		return err
	}
	tune := s.tuning()
	disk, then := simdisk.New(), known{}
	lives := 2 + s.r.IntN(3)/2
	for n := range lives {
		v := &life{w: s.w, disk: disk, r: rand.New(rand.NewPCG(s.seed, uint64(10+n))), tune: tune, skip: s.skip, kill: s.r.IntN(4) == 0}
		if n < lives-1 {
			v.last = 1 + s.r.IntN([]int{20, 100, 400}[s.r.IntN(3)])
		}
		err := s.live(v, then, n == lives-1)
		if !v.gone() && err != nil {
			return fmt.Errorf("life %d: %w", n+1, err)
		}
		if n < lives-1 {
			disk, then = v.left, v.then
			if unbegun(disk) || s.r.IntN(2) == 0 {
				continue
			}
			if err := sound(disk, s.r.IntN(2) == 0); err != nil {
				return fmt.Errorf("life %d, which ended before %q: %w", n+1, v.path, err)
			}
		}
	}
	return nil
}

// unbegun reports whether the disk has no data folder yet.
func unbegun(d *simdisk.Disk) bool {
	_, err := d.Stat(folder + "/FORMAT")
	return err != nil
}

// tuning returns settings that make files small and seals frequent.
func (s *saga) tuning() func(*ledger.Config) {
	journal := []int64{1 << 10, 4 << 10, 64 << 10}[s.r.IntN(3)]
	live := s.r.IntN(4) == 0 // the sealer and the publisher are at work by themselves
	return func(c *ledger.Config) {
		c.JournalSize = journal
		if live {
			c.SealRows, c.CheckpointEvery = 12, 3*time.Millisecond
		}
	}
}

// live is one life: recovery, work, and an end, which may come at any time.
func (s *saga) live(v *life, then known, last bool) error {
	l, err := v.recovered(then)
	if l == nil {
		return err
	}
	steps := 0
	for ; err == nil && steps < max(6, s.steps) && !v.gone() && !(last && steps == 2); steps++ {
		l, err = s.step(v, l)
	}
	if last && err == nil {
		return v.finish(l)
	}
	v.mu.Lock()
	if v.left == nil && err == nil {
		v.end("the end")
	}
	v.mu.Unlock()
	_ = l.Close()
	return err
}

// step does something that a server does.
func (s *saga) step(v *life, l *ledger.Ledger) (*ledger.Ledger, error) {
	tenant := []string{"acme", "zeta"}[s.r.IntN(2)]
	switch s.r.IntN(13) {
	default:
		return l, s.w.send(l, s.w.compose(tenant, 1+s.r.IntN(8), 0, false), v.gone)
	case 6:
		return l, s.w.send(l, s.w.compose(tenant, 1, 1<<s.r.IntN(16), false), v.gone)
	case 7:
		if old := s.w.some(s.r); old != nil { // an answer did not get through
			return l, s.w.send(l, old, v.gone)
		}
		return l, nil
	case 8:
		return l, l.Seal()
	case 9:
		return l, l.PublishCheckpoints()
	case 10:
		if s.r.IntN(3) > 0 {
			return l, l.State(tenant, "clock_jump", map[string]any{"from": "a", "to": "b"})
		}
		return s.restart(v, l)
	case 11:
		if s.r.IntN(6) > 0 {
			return l, nil
		}
		return l, s.merge(v, l)
	case 12:
		if s.r.IntN(3) > 0 {
			return l, s.erase(v, l)
		}
		return l, s.hold(v, l)
	}
}

// restart stops the server well, makes what is derived anew now and then, and
// starts it again.
func (s *saga) restart(v *life, l *ledger.Ledger) (*ledger.Ledger, error) {
	if err := l.Close(); err != nil {
		return l, err
	}
	if s.r.IntN(2) == 0 {
		if _, err := ledger.Reindex(context.Background(), ledger.Config{Dir: folder, FS: v.disk}, nil); err != nil {
			return l, err
		}
	}
	again, err := v.reopen()
	if err != nil {
		return l, err
	}
	return again, nil
}

// merge fills two parts of one log and merges or joins what there is; now and then it
// prunes them then.
func (s *saga) merge(v *life, l *ledger.Ledger) error {
	for range 2 {
		if err := s.w.send(l, s.w.compose("acme", 256, 0, true), v.gone); err != nil {
			return err
		}
		if err := l.Seal(); err != nil {
			return err
		}
	}
	merge := l.Merge
	if s.r.IntN(2) == 0 {
		merge = l.Join
	}
	if err := merge(infoLog, wholeParts(v.f, infoLog)); err != nil || s.r.IntN(3) == 0 {
		return err
	}
	return s.prune(v, l)
}

// wholeParts returns the parts of a log that end at a multiple of 256 and follow
// each other on one date.
func wholeParts(f *recorder, id hansard.LogID) []part.Name {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []part.Name
	for _, p := range f.infos[id] {
		if p.Name.End%256 == 0 && p.Date == f.infos[id][0].Date {
			names = append(names, p.Name)
		}
	}
	return names
}
