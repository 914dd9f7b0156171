package trace

import "github.com/hansardhq/hansard"

// Steps returns how much work nesting the entries takes.
func Steps(entries []*hansard.Entry) int {
	ordered, _ := inOrder(entries)
	f := link(ordered)
	f.walk()
	return f.steps
}
