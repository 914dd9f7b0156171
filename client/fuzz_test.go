package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/hansardhq/hansard/client"
)

// FuzzSpool puts any bytes before, between and behind good records: a reader ends
// and finds all of them, unless the bytes themselves look like the begin of one.
func FuzzSpool(f *testing.F) {
	good := client.AppendSpooled(nil, 7, []byte(`{"a":1}`))
	f.Add([]byte{}, []byte(`{"a":1}`))
	f.Add(good[:9], []byte(`x`))
	f.Add(good, good)
	f.Add(append(bytes.Clone(good[:4]), 0xff, 0xff, 0xff, 0xff), bytes.Repeat([]byte("y"), 100))
	f.Fuzz(func(t *testing.T, junk, event []byte) {
		b := append([]byte(nil), junk...)
		b = client.AppendSpooled(b, 1, event)
		b = append(b, junk...)
		b = client.AppendSpooled(b, 2, event)
		b = append(b, junk...)
		found := map[uint64]bool{}
		for len(b) > 0 {
			seq, data, size, _, ok := client.NextSpooled(b)
			if size <= 0 || size > len(b) {
				t.Fatalf("size %d of %d", size, len(b))
			}
			if ok && bytes.Equal(data, event) {
				found[seq] = true
			}
			b = b[size:]
		}
		if !found[1] && !bytes.Contains(junk, good[:4]) || !found[2] && !bytes.Contains(junk, good[:4]) {
			t.Errorf("found %v", found)
		}
	})
}

// FuzzEncode logs any texts: the event is valid JSON and says what it was given.
func FuzzEncode(f *testing.F) {
	f.Add("refund", `{"a":1}`, "name", 1.5, int64(3))
	f.Add("\x00\"\\", `[`, "\xff", 0.0, int64(-1))
	k := &keeper{}
	c := start(f, client.Config{}, k)
	f.Fuzz(func(t *testing.T, s, raw, name string, x float64, n int64) {
		k.mu.Lock()
		k.lines = nil
		k.mu.Unlock()
		c.ToolCall(context.Background(), s, json.RawMessage(raw), client.Attr(name, map[string]any{name: x, s: []any{n, raw}}), client.CostUSD(x), client.InputTokens(n))
		c.Decision(context.Background(), s, client.Reasoning(raw), client.Attr(name, s))
		flush(t, c)
		if got := len(k.events(t)); got != 2 {
			t.Errorf("%d events", got)
		}
	})
}

// FuzzTraceparent reads any headers; what is read is written again as it was.
func FuzzTraceparent(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "hansard=0199a1d2-7c3e-7b11-9d57-000000000000,congo=t61rcWkgMzE")
	f.Add("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more", ",,=,")
	f.Fuzz(func(t *testing.T, parent, state string) {
		ctx := client.Extract(context.Background(), http.Header{"Traceparent": {parent}, "Tracestate": {state}})
		trace := client.TraceID(ctx)
		out := http.Header{}
		client.Inject(ctx, out)
		if (trace == "") != (out.Get("Traceparent") == "") {
			t.Fatalf("trace %q, header %q", trace, out.Get("Traceparent"))
		}
		if trace != "" && client.TraceID(client.Extract(context.Background(), out)) != trace {
			t.Errorf("%q became %q", parent, out.Get("Traceparent"))
		}
	})
}
