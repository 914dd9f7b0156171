package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
)

type groupsInput struct {
	Q      string `query:"q" doc:"Search; only its events count"`
	Since  string `query:"since" doc:"Such as 24h, 7d, 2026-11-23, yesterday"`
	Until  string `query:"until"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Default 50"`
	Cursor string `query:"cursor"`
}

type groupsSearch struct {
	Body struct {
		Asked
		By     string `json:"by" enum:"session_id,task_id,agent_name,user_id,trace_id" doc:"The field to group by"`
		Limit  int    `json:"limit,omitempty" minimum:"0" maximum:"500"`
		Cursor string `json:"cursor,omitempty"`
	}
}

type groupsOutput struct{ Body *reading.Groups }

type groupInput struct {
	ID string `path:"id"`
}

// GroupDetail is a session, a task or an agent, with the traces that its events
// belong to.
type GroupDetail struct {
	reading.Group
	TraceList  []reading.Group `json:"trace_list" nullable:"false" doc:"What its events come to in each trace, the newest first"`
	NextCursor string          `json:"next_cursor,omitempty" doc:"Of more traces: GET /v1/traces with the search"`
}

type groupOutput struct{ Body *GroupDetail }

type toolsOutput struct {
	Body struct {
		Items []reading.Tool `json:"items" nullable:"false"`
	}
}

type toolsInput struct {
	Q     string `query:"q" doc:"Search; only its tool calls count"`
	Since string `query:"since" doc:"Such as 24h, 7d, 2026-11-23, yesterday"`
	Until string `query:"until"`
}

// groupRoutes list sessions, tasks, agents, users, traces and tools.
func (s *Server) groupRoutes(api huma.API) {
	for _, g := range []struct{ id, path, one, field string }{
		{"Sessions", "/v1/sessions", "session", "session_id"}, {"Tasks", "/v1/tasks", "task", "task_id"},
		{"Agents", "/v1/agents", "agent", "agent_name"}, {"Users", "/v1/users", "", "user_id"}, {"Traces", "/v1/traces", "", "trace_id"},
	} {
		huma.Register(api, s.validated(get("list"+g.id, g.path, "List "+g.path[4:]+", the last active first", g.path[4:]), byPeriod),
			answer(s, func(ctx context.Context, tenant string, in *groupsInput) (*groupsOutput, error) {
				if err := noPersons(in.Q); err != nil {
					return nil, err
				}
				page, err := s.cfg.Reading.Groups(ctx, tenant, g.field, reading.Question{
					Search: in.Q, Since: in.Since, Until: in.Until, Limit: in.Limit, Cursor: in.Cursor,
				})
				return &groupsOutput{page}, err
			}))
		if g.one != "" {
			huma.Register(api, s.validated(get("describe"+g.id[:len(g.id)-1], g.path+"/{id}", "Get one "+g.one+" with the traces of its events", g.path[4:]), holds),
				answer(s, func(ctx context.Context, tenant string, in *groupInput) (*groupOutput, error) {
					return s.group(ctx, tenant, g.one, query.Term(g.field, in.ID), g.field)
				}))
		}
	}
	huma.Register(api, post("groupEvents", "/v1/groups", "Group the events of a search, which may name persons, by a field", "events"),
		answer(s, func(ctx context.Context, tenant string, in *groupsSearch) (*groupsOutput, error) {
			q := in.Body.question()
			q.Limit, q.Cursor = in.Body.Limit, in.Body.Cursor
			page, err := s.cfg.Reading.Groups(ctx, tenant, in.Body.By, q)
			return &groupsOutput{page}, err
		}))
	huma.Register(api, s.validated(get("listTools", "/v1/tools", "List the tools that were called, most calls first", "tools"), byPeriod),
		answer(s, func(ctx context.Context, tenant string, in *toolsInput) (*toolsOutput, error) {
			if err := noPersons(in.Q); err != nil {
				return nil, err
			}
			out := &toolsOutput{}
			var err error
			out.Body.Items, err = s.cfg.Reading.Tools(ctx, tenant, reading.Question{Search: in.Q, Since: in.Since, Until: in.Until})
			return out, err
		}))
}

// group returns one group and its traces.
func (s *Server) group(ctx context.Context, tenant, what, search, field string) (*groupOutput, error) {
	page, err := s.cfg.Reading.Groups(ctx, tenant, field, reading.Question{Search: search})
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, hansard.Errorf(hansard.KindNotFound, "there are no events of this %s", what)
	}
	traces, err := s.cfg.Reading.Groups(ctx, tenant, "trace_id", reading.Question{Search: search})
	if err != nil {
		return nil, err
	}
	return &groupOutput{&GroupDetail{page.Items[0], traces.Items, traces.NextCursor}}, nil
}
