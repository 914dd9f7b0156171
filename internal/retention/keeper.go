package retention

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// Record is what a status is read from: a ledger, or a folder opened for reading.
type Record interface {
	Logs() []ledger.Info
	Kept(tenant string) (ledger.Kept, error)
	ReadRollup(f ledger.RollupFile) ([]byte, error)
}

// KeeperConfig names what a Keeper works on.
type KeeperConfig struct {
	Ledger *ledger.Ledger
	Sums   Sums // nil: nothing is rolled up, for tests only
	Policy *Policy
	// Redact takes personal data and secrets out of the reason of a hold, which is
	// kept for good; nil: reasons are kept as they are given.
	Redact func(tenant, text string) (string, error)
	Now    func() time.Time // the wall clock; default time.Now
	Logger *slog.Logger     // default: silent
}

// Keeper prunes what has expired. It is safe for concurrent use.
type Keeper struct {
	cfg KeeperConfig

	run  sync.Mutex // held by a run: one at a time
	mu   sync.Mutex // guards next
	next time.Time  // of the next run by itself; zero: none
}

// NewKeeper returns a keeper. It does nothing by itself before Serve.
func NewKeeper(cfg KeeperConfig) *Keeper {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Keeper{cfg: cfg}
}

// Policy returns how long entries are kept.
func (k *Keeper) Policy() *Policy { return k.cfg.Policy }

// Next returns when the next run by itself is; zero: there is none.
func (k *Keeper) Next() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.next
}

// Order says who wants a run.
type Order struct {
	By         string // id of the token that asks
	Unattended bool   // nobody asked: at most two dates of each log go
	DryRun     bool   // say what would go
}

// Planner is what a dry run asks: a ledger, or a folder opened for reading.
type Planner interface {
	Record
	PlanPrune(id hansard.LogID, before string, dates int) (ledger.PrunePlan, error)
}

// DryRun says what a run that somebody orders would prune. Of what expired very long
// ago it says the first ledger.MaxPruneDates dates.
func DryRun(rec Planner, p *Policy, tenant string, now time.Time) ([]Result, error) {
	kept, err := rec.Kept(tenant)
	if err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return nil, err
	}
	out := []Result{}
	for _, tier := range hansard.Tiers {
		id := hansard.LogID{Tenant: tenant, Tier: tier}
		keep := p.Keep(tenant, tier)
		plan, err := rec.PlanPrune(id, before(now, keep), 0)
		if hansard.KindOf(err) == hansard.KindNotFound {
			continue // it has not begun
		}
		if err != nil {
			return nil, err
		}
		r := Result{Log: id.String(), Keep: keep.String(), Dates: []ledger.PruneDate{}}
		r.add(plan)
		if !plan.Empty() {
			r.Refused, r.Hint = refused(kept, id)
		}
		out = append(out, r)
	}
	return out, nil
}

// Result is what a run did, or would do, with one log.
type Result struct {
	Log     string             `json:"log"`
	Keep    string             `json:"keep"` // "30d", "forever"
	Dates   []ledger.PruneDate `json:"dates" nullable:"false"`
	Entries uint64             `json:"entries"`
	Parts   int                `json:"parts"`
	Bytes   int64              `json:"bytes"`
	Erased  int                `json:"erased" doc:"Entries whose content went, and whose envelope stays for what is beside it"`
	Removed bool               `json:"removed" doc:"Whether they are gone; not in a dry run"`
	Refused string             `json:"refused,omitempty" doc:"Why nothing goes"`
	Hint    string             `json:"hint,omitempty"`
}

// Run prunes what has expired of a tenant's record, or says what would go. What is
// refused of one log does not keep the others; an error is of what went wrong.
func (k *Keeper) Run(ctx context.Context, tenant string, order Order) ([]Result, error) {
	if order.DryRun {
		return DryRun(k.cfg.Ledger, k.cfg.Policy, tenant, k.cfg.Now())
	}
	k.run.Lock()
	defer k.run.Unlock()
	var errs error
	if err := k.cfg.Ledger.FinishPrunes(tenant); err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		errs = err
	}
	out := []Result{}
	for _, tier := range hansard.Tiers {
		id := hansard.LogID{Tenant: tenant, Tier: tier}
		if _, err := k.cfg.Ledger.Log(id); err != nil {
			continue // it has not begun
		}
		r, err := k.runLog(ctx, id, order)
		if err == nil && r.Refused == "" {
			err = k.eraseExpired(id, &r)
		}
		if err != nil {
			errs = errors.Join(errs, err)
		}
		out = append(out, r)
	}
	if errs == nil && len(out) > 0 {
		if b := before(k.cfg.Now(), k.cfg.Policy.Rollups()); b != "" {
			_, errs = k.cfg.Ledger.ExpireRollups(tenant, b)
		}
	}
	return out, errs
}

// runLog prunes one log, at most so many dates at a time as one statement names.
func (k *Keeper) runLog(ctx context.Context, id hansard.LogID, order Order) (Result, error) {
	keep := k.cfg.Policy.Keep(id.Tenant, id.Tier)
	out := Result{Log: id.String(), Keep: keep.String(), Dates: []ledger.PruneDate{}}
	dates := 0
	if order.Unattended {
		dates = ledger.UnattendedDates
	}
	for ctx.Err() == nil {
		plan, err := k.cfg.Ledger.PlanPrune(id, before(k.cfg.Now(), keep), dates)
		if err != nil || plan.Empty() {
			return out, err
		}
		err = k.prune(ctx, plan, order, keep)
		switch kind := hansard.KindOf(err); {
		case err != nil && (kind == hansard.KindDenied || kind == hansard.KindBusy):
			out.Refused, out.Hint = err.Error(), hansard.HintOf(err)
			return out, nil
		case err != nil:
			return out, err
		}
		out.add(plan)
		out.Removed = true
		if order.Unattended {
			return out, nil
		}
	}
	return out, ctx.Err()
}

// eraseExpired erases the content of what has expired in parts that must stay for what
// is beside it.
func (k *Keeper) eraseExpired(id hansard.LogID, r *Result) error {
	keep := k.cfg.Policy.Keep(id.Tenant, id.Tier)
	limit := before(k.cfg.Now(), keep)
	if limit == "" {
		return nil
	}
	out, err := k.cfg.Ledger.EraseExpired(id, limit, ledger.EraseOrder{By: "retention", Reason: "expired", KeepDays: int(keep)})
	r.Erased = out.Entries
	switch kind := hansard.KindOf(err); {
	case err != nil && (kind == hansard.KindDenied || kind == hansard.KindBusy):
		r.Refused, r.Hint = err.Error(), hansard.HintOf(err)
		return nil
	case out.Entries > 0:
		k.cfg.Logger.Info("erased content that has expired beside what has not", "log", id.String(), "entries", out.Entries)
	}
	return err
}

func (r *Result) add(plan ledger.PrunePlan) {
	r.Dates = append(r.Dates, plan.Dates...)
	for _, d := range plan.Dates {
		r.Entries, r.Parts, r.Bytes = r.Entries+d.Entries, r.Parts+d.Parts, r.Bytes+d.Bytes
	}
}

// refusal says why nothing of a log would go; empty: it would.
func (k *Keeper) refusal(id hansard.LogID) (why, hint string) {
	kept, err := k.cfg.Ledger.Kept(id.Tenant)
	if err != nil {
		return "", ""
	}
	return refused(kept, id)
}

func refused(kept ledger.Kept, id hansard.LogID) (why, hint string) {
	for _, h := range kept.Holds {
		if h.Stands() && h.Tier == string(id.Tier) {
			return fmt.Sprintf("%s stands on it since %s", h.ID, h.Since.Format(time.DateOnly)), "hansard hold list says why; hansard hold release " + h.ID + " ends it"
		}
	}
	if j := kept.Jump; j != nil {
		return fmt.Sprintf("the clock jumped from %s to %s", j.From.Format(time.RFC3339), j.To.Format(time.RFC3339)), "look at the clock; if it is right, hansard prune --confirm-clock lets pruning go on"
	}
	return "", ""
}

// prune rolls up what a plan has, and prunes it.
func (k *Keeper) prune(ctx context.Context, plan ledger.PrunePlan, order Order, keep Days) error {
	if why, hint := k.refusal(plan.Log); why != "" { // before the work of rolling up
		return hansard.WithHint(hansard.Errorf(hansard.KindDenied, "%s", why), hint)
	}
	o := ledger.PruneOrder{By: order.By, Unattended: order.Unattended, KeepDays: int(keep)}
	for _, d := range plan.Dates {
		if k.cfg.Sums == nil {
			break
		}
		head, rows, err := rollUp(ctx, k.cfg.Sums, plan.Log, d)
		if err != nil {
			return err // nothing goes that is not rolled up
		}
		f, err := k.cfg.Ledger.WriteRollup(plan.Log, d, func(w io.Writer) error { return writeRollup(w, head, rows) })
		if err != nil {
			return err
		}
		o.Rollups = append(o.Rollups, f)
	}
	done, err := k.cfg.Ledger.Prune(plan, o)
	if err == nil {
		k.cfg.Logger.Info("pruned", "log", plan.Log.String(), "minimum", done.Minimum, "entries", done.Entries, "parts", done.Parts, "bytes", done.Bytes, "by", order.By)
	}
	return err
}

// The times of runs by itself: some minutes after the start, then once a day. Both
// vary, so that servers that share a disk do not all work at once.
const (
	firstRun = 5 * time.Minute
	jitter   = 10 * time.Minute
	every    = 24 * time.Hour
)

// Serve prunes once a day until the context ends, if the policy says so. What has
// expired long ago goes two days at a time.
func (k *Keeper) Serve(ctx context.Context) {
	if !k.cfg.Policy.Daily() {
		return
	}
	for wait := firstRun; ; wait = every {
		wait += rand.N(jitter)
		k.mu.Lock()
		k.next = k.cfg.Now().Add(wait)
		k.mu.Unlock()
		timer := time.NewTimer(wait) // by the monotonic clock
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			k.runAll(ctx)
		}
	}
}

// runAll runs for every tenant.
func (k *Keeper) runAll(ctx context.Context) {
	var tenants []string
	for _, i := range k.cfg.Ledger.Logs() {
		if !slices.Contains(tenants, i.Log.Tenant) {
			tenants = append(tenants, i.Log.Tenant)
		}
	}
	slices.Sort(tenants)
	for _, tenant := range tenants {
		results, err := k.Run(ctx, tenant, Order{By: "retention", Unattended: true})
		if err != nil && ctx.Err() == nil {
			k.cfg.Logger.Error("pruning failed; what was not removed stays", "tenant", tenant, "error", err)
		}
		for _, r := range results {
			if r.Refused != "" {
				k.cfg.Logger.Warn("nothing was pruned", "log", r.Log, "reason", r.Refused, "hint", r.Hint)
			}
		}
	}
}

// Hold sets a legal hold on a log of a tenant.
func (k *Keeper) Hold(tenant, tier, reason, by string) (ledger.Hold, error) {
	reason, err := k.redacted(tenant, reason)
	if err != nil {
		return ledger.Hold{}, err
	}
	return k.cfg.Ledger.AddHold(hansard.LogID{Tenant: tenant, Tier: hansard.Tier(tier)}, reason, by)
}

// Release ends a hold.
func (k *Keeper) Release(tenant, id, reason, by string) (ledger.Hold, error) {
	reason, err := k.redacted(tenant, reason)
	if err != nil {
		return ledger.Hold{}, err
	}
	return k.cfg.Ledger.ReleaseHold(tenant, id, reason, by)
}

func (k *Keeper) redacted(tenant, text string) (string, error) {
	if k.cfg.Redact == nil {
		return text, nil
	}
	return k.cfg.Redact(tenant, text)
}

// Confirm lets pruning go on after a jump of the clock.
func (k *Keeper) Confirm(tenant, by string) error { return k.cfg.Ledger.ConfirmClock(tenant, by) }

// Holds returns all holds of a tenant, in the order in which they were set; those that
// were released only if all is set.
func Holds(rec Record, tenant string, all bool) ([]ledger.Hold, error) {
	kept, err := rec.Kept(tenant)
	if err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return nil, err
	}
	out := []ledger.Hold{}
	for _, h := range kept.Holds {
		if all || h.Stands() {
			out = append(out, h)
		}
	}
	return out, nil
}

// Holds returns the holds of a tenant.
func (k *Keeper) Holds(tenant string, all bool) ([]ledger.Hold, error) {
	return Holds(k.cfg.Ledger, tenant, all)
}

// Rollups returns what a tenant's pruned events of a period came to.
func (k *Keeper) Rollups(tenant string, since, until time.Time) ([]Rollup, error) {
	return Rollups(k.cfg.Ledger, tenant, since, until)
}
