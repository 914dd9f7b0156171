package api

import (
	"cmp"
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type incidentInput struct {
	ID     string `path:"id" doc:"Id of a trace, a task or an event"`
	Format string `query:"format" enum:"json,markdown,csv,html,table" doc:"Default json"`
	TZ     string `query:"tz" doc:"The zone of the report's times: an IANA name; default UTC"`
}

func (s *Server) incidentRoutes(api huma.API) {
	op := get("getIncident", "/v1/traces/{id}/incident", "Find out where a trace went wrong, and why", "traces")
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.IncidentReport](), true, "IncidentReport")
	op.Responses = map[string]*huma.Response{"200": {Description: "The forensics of the trace; an array where the id is that of a task with several", Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema}, "text/markdown": {}, "text/csv": {}, "text/html": {}, "text/plain": {},
	}}}
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *incidentInput) (*reportOutput, error) {
		made, err := s.cfg.Reading.Report(ctx, tenant, "incident", reading.Order{Subject: in.ID, TimeZone: cmp.Or(in.TZ, "UTC")})
		if err != nil {
			return nil, err
		}
		return written(made, in.Format, 0)
	}))
}
