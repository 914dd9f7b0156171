package report

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
)

// How many messages a report on errors lists.
const (
	commonErrors  = 10
	errorPatterns = 20
	toolMessages  = 10 // of one tool
	messageTools  = 50 // tools whose messages are listed
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
	Messages Ranking `json:"messages"` // the first 100 characters, at most 10; of the first 50 tools
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
		if groups, err = w.groups([]string{"error_type", "agent_name", "tool_name", "status"}, erred()); err != nil {
			return nil, err
		}
	}
	r.count(w, groups)
	if r.TotalErrors > 0 {
		if err := r.texts(w); err != nil {
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
	groupStatus
)

// count fills in what the groups of errors say.
func (r *ErrorsReport) count(w *work, groups []group) {
	r.ErrorTypes, r.ErrorsByAgent = talliesOf(groups, groupType, false), talliesOf(groups, groupAgent, false)
	var all span
	for _, g := range groups {
		r.TotalErrors += g.n
		all.add(g)
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
	for _, t := range talliesOf(groups, groupTool, true) {
		r.ErrorsByTool = append(r.ErrorsByTool, ToolErrors{Tool: t.Name, Errors: t.N, Messages: Ranking{}})
		w.search("errors_by_tool."+t.Name, is("tool_name", t.Name), erred())
	}
}

// texts fills in what the errors say.
func (r *ErrorsReport) texts(w *work) error {
	withText, err := w.count(erred(), hasError())
	if err != nil {
		return err
	}
	r.WithoutText = r.TotalErrors - withText
	if err := r.patterns(w); err != nil {
		return err
	}
	if err := r.common(w); err != nil {
		return err
	}
	return r.messages(w)
}

// patterns fills in the patterns that are there most often. There may be as many
// patterns as errors.
func (r *ErrorsReport) patterns(w *work) error {
	const pattern = 3 // in the names
	rows, err := w.top(errorPatterns, []string{lake.ErrorPattern, "error_type", "agent_name", "tool_name"}, erred(), hasError())
	if err != nil {
		return err
	}
	by := map[string][]group{}
	for _, g := range rows {
		g.names = append(g.names[1:], g.names[0]) // in the order of the groups' names
		by[g.names[pattern]] = append(by[g.names[pattern]], g)
	}
	for _, t := range talliesOf(rows, 0, true) {
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
		w.search("most_common_patterns."+p.Pattern, anyOf("error_type", p.ErrorTypes), anyOf("tool_name", p.Tools), erred())
	}
	return nil
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

// common fills in the beginnings of texts that are there most often. It asks by the
// tool too, as messages does, so that one pass answers both.
func (r *ErrorsReport) common(w *work) error {
	rows, err := w.rows(lake.Spec{
		By: []string{lake.ErrorText, "tool_name"}, Top: commonErrors, OrderBy: -1, Measures: []lake.Measure{{Op: lake.Count}},
	}, erred(), hasError())
	if err != nil {
		return err
	}
	counts := map[string]int64{}
	for _, row := range rows {
		text, _ := row[0].(string)
		n, _ := row[2].(int64)
		counts[text] += n
	}
	for _, t := range ranked(counts) {
		r.MostCommonErrors = append(r.MostCommonErrors, t)
		w.search("most_common_errors."+t.Name, errorSays(t.Name))
	}
	return nil
}

// messages fills in what the errors of each tool say.
func (r *ErrorsReport) messages(w *work) error {
	if len(r.ErrorsByTool) == 0 {
		return nil
	}
	rows, err := w.rows(lake.Spec{
		By: []string{"tool_name", lake.ErrorText}, Each: toolMessages, OrderBy: 2, Desc: true, Measures: []lake.Measure{{Op: lake.Count}},
	}, erred(), hasError())
	if err != nil {
		return err
	}
	listed := r.ErrorsByTool[:min(messageTools, len(r.ErrorsByTool))]
	place := map[string]int{}
	for i, t := range listed {
		place[t.Tool] = i
	}
	for _, row := range rows {
		tool, _ := row[0].(string)
		text, _ := row[1].(string)
		n, _ := row[2].(int64)
		if i, ok := place[tool]; ok {
			listed[i].Messages = append(listed[i].Messages, Tally{text, n})
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
