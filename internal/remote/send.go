package remote

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/hansardhq/hansard/internal/intake"
)

// Upload is a body that is sent as it is read: one of any size takes little
// memory.
type Upload struct {
	Body        io.Reader
	Size        int64  // bytes; -1: unknown
	ContentType string // of the body; empty: application/x-ndjson
	Encoding    string // how the body is compressed: gzip, zstd; empty: not
	// IdempotencyKey gives events without an id one that is the same whenever
	// the same body is sent under this key. Of Send only.
	IdempotencyKey string
	Entries        bool             // asks for the place of each event. Of Send only
	Progress       func(done int64) // told how many bytes were handed to the network; may be nil
}

// Send appends events: one object, an array, or one a line. The receipt says
// what was taken; it is there on an error too, if the server sent one.
func (c *Client) Send(ctx context.Context, up Upload) (*intake.Receipt, error) {
	v := url.Values{}
	if up.Entries {
		v.Set("entries", "true")
	}
	return c.upload(ctx, "/v1/events", v, up)
}

// Import appends the runs of a file in one of the formats. name is the file's
// base name; a second import of the same file under it adds nothing.
func (c *Client) Import(ctx context.Context, format, name string, up Upload) (*intake.Receipt, error) {
	return c.upload(ctx, "/v1/import/"+url.PathEscape(format), values("name", name), up)
}

func (c *Client) upload(ctx context.Context, path string, query url.Values, up Upload) (*intake.Receipt, error) {
	if up.ContentType == "" {
		up.ContentType = "application/x-ndjson"
	}
	headers := map[string]string{"Content-Type": up.ContentType}
	if up.Encoding != "" {
		headers["Content-Encoding"] = up.Encoding
	}
	if up.IdempotencyKey != "" {
		headers["Idempotency-Key"] = up.IdempotencyKey
	}
	body := io.Reader(io.NopCloser(up.Body)) // the transport closes what it can: the file is the caller's
	if up.Progress != nil {
		body = &counted{r: up.Body, tell: up.Progress}
	}
	resp, err := c.do(ctx, call{method: http.MethodPost, path: path, query: query, body: body, size: up.Size, headers: headers})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := c.read(ctx, resp)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		var r intake.Receipt
		if err := c.decode(b, &r); err != nil {
			return nil, err
		}
		return &r, nil
	}
	r := receiptBeside(b)
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); r != nil && media == "application/json" {
		return r, nil // nothing was taken; the receipt lists why
	}
	return r, problem(resp, b)
}

// receiptBeside returns the receipt in an answer that is an error, nil if there
// is none.
func receiptBeside(b []byte) *intake.Receipt {
	var has struct {
		Accepted *int `json:"accepted"`
	}
	var r intake.Receipt
	if json.Unmarshal(b, &has) != nil || has.Accepted == nil || json.Unmarshal(b, &r) != nil {
		return nil
	}
	return &r
}

// counted tells how much of a body was read.
type counted struct {
	r    io.Reader
	tell func(done int64)
	done int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	c.tell(c.done)
	return n, err
}
