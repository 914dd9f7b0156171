package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/reading"
)

// LogList is the tenant's logs.
type LogList struct {
	Name string        `json:"name" doc:"The server's name, with which every origin begins"`
	Logs []reading.Log `json:"logs" nullable:"false"`
}

type logsOutput struct{ Body LogList }

type versionOutput struct {
	Body struct {
		Version string `json:"version"`
		Name    string `json:"name"`
	}
}

func (s *Server) logRoutes(api huma.API) {
	huma.Register(api, get("listLogs", "/v1/logs", "List the logs with their verifier keys and checkpoints", "proofs"),
		answer(s, func(_ context.Context, tenant string, _ *struct{}) (*logsOutput, error) {
			return &logsOutput{LogList{s.cfg.Ledger.Name(), s.cfg.Reading.Logs(tenant)}}, nil
		}))
	huma.Register(api, get("version", "/v1/version", "Say which version answers", "server"),
		answer(s, func(context.Context, string, *struct{}) (*versionOutput, error) {
			out := &versionOutput{}
			out.Body.Version, out.Body.Name = s.cfg.Version, s.cfg.Ledger.Name()
			return out, nil
		}))
}

// tileRoutes serves the logs as C2SP tlog-tiles.
func (s *Server) tileRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /log/{tenant}/{tier}/checkpoint", s.logPath(s.getCheckpoint))
	mux.HandleFunc("GET /log/{tenant}/{tier}/tile/{path...}", s.logPath(s.getTile))
}

// logPath finds the log that a path names, for a caller who may read it.
func (s *Server) logPath(serve func(http.ResponseWriter, *http.Request, hansard.LogID)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log := hansard.LogID{Tenant: r.PathValue("tenant"), Tier: hansard.Tier(r.PathValue("tier"))}
		if !s.cfg.PublicLog {
			id, err := caller(r.Context(), access.RoleReader)
			if err == nil && id.Tenant != log.Tenant && id.TokenID != access.Loopback {
				err = hansard.Errorf(hansard.KindDenied, "this token is of another tenant")
			}
			if err != nil {
				s.fail(w, r, err)
				return
			}
		}
		serve(w, r, log)
	}
}

func (s *Server) getCheckpoint(w http.ResponseWriter, r *http.Request, log hansard.LogID) {
	info, err := s.cfg.Ledger.Log(log)
	if err == nil && info.Checkpoint == nil {
		err = hansard.Errorf(hansard.KindNotFound, "log %s has no checkpoint yet", log)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(info.Checkpoint) // the caller may be gone; there is nobody to tell
}

// getTile serves hash tiles and entry bundles. Full ones never change.
func (s *Server) getTile(w http.ResponseWriter, r *http.Request, log hansard.LogID) {
	tile, entries, err := parseTilePath(r.PathValue("path"))
	var b []byte
	switch {
	case err != nil:
	case entries:
		b, err = s.cfg.Ledger.Bundle(log, uint64(tile.N), tile.W)
	default:
		b, err = s.cfg.Ledger.Tile(log, tile.L, uint64(tile.N), tile.W)
	}
	if errors.Is(err, ledger.ErrPruned) {
		pruned(w, r, err)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if tile.W == 1<<tile.H {
		who := "private"
		if s.cfg.PublicLog {
			who = "public"
		}
		w.Header().Set("Cache-Control", who+", max-age=604800, immutable")
	}
	w.Write(b) // the caller may be gone; there is nobody to tell
}

// parseTilePath reads "<L>/<N>[.p/<W>]" or "entries/<N>[.p/<W>]".
func parseTilePath(path string) (t tlog.Tile, entries bool, err error) {
	rest, entries := strings.CutPrefix(path, "entries/")
	if entries {
		rest = "0/" + rest
	}
	t, err = tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L < 0 {
		return t, entries, hansard.Errorf(hansard.KindNotFound, "there is no such tile")
	}
	return t, entries, nil
}
