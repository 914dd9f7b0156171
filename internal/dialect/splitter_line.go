package dialect

import (
	"bytes"
	"io"
)

// nextLine returns the next line that is not blank.
func (s *Splitter) nextLine() ([]byte, int, error) {
	long := false // the line's start was dropped already
	for looked := 0; ; {
		i := bytes.IndexByte(s.buf[s.start+looked:s.end], '\n')
		if i < 0 {
			if looked = s.end - s.start; looked > s.limits.MaxBytes+spaceRoom {
				long = true
				s.start, looked = s.end, 0
			}
			if s.fill() {
				continue
			}
			if s.readErr != io.EOF || looked == 0 && !long {
				return nil, s.line, s.ended()
			}
			i = 0 // the last line, without a line end
		}
		long = long || looked+i > s.limits.MaxBytes+spaceRoom
		line := trimLine(s.buf[s.start : s.start+looked+i])
		s.start = min(s.start+looked+i+1, s.end)
		s.line++
		switch {
		case long || len(line) > s.limits.MaxBytes:
			return nil, s.line, s.tooLong()
		case len(line) > 0:
			return line, s.line, nil
		}
		looked = 0
	}
}

// trimLine returns line without the white space around it.
func trimLine(line []byte) []byte {
	blank := func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
	for len(line) > 0 && blank(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	for len(line) > 0 && blank(line[0]) {
		line = line[1:]
	}
	return line
}
