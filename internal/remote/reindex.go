package remote

import "context"

// Reindex is how far a server is with making anew what is derived from the
// record.
type Reindex struct {
	Running bool   `json:"running"`
	Done    int64  `json:"done"`
	Total   int64  `json:"total"`
	Parts   int    `json:"parts"`
	Entries int64  `json:"entries"`
	Skipped int64  `json:"skipped"`
	Made    int    `json:"made"`
	Error   string `json:"error"`
}

// StartReindex begins a reindex, which goes on without the caller. The error is
// of KindBusy if one is under way.
func (c *Client) StartReindex(ctx context.Context) (Reindex, error) {
	k, err := post("/v1/reindex", nil)
	if err != nil {
		return Reindex{}, err
	}
	var out Reindex
	return out, c.json(ctx, k, &out)
}

// Reindexing returns how far the reindex is.
func (c *Client) Reindexing(ctx context.Context) (Reindex, error) {
	var out Reindex
	err := c.json(ctx, get("/v1/reindex", nil), &out)
	return out, err
}
