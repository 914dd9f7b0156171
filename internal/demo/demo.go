// Package demo is an example to look at before one's own agents send anything:
// the agents of a shop, with a week behind them and a life that goes on, and in
// it a refund that goes wrong. The events are made up and carry test values only;
// they hold personal data and a key on purpose, so that redaction is seen at
// work, and instructions in tools' answers that agents follow.
package demo

import (
	"cmp"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// The trace and the task of the refund that goes wrong.
const (
	RefundTrace = "demo-refund-7731"
	RefundTask  = "refund-7731"
)

// Incident returns the events of three runs in order of time, as agents would
// send them: a refund whose payment tool times out until a human lets it
// through, a question about an order, and a look-up. The first happens at start,
// the last less than six minutes later. Everything follows from start: the same
// start gives the same events, another one other event ids.
func Incident(start time.Time) []*hansard.Event {
	var events []*hansard.Event
	for _, s := range []*scene{refund(start), parcel(start.Add(21 * time.Second)), lookup(start.Add(95 * time.Second))} {
		events = append(events, s.events...)
	}
	slices.SortStableFunc(events, func(a, b *hansard.Event) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return events
}

// Lines returns the events of Incident in the flat form, one JSON object a line.
func Lines(start time.Time) []byte {
	var lines []byte
	for _, e := range Incident(start) {
		lines = append(dialect.AppendEvent(lines, e), '\n')
	}
	return lines
}
