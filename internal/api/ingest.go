package api

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/body"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
)

func (s *Server) ingestRoutes(mux *http.ServeMux, api huma.API) {
	ingest := access.Require(access.RoleIngest)
	mux.Handle("POST /v1/events", ingest(http.HandlerFunc(s.postEvents)))
	mux.Handle("POST /v1/import/{format}", ingest(http.HandlerFunc(s.postImport)))
	mux.Handle("GET /v1/import", ingest(http.HandlerFunc(s.getFormats)))
	describeIngest(api)
}

// postEvents takes in events. The answer comes when they are durable.
func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	form, err := dialect.FormOf(r.Header.Get("Content-Type"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.take(w, r, func(src intake.Source, body io.Reader) (*intake.Receipt, error) {
		return s.cfg.Intake.Body(r.Context(), src, form, body)
	})
}

// postImport takes in a file of agent runs.
func (s *Server) postImport(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "/\\") {
		s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "the parameter name must be the file's base name"))
		return
	}
	s.take(w, r, func(src intake.Source, body io.Reader) (*intake.Receipt, error) {
		return s.cfg.Intake.Import(r.Context(), src, r.PathValue("format"), name, body, nil)
	})
}

func (s *Server) getFormats(w http.ResponseWriter, r *http.Request) {
	type format struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	out := struct {
		Formats []format `json:"formats"`
	}{}
	for _, f := range intake.Formats() {
		out.Formats = append(out.Formats, format{f.Name, f.Description})
	}
	writeJSON(w, http.StatusOK, out)
}

// take reads a request's body through intake and answers with the receipt.
func (s *Server) take(w http.ResponseWriter, r *http.Request, read func(intake.Source, io.Reader) (*intake.Receipt, error)) {
	id, _ := access.IdentityOf(r.Context())
	entries := r.URL.Query().Get("entries") == "true"
	limit := s.cfg.MaxBody
	if entries {
		limit = min(limit, maxEntriesBody)
	}
	body.Patient(w, r)
	from, err := body.Decoded(r, limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer from.Close()
	receipt, err := read(intake.Source{
		Tenant: id.Tenant, SubmittedBy: id.TokenID, IdempotencyKey: r.Header.Get("Idempotency-Key"), Entries: entries,
	}, from)
	s.metrics.count(receipt)
	s.answerReceipt(w, r, receipt, err)
}

// maxDrain is how much of a refused body is read, so that its sender comes to
// read the answer.
const maxDrain = 64 << 20

// maxEntriesBody bounds a body whose answer lists each entry.
const maxEntriesBody = 256 << 20

func (s *Server) answerReceipt(w http.ResponseWriter, r *http.Request, receipt *intake.Receipt, err error) {
	switch {
	case err == nil && taken(receipt) == 0 && len(receipt.Rejected) > 0:
		writeJSON(w, http.StatusBadRequest, receipt)
	case err == nil:
		writeJSON(w, http.StatusOK, receipt)
	case r.Context().Err() != nil:
		// The caller is gone; what was durable stays.
	default:
		// A sender that is still sending would see a reset connection instead
		// of the answer.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
		p := s.problem(r.Context(), body.Error(err)).(*problem)
		if p.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		w.Header().Set("Content-Type", access.ProblemType)
		writeJSON(w, p.Status, struct {
			access.Problem
			*intake.Receipt
		}{p.Problem, receipt})
	}
}

func taken(r *intake.Receipt) int { return r.Accepted + r.Duplicates + len(r.Conflicts) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"title":"internal error"}`)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	w.Write(append(b, '\n')) // the caller may be gone; there is nobody to tell
}

// describeIngest adds the plain ingest handlers to the OpenAPI document.
func describeIngest(api huma.API) {
	receipt := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[intake.Receipt](), true, "Receipt")
	answers := map[string]*huma.Response{
		"200": {Description: "What was taken, durably", Content: map[string]*huma.MediaType{"application/json": {Schema: receipt}}},
		"400": {Description: "Nothing was taken", Content: map[string]*huma.MediaType{"application/json": {Schema: receipt}}},
		"503": {Description: "Try again after Retry-After; says how much was taken"},
	}
	body := func(types ...string) *huma.RequestBody {
		b := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, t := range types {
			b.Content[t] = &huma.MediaType{Schema: &huma.Schema{}}
		}
		return b
	}
	text := &huma.Schema{Type: huma.TypeString}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "postEvents", Method: http.MethodPost, Path: "/v1/events", Tags: []string{"events"},
		Summary:     "Take in events: one object, an array, or NDJSON",
		Description: "The flat form. Content-Encoding: identity, gzip or zstd. Answered when everything is durable.",
		Parameters: []*huma.Param{
			{Name: "entries", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Description: "List the place of each accepted event"},
			{Name: "Idempotency-Key", In: "header", Schema: text, Description: "Gives events without an id one that a retry repeats"},
		},
		RequestBody: body("application/json", "application/x-ndjson"), Responses: answers,
	})
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "postImport", Method: http.MethodPost, Path: "/v1/import/{format}", Tags: []string{"events"},
		Summary: "Take in a file of agent runs; sent again it adds nothing",
		Parameters: []*huma.Param{
			{Name: "format", In: "path", Required: true, Schema: text}, {Name: "name", In: "query", Required: true, Schema: text, Description: "Base name of the file, part of stable ids"},
		},
		RequestBody: body("application/x-ndjson", "application/json"), Responses: answers,
	})
}
