package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/redact"
)

// The benchmarks report CPU time per resulting event. Those named Flat are the JSON
// path with events that say as much: the yardstick of the others.

// flatWorkload returns n events of about 700 bytes and 20 fields as NDJSON.
func flatWorkload(first, n int) []byte {
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

const benchSpans = 1000

// BenchmarkDecodeFlat decodes 1,000 flat events.
func BenchmarkDecodeFlat(b *testing.B) {
	lines := bytes.Split(bytes.TrimSpace(flatWorkload(0, benchSpans)), []byte("\n"))
	flat := dialect.Flat{Unbounded: true}
	perEvent(b, benchSpans, func() {
		for _, line := range lines {
			if _, err := flat.Decode(line); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDecode decodes and maps 1,000 spans.
func BenchmarkDecode(b *testing.B) {
	req, events := workload(0, benchSpans)
	for _, enc := range []struct {
		name string
		enc  otlp.Encoding
		body []byte
	}{{"Protobuf", otlp.Protobuf, protobufOf(b, req)}, {"JSON", otlp.JSON, jsonOf(b, req)}} {
		b.Run(enc.name, func(b *testing.B) {
			perEvent(b, events, func() {
				n := 0
				var mapper dialect.OTel
				_, err := otlp.Decode(otlp.Traces, enc.enc, enc.body, otlp.Limits{}, func(batch *otlp.Batch) error {
					return mapper.Lend(&batch.Batch, func(readings []dialect.Reading) error {
						for _, r := range readings {
							n += len(r.Events)
						}
						return nil
					})
				})
				if err != nil || n != events {
					b.Fatal(n, events, err)
				}
			})
		})
	}
}

// BenchmarkDecodePdata is what decoding alone costs with the collector's library.
func BenchmarkDecodePdata(b *testing.B) {
	req, events := workload(0, benchSpans)
	body := protobufOf(b, req)
	perEvent(b, events, func() {
		if err := ptraceotlp.NewExportRequest().UnmarshalProto(body); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkTake takes spans in, everything on, sealing included.
func BenchmarkTake(b *testing.B) {
	for name, enc := range map[string]otlp.Encoding{"Protobuf": otlp.Protobuf, "JSON": otlp.JSON} {
		b.Run(name, func(b *testing.B) { takeSpans(b, enc) })
	}
}

func takeSpans(b *testing.B, enc otlp.Encoding) {
	in, done := benchIntake(b)
	receiver := otlp.New(otlp.Config{Intake: in})
	src := intake.Source{Tenant: "bench", SubmittedBy: "loopback"}
	total, cpu := 0, int64(0)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		req, events := workload(i*benchSpans, benchSpans)
		body := protobufOf(b, req)
		if enc == otlp.JSON {
			body = jsonOf(b, req)
		}
		start := cpuTime(b)
		b.StartTimer()
		out, err := receiver.Receive(context.Background(), src, otlp.Traces, enc, body)
		if err != nil || out.Receipt.Accepted != events {
			b.Fatal(out, err)
		}
		total += events
		cpu += cpuTime(b) - start
	}
	start := cpuTime(b)
	done()
	b.ReportMetric(float64(cpu+cpuTime(b)-start)/float64(total)/1000, "CPU-µs/event")
}

// BenchmarkTakeFlat takes flat events in, everything on, sealing included.
func BenchmarkTakeFlat(b *testing.B) {
	in, done := benchIntake(b)
	src := intake.Source{Tenant: "bench", SubmittedBy: "loopback"}
	total, cpu := 0, int64(0)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		body := flatWorkload(i*benchSpans, benchSpans)
		start := cpuTime(b)
		b.StartTimer()
		r, err := in.Body(context.Background(), src, dialect.FormNDJSON, bytes.NewReader(body))
		if err != nil || r.Accepted != benchSpans {
			b.Fatal(r, err)
		}
		total += benchSpans
		cpu += cpuTime(b) - start
	}
	start := cpuTime(b)
	done()
	b.ReportMetric(float64(cpu+cpuTime(b)-start)/float64(total)/1000, "CPU-µs/event")
}

func benchIntake(b *testing.B) (*intake.Intake, func()) {
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
	return intake.New(intake.Config{Ledger: l, Redact: engine, Classifier: c, Patience: 1 << 40}), func() {
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// perEvent runs work and reports its CPU time per event.
func perEvent(b *testing.B, events int, work func()) {
	b.ReportAllocs()
	start, n := cpuTime(b), 0
	for b.Loop() {
		work()
		n++
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(n*events)/1000, "CPU-µs/event")
}

// cpuTime returns the CPU time of this process in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
