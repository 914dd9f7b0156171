package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ask"
	"github.com/hansardhq/hansard/internal/query"
)

// asking is one run of the verb ask.
type asking struct {
	p       *program
	format  string
	explain bool
}

func newAsk(p *program) *cobra.Command {
	v := &asking{p: p}
	examples := false
	cmd := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Answer a question in words, and show the command that does",
		Long: `Ask a question in English. It is read by a table of words, always the same way:
nothing is sent anywhere, nothing is learned. The command that answers it is
shown on standard error with how certain its meaning is, then it is run.

What is not understood is answered with the nearest phrases. --explain shows the
command and does not run it.`,
		Example: `  hansard ask "what failed yesterday?"
  hansard ask audit agent billing since Monday
  hansard ask "which tools fail most?" -o html > tools.html
  hansard ask --examples`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if examples {
				for _, phrase := range ask.Phrases() {
					fmt.Fprintln(p.stdout, phrase)
				}
				return nil
			}
			return v.run(cmd.Context(), strings.Join(args, " "))
		},
	}
	f := cmd.Flags()
	f.StringVarP(&v.format, "output", "o", "", "format of the answer, as the command that is run takes it")
	f.BoolVar(&v.explain, "explain", false, "show the command, and do not run it")
	f.BoolVar(&examples, "examples", false, "list questions that are understood")
	return cmd
}

func (v *asking) run(ctx context.Context, question string) error {
	if strings.TrimSpace(question) == "" {
		err := hansard.Errorf(hansard.KindInvalid, "ask what?")
		return hansard.WithHint(err, `hansard ask "what failed yesterday?"; hansard ask --examples lists more`)
	}
	zone, err := zoneName(v.p.global.zone())
	if err != nil {
		return err
	}
	var m ask.Meaning
	if err := v.p.with(func(b backend) (err error) { m, err = b.Ask(ctx, question, zone); return err }); err != nil {
		return err
	}
	if m.Certainty == ask.None {
		err := hansard.Errorf(hansard.KindInvalid, "this question is not understood")
		return hansard.WithHint(err, "the nearest that are: "+strings.Join(m.Nearest, " · "))
	}
	c := v.adapted(m.Command)
	v.say(m, c)
	if v.explain {
		_, err := fmt.Fprintln(v.p.stdout, c.Line())
		return err
	}
	return v.p.runAgain(ctx, c)
}

// say shows what is run.
func (v *asking) say(m ask.Meaning, c ask.Command) {
	how := map[ask.Certainty]string{ask.Certain: "", ask.Likely: " (likely)", ask.Guess: " (a guess)"}[m.Certainty]
	v.p.say("%s%s", c.Line(), how)
	if len(m.Ignored) > 0 {
		v.p.say("not understood: %s", strings.Join(m.Ignored, ", "))
	}
	if len(m.Nearest) > 0 {
		v.p.say("the nearest phrases: %s", strings.Join(m.Nearest, " · "))
	}
}

// adapted returns the command in verbs and formats that this program has.
func (v *asking) adapted(c ask.Command) ask.Command {
	if v.format != "" {
		c.Format = v.format
	}
	has := func(args ...string) bool {
		probe := *v.p
		found, rest, err := newRoot(&probe).Find(args)
		return err == nil && found.Name() == args[len(args)-1] && len(rest) == 0
	}
	switch {
	case c.Verb == ask.Session && !has("session") && has("report", "session"):
		c.Verb, c.Report = ask.Report, "session"
	case c.Verb == ask.Incident && !has("incident") && has("report", "incident"):
		c.Verb, c.Report = ask.Report, "incident"
	case c.Verb == ask.Export && !has("export") && c.Format != "parquet":
		c.Verb, c.All = ask.Events, true
		if c.Format == "" {
			c.Format = formatNDJSON
		}
	}
	return c
}

// runAgain runs another command of the program, as if it had been typed with the
// same flags that all verbs share.
func (p *program) runAgain(ctx context.Context, c ask.Command) error {
	again := *p
	again.running = false
	if c.Value != "" {
		again.stdin = strings.NewReader(c.Value + "\n")
	}
	g := p.global
	args := c.Args()
	for _, f := range [][2]string{{"--server", g.server}, {"--token-file", g.tokenFile}, {"--tenant", g.tenant}, {"--data", g.data}, {"--keys", g.keys}, {"--color", g.color}} {
		if f[1] != "" {
			args = append(args, f[0], f[1])
		}
	}
	if g.utc {
		args = append(args, "--utc")
	}
	root := newRoot(&again)
	if found, _, err := root.Find(args); err != nil || found == root || c.Verb == ask.Report && found.Name() != c.Report {
		err := hansard.Errorf(hansard.KindInvalid, "this program has no %s yet", strings.TrimSpace(c.Verb+" "+c.Report))
		return hansard.WithHint(err, "hansard ask --examples lists what is understood")
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	p.running = again.running
	return err
}

// Ask returns what a question in words means.
func (b *localBackend) Ask(ctx context.Context, question, zone string) (ask.Meaning, error) {
	loc, err := query.Zone(zone)
	if err != nil {
		return ask.Meaning{}, err
	}
	return b.reading.Ask(ctx, b.tenant, question, loc)
}
