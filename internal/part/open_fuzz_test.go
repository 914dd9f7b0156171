package part_test

import (
	"bytes"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// smallPart is a part of a few entries.
func smallPart(f *testing.F, enc *part.Encoder, n int) []byte {
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

// readPart reads a part in all ways that there are. It must end in entries or in
// an error.
func readPart(t *testing.T, enc *part.Encoder, b []byte) {
	file, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
	if err != nil {
		return
	}
	for g := range min(file.Groups(), 4) {
		if rows, err := file.Read(g); err == nil {
			for _, e := range rows {
				enc.AppendLeaf(nil, e)
				enc.AppendContent(nil, e)
			}
		}
		_, _ = file.ReadEnvelopes(g)
	}
}

// FuzzOpen reads what may be no part at all.
func FuzzOpen(f *testing.F) {
	enc := part.NewEncoder()
	f.Add(smallPart(f, enc, 1))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) { readPart(t, enc, b) })
}

// FuzzDamagedPart reads a part of which some bytes are others, and of which the
// middle is missing: most of it is as it should be, so that the damage is met
// deep inside. (A part is held against its SHA-256 before it is read; this is
// about what happens when that is wrong too.)
func FuzzDamagedPart(f *testing.F) {
	enc := part.NewEncoder()
	whole := smallPart(f, enc, 5)
	f.Add(uint32(len(whole)-200), []byte{0xff}, uint16(0))
	f.Add(uint32(len(whole)-8), []byte{1, 2, 3, 4}, uint16(0))
	f.Add(uint32(40), []byte{0x80, 0x80, 0x80, 0x80, 0x08}, uint16(0))
	f.Add(uint32(900), []byte{}, uint16(16))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint16) {
		b := bytes.Clone(whole)
		from := int(at) % len(b)
		end := from + copy(b[from:], patch)
		b = append(b[:end], b[min(end+int(cut), len(b)):]...)
		readPart(t, enc, b)
	})
}
