package dialect

import (
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
)

// TestWithin holds the quick look against the table: an event with anything in it
// that Bound may shorten is not within the bounds.
func TestWithin(t *testing.T) {
	long := strings.Repeat("x", maxName+1)
	f := func(name string, set func(e *hansard.Event)) {
		t.Helper()
		var e hansard.Event
		if !within(&e) {
			t.Fatal("an empty event is not within the bounds")
		}
		if set(&e); within(&e) {
			t.Errorf("%s is longer than its bound and not seen", name)
		}
		if Bound(&e); !e.Truncated {
			t.Errorf("%s is not cut", name)
		}
	}
	for i := range fields {
		switch c := &fields[i]; {
		case c.limit > 0:
			f(c.name, func(e *hansard.Event) { *c.text(e) = long })
			f(c.name, func(e *hansard.Event) { *c.text(e) = long[:c.limit+1] })
		case c.list != nil:
			f(c.name, func(e *hansard.Event) { *c.list(e) = []string{long} })
			f(c.name, func(e *hansard.Event) { *c.list(e) = make([]string, maxItems+1) })
		}
	}
	f("actor.id", func(e *hansard.Event) { e.ActorID = long })
	f("actor.role", func(e *hansard.Event) { e.ActorRole = long })
	f("resources", func(e *hansard.Event) { e.Resources = []hansard.Resource{{ID: long}} })
	f("resources", func(e *hansard.Event) { e.Resources = make([]hansard.Resource, maxItems+1) })
}
