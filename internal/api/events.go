package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
)

// Entry is an entry as the API gives it: EVENT.md's names.
type Entry struct{ *hansard.Entry }

// MarshalJSON implements json.Marshaler.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(e.Entry) }

// Schema describes the entry, field by field, from the table that the search
// language has.
func (Entry) Schema(r huma.Registry) *huma.Schema {
	const name = "Entry"
	if r.Map()[name] == nil {
		object := &huma.Schema{Type: huma.TypeObject, Description: "One entry of the record. Absent values are left out.", Properties: map[string]*huma.Schema{}, AdditionalProperties: true}
		for _, f := range query.Fields() {
			object.Properties[f.Name] = fieldSchema(f)
		}
		r.Map()[name] = object
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

func fieldSchema(f query.Field) *huma.Schema {
	s := &huma.Schema{Description: f.Description}
	switch f.Kind {
	case query.KindInt:
		s.Type = huma.TypeInteger
		if f.Unit != "" {
			s.Type = huma.TypeNumber
		}
	case query.KindFloat:
		s.Type = huma.TypeNumber
	case query.KindTime:
		s.Type, s.Format = huma.TypeString, "date-time"
	case query.KindBool:
		s.Type = huma.TypeBoolean
	case query.KindList:
		s.Type, s.Items = huma.TypeArray, &huma.Schema{Type: huma.TypeString}
	case query.KindJSON:
	default:
		s.Type = huma.TypeString
	}
	for _, v := range f.Enum {
		s.Enum = append(s.Enum, v)
	}
	return s
}

// EventList is a page of events.
type EventList struct {
	Events     []Entry `json:"events" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Asks for the next page; absent on the last"`
}

func listOf(page *reading.Events) *EventList {
	list := &EventList{Events: make([]Entry, len(page.Events)), NextCursor: page.NextCursor}
	for i, e := range page.Events {
		list.Events[i] = Entry{e}
	}
	return list
}

type eventsInput struct {
	Q      string `query:"q" doc:"Search, such as: agent:billing tool:process_refund error:* cost:>0.5"`
	Since  string `query:"since" doc:"Such as 24h, 7d, 2026-11-23, yesterday"`
	Until  string `query:"until"`
	Limit  int    `query:"limit" minimum:"0" maximum:"10000" doc:"Default 100"`
	Cursor string `query:"cursor"`
	Order  string `query:"order" enum:"newest,oldest" doc:"Default newest"`
}

type searchInput struct {
	Body struct {
		Q      string `json:"q,omitempty" doc:"Search; may name persons"`
		Value  string `json:"value,omitempty" doc:"A personal value, such as an e-mail address: events that hold its pseudonym"`
		Since  string `json:"since,omitempty"`
		Until  string `json:"until,omitempty"`
		Limit  int    `json:"limit,omitempty" minimum:"0" maximum:"10000"`
		Cursor string `json:"cursor,omitempty"`
		Order  string `json:"order,omitempty" enum:"newest,oldest"`
	}
}

type eventsOutput struct{ Body *EventList }

func (s *Server) eventRoutes(api huma.API) {
	huma.Register(api, s.validated(get("listEvents", "/v1/events", "List events, newest first", "events"), byPeriod),
		answer(s, func(ctx context.Context, tenant string, in *eventsInput) (*eventsOutput, error) {
			if err := noPersons(in.Q); err != nil {
				return nil, err
			}
			page, err := s.cfg.Reading.Events(ctx, tenant, reading.Question{
				Search: in.Q, Since: in.Since, Until: in.Until, Limit: in.Limit, Cursor: in.Cursor, Oldest: in.Order == "oldest",
			})
			if err != nil {
				return nil, err
			}
			return &eventsOutput{listOf(page)}, nil
		}))
	huma.Register(api, post("searchEvents", "/v1/events/search", "Search events; the search may name persons", "events"),
		answer(s, func(ctx context.Context, tenant string, in *searchInput) (*eventsOutput, error) {
			b := in.Body
			page, err := s.cfg.Reading.Events(ctx, tenant, reading.Question{
				Search: b.Q, Value: b.Value, Since: b.Since, Until: b.Until, Limit: b.Limit, Cursor: b.Cursor, Oldest: b.Order == "oldest",
			})
			if err != nil {
				return nil, err
			}
			return &eventsOutput{listOf(page)}, nil
		}))
	s.getEventRoute(api)
	s.proofRoutes(api)
}

// noPersons refuses a search in a URL that names a person: URLs are logged by
// whatever is in between.
func noPersons(search string) error {
	node, err := query.Parse(search, time.Now())
	if err != nil {
		return err
	}
	if query.HasPerson(node) {
		err := hansard.Errorf(hansard.KindInvalid, "a search by a person's value may not be in a URL")
		return hansard.WithHint(err, "POST it to /v1/events/search")
	}
	return nil
}

type proofInput struct {
	ID       string `path:"id" doc:"Event id"`
	Disclose bool   `query:"disclose" doc:"Put the content into the proof too"`
}

type proofOutput struct {
	ContentType string `header:"Content-Type"`
	VKey        string `header:"Hansard-VKey" doc:"Verifier key of the log"`
	Body        []byte
}

func (*proofOutput) count() int64 { return 1 }

func (s *Server) proofRoutes(api huma.API) {
	op := get("proveEvent", "/v1/events/{id}/proof", "Prove that an event is in the record (C2SP tlog-proof)", "proofs")
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *proofInput) (*proofOutput, error) {
		p, vkey, err := s.cfg.Reading.Prove(ctx, tenant, in.ID, in.Disclose)
		if err != nil {
			return nil, err
		}
		return &proofOutput{"text/plain; charset=utf-8", vkey, p.Format()}, nil
	}))
}
