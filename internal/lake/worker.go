package lake

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// setup is what a worker needs to get ready for a statement, the first JSON object on
// its standard input. It says nothing of any tenant.
type setup struct {
	Memory    int64    `json:"memory"`    // bytes
	Functions []string `json:"functions"` // of the engine, those that every row may have
}

// job is what the parent then asks of a worker, one JSON object. The worker can open
// the files it names and no other.
type job struct {
	Tenant     string   `json:"tenant"`
	Query      string   `json:"query"`
	Events     []string `json:"events"`     // part files
	Statements []string `json:"statements"` // part files of the meta log
	Memory     int64    `json:"memory"`     // bytes
	Threads    int      `json:"threads"`
	CPUSeconds uint64   `json:"cpu_seconds"`
	MaxRows    int      `json:"max_rows"`
	MaxBytes   int      `json:"max_bytes"`
}

// line is one line of a worker's answer: first the columns, then a row each, at
// last an end or an error.
type line struct {
	Columns []Column          `json:"columns,omitempty"`
	Row     []json.RawMessage `json:"row,omitempty"`
	End     *end              `json:"end,omitempty"`
	Error   *failure          `json:"error,omitempty"`
}

type end struct {
	Truncated string `json:"truncated,omitempty"`
}

type failure struct {
	Kind    hansard.Kind `json:"kind"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
}

// workerGC is how much the heap of a worker may grow, in percent of what it holds,
// before its garbage is collected: most end before that.
const workerGC = 400

// maxJob bounds what is asked of a worker in bytes: a million files.
const maxJob = 256 << 20

// Worker runs one user's statement. It reads a setup from stdin and gets ready, reads
// a job, which may come much later or never, and writes lines of JSON to stdout. It
// is the whole life of a child process that a Lake starts: it limits its own process
// and ends it when stdin ends, because then nobody waits for an answer, so nothing
// else may run there. What is wrong with the statement is in the answer; the error
// says that there is no answer.
func Worker(stdin io.Reader, stdout io.Writer) error {
	debug.SetGCPercent(workerGC)
	requests := json.NewDecoder(io.LimitReader(stdin, maxJob))
	var s setup
	if err := requests.Decode(&s); err != nil {
		return fmt.Errorf("read the setup: %w", err)
	}
	d, err := newDesk(context.Background(), &s)
	if err != nil {
		return fmt.Errorf("get ready: %w", err)
	}
	// It is not closed: the process ends, and takes less time for it.
	var j job
	if err := requests.Decode(&j); errors.Is(err, io.EOF) {
		return nil // nobody had a statement
	} else if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		os.Exit(1) // at once, whatever the engine is at
	}()
	if err := limitProcess(&j); err != nil {
		return fmt.Errorf("limit the process: %w", err)
	}
	w := bufio.NewWriter(stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := d.run(context.Background(), &j, out); err != nil {
		f := &failure{Kind: hansard.KindOf(err), Message: err.Error(), Hint: hansard.HintOf(err)}
		if err := out.Encode(line{Error: f}); err != nil {
			return err
		}
	}
	return w.Flush()
}

// desk is an engine with one connection at which one statement is run.
type desk struct {
	db      *sql.DB
	conn    *sql.Conn
	checker *checker
	memory  int64 // that the engine may use, in bytes
}

// newDesk opens the engine and has it do once what every statement has it do, over
// views without rows: what is loaded and built at its first use is there when a
// statement comes.
func newDesk(ctx context.Context, s *setup) (*desk, error) {
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false", initConnection)
	if err != nil {
		return nil, err
	}
	d := &desk{db: sql.OpenDB(connector), checker: newChecker(s.Functions), memory: s.Memory}
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	err = d.exec(ctx,
		setMemory(s.Memory),
		// What is done before the statement is small: to wake other threads for it takes
		// longer than to do it.
		setThreads(1),
		// Each file is read once, but its footer with each look at its columns.
		"SET enable_external_file_cache = false",
		"SET parquet_metadata_cache = true",
		"SET temp_directory = ''",
		"SET secret_directory = ''",
		"SET enable_progress_bar = false",
		"SET allow_persistent_secrets = false",
		"SET allow_community_extensions = false",
		eventsView("", part.Columns(), nil),
	)
	if err == nil {
		err = d.rehearse(ctx)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// rehearse answers a statement like those that users write.
func (d *desk) rehearse(ctx context.Context) error {
	a, err := d.ask(ctx, rehearsal)
	if err != nil {
		return err
	}
	if err := d.answer(ctx, &job{MaxRows: 1, MaxBytes: 1}, a, json.NewEncoder(io.Discard)); err != nil {
		return err
	}
	return d.exec(ctx, "DROP VIEW events")
}

const rehearsal = "SELECT tool_name, date_trunc('hour', timestamp), count(*), sum(cost_usd), quantile_cont(duration_ms, 0.5) FROM events WHERE status <> 'ok' GROUP BY ALL ORDER BY 3 DESC LIMIT 10"

// close ends the engine.
func (d *desk) close() { _ = errors.Join(d.conn.Close(), d.db.Close()) }

func (d *desk) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := d.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	return nil
}

// run answers the job; an error goes to whoever wrote the statement.
func (d *desk) run(ctx context.Context, j *job, out *json.Encoder) error {
	a, err := d.ask(ctx, j.Query)
	if err != nil {
		return err
	}
	if err := d.prepare(ctx, j, a); err != nil {
		return userError(err)
	}
	return d.answer(ctx, j, a, out)
}

// asked is a statement that may be run.
type asked struct {
	tree string // its syntax tree, as JSON
	text string // as DuckDB's parser spells it, without comments and semicolon
}

// reads reports whether the statement may read a view. The tree has a member that is
// named like one of them.
func (a *asked) reads(view string) bool {
	tree := strings.ReplaceAll(strings.ToLower(a.tree), `"statements":`, "")
	return strings.Contains(tree, `"`+view+`"`)
}

// prepare makes the views that the statement reads and then locks the engine: no
// other file, no extension, no setting.
func (d *desk) prepare(ctx context.Context, j *job, a *asked) error {
	var views []string
	if a.reads("events") {
		views = append(views, eventsView(j.Tenant, part.Columns(), j.Events))
	}
	if a.reads("statements") {
		views = append(views, statementsView(part.Columns(), j.Statements))
	}
	var allowed []string
	for _, f := range append(append([]string{}, j.Events...), j.Statements...) {
		allowed = append(allowed, quote(f))
		if pattern := quotePath(f); pattern != quote(f) { // it is looked up first
			allowed = append(allowed, pattern)
		}
	}
	statements := append(views,
		"SET allowed_paths = ["+strings.Join(allowed, ", ")+"]",
		"SET enable_external_access = false",
		setThreads(j.Threads),
		"SET lock_configuration = true",
	)
	if j.Memory != d.memory {
		statements = append([]string{setMemory(j.Memory)}, statements...)
	}
	return d.exec(ctx, statements...)
}

func setMemory(bytes int64) string { return fmt.Sprintf("SET memory_limit = '%dB'", bytes) }
func setThreads(n int) string      { return fmt.Sprintf("SET threads = %d", n) }

// answer writes what the statement selects.
func (d *desk) answer(ctx context.Context, j *job, a *asked, out *json.Encoder) error {
	columns, err := describe(ctx, d.conn, a.text)
	if err != nil {
		return userError(err)
	}
	if err := out.Encode(line{Columns: columns}); err != nil {
		return err
	}
	rows, err := d.rows(ctx, j, a, columns)
	if err != nil {
		return userError(err)
	}
	defer rows.Close()
	return j.write(rows, columns, out)
}

// rows runs the statement, or one that is quicker. Where the engine refuses that, the
// user's own is what counts.
func (d *desk) rows(ctx context.Context, j *job, a *asked, columns []Column) (*sql.Rows, error) {
	if quicker := d.quicker(ctx, a); quicker != "" {
		rows, err := d.conn.QueryContext(ctx, j.selection(quicker, columns))
		var derr *duckdb.Error
		if !errors.As(err, &derr) || derr.Type != duckdb.ErrorTypeBinder && derr.Type != duckdb.ErrorTypeCatalog {
			return rows, err
		}
	}
	return d.conn.QueryContext(ctx, j.selection(a.text, columns))
}

// ask returns a statement for running it if it is allowed.
func (d *desk) ask(ctx context.Context, text string) (*asked, error) {
	if strings.ContainsRune(text, 0) {
		return nil, refuse("a NUL byte")
	}
	a := &asked{}
	var err error
	if a.tree, err = d.parse(ctx, text); err != nil {
		return nil, err
	}
	if a.text, err = d.deserialized(ctx, a.tree); err != nil {
		return nil, err
	}
	// What runs is what was checked, however DuckDB spelled it.
	_, err = d.parse(ctx, a.text)
	return a, err
}

// quicker returns a statement that selects the same with less work, its columns under
// any names; empty: none is known. It is checked like every other.
func (d *desk) quicker(ctx context.Context, a *asked) string {
	shared, err := sharePercentiles([]byte(a.tree), func(e any) (string, error) { return d.spelled(ctx, e) })
	if err != nil || shared == nil {
		return ""
	}
	statement, err := d.deserialized(ctx, string(shared))
	if err != nil {
		return ""
	}
	if _, err := d.parse(ctx, statement); err != nil {
		return ""
	}
	return statement
}

// parse returns the syntax tree of a statement if it is allowed.
func (d *desk) parse(ctx context.Context, statement string) (string, error) {
	var tree string
	if err := d.conn.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", statement).Scan(&tree); err != nil {
		return "", userError(err)
	}
	return tree, d.checker.check([]byte(tree))
}

// deserialized returns the statement of a syntax tree as DuckDB spells it.
func (d *desk) deserialized(ctx context.Context, tree string) (string, error) {
	var statement string
	if err := d.conn.QueryRowContext(ctx, "SELECT json_deserialize_sql(?::JSON)", tree).Scan(&statement); err != nil {
		return "", userError(err)
	}
	return statement, nil
}

// describe returns the columns of a statement without running it.
func describe(ctx context.Context, conn *sql.Conn, statement string) ([]Column, error) {
	rows, err := conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+statement+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []Column
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// selection returns the statement with columns that the driver reads as they are, and
// no more rows than show that there are too many.
func (j *job) selection(statement string, columns []Column) string {
	exprs := make([]string, len(columns))
	for i, c := range columns {
		exprs[i] = fmt.Sprintf("#%d", i+1)
		switch c.Type {
		case "JSON": // the driver would read it into floats
			exprs[i] += "::VARCHAR"
		case "INTERVAL", "UUID", "BIT", "TIME WITH TIME ZONE": // as DuckDB spells them
			exprs[i] += "::VARCHAR"
		}
	}
	return fmt.Sprintf("SELECT %s FROM (%s) LIMIT %d", strings.Join(exprs, ", "), statement, j.MaxRows+1)
}

// write writes rows, as many as fit the limits.
func (j *job) write(rows *sql.Rows, columns []Column, out *json.Encoder) error {
	values := make([]any, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	size := 0
	for n := 0; rows.Next(); n++ {
		if n == j.MaxRows {
			return out.Encode(line{End: &end{Truncated: fmt.Sprintf("more than %d rows", j.MaxRows)}})
		}
		if err := rows.Scan(targets...); err != nil {
			return userError(err)
		}
		row := make([]json.RawMessage, len(columns))
		for i, v := range values {
			row[i] = appendValue(nil, v, columns[i].Type)
			size += len(row[i])
		}
		if size > j.MaxBytes {
			return out.Encode(line{End: &end{Truncated: fmt.Sprintf("more than %d bytes", j.MaxBytes)}})
		}
		if err := out.Encode(line{Row: row}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return userError(err)
	}
	return out.Encode(line{End: &end{}})
}

// userError gives an error of DuckDB over a user's statement its kind.
func userError(err error) error {
	var derr *duckdb.Error
	if !errors.As(err, &derr) {
		return hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	switch derr.Type {
	case duckdb.ErrorTypeOutOfMemory:
		err := hansard.Errorf(hansard.KindTooLarge, "sql: it needs more memory than its limit")
		return hansard.WithHint(err, "narrow it by a WHERE on timestamp, or aggregate before joining")
	case duckdb.ErrorTypeIO, duckdb.ErrorTypeInternal, duckdb.ErrorTypeFatal:
		return hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	case duckdb.ErrorTypePermission:
		return refuse("it reads what it may not")
	}
	return hansard.Errorf(hansard.KindInvalid, "sql: %w", err)
}
