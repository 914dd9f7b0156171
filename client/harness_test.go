package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
	"github.com/hansardhq/hansard/internal/dialect"
)

// keeper is a sink of the tests' own: it keeps events, unless told otherwise.
type keeper struct {
	name string
	say  func(n int, events []client.Encoded) (client.Receipt, error) // nil: take all; n counts calls from 1

	mu     sync.Mutex
	calls  int
	lines  []string
	sizes  []int
	closed bool
}

func (k *keeper) Name() string {
	if k.name == "" {
		return "keeper"
	}
	return k.name
}

func (k *keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return nil
}

func (k *keeper) Write(_ context.Context, events []client.Encoded) (client.Receipt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	k.sizes = append(k.sizes, len(events))
	var rec client.Receipt
	var err error
	if k.say != nil {
		rec, err = k.say(k.calls, events)
	}
	bad := map[int]bool{}
	for _, r := range rec.Rejected {
		bad[r.Index] = true
	}
	n := 0
	for i, e := range events {
		if !bad[i] && (err == nil || n < rec.Taken) {
			k.lines = append(k.lines, string(e.JSON))
			n++
		}
	}
	return rec, err
}

// events returns what the sink has, decoded as the server would.
func (k *keeper) events(t testing.TB) []*hansard.Event {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []*hansard.Event
	for _, l := range k.lines {
		all = append(all, decode(t, []byte(l)))
	}
	return all
}

func decode(t testing.TB, line []byte) *hansard.Event {
	t.Helper()
	if !json.Valid(line) {
		t.Fatalf("no JSON: %s", line)
	}
	var flat dialect.Flat
	e, err := flat.Decode(line)
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return e
}

func actions(events []*hansard.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Action)
	}
	return list
}

// start makes a client that is quick to send and to try again.
func start(t testing.TB, cfg client.Config, sinks ...client.Sink) *client.Client {
	t.Helper()
	cfg.Sinks = sinks
	if cfg.BatchDelay == 0 {
		cfg.BatchDelay = time.Millisecond
	}
	if cfg.MaxBackoff == 0 {
		cfg.MaxBackoff = 5 * time.Millisecond
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(expired()) })
	return c
}

func flush(t testing.TB, c *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Flush(ctx); err != nil {
		t.Fatalf("%v\n%+v", err, c.Stats())
	}
}

func closed(t testing.TB, c *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Fatalf("%v\n%+v", err, c.Stats())
	}
}

func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// until waits for something that happens on other goroutines.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// fakeServer answers POST /v1/events as it is told. The real server is in
// test/e2e; this one says what a real one says only when it is in trouble.
type fakeServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests int
	headers  []http.Header
	bodies   [][]string
}

func newFakeServer(t testing.TB, answer func(n int, lines []string, w http.ResponseWriter)) *fakeServer {
	t.Helper()
	s := &fakeServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/events" || r.Header.Get("Content-Encoding") != "zstd" {
			http.Error(w, "not for me", http.StatusTeapot)
			return
		}
		lines, err := unpack(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		s.mu.Lock()
		s.requests++
		n := s.requests
		s.headers = append(s.headers, r.Header)
		s.bodies = append(s.bodies, lines)
		s.mu.Unlock()
		answer(n, lines, w)
	}))
	t.Cleanup(s.Close)
	return s
}

func unpack(r io.Reader) ([]string, error) {
	z, err := zstd.NewReader(r)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	b, err := io.ReadAll(z)
	var lines []string
	for line := range bytes.Lines(b) {
		lines = append(lines, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return lines, err
}

func (s *fakeServer) all() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]string(nil), s.bodies...)
}

func accept(w http.ResponseWriter, n int) {
	fmt.Fprintf(w, `{"accepted":%d,"duplicates":0,"conflicts":[],"rejected":[]}`, n)
}
