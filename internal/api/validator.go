package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/reading"
)

// Answers about many events have weak tags (RFC 9110, 8.8): of what was asked, and
// of the state of the record that the answer is made of, both known without making
// it. A caller who still has the answer of that state is told so, and nothing is
// computed. ADR 129.

// tagKey makes the tags of one server: what is fixed while it runs (its version,
// prices, zone and packs) is no part of them, so that a restart ends them all.
type tagKey [32]byte

func newTagKey() (k tagKey) {
	rand.Read(k[:]) // never fails
	return k
}

// tag returns the tag of what a tenant's reader asks by a path and its parameters.
func (k tagKey) tag(tenant, path string, asked url.Values, validity reading.Validity, state string, now time.Time) string {
	minute := int64(0)
	if validity == reading.HoldsByMinute {
		minute = now.Unix() / 60
	}
	mac := hmac.New(sha256.New, k[:])
	fmt.Fprintf(mac, "%q %q %q %d %q", tenant, path, asked.Encode(), minute, state)
	return `W/"` + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16]) + `"`
}

// validity says for how long the answer to what a URL asks holds.
type validity func(asked url.Values, now time.Time) reading.Validity

// holds is the validity of an answer that no clock is asked for.
func holds(url.Values, time.Time) reading.Validity { return reading.HoldsAlways }

// byPeriod is the validity of an answer about the events of a search and a period.
func byPeriod(asked url.Values, now time.Time) reading.Validity {
	return reading.ValidityOf(reading.Question{
		Search: asked.Get("q"), Since: asked.Get("since"), Until: asked.Get("until"), TimeZone: asked.Get("tz"),
	}, now)
}

// validatedMark marks operations whose answers have tags.
const validatedMark = "validated"

// validated gives the answers of a read tags, and answers with 304 whoever has the
// tag of what the answer would be made of.
func (s *Server) validated(op huma.Operation, v validity) huma.Operation {
	op.Metadata = map[string]any{validatedMark: true}
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		id, err := caller(ctx.Context(), access.RoleReader)
		now := time.Now()
		asked := r.URL.Query()
		valid := v(asked, now)
		if err != nil || valid == reading.HoldsNever {
			next(ctx)
			return
		}
		// The state before the answer: what comes in between is in the answer, and
		// its tag only ends early.
		tag := s.tags.tag(id.Tenant, r.URL.Path, asked, valid, s.cfg.Reading.State(id.Tenant), now)
		tagged := &taggedContext{ctx, w.Header()}
		tagged.set(tag)
		if listed(r.Header.Get("If-None-Match"), tag) {
			noteOf(ctx.Context()).asked = askedBy(ctx, asked)
			ctx.SetStatus(http.StatusNotModified)
			return
		}
		next(tagged)
	})
	return op
}

// innerContext is the context of a request to huma.
type innerContext = huma.Context

// taggedContext takes the tag from an answer that is an error.
type taggedContext struct {
	innerContext
	header http.Header
}

// Unwrap returns the context of the adapter.
func (c *taggedContext) Unwrap() huma.Context { return c.innerContext }

func (c *taggedContext) set(tag string) {
	c.header.Set("ETag", tag)
	c.header.Set("Cache-Control", "private, no-cache")
	c.header.Set("Vary", "Authorization, Cookie, "+access.TenantHeader)
}

// SetStatus implements huma.Context.
func (c *taggedContext) SetStatus(code int) {
	if code != http.StatusOK {
		c.header.Del("ETag")
		c.header.Set("Cache-Control", "no-store")
	}
	c.innerContext.SetStatus(code)
}

// askedBy lists what a request asks, by the names that its input has.
func askedBy(ctx huma.Context, query url.Values) []access.Asked {
	var list []access.Asked
	for _, p := range ctx.Operation().Parameters {
		if p.In == "path" {
			list = append(list, access.Asked{Name: p.Name, Value: ctx.Param(p.Name)})
		}
	}
	return append(list, saidIn(query)...)
}

// saidIn lists the parameters of a URL, without what is no question.
func saidIn(query url.Values) []access.Asked {
	var list []access.Asked
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name != "format" {
			list = append(list, access.Asked{Name: name, Value: strings.Join(query[name], ",")})
		}
	}
	return list
}

// documentTags describes the tags of the operations that have them.
func documentTags(doc *huma.OpenAPI) {
	text := &huma.Schema{Type: huma.TypeString}
	for _, item := range doc.Paths {
		op := item.Get
		if op == nil || op.Metadata[validatedMark] == nil {
			continue
		}
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: text,
			Description: "ETags of answers that the caller has: 304 if one of them still holds. A period that goes on with the clock is taken to the minute for it",
		})
		ok := op.Responses["200"]
		if ok.Headers == nil {
			ok.Headers = map[string]*huma.Param{}
		}
		ok.Headers["ETag"] = &huma.Header{Schema: text, Description: "Weak: the same while the events on record and the question are the same. Absent where the answer is about the meta log"}
		op.Responses["304"] = &huma.Response{Description: "The answer that the caller has still holds", Headers: map[string]*huma.Param{"ETag": {Schema: text}}}
	}
}
