package collector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hansard-collector-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hansard")
	build := exec.Command("go", "build", "-o", path, "./cmd/hansard")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// logBuffer keeps what a process says. A test may look at it while it runs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.buf.String()
	return "…" + s[max(0, len(s)-6000):]
}

// server is a server that can be killed and started again: its folder and its
// addresses stay.
type server struct {
	t               *testing.T
	data            string
	api, grpc, http string // host and port
	logs            logBuffer
	cmd             *exec.Cmd
}

// newServer returns a server that does not run yet.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, data: filepath.Join(t.TempDir(), "data"), api: freeAddress(t), grpc: freeAddress(t), http: freeAddress(t)}
	t.Cleanup(func() {
		if s.cmd != nil {
			_ = s.cmd.Process.Signal(os.Interrupt)
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", s.logs.String())
		}
	})
	return s
}

// freeAddress returns an address on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the server and waits until it listens.
func (s *server) start() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, "serve", "--data", s.data, "--listen", s.api, "--otlp-grpc", s.grpc, "--otlp-http", s.http)
	s.cmd.Stdout, s.cmd.Stderr = &s.logs, &s.logs
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for _, address := range []string{s.api, s.grpc, s.http} {
		listening(s.t, address)
	}
}

// kill ends the server as a crash does.
func (s *server) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = s.cmd.Wait()
	s.cmd = nil
}

// listening waits until somebody listens on an address.
func listening(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens on %s: %v", address, err)
		}
	}
}

// events returns what the server has on record: a line for each event with what
// does not depend on how and when it came.
func (s *server) events() []string {
	s.t.Helper()
	const statement = `SELECT event_id, event_type, agent_name, session_id, trace_id, parent_event_id, timestamp, service, action, tool_name,
		params, result, messages, response, status, error, input_tokens, output_tokens, attributes FROM events ORDER BY event_id`
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(path, "sql", statement, "-o", "json", "--server", "http://"+s.api)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "HANSARD_SERVER=", "HANSARD_TOKEN=")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("hansard sql: %v\n%s", err, &errs)
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		s.t.Fatal(err)
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.TrimSpace(string(r))
	}
	return lines
}
