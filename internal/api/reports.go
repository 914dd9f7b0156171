package api

import (
	"bytes"
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type reportInput struct {
	Q      string `query:"q" doc:"Search; the report is about what it selects"`
	Since  string `query:"since" doc:"Such as 24h, 7d, yesterday; default: from the first event on"`
	Until  string `query:"until"`
	Format string `query:"format" enum:"json,markdown,csv,html,table" doc:"Default json"`
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	CSP         string `header:"Content-Security-Policy"`
	Body        []byte
}

// pagePolicy is the policy of a report's page: it holds its own style, and
// nothing else. The dashboard shows it in a frame.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

func (s *Server) reportRoutes(api huma.API) {
	s.complianceRoutes(api)
	op := get("reportSummary", "/v1/reports/summary", "Report what happened, in figures", "reports")
	summary := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.SummaryReport](), true, "SummaryReport")
	op.Responses = map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
		"application/json": {Schema: summary}, "text/markdown": {}, "text/csv": {}, "text/html": {}, "text/plain": {},
	}}}
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *reportInput) (*reportOutput, error) {
		if err := noPersons(in.Q); err != nil {
			return nil, err
		}
		format := report.JSON
		if in.Format != "" {
			format = report.Format(in.Format)
		}
		sum, err := s.cfg.Reading.Summary(ctx, tenant, reading.Question{Search: in.Q, Since: in.Since, Until: in.Until})
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := report.Render(&b, sum, format); err != nil {
			return nil, err
		}
		out := &reportOutput{ContentType: format.ContentType(), CSP: "default-src 'none'; frame-ancestors 'none'", Body: b.Bytes()}
		if format == report.HTML {
			out.CSP = pagePolicy
		}
		return out, nil
	}))
}
