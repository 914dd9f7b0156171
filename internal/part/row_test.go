package part_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// tableRow is AppendRow as the table of columns says it, without a short cut.
func tableRow(enc *part.Encoder, e *hansard.Entry) []byte {
	dst := part.AppendPlace(nil, part.PlaceOf(e))
	text := func(s []byte) { dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...) }
	for _, c := range enc.Columns() {
		if c.Placed() || c.Null(e) {
			continue
		}
		dst = append(dst, byte(c.ID))
		switch c.Kind {
		case part.String:
			text([]byte(c.Str(e)))
		case part.Int, part.Time:
			v, _ := c.Int(e)
			dst = binary.AppendVarint(dst, v)
		case part.Float:
			v, _ := c.Float(e)
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
		case part.Bool:
		case part.List:
			dst = binary.AppendUvarint(dst, uint64(len(c.List(e))))
			for _, s := range c.List(e) {
				text([]byte(s))
			}
		default:
			text(c.Bytes(e))
		}
	}
	return dst
}

// TestRowsAreWhatTheTableSays holds the encoders of rows, which name each column
// themselves, against the table of columns and the encoders that follow it.
func TestRowsAreWhatTheTableSays(t *testing.T) {
	enc := part.NewEncoder()
	if last := enc.Columns()[len(enc.Columns())-1]; last.ID != part.MaxID {
		t.Fatalf("the last column is %d, MaxID %d", last.ID, part.MaxID)
	}
	leaves := enc.NewRowLeaves() // one for all: nothing of a row is left for the next one
	for seed := range uint64(2000) {
		e := entryOf(enc, seed)
		if seed%9 == 0 {
			e.Statement, e.Truncated, e.Labels = []byte(`{"kind":"x"}`), true, []string{"", "b"}
		}
		row := enc.AppendRow(nil, e)
		if want := tableRow(enc, e); !bytes.Equal(row, want) {
			t.Fatalf("seed %d: row\n%x, want\n%x", seed, row, want)
		}
		p, body, err := part.SplitRow(row)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := leaves.Append(nil, p, body)
		if err != nil {
			t.Fatal(err)
		}
		if want := enc.AppendLeaf(nil, e); !bytes.Equal(leaf, want) {
			t.Fatalf("seed %d: leaf of the row\n%s, want\n%s", seed, leaf, want)
		}
		if hash, err := leaves.Hash(p, body); err != nil || hash != part.HashLeaf(leaf) {
			t.Fatalf("seed %d: the leaf hash is %x, %v", seed, hash, err)
		}
		if e.ContentSize > 0 && !bytes.Contains(leaf, []byte(`"digest":"`+hex.EncodeToString(e.ContentDigest[:])+`"`)) {
			t.Fatalf("seed %d: digest %x in the leaf\n%s", seed, e.ContentDigest, leaf)
		}
		uncommitted, given := part.AppendUncommitted(nil, e)
		if got, want := enc.AppendBodyContent(nil, uncommitted[given.Content:]), enc.AppendContent(nil, e); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: content of the row\n%s, want\n%s", seed, got, want)
		}
		if err := checkView(enc, row); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// checkView returns an error unless a view of the row is what parsing it gives.
func checkView(enc *part.Encoder, row []byte) error {
	parsed, err := enc.ParseRow(row)
	if err != nil {
		return err
	}
	view := hansard.Entry{Event: hansard.Event{AgentName: "of an earlier row"}}
	if err := enc.View(&view, &part.Row{Place: part.PlaceOf(parsed), Bytes: row}); err != nil {
		return err
	}
	same := cmp.Options{cmpopts.EquateNaNs(), cmp.AllowUnexported(hansard.Opt[int64]{}, hansard.Opt[float64]{})}
	if !cmp.Equal(&view, parsed, same) {
		return fmt.Errorf("a view is\n%+v, parsed it is\n%+v", view, *parsed)
	}
	return nil
}

// FuzzRow checks that a row of any bytes is refused or gives the same leaf and
// part by both ways.
func FuzzRow(f *testing.F) {
	enc := part.NewEncoder()
	for seed := range uint64(20) {
		f.Add(enc.AppendRow(nil, entryOf(enc, seed)))
	}
	leaves := enc.NewRowLeaves()
	f.Fuzz(func(t *testing.T, row []byte) {
		e, err := enc.ParseRow(row)
		p, body, err2 := part.SplitRow(row)
		if err2 != nil {
			if err == nil {
				t.Fatal("ParseRow takes what SplitRow refuses")
			}
			return
		}
		leaf, err2 := leaves.Append(nil, p, body)
		if err == nil && err2 != nil {
			t.Fatal(err2)
		}
		if err == nil {
			if err := checkView(enc, row); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil && bytes.Equal(enc.AppendRow(nil, e), row) && !bytes.Equal(leaf, enc.AppendLeaf(nil, e)) {
			t.Fatalf("leaf\n%s, want\n%s", leaf, enc.AppendLeaf(nil, e))
		}
		_ = enc.WriteRows(&bytes.Buffer{}, log, [][]byte{row})
	})
}

// TestPutPlace makes rows of bodies where they lie. One that is a row already becomes
// another, and what it was stays: a record may be appended again after an error.
func TestPutPlace(t *testing.T) {
	body := []byte("the body")
	places := []part.Place{{}, {Index: 1, Position: 2, ReceivedAt: 3, Timestamp: -4}, {Index: math.MaxUint64, Position: math.MaxUint64, ReceivedAt: math.MinInt64, Timestamp: math.MaxInt64}}
	for _, first := range places {
		room := append(make([]byte, part.PlaceRoom), body...)
		row := part.PutPlace(room, first)
		if &row[len(row)-1] != &room[len(room)-1] {
			t.Errorf("%v: the body was copied", first)
		}
		for _, second := range places {
			again := part.PutPlace(room, second)
			if want := append(part.AppendPlace(nil, second), body...); !bytes.Equal(again, want) {
				t.Errorf("%v after %v: %x, want %x", second, first, again, want)
			}
			if want := append(part.AppendPlace(nil, first), body...); !bytes.Equal(row, want) || cap(row) != len(row) {
				t.Errorf("%v before %v: %x, want %x", first, second, row, want)
			}
		}
	}
}
