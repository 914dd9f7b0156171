package lake_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// naiveFacet counts by the plain rule what of gives for each entry.
func naiveFacet(entries []*hansard.Entry, field string, top int, of func(*hansard.Entry) []string) lake.Facet {
	f := lake.Facet{Field: field}
	counts, errors := map[string]int64{}, map[string]int64{}
	for _, e := range entries {
		values := slices.Compact(slices.Sorted(slices.Values(of(e))))
		values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
		if len(values) == 0 {
			f.Absent++
		}
		for _, v := range values {
			counts[v]++
			if failed(e) {
				errors[v]++
			}
		}
	}
	for v, n := range counts {
		f.Values = append(f.Values, lake.FacetValue{Value: v, Count: n, Errors: errors[v]})
	}
	slices.SortFunc(f.Values, func(a, b lake.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	f.Distinct = int64(len(f.Values))
	f.Values = f.Values[:min(top, len(f.Values))]
	return f
}

func TestFacets(t *testing.T) {
	w := newWorld(t, newSource(41).entries(3000), 500)
	fields := map[string]func(*hansard.Entry) []string{
		"agent_name": func(e *hansard.Entry) []string { return []string{e.AgentName} },
		"event_type": func(e *hansard.Entry) []string { return []string{e.EventType} },
		"tool_name":  func(e *hansard.Entry) []string { return []string{e.ToolName} },
		"tier":       func(e *hansard.Entry) []string { return []string{string(e.Tier)} },
		"session_id": func(e *hansard.Entry) []string { return []string{e.SessionID} },
		"tags":       func(e *hansard.Entry) []string { return e.Tags },
		"labels":     func(e *hansard.Entry) []string { return e.Labels },
		"resources.kind": func(e *hansard.Entry) []string {
			var kinds []string
			for _, r := range e.Resources {
				kinds = append(kinds, r.Kind)
			}
			return kinds
		},
		"truncated": func(e *hansard.Entry) []string {
			if e.Truncated {
				return []string{"true"}
			}
			return []string{"false"}
		},
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range fields {
			if !yield(n) {
				return
			}
		}
	})
	for _, search := range []string{"", "status:error", "agent:billing", "tool:nothing-like-it", `attributes.x:* OR cost:>0.1`} {
		q := query.Query{Node: parse(t, search)}
		selected := w.selected(q)
		got, err := w.Facets(t.Context(), tenant, q, names, 5)
		if err != nil {
			t.Fatalf("%s: %v", search, err)
		}
		want := lake.Facets{Total: int64(len(selected))}
		for _, e := range selected {
			if failed(e) {
				want.Errors++
			}
		}
		for _, name := range names {
			want.Facets = append(want.Facets, naiveFacet(selected, name, 5, fields[name]))
		}
		if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("facets of %q (-want +got):\n%s", search, d)
		}
	}
	for _, field := range []string{"event_id", "params", "cost_usd", "nonsense", ""} {
		if _, err := w.Facets(t.Context(), tenant, query.Query{}, []string{field}, 5); hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("facet of %q: error %v, want one of kind invalid", field, err)
		}
	}
}

func TestHistogram(t *testing.T) {
	w := newWorld(t, newSource(42).entries(3000), 500)
	for _, width := range []int64{1e6, 7e8, 60e9, 3600e9, 24 * 3600e9} {
		for _, search := range []string{"", "agent:billing"} {
			q := query.Query{Node: parse(t, search)}
			var want []lake.Bucket
			q.Order = query.OldestFirst
			for _, e := range w.selected(q) {
				at := query.Timestamp(e)
				start := at - (at%width+width)%width
				if len(want) == 0 || want[len(want)-1].Start != start {
					want = append(want, lake.Bucket{Start: start})
				}
				b := &want[len(want)-1]
				b.Count++
				if failed(e) {
					b.Errors++
				}
			}
			got, err := w.Histogram(t.Context(), tenant, q, width)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, got); d != "" {
				t.Errorf("histogram of %q by %d (-want +got):\n%s", search, width, d)
			}
		}
	}
}

func TestValues(t *testing.T) {
	w := newWorld(t, newSource(43).entries(2000), 500)
	all := w.selected(query.Query{})
	want := naiveFacet(all, "", 100, func(e *hansard.Entry) []string {
		if !strings.Contains(strings.ToLower(e.AgentName), "b") {
			return nil
		}
		return []string{e.AgentName}
	})
	got, err := w.Values(t.Context(), tenant, query.Query{}, "agent_name", "B", 100)
	if err != nil || len(got) != len(want.Values) || len(got) == 0 {
		t.Fatalf("%v, error %v; want %v", got, err, want.Values)
	}
	for _, v := range want.Values {
		if !slices.ContainsFunc(got, func(g lake.FacetValue) bool { return g.Value == v.Value && g.Count == v.Count }) {
			t.Errorf("%v is not among %v", v, got)
		}
	}
	if got, err = w.Values(t.Context(), tenant, query.Query{}, "tags", "", 3); err != nil || len(got) == 0 {
		t.Errorf("tags: %v, error %v", got, err)
	}
	if _, err := w.Values(t.Context(), tenant, query.Query{}, "params", "", 3); hansard.KindOf(err) != hansard.KindInvalid {
		t.Errorf("values of params: %v", err)
	}
}
