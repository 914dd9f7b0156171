package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
)

// Asked is a question in the body of a POST: it may name persons.
type Asked struct {
	Q     string `json:"q,omitempty" doc:"Search; may name persons"`
	Value string `json:"value,omitempty" doc:"A personal value, such as an e-mail address: events that hold its pseudonym"`
	Since string `json:"since,omitempty" doc:"Such as 24h, 7d, 2026-11-23, yesterday"`
	Until string `json:"until,omitempty"`
	TZ    string `json:"tz,omitempty" doc:"The zone that times are read in: an IANA name, or +02:00; default the server's"`
}

func (a Asked) question() reading.Question {
	return reading.Question{Search: a.Q, Value: a.Value, Since: a.Since, Until: a.Until, TimeZone: a.TZ}
}

type facetsInput struct {
	Q      string   `query:"q" doc:"Search, such as: agent:billing error:*"`
	Since  string   `query:"since" doc:"Such as 24h, 7d, 2026-11-23, yesterday"`
	Until  string   `query:"until"`
	Fields []string `query:"fields" maxItems:"16" doc:"Fields to count the values of, with commas between them; default: the usual ones"`
	Values int      `query:"values" minimum:"0" maximum:"200" doc:"Values of each field; default 10"`
}

type facetsSearch struct {
	Body struct {
		Asked
		Fields []string `json:"fields,omitempty" maxItems:"16"`
		Values int      `json:"values,omitempty" minimum:"0" maximum:"200"`
	}
}

type facetsOutput struct{ Body *reading.Facets }

type histogramInput struct {
	Q       string `query:"q" doc:"Search, such as: agent:billing error:*"`
	Since   string `query:"since" doc:"Such as 24h, 7d, 2026-11-23, yesterday; default: the first event"`
	Until   string `query:"until" doc:"Default: the last event"`
	TZ      string `query:"tz" doc:"The zone that times are read in, and whose hours and days the buckets are: an IANA name, or +02:00; default the server's"`
	Buckets int    `query:"buckets" minimum:"0" maximum:"1000" doc:"At most so many; default 60"`
}

type histogramSearch struct {
	Body struct {
		Asked
		Buckets int `json:"buckets,omitempty" minimum:"0" maximum:"1000"`
	}
}

type histogramOutput struct{ Body *reading.Histogram }

type completeInput struct {
	Q      string `query:"q" doc:"The search as typed so far"`
	Cursor int    `query:"cursor" minimum:"-1" default:"-1" doc:"Bytes of UTF-8 before the cursor; default: it is at the end"`
}

type completeSearch struct {
	Body struct {
		Q      string `json:"q" doc:"The search as typed so far; may name persons"`
		Cursor *int   `json:"cursor,omitempty" minimum:"0" doc:"Bytes of UTF-8 before the cursor; default: it is at the end"`
	}
}

type completeOutput struct{ Body *reading.Completion }

// searchRoutes are what a page of search needs beside the events.
func (s *Server) searchRoutes(api huma.API) {
	s.facetRoutes(api)
	s.histogramRoutes(api)
	complete := func(ctx context.Context, tenant, q string, cursor int) (*completeOutput, error) {
		if cursor < 0 {
			cursor = len(q)
		}
		c, err := s.cfg.Reading.Complete(ctx, tenant, q, cursor)
		return &completeOutput{c}, err
	}
	huma.Register(api, get("complete", "/v1/complete", "Complete a search that is being typed", "events"),
		answer(s, func(ctx context.Context, tenant string, in *completeInput) (*completeOutput, error) {
			if reading.NamesPerson(in.Q) {
				err := hansard.Errorf(hansard.KindInvalid, "a search by a person's value may not be in a URL")
				return nil, hansard.WithHint(err, "POST it to /v1/complete")
			}
			return complete(ctx, tenant, in.Q, in.Cursor)
		}))
	huma.Register(api, post("completePosted", "/v1/complete", "Complete a search that is being typed and may name persons", "events"),
		answer(s, func(ctx context.Context, tenant string, in *completeSearch) (*completeOutput, error) {
			cursor := -1
			if in.Body.Cursor != nil {
				cursor = *in.Body.Cursor
			}
			return complete(ctx, tenant, in.Body.Q, cursor)
		}))
}

func (s *Server) facetRoutes(api huma.API) {
	huma.Register(api, s.validated(get("facets", "/v1/events/facets", "Count the most frequent values of fields among the events of a search", "events"), byPeriod),
		answer(s, func(ctx context.Context, tenant string, in *facetsInput) (*facetsOutput, error) {
			if err := noPersons(in.Q); err != nil {
				return nil, err
			}
			f, err := s.cfg.Reading.Facets(ctx, tenant, reading.Question{Search: in.Q, Since: in.Since, Until: in.Until}, in.Fields, in.Values)
			return &facetsOutput{f}, err
		}))
	huma.Register(api, post("facetsPosted", "/v1/events/facets", "Count the most frequent values of fields; the search may name persons", "events"),
		answer(s, func(ctx context.Context, tenant string, in *facetsSearch) (*facetsOutput, error) {
			f, err := s.cfg.Reading.Facets(ctx, tenant, in.Body.question(), in.Body.Fields, in.Body.Values)
			return &facetsOutput{f}, err
		}))
}

func (s *Server) histogramRoutes(api huma.API) {
	huma.Register(api, s.validated(get("histogram", "/v1/events/histogram", "Count the events of a search over time", "events"), byPeriod),
		answer(s, func(ctx context.Context, tenant string, in *histogramInput) (*histogramOutput, error) {
			if err := noPersons(in.Q); err != nil {
				return nil, err
			}
			h, err := s.cfg.Reading.Histogram(ctx, tenant, reading.Question{Search: in.Q, Since: in.Since, Until: in.Until, TimeZone: in.TZ}, in.Buckets)
			return &histogramOutput{h}, err
		}))
	huma.Register(api, post("histogramPosted", "/v1/events/histogram", "Count the events of a search over time; it may name persons", "events"),
		answer(s, func(ctx context.Context, tenant string, in *histogramSearch) (*histogramOutput, error) {
			h, err := s.cfg.Reading.Histogram(ctx, tenant, in.Body.question(), in.Body.Buckets)
			return &histogramOutput{h}, err
		}))
}
