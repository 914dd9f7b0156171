package reading

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ask"
	"github.com/hansardhq/hansard/internal/query"
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
		if m.Command.Subject, err = r.lastOf(ctx, tenant, m.Command); err != nil {
			return ask.Meaning{}, err
		}
		m.Line = m.Command.Line()
	}
	return m, nil
}

// lastOf returns the session that was active last, or the trace that failed last.
func (r *Reading) lastOf(ctx context.Context, tenant string, c ask.Command) (string, error) {
	search, what := "session_id:*", "session"
	if c.Verb != ask.Session {
		search, what = "event_type:agent.error OR status:(error OR timeout)", "run that failed"
	}
	page, err := r.Events(ctx, tenant, Question{Search: search, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(page.Events) == 0 {
		err := hansard.Errorf(hansard.KindNotFound, "there is no %s on record", what)
		return "", hansard.WithHint(err, "name one; hansard events lists what is there")
	}
	if c.Verb == ask.Session {
		return page.Events[0].SessionID, nil
	}
	return query.TraceID(page.Events[0]), nil
}
