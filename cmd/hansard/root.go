package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/remote"
)

// globals are the flags that all verbs share.
type globals struct {
	server    string
	tokenFile string
	tenant    string
	data      string
	keys      string
	color     string
	utc       bool
}

// newRoot returns the command line.
func newRoot(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "hansard",
		Short: "The record of what your AI agents said, decided, did and spent",
		Long: `Hansard keeps the verbatim, tamper-evident record of a team of AI agents and
answers questions about it.

Reading verbs ask a running server (--server), or read the files themselves
(--data DIR) when none runs.

Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 denied, 5 verification
found something, 130 interrupted.`,
		Example: `  hansard serve --data ./hansard-data
  hansard send events.ndjson
  hansard events 'agent:billing error:*' --since 24h
  hansard trace 4f1c2d
  hansard verify --data ./hansard-data`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.checkGlobals(cmd.Flags()); err != nil {
				return err
			}
			p.running = true
			return nil
		},
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	p.addGlobals(root.PersistentFlags())
	for _, verb := range append(verbs(), storyVerbs()...) {
		root.AddCommand(verb(p))
	}
	completionExamples(root)
	return root
}

// completionExamples adds examples to the verb that cobra makes.
func completionExamples(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() != "completion" {
			continue
		}
		verb.Example = "  source <(hansard completion bash)"
		for _, shell := range verb.Commands() {
			shell.Example = map[string]string{
				"bash": "  source <(hansard completion bash)", "zsh": "  source <(hansard completion zsh)",
				"fish": "  hansard completion fish | source", "powershell": "  hansard completion powershell | Out-String | Invoke-Expression",
			}[shell.Name()]
		}
	}
}

// verbs lists the verbs.
func verbs() []func(*program) *cobra.Command {
	return []func(*program) *cobra.Command{
		newServe, newSend, newImport, newEvents, newTail, newTrace, newReplay, newIncident, newScan, newReport, newPolicy, newAsk, newSQL, newSQLWorker,
		newVerify, newProve, newLogs, newExplainOTLP, newReindex, newToken, newDoctor, newBench, newOpenAPI, newVersion,
		newRetention, newPrune, newHold, newErase,
	}
}

func (p *program) addGlobals(f *pflag.FlagSet) {
	g := &p.global
	f.StringVar(&g.server, "server", "", "URL of the server to ask (default "+remote.DefaultServer+", or HANSARD_SERVER)")
	f.StringVar(&g.tokenFile, "token-file", "", "file with the token to show the server (or HANSARD_TOKEN)")
	f.StringVar(&g.tenant, "tenant", "", `whose record (default "`+access.DefaultTenant+`")`)
	f.StringVar(&g.data, "data", "", "read the files of this data folder instead of asking a server")
	f.StringVar(&g.keys, "keys", "", "the key folder (default the data folder's name with .keys)")
	f.StringVar(&g.color, "color", "auto", "colours: auto, always or never")
	f.BoolVar(&g.utc, "utc", false, "show and read times in UTC instead of the local zone")
}

func (p *program) checkGlobals(f *pflag.FlagSet) error {
	g := &p.global
	switch g.color {
	case "auto", "always", "never":
	default:
		return hansard.Errorf(hansard.KindInvalid, "--color %q: want auto, always or never", g.color)
	}
	if g.tenant != "" && !access.ValidTenant(g.tenant) {
		return hansard.Errorf(hansard.KindInvalid, "--tenant %q: want 1 to 63 of a-z, 0-9 and -", g.tenant)
	}
	if f.Changed("server") && f.Changed("data") {
		err := hansard.Errorf(hansard.KindInvalid, "--server and --data: which one?")
		return hansard.WithHint(err, "--data reads the files themselves, without a server")
	}
	return nil
}

// tenantOrDefault returns the tenant that --data means.
func (g *globals) tenantOrDefault() string {
	if g.tenant == "" {
		return access.DefaultTenant
	}
	return g.tenant
}

// keyDir returns the key folder that belongs to the data folder.
func (g *globals) keyDir() string {
	if g.keys == "" {
		return strings.TrimRight(g.data, "/") + ".keys"
	}
	return g.keys
}

// zone returns the zone that times are shown and read in.
func (g *globals) zone() *time.Location {
	if g.utc {
		return time.UTC
	}
	return time.Local
}

// flagError says how to write a search that looks like a flag.
func flagError(cmd *cobra.Command, err error) error {
	if strings.HasPrefix(err.Error(), "unknown shorthand flag") {
		err := hansard.Errorf(hansard.KindInvalid, "%w", err)
		return hansard.WithHint(err, "put a search that begins with - after --, in quotes: "+cmd.CommandPath()+" -- '-tier:debug'")
	}
	// What the standard library says of a number is for programmers.
	if before, _, ok := strings.Cut(err.Error(), ": strconv."); ok {
		err = errors.New(before + ": want a number")
	}
	return usage(cmd.CommandPath(), err)
}
