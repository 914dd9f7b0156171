package clients_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test: the one that HANSARD names, or built once.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HANSARD"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "hansard-clients-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hansard")
	build := exec.Command("go", "build", "-ldflags=-w", "-o", path, "./cmd/hansard")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil && path != os.Getenv("HANSARD") {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a running server process.
type server struct {
	t        *testing.T
	api      string // URL of the API
	otlpHTTP string // URL of OTLP over HTTP
	otlpGRPC string // host and port
	logs     *logBuffer
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
	return b.buf.String()
}

var (
	saysAPI  = regexp.MustCompile(`serving .* on (http://\S+)`)
	saysGRPC = regexp.MustCompile(`OTLP/gRPC on (\S+)`)
	saysHTTP = regexp.MustCompile(`OTLP/HTTP on (\S+)`)
)

// start starts a server on free ports and an empty folder.
func start(t *testing.T) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, logs: &logBuffer{}}
	cmd := exec.Command(path, "serve", "--data", filepath.Join(t.TempDir(), "data"),
		"--listen", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = s.logs, s.logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", tail(s.logs.String()))
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		said := s.logs.String()
		if api, grpc, http := saysAPI.FindStringSubmatch(said), saysGRPC.FindStringSubmatch(said), saysHTTP.FindStringSubmatch(said); api != nil && grpc != nil && http != nil {
			s.api, s.otlpGRPC, s.otlpHTTP = api[1], grpc[1], recorded(t, "http://"+http[1])
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server did not start:\n%s", tail(said))
		}
	}
}

// hansard runs a verb against the server and returns what it prints. It must
// succeed.
func (s *server) hansard(args ...string) string {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, "--server", s.api)...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "HANSARD_SERVER=", "HANSARD_TOKEN=")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		s.t.Fatalf("hansard %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// row is a row of an answer to SQL.
type row map[string]any

// sql asks the server.
func (s *server) sql(statement string) []row {
	s.t.Helper()
	var rows []row
	if err := json.Unmarshal([]byte(s.hansard("sql", statement, "-o", "json")), &rows); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

// events returns what a service put on record, in the order in which it happened.
func (s *server) events(service string) []row {
	s.t.Helper()
	return s.sql(fmt.Sprintf(`SELECT * FROM events WHERE service = '%s' ORDER BY timestamp, position`, service))
}

// text returns a column as text; "" for null.
func (r row) text(column string) string {
	switch v := r[column].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		b, _ := json.Marshal(v)
		return string(b)
	}
}

func tail(s string) string {
	if len(s) > 4000 {
		return "…" + s[len(s)-4000:]
	}
	return s
}
