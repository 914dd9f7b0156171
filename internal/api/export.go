package api

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/reading"
)

// manifestTrailer is the trailer of an export with its manifest as JSON. An answer
// without it is not whole.
const manifestTrailer = "Hansard-Manifest"

// exportRoutes stream all that a search selects.
func (s *Server) exportRoutes(mux *http.ServeMux, api huma.API) {
	guard := access.Require(access.RoleReader)
	mux.Handle("GET /v1/export", guard(http.HandlerFunc(s.getExport)))
	mux.Handle("POST /v1/export", guard(http.HandlerFunc(s.postExport)))
	text := &huma.Schema{Type: huma.TypeString}
	format := &huma.Schema{Type: huma.TypeString, Enum: []any{"ndjson", "csv", "parquet"}}
	responses := map[string]*huma.Response{"200": {Description: "The entries, oldest first", Content: map[string]*huma.MediaType{
		"application/x-ndjson": {}, "text/csv": {}, "application/vnd.apache.parquet": {},
	}}}
	const about = "The trailer Hansard-Manifest says how many entries and bytes there are, and their SHA-256. An export that breaks off has no trailer, and its chunked body no end."
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "export", Method: http.MethodGet, Path: "/v1/export", Tags: []string{"events"}, Summary: "Export all entries of a search", Description: about,
		Parameters: []*huma.Param{{Name: "format", In: "query", Schema: format}, {Name: "q", In: "query", Schema: text}, {Name: "since", In: "query", Schema: text}, {Name: "until", In: "query", Schema: text}},
		Responses:  responses,
	})
	body := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"format": format, "q": text, "value": text, "since": text, "until": text}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "exportPosted", Method: http.MethodPost, Path: "/v1/export", Tags: []string{"events"}, Summary: "Export all entries of a search that may name persons", Description: about,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: body}}}, Responses: responses,
	})
}

func (s *Server) getExport(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	for name := range v {
		if name != "format" && name != "q" && name != "since" && name != "until" {
			s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "export: unknown parameter; there are format, q, since and until"))
			return
		}
	}
	if err := noPersons(v.Get("q")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.export(w, r, v.Get("format"), reading.Question{Search: v.Get("q"), Since: v.Get("since"), Until: v.Get("until")})
}

func (s *Server) postExport(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Format string `json:"format"`
		Asked
	}
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil { // its text may hold what was sent
		s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "export: the body must be a JSON object with format, q, value, since and until"))
		return
	}
	s.export(w, r, in.Format, in.question())
}

// exportWrite is how long a reader may take for one page.
const exportWrite = 2 * time.Minute

// export streams an export. What goes wrong after the first byte ends the
// connection, so that nobody takes the answer for whole.
func (s *Server) export(w http.ResponseWriter, r *http.Request, format string, q reading.Question) {
	id, _ := access.IdentityOf(r.Context())
	if format == "" {
		format = string(reading.ExportNDJSON)
	}
	x, err := s.cfg.Reading.Export(r.Context(), id.Tenant, q, reading.ExportFormat(format))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", reading.ExportFormat(format).ContentType())
	h.Set("Content-Disposition", `attachment; filename="hansard.`+format+`"`)
	h.Set("Trailer", manifestTrailer)
	h.Set("Cache-Control", "no-store")
	rc := http.NewResponseController(w)
	alive := func(int64) { _ = rc.SetWriteDeadline(time.Now().Add(exportWrite)) } // not every connection has deadlines
	alive(0)
	w.WriteHeader(http.StatusOK)
	m, err := x.Write(r.Context(), w, alive)
	if err != nil {
		s.problem(r.Context(), err) // logs it, if it is ours
		panic(http.ErrAbortHandler)
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	h.Set(manifestTrailer, string(b))
}
