package trace

import (
	"slices"

	"github.com/hansardhq/hansard"
)

// Loss counts the entries that do not hold all that happened, by what their
// senders say of it.
type Loss struct {
	Truncated int // something was cut, by the sender or to fit the record's bounds
	Dropped   int // the sender left attributes, span events or links out
	Withheld  int // the sender put a marker in the place of content
	Pending   int // spans that began, and whose end was not received
}

// lost counts the losses of entries that are unique.
func lost(entries []*hansard.Entry) Loss {
	var l Loss
	for _, e := range entries {
		if e.Truncated {
			l.Truncated++
		}
		if slices.Contains(e.Labels, "dropped") {
			l.Dropped++
		}
		if slices.Contains(e.Labels, "withheld") {
			l.Withheld++
		}
		if pending(e) {
			l.Pending++
		}
	}
	return l
}
