package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/trace"
)

const formatTiles = "tiles"

// export is one run of the verb export.
type export struct {
	p      *program
	format string
	query  string
	value  string
	to     string
	force  bool
	period period
}

func newExport(p *program) *cobra.Command {
	v := &export{p: p}
	cmd := &cobra.Command{
		Use:   "export [QUERY]",
		Short: "Take the record elsewhere, whole",
		Long: `Export all events that a search selects, or all, in order of time, with a
manifest that says how many there are and the SHA-256 of the file: FILE and
FILE.manifest.json. What was not written to its end does not get its name.

ndjson is one event a line as the API gives it; csv has a column for each member,
and no cell is a formula to a spreadsheet; parquet has the columns of the record,
for DuckDB and others.

--format tiles writes the logs themselves as C2SP tlog-tiles, which stock tools
verify: checkpoint, hash tiles and entry bundles, a folder for each log. Full tiles
that are there already are not written again.`,
		Example: `  hansard export --to everything.ndjson
  hansard export 'agent:billing' --since 30d --format csv --to billing.csv
  hansard export --format parquet --to november.parquet --since 2026-11 --until 2026-12
  hansard export --format tiles --to ./logs
  hansard export 'status:error' | jq .error`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && v.query != "" {
				return hansard.Errorf(hansard.KindInvalid, "the search is given twice: as --query and as an argument")
			}
			if len(args) > 0 {
				v.query = strings.Join(args, " ")
			}
			return v.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&v.format, "format", "ndjson", "ndjson, csv, parquet or tiles")
	f.StringVarP(&v.query, "query", "q", "", "the search, as the argument")
	f.StringVar(&v.value, "value", "", `events with this personal value; "-" reads it from standard input`)
	f.StringVar(&v.to, "to", "", "file to write, or folder for it; default: standard output")
	f.BoolVar(&v.force, "force", false, "replace the file if it is there")
	v.period.flags(cmd)
	cmd.ValidArgsFunction = p.completeSearch
	_ = cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"ndjson", "csv", "parquet", formatTiles}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (v *export) run(ctx context.Context) error {
	q := reading.Question{Search: v.query, Value: v.value}
	if v.format == formatTiles {
		if q != (reading.Question{}) || v.period != (period{}) {
			err := hansard.Errorf(hansard.KindInvalid, "tiles are of whole logs: no search and no period")
			return hansard.WithHint(err, "ndjson, csv and parquet take them")
		}
		return v.p.exportTiles(ctx, v.to)
	}
	var err error
	if q.Value, err = v.p.secretArgument(q.Value, "value"); err != nil {
		return err
	}
	if err := v.period.apply(&q, v.p.global.zone()); err != nil {
		return err
	}
	if v.to == "" {
		return v.toOutput(ctx, q)
	}
	return v.toFile(ctx, q)
}

// toOutput writes to the standard output. The manifest is a message.
func (v *export) toOutput(ctx context.Context, q reading.Question) error {
	if v.format == string(reading.ExportParquet) && v.p.terminalOf(v.p.stdout).is {
		return hansard.Errorf(hansard.KindInvalid, "Parquet is not for a terminal: name a file with --to")
	}
	var out io.Writer = v.p.stdout
	if v.p.terminalOf(v.p.stdout).is {
		out = harmlessWriter{out}
	}
	return v.p.with(func(b backend) error {
		m, err := b.Export(ctx, out, q, reading.ExportFormat(v.format))
		if err != nil {
			return err
		}
		v.p.say("exported %s, %s, sha256 %s", count(m.Entries, "event"), trace.Bytes(int(m.Bytes)), m.SHA256)
		return nil
	})
}

// harmlessWriter spells out what could control a terminal.
type harmlessWriter struct{ w io.Writer }

// Write implements io.Writer.
func (h harmlessWriter) Write(b []byte) (int, error) {
	_, err := io.WriteString(h.w, harmless(string(b)))
	return len(b), err
}

// path returns the file to write.
func (v *export) path() (string, error) {
	path := v.to
	if info, err := os.Stat(path); err == nil && info.IsDir() || strings.HasSuffix(path, "/") {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return "", hansard.Errorf(hansard.KindInvalid, "make the folder: %w", err)
		}
		path = filepath.Join(path, "hansard."+v.format)
	}
	if _, err := os.Stat(path); err == nil && !v.force {
		err := hansard.Errorf(hansard.KindInvalid, "%s is there already", path)
		return "", hansard.WithHint(err, "name another file, or replace it with --force")
	}
	return path, nil
}

// toFile writes a file beside its manifest. It has its name only when it is whole.
func (v *export) toFile(ctx context.Context, q reading.Question) error {
	path, err := v.path()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return hansard.Errorf(hansard.KindInvalid, "export: %w", err)
	}
	defer os.Remove(path + ".part") // what is whole has another name by then
	var m *reading.Manifest
	bar := v.p.newProgress("exporting", -1)
	err = v.p.with(func(b backend) error {
		m, err = b.Export(ctx, &told{f, bar, 0}, q, reading.ExportFormat(v.format))
		return err
	})
	bar.end()
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".manifest.json", append(b, '\n'), 0o600); err != nil {
		return hansard.Errorf(hansard.KindInternal, "write the manifest: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return hansard.Errorf(hansard.KindInternal, "export: %w", err)
	}
	v.p.say("exported %s to %s (%s), sha256 %s", count(m.Entries, "event"), path, trace.Bytes(int(m.Bytes)), m.SHA256)
	return nil
}

// told tells a progress how much was written.
type told struct {
	w   io.Writer
	bar *progress
	n   int64
}

// Write implements io.Writer.
func (t *told) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.n += int64(n)
	t.bar.set(t.n, -1)
	return n, err
}

// exists reports whether there is a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
