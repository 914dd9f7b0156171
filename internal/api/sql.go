package api

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/lake"
)

type sqlInput struct {
	Body struct {
		Query string `json:"query" minLength:"1" maxLength:"65536" doc:"One SELECT over the views events and statements"`
	}
}

// SQLResult is the answer to a SELECT.
type SQLResult struct {
	Columns   []lake.Column       `json:"columns" nullable:"false"`
	Rows      [][]json.RawMessage `json:"rows" nullable:"false"`
	Truncated string              `json:"truncated" doc:"Which limit cut the rows off; empty: these are all"`
}

type sqlOutput struct{ Body SQLResult }

func (o *sqlOutput) count() int64 { return int64(len(o.Body.Rows)) }

func (s *Server) sqlRoutes(api huma.API) {
	huma.Register(api, post("sql", "/v1/sql", "Run one SELECT over the views events and statements", "sql"),
		answer(s, func(ctx context.Context, tenant string, in *sqlInput) (*sqlOutput, error) {
			r, err := s.cfg.Reading.SQL(ctx, tenant, in.Body.Query)
			if err != nil {
				return nil, err
			}
			out := &sqlOutput{SQLResult{r.Columns, r.Rows, r.Truncated}}
			if out.Body.Rows == nil {
				out.Body.Rows = [][]json.RawMessage{}
			}
			return out, nil
		}))
}
