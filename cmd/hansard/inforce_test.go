package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard/internal/api"
)

// TestDefaultsInForce holds that every scalar of the configuration has a default
// that is shown, and that it is the one that docs/CONFIGURATION.md shows.
func TestDefaultsInForce(t *testing.T) {
	shown := map[string]string{}
	for _, s := range scalars("", reflect.ValueOf(serverConfig{})) {
		if s.Value == "" || s.From != fromDefault {
			t.Errorf("%s: %q from %s: no default", s.Name, s.Value, s.From)
		}
		shown[s.Name] = s.Value
	}
	for key := range defaults {
		if _, ok := shown[key]; !ok {
			t.Errorf("a default of %s, which is no key of the file", key)
		}
	}
	doc, err := os.ReadFile("../../docs/CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	var said serverConfig
	if err := yaml.Unmarshal([]byte(text), &said); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range scalars("", reflect.ValueOf(said)) {
		if section, _, nested := strings.Cut(s.Name, "."); nested && section != "classify" || strings.HasSuffix(s.Name, "memory") {
			n++
			if s.Value != defaults[s.Name] {
				t.Errorf("%s: the document says %q, the default is %q", s.Name, s.Value, defaults[s.Name])
			}
		}
	}
	if n < 18 {
		t.Errorf("the document shows only %d settings", n)
	}
}

// TestSettingsTellNoSecrets puts a personal value into every part of the
// configuration that may hold one, and looks for it in what is shown.
func TestSettingsTellNoSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hansard.yaml")
	text := `
retention: {critical: 1095d, tenants: {acme: {debug: 14d}}}
packs: [{pack: base, parameters: {escalation_limit: 25%}}, {pack: eu-ai-act}]
budgets: [{name: night, agent: "*", per: day, usd: 2.5, tokens: 1000}]
ledger: {seal_after: 5s}
redact: {detectors: {email: {action: mask, allow: [jane@example.com], allow_domains: [private.example]}}, key_names: [{name: staff_number}]}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{env: map[string]string{"GOMEMLIMIT": "2GiB", "GOGC": "50"}}
	f := &serveFlags{config: file, listen: "127.0.0.1:9", logLevel: "info"}
	cfg, err := p.serverConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	sc := cfg.storeConfig()
	if sc.Spending, err = cfg.spending(); err != nil {
		t.Fatal(err)
	}
	sc.Ledger.Dir = filepath.Join(dir, "data")
	st, err := openStore(sc)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	found := map[string]api.Setting{}
	sections := p.settings(cfg, f, st, sc)
	for _, section := range sections {
		for _, s := range section.Settings {
			found[section.Name+" "+s.Name] = s
		}
	}
	b, err := json.Marshal(sections)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"jane", "private.example", "staff_number"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%q is shown: %s", secret, b)
		}
	}
	for name, want := range map[string]api.Setting{
		"server listen":                   {Name: "listen", Value: "127.0.0.1:9", From: fromFlag},
		"server GOMEMLIMIT":               {Name: "GOMEMLIMIT", Value: "2GiB", From: fromEnv},
		"server GOGC":                     {Name: "GOGC", Value: "50", From: fromEnv},
		"ledger seal_after":               {Name: "seal_after", Value: "5s", From: fromFile},
		"ledger journal_bytes":            {Name: "journal_bytes", Value: "16 MiB", From: fromDefault},
		"retention debug":                 {Name: "debug", Value: "7d", From: fromDefault},
		"retention info":                  {Name: "info", Value: "184d", From: fromPack},
		"retention critical":              {Name: "critical", Value: "1095d", From: fromFile},
		"retention acme: debug":           {Name: "acme: debug", Value: "14d", From: fromFile},
		"prices and budgets budget night": {Name: "budget night", Value: "$2.5, 1000 tokens, per day, agent *", From: fromFile},
		"redaction detector email":        {Name: "detector email", Value: "mask, 2 values or domains let through", From: fromFile},
	} {
		if found[name] != want {
			t.Errorf("%s: %+v, want %+v", name, found[name], want)
		}
	}
	if s := found["packs base"]; !strings.Contains(s.Value, "escalation_limit 25%") || found["packs eu-ai-act"].From != fromFile {
		t.Errorf("packs: %+v", s)
	}
	if s := found["prices and budgets prices"]; !strings.Contains(s.Value, "the newest from 20") || s.From != fromDefault {
		t.Errorf("prices: %+v", s)
	}
}
