package policy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
)

// TestLive gives entries to the live rules as they come: the approval of one call is
// from before the start.
func TestLive(t *testing.T) {
	now := time.Now()
	var entries []*hansard.Entry
	add := func(before time.Duration, e hansard.Event) *hansard.Entry {
		e.EventID, e.Timestamp, e.TraceID = fmt.Sprint("e", len(entries)), now.Add(-before).UnixNano(), "t"
		entry := &hansard.Entry{Event: e, Position: uint64(len(entries)), SubmittedBy: "loopback", Tier: hansard.TierInfo, ReceivedAt: now.UnixNano() + int64(len(entries))}
		entries = append(entries, entry)
		return entry
	}
	add(time.Hour, hansard.Event{EventType: hansard.TypeHumanIntervention, Intervention: "approval", ActorType: "human", ApprovalID: "a1"})
	old := add(50*time.Minute, hansard.Event{EventType: hansard.TypeToolCall, SideEffect: "write", ToolName: "old"})
	l := record(t, entries)
	live, err := policy.NewLive(context.Background(), l, tenant, []*policy.Pack{load(t, "base"), load(t, "eu-ai-act")}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := live.Take(add(0, hansard.Event{EventType: hansard.TypeToolCall, SideEffect: "irreversible", ApprovalID: "a1", ToolName: "refund"})); len(got) != 0 {
		t.Errorf("an approved call is a finding: %v", got[0].Action)
	}
	bad := add(0, hansard.Event{EventType: hansard.TypeToolCall, SideEffect: "irreversible", ApprovalID: "a9", ToolName: "refund", AgentName: "billing", SessionID: "s"})
	got := live.Take(bad)
	if len(got) != 2 {
		t.Fatalf("%d findings of two packs, want 2", len(got))
	}
	f := got[0]
	if f.EventType != hansard.TypeCompliance || f.ParentEventID != bad.EventID || f.TraceID != "t" || f.SessionID != "s" ||
		f.Action != "finding:tool_approval_rate" || !strings.Contains(string(f.Attributes), `"evidence":["`+bad.EventID+`"]`) {
		t.Errorf("finding %+v: %s", f, f.Attributes)
	}
	if again := live.Take(&hansard.Entry{Event: *f, Position: 99}); len(again) != 0 {
		t.Error("a finding leads to a finding")
	}
	if found := live.Take(old); len(found) != 0 && found[0].EventID == f.EventID {
		t.Error("two entries have one finding")
	}
	if one, two := live.Take(bad), live.Take(bad); len(one) == 0 || one[0].EventID != two[0].EventID {
		t.Error("the same entry has two findings")
	}
}
