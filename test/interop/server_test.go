package interop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/redact"
)

// tenant is the tenant of the tests' events.
const tenant = "acme"

// server is Hansard as it is served, except for its command line.
type server struct {
	t      *testing.T
	url    string
	dir    string // the data folder
	ledger *ledger.Ledger
	lake   *lake.Lake
	sent   int // events posted so far
}

// start starts a server. Nothing is sealed or published unless the test asks for
// it, so that what is tested does not depend on how fast the machine is.
func start(t *testing.T) *server {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	lk, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	lg, err := ledger.Open(ledger.Config{
		Dir: dir, Name: "interop", Follower: lk, SealAfter: time.Hour, CheckpointEvery: time.Hour,
		Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, stop := serve(t, lg, lk)
	h := httptest.NewServer(handler)
	t.Cleanup(func() {
		stop()
		h.Close()
		if err := lg.Close(); err != nil {
			t.Error(err)
		}
		lk.Close()
	})
	return &server{t: t, url: h.URL, dir: dir, ledger: lg, lake: lk}
}

// serve puts the stages together.
func serve(t *testing.T, lg *ledger.Ledger, lk *lake.Lake) (handler http.Handler, stop func()) {
	t.Helper()
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := api.New(api.Config{
		Version: "test", Ledger: lg, Lake: lk, Hub: live.New(), PublicLog: true,
		Intake: intake.New(intake.Config{Ledger: lg, Redact: engine, Classifier: classifier}),
		Reading: reading.New(reading.Config{Lake: lk, Prover: lg, Pseudonyms: func(string, string) ([]string, error) {
			return nil, nil // these tests do not search for persons
		}}),
		Access: access.Config{GuardConfig: access.GuardConfig{Listen: "127.0.0.1:0"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(), s.Stop
}

// call makes a request of the tests' tenant. It must succeed.
func (s *server) call(method, path string, body []byte) ([]byte, http.Header) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Hansard-Tenant", tenant)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %d %v %s", method, path, res.StatusCode, err, b)
	}
	return b, res.Header
}

// publicLog is a log as /v1/logs lists it.
type publicLog struct {
	Log, Origin, VKey, Checkpoint string
	Size, Sealed, Minimum         uint64
}

// base is the URL below which the log is served.
func (s *server) base(l publicLog) string { return s.url + "/log/" + l.Log + "/" }

// verifier returns the verifier of the log's key.
func (l publicLog) verifier(t *testing.T) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(l.VKey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// logs lists the tenant's logs. There is one for each tier, and the meta log.
func (s *server) logs() []publicLog {
	s.t.Helper()
	b, _ := s.call("GET", "/v1/logs", nil)
	var list struct{ Logs []publicLog }
	if err := json.Unmarshal(b, &list); err != nil {
		s.t.Fatal(err)
	}
	if len(list.Logs) != 5 {
		s.t.Fatalf("%d logs, want 5: %+v", len(list.Logs), list.Logs)
	}
	return list.Logs
}
