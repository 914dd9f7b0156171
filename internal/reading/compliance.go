package reading

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/report"
)

// Compliance judges packs over what the question selects. Of the packs that are
// switched on, names selects some; none: all that are. A name that is none of
// these is one of the packs that come with the program; the path of a file is not
// read.
func (r *Reading) Compliance(ctx context.Context, tenant string, q Question, names []string) (*report.ComplianceReport, error) {
	packs, err := r.packs(names)
	if err != nil {
		return nil, err
	}
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	req := report.Request{Tenant: tenant, Period: plan.Period, Location: time.Local}
	if q.Search != "" || q.Value != "" {
		req.Query.Node = plan.Node
	}
	for _, c := range r.checkpoints(tenant) {
		req.Checkpoints = append(req.Checkpoints, report.Checkpoint{
			Log: c.Origin, Size: uint64(c.Size), Root: base64.StdEncoding.EncodeToString(c.Root[:]),
		})
	}
	facts := policy.Facts{}
	if r.cfg.Facts != nil {
		facts = r.cfg.Facts(tenant)
	}
	return report.Compliance(ctx, r.cfg.Lake, req, packs, facts)
}

// packs returns packs by name, those that are switched on as they are set.
func (r *Reading) packs(names []string) ([]*policy.Pack, error) {
	switch {
	case len(names) == 0 && len(r.cfg.Packs) > 0:
		return r.cfg.Packs, nil
	case len(names) == 0:
		return policy.Load(nil)
	}
	var all []*policy.Pack
	for _, name := range names {
		if slices.ContainsFunc(all, func(p *policy.Pack) bool { return p.ID == name }) {
			continue
		}
		if i := slices.IndexFunc(r.cfg.Packs, func(p *policy.Pack) bool { return p.ID == name }); i >= 0 {
			all = append(all, r.cfg.Packs[i])
			continue
		}
		if !slices.Contains(policy.Builtin(), name) {
			err := hansard.Errorf(hansard.KindNotFound, "there is no pack %q", name)
			return nil, hansard.WithHint(err, "the packs are "+strings.Join(policy.Builtin(), ", ")+"; one of your own is switched on in the configuration (packs:)")
		}
		more, err := policy.Load([]policy.Choice{{Pack: name}})
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}
