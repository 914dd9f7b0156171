package redact_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// labelled returns a corpus line as text with the spans that it marks.
func labelled(t *testing.T, line string) (string, []redact.Span) {
	t.Helper()
	line = strings.NewReplacer("¦", "", `\n`, "\n", `\t`, "\t").Replace(line)
	var text strings.Builder
	var spans []redact.Span
	for {
		before, rest, found := strings.Cut(line, "⟦")
		text.WriteString(before)
		if !found {
			return text.String(), spans
		}
		mark, after, closed := strings.Cut(rest, "⟧")
		kind, value, named := strings.Cut(mark, ":")
		if !closed || !named {
			t.Fatalf("malformed corpus line: %s", line)
		}
		start := text.Len()
		text.WriteString(value)
		spans = append(spans, redact.Span{Kind: kind, Start: start, End: text.Len()})
		line = after
	}
}

// score is how often a detector was right, found what is not there and missed
// what is.
type score struct{ right, wrong, missed int }

// measure adds what the engine finds in the labelled lines of a file. Only an
// exact span counts.
func measure(t *testing.T, e *redact.Engine, file string, scores map[string]*score) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		text, want := labelled(t, line)
		got := redact.Find(e, text)
		for _, g := range got {
			if slices.Contains(want, g) {
				scores[g.Kind].right++
			} else {
				scores[g.Kind].wrong++
				t.Logf("wrong  %s %q in %q", g.Kind, text[g.Start:g.End], text)
			}
		}
		for _, w := range want {
			if s := scores[w.Kind]; s != nil && !slices.Contains(got, w) {
				s.missed++
				t.Logf("missed %s %q in %q", w.Kind, text[w.Start:w.End], text)
			}
		}
	}
}

// TestCorpus measures precision and recall of each detector over labelled
// texts, with addresses of the Internet looked for and without.
func TestCorpus(t *testing.T) {
	f := func(cfg redact.Config, kinds ...string) {
		t.Helper()
		e := engine(t, cfg)
		scores := map[string]*score{}
		for _, k := range kinds {
			scores[k] = &score{}
		}
		for _, file := range []string{"testdata/corpus.txt", "testdata/locales.txt"} {
			measure(t, e, file, scores)
		}
		for _, k := range kinds {
			s := scores[k]
			precision := float64(s.right) / float64(s.right+s.wrong)
			recall := float64(s.right) / float64(s.right+s.missed)
			t.Logf("%-6s %3d marked: precision %.3f, recall %.3f", k, s.right+s.missed, precision, recall)
			if s.right+s.missed < 20 || precision < 0.95 || recall < 0.95 {
				t.Errorf("%s: precision %.3f and recall %.3f of %d, want 0.95 of at least 20", k, precision, recall, s.right+s.missed)
			}
		}
	}
	f(redact.Config{}, "email", "phone", "card", "iban", "ssn", "dob", "secret")
	f(redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}},
		"email", "phone", "card", "iban", "ssn", "dob", "secret", "ip")
}
