package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

// numbered logs n events of which each says its number.
func numbered(c *client.Client, from, n int) {
	for i := range n {
		c.Reasoning(context.Background(), "x", client.Action(fmt.Sprint(from+i)))
	}
}

func numbers(from, n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(from+i))
	}
	return list
}

func lineActions(t *testing.T, lines []string) []string {
	t.Helper()
	var list []string
	for _, l := range lines {
		list = append(list, decode(t, []byte(l)).Action)
	}
	return list
}

func server(t *testing.T, cfg client.ServerConfig) client.Sink {
	t.Helper()
	s, err := client.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPartialAcceptance sees what a busy server took not sent again, the rest in
// order after the time that it asked for, and what it rejected not at all.
func TestPartialAcceptance(t *testing.T) {
	var second time.Time
	var first time.Time
	s := newFakeServer(t, func(n int, lines []string, w http.ResponseWriter) {
		if n == 1 {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"title":"busy","detail":"the disk is slow","status":503,"accepted":2,"duplicates":1,"conflicts":[{"line":5,"event_id":"x"}],"rejected":[{"line":2,"error":"bad timestamp"}]}`)
			return
		}
		second = time.Now()
		accept(w, len(lines))
	})
	var rejected []client.Rejection
	var mu sync.Mutex
	c := start(t, client.Config{BatchDelay: 50 * time.Millisecond, OnReject: func(r client.Rejection) {
		mu.Lock()
		defer mu.Unlock()
		rejected = append(rejected, r)
		panic("a callback's panic is not the sender's")
	}}, server(t, client.ServerConfig{URL: s.URL + "/", Token: "hsd_x", Tenant: "acme"}))
	var id string
	for i := range 10 {
		e := c.Reasoning(context.Background(), "x", client.Action(fmt.Sprint(i)))
		if i == 1 {
			id = e
		}
	}
	flush(t, c)
	bodies := s.all()
	if len(bodies) != 2 {
		t.Fatalf("%d requests", len(bodies))
	}
	// Of the lines 0, 2, 3, 4, ... four were taken: 0, 2, 3, 4.
	if d := cmp.Diff(numbers(5, 5), lineActions(t, bodies[1])); d != "" {
		t.Error(d)
	}
	if gap := second.Sub(first); gap < time.Second {
		t.Errorf("the second try came after %v", gap)
	}
	if d := cmp.Diff([]client.Rejection{{Sink: "server", EventID: id, Reason: "bad timestamp"}}, rejected); d != "" {
		t.Error(d)
	}
	st := c.Stats().Sinks[0]
	if st.Sent != 9 || st.Rejected != 1 || st.Duplicates != 1 || st.Conflicts != 1 || st.Retries != 1 || !strings.Contains(st.LastError, "the disk is slow") || st.Away {
		t.Errorf("%+v", st)
	}
	h := s.headers[0]
	if h.Get("Authorization") != "Bearer hsd_x" || h.Get("Hansard-Tenant") != "acme" || h.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%v", h)
	}
}

// TestAnswers goes through the answers that a server or a proxy may give.
func TestAnswers(t *testing.T) {
	f := func(name string, sent, rejected uint64, retried bool, answer func(n int, lines []string, w http.ResponseWriter)) {
		t.Helper()
		s := newFakeServer(t, answer)
		c := start(t, client.Config{BatchDelay: 20 * time.Millisecond}, server(t, client.ServerConfig{URL: s.URL}))
		numbered(c, 0, 8)
		flush(t, c)
		if st := c.Stats().Sinks[0]; st.Sent != sent || st.Rejected != rejected || (st.Retries > 0) != retried || st.Waiting != 0 {
			t.Errorf("%s: %+v", name, st)
		}
	}
	then := func(status int, body string) func(int, []string, http.ResponseWriter) {
		return func(n int, lines []string, w http.ResponseWriter) {
			if n > 2 {
				accept(w, len(lines))
				return
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	f("server error", 8, 0, true, then(500, `{"title":"internal error"}`))
	f("bad gateway", 8, 0, true, then(502, "<html>"))
	f("too many requests", 8, 0, true, then(429, ""))
	f("token not valid any more", 8, 0, true, then(401, `{"title":"unauthorized"}`))
	f("not found", 8, 0, true, then(404, ""))
	f("redirect", 8, 0, true, then(302, ""))
	f("somebody else's page", 8, 0, true, then(200, "<html>please log in</html>"))
	f("somebody else's JSON", 8, 0, true, then(200, `{}`))
	f("an answer cut off", 8, 0, true, func(n int, lines []string, w http.ResponseWriter) {
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		accept(w, len(lines))
	})
	f("duplicates", 8, 0, false, func(_ int, lines []string, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"accepted":0,"duplicates":%d}`, len(lines))
	})
	f("all lines rejected", 0, 8, false, func(_ int, lines []string, w http.ResponseWriter) {
		w.WriteHeader(400)
		var list []string
		for i := range lines {
			list = append(list, fmt.Sprintf(`{"line":%d,"error":"no"}`, i+1))
		}
		fmt.Fprintf(w, `{"accepted":0,"rejected":[%s]}`, strings.Join(list, ","))
	})
	// One event spoils the batch, and nobody says which.
	f("too large", 7, 1, false, func(_ int, lines []string, w http.ResponseWriter) {
		for _, l := range lines {
			if strings.Contains(l, `"action":"5"`) {
				w.WriteHeader(413)
				return
			}
		}
		accept(w, len(lines))
	})
}

// TestAway sees everything arrive, once and in order, at a sink that comes and
// goes.
func TestAway(t *testing.T) {
	var log bytes.Buffer
	k := &keeper{say: func(n int, events []client.Encoded) (client.Receipt, error) {
		switch n % 4 {
		case 1:
			return client.Receipt{}, errors.New("away")
		case 2:
			return client.Receipt{Taken: len(events) / 2}, errors.New("busy")
		case 3:
			panic("a sink's panic is not the client's")
		}
		return client.Receipt{}, nil
	}}
	c := start(t, client.Config{BatchEvents: 7, Logger: slog.New(slog.NewTextHandler(&log, nil))}, k)
	numbered(c, 0, 300)
	flush(t, c)
	if d := cmp.Diff(numbers(0, 300), actions(k.events(t))); d != "" {
		t.Error(d)
	}
	for _, n := range k.sizes {
		if n > 7 {
			t.Errorf("a batch of %d", n)
		}
	}
	closed(t, c)
	if text := log.String(); !strings.Contains(text, "away") || !strings.Contains(text, "takes events again") {
		t.Errorf("the log says: %s", text)
	}
	if !k.closed {
		t.Error("the sink is not closed")
	}
}

// TestBoundedMemory fills the memory of a sink that is away: debug events go
// first, the oldest of them, all are counted, and the record is told.
func TestBoundedMemory(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	k := &keeper{say: func(int, []client.Encoded) (client.Receipt, error) {
		if away.Load() {
			return client.Receipt{}, errors.New("away")
		}
		return client.Receipt{}, nil
	}}
	c := start(t, client.Config{MaxMemory: 512 << 10, BatchEvents: 1}, k)
	ctx := context.Background()
	filler := strings.Repeat("x", 400)
	for i := range 100 {
		c.Decision(ctx, "d", client.Action(fmt.Sprint(i)))
	}
	for i := range 2000 {
		c.Reasoning(ctx, filler, client.Action(fmt.Sprint(i)))
		if i%100 == 0 { // so that nothing is given up before it comes to the sink's memory
			until(t, "an empty queue", func() bool { return c.Stats().QueueBytes == 0 })
		}
	}
	until(t, "a full memory", func() bool { return c.Stats().QueueBytes == 0 && c.Stats().Sinks[0].Dropped > 0 })
	st := c.Stats()
	if s := st.Sinks[0]; s.WaitingBytes > 256<<10 || s.Dropped+uint64(s.Waiting) != 2100 || s.DroppedByTier["debug"] != s.Dropped {
		t.Errorf("%+v", s)
	}
	if n := c.Stats().Sinks[0].Dropped; n < 1000 {
		t.Errorf("only %d were given up: the test tests nothing", n)
	}
	away.Store(false)
	flush(t, c)
	flush(t, c) // the event that tells of the loss
	events := k.events(t)
	if d := cmp.Diff(numbers(0, 100), actions(events)[:100]); d != "" {
		t.Errorf("decisions: %s", d)
	}
	var debug []string
	var told []*hansard.Event
	for _, e := range events[100:] {
		if e.Action == "events_dropped" {
			told = append(told, e)
		} else {
			debug = append(debug, e.Action)
		}
	}
	if d := cmp.Diff(numbers(2000-len(debug), len(debug)), debug); d != "" {
		t.Errorf("what is left of the debug events is not the newest: %s", d)
	}
	dropped := c.Stats().Sinks[0].Dropped
	if sum := lost(t, told); sum != dropped || dropped+uint64(len(debug)) != 2000 {
		t.Errorf("%d lost, %d told, %d arrived", dropped, sum, len(debug))
	}
}

// lost adds up what events tell of losses.
func lost(t *testing.T, told []*hansard.Event) uint64 {
	t.Helper()
	var sum uint64
	for _, e := range told {
		var a struct {
			Dropped uint64
			ByTier  map[string]uint64 `json:"dropped_by_tier"`
			Reason  map[string]uint64 `json:"dropped_by_reason"`
			Sink    string
			Since   time.Time
			Until   time.Time
		}
		if err := json.Unmarshal(e.Attributes, &a); err != nil || a.Sink == "" || a.Since.IsZero() || a.Until.Before(a.Since) || len(a.Reason) == 0 {
			t.Fatalf("%v %s", err, e.Attributes)
		}
		var tiers uint64
		for _, n := range a.ByTier {
			tiers += n
		}
		if tiers != a.Dropped {
			t.Errorf("%s", e.Attributes)
		}
		sum += a.Dropped
	}
	return sum
}

// TestQueueFull holds the pump up with a slow redaction hook: the agent does not
// wait, what the queue could not take is counted, and what is worth more stays.
func TestQueueFull(t *testing.T) {
	hold := make(chan struct{})
	k := &keeper{}
	c := start(t, client.Config{MaxMemory: 256 << 10, Redact: func(*hansard.Event) bool { <-hold; return true }}, k)
	ctx := context.Background()
	c.Reasoning(ctx, "the pump takes this one and waits", client.Action("first"))
	until(t, "the pump", func() bool { return c.Stats().QueueBytes > 0 })
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	filler := strings.Repeat("x", 200)
	for i := range 300 {
		c.Reasoning(ctx, filler, client.Action("debug"))
		c.Security(ctx, "critical", client.Attr("i", i), client.Attr("f", filler+filler))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("600 calls took %v while nothing moved", took)
	}
	close(hold)
	flush(t, c)
	count := map[string]int{}
	for _, a := range actions(k.events(t)) {
		count[a]++
	}
	s := c.Stats()
	if count["first"] != 1 || count["critical"] < 200 || count["debug"]+count["critical"]+int(s.Sinks[0].DroppedByReason["queue_full"]) != 600 || count["debug"] > 10 {
		t.Errorf("%v, %+v", count, s)
	}
}

// TestRedact runs every event through the hook, before any sink.
func TestRedact(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "events.ndjson")
	f, err := client.NewFile(file)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{}
	c := start(t, client.Config{
		SpoolDir: t.TempDir(),
		Redact: func(e *hansard.Event) bool {
			switch e.Action {
			case "withhold":
				return false
			case "panic":
				panic("no")
			case "break":
				e.Params = json.RawMessage(`{"secret`)
			}
			e.Reasoning = strings.ReplaceAll(e.Reasoning, "secret", "***")
			return true
		},
	}, k, f, client.NewWriter("stdout", &out))
	ctx := context.Background()
	for _, a := range []string{"keep", "withhold", "panic", "break"} {
		c.Reasoning(ctx, "the secret is secret", client.Action(a), client.Task("t"), client.AtLeast(hansard.TierInfo), client.Confidence(0.25))
	}
	closed(t, c)
	events := slices.DeleteFunc(k.events(t), func(e *hansard.Event) bool { return e.Action == "events_dropped" })
	if len(events) != 1 || events[0].Reasoning != "the *** is ***" || events[0].TaskID != "t" {
		t.Fatalf("%+v", events)
	}
	s := c.Stats()
	if s.Withheld != 1 || s.Sinks[0].DroppedByReason["redaction_failed"] != 2 || s.Sinks[0].Dropped != 2 || actions(events)[0] != "keep" {
		t.Errorf("%+v %v", s, actions(events))
	}
	if strings.Contains(out.String(), "secret") || !strings.Contains(out.String(), "the *** is ***") {
		t.Errorf("%s", out.String())
	}
}

// TestSinksDoNotWaitForEachOther has one sink that is away and one that is not.
func TestSinksDoNotWaitForEachOther(t *testing.T) {
	dead := &keeper{name: "dead", say: func(int, []client.Encoded) (client.Receipt, error) { return client.Receipt{}, errors.New("away") }}
	k := &keeper{}
	c := start(t, client.Config{}, dead, k)
	numbered(c, 0, 50)
	until(t, "the other sink", func() bool { return c.Stats().Sinks[1].Sent == 50 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := c.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "50 events wait for dead") {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := c.Close(ctx)
	if err == nil || !strings.Contains(err.Error(), "50 events did not reach dead") || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	c.Reasoning(context.Background(), "too late")
	if s := c.Stats(); s.LateCalls != 1 || s.Sinks[0].DroppedByReason["closed"] != 50 || s.Sinks[0].Waiting != 0 {
		t.Errorf("%+v", s)
	}
	if c.Close(context.Background()) == nil || !errors.Is(c.Flush(context.Background()), client.ErrClosed) {
		t.Error("a closed client says that all is well")
	}
}

func TestConfigMistakes(t *testing.T) {
	f := func(want string, cfg client.ServerConfig) {
		t.Helper()
		_, err := client.NewServer(cfg)
		if hansard.KindOf(err) != hansard.KindInvalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hsd_secret") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	f("no http or https URL", client.ServerConfig{URL: "localhost:7575"})
	f("no http or https URL", client.ServerConfig{URL: "http://u:p@localhost"})
	f("characters that no token has", client.ServerConfig{Token: "hsd_secret\n"})
	f("in clear", client.ServerConfig{URL: "http://records.example.com", Token: "hsd_secret"})
	server(t, client.ServerConfig{URL: "https://records.example.com", Token: "hsd_secret"})
	server(t, client.ServerConfig{URL: "http://[::1]:7575", Token: "hsd_secret"})
	server(t, client.ServerConfig{URL: "http://records.example.com", Token: "hsd_secret", AllowClearToken: true})
	g := func(want string, sinks ...client.Sink) {
		t.Helper()
		if _, err := client.New(client.Config{Sinks: sinks}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	g("not usable", &keeper{name: "../x"})
	g("not usable", &keeper{name: "a/b"})
	g("two sinks", &keeper{}, &keeper{})
}

// TestWriterTornLine writes to a stream that takes half a line at times.
func TestWriterTornLine(t *testing.T) {
	w := &tearing{}
	c := start(t, client.Config{BatchEvents: 5}, client.NewWriter("w", w))
	numbered(c, 0, 200)
	flush(t, c)
	var whole []string
	for line := range strings.Lines(w.String()) {
		if json.Valid([]byte(line)) && strings.HasSuffix(line, "}\n") {
			whole = append(whole, decode(t, []byte(line)).Action)
		}
	}
	if d := cmp.Diff(numbers(0, 200), whole); d != "" {
		t.Error(d)
	}
}

type tearing struct {
	bytes.Buffer
	calls int
}

func (w *tearing) Write(b []byte) (int, error) {
	if w.calls++; w.calls%3 != 0 {
		n := len(b) * (w.calls % 5) / 5
		w.Buffer.Write(b[:n])
		if w.calls%2 == 0 && n < len(b) {
			return n, nil // against the rules of io.Writer
		}
		return n, io.ErrShortWrite
	}
	return w.Buffer.Write(b)
}

// TestConcurrency is for the race detector.
func TestConcurrency(t *testing.T) {
	k := &keeper{say: func(n int, _ []client.Encoded) (client.Receipt, error) {
		if n%5 == 0 {
			return client.Receipt{}, errors.New("away")
		}
		return client.Receipt{}, nil
	}}
	c := start(t, client.Config{SpoolDir: t.TempDir(), BatchEvents: 50}, k, &keeper{name: "b"})
	var wg sync.WaitGroup
	params := map[string]any{"n": 1}
	ctx := c.Invocation(context.Background(), "shared").Context()
	for g := range 8 {
		wg.Go(func() {
			a := c.Agent(fmt.Sprint(g), client.Task("t"))
			for i := range 100 {
				call := a.ToolCall(ctx, "t", params)
				wg.Go(func() { call.End(i, nil) })
				if i%40 == 0 {
					_ = c.Flush(expired())
					_ = c.Stats()
				}
			}
		})
	}
	wg.Wait()
	closed(t, c)
	events := k.events(t)
	last := map[string]int64{}
	for _, e := range events {
		if e.EventType != hansard.TypeToolCall {
			continue
		}
		if e.Timestamp < last[e.AgentName] {
			t.Errorf("agent %s: events out of order", e.AgentName)
		}
		last[e.AgentName] = e.Timestamp
	}
	if len(events) != 1601 {
		t.Errorf("%d events", len(events))
	}
	slices.Sort(k.lines)
	if len(slices.Compact(k.lines)) != 1601 {
		t.Error("events came twice")
	}
}
