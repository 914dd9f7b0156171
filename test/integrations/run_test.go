package integrations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/v2/option"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/hansardhq/hansard/client"
)

// recorded runs f with an agent and returns what it put on record, in order.
func recorded(t *testing.T, f func(a *client.Agent, c *client.Client)) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	c, err := client.New(client.Config{Agent: "support", Sinks: []client.Sink{client.NewWriter("memory", &out)}})
	if err != nil {
		t.Fatal(err)
	}
	f(c.Agent("support"), c)
	if err := c.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var events []map[string]any
	for line := range strings.Lines(out.String()) {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		events = append(events, m)
	}
	return events
}

// has holds an event against the members that it must have.
func has(t *testing.T, event map[string]any, want map[string]any) {
	t.Helper()
	for k, v := range want {
		if fmt.Sprint(event[k]) != fmt.Sprint(v) {
			t.Errorf("%s is %v, want %v", k, event[k], v)
		}
	}
}

func answering(t *testing.T, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestOpenAI(t *testing.T) {
	const good = `{"id":"c","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}],
		"usage":{"prompt_tokens":100,"completion_tokens":24,"total_tokens":124,"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":7}}}`
	call := func(status int, body string) map[string]any {
		events := recorded(t, func(a *client.Agent, _ *client.Client) {
			api := openai.NewClient(openaioption.WithBaseURL(answering(t, status, body)), openaioption.WithAPIKey("sk-test"), openaioption.WithMaxRetries(0))
			_, err := chat(context.Background(), a, &api, openai.ChatCompletionNewParams{
				Model: openai.ChatModelGPT4o, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hi")},
			})
			if (err != nil) != (status != 200) {
				t.Error(err)
			}
		})
		if len(events) != 1 {
			t.Fatalf("%d events", len(events))
		}
		return events[0]
	}
	e := call(200, good)
	has(t, e, map[string]any{"event_type": "agent.llm_response", "model": "gpt-4o-2024-08-06", "provider": "openai", "status": "ok",
		"input_tokens": 40, "cache_read_tokens": 60, "output_tokens": 24, "reasoning_tokens": 7})
	if s := fmt.Sprint(e["messages"], e["response"]); !strings.Contains(s, "Hi") || !strings.Contains(s, "Hello") {
		t.Errorf("%v", e)
	}
	e = call(500, `{"error":{"message":"overloaded"}}`)
	has(t, e, map[string]any{"event_type": "agent.llm_response", "model": "gpt-4o", "status": "error"})
	if e["error"] == nil || strings.Contains(fmt.Sprint(e), "sk-test") {
		t.Errorf("%v", e)
	}
}

func TestAnthropic(t *testing.T) {
	const good = `{"id":"m","type":"message","role":"assistant","model":"claude-haiku-5-5","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
		"usage":{"input_tokens":40,"output_tokens":24,"cache_read_input_tokens":60,"cache_creation_input_tokens":5}}`
	events := recorded(t, func(a *client.Agent, _ *client.Client) {
		api := anthropic.NewClient(anthropicoption.WithBaseURL(answering(t, 200, good)), anthropicoption.WithAPIKey("sk-test"))
		_, err := message(context.Background(), a, &api, anthropic.MessageNewParams{
			Model: anthropic.ModelClaudeHaiku5_5, MaxTokens: 100,
			Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hi"))},
		})
		if err != nil {
			t.Error(err)
		}
	})
	has(t, events[0], map[string]any{"event_type": "agent.llm_response", "model": "claude-haiku-5-5", "provider": "anthropic", "status": "ok",
		"input_tokens": 40, "cache_read_tokens": 60, "cache_write_tokens": 5, "output_tokens": 24})
	if s := fmt.Sprint(events[0]["messages"], events[0]["response"]); !strings.Contains(s, "Hi") || !strings.Contains(s, "Hello") {
		t.Errorf("%v", events[0])
	}
}

func TestMCP(t *testing.T) {
	var meta map[string]any
	events := recorded(t, func(a *client.Agent, _ *client.Client) {
		s := mcp.NewServer(&mcp.Implementation{Name: "orders", Version: "1"}, nil)
		type input struct {
			ID int `json:"id"`
		}
		mcp.AddTool(s, &mcp.Tool{Name: "get_order"}, func(_ context.Context, r *mcp.CallToolRequest, in input) (*mcp.CallToolResult, any, error) {
			meta = r.Params.GetMeta()
			if in.ID == 0 {
				return nil, nil, errors.New("no such order")
			}
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "shipped"}}}, nil, nil
		})
		here, there := mcp.NewInMemoryTransports()
		ctx := context.Background()
		if _, err := s.Connect(ctx, there, nil); err != nil {
			t.Fatal(err)
		}
		c := mcp.NewClient(&mcp.Implementation{Name: "support", Version: "1"}, nil)
		c.AddSendingMiddleware(recordTools(a))
		session, err := c.Connect(ctx, here, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		for _, id := range []int{7731, 0} {
			if _, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "get_order", Arguments: map[string]any{"id": id}}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if len(events) != 4 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	has(t, events[0], map[string]any{"event_type": "agent.tool_call", "tool_name": "get_order", "params": map[string]any{"id": 7731}})
	has(t, events[1], map[string]any{"event_type": "agent.tool_result", "status": "ok", "parent_event_id": events[0]["event_id"]})
	has(t, events[3], map[string]any{"event_type": "agent.tool_result", "status": "error", "error_type": "mcp.ToolError"})
	if p := fmt.Sprint(meta["traceparent"]); !strings.Contains(p, fmt.Sprint(events[2]["trace_id"])) {
		t.Errorf("the server got the trace %s", p)
	}
}

func TestHTTP(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	var sent http.Header
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header
		fmt.Fprint(w, `["a","b"]`)
	}))
	defer backend.Close()
	events := recorded(t, func(a *client.Agent, _ *client.Client) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/?q=refunds", nil)
		r.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
		questions(a, backend.URL).ServeHTTP(w, r)
		if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `["a","b"]` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
	if len(events) != 4 {
		t.Fatalf("%d events", len(events))
	}
	for _, e := range events {
		has(t, e, map[string]any{"trace_id": trace})
	}
	if !strings.HasPrefix(sent.Get("traceparent"), "00-"+trace) || !strings.Contains(sent.Get("tracestate"), fmt.Sprint(events[1]["event_id"])) {
		t.Errorf("%v", sent)
	}
}

// TestDocs finds each block of Go code of the page in a file that is compiled:
// here, or in the client's own tests. A page may leave out imports only.
func TestDocs(t *testing.T) {
	var code strings.Builder
	for _, path := range []string{"openai_test.go", "anthropic_test.go", "mcp_test.go", "http_test.go", "../../client/example_test.go"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		code.WriteString(flat(string(b)))
	}
	for _, page := range []string{"../../docs/integrations/go.md", "../../README.md"} {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(b), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no Go code", page)
		}
		for _, m := range blocks {
			if !strings.Contains(code.String(), flat(m[1])) {
				t.Errorf("%s: this code is compiled nowhere:\n%s", page, m[1])
			}
		}
	}
}

// flat takes the indentation away.
func flat(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
