package bench

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"time"
)

// yardstick returns how many bytes of SHA-256 a second of processor time makes while
// all processors are at it, of texts of a kilobyte. What a processor does in a second
// is another thing on another machine, and on this one when its neighbours are busy;
// figures taken beside each other's yardsticks can be compared.
func yardstick() float64 {
	const rounds, texts = 40, 1000 // about 50 ms
	var mu sync.Mutex
	var took time.Duration
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			runtime.LockOSThread() // its processor time is what is measured
			defer runtime.UnlockOSThread()
			var text [1 << 10]byte
			begin := threadTime()
			for range rounds * texts {
				sum := sha256.Sum256(text[:])
				copy(text[:], sum[:])
			}
			spent := threadTime() - begin
			mu.Lock()
			took += spent
			mu.Unlock()
		})
	}
	all.Wait()
	return float64(runtime.GOMAXPROCS(0)*rounds*texts*(1<<10)) / took.Seconds()
}

// addYardstick puts what an event costs beside the yardstick of before and after.
func (b *bench) addYardstick(before, after, eventsPerSecond float64) {
	mean := (before + after) / 2
	b.add(MeasureIngest, "an event costs as much as SHA-256 of", mean/eventsPerSecond/1000, "kB", target{},
		"one processor of this machine hashes %.0f MB/s before and %.0f after: compare machines by this", before/1e6, after/1e6)
}
