package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/redact"
)

// workload returns n events of about 700 bytes and 20 fields as NDJSON.
func workload(first, n int) []byte {
	r := rand.New(rand.NewPCG(uint64(first), 1))
	words := strings.Fields("the order was placed and the customer asked about a refund while the agent checked the policy for shipping delays in this region and declined to retry later")
	text := func(k int) string {
		var b strings.Builder
		for range k {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		return b.String()
	}
	types := []string{"tool_call", "tool_result", "reasoning", "decision", "llm_response"}
	var b bytes.Buffer
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, `{"event_id":"ev-%09d","event_type":"agent.%s","agent_name":"agent_%d","trace_id":"trace-%d","task_id":"task-%d","session_id":"s-%d","span_id":"%016x","parent_event_id":"ev-%09d","service":"shop","environment":"prod","action":"act","tool_name":"tool_%d","params":{"order_id":%d,"q":"%s"},"reasoning":"%s","duration_ms":%.3f,"status":"ok","model":"gpt-4o","input_tokens":%d,"output_tokens":%d,"timestamp":%d.%02d,"source":"agent","confidence":0.5}`+"\n",
			i, types[i%len(types)], r.IntN(50), i/20, i/20, i/60, r.Uint64(), max(0, i-1), r.IntN(40), i, text(10), text(20), r.Float64()*1000, r.IntN(2000), r.IntN(500), 1763900000+i/100, i%100)
	}
	return b.Bytes()
}

// BenchmarkBody takes 1,000-event NDJSON bodies in, everything on, sealing
// included. It reports the CPU time of the process per event.
func BenchmarkBody(b *testing.B) {
	l, err := ledger.Open(ledger.Config{Dir: filepath.Join(b.TempDir(), "data"), Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	engine, err := redact.New(redact.Config{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := classify.New(classify.Config{})
	if err != nil {
		b.Fatal(err)
	}
	in := intake.New(intake.Config{Ledger: l, Redact: engine, Classifier: c, Patience: 1 << 40})
	src := intake.Source{Tenant: "bench", SubmittedBy: "loopback"}
	const batch = 1000
	size, events := int64(0), 0
	before := cpuTime(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		start := cpuTime(b)
		body := workload(i*batch, batch)
		before += cpuTime(b) - start // making the load is not counted
		b.StartTimer()
		r, err := in.Body(context.Background(), src, dialect.FormNDJSON, bytes.NewReader(body))
		if err != nil || r.Accepted != batch {
			b.Fatal(r, err)
		}
		size, events = size+int64(len(body)), events+batch
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(events)/1000, "CPU-µs/event")
	b.ReportMetric(float64(size)/float64(events), "B/event-in")
}

// cpuTime returns the CPU time of this process in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
