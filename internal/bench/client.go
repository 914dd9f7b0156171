package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// client talks to the server as a sender or a reader would.
type client struct {
	url  string
	http *http.Client
}

// maxConns is how many connections a client keeps open.
const maxConns = 256

func newClient(url string) *client {
	return &client{url, &http.Client{Transport: &http.Transport{MaxIdleConns: maxConns, MaxIdleConnsPerHost: maxConns}}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// do sends a request and returns the answer's body, read whole.
func (c *client) do(ctx context.Context, method, path, contentType string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// get asks and returns the answer's body.
func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	status, answer, err := c.do(ctx, http.MethodGet, path, "", nil)
	return answer, checked(path, status, answer, err)
}

// sql runs one SELECT and returns the answer's body.
func (c *client) sql(ctx context.Context, statement string) ([]byte, error) {
	body, err := json.Marshal(map[string]string{"query": statement})
	if err != nil {
		return nil, err
	}
	status, answer, err := c.do(ctx, http.MethodPost, "/v1/sql", "application/json", body)
	return answer, checked("/v1/sql", status, answer, err)
}

func checked(path string, status int, answer []byte, err error) error {
	if err == nil && status != http.StatusOK {
		err = hansard.Errorf(hansard.KindInternal, "%s answers %d: %s", path, status, strings.TrimSpace(string(answer[:min(len(answer), 500)])))
	}
	return err
}

// send sends events, again while the server says that it is busy, and returns
// how often it said so. All must have been taken when it returns without error.
func (c *client) send(ctx context.Context, lines []byte, events int) (busy int, err error) {
	for {
		status, answer, err := c.do(ctx, http.MethodPost, "/v1/events", "application/x-ndjson", lines)
		if err != nil {
			return busy, err
		}
		if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
			busy++
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-ctx.Done():
				return busy, ctx.Err()
			}
		}
		if err := checked("/v1/events", status, answer, nil); err != nil {
			return busy, err
		}
		var receipt struct {
			Accepted   int `json:"accepted"`
			Duplicates int `json:"duplicates"` // of what was taken before the server was busy
		}
		if err := json.Unmarshal(answer, &receipt); err != nil {
			return busy, err
		}
		if receipt.Accepted+receipt.Duplicates != events || busy == 0 && receipt.Duplicates > 0 {
			return busy, hansard.Errorf(hansard.KindInternal, "of %d events, %d were accepted and %d were there before", events, receipt.Accepted, receipt.Duplicates)
		}
		return busy, nil
	}
}
