package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/redact"
)

// TestCleanTextsAreExact changes a byte of a text that is remembered, wherever it
// stands: also where the hash does not look.
func TestCleanTextsAreExact(t *testing.T) {
	for n := 4; n <= 64; n++ {
		c := redact.NewClean()
		s := strings.Repeat("abcdefg", 10)[:n]
		if c.Has(s) {
			t.Errorf("%d bytes are known before they came", n)
		}
		c.Add(s)
		if c.Has(s) != (n <= 63) {
			t.Errorf("%d bytes: known is %t", n, c.Has(s))
		}
		for i := range n {
			if other := s[:i] + "\x00" + s[i+1:]; c.Has(other) {
				t.Errorf("%q is taken for %q", other, s)
			}
		}
		if c.Has(s+"\x00") || c.Has(s+"a") || n > 4 && c.Has(s[:n-1]) {
			t.Errorf("a text of another length is taken for %q", s)
		}
	}
}

// TestCleanTextsAlike has only texts whose hashes are the same, so that nothing but
// their bytes can tell them apart: each with one byte changed to each other one,
// and two swapped.
func TestCleanTextsAlike(t *testing.T) {
	for n := 4; n <= 63; n++ {
		for _, s := range []string{strings.Repeat("abcdefg", 10)[:n], strings.Repeat("\xff", n), strings.Repeat("\x00", n), strings.Repeat("0", n)} {
			c := redact.NewClean()
			f := func(other string) {
				t.Helper()
				if other != s && c.HasAlike(other) {
					t.Fatalf("%q is taken for %q", other, s)
				}
			}
			f(s + "\x00")
			c.AddAlike(s)
			if !c.HasAlike(s) {
				t.Fatalf("%q is not known", s)
			}
			for i := range n {
				for b := range 256 {
					f(s[:i] + string([]byte{byte(b)}) + s[i+1:])
				}
				j := (i + 5) % n
				swapped := []byte(s)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				f(string(swapped))
			}
			f(s + "\x00")
			f(s + s[:1])
			if n > 4 {
				f(s[:n-1])
				f(s[1:])
			}
			for _, more := range []string{"more", "more of it", "more of it than that"} {
				c.AddAlike(more)
			}
			if !c.HasAlike(s) || !c.HasAlike("more") || c.HasAlike("less") {
				t.Fatalf("of four texts with %q not each is known", s)
			}
		}
	}
}

// TestCleanTextsGiveWay adds more than there is room for, all of which hash alike
// or not: what came last is known, and nothing that did not come.
func TestCleanTextsGiveWay(t *testing.T) {
	for _, form := range []string{"%06d", "eight---%06d", "sixteen bytes---%06d---sixteen bytes"} {
		c := redact.NewClean()
		for i := range 20_000 {
			s := fmt.Sprintf(form, i)
			if c.Has(s) {
				t.Fatalf("%q is known before it came", s)
			}
			if c.Add(s); !c.Has(s) {
				t.Fatalf("%q is not known after it came", s)
			}
		}
		known := 0
		for i := range 20_000 {
			if c.Has(fmt.Sprintf(form, i)) {
				known++
			}
		}
		if known > 2048 {
			t.Errorf("%d texts are known", known)
		}
	}
}

// TestNearIDsAreExact changes a byte of an id that is remembered, and its length.
func TestNearIDsAreExact(t *testing.T) {
	for n := 8; n <= 63; n++ {
		var near redact.Near
		s := strings.Repeat("abcdefg", 10)[:n]
		for place := range uint8(3) {
			if near.Has(s) {
				t.Errorf("%d bytes are known before they came", n)
			}
			near.Set(place, s)
			if !near.Has(s) {
				t.Errorf("%d bytes are not known", n)
			}
			for i := range n {
				if other := s[:i] + "\x00" + s[i+1:]; near.Has(other) {
					t.Errorf("%q is taken for %q", other, s)
				}
			}
			if near.Has("g"+s) || near.Has(s+"\x00") || near.Has(s[1:]) || near.Has(s[:7]) || near.Has(strings.Repeat("\x00", n)) {
				t.Errorf("an id of another length is taken for %q", s)
			}
			near.Set(place, "01234567")
		}
	}
}

// TestRemembered redacts the same names and ids over and over, clean ones and
// others between them, through one engine, and through one that remembers
// nothing. What is found does not depend on what came before.
func TestRemembered(t *testing.T) {
	e := engine(t, redact.Config{})
	texts := append(hardTexts(), values()...)
	events := workload(t, 1)[:500]
	replaced := 0
	sent := make([]string, 1500)
	for i := range 1500 {
		entry := *events[i%len(events)]
		ev := &entry.Event
		if i > 0 && i%4 > 0 {
			ev.ParentEventID = sent[max(0, i-i%9)] // one before, or its own
		}
		if i%3 > 0 {
			ev.AgentName, ev.TaskID, ev.EventID = texts[i*7%len(texts)], texts[i*5%len(texts)], texts[i*3%len(texts)]
			ev.Tags = []string{texts[i%len(texts)]}
		}
		sent[i] = ev.EventID
		anew := entry
		anew.Tags = append([]string(nil), ev.Tags...)
		got, err := e.RedactDecoded(keys(), &entry)
		if err != nil {
			t.Fatal(err)
		}
		want, err := redact.RedactAnew(e, keys(), &anew)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Entry().Event, got.Entry().Event, cmp.AllowUnexported(hansard.Opt[int64]{}, hansard.Opt[float64]{})); diff != "" {
			t.Fatalf("event %d depends on what came before: %s", i, diff)
		}
		if diff := cmp.Diff(want.Entry().Redactions, got.Entry().Redactions); diff != "" || string(want.Entry().Persons) != string(got.Entry().Persons) {
			t.Fatalf("event %d: counts or persons depend on what came before: %s", i, diff)
		}
		if len(got.Entry().Redactions) > 0 {
			replaced++
		}
	}
	if replaced < 300 {
		t.Errorf("something was replaced in %d events: that says little", replaced)
	}
}
