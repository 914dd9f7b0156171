package retention

import (
	"context"
	"fmt"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// Finder finds events in the record.
type Finder interface {
	// Event returns one event; an error of KindNotFound if there is none.
	Event(ctx context.Context, tenant, id string) (*hansard.Entry, error)
	// Holding calls f for every event that holds a personal value, in whatever form
	// the record has it.
	Holding(ctx context.Context, tenant, value string, f func(*hansard.Entry)) error
}

// EraseRequest says whose content is to be erased. One of Events and Value is set.
type EraseRequest struct {
	Events []string // event ids
	Value  string   // a personal value, such as an e-mail address: all events that hold it
	Reason string   // on record for good, redacted
	By     string   // id of the token that asks
	DryRun bool     // say what would go
}

// EraseResult says what was erased, or would be.
type EraseResult struct {
	DryRun  bool         `json:"dry_run"`
	Found   int          `json:"found" doc:"Entries that were meant"`
	Erased  int          `json:"erased" doc:"Entries of which content was there, and is gone now"`
	Already int          `json:"already" doc:"Entries without content: they never had any, or it was erased before"`
	Logs    []ErasedFrom `json:"logs" nullable:"false"`
}

// ErasedFrom is what was meant in one log.
type ErasedFrom struct {
	Log     string `json:"log"`
	Entries int    `json:"entries"`
}

// maxErase bounds how many events one request erases.
const maxErase = 100_000

// Erase takes the content of events out of the record.
func (k *Keeper) Erase(ctx context.Context, find Finder, tenant string, req EraseRequest) (EraseResult, error) {
	out := EraseResult{DryRun: req.DryRun, Logs: []ErasedFrom{}}
	if (len(req.Events) == 0) == (req.Value == "") {
		return out, hansard.Errorf(hansard.KindInvalid, "erase: name events, or a value, and not both")
	}
	if req.Reason == "" && !req.DryRun {
		return out, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "erase: a reason is needed"), "it is kept for good, beside what was erased")
	}
	wanted, err := k.find(ctx, find, tenant, req, &out)
	if err != nil || req.DryRun {
		return out, err
	}
	reason, err := k.redacted(tenant, req.Reason)
	if err != nil {
		return out, err
	}
	for _, l := range out.Logs {
		id := hansard.LogID{Tenant: tenant, Tier: hansard.Tier(l.Log[len(tenant)+1:])}
		done, err := k.cfg.Ledger.Erase(id, wanted[id.Tier], ledger.EraseOrder{By: req.By, Reason: reason})
		out.Erased += done.Entries
		if err != nil {
			return out, fmt.Errorf("%d erased so far: %w", out.Erased, err)
		}
	}
	return out, nil
}

// find returns the indexes of what is to be erased, by tier.
func (k *Keeper) find(ctx context.Context, find Finder, tenant string, req EraseRequest, out *EraseResult) (map[hansard.Tier][]uint64, error) {
	wanted := map[hansard.Tier][]uint64{}
	add := func(e *hansard.Entry) {
		if out.Found++; len(e.Salt) == 0 {
			out.Already++
			return
		}
		wanted[e.Log.Tier] = append(wanted[e.Log.Tier], e.Index)
	}
	for _, id := range req.Events {
		e, err := find.Event(ctx, tenant, id)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", id, err)
		}
		add(e)
	}
	if req.Value != "" {
		if err := find.Holding(ctx, tenant, req.Value, add); err != nil {
			return nil, err
		}
	}
	if out.Found > maxErase {
		return nil, hansard.Errorf(hansard.KindTooLarge, "%d events at once, more than %d", out.Found, maxErase)
	}
	for _, tier := range hansard.Tiers {
		if n := len(wanted[tier]); n > 0 {
			slices.Sort(wanted[tier])
			out.Logs = append(out.Logs, ErasedFrom{hansard.LogID{Tenant: tenant, Tier: tier}.String(), n})
		}
	}
	return wanted, nil
}
