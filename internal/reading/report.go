package reading

import (
	"context"
	"encoding/base64"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/proof"
)

// Order asks for a report. It is the body of POST /v1/reports/{type}, too. A
// field that the type of report does not know is refused, if it is not empty.
type Order struct {
	Search string `json:"q,omitempty" doc:"Search; the report is about what it selects; may name persons"`
	// Value selects what holds a personal value, by its pseudonyms. It never
	// goes into a URL or a log.
	Value    string `json:"value,omitempty" doc:"A personal value, such as an e-mail address: what holds its pseudonym"`
	Since    string `json:"since,omitempty" doc:"Such as 24h, 7d, yesterday"`
	Until    string `json:"until,omitempty"`
	TimeZone string `json:"tz,omitempty" doc:"The zone that times are read and shown in: an IANA name, or +02:00; default the server's"`
	Subject  string `json:"subject,omitempty" doc:"The agent, the session, or the trace, task or event that the report is about; a session left out: the last one; a trace: the last one that failed"`
	Limit    int    `json:"limit,omitempty" minimum:"0" maximum:"10000" doc:"How many events are listed"`
	// Day is the day that a daily report is about, in place of Since and Until.
	Day string `json:"day,omitempty" doc:"Daily: the day, such as yesterday or 2026-11-23, in place of since and until"`
	// Packs are those that a compliance report judges by; none: those that are
	// switched on.
	Packs []string `json:"packs,omitempty" maxItems:"64" doc:"Compliance: the packs to judge by; default: those that are switched on"`
	// Width is how many columns the terminal has that a table is for; 0: the table
	// is as wide as its texts.
	Width int `json:"width,omitempty" minimum:"0" maximum:"1000" doc:"Table: the columns of the terminal; what does not fit is cut"`
	// Prices is a file of prices, which extends and overrides those of the
	// server for this report.
	Prices  string `json:"prices,omitempty" maxLength:"1000000" doc:"Cost: a file of prices (YAML) that extends and overrides the server's"`
	Reprice bool   `json:"reprice,omitempty" doc:"Cost: leave out what calls state and price all of them by the table"`
}

// Report computes a report of a type, by its name or an alias.
func (r *Reading) Report(ctx context.Context, tenant, name string, o Order) (report.Report, error) {
	t, err := report.TypeOf(name)
	if err != nil {
		return nil, err
	}
	if o.Subject == "" {
		switch t.Subject {
		case "session":
			o.Subject, err = r.lastSession(ctx, tenant)
		case "trace":
			o.Subject, err = r.lastFailed(ctx, tenant, o)
		}
		if err != nil {
			return nil, err
		}
	}
	req, err := r.request(tenant, t, o)
	if err != nil {
		return nil, err
	}
	switch t.Name {
	case "daily":
		req.Compliance, err = r.verdicts(ctx, tenant, req)
	case "incident":
		err = r.investigate(ctx, o.Subject, &req)
	}
	if err != nil {
		return nil, err
	}
	return t.Make(ctx, r.cfg.Lake, req)
}

// verdicts judges the packs that are switched on over what a report is about.
func (r *Reading) verdicts(ctx context.Context, tenant string, req report.Request) ([]report.ComplianceLine, error) {
	packs, err := r.packs(nil)
	if err != nil {
		return nil, err
	}
	return report.ComplianceLines(ctx, r.cfg.Lake, req, packs, r.facts(tenant))
}

// request turns an order into a request.
func (r *Reading) request(tenant string, t report.Type, o Order) (report.Request, error) {
	now := time.Now()
	zone, err := query.Zone(o.TimeZone)
	if err != nil {
		return report.Request{}, err
	}
	if (o.Subject == "") != (t.Subject == "") {
		if t.Subject == "" {
			return report.Request{}, hansard.Errorf(hansard.KindInvalid, "the report %s is about no single agent or session: leave out the subject", t.Name)
		}
		return report.Request{}, hansard.Errorf(hansard.KindInvalid, "the report %s needs a subject: the %s that it is about", t.Name, t.Subject)
	}
	if len(o.Packs) > 0 && t.Name != "compliance" {
		return report.Request{}, hansard.Errorf(hansard.KindInvalid, "the report %s judges by no pack: leave out the packs", t.Name)
	}
	if o.Day != "" {
		if o.Since, o.Until, err = dayOf(o.Day, now, zone); err != nil {
			return report.Request{}, err
		}
	}
	if o.Since == "" && o.Until == "" {
		o.Since = t.Default
	}
	node, err := query.Parse(o.Search, now)
	if err != nil {
		return report.Request{}, err
	}
	if node, err = r.resolve(tenant, node, o.Value); err != nil {
		return report.Request{}, err
	}
	period, err := query.ParsePeriod(o.Since, o.Until, now, zone)
	if err != nil {
		return report.Request{}, err
	}
	req := report.Request{Tenant: tenant, Subject: o.Subject, Limit: o.Limit, Period: period, Now: now, Location: zone}
	if o.Search != "" || o.Value != "" {
		req.Query.Node = node
	}
	if req.Prices, err = r.prices(o.Prices); err != nil {
		return req, err
	}
	switch t.Name {
	case "daily":
		req.Integrity = r.integrity(tenant)
	case "compliance":
		if req.Packs, err = r.packs(o.Packs); err != nil {
			return req, err
		}
		req.Facts = r.facts(tenant)
	}
	req.Reprice, req.Budgets = o.Reprice, r.cfg.Budgets
	for _, c := range r.checkpoints(tenant) {
		point := pointOf(c)
		point.First = r.firstOf(c.Origin)
		req.Checkpoints = append(req.Checkpoints, point)
	}
	return req, nil
}

// prices returns the table that reports use, with a file of the caller's before it.
func (r *Reading) prices(own string) (*price.Table, error) {
	table := r.cfg.Prices
	if own == "" {
		return table, nil
	}
	over, err := price.Parse("of the request", []byte(own))
	if err != nil || table == nil {
		return over, err
	}
	return table.With(over)
}

// dayOf returns the begin of a day and that of the next one.
func dayOf(day string, now time.Time, zone *time.Location) (since, until string, err error) {
	p, err := query.ParsePeriod(day, "", now, zone)
	if err != nil {
		return "", "", err
	}
	y, m, d := p.Since.In(zone).Date()
	begin, end := time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	return begin.Format(time.RFC3339), end.Format(time.RFC3339), nil
}

// integrity looks at the checkpoints and the parts of a tenant's logs.
func (r *Reading) integrity(tenant string) *report.Integrity {
	found := &report.Integrity{Verdict: "pass", Broken: []string{}, Gaps: []string{}}
	for _, i := range r.cfg.Prover.Logs() {
		if i.Log.Tenant != tenant {
			continue
		}
		if len(i.Checkpoint) == 0 {
			found.Unsigned++
			continue
		}
		v, err := note.NewVerifier(i.VKey)
		if err == nil {
			var c proof.Checkpoint
			if c, err = proof.OpenCheckpoint(i.Checkpoint, v); err == nil {
				found.Logs++
				found.Entries += uint64(c.Size)
			}
		}
		if err != nil {
			found.Broken = append(found.Broken, i.Log.String())
		}
		if parts := r.cfg.Lake.Parts(i.Log); hasGap(parts) {
			found.Gaps = append(found.Gaps, i.Log.String())
		}
	}
	found.Verified = r.verified(tenant)
	switch {
	case len(found.Broken)+len(found.Gaps) > 0, found.Verified != nil && found.Verified.Findings > 0:
		found.Verdict = "fail"
	case found.Logs == 0:
		found.Verdict = "insufficient_evidence"
	}
	return found
}

// verified returns what the last verification of a tenant's logs came to; nil: none
// came to its end.
func (r *Reading) verified(tenant string) *report.Verified {
	if r.cfg.Verified == nil {
		return nil
	}
	s := r.cfg.Verified(tenant)
	if s == nil || s.Running || s.Err != nil {
		return nil
	}
	v := &report.Verified{EndedAt: s.Ended.UTC(), Logs: len(s.Logs)}
	for _, log := range s.Logs {
		v.Entries += uint64(log.Size)
		v.Findings += len(log.Findings)
	}
	return v
}

// hasGap reports whether parts, by index, do not follow each other.
func hasGap(parts []part.Info) bool {
	for i := 1; i < len(parts); i++ {
		if parts[i].Name.First != parts[i-1].Name.End {
			return true
		}
	}
	return false
}

// pointOf returns a checkpoint as reports show it.
func pointOf(c proof.Checkpoint) report.Checkpoint {
	return report.Checkpoint{Log: c.Origin, Size: uint64(c.Size), Root: base64.StdEncoding.EncodeToString(c.Root[:])}
}

// lastSession returns the session of the newest event that has one. The error is of
// KindNotFound when there is none.
func (r *Reading) lastSession(ctx context.Context, tenant string) (string, error) {
	has := query.Has{Field: query.Ref{Name: "session_id", Kind: query.KindString}}
	page, err := r.cfg.Lake.Events(ctx, tenant, query.Query{Node: has, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(page.Entries) == 0 {
		return "", hansard.WithHint(hansard.Errorf(hansard.KindNotFound, "no event names a session"), "agents send session_id with their events")
	}
	return page.Entries[0].SessionID, nil
}

// firstOf returns the index of the first entry of a log that is there; 0 also where
// nothing is.
func (r *Reading) firstOf(origin string) uint64 {
	for _, i := range r.cfg.Prover.Logs() {
		if i.Origin == origin {
			if parts := r.cfg.Lake.Parts(i.Log); len(parts) > 0 {
				return parts[0].Name.First
			}
		}
	}
	return 0
}

// MaxReport bounds the JSON of a report that is checked, in bytes.
const MaxReport = 64 << 20

// CheckReport computes a report again that was made earlier, given in its JSON form,
// over the entries that were there then, and says which figures differ and what was
// pruned since. The error is of KindInvalid for what is no report of the tenant's.
func (r *Reading) CheckReport(ctx context.Context, tenant string, text []byte) (*report.CheckReport, error) {
	said, err := report.ReadReport(text)
	if err != nil {
		return nil, err
	}
	if said.Tenant != tenant {
		err := hansard.Errorf(hansard.KindInvalid, "the report is of another tenant")
		return nil, hansard.WithHint(err, "name it with --tenant")
	}
	req, err := r.request(tenant, said.Type, Order{Search: said.Filter, Subject: said.Subject, TimeZone: said.TimeZone, Limit: said.Limit, Reprice: said.Reprice, Packs: said.Packs, Since: "now"})
	if err != nil {
		return nil, err
	}
	if said.Type.Name == "daily" {
		req.Integrity = nil // as it is now, not as it was
	}
	req.Period, req.Now, req.UpTo = said.Period, said.GeneratedAt, said.LastPosition
	if !req.UpTo.Set {
		req.UpTo = hansard.Some(int64(-1)) // it counted nothing
	}
	if said.Judged && said.Type.Name == "daily" {
		if req.Compliance, err = r.verdicts(ctx, tenant, req); err != nil {
			return nil, err
		}
	}
	if said.Type.Name == "incident" {
		if err := r.investigate(ctx, said.Subject, &req); err != nil {
			return nil, err
		}
	}
	again, err := said.Type.Make(ctx, r.cfg.Lake, req)
	if err != nil {
		return nil, err
	}
	var pruned []report.PrunedLog
	for _, then := range said.Checkpoints {
		for _, now := range req.Checkpoints {
			if now.Log == then.Log && now.First > then.First {
				pruned = append(pruned, report.PrunedLog{Log: now.Log, Entries: now.First - then.First, Note: "by retention; the log's proofs still hold"})
			}
		}
	}
	head := report.Head{
		Tenant: tenant, Filter: said.Filter, Subject: said.Subject, Period: report.Period{Start: timeOf(said.Period.Since), End: timeOf(said.Period.Until)},
		TimeZone: said.TimeZone, GeneratedAt: time.Now().In(req.Location), Checkpoints: req.Checkpoints,
	}
	return said.Compare(again, head, pruned)
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
