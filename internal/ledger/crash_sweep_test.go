package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// scene is one thing that a server does, on a disk of its own, after what has to
// be there for it.
type scene struct {
	before func(v *life, l *ledger.Ledger) error
	act    func(v *life, l *ledger.Ledger) error
	cuts   int // how often the power is cut at each operation, for different remains; 0: once
	// after is done by the server that has recovered; may be nil.
	after func(v *life, l *ledger.Ledger) error
	// sparse leaves most operations out, where the tests do not take their time.
	sparse bool
}

// TestEveryStep cuts the power ahead of every single operation on the disk of
// everything that a server does, and again at a random operation of the start
// after that.
func TestEveryStep(t *testing.T) {
	t.Parallel()
	f := func(name string, s scene) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := s.sweep(t)
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d operations", n)
		})
	}
	send := func(tenant string, n int, oneKind bool) func(v *life, l *ledger.Ledger) error {
		return func(v *life, l *ledger.Ledger) error { return v.w.send(l, v.w.compose(tenant, n, 0, oneKind), v.gone) }
	}
	seal := func(_ *life, l *ledger.Ledger) error { return l.Seal() }
	start := send("acme", 3, true) // one log and the meta log: the steps are the same for every log
	f("first start", scene{})
	f("new tenant", scene{start, send("zeta", 2, true), 0, nil, false})
	f("new log", scene{start, send("acme", 2, false), 0, nil, false})
	f("commits", scene{start, inTurn(send("acme", 1, true), send("acme", 3, false), send("acme", 9, false), send("acme", 9, false)), 0, nil, false})
	f("statement", scene{start, func(_ *life, l *ledger.Ledger) error { return l.State("acme", "clock_jump", map[string]any{}) }, 0, nil, false})
	f("checkpoints", scene{start, func(_ *life, l *ledger.Ledger) error { return l.PublishCheckpoints() }, 0, nil, false})
	f("seal", scene{start, seal, 0, nil, false})
	f("next seal", scene{inTurn(start, seal, start), inTurn(seal, seal), 0, nil, false})
	f("seal over a bundle's end", scene{inTurn(send("acme", 250, true), seal, send("acme", 20, true)), seal, 0, nil, false})
	f("close", scene{inTurn(start, seal, inTurn(start, start, start, start, start, start)), func(_ *life, l *ledger.Ledger) error { return l.Close() }, 0, nil, false})
	whole := inTurn(send("acme", 256, true), seal)
	f("merge", scene{inTurn(whole, whole), func(v *life, l *ledger.Ledger) error { return l.Merge(infoLog, wholeParts(v.f, infoLog)) }, 0, nil, false})
	f("join", scene{inTurn(whole, whole), func(v *life, l *ledger.Ledger) error { return l.Join(infoLog, wholeParts(v.f, infoLog)) }, 0, nil, false})
	f("reindex", scene{inTurn(start, seal, start, func(_ *life, l *ledger.Ledger) error { return l.Close() }), func(v *life, _ *ledger.Ledger) error {
		_, err := ledger.Reindex(context.Background(), ledger.Config{Dir: folder, FS: v.disk}, nil)
		return err
	}, 0, nil, false})
	f("start after a kill", scene{inTurn(start, seal, start, start), restartKilled, 0, nil, false})
	f("start with an old journal", scene{inTurn(start, start, start, start, seal), restartKilled, 0, nil, false})
	all := inTurn(start, start, start, start, start, start, start, start)
	f("start with a journal of sealed entries", scene{inTurn(all, sealUntilFree), restartKilled, 4, nil, false})
}

// TestEveryStepOfPruning does the same with all that removes entries, and what keeps
// that from happening.
func TestEveryStepOfPruning(t *testing.T) {
	t.Parallel()
	f := func(name string, s scene) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := s.sweep(t)
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d operations", n)
		})
	}
	send := func(n int) func(v *life, l *ledger.Ledger) error {
		return func(v *life, l *ledger.Ledger) error { return v.w.send(l, v.w.compose("acme", n, 0, true), v.gone) }
	}
	seal := func(_ *life, l *ledger.Ledger) error { return l.Seal() }
	prune := func(rollups bool) func(v *life, l *ledger.Ledger) error {
		return func(v *life, l *ledger.Ledger) error { return v.w.prune(l, infoLog, rollups, v.gone) }
	}
	// again finishes what a crash left, and finds that all of it is gone.
	again := func(v *life, l *ledger.Ledger) error {
		if err := l.FinishPrunes("acme"); err != nil {
			return err
		}
		if err := v.w.prune(l, infoLog, true, v.gone); err != nil || v.gone() {
			return err
		}
		if kept, err := l.Kept("acme"); err != nil || len(kept.Unfinished) > 0 {
			return fmt.Errorf("not finished: %v, %w", kept.Unfinished, err)
		}
		if l.JournalHolds(infoLog, 512) {
			return fmt.Errorf("the journal holds pruned entries")
		}
		if m, err := ledger.MinimumsIn(v.disk, folder); err != nil || m[infoLog] != 512 {
			return fmt.Errorf("the log begins at %d: %w", m[infoLog], err)
		}
		return v.w.check(v.w.known(), v.disk, v.f)
	}
	two := inTurn(send(256), seal, send(256), seal)
	f("prune", scene{inTurn(two, send(3)), prune(true), 0, again, false})
	if thorough() {
		f("prune all", scene{two, prune(false), 2, again, false})
		f("prune, cut in many ways", scene{inTurn(two, send(3)), prune(true), 4, again, false})
	}
	f("prune what is sealed, beside what is not", scene{inTurn(two, send(9), seal, send(3)), prune(true), 0, again, true})
	f("prune again", scene{inTurn(send(256), seal, prune(true), send(256), seal), prune(true), 0, again, true})
	hold := func(v *life, l *ledger.Ledger) error {
		_, err := l.AddHold(infoLog, "a claim", "test")
		return err
	}
	f("hold", scene{two, hold, 0, nil, false})
	release := func(v *life, l *ledger.Ledger) error {
		kept, err := l.Kept("acme")
		if err != nil || !kept.Holds[0].Stands() {
			return err
		}
		if err := v.w.prune(l, infoLog, false, v.gone); hansard.KindOf(err) != hansard.KindDenied && !v.gone() {
			return fmt.Errorf("pruned while a hold stands: %w", err)
		}
		_, err = l.ReleaseHold("acme", kept.Holds[0].ID, "settled", "test")
		return err
	}
	f("release", scene{inTurn(two, hold), release, 0, inTurn(release, again), false})
	erase := func(indexes ...uint64) func(v *life, l *ledger.Ledger) error {
		return func(v *life, l *ledger.Ledger) error { return v.w.erase(l, infoLog, indexes, v.gone) }
	}
	eraseAgain := func(indexes ...uint64) func(v *life, l *ledger.Ledger) error {
		return inTurn(erase(indexes...), send(2), seal, func(v *life, l *ledger.Ledger) error {
			return v.w.check(v.w.known(), v.disk, v.f)
		})
	}
	f("erase what is left over", scene{inTurn(send(5), seal, send(2)), erase(1, 4), 0, eraseAgain(1, 4), true})
	f("erase what the journal has", scene{inTurn(send(3), seal, send(4)), erase(5), 0, eraseAgain(5), true})
	if thorough() {
		f("erase in two parts", scene{inTurn(two, send(9)), erase(3, 300, 515), 0, eraseAgain(3, 300, 515), false})
	}
	f("roll-ups expire", scene{inTurn(two, prune(true)), func(v *life, l *ledger.Ledger) error {
		_, err := l.ExpireRollups("acme", "9999-01-01")
		return err
	}, 0, func(v *life, l *ledger.Ledger) error {
		_, err := l.ExpireRollups("acme", "9999-01-01")
		return err
	}, true})
}

// inTurn does one thing after the other, up to the first error.
func inTurn(acts ...func(v *life, l *ledger.Ledger) error) func(v *life, l *ledger.Ledger) error {
	return func(v *life, l *ledger.Ledger) error {
		for _, act := range acts {
			if err := act(v, l); err != nil {
				return err
			}
		}
		return nil
	}
}

// sealUntilFree seals all entries, and kills the process before it frees the
// journal.
func sealUntilFree(v *life, l *ledger.Ledger) error {
	v.mu.Lock() // the next file of the journal is made in the background
	v.kill = true
	v.until = func(op simdisk.Op) bool {
		return op.Kind == simdisk.Remove && strings.HasSuffix(op.Path, ".journal")
	}
	v.mu.Unlock()
	if err := l.Seal(); err == nil || !v.gone() {
		return fmt.Errorf("the journal was not freed: %w", err)
	}
	v.mu.Lock()
	v.until = nil
	v.mu.Unlock()
	return nil
}

// restartKilled starts the server again on what a kill leaves.
func restartKilled(v *life, l *ledger.Ledger) error {
	v.mu.Lock()
	if v.left == nil {
		v.kill = true
		v.end("a kill")
	}
	left := v.left
	v.mu.Unlock()
	_ = l.Close() // as far as it gets
	v.mu.Lock()
	v.disk, v.left = left, nil
	v.mu.Unlock()
	again, err := v.open()
	if err != nil {
		return err
	}
	return again.Close()
}

// image is what a power cut left.
type image struct {
	disk *simdisk.Disk
	then known
	step string
	// after is done by the server that has recovered; may be nil.
	after func(v *life, l *ledger.Ledger) error
}

// theEnd names what a power cut left that came when all was done.
const theEnd = "the end"

// every says of how many operations the power is cut ahead of one.
func (s scene) every() int {
	switch {
	case testing.Short():
		return 32
	case s.sparse && !thorough():
		return 8
	}
	return 1
}

// sweep plays the scene and cuts the power ahead of every operation.
func (s scene) sweep(t *testing.T) (int, error) {
	w, err := newWorld()
	if err != nil {
		return 0, err
	}
	v := &life{w: w, disk: simdisk.New(), tune: func(c *ledger.Config) { c.JournalSize = 2 << 10 }}
	var images []image // of those that are left out, nothing
	armed, every := s.act == nil, s.every()
	v.each = func(op simdisk.Op) { // v.mu is held
		for range max(1, s.cuts) {
			n := len(images)
			switch {
			case !armed:
			case n%every > 0:
				images = append(images, image{})
			default:
				step := fmt.Sprintf("operation %d, %s %s", n+1, op.Kind, op.Path)
				images = append(images, image{v.disk.Cut(rand.New(rand.NewPCG(uint64(n), 3))), w.known(), step, s.after})
			}
		}
	}
	l, err := v.open()
	if err == nil && s.before != nil {
		err = s.before(v, l)
	}
	if err == nil && s.act != nil {
		v.mu.Lock()
		armed = true
		v.mu.Unlock()
		err = s.act(v, l)
	}
	v.mu.Lock()
	armed = false
	if err == nil && s.after != nil {
		for i := range 4 { // what was said to be done must be durable
			images = append(images, image{v.disk.Cut(rand.New(rand.NewPCG(uint64(i), 6))), w.known(), theEnd, s.after})
		}
	}
	v.mu.Unlock()
	if err != nil {
		return 0, err
	}
	_ = l.Close()
	for i := range images {
		if images[i].disk == nil {
			continue
		}
		if err := images[i].check(uint64(i)); err != nil {
			return len(images), fmt.Errorf("power cut before %s: %w", images[i].step, err)
		}
	}
	return len(images), nil
}

// check recovers from a power cut; then again, in a third of the cases or in all,
// from one in the recovery.
func (i image) check(seed uint64) error {
	if !unbegun(i.disk) {
		if err := sound(i.disk, seed%2 == 0); err != nil {
			return fmt.Errorf("before the start: %w", err)
		}
	}
	ops, _, err := i.recover(0, seed)
	if err != nil || seed%3 > 0 && !thorough() {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 4))
	_, second, err := i.recover(1+r.IntN(ops), seed)
	if err == nil && second != nil {
		if _, _, err = second.recover(0, seed+1); err != nil {
			return fmt.Errorf("and again before %s: %w", second.step, err)
		}
	}
	return err
}

// recover starts a server on a copy of the disk, writes on, and looks at all that
// is there. It returns the number of operations. A power cut at the operation
// last ends it, if that is not 0, and what that leaves is returned too.
func (i image) recover(last int, seed uint64) (ops int, left *image, err error) {
	w, err := i.then.world()
	if err != nil {
		return 0, nil, err
	}
	v := &life{w: w, disk: i.disk.Kill(), r: rand.New(rand.NewPCG(seed, 5)), last: last}
	l, err := v.recovered(i.then)
	if err == nil && i.after != nil && !v.gone() {
		if err = i.after(v, l); v.gone() {
			err = nil
		}
	}
	if err == nil && seed%4 == 0 && last == 0 {
		v.mu.Lock()
		ops = v.ops
		v.mu.Unlock()
		return ops, nil, v.finish(l)
	}
	if err == nil {
		err = v.goOn(l)
	}
	if err == nil && !v.gone() {
		err = sound(v.disk.Kill(), true)
	}
	v.mu.Lock()
	ops = v.ops
	if v.left != nil {
		// What was answered until then is held against the next start.
		left, err = &image{v.left, v.then, v.path, i.after}, nil
	}
	v.mu.Unlock()
	if l != nil {
		v.disk.Before(func(simdisk.Op) error { return errGone }) // the rest of the process is of no interest
		_ = l.Close()
	}
	return ops, left, err
}

// world returns a world that knows as much.
func (k known) world() (*world, error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	maps.Copy(w.pruned, k.pruned)
	w.erased, w.held = k.erased, k.held
	for _, s := range k.requests {
		s.places = slices.Clone(s.places)
		w.requests = append(w.requests, &s)
		w.events += len(s.events)
	}
	return w, nil
}
