package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/reading"
)

// hold puts a question and returns its id.
func (s *server) hold(body string, header ...string) string {
	s.t.Helper()
	status, b, _ := s.call("POST", "/v1/questions", "application/json", strings.NewReader(body), header...)
	var held api.Held
	if err := json.Unmarshal(b, &held); err != nil || status != 200 || held.ID == "" {
		s.t.Fatalf("%d %s", status, b)
	}
	return held.ID
}

// TestQuestions exports and follows by a person without a word of them in a URL,
// and what goes on record says what was asked.
func TestQuestions(t *testing.T) {
	s, reads := readsOf(t, nil)
	team(s)
	id := s.hold(`{"q":"user:jo@example.com"}`)
	status, b, _ := s.call("GET", "/v1/export?question="+id, "", nil)
	if status != 200 || bytes.Count(b, []byte("\n")) != 60 {
		t.Errorf("export: %d, %d lines", status, bytes.Count(b, []byte("\n")))
	}
	follow, stop := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(follow, "GET", s.url+"/v1/live?after=0&question="+s.hold(`{"value":"jo@example.com"}`), nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	seen := make([]byte, 0, 1<<16)
	for buf := make([]byte, 4096); !bytes.Contains(seen, []byte("event: event\n")); {
		n, err := res.Body.Read(buf)
		if err != nil {
			t.Fatalf("%v after %s", err, seen)
		}
		seen = append(seen, buf[:n]...)
	}
	stop()
	res.Body.Close()
	for _, wrong := range []string{"/v1/export?question=nobody", "/v1/live?question=nobody"} {
		if status, b, _ := s.call("GET", wrong, "", nil); status != 404 || !strings.Contains(string(b), "/v1/questions") {
			t.Errorf("%s: %d %s", wrong, status, b)
		}
	}
	if status, _, _ := s.call("GET", "/v1/export?since=1h&question="+id, "", nil); status != 400 {
		t.Errorf("with since too: %d", status)
	}
	if status, _, _ := s.call("POST", "/v1/questions", "application/json", strings.NewReader(`{"q":"agent:("}`)); status != 400 {
		t.Errorf("a search that is wrong: %d", status)
	}
	s.call("POST", "/v1/export", "application/json", strings.NewReader(`{"q":"agent:nobody"}`))
	var got []string
	for _, r := range reads() {
		got = append(got, r.Route+" "+r.Query)
	}
	for _, want := range []string{"GET /v1/export q=user:jo@example.com", "GET /v1/live value=jo@example.com", "POST /v1/export q=agent:nobody"} {
		if !slices.Contains(got, want) {
			t.Errorf("not on record: %s; there are %q", want, got)
		}
	}
	if strings.Contains(strings.Join(got, " "), "/v1/questions") {
		t.Errorf("putting a question reads nothing: %q", got)
	}
}

// TestQuestionsAreTheirCallers holds that another token cannot mean a question,
// and that the oldest go when there are too many.
func TestQuestionsAreTheirCallers(t *testing.T) {
	const jane, june = "jane-token-0123456789abcdef", "june-token-0123456789abcdef"
	tokens, err := access.ParseTokens([]byte("- {id: jane, tenant: acme, role: reader, token: " + jane + "}\n- {id: june, tenant: acme, role: reader, token: " + june + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *api.Config) { c.Access.Tokens = tokens })
	export := func(id, token string) int {
		status, _, _ := s.call("GET", "/v1/export?question="+id, "", nil, "Authorization", "Bearer "+token)
		return status
	}
	id := s.hold(`{"q":"agent:a"}`, "Authorization", "Bearer "+jane)
	if own, other := export(id, jane), export(id, june); own != 200 || other != 404 {
		t.Errorf("own %d, other %d", own, other)
	}
	for range 4096 {
		s.hold(`{}`, "Authorization", "Bearer "+june)
	}
	if got := export(id, jane); got != 404 {
		t.Errorf("after many: %d", got)
	}
}

// TestExportArchive holds that an archive has the events and their manifest, which
// is true of them.
func TestExportArchive(t *testing.T) {
	s := start(t, nil)
	team(s)
	for _, format := range []string{"ndjson", "csv", "parquet"} {
		status, b, h := s.call("GET", "/v1/export?archive=zip&q=agent:support&format="+format, "", nil)
		if status != 200 || h.Get("Content-Type") != "application/zip" || !strings.HasSuffix(h.Get("Content-Disposition"), `.zip"`) {
			t.Fatalf("%d %v", status, h)
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range z.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[f.Name], err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
		}
		var m reading.Manifest
		if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
			t.Fatal(err)
		}
		events := files["events."+format]
		sum := sha256.Sum256(events)
		if m.Entries == 0 || m.Bytes != int64(len(events)) || m.SHA256 != hex.EncodeToString(sum[:]) || fmt.Sprint(m.Query) != "agent_name:support" {
			t.Errorf("%s: %+v", format, m)
		}
	}
	if status, _, _ := s.call("GET", "/v1/export?archive=tar", "", nil); status != 400 {
		t.Errorf("tar: %d", status)
	}
}

// TestConfiguration holds that only an admin sees how the server is configured.
func TestConfiguration(t *testing.T) {
	const jane, boss = "jane-token-0123456789abcdef", "boss-token-0123456789abcdef"
	tokens, err := access.ParseTokens([]byte("- {id: jane, tenant: acme, role: reader, token: " + jane + "}\n- {id: boss, tenant: acme, role: admin, token: " + boss + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *api.Config) {
		c.Access.Tokens = tokens
		c.Settings = []api.Section{{Name: "limits", Settings: []api.Setting{{Name: "depth", Value: "64", From: "default"}}}}
	})
	status, b, _ := s.call("GET", "/v1/configuration", "", nil, "Authorization", "Bearer "+boss)
	if status != 200 || !strings.Contains(string(b), `{"name":"depth","value":"64","from":"default"}`) {
		t.Errorf("%d %s", status, b)
	}
	if status, _, _ := s.call("GET", "/v1/configuration", "", nil, "Authorization", "Bearer "+jane); status != 403 {
		t.Errorf("a reader: %d", status)
	}
}
