package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// RejectedError says that one item of a body was not taken. The items around
// it are not touched by that: call Next again.
type RejectedError struct {
	Line int   // as Next returns it
	Err  error // why; a *hansard.Error without content of events
}

// Error returns the line and the reason.
func (e *RejectedError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *RejectedError) Unwrap() error { return e.Err }

// Splitter cuts a request body into its events. It holds one event in memory
// at a time, at most Limits.MaxBytes and a little, however long the body is.
// It checks where events begin and end, not whether they are valid: Decode
// does.
type Splitter struct {
	r      io.Reader
	form   Form
	limits Limits
	next   func() ([]byte, int, error) // by form; nil before the first Next
	fatal  error                       // what every further Next returns

	buf        []byte
	start, end int   // what was read and not yet consumed is buf[start:end]
	base       int64 // offset in the body of buf[0]
	readErr    error // what r returned at last

	line  int  // the line, or the item's number, counted from 1
	after bool // in an array: an element was read, so a comma or bracket must come
}

// NewSplitter returns a Splitter of r, which must be decompressed already. Of
// the limits it uses MaxBytes, for one item, and MaxDepth, with FormAuto.
func NewSplitter(r io.Reader, form Form, limits Limits) *Splitter {
	return &Splitter{r: r, form: form, limits: limits.withDefaults()}
}

// Reset makes s a Splitter of another body, with the memory of this one.
func (s *Splitter) Reset(r io.Reader, form Form, limits Limits) {
	buf := s.buf
	if len(buf) > steadyRead {
		buf = nil // of an item that was long
	}
	*s = Splitter{r: r, form: form, limits: limits.withDefaults(), buf: buf}
}

// Next returns the next item: raw is its text without white space around it,
// valid until the following call. line says where it was: the line in NDJSON,
// else the number of the item, each from 1.
//
// The error is io.EOF after the last item; a *RejectedError when this one item
// is unusable, after which Next goes on with the following one; anything else
// ends the body and is returned again by every further call: KindInvalid with
// a byte offset for a body damaged so that nothing can be found behind it, or
// what the reader returned, with its own kind or KindInvalid. An item that the
// end of the body or a failing reader cuts short is never returned, except for
// the last line of NDJSON at the end of the body.
func (s *Splitter) Next() (raw []byte, line int, err error) {
	if s.fatal != nil {
		return nil, s.line, s.fatal
	}
	if s.next == nil {
		s.begin()
	}
	raw, line, err = s.next()
	if err != nil {
		if _, ok := errors.AsType[*RejectedError](err); !ok {
			s.fatal = err
		}
	}
	return raw, line, err
}

// begin drops a byte order mark and decides on the form.
func (s *Splitter) begin() {
	for s.end-s.start < 3 && s.fill() {
	}
	if bytes.HasPrefix(s.buf[s.start:s.end], []byte("\xef\xbb\xbf")) {
		s.start += 3
	}
	if s.form == FormNDJSON {
		s.next = s.nextLine
		return
	}
	// Blank lines ahead of a first line of NDJSON count, so they are only
	// looked past here.
	blank := s.peekSpace()
	first := s.start + blank
	switch {
	case first < s.end && s.buf[first] == '[':
		s.start, s.line = first+1, 0
		s.next = s.nextElement
	case s.form == FormAuto && s.firstLineIsValue(blank):
		s.next = s.nextLine
	default:
		s.line = 0
		s.next = s.nextValue
	}
}

// peekSpace returns the length of the white space ahead, without consuming it
// as far as it fits into one item.
func (s *Splitter) peekSpace() int {
	for n := 0; ; {
		n = rawjson.SkipSpace(s.buf[:s.end], s.start+n) - s.start
		if s.start+n < s.end {
			return n
		}
		if n > s.limits.MaxBytes {
			s.line += bytes.Count(s.buf[s.start:s.end], []byte("\n"))
			s.start, n = s.end, 0
		}
		if !s.fill() {
			return n
		}
	}
}

// firstLineIsValue reports whether the first line after the blank bytes is a
// whole JSON value with a line end behind it.
func (s *Splitter) firstLineIsValue(blank int) bool {
	for looked := blank; ; {
		i := bytes.IndexByte(s.buf[s.start+looked:s.end], '\n')
		if i >= 0 && looked+i-blank <= s.limits.MaxBytes {
			return rawjson.Valid(s.buf[s.start+blank:s.start+looked+i], s.limits.MaxDepth) == nil
		}
		looked = s.end - s.start
		if i >= 0 || looked-blank > s.limits.MaxBytes || !s.fill() {
			return false
		}
	}
}

const (
	// firstRead is the size of the buffer at first: most bodies are small.
	firstRead = 4 << 10
	// steadyRead is the size that it grows to for a long body of short items.
	steadyRead = 64 << 10
	// spaceRoom is how much white space an item of the greatest length may
	// have around it before it counts as too long.
	spaceRoom = 1 << 10
)

// fill reads more behind what is unconsumed, which may move to the front of
// the buffer. It returns false when there is no more.
func (s *Splitter) fill() bool {
	if s.readErr != nil {
		return false
	}
	if s.end == len(s.buf) {
		s.makeRoom()
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.readErr = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.readErr = io.ErrNoProgress
	return false
}

// makeRoom moves what is unconsumed to the front, into a larger buffer when it
// fills more than half of this one or when the body turns out to be long.
func (s *Splitter) makeRoom() {
	held := s.buf[s.start:s.end]
	to := s.buf
	if 2*len(held) > len(s.buf) || len(s.buf) < steadyRead {
		to = make([]byte, max(firstRead, 2*len(s.buf)))
	}
	copy(to, held)
	s.base += int64(s.start)
	s.buf, s.start, s.end = to, 0, len(held)
}

// ended returns the error for the end of the reader, where no item is open.
func (s *Splitter) ended() error {
	if s.readErr == io.EOF {
		return io.EOF
	}
	if hansard.KindOf(s.readErr) != hansard.KindInternal {
		return fmt.Errorf("read body: %w", s.readErr)
	}
	return hansard.Errorf(hansard.KindInvalid, "read body: %w", s.readErr)
}

// damaged returns the fatal error for a mistake at buf[i].
func (s *Splitter) damaged(i int, msg string) error {
	return hansard.Errorf(hansard.KindInvalid, "body is damaged: %s at byte %d", msg, s.base+int64(i))
}

func (s *Splitter) tooLong() error {
	return &RejectedError{Line: s.line, Err: tooLong(s.limits.MaxBytes)}
}
