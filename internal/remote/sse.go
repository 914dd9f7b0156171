package remote

import (
	"bufio"
	"bytes"
	"io"

	"github.com/hansardhq/hansard"
)

// MaxLine bounds one line of an event stream, and the data of one message, in
// bytes: an entry has several fields of up to 1 MiB.
const MaxLine = 16 << 20

// Message is one message of an event stream (WHATWG HTML, section 9.2).
type Message struct {
	Event string // its type; "" for "message"
	ID    string // the last id seen in the stream, also before this message
	Data  []byte // lines joined by line ends
}

// Stream reads the messages of an event stream.
type Stream struct {
	r     *bufio.Reader
	id    string
	begun bool
	beat  func() // told of each line, also of comments; may be nil
}

// NewStream returns a reader of the event stream r.
func NewStream(r io.Reader) *Stream { return &Stream{r: bufio.NewReaderSize(r, 64<<10)} }

// Next returns the next message. The error is io.EOF where the stream ends; a
// message that is not ended by an empty line is dropped, as the standard asks. A
// line or a message that is too long is of KindTooLarge.
func (s *Stream) Next() (Message, error) {
	var m Message
	var data bool
	for {
		line, err := s.line()
		if err != nil {
			return Message{}, err
		}
		if s.beat != nil {
			s.beat()
		}
		if len(line) == 0 {
			if !data {
				m = Message{}
				continue
			}
			m.ID = s.id
			return m, nil
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			m.Event = string(value)
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				s.id = string(value)
			}
		case "data":
			if data {
				m.Data = append(m.Data, '\n')
			}
			m.Data, data = append(m.Data, value...), true
			if len(m.Data) > MaxLine {
				return Message{}, tooLong()
			}
		}
	}
}

// line returns the next line without its end: CR, LF or both.
func (s *Stream) line() ([]byte, error) {
	var line []byte
	for {
		piece, err := s.r.ReadSlice('\n')
		line = append(line, piece...)
		if len(line) > MaxLine {
			return nil, tooLong()
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF // half a line says nothing
		}
		if err != nil {
			return nil, err
		}
		break
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, nil
}

func tooLong() error {
	return hansard.Errorf(hansard.KindTooLarge, "the live feed has a message longer than %d bytes", MaxLine)
}
