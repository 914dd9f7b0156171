package api

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

type reportInput struct {
	Q       string   `query:"q" doc:"Search; the report is about what it selects"`
	Since   string   `query:"since" doc:"Such as 24h, 7d, yesterday; the default depends on the report: see GET /v1/reports"`
	Until   string   `query:"until"`
	TZ      string   `query:"tz" doc:"The zone that times are read and shown in: an IANA name, or +02:00; default the server's"`
	Subject string   `query:"subject" doc:"The agent, the session, or the trace, task or event that the report is about; a session left out: the last one; a trace: the last one that failed"`
	Day     string   `query:"day" doc:"Daily: the day, such as yesterday or 2026-11-23, in place of since and until"`
	Limit   int      `query:"limit" minimum:"0" maximum:"10000" doc:"How many events are listed"`
	Pack    []string `query:"pack" doc:"Compliance: packs to judge by; default: those that are switched on"`
	Width   int      `query:"width" minimum:"0" maximum:"1000" doc:"Table: the columns of the terminal; what does not fit is cut"`
	Format  string   `query:"format" enum:"json,markdown,csv,html,table" doc:"Default json"`
}

type reportOrder struct {
	Body struct {
		reading.Order
		Format string `json:"format,omitempty" enum:"json,markdown,csv,html,table" doc:"Default json"`
	}
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	CSP         string `header:"Content-Security-Policy"`
	// Same is of a check: whether every figure is the same, true or false.
	Same string `header:"Hansard-Same"`
	// Compliant is what a compliance report comes to.
	Compliant string `header:"Hansard-Compliant" doc:"Compliance: true, false or unknown"`
	Body      []byte
}

// ReportType describes a type of report.
type ReportType struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases" nullable:"false"`
	Short   string   `json:"short" doc:"What it answers"`
	Subject string   `json:"subject" doc:"What the subject must name: agent, session or trace; empty: none"`
	Since   string   `json:"since" doc:"The begin of the period where none is asked for; empty: of the record"`
}

type reportTypesOutput struct {
	Body struct {
		Reports []ReportType `json:"reports" nullable:"false"`
	}
}

// pagePolicy is the policy of a report's page: it holds its own style, and
// nothing else. The dashboard shows it in a frame.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

// dataPolicy is the policy of a report that is no page.
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

func (s *Server) reportRoutes(api huma.API) {
	huma.Register(api, get("listReports", "/v1/reports", "List the types of report", "reports"),
		answer(s, func(context.Context, string, *struct{}) (*reportTypesOutput, error) {
			out := &reportTypesOutput{}
			for _, t := range report.Types() {
				out.Body.Reports = append(out.Body.Reports, ReportType{t.Name, append([]string{}, t.Aliases...), t.Short, t.Subject, t.Default})
			}
			return out, nil
		}))
	figureSchemas(api.OpenAPI().Components.Schemas)
	s.checkRoute(api)
	for _, t := range report.Types() {
		s.reportRoute(api, t, t.Name, "")
		for _, alias := range t.Aliases {
			s.reportRoute(api, t, alias, "; the same as /v1/reports/"+t.Name)
		}
	}
}

// figureSchemas says how figures look that are written as JSON by their own rules.
func figureSchemas(r huma.Registry) {
	number, texts := reflect.TypeFor[*float64](), reflect.TypeFor[map[string]int64]()
	for _, t := range []reflect.Type{reflect.TypeFor[report.Cost](), reflect.TypeFor[report.Millis]()} {
		r.RegisterTypeAlias(t, number)
	}
	r.RegisterTypeAlias(reflect.TypeFor[report.Tallies](), texts)
	r.RegisterTypeAlias(reflect.TypeFor[report.Ranking](), reflect.TypeFor[[][]any]())
	r.RegisterTypeAlias(reflect.TypeFor[report.Tokens](), reflect.TypeFor[tokenSums]())
}

// tokenSums is how report.Tokens is written.
type tokenSums struct {
	Input      *int64 `json:"input_tokens"`
	Output     *int64 `json:"output_tokens"`
	CacheRead  *int64 `json:"cache_read_tokens"`
	CacheWrite *int64 `json:"cache_write_tokens"`
	Reasoning  *int64 `json:"reasoning_tokens"`
	Total      *int64 `json:"token_count"`
}

// reportRoute registers the routes of one type of report under a name.
func (s *Server) reportRoute(api huma.API, t report.Type, name, more string) {
	schema := reflect.TypeOf(t.Empty()).Elem()
	answers := map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
		"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(schema, true, schema.Name())},
		"text/markdown":    {}, "text/csv": {}, "text/html": {}, "text/plain": {},
	}}}
	read := get("report_"+name, "/v1/reports/"+name, t.Short+more, "reports")
	read.Responses = answers
	huma.Register(api, s.validated(read, reportValidity(t)), answer(s, func(ctx context.Context, tenant string, in *reportInput) (*reportOutput, error) {
		if err := noPersons(in.Q); err != nil {
			return nil, err
		}
		return s.report(ctx, tenant, t.Name, in.Format, reading.Order{
			Search: in.Q, Since: in.Since, Until: in.Until, TimeZone: in.TZ, Subject: in.Subject, Limit: in.Limit, Day: in.Day, Packs: in.Pack, Width: in.Width,
		})
	}))
	ask := post("order_"+name, "/v1/reports/"+name, t.Short+more+"; for a search that names a person", "reports")
	ask.Responses = answers
	huma.Register(api, ask, answer(s, func(ctx context.Context, tenant string, in *reportOrder) (*reportOutput, error) {
		return s.report(ctx, tenant, t.Name, in.Body.Format, in.Body.Order)
	}))
}

// report answers with a report in a format.
func (s *Server) report(ctx context.Context, tenant, name, format string, o reading.Order) (*reportOutput, error) {
	made, err := s.cfg.Reading.Report(ctx, tenant, name, o)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).rows = eventsOf(made)
	return written(made, format, o.Width)
}

// written returns a report in a format as an answer.
func written(made report.Report, format string, width int) (*reportOutput, error) {
	as := report.JSON
	if format != "" {
		as = report.Format(format)
	}
	var b bytes.Buffer
	var err error
	if as == report.Table {
		err = report.RenderTable(&b, made, width)
	} else {
		err = report.Render(&b, made, as)
	}
	if err != nil {
		return nil, err
	}
	out := &reportOutput{ContentType: as.ContentType(), CSP: dataPolicy, Compliant: report.Outcome(made), Body: b.Bytes()}
	if as == report.HTML {
		out.CSP = pagePolicy
	}
	return out, nil
}

type checkInput struct {
	Body struct {
		Report json.RawMessage `json:"report" doc:"A report in its JSON form"`
		Format string          `json:"format,omitempty" enum:"json,markdown,csv,html,table" doc:"Default json"`
	}
}

// checkRoute registers the check of a report that was made earlier.
func (s *Server) checkRoute(api huma.API) {
	op := post("checkReport", "/v1/reports/check", "Compute a report again and say which figures differ, and what was pruned since", "reports")
	op.MaxBodyBytes = reading.MaxReport
	schema := reflect.TypeFor[report.CheckReport]()
	op.Responses = map[string]*huma.Response{"200": {Description: "What differs", Content: map[string]*huma.MediaType{
		"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(schema, true, schema.Name())},
		"text/markdown":    {}, "text/csv": {}, "text/html": {}, "text/plain": {},
	}}}
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *checkInput) (*reportOutput, error) {
		made, err := s.cfg.Reading.CheckReport(ctx, tenant, in.Body.Report)
		if err != nil {
			return nil, err
		}
		out, err := written(made, in.Body.Format, 0)
		if err == nil {
			out.Same = strconv.FormatBool(made.Same)
		}
		return out, err
	}))
}

// reportValidity is the validity of a type's reports. What a report is held against
// besides events (the integrity of the logs, holds, readers) changes without them.
func reportValidity(t report.Type) validity {
	switch t.Name {
	case "compliance", "daily", "readers":
		return func(url.Values, time.Time) reading.Validity { return reading.HoldsNever }
	}
	return func(asked url.Values, now time.Time) reading.Validity {
		if asked.Get("since") == "" && asked.Get("until") == "" && t.Default != "" {
			asked = maps.Clone(asked)
			asked.Set("since", t.Default)
		}
		valid := byPeriod(asked, now)
		if valid == reading.HoldsAlways && asked.Get("since") != "" && asked.Get("until") == "" {
			return reading.HoldsByMinute // its period ends when it is made
		}
		return valid
	}
}
