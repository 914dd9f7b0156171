package clients_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// recording is where HANSARD_CLIENTS_RECORD asks to write what comes over HTTP, in
// OTLP/JSON, a file for each service: from there a payload that Hansard reads
// wrongly becomes a fixture of its dialect.
const recording = "HANSARD_CLIENTS_RECORD"

// recorder stands before the server and keeps what comes.
type recorder struct {
	t      *testing.T
	mu     sync.Mutex
	traces map[string]ptrace.Traces
	logs   map[string]plog.Logs
}

// recorded returns the URL of a proxy before a server that records; the URL
// itself where nobody asked for it.
func recorded(t *testing.T, to string) string {
	t.Helper()
	dir := os.Getenv(recording)
	if dir == "" {
		return to
	}
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, traces: map[string]ptrace.Traces{}, logs: map[string]plog.Logs{}}
	// No forwarding headers: Hansard trusts its own machine only where no proxy
	// stands between.
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.keep(req, body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		s.Close()
		r.save(dir)
	})
	return s.URL
}

func (r *recorder) keep(req *http.Request, body []byte) {
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			r.t.Error(err)
			return
		}
		if body, err = io.ReadAll(z); err != nil {
			r.t.Error(err)
		}
	}
	json := strings.Contains(req.Header.Get("Content-Type"), "json")
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	switch {
	case strings.HasSuffix(req.URL.Path, "/v1/traces"):
		in := ptraceotlp.NewExportRequest()
		if json {
			err = in.UnmarshalJSON(body)
		} else {
			err = in.UnmarshalProto(body)
		}
		for _, rs := range in.Traces().ResourceSpans().All() {
			service, _ := rs.Resource().Attributes().Get("service.name")
			if _, ok := r.traces[service.AsString()]; !ok {
				r.traces[service.AsString()] = ptrace.NewTraces()
			}
			rs.CopyTo(r.traces[service.AsString()].ResourceSpans().AppendEmpty())
		}
	case strings.HasSuffix(req.URL.Path, "/v1/logs"):
		in := plogotlp.NewExportRequest()
		if json {
			err = in.UnmarshalJSON(body)
		} else {
			err = in.UnmarshalProto(body)
		}
		for _, rl := range in.Logs().ResourceLogs().All() {
			service, _ := rl.Resource().Attributes().Get("service.name")
			if _, ok := r.logs[service.AsString()]; !ok {
				r.logs[service.AsString()] = plog.NewLogs()
			}
			rl.CopyTo(r.logs[service.AsString()].ResourceLogs().AppendEmpty())
		}
	}
	if err != nil {
		r.t.Error(fmt.Errorf("%s: %w", req.URL.Path, err))
	}
}

func (r *recorder) save(dir string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		r.t.Error(err)
	}
	put := func(name string, b []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".json"), b, 0o644)
		}
		if err != nil {
			r.t.Error(err)
		}
	}
	for service, td := range r.traces {
		b, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
		put(service+".traces", b, err)
	}
	for service, ld := range r.logs {
		b, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
		put(service+".logs", b, err)
	}
}
