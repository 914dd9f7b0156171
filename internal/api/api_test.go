package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/proof"
)

// TestMain lets the test binary be the child process that runs users' SQL.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sql-worker" {
		if err := lake.Worker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type both struct {
	*lake.Lake
	hub *live.Hub
}

func (b both) Committed(rows []*part.Row) {
	b.Lake.Committed(rows)
	b.hub.Committed(rows)
}

type server struct {
	t      testing.TB
	url    string
	dir    string
	ledger *ledger.Ledger
	header http.Header
	heap   uint64 // by how much a hostile body may make it grow, if more than usual
}

func start(t testing.TB, change func(*api.Config)) *server {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	lk, err := lake.New(lake.Config{Dir: dir, WorkerCommand: []string{"sql-worker"}})
	if err != nil {
		t.Fatal(err)
	}
	hub := live.New()
	lg, err := ledger.Open(ledger.Config{Dir: dir, Name: "test", Follower: both{lk, hub}, CheckpointEvery: 50 * time.Millisecond})
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
	cfg := api.Config{
		Version: "test", Ledger: lg, Lake: lk, Hub: hub,
		Intake: intake.New(intake.Config{Ledger: lg, Redact: engine, Classifier: classifier}),
		Reading: reading.New(reading.Config{Lake: lk, Prover: lg, Pseudonyms: func(tenant, value string) ([]string, error) {
			k, _, err := lg.Pseudonyms(tenant)
			return engine.Lookup(k, value), err
		}}),
		Access: access.Config{GuardConfig: access.GuardConfig{Listen: "127.0.0.1:0"}},
	}
	if change != nil {
		change(&cfg)
	}
	s, err := api.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.Stop()
		h.Close()
		if err := lg.Close(); err != nil {
			t.Error(err)
		}
		lk.Close()
		v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: dir + ".keys"})
		if err != nil || len(v.Findings) > 0 {
			t.Errorf("after the test: %v %v", err, v.Findings)
		}
	})
	return &server{t: t, url: h.URL, dir: dir, ledger: lg, header: http.Header{}}
}

// call makes a request and returns the status and the body.
func (s *server) call(method, path, contentType string, body io.Reader, header ...string) (int, []byte, http.Header) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for k, v := range s.header {
		req.Header[k] = v
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, b, res.Header
}

func (s *server) post(path, body string, header ...string) (int, *intake.Receipt) {
	s.t.Helper()
	status, b, _ := s.call("POST", path, "application/x-ndjson", strings.NewReader(body), header...)
	r := &intake.Receipt{}
	if err := json.Unmarshal(b, r); err != nil {
		s.t.Fatalf("%d %s: %v", status, b, err)
	}
	return status, r
}

func (s *server) get(path string, into any) {
	s.t.Helper()
	status, b, _ := s.call("GET", path, "", nil)
	if status != 200 {
		s.t.Fatalf("GET %s: %d %s", path, status, b)
	}
	if err := json.Unmarshal(b, into); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
}

type list struct {
	Events     []*hansard.Entry `json:"events"`
	NextCursor string           `json:"next_cursor"`
}

const flat = `{"event_id": "e%d", "event_type": "agent.tool_call", "agent_name": "support", "task_id": "", "session_id": "", "action": "tool_call:get_order", "params": {"order_id": 7, "mail": "jo\u0040example.com"}, "result": null, "reasoning": "", "confidence": 0.0, "source": "", "parent_event_id": null, "trace_id": "t1", "timestamp": 1763907781.25, "duration_ms": 0.0, "token_count": 0, "model": "", "version": "", "error": null, "error_type": null}`

func TestPostForms(t *testing.T) {
	s := start(t, nil)
	one := func(i int) string { return fmt.Sprintf(flat, i) }
	f := func(what, contentType, body string, accepted int, header ...string) {
		t.Helper()
		status, b, _ := s.call("POST", "/v1/events", contentType, strings.NewReader(body), header...)
		var r intake.Receipt
		if err := json.Unmarshal(b, &r); err != nil || status != 200 || r.Accepted != accepted || len(r.Rejected) != 0 {
			t.Errorf("%s: %d %s", what, status, b)
		}
	}
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	io.WriteString(g, one(6)+"\n"+one(7)+"\n")
	g.Close()
	z, _ := zstd.NewWriter(&zs)
	io.WriteString(z, one(8)+"\n")
	z.Close()
	f("an object", "application/json", one(1), 1)
	f("an array", "application/json", "["+one(2)+",\n"+one(3)+"]", 2)
	f("NDJSON", "application/x-ndjson", one(4)+"\n\n"+one(5), 2)
	f("gzip", "application/x-ndjson", gz.String(), 2, "Content-Encoding", "gzip")
	f("zstd", "application/x-ndjson", zs.String(), 1, "Content-Encoding", "zstd")
	var l list
	s.get("/v1/events?q=tool:get_order", &l)
	if len(l.Events) != 8 {
		t.Errorf("%d events, want 8: an acknowledged event is in the next query", len(l.Events))
	}
	if e := l.Events[0]; strings.Contains(string(e.Params), "jo@") || !strings.Contains(string(e.Params), "pii:email:") {
		t.Errorf("params %s", e.Params)
	}
}

func TestReceipt(t *testing.T) {
	s := start(t, nil)
	body := fmt.Sprintf(flat, 1) + "\n{\"event_id\":\"bad\",\"timestamp\":1763907781250}\nnot json\n" + fmt.Sprintf(flat, 1) + "\n" +
		strings.Replace(fmt.Sprintf(flat, 1), "7", "8", 1) + "\n" + fmt.Sprintf(flat, 2) + "\n"
	status, r := s.post("/v1/events?entries=true", body)
	if status != 200 || r.Accepted != 2 || r.Duplicates != 1 || len(r.Conflicts) != 1 || len(r.Rejected) != 2 {
		t.Fatalf("%d %+v", status, r)
	}
	if r.Rejected[0].Line != 2 || r.Rejected[0].EventID != "bad" || !strings.Contains(r.Rejected[0].Error, "milliseconds") || r.Rejected[1].Line != 3 {
		t.Errorf("rejected %+v", r.Rejected)
	}
	if r.Conflicts[0].Line != 5 || r.Conflicts[0].EventID != "e1" {
		t.Errorf("conflicts %+v", r.Conflicts)
	}
	enc := part.NewEncoder()
	for i, p := range r.Entries {
		var e hansard.Entry
		s.get("/v1/events/"+p.EventID, &e)
		if e.Log.String() != p.Log || e.Index != p.Index || e.Position != p.Position || e.LeafHash.String() != p.LeafHash {
			t.Errorf("entry %d: %+v, the record says %s %d %d %s", i, p, e.Log, e.Index, e.Position, e.LeafHash)
		}
		if got := part.HashLeaf(enc.AppendLeaf(nil, &e)).String(); got != p.LeafHash {
			t.Errorf("entry %d: the JSON renders to leaf %s, not %s", i, got, p.LeafHash)
		}
	}
	if status, r := s.post("/v1/events", "nonsense\n"); status != 400 || len(r.Rejected) != 1 {
		t.Errorf("nothing taken: %d %+v", status, r)
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := start(t, nil)
	body := `{"event_type":"reasoning","reasoning":"a"}` + "\n" + `{"event_type":"reasoning","reasoning":"b"}` + "\n"
	for i, want := range []int{2, 0} {
		if _, r := s.post("/v1/events", body, "Idempotency-Key", "k1"); r.Accepted != want || r.Duplicates != 2-want || len(r.Conflicts) != 0 {
			t.Errorf("time %d: %+v", i, r)
		}
	}
	if _, r := s.post("/v1/events", body, "Idempotency-Key", "k2"); r.Accepted != 2 {
		t.Errorf("another key: %+v", r)
	}
	if _, r := s.post("/v1/events", body); r.Accepted != 2 {
		t.Errorf("no key: %+v", r)
	}
}

func TestLimits(t *testing.T) {
	s := start(t, func(c *api.Config) { c.MaxBody = 10 << 20 })
	big := `{"event_type":"reasoning","reasoning":"` + strings.Repeat("x", dialect.DefaultMaxBytes) + `"}`
	status, r := s.post("/v1/events", big+"\n"+fmt.Sprintf(flat, 1)+"\n")
	if status != 200 || r.Accepted != 1 || len(r.Rejected) != 1 || r.Rejected[0].Line != 1 {
		t.Errorf("an event that is too large: %d %+v", status, r)
	}
	line := fmt.Sprintf(`{"event_type":"reasoning","reasoning":"%s"}`+"\n", strings.Repeat("y", 1000))
	status, r = s.post("/v1/events", strings.Repeat(line, 11_000))
	if status != 413 || r.Accepted == 0 || r.Accepted > 10_500 {
		t.Errorf("a body that is too large: %d, %d accepted", status, r.Accepted)
	}
	var l list
	s.get("/v1/events?limit=1", &l)
	var bomb bytes.Buffer
	g := gzip.NewWriter(&bomb)
	for range 64 {
		g.Write(bytes.Repeat([]byte("z"), 1<<20))
	}
	g.Close()
	code, b, _ := s.call("POST", "/v1/events", "application/x-ndjson", &bomb, "Content-Encoding", "gzip")
	if code != 413 && code != 400 {
		t.Errorf("a bomb: %d %s", code, b)
	}
	if code, _, _ := s.call("POST", "/v1/events", "application/x-ndjson", strings.NewReader("x"), "Content-Encoding", "br"); code != 400 {
		t.Errorf("an unknown encoding: %d", code)
	}
}

// TestBrowserElsewhere plays a web page that is not ours: it can neither post
// nor, by rebinding its name to this address, read.
func TestBrowserElsewhere(t *testing.T) {
	s := start(t, nil)
	event := fmt.Sprintf(flat, 1)
	f := func(what string, method, path, contentType, body string, header ...string) {
		t.Helper()
		if status, b, _ := s.call(method, path, contentType, strings.NewReader(body), header...); status < 400 {
			t.Errorf("%s: %d %s", what, status, b)
		}
	}
	f("a simple request", "POST", "/v1/events", "text/plain", event)
	f("a form", "POST", "/v1/events", "application/x-www-form-urlencoded", event)
	f("no type", "POST", "/v1/events", "", event)
	f("another origin", "POST", "/v1/events", "application/json", event, "Origin", "https://evil.example")
	f("a null origin", "POST", "/v1/events", "application/json", event, "Origin", "null")
	f("a cross-site fetch", "GET", "/v1/events", "", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors")
	f("a rebound name", "GET", "/v1/events", "", "", "Host", "evil.example")
	f("a rebound name, live", "GET", "/v1/live", "", "", "Host", "evil.example:7575")
	var l list
	s.get("/v1/events", &l)
	if len(l.Events) != 0 {
		t.Errorf("%d events got in", len(l.Events))
	}
}

func TestTokens(t *testing.T) {
	secrets := map[string]access.Secret{}
	var file strings.Builder
	for _, role := range []string{"ingest", "reader", "admin"} {
		secrets[role] = access.NewToken()
		fmt.Fprintf(&file, "- {id: %s-1, token_sha256: %s, tenant: acme, role: %s}\n", role, secrets[role].SHA256(), role)
	}
	tokens, err := access.ParseTokens([]byte(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *api.Config) { c.Access.Tokens = tokens })
	f := func(role, method, path, body string, want int) {
		t.Helper()
		header := []string{}
		if role != "" {
			header = []string{"Authorization", "Bearer " + secrets[role].Reveal()}
		}
		contentType := ""
		if body != "" {
			contentType = "application/json"
		}
		if status, b, _ := s.call(method, path, contentType, strings.NewReader(body), header...); status != want {
			t.Errorf("%s %s as %q: %d, want %d: %s", method, path, role, status, want, b)
		}
	}
	f("", "GET", "/v1/events", "", 401)
	f("", "GET", "/healthz", "", 200)
	f("", "GET", "/metrics", "", 401)
	f("ingest", "POST", "/v1/events", fmt.Sprintf(flat, 1), 200)
	f("ingest", "GET", "/v1/events", "", 403)
	f("reader", "POST", "/v1/events", fmt.Sprintf(flat, 2), 403)
	f("reader", "GET", "/v1/events", "", 200)
	f("reader", "GET", "/metrics", "", 403)
	f("admin", "GET", "/metrics", "", 200)
	f("admin", "POST", "/v1/events", fmt.Sprintf(flat, 3), 200)
	f("admin", "GET", "/v1/events/e1", "", 200)
	f("reader", "GET", "/v1/events/e2", "", 404)
	f("", "GET", "/log/acme/info/checkpoint", "", 401)
	f("reader", "GET", "/log/other/info/checkpoint", "", 403)
	var e struct{ SubmittedBy string }
	_, b, _ := s.call("GET", "/v1/events/e1", "", nil, "Authorization", "Bearer "+secrets["reader"].Reveal())
	if !strings.Contains(string(b), `"submitted_by":"ingest-1"`) {
		t.Errorf("%v %s", e, b)
	}
}

func TestPersonSearch(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", `{"event_id":"p1","event_type":"invocation","user_id":"mia_li_3668","params":{"task":"write to Mia.Li@Example.com"}}
{"event_id":"p2","event_type":"invocation","user_id":"someone_else","params":{"task":"hello"}}`)
	search := func(body string) []string {
		t.Helper()
		status, b, _ := s.call("POST", "/v1/events/search", "application/json", strings.NewReader(body))
		var l list
		if err := json.Unmarshal(b, &l); err != nil || status != 200 {
			t.Fatalf("%d %s", status, b)
		}
		var ids []string
		for _, e := range l.Events {
			ids = append(ids, e.EventID)
		}
		return ids
	}
	f := func(body, want string) {
		t.Helper()
		if got := strings.Join(search(body), " "); got != want {
			t.Errorf("%s found %q, want %q", body, got, want)
		}
	}
	f(`{"q":"user:mia_li_3668"}`, "p1")
	f(`{"value":"mia.li@example.com"}`, "p1")
	f(`{"value":"mia_li_3668"}`, "p1")
	f(`{"value":"nobody@example.com"}`, "")
	if status, b, _ := s.call("GET", "/v1/events?q=user:mia_li_3668", "", nil); status != 400 || !strings.Contains(string(b), "POST") {
		t.Errorf("a person in a URL: %d %s", status, b)
	}
	var e map[string]any
	s.get("/v1/events/p1", &e)
	if id, _ := e["user_id"].(string); !strings.HasPrefix(id, "pii:person:") {
		t.Errorf("user_id %v", e["user_id"])
	}
}

func TestPaging(t *testing.T) {
	s := start(t, nil)
	var body strings.Builder
	for i := range 25 {
		fmt.Fprintf(&body, `{"event_id":"e%02d","event_type":"reasoning","timestamp":%d}`+"\n", i, 1763907781+i/3)
	}
	s.post("/v1/events", body.String())
	var seen []string
	for cursor := ""; ; {
		var l list
		s.get("/v1/events?limit=7&cursor="+cursor, &l)
		for _, e := range l.Events {
			seen = append(seen, e.EventID)
		}
		if cursor = l.NextCursor; cursor == "" {
			break
		}
	}
	if len(seen) != 25 || seen[0] != "e24" || seen[24] != "e00" {
		t.Errorf("%v", seen)
	}
}

func TestProofAndTiles(t *testing.T) {
	s := start(t, nil)
	var body strings.Builder
	for i := range 600 {
		body.WriteString(fmt.Sprintf(flat, i) + "\n")
	}
	s.post("/v1/events", body.String())
	status, b, h := s.call("GET", "/v1/events/e77/proof?disclose=true", "", nil)
	if status != 200 {
		t.Fatalf("%d %s", status, b)
	}
	p, err := proof.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(h.Get("Hansard-VKey"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := p.Verify(v); err != nil || c.Size < 600 || !strings.Contains(string(p.Content), "order_id") {
		t.Errorf("%v %v %s", c, err, p.Content)
	}
	for path, want := range map[string]int{
		"checkpoint": 200, "tile/0/000": 200, "tile/0/002.p/88": 200, "tile/1/000.p/2": 200, "tile/entries/001": 200, "tile/entries/002.p/88": 200,
		"tile/0/003": 404, "tile/1/000": 404, "tile/0/002.p/200": 404, "tile/entries/099": 404, "tile/x": 404, "tile/9/000": 404, "tile/0/2": 404,
	} {
		if status, _, _ := s.call("GET", "/log/default/info/"+path, "", nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

func TestSQL(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(flat, 1)+"\n"+fmt.Sprintf(flat, 2))
	status, b, _ := s.call("POST", "/v1/sql", "application/json", strings.NewReader(`{"query":"select tool_name, count(*) as n from events group by 1"}`))
	if status != 200 || !strings.Contains(string(b), `["get_order",2]`) {
		t.Errorf("%d %s", status, b)
	}
	status, b, _ = s.call("POST", "/v1/sql", "application/json", strings.NewReader(`{"query":"copy events to 'x.csv'"}`))
	if status != 400 {
		t.Errorf("COPY: %d %s", status, b)
	}
}

// TestLive follows the feed, loses the connection, and goes on without loss.
func TestLive(t *testing.T) {
	s := start(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	connect := func(last string) (*bufio.Scanner, func()) {
		req, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/v1/live?q=type:tool_call", nil)
		if last != "" {
			req.Header.Set("Last-Event-ID", last)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 {
			t.Fatal(err, res)
		}
		sc := bufio.NewScanner(res.Body)
		sc.Buffer(nil, 4<<20)
		sc.Scan() // the feed has begun
		return sc, func() { res.Body.Close() }
	}
	next := func(sc *bufio.Scanner) (id, event string) {
		event = ""
		for sc.Scan() {
			if v, ok := strings.CutPrefix(sc.Text(), "event: "); ok {
				event = v
			}
			if v, ok := strings.CutPrefix(sc.Text(), "id: "); ok {
				id = v
			}
			if event != "event" {
				continue
			}
			if v, ok := strings.CutPrefix(sc.Text(), "data: "); ok {
				var e hansard.Entry
				if err := json.Unmarshal([]byte(v), &e); err != nil {
					t.Fatal(err, v)
				}
				return id, e.EventID
			}
		}
		t.Fatal("the stream ended", sc.Err())
		return "", ""
	}
	sc, hangUp := connect("")
	s.post("/v1/events", fmt.Sprintf(flat, 1)+"\n"+`{"event_type":"reasoning"}`+"\n"+fmt.Sprintf(flat, 2))
	if _, e := next(sc); e != "e1" {
		t.Errorf("first event %s", e)
	}
	last, e := next(sc)
	if e != "e2" {
		t.Errorf("second event %s", e)
	}
	hangUp()
	s.post("/v1/events", fmt.Sprintf(flat, 3))
	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	s.post("/v1/events", fmt.Sprintf(flat, 4))
	sc, hangUp = connect(last)
	defer hangUp()
	for _, want := range []string{"e3", "e4", "e5"} {
		if want == "e5" {
			s.post("/v1/events", fmt.Sprintf(flat, 5))
		}
		if _, e := next(sc); e != want {
			t.Errorf("%s, want %s", e, want)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	s := start(t, nil)
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	s.get("/openapi.json", &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	for _, path := range []string{"/v1/events", "/v1/events/{id}", "/v1/events/search", "/v1/traces/{id}", "/v1/reports/summary", "/v1/sql", "/v1/logs", "/v1/live", "/v1/import/{format}"} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is not described", path)
		}
	}
	if doc.Paths["/v1/events"]["post"] == nil || doc.Paths["/v1/events"]["get"] == nil {
		t.Error("/v1/events lacks a method")
	}
}
