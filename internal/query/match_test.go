package query_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// full returns an entry in which every field is set.
func full() *hansard.Entry {
	return &hansard.Entry{
		Event: hansard.Event{
			EventID: "e1", EventType: hansard.TypeToolCall, Timestamp: 1_700_000_000_000_000_000,
			AgentName: "Billing", AgentID: "ag1", AgentVersion: "2.1", TaskID: "t1", SessionID: "s1",
			UserID: "pii:person:k1:aa", TraceID: "tr1", SpanID: "sp1", ParentEventID: "e0",
			Service: "svc", Environment: "prod", Tags: []string{"blue", "green"},
			Action: "tool_call:process_refund", ToolName: "process_refund", ToolCallID: "c1", SideEffect: "write",
			Params:     json.RawMessage(`{"amount":12.50,"note":"Gr\u00fc\u00dfe","deep":{"x":"y","n":null,"z":"walked"},"ok":true,"a.b":"flat","list":[1],"deep.z":null,"x":1,"x":2}`),
			Result:     json.RawMessage(`"50% \"off\""`),
			DurationUS: hansard.Some[int64](2_000_000), Status: "error",
			Reasoning: "The customer said ÜBER", Decision: "refund", Alternatives: json.RawMessage(`["deny"]`),
			Confidence: hansard.Some(0.87), Source: "user", ActorType: "human", ActorID: "pii:person:k1:bb", ActorRole: "admin",
			OnBehalfOf: []string{"pii:person:k1:cc"}, Provenance: "observed",
			Intervention: "approval", ApprovalID: "ap1", Approver: "pii:person:k1:dd", ArgumentsHash: "h", PolicyID: "p1",
			PolicyVersion: "3", DecisionUS: hansard.Some[int64](90_000_000),
			HandoffFrom: "support", HandoffTo: "billing", ContextSummary: "summary here",
			Model: "m-1", Provider: "prov", InputTokens: hansard.Some[int64](10), OutputTokens: hansard.Some[int64](20),
			CacheReadTokens: hansard.Some[int64](30), CacheWriteTokens: hansard.Some[int64](40), ReasoningTokens: hansard.Some[int64](5),
			TokenCount: hansard.Some[int64](100), CostNanoUSD: hansard.Some[int64](500_000_001), CostSource: "priced",
			Error: "Upstream Timed Out", ErrorType: "TimeoutError", StackTrace: "main.go:12", RecoveryAction: "retry",
			Attempt: hansard.Some[int64](2), Rating: hansard.Some(4.5), Correction: "corr", Comment: "comm", FollowUp: "next",
			Resources: []hansard.Resource{{Kind: "table", ID: "pii:person:k1:ee", Operation: "read", DataClass: "pii"}, {Kind: "file"}},
			Messages:  json.RawMessage(`[{"role":"user"}]`), Response: json.RawMessage(`{"text":"hello"}`),
			Attributes: json.RawMessage(`{"gen_ai.system":"openai","n":"5"}`),
			Dialect:    "flat", TimeSource: hansard.TimeFromSender, Labels: []string{"aggregate"}, Truncated: true,
		},
		Position: 7, ReceivedAt: 1_700_000_001_000_000_000, SubmittedBy: "tok1", Tier: hansard.TierInfo,
		Redactions: []hansard.RedactionCount{{Kind: "email", N: 2}}, Statement: json.RawMessage(`{"checkpoint":1}`),
		Log: hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}, Index: 3, LeafHash: hansard.Hash{1},
	}
}

func TestMatch(t *testing.T) {
	e := full()
	f := func(search string, want bool) {
		t.Helper()
		n := must(t, search)
		if got := query.Match(n, e); got != want {
			t.Errorf("Match(%s) = %v", search, got)
		}
		if got := query.Match(query.Not{Node: n}, e); got == want {
			t.Errorf("Match(NOT %s) = %v", search, got)
		}
	}
	// Strings: exact, byte by byte.
	f(`agent:Billing`, true)
	f(`agent:billing`, false)
	f(`agent:Bill`, false)
	f(`agent:B*`, true)
	f(`agent:*l*l*g`, true)
	f(`agent:*ing*g`, false)
	f(`agent:"B*"`, false)
	f(`tool:process_*,x`, true)
	f(`type:tool_call`, true)
	f(`type:(tool_result OR error)`, false)
	f(`tier:info`, true)
	f(`log:acme/info`, true)
	f(`trace:tr1`, true)
	f(`trace:e1`, false)

	// Lists: some element.
	f(`tag:green`, true)
	f(`tag:gr*`, true)
	f(`tag:red`, false)
	f(`resources.kind:file`, true)
	f(`resources.data_class:pii`, true)
	f(`redaction:email`, true)
	f(`label:aggregate`, true)

	// Persons: by pseudonym only.
	f(`user:pii:person:k1:aa`, true)
	f(`user:pii:*`, true)
	f(`user:jane`, false)
	f(`on_behalf_of:pii:person:k1:cc`, true)
	f(`resources.id:pii:person:k1:ee`, true)

	// Numbers.
	f(`duration:2s`, true)
	f(`duration:>2s`, false)
	f(`duration:>=2000`, true)
	f(`duration:1s..2s`, true)
	f(`cost:0.500000001`, true)
	f(`cost:>0.5`, true)
	f(`cost:<=0.5`, false)
	f(`confidence:0.87`, true)
	f(`confidence:<0.87`, false)
	f(`tokens:0.1k`, true)
	f(`attempt:1,2`, true)
	f(`position:7`, true)
	f(`index:<3`, false)
	f(`truncated:false`, false)

	// Times.
	f(`timestamp:2023-11-14T22:13:20Z`, true)
	f(`timestamp:2023-11-14`, true)
	f(`timestamp:2023-11`, true)
	f(`timestamp:>2023-11-14`, false)
	f(`timestamp:>=2023-11-14`, true)
	f(`received:>2023-11-14T22:13:20Z`, true)

	// Text fields and JSON as text.
	f(`error:"timed out"`, true)
	f(`error:timeout`, false)
	f(`reasoning:über`, true)
	f(`params:grüße`, true)
	f(`params:GRÜ`, true)
	f(`params:gruße`, false)
	f(`result:"50% \"off\""`, true)
	f(`result:"5%off"`, false)

	// JSON paths.
	f(`params.amount:12.5`, true)
	f(`params.amount:12.50`, true)
	f(`params.amount:"12.5"`, true)
	f(`params.amount:>12`, true)
	f(`params.amount:12..12.4`, false)
	f(`params.note:Grüße`, true)
	f(`params.note:Gr*`, true)
	f(`params.note:>1`, false)
	f(`params.deep.x:y`, true)
	f(`params.ok:true`, true)
	f(`params.a.b:flat`, true)
	f(`params.list:1`, false)
	f(`params.x:1`, true)
	f(`params.x:2`, false)
	f(`params.x:*1`, false)
	f(`params.ok:t*`, true)
	f(`has:params.list`, true)
	f(`has:params.deep.n`, false)
	f(`params.deep.z:walked`, true)
	f(`has:params.deep.zz`, false)
	f(`attributes.gen_ai.system:openai`, true)
	f(`attributes.n:5`, true)
	f(`attributes.n:5.0`, false)
	f(`attributes.n:>4`, false)

	// Full text.
	f(`REFUND`, true)
	f(`"timed out"`, true)
	f(`hello`, true)
	f(`"über"`, true)
	f(`acme`, false)
	f(`pii`, false)

	// Operators.
	f(`agent:x OR agent:Billing`, true)
	f(`agent:Billing -agent:Billing`, false)
	f(`has:approval -has:handoff`, true)
	f(`*`, true)
	f(`-*`, false)
}

func TestMatchAbsent(t *testing.T) {
	e := &hansard.Entry{Event: hansard.Event{EventID: "e9"}, ReceivedAt: 5}
	f := func(search string, want bool) {
		t.Helper()
		if got := query.Match(must(t, search), e); got != want {
			t.Errorf("Match(%s) = %v", search, got)
		}
	}
	f(`-tier:debug`, true)
	f(`cost:<1`, false)
	f(`cost:0`, false)
	f(`-cost:<1`, true)
	f(`duration:>=0`, false)
	f(`confidence:<1`, false)
	f(`agent:a*`, false)
	f(`truncated:false`, true)
	f(`trace:e9`, true)
	f(`timestamp:1970-01-01T00:00:00.000000005Z`, true)
	f(`params.x:1`, false)
	f(`-params.x:1`, true)
	f(`error:x`, false)
}

// TestEveryFieldIsRead: presence holds of each field in a full entry, and in an
// empty one of those only that are never absent.
func TestEveryFieldIsRead(t *testing.T) {
	never := []string{"timestamp", "position", "index"}
	for _, field := range query.Fields() {
		n := must(t, "has:"+field.Name)
		if !query.Match(n, full()) {
			t.Errorf("has:%s is false of a full entry", field.Name)
		}
		if got, want := query.Match(n, &hansard.Entry{}), slices.Contains(never, field.Name); got != want {
			t.Errorf("has:%s of an empty entry = %v, want %v", field.Name, got, want)
		}
		for _, alias := range field.Aliases {
			must(t, alias+":*")
		}
		if field.Description == "" {
			t.Errorf("field %s has no description", field.Name)
		}
	}
}

// TestTextFields: full text finds a word in each of its fields, and each can be
// searched by its own key.
func TestTextFields(t *testing.T) {
	raw := json.RawMessage(`{"k":"a needle"}`)
	entries := map[string]hansard.Event{
		"agent_name": {AgentName: "Needle"}, "action": {Action: "a needle"}, "tool_name": {ToolName: "needles"},
		"params": {Params: raw}, "result": {Result: raw}, "reasoning": {Reasoning: "a needle"}, "decision": {Decision: "needle"},
		"alternatives": {Alternatives: raw}, "handoff_from": {HandoffFrom: "needle"}, "handoff_to": {HandoffTo: "needle"},
		"context_summary": {ContextSummary: "NEEDLE"}, "error": {Error: "needle"}, "error_type": {ErrorType: "NeedleError"},
		"stack_trace": {StackTrace: "needle"}, "correction": {Correction: "needle"}, "comment": {Comment: "needle"},
		"follow_up": {FollowUp: "needle"}, "messages": {Messages: raw}, "response": {Response: raw}, "attributes": {Attributes: raw},
	}
	if len(entries) != len(query.TextFields()) {
		t.Errorf("%d text fields, %d tried", len(query.TextFields()), len(entries))
	}
	n := must(t, "needle")
	for _, name := range query.TextFields() {
		if !query.Match(n, &hansard.Entry{Event: entries[name]}) {
			t.Errorf("full text does not look into %s", name)
		}
		must(t, "has:"+name)
	}
	if query.Match(n, &hansard.Entry{Event: hansard.Event{UserID: "needle", Model: "needle"}, Persons: raw}) {
		t.Error("full text looks into a field that is not listed")
	}
}

func TestFieldsAreTheCallersOwn(t *testing.T) {
	query.Fields()[1].Enum[0] = "changed"
	query.Fields()[0].Name = "changed"
	if f := query.Fields(); f[0].Name != "event_id" || f[1].Enum[0] != hansard.TypeInvocation || hansard.EventTypes[0] != hansard.TypeInvocation {
		t.Errorf("a caller changed the vocabulary: %v", f[:2])
	}
}

func TestJSONSpellings(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		if got := query.JSONSpellings(in); !slices.Equal(got, want) {
			t.Errorf("JSONSpellings(%q) = %q, want %q", in, got, want)
		}
	}
	f(`abc`, `abc`)
	f(`a"b`, `a\"b`)
	f("ü", `ü`, `\u00fc`, `\u00dc`)
	f("Ü", `Ü`, `\u00dc`, `\u00fc`)
	f("日", `日`, `\u65e5`)
	f("😀", `😀`, `\ud83d\ude00`)
}

func TestPersons(t *testing.T) {
	pseudonyms := func(v string) []string {
		if v == "unknown" {
			return nil
		}
		return []string{"pii:person:k2:" + v, "pii:person:k1:" + v}
	}
	f := func(search string, has bool, want string) {
		t.Helper()
		n := must(t, search)
		before := n.String()
		if got := query.HasPerson(n); got != has {
			t.Errorf("HasPerson(%s) = %v", search, got)
		}
		r := query.ResolvePersons(n, pseudonyms)
		if got := r.String(); got != want {
			t.Errorf("ResolvePersons(%s) = %s, want %s", search, got, want)
		}
		if query.HasPerson(r) {
			t.Errorf("ResolvePersons(%s) = %s still holds a person", search, r)
		}
		if n.String() != before {
			t.Errorf("ResolvePersons changed %s to %s", before, n)
		}
	}
	f(`agent:x`, false, `agent_name:x`)
	f(`user:jane`, true, `user_id:(pii:person:k2:jane OR pii:person:k1:jane)`)
	f(`user:pii:person:k1:00`, false, `user_id:pii:person:k1:00`)
	f(`a -(b OR approver:jane,pii:x)`, true, `a -(b OR approver:(pii:person:k2:jane OR pii:person:k1:jane OR pii:x))`)
	f(`on_behalf_of:jane`, true, `on_behalf_of:(pii:person:k2:jane OR pii:person:k1:jane)`)
	f(`resources.id:jane`, true, `resources.id:(pii:person:k2:jane OR pii:person:k1:jane)`)
	f(`has:user`, false, `has:user_id`)
	f(`user:unknown`, true, `-*`)

	e := &hansard.Entry{Event: hansard.Event{UserID: "pii:person:k1:jane"}}
	if !query.Match(query.ResolvePersons(must(t, "user:jane"), pseudonyms), e) {
		t.Error("a resolved person does not match its pseudonym")
	}
	if query.Match(query.ResolvePersons(must(t, "user:unknown"), pseudonyms), e) {
		t.Error("a person without a pseudonym matches")
	}
	if got := query.Redacted(must(t, "user:jane agent:x")).String(); got != `user_id:"pii:?" agent_name:x` {
		t.Errorf("Redacted = %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`agent:billing tool:process_refund error:* -tier:debug cost:>0.5 "free text"`,
		`(a OR NOT b) tool:get_*,"x y" duration:1m30s..2h params.a.b:>1e3 has:attributes."q r"`,
		`time:yesterday received:<-7d type:x.* confidence:0.1 tokens:10k status:(ok OR error) user:jane`,
		`"a\"b\\" - OR AND NOT ( ) : * .. , attributes.x:"1" params:ü truncated:true`,
	} {
		f.Add(s)
	}
	e := full()
	f.Fuzz(func(t *testing.T, s string) {
		n, err := query.Parse(s, now)
		if err != nil {
			if hansard.KindOf(err) != hansard.KindInvalid {
				t.Errorf("Parse(%q): %v is of kind %v", s, err, hansard.KindOf(err))
			}
			return
		}
		got := query.Match(n, e)
		canonical := n.String()
		if len(canonical) > query.MaxLength {
			return // aliases and escapes may lengthen it past the limit
		}
		back, err := query.Parse(canonical, now.Add(time.Hour))
		if err != nil {
			t.Fatalf("Parse(%q), canonical of %q: %v", canonical, s, err)
		}
		if back.String() != canonical || !equal(n, back) {
			t.Fatalf("%q -> %q -> %q", s, canonical, back)
		}
		if query.Match(back, e) != got {
			t.Fatalf("%q and its canonical %q do not match the same", s, canonical)
		}
		r := query.ResolvePersons(n, func(v string) []string { return []string{query.PseudonymPrefix + v} })
		if query.HasPerson(r) {
			t.Fatalf("%q: a person is left in %q", s, r)
		}
	})
}
