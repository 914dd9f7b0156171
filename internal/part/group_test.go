package part_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// entriesOf makes n entries with consecutive indexes. All texts of every third
// one are text.
func entriesOf(enc *part.Encoder, seed uint64, n int, text string) []*hansard.Entry {
	entries := make([]*hansard.Entry, n)
	for i := range entries {
		e := entryOf(enc, seed+uint64(i))
		e.Index = uint64(i)
		if i%3 == 0 {
			e.EventID, e.AgentName, e.Error, e.SpanID, e.Tags = text, text, text, text, []string{text, "", text}
			e.Timestamp += int64(i) * 86_399_123_456_789
			quoted, _ := json.Marshal(text)
			e.Params = quoted
			content := enc.AppendContent(nil, e)
			e.Salt = []byte("0123456789abcdef")
			e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
		}
		if i%7 == 0 { // erased
			e.Salt, e.Params, e.Result, e.Reasoning, e.Alternatives, e.ContextSummary, e.Error = nil, nil, nil, "", nil, "", ""
			e.StackTrace, e.Correction, e.Comment, e.FollowUp, e.Messages, e.Response, e.Attributes, e.Persons = "", "", "", "", nil, nil, nil, nil
		}
		entries[i] = e
	}
	return entries
}

// openPart writes the entries as a part and opens it.
func openPart(t testing.TB, enc *part.Encoder, entries []*hansard.Entry) (*part.File, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := enc.Write(&b, entries); err != nil {
		t.Fatal(err)
	}
	f, err := enc.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	return f, b.Bytes()
}

// compareGroup holds what is rendered from columns against what is rendered from
// entries.
func compareGroup(t testing.TB, enc *part.Encoder, f *part.File, r *part.Group) {
	t.Helper()
	blank := make([]bool, len(enc.Columns()))
	for _, name := range []string{"tier", "salt", "tags"} {
		blank[enc.Column(name).ID-1] = true
	}
	for g := range f.Groups() {
		entries, err := f.Read(g)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Load(f, g, nil); err != nil {
			t.Fatal(err)
		}
		if r.Len() != len(entries) {
			t.Fatalf("%d rows, want %d", r.Len(), len(entries))
		}
		same := func(what string, i int, got, want []byte) {
			t.Helper()
			if !bytes.Equal(got, want) {
				t.Fatalf("%s of row %d:\n%s\nwant\n%s", what, i, got, want)
			}
		}
		rows, bodies := make([][]byte, r.Len()), make([][]byte, r.Len())
		for at := 0; at < r.Len(); at += part.RowBlock {
			end := min(at+part.RowBlock, r.Len())
			r.AppendRows(rows[at:end], at)
			r.AppendBodies(bodies[at:end], at, blank)
		}
		for i, e := range entries {
			same("leaf", i, r.AppendLeaf(nil, i), enc.AppendLeaf(nil, e))
			same("content", i, r.AppendContent(nil, i), enc.AppendContent(nil, e))
			same("row", i, rows[i], enc.AppendRow(nil, e))
			if want := part.HashLeaf(enc.AppendLeaf(nil, e)); r.HashLeaf(i) != want {
				t.Fatalf("hash of row %d", i)
			}
			got, want := fmt.Sprint(r.CheckContent(i)), fmt.Sprint(enc.CheckContent(e))
			same("content check", i, []byte(got), []byte(want))
			s := *e
			s.Tier, s.Salt, s.Tags = "", nil, nil
			same("blanked body", i, bodies[i], part.AppendBody(nil, &s))
		}
	}
}

func TestGroup(t *testing.T) {
	enc := part.NewEncoder()
	r, err := enc.NewGroup()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 8, 255, 1000} {
		f, _ := openPart(t, enc, entriesOf(enc, uint64(n), n, "é😀\u2028\"\\\x01 and so on"))
		compareGroup(t, enc, f, r)
	}
	for _, n := range []int{127, 128, 20_000} { // lengths in one byte, two and three
		f, _ := openPart(t, enc, entriesOf(enc, uint64(n), 70, strings.Repeat("x", n)))
		compareGroup(t, enc, f, r)
	}
	if !testing.Short() { // the race run: one goroutine reads
		many, _ := openPart(t, enc, benchEntries(enc, part.RowGroup+5))
		compareGroup(t, enc, many, r)
	}
	// Some of the columns.
	f, _ := openPart(t, enc, entriesOf(enc, 1, 10, "x"))
	id := enc.Column("event_id")
	if err := r.Load(f, 0, func(c *part.Column) bool { return c == id }); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Bytes(enc.Column("params"), 0)); n != 0 {
		t.Errorf("a column that was not asked for has %d bytes", n)
	}
}

// FuzzGroup writes entries with any text in them and wants what is rendered from
// the columns to be what is rendered from the entries.
func FuzzGroup(f *testing.F) {
	f.Add(uint64(1), uint16(9), "a text")
	f.Add(uint64(2), uint16(300), "\xff\xfe\x00\u2028")
	enc := part.NewEncoder()
	r, err := enc.NewGroup()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, text string) {
		file, _ := openPart(t, enc, entriesOf(enc, seed, 1+int(n%40), text))
		compareGroup(t, enc, file, r)
	})
}

// FuzzGroupDamaged changes bytes of a part's columns: that must not panic, nor
// take memory without end, and what is still read has as many rows.
func FuzzGroupDamaged(f *testing.F) {
	f.Add(uint32(100), uint32(70_000), byte(1), []byte{1, 2, 3})
	enc := part.NewEncoder()
	r, err := enc.NewGroup()
	if err != nil {
		f.Fatal(err)
	}
	_, whole := openPart(f, enc, entriesOf(enc, 1, 600, "some text"))
	footer := len(whole) - 8 - int(uint32(whole[len(whole)-8])|uint32(whole[len(whole)-7])<<8|uint32(whole[len(whole)-6])<<16)
	f.Fuzz(func(t *testing.T, at, at2 uint32, x byte, patch []byte) {
		b := bytes.Clone(whole)
		b[int(at)%footer] ^= x
		copy(b[int(at2)%footer:footer], patch)
		file, err := enc.Open(bytes.NewReader(b), int64(len(b)), log)
		if err != nil {
			return
		}
		if err := r.Load(file, 0, nil); err != nil {
			return
		}
		for i := range r.Len() {
			r.HashLeaf(i)
			_ = r.CheckContent(i)
			r.AppendRows(make([][]byte, 1), i)
		}
	})
}

func benchEntries(enc *part.Encoder, n int) []*hansard.Entry {
	entries := make([]*hansard.Entry, n)
	types := hansard.EventTypes
	for i := range entries {
		e := &hansard.Entry{Encoder: 1, Position: uint64(i), ReceivedAt: 1763907781250000001 + int64(i)*1000, SubmittedBy: "tok-1", Tier: hansard.TierInfo, Log: log, Index: uint64(i)}
		e.EventID, e.EventType, e.Timestamp = fmt.Sprintf("0199-%016x", i*7919), types[i%10], 1763907781250000000+int64(i)*997
		e.AgentName, e.AgentID, e.TaskID, e.SessionID = fmt.Sprintf("agent-%d", i%50), fmt.Sprintf("a-%d", i%50), fmt.Sprintf("task-%d", i/40), fmt.Sprintf("s-%d", i/100)
		e.TraceID, e.SpanID, e.ParentEventID = fmt.Sprintf("trace-%016x", i/20), fmt.Sprintf("%016x", i), fmt.Sprintf("0199-%016x", (i-1)*7919)
		e.ToolName, e.Status, e.Service, e.Environment, e.Model = fmt.Sprintf("tool_%d", i%40), "ok", "billing", "prod", "gpt-x"
		e.DurationUS, e.InputTokens, e.OutputTokens = hansard.Some(int64(i*31%100000)), hansard.Some(int64(i%4000)), hansard.Some(int64(i%900))
		e.TimeSource, e.Dialect, e.Tags = "sender", "json", []string{"a", "b"}
		e.Params = json.RawMessage(fmt.Sprintf(`{"order_id":%d,"note":"the customer asks for a refund of the order","amount":%d.5}`, i, i%300))
		e.Result = json.RawMessage(fmt.Sprintf(`{"status":"done","id":"r-%d"}`, i*17))
		e.Reasoning = fmt.Sprintf("because order %d was late by %d days and the policy allows it", i, i%9)
		e.Salt = []byte(fmt.Sprintf("%016x", i*104729))
		content := enc.AppendContent(nil, e)
		e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
		entries[i] = e
	}
	return entries
}

// BenchmarkGroup renders and hashes leaves and contents of a row group.
func BenchmarkGroup(b *testing.B) {
	enc := part.NewEncoder()
	entries := benchEntries(enc, part.RowGroup)
	f, bytes := openPart(b, enc, entries)
	r, err := enc.NewGroup()
	if err != nil {
		b.Fatal(err)
	}
	per := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/part.RowGroup, "ns/entry")
		b.ReportMetric(float64(len(bytes))/part.RowGroup, "B/entry")
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if err := r.Load(f, 0, nil); err != nil {
				b.Fatal(err)
			}
		}
		per(b)
	})
	b.Run("leaves", func(b *testing.B) {
		for b.Loop() {
			for i := range r.Len() {
				r.HashLeaf(i)
			}
		}
		per(b)
	})
	b.Run("contents", func(b *testing.B) {
		for b.Loop() {
			for i := range r.Len() {
				if err := r.CheckContent(i); err != nil {
					b.Fatal(err)
				}
			}
		}
		per(b)
	})
	b.Run("by entry", func(b *testing.B) {
		for b.Loop() {
			read, err := f.Read(0)
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range read {
				part.HashLeaf(enc.AppendLeaf(nil, e))
				if err := enc.CheckContent(e); err != nil {
					b.Fatal(err)
				}
			}
		}
		per(b)
	})
}
