package main

import (
	"github.com/spf13/cobra"
)

func newProve(p *program) *cobra.Command {
	var disclose bool
	cmd := &cobra.Command{
		Use:   "prove EVENT_ID",
		Short: "Write the proof that an event is in the record",
		Long: `Write a proof that anyone can check with the log's verifier key, without the
record and without the network (C2SP tlog-proof). It holds the envelope of the
event: ids, names, times and figures. With --disclose it holds the content
too: arguments, results, reasoning and the clear names of persons.`,
		Example: `  hansard prove 01890a5d-ac96-774b-bcce-b302099a8057 > refund.proof
  hansard prove refund-4711/3 --disclose > refund.proof`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(func(b backend) error {
				text, vkey, err := b.Prove(cmd.Context(), args[0], disclose)
				if err != nil {
					return err
				}
				if _, err := p.stdout.Write(text); err != nil {
					return err
				}
				p.say("check it with: hansard verify FILE --key '%s'", vkey)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&disclose, "disclose", false, "put the content into the proof")
	return cmd
}
