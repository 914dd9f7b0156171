package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Bound brings e within the bounds of EVENT.md: ids and items of lists 256
// bytes, names, action and decision 1 KiB, lists 64 items. What is longer goes
// whole to the attribute "overflow.<field>" and Truncated is set. A name keeps
// its head. An id or item keeps its head, "…" and 16 hex digits of the SHA-256
// of the whole, so that different ones stay different. A list keeps its first
// items. Attributes must be a valid JSON object or empty. An event within its
// bounds is not changed.
func Bound(e *hansard.Event) {
	if within(e) {
		return
	}
	var over []member
	for i := range fields {
		switch f := &fields[i]; {
		case f.limit > 0:
			over = boundText(over, f.name, f.text(e), f.limit)
		case f.list != nil:
			over = boundList(over, f.name, f.list(e))
		}
	}
	over = boundText(over, "actor.id", &e.ActorID, maxID)
	over = boundText(over, "actor.role", &e.ActorRole, maxName)
	if !resourcesFit(e.Resources) {
		over = append(over, member{"overflow.resources", appendResources(nil, e.Resources)})
		e.Resources = boundResources(e.Resources)
	}
	if len(over) > 0 {
		e.Attributes = addAttributes(e.Attributes, over)
		e.Truncated = true
	}
}

// within reports whether nothing of e is longer than the least of the bounds: it is
// so of nearly every event, and known without the table of fields.
func within(e *hansard.Event) bool {
	n := len(e.EventID) | len(e.AgentName) | len(e.AgentID) | len(e.AgentVersion) | len(e.TaskID) | len(e.SessionID) | len(e.UserID) |
		len(e.TraceID) | len(e.SpanID) | len(e.ParentEventID) | len(e.Service) | len(e.Environment) | len(e.Action) | len(e.ToolName) |
		len(e.ToolCallID) | len(e.Decision) | len(e.ActorID) | len(e.ActorRole) | len(e.ApprovalID) | len(e.Approver) | len(e.ArgumentsHash) |
		len(e.PolicyID) | len(e.PolicyVersion) | len(e.HandoffFrom) | len(e.HandoffTo) | len(e.Model) | len(e.Provider) | len(e.ErrorType)
	return n < maxID && len(e.Tags)|len(e.OnBehalfOf)|len(e.Resources) == 0
}

func boundText(over []member, name string, s *string, limit int) []member {
	if len(*s) <= limit {
		return over
	}
	over = append(over, member{"overflow." + name, rawjson.AppendQuote(nil, *s)})
	if limit == maxID {
		*s = shortID(*s)
	} else {
		*s = head(*s, limit)
	}
	return over
}

func boundList(over []member, name string, list *[]string) []member {
	fits := len(*list) <= maxItems
	for _, s := range *list {
		fits = fits && len(s) <= maxID
	}
	if fits {
		return over
	}
	over = append(over, member{"overflow." + name, appendTexts(nil, *list)})
	short := make([]string, min(len(*list), maxItems))
	for i := range short {
		short[i] = shortID((*list)[i])
	}
	*list = short
	return over
}

func boundResources(list []hansard.Resource) []hansard.Resource {
	short := append([]hansard.Resource(nil), list[:min(len(list), maxItems)]...)
	for i := range short {
		r := &short[i]
		for _, s := range []*string{&r.Kind, &r.ID, &r.Operation, &r.DataClass} {
			*s = shortID(*s)
		}
	}
	return short
}

// shortID returns s when it is no longer than maxID, else its head and a part
// of its hash, in at most maxID bytes.
func shortID(s string) string {
	if len(s) <= maxID {
		return s
	}
	const ellipsis, digits = "…", 16
	sum := sha256.Sum256([]byte(s))
	return head(s, maxID-len(ellipsis)-digits) + ellipsis + hex.EncodeToString(sum[:digits/2])
}

// head returns at most n bytes from the start of s, cut between runes.
func head(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
