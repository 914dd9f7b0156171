package part_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

var log = hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}

// entryOf makes an entry with about half of its columns set, from a seed.
func entryOf(enc *part.Encoder, seed uint64) *hansard.Entry {
	r := rand.New(rand.NewPCG(seed, 7))
	e := &hansard.Entry{Encoder: hansard.EncoderVersion, Log: log}
	v := reflect.ValueOf(e).Elem()
	fill(r, v.FieldByName("Event"))
	e.Timestamp = 1763907781250000000 + int64(r.IntN(1e9))
	e.Position, e.Index, e.ReceivedAt = r.Uint64N(1<<53), r.Uint64N(1<<40), e.Timestamp+1
	e.RaiseTier, e.Tier, e.SubmittedBy = "", hansard.TierInfo, "loopback"
	e.Redactions = []hansard.RedactionCount{{Kind: "email", N: 2}, {Kind: "secret", N: 1}}[:r.IntN(3)]
	if len(e.Redactions) == 0 {
		e.Redactions = nil
	}
	if content := enc.AppendContent(nil, e); len(content) > 0 {
		e.Salt = []byte("0123456789abcdef")
		e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
	}
	return e
}

func fill(r *rand.Rand, v reflect.Value) {
	texts := []string{"x", "a \"quote\"\n", "é😀\u2028", "\x00\x1f", "0"}
	for i := range v.NumField() {
		if r.IntN(2) == 0 {
			continue
		}
		switch p := v.Field(i).Addr().Interface().(type) {
		case *string:
			*p = texts[r.IntN(len(texts))]
		case *hansard.Opt[int64]:
			*p = hansard.Some(r.Int64N(hansard.MaxSafeInteger))
		case *hansard.Opt[float64]:
			*p = hansard.Some([]float64{0, 1, 0.1, 1e-7, 1e21, 123456.789, 5e-324}[r.IntN(7)])
		case *bool:
			*p = true
		case *[]string:
			*p = texts[:1+r.IntN(4)]
		case *json.RawMessage:
			*p = json.RawMessage(`{"n":1.50,"s":"\u0041","l":[1,2]}`)
		case *[]hansard.Resource:
			*p = []hansard.Resource{{Kind: "table", ID: "orders"}, {Operation: "read"}}
		}
	}
}

func TestRowRoundTrip(t *testing.T) {
	enc := part.NewEncoder()
	for seed := range uint64(300) {
		want := entryOf(enc, seed)
		got, err := enc.ParseRow(enc.AppendRow(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		got.Log = log
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: row (-want +got):\n%s", seed, d)
		}
		if err := enc.CheckContent(got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func TestLeafRoundTrip(t *testing.T) {
	enc := part.NewEncoder()
	for seed := range uint64(300) {
		e := entryOf(enc, seed)
		leaf := enc.AppendLeaf(nil, e)
		var canonical any
		if err := json.Unmarshal(leaf, &canonical); err != nil {
			t.Fatalf("seed %d: leaf is not JSON: %v\n%s", seed, err, leaf)
		}
		got, err := enc.ParseLeaf(leaf)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, leaf)
		}
		if again := enc.AppendLeaf(nil, got); !bytes.Equal(leaf, again) {
			t.Fatalf("seed %d: leaf changed:\n%s\n%s", seed, leaf, again)
		}
	}
}

// TestLeafKeysSorted fails when a column is added so that the leaf's keys are
// no longer in RFC 8785 order, the commitment included.
func TestLeafKeysSorted(t *testing.T) {
	enc := part.NewEncoder()
	e := entryOf(enc, 1)
	e.ContentSize, e.Confidence, e.Comment = 1, hansard.Some(0.5), "c"
	d := json.NewDecoder(bytes.NewReader(enc.AppendLeaf(nil, e)))
	last, depth := "", 0
	for tok, err := d.Token(); err == nil; tok, err = d.Token() {
		switch v := tok.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 {
				if v <= last {
					t.Errorf("key %q after %q", v, last)
				}
				last = v
				var skip json.RawMessage
				if err := d.Decode(&skip); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if last != "v" {
		t.Errorf("last key %q, want v", last)
	}
}

// TestVectors freezes encoder version 1: these bytes may never change.
func TestVectors(t *testing.T) {
	enc := part.NewEncoder()
	e := &hansard.Entry{Encoder: 1, Position: 7, ReceivedAt: 1763907781250000001, SubmittedBy: "loopback", Tier: hansard.TierInfo, Log: log}
	e.EventID, e.EventType, e.Timestamp = "e1", hansard.TypeToolCall, 1763907781250000000
	e.ToolName, e.DurationUS, e.Confidence = "get_order", hansard.Some[int64](12300), hansard.Some(0.87)
	e.Params, e.Reasoning = json.RawMessage(`{"order_id":7.10}`), "because"
	e.Tags, e.Resources = []string{"a", "b"}, []hansard.Resource{{Kind: "order", Operation: "read"}}
	e.Salt = []byte("0123456789abcdef")
	content := enc.AppendContent(nil, e)
	if want := `{"params":{"order_id":7.10},"reasoning":"because"}`; string(content) != want {
		t.Errorf("content\n%s\nwant\n%s", content, want)
	}
	e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
	leaf := enc.AppendLeaf(nil, e)
	want := `{"confidence":0.87,"content":{"alg":"sha256","digest":"b6487d18a798a68d5ba77387efcc912eab2eb182255eac059286730a0c66beb3","size":50},"duration_us":12300,"event_id":"e1","event_type":"agent.tool_call","position":7,"received_at":"2025-11-23T14:23:01.250000001Z","resources":[{"kind":"order","operation":"read"}],"submitted_by":"loopback","tags":["a","b"],"tier":"info","timestamp":"2025-11-23T14:23:01.25Z","tool_name":"get_order","v":1}`
	if string(leaf) != want {
		t.Errorf("leaf\n%s\nwant\n%s", leaf, want)
	}
	if got, want := part.HashLeaf(leaf).String(), "37c3296d8ec5c24b7d1919a4a4b69f6454c4df034717aa54c584e352020fd313"; got != want {
		t.Errorf("leaf hash %s, want %s", got, want)
	}
	row := enc.AppendRow(nil, e)
	if got, want := fmt.Sprintf("%x", row), "00078292a1df81b2d4fa308092a1df81b2d4fa3001026531020f6167656e742e746f6f6c5f63616c6c0f020161016211096765745f6f726465721498c00117d7a3703d0ad7eb3f35255b7b226b696e64223a226f72646572222c226f7065726174696f6e223a2272656164227d5d38086c6f6f706261636b3904696e666f400241117b226f726465725f6964223a372e31307d4307626563617573655010303132333435363738396162636465665120b6487d18a798a68d5ba77387efcc912eab2eb182255eac059286730a0c66beb35264"; got != want {
		t.Errorf("row %s, want %s", got, want)
	}
}

func TestParquetRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine writes and reads")
	}
	enc := part.NewEncoder()
	var entries []*hansard.Entry
	want := map[uint64]*hansard.Entry{}
	for i := range uint64(part.RowGroup + 100) {
		e := entryOf(enc, i%500)
		e.Index = i
		e.EventID = fmt.Sprintf("event-%d", i) // many distinct values: a large dictionary
		entries = append(entries, e)
		want[i] = e
	}
	var buf, again bytes.Buffer
	if err := enc.Write(&buf, entries); err != nil {
		t.Fatal(err)
	}
	if err := enc.Write(&again, entries); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Error("the same entries gave other bytes")
	}
	f, err := enc.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(entries) || f.Rows() != int64(len(entries)) {
		t.Fatalf("%d entries, want %d", len(got), len(entries))
	}
	for _, e := range got {
		if !bytes.Equal(enc.AppendRow(nil, want[e.Index]), enc.AppendRow(nil, e)) {
			t.Fatalf("entry %d (-want +got):\n%s", e.Index, cmp.Diff(want[e.Index], e))
		}
	}
	if _, err := enc.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), hansard.LogID{Tenant: "other", Tier: log.Tier}); err == nil {
		t.Error("a part of another log was opened")
	}
}

func TestName(t *testing.T) {
	n := part.Name{First: 256, End: 1024, Rewrite: 2}
	if got, want := n.String(), "000000000256-000000001024.2.parquet"; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	if got, ok := part.ParseName(n.String()); !ok || got != n {
		t.Errorf("ParseName = %v, %v", got, ok)
	}
	for _, bad := range []string{"", "x", "000000000256-000000000256.0.parquet", "000000000256-000000001024.parquet", "00000000025-000000001024.00.parquet", ".000000000256-000000001024.2.parquet.tmp"} {
		if _, ok := part.ParseName(bad); ok {
			t.Errorf("ParseName(%q) succeeded", bad)
		}
	}
	f := func(a, b part.Name, want bool) {
		t.Helper()
		if got := a.Covers(b); got != want {
			t.Errorf("%v covers %v = %v", a, b, got)
		}
	}
	f(part.Name{First: 0, End: 512}, part.Name{First: 0, End: 300}, true)
	f(part.Name{First: 0, End: 512}, part.Name{First: 256, End: 300, Rewrite: 1}, true)
	f(part.Name{First: 0, End: 512}, part.Name{First: 256, End: 513}, false)
	f(part.Name{First: 0, End: 512, Rewrite: 1}, part.Name{First: 0, End: 512}, true)
	f(part.Name{First: 0, End: 512}, part.Name{First: 0, End: 512}, false)
}

func FuzzParseRow(f *testing.F) {
	enc := part.NewEncoder()
	for seed := range uint64(4) {
		f.Add(enc.AppendRow(nil, entryOf(enc, seed)))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		e, err := enc.ParseRow(row)
		if err != nil {
			return
		}
		once := enc.AppendRow(nil, e)
		again, err := enc.ParseRow(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice := enc.AppendRow(nil, again); !bytes.Equal(once, twice) {
			t.Fatalf("row changed:\n%x\n%x", once, twice)
		}
	})
}

func FuzzParseLeaf(f *testing.F) {
	enc := part.NewEncoder()
	for seed := range uint64(4) {
		f.Add(enc.AppendLeaf(nil, entryOf(enc, seed)))
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := enc.ParseLeaf(leaf)
		if err != nil {
			return
		}
		if again := enc.AppendLeaf(nil, e); !bytes.Equal(leaf, again) {
			t.Fatalf("leaf changed:\n%s\n%s", leaf, again)
		}
	})
}

func FuzzParseIndex(f *testing.F) {
	enc := part.NewEncoder()
	e := entryOf(enc, 1)
	e.Index = 0
	x := part.NewIndex(part.Name{First: 0, End: 1}, []*hansard.Entry{e}, []part.ID{{Event: part.EventHash(e.EventID)}})
	f.Add(x.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := part.ParseIndex(b)
		if err != nil {
			return
		}
		if again := x.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("index changed:\n%x\n%x", b, again)
		}
		x.Find(part.EventHash("e"))
		x.Traces.May("t")
	})
}

// TestRowGroupBytes writes large contents: a row group ends early, so that a
// query that reads one stays small, and Range still says which rows it holds.
func TestRowGroupBytes(t *testing.T) {
	enc := part.NewEncoder()
	large := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	var entries []*hansard.Entry
	for i := range uint64(50) {
		e := &hansard.Entry{Encoder: 1, Log: log, Tier: log.Tier, Index: i, Event: hansard.Event{EventID: fmt.Sprint(i), Timestamp: 1, Params: large}}
		e.ContentSize = int64(len(enc.AppendContent(nil, e)))
		entries = append(entries, e)
	}
	var buf bytes.Buffer
	if err := enc.Write(&buf, entries); err != nil {
		t.Fatal(err)
	}
	f, err := enc.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), log)
	if err != nil {
		t.Fatal(err)
	}
	if f.Groups() < 4 {
		t.Errorf("%d row groups for 50 MiB", f.Groups())
	}
	next := uint64(0)
	for g := range f.Groups() {
		first, end := f.Range(g)
		rows, err := f.Read(g)
		if err != nil {
			t.Fatal(err)
		}
		if first != next || end-first != uint64(len(rows)) {
			t.Errorf("row group %d: rows %d to %d, %d read", g, first, end, len(rows))
		}
		for _, e := range rows {
			if e.Index < first || e.Index >= end {
				t.Errorf("row group %d: entry %d is not in %d to %d", g, e.Index, first, end)
			}
		}
		next = end
	}
}
