package redact_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// idConfigs are those under which other detectors look at ids.
func idConfigs() []redact.Config {
	return []redact.Config{
		{},
		{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}},
		{Detectors: map[string]redact.Detector{"card": {Action: redact.ActionKeep}, "iban": {Action: redact.ActionKeep}}},
	}
}

// idIsRight fails if a text is passed over as an id and has something in it. It
// returns whether it is passed over.
func idIsRight(t *testing.T, e *redact.Engine, s string) bool {
	t.Helper()
	idle, found := redact.Idle(e, s)
	if idle && len(found) > 0 {
		t.Fatalf("%q was passed over; in it there is %v", s, found)
	}
	return idle
}

// TestIDs makes ids of each sort, many of them out of little else than digits,
// with and without something in them.
func TestIDs(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	alphabets := []string{"0123456789abcdef", "0123456789abcdef-", "0123456789", "0123456789-", "0123456789--", "0123456789-x", "0123456789X_",
		"0123456789/", "0123456789abcdef/", "0123456789-/", "0123456789abcdef-/_", "0123456789AB", "DEde0123456789-", "DEde0123456789/-", letters + "0123456789_-", strings.ToUpper(letters) + "0123456789"}
	planted := append(values(), "DE89-3704-0044-0532-0130-00", "4111-1111-1111-1111", "555-867-5309", "555/867-5309", "867/5309-12", "5366228726", "4b1d", "a1-2-3-4-5-6-7-8-9-1-2-3-4-5-6-7-4111111111111111",
		"616e6e612e73406578616d706c652e636f6d", "YW5uYS5zQGV4YW1wbGUuY29t", "AC", "SK", "A3-", "gsk_", "dob")
	most := 20_000
	if testing.Short() {
		most = 2000 // the race run: one goroutine looks at texts
	}
	for i, cfg := range idConfigs() {
		e, r := engine(t, cfg), rand.New(rand.NewPCG(1, uint64(i)))
		idle, found := 0, 0
		for range most {
			alphabet := alphabets[r.IntN(len(alphabets))]
			b := make([]byte, r.IntN(70))
			for j := range b {
				b[j] = alphabet[r.IntN(len(alphabet))]
			}
			s, at := string(b), 0
			if len(s) > 0 {
				at = r.IntN(len(s))
			}
			switch r.IntN(5) {
			case 0:
				s = s[:at] + planted[r.IntN(len(planted))] + s[at:]
			case 1:
				s = s[:at] + "-" + planted[r.IntN(len(planted))] + "-" + s[at:]
			case 2:
				s = s[:at] + "/" + planted[r.IntN(len(planted))] + "/" + s[at:]
			}
			if idIsRight(t, e, s) {
				idle++
			} else if _, spans := redact.Idle(e, s); len(spans) > 0 {
				found++
			}
		}
		if idle < most/4 || found < most/40 {
			t.Errorf("%d were passed over and something was found in %d: that says little", idle, found)
		}
		for _, s := range hardTexts() {
			idIsRight(t, e, s)
		}
	}
}

// TestIDsArePassedOver holds that the usual ids are, most of them.
func TestIDsArePassedOver(t *testing.T) {
	e, r := engine(t, redact.Config{}), rand.New(rand.NewPCG(3, 3))
	f := func(name string, make func(a, b uint64) string) {
		t.Helper()
		const all = 2000
		n := 0
		for range all {
			if idIsRight(t, e, make(r.Uint64(), r.Uint64())) {
				n++
			}
		}
		if n < all*95/100 {
			t.Errorf("of %d %s %d were passed over", all, name, n)
		}
	}
	f("UUIDs", func(a, b uint64) string {
		return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&(1<<48-1))
	})
	f("trace ids", func(a, b uint64) string { return fmt.Sprintf("%016x%016x", a, b) })
	f("ids of events that were spans", func(a, b uint64) string { return fmt.Sprintf("%016x%016x/%016x", a, b, a^b) })
	f("ids of results", func(a, b uint64) string { return fmt.Sprintf("%016x%016x/%016x/result", a, b, a^b) })
	f("span ids", func(a, _ uint64) string { return fmt.Sprintf("%016x", a) })
	f("calls", func(a, b uint64) string { return fmt.Sprintf("call_%s", letters24(a, b)) })
}

// letters24 returns an id of letters and digits as some models give them.
func letters24(a, b uint64) string {
	r := rand.New(rand.NewPCG(a, b))
	s := make([]byte, 24)
	for i := range s {
		s[i] = alnum[r.IntN(len(alnum))]
	}
	return string(s)
}

// FuzzID does the same as TestIDs for any text.
func FuzzID(f *testing.F) {
	for i, s := range []string{"019b8b74-3394-7979-8059-f7eee7b19a2b", "4bf92f3577b34da6a3ce929d0e0e4736", "x1234567x1", "DE89370400440532013000", "a-5366228726", "call_4b1d", "4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/result", "1/2345678"} {
		f.Add(s, i)
	}
	engines := make([]*redact.Engine, len(idConfigs()))
	for i, cfg := range idConfigs() {
		engines[i] = engine(f, cfg)
	}
	pieces := append(values(), "DE89-3704-0044-0532-0130-00", "4111-1111-1111-1111", "555-867-5309", "0x1", "----", "-1-1-1-1-1-1-1-1", "555/867-5309", "/5366228726/")
	f.Fuzz(func(t *testing.T, s string, n int) {
		e := engines[uint(n)%uint(len(engines))]
		idIsRight(t, e, s)
		piece := pieces[uint(n/4)%uint(len(pieces))]
		idIsRight(t, e, s+piece)
		idIsRight(t, e, piece+s)
		idIsRight(t, e, s+"-"+piece+"-"+s)
		idIsRight(t, e, s+"/"+piece+"/"+s)
	})
}
