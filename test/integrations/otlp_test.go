package integrations_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/hansardhq/hansard/client"
)

// collector decodes what it gets as OpenTelemetry's collector does.
type collector struct {
	mu      sync.Mutex
	records []plog.LogRecord
	service string
	calls   int
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	body, _ := io.ReadAll(r.Body)
	req := plogotlp.NewExportRequest()
	if r.URL.Path != "/v1/logs" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("Api-Key") != "k" {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	if err := req.UnmarshalProto(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	resp := plogotlp.NewExportResponse()
	switch c.calls {
	case 1:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case 2:
		resp.PartialSuccess().SetRejectedLogRecords(1)
		resp.PartialSuccess().SetErrorMessage("one is too old")
	}
	for _, rl := range req.Logs().ResourceLogs().All() {
		v, _ := rl.Resource().Attributes().Get("service.name")
		c.service = v.AsString()
		for _, sl := range rl.ScopeLogs().All() {
			for _, l := range sl.LogRecords().All() {
				c.records = append(c.records, l)
			}
		}
	}
	b, _ := resp.MarshalProto()
	_, _ = w.Write(b)
}

// TestOTLP sends events to a collector and reads them there.
func TestOTLP(t *testing.T) {
	got := &collector{}
	s := httptest.NewServer(got)
	defer s.Close()
	sink, err := client.NewOTLP(client.OTLPConfig{URL: s.URL, Headers: map[string]string{"Api-Key": "k"}})
	if err != nil {
		t.Fatal(err)
	}
	var rejected []client.Rejection
	c, err := client.New(client.Config{
		Agent: "support", Sinks: []client.Sink{sink}, Fields: []client.Field{client.Service("shop")}, MaxBackoff: 10 * time.Millisecond,
		OnReject: func(r client.Rejection) { rejected = append(rejected, r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1763907781, 250_000_001)
	run := c.Invocation(context.Background(), "Refund", client.When(at))
	call := c.ToolCall(run.Context(), "get_order", map[string]any{"id": 7731, "x": 1.5, "ok": true, "none": nil, "list": []any{"a", -1}}, client.Attr("color", "red"))
	call.End(nil, context.DeadlineExceeded)
	c.Reasoning(context.Background(), "thought", client.Trace("no W3C id"))
	if err := c.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	st := c.Stats().Sinks[0]
	if len(got.records) != 4 || got.calls != 2 || got.service != "shop" || st.Sent != 3 || st.Rejected != 1 || len(rejected) != 1 || rejected[0].Reason != "one is too old" {
		t.Fatalf("%d records in %d calls, %+v, %v", len(got.records), got.calls, st, rejected)
	}
	inv, tool, result, thought := got.records[0], got.records[1], got.records[2], got.records[3]
	if !inv.Timestamp().AsTime().Equal(at) || inv.EventName() != "agent.invocation" || inv.SeverityNumber() != plog.SeverityNumberInfo || inv.Body().AsString() != "invocation" {
		t.Errorf("%v %s %v %s", inv.Timestamp(), inv.EventName(), inv.SeverityNumber(), inv.Body().AsString())
	}
	if inv.TraceID().String() != run.TraceID() || tool.TraceID() != inv.TraceID() || tool.SpanID() == inv.SpanID() || tool.SpanID().IsEmpty() || result.SpanID() != tool.SpanID() {
		t.Errorf("trace %s, spans %s, %s, %s", tool.TraceID(), inv.SpanID(), tool.SpanID(), result.SpanID())
	}
	text := func(r plog.LogRecord, name string) string {
		v, ok := r.Attributes().Get(name)
		if !ok {
			return "(missing)"
		}
		return v.AsString()
	}
	for name, want := range map[string]string{
		"hansard.event_type": "agent.tool_call", "hansard.tool_name": "get_order", "hansard.agent_name": "support", "color": "red",
		"hansard.parent_event_id": run.EventID(), "hansard.event_id": call.EventID(),
	} {
		if s := text(tool, name); s != want {
			t.Errorf("%s is %s, want %s", name, s, want)
		}
	}
	params, _ := tool.Attributes().Get("hansard.params")
	if params.Type() != pcommon.ValueTypeMap || params.AsString() != `{"id":7731,"list":["a",-1],"none":null,"ok":true,"x":1.5}` {
		t.Errorf("%s", params.AsString())
	}
	if result.SeverityNumber() != plog.SeverityNumberError || text(result, "hansard.status") != "timeout" || !strings.Contains(text(result, "hansard.error"), "deadline") {
		t.Errorf("%v %v", result.SeverityNumber(), result.Attributes().AsRaw())
	}
	if !thought.TraceID().IsEmpty() || text(thought, "hansard.trace_id") != "no W3C id" || thought.SeverityNumber() != plog.SeverityNumberDebug {
		t.Errorf("%v %v", thought.SeverityNumber(), thought.Attributes().AsRaw())
	}
}
