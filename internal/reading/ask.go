package reading

import (
	"context"
	"time"

	"github.com/hansardhq/hansard/internal/ask"
)

// vocabularySize is how many names of agents and of tools are known by
// themselves, the most frequent ones.
const vocabularySize = 200

// Ask returns the command that a question in words means, with times read in the
// zone. A session or an incident that is not named is the last one on record. The
// error is of KindNotFound when there is none.
func (r *Reading) Ask(ctx context.Context, tenant, question string, zone *time.Location) (ask.Meaning, error) {
	facets, err := r.Facets(ctx, tenant, Question{}, []string{"agent_name", "tool_name"}, vocabularySize)
	if err != nil {
		return ask.Meaning{}, err
	}
	c := ask.Context{Now: time.Now().In(zone)}
	for _, f := range facets.Facets {
		for _, v := range f.Values {
			if f.Field == "agent_name" {
				c.Vocabulary.Agents = append(c.Vocabulary.Agents, v.Value)
			} else {
				c.Vocabulary.Tools = append(c.Vocabulary.Tools, v.Value)
			}
		}
	}
	m := ask.Understand(question, c)
	if m.Command.Subject == "" && (m.Command.Verb == ask.Session || m.Command.Verb == ask.Incident || m.Command.Verb == ask.Replay) {
		if m.Command.Verb == ask.Session {
			m.Command.Subject, err = r.lastSession(ctx, tenant)
		} else {
			m.Command.Subject, err = r.lastFailed(ctx, tenant, Order{})
		}
		if err != nil {
			return ask.Meaning{}, err
		}
		m.Line = m.Command.Line()
	}
	return m, nil
}
