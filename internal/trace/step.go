package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Step is what this package needs of an entry. It holds no content but what a line
// shows, so that the story of a very long trace fits into memory. Its zero value
// is none.
type Step struct {
	entry  *hansard.Entry // without content
	line   Line
	params uint64 // hash of the params whatever the order of their members; 0: none
	result uint64
}

// maxErrorText is how much of an error's text a step keeps, in bytes.
const maxErrorText = 1000

// NewStep returns the step of an entry, which it does not keep.
func NewStep(e *hansard.Entry) Step {
	s := Step{line: newLine(e), params: hashJSON(e.Params), result: hashJSON(e.Result)}
	if s.params == 0 && e.ArgumentsHash != "" {
		s.params = hashText(e.ArgumentsHash)
	}
	slim := *e
	slim.Params, slim.Result, slim.Alternatives, slim.Messages, slim.Response, slim.Attributes = nil, nil, nil, nil, nil, nil
	slim.Reasoning, slim.ContextSummary, slim.StackTrace, slim.Correction, slim.Comment, slim.FollowUp = "", "", "", "", "", ""
	slim.Error, slim.Persons, slim.Statement, slim.Redactions = first(e.Error, maxErrorText), nil, nil, nil
	if e.EventType == hansard.TypeHandoff && slim.HandoffTo == "" {
		if to := target(e); to != unknown {
			slim.HandoffTo = to
		}
	}
	s.entry = &slim
	return s
}

// StepsOf returns the steps of entries.
func StepsOf(entries []*hansard.Entry) []Step {
	steps := make([]Step, 0, len(entries))
	for _, e := range entries {
		if e != nil {
			steps = append(steps, NewStep(e))
		}
	}
	return steps
}

// sorted returns the steps by timestamp, then position, each event id once, and
// how many were left out for that.
func sorted(steps []Step) (ordered []Step, duplicates int) {
	byEntry := make(map[*hansard.Entry]int, len(steps))
	entries := make([]*hansard.Entry, 0, len(steps))
	for i, s := range steps {
		if s.entry != nil {
			byEntry[s.entry] = i
			entries = append(entries, s.entry)
		}
	}
	entries, duplicates = inOrder(entries)
	ordered = make([]Step, len(entries))
	for i, e := range entries {
		ordered[i] = steps[byEntry[e]]
	}
	return ordered, duplicates
}

func entriesOf(steps []Step) []*hansard.Entry {
	entries := make([]*hansard.Entry, len(steps))
	for i, s := range steps {
		entries[i] = s.entry
	}
	return entries
}

// hashJSON returns a hash of JSON that is the same whatever the order of members
// and the white space; 0 for none and for null.
func hashJSON(raw []byte) uint64 {
	i := rawjson.SkipSpace(raw, 0)
	if i >= len(raw) || string(raw[i:]) == "null" {
		return 0
	}
	return hashText(string(canonical(nil, raw, 0)))
}

func hashText(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return max(binary.BigEndian.Uint64(sum[:]), 1)
}

// maxSorted is down to which depth members are sorted.
const maxSorted = 64

// canonical appends JSON with its members sorted by key and without white space.
func canonical(dst, raw []byte, depth int) []byte {
	i := rawjson.SkipSpace(raw, 0)
	switch {
	case i >= len(raw):
		return dst
	case depth > maxSorted || raw[i] != '{' && raw[i] != '[':
		return rawjson.Compact(dst, raw)
	case raw[i] == '[':
		dst = append(dst, '[')
		_ = rawjson.Array(raw, func(value []byte) error { // it was checked when it came
			dst = append(canonical(dst, value, depth+1), ',')
			return nil
		})
		return append(dst, ']')
	}
	type member struct{ key, value []byte }
	var members []member
	_ = rawjson.Object(raw, func(key, value []byte) error {
		members = append(members, member{rawjson.Unquote(nil, key), value})
		return nil
	})
	slices.SortStableFunc(members, func(a, b member) int { return slices.Compare(a.key, b.key) })
	dst = append(dst, '{')
	for _, m := range members {
		dst = append(rawjson.AppendQuote(dst, m.key), ':')
		dst = append(canonical(dst, m.value, depth+1), ',')
	}
	return append(dst, '}')
}
