package redact_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// TestUUIDs makes UUIDs out of few digits, so that many have a number in them, and such
// that begin a group as the account numbers of some countries do, with every check digit.
func TestUUIDs(t *testing.T) {
	alphabets := []string{"0123456789abcdef", "0123456789", "0123456789012345678a", "de89", "ae0123456789", "4111111111111111b", "5366228726c", "019b8b74-/_x"}
	for i, cfg := range idConfigs() {
		e, r := engine(t, cfg), rand.New(rand.NewPCG(7, uint64(i)))
		idle, found := 0, 0
		f := func(s string) {
			if idIsRight(t, e, s) {
				idle++
			} else if _, spans := redact.Idle(e, s); len(spans) > 0 {
				found++
			}
		}
		for range 2000 {
			b := []byte("00000000-0000-0000-0000-000000000000")
			for j := range b {
				if b[j] != '-' {
					alphabet := alphabets[r.IntN(len(alphabets))]
					b[j] = alphabet[r.IntN(len(alphabet))]
				}
			}
			f(string(b))
			alphabet := alphabets[r.IntN(len(alphabets))]
			for j := range b {
				if b[j] != '-' {
					b[j] = alphabet[r.IntN(len(alphabet))]
				}
			}
			f(string(b))
		}
		for _, at := range []int{0, 9, 14, 19, 24} {
			for _, country := range []string{"ad", "ae", "ba", "be", "de", "ee"} {
				for n := range 400 {
					b := fmt.Appendf(nil, "%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>16, r.Uint32()>>16, r.Uint64()>>16)
					copy(b[at:], fmt.Sprintf("%s%02d", country, n%100))
					f(string(b))
				}
			}
		}
		if idle < 1000 || i < 2 && found < 10 {
			t.Errorf("%d were passed over and something was found in %d: that says little", idle, found)
		}
	}
}

// TestRulesThatFindUUIDs holds that a rule may find something in a UUID.
func TestRulesThatFindUUIDs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte("rules:\n  - id: dead\n    keywords: [dead]\n    tail: 32\n    regexp: 'dead[0-9a-f-]{32}'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine(t, redact.Config{RulesFile: file})
	if idle, found := redact.Idle(e, "deadbeef-1a2b-3c4d-8e6f-7a8b9c0d1e2f"); idle || len(found) == 0 {
		t.Errorf("passed over %v, in it there is %v", idle, found)
	}
}
