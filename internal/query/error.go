package query

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// SyntaxError says where a search stops being understood. It never repeats the
// search: a value may name a person.
type SyntaxError struct {
	Pos      int    // byte offset of the mistake, 0..len(search)
	Problem  string // what is wrong there
	Expected string // what would have been right; may be empty
}

// Error returns the problem, its position and what was expected.
func (e *SyntaxError) Error() string {
	if e.Expected == "" {
		return fmt.Sprintf("%s at byte %d", e.Problem, e.Pos)
	}
	return fmt.Sprintf("%s at byte %d: expected %s", e.Problem, e.Pos, e.Expected)
}

// refuse returns a KindInvalid error that wraps a SyntaxError.
func refuse(pos int, problem, expected string) error {
	return &hansard.Error{
		Kind: hansard.KindInvalid,
		Err:  fmt.Errorf("search: %w", &SyntaxError{Pos: pos, Problem: problem, Expected: expected}),
	}
}
