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
	"slices"
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

// job is what the parent then asks of a worker, one JSON object for each statement. All
// are of one tenant and have the limits of the first, but for the rows and bytes of the
// answer. The worker can open the files in the folders that the first names, its memory
// files and no other.
type job struct {
	Tenant     string   `json:"tenant"`
	Query      string   `json:"query"`
	Folders    []string `json:"folders"`    // of the tenant's parts
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

// maxJob bounds what is asked of a worker at once in bytes: a million files.
const maxJob = 256 << 20

// Worker runs the statements of one tenant's users, one after the other. It reads a
// setup from stdin and gets ready, reads jobs, which may come much later or never, and
// writes lines of JSON to stdout for each. It is the whole life of a child process that
// a Lake starts: it limits its own process and ends it when stdin ends, because then
// nobody waits for an answer, so nothing else may run there. What is wrong with a
// statement is in its answer; the error says that there is no answer.
func Worker(stdin io.Reader, stdout io.Writer) error {
	debug.SetGCPercent(workerGC)
	limited := &io.LimitedReader{R: stdin, N: maxJob}
	requests := json.NewDecoder(limited)
	var s setup
	if err := requests.Decode(&s); err != nil {
		return fmt.Errorf("read the setup: %w", err)
	}
	d, err := newDesk(context.Background(), &s)
	if err != nil {
		return fmt.Errorf("get ready: %w", err)
	}
	// It is not closed: the process ends, and takes less time for it.
	jobs := make(chan *job)
	go func() {
		for {
			limited.N = maxJob
			j := &job{}
			if err := requests.Decode(j); err != nil {
				os.Exit(exitUnasked(err)) // at once, whatever the engine is at
			}
			jobs <- j
		}
	}()
	limit := limitProcess
	for {
		j := <-jobs
		if err := limit(j); err != nil {
			return fmt.Errorf("limit the process: %w", err)
		}
		limit = limitStatement
		if err := d.serve(context.Background(), j, stdout); err != nil {
			return err
		}
	}
}

// exitUnasked returns the exit code of a worker that is asked nothing more.
func exitUnasked(err error) int {
	if errors.Is(err, io.EOF) {
		return 0
	}
	return 1
}

// serve writes the answer to a job.
func (d *desk) serve(ctx context.Context, j *job, stdout io.Writer) error {
	w := bufio.NewWriter(stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := d.run(ctx, j, out); err != nil {
		f := &failure{Kind: hansard.KindOf(err), Message: err.Error(), Hint: hansard.HintOf(err)}
		if err := out.Encode(line{Error: f}); err != nil {
			return err
		}
	}
	return w.Flush()
}

// desk is an engine with one connection at which statements are run.
type desk struct {
	db      *sql.DB
	conn    *sql.Conn
	checker *checker
	memory  int64               // that the engine may use, in bytes
	locked  bool                // the engine opens what it was told to and takes no settings
	views   map[string][]string // the files of those that there are
}

// newDesk opens the engine and has it do once what every statement has it do, over
// views without rows: what is loaded and built at its first use is there when a
// statement comes.
func newDesk(ctx context.Context, s *setup) (*desk, error) {
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false", initConnection)
	if err != nil {
		return nil, err
	}
	d := &desk{db: sql.OpenDB(connector), checker: newChecker(s.Functions), memory: s.Memory, views: map[string][]string{}}
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	err = d.exec(ctx,
		setMemory(s.Memory),
		// What is done before the statement is small: to wake other threads for it takes
		// longer than to do it.
		setThreads(1),
		// A statement reads a file once, but its footer with each look at its columns.
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

// prepare locks the engine, once, and makes the views that the statement reads.
func (d *desk) prepare(ctx context.Context, j *job, a *asked) error {
	if err := d.lock(ctx, j); err != nil {
		return err
	}
	if err := d.view(ctx, a, "events", j.Events, func() string { return eventsView(j.Tenant, part.Columns(), j.Events) }); err != nil {
		return err
	}
	return d.view(ctx, a, "statements", j.Statements, func() string { return statementsView(part.Columns(), j.Statements) })
}

// lock locks the engine: no file of others, no extension, no setting any more.
func (d *desk) lock(ctx context.Context, j *job) error {
	if d.locked {
		return nil
	}
	var folders, files []string
	for _, f := range j.Folders {
		folders = append(folders, quote(f))
		if pattern := quotePath(f); pattern != quote(f) { // it is looked up first
			folders = append(folders, pattern)
		}
	}
	for i := range freshFiles {
		files = append(files, quote(freshPath(i)))
	}
	if j.Memory != d.memory {
		if err := d.exec(ctx, setMemory(j.Memory)); err != nil {
			return err
		}
	}
	err := d.exec(ctx,
		"SET allowed_directories = ["+strings.Join(folders, ", ")+"]",
		"SET allowed_paths = ["+strings.Join(files, ", ")+"]",
		"SET enable_external_access = false",
		setThreads(j.Threads),
		"SET lock_configuration = true",
	)
	d.locked = err == nil
	return err
}

// view has the view over the files where the statement reads it, and none over others.
func (d *desk) view(ctx context.Context, a *asked, name string, files []string, create func() string) error {
	made, ok := d.views[name]
	if ok && slices.Equal(made, files) {
		return nil
	}
	if ok {
		if err := d.exec(ctx, "DROP VIEW "+name); err != nil {
			return err
		}
		delete(d.views, name)
	}
	if !a.reads(name) {
		return nil
	}
	if err := d.exec(ctx, create()); err != nil {
		return err
	}
	d.views[name] = files
	return nil
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
	// What follows quotes what ran: the user's statement inside of ours.
	what, _, _ := strings.Cut(err.Error(), "\n\nLINE ")
	return hansard.Errorf(hansard.KindInvalid, "sql: %s", what)
}
