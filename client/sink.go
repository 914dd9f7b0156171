package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// Sink is where events go. A client calls Write from one goroutine at a time, and
// Close after the last Write.
type Sink interface {
	// Name tells the sink from others of the client, in Stats and as the name
	// of its spool's folder: letters, digits, "-", "_" and ".".
	Name() string
	// Write takes events, oldest first, to where they are kept. A nil error
	// says that each is safe or in Receipt.Rejected. With an error the events
	// that the receipt counts are not sent again, and the rest is sent again
	// later: after RetryAfterError.After if the error is one, else after a
	// growing pause. An error that wraps ErrRefused says that sending them
	// again is useless: they are sent in smaller batches to find the bad one,
	// which is then rejected. Write may keep no event after it returns.
	Write(ctx context.Context, events []Encoded) (Receipt, error)
	// Close frees what the sink holds.
	Close() error
}

// Encoded is an event as it is sent.
type Encoded struct {
	// JSON is the event in the flat form: one JSON object, on one line.
	JSON []byte
}

// Event returns the event's fields.
func (e Encoded) Event() (*hansard.Event, error) {
	flat := dialect.Flat{Unbounded: true}
	return flat.Decode(e.JSON)
}

// Receipt says what became of a batch.
type Receipt struct {
	// Taken is how many events are safe: from the first on, rejected ones
	// not counted. Ignored when Write returns no error.
	Taken int
	// Duplicates counts those among them that were there already.
	Duplicates int
	// Conflicts counts those whose id was there already with other content.
	Conflicts int
	// Rejected lists events that the sink will never take.
	Rejected []RejectedEvent
	// Unnamed counts events of a batch taken without an error that the sink
	// will never take, but did not name; Reason says why.
	Unnamed int
	Reason  string
}

// RejectedEvent is an event of a batch that the sink will never take.
type RejectedEvent struct {
	Index  int    // in the batch, from 0
	Reason string // holds no content of the event
}

// ErrRefused marks a batch that the sink will not take however often it is sent.
var ErrRefused = errors.New("refused")

// RetryAfterError is an error of a sink that says when to try again.
type RetryAfterError struct {
	After time.Duration
	Err   error
}

// Error returns what happened.
func (e *RetryAfterError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryAfterError) Unwrap() error { return e.Err }

// Rejection is an event that a sink did not take and never will. It is not sent
// again.
type Rejection struct {
	Sink    string
	EventID string
	Reason  string
}

// validName refuses names that are no file names.
func validName(name string) error {
	ok := name != "" && len(name) <= 64 && name[0] != '.'
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}
	if !ok {
		err := hansard.Errorf(hansard.KindInvalid, "the name of a sink, %q, is not usable", name)
		return hansard.WithHint(err, "use up to 64 letters, digits, -, _ and .")
	}
	return nil
}

// write calls the sink. A sink of the caller's own that panics is one that
// failed.
func write(ctx context.Context, s Sink, events []Encoded) (rec Receipt, err error) {
	defer func() {
		if r := recover(); r != nil {
			rec, err = Receipt{}, fmt.Errorf("the sink %s panics: %v", s.Name(), r)
		}
	}()
	return s.Write(ctx, events)
}
