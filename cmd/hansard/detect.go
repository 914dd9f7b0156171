package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/detect"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
)

// detector is who submits findings.
const detector = "hansard"

// foundAgain is how far before a start entries are looked at once more: what was
// found of them already is a duplicate.
const foundAgain = 10 * time.Minute

// detections finds injections, and what violates the live rules of the packs that
// are switched on, until the context ends.
func detections(ctx context.Context, st *store, logger *slog.Logger) {
	detect.Run(ctx, detect.Config{
		Hub: st.hub, Logger: logger, Progress: &st.detected,
		Follow: func(tenant string, from uint64) func(ctx context.Context, limit int) ([]*part.Row, error) {
			return st.lake.Follow(tenant, append([]hansard.Tier{hansard.TierMeta}, hansard.Tiers...), from).Next
		},
		Tenants: func() []string {
			var names []string
			for _, i := range st.ledger.Logs() {
				if i.Log.Tier == hansard.TierMeta {
					names = append(names, i.Log.Tenant)
				}
			}
			return names
		},
		Begin: func(ctx context.Context, tenant string) ([]detect.Detector, uint64, error) {
			return beginDetections(ctx, st, tenant, logger)
		},
		Record: func(ctx context.Context, tenant string, events []*hansard.Event) error {
			receipt, err := st.intake.Events(ctx, intake.Source{Tenant: tenant, SubmittedBy: detector}, events)
			if err == nil && len(receipt.Rejected) > 0 {
				logger.Error("findings were refused", "tenant", tenant, "findings", len(receipt.Rejected), "reason", receipt.Rejected[0].Error)
			}
			return err
		},
	})
}

// beginDetections returns the detectors of a tenant, who have seen what is older
// than foundAgain, and the position to go on from.
func beginDetections(ctx context.Context, st *store, tenant string, logger *slog.Logger) ([]detect.Detector, uint64, error) {
	received := query.Compare{
		Field: query.Ref{Name: "received_at", Kind: query.KindTime}, Op: query.LT, Values: []query.Value{{Int: time.Now().Add(-foundAgain).UnixNano()}},
	}
	table, err := st.lake.Aggregate(ctx, tenant, query.Query{Node: received}, lake.Spec{
		OrderBy: -1, Measures: []lake.Measure{{Op: lake.Max, Field: "position"}},
	})
	if err != nil {
		return nil, 0, fmt.Errorf("begin the detections of tenant %s: %w", tenant, err)
	}
	last := int64(-1)
	if len(table.Rows) == 1 {
		if p, ok := table.Rows[0][0].(int64); ok {
			last = p
		}
	}
	all := []detect.Detector{injections{forensic.NewWatch()}}
	if len(st.alerts) > 0 {
		rules, err := policy.NewLive(ctx, st.lake, tenant, st.alerts, last)
		if err != nil {
			return nil, 0, fmt.Errorf("begin the detections of tenant %s: %w", tenant, err)
		}
		if rules != nil {
			rules.Warn = func(message string) { logger.Warn(message, "tenant", tenant) }
			all = append(all, rules)
		}
	}
	return all, uint64(last + 1), nil
}

// injections finds injections by where values came from.
type injections struct{ watch *forensic.Watch }

// Wants implements detect.Detector.
func (i injections) Wants(eventType string) bool { return i.watch.Wants(eventType) }

// Take implements detect.Detector. What detectors found is not looked at again.
func (i injections) Take(e *hansard.Entry) []*hansard.Event {
	if e.SubmittedBy == detector {
		return nil
	}
	var events []*hansard.Event
	for _, f := range i.watch.Take(e) {
		events = append(events, f.Event())
	}
	return events
}
