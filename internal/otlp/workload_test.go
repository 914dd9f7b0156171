package otlp_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// workload returns a request with n spans of agents, models and tools, as the SDKs
// send them, and how many events they become.
func workload(first, n int) (req ptraceotlp.ExportRequest, events int) {
	r := rand.New(rand.NewPCG(uint64(first), 1))
	words := strings.Fields("the order was placed and the customer asked about a refund while the agent checked the policy for shipping delays in this region and declined to retry later")
	text := func(k int) string {
		var b strings.Builder
		for range k {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		return b.String()
	}
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	rs.Resource().Attributes().PutStr("deployment.environment.name", "prod")
	rs.Resource().Attributes().PutStr("telemetry.sdk.language", "python")
	rs.Resource().Attributes().PutStr("telemetry.sdk.version", "1.38.0")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("shop.agents")
	for i := first; i < first+n; i++ {
		s := ss.Spans().AppendEmpty()
		var trace pcommon.TraceID
		var span, parent pcommon.SpanID
		binary.BigEndian.PutUint64(trace[8:], uint64(i/20+1))
		binary.BigEndian.PutUint64(span[:], uint64(i+1))
		s.SetTraceID(trace)
		s.SetSpanID(span)
		if i%20 != 0 {
			binary.BigEndian.PutUint64(parent[:], uint64(i-i%20+1))
			s.SetParentSpanID(parent)
		}
		start := pcommon.Timestamp(1763900000e9 + i*1e7)
		s.SetStartTimestamp(start)
		s.SetEndTimestamp(start + pcommon.Timestamp(r.IntN(1e9)))
		a := s.Attributes()
		switch {
		case i%20 == 0:
			s.SetName("invoke_agent support")
			a.PutStr("gen_ai.operation.name", "invoke_agent")
			a.PutStr("gen_ai.agent.name", fmt.Sprintf("agent_%d", r.IntN(50)))
			a.PutStr("gen_ai.conversation.id", fmt.Sprintf("s-%d", i/60))
			a.PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+text(15)+`"}]}]`)
			events++
		case i%2 == 0:
			s.SetName("chat gpt-4o")
			s.SetKind(ptrace.SpanKindClient)
			a.PutStr("gen_ai.operation.name", "chat")
			a.PutStr("gen_ai.provider.name", "openai")
			a.PutStr("gen_ai.request.model", "gpt-4o")
			a.PutStr("gen_ai.response.model", "gpt-4o-2024-08-06")
			a.PutStr("gen_ai.response.id", fmt.Sprintf("chatcmpl-%d", i))
			a.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
			a.PutInt("gen_ai.usage.input_tokens", int64(r.IntN(2000)))
			a.PutInt("gen_ai.usage.output_tokens", int64(r.IntN(500)))
			a.PutDouble("gen_ai.request.temperature", 0.5)
			a.PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+text(15)+`"}]}]`)
			a.PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"`+text(20)+`"}],"finish_reason":"stop"}]`)
			events++
		default:
			s.SetName("execute_tool get_order")
			a.PutStr("gen_ai.operation.name", "execute_tool")
			a.PutStr("gen_ai.tool.name", fmt.Sprintf("tool_%d", r.IntN(40)))
			a.PutStr("gen_ai.tool.call.id", fmt.Sprintf("call_%d", i))
			a.PutStr("gen_ai.tool.type", "function")
			a.PutStr("gen_ai.tool.call.arguments", fmt.Sprintf(`{"order_id":%d,"q":"%s"}`, i, text(10)))
			a.PutStr("gen_ai.tool.call.result", `{"status":"`+text(10)+`"}`)
			events += 2
		}
	}
	return ptraceotlp.NewExportRequestFromTraces(traces), events
}

func protobufOf(t testing.TB, req ptraceotlp.ExportRequest) []byte {
	b, err := req.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func jsonOf(t testing.TB, req ptraceotlp.ExportRequest) []byte {
	b, err := req.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
