package access

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hansardhq/hansard"
)

// Problem is an RFC 9457 problem: what each answer that is an error holds.
type Problem struct {
	Title     string `json:"title"`                // the same for all problems of a kind
	Status    int    `json:"status"`               // HTTP status
	Detail    string `json:"detail,omitempty"`     // what happened this time
	Hint      string `json:"hint,omitempty"`       // what to do next
	RequestID string `json:"request_id,omitempty"` // to find it in the server's log
}

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// StatusOf returns the HTTP status of an error of kind k. A denied caller whom
// nobody knows gets 401 instead; ProblemOf sees to that.
func StatusOf(k hansard.Kind) int {
	switch k {
	case hansard.KindInvalid:
		return http.StatusBadRequest
	case hansard.KindNotFound:
		return http.StatusNotFound
	case hansard.KindDenied:
		return http.StatusForbidden
	case hansard.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case hansard.KindBusy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError // internal and corrupt
}

// ProblemOf returns what a caller is told about err, which must not be nil. Of
// an internal error that is the request id only: log err with it.
func ProblemOf(ctx context.Context, err error) Problem {
	k := hansard.KindOf(err)
	p := Problem{Title: k.String(), Status: StatusOf(k), Detail: err.Error(), Hint: hansard.HintOf(err), RequestID: RequestID(ctx)}
	switch {
	case k == hansard.KindInternal:
		p.Title, p.Detail, p.Hint = "internal error", "internal error, request id "+p.RequestID, ""
	case errors.Is(err, ErrUnauthenticated):
		p.Title, p.Status = "not authenticated", http.StatusUnauthorized
	}
	return p
}

// WriteError answers r with the problem of err, which must not be nil.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	ProblemOf(r.Context(), err).write(w)
}

// WriteProblem answers r with a problem; detail and hint may be empty.
func WriteProblem(w http.ResponseWriter, r *http.Request, status int, title, detail, hint string) {
	Problem{Title: title, Status: status, Detail: detail, Hint: hint, RequestID: RequestID(r.Context())}.write(w)
}

func (p Problem) write(w http.ResponseWriter) {
	b, _ := json.Marshal(p) // strings and an int: cannot fail
	h := w.Header()
	h.Del("Content-Length") // of an answer that was begun and is not given
	h.Del("Content-Encoding")
	h.Set("Content-Type", ProblemType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	switch {
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="hansard"`)
	case p.Status == http.StatusServiceUnavailable && h.Get("Retry-After") == "":
		h.Set("Retry-After", "1") // seconds
	}
	w.WriteHeader(p.Status)
	w.Write(append(b, '\n')) // the caller may be gone; there is nobody to tell
}
