package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
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

// load posts batches until the server is gone and returns the ids of all events
// that were acknowledged.
func load(url string, sender, from int) []string {
	var acked []string
	client := &http.Client{Timeout: 20 * time.Second}
	for number := from; ; number++ {
		body, ids := batch(sender, number, 1000)
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

// TestKill kills the server in the middle of a load of 1,000-event batches,
// several times, and finds every acknowledged event once.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	acked := map[string]bool{}
	for round := range 4 {
		s := start(t, dir)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for sender := range 3 {
			wg.Go(func() {
				ids := load(s.url, sender, round*100_000)
				mu.Lock()
				defer mu.Unlock()
				for _, id := range ids {
					acked[id] = true
				}
			})
		}
		time.Sleep(time.Duration(300+rand.IntN(1200)) * time.Millisecond)
		s.kill()
		wg.Wait()
	}
	if len(acked) < 4000 {
		t.Fatalf("only %d events were acknowledged", len(acked))
	}
	verified(t, dir) // as the crash left it
	s := start(t, dir)
	if n, distinct := s.number("select count(*) from events"), s.number("select count(distinct event_id) from events"); n != distinct {
		t.Errorf("%d events with %d ids", n, distinct)
	}
	got := map[string]int{}
	out := must(t, "events", "--server", s.url, "-o", "ndjson", "--limit", "0")
	for line := range strings.Lines(out) {
		var e struct {
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		got[e.EventID]++
	}
	for id := range acked {
		if got[id] != 1 {
			t.Fatalf("%s was acknowledged and is there %d times", id, got[id])
		}
	}
	t.Logf("%d events acknowledged, %d in the record", len(acked), len(got))
	s.stop()
	verified(t, dir)
}

// TestOneBit changes one bit in each file below the data folder, one at a time:
// verify exits with 5 and names the file or its log.
func TestOneBit(t *testing.T) {
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
