package report

import (
	"context"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// Type is a kind of report.
type Type struct {
	Name    string   // in commands and routes
	Aliases []string // other names for the same
	Short   string   // what it answers, in a line
	// Subject is what Request.Subject must name, "agent", "session" or "trace";
	// "": nothing.
	Subject string
	// Default is the period of a request that names none, in words; "": all of
	// the record.
	Default string
	// Format is what a terminal gets; "": Table.
	Format Format
	// Empty returns an empty report of this type, for its schema.
	Empty func() Report
	// Make computes the report.
	Make func(ctx context.Context, src Source, req Request) (Report, error)
}

// Types lists the types of report. The result is the caller's own.
func Types() []Type {
	return []Type{
		{
			Name: "summary", Short: "Events, agents, tools, errors, tokens and cost of a period",
			Empty: func() Report { return &SummaryReport{} }, Make: made(Summary),
		},
		{
			Name: "tools", Aliases: []string{"tool_usage"}, Short: "Calls, errors and latency of each tool, and who called it",
			Empty: func() Report { return &ToolsReport{} }, Make: made(Tools),
		},
		{
			Name: "errors", Aliases: []string{"error_analysis"}, Short: "What failed, where, since when, and what to do about it",
			Empty: func() Report { return &ErrorsReport{} }, Make: made(Errors),
		},
		{
			Name: "compliance", Aliases: []string{"compliance_check"}, Short: "How the record stands to the controls of compliance packs",
			Empty: func() Report { return &ComplianceReport{} }, Make: made(complianceOf),
		},
		{
			Name: "incident", Short: "Where a trace went wrong, and why: root cause, retries, what it cost, what to do", Subject: "trace",
			Empty: func() Report { return &IncidentReport{} }, Make: incidentsOf,
		},
		{
			Name: "daily", Short: "The audit summary of a day: invocations, agents, errors, compliance, integrity", Default: "today", Format: Markdown,
			Empty: func() Report { return &DailyReport{} }, Make: made(Daily),
		},
		{
			Name: "cost", Short: "Tokens and money by model, agent, task, session, user, tool and day; budgets; what is unpriced",
			Empty: func() Report { return &CostReport{} }, Make: made(CostOf),
		},
		{
			Name: "agent", Short: "All activity of one agent", Subject: "agent",
			Empty: func() Report { return &AgentReport{} }, Make: made(Agent),
		},
		{
			Name: "session", Short: "What happened in one session, in order, across its traces", Subject: "session",
			Empty: func() Report { return &SessionReport{} }, Make: made(Session),
		},
		{
			Name: "activity", Short: "What goes on: events a second, active agents, the newest errors", Default: "60m",
			Empty: func() Report { return &ActivityReport{} }, Make: made(Activity),
		},
		{
			Name: "feed", Short: "The newest events, newest first",
			Empty: func() Report { return &FeedReport{} }, Make: made(Feed),
		},
		{
			Name: "readers", Short: "Who read the record through the server: when, what, and how many rows",
			Empty: func() Report { return &ReadersReport{} }, Make: made(Readers),
		},
	}
}

// made fits the maker of one type of report to all.
func made[R Report](f func(context.Context, Source, Request) (R, error)) func(context.Context, Source, Request) (Report, error) {
	return func(ctx context.Context, src Source, req Request) (Report, error) {
		r, err := f(ctx, src, req)
		if err != nil {
			return nil, err // not a report that is nil
		}
		return r, nil
	}
}

// TypeOf returns the type with a name or alias. The error is of KindNotFound.
func TypeOf(name string) (Type, error) {
	var names []string
	for _, t := range Types() {
		if t.Name == name || slices.Contains(t.Aliases, name) {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Type{}, hansard.WithHint(hansard.Errorf(hansard.KindNotFound, "report: there is no report of this name"), "one of "+strings.Join(names, ", "))
}
