package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hansardhq/hansard/internal/access"
)

// saidText is what a program under test writes while it runs.
type saidText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *saidText) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *saidText) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// TestServeOTLP sends the spans of a team of agents to a real server, over gRPC with
// a token, over HTTP on both ports, twice, and reads the trace.
func TestServeOTLP(t *testing.T) {
	dir := t.TempDir()
	token := access.NewToken().Reveal()
	tokens := filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(tokens, []byte("- {id: agents, token: "+token+", tenant: default, role: ingest}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, env: map[string]string{}}
	said := &saidText{}
	p.stderr = said
	ctx, stop := context.WithCancel(context.Background())
	root := newRoot(p)
	data := filepath.Join(dir, "data")
	root.SetArgs([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--token-file", tokens})
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	address := func(pattern string) string {
		re := regexp.MustCompile(pattern)
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if m := re.FindStringSubmatch(said.String()); m != nil {
				return m[1]
			}
		}
		t.Fatalf("no %s in %q", pattern, said.String())
		return ""
	}
	main := address(`serving .* on http://(\S+)`)
	body, err := os.ReadFile("../../internal/dialect/testdata/otel/openai_agents_handoff.json")
	if err != nil {
		t.Fatal(err)
	}
	sendGRPC(t, address(`OTLP/gRPC on (\S+)`), token, body)
	for _, url := range []string{"http://" + main, "http://" + address(`OTLP/HTTP on (\S+)`) + "/api/public/otel"} {
		sendHTTP(t, url+"/v1/traces", token, body)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	if code := run([]string{"trace", "4bf92f3577b34da6a3ce929d0e0e4736", "--data", data, "--utc"}, strings.NewReader(""), &out, io.Discard, nil); code != exitOK {
		t.Fatal("trace:", code)
	}
	for _, want := range []string{
		"Handoff to Billing", "Called tool 'issue_refund' with 1 params", "issue_refund returned PaymentError: card expired",
		"7 events · 1 tool call (1 erred) · 1 error · 1 handoff · 132 tokens (20 in, 12 out)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the trace does not say %q:\n%s", want, out.String())
		}
	}
}

func sendGRPC(t *testing.T, addr, token string, body []byte) {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req := ptraceotlp.NewExportRequest()
	if err := req.UnmarshalJSON(body); err != nil {
		t.Fatal(err)
	}
	client := ptraceotlp.NewGRPCClient(conn)
	if _, err := client.Export(t.Context(), req); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
	if _, err := client.Export(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token), req); err != nil {
		t.Error(err)
	}
}

func sendHTTP(t *testing.T, url, token string, body []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("pk-lf-1", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(b) != "{}" {
		t.Errorf("%s: %d %q %v", url, resp.StatusCode, b, err)
	}
}
