package client_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

// gone is a sink that is away.
func gone() *keeper {
	return &keeper{say: func(int, []client.Encoded) (client.Receipt, error) { return client.Receipt{}, errors.New("away") }}
}

func size(t *testing.T, dir string) (bytes int64, segments []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		if strings.HasSuffix(path, ".seg") {
			bytes += info.Size()
			segments = append(segments, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes, segments
}

// TestSpoolReplays keeps events over a restart and sends them in order, with
// those that came in between behind them.
func TestSpoolReplays(t *testing.T) {
	dir := t.TempDir()
	c := start(t, client.Config{SpoolDir: dir}, gone())
	for i := range 300 {
		if i%2 == 0 {
			numbered(c, i, 1)
		} else {
			c.Security(context.Background(), fmt.Sprint(i)) // another tier, another file
		}
	}
	closed(t, c) // at once, and no error: nothing is lost
	if _, segs := size(t, dir); len(segs) != 2 {
		t.Errorf("segments: %v", segs)
	}
	for _, first := range []bool{true, false} {
		k := gone()
		if !first {
			k = &keeper{}
		}
		c = start(t, client.Config{SpoolDir: dir, BatchEvents: 32}, k)
		if first {
			numbered(c, 300, 50)
			closed(t, c)
			continue
		}
		numbered(c, 350, 50)
		flush(t, c)
		if d := cmp.Diff(numbers(0, 400), actions(k.events(t))); d != "" {
			t.Error(d)
		}
		closed(t, c)
	}
	if n, segs := size(t, dir); n != 0 {
		t.Errorf("the spool is not empty: %v", segs)
	}
}

// TestSpoolDamage damages a spool: what is good beside the bad is sent.
func TestSpoolDamage(t *testing.T) {
	f := func(name string, atLeast, damaged int, damage func(b []byte) []byte) {
		t.Helper()
		dir := t.TempDir()
		c := start(t, client.Config{SpoolDir: dir}, gone())
		numbered(c, 0, 100)
		closed(t, c)
		_, segs := size(t, dir)
		b, err := os.ReadFile(segs[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(segs[0], damage(b), 0o600); err != nil {
			t.Fatal(err)
		}
		k := &keeper{}
		c = start(t, client.Config{SpoolDir: dir}, k)
		numbered(c, 100, 1)
		flush(t, c)
		var got []string
		for _, e := range k.events(t) {
			if e.Action != "events_dropped" {
				got = append(got, e.Action)
			}
		}
		if len(got) < atLeast+1 || got[len(got)-1] != "100" {
			t.Errorf("%s: %d came: %v", name, len(got), got)
		}
		if n := c.Stats().Sinks[0].DroppedByReason["spool_damaged"]; n != uint64(damaged) {
			t.Errorf("%s: %d damaged places", name, n)
		}
	}
	f("nothing", 100, 0, func(b []byte) []byte { return b })
	f("a bit", 99, 1, func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
	f("a length", 99, 1, func(b []byte) []byte { b[16+4] = 0xff; b[16+7] = 0x7f; return b })
	f("a torn end", 99, 1, func(b []byte) []byte { return b[:len(b)-3] })
	f("half of it", 48, 1, func(b []byte) []byte { return b[:len(b)/2+100] }) // the middle may be between two records
	f("zeroes at the end, as after a power cut", 100, 1, func(b []byte) []byte { return append(b, make([]byte, 4096)...) })
	f("a hole", 80, 1, func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+2000]); return b })
	f("all", 0, 0, func([]byte) []byte { return nil })
	f("half a header", 0, 0, func(b []byte) []byte { return b[:7] })
}

// TestSpoolSlots has two processes' worth of clients in one folder, one of which
// dies: the next client sends what it left.
func TestSpoolSlots(t *testing.T) {
	dir := t.TempDir()
	a := start(t, client.Config{SpoolDir: dir}, gone())
	b := start(t, client.Config{SpoolDir: dir}, gone())
	numbered(a, 0, 10)
	numbered(b, 100, 10)
	until(t, "the spools", func() bool { return a.Stats().Sinks[0].Waiting == 10 && b.Stats().Sinks[0].Waiting == 10 })
	closed(t, a)
	closed(t, b)
	k := &keeper{}
	c := start(t, client.Config{SpoolDir: dir}, k)
	numbered(c, 200, 10)
	flush(t, c)
	got := map[string]int{}
	for _, x := range actions(k.events(t)) {
		got[x]++
	}
	if len(got) != 30 || got["0"] != 1 || got["100"] != 1 || got["209"] != 1 {
		t.Errorf("%v", got)
	}
	closed(t, c)
	if _, segs := size(t, dir); len(segs) != 0 {
		t.Errorf("%v", segs)
	}
}

// TestSpoolBounded fills a spool: it stays within its bound, debug events go
// first, the account is kept over a restart, and the record is told.
func TestSpoolBounded(t *testing.T) {
	dir := t.TempDir()
	cfg := client.Config{SpoolDir: dir, MaxSpool: 1 << 20}
	c := start(t, cfg, gone())
	logged := fill(c, 3000)
	until(t, "the pump", func() bool { return c.Stats().QueueBytes == 0 })
	n, _ := size(t, dir)
	st := c.Stats().Sinks[0]
	if n > 1<<20 || st.Dropped == 0 || st.DroppedByTier["debug"] != st.Dropped || int(st.Dropped)+st.Waiting != logged {
		t.Errorf("%d bytes, %d logged, %+v", n, logged, st)
	}
	closed(t, c)
	k := &keeper{}
	c = start(t, cfg, k)
	flush(t, c)
	until(t, "the account", func() bool { return int(c.Stats().Sinks[0].Sent) > st.Waiting })
	accounted(t, k.events(t), logged)
}

// fill logs n debug events of some size and n/10 decisions.
func fill(c *client.Client, n int) int {
	ctx := context.Background()
	filler := strings.Repeat("x", 600)
	logged := 0
	for i := range n {
		c.Reasoning(ctx, filler, client.Action(fmt.Sprint(i)))
		if logged++; i%10 == 0 {
			c.Decision(ctx, "d", client.Attr("i", i))
			logged++
		}
		if i%200 == 0 {
			time.Sleep(2 * time.Millisecond) // the queue is not what is tested
		}
	}
	return logged
}

// accounted holds what arrived and what is told to be lost against what was
// logged.
func accounted(t *testing.T, events []*hansard.Event, logged int) {
	t.Helper()
	var told []*hansard.Event
	debug, decisions, last := 0, 0, -1
	for _, e := range events {
		switch {
		case e.Action == "events_dropped":
			told = append(told, e)
		case e.EventType == hansard.TypeDecision:
			decisions++
		default:
			debug++
			var i int
			if _, err := fmt.Sscan(e.Action, &i); err != nil || i <= last {
				t.Fatalf("%s comes after %d", e.Action, last)
			}
			last = i
		}
	}
	sum := lost(t, told)
	if sum == 0 || int(sum)+debug+decisions != logged {
		t.Errorf("%d events and %d decisions came, %d are told to be lost, %d were logged", debug, decisions, sum, logged)
	}
	if decisions != (logged+10)/11 {
		t.Errorf("%d of %d decisions came", decisions, (logged+10)/11)
	}
}

// TestKilledAgent kills a process (SIGKILL) whose spool is full, and finds
// everything: sent, or counted.
func TestKilledAgent(t *testing.T) {
	if dir := os.Getenv("HANSARD_TEST_SPOOL"); dir != "" {
		agentToKill(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAgent$")
	cmd.Env = append(os.Environ(), "HANSARD_TEST_SPOOL="+dir)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() && runtime.GOOS != "windows" { // a signal, no exit code
		t.Fatalf("the agent ended with %v: %s", err, out)
	}
	var logged int
	if _, err := fmt.Sscanf(string(out), "logged %d", &logged); err != nil || logged < 3000 {
		t.Fatalf("%v: %s", err, out)
	}
	n, segs := size(t, dir)
	if n > 1<<20 || n < 1<<19 || len(segs) == 0 {
		t.Errorf("%d bytes in %d segments", n, len(segs))
	}
	k := &keeper{}
	c := start(t, client.Config{SpoolDir: dir, MaxSpool: 1 << 20}, k)
	flush(t, c)
	var told bool
	until(t, "the account", func() bool {
		for _, e := range k.events(t) {
			told = told || e.Action == "events_dropped"
		}
		return told
	})
	accounted(t, k.events(t), logged)
}

func agentToKill(t *testing.T, dir string) {
	c := start(t, client.Config{SpoolDir: dir, MaxSpool: 1 << 20}, gone())
	logged := fill(c, 3000)
	until(t, "the pump", func() bool { return c.Stats().QueueBytes == 0 })
	fmt.Printf("logged %d\n", logged)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	_ = self.Kill()
	select {}
}

// TestKilledAtAnyTime kills an agent while it logs and sends: nothing that it
// had in its spool is lost, and what arrives is in order.
func TestKilledAtAnyTime(t *testing.T) {
	if dir := os.Getenv("HANSARD_TEST_AGENT"); dir != "" {
		var away atomic.Bool
		sent := 0
		k := &keeper{say: func(_ int, events []client.Encoded) (client.Receipt, error) {
			if away.Load() {
				return client.Receipt{}, errors.New("away")
			}
			sent += len(events)
			fmt.Printf("sent %d\n", sent)
			return client.Receipt{}, nil
		}}
		c := start(t, client.Config{SpoolDir: dir, BatchEvents: 100}, k)
		for i := 0; ; i++ {
			numbered(c, i, 1)
			if i%1000 == 999 {
				away.Store(i%2000 == 999)
				flushShort(c)
				fmt.Printf("logged %d\n", i+1)
			}
		}
	}
	for round := range 3 {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAtAnyTime$")
		cmd.Env = append(os.Environ(), "HANSARD_TEST_AGENT="+dir)
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(300+100*round) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		var logged, sent int
		for line := range strings.Lines(out.String()) {
			_, _ = fmt.Sscanf(line, "logged %d", &logged)
			_, _ = fmt.Sscanf(line, "sent %d", &sent)
		}
		k := &keeper{}
		c := start(t, client.Config{SpoolDir: dir}, k)
		flush(t, c)
		got := actions(k.events(t))
		if len(got) == 0 {
			t.Logf("all %d were sent", logged)
			continue
		}
		first, prev := -1, 0
		for _, a := range got {
			var n int
			if _, err := fmt.Sscan(a, &n); err != nil {
				if a != "events_dropped" { // the account of a record that the kill tore
					t.Errorf("%q came", a)
				}
				continue
			}
			if first < 0 {
				first = n
			} else if n != prev+1 {
				t.Errorf("%d comes after %d", n, prev)
			}
			prev = n
		}
		// What was sent just before may come again; nothing is missing.
		if first < 0 && sent >= logged {
			continue // only the account of a torn record came
		}
		if first < 0 || first > sent || prev+1 < logged {
			t.Errorf("%d..%d came, %d were sent and %d flushed before", first, prev, sent, logged)
		}
		if s := c.Stats().Sinks[0]; s.DroppedByReason["spool_damaged"] > 1 {
			t.Errorf("%+v", s)
		}
		closed(t, c)
	}
}

// flushShort waits until the pump has everything, or a little.
func flushShort(c *client.Client) {
	for range 200 {
		if c.Stats().QueueBytes == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
