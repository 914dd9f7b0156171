package trace_test

import (
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// TestPending shows the start of a span until the whole span is there.
func TestPending(t *testing.T) {
	start := at(1, "t/1/pending", "")
	start.Labels, start.AgentName = []string{"pending"}, "bank"
	child := at(2, "t/2", "t/1")
	whole := at(1, "t/1", "")
	whole.AgentName, whole.Position = "bank", 9

	tl := trace.NewTimeline([]*hansard.Entry{start, child})
	if len(tl.Lines) != 2 || tl.Loss.Pending != 1 || len(tl.Orphans) != 0 || tl.Lines[1].Depth != 1 || tl.Lines[1].Agent != "bank" {
		t.Errorf("before the end: %+v", tl)
	}
	tl = trace.NewTimeline([]*hansard.Entry{start, child, whole})
	if len(tl.Lines) != 2 || tl.Loss.Pending != 0 || tl.Lines[0].EventID != "t/1" || tl.Lines[1].Depth != 1 || tl.Duplicates != 0 {
		t.Errorf("after the end: %+v", tl)
	}
}

// TestLateParent gives children that came first the agent of the parent that came
// last.
func TestLateParent(t *testing.T) {
	grandchild, child, parent := at(3, "t/3", "t/2"), at(2, "t/2", "t/1"), at(1, "t/1", "")
	grandchild.Position, child.Position, parent.Position = 1, 2, 3
	other := at(4, "t/4", "t/1")
	parent.AgentName, other.AgentName = "triage", "billing"
	tl := trace.NewTimeline([]*hansard.Entry{grandchild, child, parent, other})
	var agents []string
	for _, l := range tl.Lines {
		agents = append(agents, l.Agent)
	}
	if want := []string{"triage", "triage", "triage", "billing"}; !slices.Equal(agents, want) {
		t.Errorf("agents %v, want %v", agents, want)
	}
	if want := []string{"triage", "billing"}; !slices.Equal(tl.Agents, want) {
		t.Errorf("agents of the trace %v, want %v", tl.Agents, want)
	}
}

// TestLoss counts what senders say is missing.
func TestLoss(t *testing.T) {
	a, b, c := at(1, "a", ""), at(2, "b", ""), at(3, "c", "")
	a.Truncated = true
	b.Labels = []string{"dropped"}
	c.Labels = []string{"withheld", "dropped"}
	got := trace.NewTimeline([]*hansard.Entry{a, b, c}).Loss
	if want := (trace.Loss{Truncated: 1, Dropped: 2, Withheld: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
