package ledger_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/ledger"
)

// What the benchmarks work on, for longer runs:
//
//	go test -bench 'Verify|Reindex' -events 1000000 -folder /tmp/data ./internal/ledger
var (
	benchEvents = flag.Int("events", 1<<17, "events in the folder that is benchmarked")
	benchFolder = flag.String("folder", "", "keep the folder that is benchmarked here, and use it if it is there")
)

// workload returns the i-th event of a run of agents: 23 fields, about 600 bytes.
func workload(r *rand.Rand, i int) hansard.Event {
	agent, tool := r.IntN(50), r.IntN(40)
	words := []string{"refund", "order", "customer", "policy", "late", "invoice", "the", "a", "is", "because", "delivery", "address", "approved", "not"}
	text := func(n int) string {
		var s string
		for range n {
			s += words[min(r.IntN(len(words)), r.IntN(len(words)))] + " "
		}
		return s
	}
	trace := i / 20
	return hansard.Event{
		EventID: fmt.Sprintf("%08x-%08x", i, r.Uint32()), EventType: hansard.EventTypes[r.IntN(10)], Timestamp: 1763907781000000000 + int64(i)*1e6,
		AgentName: fmt.Sprintf("agent-%d", agent), AgentID: fmt.Sprintf("ag-%04d", agent), AgentVersion: "1.4.2",
		TaskID: fmt.Sprintf("task-%d", trace/2), SessionID: fmt.Sprintf("sess-%d", trace/5), TraceID: fmt.Sprintf("%016x%016x", trace, trace*7919),
		SpanID: fmt.Sprintf("%016x", r.Uint64()), ParentEventID: fmt.Sprintf("%08x", i-1), Service: "support", Environment: "production",
		ToolName: fmt.Sprintf("tool_%d", tool), Status: "ok", DurationUS: hansard.Some(r.Int64N(5_000_000)), Model: "model-large", Provider: "acme",
		InputTokens: hansard.Some(r.Int64N(4000)), OutputTokens: hansard.Some(r.Int64N(900)), CostNanoUSD: hansard.Some(r.Int64N(9_000_000)),
		Params: json.RawMessage(fmt.Sprintf(`{"order":%d,"note":%q}`, r.IntN(1e6), text(8))), Reasoning: text(20),
	}
}

// benchLedger makes a folder with the workload, sealed in parts as at full speed
// and one log merged.
func benchLedger(b *testing.B) (dir string, events int) {
	b.Helper()
	dir = *benchFolder
	if dir == "" {
		dir = filepath.Join(b.TempDir(), "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "FORMAT")); err == nil {
		return dir, *benchEvents
	}
	l := openFor(b, dir)
	d := newDesk(b, l)
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < *benchEvents; {
		var records []classify.Record
		for ; len(records) < 1000 && i < *benchEvents; i++ {
			records = append(records, d.record("acme", workload(r, i)))
		}
		for {
			_, err := l.Append(b.Context(), "acme", records)
			if err == nil {
				break
			}
			if hansard.KindOf(err) != hansard.KindBusy {
				b.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, *benchEvents
}

func openFor(b *testing.B, dir string) *ledger.Ledger {
	b.Helper()
	l, err := ledger.Open(ledger.Config{Dir: dir, Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// cpuTime returns the processor time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perEvent reports rates: the clock's depends on what else runs.
func perEvent(b *testing.B, events int, since time.Duration) {
	n := float64(events) * float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpuTime()-since).Nanoseconds())/n/1000, "cpu-us/event")
}

// BenchmarkVerify verifies a whole folder, with the key folder and without.
func BenchmarkVerify(b *testing.B) {
	dir, events := benchLedger(b)
	for _, keys := range []string{dir + ".keys", ""} {
		b.Run(fmt.Sprintf("keys=%v", keys != ""), func(b *testing.B) {
			since := cpuTime()
			for b.Loop() {
				v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: keys})
				if err != nil || len(v.Findings) > 0 || v.Entries < int64(events) {
					b.Fatalf("%d entries, findings %v, %v", v.Entries, v.Findings, err)
				}
			}
			perEvent(b, events, since)
		})
	}
}

// BenchmarkReindex makes everything anew that is derived from a whole folder.
func BenchmarkReindex(b *testing.B) {
	dir, events := benchLedger(b)
	since := cpuTime()
	for b.Loop() {
		done, err := ledger.Reindex(b.Context(), ledger.Config{Dir: dir}, nil)
		if err != nil || done.Entries < int64(events) {
			b.Fatalf("%d entries, %v", done.Entries, err)
		}
	}
	perEvent(b, events, since)
}
