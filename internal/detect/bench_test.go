package detect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"syscall"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/detect"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
)

// stream makes the entries of agents at work: a trace of 24 events each, of eight
// types, some calls with an approval and a tenth of the results of web pages.
func stream(n int) []*part.Row {
	enc := part.NewEncoder()
	types := []string{
		hansard.TypeInvocation, hansard.TypeReasoning, hansard.TypeLLMResponse, hansard.TypeTokenUsage,
		hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeDecision, hansard.TypeHumanIntervention,
	}
	rows := make([]*part.Row, n)
	for i := range rows {
		e := &hansard.Entry{Position: uint64(i), SubmittedBy: "loopback", Tier: hansard.TierInfo, ReceivedAt: int64(i) * 1e6, Encoder: hansard.EncoderVersion}
		e.Log, e.Index = hansard.LogID{Tenant: "t", Tier: e.Tier}, uint64(i)
		e.EventID, e.EventType, e.Timestamp = fmt.Sprintf("event-%08d", i), types[i%len(types)], e.ReceivedAt
		e.TraceID, e.SessionID, e.TaskID = fmt.Sprintf("trace-%06d", i/24), fmt.Sprintf("s-%d", i/24), fmt.Sprintf("task-%d", i/48)
		e.AgentName, e.Model, e.Status = fmt.Sprintf("agent-%d", i%50), "large", "ok"
		switch e.EventType {
		case hansard.TypeToolCall:
			e.ToolName, e.ToolCallID, e.SideEffect = fmt.Sprintf("tool-%d", i%40), fmt.Sprint("call-", i), hansard.SideEffects[i/8%len(hansard.SideEffects)]
			e.Params = json.RawMessage(`{"order_id":"ORD-1","amount":17.5,"note":"as the customer asked for"}`)
		case hansard.TypeToolResult:
			e.ToolName, e.ToolCallID = fmt.Sprintf("tool-%d", (i-1)%40), fmt.Sprint("call-", i-1)
			e.Result = json.RawMessage(`{"text":"the order was shipped on Monday and will arrive by the end of the week"}`)
		case hansard.TypeHumanIntervention:
			e.Intervention, e.ActorType, e.ApprovalID = "approval", "human", fmt.Sprint("a-", i)
		}
		rows[i] = enc.RowOf(e)
	}
	return rows
}

// BenchmarkDetections measures what live detection takes for an entry: to read it,
// the rules of the packs base and EU AI Act, and the watch for injections.
func BenchmarkDetections(b *testing.B) {
	l, err := lake.New(lake.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	packs, err := policy.Load([]policy.Choice{{Pack: "base"}, {Pack: "eu-ai-act"}})
	if err != nil {
		b.Fatal(err)
	}
	rows, enc := stream(200_000), part.NewEncoder()
	for _, of := range []string{"read", "rules", "injections", "all"} {
		b.Run(of, func(b *testing.B) {
			live, err := policy.NewLive(context.Background(), l, "t", packs, 0)
			if err != nil {
				b.Fatal(err)
			}
			watch, before := forensic.NewWatch(), processorTime(b)
			var e hansard.Entry
			for i := range b.N {
				if err := enc.View(&e, rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
				e.Position = uint64(i)
				if of == "rules" || of == "all" {
					live.Take(&e)
				}
				if of == "injections" || of == "all" {
					watch.Take(&e)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// injections has a watch for injections and throws away what it finds.
type injections struct{ *forensic.Watch }

func (i injections) Take(e *hansard.Entry) []*hansard.Event {
	i.Watch.Take(e)
	return nil
}

// BenchmarkRun measures what the watch for injections takes for an entry of a commit,
// with what finds out whether it is to look at that.
func BenchmarkRun(b *testing.B) {
	rows, left := stream(100_000), b.N
	ctx, cancel := context.WithCancel(context.Background())
	some := make([]part.Row, 1000)
	next := func(context.Context, int) (commit []*part.Row, err error) {
		if left == 0 {
			cancel()
		}
		for i := range some[:min(left, len(some))] {
			at := b.N - left
			some[i] = *rows[at%len(rows)]
			some[i].Place.Position = uint64(at)
			commit, left = append(commit, &some[i]), left-1
		}
		return commit, nil
	}
	b.ResetTimer()
	before := processorTime(b)
	detect.Run(ctx, detect.Config{
		Hub: live.New(), Logger: slog.New(slog.DiscardHandler), Tenants: func() []string { return []string{"t"} },
		Begin: func(context.Context, string) ([]detect.Detector, uint64, error) {
			return []detect.Detector{injections{forensic.NewWatch()}}, 0, nil
		},
		Follow: func(string, uint64) func(context.Context, int) ([]*part.Row, error) { return next },
	})
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}
