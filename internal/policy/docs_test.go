package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/policy"
)

// TestDocs runs the example in docs/POLICY.md.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/POLICY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "## An example")
	_, example, _ = strings.Cut(example, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	p, err := policy.Parse([]byte(example), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Tests) < 2 || len(p.Controls) < 2 {
		t.Errorf("%d controls, %d tests", len(p.Controls), len(p.Tests))
	}
	for _, f := range p.RunTests() {
		t.Error(f)
	}
}

// TestRetention checks what packs need of the retention.
func TestRetention(t *testing.T) {
	packs, err := policy.Load([]policy.Choice{{Pack: "base"}, {Pack: "eu-ai-act"}})
	if err != nil {
		t.Fatal(err)
	}
	needs := policy.RequiredRetention(packs)
	if n := needs["info"]; n.Days != 184 || n.Pack != "eu-ai-act" || n.Why == "" {
		t.Errorf("info needs %+v", n)
	}
	if n, ok := needs["debug"]; ok {
		t.Errorf("debug needs %+v", n)
	}
}
