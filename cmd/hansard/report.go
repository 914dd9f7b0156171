package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
)

func newReport(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Report what happened, in figures",
		Long: `Report on the record, over all of it or over what a search and a period select.
Each figure is exact and comes with the search that lists its events; one that
cannot be computed is shown as unknown.`,
		Example: `  hansard report list
  hansard report summary --since 7d
  hansard report tools 'agent:billing' --since yesterday --until today
  hansard report errors --since 24h -o html > errors.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportList(p), newReportCheck(p))
	for _, t := range report.Types() {
		cmd.AddCommand(newReportType(p, t))
	}
	return cmd
}

func newReportList(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the reports there are", Args: cobra.NoArgs,
		Long: `List the reports: what each is about (all, one agent, one session), the begin of
the period that it takes where none is asked for, and what it answers.`,
		Example: `  hansard report list
  hansard report list -o json`,
	}
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.RunE = func(*cobra.Command, []string) error {
		t := p.terminalOf(p.stdout)
		format, err := out.format(t, formatTable, formatTable)
		if err != nil {
			return err
		}
		type line struct {
			Name    string   `json:"name"`
			Aliases []string `json:"aliases"`
			Short   string   `json:"short"`
			Subject string   `json:"subject"`
			Since   string   `json:"since"`
		}
		var lines []line
		var rows [][]string
		for _, t := range report.Types() {
			lines = append(lines, line{t.Name, append([]string{}, t.Aliases...), t.Short, t.Subject, t.Default})
			rows = append(rows, []string{t.Name, strings.ToUpper(t.Subject), or(t.Default, "all"), t.Short})
		}
		if format == formatJSON {
			return p.writeJSON(lines)
		}
		table := newTable(t, column{title: "REPORT", most: 20}, column{title: "ABOUT", most: 10}, column{title: "SINCE", most: 10}, column{title: "WHAT IT ANSWERS", rest: true})
		return table.write(p.stdout, rows)
	}
	return cmd
}

// reportRun is one run of a report's verb.
type reportRun struct {
	p       *program
	t       report.Type
	out     *output
	o       reading.Order
	between period
	prices  string
	minutes int // before now; 0: not asked for
}

func newReportType(p *program, t report.Type) *cobra.Command {
	v := &reportRun{p: p, t: t}
	use, example := t.Name, "  hansard report "+t.Name
	if t.Subject == "" {
		use += " [QUERY]"
	} else {
		use += map[string]string{"agent": " AGENT", "session": " [SESSION]", "trace": " [TRACE]"}[t.Subject] + " [QUERY]"
		example += map[string]string{"agent": " billing", "session": " s-1029", "trace": " refund-4711"}[t.Subject]
	}
	cmd := &cobra.Command{
		Use: use, Aliases: t.Aliases, Short: t.Short,
		Long: t.Short + `.

It is about all of the record, or about what a search and a period select, and
says which. Each figure comes with the search that lists its events.`,
		Example: example + "\n" + example + " --since 7d -o html > " + t.Name + ".html\n" + example + " 'environment:prod' --since yesterday --until today -o json",
		RunE:    func(cmd *cobra.Command, args []string) error { return v.run(cmd, args) },
	}
	v.out = outputFlag(cmd, formatTable, formatJSON, formatMarkdown, formatCSV, formatHTML)
	f := cmd.Flags()
	f.StringVar(&v.o.Value, "value", "", `what is about this personal value, for example an e-mail address; "-" reads it from standard input`)
	v.between.flags(cmd)
	switch t.Name {
	case "compliance":
		f.StringSliceVar(&v.o.Packs, "pack", nil, "pack to judge by; may be given more than once (default: those that are switched on)")
		cmd.Long, cmd.Example = complianceLong, complianceExample
	case "incident":
		cmd.Long += "\n\n" + incidentLong
	case "feed", "agent", "session":
		f.IntVar(&v.o.Limit, "limit", 0, "the most events that are listed; default as the report says")
	case "daily":
		f.StringVar(&v.o.Day, "day", "", "the day, such as yesterday or 2026-11-23, in place of --since and --until")
		cmd.Example = "  hansard report daily\n  hansard report daily --day yesterday > yesterday.md\n  hansard report daily --day 2026-11-23 -o html > day.html"
	case "activity":
		f.IntVar(&v.minutes, "minutes", 0, "the minutes before now, in place of --since")
	case "cost":
		f.StringVar(&v.prices, "prices", "", "a file of prices (YAML) that extends and overrides the server's; docs/COST.md")
		f.BoolVar(&v.o.Reprice, "reprice", false, "leave out what calls state, and price all of them by the table; the record stays as it is")
		cmd.Example += "\n  hansard report cost --prices next-year.yaml --reprice"
	}
	cmd.ValidArgsFunction = p.completeSearch
	return cmd
}

func (v *reportRun) run(cmd *cobra.Command, args []string) error {
	usual := formatTable
	if v.t.Format != "" {
		usual = string(v.t.Format)
	}
	format, err := v.out.format(v.p.terminalOf(v.p.stdout), usual, usual)
	if err != nil {
		return err
	}
	if v.t.Subject != "" {
		if len(args) == 0 && v.t.Subject == "agent" {
			err := hansard.Errorf(hansard.KindInvalid, "which %s?", v.t.Subject)
			return hansard.WithHint(err, fmt.Sprintf("hansard report %s NAME; hansard sql 'select distinct %s from events' lists them", v.t.Name, subjectColumn(v.t.Subject)))
		}
		if len(args) > 0 {
			v.o.Subject, args = args[0], args[1:]
		}
	}
	v.o.Search = strings.Join(args, " ")
	zone := v.p.global.zone()
	if v.o.TimeZone, err = zoneName(zone); err != nil {
		return err
	}
	if v.minutes < 0 || v.o.Limit < 0 {
		return hansard.Errorf(hansard.KindInvalid, "--minutes and --limit are not negative")
	}
	if v.o.Day != "" && v.between != (period{}) {
		return hansard.Errorf(hansard.KindInvalid, "--day is in place of --since and --until")
	}
	if v.minutes > 0 {
		v.between.since = fmt.Sprintf("%dm", v.minutes)
	}
	if v.o.Since, v.o.Until, err = v.between.instants(v.t.Default, zone); err != nil {
		return err
	}
	if v.o.Value, err = v.p.secretArgument(v.o.Value, "value"); err != nil {
		return err
	}
	if v.prices != "" {
		text, err := durable.ReadFile(durable.OS{}, v.prices, maxPrices)
		if err != nil {
			return hansard.Errorf(hansard.KindInvalid, "read the prices: %w", err)
		}
		v.o.Prices = string(text)
	}
	v.o.Width = v.p.terminalOf(v.p.stdout).width
	compliant := ""
	err = v.p.with(func(b backend) error {
		text, outcome, err := b.Report(cmd.Context(), v.t.Name, v.o, report.Format(format))
		if err != nil {
			return err
		}
		compliant = outcome
		_, err = v.p.stdout.Write(text)
		return err
	})
	if err == nil && compliant == "false" {
		return quietError{exitFinding}
	}
	return err
}

// What two of the reports say of themselves.
const (
	complianceLong = `Judge the record by the controls of the packs that are switched on in the
configuration, or of those that --pack names. A check passes, is near its limit,
fails, does not apply, or lacks evidence: what is not on record is never a pass.
Each verdict comes with its figure, the entries that prove it and what to do.

hansard policy list names the packs, hansard policy explain says what they check.

The exit code is 5 when a check fails.`
	complianceExample = `  hansard report compliance --since 30d
  hansard report compliance --pack eu-ai-act --since 2026-11-01 --until 2026-12-01 -o html > november.html
  hansard report compliance 'agent:billing' --pack base --pack eu-ai-act -o json`
	incidentLong = `TRACE is the id of a trace, of a task (then its traces that the search and the
period select), or of an event; left out, it is the last trace that failed of what
they select.`
)

func subjectColumn(subject string) string {
	if subject == "agent" {
		return "agent_name"
	}
	return "session_id"
}

// zoneName returns the name of a zone, so that a server elsewhere knows it.
func zoneName(zone *time.Location) (string, error) {
	if zone != time.Local {
		return zone.String(), nil
	}
	local, err := query.Zone("")
	if err == nil && local == time.Local {
		return time.Now().Format("-07:00"), nil
	}
	return local.String(), err
}

func newReportCheck(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Compute a report again and say what differs", Args: cobra.ExactArgs(1),
		Long: `Compute a report again that was made earlier, over the entries that were there
then, and say which figures differ and what was pruned since. FILE is the report
in its JSON form; "-" reads it from standard input. The exit code is 5 when a
figure differs.`,
		Example: `  hansard report summary --since 7d -o json > week.json
  hansard report check week.json`,
	}
	out := outputFlag(cmd, formatTable, formatJSON, formatMarkdown, formatCSV, formatHTML)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		text, err := p.reportText(args[0])
		if err != nil {
			return err
		}
		return p.with(func(b backend) error {
			written, same, err := b.CheckReport(cmd.Context(), text, report.Format(format))
			if err != nil {
				return err
			}
			if _, err := p.stdout.Write(written); err != nil || same {
				return err
			}
			return quietError{exitFinding}
		})
	}
	return cmd
}

// reportText reads a report from a file or standard input.
func (p *program) reportText(path string) ([]byte, error) {
	if path == "-" {
		text, err := io.ReadAll(io.LimitReader(p.stdin, reading.MaxReport))
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read the report: %w", err)
		}
		return text, nil
	}
	text, err := durable.ReadFile(durable.OS{}, path, reading.MaxReport)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read the report: %w", err)
	}
	return text, nil
}
