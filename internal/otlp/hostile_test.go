package otlp_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
)

// bytesField returns a length-delimited field of a protobuf message.
func bytesField(num protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), b)
}

// request returns a request with one span, whose fields are given.
func request(span []byte) []byte {
	return bytesField(1, bytesField(2, bytesField(2, span)))
}

// ids are the fields of a span's trace and span id.
func ids() []byte {
	return append(bytesField(1, bytes.Repeat([]byte{1}, 16)), bytesField(2, bytes.Repeat([]byte{2}, 8))...)
}

// decodeAll decodes and maps, and returns how many events came of it, what was
// refused, and how many bytes were allocated on the way.
func decodeAll(t *testing.T, enc otlp.Encoding, body []byte) (events int, d *otlp.Decoded, allocated uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var mapper dialect.OTel
	d, err := otlp.Decode(otlp.Traces, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
		for _, r := range mapper.Map(&b.Batch) {
			events += len(r.Events)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return events, d, after.TotalAlloc - before.TotalAlloc
}

// TestHostile sends what is made to cost more than it should.
func TestHostile(t *testing.T) {
	enc := otlp.Protobuf
	f := func(name string, body []byte, wantEvents int, says string, most uint64) {
		t.Helper()
		events, d, allocated := decodeAll(t, enc, body)
		if events != wantEvents || !strings.Contains(d.String(), says) || says == "" && d.Refused > 0 {
			t.Errorf("%s: %d events, refused: %q; want %d and %q", name, events, d, wantEvents, says)
		}
		if allocated > most {
			t.Errorf("%s: %d bytes of request cost %d bytes, more than %d", name, len(body), allocated, most)
		}
	}
	attr := func(key string, value []byte) []byte {
		return bytesField(9, append(bytesField(1, []byte(key)), bytesField(2, value)...))
	}
	str := func(n int) []byte { return bytesField(1, bytes.Repeat([]byte("x"), n)) }

	f("1 MB attribute", request(append(ids(), attr("big", str(1_000_000))...)), 1, "", 8<<20)
	f("10 MB attribute", request(append(ids(), attr("big", str(10_000_000))...)), 0, "record 1: it has 10000", 1<<20)
	f("a million attributes", request(append(ids(), bytes.Repeat([]byte{0x4a, 0}, 1_000_000)...)), 0, "more than 4096 attributes", 4<<20)
	var many []byte
	for range 5000 { // events, each with attributes
		many = append(many, bytesField(11, bytes.Repeat([]byte{0x1a, 0}, 1000))...)
	}
	f("a million attributes in events", request(append(ids(), many...)), 0, "more than", 32<<20)
	deep := []byte{}
	for range 5_000 {
		deep = bytesField(5, bytesField(1, deep))
	}
	f("nested deep", request(append(ids(), attr("deep", deep)...)), 0, "nests deeper than 32", 4<<20)
	f("not UTF-8", request(append(ids(), attr("bad\xff", bytesField(1, []byte("a\xffb")))...)), 1, "", 1<<20)
	huge := append(protowire.AppendTag(nil, 7, protowire.Fixed64Type), bytes.Repeat([]byte{0xff}, 8)...)
	f("times beyond 2262", request(append(ids(), huge...)), 1, "", 1<<20)
	f("a short trace id", request(bytesField(1, []byte{1, 2, 3})), 0, "an id has 3 bytes, not 16", 1<<20)
	f("empty spans", bytesField(1, bytesField(2, bytes.Repeat(bytesField(2, nil), 100_000))), 100_000, "", 1<<30)

	enc = otlp.JSON
	of := func(attributes string) []byte {
		return []byte(`{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"01010101010101010101010101010101","spanId":"0202020202020202","attributes":[` + attributes + `]}]}]}]}`)
	}
	long := func(n int) string { return `{"key":"big","value":{"stringValue":"` + strings.Repeat("x", n) + `"}}` }
	f("1 MB attribute, JSON", of(long(1_000_000)), 1, "", 8<<20)
	f("10 MB attribute, JSON", of(long(10_000_000)), 0, "record 1: it has 10000", 1<<20)
	f("10 MB of escapes, JSON", of(`{"key":"big","value":{"stringValue":"`+strings.Repeat(`\u0041`, 1_300_000)+`"}}`), 1, "", 64<<20)
	f("a million attributes, JSON", of(strings.Repeat("{},", 1_000_000)+"{}"), 0, "more than 4096 attributes", 4<<20)
	f("a million members, JSON", of("{"+strings.Repeat(`"key":"",`, 800_000)+`"key":"k"}`), 1, "", 1<<20)
	f("a million values, JSON", of(`{"key":"a","value":{`+strings.Repeat(`"intValue":1,`, 600_000)+`"intValue":2}}`), 1, "", 1<<20)
	list := strings.Repeat(`{"arrayValue":{"values":[`, 40) + `{"intValue":1}` + strings.Repeat(`]}}`, 40)
	f("nested deep, JSON", of(`{"key":"deep","value":`+list+`}`), 0, "nests deeper than 32", 4<<20)
}

// TestTakeFails ends the reading where what was read cannot be taken.
func TestTakeFails(t *testing.T) {
	req, _ := workload(0, 5000)
	for enc, body := range map[otlp.Encoding][]byte{otlp.Protobuf: protobufOf(t, req), otlp.JSON: jsonOf(t, req)} {
		calls := 0
		_, err := otlp.Decode(otlp.Traces, enc, body, otlp.Limits{}, func(*otlp.Batch) error {
			calls++
			return hansard.Errorf(hansard.KindBusy, "full")
		})
		if calls != 1 || hansard.KindOf(err) != hansard.KindBusy {
			t.Errorf("encoding %d: %d calls, %v", enc, calls, err)
		}
	}
}

// TestManySpans hands a large request on in batches.
func TestManySpans(t *testing.T) {
	traces := ptrace.NewTraces()
	spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range 5000 {
		s := spans.AppendEmpty()
		s.SetSpanID([8]byte{byte(i >> 8), byte(i), 1})
		s.SetTraceID([16]byte{1})
	}
	batches, total := 0, 0
	d, err := otlp.Decode(otlp.Traces, otlp.Protobuf, protobufOf(t, ptraceotlp.NewExportRequestFromTraces(traces)), otlp.Limits{}, func(b *otlp.Batch) error {
		batches++
		total += len(b.Spans)
		if b.Places[0] != total-len(b.Spans)+1 {
			t.Errorf("batch %d begins at record %d", batches, b.Places[0])
		}
		return nil
	})
	if err != nil || batches != 3 || total != 5000 || d.Records != 5000 {
		t.Errorf("%d batches, %d spans, %+v, %v", batches, total, d, err)
	}
}

// TestResourceOfManyBatches has a resource and a scope whose values are written anew
// while they are read, and more spans than one batch has, with such values too.
func TestResourceOfManyBatches(t *testing.T) {
	const spans = 4500
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	hosts := rs.Resource().Attributes().PutEmptySlice("hosts")
	rs.Resource().Attributes().PutStr("quoted", `"a\b"`)
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("shop")
	kinds := scope.Scope().Attributes().PutEmptyMap("kinds")
	for _, name := range []string{"one", "two", "three"} {
		hosts.AppendEmpty().SetStr(name)
		kinds.PutBool(name, true)
	}
	for i := range spans {
		s := scope.Spans().AppendEmpty()
		s.SetTraceID([16]byte{1, byte(i >> 8), byte(i)})
		s.SetSpanID([8]byte{1, byte(i >> 8), byte(i)})
		s.Attributes().PutStr("text", `"quoted" `+strings.Repeat("x", i%7))
		s.Attributes().PutEmptySlice("list").AppendEmpty().SetInt(int64(i))
	}
	req := ptraceotlp.NewExportRequestFromTraces(traces)
	bodies := [][]byte{otlp.Protobuf: protobufOf(t, req), otlp.JSON: jsonOf(t, req)}
	for n := range 6 { // decoders that were used before have the memory that a batch needs
		enc := otlp.Encoding(n % 2)
		body, i, batches := bodies[enc], 0, 0
		var mapper dialect.OTel
		_, err := otlp.Decode(otlp.Traces, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
			batches++
			for _, r := range mapper.Map(&b.Batch) {
				got := string(r.Events[0].Attributes)
				for _, want := range []string{
					`"resource":{"hosts":["one","two","three"],"quoted":"\"a\\b\""}`, `"attributes":{"kinds":{"one":true,"two":true,"three":true}}`,
					`"text":"\"quoted\" ` + strings.Repeat("x", i%7) + `"`, fmt.Sprintf(`"list":[%d]`, i),
				} {
					if !strings.Contains(got, want) {
						t.Fatalf("encoding %d, span %d: %s has no %s", enc, i, got, want)
					}
				}
				i++
			}
			return nil
		})
		if err != nil || i != spans || batches < 3 {
			t.Fatal(err, i, batches)
		}
	}
}

// TestAttributesByBothWays reads attributes as programs write them, which is done by
// a shorter way, and with a field that nobody knows behind each part: they are the same.
func TestAttributesByBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine decodes")
	}
	varint := func(num protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), n)
	}
	unknown := varint(900, 1)
	read := func(attrs ...[]byte) ([]dialect.Attr, string) {
		var list []dialect.Attr
		d, err := otlp.Decode(otlp.Traces, otlp.Protobuf, request(append(ids(), bytes.Join(attrs, nil)...)), otlp.Limits{}, func(b *otlp.Batch) error {
			for _, a := range b.Spans[0].Attrs {
				a.Key, a.Value.Text = append([]byte{}, a.Key...), append([]byte{}, a.Value.Text...)
				list = append(list, a)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list, d.String()
	}
	for _, key := range []string{"", "k", strings.Repeat("k", 127), strings.Repeat("k", 128), strings.Repeat("k", 20_000)} {
		for i, value := range [][]byte{
			nil, {}, bytesField(1, nil), bytesField(1, []byte("text")), bytesField(1, bytes.Repeat([]byte("t"), 130)), varint(2, 0), varint(2, 1), varint(2, 7),
			varint(3, 0), varint(3, 1<<63), varint(3, 300), protowire.AppendFixed64(protowire.AppendTag(nil, 4, protowire.Fixed64Type), 1<<62),
			bytesField(5, bytesField(1, varint(3, 1))), bytesField(7, []byte{0, 255}), append(varint(3, 1), varint(3, 2)...), varint(1, 1), varint(4, 1), bytesField(3, nil),
			{0x08}, {0x18}, {0x18, 0x80}, {0x21, 1, 2, 3}, {0x0a, 5, 'a'}, {0x0a, 0x80}, {0}, {7}, {0x0b, 0x0c},
		} {
			k := bytesField(1, []byte(key))
			plain, said := read(bytesField(9, append(k, bytesField(2, value)...)), bytesField(9, k), bytesField(9, nil))
			spelled, also := read(bytesField(9, append(append(unknown, k...), append(bytesField(2, value), unknown...)...)), bytesField(9, append(unknown, k...)), bytesField(9, unknown))
			if diff := cmp.Diff(spelled, plain); diff != "" || said != also {
				t.Errorf("value %d: %q and %q, %s", i, also, said, diff)
			}
		}
	}
}
