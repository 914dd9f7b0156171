package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/client"
)

// TestTraceContext hands a run to an agent behind an HTTP server and sees one
// trace with the right parents.
func TestTraceContext(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{Agent: "front"}, k)
	var seen http.Header
	back := httptest.NewServer(client.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.Header
		c.Agent("back").Invocation(r.Context(), "look it up").End(nil)
	})))
	defer back.Close()
	run := c.Invocation(context.Background(), "ask")
	call := c.ToolCall(run.Context(), "http", nil)
	req, err := http.NewRequestWithContext(call.Context(), http.MethodGet, back.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	hc := &http.Client{Transport: &client.Transport{}}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if len(req.Header) != 0 {
		t.Error("the transport changed the caller's request")
	}
	call.End(nil, nil)
	flush(t, c)
	for _, e := range k.events(t) {
		if e.TraceID != run.TraceID() {
			t.Errorf("%s %s is in the trace %s", e.AgentName, e.Action, e.TraceID)
		}
		if e.AgentName == "back" && e.Action == "invocation" && e.ParentEventID != call.EventID() {
			t.Errorf("the invocation behind has the parent %s", e.ParentEventID)
		}
	}
	if p := seen.Get("Traceparent"); !strings.HasPrefix(p, "00-"+run.TraceID()+"-") || !strings.HasSuffix(p, "-01") {
		t.Errorf("traceparent %s", p)
	}
}

func TestExtract(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	f := func(parent, state, wantTrace, wantParent, wantState string) {
		t.Helper()
		h := http.Header{}
		h.Set("traceparent", parent)
		h.Set("tracestate", state)
		ctx := client.Extract(context.Background(), h)
		if got := client.TraceID(ctx); got != wantTrace {
			t.Errorf("%q: trace %q", parent, got)
		}
		out := http.Header{}
		client.Inject(ctx, out)
		if got := out.Get("traceparent"); got != wantParent {
			t.Errorf("%q: goes on as %q", parent, got)
		}
		if got := out.Get("tracestate"); got != wantState {
			t.Errorf("%q: state %q", state, got)
		}
	}
	ok := "00-" + trace + "-" + span + "-01"
	f(ok, "", trace, ok, "")
	f(" "+ok+" ", "", trace, ok, "")
	f("00-"+trace+"-"+span+"-00", "a=1, hansard=ev ,b=2", trace, "00-"+trace+"-"+span+"-00", "hansard=ev,a=1,b=2")
	f("cc-"+trace+"-"+span+"-01-what-comes", "", trace, ok, "")
	for _, bad := range []string{
		"", "00", "ff-" + trace + "-" + span + "-01", "00-" + strings.Repeat("0", 32) + "-" + span + "-01", "00-" + trace + "-" + strings.Repeat("0", 16) + "-01",
		"00-" + strings.ToUpper(trace) + "-" + span + "-01", ok + "-x", "00_" + trace + "_" + span + "_01", "00-" + trace + "-" + span + "-0g",
	} {
		f(bad, "a=1", "", "", "")
	}
}

// TestForeignTrace takes the trace of another library from the context.
func TestForeignTrace(t *testing.T) {
	type theirs struct{}
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	k := &keeper{}
	c := start(t, client.Config{TraceFromContext: func(ctx context.Context) (string, string) {
		if ctx.Value(theirs{}) == nil {
			panic("somebody else's code")
		}
		return trace, span
	}}, k)
	ctx := context.WithValue(context.Background(), theirs{}, 1)
	c.Reasoning(ctx, "x")
	c.Reasoning(c.Invocation(ctx, "y").Context(), "z")
	c.Reasoning(context.Background(), "x")
	c.Reasoning(client.Detach(client.With(ctx, client.Task("t"))), "x", client.Trace("mine"), client.Parent("p"))
	flush(t, c)
	e := k.events(t)
	for i, want := range []string{trace, trace, trace, "", "mine"} {
		if e[i].TraceID != want {
			t.Errorf("event %d is in the trace %q", i, e[i].TraceID)
		}
	}
	if e[0].SpanID != span || e[1].SpanID == span || e[4].ParentEventID != "p" || e[4].TaskID != "t" {
		t.Errorf("%+v", e)
	}
}
