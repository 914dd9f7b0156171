package hansard

import (
	"errors"
	"fmt"
)

// Kind classes an error for whoever has to act on it. It decides the HTTP
// status and the exit code.
type Kind int

// The kinds of error.
const (
	KindInternal Kind = iota // a bug or a broken machine
	KindInvalid              // the caller's input is wrong
	KindNotFound             // there is no such thing
	KindDenied               // the caller may not
	KindTooLarge             // a limit was exceeded
	KindBusy                 // try again later; nothing was lost
	KindCorrupt              // the record on disk is damaged or was changed
)

// String returns the kind's name, as problems and logs show it.
func (k Kind) String() string {
	return [...]string{"internal", "invalid", "not found", "denied", "too large", "busy", "corrupt"}[k]
}

// Error is an error with a kind and, where there is one, a hint that tells the
// user what to do next.
type Error struct {
	Kind Kind
	Hint string // what to do next; may be empty
	Err  error  // what happened; never nil; lower case, no content of events
}

// Error returns what happened, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error of kind k; the format is that of fmt.Errorf, with %w.
func Errorf(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// WithHint returns err with its kind and a hint for the user.
func WithHint(err error, hint string) error {
	return &Error{Kind: KindOf(err), Hint: hint, Err: err}
}

// KindOf returns the kind of the first Error in err's chain, KindInternal when
// there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
