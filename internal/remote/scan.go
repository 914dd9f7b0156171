package remote

import (
	"context"

	"github.com/hansardhq/hansard/internal/reading"
)

// Scan has the server look for injections in what the question selects; with
// record it puts what is new on record.
func (c *Client) Scan(ctx context.Context, q reading.Question, record bool) (*reading.Scan, error) {
	k, err := post("/v1/scan", map[string]any{"q": q.Search, "value": q.Value, "since": q.Since, "until": q.Until, "record": record})
	if err != nil {
		return nil, err
	}
	var scan reading.Scan
	err = c.json(ctx, k, &scan)
	return &scan, err
}
