package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hansardhq/hansard/client"
)

var trouble = flag.Duration("trouble", 4*time.Second, "for how long TestClientServerKilled kills and restarts the server")

// TestClientServerKilled kills and restarts the real server while agents log,
// and finds every event once and in order within its trace: without a spool, and
// with one.
func TestClientServerKilled(t *testing.T) {
	for _, spool := range []bool{false, true} {
		t.Run(fmt.Sprintf("spool=%v", spool), func(t *testing.T) { serverKilled(t, spool) })
	}
}

func serverKilled(t *testing.T, spool bool) {
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)
	address := strings.TrimPrefix(s.url, "http://")
	cfg := client.Config{Server: s.url, Agent: "loader", MaxMemory: 256 << 20, MaxBackoff: time.Second, BatchDelay: 20 * time.Millisecond}
	if spool {
		cfg.SpoolDir = t.TempDir()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var wg sync.WaitGroup
	logged := make([]int, 4)
	for agent := range logged {
		wg.Go(func() {
			for ctx.Err() == nil {
				c.ToolCall(context.Background(), "load", map[string]any{"n": logged[agent]},
					client.Trace(fmt.Sprintf("trace-%d", agent)), client.Action(fmt.Sprint(logged[agent])), client.Reasoning("some words to keep"))
				logged[agent]++
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	kills := 0
	for end := time.Now().Add(*trouble); time.Now().Before(end); kills++ {
		time.Sleep(200*time.Millisecond + rand.N(*trouble/8))
		s.kill()
		time.Sleep(rand.N(*trouble / 4))
		s = start(t, dir, "--listen", address)
	}
	stop()
	wg.Wait()
	deadline, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Flush(deadline); err != nil { // Close alone leaves in the spool what a sink that is away has not taken
		t.Errorf("%v", err)
	}
	if err := c.Close(deadline); err != nil {
		t.Errorf("%v", err)
	}
	st := c.Stats().Sinks[0]
	t.Logf("%d kills, %v events logged, %+v", kills, logged, st)
	if st.Retries == 0 || st.Dropped != 0 || st.Rejected != 0 || st.Conflicts != 0 || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
	inOrder(t, s, logged)
	s.stop()
	verified(t, dir)
}

// inOrder reads the record and finds each agent's events once, in the order in
// which they were logged.
func inOrder(t *testing.T, s *server, logged []int) {
	t.Helper()
	type entry struct {
		TraceID  string `json:"trace_id"`
		Action   string `json:"action"`
		Position int64  `json:"position"`
	}
	for agent, n := range logged {
		i, position := 0, int64(-1)
		for more := true; more; { // an answer has at most 10,000 rows
			out := must(t, "sql", "--server", s.url, "-o", "ndjson", fmt.Sprintf(
				"select trace_id, action, position from events where trace_id = 'trace-%d' and position > %d order by position limit 5000", agent, position))
			more = false
			for line := range strings.Lines(out) {
				var e entry
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				if e.Action != fmt.Sprint(i) {
					t.Fatalf("%s: event %s stands where %d should", e.TraceID, e.Action, i)
				}
				i, position, more = i+1, e.Position, true
			}
		}
		if i != n {
			t.Errorf("trace-%d: %d of %d events", agent, i, n)
		}
	}
}

// TestClientExample runs the program of examples/ against the real server and
// reads its trace.
func TestClientExample(t *testing.T) {
	unraced(t)
	s := start(t, filepath.Join(t.TempDir(), "data"))
	cmd := exec.Command("go", "run", "github.com/hansardhq/hansard/examples/refund", "-server", s.url)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(errs.String()))
	}
	trace := strings.TrimSpace(string(out))
	trace = trace[strings.LastIndexByte(trace, ' ')+1:]
	text := must(t, "trace", "--server", s.url, trace, "--tree")
	for _, want := range []string{"Task received: Refund order 7731", "Handoff to billing", "Called tool 'process_refund'", "did not answer", "approval by", "invocation_end"} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace says nothing of %q:\n%s", want, text)
		}
	}
	if n := s.number("select count(*) from events where event_type = 'agent.handoff' and handoff_from = 'support'"); n != 1 {
		t.Errorf("%d handoffs", n)
	}
	if n := s.number("select count(*) from events e where parent_event_id is not null and not exists (select 1 from events p where p.event_id = e.parent_event_id)"); n != 0 {
		t.Errorf("%d events have a parent that is not there", n)
	}
	sum := s.summary()
	if sum["total_tool_calls"] != 4.0 || sum["tool_call_errors"] != 2.0 {
		t.Errorf("%v", sum)
	}
	s.stop()
	verified(t, s.dir)
}
