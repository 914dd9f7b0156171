package part_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// TestFindPositions compares rows that are picked from their pages with what reading
// the whole part gives.
func TestFindPositions(t *testing.T) {
	enc := part.NewEncoder()
	var entries []*hansard.Entry
	for i := range 9000 { // three pages of each column
		e := entryOf(enc, uint64(i%50))
		if i%7 == 0 {
			e = &hansard.Entry{}
			e.EventID, e.TraceID, e.Log = fmt.Sprint("e", i), "t", log
		}
		e.EventID, e.TraceID = fmt.Sprint("e", i), fmt.Sprint("t", i%300)
		e.Index, e.Position, e.Timestamp = uint64(i), uint64(2*i), int64(i)
		entries = append(entries, e)
	}
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		t.Fatal(err)
	}
	l, err := enc.NewLookup(bytes.NewReader(b.Bytes()), int64(b.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := l.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[uint64][]byte{}
	for _, e := range whole {
		rows[e.Position] = enc.AppendRow(nil, e)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 100, 3000, 9000} {
		for range 3 {
			var positions []uint64
			for _, i := range r.Perm(9000)[:n] {
				positions = append(positions, uint64(2*i))
			}
			positions = append(positions, 1, 1_000_001) // there are none
			slices.Sort(positions)
			found, err := l.FindPositions(positions)
			if err != nil || len(found) != n {
				t.Fatalf("%d of %d: %v", len(found), n, err)
			}
			for _, e := range found {
				if _, ok := slices.BinarySearch(positions, e.Position); !ok || e.Log != log {
					t.Fatalf("position %d of log %s was not asked for", e.Position, e.Log)
				}
				if row := enc.AppendRow(nil, e); !bytes.Equal(rows[e.Position], row) {
					t.Fatalf("position %d: %s", e.Position, cmp.Diff(rows[e.Position], row))
				}
			}
		}
	}
}

// FuzzFindPositions picks rows from a part of which some bytes are others: an error,
// or rows, and no more memory than the part could need.
func FuzzFindPositions(f *testing.F) {
	enc := part.NewEncoder()
	whole := smallPart(f, enc, 5)
	f.Add(uint32(20), []byte{0xff, 0xff})
	f.Add(uint32(len(whole)/2), []byte{0})
	f.Add(uint32(len(whole)-300), []byte{1, 2, 3})
	positions := make([]uint64, 100)
	for i := range positions {
		positions[i] = uint64(i)
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], patch)
		l, err := enc.NewLookup(bytes.NewReader(b), int64(len(b)), log)
		if err != nil {
			return
		}
		if found, err := l.FindPositions(positions); err == nil && len(found) > 5 {
			t.Errorf("%d rows of 5", len(found))
		}
	})
}
