// Package reading answers questions about the record: one layer for the command
// line, HTTP and the web, so that all of them give the same answers. It puts
// the search language, the lake, traces, reports and proofs together.
package reading

import (
	"context"
	"sort"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/proof"
)

// Prover is what proofs are asked of: a ledger, or a folder opened for reading.
type Prover interface {
	Name() string
	Logs() []ledger.Info
	Prove(e *hansard.Entry, disclose bool) (*proof.Proof, error)
}

// Config names what questions are answered from.
type Config struct {
	Lake   *lake.Lake
	Prover Prover
	// Pseudonyms returns every pseudonym under which a person's or any other
	// personal value may stand in the tenant's record.
	Pseudonyms func(tenant, value string) ([]string, error)
	// Redact redacts a text of a reader that is to go on record; nil where
	// nothing is put on record.
	Redact func(tenant, text string) (string, error)
	// Packs are the compliance packs that are switched on; none: the base pack.
	Packs []*policy.Pack
	// Facts returns what packs are held against besides events; nil: nothing is
	// known.
	Facts func(tenant string) policy.Facts
	// Verified returns the verification of the tenant's logs that ended last; nil:
	// none did, or nobody knows of any.
	Verified func(tenant string) *ledger.ServingVerification
	// Prices is the table that reports on cost ask; nil: what states no cost
	// is unpriced. Budgets are held against what was used.
	Prices  *price.Table
	Budgets []report.Budget
}

// Reading answers questions. It is safe for concurrent use.
type Reading struct {
	cfg Config
	enc *part.Encoder
}

// New returns a reading.
func New(cfg Config) *Reading { return &Reading{cfg: cfg, enc: part.NewEncoder()} }

// Question selects events.
type Question struct {
	Search string // in the search language; empty: all
	// Value selects the events that hold a personal value, such as an e-mail
	// address, by its pseudonyms. It never goes into a URL or a log.
	Value  string
	Since  string // "24h", "2026-11-23", "yesterday"; empty: from the first on
	Until  string
	Limit  int    // 0: 100
	Cursor string // of the page before
	Oldest bool   // oldest first
	// TimeZone is the name of the zone that times are read in, and that buckets
	// of hours and days are of; "": the local one.
	TimeZone string
}

// Events is one page of events.
type Events struct {
	Events []*hansard.Entry `json:"events"`
	// NextCursor asks for the page after this one; empty on the last.
	NextCursor string `json:"next_cursor,omitempty"`
}

// plan turns a question into a query of the lake.
func (r *Reading) plan(tenant string, q Question) (query.Query, error) {
	now := time.Now()
	node, err := query.Parse(q.Search, now)
	if err != nil {
		return query.Query{}, err
	}
	if node, err = r.resolve(tenant, node, q.Value); err != nil {
		return query.Query{}, err
	}
	zone := time.Local
	if q.TimeZone != "" {
		if zone, err = query.Zone(q.TimeZone); err != nil {
			return query.Query{}, err
		}
	}
	period, err := query.ParsePeriod(q.Since, q.Until, now, zone)
	if err != nil {
		return query.Query{}, err
	}
	out := query.Query{Node: node, Period: period, Limit: q.Limit}
	if q.Oldest {
		out.Order = query.OldestFirst
	}
	if q.Cursor != "" {
		c, err := query.ParseCursor(q.Cursor)
		if err != nil {
			return query.Query{}, err
		}
		out.After = hansard.Some(c)
	}
	return out.Checked()
}

// resolve replaces the clear values of persons by their pseudonyms.
func (r *Reading) resolve(tenant string, node query.Node, value string) (query.Node, error) {
	var failed error
	look := func(v string) []string {
		names, err := r.cfg.Pseudonyms(tenant, v)
		if err != nil {
			failed = err
		}
		return names
	}
	if query.HasPerson(node) {
		node = query.ResolvePersons(node, look)
	}
	if value != "" {
		node = query.And{Nodes: []query.Node{node, anywhere(look(value))}}
	}
	return node, failed
}

// anywhere finds pseudonyms wherever they may stand: in the fields of persons,
// and in any text.
func anywhere(pseudonyms []string) query.Node {
	or := query.Or{}
	for _, p := range pseudonyms {
		or.Nodes = append(or.Nodes, query.Text{Text: p})
		for _, f := range query.Fields() {
			if f.Person {
				or.Nodes = append(or.Nodes, query.Compare{
					Field: query.Ref{Name: f.Name, Kind: f.Kind, Unit: f.Unit}, Op: query.In, Values: []query.Value{{Text: p}},
				})
			}
		}
	}
	return or
}

// Match returns a predicate for the question's search, for live feeds.
func (r *Reading) Match(tenant string, q Question) (func(*hansard.Entry) bool, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	return func(e *hansard.Entry) bool { return query.Match(plan.Node, e) }, nil
}

// Events returns a page of events, newest first unless asked otherwise.
func (r *Reading) Events(ctx context.Context, tenant string, q Question) (*Events, error) {
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	page, err := r.cfg.Lake.Events(ctx, tenant, plan)
	if err != nil {
		return nil, err
	}
	out := &Events{Events: r.hashed(page.Entries)}
	if page.Next.Set {
		out.NextCursor = page.Next.V.String()
	}
	return out, nil
}

// hashed sets the leaf hashes of entries that were read from parts. The result
// is never nil: an empty list is "[]" in JSON.
func (r *Reading) hashed(entries []*hansard.Entry) []*hansard.Entry {
	out := make([]*hansard.Entry, len(entries))
	for i, e := range entries {
		if e.LeafHash == (hansard.Hash{}) {
			copied := *e // entries in memory are shared
			copied.LeafHash = part.HashLeaf(r.enc.AppendLeaf(nil, e))
			e = &copied
		}
		out[i] = e
	}
	return out
}

// Event returns one event.
func (r *Reading) Event(ctx context.Context, tenant, id string) (*hansard.Entry, error) {
	e, err := r.cfg.Lake.Event(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return r.hashed([]*hansard.Entry{e})[0], nil
}

// SQL runs one SELECT of a user over the views events and statements.
func (r *Reading) SQL(ctx context.Context, tenant, statement string) (*lake.Result, error) {
	return r.cfg.Lake.SQL(ctx, tenant, statement, lake.Limits{})
}

// Prove returns the proof that an event is in the record, and the verifier key
// of its log to check it with. With disclose the content is in the proof too.
func (r *Reading) Prove(ctx context.Context, tenant, id string, disclose bool) (p *proof.Proof, vkey string, err error) {
	e, err := r.cfg.Lake.Event(ctx, tenant, id)
	if err != nil {
		return nil, "", err
	}
	if p, err = r.cfg.Prover.Prove(e, disclose); err != nil {
		return nil, "", err
	}
	for _, i := range r.cfg.Prover.Logs() {
		if i.Log == e.Log {
			vkey = i.VKey
		}
	}
	return p, vkey, nil
}

// Log is what is public of a log.
type Log struct {
	Log        string `json:"log"`
	Origin     string `json:"origin"`
	VKey       string `json:"vkey"` // verifier key, in the form of signed notes
	Size       uint64 `json:"size"` // committed entries
	Sealed     uint64 `json:"sealed"`
	Minimum    uint64 `json:"minimum"`              // the first entry that is kept
	Checkpoint string `json:"checkpoint,omitempty"` // the last signed one
}

// Logs lists the tenant's logs, by name.
func (r *Reading) Logs(tenant string) []Log {
	logs := []Log{}
	for _, i := range r.cfg.Prover.Logs() {
		if i.Log.Tenant == tenant {
			logs = append(logs, Log{i.Log.String(), i.Origin, i.VKey, i.Size, i.Sealed, i.Minimum, string(i.Checkpoint)})
		}
	}
	sort.Slice(logs, func(i, k int) bool { return logs[i].Log < logs[k].Log })
	return logs
}

// checkpoints returns size and root of each log as last signed.
func (r *Reading) checkpoints(tenant string) []proof.Checkpoint {
	var points []proof.Checkpoint
	for _, i := range r.Logs(tenant) {
		v, err := note.NewVerifier(i.VKey)
		if err != nil {
			continue
		}
		if c, err := proof.OpenCheckpoint([]byte(i.Checkpoint), v); err == nil {
			points = append(points, c)
		}
	}
	return points
}
