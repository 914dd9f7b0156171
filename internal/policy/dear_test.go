package policy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
)

// square is a pack with an expression whose cost is the square of a list's length.
// The expression is on line 11, the definition that another control uses on line 5.
const square = `pack: dear
title: Dear
version: "1"
definitions:
  pairs: params.list.all(x, params.list.exists(y, x == y))
controls:
  - id: direct
    title: Direct
    unit: calls
    each: event_type == "agent.tool_call"
    must: {is: "params.list.all(x, params.list.exists(y, y == x))"}
    reason: a member is missing
    threshold: {at_least: 100%}
  - id: defined
    title: Defined
    unit: calls
    each: event_type == "agent.tool_call"
    must: {is: event_type == "agent.tool_call" && pairs}
    reason: a member is missing
    threshold: {at_least: 100%}
  - id: cheap
    title: Cheap
    unit: calls
    each: event_type == "agent.tool_call"
    must: {is: agent_name != ""}
    reason: no agent is named
    threshold: {at_least: 100%}
`

// TestDear: what an expression that costs more than the limit decides is not judged,
// and the result names the control, the line and the limit; the others are judged.
func TestDear(t *testing.T) {
	p, err := policy.Parse([]byte(square), nil)
	if err != nil {
		t.Fatal(err)
	}
	call := func(id string, n int) *hansard.Entry {
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		params, err := json.Marshal(map[string]any{"list": list})
		if err != nil {
			t.Fatal(err)
		}
		return &hansard.Entry{Event: hansard.Event{EventID: id, EventType: hansard.TypeToolCall, AgentName: "a", Params: params, Timestamp: 1e18}, Position: uint64(n)}
	}
	verdicts := func(entries ...*hansard.Entry) map[string]*policy.Result {
		of := map[string]*policy.Result{}
		for _, r := range policy.EvaluateEntries(p, entries, policy.Facts{}, time.Unix(0, 2e18)) {
			of[r.Control.ID] = r
		}
		return of
	}
	for id, r := range verdicts(call("short", 3)) {
		if r.Verdict != policy.Pass {
			t.Errorf("%s of a short list: %s, %s", id, r.Verdict, r.Why)
		}
	}
	got := verdicts(call("short", 3), call("long", 2000))
	for id, line := range map[string]int{"direct": 11, "defined": 18} {
		r := got[id]
		if r.Verdict != policy.InsufficientEvidence || r.Figure.Set || r.Members != 0 {
			t.Errorf("%s: %s, figure %v", id, r.Verdict, r.Figure)
		}
		for _, want := range []string{"control " + id, fmt.Sprintf("line %d of pack dear", line), "100000", "event long"} {
			if !strings.Contains(r.Why, want) {
				t.Errorf("%s: %q does not name %q", id, r.Why, want)
			}
		}
		if r.Recommendation == "" {
			t.Errorf("%s: nothing is recommended", id)
		}
	}
	if r := got["cheap"]; r.Verdict != policy.Pass {
		t.Errorf("cheap: %s, %s", r.Verdict, r.Why)
	}
}

// FuzzParse reads any file as a pack: it is refused with a place, or its tests run,
// and the same file gives the same pack.
func FuzzParse(f *testing.F) {
	for _, name := range policy.Builtin() {
		file, err := policy.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add([]byte(square))
	f.Add([]byte("pack: &a x\ntitle: *a\n"))
	f.Add([]byte("pack: x\ntitle: X\nversion: \"1\"\ncontrols:\n  - {id: c, title: C, count: 'a.b', threshold: {at_most: 3}}\n"))
	f.Add([]byte("a: b: c")) // an error for which the YAML parser names no line
	f.Add([]byte("a: [{}, {b: !!binary aGk=}]\n---\nb\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := policy.Parse(file, nil)
		if err != nil {
			if hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" || !strings.ContainsAny(err.Error(), "0123456789") {
				t.Fatalf("refused without a place: %v", err)
			}
			return
		}
		if len(p.Tests) < 20 {
			p.RunTests()
			p.Untested()
		}
		again, err := policy.Parse(file, nil)
		if err != nil || len(again.Controls) != len(p.Controls) || again.ID != p.ID {
			t.Fatalf("read twice: %v", err)
		}
		for i, c := range p.Controls {
			if again.Controls[i].Say(again) != c.Say(p) {
				t.Fatalf("%s says %q and %q", c.ID, c.Say(p), again.Controls[i].Say(again))
			}
		}
	})
}
