package report

import (
	"context"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// feedLength is how many events a feed lists where nobody says otherwise.
const feedLength = 20

// FeedReport lists events, newest first.
type FeedReport struct {
	Head
	TotalEvents int64     `json:"total_events"` // in the period
	Feed        []FeedRow `json:"feed"`
	// Searches maps the name of each figure to the search that selects its
	// entries in the period.
	Searches map[string]string `json:"searches"`
}

// FeedRow is one event.
type FeedRow struct {
	Timestamp time.Time `json:"timestamp"`
	Agent     string    `json:"agent"`
	Event     string    `json:"event"` // the action, for example "tool_call:get_order"
	Type      string    `json:"type"`  // without "agent."
	HasError  bool      `json:"has_error"`
	Details   string    `json:"details"`
	Status    string    `json:"status"`
	EventID   string    `json:"event_id"`
	TraceID   string    `json:"trace_id"`
	Position  uint64    `json:"position"`
}

// Feed lists the newest of the events that the request selects.
func Feed(ctx context.Context, src Source, req Request) (*FeedReport, error) {
	w, err := begin(ctx, src, req, "feed")
	if err != nil {
		return nil, err
	}
	r := &FeedReport{Head: w.head, TotalEvents: w.events, Feed: []FeedRow{}, Searches: w.searches}
	entries, err := w.entries(query.NewestFirst, limitOr(req.Limit, feedLength))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		r.Feed = append(r.Feed, w.feedRow(e))
	}
	w.search("total_events")
	w.search("feed")
	return r, nil
}

func limitOr(limit, otherwise int) int {
	if limit == 0 {
		return otherwise
	}
	return limit
}

// entries reads what is counted and the nodes select, in an order, at most so many.
func (w *work) entries(order query.Order, most int, nodes ...query.Node) ([]*hansard.Entry, error) {
	if w.events == 0 {
		return nil, nil
	}
	var all []*hansard.Entry
	q := w.within(nodes...)
	q.Order = order
	for {
		q.Limit = min(most-len(all), query.MaxLimit)
		page, err := w.src.Events(w.ctx, w.req.Tenant, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Entries...)
		if !page.Next.Set || len(all) >= most {
			return all, nil
		}
		q.After = page.Next
	}
}

func (w *work) feedRow(e *hansard.Entry) FeedRow {
	return FeedRow{
		Timestamp: w.moment(query.Timestamp(e)), Agent: e.AgentName, Event: trace.Action(e), Type: strings.TrimPrefix(e.EventType, "agent."),
		HasError: failed(e), Details: trace.Details(e), Status: e.Status, EventID: e.EventID, TraceID: query.TraceID(e), Position: e.Position,
	}
}

func (r *FeedReport) layout() layout {
	l := r.Head.layout("Feed")
	l.Facts = append(l.Facts, fact{"Events", trace.Count(r.TotalEvents)})
	title := "The newest " + trace.Count(int64(len(r.Feed))) + " events"
	l.all(title, feedSection(r.Feed))
	if len(r.Feed) == 0 {
		l.Notes = append(l.Notes, "No event is selected.")
	}
	r.end(&l)
	return l
}

// feedSection lists events.
func feedSection(rows []FeedRow) section {
	s := section{Columns: []column{{Title: "Time"}, {Title: "Agent"}, {Title: "Type"}, {Title: "Details"}, {Title: "Status"}}}
	for _, e := range rows {
		s.Rows = append(s.Rows, row{Cells: []string{
			e.Timestamp.Format("2006-01-02 15:04:05"), or(e.Agent, "-"), e.Type, cut(e.Details, 120), statusMark(e.Status, e.HasError),
		}})
	}
	s.Told = true
	return s
}

// statusMark writes a status with its sign; an error without one reads so.
func statusMark(status string, erred bool) string {
	if status == "" && erred {
		status = "error"
	}
	if mark := trace.Mark(status); mark != "" {
		return mark
	}
	return or(status, "-")
}

// cut returns the first n characters of a text.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

func (r *FeedReport) figures() ([]figure, error) { return flatten(r) }
