package part_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// textIndex returns an index with text filters of entries with these texts.
func textIndex(texts ...string) *part.Index {
	enc := part.NewEncoder()
	var entries []*hansard.Entry
	for i, text := range texts {
		e := &hansard.Entry{}
		e.Index, e.EventID, e.TraceID = uint64(i), "e", "t"
		if i%2 == 0 {
			e.Reasoning = text
		} else {
			quoted, err := json.Marshal(map[string]string{"note": text})
			if err != nil {
				panic(err)
			}
			e.Params = quoted
		}
		entries = append(entries, e)
	}
	x := part.NewIndex(part.Name{End: uint64(len(texts))}, entries, make([]part.ID, len(texts)))
	x.AddRowTexts(enc, enc.RowsOf(entries))
	return x
}

func fold(s string) string { return strings.Map(unicode.ToLower, s) }

func TestTextFilter(t *testing.T) {
	f := func(text, search string, want bool) {
		t.Helper()
		for _, x := range []*part.Index{textIndex(text), textIndex("", text)} {
			if got := x.Texts[0].May(part.Runs(fold(search))); got != want {
				t.Errorf("%q in %q: %v", search, text, got)
			}
		}
	}
	f("the order was quarantined", "quarantined", true)
	f("the order was QUARANTINED", "uarantine", true)
	f("the order was quarantined", "quarantine order", true) // as far as the filter knows
	f("the order was quarantined", "refund", false)
	f("the order was quarantined", "ref", true) // too short to tell
	f("id 12345678", "234567", true)
	f("id 12345678", "876543", false)
	f("deadbeef", "beefdead", false)
	f("Zoë war müde: straßenbahn", "straßenbahn", true)
	f("98 \u212aelvin", "kelvin", true) // the Kelvin sign
	f("\u0130stanbul", "istanbul", true)
	f("a\"quoted\"\nline", "line", true)
	f("", "", true)
}

// TestTextFilterRandom looks for pieces of texts: they may all be there.
func TestTextFilterRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abcdefXYZ0189 _-\"\\\nßÄé\u212a\u0130日")
	for range 200 {
		text := make([]rune, 1+r.IntN(60))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		x := textIndex("other", string(text))
		for range 20 {
			from := r.IntN(len(text))
			piece := string(text[from : from+1+r.IntN(len(text)-from)])
			if !x.Texts[0].May(part.Runs(fold(piece))) {
				t.Fatalf("%q is not in %q", piece, string(text))
			}
		}
	}
}
