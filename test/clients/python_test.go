package clients_test

import (
	"strings"
	"testing"
)

// TestPython runs all Python suites in one process, and then looks at each one's
// events.
func TestPython(t *testing.T) {
	s, url := start(t), model(t)
	suites := []string{
		"sdk.grpc", "sdk.http_protobuf", "sdk.http_json", "sdk.grpc_gzip", "sdk.http_protobuf_gzip", "sdk.http_json_gzip",
		"openai_agents.openinference", "openai_agents.openllmetry", "langgraph_app.openinference", "langgraph_app.openllmetry",
		"pydantic_agents.opentelemetry", "pydantic_agents.logfire",
	}
	out := python(t, s, url, append([]string{"run.py"}, suites...)...)
	for _, suite := range suites {
		if !strings.Contains(out, suite+": done\n") {
			t.Fatalf("%s did not end:\n%s", suite, out)
		}
	}
	if strings.Contains(out, "Failed to export") {
		t.Errorf("an exporter failed:\n%s", out)
	}
	for _, suite := range suites[:6] {
		sdk(t, s, suite)
	}
	for _, suite := range suites[6:] {
		golden(t, s, suite)
	}
	// The model's own count (story): 200+260+300 tokens in, 550 of them cached.
	desk := sums{calls: 3, input: 210, cached: 550, output: 58, reasoning: 5}
	handed := sums{calls: 4, input: 330, cached: 550, output: 70, reasoning: 5}
	for suite, want := range map[string]sums{
		"openai_agents.openinference": handed, "openai_agents.openllmetry": handed, "langgraph_app.openinference": desk,
		"langgraph_app.openllmetry": {calls: 3, input: 210, cached: 550, output: 58}, // it does not tell reasoning apart
	} {
		if got := spent(s, suite); got != want {
			t.Errorf("%s: %+v, want %+v", suite, got, want)
		}
	}
}

// sdk holds what an OpenTelemetry SDK sends, which is the same whatever the
// transport, the encoding and the language.
func sdk(t *testing.T, s *server, suite string) {
	t.Helper()
	const want = `invocation invoke_agent:billing agent=billing dialect=otel-genai session=conversation-42 status=ok
  llm_response chat:gpt-5-mini agent=billing dialect=otel-genai session=conversation-42 status=ok provider=openai in=50 cached=250 out=25 labels=["inferred_agent"]
  tool_call tool_call:refund agent=billing dialect=otel-genai session=conversation-42 params={"order_id":7731} labels=["inferred_agent"]
    tool_result tool_result:refund agent=billing dialect=otel-genai session=conversation-42 status=timeout error=the payment provider is away: ünïcode error_type=TimeoutError labels=["inferred_agent"]
generic log dialect=otel
`
	got := strings.Replace(tree(s.events(suite)), "error=TimeoutError: ", "error=", 1) // Python's status has the type too
	// JavaScript's spans begin at a whole millisecond: a call may seem to begin before
	// the answer that asked for it has ended.
	if unordered(got) != unordered(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", suite, got, want)
	}
	log := s.sql("SELECT attributes FROM events WHERE dialect = 'otel' AND service = '" + suite + "'")
	if len(log) != 1 || !strings.Contains(log[0].text("attributes"), "the payment provider is away") || !strings.Contains(log[0].text("attributes"), `"order":7731`) {
		t.Errorf("%s: the log is %v", suite, log)
	}
}
