package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard/internal/access"
)

// Session says as whom the server knows a caller.
type Session struct {
	TokenID string      `json:"token_id" doc:"Id of the token, or loopback"`
	Tenant  string      `json:"tenant"`
	Role    access.Role `json:"role" enum:"ingest,reader,admin"`
	Cookie  bool        `json:"cookie" doc:"The server has tokens: a browser logs in, and can log out"`
}

type sessionOutput struct{ Body Session }

type cookieOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

type loginInput struct {
	secure bool
	Body   struct {
		Token string `json:"token" maxLength:"512"`
	}
}

// Resolve implements huma.Resolver.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	in.secure = ctx.TLS() != nil
	return nil
}

type logoutInput struct {
	secure bool
	Cookie string `cookie:"hansard_session" doc:"The session's cookie"`
}

// Resolve implements huma.Resolver.
func (in *logoutInput) Resolve(ctx huma.Context) []error {
	in.secure = ctx.TLS() != nil
	return nil
}

func (s *Server) sessionRoutes(api huma.API) {
	say := func(id access.Identity) Session {
		return Session{id.TokenID, id.Tenant, id.Role, s.cfg.Access.Tokens != nil}
	}
	huma.Register(api, get("getSession", "/v1/session", "Say as whom the server knows the caller", "server"),
		func(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
			id, err := caller(ctx, access.RoleReader)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			return &sessionOutput{say(id)}, nil
		})
	login := post("login", "/v1/session", "Show a token once, for a cookie that stands for it (for browsers)", "server")
	login.MaxBodyBytes = 4 << 10
	huma.Register(api, login, func(ctx context.Context, in *loginInput) (*cookieOutput, error) {
		cookie, id, err := s.sessions.Login(in.Body.Token, in.secure)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &cookieOutput{*cookie, say(id)}, nil
	})
	logout := huma.Operation{OperationID: "logout", Method: http.MethodDelete, Path: "/v1/session", Summary: "End the session of the cookie", Tags: []string{"server"}}
	huma.Register(api, logout, func(_ context.Context, in *logoutInput) (*logoutOutput, error) {
		return &logoutOutput{*s.sessions.Logout(in.Cookie, in.secure)}, nil
	})
}
