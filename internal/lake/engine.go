package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// engine is the DuckDB that runs in this process. It holds no data: every
// statement reads parts and fresh rows.
type engine struct {
	db    *sql.DB
	fresh *freshRows
	nodes *matchers

	mu      sync.Mutex // guards catalog
	catalog []string   // of functions; nil: not asked yet
}

// maxConnections bounds how many statements run at once. Each may use all
// threads; more at once only share them.
const maxConnections = 8

func newEngine(enc *part.Encoder, config Config) (*engine, error) {
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false", initConnection)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "start the query engine: %w", err)
	}
	en := &engine{db: sql.OpenDB(connector), fresh: newFreshRows(enc), nodes: newMatchers()}
	en.db.SetMaxOpenConns(maxConnections)
	en.db.SetMaxIdleConns(maxConnections)
	if err := en.configure(config); err != nil {
		return nil, errors.Join(hansard.Errorf(hansard.KindInternal, "start the query engine: %w", err), en.db.Close())
	}
	return en, nil
}

// initConnection prepares each connection.
func initConnection(execer driver.ExecerContext) error {
	_, err := execer.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
	return err
}

// configure sets what holds for the whole engine. Nothing spills to disk: the
// record would leave its folder.
func (en *engine) configure(config Config) error {
	ctx := context.Background()
	conn, err := en.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, set := range []string{
		fmt.Sprintf("SET memory_limit = '%dB'", config.MemoryLimit),
		fmt.Sprintf("SET threads = %d", config.Threads),
		"SET temp_directory = ''",
		"SET preserve_insertion_order = false",
		"SET enable_progress_bar = false",
		"SET enable_external_file_cache = false",
		"SET allocator_background_threads = true", // so that what a question took goes back to the system after it
		"SET parquet_metadata_cache = true",       // parts never change: their footers are read once
	} {
		if _, err := conn.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	if err := duckdb.RegisterTableUDF(conn, freshFunction, en.fresh.function()); err != nil {
		return err
	}
	return duckdb.RegisterScalarUDF(conn, matchFunction, en.nodes)
}

func (en *engine) close() error { return en.db.Close() }

// functions returns the names of DuckDB's own functions of a row or a group, in small
// letters. They are asked once: to list them takes a fifth of what a small statement
// takes in all.
func (en *engine) functions(ctx context.Context) ([]string, error) {
	en.mu.Lock()
	defer en.mu.Unlock()
	if en.catalog != nil {
		return en.catalog, nil
	}
	var catalog []string
	const list = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro') AND internal"
	err := en.each(ctx, list, nil, func(row []driver.Value) error {
		name, _ := row[0].(string)
		catalog = append(catalog, strings.Clone(name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	en.catalog = catalog
	return catalog, nil
}

// each runs a statement and calls f for every row; the row is valid during the
// call only. Values are nil, bool, int64, float64, string, []byte, []any or, for
// a sum, *big.Int.
func (en *engine) each(ctx context.Context, text string, args []any, f func(row []driver.Value) error) error {
	conn, err := en.db.Conn(ctx)
	if err != nil {
		return queryError(ctx, err)
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error {
		rows, err := raw.(driver.QueryerContext).QueryContext(ctx, text, named(args))
		if err != nil {
			return queryError(ctx, err)
		}
		defer rows.Close()
		row := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(row); errors.Is(err, io.EOF) {
				return ctx.Err()
			} else if err != nil {
				return queryError(ctx, err)
			}
			if err := f(row); err != nil {
				return err
			}
		}
	})
}

func named(args []any) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return values
}

// queryError gives an error of DuckDB its kind.
func queryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var derr *duckdb.Error
	if errors.As(err, &derr) && derr.Type == duckdb.ErrorTypeOutOfMemory {
		err := hansard.Errorf(hansard.KindTooLarge, "the question needs more memory than its limit")
		return hansard.WithHint(err, "narrow the period or the search, or raise the memory limit of queries")
	}
	// The first line says what happened; the statement follows it. What stands
	// in quotes may be content, and this goes to a log.
	what, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.IndexAny(what, `"'`); i >= 0 {
		what = what[:i] + "…"
	}
	return hansard.Errorf(hansard.KindInternal, "query the record: %s", what)
}

// quote returns s as an SQL string.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoteName returns s as an SQL identifier.
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// quotePath returns a file name as an SQL string in which nothing is a pattern.
func quotePath(path string) string {
	return quote(strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path))
}
