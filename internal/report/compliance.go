package report

import (
	"context"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
)

// ComplianceReport says how the record stands to the controls of packs. Its filter
// and its period select what is judged; what bears on it from before and after, such
// as an approval, counts too, up to the last position of the head.
type ComplianceReport struct {
	Head

	// Compliant is false when a check fails, and null when one lacks evidence
	// or nothing could be judged.
	Compliant       *bool            `json:"compliant"`
	Packs           []CompliancePack `json:"packs"`
	Checks          map[string]Check `json:"checks"` // by the control's name
	Recommendations []string         `json:"recommendations"`

	order []string // the names of the checks, in the order of the packs
}

// CompliancePack is a pack that was judged.
type CompliancePack struct {
	Pack        string  `json:"pack"`
	Title       string  `json:"title"`
	Version     string  `json:"version"`
	AppliesFrom *string `json:"applies_from"` // a date; null: always
	// Rehearsal says that the pack does not apply in the period yet, and was
	// judged as if it did.
	Rehearsal     bool              `json:"rehearsal"`
	RetentionDays int               `json:"retention_days"` // that the pack needs; 0: none
	Parameters    map[string]string `json:"parameters"`
}

// Check is one control as it was judged.
type Check struct {
	Pack    string         `json:"pack"`
	Title   string         `json:"title"`
	Passed  *bool          `json:"passed"` // null: nobody can tell, or it does not apply
	Verdict policy.Verdict `json:"verdict"`
	// Figure and Threshold are in the unit: percent, days, or a plain number.
	// Figure is null when it cannot be computed.
	Figure    *float64 `json:"figure"`
	Threshold *float64 `json:"threshold"`
	Unit      string   `json:"unit"`
	// FigureText and ThresholdText are what people read: "24%", "at most 20%".
	FigureText    string `json:"figure_text"`
	ThresholdText string `json:"threshold_text"`
	// Low and High bound the figure where nobody can tell of some events
	// whether they belong to what is judged.
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	Detail string   `json:"detail"` // what the figure is made of
	Why    string   `json:"why"`    // why the verdict is so

	Members int64 `json:"members"` // judged
	Held    int64 `json:"held"`    // of these, that fulfil the condition
	Open    int64 `json:"open"`    // not decided yet
	Unsure  int64 `json:"unsure"`  // that may be members: what would tell is missing

	// Entries prove it: the first 1,000 of EntriesTotal.
	Entries        []CheckEntry      `json:"entries"`
	EntriesTotal   int64             `json:"entries_total"`
	EntriesMean    string            `json:"entries_mean"` // what the entries are, in words
	Recommendation string            `json:"recommendation"`
	Cites          []policy.Citation `json:"cites"`
	Condition      string            `json:"condition"`
	Search         string            `json:"search"` // selects what is judged, where the search language can say it
}

// CheckEntry names an entry.
type CheckEntry struct {
	EventID   string    `json:"event_id"`
	Position  uint64    `json:"position"`
	Log       string    `json:"log"`
	Index     uint64    `json:"index"`
	LeafHash  string    `json:"leaf_hash,omitempty"`
	Timestamp time.Time `json:"timestamp"`
	EventType string    `json:"event_type"`
	AgentName string    `json:"agent_name,omitempty"`
	Action    string    `json:"action,omitempty"`
	ToolName  string    `json:"tool_name,omitempty"`
	SessionID string    `json:"session_id,omitempty"`
	TraceID   string    `json:"trace_id,omitempty"`
}

// Compliance judges packs over what the request selects. All figures are of the
// entries that were there when it began, or that the request says.
func Compliance(ctx context.Context, src Source, req Request, packs []*policy.Pack, facts policy.Facts) (*ComplianceReport, error) {
	return judge(ctx, src, req, packs, facts, false)
}

// ComplianceLines judges packs over what the request selects, and returns the
// verdicts in a line each.
func ComplianceLines(ctx context.Context, src Source, req Request, packs []*policy.Pack, facts policy.Facts) ([]ComplianceLine, error) {
	r, err := judge(ctx, src, req, packs, facts, true)
	if err != nil {
		return nil, err
	}
	return r.lines(), nil
}

// judge judges packs; brief leaves out the entries that prove what it finds.
func judge(ctx context.Context, src Source, req Request, packs []*policy.Pack, facts policy.Facts, brief bool) (*ComplianceReport, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	r := &ComplianceReport{
		Head: Head{
			Report: "compliance", Tenant: req.Tenant, Filter: req.Query.Text, TimeZone: req.Location.String(), GeneratedAt: req.Now,
			Checkpoints: req.Checkpoints,
		},
		Packs: []CompliancePack{}, Checks: map[string]Check{}, Recommendations: []string{},
	}
	last, err := r.extent(ctx, src, req)
	if err != nil {
		return nil, err
	}
	var all []*policy.Result
	for _, p := range packs {
		results, err := policy.Evaluate(ctx, src, p, policy.Question{
			Tenant: req.Tenant, Period: req.Period, Node: req.Query.Node, Last: last, Now: req.Now, Facts: facts, Brief: brief,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
		r.Packs = append(r.Packs, compliancePack(p, req.Period))
		for _, result := range results {
			r.add(result, req)
		}
	}
	if c := policy.Compliant(all); c.Set {
		r.Compliant = &c.V
	}
	return r, nil
}

// complianceOf judges the request's packs.
func complianceOf(ctx context.Context, src Source, req Request) (*ComplianceReport, error) {
	return Compliance(ctx, src, req, req.Packs, req.Facts)
}

// extent finds the period and the last position of what is judged. It returns the
// greatest position of the tenant that counts: what comes before and after the
// period counts too.
func (r *ComplianceReport) extent(ctx context.Context, src Source, req Request) (last int64, err error) {
	whole := selection{query.And{}}
	if req.UpTo.Set {
		whole = selection{upTo(req.UpTo.V)}
	}
	spec := lake.Spec{OrderBy: -1, Measures: []lake.Measure{
		{Op: lake.Min, Field: "timestamp"}, {Op: lake.Max, Field: "timestamp"}, {Op: lake.Max, Field: "position"},
	}}
	all, err := src.Aggregate(ctx, req.Tenant, query.Query{Node: whole.and()}, spec)
	if err != nil {
		return 0, err
	}
	table, err := src.Aggregate(ctx, req.Tenant, query.Query{Node: whole.and(req.Query.Node), Period: req.Period}, spec)
	if err != nil {
		return 0, err
	}
	of := func(t lake.Table, column int) (o hansard.Opt[int64]) {
		if len(t.Rows) == 1 {
			o.V, o.Set = t.Rows[0][column].(int64)
		}
		return o
	}
	r.Period = req.period(of(table, 0), of(table, 1))
	p := of(all, 2)
	if p.Set {
		r.LastPosition = &p.V
	}
	return p.V, nil
}

// Outcome returns "true", "false", or "unknown" where nobody can tell whether the
// record is compliant.
func (r *ComplianceReport) Outcome() string {
	if r.Compliant == nil {
		return "unknown"
	}
	return strconv.FormatBool(*r.Compliant)
}

// Outcome returns that of a compliance report; "" of another.
func Outcome(r Report) string {
	if c, ok := r.(*ComplianceReport); ok {
		return c.Outcome()
	}
	return ""
}

func compliancePack(p *policy.Pack, period query.Period) CompliancePack {
	c := CompliancePack{Pack: p.ID, Title: p.Title, Version: p.Version, RetentionDays: p.Retention.Days, Parameters: map[string]string{}}
	if !p.AppliesFrom.IsZero() {
		date := p.AppliesFrom.Format(time.DateOnly)
		c.AppliesFrom = &date
	}
	_, c.Rehearsal = p.Applies(period)
	for _, param := range p.Parameters {
		c.Parameters[param.ID] = param.Value.String()
	}
	return c
}

// add adds the result of a control.
func (r *ComplianceReport) add(result *policy.Result, req Request) {
	control := result.Control
	c := Check{
		Pack: result.Pack.ID, Title: control.Title, Verdict: result.Verdict,
		Figure: scaled(result.Figure), Threshold: scaled(control.Limit()), Unit: unitOf(control.Limit()),
		FigureText: textOf(result.Figure), ThresholdText: control.LimitText(),
		Low: scaled(result.Low), High: scaled(result.High), Detail: result.Detail, Why: result.Why,
		Members: result.Members, Held: result.Held, Open: result.Open, Unsure: result.Unsure,
		Entries: []CheckEntry{}, EntriesTotal: result.FoundTotal, EntriesMean: control.FoundText(),
		Recommendation: result.Recommendation, Cites: control.Cites, Condition: control.Say(result.Pack),
	}
	if result.Verdict == policy.NotApplicable && !result.Figure.Set {
		c.FigureText = "-"
	}
	if n := control.Members(); n != nil {
		c.Search = selection{req.Query.Node}.search(n)
	}
	if p := result.Passed(); p.Set {
		c.Passed = &p.V
	}
	for _, e := range result.Found {
		c.Entries = append(c.Entries, checkEntry(e, req.Location))
	}
	if c.Recommendation != "" {
		r.Recommendations = append(r.Recommendations, control.Title+": "+c.Recommendation)
	}
	r.Checks[control.ID] = c
	r.order = append(r.order, control.ID)
}

func checkEntry(e *hansard.Entry, zone *time.Location) CheckEntry {
	c := CheckEntry{
		EventID: e.EventID, Position: e.Position, Log: e.Log.String(), Index: e.Index, Timestamp: time.Unix(0, query.Timestamp(e)).In(zone),
		EventType: e.EventType, AgentName: e.AgentName, Action: e.Action, ToolName: e.ToolName, SessionID: e.SessionID, TraceID: query.TraceID(e),
	}
	if e.LeafHash != (hansard.Hash{}) {
		c.LeafHash = e.LeafHash.String()
	}
	return c
}

// scaled returns a value in the unit of the report: shares in percent.
func scaled(v policy.Value) *float64 {
	if !v.Set {
		return nil
	}
	n := v.N
	if v.Unit == "%" {
		n = float64(int64(n*1e8+0.5)) / 1e6
	}
	return &n
}

func unitOf(v policy.Value) string { return v.Unit }

func textOf(v policy.Value) string {
	if !v.Set {
		return "unknown"
	}
	return v.String()
}
