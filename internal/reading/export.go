package reading

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/report"
)

// ExportFormat is how an export is written.
type ExportFormat string

// The formats of an export.
const (
	ExportNDJSON  ExportFormat = "ndjson"
	ExportCSV     ExportFormat = "csv"
	ExportParquet ExportFormat = "parquet"
)

// ContentType returns the media type of a format.
func (f ExportFormat) ContentType() string {
	switch f {
	case ExportCSV:
		return "text/csv; charset=utf-8; header=present"
	case ExportParquet:
		return "application/vnd.apache.parquet"
	}
	return "application/x-ndjson"
}

// Manifest says what an export holds, so that whoever has it can tell whether it is
// whole.
type Manifest struct {
	Format  ExportFormat `json:"format"`
	Entries int64        `json:"entries"`
	Bytes   int64        `json:"bytes"`
	SHA256  string       `json:"sha256"` // of the bytes, hexadecimal
	Tenant  string       `json:"tenant"`
	Query   string       `json:"query"` // canonical; the clear values of persons are left out
	Since   *time.Time   `json:"since"`
	Until   *time.Time   `json:"until"`
	// LastPosition is up to where the record was exported: what came later is not
	// in it.
	LastPosition uint64       `json:"last_position"`
	Checkpoints  []Checkpoint `json:"checkpoints"` // of the logs, as last signed before
	Created      time.Time    `json:"created"`
}

// Checkpoint is the size and the root of a log.
type Checkpoint struct {
	Log  string `json:"log"`
	Size uint64 `json:"size"`
	Root string `json:"root"` // base64
}

// Exported gives the entries of an export page by page.
type Exported struct {
	r      *Reading
	tenant string
	plan   query.Query
	format ExportFormat
	total  int64
	man    Manifest
}

// Total is how many entries the export has.
func (x *Exported) Total() int64 { return x.total }

// Export prepares an export of all entries that a question selects, in order of
// time: those that are in the record now. Write writes it.
func (r *Reading) Export(ctx context.Context, tenant string, q Question, format ExportFormat) (*Exported, error) {
	switch format {
	case ExportNDJSON, ExportCSV, ExportParquet:
	default:
		return nil, hansard.Errorf(hansard.KindInvalid, "export: unknown format: want ndjson, csv or parquet")
	}
	q.Limit, q.Cursor, q.Oldest = exportPage, "", true
	plan, err := r.plan(tenant, q)
	if err != nil {
		return nil, err
	}
	stated, err := query.Parse(q.Search, time.Now())
	if err != nil {
		return nil, err
	}
	x := &Exported{r: r, tenant: tenant, plan: plan, format: format}
	x.man = Manifest{Format: format, Tenant: tenant, Query: query.Redacted(stated).String(), Created: time.Now().UTC(), Checkpoints: []Checkpoint{}}
	if q.Value != "" {
		x.man.Query += " (and a personal value)"
	}
	if s := plan.Period.Since; !s.IsZero() {
		x.man.Since = &s
	}
	if u := plan.Period.Until; !u.IsZero() {
		x.man.Until = &u
	}
	for _, c := range r.checkpoints(tenant) {
		x.man.Checkpoints = append(x.man.Checkpoints, Checkpoint{c.Origin, uint64(c.Size), base64.StdEncoding.EncodeToString(c.Root[:])})
	}
	return x, x.bound(ctx)
}

// exportPage is how many entries are read at a time; less where they are large.
const exportPage = query.MaxLimit

// bound counts what there is to export, and bounds it to that: events that come
// while it is written are not in it.
func (x *Exported) bound(ctx context.Context) error {
	spec := lake.Spec{Measures: []lake.Measure{{Op: lake.Max, Field: "position"}}, OrderBy: -1}
	t, err := x.r.cfg.Lake.Aggregate(ctx, x.tenant, query.Query{}, spec)
	if err != nil {
		return err
	}
	last, _ := t.Rows[0][0].(int64)
	x.man.LastPosition = uint64(last)
	before := query.Compare{Field: query.Ref{Name: "position", Kind: query.KindInt}, Op: query.LE, Values: []query.Value{{Int: last}}}
	x.plan.Node = query.And{Nodes: []query.Node{x.plan.Node, before}}
	spec.Measures = []lake.Measure{{Op: lake.Count}}
	if t, err = x.r.cfg.Lake.Aggregate(ctx, x.tenant, x.plan, spec); err != nil {
		return err
	}
	x.total, _ = t.Rows[0][0].(int64)
	return nil
}

// Write writes the export and returns its manifest. progress, if not nil, is told
// how many entries were written after each page. An error means that what was
// written is not whole.
func (x *Exported) Write(ctx context.Context, w io.Writer, progress func(done int64)) (*Manifest, error) {
	sum := &summed{w: w, hash: sha256.New()}
	out := bufio.NewWriterSize(sum, 256<<10)
	to, err := x.encoder(out)
	if err != nil {
		return nil, err
	}
	for q := x.plan; ; {
		page, err := x.r.cfg.Lake.Events(ctx, x.tenant, q)
		if err != nil {
			return nil, err
		}
		for _, e := range x.r.hashed(page.Entries) {
			if err := to.add(e); err != nil {
				return nil, err
			}
		}
		x.man.Entries += int64(len(page.Entries))
		if progress != nil {
			progress(x.man.Entries)
		}
		if !page.Next.Set {
			break
		}
		q.After = page.Next
	}
	if err := to.close(); err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	if x.man.Entries != x.total {
		err := hansard.Errorf(hansard.KindBusy, "export: %d entries were written, %d were expected: some have expired or were erased meanwhile", x.man.Entries, x.total)
		return nil, hansard.WithHint(err, "export again")
	}
	x.man.Bytes, x.man.SHA256 = sum.n, hex.EncodeToString(sum.hash.Sum(nil))
	return &x.man, nil
}

// summed hashes and counts what it passes on.
type summed struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.hash.Write(b[:n])
	s.n += int64(n)
	return n, err
}

// entryEncoder writes entries in a format.
type entryEncoder interface {
	add(e *hansard.Entry) error
	close() error
}

func (x *Exported) encoder(w io.Writer) (entryEncoder, error) {
	switch x.format {
	case ExportCSV:
		c := &csvEncoder{w: csv.NewWriter(w), columns: ExportColumns()}
		return c, c.w.Write(c.columns)
	case ExportParquet:
		s, err := x.r.enc.NewStream(w, hansard.LogID{Tenant: x.tenant})
		return parquetEncoder{s}, err
	}
	return ndjsonEncoder{w}, nil
}

type ndjsonEncoder struct{ w io.Writer }

func (n ndjsonEncoder) add(e *hansard.Entry) error {
	b, err := json.Marshal(e)
	if err == nil {
		_, err = n.w.Write(append(b, '\n'))
	}
	return err
}

func (ndjsonEncoder) close() error { return nil }

type parquetEncoder struct{ s *part.Stream }

func (p parquetEncoder) add(e *hansard.Entry) error { return p.s.Add(e) }
func (p parquetEncoder) close() error               { return p.s.Close() }

// ExportColumns returns the columns of an export as CSV: the members of an entry in
// JSON, in the order of EVENT.md.
func ExportColumns() []string {
	var columns []string
	for _, f := range query.Fields() {
		name, _, _ := strings.Cut(f.Name, ".")
		if strings.HasPrefix(name, "actor_") {
			name = "actor"
		}
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return append(columns, "persons", "content")
}

// csvEncoder writes entries as CSV, one column for each member: texts as they are,
// all else as JSON. No cell is a formula to a spreadsheet.
type csvEncoder struct {
	w       *csv.Writer
	columns []string
	cells   []string
}

func (c *csvEncoder) add(e *hansard.Entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if c.cells == nil {
		c.cells = make([]string, len(c.columns))
	}
	clear(c.cells)
	err = rawjson.Object(b, func(key, value []byte) error {
		name := string(rawjson.Unquote(nil, key))
		i := slices.Index(c.columns, name)
		if i < 0 {
			return hansard.Errorf(hansard.KindInternal, "export: no column for the member %s", name)
		}
		text := string(value)
		if value[0] == '"' {
			text = string(rawjson.Unquote(nil, value))
		}
		c.cells[i] = report.CSVCell(text)
		return nil
	})
	if err != nil {
		return err
	}
	return c.w.Write(c.cells)
}

func (c *csvEncoder) close() error {
	c.w.Flush()
	return c.w.Error()
}
