package api

import (
	"bytes"
	"context"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
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
		format, zone := report.JSON, time.UTC
		if in.Format != "" {
			format = report.Format(in.Format)
		}
		if in.TZ != "" {
			named, err := time.LoadLocation(in.TZ)
			if err != nil {
				return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "tz: there is no zone of this name"), "an IANA name such as Europe/Berlin")
			}
			zone = named
		}
		all, err := s.cfg.Reading.Incidents(ctx, tenant, in.ID, zone)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := report.RenderIncidents(&b, all, format); err != nil {
			return nil, err
		}
		out := &reportOutput{ContentType: format.ContentType(), CSP: "default-src 'none'; frame-ancestors 'none'", Body: b.Bytes()}
		if format == report.HTML {
			out.CSP = pagePolicy
		}
		return out, nil
	}))
}
