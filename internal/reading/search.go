package reading

import (
	"context"
	"errors"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// patience is how long facets and a histogram may take.
const patience = 20 * time.Second

// bounded runs a read that must not take longer than its patience.
func bounded(ctx context.Context, patience time.Duration, read func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := read(limited)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		err := hansard.Errorf(hansard.KindTooLarge, "the question takes longer than %s", patience)
		return hansard.WithHint(err, "narrow the period or the search")
	}
	return err
}

// DefaultFacets are the fields whose values Facets counts when none are named.
func DefaultFacets() []string {
	return []string{"event_type", "agent_name", "tool_name", "status", "error_type", "model", "tier", "environment"}
}

// DefaultFacetValues is how many values of a field Facets lists when nothing is
// said.
const DefaultFacetValues = 10

// FacetValue is a value of a field, and how many of the selected events have it.
type FacetValue struct {
	Value  string `json:"value"`
	Count  int64  `json:"count"`
	Errors int64  `json:"errors"` // of them, with the status error or timeout
	Search string `json:"search"` // the term that selects them
}

// Facet is what the selected events have in a field.
type Facet struct {
	Field    string       `json:"field"`
	Values   []FacetValue `json:"values"`   // the most frequent first
	Distinct int64        `json:"distinct"` // different values, listed or not
	Absent   int64        `json:"absent"`   // events without the field
}

// Facets is the values of some fields among the events that a question selects.
type Facets struct {
	TotalEvents int64   `json:"total_events"`
	TotalErrors int64   `json:"total_errors"`
	Facets      []Facet `json:"facets"`
}

// Facets counts the values of some fields among the events that a question
// selects, whatever its limit and cursor: the top values of each; 0:
// DefaultFacetValues.
func (r *Reading) Facets(ctx context.Context, tenant string, q Question, fields []string, top int) (*Facets, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		fields = DefaultFacets()
	}
	if top == 0 {
		top = DefaultFacetValues
	}
	var found lake.Facets
	err = bounded(ctx, patience, func(ctx context.Context) (err error) {
		found, err = r.cfg.Lake.Facets(ctx, tenant, plan, fields, top)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Facets{TotalEvents: found.Total, TotalErrors: found.Errors, Facets: make([]Facet, len(found.Facets))}
	for i, f := range found.Facets {
		out.Facets[i] = Facet{Field: f.Field, Values: make([]FacetValue, len(f.Values)), Distinct: f.Distinct, Absent: f.Absent}
		for k, v := range f.Values {
			out.Facets[i].Values[k] = FacetValue{v.Value, v.Count, v.Errors, query.Term(f.Field, v.Value)}
		}
	}
	return out, nil
}

// Bounds of a histogram.
const (
	DefaultBuckets = 60
	MaxBuckets     = 1000
)

// Bucket is the events of a span of time.
type Bucket struct {
	Start  time.Time `json:"start"`
	Count  int64     `json:"count"`
	Errors int64     `json:"errors"` // of them, with the status error or timeout
}

// Histogram is how many events there were when.
type Histogram struct {
	Start       *time.Time `json:"start"` // of the first bucket; null without events
	End         *time.Time `json:"end"`   // of the last bucket
	TimeZone    string     `json:"time_zone"`
	WidthMS     int64      `json:"width_ms"` // by the clock: where it is changed, a bucket is longer or shorter
	TotalEvents int64      `json:"total_events"`
	TotalErrors int64      `json:"total_errors"`
	Buckets     []Bucket   `json:"buckets"` // without gaps, also those without events
}

// Histogram counts the events that a question selects, whatever its limit and
// cursor, in at most so many buckets (0: DefaultBuckets) of the period, or of the
// time from the first to the last event where it is open. The buckets have a round
// width, and begin with the hours and days of the question's zone.
func (r *Reading) Histogram(ctx context.Context, tenant string, q Question, buckets int) (*Histogram, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	if buckets == 0 {
		buckets = DefaultBuckets
	}
	if buckets < 1 || buckets > MaxBuckets {
		return nil, hansard.Errorf(hansard.KindInvalid, "buckets: want 1 to %d", MaxBuckets)
	}
	zone, err := query.Zone(q.TimeZone)
	if err != nil {
		return nil, err
	}
	out := &Histogram{TimeZone: zone.String(), Buckets: []Bucket{}}
	err = bounded(ctx, patience, func(ctx context.Context) error {
		first, last, ok, err := r.span(ctx, tenant, plan)
		if err != nil || !ok {
			return err
		}
		begins, end, width := bucketsOf(first, last, buckets, zone)
		found, err := r.cfg.Lake.Histogram(ctx, tenant, plan, grainOf(begins, width))
		if err == nil {
			out.fill(begins, end, width, zone, found)
		}
		return err
	})
	return out, err
}

// span returns the first and the last nanosecond of a histogram; ok is false
// without events in an open period.
func (r *Reading) span(ctx context.Context, tenant string, q query.Query) (first, last int64, ok bool, err error) {
	first, last = q.Period.Bounds()
	if !q.Period.Since.IsZero() && !q.Period.Until.IsZero() {
		return first, last - 1, true, nil
	}
	spec := lake.Spec{Measures: []lake.Measure{{Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "timestamp"}}, OrderBy: -1}
	t, err := r.cfg.Lake.Aggregate(ctx, tenant, q, spec)
	if err != nil || len(t.Rows) == 0 {
		return 0, 0, false, err
	}
	least, ok := t.Rows[0][0].(int64)
	greatest, _ := t.Rows[0][1].(int64)
	if q.Period.Since.IsZero() {
		first = least
	}
	if last--; q.Period.Until.IsZero() {
		last = max(greatest, first)
	}
	return first, last, ok, nil
}

// fill puts what was counted, in order, into the buckets.
func (h *Histogram) fill(begins []int64, end int64, width time.Duration, zone *time.Location, found []lake.Bucket) {
	from, to := time.Unix(0, begins[0]).In(zone), time.Unix(0, end).In(zone)
	h.Start, h.End, h.WidthMS = &from, &to, width.Milliseconds()
	for i, at := range begins {
		b := Bucket{Start: time.Unix(0, at).In(zone)}
		next := end
		if i+1 < len(begins) {
			next = begins[i+1]
		}
		for ; len(found) > 0 && found[0].Start < next; found = found[1:] {
			b.Count += found[0].Count
			b.Errors += found[0].Errors
		}
		h.TotalEvents += b.Count
		h.TotalErrors += b.Errors
		h.Buckets = append(h.Buckets, b)
	}
}
