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

// TestWorkers follows the processes that wait: each is used once, for one tenant, one
// that was killed is replaced, and none outlives the lake.
func TestWorkers(t *testing.T) {
	w := sqlWorld(t)
	mine := w.count(t, tenant)
	s := newSource(22)
	var fresh []*hansard.Entry
	for range 5 {
		e := s.seal(s.event(), hansard.TierInfo)
		e.Log.Tenant = "other"
		fresh = append(fresh, e)
	}
	w.Load(fresh[0].Log, nil, w.enc.RowsOf(fresh))

	used := []int{w.waiting(t)}
	for i := range 4 {
		who, want := "other", "5 \"other/info\"\n"
		if i%2 == 1 {
			who, want = tenant, mine
		}
		if got := w.count(t, who); got != want {
			t.Errorf("tenant %s sees %s, want %s", who, got, want)
		}
		gone(t, used[i])
		used = append(used, w.waiting(t, used...))
	}

	killed := used[len(used)-1]
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, killed)
	if got := w.count(t, tenant); got != mine {
		t.Errorf("after a kill: %s", got)
	}
	last := w.waiting(t, used...)

	const long = "SELECT count(*) FROM range(1000000000000) a(i) WHERE i % 7 = 3"
	if _, err := w.SQL(context.Background(), tenant, long, lake.Limits{Time: 300 * time.Millisecond}); hansard.KindOf(err) != hansard.KindTooLarge {
		t.Errorf("over its time: %v", err)
	}
	gone(t, last) // killed by its limit
	used = append(used, last)

	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := w.SQL(context.Background(), tenant, "SELECT count(*) FROM events", lake.Limits{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	idle := w.waiting(t, used...)
	w.Dismiss()
	gone(t, idle)
	if got := w.count(t, tenant); got != mine {
		t.Errorf("after a time without statements: %s", got)
	}
	last = w.waiting(t, used...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	gone(t, last)
	if left := w.Waiting(); len(left) > 0 {
		t.Errorf("%v wait in a closed lake", left)
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
