package lake

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// job is what the parent asks of a worker, one JSON object on its standard
// input. The worker can open the files it names and no other.
type job struct {
	Tenant     string   `json:"tenant"`
	Query      string   `json:"query"`
	Events     []string `json:"events"`     // part files
	Statements []string `json:"statements"` // part files of the meta log
	Memory     int64    `json:"memory"`     // bytes
	Threads    int      `json:"threads"`
	CPUSeconds uint64   `json:"cpu_seconds"`
	Functions  []string `json:"functions"` // of the engine, those that every row may have
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

// maxJob bounds a job in bytes: a million files.
const maxJob = 256 << 20

// Worker runs one user's statement: it reads a job from stdin and writes lines
// of JSON to stdout. It is the whole life of the child process that SQL starts;
// it limits its own process, so nothing else may run there. What is wrong with
// the statement is in the answer; the error says that there is no answer.
func Worker(stdin io.Reader, stdout io.Writer) error {
	var j job
	if err := json.NewDecoder(io.LimitReader(stdin, maxJob)).Decode(&j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	if err := limitProcess(&j); err != nil {
		return fmt.Errorf("limit the process: %w", err)
	}
	w := bufio.NewWriter(stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := j.run(out); err != nil {
		f := &failure{Kind: hansard.KindOf(err), Message: err.Error(), Hint: hansard.HintOf(err)}
		if err := out.Encode(line{Error: f}); err != nil {
			return err
		}
	}
	return w.Flush()
}

// run answers the job; an error goes to whoever wrote the statement.
func (j *job) run(out *json.Encoder) error {
	ctx := context.Background()
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false", initConnection)
	if err != nil {
		return userError(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return userError(err)
	}
	defer conn.Close()
	if err := j.prepare(ctx, conn); err != nil {
		return userError(err)
	}
	statement, err := j.checked(ctx, conn)
	if err != nil {
		return err
	}
	columns, err := describe(ctx, conn, statement)
	if err != nil {
		return userError(err)
	}
	if err := out.Encode(line{Columns: columns}); err != nil {
		return err
	}
	return j.rows(ctx, conn, statement, columns, out)
}

// prepare makes the views and then locks the engine: no other file, no
// extension, no setting.
func (j *job) prepare(ctx context.Context, conn *sql.Conn) error {
	columns := part.Columns()
	var allowed []string
	for _, f := range append(append([]string{}, j.Events...), j.Statements...) {
		// The pattern that stands for the file is looked up first.
		allowed = append(allowed, quote(f), quotePath(f))
	}
	for _, s := range []string{
		fmt.Sprintf("SET memory_limit = '%dB'", j.Memory),
		fmt.Sprintf("SET threads = %d", j.Threads),
		"SET temp_directory = ''",
		"SET secret_directory = ''",
		"SET enable_progress_bar = false",
		"SET allow_persistent_secrets = false",
		"SET allow_community_extensions = false",
		eventsView(j.Tenant, columns, j.Events),
		statementsView(columns, j.Statements),
		"SET allowed_paths = [" + strings.Join(allowed, ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	return nil
}

// checked returns the statement as DuckDB's parser spells it, without comments
// and semicolon, if it is allowed.
func (j *job) checked(ctx context.Context, conn *sql.Conn) (string, error) {
	if strings.ContainsRune(j.Query, 0) {
		return "", refuse("a NUL byte")
	}
	c := newChecker(j.Functions)
	tree, err := parseChecked(ctx, conn, c, j.Query)
	if err != nil {
		return "", err
	}
	var statement string
	if err := conn.QueryRowContext(ctx, "SELECT json_deserialize_sql(?::JSON)", tree).Scan(&statement); err != nil {
		return "", userError(err)
	}
	// What runs is what was checked, however DuckDB spelled it.
	_, err = parseChecked(ctx, conn, c, statement)
	return statement, err
}

// parseChecked returns the syntax tree of a statement if it is allowed.
func parseChecked(ctx context.Context, conn *sql.Conn, c *checker, statement string) (string, error) {
	var tree string
	if err := conn.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", statement).Scan(&tree); err != nil {
		return "", userError(err)
	}
	return tree, c.check([]byte(tree))
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

// rows runs the statement and writes its rows, as many as fit the limits.
func (j *job) rows(ctx context.Context, conn *sql.Conn, statement string, columns []Column, out *json.Encoder) error {
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
	rows, err := conn.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM (%s) LIMIT %d", strings.Join(exprs, ", "), statement, j.MaxRows+1))
	if err != nil {
		return userError(err)
	}
	defer rows.Close()
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
