package interop_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

// exported is what the tests compare of an exported event.
type exported struct {
	EventID  string `json:"event_id"`
	Index    int64  `json:"index"`
	Position int64  `json:"position"`
	ToolName string `json:"tool_name"`
}

// exports returns the events of all tiers but the meta log by position, from an
// export as NDJSON, and the path of one as Parquet.
func (s *server) exports() (events map[int64]exported, path string) {
	s.t.Helper()
	text, _ := s.call("GET", "/v1/export?format=ndjson", nil)
	events = map[int64]exported{}
	for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var e exported
		if err := json.Unmarshal(line, &e); err != nil {
			s.t.Fatal(err)
		}
		events[e.Position] = e
	}
	parquet, _ := s.call("GET", "/v1/export?format=parquet", nil)
	path = filepath.Join(s.t.TempDir(), "all.parquet")
	if err := os.WriteFile(path, parquet, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return events, path
}

// TestExportedParquet reads an export as Parquet with Arrow's reader and with
// DuckDB's: both find the events of the export as NDJSON, each once.
func TestExportedParquet(t *testing.T) {
	s := start(t)
	s.fill(3, 400)
	s.post(50) // that are in no part yet
	want, path := s.exports()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := readRows(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]exported{}
	for _, r := range rows {
		e := exported{}
		e.EventID, _ = r["event_id"].(string)
		e.Position, _ = r["position"].(int64)
		e.ToolName, _ = r["tool_name"].(string)
		e.Index, _ = r["index"].(int64)
		got[e.Position] = e
	}
	compareExports(t, "arrow", want, got, len(rows))

	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query("SELECT position, event_id, coalesce(tool_name, ''), index FROM read_parquet(?)", path)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	n := 0
	for got = map[int64]exported{}; found.Next(); n++ {
		var e exported
		if err := found.Scan(&e.Position, &e.EventID, &e.ToolName, &e.Index); err != nil {
			t.Fatal(err)
		}
		got[e.Position] = e
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	compareExports(t, "duckdb", want, got, n)
}

// compareExports holds what a reader found against the events.
func compareExports(t *testing.T, reader string, want, got map[int64]exported, rows int) {
	t.Helper()
	if len(want) < 1000 || len(got) != len(want) || rows != len(want) {
		t.Fatalf("%s: %d rows with %d positions, want %d", reader, rows, len(got), len(want))
	}
	tools := 0
	for position, w := range want {
		g := got[position]
		if g != w {
			t.Fatalf("%s: position %d is %+v, want %+v", reader, position, g, w)
		}
		if g.ToolName != "" {
			tools++
		}
	}
	if tools == 0 {
		t.Errorf("%s: no row has a tool", reader)
	}
	t.Logf("%s: %d rows, %d with a tool", reader, rows, tools)
}

// program returns the program under test: the one that HANSARD names, or one that it
// builds.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("HANSARD"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "hansard")
	build := exec.Command("go", "build", "-ldflags=-w", "-o", path, "./cmd/hansard")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestExportedTiles exports the logs as tiles, with the program and from the folder,
// while the server has it open, and reads them with torchwood from a plain file
// server: every entry is under the root of the signed checkpoint.
func TestExportedTiles(t *testing.T) {
	s := start(t)
	s.fill(3, 400)
	s.publish()
	program := program(t)
	dir := filepath.Join(t.TempDir(), "tiles")
	if out, err := exec.Command(program, "export", "--format", "tiles", "--data", s.dir, "--tenant", tenant, "--to", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer files.Close()
	entries := 0
	for _, l := range s.logs() {
		r := newReader(t, files.URL+"/"+l.Log+"/", l)
		tree := r.mustTree(t)
		leaves, _, _ := r.readAll(t, tree)
		if len(leaves) == 0 || fmt.Sprint(tree.N) == "0" {
			t.Errorf("%s: nothing was exported", l.Log)
		}
		entries += len(leaves)
	}
	if entries < 1200 {
		t.Errorf("%d entries", entries)
	}
	t.Logf("%d entries", entries)
}
