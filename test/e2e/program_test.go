package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, in a folder that other users may be let into: a
// copy of the one that HANSARD names, or built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hansard-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hansard")
	if built := os.Getenv("HANSARD"); built != "" {
		b, err := os.ReadFile(built)
		if err != nil {
			return "", err
		}
		return path, os.WriteFile(path, b, 0o755)
	}
	out, err := exec.Command("go", "build", "-ldflags=-w", "-o", path, "github.com/hansardhq/hansard/cmd/hansard").CombinedOutput()
	if err != nil {
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

func program(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// unraced leaves a test to the plain run. In it only programs work, which are
// processes of their own: the race detector does not see into them.
func unraced(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("nothing in this process is under test")
	}
}

// run runs a verb and returns its standard output and exit code.
func run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "HANSARD_SERVER=", "HANSARD_TOKEN=")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("hansard %s: %s", strings.Join(args, " "), tail(errs.String()))
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// must runs a verb that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, code := run(t, args...)
	if code != 0 {
		t.Fatalf("hansard %s: exit code %d\n%s", strings.Join(args, " "), code, tail(out))
	}
	return out
}

func tail(s string) string {
	if len(s) > 2000 {
		return "…" + s[len(s)-2000:]
	}
	return s
}

// server is a running server process.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string
	url  string
	logs *logBuffer
}

// start starts a server on the folder and waits until it listens.
func start(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	return startWith(t, dir, nil, args...)
}

// logBuffer keeps what a server says. A test may look at it while it runs.
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

// startWith is start with a change of the command.
func startWith(t *testing.T, dir string, change func(*exec.Cmd), args ...string) *server {
	t.Helper()
	address := filepath.Join(t.TempDir(), "address")
	s := &server{t: t, dir: dir, logs: &logBuffer{}}
	s.cmd = exec.Command(program(t), append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--address-file", address}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.logs, s.logs
	if change != nil {
		change(s.cmd)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.kill()
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(address); err == nil {
			s.url = "http://" + strings.TrimSpace(string(b))
			return s
		}
		if time.Now().After(deadline) {
			s.kill()
			t.Fatalf("the server did not start:\n%s", tail(s.logs.String()))
		}
	}
}

// kill ends the process as a crash would (kill -9).
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends the process gracefully.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server stopped with %v:\n%s", err, tail(s.logs.String()))
	}
}

// number runs a SELECT of one figure.
func (s *server) number(query string) int64 {
	s.t.Helper()
	var rows []map[string]json.Number
	out := must(s.t, "sql", "--server", s.url, "-o", "json", query)
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 1 {
		s.t.Fatalf("%s: %v\n%s", query, err, out)
	}
	for _, v := range rows[0] {
		n, err := v.Int64()
		if err != nil {
			f, ferr := v.Float64()
			if ferr != nil {
				s.t.Fatalf("%s: %v", query, err)
			}
			return int64(f)
		}
		return n
	}
	return 0
}

// summary returns the summary report.
func (s *server) summary(args ...string) map[string]any {
	s.t.Helper()
	out := must(s.t, append([]string{"report", "summary", "--server", s.url, "-o", "json"}, args...)...)
	var sum map[string]any
	if err := json.Unmarshal([]byte(out), &sum); err != nil {
		s.t.Fatal(err)
	}
	return sum
}

// data returns a folder of real agent runs, or skips the test.
func data(t *testing.T, path string) string {
	t.Helper()
	full := filepath.Join("..", "..", "..", "shared", "data", path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("%s is not there: this test needs real agent runs, which are not part of the project", full)
	}
	return full
}

// verified verifies the folder by the program.
func verified(t *testing.T, dir string) {
	t.Helper()
	if out, code := run(t, "verify", "--data", dir); code != 0 {
		t.Errorf("verify: exit code %d\n%s", code, tail(out))
	}
}
