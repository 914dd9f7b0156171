package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

// Setting is a line of the configuration in force. No setting holds a secret or a
// personal value: where those are configured, it says how many there are.
type Setting struct {
	Name  string `json:"name" doc:"As the configuration file or the command line has it"`
	Value string `json:"value"`
	From  string `json:"from" enum:"default,file,flag,environment,pack" doc:"Who says so"`
}

// Section is the settings of a part of the server.
type Section struct {
	Name     string    `json:"name"`
	Settings []Setting `json:"settings" nullable:"false"`
}

type configurationOutput struct {
	Body struct {
		Sections []Section `json:"sections" nullable:"false"`
	}
}

// configurationRoutes say by what settings this server runs. They are of all
// tenants, so they are an admin's to see.
func (s *Server) configurationRoutes(api huma.API) {
	op := get("configuration", "/v1/configuration", "Say by what configuration this server runs; for admins", "server")
	huma.Register(api, op, func(ctx context.Context, _ *struct{}) (*configurationOutput, error) {
		id, err := caller(ctx, access.RoleReader)
		if err == nil {
			err = id.Check(access.RoleAdmin)
		}
		if err == nil && s.cfg.Settings == nil {
			err = hansard.Errorf(hansard.KindNotFound, "this server does not say how it is configured")
		}
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		out := &configurationOutput{}
		out.Body.Sections = s.cfg.Settings
		return out, nil
	})
}
