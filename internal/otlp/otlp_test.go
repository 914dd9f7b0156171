package otlp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/otlp"
)

// taker remembers what it is given, and refuses what it is told to.
type taker struct {
	mu     sync.Mutex
	seen   map[string]bool
	events []*hansard.Event
	busy   bool
	reject string // event type
}

func (k *taker) Events(_ context.Context, _ intake.Source, events []*hansard.Event) (*intake.Receipt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := &intake.Receipt{}
	if k.busy {
		return r, hansard.Errorf(hansard.KindBusy, "the journal is full")
	}
	if k.seen == nil {
		k.seen = map[string]bool{}
	}
	for i, e := range events {
		switch {
		case k.reject != "" && e.EventType == k.reject:
			r.Rejected = append(r.Rejected, intake.Rejection{Line: i + 1, EventID: e.EventID, Error: "not today"})
		case k.seen[e.EventID]:
			r.Duplicates++
		default:
			k.seen[e.EventID] = true
			k.events = append(k.events, kept(e))
			r.Accepted++
		}
	}
	return r, nil
}

// kept returns a copy of an event that is the caller's only until a receiver has its
// answer.
func kept(e *hansard.Event) *hansard.Event {
	c := *e
	for _, v := range []*json.RawMessage{&c.Params, &c.Result, &c.Alternatives, &c.Messages, &c.Response, &c.Attributes} {
		*v = bytes.Clone(*v)
	}
	return &c
}

func serve(t *testing.T, cfg otlp.Config) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	otlp.New(cfg).Routes(mux)
	handler, err := access.Wrap(access.Config{GuardConfig: access.GuardConfig{Listen: "127.0.0.1:4318"}}, mux)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// post sends a request and returns the answer.
func post(t *testing.T, url, contentType, encoding string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zstded(b []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(b, nil)
}

func TestHTTP(t *testing.T) {
	req, events := workload(0, 50)
	pb, js := protobufOf(t, req), jsonOf(t, req)
	f := func(path, contentType, encoding string, body []byte) {
		t.Helper()
		k := &taker{}
		s := serve(t, otlp.Config{Intake: k})
		code, header, got := post(t, s.URL+path, contentType, encoding, body)
		media, _, _ := strings.Cut(contentType, ";")
		if code != http.StatusOK || len(k.events) != events || header.Get("Content-Type") != media {
			t.Errorf("%s %s %s: %d %q, %d events, want %d", path, contentType, encoding, code, got, len(k.events), events)
		}
		resp := ptraceotlp.NewExportResponse()
		var err error
		if strings.Contains(contentType, "json") {
			err = resp.UnmarshalJSON(got)
		} else {
			err = resp.UnmarshalProto(got)
		}
		if err != nil || resp.PartialSuccess().RejectedSpans() != 0 || resp.PartialSuccess().ErrorMessage() != "" {
			t.Errorf("%s: answer %q: %v", path, got, err)
		}
		// Sent again, it adds nothing.
		if code, _, _ = post(t, s.URL+path, contentType, encoding, body); code != http.StatusOK || len(k.events) != events {
			t.Errorf("again: %d, %d events", code, len(k.events))
		}
	}
	f("/v1/traces", "application/x-protobuf", "", pb)
	f("/v1/traces", "application/x-protobuf", "gzip", gzipped(pb))
	f("/v1/traces", "application/x-protobuf", "zstd", zstded(pb))
	f("/v1/traces", "application/json", "", js)
	f("/v1/traces", "application/json; charset=utf-8", "gzip", gzipped(js))
	f("/api/public/otel/v1/traces", "application/x-protobuf", "", pb)
	f("/api/v1/private/otel/v1/traces", "application/json", "zstd", zstded(js))
	f("/otel/v1/traces", "application/x-protobuf", "", pb)
}

// TestEncodings reads the same spans from protobuf and from JSON, as the
// collector's library writes them.
func TestEncodings(t *testing.T) {
	req, _ := workload(7, 100)
	read := func(body []byte, contentType string) string {
		k := &taker{}
		s := serve(t, otlp.Config{Intake: k})
		if code, _, b := post(t, s.URL+"/v1/traces", contentType, "", body); code != http.StatusOK {
			t.Fatal(code, string(b))
		}
		var out strings.Builder
		for _, e := range k.events {
			fmt.Fprintf(&out, "%+v\n", *e)
		}
		return out.String()
	}
	if a, b := read(protobufOf(t, req), "application/x-protobuf"), read(jsonOf(t, req), "application/json"); a != b {
		t.Error("protobuf and JSON differ")
	}
}

func TestLogsAndMetrics(t *testing.T) {
	logs := plog.NewLogs()
	r := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.SetEventName("codex.user_prompt")
	r.Attributes().PutStr("conversation.id", "c-1")
	r.Attributes().PutStr("prompt", "hello")
	b, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	k := &taker{}
	var outcome otlp.Outcome
	s := serve(t, otlp.Config{Intake: k, Observe: func(o otlp.Outcome) { outcome = o }})
	for _, path := range []string{"/v1/logs", "/otel/v1/claude_code"} {
		if code, _, body := post(t, s.URL+path, "application/x-protobuf", "", b); code != http.StatusOK || len(k.events) != 1 {
			t.Fatalf("%s: %d %q, %d events", path, code, body, len(k.events))
		}
	}
	if e := k.events[0]; e.EventType != hansard.TypeInvocation || e.SessionID != "c-1" || e.Dialect != "codex" {
		t.Errorf("got %+v", e)
	}

	metrics := pmetric.NewMetrics()
	m := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	m.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty().SetIntValue(1)
	h := m.AppendEmpty().SetEmptyHistogram()
	h.DataPoints().AppendEmpty()
	h.DataPoints().AppendEmpty()
	export := pmetricotlp.NewExportRequestFromMetrics(metrics)
	pb, err := export.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	js, err := export.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for contentType, body := range map[string][]byte{"application/x-protobuf": pb, "application/json": js} {
		code, _, got := post(t, s.URL+"/v1/metrics", contentType, "", body)
		if code != http.StatusOK || !strings.Contains(string(got), "counted and not kept: 3 data points") || outcome.Points != 3 {
			t.Errorf("%s: %d %q, %d points", contentType, code, got, outcome.Points)
		}
	}
	if len(k.events) != 1 {
		t.Error("metrics became events")
	}
}

// TestPartialSuccess refuses bad spans and keeps the good ones beside them.
func TestPartialSuccess(t *testing.T) {
	span := func(id string, attr string) string {
		return `{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"` + id + `","name":"n","startTimeUnixNano":"1763907781000000000","endTimeUnixNano":"1763907782000000000","attributes":[{"key":"a","value":` + attr + `}]}`
	}
	deep := strings.Repeat(`{"arrayValue":{"values":[`, 40) + `{"stringValue":"x"}` + strings.Repeat(`]}}`, 40)
	body := `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join([]string{
		span("0000000000000001", `{"stringValue":"good"}`),
		span("nothexadecimalid", `{"stringValue":"bad id"}`),
		span("0000000000000002", deep),
		span("0000000000000003", `{"intValue":"x"}`),
		span("0000000000000004", `{"stringValue":"`+strings.Repeat("x", 10_000)+`"}`),
		span("0000000000000005", `{"stringValue":"good too"}`),
	}, ",") + `]}]}]}`
	k := &taker{}
	s := serve(t, otlp.Config{Intake: k, Limits: otlp.Limits{Record: 5000}})
	code, _, got := post(t, s.URL+"/v1/traces", "application/json", "", []byte(body))
	var answer struct {
		PartialSuccess struct{ RejectedSpans, ErrorMessage string }
	}
	if err := json.Unmarshal(got, &answer); err != nil || code != http.StatusOK {
		t.Fatal(code, string(got), err)
	}
	if answer.PartialSuccess.RejectedSpans != "4" || !strings.HasPrefix(answer.PartialSuccess.ErrorMessage, "record 2: an id is not hexadecimal (and 3 more)") || len(k.events) != 2 {
		t.Errorf("answer %s, %d events", got, len(k.events))
	}

	// What intake refuses counts by record, not by event.
	req, _ := workload(0, 20)
	k = &taker{reject: hansard.TypeToolCall}
	s = serve(t, otlp.Config{Intake: k})
	code, _, got = post(t, s.URL+"/v1/traces", "application/x-protobuf", "", protobufOf(t, req))
	resp := ptraceotlp.NewExportResponse()
	if err := resp.UnmarshalProto(got); err != nil || code != http.StatusOK {
		t.Fatal(code, err)
	}
	if p := resp.PartialSuccess(); p.RejectedSpans() != 10 || !strings.Contains(p.ErrorMessage(), "record 2: not today") {
		t.Errorf("%d rejected: %q", p.RejectedSpans(), p.ErrorMessage())
	}
}

func TestRefusals(t *testing.T) {
	k := &taker{}
	s := serve(t, otlp.Config{Intake: k, MaxBody: 1 << 20})
	f := func(contentType, encoding string, body []byte, want int, says string) {
		t.Helper()
		code, _, got := post(t, s.URL+"/v1/traces", contentType, encoding, body)
		if code != want || !strings.Contains(string(got), says) {
			t.Errorf("%d %q, want %d and %q", code, got, want, says)
		}
	}
	f("application/json", "", []byte(`{"resourceSpans":[`), 400, "the body is not JSON")
	f("application/json", "", []byte(`[]`), 400, "no JSON object")
	f("application/json", "", []byte("{\"resourceSpans\":\"\xff\"}"), 400, "not JSON")
	f("application/json", "", []byte(strings.Repeat(`{"a":`, 2000)+"1"+strings.Repeat("}", 2000)), 400, "nested too deep")
	f("application/x-protobuf", "", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}, 400, "broken protobuf")
	f("application/x-protobuf", "", bytes.Repeat([]byte{0xff}, 100), 400, "broken protobuf")
	f("application/x-protobuf", "gzip", []byte("no gzip"), 400, "damaged")
	f("application/x-protobuf", "br", nil, 400, "Content-Encoding")
	f("text/plain", "", []byte("x"), 415, "")
	f("application/x-protobuf", "gzip", gzipped(make([]byte, 64<<20)), 413, "larger") // a bomb
	f("application/x-protobuf", "zstd", zstded(make([]byte, 64<<20)), 413, "larger")
	if len(k.events) != 0 {
		t.Errorf("%d events", len(k.events))
	}
}

// TestPressure answers 503 and RESOURCE_EXHAUSTED when the ledger is busy, 429 when
// the receiver is; both say when to come again.
func TestPressure(t *testing.T) {
	req, _ := workload(0, 10)
	k := &taker{busy: true}
	receiver := otlp.New(otlp.Config{Intake: k})
	s := serve(t, otlp.Config{Intake: k})
	code, header, _ := post(t, s.URL+"/v1/traces", "application/x-protobuf", "", protobufOf(t, req))
	if code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("busy ledger: %d, Retry-After %q", code, header.Get("Retry-After"))
	}
	client := dial(t, receiver)
	_, err := client.Export(context.Background(), req)
	st := status.Convert(err)
	if st.Code() != codes.ResourceExhausted || len(st.Details()) != 1 {
		t.Fatalf("gRPC: %v with %v", err, st.Details())
	}
	if info, ok := st.Details()[0].(*errdetails.RetryInfo); !ok || info.RetryDelay.AsDuration() <= 0 {
		t.Errorf("no RetryInfo: %v", st.Details())
	}

	// One request at a time, which waits.
	gate := make(chan struct{})
	slow := &slowTaker{gate: gate}
	s = serve(t, otlp.Config{Intake: slow, MaxInFlight: 1 << 20})
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open) // before the server closes, which waits for its requests
	done := make(chan int)
	go func() {
		code, _, _ := post(t, s.URL+"/v1/traces", "application/x-protobuf", "", protobufOf(t, req))
		done <- code
	}()
	for deadline := time.Now().Add(5 * time.Second); slow.waiting() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	code, header, _ = post(t, s.URL+"/v1/traces", "application/x-protobuf", "", protobufOf(t, req))
	if code != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
		t.Errorf("busy receiver: %d, Retry-After %q", code, header.Get("Retry-After"))
	}
	open()
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first: %d", code)
	}
}

// slowTaker waits for its gate.
type slowTaker struct {
	taker
	gate chan struct{}
	n    int
}

func (k *slowTaker) waiting() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.n
}

func (k *slowTaker) Events(ctx context.Context, src intake.Source, events []*hansard.Event) (*intake.Receipt, error) {
	k.mu.Lock()
	k.n++
	k.mu.Unlock()
	<-k.gate
	return k.taker.Events(ctx, src, events)
}

// dial serves a receiver over gRPC and returns a client of the collector's library.
func dial(t *testing.T, r *otlp.Receiver) ptraceotlp.GRPCClient {
	t.Helper()
	return ptraceotlp.NewGRPCClient(connect(t, r))
}

func connect(t *testing.T, r *otlp.Receiver) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- otlp.ServeGRPC(ctx, r.GRPC(nil), l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn
}

func TestGRPC(t *testing.T) {
	req, events := workload(0, 50)
	k := &taker{}
	conn := connect(t, otlp.New(otlp.Config{Intake: k}))
	client := ptraceotlp.NewGRPCClient(conn)
	for i, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}, {grpc.UseCompressor("zstd")}} {
		resp, err := client.Export(context.Background(), req, options...)
		if err != nil || resp.PartialSuccess().ErrorMessage() != "" || len(k.events) != events {
			t.Fatalf("%d: %v, %d events, want %d", i, err, len(k.events), events)
		}
	}
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	if _, err := plogotlp.NewGRPCClient(conn).Export(context.Background(), plogotlp.NewExportRequestFromLogs(logs)); err != nil || len(k.events) != events+1 {
		t.Errorf("logs: %v, %d events", err, len(k.events))
	}
	resp, err := pmetricotlp.NewGRPCClient(conn).Export(context.Background(), pmetricotlp.NewExportRequestFromMetrics(pmetric.NewMetrics()))
	if err != nil || !strings.Contains(resp.PartialSuccess().ErrorMessage(), "not kept") {
		t.Errorf("metrics: %v %q", err, resp.PartialSuccess().ErrorMessage())
	}
	big := ptrace.NewTraces()
	big.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName(strings.Repeat("x", 20<<20))
	if _, err := client.Export(context.Background(), ptraceotlp.NewExportRequestFromTraces(big)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a message that is too large: %v", err)
	}
}
