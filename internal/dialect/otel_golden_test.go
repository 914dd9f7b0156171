package dialect_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/rawjson"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readOTLP reads a request in a file as the receiver does.
func readOTLP(t testing.TB, body []byte) []dialect.Reading {
	t.Helper()
	signal, enc := otlp.Sniff(body)
	mapper := dialect.OTel{LeftOver: true}
	var out []dialect.Reading
	d, err := otlp.Decode(signal, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
		out = append(out, mapper.Map(&b.Batch)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Refused > 0 {
		t.Fatalf("refused: %s", d)
	}
	return out
}

// describe writes readings for people to read and to compare.
func describe(readings []dialect.Reading) string {
	var b strings.Builder
	for _, r := range readings {
		kind := "span"
		if r.Log {
			kind = "log"
		}
		fmt.Fprintf(&b, "%s %d: %s, %s\n", kind, r.Index+1, r.Dialect, r.Rule)
		for _, e := range r.Events {
			b.WriteString("  " + eventText(e) + "\n")
		}
		if len(r.LeftOver) > 0 {
			fmt.Fprintf(&b, "  left over: %s\n", strings.Join(r.LeftOver, " "))
		}
	}
	return b.String()
}

// eventText returns an event as JSON, with what the flat form cannot say behind it.
func eventText(e *hansard.Event) string {
	s := string(dialect.AppendEvent(nil, e))
	if len(e.Labels) > 0 {
		s += " labels=" + strings.Join(e.Labels, ",")
	}
	if e.Truncated {
		s += " truncated"
	}
	return s
}

// TestGolden reads each file of testdata/otel and compares what becomes of it with
// the golden file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			readings := readOTLP(t, body)
			checkReadings(t, readings)
			got := describe(readings)
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}

// checkReadings holds what every reading must keep to.
func checkReadings(t testing.TB, readings []dialect.Reading) {
	t.Helper()
	ids := map[string]bool{}
	for _, r := range readings {
		if len(r.Events) == 0 {
			t.Fatalf("reading %d has no event", r.Index)
		}
		for i, e := range r.Events {
			if e.EventID == "" || e.EventType == "" || e.Dialect == "" || e.Dialect != r.Dialect {
				t.Errorf("event %q has type %q and dialect %q; the reading has %q", e.EventID, e.EventType, e.Dialect, r.Dialect)
			}
			if r.Rule == "" {
				t.Errorf("event %q: no rule", e.EventID)
			}
			if ids[e.EventID] && i > 0 {
				t.Errorf("two events have the id %q", e.EventID)
			}
			ids[e.EventID] = true
			for name, raw := range map[string][]byte{
				"params": e.Params, "result": e.Result, "messages": e.Messages, "response": e.Response, "attributes": e.Attributes, "alternatives": e.Alternatives,
			} {
				if len(raw) > 0 && rawjson.Valid(raw, 200) != nil {
					t.Errorf("event %q: %s is not JSON: %s", e.EventID, name, bytes.ToValidUTF8(raw, []byte("?")))
				}
			}
			if e.Attempt.V < 0 || e.InputTokens.V < 0 || e.OutputTokens.V < 0 || e.DurationUS.V < 0 {
				t.Errorf("event %q has a negative figure", e.EventID)
			}
		}
		if len(r.Events[0].Attributes) == 0 {
			t.Errorf("event %q does not hold its source", r.Events[0].EventID)
		}
	}
}
