package part

import (
	"fmt"
	"io"

	"github.com/hansardhq/hansard"
)

// Stream writes entries of any logs to one Parquet file with the columns of a part,
// for whoever takes them elsewhere. It is no part: its rows need not be contiguous,
// and their order is that in which they come. At most a row group is in memory.
type Stream struct {
	f     *fileWriter
	enc   *Encoder
	bytes int
}

// NewStream begins a file. log is what its metadata names; its tier may be empty.
func (enc *Encoder) NewStream(w io.Writer, log hansard.LogID) (*Stream, error) {
	f, err := enc.newFileWriter(w, log)
	if err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	return &Stream{f: f, enc: enc}, nil
}

// Add writes an entry.
func (s *Stream) Add(e *hansard.Entry) error {
	if err := s.f.group.add(s.enc.AppendRow(nil, e)); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	s.bytes += envelopeBytes + int(e.ContentSize)
	if s.f.group.rows < RowGroup && s.bytes < rowGroupBytes {
		return nil
	}
	return s.flush()
}

func (s *Stream) flush() error {
	if s.f.group.rows == 0 {
		return nil
	}
	s.bytes = 0
	if err := s.f.writeGroup(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Close ends the file; it does not close the writer. A stream that is not closed
// has no footer: no reader takes it for a whole file.
func (s *Stream) Close() error {
	defer s.f.release()
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.f.close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}
