package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// MissingKinds are the kinds of event that an agent should send and was never
// seen with. Not every one is a fault: an agent that never failed has no error.
type MissingKinds struct {
	Agent    string   `json:"agent"`
	Required []string `json:"required"` // event types without "agent."
	High     []string `json:"high"`
}

// requiredKinds and highKinds return the kinds by EVENT.md's priorities.
func requiredKinds() []string {
	return []string{
		hansard.TypeInvocation, hansard.TypeReasoning, hansard.TypeToolCall, hansard.TypeDecision,
		hansard.TypeError, hansard.TypeHandoff, hansard.TypeHumanIntervention,
	}
}

func highKinds() []string { return []string{hansard.TypeLLMResponse, hansard.TypeTokenUsage} }

// missing returns the agents that lack a kind, by name; seen holds the event
// types of each agent.
func missing(seen map[string]map[string]bool) []MissingKinds {
	list := []MissingKinds{}
	for _, agent := range slices.Sorted(maps.Keys(seen)) {
		m := MissingKinds{agent, without(requiredKinds(), seen[agent]), without(highKinds(), seen[agent])}
		if len(m.Required)+len(m.High) > 0 {
			list = append(list, m)
		}
	}
	return list
}

// without returns the kinds that were not seen, without "agent.".
func without(kinds []string, seen map[string]bool) []string {
	list := []string{}
	for _, k := range kinds {
		if !seen[k] {
			list = append(list, strings.TrimPrefix(k, "agent."))
		}
	}
	return list
}

// types returns the full names of the kinds.
func (m MissingKinds) types() []string {
	var list []string
	for _, k := range slices.Concat(m.Required, m.High) {
		list = append(list, "agent."+k)
	}
	return list
}
