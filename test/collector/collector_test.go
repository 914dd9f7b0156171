package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// factories are the parts that the page's configuration names.
func factories() (f otelcol.Factories, err error) {
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
		return f, err
	}
	if f.Processors, err = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory()); err != nil {
		return f, err
	}
	f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](otlpexporter.NewFactory(), otlphttpexporter.NewFactory())
	f.Telemetry = otelconftelemetry.NewFactory()
	return f, err
}

// blocks returns the configurations of the page.
func blocks(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../docs/integrations/collector.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		list = append(list, m[1])
	}
	if len(list) != 2 {
		t.Fatalf("the page has %d configurations, want that of HTTP and the exporter of gRPC", len(list))
	}
	return list
}

// collector is a running collector.
type collector struct {
	grpc, http string // where it receives
	logs       logBuffer
}

// collect runs a collector until the test ends, with the page's configuration but
// for the addresses. What it says of itself goes to logs.
func collect(t *testing.T, s *server, overGRPC bool) *collector {
	t.Helper()
	c := &collector{grpc: freeAddress(t), http: freeAddress(t)}
	pages := blocks(t)
	config := pages[0]
	if overGRPC {
		exporters := regexp.MustCompile(`(?s)exporters:\n.*?\n\n`)
		config = exporters.ReplaceAllString(config, pages[1]+"\n")
		config = strings.ReplaceAll(config, "exporters: [otlp_http/hansard]", "exporters: [otlp_grpc/hansard]")
	}
	for from, to := range map[string]string{"127.0.0.1:14317": c.grpc, "127.0.0.1:14318": c.http, "127.0.0.1:4317": s.grpc, "127.0.0.1:4318": s.http} {
		config = regexp.MustCompile(regexp.QuoteMeta(from)+`\b`).ReplaceAllString(config, to)
	}
	config += "  telemetry: {metrics: {level: none}}\n" // it would listen on a port of its own
	path := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	says := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(&c.logs), zapcore.WarnLevel)
	run, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol", Version: "test"}, Factories: factories, DisableGracefulShutdown: true,
		LoggingOptions: []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return says })},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{"file:" + path}, ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Run(context.Background()) }()
	t.Cleanup(func() {
		run.Shutdown()
		if said := c.logs.String(); strings.Contains(said, "deprecated") {
			t.Errorf("the collector finds the page's configuration old:\n%s", said)
		}
		if err := <-ended; err != nil {
			t.Errorf("the collector: %v\n%s", err, config)
		}
		if t.Failed() {
			t.Logf("the collector said:\n%s", c.logs.String())
		}
	})
	for _, address := range []string{c.grpc, c.http} {
		listening(t, address)
	}
	return c
}

// fixtures are recorded exports, logs and spans.
func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	for _, name := range []string{
		"real_openai_agents_openinference", "real_vercel_v7", "real_pydantic_agents_opentelemetry", "mcp_tools_call",
		"claude_code_logs", "codex_logs", "gemini_cli_logs", "genai_g1_event_structured",
	} {
		b, err := os.ReadFile(filepath.Join("../../internal/dialect/testdata/otel", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = b
	}
	return list
}

// post sends an export over HTTP as JSON.
func post(t *testing.T, address string, body []byte) {
	t.Helper()
	path := "/v1/traces"
	if bytes.Contains(body, []byte("resourceLogs")) {
		path = "/v1/logs"
	}
	resp, err := http.Post("http://"+address+path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, resp.StatusCode, answer)
	}
}

// pseudonym is a person's, which each server makes with a key of its own.
var pseudonym = regexp.MustCompile(`pii:[a-z_]+:k1:[0-9a-f]+`)

// awaits waits until a server's events are those wanted, and fails when it has
// others in the end.
func awaits(t *testing.T, s *server, want []string) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(300 * time.Millisecond) {
		if got = s.events(); len(got) >= len(want) || time.Now().After(deadline) {
			break
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events came through the collector, %d directly", len(got), len(want))
	}
	for i := range want {
		if pseudonym.ReplaceAllString(got[i], "") != pseudonym.ReplaceAllString(want[i], "") {
			t.Errorf("through the collector\n%s\nbut directly\n%s", got[i], want[i])
		}
	}
}

// TestRecipe holds what comes through the page's collector against what comes
// without one.
func TestRecipe(t *testing.T) {
	direct := newServer(t)
	direct.start()
	for _, body := range fixtures(t) {
		post(t, direct.http, body)
	}
	want := direct.events()
	if len(want) < 50 {
		t.Fatalf("only %d events", len(want))
	}
	for name, overGRPC := range map[string]bool{"HTTP": false, "GRPC": true} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.start()
			c := collect(t, s, overGRPC)
			for _, body := range fixtures(t) {
				post(t, c.http, body)
			}
			awaits(t, s, want)
		})
	}
}

// TestOutage kills the server while spans come, by gRPC, and starts it again: the
// collector keeps what it has answered for, and no event is there twice.
func TestOutage(t *testing.T) {
	s := newServer(t)
	s.start()
	c := collect(t, s, false)
	conn, err := grpc.NewClient(c.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const exports, spans = 40, 25
	for i := range exports {
		if i == exports/4 {
			s.kill()
		}
		if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), export(i, spans)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Second) // the batches are on their way, and are refused
	s.start()
	deadline := time.Now().Add(90 * time.Second)
	for len(s.events()) < exports*spans && time.Now().Before(deadline) {
		time.Sleep(500 * time.Millisecond)
	}
	seen := map[string]bool{}
	for _, e := range s.events() {
		if seen[e] {
			t.Errorf("twice: %s", e)
		}
		seen[e] = true
	}
	if len(seen) != exports*spans {
		t.Fatalf("%d events, want %d", len(seen), exports*spans)
	}
}

// TestRefused sends a span that the server does not take among others: they
// arrive, and the collector says what was refused and why.
func TestRefused(t *testing.T) {
	s := newServer(t)
	s.start()
	c := collect(t, s, false)
	conn, err := grpc.NewClient(c.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req := export(0, 10)
	greedy := req.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(3)
	for i := range 5000 {
		greedy.Attributes().PutInt(fmt.Sprintf("a.%d", i), int64(i))
	}
	if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if strings.Contains(c.logs.String(), "more than 4096 attributes") && len(s.events()) == 9 {
			return
		}
	}
	t.Fatalf("%d events, want 9; the collector says\n%s", len(s.events()), c.logs.String())
}

// export returns the i-th export of n spans.
func export(i, n int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	ss := rs.ScopeSpans().AppendEmpty()
	for k := range n {
		s := ss.Spans().AppendEmpty()
		s.SetName("chat gpt-4o")
		s.SetTraceID([16]byte{15: byte(i + 1)})
		s.SetSpanID([8]byte{6: byte(i), 7: byte(k + 1)})
		s.SetStartTimestamp(1_763_900_000_000_000_000)
		s.SetEndTimestamp(1_763_900_001_000_000_000)
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}
