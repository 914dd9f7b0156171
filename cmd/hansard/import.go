package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/transcript"
)

// importer takes one file in.
type importer func(ctx context.Context, format, name string, body io.ReadSeeker, size int64, progress func(done int64)) (*intake.Receipt, error)

func newImport(p *program) *cobra.Command {
	var format, config string
	cmd := &cobra.Command{
		Use:   "import --format FORMAT FILE...",
		Short: "Take in files of finished agent runs",
		Long: `Take in files of agent runs, as agent frameworks and benchmarks write them. A
file that was imported before adds nothing when it is imported again under the
same name.

` + formatList(intake.Formats()),
		Example: `  hansard import --format openai-messages conversations.jsonl
  hansard import --format tau-bench runs/*.json
  hansard import --format ndjson events.ndjson --data ./hansard-data`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if len(args) == 0 {
				return usage(cmd.CommandPath(), errors.New("which files?"))
			}
			if p.global.data != "" {
				return p.importLocal(cmd.Context(), format, config, args)
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			return p.importFiles(cmd.Context(), format, args, p.importTo(c))
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "the format of the files")
	cmd.Flags().StringVar(&config, "config", "", "with --data: the server's configuration file, for its rules of redaction (or HANSARD_CONFIG)")
	_ = cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, f := range intake.Formats() {
			names = append(names, f.Name+"\t"+f.Description)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func formatList(formats []transcript.Format) string {
	s := "The formats:"
	for _, f := range formats {
		s += fmt.Sprintf("\n  %-16s %s", f.Name, f.Description)
	}
	return s
}

func checkFormat(format string) error {
	for _, f := range intake.Formats() {
		if f.Name == format {
			return nil
		}
	}
	text := "which format? name it with --format\n"
	if format != "" {
		text = fmt.Sprintf("unknown format %q\n", format)
	}
	return &hansard.Error{Kind: hansard.KindInvalid, Err: linesError{text + formatList(intake.Formats())}}
}

// attempts is how often a file is sent to a server that is busy.
const attempts = 8

// importTo takes files in through a server. A busy one is asked again: what it
// took before then counts as a duplicate, because the events of an import have
// the same ids each time.
func (p *program) importTo(c *remote.Client) importer {
	return func(ctx context.Context, format, name string, body io.ReadSeeker, size int64, progress func(int64)) (*intake.Receipt, error) {
		before := 0
		for wait, n := 250*time.Millisecond, 1; ; wait, n = 2*wait, n+1 {
			r, err := c.Import(ctx, format, name, remote.Upload{Body: body, Size: size, Progress: progress})
			if r != nil {
				repeated := min(before, r.Duplicates)
				before += r.Accepted
				r.Duplicates, r.Accepted = r.Duplicates-repeated, before
			}
			if r == nil || hansard.KindOf(err) != hansard.KindBusy || err == nil || n == attempts {
				return r, err
			}
			p.say("%s: %v; sending it again in %s", name, err, wait)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return r, ctx.Err()
			}
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				return r, fmt.Errorf("read the file again: %w", err)
			}
		}
	}
}

// importLocal opens the data folder itself, and seals what was taken in.
func (p *program) importLocal(ctx context.Context, format, config string, files []string) error {
	if config == "" {
		config = p.env["HANSARD_CONFIG"]
	}
	cfg, err := readConfig(config)
	if err != nil {
		return err
	}
	sc := cfg.storeConfig()
	sc.Ledger.Dir, sc.Ledger.KeyDir = p.global.data, p.global.keyDir()
	s, err := openStore(sc)
	if err != nil {
		return err
	}
	src := intake.Source{Tenant: p.global.tenantOrDefault(), SubmittedBy: access.Loopback}
	err = p.importFiles(ctx, format, files, func(ctx context.Context, format, name string, body io.ReadSeeker, _ int64, progress func(int64)) (*intake.Receipt, error) {
		return s.intake.Import(ctx, src, format, name, &meter{r: body, tell: progress}, nil)
	})
	return errors.Join(err, s.Close())
}

// importFiles takes files in one after another and says what became of each. A
// file that fails does not keep the others from being taken in.
func (p *program) importFiles(ctx context.Context, format string, files []string, take importer) error {
	sum := &intake.Receipt{}
	var failed error
	for _, path := range files {
		r, err := p.importFile(ctx, format, path, take)
		if r != nil {
			p.reportReceipt(path, r, len(files) > 1)
			sum.Runs += r.Runs
			sum.Skipped += r.Skipped
			sum.Accepted += r.Accepted
			sum.Duplicates += r.Duplicates
			sum.Conflicts = append(sum.Conflicts, r.Conflicts...)
			sum.Rejected = append(sum.Rejected, r.Rejected...)
			sum.Unlisted += r.Unlisted
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = named(path, err)
			if len(files) == 1 {
				return err
			}
			p.complain(err)
			failed = err
		}
	}
	fmt.Fprintln(p.stdout, receiptLine("imported", sum))
	if failed != nil || untaken(sum) {
		return quietError{max(exitFailure, exitCodeOf(failed))}
	}
	return nil
}

// named says which file an error is about.
func named(path string, err error) error {
	out := hansard.Errorf(hansard.KindOf(err), "%s: %w", path, err)
	if hint := hansard.HintOf(err); hint != "" {
		return hansard.WithHint(out, hint)
	}
	return out
}

func exitCodeOf(err error) int {
	if err == nil {
		return exitOK
	}
	return exitCode(err)
}

func (p *program) importFile(ctx context.Context, format, path string, take importer) (*intake.Receipt, error) {
	f, size, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bar := p.newProgress(filepath.Base(path), size)
	defer bar.end()
	return take(ctx, format, filepath.Base(path), f, size, func(done int64) { bar.set(done, size) })
}

// openInput opens a file to be sent.
func openInput(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, hansard.Errorf(hansard.KindNotFound, "there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return nil, 0, hansard.Errorf(hansard.KindDenied, "the file may not be read")
	case err != nil:
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = hansard.Errorf(hansard.KindInvalid, "it is a folder, not a file")
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	size := info.Size()
	if !info.Mode().IsRegular() {
		size = -1 // a pipe
	}
	return f, size, nil
}

// meter tells how much was read.
type meter struct {
	r    io.Reader
	tell func(done int64)
	done int64
}

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.done += int64(n)
	m.tell(m.done)
	return n, err
}
