package report

import (
	"context"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// How many messages a report on errors lists.
const (
	commonErrors  = 10
	errorPatterns = 20
	toolMessages  = 10  // of one tool
	toolRows      = 500 // tools and messages in all
)

// ErrorsReport is what failed in a period. An entry counts as an error as in a
// summary: a failed call whose result says so and whose agent reports it is more
// than one entry.
type ErrorsReport struct {
	Head
	TotalErrors int64   `json:"total_errors"`
	TotalEvents int64   `json:"total_events"`
	ErrorRate   string  `json:"error_rate"`  // errors of events
	ErrorTypes  Tallies `json:"error_types"` // most first; "" where none is named
	// MostCommonErrors are the first 100 characters of the texts that are
	// there most often, at most 10, with how often.
	MostCommonErrors Ranking `json:"most_common_errors"`
	// MostCommonPatterns are the texts with numbers and ids out, at most 20.
	MostCommonPatterns []ErrorPattern `json:"most_common_patterns"`
	WithoutText        int64          `json:"without_text"`    // errors that have no text, or whose text was erased
	ErrorsByAgent      Tallies        `json:"errors_by_agent"` // "" where none is named
	ErrorsByTool       []ToolErrors   `json:"errors_by_tool"`  // most errors first
	TypeDetails        []ErrorType    `json:"type_details"`    // in the order of error_types
	FirstSeen          *time.Time     `json:"first_seen"`      // nil: no error
	LastSeen           *time.Time     `json:"last_seen"`
	// SuggestedActions say what to do, the most urgent first.
	SuggestedActions []string `json:"suggested_actions"`
	// Searches maps the name of each figure to the search that selects its
	// entries in the period; those of patterns select their agent, tool and
	// type.
	Searches map[string]string `json:"searches"`
}

// ErrorType says when a type of error was seen.
type ErrorType struct {
	Type      string    `json:"type"` // "" where none is named
	Count     int64     `json:"count"`
	Share     string    `json:"share"` // of all errors
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// ErrorPattern is a text of errors with its numbers and ids out.
type ErrorPattern struct {
	Pattern    string    `json:"pattern"`
	Count      int64     `json:"count"`
	ErrorTypes Ranking   `json:"error_types"`
	Agents     Ranking   `json:"agents"`
	Tools      Ranking   `json:"tools"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
}

// ToolErrors is how often calls of a tool and their results are errors, and what
// they say.
type ToolErrors struct {
	Tool     string  `json:"tool"`
	Errors   int64   `json:"errors"`
	Messages Ranking `json:"messages"` // the first 100 characters, at most 10
}

// Errors computes the report on errors of what the request selects.
func Errors(ctx context.Context, src Source, req Request) (*ErrorsReport, error) {
	w, err := begin(ctx, src, req, "errors")
	if err != nil {
		return nil, err
	}
	r := &ErrorsReport{
		Head: w.head, TotalEvents: w.events, MostCommonErrors: Ranking{}, MostCommonPatterns: []ErrorPattern{},
		ErrorsByTool: []ToolErrors{}, TypeDetails: []ErrorType{}, SuggestedActions: []string{}, Searches: w.searches,
	}
	var groups []group
	if w.events > 0 {
		if groups, err = w.groups([]string{"error_type", "agent_name", "tool_name", lake.ErrorPattern, "status"}, erred()); err != nil {
			return nil, err
		}
	}
	r.count(w, groups)
	if r.TotalErrors > 0 {
		if err := r.texts(w, groups); err != nil {
			return nil, err
		}
	}
	r.ErrorRate = percent(r.TotalErrors, r.TotalEvents)
	for i, s := range suggest(groups) {
		r.SuggestedActions = append(r.SuggestedActions, s.text)
		w.search("suggested_actions."+itoa(i), append(s.nodes, erred())...)
	}
	w.search("total_events")
	for _, name := range []string{"total_errors", "error_rate", "first_seen", "last_seen"} {
		w.search(name, erred())
	}
	return r, nil
}

// The names of an error's group, by their place in groups.
const (
	groupType = iota
	groupAgent
	groupTool
	groupPattern
	groupStatus
)

// count fills in what the groups of errors say.
func (r *ErrorsReport) count(w *work, groups []group) {
	r.ErrorTypes, r.ErrorsByAgent = talliesOf(groups, groupType, false), talliesOf(groups, groupAgent, false)
	var all span
	for _, g := range groups {
		r.TotalErrors += g.n
		all.add(g)
		if g.names[groupPattern] == "" {
			r.WithoutText += g.n
		}
	}
	if r.TotalErrors > 0 {
		first, last := w.moment(all.first), w.moment(all.last)
		r.FirstSeen, r.LastSeen = &first, &last
	}
	spans := spansBy(groups, groupType)
	for _, t := range r.ErrorTypes {
		s := spans[t.Name]
		r.TypeDetails = append(r.TypeDetails, ErrorType{t.Name, t.N, percent(t.N, r.TotalErrors), w.moment(s.first), w.moment(s.last)})
		w.search("error_types."+t.Name, named("error_type", t.Name), erred())
		w.search("type_details."+t.Name, named("error_type", t.Name), erred())
	}
	for _, t := range r.ErrorsByAgent {
		w.search("errors_by_agent."+t.Name, named("agent_name", t.Name), erred())
	}
	r.patterns(w, groups)
}

// patterns fills in the patterns that are there most often.
func (r *ErrorsReport) patterns(w *work, groups []group) {
	// There may be as many patterns as errors: only of those that are listed more
	// than their number is found out.
	counts := map[string]int64{}
	for _, g := range groups {
		if p := g.names[groupPattern]; p != "" {
			counts[p] += g.n
		}
	}
	most := ranked(counts)
	most = most[:min(errorPatterns, len(most))]
	by := map[string][]group{}
	for _, t := range most {
		by[t.Name] = nil
	}
	for _, g := range groups {
		if of, ok := by[g.names[groupPattern]]; ok {
			by[g.names[groupPattern]] = append(of, g)
		}
	}
	for _, t := range most {
		of := by[t.Name]
		p := ErrorPattern{
			Pattern: t.Name, Count: t.N, ErrorTypes: talliesOf(of, groupType, true), Agents: talliesOf(of, groupAgent, true), Tools: talliesOf(of, groupTool, true),
		}
		var s span
		for _, g := range of {
			s.add(g)
		}
		p.FirstSeen, p.LastSeen = w.moment(s.first), w.moment(s.last)
		r.MostCommonPatterns = append(r.MostCommonPatterns, p)
	}
	for _, p := range r.MostCommonPatterns {
		w.search("most_common_patterns."+p.Pattern, anyOf("error_type", p.ErrorTypes), anyOf("tool_name", p.Tools), erred())
	}
}

// anyOf returns the node for a field of text with one of the names; for all where
// there are none.
func anyOf(field string, of Ranking) query.Node {
	if len(of) == 0 {
		return query.And{}
	}
	var values []string
	for _, t := range of {
		values = append(values, t.Name)
	}
	return is(field, values...)
}

// texts fills in the errors' texts as they are, of all and of each tool.
func (r *ErrorsReport) texts(w *work, groups []group) error {
	most := lake.Spec{By: []string{lake.ErrorText}, Measures: []lake.Measure{{Op: lake.Count}}, OrderBy: 1, Desc: true, Limit: commonErrors + 1}
	rows, err := w.rows(most, erred(), hasError())
	if err != nil {
		return err
	}
	for _, row := range rows {
		text, _ := row[0].(string)
		n, _ := row[1].(int64)
		if text != "" && len(r.MostCommonErrors) < commonErrors {
			r.MostCommonErrors = append(r.MostCommonErrors, Tally{text, n})
			w.search("most_common_errors."+text, errorSays(text))
		}
	}
	for _, t := range talliesOf(groups, groupTool, true) {
		r.ErrorsByTool = append(r.ErrorsByTool, ToolErrors{Tool: t.Name, Errors: t.N, Messages: Ranking{}})
		w.search("errors_by_tool."+t.Name, is("tool_name", t.Name), erred())
	}
	if len(r.ErrorsByTool) == 0 {
		return nil
	}
	most.By, most.OrderBy, most.Limit = []string{"tool_name", lake.ErrorText}, 2, toolRows
	if rows, err = w.rows(most, erred(), hasError(), hasText("tool_name")); err != nil {
		return err
	}
	for _, row := range rows {
		tool, _ := row[0].(string)
		text, _ := row[1].(string)
		n, _ := row[2].(int64)
		i := slices.IndexFunc(r.ErrorsByTool, func(t ToolErrors) bool { return t.Tool == tool })
		if i >= 0 && text != "" && len(r.ErrorsByTool[i].Messages) < toolMessages {
			r.ErrorsByTool[i].Messages = append(r.ErrorsByTool[i].Messages, Tally{text, n})
		}
	}
	return nil
}

func hasError() query.Node {
	return query.Has{Field: query.Ref{Name: "error", Kind: query.KindText}}
}

// errorSays returns the node for the errors whose text has a part.
func errorSays(text string) query.Node {
	return query.Compare{Field: query.Ref{Name: "error", Kind: query.KindText}, Op: query.In, Values: []query.Value{{Text: text}}}
}

// span is from the first to the last of some entries, in Unix nanoseconds.
type span struct {
	first, last int64
	set         bool
}

func (s *span) add(g group) {
	if !s.set || g.first < s.first {
		s.first = g.first
	}
	if !s.set || g.last > s.last {
		s.last = g.last
	}
	s.set = true
}

// spansBy returns the span of the groups of each name.
func spansBy(groups []group, name int) map[string]span {
	spans := map[string]span{}
	for _, g := range groups {
		s := spans[g.names[name]]
		s.add(g)
		spans[g.names[name]] = s
	}
	return spans
}

// isTimeout reports whether errors of a group ran out of time.
func isTimeout(g group) bool { return g.names[groupStatus] == "timeout" }

// failed reports whether an entry counts as an error.
func failed(e *hansard.Entry) bool { return query.Match(erred(), e) }
