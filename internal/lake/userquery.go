package lake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
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

// maxWorkers bounds how many children run at once; each may use its own limit of
// memory.
const maxWorkers = 2

// maxWait is how long a statement waits for others to end.
const maxWait = 5 * time.Second

// SQL runs a user's statement, one SELECT over the views events and statements
// of one tenant, in a child process. The error is of KindInvalid when the
// statement is wrong or not allowed, of KindTooLarge when it takes more time or
// memory than its limits, of KindInternal when the child failed.
func (l *Lake) SQL(ctx context.Context, tenant, statement string, limits Limits) (*Result, error) {
	if len(l.config.WorkerCommand) == 0 {
		return nil, hansard.Errorf(hansard.KindInvalid, "sql is switched off")
	}
	select {
	case l.workers <- struct{}{}:
		defer func() { <-l.workers }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(maxWait):
		err := hansard.Errorf(hansard.KindBusy, "other statements are running")
		return nil, hansard.WithHint(err, "ask again in a moment")
	}
	limits = limits.filled()
	snap := l.pin(tenant)
	defer snap.release()
	j := job{
		Tenant: tenant, Query: statement, Memory: limits.Memory, Threads: l.config.Threads,
		CPUSeconds: uint64(limits.Time.Seconds()+1) * uint64(l.config.Threads+1), MaxRows: limits.Rows, MaxBytes: limits.Bytes,
	}
	var err error
	if j.Functions, err = l.engine.functions(ctx); err != nil {
		return nil, err
	}
	extra, err := l.files(snap, &j)
	defer func() {
		for _, f := range extra {
			f.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	result, err := l.work(timed, &j, extra)
	if err != nil && ctx.Err() == nil && timed.Err() != nil {
		err := hansard.Errorf(hansard.KindTooLarge, "sql: it takes longer than %s", limits.Time)
		return nil, hansard.WithHint(err, "narrow it by a WHERE on timestamp")
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return result, err
}

// files names the tenant's parts in the job and puts its fresh rows into
// memory files, which the child gets as descriptors 3 and 4.
func (l *Lake) files(snap *snapshot, j *job) (extra []*os.File, err error) {
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
	for _, half := range []struct {
		rows [][]byte
		to   *[]string
	}{{events, &j.Events}, {statements, &j.Statements}} {
		if len(half.rows) == 0 {
			continue
		}
		f, err := memoryFile()
		if err != nil {
			return extra, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
		}
		*half.to = append(*half.to, "/proc/self/fd/"+strconv.Itoa(3+len(extra)))
		extra = append(extra, f)
		w := bufio.NewWriterSize(f, 1<<20)
		if err := errors.Join(l.enc.WriteRows(w, hansard.LogID{Tenant: snap.tenant}, half.rows), w.Flush()); err != nil {
			return extra, hansard.Errorf(hansard.KindInternal, "sql: write fresh rows: %w", err)
		}
	}
	return extra, nil
}

// work runs the child and reads its answer.
func (l *Lake) work(ctx context.Context, j *job, extra []*os.File) (*Result, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	request, err := json.Marshal(j)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, l.config.WorkerCommand...)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.Stdin, cmd.ExtraFiles = bytes.NewReader(request), extra
	var diagnosis tail
	cmd.Stderr = &diagnosis
	cmd.WaitDelay = time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: start the worker: %w", err)
	}
	// Twice the limit: names and framing come on top of the values.
	result, err := answer(io.LimitReader(stdout, 2*int64(j.MaxBytes)+int64(j.MaxRows)*64+1<<20))
	if err != nil {
		_ = cmd.Process.Kill()
	}
	if werr := cmd.Wait(); errors.Is(err, errNoAnswer) {
		l.logger.Warn("sql worker died", "state", fmt.Sprint(werr), "stderr_bytes", diagnosis.n)
		return nil, hansard.Errorf(hansard.KindInternal, "sql: the worker ended without an answer: %w", errors.Join(werr, ctx.Err()))
	}
	return result, err
}

var errNoAnswer = errors.New("no answer")

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

// tail swallows what a dying child says: it may hold content, so only its
// length is kept.
type tail struct{ n int }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.n += len(p)
	return len(p), nil
}
