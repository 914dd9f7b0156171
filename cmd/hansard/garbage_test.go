package main

import (
	"runtime"
	"testing"
)

func TestGarbagePercent(t *testing.T) {
	const mb = 1 << 20
	f := func(live uint64, want int) {
		t.Helper()
		if got := garbagePercent(live * mb); got != want {
			t.Errorf("%d MB in use: %d %%, want %d", live, got, want)
		}
	}
	f(0, 100)
	f(100, 100)
	f(160, 100)
	f(161, 90)
	f(265, 60)
	f(400, 40)
	f(1000, 20)
	f(100_000, 20)
	runtime.GC()
	if n := liveHeap(); n < 1<<10 || n > 1<<40 {
		t.Errorf("%d bytes in use", n)
	}
}
