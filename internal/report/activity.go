package report

import (
	"context"
	"math"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// recentErrors is how many errors a report on activity lists.
const recentErrors = 10

// ActivityReport is what goes on: by default in the last 60 minutes.
type ActivityReport struct {
	Head
	PeriodMinutes   float64       `json:"period_minutes"`
	TotalEvents     int64         `json:"total_events"`
	EventsPerSecond float64       `json:"events_per_second"` // over the period; three decimals
	AgentsActive    int64         `json:"agents_active"`
	ErrorsLastHour  int64         `json:"errors_last_hour"` // of the period
	RecentErrors    []RecentError `json:"recent_errors"`    // newest first, at most 10
	ByAgent         Ranking       `json:"by_agent"`
	ByType          Tallies       `json:"by_type"`
	Timeline        []Interval    `json:"timeline"` // by minute up to six hours, else by hour, else by day
	// Searches maps the name of each figure to the search that selects its
	// entries in the period; errors_last_hour's selects those of the last
	// hour.
	Searches map[string]string `json:"searches"`
}

// RecentError is an error.
type RecentError struct {
	Time    time.Time `json:"time"`
	Agent   string    `json:"agent"`
	Error   string    `json:"error"` // its text, else its type or status
	EventID string    `json:"event_id"`
	TraceID string    `json:"trace_id"`
}

// Interval is how much happened in a minute, an hour or a day.
type Interval struct {
	Begin  time.Time `json:"begin"`
	Events int64     `json:"events"`
	Errors int64     `json:"errors"` // with the status error or timeout
}

// Activity computes the report on activity of what the request selects.
func Activity(ctx context.Context, src Source, req Request) (*ActivityReport, error) {
	w, err := begin(ctx, src, req, "activity")
	if err != nil {
		return nil, err
	}
	r := &ActivityReport{
		Head: w.head, TotalEvents: w.events, RecentErrors: []RecentError{}, Timeline: []Interval{},
		ByAgent: Ranking{}, ByType: Tallies{}, Searches: w.searches,
	}
	var length time.Duration
	if r.Period.Start != nil && r.Period.End != nil {
		length = r.Period.End.Sub(*r.Period.Start)
	}
	r.PeriodMinutes = rounded(length.Minutes(), 1000)
	if length > 0 {
		r.EventsPerSecond = rounded(float64(w.events)/length.Seconds(), 1000)
	}
	if err := r.count(w, length); err != nil {
		return nil, err
	}
	w.search("total_events")
	w.search("events_per_second")
	w.search("agents_active", hasText("agent_name"))
	w.search("recent_errors", erred())
	return r, nil
}

func rounded(f, to float64) float64 { return math.Round(f*to) / to }

func (r *ActivityReport) count(w *work, length time.Duration) error {
	end := w.req.Now
	if r.Period.End != nil {
		end = *r.Period.End
	}
	lastHour := query.Compare{
		Field: query.Ref{Name: "timestamp", Kind: query.KindTime}, Op: query.GE, Values: []query.Value{{Int: end.Add(-time.Hour).UnixNano()}},
	}
	w.search("errors_last_hour", erred(), lastHour)
	if w.events == 0 {
		return nil
	}
	groups, err := w.groups([]string{"agent_name", "event_type"})
	if err != nil {
		return err
	}
	r.ByAgent, r.ByType = talliesOf(groups, 0, true), talliesOf(groups, 1, false)
	r.AgentsActive = int64(len(r.ByAgent))
	for _, t := range r.ByAgent {
		w.search("by_agent."+t.Name, is("agent_name", t.Name))
	}
	for _, t := range r.ByType {
		w.search("by_type."+t.Name, is("event_type", t.Name))
	}
	if r.ErrorsLastHour, err = w.count(erred(), lastHour); err != nil {
		return err
	}
	entries, err := w.entries(query.NewestFirst, recentErrors, erred())
	if err != nil {
		return err
	}
	for _, e := range entries {
		r.RecentErrors = append(r.RecentErrors, RecentError{
			w.moment(query.Timestamp(e)), e.AgentName, errorText(e), e.EventID, query.TraceID(e),
		})
	}
	r.Timeline, err = w.timeline(length)
	return err
}

// errorText is what an error says.
func errorText(e *hansard.Entry) string { return or(e.Error, or(e.ErrorType, or(e.Status, "unknown"))) }

// timeline counts events by minute, hour or day.
func (w *work) timeline(length time.Duration) ([]Interval, error) {
	unit := "minute"
	switch {
	case length > 15*24*time.Hour:
		unit = "day"
	case length > 6*time.Hour:
		unit = "hour"
	}
	rows, err := w.rows(lake.Spec{By: []string{unit}, OrderBy: 0, Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Errors}}})
	buckets := []Interval{}
	for _, row := range rows {
		begin, _ := row[0].(int64)
		b := Interval{Begin: w.moment(begin)}
		b.Events, _ = row[1].(int64)
		b.Errors, _ = row[2].(int64)
		buckets = append(buckets, b)
	}
	return buckets, err
}

func (r *ActivityReport) layout() layout {
	l := r.Head.layout("Activity")
	n := trace.Count
	l.Sections = append(l.Sections, figuresSection(r.Searches,
		"Minutes", "total_events", plainFloat(r.PeriodMinutes), "Events", "total_events", n(r.TotalEvents),
		"Events per second", "events_per_second", plainFloat(r.EventsPerSecond), "Active agents", "agents_active", n(r.AgentsActive),
		"Errors in the last hour", "errors_last_hour", n(r.ErrorsLastHour)))
	errors := section{Columns: []column{{Title: "Time"}, {Title: "Agent"}, {Title: "Error"}, {Title: "Trace", Code: true}}, Told: true}
	for _, e := range r.RecentErrors {
		errors.Rows = append(errors.Rows, row{Cells: []string{e.Time.Format("2006-01-02 15:04:05"), or(e.Agent, "-"), cut(e.Error, 120), e.TraceID}})
	}
	l.add("Recent errors", errors)
	over := timelineSection(r.Timeline)
	l.add("Over time", over)
	l.add("By agent", rankingSection("Agent", "by_agent", r.ByAgent, r.Searches))
	l.add("By type", rankingSection("Type", "by_type", r.ByType, r.Searches))
	if r.TotalEvents == 0 {
		l.Notes = append(l.Notes, "Nothing happened in this period.")
	}
	r.end(&l)
	return l
}

// timelineSection lists buckets that are not empty, with a chart of all.
func timelineSection(buckets []Interval) section {
	s := section{Columns: []column{{Title: "From"}, {Title: "Events", Numeric: true}, {Title: "Errors", Numeric: true}}}
	c := &chart{Title: "Events over time"}
	var most int64
	for _, b := range buckets {
		most = max(most, b.Events)
	}
	for _, b := range buckets {
		at := b.Begin.Format("2006-01-02 15:04")
		s.Rows = append(s.Rows, row{Cells: []string{at, trace.Count(b.Events), trace.Count(b.Errors)}, Share: share(b.Events, most)})
		c.Points = append(c.Points, point{at, float64(b.Events), trace.Count(b.Events) + " events, " + trace.Count(b.Errors) + " errors"})
	}
	if len(c.Points) > 1 {
		s.Chart = c
	}
	return s
}

func (r *ActivityReport) figures() ([]figure, error) { return flatten(r) }
