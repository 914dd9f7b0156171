package bench

import (
	"testing"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
)

// TestSpans reads the invented spans in both encodings, as a server does: the same
// events come of both, as many as they say.
func TestSpans(t *testing.T) {
	w := NewWorkload(1, 1000)
	read := func(enc otlp.Encoding, body []byte) (events []string) {
		t.Helper()
		var mapper dialect.OTel
		d, err := otlp.Decode(otlp.Traces, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
			for _, r := range mapper.Map(&b.Batch) {
				for _, e := range r.Events {
					events = append(events, string(dialect.AppendEvent(nil, e)))
				}
			}
			return nil
		})
		if err != nil || d.Refused > 0 {
			t.Fatal(d, err)
		}
		return events
	}
	body, n := w.spans(100, 60)
	bodyJSON, m := w.spansJSON(100, 60)
	got, gotJSON := read(otlp.Protobuf, body), read(otlp.JSON, bodyJSON)
	if n != m || len(got) != n || len(gotJSON) != n || n <= 60 {
		t.Fatalf("%d and %d events, %d and %d announced", len(got), len(gotJSON), n, m)
	}
	for i := range got {
		if got[i] != gotJSON[i] {
			t.Errorf("%s\nin JSON\n%s", got[i], gotJSON[i])
		}
	}
}
