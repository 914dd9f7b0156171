package client

import (
	"context"
	"fmt"
	"io"
	"os"
)

// writerSink writes events to a stream, one a line.
type writerSink struct {
	name string
	w    io.Writer
	file *os.File // nil: the caller's stream
	buf  []byte
	torn bool // the last write ended within a line
}

// NewWriter returns a sink that writes the events to w in the flat form, one JSON
// object a line, for example to os.Stdout. Close does not close w. What a writer
// took in part is written whole again, on a line of its own.
func NewWriter(name string, w io.Writer) Sink { return &writerSink{name: name, w: w} }

// NewFile returns a sink that appends the events to a file, one JSON object a line,
// which "hansard import --format ndjson" reads. The file is made when missing, for
// its owner only, and synced when the client is closed. Its size is not bounded.
func NewFile(path string) (Sink, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a file for events: %w", err)
	}
	return &writerSink{name: "file", w: f, file: f}, nil
}

// Name implements Sink.
func (s *writerSink) Name() string { return s.name }

// Write implements Sink.
func (s *writerSink) Write(_ context.Context, events []Encoded) (Receipt, error) {
	s.buf = s.buf[:0]
	if s.torn {
		s.buf = append(s.buf, '\n')
	}
	for i := range events {
		s.buf = append(append(s.buf, events[i].JSON...), '\n')
	}
	n, err := s.w.Write(s.buf)
	if err == nil && n < len(s.buf) {
		err = io.ErrShortWrite
	}
	if err == nil {
		s.torn = false
		return Receipt{}, nil
	}
	// An event whose line break alone is missing is there: the line break that
	// comes first next time completes it.
	taken, end := 0, len(s.buf)
	for i := range events {
		end -= len(events[i].JSON) + 1
	}
	for i := range events {
		if end += len(events[i].JSON); n < end {
			break
		}
		taken++
		end++
	}
	if n > 0 {
		s.torn = s.buf[min(n, len(s.buf))-1] != '\n'
	}
	return Receipt{Taken: taken}, fmt.Errorf("write events: %w", err)
}

// Close implements Sink.
func (s *writerSink) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Sync()
	if cerr := s.file.Close(); err == nil {
		err = cerr
	}
	return err
}
