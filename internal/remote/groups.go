package remote

import (
	"context"

	"github.com/hansardhq/hansard/internal/reading"
)

// Groups returns a page of what a question selects, grouped by a field. The
// question is the body of a POST, so that no person's value stands in a URL.
func (c *Client) Groups(ctx context.Context, by string, q reading.Question) (*reading.Groups, error) {
	body := struct {
		By string `json:"by"`
		search
	}{by, search{Q: q.Search, Value: q.Value, Since: q.Since, Until: q.Until, Limit: q.Limit, Cursor: q.Cursor}}
	k, err := post("/v1/groups", body)
	if err != nil {
		return nil, err
	}
	var out reading.Groups
	if err := c.json(ctx, k, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
