package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/trace"
)

func newVerify(p *program) *cobra.Command {
	var key string
	var show bool
	var against []string
	cmd := &cobra.Command{
		Use:   "verify --data DIR [--against CHECKPOINT] | FILE.proof --key KEY",
		Short: "Check that the record is whole and unchanged",
		Long: `Check a data folder, or a copy of one, as an outsider would: every row against
its leaf, every leaf against its tree, every tree against its signed
checkpoint, every content against its digest. Nothing is changed, and no
server may have the folder open.

With --against, check also that every log still begins with what a checkpoint
covers that was kept elsewhere: a folder from which the last entries were cut,
or whose history was written anew with the keys, is consistent in itself, and
only such a checkpoint shows it. A checkpoint is a few lines of text; a server
gives them at /log/TENANT/TIER/checkpoint. Without --data the checkpoints are
compared with the logs of the server, whose verifier key --key names.

With FILE, check a proof that "hansard prove" wrote: that its entry is in the log
whose key you trust. That needs neither the record nor the network.

Exit code 5 says that something is wrong.`,
		Example: `  hansard verify --data ./hansard-data
  hansard verify --data /mnt/backup/hansard-data --keys /mnt/safe/keys -o json
  hansard verify --data ./hansard-data --against info.checkpoint --against meta.checkpoint
  hansard verify --server https://audit.example --against info.checkpoint --key @info.vkey
  hansard verify refund.proof --key @billing.vkey --show`,
		Args: cobra.MaximumNArgs(1),
	}
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.Flags().StringVar(&key, "key", "", "the log's verifier key, or @FILE that holds it")
	cmd.Flags().StringArrayVar(&against, "against", nil, "a file with a checkpoint that was kept elsewhere; may be repeated")
	cmd.Flags().BoolVar(&show, "show", false, "show the entry that a proof proves")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		switch {
		case err != nil:
			return err
		case len(args) == 1 && p.global.data == "" && len(against) == 0:
			return p.verifyProof(args[0], key, show, format)
		case len(args) == 0 && p.global.data != "":
			return p.verifyData(against, format)
		case len(args) == 0 && len(against) > 0:
			return p.verifyServer(cmd.Context(), against, key, format)
		}
		return usage(cmd.CommandPath(), errors.New("what to verify: --data DIR, or a FILE.proof with --key?"))
	}
	return cmd
}

// verifyData checks a data folder.
func (p *program) verifyData(against []string, format string) error {
	outside, err := readOutside(against)
	if err != nil {
		return err
	}
	bar := p.newProgress("verifying", -1)
	defer bar.end()
	cfg := ledger.VerifyConfig{Dir: p.global.data, KeyDir: p.global.keyDir(), Against: outside, Progress: bar.set}
	if p.global.keys == "" {
		if _, err := os.Stat(cfg.KeyDir); err != nil {
			cfg.KeyDir = ""
		}
	} else if _, err := os.Stat(cfg.KeyDir); err != nil {
		return hansard.Errorf(hansard.KindNotFound, "there is no key folder %s", cfg.KeyDir)
	}
	v, err := ledger.Verify(cfg)
	bar.end()
	if err != nil {
		return err
	}
	sortFindings(v.Findings)
	if format == formatJSON {
		err = p.writeJSON(newVerificationJSON(v))
	} else {
		err = p.writeVerification(v)
	}
	if err == nil && len(v.Findings) > 0 {
		err = quietError{exitFinding}
	}
	return err
}

// sortFindings puts the first wrong entry of each log first; what is about a log
// or a file as a whole follows.
func sortFindings(findings []ledger.Finding) {
	slices.SortStableFunc(findings, func(a, b ledger.Finding) int {
		if (a.Entry >= 0) != (b.Entry >= 0) {
			if a.Entry >= 0 {
				return -1
			}
			return 1
		}
		if c := strings.Compare(a.Log, b.Log); c != 0 {
			return c
		}
		return int(min(max(a.Entry-b.Entry, -1), 1))
	})
}

func (p *program) writeVerification(v *ledger.Verification) error {
	rows := make([][]string, len(v.Logs))
	for i, l := range v.Logs {
		root := l.Root
		if len(root) > 16 {
			root = root[:16] + "…"
		}
		rows[i] = []string{
			l.Log, trace.Count(l.Entries), trace.Count(l.Size), trace.Count(l.Signed), root, trace.Count(int64(l.Parts)),
		}
	}
	figure := func(title string) column { return column{title: title, right: true} }
	t := newTable(p.terminalOf(p.stdout), column{title: "LOG"}, figure("ENTRIES"), figure("SIZE"), figure("SIGNED"), column{title: "ROOT"}, figure("PARTS"))
	if len(rows) > 0 {
		if err := t.write(p.stdout, rows); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(p.stdout, "note: %s\n", trace.Clean(n))
	}
	for _, c := range v.Against {
		fmt.Fprintf(p.stdout, "agrees: log %s still begins with the %s %s of checkpoint %s\n", c.Log, trace.Count(c.Size), entriesWord(c.Size), trace.Clean(c.Name))
	}
	for _, f := range v.Findings {
		fmt.Fprintf(p.stdout, "WRONG: %s\n", trace.Clean(f.String()))
	}
	what := fmt.Sprintf("%s %s in %d logs", trace.Count(v.Entries), entriesWord(v.Entries), len(v.Logs))
	if len(v.Findings) > 0 {
		_, err := fmt.Fprintf(p.stdout, "NOT verified: %d findings in %s (%s)\n", len(v.Findings), what, trace.Clean(v.Name))
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "verified: %s, no findings (%s)\n", what, trace.Clean(v.Name))
	return err
}

func entriesWord(n int64) string {
	if n == 1 {
		return "entry"
	}
	return "entries"
}

// verificationJSON is a verification as JSON.
type verificationJSON struct {
	Verified bool          `json:"verified"`
	Name     string        `json:"name"`
	Entries  int64         `json:"entries"`
	Bytes    int64         `json:"bytes"`
	Logs     []verifiedLog `json:"logs"`
	Findings []findingJSON `json:"findings"`
	Notes    []string      `json:"notes"`
	Agrees   []agreement   `json:"agrees"` // with checkpoints that were kept elsewhere
}

type agreement struct {
	Checkpoint string `json:"checkpoint"`
	Log        string `json:"log"`
	Size       int64  `json:"size"`
}

type verifiedLog struct {
	Log     string `json:"log"`
	Origin  string `json:"origin"`
	VKey    string `json:"vkey"`
	Entries int64  `json:"entries"`
	Size    int64  `json:"size"`
	Minimum int64  `json:"minimum"` // the first entry that is kept
	Signed  int64  `json:"signed"`
	Root    string `json:"root"`
	Parts   int    `json:"parts"`
}

type findingJSON struct {
	Log   string `json:"log,omitempty"`
	Entry *int64 `json:"entry,omitempty"`
	File  string `json:"file,omitempty"`
	Text  string `json:"text"`
}

func newVerificationJSON(v *ledger.Verification) verificationJSON {
	j := verificationJSON{
		Verified: len(v.Findings) == 0, Name: v.Name, Entries: v.Entries, Bytes: v.Bytes,
		Logs: []verifiedLog{}, Findings: []findingJSON{}, Notes: append([]string{}, v.Notes...), Agrees: []agreement{},
	}
	for _, l := range v.Logs {
		j.Logs = append(j.Logs, verifiedLog(l))
	}
	for _, c := range v.Against {
		j.Agrees = append(j.Agrees, agreement{c.Name, c.Log, c.Size})
	}
	for _, f := range v.Findings {
		x := findingJSON{Log: f.Log, File: f.File, Text: f.Text}
		if f.Entry >= 0 {
			x.Entry = &f.Entry
		}
		j.Findings = append(j.Findings, x)
	}
	return j
}
