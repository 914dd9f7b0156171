package retention

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/query"
)

// Rollup is what the pruned events of one day, tier, agent, tool, model and task came
// to. A figure that none of them said is null, not 0.
type Rollup struct {
	Day         string       `json:"day"` // on which they happened, UTC
	Tier        hansard.Tier `json:"tier"`
	AgentName   string       `json:"agent_name,omitempty"`
	ToolName    string       `json:"tool_name,omitempty"`
	Model       string       `json:"model,omitempty"`
	TaskID      string       `json:"task_id,omitempty"` // absent too where there were too many tasks
	Events      int64        `json:"events"`
	Errors      int64        `json:"errors"`  // events whose status is error or timeout
	Calls       int64        `json:"calls"`   // of models, as far as known
	Counted     int64        `json:"counted"` // of these with tokens
	Priced      int64        `json:"priced"`  // of these with a cost
	Input       *int64       `json:"input_tokens"`
	Output      *int64       `json:"output_tokens"`
	CacheRead   *int64       `json:"cache_read_tokens"`
	CacheWrite  *int64       `json:"cache_write_tokens"`
	Reasoning   *int64       `json:"reasoning_tokens"`
	Tokens      *int64       `json:"token_count"`
	CostNanoUSD *int64       `json:"cost_nano_usd"`
}

// rollupHead is the first line of a roll-up's file.
type rollupHead struct {
	Version int      `json:"rollup"`
	Log     string   `json:"log"`
	Date    string   `json:"date"` // of receipt
	First   uint64   `json:"first"`
	End     uint64   `json:"end"`
	By      []string `json:"by"`
}

// maxGroups is how many lines a roll-up has before it leaves the tasks out.
const maxGroups = 100_000

// Sums is what roll-ups are computed with: the lake.
type Sums interface {
	Aggregate(ctx context.Context, tenant string, q query.Query, spec lake.Spec) (lake.Table, error)
	Tokens(ctx context.Context, tenant string, q query.Query, by []string) ([]lake.TokenStat, error)
}

// rollUp computes what the entries of one date of a log come to.
func rollUp(ctx context.Context, sums Sums, id hansard.LogID, d ledger.PruneDate) (rollupHead, []Rollup, error) {
	head := rollupHead{Version: 1, Log: id.String(), Date: d.Date, First: d.First, End: d.End}
	q := query.Query{Node: query.And{Nodes: []query.Node{
		query.Compare{Field: query.Ref{Name: "tier", Kind: query.KindString}, Op: query.In, Values: []query.Value{{Text: string(id.Tier)}}},
		query.Compare{Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.Range, Values: []query.Value{{Int: int64(d.FirstPosition)}, {Int: int64(d.LastPosition)}}},
	}}}
	by := []string{"agent_name", "tool_name", "model", "task_id"}
	table, err := count(ctx, sums, id.Tenant, q, by)
	if err == nil && len(table.Rows) > maxGroups {
		by = by[:3]
		table, err = count(ctx, sums, id.Tenant, q, by)
	}
	if err != nil {
		return head, nil, fmt.Errorf("roll up %s of %s: %w", d.Date, id, err)
	}
	head.By = append([]string{"day"}, by...)
	groups := map[[5]string]*Rollup{}
	var days []string
	for _, row := range table.Rows {
		key := keyOf(row, len(by))
		r := &Rollup{Day: key[0], Tier: id.Tier, AgentName: key[1], ToolName: key[2], Model: key[3], TaskID: key[4]}
		r.Events, _ = row[len(row)-2].(int64)
		r.Errors, _ = row[len(row)-1].(int64)
		groups[key] = r
		if !slices.Contains(days, r.Day) {
			days = append(days, r.Day)
		}
	}
	for _, day := range days {
		if err := addTokens(ctx, sums, id.Tenant, q, day, by, groups); err != nil {
			return head, nil, fmt.Errorf("roll up %s of %s: %w", d.Date, id, err)
		}
	}
	return head, sorted(groups), nil
}

func count(ctx context.Context, sums Sums, tenant string, q query.Query, by []string) (lake.Table, error) {
	return sums.Aggregate(ctx, tenant, q, lake.Spec{
		By: append([]string{"day"}, by...), Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Errors}}, OrderBy: -1,
	})
}

// keyOf returns the key of a row of count.
func keyOf(row []any, by int) (key [5]string) {
	ns, _ := row[0].(int64)
	key[0] = time.Unix(0, ns).UTC().Format(time.DateOnly)
	for i := range by {
		key[1+i], _ = row[1+i].(string)
	}
	return key
}

// addTokens adds tokens and cost of the events that happened on a day.
func addTokens(ctx context.Context, sums Sums, tenant string, q query.Query, day string, by []string, groups map[[5]string]*Rollup) error {
	since, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return err
	}
	q.Period = query.Period{Since: since, Until: since.AddDate(0, 0, 1)}
	stats, err := sums.Tokens(ctx, tenant, q, by)
	if err != nil {
		return err
	}
	for _, s := range stats {
		key := [5]string{day}
		copy(key[1:], s.Key)
		r := groups[key]
		if r == nil { // cannot be: it counts events of the same rows
			return hansard.Errorf(hansard.KindInternal, "tokens of no event")
		}
		r.Calls, r.Counted, r.Priced = s.Calls, s.Counted, s.Priced
		r.Input, r.Output, r.CacheRead, r.CacheWrite = figure(s.Input), figure(s.Output), figure(s.CacheRead), figure(s.CacheWrite)
		r.Reasoning, r.Tokens, r.CostNanoUSD = figure(s.Reasoning), figure(s.Total), figure(s.CostNanoUSD)
	}
	return nil
}

// figure returns a sum as JSON shows it: null where nobody said it.
func figure(o hansard.Opt[int64]) *int64 {
	if !o.Set {
		return nil
	}
	return &o.V
}

func sorted(groups map[[5]string]*Rollup) []Rollup {
	keys := make([][5]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [5]string) int { return slices.Compare(a[:], b[:]) })
	out := make([]Rollup, len(keys))
	for i, k := range keys {
		out[i] = *groups[k]
	}
	return out
}

// writeRollup writes a roll-up: compressed lines of JSON.
func writeRollup(w io.Writer, head rollupHead, rows []Rollup) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	if err := e.Encode(head); err != nil {
		return err
	}
	for i := range rows {
		if err := e.Encode(&rows[i]); err != nil {
			return err
		}
	}
	return z.Close()
}

// The bounds of a roll-up that is read: bytes, decompressed, and of a line.
const (
	maxRollupBytes = 512 << 20
	maxRollupLine  = 64 << 10
)

// readRollup reads a roll-up's file.
func readRollup(b []byte) (head rollupHead, rows []Rollup, err error) {
	z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRollupBytes))
	if err != nil {
		return head, nil, err
	}
	defer z.Close()
	lines := bufio.NewScanner(io.LimitReader(z, maxRollupBytes))
	lines.Buffer(nil, maxRollupLine)
	for n := 0; lines.Scan(); n++ {
		var r Rollup
		into := any(&r)
		if n == 0 {
			into = &head
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			return head, nil, hansard.Errorf(hansard.KindCorrupt, "line %d of a roll-up is malformed", n+1)
		}
		if n > 0 {
			rows = append(rows, r)
		}
	}
	if err := lines.Err(); err != nil {
		return head, nil, hansard.Errorf(hansard.KindCorrupt, "read a roll-up: %w", err)
	}
	if head.Version != 1 {
		return head, nil, hansard.Errorf(hansard.KindInvalid, "a roll-up of version %d, this program knows 1", head.Version)
	}
	return head, rows, nil
}

// Rollups returns what a tenant's pruned events of a period came to: days that begin
// in it, UTC. Roll-ups of entries that are still there are left out: nothing counts
// twice. A zero time is no bound.
func Rollups(rec Record, tenant string, since, until time.Time) ([]Rollup, error) {
	kept, err := rec.Kept(tenant)
	if err != nil {
		if hansard.KindOf(err) == hansard.KindNotFound {
			return nil, nil
		}
		return nil, err
	}
	minimum := map[hansard.LogID]uint64{}
	for _, i := range rec.Logs() {
		minimum[i.Log] = i.Minimum
	}
	var out []Rollup
	for _, f := range kept.Rollups {
		b, err := rec.ReadRollup(f)
		if err != nil {
			return nil, err
		}
		head, rows, err := readRollup(b)
		if err != nil {
			return nil, fmt.Errorf("roll-up %s of %s: %w", f.Name, f.Log, err)
		}
		if head.End > minimum[f.Log] || head.Log != f.Log.String() {
			continue
		}
		for _, r := range rows {
			if day, err := time.Parse(time.DateOnly, r.Day); err == nil && !day.Before(since) && (until.IsZero() || day.Before(until)) {
				out = append(out, r)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Rollup) int { return strings.Compare(a.Day, b.Day) })
	return out, nil
}

// WithoutTasks sums roll-ups of one day, tier, agent, tool and model up, in the order
// of days.
func WithoutTasks(list []Rollup) []Rollup {
	var out []Rollup
	at := map[[5]string]int{}
	for _, r := range list {
		r.TaskID = ""
		key := [5]string{r.Day, string(r.Tier), r.AgentName, r.ToolName, r.Model}
		i, ok := at[key]
		if !ok {
			at[key] = len(out)
			out = append(out, r)
			continue
		}
		out[i].Add(r)
	}
	return out
}

// Add adds the figures of another roll-up. What neither of both states stays unknown.
func (r *Rollup) Add(o Rollup) {
	r.Events, r.Errors, r.Calls = r.Events+o.Events, r.Errors+o.Errors, r.Calls+o.Calls
	r.Counted, r.Priced = r.Counted+o.Counted, r.Priced+o.Priced
	for _, f := range []struct {
		to   **int64
		from *int64
	}{
		{&r.Input, o.Input}, {&r.Output, o.Output}, {&r.CacheRead, o.CacheRead}, {&r.CacheWrite, o.CacheWrite},
		{&r.Reasoning, o.Reasoning}, {&r.Tokens, o.Tokens}, {&r.CostNanoUSD, o.CostNanoUSD},
	} {
		switch {
		case f.from == nil:
		case *f.to == nil:
			n := *f.from
			*f.to = &n
		default:
			n := **f.to + *f.from // the other may be shared
			*f.to = &n
		}
	}
}
