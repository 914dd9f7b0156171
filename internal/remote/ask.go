package remote

import (
	"context"

	"github.com/hansardhq/hansard/internal/ask"
)

// Ask returns what a question in words means, with days in the zone of that name.
func (c *Client) Ask(ctx context.Context, question, zone string) (ask.Meaning, error) {
	k, err := post("/v1/ask", map[string]any{"question": question, "tz": zone, "explain": true})
	if err != nil {
		return ask.Meaning{}, err
	}
	var answer struct {
		ask.Meaning
		Value string `json:"value"`
	}
	err = c.json(ctx, k, &answer)
	answer.Command.Value = answer.Value
	return answer.Meaning, err
}
