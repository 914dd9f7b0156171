package forensic

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestMayName holds the quick look against the expression: what the one passes
// over, the other finds nothing in.
func TestMayName(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine looks at texts")
	}
	named := []string{
		"see http://a.example/x", "HTTPS://A", "(www.a.b)", "WWW.x", "a@b.example", "PII:email:k1:ab", "pii:iban:1", "GB29NWBK60161331926819", "to de89370400440532013000.",
		"\u212aB12ab34ab34ab34", // the Kelvin sign becomes a k
	}
	pieces := append(strings.Fields("the order was sent ab12 12ab , : . / @ w w. ww. i: :/ :// http https pii \n \t \\ \" é … { } 0123456789 abcdefghij AB12CDEF34 _"), named...)
	r := rand.New(rand.NewPCG(1, 2))
	caught, passed := 0, 0
	f := func(text string) {
		t.Helper()
		raw, err := json.Marshal(map[string]any{"a": []string{text, "x"}, "n": 12})
		if err != nil {
			t.Fatal(err)
		}
		folded := folded(plainText(raw))
		var words []string
		eachDestination(folded, func(from, to int) bool { words = append(words, folded[from:to]); return true })
		if whole := destination.FindAllString(folded, -1); !slices.Equal(words, whole) {
			t.Errorf("%q: in its words are %q, in the whole are %q", text, words, whole)
		}
		found := len(words) > 0
		if found && (plainJSON(raw) && !mayName(raw) || !mayName(folded)) {
			t.Errorf("%q names a destination, and is passed over", text)
		}
		if found {
			caught++
		} else if plainJSON(raw) && !mayName(raw) {
			passed++
		}
	}
	for _, text := range named {
		f(text)
	}
	if caught < len(named) {
		t.Errorf("the expression finds %d of %d", caught, len(named))
	}
	for range 100_000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
			b.WriteString([]string{"", " ", "-"}[r.IntN(3)])
		}
		f(b.String())
	}
	if passed < 10_000 {
		t.Errorf("only %d texts were passed over", passed)
	}
}
