package otlp_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/redact"
)

// stage says how far the events of BenchmarkStage go.
type stage int

const (
	stageDecode   stage = iota // from bytes to spans
	stageMap                   // to events
	stageRedact                // without personal data
	stageClassify              // to records
)

// stages are those behind the reading of a request.
type stages struct {
	redact   *redact.Engine
	classify *classify.Classifier
	keys     redact.Keys
	print    *classify.FingerprintKey
	rows     arena.Lasting
	entry    hansard.Entry // what is being taken
}

func newStages(b *testing.B) *stages {
	l, err := ledger.Open(ledger.Config{Dir: filepath.Join(b.TempDir(), "data"), Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	})
	s := &stages{}
	var errs [3]error
	s.redact, errs[0] = redact.New(redact.Config{})
	s.classify, errs[1] = classify.New(classify.Config{})
	s.keys, s.print, errs[2] = l.Pseudonyms("bench")
	if err := errors.Join(errs[:]...); err != nil {
		b.Fatal(err)
	}
	return s
}

// redaction is one of the two methods of an engine.
type redaction func(*redact.Engine, redact.Keys, *hansard.Entry) (redact.Redacted, error)

// take takes the event at hand as far as it is to go, as intake does.
func (s *stages) take(b *testing.B, redact redaction, to stage) {
	if to < stageRedact {
		return
	}
	redacted, err := redact(s.redact, s.keys, &s.entry)
	if err != nil {
		b.Fatal(err)
	}
	if to < stageClassify {
		return
	}
	dialect.Bound(&s.entry.Event)
	if _, err := s.classify.Classify(&s.rows, redacted, "loopback", s.print); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStage takes requests of 500 spans, and flat events that say as much, through
// the stages before the ledger: what the next one adds is what it costs.
func BenchmarkStage(b *testing.B) {
	const requests = 20
	bodies := map[otlp.Encoding][][]byte{}
	var flat [][]byte
	events := 0
	for i := range requests {
		req, n := workload(500*i, 500)
		bodies[otlp.Protobuf] = append(bodies[otlp.Protobuf], protobufOf(b, req))
		bodies[otlp.JSON] = append(bodies[otlp.JSON], jsonOf(b, req))
		flat = append(flat, flatWorkload(750*i, 750))
		events = n // of each, the traces being whole
	}
	names := []string{stageDecode: "Decode", stageMap: "Map", stageRedact: "Redact", stageClassify: "Classify"}
	for to, name := range names {
		b.Run("Protobuf/"+name, func(b *testing.B) { runSpans(b, otlp.Protobuf, bodies[otlp.Protobuf], events, stage(to)) })
		b.Run("JSON/"+name, func(b *testing.B) { runSpans(b, otlp.JSON, bodies[otlp.JSON], events, stage(to)) })
		if stage(to) >= stageMap {
			b.Run("Flat/"+name, func(b *testing.B) { runFlat(b, flat, stage(to)) })
		}
	}
}

func runSpans(b *testing.B, enc otlp.Encoding, bodies [][]byte, events int, to stage) {
	s := newStages(b)
	var mapper dialect.OTel
	i := 0
	perEvent(b, events, func() {
		i++
		_, err := otlp.Decode(otlp.Traces, enc, bodies[i%len(bodies)], otlp.Limits{}, func(batch *otlp.Batch) error {
			if to < stageMap {
				return nil
			}
			return mapper.Lend(&batch.Batch, func(readings []dialect.Reading) error {
				for r := range readings {
					for _, e := range readings[r].Events {
						s.entry.Event = *e
						s.take(b, (*redact.Engine).Redact, to)
					}
				}
				return nil
			})
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

func runFlat(b *testing.B, bodies [][]byte, to stage) {
	s := newStages(b)
	var near arena.Arena
	decoder := dialect.Decoder{Flat: dialect.Flat{Unbounded: true}, Arena: &near}
	var split dialect.Splitter
	i := 0
	perEvent(b, 750, func() {
		i++
		split.Reset(bytes.NewReader(bodies[i%len(bodies)]), dialect.FormNDJSON, dialect.Limits{})
		for {
			line, _, err := split.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = decoder.Decode(&s.entry.Event, line)
			}
			if err != nil {
				b.Fatal(err)
			}
			s.take(b, (*redact.Engine).RedactDecoded, to)
			near.Reset()
		}
	})
}
