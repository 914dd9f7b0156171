package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/rawjson"
)

func newSQL(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sql STATEMENT",
		Short: "Ask the record in SQL",
		Long: `Run one SELECT over the record, in DuckDB's SQL. The view "events" has a column
for each field of an event, under its own name; "statements" is what the record
says of itself. Nothing can be changed, and no other file can be read.

STATEMENT may be - for standard input.`,
		Example: `  hansard sql "SELECT agent_name, count(*) FROM events GROUP BY ALL ORDER BY 2 DESC"
  hansard sql "SELECT tool_name, quantile_disc(duration_ms, 0.95) FROM events GROUP BY ALL" -o csv
  hansard sql - < question.sql`,
		Args: cobra.ExactArgs(1),
	}
	out := outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatNDJSON)
		if err != nil {
			return err
		}
		statement, err := p.statement(args[0])
		if err != nil {
			return err
		}
		return p.with(func(b backend) error {
			result, err := b.SQL(cmd.Context(), statement)
			if err != nil {
				return err
			}
			if err := p.writeResult(result, format); err != nil {
				return err
			}
			if result.Truncated != "" {
				p.say("cut off: there are %s; narrow the statement, or aggregate", result.Truncated)
			}
			return nil
		})
	}
	return cmd
}

// maxStatement bounds a statement from standard input, in bytes.
const maxStatement = 1 << 20

func (p *program) statement(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	b, err := io.ReadAll(io.LimitReader(p.stdin, maxStatement+1))
	if err != nil || len(b) > maxStatement {
		return "", hansard.Errorf(hansard.KindInvalid, "read a statement of at most %d bytes from standard input: %w", maxStatement, err)
	}
	return string(b), nil
}

func (p *program) writeResult(r *lake.Result, format string) error {
	t := p.terminalOf(p.stdout)
	switch format {
	case formatJSON, formatNDJSON:
		list := jsonList{w: p.stdout, t: t, lines: format == formatNDJSON}
		for _, row := range r.Rows {
			if err := list.add(rowObject(r.Columns, row)); err != nil {
				return err
			}
		}
		return list.close()
	case formatCSV:
		return writeCSV(p.stdout, names(r), texts(r, ""))
	case formatMarkdown:
		return writeMarkdown(p.stdout, names(r), texts(r, "NULL"))
	}
	if len(r.Columns) == 0 {
		return nil
	}
	var columns []column
	for _, c := range r.Columns {
		columns = append(columns, column{title: c.Name, right: isFigure(c.Type), most: max(20, t.width/2)})
	}
	if err := newTable(t, columns...).write(p.stdout, texts(r, "NULL")); err != nil {
		return err
	}
	if len(r.Rows) == 0 {
		p.say("no rows")
	}
	return nil
}

// rowObject returns a row as a JSON object with its members in the columns'
// order.
func rowObject(columns []lake.Column, row []json.RawMessage) json.RawMessage {
	b := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(rawjson.AppendQuote(b, c.Name), ':')
		b = append(b, row[i]...)
	}
	return append(b, '}')
}

func names(r *lake.Result) []string {
	out := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		out[i] = c.Name
	}
	return out
}

// texts returns the values as people read them: a string without its quotes.
func texts(r *lake.Result, null string) [][]string {
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		for _, v := range row {
			var s string
			switch v = bytes.TrimSpace(v); {
			case string(v) == "null":
				s = null
			case len(v) > 0 && v[0] == '"':
				s = string(rawjson.Unquote(nil, v))
			default:
				s = string(v)
			}
			rows[i] = append(rows[i], s)
		}
	}
	return rows
}

// isFigure reports whether values of a type are shown flush right.
func isFigure(kind string) bool {
	kind, _, _ = strings.Cut(kind, "(")
	switch kind {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "DECIMAL":
		return true
	}
	return false
}

// newSQLWorker returns the hidden verb that runs a user's SQL: see package lake.
func newSQLWorker(p *program) *cobra.Command {
	return &cobra.Command{
		Use:    sqlWorker,
		Short:  "Run one statement for a parent process",
		Long:   "Run one statement for a parent process, which asks on standard input. It is not for people.",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return lake.Worker(p.stdin, p.stdout) },
	}
}
