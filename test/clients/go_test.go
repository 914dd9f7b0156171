package clients_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

// TestGoSDK sends spans and logs by OpenTelemetry's SDK for Go, over each
// transport that it has, plain and compressed.
func TestGoSDK(t *testing.T) {
	s, ctx := start(t), context.Background()
	f := func(suite string, spans sdktrace.SpanExporter, spansErr error, logs sdklog.Exporter, logsErr error) {
		t.Helper()
		if err := errors.Join(spansErr, logsErr); err != nil {
			t.Fatal(err)
		}
		res := resource.NewSchemaless(attribute.String("service.name", suite))
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(res))
		spansOf(ctx, provider.Tracer("desk"))
		loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logs)), sdklog.WithResource(res))
		var record otellog.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(otellog.SeverityWarn)
		record.SetBody(attribute.StringValue("the payment provider is away"))
		record.AddAttributes(attribute.Int("order", 7731))
		loggers.Logger("desk").Emit(ctx, record)
		if err := errors.Join(provider.Shutdown(ctx), loggers.Shutdown(ctx)); err != nil {
			t.Fatal(err)
		}
		sdk(t, s, suite)
	}
	spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(s.otlpGRPC), otlptracegrpc.WithInsecure())
	logs, logsErr := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(s.otlpGRPC), otlploggrpc.WithInsecure())
	f("go.grpc", spans, err, logs, logsErr)
	spans, err = otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(s.otlpGRPC), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
	logs, logsErr = otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(s.otlpGRPC), otlploggrpc.WithInsecure(), otlploggrpc.WithCompressor("gzip"))
	f("go.grpc_gzip", spans, err, logs, logsErr)
	spans, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(s.otlpHTTP+"/v1/traces"))
	web, logsErr := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(s.otlpHTTP+"/v1/logs"))
	f("go.http", spans, err, web, logsErr)
	spans, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(s.otlpHTTP+"/v1/traces"), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	web, logsErr = otlploghttp.New(ctx, otlploghttp.WithEndpointURL(s.otlpHTTP+"/v1/logs"), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	f("go.http_gzip", spans, err, web, logsErr)
}

// spansOf makes the spans that every SDK's suite makes.
func spansOf(ctx context.Context, tracer trace.Tracer) {
	ctx, agent := tracer.Start(ctx, "invoke_agent billing", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"), attribute.String("gen_ai.agent.name", "billing"), attribute.String("gen_ai.conversation.id", "conversation-42")))
	_, chat := tracer.Start(ctx, "chat gpt-5-mini", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"), attribute.String("gen_ai.request.model", "gpt-5-mini"),
		attribute.Int("gen_ai.usage.input_tokens", 300), attribute.Int("gen_ai.usage.cache_read.input_tokens", 250), attribute.Int("gen_ai.usage.output_tokens", 25),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"tool_calls"})))
	chat.End()
	_, tool := tracer.Start(ctx, "execute_tool refund", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "refund"), attribute.String("gen_ai.tool.call.arguments", `{"order_id":7731}`)))
	tool.SetStatus(codes.Error, "the payment provider is away: ünïcode")
	tool.SetAttributes(attribute.String("error.type", "TimeoutError"))
	tool.End()
	agent.End()
}

// TestGoClient sends the same run by Hansard's client straight to the server, and
// through its OTLP sink: both must come to the same events, each below its parent.
func TestGoClient(t *testing.T) {
	s := start(t)
	straight, err := client.NewServer(client.ServerConfig{URL: s.api})
	if err != nil {
		t.Fatal(err)
	}
	otlp, err := client.NewOTLP(client.OTLPConfig{URL: s.otlpHTTP})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]string{}
	for suite, sink := range map[string]client.Sink{"client.straight": straight, "client.otlp": otlp} {
		c, err := client.New(client.Config{Agent: "support", Sinks: []client.Sink{sink}, Fields: []client.Field{client.Service(suite)}})
		if err != nil {
			t.Fatal(err)
		}
		run := c.Invocation(context.Background(), "Refund order 7731", client.Session("conversation-42"))
		call := c.ToolCall(run.Context(), "get_order", map[string]any{"order_id": 7731, "note": "x", "list": []any{1, "a", nil, true}}, client.Attr("color", "red"))
		call.End(map[string]any{"state": "paid", "total": 20.5}, nil)
		failed := c.ToolCall(run.Context(), "refund", map[string]any{"order_id": 7731})
		failed.End(nil, context.DeadlineExceeded)
		c.LLMCall(run.Context(), "gpt-5-mini", client.Provider("openai"), client.Messages([]map[string]string{{"role": "user", "content": "What next?"}})).
			End(map[string]string{"role": "assistant", "content": "Ask billing"}, nil, client.InputTokens(50), client.CacheReadTokens(250), client.OutputTokens(25), client.CostUSD(0.00672))
		c.Decision(run.Context(), "escalate", client.Confidence(0.87), client.Alternatives([]string{"give_up"}), client.Tags("a", "b"),
			client.Resources(hansard.Resource{Kind: "order", ID: "7731", Operation: "read", DataClass: "pii"}))
		ask := c.AskApproval(run.Context(), "refund", map[string]any{"order_id": 7731})
		ask.Approved("j.weber@example.com", client.Comment("go on"))
		c.Handoff(run.Context(), "billing", "cannot refund")
		c.Reasoning(context.Background(), "out of ideas", client.Trace("no W3C id"))
		run.End(nil)
		if err := c.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if st := c.Stats().Sinks[0]; st.Rejected != 0 {
			t.Errorf("%s: %+v", suite, st)
		}
		ids[suite] = []string{run.EventID(), call.EventID(), failed.EventID()}
	}
	what := func(suite string) string { return dialectOf.ReplaceAllString(tree(s.events(suite)), "") }
	got, want := what("client.otlp"), what("client.straight")
	if got != want {
		t.Errorf("by OTLP\n%s\nstraight\n%s", got, want)
	}
	if strings.Contains(got, "not on record") || strings.Count(got, "\n") < 8 {
		t.Errorf("%s", got)
	}
	for suite, list := range ids {
		n := s.sql(fmt.Sprintf("SELECT count(*) AS n FROM events WHERE service = '%s' AND event_id IN ('%s')", suite, strings.Join(list, "','")))
		if n[0].text("n") != fmt.Sprint(len(list)) {
			t.Errorf("%s: %v of %d events have the ids that the client gave", suite, n, len(list))
		}
	}
}

var dialectOf = regexp.MustCompile(` dialect=\S+`)
