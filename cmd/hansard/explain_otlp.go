package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/trace"
)

// maxExplained bounds a file that is explained: it is read as a whole, in bytes.
const maxExplained = 256 << 20

func newExplainOTLP(p *program) *cobra.Command {
	var signal string
	cmd := &cobra.Command{
		Use:   "explain-otlp FILE",
		Short: "Show how the spans and logs of an OTLP file are read",
		Long: `Show for each span and log record in a file which dialect it was taken for, which
rule decided, which events it becomes, and which of its attributes no rule read.
All attributes are kept, whether a rule read them or not.

FILE holds OTLP requests as a sender or a collector's file exporter writes them:
JSON, one request or one a line, or protobuf; - is the standard input, and .gz and
.zst are unpacked. Nothing is sent anywhere, and nothing is redacted.`,
		Example: `  hansard explain-otlp traces.json
  hansard explain-otlp -o json request.pb
  curl -s localhost:9999/last-export | hansard explain-otlp -`,
		Args: cobra.ExactArgs(1),
	}
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.Flags().StringVar(&signal, "signal", "", "traces or logs (default: what the file looks like)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		b, err := p.readWhole(args[0])
		if err != nil {
			return named(args[0], err)
		}
		explained, err := explain(b, signal)
		if err != nil {
			return named(args[0], err)
		}
		if format == formatJSON {
			return p.writeJSON(explained)
		}
		return writeExplained(p.stdout, explained)
	}
	return cmd
}

// readWhole reads a file, or the standard input, without its compression.
func (p *program) readWhole(path string) ([]byte, error) {
	r := p.stdin
	if path != "-" {
		f, _, err := openInput(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	switch encodingOf(path) {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "unpack: %w", err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(maxExplained))
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "unpack: %w", err)
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(io.LimitReader(r, maxExplained+1))
	if err == nil && len(b) > maxExplained {
		err = hansard.Errorf(hansard.KindTooLarge, "it is larger than %d bytes", maxExplained)
	}
	return b, err
}

// explanation says how one record was read.
type explanation struct {
	Signal   string            `json:"signal"` // span or log
	Record   int               `json:"record"` // its place in its request, from 1
	Request  int               `json:"request"`
	Name     string            `json:"name"`
	Dialect  string            `json:"dialect,omitempty"`
	Rule     string            `json:"rule,omitempty"`
	Events   []json.RawMessage `json:"events"`
	LeftOver []string          `json:"left_over"`
	Refused  string            `json:"refused,omitempty"` // why it would not be taken

	events []*hansard.Event
}

// explain reads the requests of a file.
func explain(b []byte, signal string) ([]*explanation, error) {
	var all []*explanation
	for i, body := range requests(b) {
		s, enc := otlp.Sniff(body)
		switch signal {
		case "":
		case otlp.Traces.String():
			s = otlp.Traces
		case otlp.Logs.String():
			s = otlp.Logs
		default:
			return nil, hansard.Errorf(hansard.KindInvalid, "--signal %q: want traces or logs", signal)
		}
		if s == otlp.Metrics {
			return nil, hansard.Errorf(hansard.KindInvalid, "it holds metrics, which are counted and not kept")
		}
		list, err := explainRequest(s, enc, body, i+1)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func explainRequest(s otlp.Signal, enc otlp.Encoding, body []byte, request int) ([]*explanation, error) {
	var list []*explanation
	mapper := dialect.OTel{LeftOver: true}
	decoded, err := otlp.Decode(s, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
		for _, r := range mapper.Map(&b.Batch) {
			x := &explanation{
				Signal: "span", Record: b.Places[r.Index], Request: request, Dialect: r.Dialect, Rule: r.Rule,
				LeftOver: append([]string{}, r.LeftOver...), events: r.Events,
			}
			if r.Log {
				x.Signal = "log"
				x.Name = or(b.Logs[r.Index].EventName, r.Events[0].Action)
			} else {
				x.Name = b.Spans[r.Index].Name
			}
			for _, e := range r.Events {
				x.Events = append(x.Events, eventJSON(e))
			}
			list = append(list, x)
		}
		return nil
	})
	for _, no := range decoded.Refusals {
		list = append(list, &explanation{
			Signal: map[otlp.Signal]string{otlp.Traces: "span", otlp.Logs: "log"}[s], Record: no.Record, Request: request,
			Events: []json.RawMessage{}, LeftOver: []string{}, Refused: no.Err.Error(),
		})
	}
	return list, err
}

// eventJSON returns an event in the flat form, with what only a dialect may set
// beside it.
func eventJSON(e *hansard.Event) json.RawMessage {
	b := dialect.AppendEvent(nil, e)
	b = append(b[:len(b)-1], `,"dialect":`...)
	b = rawjson.AppendQuote(b, e.Dialect)
	if len(e.Labels) > 0 {
		labels, err := json.Marshal(e.Labels)
		if err == nil { // a list of strings always can be written
			b = append(append(b, `,"labels":`...), labels...)
		}
	}
	if e.Truncated {
		b = append(b, `,"truncated":true`...)
	}
	return append(b, '}')
}

// requests cuts a file into its requests: one, or one a line.
func requests(b []byte) [][]byte {
	trimmed := bytes.TrimSpace(b)
	if len(trimmed) == 0 || trimmed[0] != '{' || rawjson.Valid(trimmed, 1000) == nil {
		return [][]byte{b}
	}
	var lines [][]byte
	for line := range bytes.Lines(trimmed) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// writeExplained writes explanations for people.
func writeExplained(w io.Writer, list []*explanation) error {
	var b strings.Builder
	events := 0
	for _, x := range list {
		if x.Refused != "" {
			fmt.Fprintf(&b, "%s %d\n  refused: %s\n", x.Signal, x.Record, trace.Clean(x.Refused))
			continue
		}
		fmt.Fprintf(&b, "%s %d %q\n  dialect   %s\n  rule      %s\n", x.Signal, x.Record, trace.Clean(x.Name), x.Dialect, trace.Clean(x.Rule))
		for _, e := range x.events {
			events++
			fmt.Fprintf(&b, "  event     %s\n", trace.Clean(eventLine(e)))
		}
		if len(x.LeftOver) > 0 {
			fmt.Fprintf(&b, "  left over %s\n", trace.Clean(strings.Join(x.LeftOver, ", ")))
		}
	}
	fmt.Fprintf(&b, "%s, %s\n", plural(len(list), "record"), plural(events, "event"))
	_, err := io.WriteString(w, b.String())
	return err
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return trace.Count(int64(n)) + " " + noun
}

// eventLine says on one line what an event is.
func eventLine(e *hansard.Event) string {
	parts := []string{strings.TrimPrefix(e.EventType, "agent.")}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	add("action", e.Action)
	add("agent", e.AgentName)
	add("session", e.SessionID)
	add("task", e.TaskID)
	add("tool", e.ToolName)
	add("decision", e.Decision)
	add("intervention", e.Intervention)
	add("actor", e.ActorType)
	add("from", e.HandoffFrom)
	add("to", e.HandoffTo)
	add("model", e.Model)
	for _, n := range []struct {
		name string
		v    hansard.Opt[int64]
	}{
		{"input", e.InputTokens}, {"output", e.OutputTokens}, {"cache_read", e.CacheReadTokens}, {"cache_write", e.CacheWriteTokens},
		{"reasoning", e.ReasoningTokens}, {"tokens", e.TokenCount},
	} {
		if n.v.Set {
			add(n.name, fmt.Sprint(n.v.V))
		}
	}
	if e.CostNanoUSD.Set {
		add("cost", trace.USD(e.CostNanoUSD.V))
	}
	add("status", e.Status)
	add("error", e.Error)
	if e.Provenance == "inferred" {
		add("provenance", e.Provenance)
	}
	add("labels", strings.Join(e.Labels, ","))
	return strings.Join(parts, " ")
}
