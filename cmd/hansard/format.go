package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
)

// The output formats.
const (
	formatTable    = "table"
	formatJSON     = "json"
	formatNDJSON   = "ndjson"
	formatCSV      = "csv"
	formatMarkdown = "markdown"
	formatHTML     = "html"
	formatDOT      = "dot"
	formatMermaid  = "mermaid"
)

// output is the -o flag of a verb.
type output struct {
	allowed []string
	value   string
}

// outputFlag gives a verb its -o flag. Where neither is named, a terminal gets
// the first format and a pipe the second.
func outputFlag(cmd *cobra.Command, allowed ...string) *output {
	o := &output{allowed: allowed}
	cmd.Flags().StringVarP(&o.value, "output", "o", "", "format: "+strings.Join(allowed, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return allowed, cobra.ShellCompDirectiveNoFileComp
	})
	return o
}

// textFormat is a second name of the table: what people write who do not see one.
const textFormat = "text"

// format returns the format to write: what was asked for, or one of the two.
func (o *output) format(t terminal, onTerminal, inPipe string) (string, error) {
	switch {
	case o.value == textFormat && slices.Contains(o.allowed, formatTable):
		return formatTable, nil
	case o.value == "" && t.is:
		return onTerminal, nil
	case o.value == "":
		return inPipe, nil
	case slices.Contains(o.allowed, o.value):
		return o.value, nil
	}
	return "", hansard.Errorf(hansard.KindInvalid, "-o %q: want %s", o.value, strings.Join(o.allowed, ", "))
}

// jsonBytes writes v as JSON, on one line or indented, with a line end. For
// a terminal, characters that could control it are escaped; JSON allows that in
// strings, and they can stand nowhere else.
func jsonBytes(v any, indent bool, t terminal) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	if !t.is {
		return b.Bytes(), nil
	}
	return []byte(harmless(b.String())), nil
}

// harmless escapes in JSON what could control a terminal or the direction of
// text.
func harmless(s string) string {
	bad := func(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
	if !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !bad(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// writeJSON writes v as one indented JSON value.
func (p *program) writeJSON(v any) error {
	b, err := jsonBytes(v, true, p.terminalOf(p.stdout))
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(b)
	return err
}

// jsonList writes JSON values one by one: an array, or one value a line.
type jsonList struct {
	w     io.Writer
	t     terminal
	lines bool // NDJSON
	begun bool
}

func (l *jsonList) add(v any) error {
	b, err := jsonBytes(v, false, l.t)
	if err != nil {
		return err
	}
	if !l.lines {
		b = bytes.TrimSuffix(b, []byte("\n"))
		before := ",\n"
		if !l.begun {
			before = "[\n"
		}
		b = append([]byte(before), b...)
	}
	l.begun = true
	_, err = l.w.Write(b)
	return err
}

func (l *jsonList) close() error {
	end := "\n]\n"
	switch {
	case l.lines:
		return nil
	case !l.begun:
		end = "[]\n"
	}
	_, err := io.WriteString(l.w, end)
	return err
}

// writeJSONList writes items as a JSON array, or as NDJSON where that is the format.
func writeJSONList[T any](p *program, items []T, format string) error {
	list := jsonList{w: p.stdout, t: p.terminalOf(p.stdout), lines: format == formatNDJSON}
	for _, item := range items {
		if err := list.add(item); err != nil {
			return err
		}
	}
	return list.close()
}
