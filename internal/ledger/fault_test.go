package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// faults are what an operation may fail with.
var faults = map[simdisk.Kind][]syscall.Errno{
	simdisk.Create:      {syscall.ENOSPC, syscall.EMFILE, syscall.EIO},
	simdisk.Mkdir:       {syscall.ENOSPC, syscall.EDQUOT, syscall.EIO},
	simdisk.Rename:      {syscall.EIO, syscall.ENOSPC},
	simdisk.Remove:      {syscall.EIO},
	simdisk.Write:       {syscall.ENOSPC, syscall.EDQUOT, syscall.EIO},
	simdisk.Truncate:    {syscall.EIO},
	simdisk.Preallocate: {syscall.ENOSPC, syscall.EDQUOT, syscall.EIO},
	simdisk.Sync:        {syscall.EIO, syscall.ENOSPC},
	simdisk.SyncDir:     {syscall.EIO, syscall.EMFILE},
	simdisk.Open:        {syscall.EMFILE, syscall.EIO},
	simdisk.Read:        {syscall.EIO},
	simdisk.ReadDir:     {syscall.EMFILE, syscall.EIO},
	simdisk.Stat:        {syscall.EIO},
}

// TestFaults fails every operation on the disk of what a server does, one at a
// time. Senders are told that the server is busy, and why; a failed sync ends the
// process; nothing that was acknowledged is lost, and the next attempt works.
func TestFaults(t *testing.T) {
	t.Parallel()
	send := func(tenant string, n int, oneKind bool) func(v *life, l *ledger.Ledger) error {
		return func(v *life, l *ledger.Ledger) error {
			err := v.w.send(l, v.w.compose(tenant, n, 0, oneKind), v.gone)
			if err != nil && v.fatal == nil && hansard.KindOf(err) != hansard.KindBusy {
				return fmt.Errorf("the sender is told: %w, of kind %v: %w", err, hansard.KindOf(err), errWrong)
			}
			if err != nil && v.fatal == nil && hansard.HintOf(err) == "" {
				return fmt.Errorf("the sender is told: %w, and not what to do: %w", err, errWrong)
			}
			return err
		}
	}
	f := func(name string, s scene) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			for n := 1; ; n++ {
				reached, err := s.fail(n)
				if err != nil {
					t.Errorf("operation %d: %v", n, err)
				}
				if !reached || t.Failed() {
					break
				}
				runs++
				if !thorough() {
					n += 3
				}
				if testing.Short() {
					n += 29
				}
			}
			t.Logf("%d faults", runs)
		})
	}
	seal := func(_ *life, l *ledger.Ledger) error { return l.Seal() }
	start := send("acme", 3, true)
	f("new tenant", scene{start, send("zeta", 2, true), 0, nil, false})
	f("commits", scene{start, inTurn(send("acme", 3, true), send("acme", 3, true), send("acme", 3, true), send("acme", 3, true)), 0, nil, false})
	f("duplicates", scene{inTurn(start, seal), func(v *life, l *ledger.Ledger) error {
		err := v.w.send(l, v.w.requests[0], v.gone)
		if err != nil && v.fatal == nil && hansard.KindOf(err) != hansard.KindBusy {
			return fmt.Errorf("%w: %w", err, errWrong)
		}
		return err
	}, 0, nil, false})
	f("next seal", scene{inTurn(start, seal, start), inTurn(seal, seal), 0, nil, false})
	f("close", scene{inTurn(start, seal, start), func(_ *life, l *ledger.Ledger) error { return l.Close() }, 0, nil, false})
	f("start", scene{inTurn(start, seal, start, start), restartKilled, 0, nil, false})
	if !testing.Short() {
		whole := inTurn(send("acme", 256, true), seal)
		f("merge", scene{inTurn(whole, whole), func(v *life, l *ledger.Ledger) error { return l.Merge(infoLog, wholeParts(v.f, infoLog)) }, 0, nil, false})
		f("join", scene{inTurn(whole, whole), func(v *life, l *ledger.Ledger) error { return l.Join(infoLog, wholeParts(v.f, infoLog)) }, 0, nil, false})
		prune := func(v *life, l *ledger.Ledger) error { return v.w.prune(l, infoLog, true, v.gone) }
		f("prune", scene{inTurn(whole, whole, start), prune, 0, inTurn(confirm, prune, finished), false})
		f("roll-ups expire", scene{inTurn(whole, prune), expireRollups, 0, inTurn(confirm, expireRollups, finished), false})
		erase := func(v *life, l *ledger.Ledger) error { return v.w.erase(l, infoLog, []uint64{1, 4}, v.gone) }
		f("erase", scene{inTurn(start, seal, start), erase, 0, erase, false})
	}
}

// confirm confirms the jump of the clock that closed states.
func confirm(_ *life, l *ledger.Ledger) error {
	if err := l.ConfirmClock("acme", "test"); err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return err
	}
	return nil
}

func expireRollups(_ *life, l *ledger.Ledger) error {
	_, err := l.ExpireRollups("acme", "9999-01-01")
	return err
}

// finished ends what was begun of prunes, and wants nothing to be left of them, now and
// after power cuts.
func finished(v *life, l *ledger.Ledger) error {
	if err := l.FinishPrunes("acme"); err != nil {
		return err
	}
	minimum, err := ledger.MinimumsIn(v.disk, folder)
	if err != nil {
		return err
	}
	for seed := range uint64(4) {
		parts, err := ledger.AllParts(v.disk.Cut(rand.New(rand.NewPCG(seed, 9))), folder, infoLog)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p.Name.End <= minimum[infoLog] {
				return fmt.Errorf("part %s was pruned, and a power cut brings it back: %w", p.Name, errWrong)
			}
		}
	}
	return nil
}

// errWrong marks an error that no fault excuses.
var errWrong = errors.New("that is wrong")

// fail plays the scene with a fault in its n-th operation. It reports whether
// there was one.
func (s scene) fail(n int) (reached bool, err error) {
	w, err := newWorld()
	if err != nil {
		return false, err
	}
	v := &life{w: w, disk: simdisk.New(), tune: func(c *ledger.Config) { c.JournalSize = 2 << 10 }, r: rand.New(rand.NewPCG(uint64(n), 6)), kill: n%2 == 0}
	l, err := v.open()
	if err == nil {
		err = s.before(v, l)
	}
	if err != nil {
		return false, err
	}
	l.AwaitSpare() // what was begun before is no part of the scene
	count, reads, what := 0, 0, ""
	fault := func(op simdisk.Op) error { // v.mu is held
		// Of the reads, which are many and much the same, every eighth one.
		if !op.Kind.Changes() {
			if reads++; reads%8 != 1 {
				return nil
			}
		}
		if count++; count != n {
			return nil
		}
		errno := faults[op.Kind][v.r.IntN(len(faults[op.Kind]))]
		what = fmt.Sprintf("%s %s: %v", op.Kind, op.Path, errno)
		return errno
	}
	v.mu.Lock()
	v.fault = fault
	v.mu.Unlock()
	err = s.act(v, l)
	l.AwaitSpare()
	v.mu.Lock()
	v.fault = nil
	v.mu.Unlock()
	if err := v.afterFault(l, err, s.after); err != nil {
		return true, fmt.Errorf("%s: %w", what, err)
	}
	return what != "", nil
}

// afterFault goes on after a fault, with what has to work then: with the same process,
// or with the next one if this one had to end.
func (v *life) afterFault(l *ledger.Ledger, err error, after func(v *life, l *ledger.Ledger) error) error {
	if errors.Is(err, errWrong) {
		return err
	}
	if v.fatal != nil && !durable.SyncFailed(v.fatal) {
		return fmt.Errorf("the process ended: %w", v.fatal)
	}
	if !v.gone() && !v.closed(l) {
		for _, s := range v.w.open() {
			if err := v.w.send(l, s, v.gone); err != nil {
				return fmt.Errorf("sent again: %w", err)
			}
		}
		if after != nil {
			if err := after(v, l); err != nil {
				return fmt.Errorf("the next attempt: %w", err)
			}
		}
		return v.finish(l)
	}
	disk, then := v.disk, v.w.known()
	if v.gone() {
		disk, then = v.left, v.then
	} else {
		disk = disk.Kill()
	}
	if !unbegun(disk) {
		if err := sound(disk, true); err != nil {
			return fmt.Errorf("before the next start: %w", err)
		}
	}
	next := &life{w: v.w, disk: disk, tune: v.tune, r: v.r}
	l, err = next.recovered(then)
	if err == nil && after != nil {
		err = after(next, l)
	}
	if err != nil {
		return err
	}
	return next.finish(l)
}

// closed reports whether the ledger takes nothing any more.
func (v *life) closed(l *ledger.Ledger) bool {
	err := l.State("acme", "clock_jump", map[string]any{})
	return hansard.KindOf(err) == hansard.KindBusy
}
