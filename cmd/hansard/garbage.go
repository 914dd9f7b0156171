package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// boundGarbage bounds how far the heap grows beyond what is in use, until the context
// ends: by itself the Go runtime lets it become twice as large, and what a merge or
// a question over everything holds for a second counts twice so in the peak of memory.
func boundGarbage(ctx context.Context) {
	percent := defaultPercent
	every(ctx, garbageEvery, func(time.Time) {
		if p := garbagePercent(liveHeap()); p != percent {
			debug.SetGCPercent(p)
			percent = p
		}
	})
}

// garbageEvery is how often the heap is looked at. Garbage may be as much as what is
// in use, as ever, up to garbageRoom, and then a share of leastPercent.
const (
	garbageEvery   = 200 * time.Millisecond
	garbageRoom    = 160 << 20
	defaultPercent = 100
	leastPercent   = 20
)

// liveHeap returns how many bytes were in use when garbage was collected last.
func liveHeap() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// garbagePercent returns how much garbage there may be beside what is in use, in
// percent of that; in tens, as to set it stops everything for a moment.
func garbagePercent(live uint64) int {
	if live <= garbageRoom {
		return defaultPercent
	}
	return max(leastPercent, int(garbageRoom*defaultPercent/live)/10*10)
}
