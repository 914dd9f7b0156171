package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/reading"
)

func newLogs(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "List the logs with their verifier keys",
		Long: `List the tenant's logs: how many entries each has, and the verifier key with
which its checkpoints and proofs are checked. Give the keys to whoever is to
check the record, by a way that they trust.`,
		Example: `  hansard logs
  hansard logs -o json | jq -r '.[] | select(.log=="default/info").vkey' > info.vkey`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatNDJSON)
		if err != nil {
			return err
		}
		return p.with(func(b backend) error {
			_, logs, err := b.Logs(cmd.Context())
			if err != nil {
				return err
			}
			return p.writeLogs(logs, format)
		})
	}
	return cmd
}

func (p *program) writeLogs(logs []reading.Log, format string) error {
	t := p.terminalOf(p.stdout)
	if format == formatJSON || format == formatNDJSON {
		return writeJSONList(p, logs, format)
	}
	titles := []string{"LOG", "SIZE", "SEALED", "VERIFIER KEY"}
	rows := make([][]string, len(logs))
	for i, l := range logs {
		rows[i] = []string{l.Log, decimalOf(l.Size), decimalOf(l.Sealed), l.VKey}
	}
	switch {
	case format == formatCSV:
		return writeCSV(p.stdout, titles, rows)
	case format == formatMarkdown:
		return writeMarkdown(p.stdout, titles, rows)
	case len(logs) == 0:
		p.say("no logs yet: the first event makes one")
		return nil
	}
	t.width = 0 // a key that is cut is worth nothing
	columns := []column{{title: titles[0]}, {title: titles[1], right: true}, {title: titles[2], right: true}, {title: titles[3]}}
	return newTable(t, columns...).write(p.stdout, rows)
}

func decimalOf(n uint64) string { return strconv.FormatUint(n, 10) }
