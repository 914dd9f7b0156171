package remote

import (
	"context"

	"github.com/hansardhq/hansard/internal/reading"
)

// Complete says how a search that is being typed may go on at a cursor, in bytes.
// The search is the body of a POST: it may name a person.
func (c *Client) Complete(ctx context.Context, text string, cursor int) (*reading.Completion, error) {
	k, err := post("/v1/complete", map[string]any{"q": text, "cursor": cursor})
	if err != nil {
		return nil, err
	}
	var out reading.Completion
	if err := c.json(ctx, k, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
