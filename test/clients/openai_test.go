package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// turn is what the model of the tests answers: a call of a tool, or a text. Its
// tokens are what the API says of it.
type turn struct {
	call, arguments, text            string
	input, cached, output, reasoning int
}

// story is what the model does, whatever API it is asked through: it hands over
// to billing, looks an order up, fails to refund it, and says so. What comes next
// follows from what was done, so that it answers any number of runs.
func story(tools map[string]bool, done string) turn {
	switch {
	case tools["transfer_to_billing"]:
		return turn{call: "transfer_to_billing", arguments: "{}", input: 120, output: 12}
	case !strings.Contains(done, "call_get_order"):
		return turn{call: "get_order", arguments: `{"order_id":7731}`, input: 200, cached: 100, output: 15}
	case !strings.Contains(done, "call_refund"):
		return turn{call: "refund", arguments: `{"order_id":7731,"amount":20.5}`, input: 260, cached: 200, output: 18}
	}
	return turn{text: "The refund of order 7731 failed: the payment provider is away.", input: 300, cached: 250, output: 25, reasoning: 5}
}

// model serves OpenAI's two APIs on this machine and returns the base URL.
func model(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/responses", func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Model string
			Input json.RawMessage
			Tools []struct{ Name string }
		}
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		tools := map[string]bool{}
		for _, tool := range req.Tools {
			tools[tool.Name] = true
		}
		a := story(tools, string(req.Input))
		item := map[string]any{
			"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
			"content": []any{map[string]any{"type": "output_text", "text": a.text, "annotations": []any{}}},
		}
		if a.call != "" {
			item = map[string]any{"id": "fc_" + a.call, "type": "function_call", "status": "completed", "call_id": "call_" + a.call, "name": a.call, "arguments": a.arguments}
		}
		write(w, map[string]any{
			"id": fmt.Sprintf("resp_%d", a.input), "object": "response", "created_at": 1763907781, "status": "completed", "model": req.Model + "-2026-01-01",
			"output": []any{item}, "tools": []any{}, "tool_choice": "auto", "parallel_tool_calls": false,
			"usage": map[string]any{
				"input_tokens": a.input, "input_tokens_details": map[string]any{"cached_tokens": a.cached, "cache_write_tokens": 0},
				"output_tokens": a.output, "output_tokens_details": map[string]any{"reasoning_tokens": a.reasoning}, "total_tokens": a.input + a.output,
			},
		})
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Model    string
			Messages json.RawMessage
			Tools    []struct{ Function struct{ Name string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		tools := map[string]bool{}
		for _, tool := range req.Tools {
			tools[tool.Function.Name] = true
		}
		a := story(tools, string(req.Messages))
		message, reason := map[string]any{"role": "assistant", "content": a.text}, "stop"
		if a.call != "" {
			reason = "tool_calls"
			message = map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{map[string]any{
				"id": "call_" + a.call, "type": "function", "function": map[string]any{"name": a.call, "arguments": a.arguments},
			}}}
		}
		write(w, map[string]any{
			"id": fmt.Sprintf("chatcmpl_%d", a.input), "object": "chat.completion", "created": 1763907781, "model": req.Model + "-2026-01-01",
			"choices": []any{map[string]any{"index": 0, "finish_reason": reason, "message": message}},
			"usage": map[string]any{
				"prompt_tokens": a.input, "completion_tokens": a.output, "total_tokens": a.input + a.output,
				"prompt_tokens_details": map[string]any{"cached_tokens": a.cached}, "completion_tokens_details": map[string]any{"reasoning_tokens": a.reasoning},
			},
		})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the model was asked for %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
