package forensic

import (
	"regexp"
	"strings"
	"testing"
)

// What orders and addresses look for, as expressions.
var (
	ordering   = regexp.MustCompile(`\b(visit|send|go to|open|click|pay|paid|transfer|get|share|forward|e?mail|make|create|invite|add|post|delete|update|change|give|write|do|reply|call|execute|run|follow|use|upload|submit|book|reserve|buy|schedule|fetch|read|tell|message|wire|deliver|report)\b`)
	addressing = regexp.MustCompile(`\b(you|your|yourself|assistant|chatbot|ai|language model)\b`)
)

// FuzzWords holds the words against the expressions that they stand for.
func FuzzWords(f *testing.F) {
	for _, text := range []string{
		"", "please go to www.example.com", "go  to", "go to", "go tour", "the language model that you are", "language models",
		"e-mail", "email_address", "mail", "do", "undo it", "your ai assistant, yourself", "caf\u00e9you are", "\xffpay\xff", "go", "language",
		"you you you you", "x go to", "language  model", "send2 send",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToLower(text)
		if got, want := orders(text), ordering.MatchString(text); got != want {
			t.Errorf("orders(%q) = %v", text, got)
		}
		if got, want := addresses(text, 3), len(addressing.FindAllStringIndex(text, 3)); got != want {
			t.Errorf("addresses(%q) = %d, want %d", text, got, want)
		}
	})
}

// FuzzFolded holds a text that is folded in one pass against the functions for any text.
func FuzzFolded(f *testing.F) {
	for _, text := range []string{"", " ", "a", " A  b\t\nC ", "x\v\f\r y", "\x1c\x08\x0e", "É  b", "a \u00a0 b", "@AZ[`az{", "\xff B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := folded(text), strings.Join(strings.Fields(strings.ToLower(text)), " "); got != want {
			t.Errorf("folded(%q) = %q, want %q", text, got, want)
		}
	})
}
