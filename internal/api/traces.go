package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/trace"
)

type traceInput struct {
	ID     string `path:"id" doc:"Id of a trace, a task or an event"`
	Events bool   `query:"events" doc:"Give the events instead of the timeline"`
}

// Trace is one trace with its events.
type Trace struct {
	TraceID string  `json:"trace_id,omitempty"`
	Events  []Entry `json:"events,omitempty"`
}

// TraceList is what an id stands for: one trace, or those of a task.
type TraceList struct {
	Traces []any `json:"traces" nullable:"false" doc:"Timelines, or trace_id and events where those were asked for"`
}

type traceOutput struct{ Body TraceList }

func (s *Server) traceRoutes(api huma.API) {
	huma.Register(api, get("getTrace", "/v1/traces/{id}", "Get the timeline of a trace, of a task's traces, or of an event's trace", "traces"),
		answer(s, func(ctx context.Context, tenant string, in *traceInput) (*traceOutput, error) {
			traces, err := s.cfg.Reading.Traces(ctx, tenant, in.ID)
			if err != nil {
				return nil, err
			}
			out := &traceOutput{TraceList{Traces: []any{}}}
			for _, t := range traces {
				if !in.Events {
					out.Body.Traces = append(out.Body.Traces, trace.NewTimeline(t.Entries))
					continue
				}
				list := make([]Entry, len(t.Entries))
				for i, e := range t.Entries {
					list[i] = Entry{e}
				}
				out.Body.Traces = append(out.Body.Traces, Trace{TraceID: t.ID, Events: list})
			}
			return out, nil
		}))
}
