package api_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/api"
)

// verified runs a verification and returns its end.
func (s *server) verified() api.Verification {
	s.t.Helper()
	if status, body, _ := s.call("POST", "/v1/verification", "", nil); status != 202 {
		s.t.Fatalf("%d %s", status, body)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var v api.Verification
		if s.get("/v1/verification", &v); v.State != "running" {
			return v
		}
	}
	s.t.Fatal("the verification does not end")
	return api.Verification{}
}

func TestVerification(t *testing.T) {
	s := start(t, nil)
	var v api.Verification
	if s.get("/v1/verification", &v); v.State != "none" || v.Sound != nil {
		t.Errorf("before the first: %+v", v)
	}
	var events strings.Builder
	for i := range 700 {
		fmt.Fprintf(&events, `{"event_type":"agent.tool_call","event_id":"v%d","agent_name":"a"}`+"\n", i)
	}
	s.post("/v1/events", events.String())
	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	// A checkpoint covers all of it: a proof of the last event makes one.
	if status, body, _ := s.call("GET", "/v1/events/v699/proof", "", nil); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	v = s.verified()
	if v.State != "done" || v.Sound == nil || !*v.Sound || v.Done != v.Total || v.Total < 700 {
		t.Errorf("sound: %+v", v)
	}
	for _, l := range v.Logs {
		if strings.HasSuffix(l.Log, "/info") && l.Size != 700 {
			t.Errorf("log %+v", l)
		}
	}
}

// TestVerificationFinds changes a hash tile behind the server's back: the rows do
// not fit it, and the verification says where.
func TestVerificationFinds(t *testing.T) {
	s := start(t, nil)
	var events strings.Builder
	for i := range 300 {
		fmt.Fprintf(&events, `{"event_type":"agent.tool_call","event_id":"v%d","agent_name":"a"}`+"\n", i)
	}
	s.post("/v1/events", events.String())
	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	if status, body, _ := s.call("GET", "/v1/events/v299/proof", "", nil); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	_, tile, _ := s.call("GET", "/log/default/info/tile/0/000", "", nil)
	want := tile[100*32 : 101*32]
	var changed string
	err := filepath.Walk(filepath.Join(s.dir, "tenants", "default", "info"), func(path string, _ os.FileInfo, err error) error {
		if err != nil || changed != "" || filepath.Ext(path) == ".parquet" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil // a folder
		}
		if at := bytes.Index(b, want); at >= 0 {
			changed = path
			b[at] ^= 1
			return os.WriteFile(path, b, 0o600)
		}
		return nil
	})
	if err != nil || changed == "" {
		t.Fatalf("no file with the hash of entry 100: %v", err)
	}
	v := s.verified()
	if v.State != "done" || v.Sound == nil || *v.Sound || len(v.Findings) != 1 || v.Findings[0].Entry != 100 || v.Findings[0].Log != "default/info" {
		t.Errorf("found: %+v", v)
	}
	b, err := os.ReadFile(changed)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, append([]byte{want[0] ^ 1}, want[1:]...))] ^= 1
	if err := os.WriteFile(changed, b, 0o600); err != nil { // so that the folder is sound at the end
		t.Fatal(err)
	}
}
