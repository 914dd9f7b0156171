package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

func newToken(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Make tokens for a server",
		Long:    "Make tokens by which a server knows its callers apart.",
		Example: "  hansard token new --id ci --role ingest",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTokenNew(p))
	return cmd
}

func newTokenNew(p *program) *cobra.Command {
	var id, role string
	cmd := &cobra.Command{
		Use:   "new --id ID --role ROLE",
		Short: "Make a token and its line for the server's token file",
		Long: `Make a token. It is shown once, on standard error; the entry for the server's
token file (serve --token-file) goes to standard output and holds the token's
hash only. A token belongs to the tenant of --tenant.

The roles: ingest may send events and nothing else, reader may read, admin may
do all.`,
		Example: `  hansard token new --id ci --role ingest >> tokens.yaml
  hansard token new --id dashboard --role reader --tenant acme -o json`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.Flags().StringVar(&id, "id", "", "what the record calls whoever uses it: letters, digits, . _ and -")
	cmd.Flags().StringVar(&role, "role", "", "ingest, reader or admin")
	cmd.RunE = func(*cobra.Command, []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		return p.newToken(id, p.global.tenantOrDefault(), role, format)
	}
	return cmd
}

func (p *program) newToken(id, tenant, role, format string) error {
	if !access.Role(role).Valid() {
		return hansard.Errorf(hansard.KindInvalid, "--role %q: want ingest, reader or admin", role)
	}
	token := access.NewToken()
	entry := fmt.Sprintf("- id: %q\n  tenant: %q\n  role: %s\n  token_sha256: %q\n", id, tenant, role, token.SHA256())
	if _, err := access.ParseTokens([]byte(entry)); err != nil {
		return hansard.Errorf(hansard.KindInvalid, "--id %q: want 1 to 64 of A-Z, a-z, 0-9, ., _ and -; %q is taken", id, access.Loopback)
	}
	if format == formatJSON {
		return p.writeJSON(struct {
			Token  string `json:"token"`
			ID     string `json:"id"`
			Tenant string `json:"tenant"`
			Role   string `json:"role"`
			SHA256 string `json:"token_sha256"`
		}{token.Reveal(), id, tenant, role, token.SHA256()})
	}
	if _, err := fmt.Fprint(p.stdout, entry); err != nil {
		return err
	}
	p.say("the token, shown this once:")
	p.say("")
	p.say("  %s", token.Reveal())
	p.say("")
	p.say("put the entry above into the server's token file (mode 0600) and start it with --token-file")
	return nil
}
