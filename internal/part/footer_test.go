package part_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/hansardhq/hansard/internal/part"
)

// footerOf returns where the footer of a part begins.
func footerOf(b []byte) int {
	return len(b) - 8 - int(binary.LittleEndian.Uint32(b[len(b)-8:]))
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// maxOpen is more than opening a damaged part of some hundred KiB and loading a
// row group may take.
const maxOpen = 64 << 20

// openAndLoad does with a part what verification does.
func openAndLoad(enc *part.Encoder, g *part.Group, b []byte) error {
	f, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
	if err != nil {
		return err
	}
	for i := range f.Groups() {
		if err := g.Load(f, i, nil); err != nil {
			return err
		}
		for row := range g.Len() {
			g.HashLeaf(row)
			_ = g.CheckContent(row)
		}
	}
	return nil
}

// TestDamagedFooter flips bits of a part's footer and of its length: whatever
// comes of it takes bounded memory.
func TestDamagedFooter(t *testing.T) {
	enc := part.NewEncoder()
	g, err := enc.NewGroup()
	if err != nil {
		t.Fatal(err)
	}
	_, whole := openPart(t, enc, entriesOf(enc, 1, 100, "some text"))
	from := footerOf(whole)
	r := rand.New(rand.NewPCG(3, 3))
	n := 500
	if testing.Short() {
		n = 100
	}
	refused := 0
	for i := range n {
		b := bytes.Clone(whole)
		at := from + r.IntN(len(b)-from)
		if i < 64 {
			at = len(b) - 8 + i/8 // the length and the magic
		}
		b[at] ^= 1 << r.IntN(8)
		if i%3 == 0 {
			b[from+r.IntN(len(b)-from)] = byte(r.IntN(256))
		}
		if used := allocated(func() {
			if openAndLoad(enc, g, b) != nil {
				refused++
			}
		}); used > maxOpen {
			t.Errorf("damage %d at byte %d of the footer takes %d MiB", i, at-from, used>>20)
		}
	}
	if refused < n/2 {
		t.Errorf("%d of %d damaged footers are refused", refused, n)
	}
}
