package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
)

func newPolicy(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "List, explain and test compliance packs",
		Long: `A pack is one YAML file: controls, thresholds, where they come from, the
retention that it needs, and tests. Packs come with the program (list names
them); one of your own is the path of its file. docs/POLICY.md says how to write
one.`,
		Example: `  hansard policy list
  hansard policy explain base
  hansard policy show base > mine.yaml
  hansard policy test mine.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyList(p), newPolicyShow(p), newPolicyExplain(p), newPolicyTest(p))
	return cmd
}

// packLine is a pack in a list.
type packLine struct {
	Pack          string   `json:"pack"`
	Title         string   `json:"title"`
	Version       string   `json:"version"`
	On            bool     `json:"on"` // switched on in the configuration
	AppliesFrom   string   `json:"applies_from,omitempty"`
	RetentionDays int      `json:"retention_days"`
	Controls      []string `json:"controls"`
}

func newPolicyList(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the packs",
		Long: `List the packs that come with the program and those that the configuration file
(HANSARD_CONFIG) switches on. Where it names none, the base pack is on.`,
		Example: "  hansard policy list\n  hansard policy list -o json | jq -r '.[].pack'",
		Args:    cobra.NoArgs,
	}
	out := outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	cmd.RunE = func(*cobra.Command, []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatNDJSON)
		if err != nil {
			return err
		}
		lines, err := p.packLines()
		if err != nil {
			return err
		}
		return p.writePacks(lines, format)
	}
	return cmd
}

// packLines returns the packs, those that are switched on first.
func (p *program) packLines() ([]packLine, error) {
	cfg, err := readConfig(p.env["HANSARD_CONFIG"])
	if err != nil {
		return nil, err
	}
	on, err := policy.Load(cfg.Packs)
	if err != nil {
		return nil, err
	}
	var lines []packLine
	for _, pack := range on {
		lines = append(lines, lineOf(pack, true))
	}
	for _, name := range policy.Builtin() {
		if slices.ContainsFunc(on, func(pack *policy.Pack) bool { return pack.ID == name }) {
			continue
		}
		more, err := policy.Load([]policy.Choice{{Pack: name}})
		if err != nil {
			return nil, err
		}
		lines = append(lines, lineOf(more[0], false))
	}
	return lines, nil
}

func lineOf(pack *policy.Pack, on bool) packLine {
	l := packLine{Pack: pack.ID, Title: pack.Title, Version: pack.Version, On: on, RetentionDays: pack.Retention.Days}
	if !pack.AppliesFrom.IsZero() {
		l.AppliesFrom = pack.AppliesFrom.Format(time.DateOnly)
	}
	for _, c := range pack.Controls {
		l.Controls = append(l.Controls, c.ID)
	}
	return l
}

func (p *program) writePacks(lines []packLine, format string) error {
	t := p.terminalOf(p.stdout)
	if format == formatJSON || format == formatNDJSON {
		return writeJSONList(p, lines, format)
	}
	titles := []string{"PACK", "ON", "CONTROLS", "APPLIES FROM", "KEEPS", "TITLE"}
	var rows [][]string
	for _, l := range lines {
		on, keeps, from := "", "", l.AppliesFrom
		if l.On {
			on = "on"
		}
		if l.RetentionDays > 0 {
			keeps = strconv.Itoa(l.RetentionDays) + " days"
		}
		rows = append(rows, []string{l.Pack, on, strconv.Itoa(len(l.Controls)), from, keeps, l.Title})
	}
	switch format {
	case formatCSV:
		return writeCSV(p.stdout, titles, rows)
	case formatMarkdown:
		return writeMarkdown(p.stdout, titles, rows)
	}
	columns := []column{
		{title: titles[0]}, {title: titles[1]}, {title: titles[2], right: true}, {title: titles[3]}, {title: titles[4], right: true}, {title: titles[5], rest: true},
	}
	return newTable(t, columns...).write(p.stdout, rows)
}

func newPolicyShow(p *program) *cobra.Command {
	return &cobra.Command{
		Use:     "show PACK",
		Short:   "Print the file of a pack",
		Long:    "Print the YAML file of a pack, to read it or to begin one of your own.",
		Example: "  hansard policy show eu-ai-act\n  hansard policy show base > mine.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := policy.ReadFile(args[0])
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(b)
			return err
		},
	}
}

func newPolicyExplain(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "explain PACK [CONTROL]",
		Short: "Say in words what a pack checks",
		Long: `Say what a pack or one of its controls checks, by which threshold, where it comes
from, and what to do when it fails.`,
		Example: "  hansard policy explain base\n  hansard policy explain base tool_approval_rate",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			packs, err := policy.Load([]policy.Choice{{Pack: args[0]}})
			if err != nil {
				return err
			}
			pack := packs[0]
			if len(args) == 1 {
				return explainPack(p.stdout, pack)
			}
			c := pack.Find(args[1])
			if c == nil {
				err := hansard.Errorf(hansard.KindNotFound, "pack %q has no control %q", pack.ID, args[1])
				return hansard.WithHint(err, "hansard policy explain "+args[0]+" lists them")
			}
			var b bytes.Buffer
			explainControl(&b, pack, c)
			_, err = b.WriteTo(p.stdout)
			return err
		},
	}
}

func explainPack(w io.Writer, pack *policy.Pack) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s (%s, version %s)\n", pack.Title, pack.ID, pack.Version)
	if pack.Description != "" {
		fmt.Fprintf(&b, "%s\n", wrapped(pack.Description, ""))
	}
	if !pack.AppliesFrom.IsZero() {
		fmt.Fprintf(&b, "Applies from %s; a period before is judged as a rehearsal.\n", pack.AppliesFrom.Format(time.DateOnly))
	}
	if pack.Retention.Days > 0 {
		var tiers []string
		for _, t := range pack.Retention.Tiers {
			tiers = append(tiers, string(t))
		}
		fmt.Fprintf(&b, "Needs the tiers %s kept at least %d days: %s\n", strings.Join(tiers, ", "), pack.Retention.Days, pack.Retention.Why)
	}
	if len(pack.Parameters) > 0 {
		b.WriteString("\nParameters\n")
	}
	for _, param := range pack.Parameters {
		fmt.Fprintf(&b, "  %s = %s: %s\n", param.ID, param.Value, param.Description)
	}
	for _, c := range pack.Controls {
		b.WriteString("\n")
		explainControl(&b, pack, c)
	}
	_, err := b.WriteTo(w)
	return err
}

func explainControl(b *bytes.Buffer, pack *policy.Pack, c *policy.Control) {
	fmt.Fprintf(b, "%s: %s\n", c.ID, c.Title)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "  %-10s %s\n", label, wrapped(text, strings.Repeat(" ", 13)))
		}
	}
	line("checks", c.Say(pack))
	for _, d := range c.Where(pack) {
		line("where", d.ID+" is "+d.Expression)
	}
	line("threshold", c.LimitText())
	line("needs", c.Needs())
	line("in doubt", c.Doubt())
	if c.Near().Set {
		line("near", "from "+c.Near().String())
	}
	if a := c.Alert(); a != nil {
		line("live", "what violates it becomes an "+a.Type+" event, severity "+a.Severity)
	}
	for _, cite := range c.Cites {
		line("from", strings.TrimSpace(cite.Source+" "+cite.Article)+": "+cite.Gist)
	}
	for _, v := range policy.Verdicts() {
		line("when "+map[policy.Verdict]string{policy.Fail: "bad", policy.NearLimit: "near", policy.InsufficientEvidence: "blind", policy.NotApplicable: "off", policy.Pass: "good"}[v], c.Recommendation(v))
	}
}

// wrapped breaks a text into lines of 100 columns, those after the first indented.
func wrapped(text, indent string) string {
	var b strings.Builder
	width := len(indent)
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && width+1+len(word) > 100:
			b.WriteString("\n" + indent)
			width = len(indent)
		case i > 0:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String()
}

func newPolicyTest(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "test PACK...",
		Short: "Run the tests in packs",
		Long: `Read packs and run the tests in them. Mistakes and failures are named with file,
line and column; a verdict that no test of a control expects is listed, and so is
a parameter or a definition that nothing uses.

The exit code is 2 when a pack cannot be read, and 5 when a test fails.`,
		Example: "  hansard policy test mine.yaml\n  hansard policy test packs/*.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			failed := false
			for _, name := range args {
				ok, err := p.testPack(name)
				if err != nil {
					return err
				}
				failed = failed || !ok
			}
			if failed {
				return quietError{exitFinding}
			}
			return nil
		},
	}
}

// testPack runs the tests of one pack.
func (p *program) testPack(name string) (ok bool, err error) {
	file, err := policy.ReadFile(name)
	if err != nil {
		return false, err
	}
	pack, err := policy.Parse(file, nil)
	if err != nil {
		return false, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "%s:%w", name, err), hansard.HintOf(err))
	}
	failures := pack.RunTests()
	for _, f := range failures {
		fmt.Fprintf(p.stdout, "%s:%s\n", name, harmless(f.String()))
	}
	for _, u := range pack.Unused() {
		p.say("%s:%s", name, u)
	}
	for _, u := range pack.Untested() {
		p.say("%s: no test expects of %s", name, u)
	}
	if len(failures) > 0 {
		p.say("%s: %d of %d tests failed", name, countTests(failures), len(pack.Tests))
		return false, nil
	}
	fmt.Fprintf(p.stdout, "%s: %d tests, all as they say\n", name, len(pack.Tests))
	return true, nil
}

// countTests counts the tests that failed.
func countTests(failures []policy.Failure) int {
	tests := map[string]bool{}
	for _, f := range failures {
		tests[f.Test] = true
	}
	return len(tests)
}
