package lake

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Column is a column of a Result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as DuckDB names it
}

// Result is the answer to a user's statement.
type Result struct {
	Columns []Column
	Rows    [][]json.RawMessage // one JSON value for each column
	// Truncated says which limit cut the rows off; empty: these are all.
	Truncated string
}

// Limits bounds a user's statement. A zero field takes its default.
type Limits struct {
	Rows   int           // of the result; default 10,000
	Bytes  int           // of the result as JSON; default 16 MiB
	Time   time.Duration // default 30 s
	Memory int64         // bytes, of the engine; default 256 MiB
}

func (l Limits) filled() Limits {
	def := Limits{Rows: 10_000, Bytes: 16 << 20, Time: 30 * time.Second, Memory: DefaultMemoryLimit}
	if l.Rows > 0 {
		def.Rows = l.Rows
	}
	if l.Bytes > 0 {
		def.Bytes = l.Bytes
	}
	if l.Time > 0 {
		def.Time = l.Time
	}
	if l.Memory > 0 {
		def.Memory = l.Memory
	}
	return def
}

// SQL runs a user's statement, one SELECT over the views events and statements
// of one tenant, in a child process. The error is of KindInvalid when the
// statement is wrong or not allowed, of KindTooLarge when it takes more time or
// memory than its limits, of KindInternal when the child failed.
func (l *Lake) SQL(ctx context.Context, tenant, statement string, limits Limits) (*Result, error) {
	if len(l.config.WorkerCommand) == 0 {
		return nil, hansard.Errorf(hansard.KindInvalid, "sql is switched off")
	}
	limits = limits.filled()
	result, again, err := l.ask(ctx, tenant, statement, limits, false)
	if again {
		result, _, err = l.ask(ctx, tenant, statement, limits, true)
	}
	return result, err
}

// ask has one worker run a statement, where anew is set one that has run no other. It
// reports whether it failed so that such a one may do better: it was gone, or the
// statements before may have had a part in it.
func (l *Lake) ask(ctx context.Context, tenant, statement string, limits Limits, anew bool) (result *Result, again bool, err error) {
	w, err := l.workers.take(ctx, tenant, limits.Memory, anew)
	if err != nil {
		return nil, false, err
	}
	used, well := w.answered > 0, false
	defer func() { l.workers.release(w, well) }()
	snap := l.pin(tenant)
	defer snap.release()
	j := job{
		Tenant: tenant, Query: statement, Memory: limits.Memory, Threads: l.config.Threads,
		CPUSeconds: uint64(limits.Time.Seconds()+1) * uint64(l.config.Threads+1), MaxRows: limits.Rows, MaxBytes: limits.Bytes,
	}
	if err := l.files(snap, &j, w); err != nil {
		return nil, false, err
	}
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	result, err = w.work(timed, &j)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case err != nil && timed.Err() != nil:
		err := hansard.Errorf(hansard.KindTooLarge, "sql: it takes longer than %s", limits.Time)
		return nil, false, hansard.WithHint(err, "narrow it by a WHERE on timestamp")
	}
	well = timed.Err() == nil && (err == nil || hansard.KindOf(err) == hansard.KindInvalid)
	return result, !well && err != nil && (used || errors.Is(err, errNotAsked)), err
}

// files names the tenant's parts in the job and puts its fresh rows into the
// worker's memory files.
func (l *Lake) files(snap *snapshot, j *job, w *worker) error {
	var events, statements [][]byte
	for tier, parts := range snap.version.parts {
		for _, p := range parts {
			if tier == hansard.TierMeta {
				j.Statements = append(j.Statements, p.path)
			} else {
				j.Events = append(j.Events, p.path)
			}
		}
	}
	for tier, rows := range snap.fresh {
		half := &events
		if tier == hansard.TierMeta {
			half = &statements
		}
		for _, r := range rows {
			*half = append(*half, r.Bytes)
		}
	}
	j.Folders = l.folders(snap.tenant)
	for i, half := range []struct {
		rows [][]byte
		to   *[]string
	}{{events, &j.Events}, {statements, &j.Statements}} {
		if err := empty(w.fresh[i]); err != nil {
			return hansard.Errorf(hansard.KindInternal, "sql: write fresh rows: %w", err)
		}
		if len(half.rows) == 0 {
			continue
		}
		*half.to = append(*half.to, freshPath(i))
		out := bufio.NewWriterSize(w.fresh[i], 1<<20)
		if err := errors.Join(l.enc.WriteRows(out, hansard.LogID{Tenant: snap.tenant}, half.rows), out.Flush()); err != nil {
			return hansard.Errorf(hansard.KindInternal, "sql: write fresh rows: %w", err)
		}
	}
	return nil
}

// folders returns where the parts of a tenant are, and nothing else is.
func (l *Lake) folders(tenant string) []string {
	folders := []string{part.Folder(l.dir, hansard.LogID{Tenant: tenant, Tier: hansard.TierMeta})}
	for _, tier := range hansard.Tiers {
		folders = append(folders, part.Folder(l.dir, hansard.LogID{Tenant: tenant, Tier: tier}))
	}
	return folders
}

// empty removes what an earlier statement read from a file.
func empty(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// What a worker may end with.
var (
	errNoAnswer = errors.New("no answer")
	errNotAsked = errors.New("it was gone before it had the statement")
)

// answer reads the lines of a worker.
func answer(r io.Reader) (*Result, error) {
	result := &Result{}
	d := json.NewDecoder(r)
	for {
		var next line
		if err := d.Decode(&next); err != nil {
			return nil, errNoAnswer
		}
		switch {
		case next.Error != nil:
			err := hansard.Errorf(min(max(next.Error.Kind, hansard.KindInternal), hansard.KindCorrupt), "%s", next.Error.Message)
			if next.Error.Hint != "" {
				err = hansard.WithHint(err, next.Error.Hint)
			}
			return nil, err
		case next.End != nil:
			result.Truncated = next.End.Truncated
			return result, nil
		case next.Columns != nil && result.Columns == nil:
			result.Columns = next.Columns
		case result.Columns != nil && len(next.Row) == len(result.Columns):
			result.Rows = append(result.Rows, next.Row)
		default:
			return nil, errNoAnswer
		}
	}
}
