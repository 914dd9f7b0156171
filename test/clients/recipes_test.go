package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// page reads a page of docs/integrations.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../docs/integrations", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block returns the first block of code in a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("the page has no %s", language)
	}
	return m[1]
}

// TestCodingAgents sends what the coding agents log, recorded, as each one's
// exporter would by the settings of its page.
func TestCodingAgents(t *testing.T) {
	s := start(t)
	ours := strings.NewReplacer("http://127.0.0.1:4318", s.otlpHTTP, "http://127.0.0.1:4317", "http://"+s.otlpGRPC)

	var claude struct{ Env map[string]string }
	readJSON(t, block(t, page(t, "claude-code.md"), "json"), &claude)
	if claude.Env["CLAUDE_CODE_ENABLE_TELEMETRY"] != "1" || claude.Env["OTEL_LOGS_EXPORTER"] != "otlp" {
		t.Errorf("%v", claude.Env)
	}
	export(t, claude.Env["OTEL_EXPORTER_OTLP_PROTOCOL"], ours.Replace(claude.Env["OTEL_EXPORTER_OTLP_ENDPOINT"])+"/v1/logs", recordedLogs(t, "claude_code_logs"))

	codex := regexp.MustCompile(`(?m)^exporter = \{ otlp-http = \{ endpoint = "([^"]+)", protocol = "([a-z]+)" \} \}$`).FindStringSubmatch(block(t, page(t, "codex.md"), "toml"))
	if codex == nil {
		t.Fatal("codex.md names no exporter")
	}
	export(t, codex[2], ours.Replace(codex[1]), recordedLogs(t, "codex_logs"))

	var gemini struct {
		Telemetry struct {
			Enabled                    bool
			OtlpEndpoint, OtlpProtocol string
		}
	}
	readJSON(t, block(t, page(t, "gemini-cli.md"), "json"), &gemini)
	if !gemini.Telemetry.Enabled {
		t.Error("gemini-cli.md leaves telemetry off")
	}
	export(t, gemini.Telemetry.OtlpProtocol, ours.Replace(gemini.Telemetry.OtlpEndpoint), recordedLogs(t, "gemini_cli_logs"))

	for agent, want := range map[string]map[string]int{
		"claude-code": {"agent.invocation": 1, "agent.decision": 1, "agent.human_intervention": 2, "agent.tool_result": 1, "agent.tool_call": 1, "agent.llm_response": 1},
		"codex":       {"agent.invocation": 1, "agent.decision": 1, "agent.human_intervention": 1, "agent.tool_result": 1, "agent.token_usage": 1},
		"gemini-cli":  {"agent.invocation": 1, "agent.decision": 2, "agent.human_intervention": 1, "agent.tool_result": 2, "agent.tool_call": 2},
	} {
		got := map[string]int{}
		for _, r := range s.sql("SELECT event_type, count(*) AS n FROM events WHERE agent_name = '" + agent + "' GROUP BY 1") {
			n, _ := r["n"].(float64)
			got[r.text("event_type")] = int(n)
		}
		for kind, least := range want {
			if got[kind] < least {
				t.Errorf("%s: %d of %s, want %d or more: %v", agent, got[kind], kind, least, got)
			}
		}
	}
	// The commands of the pages, as they are.
	for _, name := range []string{"claude-code.md", "codex.md", "gemini-cli.md"} {
		for _, m := range regexp.MustCompile(`(?m)^    hansard (events) '([^']+)'`).FindAllStringSubmatch(page(t, name), -1) {
			if out := s.hansard(m[1], m[2]); strings.Count(out, "\n") < 1 {
				t.Errorf("%s: hansard %s '%s' finds nothing", name, m[1], m[2])
			}
		}
	}
	refused := s.sql("SELECT tool_name, intervention FROM events WHERE agent_name = 'claude-code' AND intervention = 'rejection'")
	if len(refused) == 0 || refused[0].text("tool_name") == "" {
		t.Errorf("no rejection of a tool by Claude Code's user: %v", refused)
	}
}

func readJSON(t *testing.T, text string, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), to); err != nil {
		t.Fatal(err)
	}
}

// recordedLogs reads log records of the dialects' fixtures.
func recordedLogs(t *testing.T, name string) plogotlp.ExportRequest {
	t.Helper()
	b, err := os.ReadFile("../../internal/dialect/testdata/otel/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(b)
	if err != nil {
		t.Fatal(err)
	}
	return plogotlp.NewExportRequestFromLogs(logs)
}

// export sends log records over a protocol as the agents' settings name it.
func export(t *testing.T, protocol, url string, req plogotlp.ExportRequest) {
	t.Helper()
	var body []byte
	var err error
	kind := "application/x-protobuf"
	switch protocol {
	case "http/protobuf", "binary":
		body, err = req.MarshalProto()
	case "http/json", "json":
		kind = "application/json"
		body, err = req.MarshalJSON()
	case "grpc":
		conn, err := grpc.NewClient(strings.TrimPrefix(url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		res, err := plogotlp.NewGRPCClient(conn).Export(context.Background(), req)
		if err != nil || res.PartialSuccess().RejectedLogRecords() > 0 {
			t.Fatalf("%s: %v %s", url, err, res.PartialSuccess().ErrorMessage())
		}
		return
	default:
		err = fmt.Errorf("the page names the protocol %q", protocol)
	}
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url, kind, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	if got := plogotlp.NewExportResponse(); res.StatusCode != http.StatusOK || kind == "application/x-protobuf" && (got.UnmarshalProto(answer) != nil || got.PartialSuccess().RejectedLogRecords() > 0) {
		t.Fatalf("%s: %d %s", url, res.StatusCode, answer)
	}
}

// TestPages holds each page to what it says that it was tested with: the versions
// are those that are pinned here, and it says what was tested.
func TestPages(t *testing.T) {
	var pinned []string
	for _, file := range []string{"python/requirements.txt", "python/crewai.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(b)) {
			pinned = append(pinned, strings.Replace(strings.TrimSpace(l), "==", " ", 1))
		}
	}
	var node struct{ Dependencies map[string]string }
	b, err := os.ReadFile("node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	readJSON(t, string(b), &node)
	for name, version := range node.Dependencies {
		pinned = append(pinned, name+" "+version, "ai "+strings.TrimPrefix(version, "npm:ai@"))
	}
	all := " " + strings.Join(pinned, " | ") + " "
	files, err := filepath.Glob("../../docs/integrations/*.md")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	index := page(t, "README.md")
	for _, path := range files {
		name := filepath.Base(path)
		text := page(t, name)
		if name == "README.md" || name == "go.md" {
			continue
		}
		if !strings.Contains(index, "("+name+")") {
			t.Errorf("README.md does not name %s", name)
		}
		_, tested, ok := strings.Cut(text, "## Tested\n")
		if !ok {
			t.Errorf("%s does not say what was tested", name)
			continue
		}
		if !strings.Contains(tested, "test/clients") {
			continue
		}
		versions := regexp.MustCompile(`[@\w/-]+ \d+\.\d+\.\d+`).FindAllString(tested, -1)
		if len(versions) == 0 {
			t.Errorf("%s does not say with which versions", name)
		}
		for _, v := range versions {
			if !strings.Contains(all, " "+v+" ") {
				t.Errorf("%s says %s, which is not what is pinned", name, v)
			}
		}
	}
}
