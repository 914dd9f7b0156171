package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/transcript"
)

// packs loads the packs that come with the program.
func packs(t testing.TB, set map[string]string) []*policy.Pack {
	t.Helper()
	all, err := policy.Load([]policy.Choice{{Pack: "base", Parameters: set}, {Pack: "eu-ai-act"}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func compliance(t testing.TB, events []*hansard.Event, req report.Request, packs []*policy.Pack, facts policy.Facts) *report.ComplianceReport {
	t.Helper()
	l, _ := record(t, events)
	req.Tenant, req.Now = tenant, now
	r, err := report.Compliance(context.Background(), l, req, packs, facts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kept(days int) policy.Facts {
	return policy.Facts{RetentionDays: map[hansard.Tier]int{"debug": 7, "info": days, "compliance": 365, "critical": 730}}
}

// audited returns a desk at work: sessions that end, an approval that holds and one
// that was given too fast, a call that nobody approved, and a model that no change
// brought.
func audited() []*hansard.Event {
	var events []*hansard.Event
	add := func(e hansard.Event) {
		i := len(events)
		e.EventID, e.Timestamp = fmt.Sprintf("d%02d", i), start.Add(time.Duration(i)*time.Second).UnixNano()
		if e.TraceID = "t-" + e.SessionID; e.SessionID == "" {
			e.TraceID = e.EventID
		}
		if e.AgentName == "" {
			e.AgentName = "desk"
		}
		events = append(events, &e)
	}
	pay := []hansard.Resource{{Kind: "payment", ID: "p1", Operation: "refund"}}
	add(hansard.Event{EventType: hansard.TypeLifecycle, Action: "config_changed", Model: "m1"})
	for i := range 6 {
		s := fmt.Sprintf("s%d", i)
		add(hansard.Event{EventType: hansard.TypeInvocation, SessionID: s, Action: "invocation"})
		add(hansard.Event{EventType: hansard.TypeLLMResponse, SessionID: s, Model: "m1", TokenCount: hansard.Some(int64(145))})
		add(hansard.Event{EventType: hansard.TypeToolCall, SessionID: s, ToolName: "get_order", Action: "tool_call:get_order", SideEffect: "read", Status: "ok", Resources: pay[:0]})
		add(hansard.Event{EventType: hansard.TypeLifecycle, SessionID: s, Action: "session_end"})
	}
	add(hansard.Event{EventType: hansard.TypeHumanIntervention, SessionID: "s1", Action: "escalate", Intervention: "escalation"})
	add(hansard.Event{EventType: hansard.TypeHumanIntervention, SessionID: "s1", Intervention: "approval", ActorType: "human", ApprovalID: "a1", ArgumentsHash: "h1", DecisionUS: hansard.Some(int64(90_000_000))})
	add(hansard.Event{EventType: hansard.TypeToolCall, SessionID: "s1", ToolName: "refund", Action: "tool_call:refund", SideEffect: "irreversible", ApprovalID: "a1", ArgumentsHash: "h1", Status: "ok", Resources: pay})
	add(hansard.Event{EventType: hansard.TypeHumanIntervention, SessionID: "s2", Intervention: "approval", ActorType: "human", ApprovalID: "a2", ArgumentsHash: "h2", DecisionUS: hansard.Some(int64(200_000))})
	add(hansard.Event{EventType: hansard.TypeToolCall, SessionID: "s2", ToolName: "refund", Action: "tool_call:refund", SideEffect: "irreversible", ApprovalID: "a2", ArgumentsHash: "other", Status: "ok", Resources: pay})
	add(hansard.Event{EventType: hansard.TypeLLMResponse, SessionID: "s3", Model: "m2", TokenCount: hansard.Some(int64(10))})
	return events
}

func TestComplianceRender(t *testing.T) {
	full := compliance(t, audited(), report.Request{Checkpoints: checkpoints()}, packs(t, map[string]string{"token_budget": "1_000"}), kept(30))
	empty := compliance(t, nil, report.Request{}, packs(t, nil), policy.Facts{})
	for _, f := range report.Formats() {
		golden(t, "compliance."+string(f), render(t, full, f))
		golden(t, "compliance-empty."+string(f), render(t, empty, f))
	}
}

// TestComplianceKeys reads the JSON form as a program would.
func TestComplianceKeys(t *testing.T) {
	r := compliance(t, incident(), report.Request{}, packs(t, nil)[:1], policy.Facts{})
	var got struct {
		Compliant *bool `json:"compliant"`
		Checks    map[string]struct {
			Passed         *bool             `json:"passed"`
			Verdict        string            `json:"verdict"`
			Figure         *float64          `json:"figure"`
			Threshold      *float64          `json:"threshold"`
			Entries        []json.RawMessage `json:"entries"`
			Recommendation *string           `json:"recommendation"`
		} `json:"checks"`
		Recommendations []string `json:"recommendations"`
	}
	if err := json.Unmarshal(render(t, r, report.JSON), &got); err != nil {
		t.Fatal(err)
	}
	if got.Compliant == nil || *got.Compliant {
		t.Error("the demo's incident is compliant")
	}
	for _, name := range []string{"human_escalation_rate", "tool_approval_rate", "data_access_audit", "token_budget_compliance"} {
		if c, ok := got.Checks[name]; !ok || c.Verdict == "" || c.Recommendation == nil || c.Entries == nil {
			t.Errorf("check %s: %+v", name, c)
		}
	}
	if a := got.Checks["tool_approval_rate"]; a.Passed == nil || *a.Passed || *a.Threshold != 100 || len(a.Entries) == 0 {
		t.Errorf("tool_approval_rate: %+v", a)
	}
	if b := got.Checks["token_budget_compliance"]; b.Passed != nil || b.Figure != nil || b.Verdict != "not_applicable" {
		t.Errorf("token_budget_compliance without a budget: %+v", b)
	}
	if len(got.Recommendations) == 0 {
		t.Error("no recommendations")
	}
}

// TestComplianceIsHarmless looks at the documents of a record with hostile names.
func TestComplianceIsHarmless(t *testing.T) {
	events := hostile()
	for _, e := range events {
		e.SessionID, e.Action = evil, evil
	}
	events[2].EventType, events[2].Intervention = hansard.TypeHumanIntervention, "escalation"
	r := compliance(t, events, report.Request{Query: report.Filter{Text: evil}}, packs(t, nil), policy.Facts{})
	if r.Checks["human_escalation_rate"].EntriesTotal == 0 {
		t.Fatal("no entry is named")
	}
	for _, f := range report.Formats() {
		for _, c := range string(render(t, r, f)) {
			if c != '\n' && c != '\ufe0f' && !unicode.IsPrint(c) {
				t.Errorf("%s: %U came through", f, c)
			}
		}
	}
	page := string(render(t, r, report.HTML))
	if regexp.MustCompile(`(?i)<script|<link|<img|src=|href=|url\(|@import| on[a-z]+=`).MatchString(page) {
		t.Error("html: it runs or loads something")
	}
	balanced(t, page)
}

// TestComplianceFilter judges what a search selects; what approves it need not be
// selected.
func TestComplianceFilter(t *testing.T) {
	r := compliance(t, incident(), report.Request{Query: report.Filter{Node: parse(t, "tool:release_refund")}}, packs(t, nil), policy.Facts{})
	c := r.Checks["tool_approval_rate"]
	if c.Verdict != policy.Pass || c.Members != 1 {
		t.Errorf("the approved call alone: %s of %d: %s", c.Verdict, c.Members, c.Why)
	}
	text := compliance(t, incident(), report.Request{Query: report.Filter{Node: parse(t, `"release_refund"`)}}, packs(t, nil), policy.Facts{})
	if c := text.Checks["tool_approval_rate"]; c.Verdict != policy.Pass || c.Members != 1 {
		t.Errorf("found by a text: %s of %d: %s", c.Verdict, c.Members, c.Why)
	}
}

// TestComplianceSearch runs the search of each check and compares what it counts
// with the members that are single events.
func TestComplianceSearch(t *testing.T) {
	l, _ := record(t, incident())
	r, err := report.Compliance(context.Background(), l, report.Request{Tenant: tenant, Now: now}, packs(t, nil), policy.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range r.Checks {
		if c.Search == "" || slices.Contains([]string{"human_escalation_rate", "aia_12_1_lifetime"}, name) {
			continue
		}
		page, err := l.Events(context.Background(), tenant, query.Query{Node: parse(t, c.Search)})
		if err != nil {
			t.Errorf("%s: %s: %v", name, c.Search, err)
		}
		if n := int64(len(page.Entries)); n != c.Members+c.Open {
			t.Errorf("%s: %s selects %d, not %d", name, c.Search, n, c.Members)
		}
	}
}

// TestComplianceLines compares the lines that a daily report quotes with the report.
func TestComplianceLines(t *testing.T) {
	l, _ := record(t, incident())
	req := report.Request{Tenant: tenant, Now: now}
	r, err := report.Compliance(context.Background(), l, req, packs(t, nil), kept(184))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := report.ComplianceLines(context.Background(), l, req, packs(t, nil), kept(184))
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != len(r.Checks) {
		t.Errorf("%d lines of %d checks", len(lines), len(r.Checks))
	}
	for _, line := range lines {
		c := r.Checks[line.Check]
		said := c.Why
		if c.Figure != nil && c.Passed != nil {
			said = c.FigureText
		}
		if line.Verdict != string(c.Verdict) || !strings.Contains(line.Text, c.Title) || !strings.Contains(line.Text, said) {
			t.Errorf("%+v of a check that is %s: %s", line, c.Verdict, said)
		}
	}
}

// TestComplianceTau judges runs that have no approval on record: there is no
// evidence, and that is no pass. The counts are made from the file itself.
func TestComplianceTau(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "tau-bench", "airline-gpt-4o.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the shared data is absent: %v", err)
	}
	var events []*hansard.Event
	for run, err := range transcript.Read("tau-bench", "airline", strings.NewReader(string(data)), transcript.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, run.Events...)
	}
	runs, escalated := 0, 0
	for line := range strings.Lines(string(data)) {
		var run struct {
			Traj []struct {
				ToolCalls []struct {
					Function struct{ Name string }
				} `json:"tool_calls"`
			}
		}
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			t.Fatal(err)
		}
		runs++
		for _, m := range run.Traj {
			if len(m.ToolCalls) > 0 && m.ToolCalls[0].Function.Name == "transfer_to_human_agents" {
				escalated++
				break
			}
		}
	}
	r := compliance(t, events, report.Request{}, packs(t, nil), policy.Facts{})
	for name, want := range map[string]policy.Verdict{
		"human_escalation_rate": policy.Fail, "tool_approval_rate": policy.InsufficientEvidence,
		"data_access_audit": policy.InsufficientEvidence, "token_budget_compliance": policy.NotApplicable,
		"aia_14_4_approval": policy.InsufficientEvidence, "aia_19_retention": policy.InsufficientEvidence,
	} {
		if c := r.Checks[name]; c.Verdict != want {
			t.Errorf("%s is %s, want %s: %s", name, c.Verdict, want, c.Why)
		}
	}
	if e := r.Checks["human_escalation_rate"]; e.Members != int64(runs) || e.Held != int64(escalated) || len(e.Entries) != escalated {
		t.Errorf("escalated %d of %d, %d named; the file has %d of %d", e.Held, e.Members, len(e.Entries), escalated, runs)
	}
	if a := r.Checks["tool_approval_rate"]; a.Members != 250 {
		t.Errorf("%d calls with a side effect, want 250", a.Members)
	}
	if r.Compliant == nil || *r.Compliant {
		t.Error("compliant although a check fails")
	}
	without := compliance(t, events, report.Request{}, packs(t, map[string]string{"escalation_limit": "30%", "escalation_near": "30%"})[:1], policy.Facts{})
	if without.Compliant != nil {
		t.Errorf("compliant is %v without evidence, want null", *without.Compliant)
	}
}
