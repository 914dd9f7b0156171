package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

// waiting waits until a process waits for a statement that did not before.
func (w *world) waiting(t *testing.T, before ...int) int {
	t.Helper()
	for range 2000 {
		for _, pid := range w.Waiting() {
			if !slices.Contains(before, pid) {
				return pid
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no worker waits")
	return 0
}

// gone waits until there is no process with the number, not even a zombie.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 2000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d is there", pid)
}

// count asks how many events a tenant sees, and of which tenants.
func (w *world) count(t *testing.T, tenant string) string {
	t.Helper()
	r, err := w.SQL(context.Background(), tenant, `SELECT count(*), min("log") FROM events`, lake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return sqlText(r)
}

// kept returns the process that waits for more statements of a tenant.
func (w *world) kept(t *testing.T, of string) int {
	t.Helper()
	pids := w.Kept(of)
	if len(pids) != 1 {
		t.Fatalf("%v wait for statements of %s, want one", pids, of)
	}
	return pids[0]
}

// TestWorkers follows the processes that wait: each works for one tenant, those that
// were killed are replaced, and none outlives the lake.
func TestWorkers(t *testing.T) {
	w := sqlWorld(t)
	mine := w.count(t, tenant)
	first := w.kept(t, tenant)
	fresh := othersEntries()
	w.Load(fresh[0].Log, nil, w.enc.RowsOf(fresh))

	for range 3 {
		if got := w.count(t, "other"); got != "5 \"other/info\"\n" {
			t.Errorf("the other tenant sees %s", got)
		}
		if got := w.count(t, tenant); got != mine {
			t.Errorf("it sees %s, want %s", got, mine)
		}
		if got := w.kept(t, tenant); got != first || w.kept(t, "other") == first {
			t.Errorf("process %d works for it, %d for the other, want %d", got, w.kept(t, "other"), first)
		}
	}
	if got := w.count(t, "third"); got != "0 null\n" {
		t.Errorf("a tenant without events sees %s", got)
	}
	if pids := append(w.Kept(tenant), w.Kept("other")...); len(pids) != 1 {
		t.Errorf("%v wait beside that of a third tenant, want one", pids)
	}

	w.count(t, tenant)
	for _, killed := range []int{w.kept(t, tenant), w.waiting(t)} {
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		gone(t, killed)
	}
	if got := w.count(t, tenant); got != mine {
		t.Errorf("after a kill: %s", got)
	}
	first = w.kept(t, tenant)

	const long = "SELECT count(*) FROM range(1000000000000) a(i) WHERE i % 7 = 3"
	if _, err := w.SQL(context.Background(), tenant, long, lake.Limits{Time: 300 * time.Millisecond}); hansard.KindOf(err) != hansard.KindTooLarge {
		t.Errorf("over its time: %v", err)
	}
	gone(t, first) // killed by its limit
	w.count(t, tenant)
	first = w.kept(t, tenant)
	if _, err := w.SQL(context.Background(), tenant, "SELECT nope", lake.Limits{}); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("a wrong statement: %v", err)
	}
	if w.kept(t, tenant) != first {
		t.Error("a wrong statement ended its worker")
	}
	if _, err := w.SQL(context.Background(), tenant, "SELECT 1", lake.Limits{Memory: 64 << 20}); err != nil {
		t.Error(err)
	}
	if pids := w.Kept(tenant); len(pids) != 2 || pids[0] != first {
		t.Errorf("%v wait, want %d and one with less memory", pids, first)
	}

	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := w.SQL(context.Background(), tenant, "SELECT count(*) FROM events", lake.Limits{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	idle := append(w.Kept(tenant), w.waiting(t))
	w.Dismiss()
	for _, pid := range idle {
		gone(t, pid)
	}
	if got := w.count(t, tenant); got != mine {
		t.Errorf("after a time without statements: %s", got)
	}
	last := []int{w.waiting(t, idle...), w.kept(t, tenant)}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range last {
		gone(t, pid)
	}
	if left := append(w.Waiting(), w.Kept(tenant)...); len(left) > 0 {
		t.Errorf("%v wait in a closed lake", left)
	}
}

// TestWorkerSeesWhatIsNew asks one process again and again, while rows come, become
// parts and are erased: it tells what there is, and what is erased it does not outlive.
func TestWorkerSeesWhatIsNew(t *testing.T) {
	s, w := newSource(24), newWorld(t, nil, 1)
	var entries []*hansard.Entry
	for range lake.MaxAnswers {
		entries = append(entries, s.seal(s.event(), hansard.TierInfo))
	}
	log, pids := entries[0].Log, map[int]bool{}
	ask := func(n int) {
		t.Helper()
		if got, want := w.count(t, tenant), fmt.Sprintf("%d \"%s\"\n", n, log); got != want {
			t.Fatalf("it sees %s, want %s", got, want)
		}
		for _, pid := range w.Kept(tenant) {
			pids[pid] = true
		}
	}
	w.Load(log, nil, nil)
	for i, e := range entries {
		w.Committed(w.enc.RowsOf([]*hansard.Entry{e}))
		if i%3 != 0 {
			ask(i + 1)
		}
	}
	info := writePart(t, w.enc, w.dir, entries)
	w.Sealed(log, []part.Info{info}, nil, info.Name.End)()
	ask(len(entries))
	if len(pids) != 1 {
		t.Errorf("%d processes answered %d statements, want one", len(pids), len(entries)*2/3+1)
	}
	for range lake.MaxAnswers / 2 {
		ask(len(entries))
	}
	if len(pids) != 2 {
		t.Errorf("%d processes have answered, want two", len(pids))
	}
	last := w.kept(t, tenant)
	for _, e := range entries {
		e.Error, e.Params, e.Result, e.Reasoning, e.Salt = "", nil, nil, "", nil
	}
	anew := rewritePart(t, w.enc, w.dir, info, entries)
	w.Sealed(log, []part.Info{anew}, []part.Name{info.Name}, info.Name.End)()
	gone(t, last)
	ask(len(entries))
}

// TestWorkerDiesAtWork kills a process that has answered before, at its next statement:
// another answers that.
func TestWorkerDiesAtWork(t *testing.T) {
	w := sqlWorld(t)
	w.count(t, tenant)
	pid := w.kept(t, tenant)
	answered := make(chan error, 1)
	go func() {
		r, err := w.SQL(context.Background(), tenant, "SELECT count(*) FROM range(1000000000) a(i) WHERE i % 7 = 3", lake.Limits{})
		if err == nil && sqlText(r) != "142857143\n" {
			err = fmt.Errorf("it says %s", sqlText(r))
		}
		answered <- err
	}()
	for len(w.Kept(tenant)) > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // it has the statement by then, which takes longer
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if w.kept(t, tenant) == pid {
		t.Error("it was not killed")
	}
}

// TestWorkerWithoutParent takes a worker's parent away, while it waits and while a
// statement runs: it ends.
func TestWorkerWithoutParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, requests ...string) {
		t.Helper()
		cmd := exec.Command(self, workerVerb)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for _, r := range requests {
			if _, err := io.WriteString(stdin, r+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(300 * time.Millisecond) // the statement runs for much longer
		_ = stdin.Close()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
			if out.Len() > 0 {
				t.Errorf("%s: an answer: %s", name, out.String())
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: it goes on", name)
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	functions := `"sum","count","count_star","quantile_cont","date_trunc","range","%"`
	setup := fmt.Sprintf(`{"memory":%d,"threads":1,"functions":[%s]}`, lake.DefaultMemoryLimit, functions)
	f("waiting", setup)
	f("at work", setup, fmt.Sprintf(`{"tenant":"a","query":"SELECT count(*) FROM range(1000000000000) a(i) WHERE i %% 7 = 3","memory":%d,"threads":1,"cpu_seconds":60,"max_rows":1,"max_bytes":1000}`, lake.DefaultMemoryLimit))
}
