package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestCompliance asks for the report under both names, in two formats, and for packs
// by name.
func TestCompliance(t *testing.T) {
	s := start(t, nil)
	for _, path := range []string{"/v1/reports/compliance?pack=base&since=24h&format=json", "/v1/reports/compliance_check?pack=base,eu-ai-act"} {
		status, body, header := s.call(http.MethodGet, path, "", nil)
		if status != http.StatusOK || header.Get("Hansard-Compliant") != "unknown" {
			t.Fatalf("%s: %d: %s", path, status, body)
		}
		var r struct {
			Checks map[string]any `json:"checks"`
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil || r.Checks["tool_approval_rate"] == nil {
			t.Errorf("%s: %v, checks %v", path, err, r.Checks)
		}
	}
	if status, body, header := s.call(http.MethodGet, "/v1/reports/compliance?format=markdown", "", nil); status != http.StatusOK || header.Get("Content-Type") != "text/markdown; charset=utf-8" {
		t.Errorf("markdown: %d: %s", status, body)
	}
	if status, _, header := s.call(http.MethodPost, "/v1/reports/compliance", "application/json", strings.NewReader(`{"packs":["base"],"q":"agent:x","format":"csv"}`)); status != http.StatusOK || header.Get("Hansard-Compliant") != "unknown" {
		t.Errorf("by order: %d", status)
	}
	if status, _, header := s.call(http.MethodGet, "/v1/reports/tools?pack=base", "", nil); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest || header.Get("Hansard-Compliant") != "" {
		t.Errorf("a pack for another report: %d", status)
	}
	if status, _, _ := s.call(http.MethodGet, "/v1/reports/compliance?pack=/etc/passwd", "", nil); status != http.StatusNotFound {
		t.Errorf("a pack by the path of a file: %d", status)
	}
}
