package integrations_test

import (
	"encoding/json"
	"net/http"

	"github.com/hansardhq/hansard/client"
)

// questions is an agent behind HTTP. Its work continues the trace of whoever
// calls it, and its own calls send the trace on.
func questions(a *client.Agent, backend string) http.Handler {
	out := &http.Client{Transport: &client.Transport{}}
	return client.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := client.With(r.Context(), client.Session(r.Header.Get("X-Session")))
		run := a.Invocation(ctx, r.FormValue("q"), client.Source("user"))
		var err error
		defer run.Done(&err)
		call := a.ToolCall(run.Context(), "search", map[string]any{"q": r.FormValue("q")}, client.SideEffect("read"))
		req, err := http.NewRequestWithContext(call.Context(), http.MethodGet, backend, nil)
		if err != nil {
			call.End(nil, err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		resp, err := out.Do(req)
		if err != nil {
			call.End(nil, err)
			http.Error(w, "the search does not answer", http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		var hits []string
		err = json.NewDecoder(resp.Body).Decode(&hits)
		call.End(hits, err)
		_ = json.NewEncoder(w).Encode(hits) // the caller may be gone
	}))
}
