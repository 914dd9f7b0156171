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

// errorText returns the field of an error's text. An Error method that panics, as
// one of a nil pointer does, must not take the agent down.
func errorText(err error) (f Field) {
	if err == nil {
		return Field{form: formEmpty}
	}
	defer func() {
		if recover() != nil {
			f = content(keyError, "(an error whose text cannot be read)")
		}
	}()
	s := err.Error()
	if s == "" {
		s = "(an error without a text)"
	}
	return content(keyError, s)
}

// errorClass returns the field of an error's type: the first in its chain that is
// more than a text.
func errorClass(err error) Field {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if t := reflect.TypeOf(e).String(); !plain(t) {
			return text(keyErrorType, t)
		}
	}
	return Field{form: formEmpty}
}
