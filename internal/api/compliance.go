package api

import (
	"bytes"
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type complianceInput struct {
	Q      string   `query:"q" doc:"Search; what it selects is judged"`
	Since  string   `query:"since" doc:"Such as 24h, 7d, yesterday; default: from the first event on"`
	Until  string   `query:"until"`
	Format string   `query:"format" enum:"json,markdown,csv,html,table" doc:"Default json"`
	Pack   []string `query:"pack" doc:"Packs to judge; default: those that are switched on"`
}

type complianceOutput struct {
	ContentType string `header:"Content-Type"`
	CSP         string `header:"Content-Security-Policy"`
	Compliant   string `header:"Hansard-Compliant" doc:"true, false or unknown"`
	Body        []byte
}

// complianceRoutes registers the compliance report under its name and its alias.
func (s *Server) complianceRoutes(api huma.API) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.ComplianceReport](), true, "ComplianceReport")
	for id, path := range map[string]string{"reportCompliance": "/v1/reports/compliance", "reportComplianceCheck": "/v1/reports/compliance_check"} {
		op := get(id, path, "Judge the record by the controls of compliance packs", "reports")
		op.Responses = map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
			"application/json": {Schema: schema}, "text/markdown": {}, "text/csv": {}, "text/html": {}, "text/plain": {},
		}}}
		huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *complianceInput) (*complianceOutput, error) {
			if err := noPersons(in.Q); err != nil {
				return nil, err
			}
			format := report.JSON
			if in.Format != "" {
				format = report.Format(in.Format)
			}
			r, err := s.cfg.Reading.Compliance(ctx, tenant, reading.Question{Search: in.Q, Since: in.Since, Until: in.Until}, in.Pack)
			if err != nil {
				return nil, err
			}
			var b bytes.Buffer
			if err := report.Render(&b, r, format); err != nil {
				return nil, err
			}
			out := &complianceOutput{
				ContentType: format.ContentType(), CSP: "default-src 'none'; frame-ancestors 'none'", Compliant: r.Outcome(), Body: b.Bytes(),
			}
			if format == report.HTML {
				out.CSP = pagePolicy
			}
			return out, nil
		}))
	}
}
