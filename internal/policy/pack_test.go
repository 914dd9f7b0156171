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
	f(control("    each: status == \"ok\"\n    must: status == \"ok\"\ntests:\n  - name: n\n    events: [{tool: x}]\n    expect: {c: pass}\n"), "11:14: a field of the event is unknown")
}
