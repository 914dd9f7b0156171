package trace

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// happened returns the timestamp of an entry, or its receipt time where the
// sender did not say, in Unix nanoseconds.
func happened(e *hansard.Entry) int64 {
	if e.Timestamp == 0 {
		return e.ReceivedAt
	}
	return e.Timestamp
}

// pendingSuffix ends the id of an event that holds the start of a span which had
// not ended yet; what stands before it is the id of the event of the whole span.
const pendingSuffix = "/pending"

// pending reports whether an entry is the start of a span that had not ended yet.
func pending(e *hansard.Entry) bool {
	return slices.Contains(e.Labels, "pending") && strings.HasSuffix(e.EventID, pendingSuffix)
}

// withoutSuperseded leaves out the starts of spans that are there as a whole. seen
// holds the event ids.
func withoutSuperseded(entries []*hansard.Entry, seen map[string]bool) []*hansard.Entry {
	return slices.DeleteFunc(entries, func(e *hansard.Entry) bool {
		return pending(e) && seen[strings.TrimSuffix(e.EventID, pendingSuffix)]
	})
}

// inOrder returns the entries by timestamp, then position, each event id once,
// and how many were left out for that. The start of a span is left out where the
// whole span is there.
func inOrder(entries []*hansard.Entry) (ordered []*hansard.Entry, duplicates int) {
	ordered = make([]*hansard.Entry, 0, len(entries))
	for _, e := range entries {
		if e != nil {
			ordered = append(ordered, e)
		}
	}
	slices.SortStableFunc(ordered, func(a, b *hansard.Entry) int {
		return cmp.Or(cmp.Compare(happened(a), happened(b)), cmp.Compare(a.Position, b.Position))
	})
	seen := make(map[string]bool, len(ordered))
	unique := ordered[:0]
	for _, e := range ordered {
		if e.EventID != "" && seen[e.EventID] {
			duplicates++
			continue
		}
		seen[e.EventID] = true
		unique = append(unique, e)
	}
	return withoutSuperseded(unique, seen), duplicates
}

// Erred reports whether an entry has an error, an error type, or the status
// error or timeout. The error's text may have been erased; the others stay.
func Erred(e *hansard.Entry) bool {
	return e.Error != "" || e.ErrorType != "" || e.Status == "error" || e.Status == "timeout"
}

// isError reports whether an entry counts as an error of the trace.
func isError(e *hansard.Entry) bool { return Erred(e) || e.EventType == hansard.TypeError }

// aggregate reports whether an entry repeats figures that others state.
func aggregate(e *hansard.Entry) bool { return slices.Contains(e.Labels, "aggregate") }

// status returns the status to show: an error without one reads "error".
func status(e *hansard.Entry) string {
	if e.Status == "" && isError(e) {
		return "error"
	}
	return e.Status
}

// Ordered returns the entries of a trace as all of this package reads them: by
// timestamp, then position, each event id once, spans that ended without their
// starts. The slice is new, the entries are shared.
func Ordered(entries []*hansard.Entry) []*hansard.Entry {
	ordered, _ := inOrder(entries)
	return ordered
}
