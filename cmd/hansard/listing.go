package main

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// listing writes events, page by page.
type listing interface {
	add(page []*hansard.Entry) error
	close() error
}

// newListing returns a listing in a format. One that is growing, because it
// follows new events, leaves room for what is longer than the first ones.
func newListing(format string, w io.Writer, t terminal, zone *time.Location, growing bool) listing {
	switch format {
	case formatJSON, formatNDJSON:
		return &jsonListing{jsonList{w: w, t: t, lines: format == formatNDJSON}}
	case formatCSV:
		return &rowListing{row: csvRow, write: func(titles []string, rows [][]string) error { return writeCSV(w, titles, rows) }, titles: csvTitles()}
	case formatMarkdown:
		row := func(e *hansard.Entry) []string { return eventRow(e, zone) }
		return &rowListing{row: row, write: func(titles []string, rows [][]string) error { return writeMarkdown(w, titles, rows) }, titles: eventTitles()}
	}
	return newTableListing(w, t, zone, growing)
}

// jsonListing writes entries as JSON.
type jsonListing struct{ jsonList }

func (l *jsonListing) add(page []*hansard.Entry) error {
	for _, e := range page {
		if err := l.jsonList.add(e); err != nil {
			return err
		}
	}
	return nil
}

func (l *jsonListing) close() error { return l.jsonList.close() }

// rowListing writes rows of texts after one of titles, which is there also
// where there are no events.
type rowListing struct {
	row    func(*hansard.Entry) []string
	write  func(titles []string, rows [][]string) error
	titles []string // nil once written
}

func (l *rowListing) add(page []*hansard.Entry) error {
	rows := make([][]string, len(page))
	for i, e := range page {
		rows[i] = l.row(e)
	}
	titles := l.titles
	l.titles = nil
	return l.write(titles, rows)
}

func (l *rowListing) close() error {
	if l.titles == nil {
		return nil
	}
	return l.add(nil)
}

// tableListing writes a table for people.
type tableListing struct {
	w    io.Writer
	t    *table
	zone *time.Location
	wide bool // there is room for whole dates and the ids of events
}

// wide is how many columns a terminal must have for whole dates and the ids of
// events.
const wide = 120

func newTableListing(w io.Writer, t terminal, zone *time.Location, growing bool) *tableListing {
	l := &tableListing{w: w, zone: zone, wide: t.width == 0 || t.width >= wide}
	room, ids := t.width, min(t.width/5, 40)
	if l.wide {
		room -= ids
	}
	part := func(n, most int) int { return min(room/n, most) }
	columns := []column{
		{title: "TIME", most: 19}, {title: "AGENT", most: part(8, 20)}, {title: "TYPE", most: part(7, 18)},
		{title: "ACTION", most: part(5, 32)}, {title: "DETAILS", rest: true, most: 12},
		{title: "STATUS", most: part(11, 9), paint: paintStatus},
	}
	if l.wide {
		columns = append(columns, column{title: "ID", most: ids, paint: dim})
	} else {
		columns[0].most = len(shortTime)
	}
	l.t = newTable(t, columns...)
	l.t.fixed = growing
	return l
}

const (
	longTime  = "2006-01-02 15:04:05"
	shortTime = "01-02 15:04:05"
)

func (l *tableListing) add(page []*hansard.Entry) error {
	if len(page) == 0 {
		return nil // no titles over nothing
	}
	rows := make([][]string, len(page))
	for i, e := range page {
		rows[i] = eventRow(e, l.zone)
		if !l.wide {
			rows[i] = rows[i][:6]
			rows[i][0] = happened(e, l.zone, shortTime)
		}
	}
	return l.t.write(l.w, rows)
}

func (l *tableListing) close() error { return nil }

func eventTitles() []string {
	return []string{"TIME", "AGENT", "TYPE", "ACTION", "DETAILS", "STATUS", "ID"}
}

// eventRow returns what a table shows of an event. The texts are the sender's.
func eventRow(e *hansard.Entry, zone *time.Location) []string {
	return []string{
		happened(e, zone, longTime), e.AgentName,
		strings.TrimPrefix(e.EventType, "agent."), trace.Action(e), trace.Details(e), e.Status, e.EventID,
	}
}

func happened(e *hansard.Entry, zone *time.Location, layout string) string {
	return time.Unix(0, query.Timestamp(e)).In(zone).Format(layout)
}

func csvTitles() []string {
	return []string{
		"timestamp", "event_id", "event_type", "trace_id", "task_id", "session_id", "agent_name", "action", "tool_name",
		"status", "error_type", "duration_ms", "model", "input_tokens", "output_tokens", "cost_usd", "tier", "log", "index",
		"position", "received_at", "details",
	}
}

func csvRow(e *hansard.Entry) []string {
	return []string{
		rfc3339(query.Timestamp(e)), e.EventID, e.EventType, query.TraceID(e), e.TaskID, e.SessionID, e.AgentName,
		trace.Action(e), e.ToolName, e.Status, e.ErrorType, decimal(e.DurationUS, 3), e.Model, decimal(e.InputTokens, 0),
		decimal(e.OutputTokens, 0), decimal(e.CostNanoUSD, 9), string(e.Tier), e.Log.String(),
		strconv.FormatUint(e.Index, 10), strconv.FormatUint(e.Position, 10), rfc3339(e.ReceivedAt), trace.Details(e),
	}
}

func rfc3339(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// decimal writes n * 10^-places exactly; "" when absent.
func decimal(n hansard.Opt[int64], places int) string {
	if !n.Set {
		return ""
	}
	s, negative := strings.CutPrefix(strconv.FormatInt(n.V, 10), "-")
	if len(s) <= places {
		s = strings.Repeat("0", places+1-len(s)) + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	if frac != "" {
		whole += "." + frac
	}
	if negative {
		return "-" + whole
	}
	return whole
}
