package redact

import (
	"bytes"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// Pairs of a name and a value in objects: {"name": "DB_PASSWORD", "value": "x"}.

// part says what a member is in such a pair.
type part uint8

const (
	partNone    part = iota
	partMessage      // the object is a message or a call: its name is a tool's
	partName
	partValue // names that promise a value
	partWeak  // names that may be anything's
)

// partOf returns what a member with the given key is.
func partOf(key []byte) part {
	if len(key) == 0 || len(key) > 24 {
		return partNone
	}
	switch key[len(key)-1] | 0x20 { // most keys end here
	case 'e', 'y', 'd', 'r', 'm', 'k', 'l', 'v', 't', 'a', 's':
	default:
		return partNone
	}
	switch key[0] | 0x20 { // or here
	case 'n', 'k', 'f', 'h', 'p', 'v', 'c', 'd', 'r', 't', 's':
	default:
		return partNone
	}
	var store [24]byte
	switch string(bytesFold(store[:0], key)) {
	case "name", "key", "field", "header", "param", "parameter", "variable", "k",
		"fieldname", "headername", "paramname", "parametername", "parameterkey", "secretname":
		return partName
	case "value", "val", "v", "fieldvalue", "headervalue", "paramvalue", "parametervalue", "secretvalue", "stringvalue":
		return partValue
	case "content", "data", "contents":
		return partWeak
	case "role", "toolcallid":
		return partMessage
	}
	return partNone
}

// bytesFold appends the letters and digits of b in lower case.
func bytesFold(dst, b []byte) []byte {
	for _, c := range b {
		if isLetter(c) || isDigit(c) {
			dst = append(dst, lower(c))
		}
	}
	return dst
}

// noteName remembers what the "name" member of an object calls the "value"
// beside it.
func (w *walker) noteName(top *frame, s []byte) {
	if top.part != partName {
		return
	}
	if k := w.p.e.names.under(s); k != nil {
		top.named = k
	}
}

// namedBeside returns the name that a member beside the value at b[i] gives to
// it, nil if none. A value that is weak must be one word: a tool may be called
// reset_password and its content say what it did.
func (w *walker) namedBeside(i int, of part) *keyName {
	top := &w.stack[len(w.stack)-1]
	if top.named == nil && !top.sought {
		top.sought = true // once, so that the time stays linear
		reach := maxSought
		if of == partWeak {
			reach = maxWeak
		}
		w.seek(w.b[:min(len(w.b), i+reach)], i)
	}
	if top.named == nil || of == partValue {
		return top.named
	}
	if top.message || i >= len(w.b) || w.b[i] != '"' {
		return nil
	}
	end, _ := stringEnd(w.b[:min(len(w.b), i+maxWeak)], i)
	if end < 0 || bytes.ContainsAny(w.b[i+1:end-1], " \t\n\\{[") && top.named.class != header {
		return nil
	}
	return top.named
}

const (
	maxWeak   = 512 // bytes of a value under a name that may be anything's
	maxSought = 1024
	maxBeside = 4
)

// seek looks for the name of a pair behind its value at b[i], over the next few
// members in b: {"value": "x", "name": "DB_PASSWORD"}.
func (w *walker) seek(b []byte, i int) {
	top := &w.stack[len(w.stack)-1]
	var key []byte
	for n := 0; n < maxBeside && i < len(b); n++ {
		end := shallowEnd(b, i)
		if end < 0 {
			return
		}
		switch partOf(key) {
		case partMessage:
			top.message = true
		case partName:
			if b[i] == '"' {
				if k := w.p.e.names.under(b[i+1 : end-1]); k != nil {
					top.named = k
				}
			}
		}
		if i = rawjson.SkipSpace(b, end); byteAt(b, i) != ',' {
			return
		}
		if i = rawjson.SkipSpace(b, i+1); byteAt(b, i) != '"' {
			return
		}
		if end, _ = stringEnd(b, i); end < 0 {
			return
		}
		key = b[i+1 : end-1]
		if i = rawjson.SkipSpace(b, end); byteAt(b, i) != ':' {
			return
		}
		i = rawjson.SkipSpace(b, i+1)
	}
}

// shallowEnd returns the end of the string or scalar at b[i], -1 if there is
// another value or none.
func shallowEnd(b []byte, i int) int {
	switch byteAt(b, i) {
	case '{', '[':
		return -1
	case '"':
		end, _ := stringEnd(b, i)
		return end
	}
	for i < len(b) && !endsScalar(b[i]) {
		i++
	}
	return i
}
