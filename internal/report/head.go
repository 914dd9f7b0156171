package report

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// Head is what a report says of itself.
type Head struct {
	Report      string       `json:"report"` // its type, see Types
	Tenant      string       `json:"tenant"`
	Filter      string       `json:"filter"`            // a search; "": every entry
	Subject     string       `json:"subject,omitempty"` // the agent or session that the report is about
	Limit       int          `json:"limit,omitempty"`   // of the entries that it lists, if one was asked for
	Period      Period       `json:"period"`
	TimeZone    string       `json:"time_zone"` // in which days begin
	GeneratedAt time.Time    `json:"generated_at"`
	Checkpoints []Checkpoint `json:"checkpoints"`
	// LastPosition is that of the last entry that was on record when the report
	// began: the searches with position:<=N count the same entries after more
	// have come. nil: no entry was selected.
	LastPosition *int64 `json:"last_position"`
}

// work is a report under way. What it counts is fixed when it begins: entries that
// come while it runs are left out.
type work struct {
	ctx    context.Context
	src    Source
	req    Request
	q      query.Query // what is counted
	events int64       // of them
	last   hansard.Opt[int64]
	head   Head
	// searches collects the searches of the figures.
	searches map[string]string
}

// begin finds out what the request selects, and fixes it. The starts of spans are
// left out, as in a summary.
func begin(ctx context.Context, src Source, req Request, name string) (*work, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	w := &work{ctx: ctx, src: src, req: req, searches: map[string]string{}}
	w.q = query.Query{Node: req.Query.Node, Period: req.Period}
	end, err := lastPosition(ctx, src, req)
	if err != nil {
		return nil, err
	}
	if end.Set {
		w.q.Node = selection{req.Query.Node}.and(upTo(end.V))
	}
	first, err := w.extent()
	if err != nil {
		return nil, err
	}
	var position *int64
	if w.events > 0 {
		position = &end.V
		starts, err := w.count(pending())
		if err != nil {
			return nil, err
		}
		if starts > 0 {
			w.req.Query.Node = selection{req.Query.Node}.and(query.Not{Node: pending()})
			w.q.Node = selection{w.req.Query.Node}.and(upTo(*position))
			if first, err = w.extent(); err != nil {
				return nil, err
			}
		}
	}
	w.head = Head{
		Report: name, Tenant: req.Tenant, Filter: req.Query.Text, Subject: req.Subject, Limit: req.Limit, Period: req.period(first, w.last),
		TimeZone: req.Location.String(), GeneratedAt: req.Now, Checkpoints: req.Checkpoints, LastPosition: position,
	}
	return w, nil
}

// lastPosition returns the position of the last entry on record that counts, up to
// the one that the request names, whether it is selected or not. Results of calls
// count up to it, and what is kept of earlier reports is of the same entries.
func lastPosition(ctx context.Context, src Source, req Request) (last hansard.Opt[int64], err error) {
	q := query.Query{Node: query.And{}}
	if req.UpTo.Set {
		q.Node = upTo(req.UpTo.V)
	}
	table, err := src.Aggregate(ctx, req.Tenant, q, lake.Spec{OrderBy: -1, Measures: []lake.Measure{{Op: lake.Max, Field: "position"}}})
	if err != nil || len(table.Rows) != 1 {
		return last, err
	}
	if last = optional(table.Rows[0][0]); !last.Set {
		last = req.UpTo
	}
	return last, nil
}

// extent counts what the query selects; it returns the timestamp of the first.
func (w *work) extent() (first hansard.Opt[int64], err error) {
	rows, err := w.rows(lake.Spec{OrderBy: -1, Measures: []lake.Measure{
		{Op: lake.Count}, {Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "timestamp"},
	}})
	if err != nil || len(rows) != 1 {
		return first, err
	}
	w.events, _ = rows[0][0].(int64)
	first, w.last = optional(rows[0][1]), optional(rows[0][2])
	return first, nil
}

func optional(v any) hansard.Opt[int64] {
	n, ok := v.(int64)
	return hansard.Opt[int64]{V: n, Set: ok}
}

// within narrows what is counted.
func (w *work) within(nodes ...query.Node) query.Query {
	return query.Query{Node: selection{w.q.Node}.and(nodes...), Period: w.q.Period}
}

// rows aggregates what is counted and the nodes select.
func (w *work) rows(spec lake.Spec, nodes ...query.Node) ([][]any, error) {
	table, err := w.src.Aggregate(w.ctx, w.req.Tenant, w.within(nodes...), spec)
	return table.Rows, err
}

// count counts what the nodes select.
func (w *work) count(nodes ...query.Node) (int64, error) {
	return count(w.ctx, w.src, w.req.Tenant, w.within(nodes...), lake.Measure{Op: lake.Count})
}

// search notes the search of a figure.
func (w *work) search(figure string, nodes ...query.Node) {
	w.searches[figure] = selection{w.req.Query.Node}.search(nodes...)
}

// group is a row of counts: names, how many entries, the first and the last of
// them in Unix nanoseconds.
type group struct {
	names       []string
	n           int64
	first, last int64
}

// groups counts what the nodes select by fields of text.
func (w *work) groups(by []string, nodes ...query.Node) ([]group, error) {
	return w.top(0, by, nodes...)
}

// top is groups of the n values of the first field that most events have; 0: of all.
func (w *work) top(n int, by []string, nodes ...query.Node) ([]group, error) {
	rows, err := w.rows(lake.Spec{By: by, Top: n, OrderBy: -1, Measures: []lake.Measure{
		{Op: lake.Count}, {Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "timestamp"},
	}}, nodes...)
	var all []group
	for _, row := range rows {
		g := group{names: make([]string, len(by))}
		for i := range by {
			g.names[i], _ = row[i].(string)
		}
		g.n, _ = row[len(by)].(int64)
		g.first, _ = row[len(by)+1].(int64)
		g.last, _ = row[len(by)+2].(int64)
		all = append(all, g)
	}
	return all, err
}

// talliesOf sums groups by one of their names, the largest first. An empty name is
// left out when named is set.
func talliesOf(groups []group, name int, named bool) []Tally {
	counts := map[string]int64{}
	for _, g := range groups {
		if g.names[name] != "" || !named {
			counts[g.names[name]] += g.n
		}
	}
	return ranked(counts)
}

// named returns the node for a field of text with a value; "" stands for entries
// without one.
func named(field, value string) query.Node {
	if value == "" {
		return query.Not{Node: hasText(field)}
	}
	return is(field, value)
}

// layout returns a layout with the head of a report.
func (h *Head) layout(title string) layout {
	l := layout{Title: title + " — " + or(h.Subject, h.Tenant)}
	l.Facts = []fact{
		{"Period", h.Period.text()}, {"Tenant", h.Tenant}, {"Filter", or(h.Filter, "none")},
		{"Generated", h.GeneratedAt.Format(stampLayout)},
	}
	if h.LastPosition != nil {
		l.Facts = append(l.Facts, fact{"Up to position", trace.Count(*h.LastPosition)})
	}
	if len(h.Checkpoints) == 0 {
		l.Notes = append(l.Notes, noCheckpoint)
	}
	return l
}

// end adds what closes every report.
func (h *Head) end(l *layout) { l.add("Checkpoints", checkpointSection(h.Checkpoints)) }

const noCheckpoint = "No checkpoint was given: the figures cannot be held against the logs."

// figuresSection returns a table of figures with their searches: label, name of
// the search, value, in turn.
func figuresSection(searches map[string]string, triples ...string) section {
	s := section{Title: overview, Columns: []column{{Title: "Figure"}, {Title: "Value", Numeric: true}, {Title: searchColumn, Code: true}}}
	for i := 0; i+2 < len(triples); i += 3 {
		s.Rows = append(s.Rows, row{Cells: []string{triples[i], triples[i+2], searches[triples[i+1]]}})
	}
	return s
}

// when writes a timestamp in Unix nanoseconds; "" for 0.
func (h *Head) when(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).In(h.GeneratedAt.Location()).Format("2006-01-02 15:04:05")
}

// moment returns a timestamp in Unix nanoseconds in the report's zone.
func (w *work) moment(ns int64) time.Time { return time.Unix(0, ns).In(w.req.Location) }
