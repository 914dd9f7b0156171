package report

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
)

// Source is what a report reads the record through. A *lake.Lake is one.
type Source interface {
	policy.Source
	Aggregate(ctx context.Context, tenant string, q query.Query, spec lake.Spec) (lake.Table, error)
	ToolCalls(ctx context.Context, tenant string, q query.Query) ([]lake.ToolStat, error)
	Gaps(ctx context.Context, tenant string, q query.Query) (sessions, events int64, err error)
	Spend(ctx context.Context, tenant string, q query.Query, by [][]string, pricing lake.Pricing, top int) ([]lake.Spending, error)
	Invocations(ctx context.Context, tenant string, q query.Query) ([]lake.InvocationStat, error)
	Pending(ctx context.Context, tenant string, q query.Query) (spans int64, err error)
}

// Request says what a report is about.
type Request struct {
	Tenant string
	Query  Filter
	// Period is the span of event timestamps asked for; a side may be open.
	Period query.Period
	// UpTo is the greatest position that counts; not set: that of the last
	// entry there is.
	UpTo hansard.Opt[int64]
	// Subject names the agent or the session that a report is about, for the
	// types that need one.
	Subject string
	// Limit is how many entries a report lists; 0: as many as its type says.
	Limit int
	// Prices is the table that knows what calls cost that state no cost; nil:
	// they are unpriced. With Reprice the cost of every call is the table's.
	Prices  *price.Table
	Reprice bool
	// Budgets are held against what was used.
	Budgets []Budget
	// Packs are what a compliance report judges by, with the Facts that are not
	// in the record.
	Packs []*policy.Pack
	Facts policy.Facts
	// Compliance are the verdicts that a daily report quotes; nil: none were
	// judged. Integrity is what a look at the logs showed; nil: there was none.
	Compliance []ComplianceLine
	Integrity  *Integrity
	// Forensics is what was found out about the traces that an incident report
	// is about.
	Forensics []Forensics
	// Now is when the report is made; zero: the present.
	Now time.Time
	// Location is the zone that times are shown in; nil: UTC.
	Location *time.Location
	// Checkpoints are the checkpoints of the tenant's logs that the caller
	// read before it asked for the report.
	Checkpoints []Checkpoint
}

// Forensics is what was found out about the entries of a trace.
type Forensics struct {
	*forensic.Incident
	Entries []*hansard.Entry
}

// Filter narrows a report to the entries that a search selects.
type Filter struct {
	// Node is the parsed search with its persons resolved; nil: every entry.
	Node query.Node
	// Text is the search as the report shows it, also to readers to whom it
	// is passed on; "": Node in its canonical spelling.
	Text string
}

// Checkpoint is the size and the root of a log.
type Checkpoint struct {
	Log  string `json:"log"`  // tenant/tier, or the log's origin
	Size uint64 `json:"size"` // entries
	Root string `json:"root"` // as in the signed checkpoint: base64
	// First is the index of the first entry that was still there: retention
	// took those before it.
	First uint64 `json:"first,omitempty"`
}

// Period is the span of time that a report covers.
type Period struct {
	// Start and End are what was asked for. A side that was left open is the
	// record's own: the timestamp of the first event, the timestamp of the
	// last event (when a start was given, the time of the report if that is
	// later). nil: open, and there is no event.
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
	// OpenEnd says that no end was asked for.
	OpenEnd bool `json:"open_end,omitempty"`
}

// checked fills in what a request may leave out.
func (r Request) checked() (Request, error) {
	if r.Tenant == "" {
		return r, hansard.Errorf(hansard.KindInvalid, "report: no tenant named")
	}
	if r.Query.Node == nil {
		r.Query.Node = query.And{}
	}
	if query.HasPerson(r.Query.Node) {
		return r, hansard.Errorf(hansard.KindInvalid, "report: the search names a person in clear, which matches nothing")
	}
	if r.Query.Text == "" && r.Query.Node.String() != "*" {
		r.Query.Text = r.Query.Node.String()
	}
	if r.Now.IsZero() {
		r.Now = time.Now()
	}
	if r.Location == nil {
		r.Location = time.UTC
	}
	r.Now = r.Now.In(r.Location)
	if r.Checkpoints == nil {
		r.Checkpoints = []Checkpoint{}
	}
	return r, nil
}

// period returns the span that the report covers; first and last are the
// timestamps of the first and last event in Unix nanoseconds.
func (r Request) period(first, last hansard.Opt[int64]) Period {
	var p Period
	at := func(t time.Time) *time.Time {
		t = t.In(r.Location)
		return &t
	}
	switch {
	case !r.Period.Since.IsZero():
		p.Start = at(r.Period.Since)
	case first.Set:
		p.Start = at(time.Unix(0, first.V))
	}
	p.OpenEnd = r.Period.Until.IsZero()
	switch {
	case !r.Period.Until.IsZero():
		p.End = at(r.Period.Until)
	case !r.Period.Since.IsZero():
		p.End = at(time.Unix(0, max(r.Now.UnixNano(), last.V)))
	case last.Set:
		p.End = at(time.Unix(0, last.V))
	}
	return p
}
