package api

import (
	"bytes"
	"cmp"
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type incidentInput struct {
	ID     string   `path:"id" doc:"Id of a trace, a task or an event"`
	Format string   `query:"format" enum:"json,markdown,csv,html,table" doc:"Default json"`
	Fields []string `query:"fields" maxItems:"32" doc:"JSON: give these members of the report alone, such as root_cause,no_cause; the whole of a long trace is large"`
	TZ     string   `query:"tz" doc:"The zone of the report's times: an IANA name; default UTC"`
}

func (s *Server) incidentRoutes(api huma.API) {
	op := get("getIncident", "/v1/traces/{id}/incident", "Find out where a trace went wrong, and why", "traces")
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.IncidentReport](), true, "IncidentReport")
	op.Responses = map[string]*huma.Response{"200": {Description: "The forensics of the trace; an array where the id is that of a task with several", Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema}, "text/markdown": {}, "text/csv": {}, "text/html": {}, "text/plain": {},
	}}}
	huma.Register(api, s.validated(op, holds), answer(s, func(ctx context.Context, tenant string, in *incidentInput) (*reportOutput, error) {
		if len(in.Fields) > 0 && cmp.Or(in.Format, "json") != "json" {
			return nil, hansard.Errorf(hansard.KindInvalid, "fields are those of the report's JSON: leave out the format")
		}
		made, err := s.cfg.Reading.Report(ctx, tenant, "incident", reading.Order{Subject: in.ID, TimeZone: cmp.Or(in.TZ, "UTC")})
		if err != nil {
			return nil, err
		}
		if len(in.Fields) == 0 {
			return written(made, in.Format, 0)
		}
		var b bytes.Buffer
		if err := report.RenderMembers(&b, made, in.Fields); err != nil {
			return nil, err
		}
		return &reportOutput{ContentType: report.JSON.ContentType(), CSP: dataPolicy, Body: b.Bytes()}, nil
	}))
}
