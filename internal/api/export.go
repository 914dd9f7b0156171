package api

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
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
		"application/x-ndjson": {}, "text/csv": {}, "application/vnd.apache.parquet": {}, "application/zip": {},
	}}}
	const about = "The trailer Hansard-Manifest says how many entries and bytes there are, and their SHA-256; an archive has it as manifest.json beside the events. An export that breaks off has no trailer, no directory of its archive, and its chunked body no end."
	archive := &huma.Schema{Type: huma.TypeString, Enum: []any{"zip"}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "export", Method: http.MethodGet, Path: "/v1/export", Tags: []string{"events"}, Summary: "Export all entries of a search", Description: about,
		Parameters: []*huma.Param{
			{Name: "format", In: "query", Schema: format}, {Name: "archive", In: "query", Description: "The events and their manifest in one file", Schema: archive},
			{Name: "q", In: "query", Schema: text}, {Name: "since", In: "query", Schema: text}, {Name: "until", In: "query", Schema: text},
			{Name: "question", In: "query", Description: "Id of a question that was put to /v1/questions, instead of q, since and until", Schema: text},
		},
		Responses: responses,
	})
	body := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"format": format, "archive": archive, "q": text, "value": text, "since": text, "until": text}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "exportPosted", Method: http.MethodPost, Path: "/v1/export", Tags: []string{"events"}, Summary: "Export all entries of a search that may name persons", Description: about,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: body}}}, Responses: responses,
	})
}

func (s *Server) getExport(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	for name := range v {
		if !slices.Contains([]string{"format", "archive", "q", "since", "until", "question"}, name) {
			s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "export: unknown parameter; there are format, archive, q, since, until and question"))
			return
		}
	}
	asked, err := s.askedInURL(r, v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.export(w, r, exportAs{reading.ExportFormat(v.Get("format")), v.Get("archive")}, asked.question())
}

func (s *Server) postExport(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Format  string `json:"format"`
		Archive string `json:"archive"`
		Asked
	}
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil { // its text may hold what was sent
		s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "export: the body must be a JSON object with format, archive, q, value, since and until"))
		return
	}
	claim(r.Context(), in.Asked)
	s.export(w, r, exportAs{reading.ExportFormat(in.Format), in.Archive}, in.question())
}

// exportWrite is how long a reader may take for one page.
const exportWrite = 2 * time.Minute

// exportAs says how an export is written.
type exportAs struct {
	format  reading.ExportFormat
	archive string // zip, or "": the events alone
}

// member describes a file of an archive. Parquet is compressed already.
func (as exportAs) member(name string) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now().UTC()}
	if strings.HasSuffix(name, ".parquet") {
		h.Method = zip.Store
	}
	return h
}

// export streams an export. What goes wrong after the first byte ends the
// connection, so that nobody takes the answer for whole.
func (s *Server) export(w http.ResponseWriter, r *http.Request, as exportAs, q reading.Question) {
	id, _ := access.IdentityOf(r.Context())
	if as.format == "" {
		as.format = reading.ExportNDJSON
	}
	if as.archive != "" && as.archive != "zip" {
		s.fail(w, r, hansard.Errorf(hansard.KindInvalid, "export: unknown archive: want zip, or none"))
		return
	}
	x, err := s.cfg.Reading.Export(r.Context(), id.Tenant, q, as.format)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	noteOf(r.Context()).rows = hansard.Some(x.Total())
	h := w.Header()
	kind, ending := as.format.ContentType(), string(as.format)
	if as.archive == "zip" {
		kind, ending = "application/zip", "zip"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="hansard-`+time.Now().UTC().Format("20060102T150405Z")+"."+ending+`"`)
	h.Set("Trailer", manifestTrailer)
	h.Set("Cache-Control", "no-store")
	rc := http.NewResponseController(w)
	alive := func(int64) { _ = rc.SetWriteDeadline(time.Now().Add(exportWrite)) } // not every connection has deadlines
	alive(0)
	w.WriteHeader(http.StatusOK)
	m, err := writeExport(r.Context(), w, x, as, alive)
	if err != nil {
		s.problem(r.Context(), err) // logs it, if it is ours
		panic(http.ErrAbortHandler)
	}
	h.Set(manifestTrailer, string(m))
}

// writeExport writes an export, and returns its manifest as JSON.
func writeExport(ctx context.Context, w io.Writer, x *reading.Exported, as exportAs, alive func(int64)) ([]byte, error) {
	if as.archive == "" {
		m, err := x.Write(ctx, w, alive)
		if err != nil {
			return nil, err
		}
		return json.Marshal(m)
	}
	// What is not closed has no directory: no program takes it for an archive.
	z := zip.NewWriter(w)
	events, err := z.CreateHeader(as.member("events." + string(as.format)))
	if err != nil {
		return nil, err
	}
	m, err := x.Write(ctx, events, alive)
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if events, err = z.CreateHeader(as.member("manifest.json")); err == nil {
		_, err = events.Write(append(manifest, '\n'))
	}
	return manifest, errors.Join(err, z.Close())
}
