package redaction_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
	"github.com/zricethezav/gitleaks/v8/detect"
	"go.yaml.in/yaml/v3"
)

// sharedData holds recorded agents; what reads it skips where it is absent.
const sharedData = "../../../shared/data/"

// samples is how many texts are generated from each rule.
const samples = 24

// both are the two that are compared.
type both struct {
	t        *testing.T
	gitleaks *detect.Detector
	engine   *redact.Engine
	keys     redact.Keys
}

func compare(t *testing.T) *both {
	t.Helper()
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	e, err := redact.New(redact.Config{Detectors: map[string]redact.Detector{"secret": {Action: redact.ActionMask}}})
	if err != nil {
		t.Fatal(err)
	}
	return &both{t, d, e, redact.Keys{Current: redact.Key{ID: "k1", Secret: make([]byte, redact.MinKeySize)}}}
}

// finding is a secret in a text and the rule that found it.
type finding struct{ rule, secret string }

// theirs returns what gitleaks finds.
func (b *both) theirs(text string) []finding {
	var list []finding
	for _, f := range b.gitleaks.DetectString(text) {
		list = append(list, finding{f.RuleID, f.Secret})
	}
	return list
}

var mask = regexp.MustCompile(`\[secret:([a-z0-9._-]+)\]|pii:[a-z]+:k1:[0-9a-f]{16}`)

// redacted returns the text without what we find.
func (b *both) redacted(text string) string {
	b.t.Helper()
	out, _, err := b.engine.Text(b.keys, text)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// ours returns the secrets that we find: what stands between the pieces of the
// redacted text that were left alone.
func (b *both) ours(text string) []finding {
	b.t.Helper()
	out := b.redacted(text)
	var list []finding
	at, from := 0, 0
	for _, m := range mask.FindAllStringSubmatchIndex(out, -1) {
		at += m[0] - from // the piece before
		from = m[1]
		next := out[from:]
		if n := mask.FindStringIndex(next); n != nil {
			next = next[:n[0]]
		}
		n := len(text) - at
		if from+len(next) < len(out) || next != "" {
			if n = strings.Index(text[at:], next[:min(len(next), 24)]); n < 0 {
				b.t.Fatalf("%q cannot be aligned with %q", out, text)
			}
		}
		if m[2] >= 0 {
			list = append(list, finding{out[m[2]:m[3]], text[at : at+n]})
		}
		at += n
	}
	return list
}

// TestTheirRules generates texts from each of gitleaks's rules. What gitleaks
// then finds in them and we do not is in missed, with the reason.
func TestTheirRules(t *testing.T) {
	b := compare(t)
	used, silent := map[*difference]bool{}, []string(nil)
	found, differ := 0, 0
	for _, id := range sorted(b.gitleaks.Config.Rules) {
		r := b.gitleaks.Config.Rules[id]
		n := 0
		for i := range samples {
			if r.Regex == nil {
				break
			}
			g := generator{rand.New(rand.NewPCG(uint64(i), uint64(len(id))))}
			text := "x\n" + g.text(t, r.Regex.String()) + "\n"
			for _, f := range b.theirs(text) {
				n++
				if !strings.Contains(b.redacted(text), f.secret) {
					continue
				}
				differ++
				d := explain(missed, f)
				if d == nil {
					t.Errorf("%s: gitleaks finds %q in %q, we do not", f.rule, f.secret, text)
					continue
				}
				used[d] = true
			}
		}
		if found += n; n == 0 {
			silent = append(silent, id)
		}
	}
	t.Logf("%d rules, %d findings of gitleaks, %d of them not ours and explained", len(b.gitleaks.Config.Rules), found, differ)
	if !slices.Equal(silent, notGenerated) {
		t.Errorf("no finding could be generated for %q, want %q", silent, notGenerated)
	}
	for i := range missed {
		if !used[&missed[i]] {
			t.Errorf("missed: there is no such difference any more: %+v", missed[i])
		}
	}
}

// TestOurRules generates texts from each of our rules. Those that gitleaks finds
// nothing in are in lacked, with the reason.
func TestOurRules(t *testing.T) {
	b := compare(t)
	raw, err := os.ReadFile("../../internal/redact/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules []struct{ ID, Regexp string }
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	lacking := map[string]bool{}
	for _, r := range file.Rules {
		ours, theirs := 0, 0
		for i := range samples {
			g := generator{rand.New(rand.NewPCG(uint64(i), uint64(len(r.ID))))}
			text := "x\n" + g.text(t, r.Regexp) + "\n"
			for _, f := range b.ours(text) {
				ours++
				if slices.ContainsFunc(b.theirs(text), func(x finding) bool { return overlap(x.secret, f.secret) }) {
					theirs++
				}
			}
		}
		switch {
		case ours < samples/4 && lacked[r.ID] == "":
			t.Errorf("%s: we find only %d of %d texts generated from its own expression", r.ID, ours, samples)
		case theirs == 0:
			lacking[r.ID] = true
			if lacked[r.ID] == "" {
				t.Errorf("%s: gitleaks finds nothing, and no reason is given", r.ID)
			}
		}
	}
	t.Logf("%d rules of ours, %d of them with nothing like them in gitleaks", len(file.Rules), len(lacking))
	for id := range lacked {
		if !lacking[id] {
			t.Errorf("lacked: gitleaks does find %s", id)
		}
	}
}

// overlap reports whether two findings are of one secret.
func overlap(a, b string) bool {
	return a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
}

// TestOrdinaryText compares the two on text that is not made for it: our corpus
// and recorded agents. What gitleaks finds and we do not is in ordinaryMissed;
// what we find more in recorded agents, in ordinaryMore.
func TestOrdinaryText(t *testing.T) {
	b := compare(t)
	used := map[*difference]bool{}
	f := func(name, text string) {
		ours, theirs := b.ours(text), b.theirs(text)
		out := b.redacted(text)
		for _, x := range theirs {
			if strings.Contains(out, x.secret) {
				b.differs(used, ordinaryMissed, name, "gitleaks finds, we do not", x)
			}
		}
		for _, x := range ours {
			if !strings.Contains(name, ".txt") && !slices.ContainsFunc(theirs, func(y finding) bool { return overlap(x.secret, y.secret) }) {
				b.differs(used, ordinaryMore, name, "we find, gitleaks does not", x)
			}
		}
	}
	for _, name := range []string{"corpus.txt", "locales.txt"} {
		text, err := os.ReadFile("../../internal/redact/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			f(name, unlabelled(line))
		}
	}
	recorded := false
	for _, name := range []string{"tau-bench/airline-gpt-4o.jsonl", "swe/mini-swe-agent-gemini3.jsonl"} {
		text, err := os.ReadFile(sharedData + name)
		if err != nil {
			t.Logf("not compared, because it is not here: %v", err)
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			var v any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			strs(v, func(s string) { f(name, s) })
		}
		recorded = true
	}
	for _, list := range [][]difference{ordinaryMissed, ordinaryMore} {
		for i := range list {
			if recorded && !used[&list[i]] {
				t.Errorf("there is no such difference any more: %+v", list[i])
			}
		}
	}
}

// differs fails for a difference that has no reason.
func (b *both) differs(used map[*difference]bool, known []difference, name, what string, x finding) {
	b.t.Helper()
	d := explain(known, x)
	if d == nil {
		b.t.Errorf("%s: %s: %s %q", name, what, x.rule, x.secret)
		return
	}
	used[d] = true
}

// unlabelled returns a line of the corpus as text.
func unlabelled(line string) string {
	line = regexp.MustCompile(`⟦[a-z]+:(.*?)⟧`).ReplaceAllString(line, "$1")
	return strings.NewReplacer("¦", "", `\n`, "\n", `\t`, "\t").Replace(line)
}

// strs calls f with every string in a JSON value.
func strs(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, x := range v {
			strs(x, f)
		}
	case map[string]any:
		for _, x := range v {
			strs(x, f)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
