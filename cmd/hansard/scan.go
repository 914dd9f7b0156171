package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/trace"
)

// scan is one run of the verb scan.
type scan struct {
	p       *program
	out     *output
	between period
	record  bool
}

func newScan(p *program) *cobra.Command {
	v := &scan{p: p}
	cmd := &cobra.Command{
		Use:   "scan [QUERY]",
		Short: "Look for injections in the record",
		Long: `Look for prompt injections: calls whose destination (an address, an account, a URL)
no user gave and the answer of a tool did, where that answer orders its reader
about, or the user asked for nothing of the kind. Each finding names the path, from
the answer to the call. No model is asked and no list of phrases is used.

The server does the same as events come; scan looks at history. With --record,
findings that are not on record yet become events of type agent.security.

Exit code 5 says that something was found.`,
		Example: `  hansard scan --since 7d
  hansard scan --since yesterday --record
  hansard scan 'agent:billing' -o ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), strings.Join(args, " ")) },
	}
	v.out = outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV)
	v.between.flags(cmd)
	cmd.Flags().BoolVar(&v.record, "record", false, "put what is new on record, as agent.security events")
	cmd.ValidArgsFunction = p.completeSearch
	return cmd
}

func (v *scan) run(ctx context.Context, search string) error {
	t := v.p.terminalOf(v.p.stdout)
	format, err := v.out.format(t, formatTable, formatNDJSON)
	if err != nil {
		return err
	}
	q := reading.Question{Search: search}
	if err := v.between.apply(&q, v.p.global.zone()); err != nil {
		return err
	}
	var found *reading.Scan
	err = v.p.with(func(b backend) error {
		found, err = b.Scan(ctx, q, v.record)
		return err
	})
	if err != nil {
		return err
	}
	if err := v.write(found, format); err != nil {
		return err
	}
	v.p.say("looked at %s events: %s%s", trace.Count(found.Events), findingsWord(len(found.Findings)+found.Unlisted), recordedWord(found.Recorded))
	if len(found.Findings) > 0 {
		return quietError{exitFinding}
	}
	return nil
}

func findingsWord(n int) string {
	switch n {
	case 0:
		return "no injection found"
	case 1:
		return "1 finding"
	}
	return trace.Count(int64(n)) + " findings"
}

func recordedWord(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s of them put on record", trace.Count(int64(n)))
}

func (v *scan) write(found *reading.Scan, format string) error {
	p := v.p
	switch format {
	case formatJSON:
		return p.writeJSON(found)
	case formatNDJSON:
		return writeJSONList(p, found.Findings, format)
	}
	titles := []string{"TRACE", "RULE", "AGENT", "FROM", "TO", "VALUE", "CALL", "RECORD"}
	var rows [][]string
	for _, f := range found.Findings {
		state := "new"
		if f.OnRecord {
			state = "on record"
		}
		rows = append(rows, []string{f.TraceID, f.Rule, f.AgentName, f.SourceTool, f.SinkTool + " " + f.Argument, f.Value, f.SinkEvent, state})
	}
	if format == formatCSV {
		return writeCSV(p.stdout, titles, rows)
	}
	if len(rows) == 0 {
		return nil
	}
	table := newTable(p.terminalOf(p.stdout), column{title: titles[0], most: 32}, column{title: titles[1], most: 20}, column{title: titles[2], most: 16},
		column{title: titles[3], most: 20}, column{title: titles[4], most: 28}, column{title: titles[5], most: 44}, column{title: titles[6], most: 40}, column{title: titles[7], most: 10})
	return table.write(p.stdout, rows)
}

// Scan looks for injections in the files. They cannot be written to.
func (b *localBackend) Scan(ctx context.Context, q reading.Question, record bool) (*reading.Scan, error) {
	if record {
		err := hansard.Errorf(hansard.KindInvalid, "--record needs a server: files are only read")
		return nil, hansard.WithHint(err, "start hansard serve --data on them and leave --data out")
	}
	return b.reading.Scan(ctx, b.tenant, q, nil)
}
