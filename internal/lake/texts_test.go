package lake_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

func TestTextColumns(t *testing.T) {
	if !slices.Equal(part.TextColumns(), query.TextFields()) {
		t.Errorf("text filters cover %v, full text %v", part.TextColumns(), query.TextFields())
	}
}

// TestRareWords looks for words that few row groups have, in parts of several.
func TestRareWords(t *testing.T) {
	s := newSource(12)
	var all []*hansard.Entry
	for i := range 3 * part.RowGroup {
		e := &hansard.Entry{}
		e.EventID, e.TraceID, e.EventType = fmt.Sprintf("ev-%d", i), fmt.Sprintf("t-%d", i/9), hansard.TypeReasoning
		e.Reasoning = "nothing of note"
		switch i {
		case 5, 70_000:
			e.Reasoning = "the xylograph was found"
		case 40_000:
			e.Reasoning = "a Zymurgy\nclass"
		}
		all = append(all, s.seal(e, hansard.TierInfo))
	}
	w := newWorld(t, all, len(all))
	for _, search := range []string{"xylograph", "zymurgy", "reasoning:XYLO", "xylograph OR zymurgy", "xylograph -zymurgy", `"found nothing"`, "quixotic", "zymurgy note"} {
		w.pages(t, query.Query{Node: parse(t, search), Limit: 1}, search)
		q := query.Query{Node: parse(t, search)}
		table, err := w.Aggregate(context.Background(), tenant, q, lake.Spec{Measures: []lake.Measure{{Op: lake.Count}}, OrderBy: -1})
		if err != nil {
			t.Fatal(err)
		}
		if n := int64(len(w.selected(q))); table.Rows[0][0] != n {
			t.Errorf("%s: %v events, want %d", search, table.Rows[0][0], n)
		}
	}
}
