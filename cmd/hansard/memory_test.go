package main

import "testing"

// TestIdleMemory goes through a load, what comes after it, and a time without either.
func TestIdleMemory(t *testing.T) {
	const mb = 1 << 20
	m := &idleMemory{}
	f := func(what string, allocated, held uint64, want bool, left uint64) {
		t.Helper()
		if got := m.due(memoryUse{allocated * mb, held * mb}); got != want {
			t.Errorf("%s: due %t, want %t", what, got, want)
		}
		if want {
			m.gaveBack(memoryUse{allocated * mb, left * mb})
		}
	}
	f("start", 30, 60, false, 0)
	f("at rest after the start", 31, 60, true, 40)
	f("load", 3000, 500, false, 0)
	f("load goes on", 6000, 500, false, 0)
	f("it has ended", 6005, 500, true, 120)
	f("at rest", 6006, 121, false, 0)
	f("a little", 6011, 130, false, 0)
	f("a merge", 6500, 300, false, 0)
	f("it has ended, too", 6501, 300, true, 110)
	f("at rest again", 6502, 110, false, 0)
}
