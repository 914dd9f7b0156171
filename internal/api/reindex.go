package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/access"
)

// Reindex is how far the server is with making anew what is derived from the
// record.
type Reindex struct {
	Running bool   `json:"running"`
	Done    int64  `json:"done" doc:"Entries that are done"`
	Total   int64  `json:"total" doc:"Entries in all parts; 0 before it is known"`
	Parts   int    `json:"parts" doc:"Parts that the last run did"`
	Entries int64  `json:"entries" doc:"Entries in them"`
	Skipped int64  `json:"skipped" doc:"Entries that a run before it had done when it was interrupted"`
	Made    int    `json:"made" doc:"Files that were missing or wrong"`
	Error   string `json:"error,omitempty" doc:"What stopped the last run, or what it found wrong"`
}

type reindexOutput struct{ Body Reindex }

// reindexRoutes begin a reindex and say how far it is. A caller with a token
// reindexes its own tenant.
func (s *Server) reindexRoutes(api huma.API) {
	op := post("startReindex", "/v1/reindex", "Make anew what is derived from the record: indexes and hash tiles", "server")
	op.DefaultStatus = http.StatusAccepted
	huma.Register(api, op, s.administer(func(tenant string) error { return s.cfg.Ledger.StartReindex(tenant) }))
	huma.Register(api, get("reindex", "/v1/reindex", "Say how far the reindex is", "server"),
		s.administer(func(string) error { return nil }))
}

// administer does something for a caller with the admin role, and answers how far
// the reindex is.
func (s *Server) administer(do func(tenant string) error) func(context.Context, *struct{}) (*reindexOutput, error) {
	return func(ctx context.Context, _ *struct{}) (*reindexOutput, error) {
		id, err := caller(ctx, access.RoleAdmin)
		if err == nil {
			tenant := id.Tenant
			if id.TokenID == access.Loopback {
				tenant = "" // whoever has the machine has all of it
			}
			err = do(tenant)
		}
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &reindexOutput{s.reindexState()}, nil
	}
}

func (s *Server) reindexState() Reindex {
	st := s.cfg.Ledger.ReindexState()
	out := Reindex{
		Running: st.Running, Done: st.Done, Total: st.Total,
		Parts: st.Result.Parts, Entries: st.Result.Entries, Skipped: st.Result.Skipped, Made: st.Result.Made,
	}
	if st.Err != nil {
		out.Error = st.Err.Error()
	}
	return out
}
