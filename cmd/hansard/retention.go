package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/retention"
	"github.com/hansardhq/hansard/internal/trace"
)

func newRetention(p *program) *cobra.Command {
	var f keepFlags
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Say what is kept, and what goes when",
		Long: `Say for each log how long its entries are kept after they were received, what is
there, and what goes next, and when. Entries go by whole parts, a day at a time,
and only when nothing keeps them: a legal hold, or a clock that jumped.

What a day's events came to is rolled up before they go: hansard retention
rollups. The times are set in the configuration (retention:).`,
		Example: `  hansard retention
  hansard retention -o json | jq '.logs[] | {log, next}'
  hansard retention --data ./hansard-data --config hansard.yaml`,
		Args: cobra.NoArgs,
	}
	cmd.PersistentFlags().StringVar(&f.config, "config", "", "with --data: configuration file with the settings of retention (or HANSARD_CONFIG)")
	out := outputFlag(cmd, formatTable, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		return p.keeping(&f, func(k keepers) error {
			st, err := k.Retention(cmd.Context())
			if err != nil {
				return err
			}
			return p.writeRetention(st, format)
		})
	}
	cmd.AddCommand(newRollups(p, &f))
	return cmd
}

func (p *program) writeRetention(st retention.Status, format string) error {
	if format == formatJSON {
		return p.writeJSON(st)
	}
	titles := []string{"LOG", "KEPT", "ENTRIES", "BYTES", "OLDEST", "GOES NEXT", "FROM", "STATE"}
	rows := make([][]string, len(st.Logs))
	for i, l := range st.Logs {
		rows[i] = p.retentionRow(l)
	}
	switch format {
	case formatCSV:
		return writeCSV(p.stdout, titles, rows)
	case formatMarkdown:
		return writeMarkdown(p.stdout, titles, rows)
	}
	if len(rows) == 0 {
		p.say("no logs yet: the first event makes one")
		return nil
	}
	var columns []column
	for i, t := range titles {
		columns = append(columns, column{title: t, right: i == 2 || i == 3})
	}
	t := p.terminalOf(p.stdout)
	t.width = 0
	if err := newTable(t, columns...).write(p.stdout, rows); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout)
	for _, line := range p.retentionNotes(st) {
		fmt.Fprintln(p.stdout, trace.Clean(line))
	}
	return nil
}

const none = "–"

func (p *program) retentionRow(l retention.LogStatus) []string {
	row := []string{l.Log, l.Keep, trace.Count(int64(l.Entries)), trace.Bytes(int(l.Bytes)), none, none, none, "kept"}
	if l.Oldest != nil {
		row[4] = l.Oldest.In(p.global.zone()).Format(time.DateOnly)
	}
	if l.Refused != "" {
		row[7] = "stopped: " + l.Refused
	}
	if l.Next == nil {
		return row
	}
	row[5] = fmt.Sprintf("%s (%s %s)", l.Next.Date, trace.Count(int64(l.Next.Entries)), entriesWord(int64(l.Next.Entries)))
	if l.Next.Due != nil {
		row[6] = l.Next.Due.UTC().Format("2006-01-02 15:04 UTC")
	}
	if l.Refused == "" && l.Overdue != nil {
		row[7] = fmt.Sprintf("%s expired, %s", trace.Count(int64(l.Overdue.Entries)), trace.Bytes(int(l.Overdue.Bytes)))
	}
	return row
}

// retentionNotes says what the table does not.
func (p *program) retentionNotes(st retention.Status) []string {
	var notes []string
	switch {
	case st.Pruning == "off":
		notes = append(notes, "Pruning by itself is off: hansard prune --now removes what has expired.")
	case st.NextRun != nil:
		notes = append(notes, "Pruned once a day; the next run is at "+st.NextRun.In(p.global.zone()).Format("2006-01-02 15:04")+".")
	default:
		notes = append(notes, "Pruned once a day while a server runs.")
	}
	for _, h := range st.Holds {
		notes = append(notes, fmt.Sprintf("Hold %s on %s since %s: %s", h.ID, h.Tier, h.Since.Format(time.DateOnly), h.Reason))
	}
	if st.Jump != nil {
		notes = append(notes, fmt.Sprintf("The clock jumped from %s to %s: nothing is pruned until hansard prune --confirm-clock.", st.Jump.From.Format(time.RFC3339), st.Jump.To.Format(time.RFC3339)))
	}
	for _, l := range st.Logs {
		if l.Expired != nil {
			notes = append(notes, fmt.Sprintf("%s: %s %s received up to %s were pruned.", l.Log, trace.Count(int64(l.Minimum)), entriesWord(int64(l.Minimum)), l.Expired.Format("2006-01-02 15:04 UTC")))
		}
	}
	if st.Rollups.Files > 0 {
		notes = append(notes, fmt.Sprintf("What they came to is kept %s, from %s on: hansard retention rollups.", st.Rollups.Keep, st.Rollups.First))
	}
	return notes
}

func newRollups(p *program, f *keepFlags) *cobra.Command {
	var between period
	cmd := &cobra.Command{
		Use:   "rollups",
		Short: "Show what pruned events came to",
		Long: `Show what events came to that were pruned: for each day on which they happened
(UTC), tier, agent, tool, model and task the count, the errors, the tokens and the
cost. A table sums the tasks up; -o json, ndjson and csv give every line. Days
count whole.`,
		Example: `  hansard retention rollups --since 90d
  hansard retention rollups -o ndjson | jq 'select(.agent_name=="billing")'`,
		Args: cobra.NoArgs,
	}
	between.flags(cmd)
	out := outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatNDJSON)
		if err != nil {
			return err
		}
		return p.keeping(f, func(k keepers) error {
			list, err := k.Rollups(cmd.Context(), between.since, between.until)
			if err != nil {
				return err
			}
			return p.writeRollups(list, format)
		})
	}
	return cmd
}

func (p *program) writeRollups(list []retention.Rollup, format string) error {
	t := p.terminalOf(p.stdout)
	if format == formatJSON || format == formatNDJSON {
		return writeJSONList(p, list, format)
	}
	titles := []string{"DAY", "TIER", "AGENT", "TOOL", "MODEL", "TASK", "EVENTS", "ERRORS", "TOKENS", "COST"}
	if format == formatCSV {
		rows := make([][]string, len(list))
		for i, r := range list {
			rows[i] = []string{r.Day, string(r.Tier), r.AgentName, r.ToolName, r.Model, r.TaskID, fmt.Sprint(r.Events), fmt.Sprint(r.Errors), exact(r.Tokens, 0), exact(r.CostNanoUSD, 9)}
		}
		for i := range titles {
			titles[i] = strings.ToLower(titles[i])
		}
		return writeCSV(p.stdout, titles, rows)
	}
	list = retention.WithoutTasks(list)
	titles = append(titles[:5:5], titles[6:]...)
	rows := make([][]string, len(list))
	for i, r := range list {
		rows[i] = []string{r.Day, string(r.Tier), cmp.Or(r.AgentName, none), cmp.Or(r.ToolName, none), cmp.Or(r.Model, none), trace.Count(r.Events), trace.Count(r.Errors), none, none}
		if r.Tokens != nil {
			rows[i][7] = trace.Count(*r.Tokens)
		}
		if r.CostNanoUSD != nil {
			rows[i][8] = trace.USD(*r.CostNanoUSD)
		}
	}
	if format == formatMarkdown {
		return writeMarkdown(p.stdout, titles, rows)
	}
	if len(rows) == 0 {
		p.say("nothing of that period was pruned: hansard report summary has its figures")
		return nil
	}
	var columns []column
	for i, title := range titles {
		columns = append(columns, column{title: title, right: i > 4})
	}
	return newTable(t, columns...).write(p.stdout, rows)
}

// exact writes n * 10^-places; "" where it is not known.
func exact(n *int64, places int) string {
	if n == nil {
		return ""
	}
	return decimal(hansard.Some(*n), places)
}
