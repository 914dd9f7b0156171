package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/trace"
)

// ask returns a client of a server that answers as handle says.
func ask(t *testing.T, handle http.HandlerFunc) *remote.Client {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	c, err := remote.New(remote.Config{Server: s.URL + "/", Token: "hsd_x", Tenant: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestErrors(t *testing.T) {
	f := func(status int, contentType, body string, kind hansard.Kind, text, hint string) {
		t.Helper()
		c := ask(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
		_, err := c.Event(t.Context(), "e")
		if hansard.KindOf(err) != kind || err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(hansard.HintOf(err), hint) {
			t.Errorf("%d %s: %v error %v, hint %q", status, body, hansard.KindOf(err), err, hansard.HintOf(err))
		}
	}
	const problem = "application/problem+json"
	f(400, problem, `{"title":"invalid","status":400,"detail":"bad cursor","hint":"begin again"}`, hansard.KindInvalid, "bad cursor", "begin again")
	f(422, problem+"; charset=utf-8", `{"title":"Unprocessable","detail":"no"}`, hansard.KindInvalid, "no", "")
	f(401, problem, `{"title":"not authenticated","detail":"a token is needed"}`, hansard.KindDenied, "a token is needed", "--token-file")
	f(403, problem, `{"title":"denied","detail":"you may not"}`, hansard.KindDenied, "you may not", "")
	f(404, problem, `{"title":"not found"}`, hansard.KindNotFound, "not found", "")
	f(413, problem, `{"title":"too large","detail":"too much"}`, hansard.KindTooLarge, "too much", "")
	f(429, problem, `{"title":"busy","detail":"later"}`, hansard.KindBusy, "later", "")
	f(503, problem, `{"title":"busy","detail":"later"}`, hansard.KindBusy, "later", "")
	f(500, problem, `{"title":"internal error","detail":"request id 7"}`, hansard.KindInternal, "request id 7", "")
	f(500, problem, `{"title":"corrupt","detail":"part 7"}`, hansard.KindCorrupt, "part 7", "")
	f(404, "text/html", `<h1>secret</h1>`, hansard.KindNotFound, "the server answered 404 Not Found", "is it a Hansard server?")
	f(502, "text/plain", `bad gateway`, hansard.KindBusy, "502", "")
	f(400, problem, `no json`, hansard.KindInvalid, "400", "")
	f(200, "text/html", `<h1>hello</h1>`, hansard.KindInternal, "cannot be read", "is it a Hansard server")
}

func TestUnreachable(t *testing.T) {
	c, err := remote.New(remote.Config{Server: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Trace(t.Context(), "somebody@example.com")
	if hansard.KindOf(err) != hansard.KindBusy || !strings.Contains(err.Error(), "no server answers at http://127.0.0.1:1") || strings.Contains(err.Error(), "somebody") {
		t.Errorf("%v", err)
	}
	if hint := hansard.HintOf(err); !strings.Contains(hint, "hansard serve") || !strings.Contains(hint, "--data") {
		t.Errorf("hint %q", hint)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Event(ctx, "e"); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(cfg remote.Config, ok bool) {
		t.Helper()
		if _, err := remote.New(cfg); (err == nil) != ok || err != nil && (hansard.KindOf(err) != hansard.KindInvalid || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%+v: %v", cfg.Server, err)
		}
	}
	f(remote.Config{}, true)
	f(remote.Config{Server: "https://h.example.com/hansard/"}, true)
	f(remote.Config{Server: "ftp://x"}, false)
	f(remote.Config{Server: "localhost:7575"}, false)
	f(remote.Config{Server: "http://me:hunter2@x"}, false)
	f(remote.Config{Server: "http://x?a=b"}, false)
	f(remote.Config{Token: "hunter2\n"}, false)
	f(remote.Config{Token: "hunter2 x"}, false)
}

func TestTokenInClear(t *testing.T) {
	f := func(server, token string, want bool) {
		t.Helper()
		c, err := remote.New(remote.Config{Server: server, Token: token})
		if err != nil {
			t.Fatal(err)
		}
		if c.TokenInClear() != want {
			t.Errorf("%s: %v", server, !want)
		}
	}
	f("http://example.com", "x", true)
	f("http://10.0.0.1:7575", "x", true)
	f("http://example.com", "", false)
	f("https://example.com", "x", false)
	f("http://127.0.0.1:1", "x", false)
	f("http://[::1]:1", "x", false)
	f("http://localhost", "x", false)
}

// TestEventsAsks checks the request of a search: nothing of it in the URL.
func TestEventsAsks(t *testing.T) {
	c := ask(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := fmt.Sprintln(r.Method, r.RequestURI, r.Header["Authorization"], r.Header["Hansard-Tenant"], r.Header["Content-Type"], string(body))
		want := `POST /v1/events/search [Bearer hsd_x] [acme] [application/json] {"q":"a:b","value":"ada@example.com","limit":7,"order":"oldest"}` + "\n"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		io.WriteString(w, `{"events":[],"next_cursor":"n"}`)
	})
	page, err := c.Events(t.Context(), reading.Question{Search: "a:b", Value: "ada@example.com", Limit: 7, Oldest: true})
	if err != nil || len(page.Events) != 0 || page.NextCursor != "n" {
		t.Errorf("%v, %v", page, err)
	}
}

// TestPaths checks that an id with slashes is one segment of the path.
func TestPaths(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/events/{id}/proof", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Hansard-VKey", "key of "+r.PathValue("id")+" "+r.URL.RawQuery)
		io.WriteString(w, "proof")
	})
	c := ask(t, mux.ServeHTTP)
	for _, id := range []string{"e", "a/0/tool_call", "a//b", "../x", "a?b=c", "a%2Fb", "ä #"} {
		text, vkey, err := c.Prove(t.Context(), id, true)
		if want := "key of " + id + " disclose=true"; err != nil || string(text) != "proof" || vkey != want {
			t.Errorf("%q: %q, %v", id, vkey, err)
		}
	}
}

// TestEntry checks that an entry comes through as it was sent, erased or not.
func TestEntry(t *testing.T) {
	f := func(salt []byte) {
		t.Helper()
		sent := &hansard.Entry{
			Event: hansard.Event{EventID: "e", EventType: hansard.TypeToolCall, ToolName: "x", Timestamp: 1, Reasoning: "r"},
			Tier:  hansard.TierInfo, Log: hansard.LogID{Tenant: "a", Tier: hansard.TierInfo}, ContentSize: 7, Salt: salt,
		}
		c := ask(t, func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(sent) })
		got, err := c.Event(t.Context(), "e")
		if err != nil {
			t.Fatal(err)
		}
		if trace.Details(got) != trace.Details(sent) {
			t.Errorf("salt %x: %q, want %q", salt, trace.Details(got), trace.Details(sent))
		}
		a, _ := json.Marshal(sent)
		b, _ := json.Marshal(got)
		if diff := cmp.Diff(string(a), string(b)); diff != "" {
			t.Error(diff)
		}
	}
	f([]byte("0123456789abcdef"))
	f(nil)
}

// TestTrace checks that a timeline comes through as it was sent.
func TestTrace(t *testing.T) {
	entries := []*hansard.Entry{
		{Event: hansard.Event{EventID: "1", EventType: hansard.TypeToolCall, AgentName: "a", ToolName: "x", ToolCallID: "c", Timestamp: 1e9, TraceID: "t", DurationUS: hansard.Some[int64](1500)}, Position: 1, Tier: hansard.TierInfo},
		{Event: hansard.Event{EventID: "2", EventType: hansard.TypeToolResult, AgentName: "b", ToolName: "x", ToolCallID: "c", Timestamp: 2e9 + 1, TraceID: "t", ParentEventID: "1", Status: "error", Error: "no"}, Position: 2, Tier: hansard.TierCritical},
		{Event: hansard.Event{EventID: "3", EventType: hansard.TypeTokenUsage, AgentName: "b", Timestamp: 3e9, TraceID: "t", ParentEventID: "gone", InputTokens: hansard.Some[int64](7), CostNanoUSD: hansard.Some[int64](123456789)}, Position: 3},
	}
	f := func(entries []*hansard.Entry) {
		t.Helper()
		sent := trace.NewTimeline(entries)
		c := ask(t, func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(map[string]any{"traces": []any{sent}})
		})
		got, err := c.Trace(t.Context(), "t")
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		var a, b strings.Builder
		for w, tl := range map[*strings.Builder]trace.Timeline{&a: sent, &b: got[0]} {
			if err := trace.Render(w, tl, trace.Options{Tree: true}); err != nil {
				t.Fatal(err)
			}
			j, err := json.Marshal(tl)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(j)
		}
		if diff := cmp.Diff(a.String(), b.String()); diff != "" {
			t.Error(diff)
		}
	}
	f(entries)
	f(entries[:1])
}

// TestTraceHostile checks that a wrong answer crashes nothing.
func TestTraceHostile(t *testing.T) {
	c := ask(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"traces":[{"timeline":[{"duration_ms":1e999999999}],"tree":[9,-1,0],"cost_usd":1e999999999}]}`)
	})
	got, err := c.Trace(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := trace.Render(io.Discard, got[0], trace.Options{Tree: true}); err != nil || got[0].Spend.CostNanoUSD.Set {
		t.Errorf("%v, %v", err, got[0].Spend)
	}
}

// answerer is a connection to a server that always gives the same answer.
type answerer []byte

func (a answerer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a))}, nil
}

// FuzzTrace checks that no answer of a server crashes whoever shows it.
func FuzzTrace(f *testing.F) {
	b, _ := json.Marshal(map[string]any{"traces": []any{trace.NewTimeline([]*hansard.Entry{{Event: hansard.Event{EventID: "1"}}})}})
	f.Add(b)
	f.Add([]byte(`{"traces":[{"start":"2026-01-01T00:00:00Z","timeline":[{"depth":-1,"status":"x","duration_ms":-1.5}],"tree":[0]}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		c, err := remote.New(remote.Config{HTTPClient: &http.Client{Transport: answerer(answer)}})
		if err != nil {
			t.Fatal(err)
		}
		timelines, err := c.Trace(t.Context(), "t")
		if err != nil {
			return
		}
		for _, tl := range timelines {
			for _, opt := range []trace.Options{{Tree: true}, {Width: 80, Color: true}} {
				if err := trace.Render(io.Discard, tl, opt); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestUpload(t *testing.T) {
	f := func(status int, contentType, answer string, accepted int, kind hansard.Kind, failed bool) {
		t.Helper()
		c := ask(t, func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			if r.RequestURI != "/v1/import/tau-bench?name=a+b.json" || len(b) != 1000 || r.ContentLength != 1000 {
				t.Errorf("%s: %d bytes, length %d", r.RequestURI, len(b), r.ContentLength)
			}
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, answer)
		})
		var done int64
		r, err := c.Import(t.Context(), "tau-bench", "a b.json", remote.Upload{
			Body: strings.NewReader(strings.Repeat("x", 1000)), Size: 1000, Progress: func(n int64) { done = n },
		})
		if (err != nil) != failed || failed && hansard.KindOf(err) != kind || done != 1000 {
			t.Errorf("%d: %v, %d bytes told", status, err, done)
		}
		if got := -1; r != nil {
			if got = r.Accepted; got != accepted {
				t.Errorf("%d: %d accepted, want %d", status, got, accepted)
			}
		} else if accepted >= 0 {
			t.Errorf("%d: no receipt", status)
		}
	}
	const problem = "application/problem+json"
	f(200, "application/json", `{"accepted":3,"duplicates":0,"conflicts":[],"rejected":[]}`, 3, 0, false)
	f(400, "application/json", `{"accepted":0,"rejected":[{"line":1,"error":"no"}]}`, 0, 0, false)
	f(503, problem, `{"title":"busy","detail":"later","accepted":2,"rejected":[]}`, 2, hansard.KindBusy, true)
	f(413, problem, `{"title":"too large","detail":"later"}`, -1, hansard.KindTooLarge, true)
}

// TestFollow checks that a feed goes on where it was when the connection broke,
// and gives each entry once.
func TestFollow(t *testing.T) {
	entry := func(position uint64) string {
		b, _ := json.Marshal(&hansard.Entry{Event: hansard.Event{EventID: fmt.Sprint(position)}, Position: position, Log: hansard.LogID{Tenant: "a", Tier: "info"}})
		return fmt.Sprintf("event: event\nid: %d\ndata: %s\n\n", position, b)
	}
	answers := []struct{ after, body string }{
		{"3", ": connected\n\n" + entry(4) + entry(5) + "event: event\nid: 6\nda"},
		{"5", entry(5) + entry(6) + "event: dropped\ndata: x\n\n"},
		{"6", entry(7)},
	}
	n := 0
	c := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if n == len(answers) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(403)
			return
		}
		if got := r.Header.Get("Last-Event-ID"); got != answers[n].after || r.URL.Query().Get("q") != "a:b" {
			t.Errorf("connection %d: Last-Event-ID %q, %s", n, got, r.RequestURI)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, answers[n].body)
		n++
	})
	var got []uint64
	lost := 0
	err := c.Follow(t.Context(), remote.Feed{
		Search: "a:b", After: hansard.Some[uint64](3),
		Each: func(e *hansard.Entry) error { got = append(got, e.Position); return nil },
		Lost: func(err error, wait time.Duration) {
			if lost++; err == nil || wait <= 0 {
				t.Errorf("lost: %v, %s", err, wait)
			}
		},
	})
	if hansard.KindOf(err) != hansard.KindDenied {
		t.Errorf("ended by %v", err)
	}
	if diff := cmp.Diff([]uint64{4, 5, 6, 7}, got); diff != "" || lost != 3 {
		t.Errorf("lost %d times, %s", lost, diff)
	}
}

func TestFollowEnds(t *testing.T) {
	stop := fmt.Errorf("the reader went away")
	c := ask(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "event: event\nid: 1\ndata: {\"event_id\":\"e\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"received_at\":\"2026-01-01T00:00:00Z\"}\n\n")
	})
	if err := c.Follow(t.Context(), remote.Feed{Each: func(*hansard.Entry) error { return stop }}); err != stop {
		t.Errorf("%v, want the reader's own error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Follow(ctx, remote.Feed{
		Each: func(*hansard.Entry) error { return nil },
		Lost: func(error, time.Duration) { cancel() },
	})
	if err != context.Canceled {
		t.Errorf("%v, want cancelled", err)
	}
	for want, body := range map[hansard.Kind]string{
		hansard.KindInternal: "event: event\ndata: {\n\n",
		hansard.KindTooLarge: "data: " + strings.Repeat("x", remote.MaxLine) + "\n\n",
	} {
		c = ask(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, body)
		})
		lost := func(err error, _ time.Duration) { t.Errorf("tries again after %v", err) }
		if err := c.Follow(t.Context(), remote.Feed{Lost: lost}); hansard.KindOf(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	c = ask(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<h1>hello</h1>") })
	if err := c.Follow(t.Context(), remote.Feed{}); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("%v, want that it is no live feed", err)
	}
}

func TestVersion(t *testing.T) {
	c := ask(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"version":"1","name":"n"}`) })
	v, err := c.Version(t.Context())
	if err != nil || v.Version != "1" || v.Name != "n" || time.Since(v.Clock).Abs() > time.Minute {
		t.Errorf("%+v, %v", v, err)
	}
}
