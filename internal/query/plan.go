package query

import (
	"github.com/hansardhq/hansard"
)

// Order is the order of a page: by timestamp, then by position.
type Order int

// The orders.
const (
	NewestFirst Order = iota
	OldestFirst
)

// Limits of a page, in entries.
const (
	DefaultLimit = 100
	MaxLimit     = 10_000
)

// Query is what a reader asks of a store: the entries of a period that match a
// search, one page of them in order.
type Query struct {
	Node   Node // nil: every entry
	Period Period
	Order  Order
	Limit  int                 // entries, 1..MaxLimit; 0: DefaultLimit
	After  hansard.Opt[Cursor] // the last entry of the page before
}

// Checked returns the query with its defaults filled in. The error is of
// KindInvalid when the limit or the order is out of range.
func (q Query) Checked() (Query, error) {
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return q, hansard.Errorf(hansard.KindInvalid, "limit %d: expected 1 to %d", q.Limit, MaxLimit)
	}
	if q.Order != NewestFirst && q.Order != OldestFirst {
		return q, hansard.Errorf(hansard.KindInvalid, "unknown order %d", int(q.Order))
	}
	if q.Node == nil {
		q.Node = And{}
	}
	return q, nil
}

// Match reports whether the entry belongs to the query's result, on this page or
// a later one.
func (q Query) Match(e *hansard.Entry) bool {
	if !q.Period.Contains(Timestamp(e)) {
		return false
	}
	if q.After.Set && !q.Order.Before(q.After.V, CursorOf(e)) {
		return false
	}
	return q.Node == nil || Match(q.Node, e)
}

// Before reports whether a comes before b in the order.
func (o Order) Before(a, b Cursor) bool {
	if o == NewestFirst {
		a, b = b, a
	}
	if a.Timestamp != b.Timestamp {
		return a.Timestamp < b.Timestamp
	}
	return a.Position < b.Position
}
