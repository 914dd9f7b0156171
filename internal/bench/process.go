package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hansardhq/hansard"
)

// Usage is what a process has used so far.
type Usage struct {
	CPU      time.Duration // user and system
	Children time.Duration // ... of processes that it started
	RSS      int64         // bytes of memory that it holds
	Peak     int64         // the most that it held since it began
}

// server is a server process that we started.
type server struct {
	cmd   *exec.Cmd
	log   *os.File
	url   string
	ready time.Duration // from its start until it was ready
	ended chan error    // receives what the process ended with
}

// startServer starts this program's serve on a folder and waits until it is
// ready, at most for limit.
func (b *bench) startServer(ctx context.Context, limit time.Duration, args ...string) (*server, error) {
	address := filepath.Join(b.dir, "address")
	if err := os.Remove(address); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args = append([]string{"serve", "--data", b.data(), "--listen", "127.0.0.1:0", "--address-file", address, "--otlp-grpc", "off", "--otlp-http", "off"}, args...)
	begin := time.Now()
	s, err := b.launch(b.cfg.Program, args)
	if err != nil {
		return nil, err
	}
	err = s.await(ctx, begin.Add(limit), func() bool {
		if s.url == "" {
			if b, err := os.ReadFile(address); err == nil {
				s.url = "http://" + strings.TrimSpace(string(b))
			}
		}
		return s.url != "" && s.answers(ctx, "/readyz")
	})
	if err != nil {
		return nil, errors.Join(err, s.kill())
	}
	s.ready = time.Since(begin)
	return s, nil
}

// launch starts a program that serves. What it says is in server.log of the run's folder.
func (b *bench) launch(program string, args []string) (*server, error) {
	log, err := os.OpenFile(filepath.Join(b.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(program, args...), log: log, ended: make(chan error, 1)}
	s.cmd.Env = environment()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for us: we stop it in order
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(hansard.Errorf(hansard.KindInvalid, "start %s: %w", program, err), log.Close())
	}
	go func() { s.ended <- s.cmd.Wait() }()
	return s, nil
}

// environment is ours without what would change how the server is set up.
func environment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "HANSARD_") {
			env = append(env, pair)
		}
	}
	return env
}

// await waits until the server is ready.
func (s *server) await(ctx context.Context, deadline time.Time, ready func() bool) error {
	for {
		select {
		case err := <-s.ended:
			s.ended <- err
			return hansard.Errorf(hansard.KindInternal, "the server ended at once: %w; it said: %s", err, s.said())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if ready() {
			return nil
		}
		if time.Now().After(deadline) {
			return hansard.Errorf(hansard.KindInternal, "the server was not ready in time; it said: %s", s.said())
		}
	}
}

// answers reports whether the server answers with 200.
func (s *server) answers(ctx context.Context, path string) bool {
	c := newClient(s.url)
	defer c.close()
	_, err := c.get(ctx, path)
	return err == nil
}

// said returns the end of the server's log.
func (s *server) said() string {
	b, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b[max(0, len(b)-1000):]))
}

// usage returns what the server has used so far.
func (s *server) usage() (Usage, error) { return usageOf(s.cmd.Process.Pid) }

// stop stops the server in order, which seals what is in the journal, and
// returns the processor time that it used in all.
func (s *server) stop() (time.Duration, error) {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stop the server: %w", err)
	}
	err := <-s.ended
	s.ended <- err
	state := s.cmd.ProcessState
	// The program says 130 where a signal ended what it did.
	if code := state.ExitCode(); code != 0 && code != 130 {
		return 0, hansard.Errorf(hansard.KindInternal, "the server ended with code %d; it said: %s", code, s.said())
	}
	return state.UserTime() + state.SystemTime(), s.log.Close()
}

// kill ends the server as a crash would (kill -9). It may have ended already.
func (s *server) kill() error {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the server: %w", err)
	}
	s.ended <- <-s.ended
	if err := s.log.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
