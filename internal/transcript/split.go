package transcript

import (
	"bufio"
	"bytes"
	"io"

	"github.com/hansardhq/hansard"
)

// piece is the JSON text of what should be one run.
type piece struct {
	raw  []byte // not shared: events may point into it
	line int    // line on which it begins, from 1
	seq  int    // its line where a line is a run, else its place in the list; from 1
}

// splitter cuts a file into pieces without reading more than one into memory.
// It does not check the JSON: a broken line costs that line only.
type splitter struct {
	r       *bufio.Reader
	max     int
	lists   bool // a value may be a bare list of messages
	read    func() (piece, error)
	line    int // line of the next byte, from 1
	seq     int
	inArray bool // past the bracket that opens the list of runs
}

// window is how far the splitter looks ahead to tell the layouts apart.
const window = 4096

func newSplitter(r io.Reader, max int, lists bool) *splitter {
	return &splitter{r: bufio.NewReaderSize(r, 64<<10), max: max, lists: lists, line: 1}
}

// next returns the next piece, io.EOF at the end. A piece that is over the
// limit is a *RunError; all other errors are final.
func (s *splitter) next() (piece, error) {
	if s.read == nil {
		if err := s.detect(); err != nil {
			return piece{}, err
		}
	}
	return s.read()
}

// detect finds out how the file is laid out: one value a line, one array of
// runs, or indented values.
func (s *splitter) detect() error {
	if b, _ := s.r.Peek(3); bytes.Equal(b, []byte("\xef\xbb\xbf")) {
		_, _ = s.r.Discard(3)
	}
	if _, err := s.skipSpace(); err != nil {
		return err
	}
	head, _ := s.r.Peek(window) // short at the end of the file
	first, _, _ := bytes.Cut(head, []byte("\n"))
	switch open := len(bytes.Trim(first, "[{ \t\r")) == 0; {
	case head[0] == '[' && !(s.lists && opensMessage(head)):
		s.read, s.inArray = s.element, true
		_, _ = s.r.Discard(1)
	case open && len(first) < len(head):
		s.read = s.element
	default:
		s.read = s.textLine
	}
	return nil
}

// opensMessage reports whether b begins a list of messages rather than one of
// runs: the first key of its first element is one of a message.
func opensMessage(b []byte) bool {
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	for _, key := range []string{"role", "content", "name", "tool_calls", "tool_call_id", "refusal"} {
		if bytes.HasPrefix(b, []byte(`"`+key+`"`)) {
			return true
		}
	}
	return false
}

// textLine reads the next line that is not blank.
func (s *splitter) textLine() (piece, error) {
	for {
		p := piece{line: s.line, seq: s.line}
		over := false
		for {
			b, err := s.r.ReadSlice('\n')
			if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
				return piece{}, readError(err)
			}
			if over = over || len(p.raw)+len(b) > s.max+1; !over {
				p.raw = append(p.raw, b...)
			}
			if err == bufio.ErrBufferFull {
				continue
			}
			if err == io.EOF && len(p.raw) == 0 && !over {
				return piece{}, io.EOF
			}
			break
		}
		s.line++
		if over {
			return piece{}, s.tooLarge(p.line)
		}
		if p.raw = bytes.TrimSpace(p.raw); len(p.raw) > 0 {
			return p, nil
		}
	}
}

// element reads the next value of an array of runs or of a sequence of
// indented values.
func (s *splitter) element() (piece, error) {
	c, err := s.skipSpace()
	if err == nil && s.inArray && s.seq > 0 && c == ',' {
		_, _ = s.r.Discard(1)
		c, err = s.skipSpace()
	}
	if err == io.EOF && s.inArray {
		return piece{}, hansard.Errorf(hansard.KindInvalid, "line %d: the input ends inside its list of runs", s.line)
	}
	if err != nil {
		return piece{}, err
	}
	if s.inArray && c == ']' {
		return piece{}, s.closeArray()
	}
	s.seq++
	p := piece{line: s.line, seq: s.seq}
	if p.raw, err = s.value(); err == errTooLarge {
		return piece{}, s.tooLarge(p.line)
	} else if err == io.EOF {
		return piece{}, hansard.Errorf(hansard.KindInvalid, "the input ends inside the run that begins on line %d", p.line)
	}
	return p, err
}

// closeArray ends the file after the bracket that closes the list of runs.
func (s *splitter) closeArray() error {
	_, _ = s.r.Discard(1)
	if _, err := s.skipSpace(); err != nil {
		return err
	}
	return hansard.Errorf(hansard.KindInvalid, "line %d: something follows the list of runs", s.line)
}

// errTooLarge says that a value was read to its end but not kept.
var errTooLarge = hansard.Errorf(hansard.KindTooLarge, "the run is too large")

// value reads one value to the bracket that closes it; a value without
// brackets to the next comma, bracket or line end.
func (s *splitter) value() ([]byte, error) {
	var raw []byte
	depth, quoted, escaped, over := 0, false, false, false
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return raw, readError(err)
		}
		if c == '\n' {
			s.line++
		}
		if over = over || len(raw) >= s.max; !over {
			raw = append(raw, c)
		}
		switch {
		case escaped:
			escaped = false
		case quoted:
			quoted, escaped = c != '"', c == '\\'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth > 0 || quoted || depth == 0 && !s.scalarEnds() && c != '}' && c != ']' {
			continue
		}
		if over {
			return nil, errTooLarge
		}
		return raw, nil
	}
}

// scalarEnds reports whether a value without brackets ends before the next byte.
func (s *splitter) scalarEnds() bool {
	b, err := s.r.Peek(1)
	return err != nil || bytes.IndexByte([]byte(",]\n"), b[0]) >= 0
}

// skipSpace drops white space and returns the byte after it, unread.
func (s *splitter) skipSpace() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, readError(err)
		}
		switch c {
		case '\n':
			s.line++
		case ' ', '\t', '\r':
		default:
			return c, s.r.UnreadByte()
		}
	}
}

func (s *splitter) tooLarge(line int) error {
	err := hansard.Errorf(hansard.KindTooLarge, "the run is larger than %d bytes", s.max)
	return &RunError{Line: line, Err: err}
}

// readError gives a failed read its context; the end of the input stays io.EOF.
func readError(err error) error {
	if err == io.EOF {
		return err
	}
	return hansard.Errorf(hansard.KindOf(err), "read the input: %w", err)
}
