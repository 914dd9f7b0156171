package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// giveMemoryBack gives the memory that a time of load, of merging or of questions has
// left behind back to the system, until the context ends: by itself the Go runtime
// keeps most of it for minutes, and what is garbage for as long as nothing is
// allocated.
func giveMemoryBack(ctx context.Context) {
	idle := idleMemory{}
	every(ctx, idleEvery, func(time.Time) {
		if idle.due(memoryNow()) {
			debug.FreeOSMemory()
			idle.gaveBack(memoryNow())
		}
	})
}

// idleEvery is how often memory is looked at. A time of that length in which less
// than idleBytes is allocated is idle, and then more than worthBytes are given back.
const (
	idleEvery  = 2 * time.Second
	idleBytes  = 6 << 20
	worthBytes = 16 << 20
)

// memoryUse is what the Go runtime has of the system.
type memoryUse struct {
	allocated uint64 // since the start, freed or not
	held      uint64 // now
}

func memoryNow() memoryUse {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(s)
	return memoryUse{s[0].Value.Uint64(), s[1].Value.Uint64() - s[2].Value.Uint64()}
}

// idleMemory decides when memory is given back.
type idleMemory struct {
	allocated uint64 // at the last look
	kept      uint64 // what was held after memory was given back last
}

// due reports whether it is time to give memory back.
func (m *idleMemory) due(now memoryUse) bool {
	idle := now.allocated-m.allocated < idleBytes
	m.allocated = now.allocated
	return idle && now.held > m.kept+worthBytes
}

func (m *idleMemory) gaveBack(now memoryUse) { m.kept = now.held }
