package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
)

const pagesToken = "pages-token-0123456789abcdef"

// TestBrowser logs in as a browser does: the pages are open, the data is not; a
// token opens a session, whose cookie then reads events, follows the feed, and
// ends.
func TestBrowser(t *testing.T) {
	tokens, err := access.ParseTokens([]byte("- {id: jane, tenant: acme, role: reader, token: " + pagesToken + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *api.Config) { c.Access.Tokens = tokens })
	call := func(method, path, body string, cookie *http.Cookie) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if cookie != nil {
			r.AddCookie(cookie)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	want := func(res *http.Response, status int) {
		t.Helper()
		if res.StatusCode != status {
			b, _ := io.ReadAll(res.Body)
			t.Fatalf("%s %s: %d, want %d: %s", res.Request.Method, res.Request.URL.Path, res.StatusCode, status, b)
		}
	}
	want(call("GET", "/", "", nil), 200)
	want(call("GET", "/traces/x", "", nil), 200)
	want(call("GET", "/v1/events", "", nil), 401)
	want(call("GET", "/v1/session", "", nil), 401)
	want(call("GET", "/openapi.json", "", nil), 401)
	refused := call("POST", "/v1/session", `{"token": "another-token-0123456789"}`, nil)
	want(refused, 401)
	if b, _ := io.ReadAll(refused.Body); strings.Contains(string(b), "another-token") {
		t.Errorf("the answer shows the token: %s", b)
	}
	login := call("POST", "/v1/session", `{"token": "`+pagesToken+`"}`, nil)
	want(login, 200)
	if len(login.Cookies()) != 1 {
		t.Fatalf("cookies %v", login.Cookies())
	}
	cookie := login.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure {
		t.Errorf("cookie %v", cookie)
	}
	var who api.Session
	res := call("GET", "/v1/session", "", cookie)
	if err := json.NewDecoder(res.Body).Decode(&who); err != nil || who.TokenID != "jane" || who.Tenant != "acme" || !who.Cookie {
		t.Errorf("who: %+v %v", who, err)
	}
	want(call("GET", "/v1/events", "", cookie), 200)
	want(call("DELETE", "/v1/session", "", cookie), 204)
	want(call("GET", "/v1/events", "", cookie), 401)
}

// TestLiveCounters follows the counters alone while events come.
func TestLiveCounters(t *testing.T) {
	s := start(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/v1/live?q=agent:a&counters=only", nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Scan() // the feed has begun
	events := `{"event_type":"agent.tool_call","agent_name":"a"}` + "\n" + `{"event_type":"agent.error","agent_name":"b","error":"x"}` + "\n"
	post, err := http.Post(s.url+"/v1/events", "application/x-ndjson", strings.NewReader(events))
	if err != nil || post.StatusCode >= 300 {
		t.Fatal(err, post)
	}
	post.Body.Close()
	for lines.Scan() {
		if lines.Text() == "event: event" {
			t.Fatal("an event came, and counters alone were asked for")
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || !strings.Contains(data, "per_second") {
			continue
		}
		var c api.Counters
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			t.Fatal(err)
		}
		if c.Events < 2 {
			continue
		}
		if c.Events != 2 || c.Errors != 1 || c.Matched != 1 || c.PerSecond <= 0 || c.PerSecond > 2 || c.ErrorsPerSecond*2 != c.PerSecond {
			t.Errorf("counters %+v", c)
		}
		return
	}
	t.Fatal("the counters did not come", lines.Err())
}
