package part_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// smallPart is a part of a few entries.
func smallPart(f testing.TB, enc *part.Encoder, n int) []byte {
	f.Helper()
	var entries []*hansard.Entry
	for i := range n {
		e := entryOf(enc, uint64(i))
		e.Index = uint64(i)
		entries = append(entries, e)
	}
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		f.Fatal(err)
	}
	return b.Bytes()
}

// FuzzOpen opens what may be no part at all.
func FuzzOpen(f *testing.F) {
	enc := part.NewEncoder()
	f.Add(smallPart(f, enc, 1))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = enc.Open(bytes.NewReader(b), int64(len(b)), log) })
}

// FuzzDamagedFooter opens, and joins, a part in whose footer some bytes are others, and some
// are missing: most of it is as it should be, so that the damage is met deep
// inside. It must not cost more than the file could need. (The pages are not read
// here: within a page that decompresses, the Parquet library believes the lengths
// of runs; a part is held against its SHA-256 before it is read.)
func FuzzDamagedFooter(f *testing.F) {
	enc := part.NewEncoder()
	whole := smallPart(f, enc, 5)
	footer := int(binary.LittleEndian.Uint32(whole[len(whole)-8:])) + 8
	f.Add(uint32(footer-200), []byte{0xff}, uint16(0))
	f.Add(uint32(footer-8), []byte{1, 2, 3, 4}, uint16(0))
	f.Add(uint32(4), []byte{0x80, 0x80, 0x80, 0x80, 0x08}, uint16(0))
	f.Add(uint32(900), []byte{}, uint16(16))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint16) {
		b := bytes.Clone(whole)
		from := len(b) - footer + int(at)%footer
		end := from + copy(b[from:], patch)
		b = append(b[:end], b[min(end+int(cut), len(b)):]...)
		file, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
		if err == nil && file.Rows() > part.RowGroup*int64(file.Groups()) {
			t.Fatalf("%d rows in %d row groups", file.Rows(), file.Groups())
		}
		if err == nil { // its row groups are copied, or it says why not
			_ = enc.Join(io.Discard, &part.Index{Info: part.Info{Log: log}}, []*part.File{file})
		}
	})
}

// TestHugeLengths writes a length into a part's footer, and into the header of its
// first page, that the file cannot have: it is refused, or it was no length, and
// nothing is allocated for it.
func TestHugeLengths(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine reads")
	}
	enc := part.NewEncoder()
	whole := smallPart(t, enc, 5)
	footer := len(whole) - 8 - int(binary.LittleEndian.Uint32(whole[len(whole)-8:]))
	huge := binary.AppendUvarint(nil, 1<<32-2) // 2^31-1 in zigzag
	refused := 0
	f := func(at int, read func([]byte) error) {
		t.Helper()
		b := bytes.Clone(whole)
		copy(b[at:], huge)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if read(b) != nil {
			refused++
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
			t.Errorf("at byte %d: %d MB for a part of %d bytes", at, grown>>20, len(b))
		}
	}
	open := func(b []byte) error {
		_, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
		return err
	}
	for at := footer; at < len(whole)-4; at++ {
		f(at, open)
	}
	for at := 5; at < 16; at++ { // behind the file's first four bytes, and the header's first
		f(at, func(b []byte) error {
			file, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
			if err == nil {
				_, err = file.Read(0)
			}
			return err
		})
	}
	if refused < 1000 {
		t.Errorf("%d refused", refused)
	}
}
