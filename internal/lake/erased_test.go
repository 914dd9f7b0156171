package lake_test

import (
	"context"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// TestErasedTextIsForgotten asks for the patterns of errors before and after what one
// says was erased: what was kept of the first answer must not tell it.
func TestErasedTextIsForgotten(t *testing.T) {
	s, dir := newSource(3), t.TempDir()
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var entries []*hansard.Entry
	for range 20 {
		e := s.event()
		e.EventType, e.ErrorType = hansard.TypeError, "Timeout"
		e.Error = "the order of a customer who is named here"
		entries = append(entries, s.seal(e, hansard.TierCritical))
	}
	log := entries[0].Log
	info := writePart(t, s.enc, dir, entries)
	l.Load(log, []part.Info{info}, nil)
	patterns := func() []any {
		t.Helper()
		table, err := l.Aggregate(context.Background(), tenant, query.Query{}, lake.Spec{By: []string{lake.ErrorPattern}, OrderBy: -1})
		if err != nil {
			t.Fatal(err)
		}
		var found []any
		for _, row := range table.Rows {
			found = append(found, row[0])
		}
		return found
	}
	if got := patterns(); len(got) != 1 || got[0] != entries[0].Error {
		t.Fatalf("patterns %q, want the one of all errors", got)
	}
	for _, e := range entries {
		e.Error, e.Params, e.Result, e.Reasoning, e.Salt = "", nil, nil, "", nil
	}
	anew, gone := rewritePart(t, s.enc, dir, info, entries), info.Name
	l.Sealed(log, []part.Info{anew}, []part.Name{gone}, gone.End)()
	if got := patterns(); len(got) != 1 || got[0] != "" {
		t.Errorf("patterns %q after the erasure, want none", got)
	}
}
