package intake

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/transcript"
)

// Body takes in the events of a request body: one object, an array, or NDJSON.
// It streams: a body of any size takes bounded memory. A bad line is rejected in
// the receipt and the good ones beside it are kept. The receipt is valid on an
// error too and says how much was taken.
func (in *Intake) Body(ctx context.Context, src Source, form dialect.Form, r io.Reader) (*Receipt, error) {
	s, err := in.begin(ctx, src)
	if err != nil {
		return newReceipt(), err
	}
	split := splitters.Get().(*dialect.Splitter)
	defer func() {
		split.Reset(nil, form, in.cfg.Limits) // nothing is kept of the body but its memory
		splitters.Put(split)
	}()
	split.Reset(r, form, in.cfg.Limits)
	for {
		raw, line, err := split.Next()
		if err == nil {
			err = s.line(line, raw)
		} else if bad, ok := errors.AsType[*dialect.RejectedError](err); ok {
			err = s.reject(bad.Line, "", bad.Err)
		} else if errors.Is(err, io.EOF) {
			return s.finish(nil)
		} else {
			return s.finishAfter(err)
		}
		if err != nil {
			return s.finish(err)
		}
	}
}

// splitters are those whose body has ended, for use again: they have 64 KB each.
var splitters = sync.Pool{New: func() any { return new(dialect.Splitter) }}

// line takes one line. The error is about the request as a whole.
func (s *session) line(line int, raw []byte) error {
	err := s.batch.decoder.Decode(&s.entry.Event, raw)
	if err == nil {
		err = s.take(line, (*redact.Engine).RedactDecoded)
	}
	s.batch.event.Reset()
	if err != nil {
		return s.reject(line, eventID(raw), err)
	}
	if s.full() {
		return s.flush()
	}
	return nil
}

// reject lists a line that was not taken.
func (s *session) reject(line int, id string, why error) error {
	err := s.land() // the receipt is the append's until it has landed
	s.receipt.reject(line, id, why)
	return err
}

// finishAfter keeps what came before the place where the body broke.
func (s *session) finishAfter(broken error) (*Receipt, error) {
	receipt, err := s.finish(nil)
	if err != nil {
		return receipt, err
	}
	return receipt, broken
}

// eventID returns the id that a rejected line bears, if one can be read.
func eventID(raw []byte) string {
	if rawjson.Valid(raw, 64) != nil {
		return ""
	}
	id := rawjson.Get(raw, "event_id")
	if len(id) < 2 || id[0] != '"' || len(id) > 258 {
		return ""
	}
	return string(rawjson.Unquote(nil, id))
}

// Formats lists what Import reads: the formats of package transcript, and
// "ndjson", events in the flat form.
func Formats() []transcript.Format {
	return append(transcript.Formats(), transcript.Format{Name: "ndjson", Description: "events in Hansard's flat form, one a line"})
}

// Import takes in a file of agent runs. name is the file's base name, which is
// part of stable ids: a second import of the same file adds nothing. progress,
// if not nil, is called with the number of runs after each.
func (in *Intake) Import(ctx context.Context, src Source, format, name string, r io.Reader, progress func(runs int)) (*Receipt, error) {
	if format == "ndjson" {
		if src.IdempotencyKey == "" {
			src.IdempotencyKey = "import " + name
		}
		return in.Body(ctx, src, dialect.FormNDJSON, r)
	}
	s, err := in.begin(ctx, src)
	if err != nil {
		return newReceipt(), err
	}
	for run, err := range transcript.Read(format, name, r, transcript.Options{}) {
		var bad *transcript.RunError
		switch {
		case errors.As(err, &bad):
			err = s.reject(bad.Line, "", bad.Err)
		case err != nil:
			return s.finishAfter(err)
		case run.Skipped != "":
			s.receipt.Skipped++
		default:
			err = s.run(run)
			if progress != nil {
				progress(s.receipt.Runs)
			}
		}
		if err != nil {
			return s.finish(err)
		}
	}
	return s.finish(nil)
}

// run takes the events of one run.
func (s *session) run(run *transcript.Run) error {
	s.receipt.Runs++
	for _, ev := range run.Events {
		if err := s.event(run.Line, ev); err != nil {
			return err
		}
	}
	return nil
}

// event takes one event, or lists it as rejected. The error is about the request
// as a whole.
func (s *session) event(line int, ev *hansard.Event) error {
	s.entry.Event = *ev
	if err := s.take(line, (*redact.Engine).Redact); err != nil {
		return s.reject(line, ev.EventID, err)
	}
	if s.full() {
		return s.flush()
	}
	return nil
}

// Events takes in events that are there already, such as those of a detection
// or of a demonstration.
func (in *Intake) Events(ctx context.Context, src Source, events []*hansard.Event) (*Receipt, error) {
	s, err := in.begin(ctx, src)
	if err != nil {
		return newReceipt(), err
	}
	for i, ev := range events {
		if err := s.event(i+1, ev); err != nil {
			return s.finish(err)
		}
	}
	return s.finish(nil)
}
