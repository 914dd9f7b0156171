package lake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// statement makes an entry of the meta log.
func (s *source) statement(text string) *hansard.Entry {
	e := &hansard.Entry{Statement: json.RawMessage(text)}
	e.EventID = fmt.Sprintf("meta-%d", s.position)
	return s.seal(e, hansard.TierMeta)
}

func sqlWorld(t *testing.T) *world {
	t.Helper()
	s := newSource(20)
	all := s.entries(400)
	for range 8 {
		all = append(all, s.statement(`{"kind":"prune","tier":"debug","end":512}`))
	}
	return newWorld(t, all, 80)
}

// othersEntries makes five entries of another tenant.
func othersEntries() []*hansard.Entry {
	s := newSource(21)
	var entries []*hansard.Entry
	for range 5 {
		e := s.seal(s.event(), hansard.TierInfo)
		e.Log.Tenant = "other"
		entries = append(entries, e)
	}
	return entries
}

func sqlText(r *lake.Result) string {
	var b strings.Builder
	for _, row := range r.Rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.Write(v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestSQL(t *testing.T) {
	w := sqlWorld(t)
	events := len(w.selected(query.Query{}))
	first := w.all[0]
	f := func(statement, want string) {
		t.Helper()
		r, err := w.SQL(context.Background(), tenant, statement, lake.Limits{})
		if err != nil {
			t.Errorf("%s: %v (%s)", statement, err, hansard.HintOf(err))
			return
		}
		if got := sqlText(r); got != want {
			t.Errorf("%s\n%s\nwant\n%s", statement, got, want)
		}
	}
	f("SELECT count(*), count(DISTINCT event_id) FROM events; -- all\n", fmt.Sprintf("%d %d\n", events, events))
	f("SELECT kind, count(*), any_value(statement->>'tier') FROM statements GROUP BY ALL", "\"prune\" 8 \"debug\"\n")
	stamp := time.Unix(0, first.Timestamp).UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	f(`SELECT timestamp, log, "index", tier FROM events WHERE position = 0`, fmt.Sprintf("%q %q 0 %q\n", stamp, first.Log, first.Tier))
	f("WITH big AS (SELECT * FROM events WHERE cost_usd > 0.5), events AS (FROM big) SELECT count(*) FROM events", fmt.Sprintf("%d\n", len(w.selected(query.Query{Node: parse(t, "cost:>0.5")}))))
	f("SELECT sum(duration_us)::HUGEINT = round(sum(duration_ms) * 1000)::HUGEINT, sum(cost_nano_usd) > 0 FROM events", "true true\n")
	f("SELECT count(*) FROM events WHERE params->>'order_id' = '7'", fmt.Sprintf("%d\n", len(w.selected(query.Query{Node: parse(t, "params.order_id:7")}))))
	f("SELECT 1::HUGEINT << 70, 1.50::DECIMAL(9,2), 'NaN'::DOUBLE, DATE '2026-01-02', '\\xAB'::BLOB, [1, NULL], {'b': 1, 'a': 'x'}, '{\"n\":1.50}'::JSON, NULL, INTERVAL 1 DAY IS NULL",
		"1180591620717411303424 1.5 null \"2026-01-02\" \"ab\" [1,null] {\"a\":\"x\",\"b\":1} {\"n\":1.50} null false\n")
	f("SELECT i FROM (SELECT unnest(range(5)) AS i) ORDER BY i DESC LIMIT 2", "4\n3\n")
	f("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 3) SELECT sum(i), row_number() OVER () FROM r", "6 1\n")
	f("SELECT list_transform([1, 2], lambda x: x + 1), tags[1] IS NULL OR true, (SELECT max(position) >= 0 FROM events) FROM events ORDER BY position LIMIT 1", "[2,3] true true\n")
	f("(SELECT 1 AS a UNION ALL SELECT 2) ORDER BY a DESC", "2\n1\n")
	f("SELECT a.tier IS NOT NULL, b.tier = a.tier FROM events a JOIN events b USING (position) LIMIT 1", "true true\n")
	f("SELECT {'a': 1}::STRUCT(a BIGINT), ['1']::INTEGER[], MAP {'k': 2}, 3::UINTEGER, '2026-01-02 03:04:05+01'::TIMESTAMPTZ, '7'::JSON::INTEGER, 'b'::ENUM('a', 'b'), uuid() <> uuid(), TIME '01:02:03', INTERVAL 36 HOUR, MAP {1: [2]}, '00000000-0000-0000-0000-00000000000a'::UUID",
		`{"a":1} [1] {"k":2} 3 "2026-01-02T02:04:05Z" 7 "b" true "01:02:03" "36:00:00" {"1":[2]} "00000000-0000-0000-0000-00000000000a"`+"\n")
	f("SELECT tier, count(*) AS n FROM events WHERE tool_name NOT LIKE 'x%' AND position BETWEEN 0 AND 10000 AND tier IN ('info', 'critical') GROUP BY ROLLUP (tier) HAVING n > 0 QUALIFY row_number() OVER (ORDER BY n) = 9", "")
	f("SELECT date_trunc('day', timestamp) = DATE '2025-11-23', timestamp < now()::TIMESTAMP, actor IS NULL, truncated IS NOT NULL FROM events WHERE position = 5", "true true true true\n")
}

func TestSQLTruncated(t *testing.T) {
	w := sqlWorld(t)
	r, err := w.SQL(context.Background(), tenant, "SELECT i FROM range(100000) t(i) ORDER BY i DESC", lake.Limits{Rows: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := sqlText(r); got != "99999\n99998\n99997\n" || r.Truncated != "more than 3 rows" {
		t.Errorf("rows %s, truncated %q", got, r.Truncated)
	}
	r, err = w.SQL(context.Background(), tenant, "SELECT repeat('x', 1000) FROM range(100)", lake.Limits{Bytes: 5100})
	if err != nil || len(r.Rows) != 5 || r.Truncated != "more than 5100 bytes" {
		t.Errorf("%d rows, truncated %q, %v", len(r.Rows), r.Truncated, err)
	}
	r, err = w.SQL(context.Background(), tenant, "SELECT i AS a, i AS a FROM range(3) t(i)", lake.Limits{Rows: 3})
	if want := []lake.Column{{Name: "a", Type: "BIGINT"}, {Name: "a", Type: "BIGINT"}}; err != nil || r.Truncated != "" || !cmp.Equal(r.Columns, want) {
		t.Errorf("%v, truncated %q, %v", r.Columns, r.Truncated, err)
	}
	if r, err = w.SQL(context.Background(), "nobody", "SELECT count(*), (SELECT count(*) FROM statements) FROM events", lake.Limits{}); err != nil || sqlText(r) != "0 0\n" {
		t.Errorf("unknown tenant: %v, %v", r, err)
	}
}

// TestSQLEscapes tries to reach what a statement may not.
func TestSQLEscapes(t *testing.T) {
	w := sqlWorld(t)
	other := filepath.Join(w.dir, "tenants", "other", "info", "parts", "2025-11-23", "000000000000-000000000005.0.parquet")
	writePart(t, w.enc, w.dir, othersEntries())
	before, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"", ";", "-- nothing", "SELECT", "SELECT 1; SELECT 2", "SELECT 1; COPY (SELECT 1) TO '" + other + "'",
		"COPY (SELECT 1) TO '" + other + "'", "COPY events TO '/tmp/x.csv'", "ATTACH '" + other + "' AS x", "PRAGMA database_list", "PRAGMA version",
		"SET threads = 1", "RESET lock_configuration", "SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs", "EXPORT DATABASE '/tmp/x'", "IMPORT DATABASE '/tmp/x'",
		"CREATE TABLE x AS SELECT 1", "DROP VIEW events", "INSERT INTO events SELECT 1", "DELETE FROM events", "CALL pragma_version()", "EXPLAIN ANALYZE SELECT 1", "EXPLAIN SELECT * FROM events", "CHECKPOINT", "VACUUM", "USE memory", "BEGIN",
		"FROM '" + other + "'", `SELECT * FROM "` + other + `"`, "SELECT * FROM read_parquet('" + other + "')", "SELECT * FROM parquet_scan(['" + other + "'])", "SELECT * FROM parquet_metadata('" + other + "')",
		"SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd.csv'", "SELECT * FROM glob('/*')", "SELECT * FROM sniff_csv('/etc/passwd')",
		"SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')", "SELECT * FROM query_table('duckdb_settings')", "SELECT * FROM query_table(['events'])", "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
		"SELECT json_serialize_plan('SELECT 1')", "SELECT getenv('HOME')", "SELECT current_setting('allowed_paths')", "SELECT getvariable('x')", "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_views", "FROM duckdb_secrets()",
		"SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_class", "SELECT * FROM pg_class", "SELECT * FROM sqlite_master", "SELECT * FROM main.events", "SELECT * FROM memory.main.events", "SELECT pg_get_viewdef(1)", "SELECT write_log('x')", "SELECT sleep_ms(10)", "SELECT pg_sleep(1)",
		"SHOW TABLES", "DESCRIBE events", "SUMMARIZE events", "SELECT * FROM (SHOW DATABASES)", "FROM (DESCRIBE events)", "PIVOT events ON tier USING count(*)",
		"SELECT (SELECT content FROM read_text('/etc/passwd'))", "SELECT * FROM events e, LATERAL (SELECT * FROM read_text(e.action)) x", "SELECT 1 WHERE EXISTS (FROM read_text('/etc/passwd'))",
		"WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x", "SELECT [(SELECT count(*) FROM glob('/*'))]", "SELECT list_transform([1], lambda x: (SELECT max(content) FROM read_text('/etc/passwd')))", "SELECT * FROM range((SELECT count(*) FROM glob('/*')))",
		"WITH duckdb_views AS (SELECT * FROM duckdb_views) SELECT * FROM duckdb_views", "SELECT (WITH duckdb_views AS (SELECT 1 AS a) SELECT a FROM duckdb_views), * FROM duckdb_views", `SELECT * FROM (WITH "` + other + `" AS (SELECT 1) SELECT 1) x, "` + other + `"`,
		"SELECT 1 ORDER BY (SELECT max(content) FROM read_text('/etc/passwd'))", "SELECT 1 LIMIT (SELECT count(*) FROM glob('/*'))", "SELECT count(*) FILTER (WHERE (SELECT true FROM glob('/*') LIMIT 1)) FROM events", "SELECT sum(1) OVER (ORDER BY (SELECT count(*) FROM glob('/*')))",
		"SELECT CASE WHEN true THEN (SELECT max(file) FROM glob('/*')) END", "VALUES ((SELECT max(file) FROM glob('/*')))", "SELECT * FROM events JOIN glob('/*') ON true", "SELECT 1 UNION ALL SELECT count(*) FROM glob('/*')", "SELECT 1 /* ; */ ; /* x */ DROP VIEW events",
		"SELECT $1", "SELECT ?", "SELECT * FROM events AT (VERSION => 1)", "SELECT system.main.getvariable('x')", "SELECT nextval('x')", "SELECT 1\x00; DROP VIEW events", "SELECT * FROM repeat_row(1, num_rows = 10)", "SELECT * FROM test_all_types()", "SELECT * FROM seq_scan('x')", "SELECT * FROM hansard_fresh(1)",
		"SELECT 'x' COLLATE nope", "SELECT nope", "SELECT * FROM events TABLESAMPLE 10%",
	} {
		r, err := w.SQL(context.Background(), tenant, statement, lake.Limits{})
		if statement == "SELECT * FROM events TABLESAMPLE 10%" {
			if err != nil {
				t.Errorf("%s: %v", statement, err)
			}
			continue
		}
		if err == nil || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("%s: %v, %v", statement, r, err)
		}
	}
	after, err := os.ReadFile(other)
	if err != nil || !cmp.Equal(before, after) {
		t.Errorf("the other tenant's part was changed: %v", err)
	}
}

// TestSQLWrongColumn asks for a column that there is not: the error names it and those
// that are like it, and nothing of what runs around the statement.
func TestSQLWrongColumn(t *testing.T) {
	w := sqlWorld(t)
	_, err := w.SQL(context.Background(), tenant, "SELECT tool_nam, count(*) FROM events GROUP BY 1", lake.Limits{})
	if err == nil || !strings.Contains(err.Error(), `"tool_nam" not found`) || !strings.Contains(err.Error(), `"tool_name"`) {
		t.Errorf("it says %v", err)
	}
	if err != nil && (strings.Contains(err.Error(), "DESCRIBE") || strings.Contains(err.Error(), "LINE")) {
		t.Errorf("it quotes what ran: %v", err)
	}
}

// TestSQLLocked asks the engine of a tenant's worker what no checker has seen: it opens
// the tenant's own parts alone, and stays locked.
func TestSQLLocked(t *testing.T) {
	w := sqlWorld(t)
	other := writePart(t, w.enc, w.dir, othersEntries()).Path(w.dir)
	own, err := filepath.Glob(filepath.Join(w.dir, "tenants", tenant, "*", "parts", "*", "*.parquet"))
	if err != nil || len(own) == 0 {
		t.Fatalf("no parts: %v", err)
	}
	ask, closed, err := w.Locked(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	if err := ask("SELECT count(*) FROM read_parquet('" + own[0] + "')"); err != nil {
		t.Errorf("its own part: %v", err)
	}
	up := filepath.Join(w.dir, "tenants", tenant, "info", "parts") + "/../../../other/info/parts"
	for _, statement := range []string{
		"SELECT * FROM read_parquet('" + other + "')",
		"SELECT * FROM read_parquet('" + up + strings.TrimPrefix(other, filepath.Join(w.dir, "tenants", "other", "info", "parts")) + "')",
		"SELECT * FROM glob('" + filepath.Dir(other) + "/*')",
		"SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM read_text('/proc/self/environ')",
		"ATTACH '" + filepath.Join(w.dir, "x.db") + "'",
		"SET enable_external_access = true",
		"SET allowed_directories = ['/']",
		"RESET allowed_paths",
		"SET lock_configuration = false",
		"SET memory_limit = '100GB'",
		"LOAD httpfs",
	} {
		if err := ask(statement); err == nil {
			t.Errorf("%s: done", statement)
		}
	}
}

func TestSQLLimits(t *testing.T) {
	w := sqlWorld(t)
	f := func(statement string, limits lake.Limits, want hansard.Kind) {
		t.Helper()
		start := time.Now()
		_, err := w.SQL(context.Background(), tenant, statement, limits)
		if err == nil || hansard.KindOf(err) != want {
			t.Errorf("%s: error %v, want kind %v", statement, err, want)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %s", statement, took)
		}
	}
	const cross = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE (a.range * b.range) % 7 = 3"
	const long = "SELECT count(*) FROM range(1000000000000) a(i) WHERE i % 7 = 3"
	f(cross, lake.Limits{}, hansard.KindTooLarge)
	f(long, lake.Limits{Time: time.Second}, hansard.KindTooLarge)
	f("SELECT count(DISTINCT hash(i)) FROM range(100000000) t(i)", lake.Limits{Memory: 32 << 20}, hansard.KindTooLarge)
	f("SELECT length(repeat('x', 4000000000))", lake.Limits{Memory: 32 << 20}, hansard.KindTooLarge)
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if _, err := w.SQL(ctx, tenant, long, lake.Limits{}); err != context.DeadlineExceeded {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := w.Events(context.Background(), tenant, query.Query{}); err != nil {
		t.Errorf("the parent does not go on: %v", err)
	}
}

func TestSQLWorkerCrash(t *testing.T) {
	f := func(command []string, want hansard.Kind) {
		t.Helper()
		l, err := lake.New(lake.Config{Dir: t.TempDir(), WorkerCommand: command})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if _, err := l.SQL(context.Background(), tenant, "SELECT 1", lake.Limits{}); err == nil || hansard.KindOf(err) != want {
			t.Errorf("%v: %v", command, err)
		}
	}
	f([]string{crashVerb}, hansard.KindInternal)
	f([]string{"-test.run=^$"}, hansard.KindInternal)
	f(nil, hansard.KindInvalid)
}
