package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

// A browser's own download and its event source can only GET, and what they GET
// stands in logs on the way. A search that may name a person is therefore put once,
// by POST, and meant by its id from then on: ADR 122.

const (
	// questionTime is how long a question is kept after it was last meant.
	questionTime = time.Hour
	// maxQuestions bounds the questions of all callers; the one that was not
	// meant for longest goes first.
	maxQuestions = 4096
)

// Held says by which id a question is meant.
type Held struct {
	ID      string    `json:"id" doc:"For question=ID of /v1/export and /v1/live, by the same caller"`
	Expires time.Time `json:"expires" doc:"If it is not meant again before"`
}

type heldInput struct{ Body Asked }

type heldOutput struct{ Body Held }

// questions are what callers have put, in memory: they may hold clear values of
// persons, which belong on no disk.
type questions struct {
	mu   sync.Mutex
	held map[string]*heldQuestion
}

type heldQuestion struct {
	asked Asked
	by    access.Identity
	until time.Time
}

// hold keeps a question of a caller.
func (q *questions) hold(by access.Identity, asked Asked, now time.Time) Held {
	var raw [16]byte
	rand.Read(raw[:]) // never fails
	h := Held{ID: base64.RawURLEncoding.EncodeToString(raw[:]), Expires: now.Add(questionTime)}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held == nil {
		q.held = map[string]*heldQuestion{}
	}
	if len(q.held) >= maxQuestions {
		q.makeRoom(now)
	}
	q.held[h.ID] = &heldQuestion{asked, by, h.Expires}
	return h
}

// makeRoom drops what has expired, or what would expire first. mu is held.
func (q *questions) makeRoom(now time.Time) {
	var first string
	for id, h := range q.held {
		if !now.Before(h.until) {
			delete(q.held, id)
		} else if first == "" || h.until.Before(q.held[first].until) {
			first = id
		}
	}
	if len(q.held) >= maxQuestions {
		delete(q.held, first)
	}
}

// meant returns the question of a caller by its id, and keeps it for longer. That
// of another caller is not there.
func (q *questions) meant(by access.Identity, id string, now time.Time) (Asked, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.held[id]
	if h == nil || !now.Before(h.until) || h.by.Tenant != by.Tenant || h.by.TokenID != by.TokenID {
		err := hansard.Errorf(hansard.KindNotFound, "there is no such question; it may have expired")
		return Asked{}, hansard.WithHint(err, "put it again: POST /v1/questions")
	}
	h.until = now.Add(questionTime)
	return h.asked, nil
}

func (s *Server) questionRoutes(api huma.API) {
	op := post("holdQuestion", "/v1/questions", "Put a question that may name persons, to mean it by an id in the URLs of /v1/export and /v1/live", "events")
	huma.Register(api, op, func(ctx context.Context, in *heldInput) (*heldOutput, error) {
		id, err := caller(ctx, access.RoleReader)
		if err == nil {
			_, err = s.cfg.Reading.Match(id.Tenant, in.Body.question()) // one that cannot be answered is refused here
		}
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &heldOutput{s.questions.hold(id, in.Body, time.Now())}, nil
	})
}

// askedInURL reads the question of a URL: in parameters, where it names no person,
// or by the id of one that was put before. What was asked goes on record either
// way.
func (s *Server) askedInURL(r *http.Request, v url.Values) (Asked, error) {
	id, _ := access.IdentityOf(r.Context())
	if held := v.Get("question"); held != "" {
		if v.Has("q") || v.Has("since") || v.Has("until") {
			return Asked{}, hansard.Errorf(hansard.KindInvalid, "question stands for q, since and until: it goes without them")
		}
		asked, err := s.questions.meant(id, held, time.Now())
		if err == nil {
			claim(r.Context(), asked)
		}
		return asked, err
	}
	asked := Asked{Q: v.Get("q"), Since: v.Get("since"), Until: v.Get("until")}
	return asked, noPersons(asked.Q)
}
