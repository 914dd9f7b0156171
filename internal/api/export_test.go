package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/reading"
)

// export asks for an export and returns its body and manifest.
func (s *server) export(path string) ([]byte, *reading.Manifest) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		s.t.Fatalf("%s: %d %s %v", path, res.StatusCode, b, err)
	}
	m := &reading.Manifest{}
	if err := json.Unmarshal([]byte(res.Trailer.Get("Hansard-Manifest")), m); err != nil {
		s.t.Fatalf("%s: manifest: %v", path, err)
	}
	sum := sha256.Sum256(b)
	if m.SHA256 != hex.EncodeToString(sum[:]) || m.Bytes != int64(len(b)) {
		s.t.Errorf("%s: the manifest does not fit", path)
	}
	return b, m
}

func TestExport(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", `{"event_id":"f","agent_name":"=HYPERLINK(\"x\")","action":"+1","params":{"a":1},"reasoning":"@x\ny","timestamp":"2025-11-23T09:00:00Z"}`)
	team(s)
	b, m := s.export("/v1/export")
	if m.Entries != 61 || bytes.Count(b, []byte("\n")) != 61 || m.Query != "*" {
		t.Errorf("%+v", m)
	}
	var all list
	s.get("/v1/events?limit=100&order=oldest", &all)
	for i, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		want, err := json.Marshal(all.Events[i])
		if err != nil || !bytes.Equal(line, want) {
			t.Fatalf("line %d: %s\nwant %s", i, line, want)
		}
	}
	b, m = s.export("/v1/export?format=csv")
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) != 62 || m.Entries != 61 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	agent, reasoning := slices.Index(rows[0], "agent_name"), slices.Index(rows[0], "reasoning")
	if rows[1][agent] != `'=HYPERLINK("x")` || rows[1][reasoning] != "'@x\ny" || rows[1][slices.Index(rows[0], "params")] != `{"a":1}` {
		t.Errorf("formulas: %q", rows[1])
	}
	b, m = s.export("/v1/export?format=parquet&q=agent:support&since=2025-11-23T10:30:00Z")
	if m.Entries != 20 || !bytes.HasPrefix(b, []byte("PAR1")) || !bytes.HasSuffix(b, []byte("PAR1")) || m.Since == nil {
		t.Errorf("%+v", m)
	}
	if b, m = s.export("/v1/export?q=agent:nobody"); len(b) != 0 || m.Entries != 0 {
		t.Errorf("%+v", m)
	}
	if b, _ = s.export("/v1/export?q=agent:nobody&format=parquet"); !bytes.HasSuffix(b, []byte("PAR1")) {
		t.Errorf("an empty Parquet file: %q", b)
	}
	status, b, _ := s.call("POST", "/v1/export", "application/json", strings.NewReader(`{"q":"user:jo@example.com"}`))
	if status != 200 || bytes.Count(b, []byte("\n")) != 60 {
		t.Errorf("by a person: %d", status)
	}
	for _, path := range []string{"/v1/export?format=xml", "/v1/export?q=agent:(", "/v1/export?limit=3", "/v1/export?q=user:jo@example.com"} {
		if status, b, _ := s.call("GET", path, "", nil); status != 400 {
			t.Errorf("%s: %d %s", path, status, b)
		}
	}
}

// full fails after some bytes.
type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestExportBreaksOff checks that an export that was not written to its end says so.
func TestExportBreaksOff(t *testing.T) {
	var r *reading.Reading
	s := start(t, func(c *api.Config) { r = c.Reading })
	team(s)
	for _, format := range []reading.ExportFormat{reading.ExportNDJSON, reading.ExportCSV, reading.ExportParquet} {
		x, err := r.Export(t.Context(), "default", reading.Question{}, format)
		if err != nil || x.Total() != 60 {
			t.Fatal(err)
		}
		if m, err := x.Write(t.Context(), &full{1000}, nil); !errors.Is(err, errFull) || m != nil {
			t.Errorf("%s: %v, error %v", format, m, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if x, err = r.Export(t.Context(), "default", reading.Question{}, format); err != nil {
			t.Fatal(err)
		}
		if m, err := x.Write(ctx, io.Discard, nil); err == nil || m != nil {
			t.Errorf("%s, stopped: %v, no error", format, m)
		}
	}
}
