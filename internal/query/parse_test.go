package query_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// now is a Monday, one hour east of UTC.
var now = time.Date(2026, 11, 23, 14, 30, 0, 0, time.FixedZone("CET", 3600))

// must parses a search, fails the test if it cannot, and checks that the
// canonical search parses back to the same tree.
func must(t *testing.T, search string) query.Node {
	t.Helper()
	n, err := query.Parse(search, now)
	if err != nil {
		t.Fatalf("Parse(%q): %v", search, err)
	}
	back, err := query.Parse(n.String(), now)
	if err != nil {
		t.Fatalf("Parse(%q), canonical of %q: %v", n, search, err)
	}
	if d := cmp.Diff(n, back); d != "" {
		t.Fatalf("%q -> %q is another tree (-want +got):\n%s", search, n, d)
	}
	return n
}

func TestParseCanonical(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := must(t, in).String(); got != want {
			t.Errorf("Parse(%q) = %s, want %s", in, got, want)
		}
	}
	f(`agent:billing tool:process_refund error:* -tier:debug cost:>0.5 "free text"`,
		`agent_name:billing tool_name:process_refund has:error -tier:debug cost_usd:>0.5 "free text"`)
	f(``, `*`)
	f(` `, `*`)
	f(`*`, `*`)
	f(`a *`, `a *`)
	f(`-*`, `-*`)

	// Operators: AND binds tighter than OR, negation tightest.
	f(`a b OR c`, `a b OR c`)
	f(`(a b) OR c`, `a b OR c`)
	f(`a (b OR c)`, `a (b OR c)`)
	f(`a AND b`, `a b`)
	f(`NOT a b`, `-a b`)
	f(`-(a b)`, `-(a b)`)
	f(`NOT NOT a`, `NOT -a`)
	f(`-NOT a`, `NOT -a`)
	f(`((a))`, `a`)
	f(`(a b) c`, `(a b) c`)
	f(`(a OR b) OR c`, `(a OR b) OR c`)
	f(`a or b`, `a or b`)
	f(`(a)(b)`, `a b`)
	f("a\u00a0b", `a b`)

	// Text.
	f(`"a \"b\" \\ c\d"`, `"a \"b\" \\ c\\d"`)
	f(`"OR"`, `"OR"`)
	f(`"-x"`, `"-x"`)
	f(`"a:b"`, `"a:b"`)
	f(`"a*"`, `"a*"`)
	f(`grüße`, `grüße`)
	f(`-"a b"`, `-"a b"`)

	// Aliases and special presences.
	f(`type:tool_call`, `event_type:agent.tool_call`)
	f(`type:agent.error`, `event_type:agent.error`)
	f(`type:x.mine`, `event_type:x.mine`)
	f(`type:tool_*`, `event_type:agent.tool_*`)
	f(`type:(error OR x.*)`, `event_type:(agent.error OR x.*)`)
	f(`has:approval`, `intervention:approval`)
	f(`approval:a1`, `approval_id:a1`)
	f(`handoff:*`, `event_type:agent.handoff`)
	f(`handoff:billing`, `handoff_to:billing`)
	f(`actor.type:human`, `actor_type:human`)
	f(`AGENT:Billing`, `agent_name:Billing`)
	f(`has:id`, `has:event_id`)
	f(`a has:resources`, `a (has:resources.kind OR has:resources.id OR has:resources.operation OR has:resources.data_class)`)
	f(`resources:table`, `resources.kind:table`)

	// Values.
	f(`status:error,timeout`, `status:(error OR timeout)`)
	f(`status:( error OR "timeout" )`, `status:(error OR timeout)`)
	f(`status:e*`, `status:e*`)
	f(`tool:get_*`, `tool_name:get_*`)
	f(`tool:"get_*"`, `tool_name:"get_*"`)
	f(`tool:a,"b, c"`, `tool_name:(a OR "b, c")`)
	f(`tool:(a OR "OR")`, `tool_name:(a OR "OR")`)
	f(`tool:a..b`, `tool_name:"a..b"`)
	f(`user:jane@example.com`, `user_id:jane@example.com`)
	f(`tag:-x`, `tags:-x`)
	f(`error:"time out"`, `error:"time out"`)
	f(`truncated:true`, `truncated:true`)

	// Numbers.
	f(`duration:>2s`, `duration_ms:>2s`)
	f(`duration:<=340`, `duration_ms:<=340ms`)
	f(`duration:0.5..1m30s`, `duration_ms:500µs..1m30s`)
	f(`decision_ms:1.5h`, `decision_ms:1h30m0s`)
	f(`cost:$0.50`, `cost_usd:0.5`)
	f(`cost:>=12.000000001`, `cost_usd:>=12.000000001`)
	f(`cost:.5`, `cost_usd:0.5`)
	f(`tokens:>10k`, `token_count:>10000`)
	f(`tokens:1.5K..2m`, `token_count:1500..2000000`)
	f(`attempt:1,2`, `attempt:(1 OR 2)`)
	f(`attempt:-1`, `attempt:-1`)
	f(`confidence:<0.5`, `confidence:<0.5`)
	f(`confidence:0..1e-7`, `confidence:0..1e-07`)
	f(`position:9007199254740993`, `position:9007199254740993`)

	// JSON paths.
	f(`attributes.gen_ai.system:openai`, `attributes.gen_ai.system:openai`)
	f(`attributes."odd key: x":1`, `attributes."odd key: x":1`)
	f(`params.n:>5`, `params.n:>5`)
	f(`params.n:1..2.50`, `params.n:1..2.50`)
	f(`params.v:"1..2"`, `params.v:"1..2"`)
	f(`params.v:1..x`, `params.v:"1..x"`)
	f(`has:attributes.a.b`, `has:attributes.a.b`)
	f(`has:attributes."a b"`, `has:attributes."a b"`)
	f(`params:x`, `params:x`)

	// Times, read one hour east of UTC.
	f(`timestamp:2026-11-23T10:00:00+01:00`, `timestamp:2026-11-23T09:00:00Z`)
	f(`timestamp:2026-11-22`, `timestamp:2026-11-21T23:00:00Z..2026-11-22T22:59:59.999999999Z`)
	f(`time:>2026-11-22`, `timestamp:>2026-11-22T22:59:59.999999999Z`)
	f(`time:>=2026-11-22`, `timestamp:>=2026-11-21T23:00:00Z`)
	f(`time:<2026-11-22`, `timestamp:<2026-11-21T23:00:00Z`)
	f(`time:<=2026-11`, `timestamp:<=2026-11-30T22:59:59.999999999Z`)
	f(`time:2026-11-01..2026-11-02`, `timestamp:2026-10-31T23:00:00Z..2026-11-02T22:59:59.999999999Z`)
	f(`received:>-24h`, `received_at:>2026-11-22T13:30:00Z`)
	f(`time:-7d..now`, `timestamp:2026-11-16T13:30:00Z..2026-11-23T13:30:00Z`)
	f(`time:yesterday`, `timestamp:2026-11-21T23:00:00Z..2026-11-22T22:59:59.999999999Z`)
	f(`time:"2026-11-23 10:00"`, `timestamp:2026-11-23T09:00:00Z`)
}

func TestParseTree(t *testing.T) {
	f := func(in string, want query.Node) {
		t.Helper()
		if d := cmp.Diff(want, must(t, in)); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", in, d)
		}
	}
	cost := query.Ref{Name: "cost_usd", Kind: query.KindInt, Unit: query.UnitNanoUSD}
	user := query.Ref{Name: "user_id", Kind: query.KindPerson}
	path := query.Ref{Name: "params", Path: "n", Kind: query.KindJSON}
	f(`cost:>0.1`, query.Compare{Field: cost, Op: query.GT, Values: []query.Value{{Int: 100_000_000}}})
	f(`user:jane,pii:person:k1:00`, query.Compare{Field: user, Op: query.In, Values: []query.Value{
		{Text: "jane", Person: true}, {Text: "pii:person:k1:00"}}})
	f(`params.n:5,five`, query.Compare{Field: path, Op: query.In, Values: []query.Value{
		{Text: "5", Number: true, Float: 5}, {Text: "five"}}})
	f(`a -b OR c`, query.Or{Nodes: []query.Node{
		query.And{Nodes: []query.Node{query.Text{Text: "a"}, query.Not{Node: query.Text{Text: "b"}}}},
		query.Text{Text: "c"}}})
}

func TestParseRefuses(t *testing.T) {
	f := func(in string, pos int, mentions string) {
		t.Helper()
		n, err := query.Parse(in, now)
		var se *query.SyntaxError
		if !errors.As(err, &se) || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("Parse(%q) = %v, %v, want an invalid search", in, n, err)
			return
		}
		if se.Pos != pos || !strings.Contains(se.Error(), mentions) {
			t.Errorf("Parse(%q): %v, want byte %d and %q", in, se, pos, mentions)
		}
	}
	// Structure.
	f(`(a`, 0, "')'")
	f(`a)`, 1, "unexpected ')'")
	f(`()`, 1, "a term")
	f(`a OR`, 4, "a term")
	f(`OR a`, 0, "operator")
	f(`a AND OR b`, 6, "operator")
	f(`NOT`, 3, "a term")
	f(`a - b`, 3, "negate")
	f(`-`, 1, "negate")
	f(`"abc`, 0, "quote without its end")
	f(`""`, 0, "empty phrase")
	f(`a"b"`, 1, "a space")
	f(`"a"b`, 3, "a space")
	f(`f(x)`, 1, "quote text")
	f("a\xff", 1, "UTF-8")
	f(`foo*`, 3, "full text")

	// Keys.
	f(`agnet:x`, 0, "agent")
	f(`x levle:debug`, 2, "key")
	f(`tool_nmae:x`, 0, "tool_name")
	f(`https://example.com`, 0, "unknown key")
	f(`has:colour`, 4, "unknown key")
	f(`has:`, 4, "a key")
	f(`has:a,b`, 4, "unknown key")
	f(`attributes.*:x`, 11, "bad path")
	f(`attributes."a\"b":x`, 11, "bad path")
	f(`attributes."a\b":x`, 11, "bad path")
	f(`attributes.a..b:x`, 11, "single dots")
	f(`attributes..b:x`, 11, "single dots")
	f(`has:attributes.b.`, 15, "single dots")
	f(`ag*:x`, 0, "unknown key")
	f(`attributes."":x`, 11, "empty path")
	f(`attributes."a"x`, 14, "':'")
	f(`resources.kid:x`, 0, "resources.kind")
	f(strings.Repeat("(", 32)+"has:resources", 36, "32 levels")

	// Values.
	f(`tool:`, 5, "no value")
	f(`tool: x`, 5, "no value")
	f(`tool:a,`, 7, "no value")
	f(`tool:""`, 5, "-has:key")
	f(`tool:>a`, 5, "no order")
	f(`tool:a(b)`, 6, "a space or a comma")
	f(`tool:(a b)`, 8, "OR")
	f(`tool:(a OR *)`, 11, "present")
	f(`tool:(a OR OR)`, 11, "operator in a list")
	f(`tool:(a`, 5, "')'")
	f(`tool:()`, 6, "no value")
	f(`status:eror`, 7, "one of ok, error, timeout, denied, cancelled")
	f(`status:z*`, 7, "one of ok")
	f(`type:tool`, 5, "tool_call, tool_result")
	f(`tier:Debug`, 5, "debug, info, compliance, critical, meta")
	f(`truncated:yes`, 10, "true or false")
	f(`user:jan*`, 5, "pseudonyms")
	f(`resources.id:jan*`, 13, "pseudonyms")
	f(`error:time*`, 6, "search of text")
	f(`cost:abc`, 5, "dollars")
	f(`cost:0.0000000001`, 5, "9 decimals")
	f(`cost:99999999999`, 5, "dollars")
	f(`duration:2x`, 9, "340ms")
	f(`duration:1ns`, 9, "1us")
	f(`duration:-2s`, 9, "340ms")
	f(`tokens:1.5`, 7, "whole number")
	f(`tokens:5..1`, 7, "lower end first")
	f(`tokens:5..`, 7, "both ends")
	f(`tokens:(>5)`, 8, "whole number")
	f(`confidence:high`, 11, "0.5")
	f(`params.n:>x`, 10, "number")
	f(`time:tomorrow`, 5, "RFC 3339")
	f(`time:2026-13-01`, 5, "RFC 3339")
	f(`time:1066-10-14`, 5, "RFC 3339")
	f(`time:2026-11-01,2026-11-02`, 16, "one time")

	// Limits.
	f(strings.Repeat("a", query.MaxLength+1), query.MaxLength, "8,192")
	f(strings.Repeat("a ", query.MaxTerms)+"b", 512, "256")
	f("tool:"+strings.Repeat("a,", query.MaxTerms)+"b", 517, "256")
	f(strings.Repeat("(", 33)+"a", 32, "32 levels")
	f(strings.Repeat("-", 33)+"a", 32, "32 levels")
	must(t, strings.Repeat("a ", query.MaxTerms))
	must(t, strings.Repeat("(", query.MaxDepth)+"a b OR c"+strings.Repeat(")", query.MaxDepth))
	must(t, strings.Repeat("NOT ", query.MaxDepth)+"a")
}

// TestErrorsKeepQuiet: an error may reach a log, so it repeats no value.
func TestErrorsKeepQuiet(t *testing.T) {
	for _, in := range []string{`jane.roe:x`, `user:jane.roe*`, `status:jane.roe`, `time:jane.roe`, `"jane.roe`, `tokens:jane.roe`} {
		if _, err := query.Parse(in, now); err == nil || strings.Contains(err.Error(), "jane") {
			t.Errorf("Parse(%q): %v, want an error without the value", in, err)
		}
	}
}
