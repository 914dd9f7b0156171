package remote

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/trace"
)

// Graph says which graph of a trace to write, and how.
type Graph struct {
	Of     reading.GraphOf
	Format string // "json", "dot" or "mermaid"
}

// Graph writes the graph of the traces that an id stands for as the server sends
// it.
func (c *Client) Graph(ctx context.Context, w io.Writer, id string, g Graph) error {
	v := url.Values{"format": {g.Format}}
	if g.Of.Agents {
		v.Set("of", "agents")
	}
	if g.Of.Expanded {
		v.Set("expanded", "true")
	}
	return c.copy(ctx, w, get("/v1/traces/"+segment(id)+"/graph", v))
}

// Diff compares the traces that two ids stand for.
func (c *Client) Diff(ctx context.Context, a, b string) (*trace.Diff, error) {
	d := &trace.Diff{}
	return d, c.json(ctx, get("/v1/traces/"+segment(a)+"/diff/"+segment(b), nil), d)
}

// Replay returns decisions of a trace: those after the first from ones, at most
// limit.
func (c *Client) Replay(ctx context.Context, id string, from, limit int) (*trace.Replay, error) {
	r := &trace.Replay{}
	v := url.Values{"from": {strconv.Itoa(from)}, "limit": {strconv.Itoa(limit)}}
	return r, c.json(ctx, get("/v1/traces/"+segment(id)+"/replay", v), r)
}

// copy writes the body of an answer that is no error to w.
func (c *Client) copy(ctx context.Context, w io.Writer, k call) error {
	resp, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, err := c.read(ctx, resp)
		if err != nil {
			return err
		}
		return problem(resp, b)
	}
	to := &sink{w: w}
	if _, err := io.Copy(to, resp.Body); err != nil {
		if to.err != nil {
			return hansard.Errorf(hansard.KindInternal, "write the answer: %w", to.err)
		}
		return c.unreachable(ctx, err)
	}
	return nil
}

// sink remembers whether it was the writer that failed.
type sink struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}
