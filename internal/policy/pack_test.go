package policy_test

import (
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/policy"
)

// load returns a pack that comes with the program.
func load(t testing.TB, name string) *policy.Pack {
	t.Helper()
	file, err := policy.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBuiltin runs the tests in the packs that come with the program; they show
// each verdict that each control can have.
func TestBuiltin(t *testing.T) {
	for _, name := range policy.Builtin() {
		p := load(t, name)
		for _, f := range p.RunTests() {
			t.Errorf("packs/%s.yaml:%s", name, f)
		}
		for _, u := range p.Untested() {
			t.Errorf("packs/%s.yaml: no test expects of %s", name, u)
		}
		if p.ID != name {
			t.Errorf("pack %s is in the file of %s", p.ID, name)
		}
	}
}

// TestParseErrors checks that mistakes are refused with their place.
func TestParseErrors(t *testing.T) {
	const head = "pack: x\ntitle: X\nversion: \"1\"\n"
	f := func(text, want string) {
		t.Helper()
		_, err := policy.Parse([]byte(text), nil)
		if err == nil {
			t.Errorf("no error, want %q", want)
			return
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q in it", err, want)
		}
	}
	control := func(body string) string { return head + "controls:\n  - id: c\n    title: C\n" + body }
	f("", "1:1: the file holds no pack")
	f("pack: [", "yaml:")
	f("- a", "1:1: expected keys and values")
	f(head, `key "controls" is missing`)
	f(head+"contols: []\n", `4:1: unknown key "contols"`)
	f(head+"pack: y\ncontrols: []\n", `4:1: key "pack" comes twice`)
	f("pack: X!\ntitle: X\nversion: \"1\"\ncontrols: []\n", `1:7: "X!" is no name`)
	f(control("    each: tool_nme == \"x\"\n    must: status == \"ok\"\n"), "7:11: undeclared reference to 'tool_nme'")
	f(control("    each: status == \"ok\"\n    must: status == 3\n"), "8:18: found no matching overload")
	f(control("    each: attempt == 3\n    must: status == \"ok\"\n"), "write 3.0")
	f(control("    each: |\n      status == \"ok\" &&\n      nothing\n    must: status == \"ok\"\n"), "9:7: undeclared reference to 'nothing'")
	f(control("    each: >\n      status == \"ok\" &&\n      nothing\n    must: status == \"ok\"\n"), "9:7: undeclared reference to 'nothing'")
	f(control("    each: \"status == 'ok' && nothing\"\n    must: status == \"ok\"\n"), "7:30: undeclared reference to 'nothing'")
	f(control("    each: tool_name\n    must: status == \"ok\"\n"), "7:11: the expression is of type string")
	f(control("    each: status == \"good\"\n    must: status == \"ok\"\n"), "status is never \"good\"")
	f(control("    each: user_id == \"maria@example.com\"\n    must: status == \"ok\"\n"), "user_id holds pseudonyms")
	f(control("    each: status == \"ok\"\n"), `5:5: control "c": expected one of must, count, budget, keep_days`)
	f(control("    must: status == \"ok\"\n"), `key "each" is missing`)
	f(control("    each: status == \"ok\"\n    must: {follows: {}}\n"), `8:12: unknown operator "follows"`)
	f(control("    each: status == \"ok\"\n    must: {exists: status == \"ok\"}\n"), "exists is about groups of events")
	f(control("    each: status == \"ok\"\n    per: params\n    must: {exists: status == \"ok\"}\n"), `8:10: "params" is no field to compare events by`)
	f(control("    each: status == \"ok\"\n    must: {precedes: {event: status == \"ok\", same: [trace_id], within: 20%}}\n"), "is no span of time")
	f(control("    each: status == \"ok\"\n    must: {rate: {event: status == \"ok\", at_most: 3}}\n"), `key "per" is missing`)
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\n    threshold: {at_least: $x}\n"), `9:27: there is no parameter "x"`)
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\n    threshold: {at_least: much}\n"), `9:27: "much" is no number`)
	f(control("    each: &a status == \"ok\"\n    must: *a\n"), "8:11: aliases are not read")
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\ntests:\n  - name: n\n    expect: {d: pass}\n"), `11:14: there is no control "d"`)
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\ntests:\n  - name: n\n    expect: {c: passed}\n"), `11:17: "passed" is no verdict`)
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\ntests:\n  - name: n\n    events: [{tool: x}]\n    expect: {c: pass}\n"), `11:15: no event has a field "tool" (did you mean tool_name?)`)
	f(control("    each: status == \"ok\"\n    msut: status == \"ok\"\n"), `8:5: unknown key "msut" (did you mean must?): expected one of`)
	f(control("    each: status == \"ok\"\n    must: {preceeds: {}}\n"), `unknown operator "preceeds" (did you mean precedes?): expected one of is, precedes, within`)
	f(control("    each: status = \"ok\"\n    must: status == \"ok\"\n"), "(equality is written ==)")
	f(control("    each: status == \"ok\" and status != \"\"\n    must: status == \"ok\"\n"), "(write && for and, || for or, ! for not)")
	f(control("    each: status == \"ok\n    must: status == \"ok\"\n"), "(a text ends with the quote that it begins with)")
	f(control("    each: timestamp > \"2026-01-01\"\n    must: status == \"ok\"\n"), `write timestamp("2026-08-02T00:00:00Z")`)
	f(control("    each: duration_ms == \"long\"\n    must: status == \"ok\"\n"), "(a text is compared with a text, a number with a number)")
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\n    threshold: {at_least: 100}\n"), "9:27: at_least: 100 is more than all: expected a share, from 0% to 100%")
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\n    threshold: {at_least: 24h}\n"), "9:27: at_least: 24h is a span of time, which no figure is")
	f(control("    count: status == \"ok\"\n    threshold: {at_most: 5%}\n"), "8:26: at_most: 5% is a share: expected a number")
	f(control("    each: status == \"ok\"\n    must: {precedes: {event: status == \"ok\", same: [sesion_id]}}\n"), `"sesion_id" is no field to compare events by (did you mean session_id?)`)
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\ntests:\n  - name: n\n    expect: {cc: pass}\n"), `11:14: there is no control "cc"`)
	f(head+"parameters:\n  limit: {description: x, default: 5}\ncontrols:\n  - {id: c, title: C, count: status == \"ok\", threshold: {at_most: $limt}}\n", `there is no parameter "limt" (did you mean limit?)`)
}

// TestUnused names what stands in a pack and does nothing, and refuses what a test
// sets and no pack has.
func TestUnused(t *testing.T) {
	const pack = `pack: x
title: X
version: "1"
parameters:
  limit: {description: x, default: 5}
  most: {description: x, default: 5}
  little: {description: x, default: 5}
definitions:
  call: event_type == "agent.tool_call"
  slow: duration_ms > most
  fine: status == "ok"
controls:
  - {id: c, title: C, count: call, threshold: {at_most: $limit}}
  - {id: d, title: D, each: slow && call, must: status == "ok"}
`
	p, err := policy.Parse([]byte(pack), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.Unused(), "; "), "7:3: nothing uses the parameter little; 11:3: nothing uses the definition fine"; got != want {
		t.Errorf("unused: %s, want %s", got, want)
	}
	where := p.Find("d").Where(p)
	if len(where) != 2 || where[0].ID != "call" || where[1] != (policy.Definition{ID: "slow", Expression: "duration_ms > most"}) {
		t.Errorf("definitions of d: %+v, want call and slow", where)
	}
	for text, want := range map[string]string{
		"parameters: {limits: '3'}":  `"limits" is set, which is no parameter of the pack (did you mean limit?): it has limit, most, little`,
		"retention_days: {infos: 3}": `"infos" is no tier`,
	} {
		_, err := policy.Parse([]byte(pack+"tests:\n  - {name: t, "+text+", expect: {c: pass}}\n"), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
