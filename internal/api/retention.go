package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/retention"
)

type retentionOutput struct{ Body retention.Status }

// PruneRequest asks for a prune.
type PruneRequest struct {
	DryRun       bool `json:"dry_run,omitempty" doc:"Say what would go, and remove nothing"`
	ConfirmClock bool `json:"confirm_clock,omitempty" doc:"The clock was looked at after it jumped, and is right: pruning may go on"`
}

// PruneAnswer says what was pruned, or would be.
type PruneAnswer struct {
	DryRun bool               `json:"dry_run"`
	Logs   []retention.Result `json:"logs" nullable:"false"`
}

type pruneInput struct{ Body PruneRequest }

type pruneOutput struct{ Body PruneAnswer }

// HoldList is the holds of a tenant.
type HoldList struct {
	Holds []ledger.Hold `json:"holds" nullable:"false"`
}

type holdsInput struct {
	All bool `query:"all" doc:"Released ones too"`
}

type holdsOutput struct{ Body HoldList }

type holdInput struct {
	Body struct {
		Log    string `json:"log" doc:"The tier whose log is held: debug, info, compliance or critical"`
		Reason string `json:"reason" minLength:"1" maxLength:"1024"`
	}
}

type releaseInput struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1024"`
	}
}

type holdOutput struct{ Body ledger.Hold }

type eraseInput struct {
	Body struct {
		Events []string `json:"events,omitempty" maxItems:"10000" doc:"Ids of events"`
		Value  string   `json:"value,omitempty" doc:"A personal value, such as an e-mail address: all events that hold it"`
		Reason string   `json:"reason,omitempty" maxLength:"1024" doc:"Needed but for a dry run; it is on record for good"`
		DryRun bool     `json:"dry_run,omitempty" doc:"Say what would go, and erase nothing"`
	}
}

type eraseOutput struct{ Body retention.EraseResult }

type rollupsInput struct {
	Since string `query:"since" doc:"Such as 30d, 2026-11-23"`
	Until string `query:"until"`
}

// RollupList is what pruned events came to.
type RollupList struct {
	Rollups []retention.Rollup `json:"rollups" nullable:"false"`
}

type rollupsOutput struct{ Body RollupList }

// retentionRoutes say what is kept, prune it, and hold it.
func (s *Server) retentionRoutes(api huma.API) {
	keeper := s.cfg.Keeper
	if keeper == nil {
		return
	}
	huma.Register(api, get("retention", "/v1/retention", "Say what is kept, and what goes when", "retention"),
		answer(s, func(_ context.Context, tenant string, _ *struct{}) (*retentionOutput, error) {
			st, err := keeper.Status(tenant, s.cfg.Lake.Parts)
			return &retentionOutput{st}, err
		}))
	huma.Register(api, get("listHolds", "/v1/holds", "List the legal holds", "retention"),
		answer(s, func(_ context.Context, tenant string, in *holdsInput) (*holdsOutput, error) {
			holds, err := keeper.Holds(tenant, in.All)
			return &holdsOutput{HoldList{holds}}, err
		}))
	huma.Register(api, get("listRollups", "/v1/rollups", "List what pruned events came to, by day, tier, agent, tool, model and task", "retention"),
		answer(s, func(_ context.Context, tenant string, in *rollupsInput) (*rollupsOutput, error) {
			period, err := query.ParsePeriod(in.Since, in.Until, time.Now(), time.UTC)
			if err != nil {
				return nil, err
			}
			list, err := keeper.Rollups(tenant, period.Since, period.Until)
			if list == nil {
				list = []retention.Rollup{}
			}
			return &rollupsOutput{RollupList{list}}, err
		}))
	huma.Register(api, post("prune", "/v1/prune", "Remove what has expired, or say what would go", "retention"),
		command(s, func(ctx context.Context, id access.Identity, in *pruneInput) (*pruneOutput, error) {
			if in.Body.ConfirmClock {
				if err := keeper.Confirm(id.Tenant, id.TokenID); err != nil {
					return nil, err
				}
			}
			logs, err := keeper.Run(ctx, id.Tenant, retention.Order{By: id.TokenID, DryRun: in.Body.DryRun})
			return &pruneOutput{PruneAnswer{in.Body.DryRun, logs}}, err
		}))
	huma.Register(api, post("erase", "/v1/erase", "Erase the content of events, or say of which", "retention"),
		command(s, func(ctx context.Context, id access.Identity, in *eraseInput) (*eraseOutput, error) {
			b := in.Body
			out, err := keeper.Erase(ctx, s.cfg.Reading, id.Tenant, retention.EraseRequest{
				Events: b.Events, Value: b.Value, Reason: b.Reason, By: id.TokenID, DryRun: b.DryRun,
			})
			return &eraseOutput{out}, err
		}))
	op := post("addHold", "/v1/holds", "Set a legal hold: nothing of the log is pruned while it stands", "retention")
	op.DefaultStatus = http.StatusCreated
	huma.Register(api, op, command(s, func(_ context.Context, id access.Identity, in *holdInput) (*holdOutput, error) {
		h, err := keeper.Hold(id.Tenant, in.Body.Log, in.Body.Reason, id.TokenID)
		return &holdOutput{h}, err
	}))
	huma.Register(api, post("releaseHold", "/v1/holds/{id}/release", "Release a legal hold", "retention"),
		command(s, func(_ context.Context, id access.Identity, in *releaseInput) (*holdOutput, error) {
			h, err := keeper.Release(id.Tenant, in.ID, in.Body.Reason, id.TokenID)
			return &holdOutput{h}, err
		}))
}

// command runs what changes the record for a caller with the admin role, on its own
// tenant.
func command[I, O any](s *Server, do func(ctx context.Context, id access.Identity, in *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		id, err := caller(ctx, access.RoleAdmin)
		if err == nil {
			var out *O
			if out, err = do(ctx, id, in); err == nil {
				return out, nil
			}
		}
		return nil, s.problem(ctx, err)
	}
}

// pruned tells a client that what it asks for was there, and is not any more.
func pruned(w http.ResponseWriter, r *http.Request, err error) {
	access.WriteProblem(w, r, http.StatusGone, "pruned", err.Error(), hansard.HintOf(err))
}
