package main

import (
	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/api"
)

// newOpenAPI returns the verb from whose output the pages' typed client is made.
func newOpenAPI(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document that a server of this version has at /openapi.json",
		Long: `Openapi prints what the HTTP API of this version has, as OpenAPI 3.1 in JSON,
without a server: to make a client of it.`,
		Example: `  hansard openapi > openapi.json`,
		Hidden:  true, // for the build and for makers of clients
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			doc, err := api.OpenAPI(versionText())
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(append(doc, '\n'))
			return err
		},
	}
}
