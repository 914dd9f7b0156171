package ask

import (
	"strconv"
	"strings"
	"time"
)

// The verbs of commands.
const (
	Events   = "events"
	Trace    = "trace"
	Replay   = "replay"
	Report   = "report"
	Session  = "session"
	Incident = "incident"
	Export   = "export"
	Verify   = "verify"
)

// Command is what a question means, as a command of the program.
type Command struct {
	Verb   string `json:"verb"`             // events, trace, replay, report, session, incident, export, verify
	Report string `json:"report,omitempty"` // the type of report
	Pack   string `json:"pack,omitempty"`   // of a compliance report: the pack that was named
	// Subject is the agent, the session, or the trace, task or event that it is
	// about. An empty one of a session or an incident stands for the last there
	// was.
	Subject string `json:"subject,omitempty"`
	Other   string `json:"other,omitempty"` // what Subject is compared with
	Search  string `json:"q,omitempty"`     // in the search language
	// Value is a personal value, such as an e-mail address. It never goes into
	// a URL, a command line or a log.
	Value string    `json:"-"`
	Since time.Time `json:"since,omitzero"` // the period; zero: open
	Until time.Time `json:"until,omitzero"`
	Limit int       `json:"limit,omitempty"`
	All   bool      `json:"all,omitempty"` // of events: all there are, whatever Limit
	// Format is what was asked for: csv, json, ndjson, markdown, html, parquet.
	Format string `json:"format,omitempty"`
}

// Args returns the command's arguments, after the program's name. A personal
// value is not among them: the flag says that it comes by standard input.
func (c Command) Args() []string {
	args := []string{c.Verb}
	if c.Verb == Report {
		args = append(args, c.Report)
	}
	if c.Pack != "" {
		args = append(args, "--pack", c.Pack)
	}
	switch {
	case c.Other != "":
		args = append(args, "--diff", c.Subject, c.Other)
	case c.Subject != "":
		args = append(args, c.Subject)
	}
	if c.Search != "" {
		if c.Verb == Export {
			args = append(args, "-q")
		}
		args = append(args, c.Search)
	}
	if c.Value != "" {
		args = append(args, "--value", "-")
	}
	if !c.Since.IsZero() {
		args = append(args, "--since", c.Since.Format(time.RFC3339))
	}
	if !c.Until.IsZero() {
		args = append(args, "--until", c.Until.Format(time.RFC3339))
	}
	switch {
	case c.All:
		args = append(args, "--limit", "0")
	case c.Limit > 0:
		args = append(args, "--limit", strconv.Itoa(c.Limit))
	}
	if c.Format != "" {
		flag := "-o"
		if c.Verb == Export {
			flag = "--format"
		}
		args = append(args, flag, c.Format)
	}
	return args
}

// Line returns the command as it is typed in a shell.
func (c Command) Line() string {
	words := []string{"hansard"}
	for _, a := range c.Args() {
		words = append(words, shellWord(a))
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word for a shell where it must be.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:+@=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
