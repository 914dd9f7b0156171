// Package transcript reads files of finished agent runs, as benchmarks and
// agent frameworks write them, and turns each run into Events: what
// `hansard import` appends.
//
// A file holds runs: one JSON value a line, the elements of one JSON array, or
// one indented JSON value. Read gives one run at a time and holds no more than
// that in memory (and 8 bytes for each run before it, to see a repeated id). A
// run that cannot be read is reported as a *RunError and the reading goes on;
// any other error ends it.
//
// The same file gives the same events to the last byte, so that a second
// import adds nothing. A trace id names its source, an event id is
//
//	<trace id>/<step>/<kind>[/<n>]
//
// where step is the message's 0-based index in its run, kind the event type
// without "agent.", and n counts further events of that kind from 1. The event
// that ends a run has the number of its messages as its step. attributes.step
// repeats the step.
//
// What the source said is `observed`; what a reader of this package deduced is
// `inferred`. Where an observed event has single fields that were deduced,
// attributes.inferred lists them. Where the source has no times, the events get
// invented ones, in order, within the year 2025, with time source `synthetic`;
// durations are never invented. What the source knows about the run as a whole
// (reward, exit status, who was to blame) is in the attributes of its last
// event, under the source's own names.
package transcript

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Options bound what Read takes. A zero field means its default.
type Options struct {
	MaxRunBytes int // size of one run's JSON; default 64 MiB
	MaxDepth    int // how deep arrays and objects may be nested; default 64
	MaxEvents   int // events of one run; default 100,000
}

func (o Options) withDefaults() Options {
	if o.MaxRunBytes <= 0 {
		o.MaxRunBytes = 64 << 20
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = 64
	}
	if o.MaxEvents <= 0 {
		o.MaxEvents = 100_000
	}
	return o
}

// Run is one run of a file.
type Run struct {
	// Line is the line, from 1, on which the run begins.
	Line int
	// TraceID is the trace id of all its events.
	TraceID string
	// Events holds the run's events in order.
	Events []*hansard.Event
	// Skipped says why the line is not a run but belongs in such a file, for
	// example "header". There is no trace id and no event then.
	Skipped string
}

// RunError says that one run cannot be read. The runs after it can.
type RunError struct {
	Line int   // the line, from 1, on which the run begins
	Err  error // the reason; of kind invalid or too large
}

// Error returns the line and the reason.
func (e *RunError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *RunError) Unwrap() error { return e.Err }

// Format is a kind of file that Read understands.
type Format struct {
	Name        string // as given to Read
	Description string // one line
}

// converter reads one run: it fills rec, or says why the value is no run.
type converter struct {
	Format
	messageLists bool // a run may be a bare list of messages
	convert      func(rec *recorder, raw []byte) (skipped string, err error)
}

func converters() []converter {
	return []converter{
		{Format{"openai-messages", "chat messages with tool calls, one conversation a line"}, true, convertOpenAI},
		{Format{"tau-bench", "customer-service runs of tau-bench"}, false, convertTau},
		{Format{"agentrx", "runs of the AgentRx failure set"}, false, convertAgentRx},
		{Format{"agentdojo", "runs of AgentDojo, with and without prompt injection"}, false, convertAgentDojo},
		{Format{"whoandwhen", "failed multi-agent runs of Who&When"}, false, convertWhoAndWhen},
		{Format{"mini-swe", "trajectories of mini-swe-agent, with times and token usage"}, false, convertMiniSWE},
	}
}

// Formats lists the formats that Read understands.
func Formats() []Format {
	var all []Format
	for _, c := range converters() {
		all = append(all, c.Format)
	}
	return all
}

// Read reads the runs of r, which is in the given format. The name is that of
// the input file; its base name up to the first dot becomes part of the trace
// ids of formats whose runs have no id of their own.
//
// A *RunError (errors.As) concerns one run and is followed by the rest; any
// other error is the last thing that is yielded. An unknown format is of kind
// invalid.
func Read(format, name string, r io.Reader, opt Options) iter.Seq2[*Run, error] {
	return func(yield func(*Run, error) bool) {
		conv, err := converterFor(format)
		if err != nil {
			yield(nil, err)
			return
		}
		rd := reader{conv: conv, stem: stem(name), opt: opt.withDefaults(), seen: map[uint64]bool{}}
		split := newSplitter(r, rd.opt.MaxRunBytes, conv.messageLists)
		for {
			run, err := rd.next(split)
			if err == io.EOF {
				return
			}
			if !yield(run, err) {
				return
			}
			var bad *RunError
			if err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

func converterFor(format string) (converter, error) {
	var names []string
	for _, c := range converters() {
		if c.Name == format {
			return c, nil
		}
		names = append(names, c.Name)
	}
	err := hansard.Errorf(hansard.KindInvalid, "unknown format %q", format)
	return converter{}, hansard.WithHint(err, "the formats are "+strings.Join(names, ", "))
}

// reader turns the pieces of one file into runs.
type reader struct {
	conv converter
	stem string
	opt  Options
	seen map[uint64]bool // hashes of the trace ids so far
}

// next returns the next run. The error is io.EOF at the end, a *RunError for
// one bad run, any other error when nothing more can be read.
func (rd *reader) next(split *splitter) (*Run, error) {
	p, err := split.next()
	if err != nil {
		return nil, err
	}
	bad := func(err error) (*Run, error) { return nil, &RunError{Line: p.line, Err: err} }
	if err := rawjson.Valid(p.raw, rd.opt.MaxDepth); err != nil {
		return bad(hansard.Errorf(hansard.KindInvalid, "not a JSON value: %w", err))
	}
	rec := newRecorder(rd, p)
	skipped, err := rd.conv.convert(rec, p.raw)
	switch {
	case err != nil:
		return bad(err)
	case rec.full:
		return bad(hansard.Errorf(hansard.KindTooLarge, "the run has more than %d events", rd.opt.MaxEvents))
	case skipped != "":
		return &Run{Line: p.line, Skipped: skipped}, nil
	}
	rd.seen[hashOf(rec.trace)] = true
	return &Run{Line: p.line, TraceID: rec.trace, Events: rec.events}, nil
}

// unique returns id, marked with the run's number when an earlier run of the
// file has that id: event ids would repeat otherwise. A collision of the hashes
// only marks an id that needed no mark.
func (rd *reader) unique(id string, seq int) string {
	for rd.seen[hashOf(id)] {
		id = fmt.Sprintf("%s#%d", id, seq)
	}
	return id
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s)
	return h.Sum64()
}
