package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/remote"
)

// send is one run of the verb send.
type send struct {
	p       *program
	out     *output
	key     string
	entries bool
}

func newSend(p *program) *cobra.Command {
	v := &send{p: p}
	cmd := &cobra.Command{
		Use:   "send [FILE]",
		Short: "Send events to a server",
		Long: `Send events: one JSON object, an array, or one object a line. Without FILE, or
with -, they are read from standard input. The answer comes when they are on
disk; what is refused is listed by line, and the rest is kept. A file may be
compressed (.gz, .zst).`,
		Example: `  hansard send events.ndjson
  echo '{"agent_name":"me","action":"hello"}' | hansard send -
  hansard send events.json --entries -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "-"
			if len(args) == 1 {
				path = args[0]
			}
			return v.run(cmd.Context(), path)
		},
	}
	v.out = outputFlag(cmd, formatTable, formatJSON)
	cmd.Flags().BoolVar(&v.entries, "entries", false, "list where in the record each event is")
	cmd.Flags().StringVar(&v.key, "idempotency-key", "", "sent again with the same key, events without an id are not taken twice")
	return cmd
}

func (v *send) run(ctx context.Context, path string) error {
	format, err := v.out.format(v.p.terminalOf(v.p.stdout), formatTable, formatTable)
	if err != nil {
		return err
	}
	if v.p.global.data != "" {
		err := hansard.Errorf(hansard.KindInvalid, "send sends to a server, not to files")
		return hansard.WithHint(err, "hansard import --format ndjson FILE --data "+v.p.global.data+" takes in a file without one")
	}
	c, err := v.p.client()
	if err != nil {
		return err
	}
	in, size, closeInput, err := v.input(path)
	if err != nil {
		return named(path, err)
	}
	defer closeInput()
	body, contentType := sniff(in, path)
	bar := v.p.newProgress(filepath.Base(path), size)
	r, err := c.Send(ctx, remote.Upload{
		Body: body, Size: size, ContentType: contentType, Encoding: encodingOf(path), IdempotencyKey: v.key, Entries: v.entries,
		Progress: func(done int64) { bar.set(done, size) },
	})
	bar.end()
	return v.answer(path, format, r, err)
}

// input opens the file, or the standard input.
func (v *send) input(path string) (in io.Reader, size int64, closeInput func() error, err error) {
	if path == "-" {
		if isTerminalReader(v.p.stdin) {
			v.p.say("reading events from the terminal; Ctrl-D ends")
		}
		return v.p.stdin, -1, func() error { return nil }, nil
	}
	f, size, err := openInput(path)
	if err != nil {
		return nil, 0, nil, err
	}
	return f, size, f.Close, nil
}

// answer says what became of the events.
func (v *send) answer(path, format string, r *intake.Receipt, err error) error {
	if r == nil {
		return err
	}
	if format == formatJSON {
		if werr := v.p.writeJSON(r); werr != nil {
			return werr
		}
	} else {
		v.p.reportReceipt(path, r, false)
		if _, werr := io.WriteString(v.p.stdout, receiptLine("sent:", r)+"\n"); werr != nil {
			return werr
		}
		if werr := v.places(r); werr != nil {
			return werr
		}
	}
	if err != nil {
		return err
	}
	if untaken(r) {
		return quietError{exitFailure}
	}
	return nil
}

// places lists where the events are.
func (v *send) places(r *intake.Receipt) error {
	if len(r.Entries) == 0 {
		return nil
	}
	rows := make([][]string, len(r.Entries))
	for i, e := range r.Entries {
		rows[i] = []string{e.EventID, e.Log, decimalOf(e.Index), decimalOf(e.Position), e.LeafHash}
	}
	t := newTable(v.p.terminalOf(v.p.stdout), column{title: "EVENT", most: 40}, column{title: "LOG"},
		column{title: "INDEX", right: true}, column{title: "POSITION", right: true}, column{title: "LEAF HASH"})
	return t.write(v.p.stdout, rows)
}

// encodingOf returns how a file is compressed, by its name.
func encodingOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		return "gzip"
	case ".zst":
		return "zstd"
	}
	return ""
}

// peeked is how much of a body is looked at to see its form, in bytes.
const peeked = 64 << 10

// sniff returns the body and its media type: by the file's name, or by how it
// begins.
func sniff(r io.Reader, path string) (io.Reader, string) {
	const lines, json = "application/x-ndjson", "application/json"
	compressed := encodingOf(path) != ""
	if compressed {
		path = strings.TrimSuffix(path, filepath.Ext(path))
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ndjson", ".jsonl":
		return r, lines
	case ".json":
		return r, json
	}
	if compressed {
		return r, lines
	}
	b := bufio.NewReaderSize(r, peeked)
	head, _ := b.Peek(peeked) // an error comes again from the read
	head = bytes.TrimLeft(head, " \t\r\n")
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if len(head) > 0 && head[0] != '[' && rawjson.Valid(bytes.TrimSpace(line), 64) == nil {
		return b, lines
	}
	return b, json
}
