package reading

import (
	"context"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/query"
)

// Scan is what looking for injections in the record found.
type Scan struct {
	Events   int64   `json:"events"` // that were looked at
	Findings []Found `json:"findings" nullable:"false"`
	// Unlisted is how many findings there are beyond those listed.
	Unlisted int `json:"unlisted,omitempty"`
	// Recorded is how many of the findings were put on record now.
	Recorded int `json:"recorded"`
}

// Found is a finding.
type Found struct {
	forensic.Finding
	FindingID string `json:"finding_id"` // its event's id
	OnRecord  bool   `json:"on_record"`  // it is on record
}

// maxFindings bounds what a scan lists, and scanPage is how many events it reads
// at a time.
const (
	maxFindings = 10_000
	scanPage    = 2000
)

// Scan looks for injections in what the question selects, in order of time. The
// limit and the cursor of the question do not count. progress is told how many
// events were looked at; it may be nil.
func (r *Reading) Scan(ctx context.Context, tenant string, q Question, progress func(events int64)) (*Scan, error) {
	q.Limit, q.Cursor, q.Oldest = scanPage, "", true
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	known, err := r.findings(ctx, tenant, plan)
	if err != nil {
		return nil, err
	}
	plan.Node = query.And{Nodes: []query.Node{plan.Node, equal("event_type", forensic.Watched()...)}}
	out := &Scan{Findings: []Found{}}
	w := forensic.NewWatch()
	for {
		page, err := r.cfg.Lake.Events(ctx, tenant, plan)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			for _, f := range w.Take(e) {
				if len(out.Findings) == maxFindings {
					out.Unlisted++
					continue
				}
				out.Findings = append(out.Findings, Found{f, f.ID(), known[f.ID()]})
			}
		}
		out.Events += int64(len(page.Entries))
		if progress != nil {
			progress(out.Events)
		}
		if !page.Next.Set {
			return out, nil
		}
		plan.After = page.Next
	}
}

// findings returns the ids of the findings that are on record.
func (r *Reading) findings(ctx context.Context, tenant string, plan query.Query) (map[string]bool, error) {
	q := query.Query{Node: query.And{Nodes: []query.Node{equal("event_type", hansard.TypeSecurity), equal("policy_id", forensic.InjectionPolicy)}}, Period: plan.Period, Limit: query.MaxLimit}
	known := map[string]bool{}
	for {
		page, err := r.cfg.Lake.Events(ctx, tenant, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			known[e.EventID] = true
		}
		if !page.Next.Set {
			return known, nil
		}
		q.After = page.Next
	}
}

// New returns the findings that are not on record yet, as events.
func (s *Scan) New() []*hansard.Event {
	var events []*hansard.Event
	for i := range s.Findings {
		if !s.Findings[i].OnRecord {
			events = append(events, s.Findings[i].Event())
		}
	}
	return slices.Clip(events)
}

// Record notes that the findings that were new are on record now.
func (s *Scan) Record() {
	for i := range s.Findings {
		if !s.Findings[i].OnRecord {
			s.Findings[i].OnRecord = true
			s.Recorded++
		}
	}
}
