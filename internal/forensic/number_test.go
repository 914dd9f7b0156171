package forensic

import "testing"

// TestNumbers holds that the digits of a pseudonym, which differ with its key,
// are no source of a number.
func TestNumbers(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		known := map[string]bool{}
		addNumbers(known, text)
		if got := known["11"]; got != want {
			t.Errorf("%q holds 11: %t", text, got)
		}
	}
	f("there are 11 items", true)
	f("11", true)
	f(`{"count":11}`, true)
	f("-11,", true)
	f("pii:email:k1:ab11cd0022ff0011", false)
	f("pii:email:k1:0a11", false)
	f("110 or 1.11", false)
	f("order #11", false)
	f("111 and 11", true)
}
