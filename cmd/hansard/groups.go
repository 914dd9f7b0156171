package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/trace"
)

// storyVerbs lists the verbs that tell what happened, by whom it was done or for
// whom, and the one that takes it elsewhere.
func storyVerbs() []func(*program) *cobra.Command {
	return []func(*program) *cobra.Command{newSession, newTask, newAgent, newUser, newExport}
}

// groupVerb is one run of session, task, agent or user: a list of them, or what
// happened in one.
type groupVerb struct {
	p      *program
	noun   string   // session
	field  string   // that the list is grouped by
	search []string // fields by which one is found
	out    *output
	period period
	limit  int
	newest bool
	cursor string
}

func newSession(p *program) *cobra.Command {
	return newGroup(&groupVerb{p: p, noun: "session", field: "session_id", search: []string{"session_id"}}, "s-4711",
		"a session: a conversation, across all its traces")
}

func newTask(p *program) *cobra.Command {
	return newGroup(&groupVerb{p: p, noun: "task", field: "task_id", search: []string{"task_id"}}, "refund-4711",
		"a task: a job, across all its traces")
}

func newAgent(p *program) *cobra.Command {
	return newGroup(&groupVerb{p: p, noun: "agent", field: "agent_name", search: []string{"agent_name"}}, "billing",
		"an agent: all that it did")
}

func newUser(p *program) *cobra.Command {
	return newGroup(&groupVerb{p: p, noun: "user", field: "user_id", search: []string{"user_id", "on_behalf_of", "actor_id", "approver"}}, "-",
		`a person: what was done for them, and by them. The clear value never goes
into a URL; "-" reads it from standard input, so that it need not be in the
shell's history. A pseudonym from the record does too`)
}

func newGroup(v *groupVerb, example, what string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   v.noun + " [ID]",
		Short: "What happened " + map[bool]string{true: "for", false: "in"}[v.noun == "user"] + " a " + v.noun + ", in order; or the list of " + v.noun + "s",
		Long: fmt.Sprintf(`Without ID, list the %[1]ss, the last active first, with their events, errors,
tokens and cost. With ID, tell in order
what happened in %[2]s.`, v.noun, what),
		Example: fmt.Sprintf("  hansard %[1]s --since 24h\n  hansard %[1]s %[2]s\n  hansard %[1]s %[2]s -o ndjson", v.noun, example),
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	if v.noun == "agent" {
		cmd.Short = "What an agent did, in order; or the list of agents"
		cmd.Long = strings.Replace(cmd.Long, "what happened in an agent: all that it did", "all that an agent did", 1)
	}
	if v.noun == "user" {
		cmd.Long = strings.Replace(cmd.Long, "what happened in a person: what was done", "what was done for a person", 1)
		cmd.Long = strings.Replace(cmd.Long, "for a person for them", "for a person", 1)
	}
	v.out = outputFlag(cmd, formatTable, formatNDJSON, formatJSON, formatCSV, formatMarkdown)
	f := cmd.Flags()
	f.IntVar(&v.limit, "limit", 0, "the most events (default 1000), or "+v.noun+"s (default 50)")
	f.BoolVar(&v.newest, "newest", false, "with ID: the newest event first")
	f.StringVar(&v.cursor, "cursor", "", "go on after the page that gave this cursor")
	v.period.flags(cmd)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || v.noun == "user" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return v.p.completeValue(v.field, typed)
	}
	return cmd
}

const defaultStory = 1000 // events

func (v *groupVerb) run(ctx context.Context, args []string) error {
	t := v.p.terminalOf(v.p.stdout)
	format, err := v.out.format(t, formatTable, formatNDJSON)
	if err != nil {
		return err
	}
	q := reading.Question{Limit: v.limit, Cursor: v.cursor, Oldest: !v.newest}
	if err := v.period.apply(&q, v.p.global.zone()); err != nil {
		return err
	}
	if len(args) == 0 {
		return v.p.with(func(b backend) error { return v.list(ctx, b, q, format) })
	}
	id, err := v.p.secretArgument(args[0], v.noun)
	if err != nil {
		return err
	}
	var terms []string
	for _, field := range v.search {
		terms = append(terms, query.Term(field, id))
	}
	q.Search = strings.Join(terms, " OR ")
	return v.p.with(func(b backend) error { return v.story(ctx, b, q, format) })
}

// story tells what happened in one of them, after a line of figures for people.
func (v *groupVerb) story(ctx context.Context, b backend, q reading.Question, format string) error {
	of, err := b.Groups(ctx, v.field, reading.Question{Search: q.Search, Since: q.Since, Until: q.Until, Limit: 1})
	if err != nil {
		return err
	}
	e := &events{p: v.p, q: q, limit: q.Limit}
	if e.limit == 0 {
		e.limit = defaultStory
	}
	list := newListing(format, v.p.stdout, v.p.terminalOf(v.p.stdout), v.p.global.zone(), false)
	if format == formatTable && len(of.Items) > 0 {
		for _, line := range v.head(of.Items[0]) {
			fmt.Fprintln(v.p.stdout, trace.Clean(line))
		}
		fmt.Fprintln(v.p.stdout)
	}
	n, next, err := e.pages(ctx, b, list)
	if err != nil {
		return err
	}
	if n == 0 {
		err := hansard.Errorf(hansard.KindNotFound, "there are no events of this %s", v.noun)
		return hansard.WithHint(err, "hansard "+v.noun+" lists those that there are")
	}
	if err := list.close(); err != nil {
		return err
	}
	if next != "" {
		v.p.say("there are more: --cursor %s goes on, --limit takes more at once", next)
	}
	return nil
}

// head returns the lines above a story.
func (v *groupVerb) head(g reading.Group) []string {
	zone := v.p.global.zone()
	parts := []string{
		strings.ToUpper(v.noun[:1]) + v.noun[1:] + " " + g.ID, g.Start.In(zone).Format("2006-01-02 15:04:05 MST"),
		trace.Duration(g.End.Sub(g.Start).Microseconds()),
	}
	if v.noun != "agent" {
		parts = append(parts, strings.Join(g.Agents, ", "))
	}
	figures := []string{count(g.Events, "event"), count(g.Traces, "trace"), count(g.ToolCalls, "tool call"), count(g.Errors, "error"), count(g.Handoffs, "handoff")}
	tokens := "tokens unknown"
	if g.TokenCount != nil {
		tokens = count(*g.TokenCount, "token")
	}
	return []string{strings.Join(parts, " · "), strings.Join(append(figures, tokens, costOf(g)), " · ")}
}

func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return trace.Count(n) + " " + noun
}

// costOf returns the cost of a group for people.
func costOf(g reading.Group) string {
	switch {
	case g.CostUSD == nil:
		return "cost unknown"
	case g.Unpriced > 0:
		return "$" + string(*g.CostUSD) + " and " + count(g.Unpriced, "call") + " unpriced"
	}
	return "$" + string(*g.CostUSD)
}

// list lists all of them.
func (v *groupVerb) list(ctx context.Context, b backend, q reading.Question, format string) error {
	page, err := b.Groups(ctx, v.field, q)
	if err != nil {
		return err
	}
	if err := v.write(page.Items, format); err != nil {
		return err
	}
	switch {
	case page.NextCursor != "":
		v.p.say("there are more: --cursor %s goes on", page.NextCursor)
	case len(page.Items) == 0 && q.Cursor == "":
		v.p.say("no events name a %s", v.noun)
	}
	return nil
}

func (v *groupVerb) write(items []reading.Group, format string) error {
	t := v.p.terminalOf(v.p.stdout)
	titles := []string{"LAST", strings.ToUpper(v.noun), "EVENTS", "ERRORS", "TRACES", "TOOL CALLS", "TOKENS", "COST", "AGENTS"}
	rows := make([][]string, len(items))
	for i, g := range items {
		tokens, cost := "", ""
		if g.TokenCount != nil {
			tokens = fmt.Sprint(*g.TokenCount)
		}
		if g.CostUSD != nil {
			cost = string(*g.CostUSD)
		}
		last := g.End.In(v.p.global.zone()).Format(longTime)
		if format == formatCSV {
			last = rfc3339(g.End.UnixNano())
		}
		rows[i] = []string{last, g.ID, fmt.Sprint(g.Events), fmt.Sprint(g.Errors), fmt.Sprint(g.Traces), fmt.Sprint(g.ToolCalls), tokens, cost, strings.Join(g.Agents, ", ")}
	}
	switch format {
	case formatCSV:
		return writeCSV(v.p.stdout, titles, rows)
	case formatMarkdown:
		return writeMarkdown(v.p.stdout, titles, rows)
	case formatTable:
		if len(rows) == 0 {
			return nil
		}
		columns := make([]column, len(titles))
		for i, title := range titles {
			columns[i] = column{title: title, right: i >= 2 && i <= 7}
		}
		columns[1].most, columns[8].rest, columns[8].most = 40, true, 12
		return newTable(t, columns...).write(v.p.stdout, rows)
	}
	list := &jsonList{w: v.p.stdout, t: t, lines: format == formatNDJSON}
	for _, g := range items {
		b, err := json.Marshal(g)
		if err != nil {
			return err
		}
		if err := list.add(json.RawMessage(b)); err != nil {
			return err
		}
	}
	return list.close()
}
