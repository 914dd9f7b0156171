package tamper_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// folder makes a data folder with 200 events in parts, and returns it.
func folder(t *testing.T) string { return folderOf(t, 200) }

// folderOf does the same with another number of events.
func folderOf(t *testing.T, events int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	l, err := ledger.Open(ledger.Config{Dir: dir, Name: "test", SealAfter: time.Hour, JournalSize: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	keys, fingerprints, err := l.Pseudonyms("acme")
	if err != nil {
		t.Fatal(err)
	}
	var memory arena.Lasting
	var records []classify.Record
	for i := range events {
		r, err := engine.Redact(keys, &hansard.Entry{Event: hansard.Event{
			EventID: fmt.Sprintf("e-%03d", i), EventType: hansard.TypeToolCall, AgentName: "billing", TraceID: fmt.Sprintf("t-%d", i/10),
			Timestamp: 1763907781000000000 + int64(i)*1e9, Params: json.RawMessage(fmt.Sprintf(`{"amount":%d}`, i)), Tags: []string{"a", "b"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := classifier.Classify(&memory, r, "loopback", fingerprints)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec)
	}
	if _, err := l.Append(t.Context(), "acme", records); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, dir); len(v.Findings) > 0 {
		t.Fatalf("findings before anything is changed: %v", v.Findings)
	}
	return dir
}

func verify(t *testing.T, dir string) *ledger.Verification {
	t.Helper()
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// partOf returns the path of the one part of a log.
func partOf(t *testing.T, dir, log string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "tenants", log, "parts/*/*.parquet"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%d parts: %v", len(paths), err)
	}
	return paths[0]
}

// put puts other bytes in the place of a part and makes its index name them: its
// checksums need no key.
func put(t *testing.T, path string, b []byte) {
	t.Helper()
	old, err := os.ReadFile(path + ledger.IndexSuffix)
	if err != nil {
		t.Fatal(err)
	}
	x, err := part.ParseIndex(old)
	if err != nil {
		t.Fatal(err)
	}
	x.SHA256, x.Bytes = sha256.Sum256(b), int64(len(b))
	for file, b := range map[string][]byte{path: b, path + ledger.IndexSuffix: x.Append(nil)} {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// found wants verification to find something in the part.
func found(t *testing.T, dir, path string) {
	t.Helper()
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range verify(t, dir).Findings {
		if f.File == filepath.ToSlash(rel) {
			t.Logf("found: %s", f)
			return
		}
	}
	t.Errorf("nothing is found in %s", rel)
}

// withDuckDB writes the part anew with DuckDB: what the query makes of the table
// rows, with the part's own metadata.
func withDuckDB(t *testing.T, path, log, query string) []byte {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := filepath.Join(t.TempDir(), "out.parquet")
	for _, s := range []string{
		fmt.Sprintf("CREATE TABLE rows AS SELECT * FROM read_parquet('%s')", path),
		fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 32768, KV_METADATA {'hansard.part': '%s', 'hansard.log': '%s'})",
			query, out, part.FormatVersion, log),
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDuckDB edits rows with DuckDB, or none, and writes the part anew.
func TestDuckDB(t *testing.T) {
	for _, log := range []string{"acme/info", "acme/meta"} {
		f := func(name, query string) {
			t.Helper()
			t.Run(log+", "+name, func(t *testing.T) {
				dir := folder(t)
				path := partOf(t, dir, log)
				put(t, path, withDuckDB(t, path, log, query))
				found(t, dir, path)
			})
		}
		f("no row", "SELECT * FROM rows")
		f("an agent", "SELECT * REPLACE (CASE WHEN index = 1 THEN 'somebody-else' ELSE agent_name END AS agent_name) FROM rows")
		f("a time", "SELECT * REPLACE (received_at - INTERVAL 1 DAY AS received_at) FROM rows")
		f("a row removed", "SELECT * REPLACE (index - (CASE WHEN index > 1 THEN 1 ELSE 0 END) AS index) FROM rows WHERE index <> 1")
		f("a row doubled", "SELECT * FROM rows UNION ALL SELECT * FROM rows WHERE index = 1")
	}
}

// withParquet writes the part anew with the Parquet library, in the very schema of
// a part: edit changes the values of a row.
func withParquet(t *testing.T, path, log string, edit func(column string, row int64, v parquet.Value) parquet.Value) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := parquet.NewWriter(&out, f.Schema(), parquet.KeyValueMetadata("hansard.part", part.FormatVersion), parquet.KeyValueMetadata("hansard.log", log))
	columns := f.Schema().Columns()
	n := int64(0)
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buf := make([]parquet.Row, 1)
		for range g.NumRows() {
			if k, err := rows.ReadRows(buf); k != 1 {
				t.Fatal(err)
			}
			for i, v := range buf[0] {
				changed := edit(strings.Join(columns[v.Column()], "."), n, v)
				buf[0][i] = changed.Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
			}
			if _, err := w.WriteRows(buf); err != nil {
				t.Fatal(err)
			}
			n++
		}
		rows.Close()
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestParquetLibrary does the same with the Parquet library: what it writes has
// the form of a part in everything.
func TestParquetLibrary(t *testing.T) {
	keep := func(_ string, _ int64, v parquet.Value) parquet.Value { return v }
	for _, log := range []string{"acme/info", "acme/meta"} {
		f := func(name string, edit func(string, int64, parquet.Value) parquet.Value) {
			t.Helper()
			t.Run(log+", "+name, func(t *testing.T) {
				dir := folder(t)
				path := partOf(t, dir, log)
				put(t, path, withParquet(t, path, log, edit))
				found(t, dir, path)
			})
		}
		f("no row", keep) // the rows are sound: only the record of the bytes tells
		f("an event id", func(column string, row int64, v parquet.Value) parquet.Value {
			if column == "event_id" && row == 1 {
				return parquet.ByteArrayValue([]byte("e-999"))
			}
			return v
		})
		f("a time", func(column string, row int64, v parquet.Value) parquet.Value {
			if column == "received_at" && row == 1 {
				return parquet.Int64Value(v.Int64() - int64(24*time.Hour))
			}
			return v
		})
	}
}
