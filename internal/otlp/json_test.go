package otlp_test

import (
	"bytes"
	"testing"

	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// TestBrokenJSON breaks a request at each of its bytes, by an end and by another byte.
// Of what is no JSON nothing is taken; what still is JSON is not refused.
func TestBrokenJSON(t *testing.T) {
	req, _ := workload(0, 2)
	whole := jsonOf(t, req)
	f := func(body []byte) {
		t.Helper()
		taken := 0
		d, err := otlp.Decode(otlp.Traces, otlp.JSON, body, otlp.Limits{}, func(b *otlp.Batch) error {
			taken += len(b.Places)
			return nil
		})
		switch valid := rawjson.Valid(body, 100) == nil; {
		case valid != (err == nil):
			t.Fatalf("%q: JSON is %t, the error %v", body, valid, err)
		case !valid && (taken > 0 || d.Records > 0):
			t.Fatalf("%q is no JSON, and %d of %d records are taken", body, taken, d.Records)
		}
	}
	for i := range whole {
		f(whole[:i])
		for _, c := range []byte("\x00\x80\"\\{}[],: 7e-") {
			body := bytes.Clone(whole)
			body[i] = c
			if i > 0 || c == '{' {
				f(body)
			}
		}
	}
	f(append(bytes.Clone(whole), '}'))
}

// TestLongBrokenJSON has more records than are handed on at once before the place where
// the request turns out to be no JSON.
func TestLongBrokenJSON(t *testing.T) {
	req, events := workload(0, 4500)
	whole := jsonOf(t, req)
	f := func(body []byte, want int) {
		t.Helper()
		taken := 0
		d, err := otlp.Decode(otlp.Traces, otlp.JSON, body, otlp.Limits{}, func(b *otlp.Batch) error {
			taken += len(b.Places)
			return nil
		})
		if taken != want || d.Records != want || (err == nil) != (want > 0) {
			t.Fatalf("%d records, %d taken, %v; want %d", d.Records, taken, err, want)
		}
	}
	f(whole, 4500)
	f(whole[:len(whole)-1], 0)
	f(append(bytes.Clone(whole), ']'), 0)
	if events < 4500 {
		t.Fatal(events)
	}
}
