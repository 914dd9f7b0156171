package remote

import (
	"context"
	"net/url"

	"github.com/hansardhq/hansard/internal/retention"
)

// Retention returns what the server keeps of the tenant's record, and what goes when.
func (c *Client) Retention(ctx context.Context) (retention.Status, error) {
	var out retention.Status
	return out, c.json(ctx, get("/v1/retention", nil), &out)
}

// Prune has the server remove what has expired, or say what would go. With confirm it
// is told first that the clock is right after it jumped.
func (c *Client) Prune(ctx context.Context, dryRun, confirm bool) ([]retention.Result, error) {
	k, err := post("/v1/prune", map[string]bool{"dry_run": dryRun, "confirm_clock": confirm})
	if err != nil {
		return nil, err
	}
	var out struct {
		Logs []retention.Result `json:"logs"`
	}
	return out.Logs, c.json(ctx, k, &out)
}

// Holds lists the tenant's legal holds; released ones only with all.
func (c *Client) Holds(ctx context.Context, all bool) ([]retention.Hold, error) {
	v := url.Values{}
	if all {
		v.Set("all", "true")
	}
	var out struct {
		Holds []retention.Hold `json:"holds"`
	}
	return out.Holds, c.json(ctx, get("/v1/holds", v), &out)
}

// AddHold sets a legal hold on a tier's log.
func (c *Client) AddHold(ctx context.Context, tier, reason string) (retention.Hold, error) {
	k, err := post("/v1/holds", map[string]string{"log": tier, "reason": reason})
	if err != nil {
		return retention.Hold{}, err
	}
	var out retention.Hold
	return out, c.json(ctx, k, &out)
}

// ReleaseHold ends a legal hold.
func (c *Client) ReleaseHold(ctx context.Context, id, reason string) (retention.Hold, error) {
	k, err := post("/v1/holds/"+segment(id)+"/release", map[string]string{"reason": reason})
	if err != nil {
		return retention.Hold{}, err
	}
	var out retention.Hold
	return out, c.json(ctx, k, &out)
}

// Rollups returns what pruned events of a period came to.
func (c *Client) Rollups(ctx context.Context, since, until string) ([]retention.Rollup, error) {
	var out struct {
		Rollups []retention.Rollup `json:"rollups"`
	}
	return out.Rollups, c.json(ctx, get("/v1/rollups", values("since", since, "until", until)), &out)
}

// Erase has the server erase the content of events, by their ids or by a personal
// value that they hold.
func (c *Client) Erase(ctx context.Context, req retention.EraseRequest) (retention.EraseResult, error) {
	k, err := post("/v1/erase", map[string]any{"events": append([]string{}, req.Events...), "value": req.Value, "reason": req.Reason, "dry_run": req.DryRun})
	if err != nil {
		return retention.EraseResult{}, err
	}
	var out retention.EraseResult
	return out, c.json(ctx, k, &out)
}
