package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// remedy is a row of the table of suggested actions: what to do when there are
// more than so many errors of a class.
type remedy struct {
	class    string   // in words
	words    []string // parts of an error's type in small letters, without _ - and spaces; one makes it of this class
	moreThan int64
	action   string
}

// remedies returns the table of suggested actions. An error is of the first class
// that fits.
func remedies() []remedy {
	return []remedy{
		{"TimeoutError", []string{"timeout", "timedout", "deadline"}, 10,
			"increase time-outs or add async fallbacks"},
		{"RateLimitError", []string{"ratelimit", "toomanyrequests", "throttl", "429"}, 5,
			"use more aggressive rate limiting or a buffer before the calls"},
		{"ValidationError", []string{"validation", "invalidargument", "invalidparam", "schema", "valueerror", "typeerror", "badrequest"}, 3,
			"review tool parameter validation: what the agent fills in does not fit what the tool expects"},
		{"AuthenticationError", []string{"authentication", "unauthorized", "unauthenticated", "credential", "401"}, 0,
			"renew or replace the credentials that the tool uses"},
		{"PermissionError", []string{"permission", "forbidden", "accessdenied", "403"}, 2,
			"compare what the agent may do with what its task needs; grant no more than that"},
		{"QuotaError", []string{"quota", "insufficientfunds", "billing", "budget"}, 0,
			"raise the quota, or bound what the agents may spend"},
		{"ContextLengthError", []string{"contextlength", "contextwindow", "maxtokens", "tokenlimit"}, 2,
			"shorten what goes into the prompt: summarise earlier turns, or cut tool results"},
		{"ConnectionError", []string{"connection", "network", "dns", "socket", "unreachable", "econn"}, 5,
			"check the network path, and retry with growing pauses"},
		{"UpstreamError", []string{"upstream", "unavailable", "overloaded", "internalserver", "badgateway", "servererror", "503", "502", "500"}, 5,
			"put a circuit breaker and a cached fallback before the service behind the tool"},
		{"NotFoundError", []string{"notfound", "keyerror", "lookuperror", "404", "nosuch"}, 5,
			"check the ids that the agent passes on: it may invent them"},
		{"ParseError", []string{"parse", "jsondecode", "syntaxerror", "unmarshal", "decodeerror"}, 3,
			"ask for structured output, and repair or repeat what cannot be parsed"},
		{"CircuitOpenError", []string{"circuit"}, 0,
			"find out what opened the circuit, and let the agent go on without the tool meanwhile"},
		{"ContentFilterError", []string{"contentfilter", "safety", "moderation", "refusal"}, 2,
			"look at the prompts that were refused: injected text is one cause"},
	}
}

// The errors of a tool, and of one agent with a tool, from which on the tool
// itself is worth a look.
const (
	toolErrorsFrom   = 5
	toolErrorsShare  = 50 // percent of all errors
	unclassifiedFrom = 10
)

// suggestion is something to do, and the errors that say so.
type suggestion struct {
	text  string
	n     int64
	nodes []query.Node
}

// suggest returns what to do about errors, that of most errors first.
func suggest(groups []group) []suggestion {
	byClass, total := map[string][]group{}, int64(0)
	type name struct{ kind, status string }
	classes := map[name]string{} // there are few types, and many groups
	for _, g := range groups {
		of := name{g.names[groupType], g.names[groupStatus]}
		class, ok := classes[of]
		if !ok {
			class = classOf(g)
			classes[of] = class
		}
		byClass[class] = append(byClass[class], g)
		total += g.n
	}
	var list []suggestion
	for _, r := range remedies() {
		if s, ok := r.suggest(byClass[r.class]); ok {
			list = append(list, s)
		}
	}
	for _, t := range talliesOf(groups, groupTool, true) {
		if t.N > toolErrorsFrom && 100*t.N >= toolErrorsShare*total {
			list = append(list, suggestion{
				fmt.Sprintf("%s of %s errors are of the tool %s: look at the tool first", trace.Count(t.N), trace.Count(total), t.Name),
				t.N, []query.Node{is("tool_name", t.Name)},
			})
		}
	}
	unclassified := int64(0)
	for _, g := range byClass[""] {
		if g.names[groupType] == "" {
			unclassified += g.n
		}
	}
	if unclassified > unclassifiedFrom {
		list = append(list, suggestion{
			fmt.Sprintf("%s errors name no type: let the agents send error_type, so that causes can be told apart", trace.Count(unclassified)),
			unclassified, []query.Node{named("error_type", "")},
		})
	}
	slices.SortStableFunc(list, func(a, b suggestion) int { return int(b.n - a.n) })
	return list
}

// suggest returns the action if there are enough errors of the class.
func (r remedy) suggest(groups []group) (suggestion, bool) {
	n := int64(0)
	for _, g := range groups {
		n += g.n
	}
	if n <= r.moreThan {
		return suggestion{}, false
	}
	s := suggestion{n: n, text: fmt.Sprintf("%s %s: %s", trace.Count(n), r.class, r.action)}
	if tools := talliesOf(groups, groupTool, true); len(tools) > 0 {
		s.text += fmt.Sprintf(" (most: %s, %s)", tools[0].Name, trace.Count(tools[0].N))
	}
	var types []string
	timedOut := false
	for _, g := range groups {
		if t := g.names[groupType]; t != "" && !slices.Contains(types, t) {
			types = append(types, t)
		}
		timedOut = timedOut || g.names[groupType] == "" && isTimeout(g)
	}
	slices.Sort(types)
	switch {
	case timedOut && len(types) > 0:
		s.nodes = []query.Node{query.Or{Nodes: []query.Node{is("error_type", types...), is("status", "timeout")}}}
	case timedOut:
		s.nodes = []query.Node{is("status", "timeout"), named("error_type", "")}
	default:
		s.nodes = []query.Node{is("error_type", types...)}
	}
	return s, true
}

// classOf returns the class of a group of errors: by their type, or where they
// name none, by their status. "": none.
func classOf(g group) string {
	kind := strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- .", r) {
			return -1
		}
		return r
	}, strings.ToLower(g.names[groupType]))
	if kind == "" && isTimeout(g) {
		return "TimeoutError"
	}
	for _, r := range remedies() {
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(kind, w) }) {
			return r.class
		}
	}
	return ""
}
