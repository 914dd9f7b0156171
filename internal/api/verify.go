package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/ledger"
)

// Verification is a verification of the tenant's logs by the server itself.
type Verification struct {
	State    string         `json:"state" enum:"none,running,done,failed" doc:"none: not since the server started"`
	Done     int64          `json:"done" doc:"Entries that were checked"`
	Total    int64          `json:"total"`
	Started  *time.Time     `json:"started"`
	Ended    *time.Time     `json:"ended"`
	Sound    *bool          `json:"sound" doc:"Nothing was found; null before the end"`
	Logs     []VerifiedLog  `json:"logs" nullable:"false"`
	Findings []VerifyNotice `json:"findings" nullable:"false"`
	Error    string         `json:"error,omitempty" doc:"What kept it from its end"`
}

// VerifiedLog is what a log was found to be.
type VerifiedLog struct {
	Log    string `json:"log"`
	Size   int64  `json:"size" doc:"Entries that the signed checkpoint covers"`
	Pruned int64  `json:"pruned" doc:"Entries of it that are not kept and are known by their hashes"`
	Root   string `json:"root"`
}

// VerifyNotice is something wrong, with its place.
type VerifyNotice struct {
	Log   string `json:"log"`
	Entry int64  `json:"entry" doc:"Index of the entry; -1: the log as a whole"`
	Text  string `json:"text"`
}

type verificationOutput struct{ Body Verification }

// verifyRoutes begin a verification and say how far it is.
func (s *Server) verifyRoutes(api huma.API) {
	op := post("startVerification", "/v1/verification", "Verify the logs: every row against its hash, every tree against its signed checkpoint", "proofs")
	op.DefaultStatus = http.StatusAccepted
	op.Description = "Runs in the background, one at a time. It does not look at contents: hansard verify does, on the folder or a copy of it, and needs no trust in this server."
	huma.Register(api, op, answer(s, func(_ context.Context, tenant string, _ *struct{}) (*verificationOutput, error) {
		if err := s.cfg.Ledger.StartVerify(tenant); err != nil {
			return nil, err
		}
		return &verificationOutput{verificationOf(s.cfg.Ledger.VerifyState(tenant))}, nil
	}))
	huma.Register(api, get("verification", "/v1/verification", "Say how far the verification is, or what the last one found", "proofs"),
		answer(s, func(_ context.Context, tenant string, _ *struct{}) (*verificationOutput, error) {
			return &verificationOutput{verificationOf(s.cfg.Ledger.VerifyState(tenant))}, nil
		}))
}

func verificationOf(v *ledger.ServingVerification) Verification {
	out := Verification{State: "none", Logs: []VerifiedLog{}, Findings: []VerifyNotice{}}
	if v == nil {
		return out
	}
	out.State, out.Done, out.Total, out.Started = "running", v.Done, v.Total, &v.Started
	for _, l := range v.Logs {
		out.Logs = append(out.Logs, VerifiedLog{l.Log.String(), l.Size, l.Pruned, l.Root})
		for _, f := range l.Findings {
			out.Findings = append(out.Findings, VerifyNotice{f.Log, f.Entry, f.Text})
		}
	}
	if v.Running {
		return out
	}
	out.State, out.Ended = "done", &v.Ended
	if v.Err != nil {
		out.State, out.Error = "failed", v.Err.Error()
		return out
	}
	sound := len(out.Findings) == 0
	out.Sound = &sound
	return out
}
