package report

import (
	"context"

	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// Loss says what is missing from the record, as far as the senders tell.
type Loss struct {
	// LostEvents are numbers missing from the sequences that senders give the
	// events of a session: those events did not arrive, or have expired. They
	// are of SessionsWithGaps sessions.
	LostEvents       int64 `json:"lost_events"`
	SessionsWithGaps int64 `json:"sessions_with_gaps"`
	Truncated        int64 `json:"truncated"`     // entries of which something was cut
	Dropped          int64 `json:"dropped"`       // entries whose sender left attributes, span events or links out
	Withheld         int64 `json:"withheld"`      // entries whose sender put a marker in the place of content
	PendingSpans     int64 `json:"pending_spans"` // spans that began, and whose end was not received
}

// labelled returns the node for the entries with a label.
func labelled(label string) query.Node {
	return query.Compare{Field: query.Ref{Name: "labels", Kind: query.KindList}, Op: query.In, Values: []query.Value{{Text: label}}}
}

// pending returns the node for the starts of spans that had not ended. Reports
// count the whole spans instead, and those that never ended apart.
func pending() query.Node { return labelled("pending") }

func truncated() query.Node {
	return query.Compare{Field: query.Ref{Name: "truncated", Kind: query.KindBool}, Op: query.In, Values: []query.Value{{Bool: true}}}
}

// loss finds out what is missing among the entries that q selects. spans is the
// query that also selects the starts of spans.
func loss(ctx context.Context, src Source, tenant string, q, spans query.Query) (l Loss, err error) {
	for _, c := range []struct {
		to   *int64
		node query.Node
	}{{&l.Truncated, truncated()}, {&l.Dropped, labelled("dropped")}, {&l.Withheld, labelled("withheld")}} {
		within := query.Query{Node: selection{q.Node}.and(c.node), Period: q.Period}
		if *c.to, err = count(ctx, src, tenant, within, lake.Measure{Op: lake.Count}); err != nil {
			return l, err
		}
	}
	spans.Node = selection{spans.Node}.and(pending())
	if l.PendingSpans, err = src.Pending(ctx, tenant, spans); err != nil {
		return l, err
	}
	l.SessionsWithGaps, l.LostEvents, err = src.Gaps(ctx, tenant, q)
	return l, err
}

// searches adds the searches of the figures that entries can be found for.
func (l Loss) searches(all map[string]string, s selection) {
	all["loss.truncated"] = s.search(truncated())
	all["loss.dropped"] = s.search(labelled("dropped"))
	all["loss.withheld"] = s.search(labelled("withheld"))
	all["loss.pending_spans"] = selection{query.And{}}.search(pending())
}

// section lays the losses out; no rows where there are none.
func (r *SummaryReport) lossSection() section {
	s := section{Columns: []column{{Title: "Loss"}, {Title: "Number", Numeric: true}, {Title: searchColumn, Code: true}}}
	for _, f := range []struct {
		label, name string
		n           int64
	}{
		{"Events missing from sessions' sequences", "lost_events", r.Loss.LostEvents},
		{"Sessions with missing events", "sessions_with_gaps", r.Loss.SessionsWithGaps},
		{"Truncated entries", "truncated", r.Loss.Truncated},
		{"Entries with attributes dropped by the sender", "dropped", r.Loss.Dropped},
		{"Entries with content withheld by the sender", "withheld", r.Loss.Withheld},
		{"Spans that began and whose end is missing", "pending_spans", r.Loss.PendingSpans},
	} {
		if f.n > 0 {
			s.Rows = append(s.Rows, row{Cells: []string{f.label, trace.Count(f.n), r.Searches["loss."+f.name]}})
		}
	}
	return s
}
