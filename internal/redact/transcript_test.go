package redact_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/redact"
)

// sharedData holds recorded agents; tests that read it skip where it is absent.
const sharedData = "../../../shared/data/"

var transcripts = []string{"tau-bench/airline-gpt-4o.jsonl", "swe/mini-swe-agent-gemini3.jsonl"}

// harmless are the ids, times, versions and numbers of the transcripts that no
// detector may take for something else.
var harmless = regexp.MustCompile(`call_[A-Za-z0-9]{24}|chatcmpl-[A-Za-z0-9]+|(?:credit_card|gift_card|certificate)_\d+|\b[a-z]+_[a-z]+_\d{4}\b|` +
	`\bHAT\d{3}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*|\b[0-9a-f]{32,64}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|` +
	`\bv?\d+\.\d+\.\d+\b|"[a-z_]*tokens?": ?\d+|"[a-z_]*cost": ?[0-9.e-]+|\b1[67]\d{8}(?:\.\d+)?\b|index [0-9a-f]{7,}\.\.[0-9a-f]{7,}`)

// address finds e-mail addresses, some of which hold a user's id.
var address = regexp.MustCompile(`[\w.+-]+@[\w.-]+|pii:email:k1:[0-9a-f]{16}`)

// TestTranscripts redacts recorded agents and judges everything that was hit:
// only the kinds that the transcripts do hold, and no id, time or version.
func TestTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine redacts")
	}
	f := func(name string, kinds ...string) {
		t.Helper()
		text, err := os.ReadFile(sharedData + name)
		if err != nil {
			t.Skipf("the transcripts are not here: %v", err)
		}
		e := engine(t, redact.Config{})
		counts := map[string]int64{}
		kept := 0
		for line, l := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
			r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(l)}})
			if err != nil {
				t.Fatal(err)
			}
			out := r.Entry().Params
			if !json.Valid(out) {
				t.Fatalf("the redacted line is no JSON")
			}
			for _, c := range r.Entry().Redactions {
				counts[c.Kind] += c.N
				if !slices.Contains(kinds, c.Kind) {
					t.Errorf("%s: %d hits of kind %s, there is none", name, c.N, c.Kind)
				}
			}
			if line%4 != 0 {
				continue // the expression is slow
			}
			want := harmless.FindAll(address.ReplaceAll(l, nil), -1)
			got := harmless.FindAll(address.ReplaceAll(out, nil), -1)
			kept += len(want)
			if !slices.EqualFunc(want, got, bytes.Equal) {
				t.Errorf("%s: an id, a time or a version was changed", name)
			}
		}
		t.Logf("%s: hits %v; %d ids, times and versions untouched", name, counts, kept)
	}
	f(transcripts[0], "email", "dob")
	f(transcripts[1], "email", "secret")
}
