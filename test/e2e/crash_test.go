package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// batch makes n events that are told apart by their ids.
func batch(sender, number, n int) (string, []string) {
	var b strings.Builder
	var ids []string
	for i := range n {
		id := fmt.Sprintf("s%d-b%d-e%d", sender, number, i)
		ids = append(ids, id)
		kind := []string{"tool_call", "reasoning", "decision", "error"}[i%4]
		fmt.Fprintf(&b, `{"event_id":"%s","event_type":"agent.%s","agent_name":"agent-%d","trace_id":"t-%d-%d","params":{"n":%d},"reasoning":"some words to keep","timestamp":%d}`+"\n",
			id, kind, sender, sender, number, i, 1763907781+i)
	}
	return b.String(), ids
}

// load posts batches of size events until the server is gone and returns the ids
// of all events that were acknowledged.
func load(url string, sender, from, size int) []string {
	var acked []string
	client := &http.Client{Timeout: 20 * time.Second}
	for number := from; ; number++ {
		body, ids := batch(sender, number, size)
		res, err := client.Post(url+"/v1/events", "application/x-ndjson", strings.NewReader(body))
		if err != nil {
			return acked
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		var receipt struct{ Accepted int }
		if err != nil || res.StatusCode != 200 || json.Unmarshal(b, &receipt) != nil {
			return acked
		}
		if receipt.Accepted == len(ids) {
			acked = append(acked, ids...)
		}
	}
}

// TestKill kills the server in the middle of a load, several times, and finds
// every acknowledged event once. In some rounds the server is killed again while
// it starts.
//
// HANSARD_KILL_ROUNDS=n says how often; many rounds send smaller batches.
func TestKill(t *testing.T) {
	unraced(t)
	rounds, size := 4, 1000
	if n, err := strconv.Atoi(os.Getenv("HANSARD_KILL_ROUNDS")); err == nil {
		rounds = n
	}
	if rounds > 4 {
		size = 100
	}
	dir := filepath.Join(t.TempDir(), "data")
	var acked []string
	var slowest time.Duration
	program(t) // built ahead of the first start, whose time is taken
	for round := range rounds {
		if round%5 == 3 {
			killStarting(t, dir)
		}
		began := time.Now()
		s := start(t, dir)
		slowest = max(slowest, time.Since(began))
		var mu sync.Mutex
		var wg sync.WaitGroup
		for sender := range 3 {
			wg.Go(func() {
				ids := load(s.url, sender, round*100_000, size)
				mu.Lock()
				defer mu.Unlock()
				acked = append(acked, ids...)
			})
		}
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
		s.kill()
		wg.Wait()
		if round%20 == 19 {
			verified(t, dir)
			t.Logf("round %d: %d events acknowledged", round+1, len(acked))
		}
	}
	if len(acked) < size*rounds {
		t.Errorf("only %d events were acknowledged", len(acked))
	}
	verified(t, dir) // as the crash left it
	s := start(t, dir)
	n, distinct := s.number("select count(*) from events"), int64(0)
	for share := range 16 { // all at once take more memory than a statement may
		distinct += s.number(fmt.Sprintf("select count(distinct event_id) from events where hash(event_id) %% 16 = %d", share))
	}
	if n != distinct {
		t.Errorf("%d events with %d ids", n, distinct)
	}
	s.wantOnce(acked)
	t.Logf("%d rounds, %d events acknowledged, slowest start %v", rounds, len(acked), slowest.Round(time.Millisecond))
	s.stop()
	verified(t, dir)
}

// killStarting kills a server before it has started.
func killStarting(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(program(t), "serve", "--data", dir, "--listen", "127.0.0.1:0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(20+rand.IntN(180)) * time.Millisecond)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// TestOneBit changes one bit in each file below the data folder, one at a time:
// verify exits with 5 and names the file or its log.
func TestOneBit(t *testing.T) {
	unraced(t)
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)
	body, _ := batch(1, 1, 1500)
	res, err := http.Post(s.url+"/v1/events", "application/x-ndjson", strings.NewReader(body))
	if err != nil || res.StatusCode != 200 {
		t.Fatal(err, res)
	}
	res.Body.Close()
	s.stop()
	verified(t, dir)
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		files++
		rel, _ := filepath.Rel(dir, path)
		oneBit(t, dir, path, filepath.ToSlash(rel))
		return nil
	})
	if err != nil || files < 15 {
		t.Errorf("%d files, %v", files, err)
	}
	verified(t, dir)
}

func oneBit(t *testing.T, dir, path, rel string) {
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte(nil), whole...)
	bad[rand.IntN(len(bad))] ^= 1 << rand.IntN(8)
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := run(t, "verify", "--data", dir, "-o", "json")
	log := strings.Join(strings.Split(strings.TrimPrefix(rel, "tenants/"), "/")[:min(2, strings.Count(rel, "/")+1)], "/")
	if code != 5 || !strings.Contains(out, rel) && !strings.Contains(out, log) {
		t.Errorf("%s: exit code %d\n%s", rel, code, tail(out))
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
}
