package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
)

// An entry never changes but by erasure, and its leaf hash covers all that stays:
// hash and presence of the content are a strong ETag. Whoever has it is spared the
// body, not the look: that an event is still kept is asked each time.

type eventInput struct {
	ID          string `path:"id" doc:"Event id"`
	IfNoneMatch string `header:"If-None-Match" doc:"ETag that the caller has: 304 if it still holds"`
}

type eventOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         *Entry
}

func (*eventOutput) count() int64 { return 1 }

func entryTag(e *hansard.Entry) string {
	tag := e.LeafHash.String()
	if len(e.Salt) == 0 { // erased, or never any
		tag += "-bare"
	}
	return `"` + tag + `"`
}

// matches reports whether a header If-None-Match holds of an answer with the tag.
func matches(header, tag string) bool {
	return strings.TrimSpace(header) == "*" || listed(header, tag)
}

// listed reports whether a header If-None-Match names the tag. Whether one is weak
// does not count (RFC 9110, 13.1.2).
func listed(header, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for t := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(t), "W/") == tag {
			return true
		}
	}
	return false
}

func (s *Server) getEventRoute(api huma.API) {
	op := get("getEvent", "/v1/events/{id}", "Get one event", "events")
	op.Description = "The answer has an ETag; with If-None-Match it is 304 without a body while the entry is as it was."
	huma.Register(api, op, answer(s, func(ctx context.Context, tenant string, in *eventInput) (*eventOutput, error) {
		e, err := s.cfg.Reading.Event(ctx, tenant, in.ID)
		if err != nil {
			return nil, err
		}
		out := &eventOutput{Status: http.StatusOK, ETag: entryTag(e), CacheControl: "private, no-cache", Body: &Entry{e}}
		if matches(in.IfNoneMatch, out.ETag) {
			out.Status, out.Body = http.StatusNotModified, nil
		}
		return out, nil
	}))
}
