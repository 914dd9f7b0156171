package api

import (
	"context"
	"encoding/json"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/reading"
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
	Cut     bool    `json:"cut,omitempty"` // there are more events
}

// TraceList is what an id stands for: one trace, or those of a task.
type TraceList struct {
	Traces []any `json:"traces" nullable:"false" doc:"Timelines, or trace_id and events where those were asked for"`
}

type traceOutput struct{ Body TraceList }

type graphInput struct {
	ID       string `path:"id" doc:"Id of a trace, a task or an event"`
	Of       string `query:"of" enum:"events,agents" doc:"What caused what, or who handed over to whom; default events"`
	Expanded bool   `query:"expanded" doc:"Of agents: a node for each stretch of work"`
	Format   string `query:"format" enum:"json,dot,mermaid" doc:"Default json"`
}

type graphOutput struct {
	ContentType string `header:"Content-Type"`
	Body        func(huma.Context)
}

func (s *Server) traceRoutes(api huma.API) {
	huma.Register(api, s.validated(get("getTrace", "/v1/traces/{id}", "Get the timeline of a trace, of a task's traces, or of an event's trace", "traces"), holds),
		answer(s, func(ctx context.Context, tenant string, in *traceInput) (*traceOutput, error) {
			out := &traceOutput{TraceList{Traces: []any{}}}
			if in.Events {
				return out, s.wholeTraces(ctx, tenant, in.ID, &out.Body)
			}
			timelines, err := s.cfg.Reading.Timelines(ctx, tenant, in.ID)
			for _, tl := range timelines {
				out.Body.Traces = append(out.Body.Traces, tl)
			}
			return out, err
		}))
	op := get("getTraceGraph", "/v1/traces/{id}/graph", "Get the graph of a trace, of a task's traces, or of an event's trace", "traces")
	op.Responses = map[string]*huma.Response{"200": {Description: "The graph", Content: map[string]*huma.MediaType{
		"application/json": {Schema: graphSchema()}, "text/vnd.graphviz": {}, "text/vnd.mermaid": {},
	}}}
	huma.Register(api, s.validated(op, holds), answer(s, func(ctx context.Context, tenant string, in *graphInput) (*graphOutput, error) {
		g, err := s.cfg.Reading.Graph(ctx, tenant, in.ID, reading.GraphOf{Agents: in.Of == "agents", Expanded: in.Expanded})
		if err != nil {
			return nil, err
		}
		out := &graphOutput{ContentType: "application/json"}
		write := func(w io.Writer) error { return json.NewEncoder(w).Encode(g) }
		switch in.Format {
		case "dot":
			out.ContentType, write = "text/vnd.graphviz; charset=utf-8", g.WriteDOT
		case "mermaid":
			out.ContentType, write = "text/vnd.mermaid; charset=utf-8", g.WriteMermaid
		}
		out.Body = func(c huma.Context) {
			if err := write(c.BodyWriter()); err != nil {
				s.cfg.Logger.DebugContext(ctx, "a graph was not taken", "error", err) // the caller is gone
			}
		}
		return out, nil
	}))
	s.storyRoutes(api)
}

type diffInput struct {
	ID    string `path:"id" doc:"Id of a trace, of a task with one trace, or of an event"`
	Other string `path:"other" doc:"Id of the trace to compare it with"`
}

type diffOutput struct{ Body *trace.Diff }

type replayInput struct {
	ID    string `path:"id" doc:"Id of a trace, of a task with one trace, or of an event"`
	From  int    `query:"from" minimum:"0" doc:"How many decisions to pass over"`
	Limit int    `query:"limit" minimum:"0" maximum:"1000" doc:"Default 200"`
}

type replayOutput struct{ Body *trace.Replay }

// storyRoutes compare traces and play them again.
func (s *Server) storyRoutes(api huma.API) {
	huma.Register(api, s.validated(get("diffTraces", "/v1/traces/{id}/diff/{other}", "Compare two traces: events paired by type, agent, name and place", "traces"), holds),
		answer(s, func(ctx context.Context, tenant string, in *diffInput) (*diffOutput, error) {
			d, err := s.cfg.Reading.Diff(ctx, tenant, in.ID, in.Other)
			return &diffOutput{d}, err
		}))
	huma.Register(api, s.validated(get("replayTrace", "/v1/traces/{id}/replay", "Get the decisions of a trace in order, with what the agent knew at each", "traces"), holds),
		answer(s, func(ctx context.Context, tenant string, in *replayInput) (*replayOutput, error) {
			if in.Limit == 0 {
				in.Limit = 200
			}
			r, err := s.cfg.Reading.Replay(ctx, tenant, in.ID, in.From, in.Limit)
			return &replayOutput{r}, err
		}))
}

// wholeTraces reads the traces that an id stands for, with whole events.
func (s *Server) wholeTraces(ctx context.Context, tenant, id string, out *TraceList) error {
	traces, err := s.cfg.Reading.Traces(ctx, tenant, id)
	for _, t := range traces {
		list := make([]Entry, len(t.Entries))
		for i, e := range t.Entries {
			list[i] = Entry{e}
		}
		out.Traces = append(out.Traces, Trace{TraceID: t.ID, Events: list, Cut: t.Cut})
	}
	return err
}

// graphSchema describes a graph as far as clients build on it.
func graphSchema() *huma.Schema {
	text, number := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger}
	list := func(item *huma.Schema) *huma.Schema { return &huma.Schema{Type: huma.TypeArray, Items: item} }
	node := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"id": text, "label": text, "type": text, "agent": text, "event_id": text, "status": text, "has_error": {Type: huma.TypeBoolean},
		"events": number, "errors": number, "tool_calls": number,
	}}
	edge := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
		"from": text, "to": text, "kind": text, "count": number, "event_ids": list(text),
	}}
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"of": text, "nodes": list(node), "edges": list(edge), "cut": {Type: huma.TypeBoolean},
	}}
}
