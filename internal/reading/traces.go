package reading

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

const (
	// MaxTrace is how many events of a trace, or of all traces of a task, are
	// read.
	MaxTrace = 100_000
	// maxTraceBytes is how much content Traces reads, in bytes.
	maxTraceBytes = 128 << 20
)

// Trace is one trace: its id and its events, in order of time and position.
type Trace struct {
	ID      string
	Entries []*hansard.Entry
	Cut     bool // there are more events: these are the first ones
}

// story is one trace with what was made of each event.
type story[T any] struct {
	id    string
	items []T
	cut   bool // there are more events
}

// stories reads the traces that an id stands for: a trace, those of a task, or the
// one that an event belongs to. as makes of each event what is kept of it.
func stories[T any](ctx context.Context, r *Reading, tenant, id string, as func(*hansard.Entry) T) ([]story[T], error) {
	left := MaxTrace
	read := func(traceID string) (story[T], error) {
		items, err := lake.TraceAs(ctx, r.cfg.Lake, lake.TraceQuery{Tenant: tenant, TraceID: traceID, Limit: left + 1}, as)
		s := story[T]{traceID, items, len(items) > left}
		s.items = s.items[:min(left, len(items))]
		left -= len(s.items)
		return s, err
	}
	s, err := read(id)
	if err != nil || len(s.items) > 0 {
		return []story[T]{s}, err
	}
	ids, err := r.traceIDs(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	var out []story[T]
	for i, traceID := range ids {
		if s, err = read(traceID); err != nil {
			return nil, err
		}
		out = append(out, s)
		if left == 0 {
			out[len(out)-1].cut = s.cut || i < len(ids)-1
			break
		}
	}
	return out, nil
}

// traceIDs returns the traces of a task, or the one that an event belongs to.
func (r *Reading) traceIDs(ctx context.Context, tenant, id string) ([]string, error) {
	ids, err := r.cfg.Lake.TracesOfTask(ctx, tenant, id)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	e, err := r.cfg.Lake.Event(ctx, tenant, id)
	if err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return nil, err
	}
	if err != nil {
		err := hansard.Errorf(hansard.KindNotFound, "no trace, task or event has this id")
		hint := "hansard events lists events with their trace ids"
		for _, x := range r.expired(tenant, time.Unix(0, 0)) {
			if !x.Until.IsZero() {
				hint += fmt.Sprintf("; what is of the tier %s and was received before %s has expired", x.Tier, x.Until.Format(time.DateOnly))
			}
		}
		return nil, hansard.WithHint(err, hint)
	}
	return []string{query.TraceID(e)}, nil
}

// Traces returns the traces that an id stands for, with whole events. The error is
// of KindTooLarge where their content does not fit into memory.
func (r *Reading) Traces(ctx context.Context, tenant, id string) ([]Trace, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	var bytes atomic.Int64
	found, err := stories(limited, r, tenant, id, func(e *hansard.Entry) *hansard.Entry {
		if bytes.Add(e.ContentSize) > maxTraceBytes {
			cancel()
		}
		return e
	})
	if bytes.Load() > maxTraceBytes && ctx.Err() == nil {
		err := hansard.Errorf(hansard.KindTooLarge, "the content of this trace is larger than %d MiB", maxTraceBytes>>20)
		return nil, hansard.WithHint(err, "ask for its timeline, or page through its events with the search trace:ID")
	}
	if err != nil {
		return nil, err
	}
	out := make([]Trace, len(found))
	for i, s := range found {
		out[i] = Trace{s.id, r.hashed(s.items), s.cut}
	}
	return out, nil
}

// Timelines returns the stories of the traces that an id stands for.
func (r *Reading) Timelines(ctx context.Context, tenant, id string) ([]trace.Timeline, error) {
	found, err := stories(ctx, r, tenant, id, trace.NewStep)
	if err != nil {
		return nil, err
	}
	out := make([]trace.Timeline, len(found))
	for i, s := range found {
		out[i] = trace.Tell(s.items)
		out[i].Cut = s.cut
		out[i].Expired = r.expired(tenant, out[i].Start)
	}
	return out, nil
}

// one returns the entries of the one trace that an id stands for.
func (r *Reading) one(ctx context.Context, tenant, id string) ([]*hansard.Entry, error) {
	traces, err := r.Traces(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if len(traces) != 1 {
		err := hansard.Errorf(hansard.KindInvalid, "%s stands for %d traces", id, len(traces))
		return nil, hansard.WithHint(err, "hansard trace "+id+" lists them; name one by its trace id")
	}
	if traces[0].Cut {
		return nil, hansard.Errorf(hansard.KindTooLarge, "the trace has more than %d events", MaxTrace)
	}
	return traces[0].Entries, nil
}

// Diff compares the traces that two ids stand for.
func (r *Reading) Diff(ctx context.Context, tenant, a, b string) (*trace.Diff, error) {
	left, err := r.one(ctx, tenant, a)
	if err != nil {
		return nil, err
	}
	right, err := r.one(ctx, tenant, b)
	if err != nil {
		return nil, err
	}
	d := trace.NewDiff(left, right)
	return &d, nil
}

// Replay returns decisions of the trace that an id stands for: those after the first
// from ones, at most limit.
func (r *Reading) Replay(ctx context.Context, tenant, id string, from, limit int) (*trace.Replay, error) {
	entries, err := r.one(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	replay := trace.NewReplay(entries, from, limit)
	return &replay, nil
}

// GraphOf says which graph is asked for.
type GraphOf struct {
	Agents   bool // who handed over and delegated to whom; else what caused what
	Expanded bool // of agents: a node for each stretch of work, not for each agent
}

// Graph returns one graph of the traces that an id stands for.
func (r *Reading) Graph(ctx context.Context, tenant, id string, of GraphOf) (*trace.Graph, error) {
	found, err := stories(ctx, r, tenant, id, trace.NewStep)
	if err != nil {
		return nil, err
	}
	var steps []trace.Step
	cut := false
	for _, s := range found {
		steps = append(steps, s.items...)
		cut = cut || s.cut
	}
	var g trace.Graph
	if of.Agents {
		g = trace.AgentGraph(steps, of.Expanded)
	} else {
		g = trace.EventGraph(steps)
	}
	g.Cut = cut
	var start time.Time
	for _, n := range g.Nodes {
		if !n.Start.IsZero() && (start.IsZero() || n.Start.Before(start)) {
			start = n.Start
		}
	}
	g.Expired = r.expired(tenant, start)
	return &g, nil
}

// expired lists the tiers of which events that happened from a time on may have
// expired: those of which retention has removed entries that were received after it.
func (r *Reading) expired(tenant string, since time.Time) []trace.Expiry {
	logs := map[hansard.Tier]ledger.Info{}
	for _, i := range r.cfg.Prover.Logs() {
		if i.Log.Tenant == tenant {
			logs[i.Log.Tier] = i
		}
	}
	var all []trace.Expiry
	for _, tier := range hansard.Tiers {
		switch i := logs[tier]; {
		case i.Minimum == 0 || since.UnixNano() > i.Expired:
		case i.Minimum == i.Size:
			all = append(all, trace.Expiry{Tier: tier})
		default:
			all = append(all, trace.Expiry{Tier: tier, Until: time.Unix(0, i.Expired+1).UTC()})
		}
	}
	return all
}
