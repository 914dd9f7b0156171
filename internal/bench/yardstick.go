package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// yardstick is what a second of processor time does while all processors are at it. That
// is another thing on another machine, and on this one when its neighbours are busy;
// figures taken beside each other's yardsticks can be compared.
type yardstick struct {
	// hashed is how many bytes of SHA-256 it makes, of texts of a kilobyte: arithmetic
	// in registers.
	hashed float64
	// decoded is how many events encoding/json decodes in it, each into a map: memory
	// and branches, like most of what a server does.
	decoded float64
}

// yardstick measures it with the first events of the workload.
func (b *bench) yardstick() (yardstick, error) {
	var block Block
	b.workload.Fill(&block, 0)
	return measureYardstick(block.Lines(0, len(block.Ends)))
}

// measureYardstick takes the yardstick, which lasts some tenths of a second. events are what is
// decoded, one on each line.
func measureYardstick(events []byte) (y yardstick, err error) {
	const texts = 40_000 // about 50 ms
	took, err := onAll(func() error {
		var text [1 << 10]byte
		for range texts {
			sum := sha256.Sum256(text[:])
			copy(text[:], sum[:])
		}
		return nil
	})
	if err != nil {
		return y, err
	}
	y.hashed = float64(texts*(1<<10)) / took.Seconds()
	lines := bytes.Split(bytes.TrimSuffix(events, []byte("\n")), []byte("\n"))
	took, err = onAll(func() error {
		for _, line := range lines {
			var event map[string]any
			if err := json.Unmarshal(line, &event); err != nil {
				return fmt.Errorf("decode an event of the workload: %w", err)
			}
		}
		return nil
	})
	y.decoded = float64(len(lines)) / took.Seconds()
	return y, err
}

// onAll does the same on all processors and returns the processor time that one of them
// took on the average.
func onAll(do func() error) (time.Duration, error) {
	n := runtime.GOMAXPROCS(0)
	var took atomic.Int64
	var all errgroup.Group
	for range n {
		all.Go(func() error {
			runtime.LockOSThread() // its processor time is what is measured
			defer runtime.UnlockOSThread()
			begin := threadTime()
			err := do()
			took.Add(int64(threadTime() - begin))
			return err
		})
	}
	err := all.Wait()
	return time.Duration(took.Load() / int64(n)), err
}

// addYardstick puts what an event costs beside the yardsticks of before and after.
func (b *bench) addYardstick(before, after yardstick, eventsPerSecond float64) {
	b.add(MeasureIngest, "an event costs as much as SHA-256 of", (before.hashed+after.hashed)/2/eventsPerSecond/1000, "kB", target{},
		"one processor of this machine hashes %.0f MB/s before and %.0f after", before.hashed/1e6, after.hashed/1e6)
	b.add(MeasureIngest, "an event costs as much as encoding/json takes for", (before.decoded+after.decoded)/2/eventsPerSecond, "events", target{},
		"into maps; one processor of this machine decodes %.0f events/s before and %.0f after: compare machines, and moments of one, by this", before.decoded, after.decoded)
}
