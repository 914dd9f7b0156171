package part

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func fold(s string) string { return strings.Map(unicode.ToLower, s) }

// TestFoldsToASCII holds that no runes beyond ASCII fold to ASCII but those that a
// finder knows.
func TestFoldsToASCII(t *testing.T) {
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if l := unicode.ToLower(r); l < utf8.RuneSelf && string(r) != oddI && string(r) != oddK {
			t.Errorf("%U folds to %q", r, l)
		}
	}
	if unicode.ToLower([]rune(oddI)[0]) != 'i' || unicode.ToLower([]rune(oddK)[0]) != 'k' {
		t.Error("one of those that it knows does not")
	}
}

// finds asks a finder for a text as a page with it and others beside it would.
func finds(f *Finder, text, page string) bool {
	test := f.tests([]byte(page))
	return test != nil && len(text) > 0 && test([]byte(text))
}

func TestFinder(t *testing.T) {
	alphabet := []string{"a", "A", "i", "I", "k", "K", "z", "Z", "0", " ", `"`, `\`, "\n", "é", "É", "ß", "ẞ", "İ", "K", "ı", "Ω", "Ω", "日", "😀", "@", "[", "`", "{"}
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	found := 0
	for range 100_000 {
		text, texts := some(r.IntN(12)), []string{some(r.IntN(4))}
		if r.IntN(3) == 0 {
			texts = append(texts, some(1+r.IntN(3)))
		}
		want, folded := false, []string(nil)
		for _, s := range texts {
			folded = append(folded, fold(s))
			want = want || text != "" && strings.Contains(fold(text), fold(s))
		}
		if want {
			found++
		}
		page := some(r.IntN(4)) + text + some(r.IntN(4))
		if got := finds(NewFinder(folded), text, page); got != want {
			t.Fatalf("%q in %q: %v, want %v", texts, text, got, want)
		}
	}
	if found < 5000 || found > 95_000 {
		t.Errorf("%d of 100,000 are found: it says little", found)
	}
}

func FuzzFinder(f *testing.F) {
	f.Add("a Kelvin", "kel", "\x03\x00")
	f.Add("größe", "SSE", "\xff")
	f.Fuzz(func(t *testing.T, text, sought, beside string) {
		if !utf8.ValidString(text) || len(text)+len(sought) > 1<<12 {
			return
		}
		want := text != "" && strings.Contains(fold(text), fold(sought))
		if got := finds(NewFinder([]string{fold(sought)}), text, beside+text+beside); got != want {
			t.Errorf("%q in %q: %v, want %v", sought, text, got, want)
		}
	})
}
