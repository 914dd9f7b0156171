package query_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hansardhq/hansard/internal/query"
)

// at returns the place of "|" in a search.
func at(search string) query.Place {
	before, after, _ := strings.Cut(search, "|")
	return query.PlaceOf(before+after, len(before))
}

func TestPlaceOf(t *testing.T) {
	f := func(search string, wanted query.Wanted, field, typed, replaced string) {
		t.Helper()
		p := at(search)
		got := strings.Replace(search, "|", "", 1)[p.From:p.To]
		if p.Wanted != wanted || p.Field.Name != field || p.Typed != typed || got != replaced {
			t.Errorf("%s: wants %s of %q, typed %q, replaces %q", search, p.Wanted, p.Field.Name, p.Typed, got)
		}
	}
	f("|", query.WantKey, "", "", "")
	f("ag|", query.WantKey, "", "ag", "ag")
	f("a|g", query.WantKey, "", "a", "ag")
	f("a|gent:billing", query.WantKey, "", "a", "agent:")
	f("agent:|", query.WantValue, "agent_name", "", "")
	f("agent:bi|", query.WantValue, "agent_name", "bi", "bi")
	f("agent:b|i tool:x", query.WantValue, "agent_name", "b", "bi")
	f(`agent:"bil ling|`, query.WantValue, "agent_name", "bil ling", `"bil ling`)
	f(`agent:"bil| ling" x`, query.WantValue, "agent_name", "bil", `"bil ling"`)
	f("-tier:de|", query.WantValue, "tier", "de", "de")
	f("(tier:de|", query.WantValue, "tier", "de", "de")
	f("agent:a,b|", query.WantValue, "agent_name", "b", "b")
	f("agent:(a OR b|", query.WantValue, "agent_name", "b", "b")
	f("agent:(a OR |", query.WantValue, "agent_name", "", "")
	f("agent:(a O|R b)", query.WantNothing, "", "", "")
	f("agent:(a OR b) to|", query.WantKey, "", "to", "to")
	f("cost:>0|", query.WantValue, "cost_usd", "0", "0")
	f("has:er|", query.WantPresent, "", "er", "er")
	f(`"free te|`, query.WantNothing, "", "", "")
	f(`"free te|xt"`, query.WantNothing, "", "", "")
	f(`"free text" ag|`, query.WantKey, "", "ag", "ag")
	f("nokey:x|", query.WantNothing, "", "x", "x")
	f("attributes.ord|", query.WantKey, "", "attributes.ord", "attributes.ord")
	f("attributes.order:7|", query.WantValue, "attributes", "7", "7")
	f("agent:billing |", query.WantKey, "", "", "")
	f("agent:billing  | tool:x", query.WantKey, "", "", "")
	for search, want := range map[string]bool{
		"user:jo|": true, "user:*|": false, "user:pii:person:x|": false, "agent:x|": false,
		"approver:(a OR |": true, `resources.id:"jo |doe"`: true, "user:|": false, "user:jo agent:b|": true, "agent:|b user:jo": true,
	} {
		if at(search).Persons != want {
			t.Errorf("%s: names a person: %v", search, !want)
		}
	}
}

func TestCandidates(t *testing.T) {
	f := func(search string, first ...string) {
		t.Helper()
		var got []string
		for _, c := range at(search).Candidates() {
			got = append(got, c.Insert)
		}
		if len(got) < len(first) || strings.Join(got[:len(first)], " ") != strings.Join(first, " ") {
			t.Errorf("%s: %q, want first %q", search, got, first)
		}
	}
	f("age|", "agent:", "agent_id:", "agent_version:")
	f("agent|", "agent:")
	f("ag|", "agent:")
	f("too|", "tool:")
	f("cos|", "cost:", "cost_source:")
	f("ha|", "handoff_from:", "handoff:", "has:")
	f("has:err|", "error", "error_type")
	f("status:|", "ok", "error", "timeout", "denied", "cancelled", "*")
	f("status:e|", "error")
	f("type:tool|", "tool_call", "tool_result")
	f("duration:|", ">500ms", ">2s", ">1m", "*")
	f("duration:>|", "500ms", "2s", "1m")
	f("truncated:|", "true", "false")
	f("attr|", "attributes:", "attributes.")
	if got := query.PlaceOf("agent:bi", 8).Candidate(`a "b"`, "").Insert; got != `"a \"b\""` {
		t.Errorf("value with quotes: %s", got)
	}
	if got := query.Term("tags", "x y"); got != `tags:"x y"` {
		t.Errorf("term: %s", got)
	}
	if c, ok := query.Member("attributes", "gen_ai.x y"); !ok || c.Insert != `attributes."gen_ai.x y":` {
		t.Errorf("member: %v %v", c, ok)
	}
}

// FuzzComplete checks that whatever is typed is completed without harm: what is
// replaced holds the cursor, and a key or a value that is taken into an empty
// search can be parsed.
func FuzzComplete(f *testing.F) {
	for _, s := range []string{"agent:bi", `agent:"x`, "has:er", "-tier:(a OR b", `attributes."x y":7`, "cost:>=", "\"", "a,b:c(", "user:é"} {
		f.Add(s, len(s), "value")
	}
	f.Fuzz(func(t *testing.T, search string, cursor int, value string) {
		p := query.PlaceOf(search, cursor)
		if p.From < 0 || p.From > p.To || p.To > len(search) {
			t.Fatalf("replaces %d to %d of %d bytes", p.From, p.To, len(search))
		}
		if c := max(0, min(cursor, len(search))); p.From > c || p.To < c && utf8.ValidString(search) && utf8.RuneStart((search + "a")[c]) {
			t.Fatalf("replaces %d to %d, the cursor is at %d", p.From, p.To, c)
		}
		p.Candidates()
		if _, err := query.Parse(search, now); err == nil {
			if n, _ := query.Parse(search, now); query.HasPerson(n) && !p.Persons {
				t.Fatalf("%q names a person, unnoticed", search)
			}
		}
		if !utf8.ValidString(value) || value == "" || len(value) > 1000 {
			return
		}
		for _, field := range []string{"agent_name", "tags", "tool_name"} {
			n, err := query.Parse(query.Term(field, value), now)
			if err != nil {
				t.Fatalf("term of %s %q: %v", field, value, err)
			}
			if c, ok := n.(query.Compare); !ok || c.Values[0].Text != value || c.Values[0].Glob {
				t.Fatalf("term of %s %q became %v", field, value, n)
			}
		}
	})
}
