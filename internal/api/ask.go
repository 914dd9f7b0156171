package api

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ask"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type askInput struct {
	Body struct {
		Question string `json:"question" minLength:"1" maxLength:"2000" doc:"In words: What failed yesterday?"`
		TimeZone string `json:"tz,omitempty" doc:"The zone that days are read in: an IANA name, or +02:00; default the server's"`
		Explain  bool   `json:"explain,omitempty" doc:"Say what it means, and do not answer it"`
	}
}

// AskAnswer is a question's meaning, and the answer.
type AskAnswer struct {
	ask.Meaning
	// Value is the personal value that the question names, for whoever runs
	// the command itself.
	Value  string    `json:"value,omitempty"`
	Events *[]Entry  `json:"events,omitempty" doc:"Of a command events"`
	Next   string    `json:"next_cursor,omitempty"`
	Traces *[]any    `json:"traces,omitempty" doc:"Of a command trace or replay: timelines"`
	Report *reported `json:"report,omitempty" doc:"Of a command report, session or incident; a list where a task has several incidents"`
	// Note says why there is no answer here, where there is none.
	Note string `json:"note,omitempty"`
}

// reported is a report in its JSON form.
type reported struct{ json.RawMessage }

// Schema says that it is any report.
func (reported) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "As GET /v1/reports/{type} or GET /v1/traces/{id}/incident gives it"}
}

type askOutput struct{ Body *AskAnswer }

func (o *askOutput) count() int64 {
	switch b := o.Body; {
	case b.Events != nil:
		return int64(len(*b.Events))
	case b.Traces != nil:
		return (&traceOutput{TraceList{*b.Traces}}).count()
	}
	return 0
}

func (s *Server) askRoutes(api huma.API) {
	op := post("ask", "/v1/ask", "Ask in words; the answer shows the command that was run", "reports")
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *askInput) (*askOutput, error) {
		zone, err := query.Zone(in.Body.TimeZone)
		if err != nil {
			return nil, err
		}
		m, err := s.cfg.Reading.Ask(ctx, tenant, in.Body.Question, zone)
		if err != nil {
			return nil, err
		}
		out := &askOutput{&AskAnswer{Meaning: m, Value: m.Command.Value}}
		if !in.Body.Explain && m.Certainty != ask.None {
			err = s.runAsked(ctx, tenant, in.Body.TimeZone, out.Body)
		}
		return out, err
	}))
}

// runAsked runs the command that a question means.
func (s *Server) runAsked(ctx context.Context, tenant, zone string, a *AskAnswer) error {
	c := a.Command
	switch c.Verb {
	case ask.Events:
		page, err := s.cfg.Reading.Events(ctx, tenant, reading.Question{
			Search: c.Search, Value: c.Value, Since: instant(c.Since), Until: instant(c.Until), Limit: c.Limit,
		})
		if err != nil {
			return err
		}
		list := listOf(page)
		a.Events, a.Next = &list.Events, list.NextCursor
		return nil
	case ask.Trace, ask.Replay:
		if c.Other != "" {
			a.Note = "two runs are compared by the command"
			return nil
		}
		timelines, err := s.cfg.Reading.Timelines(ctx, tenant, c.Subject)
		if err != nil {
			return err
		}
		list := make([]any, len(timelines))
		for i, t := range timelines {
			list[i] = t
		}
		a.Traces = &list
		return nil
	case ask.Report:
		return s.reportAsked(ctx, tenant, c.Report, zone, a)
	case ask.Session:
		return s.reportAsked(ctx, tenant, "session", zone, a)
	case ask.Incident:
		return s.reportAsked(ctx, tenant, "incident", zone, a)
	}
	a.Note = "run the command: its answer is a file, or needs the files"
	return nil
}

// reportAsked computes a report. One that this server does not have is no error:
// the answer says so.
func (s *Server) reportAsked(ctx context.Context, tenant, name, zone string, a *AskAnswer) error {
	c := a.Command
	if _, err := report.TypeOf(name); err != nil {
		a.Note = "this server has no report " + name
		return nil
	}
	var packs []string
	if c.Pack != "" {
		packs = []string{c.Pack}
	}
	r, err := s.cfg.Reading.Report(ctx, tenant, name, reading.Order{
		Search: c.Search, Value: c.Value, Since: instant(c.Since), Until: instant(c.Until), TimeZone: zone, Subject: c.Subject, Limit: c.Limit, Packs: packs,
	})
	if err != nil {
		return err
	}
	return a.show(func(b *bytes.Buffer) error { return report.Render(b, r, report.JSON) })
}

// show puts a report into the answer.
func (a *AskAnswer) show(render func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	if !json.Valid(b.Bytes()) {
		return hansard.Errorf(hansard.KindInternal, "a report is no JSON")
	}
	a.Report = &reported{b.Bytes()}
	return nil
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
