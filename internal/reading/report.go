package reading

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/proof"
)

// Summary computes the summary report of what the question selects: all of the
// record, if it names no period.
func (r *Reading) Summary(ctx context.Context, tenant string, q Question) (*report.SummaryReport, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	req := report.Request{Tenant: tenant, Period: plan.Period, Location: time.Local}
	if q.Search != "" || q.Value != "" {
		req.Query.Node = plan.Node
	}
	for _, c := range r.checkpoints(tenant) {
		req.Checkpoints = append(req.Checkpoints, pointOf(c))
	}
	return report.Summary(ctx, r.cfg.Lake, req)
}

// pointOf returns a checkpoint as reports show it.
func pointOf(c proof.Checkpoint) report.Checkpoint {
	return report.Checkpoint{Log: c.Origin, Size: uint64(c.Size), Root: base64.StdEncoding.EncodeToString(c.Root[:])}
}
