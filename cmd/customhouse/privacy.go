package main

import "github.com/spf13/cobra"

func (a *app) privacyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "privacy",
		Short: "What is held of a person, and the rights of people",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.privacyAccessCommand(), a.privacyAuditCommand(), a.privacyWhereCommand(), a.privacyRegisterCommand())
	c.AddCommand(a.rightsCommands()...)
	return c
}
