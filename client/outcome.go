package client

import (
	"context"
	"errors"
	"os"
	"reflect"
)

var errUnknown = errors.New("unknown error")

// plain reports whether a type of error says nothing about the error.
func plain(typ string) bool {
	switch typ {
	case "*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors":
		return true
	}
	return false
}

// statusOf returns the status of what ended with err.
func statusOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return "timeout"
	case errors.Is(err, os.ErrPermission):
		return "denied"
	}
	return "error"
}

// timeout is an error that may be one of time, such as net.Error.
type timeout interface {
	error
	Timeout() bool
}

func timedOut(err error) bool {
	t, ok := errors.AsType[timeout](err)
	return ok && t.Timeout()
}

// setOutcome makes the three fields that say how something ended.
func setOutcome(fields []Field, err error) {
	_ = fields[2]
	fields[0].setText(keyStatus, statusOf(err))
	if err != nil {
		fields[1].setContent(keyError, errorText(err))
		fields[2].setText(keyErrorType, errorClass(err))
	}
}

// errorText returns an error's text. An Error method that panics, as one of a nil
// pointer does, must not take the agent down.
func errorText(err error) (s string) {
	defer func() {
		if recover() != nil {
			s = "(an error whose text cannot be read)"
		}
	}()
	if s = err.Error(); s == "" {
		return "(an error without a text)"
	}
	return s
}

// errorClass returns an error's type: the first in its chain that is more than a text;
// "" where none is.
func errorClass(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if t := reflect.TypeOf(e).String(); !plain(t) {
			return t
		}
	}
	return ""
}
