package classify

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// cut shortens content fields that are longer than the limit. It runs after
// redaction: half a key would escape its rule. What is cut keeps its head and
// its tail and stays valid JSON.
func (c *Classifier) cut(e *hansard.Entry) {
	for _, s := range []*string{
		&e.Reasoning, &e.ContextSummary, &e.Error, &e.StackTrace, &e.Correction, &e.Comment, &e.FollowUp,
	} {
		if len(*s) > c.cfg.MaxField {
			*s = headTail(*s, c.cfg.MaxField)
			e.Truncated = true
		}
	}
	for _, raw := range []*json.RawMessage{&e.Params, &e.Result, &e.Alternatives, &e.Messages, &e.Response} {
		if len(*raw) > c.cfg.MaxField {
			*raw = c.cutJSON(*raw)
			e.Truncated = true
		}
	}
	if len(e.Attributes) > c.cfg.MaxField {
		e.Attributes = append(append([]byte(`{"truncated":`), c.cutJSON(e.Attributes)...), '}')
		e.Truncated = true
	}
}

// cutJSON returns the head and tail of a JSON value's text, as a JSON string.
func (c *Classifier) cutJSON(raw []byte) []byte {
	text := string(raw)
	if raw[0] == '"' {
		text = string(rawjson.Unquote(nil, raw))
	}
	// A quoted text may be longer than the text; halve until it fits.
	for keep := c.cfg.MaxField - 64; ; keep /= 2 {
		if out := rawjson.AppendQuote(nil, headTail(text, keep)); len(out) <= c.cfg.MaxField || keep < 16 {
			return out
		}
	}
}

// headTail returns at most n bytes of s and a mark, cut between runes.
func headTail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	half := max(n/2-24, 0)
	head, tail := s[:half], s[len(s)-half:]
	for len(head) > 0 && !utf8.RuneStart(s[len(head)]) {
		head = head[:len(head)-1]
	}
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail = tail[1:]
	}
	return fmt.Sprintf("%s…[%d bytes cut]…%s", head, len(s)-len(head)-len(tail), tail)
}

// leafReserve is more than the place of an entry can add to its leaf: position,
// receipt time, timestamp and the commitment to content.
const leafReserve = 400

// surelyFits is how many bytes the envelope of a body may have for its leaf to be
// within the bound, even if every byte were escaped as \u00xx: keys and numbers take
// less than 2,000 bytes more.
const surelyFits = (part.MaxLeaf-leafReserve)/6 - 2000

// fitLeaf moves lists, and then long texts, from the envelope to attributes until the
// leaf is within the bound of the format.
func (c *Classifier) fitLeaf(e *hansard.Entry) {
	limit := part.MaxLeaf - leafReserve
	for _, list := range []string{"resources", "tags", "on_behalf_of", "labels"} {
		if len(c.enc.AppendLeaf(nil, e)) <= limit {
			return
		}
		c.overflow(e, list)
	}
	for _, col := range c.enc.Columns() {
		if len(c.enc.AppendLeaf(nil, e)) <= limit {
			return
		}
		if col.Class == part.Envelope && col.Kind == part.String && len(col.Str(e)) > 64 && col.Name != "event_id" && col.Name != "trace_id" {
			c.overflow(e, col.Name)
		}
	}
}

// overflow moves one envelope column to attributes["overflow.<name>"]. A text
// keeps its first bytes in the envelope.
func (c *Classifier) overflow(e *hansard.Entry, name string) {
	col := c.enc.Column(name)
	if col.Null(e) {
		return
	}
	var value []byte
	switch col.Kind {
	case part.String:
		value = rawjson.AppendQuote(nil, col.Str(e))
	case part.List:
		value = rawjson.AppendQuote(nil, strings.Join(col.List(e), "\n"))
	default:
		value = col.Bytes(e)
	}
	e.Attributes = withMember(e.Attributes, "overflow."+name, value)
	e.Truncated = true
	col.Shorten(e, 32)
}

// withMember returns the object with one more member.
func withMember(object json.RawMessage, key string, value []byte) json.RawMessage {
	out := []byte{'{'}
	if rawjson.Len(object) > 0 {
		out = append(append(out[:0], object[:len(object)-1]...), ',')
	}
	out = rawjson.AppendQuote(out, key)
	out = append(append(out, ':'), value...)
	return append(out, '}')
}
