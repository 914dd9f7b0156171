package ask_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/internal/ask"
	"github.com/hansardhq/hansard/internal/query"
)

var update = flag.Bool("update", false, "write the golden file anew")

// thursday is when the questions are asked.
func thursday() ask.Context {
	return ask.Context{
		Now: time.Date(2026, 11, 26, 9, 41, 17, 0, time.UTC),
		Vocabulary: ask.Vocabulary{
			Agents: []string{"router", "support", "research", "billing", "code"},
			Tools:  []string{"process_refund", "get_order", "crm.lookup_customer"},
		},
	}
}

// TestQuestions holds a table of questions against what they mean. Each line of
// testdata/questions.txt is a question, how sure its meaning is, the command, and
// the words that were not understood.
func TestQuestions(t *testing.T) {
	f, err := os.Open("testdata/questions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got, want strings.Builder
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		question, _, _ := strings.Cut(lines.Text(), " | ")
		fmt.Fprintln(&want, lines.Text())
		fmt.Fprintln(&got, line(strings.TrimRight(question, " ")))
	}
	if *update {
		if err := os.WriteFile("testdata/questions.txt", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(want.String(), got.String()); d != "" {
		t.Errorf("questions (-want +got):\n%s", d)
	}
	if n < 250 {
		t.Errorf("%d questions, want 250 at least", n)
	}
}

func line(question string) string {
	m := ask.Understand(question, thursday())
	text := fmt.Sprintf("%-58s | %-7s | %s", question, m.Certainty, m.Line)
	if m.Command.Value != "" {
		text += " < " + m.Command.Value
	}
	if len(m.Ignored) > 0 {
		text += " | not understood: " + strings.Join(m.Ignored, " ")
	}
	return strings.TrimRight(text, " ")
}

// TestPhrases holds that each phrase that is offered is understood, without a
// word left over that matters.
func TestPhrases(t *testing.T) {
	for _, p := range ask.Phrases() {
		if m := ask.Understand(p, thursday()); m.Certainty == ask.None || m.Certainty == ask.Guess || len(m.Nearest) > 0 {
			t.Errorf("%q: %s, %s", p, m.Certainty, m.Line)
		}
	}
}

// TestSearches holds that every search that a question becomes is one.
func TestSearches(t *testing.T) {
	check := func(question string) {
		t.Helper()
		m := ask.Understand(question, thursday())
		if _, err := query.Parse(m.Command.Search, thursday().Now); err != nil {
			t.Errorf("%q: %q: %v", question, m.Command.Search, err)
		}
	}
	b, err := os.ReadFile("testdata/questions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(b)) {
		question, _, _ := strings.Cut(text, " | ")
		check(question)
	}
	check(`events of agent "a \ b) OR tier:(debug" with "x" and agent "=;'"`)
}

// TestNearest holds that what is not understood is answered with phrases.
func TestNearest(t *testing.T) {
	m := ask.Understand("Grant the visitors a perspective", thursday())
	if m.Certainty != ask.None && m.Certainty != ask.Guess || len(m.Nearest) != 5 {
		t.Errorf("%+v", m)
	}
	if m := ask.Understand("colour of the sky", thursday()); m.Line != "" || m.Command.Verb != "" || len(m.Nearest) != 5 {
		t.Errorf("%+v", m)
	}
}

// TestZone holds that days are those of who asks.
func TestZone(t *testing.T) {
	c := thursday()
	c.Now = c.Now.In(time.FixedZone("", 5*3600))
	if m := ask.Understand("errors yesterday", c); m.Line != "hansard report errors --since 2026-11-25T00:00:00+05:00 --until 2026-11-26T00:00:00+05:00" {
		t.Error(m.Line)
	}
}

// FuzzUnderstand asks anything: there is an answer, always the same, no personal
// value is in the command line, and the search is one.
func FuzzUnderstand(f *testing.F) {
	for _, p := range ask.Phrases() {
		f.Add(p)
	}
	f.Add(`errors "of" agent ada@example.com from 3 to 2 since`)
	f.Add("last 99999999999999999999 months of may 31st q9 24:61 a few ago")
	f.Fuzz(func(t *testing.T, text string) {
		m := ask.Understand(text, thursday())
		if again := ask.Understand(text, thursday()); again.Line != m.Line || again.Certainty != m.Certainty {
			t.Fatalf("%q: %s, then %s", text, m.Line, again.Line)
		}
		if (m.Line == "") != (m.Certainty == ask.None) || m.Certainty == ask.None && len(m.Nearest) == 0 {
			t.Fatalf("%q: %+v", text, m)
		}
		if v := m.Command.Value; v != "" && strings.Contains(v, "@") && strings.Contains(m.Line, v) {
			t.Fatalf("%q: the value is in %s", text, m.Line)
		}
		if !m.Command.Since.IsZero() && !m.Command.Until.IsZero() && !m.Command.Since.Before(m.Command.Until) {
			t.Fatalf("%q: %s is an empty period", text, m.Line)
		}
		if _, err := query.Parse(m.Command.Search, thursday().Now); err != nil {
			t.Fatalf("%q: %q: %v", text, m.Command.Search, err)
		}
	})
}
