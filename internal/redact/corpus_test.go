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

// TestCorpus measures precision and recall of each detector over a labelled
// corpus. Only an exact span counts.
func TestCorpus(t *testing.T) {
	raw, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, redact.Config{})
	type score struct{ right, wrong, missed int }
	scores := map[string]*score{}
	for _, k := range []string{"email", "phone", "card", "iban", "ssn", "dob", "secret"} {
		scores[k] = &score{}
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
			if !slices.Contains(got, w) {
				scores[w.Kind].missed++
				t.Logf("missed %s %q in %q", w.Kind, text[w.Start:w.End], text)
			}
		}
	}
	for k, s := range scores {
		precision := float64(s.right) / float64(s.right+s.wrong)
		recall := float64(s.right) / float64(s.right+s.missed)
		t.Logf("%-6s %3d marked: precision %.3f, recall %.3f", k, s.right+s.missed, precision, recall)
		if s.right+s.missed < 10 || precision < 0.95 || recall < 0.95 {
			t.Errorf("%s: precision %.3f and recall %.3f of %d, want 0.95 of at least 10", k, precision, recall, s.right+s.missed)
		}
	}
}
