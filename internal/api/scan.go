package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/reading"
)

type scanInput struct {
	Body struct {
		Q      string `json:"q,omitempty" doc:"Search; only what it selects is looked at; may name persons"`
		Value  string `json:"value,omitempty" doc:"A personal value, such as an e-mail address"`
		Since  string `json:"since,omitempty" doc:"Such as 24h, 7d, yesterday"`
		Until  string `json:"until,omitempty"`
		Record bool   `json:"record,omitempty" doc:"Put findings that are not on record yet on record; needs the admin role"`
	}
}

type scanOutput struct{ Body *reading.Scan }

// scanRoutes look for injections in history.
func (s *Server) scanRoutes(api huma.API) {
	op := post("scan", "/v1/scan", "Look for injections: calls to destinations that no user gave and a tool's answer did", "security")
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *scanInput) (*scanOutput, error) {
		b := in.Body
		var by access.Identity
		if b.Record {
			var err error
			if by, err = caller(ctx, access.RoleAdmin); err != nil {
				return nil, err
			}
		}
		scan, err := s.cfg.Reading.Scan(ctx, tenant, reading.Question{Search: b.Q, Value: b.Value, Since: b.Since, Until: b.Until}, nil)
		if err != nil || !b.Record {
			return &scanOutput{scan}, err
		}
		if events := scan.New(); len(events) > 0 {
			if _, err := s.cfg.Intake.Events(ctx, intake.Source{Tenant: tenant, SubmittedBy: by.TokenID}, events); err != nil {
				return nil, err
			}
			scan.Record()
		}
		return &scanOutput{scan}, nil
	}))
}
