package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

func get(path string, query url.Values) call {
	return call{method: http.MethodGet, path: path, query: query}
}

// segment returns an id as one segment of a path. "." and ".." would change the
// path, so their dots are escaped.
func segment(id string) string {
	if id == "." || id == ".." {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

// post returns a call with a JSON body.
func post(path string, body any) (call, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return call{}, hansard.Errorf(hansard.KindInternal, "make a request: %w", err)
	}
	return call{
		method: http.MethodPost, path: path, body: bytes.NewReader(b), size: int64(len(b)),
		headers: map[string]string{"Content-Type": "application/json"},
	}, nil
}

// values returns the members of pairs, name and value in turn, that are not
// empty.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// search is the body of a search.
type search struct {
	Q      string `json:"q,omitempty"`
	Value  string `json:"value,omitempty"`
	Since  string `json:"since,omitempty"`
	Until  string `json:"until,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	Order  string `json:"order,omitempty"`
}

// Events returns a page of events. The question is the body of a POST, so that
// no person's value stands in a URL.
func (c *Client) Events(ctx context.Context, q reading.Question) (*reading.Events, error) {
	body := search{Q: q.Search, Value: q.Value, Since: q.Since, Until: q.Until, Limit: q.Limit, Cursor: q.Cursor}
	if q.Oldest {
		body.Order = "oldest"
	}
	k, err := post("/v1/events/search", body)
	if err != nil {
		return nil, err
	}
	var page struct {
		Events     []*hansard.Entry `json:"events"`
		NextCursor string           `json:"next_cursor"`
	}
	if err := c.json(ctx, k, &page); err != nil {
		return nil, err
	}
	return &reading.Events{Events: page.Events, NextCursor: page.NextCursor}, nil
}

// Event returns one event.
func (c *Client) Event(ctx context.Context, id string) (*hansard.Entry, error) {
	var e hansard.Entry
	if err := c.json(ctx, get("/v1/events/"+segment(id), nil), &e); err != nil {
		return nil, err
	}
	return &e, nil
}

// Trace returns the timelines that a trace id, task id or event id stands for.
func (c *Client) Trace(ctx context.Context, id string) ([]trace.Timeline, error) {
	var answer struct {
		Traces []timeline `json:"traces"`
	}
	if err := c.json(ctx, get("/v1/traces/"+segment(id), nil), &answer); err != nil {
		return nil, err
	}
	out := make([]trace.Timeline, len(answer.Traces))
	for i, t := range answer.Traces {
		out[i] = t.timeline()
	}
	return out, nil
}

// Report returns a report of a type, written in a format, and what a compliance
// report comes to: "true", "false" or "unknown". The order is the body of a POST, so
// that no person's value stands in a URL.
func (c *Client) Report(ctx context.Context, name string, o reading.Order, format report.Format) (text []byte, compliant string, err error) {
	k, err := post("/v1/reports/"+segment(name), struct {
		reading.Order
		Format report.Format `json:"format,omitempty"`
	}{o, format})
	if err != nil {
		return nil, "", err
	}
	text, header, err := c.bytes(ctx, k)
	return text, header.Get("Hansard-Compliant"), err
}

// CheckReport computes a report again, given in its JSON form; same says whether
// every figure is the same. text is written in a format.
func (c *Client) CheckReport(ctx context.Context, report []byte, format report.Format) (text []byte, same bool, err error) {
	k, err := post("/v1/reports/check", map[string]any{"report": json.RawMessage(report), "format": format})
	if err != nil {
		return nil, false, err
	}
	text, header, err := c.bytes(ctx, k)
	return text, header.Get("Hansard-Same") == "true", err
}

// SQL runs one SELECT.
func (c *Client) SQL(ctx context.Context, statement string) (*lake.Result, error) {
	k, err := post("/v1/sql", map[string]string{"query": statement})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Columns   []lake.Column       `json:"columns"`
		Rows      [][]json.RawMessage `json:"rows"`
		Truncated string              `json:"truncated"`
	}
	if err := c.json(ctx, k, &answer); err != nil {
		return nil, err
	}
	for _, row := range answer.Rows {
		if len(row) != len(answer.Columns) {
			return nil, hansard.Errorf(hansard.KindInternal, "the server's answer has rows of another width than its columns")
		}
	}
	return &lake.Result{Columns: answer.Columns, Rows: answer.Rows, Truncated: answer.Truncated}, nil
}

// Prove returns the text of the proof that an event is in the record, and the
// verifier key of its log.
func (c *Client) Prove(ctx context.Context, id string, disclose bool) (text []byte, vkey string, err error) {
	v := url.Values{}
	if disclose {
		v.Set("disclose", "true")
	}
	b, header, err := c.bytes(ctx, get("/v1/events/"+segment(id)+"/proof", v))
	if err != nil {
		return nil, "", err
	}
	return b, header.Get("Hansard-VKey"), nil
}

// Logs returns the server's name and what is public of the tenant's logs.
func (c *Client) Logs(ctx context.Context) (name string, logs []reading.Log, err error) {
	var answer struct {
		Name string        `json:"name"`
		Logs []reading.Log `json:"logs"`
	}
	err = c.json(ctx, get("/v1/logs", nil), &answer)
	return answer.Name, answer.Logs, err
}

// Version is what a server says of itself.
type Version struct {
	Version string    `json:"version"`
	Name    string    `json:"name"`
	Clock   time.Time `json:"-"` // the server's, to the second; zero if it does not say
}

// Version returns the server's version, name and clock.
func (c *Client) Version(ctx context.Context) (Version, error) {
	b, header, err := c.bytes(ctx, get("/v1/version", nil))
	if err != nil {
		return Version{}, err
	}
	var v Version
	if err := c.decode(b, &v); err != nil {
		return Version{}, err
	}
	if t, err := http.ParseTime(header.Get("Date")); err == nil {
		v.Clock = t
	}
	return v, nil
}

// Ready returns nil when the server takes requests.
func (c *Client) Ready(ctx context.Context) error {
	_, _, err := c.bytes(ctx, get("/readyz", nil))
	return err
}
