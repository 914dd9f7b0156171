package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/retention"
	"github.com/hansardhq/hansard/internal/web"
)

// Config names what the routes are answered from.
type Config struct {
	Version string
	Intake  *intake.Intake
	Reading *reading.Reading
	Ledger  *ledger.Ledger
	Lake    *lake.Lake
	Hub     *live.Hub
	Keeper  *retention.Keeper // nil: nothing is said of retention
	Access  access.Config
	// PublicLog serves /log/ without a token: hash tiles and envelopes, no
	// content.
	PublicLog bool
	// MaxBody is how many bytes a request body may have, after decompression.
	// Default 4 GiB. A body is streamed; this bounds time, not memory.
	MaxBody int64
	// OTLP bounds what OpenTelemetry may cost; the rest of it is set here.
	OTLP   otlp.Config
	Logger *slog.Logger
	// Settings are what /v1/configuration shows to admins.
	Settings []Section
	// Detected returns the first position of a tenant that detections have not
	// looked at; false: they have not begun. nil: there are none.
	Detected func(tenant string) (next uint64, begun bool)
	// Readers puts reads on record; nil: nothing does.
	Readers *access.ReaderLog
}

// Server answers requests.
type Server struct {
	cfg     Config
	handler http.Handler
	metrics *metrics
	otlp    *otlp.Receiver
	pages   *web.Pages
	// sessions are those of browsers that have logged in.
	sessions *access.Sessions
	// questions are those that callers mean by ids.
	questions questions
	// tags makes the tags of answers about many events.
	tags tagKey
	// closing is closed when the server stops: live feeds end then.
	closing chan struct{}
}

// New returns a server. The error is that of a wrong access configuration.
func New(cfg Config) (*Server, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 4 << 30
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, metrics: newMetrics(prometheus.NewRegistry(), cfg), pages: web.New(), sessions: access.NewSessions(cfg.Access.Tokens), tags: newTagKey(), closing: make(chan struct{})}
	cfg.OTLP.Intake, cfg.OTLP.Tokens, cfg.OTLP.Observe = cfg.Intake, cfg.Access.Tokens, s.metrics.countOTLP
	s.otlp = otlp.New(cfg.OTLP)
	mux := http.NewServeMux()
	s.routes(mux)
	cfg.Access.Open, cfg.Access.Page, cfg.Access.Sessions = s.open, s.pages.Page, s.sessions
	handler, err := access.Wrap(cfg.Access, s.observe(mux))
	if err != nil {
		return nil, err
	}
	s.handler = handler
	return s, nil
}

// Handler returns the handler of all routes.
func (s *Server) Handler() http.Handler { return s.handler }

// OTLP returns the receiver of OpenTelemetry, for its own ports.
func (s *Server) OTLP() *otlp.Receiver { return s.otlp }

// OTLPHandler returns a handler of the routes of OTLP/HTTP alone, for a port of
// their own on the address listen. The same callers are let in.
func (s *Server) OTLPHandler(listen string) (http.Handler, error) {
	mux := http.NewServeMux()
	s.otlp.Routes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		access.WriteProblem(w, r, http.StatusNotFound, "not found", "this port takes OTLP/HTTP only", "POST /v1/traces, /v1/logs or /v1/metrics")
	})
	guard := s.cfg.Access
	guard.Listen, guard.Open, guard.Page = listen, nil, nil
	return access.Wrap(guard, s.observe(mux))
}

// Stop ends the live feeds, so that the HTTP server can drain.
func (s *Server) Stop() { close(s.closing) }

// open lists what is answered without a token.
func (s *Server) open(r *http.Request) bool {
	switch {
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || s.pages.Open(r):
		return true
	case r.URL.Path == "/v1/session" && (r.Method == http.MethodPost || r.Method == http.MethodDelete):
		return true // logging in and out
	case s.cfg.PublicLog && r.Method == http.MethodGet && len(r.URL.Path) > 5 && r.URL.Path[:5] == "/log/":
		return true
	}
	return false
}

// OpenAPI returns the description of all routes, in JSON (OpenAPI 3.1). It needs
// no record: the pages' typed client is made from it.
func OpenAPI(version string) ([]byte, error) {
	cfg := Config{Version: version, Hub: live.New()}
	s := &Server{cfg: cfg, metrics: newMetrics(prometheus.NewRegistry(), cfg), pages: web.New(), sessions: access.NewSessions(nil), otlp: otlp.New(cfg.OTLP)}
	return json.MarshalIndent(s.routes(http.NewServeMux()).OpenAPI(), "", "  ")
}

func (s *Server) routes(mux *http.ServeMux) huma.API {
	api := s.huma(mux)
	s.eventRoutes(api)
	s.searchRoutes(api)
	s.questionRoutes(api)
	s.groupRoutes(api)
	s.traceRoutes(api)
	s.incidentRoutes(api)
	s.askRoutes(api)
	s.scanRoutes(api)
	s.reportRoutes(api)
	s.sqlRoutes(api)
	s.logRoutes(api)
	s.configurationRoutes(api)
	s.reindexRoutes(api)
	s.sessionRoutes(api)
	s.verifyRoutes(api)
	s.retentionRoutes(api)
	s.ingestRoutes(mux, api)
	s.otlp.Routes(mux)
	s.exportRoutes(mux, api)
	s.liveRoutes(mux, api)
	s.tileRoutes(mux)
	documentTags(api.OpenAPI())
	s.healthRoutes(mux)
	s.pages.Routes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if allow := allowed(mux, r); len(allow) > 0 {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			access.WriteProblem(w, r, http.StatusMethodNotAllowed, "method not allowed", r.Method+" is not for this path", "it takes "+strings.Join(allow, ", "))
			return
		}
		access.WriteProblem(w, r, http.StatusNotFound, "not found", "there is nothing at "+r.Method+" of this path", "GET /openapi.json lists all routes")
	})
	return api
}

// allowed lists the methods that the path of a request has routes for. The route
// for everything else hides from the mux that it knows the path.
func allowed(mux *http.ServeMux, r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if _, pattern := mux.Handler(&http.Request{Method: m, Host: r.Host, URL: r.URL}); pattern != "/" && pattern != "" {
			methods = append(methods, m)
		}
	}
	return methods
}

// huma returns the API whose operations describe themselves.
func (s *Server) huma(mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("Hansard", s.cfg.Version)
	config.DocsPath = ""            // its page would load scripts from elsewhere
	config.CreateHooks = nil        // no $schema members in answers
	config.OpenAPIPath = "/openapi" // .json, .yaml
	config.SchemasPath = "/v1/schemas"
	config.RejectUnknownQueryParameters = true
	config.Info.Description = "The record of what a team of AI agents said, decided, did and spent."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	problemErrors()
	return humago.New(mux, config)
}

// problemErrors makes huma's own errors problems like ours. What the caller sent
// is not repeated in them: it may be personal data. huma keeps the maker of
// errors in a variable of its package, the same for all servers of a process.
var problemErrors = sync.OnceFunc(func() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		p := access.Problem{Title: strings.ToLower(http.StatusText(status)), Status: status, Detail: msg}
		if status == http.StatusUnprocessableEntity {
			p.Title, p.Status = hansard.KindInvalid.String(), http.StatusBadRequest
		}
		if ctx != nil {
			p.RequestID = access.RequestID(ctx.Context())
		}
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				p.Detail += "; " + strings.TrimSpace(d.ErrorDetail().Location+" "+d.ErrorDetail().Message)
			}
		}
		return &problem{p}
	}
})

// caller returns who asks, if they have the role.
func caller(ctx context.Context, need access.Role) (access.Identity, error) {
	id, ok := access.IdentityOf(ctx)
	if !ok {
		return id, hansard.Errorf(hansard.KindDenied, "%w", access.ErrUnauthenticated)
	}
	return id, id.Check(need)
}

// answer runs a read for a caller with the reader role, puts it on record, and
// turns what goes wrong into a problem.
func answer[I, O any](s *Server, read func(ctx context.Context, tenant string, in *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		note := claim(ctx, in)
		id, err := caller(ctx, access.RoleReader)
		if err == nil {
			var out *O
			if out, err = read(ctx, id.Tenant, in); err == nil {
				if !note.rows.Set {
					note.rows = rowsOf(out)
				}
				return out, nil
			}
		}
		return nil, s.problem(ctx, err)
	}
}

// problem is an error as huma renders it.
type problem struct{ access.Problem }

// Error implements error.
func (p *problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return access.ProblemType }

func (s *Server) problem(ctx context.Context, err error) huma.StatusError {
	p := access.ProblemOf(ctx, err)
	if ctx.Err() != nil {
		return &problem{p} // the caller is gone, or the server is stopping
	}
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable {
		s.cfg.Logger.ErrorContext(ctx, "request failed", "request_id", p.RequestID, "error", err)
	}
	return &problem{p}
}

// fail answers a plain handler's request with an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.problem(r.Context(), err)
	access.WriteError(w, r, err)
}

// get describes a read.
func get(id, path, summary, tag string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{tag}}
}

// post describes a read whose question may name a person, or is long.
func post(id, path, summary, tag string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{tag}, MaxBodyBytes: 1 << 20}
}

// observe logs and counts requests: method, route, status and time, and nothing
// that a caller said.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		s.noted(next, rec, r)
		route := r.Pattern
		if route == "" {
			route = "none"
		}
		s.metrics.requests.WithLabelValues(route, statusClass(rec.status)).Inc()
		s.cfg.Logger.DebugContext(r.Context(), "request",
			"request_id", access.RequestID(r.Context()), "route", route, "status", rec.status, "ms", time.Since(start).Milliseconds())
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func statusClass(status int) string {
	return string([]byte{byte('0' + status/100), 'x', 'x'})
}
