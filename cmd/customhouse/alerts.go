package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/alert"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
)

func (a *app) alertsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "Look after the alerts of the project",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "test [name...]",
		Short: "Send a message through each alert, or through those that are named",
		RunE:  do(a.testAlerts),
	})
	return cmd
}

// testAlerts sends a message through each alert.
func (a *app) testAlerts(ctx context.Context, names []string) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	var all []string
	chosen := map[string]bool{}
	for _, x := range p.Alerts {
		all = append(all, x.Name)
	}
	for _, name := range names {
		chosen[name] = true
		if !slices.Contains(all, name) {
			return unknown("the project has no alert "+name, name, all, "there are")
		}
	}
	if len(all) == 0 {
		return usageError{errors.New("the project has no alerts: add the key alerts, see docs/observability.md")}
	}
	failed := false
	for _, x := range p.Alerts {
		if len(names) > 0 && !chosen[x.Name] {
			continue
		}
		err := a.channel(x).Send(ctx, alert.Test(x.Name, p.Name, p.target.Name, a.now()))
		if err != nil {
			failed = true
			a.say("%s: FAILED: %s", x.Name, err)
			continue
		}
		a.say("%s: sent", x.Name)
	}
	if failed {
		return failure{exitFailure}
	}
	return nil
}

// channel is the channel of an alert, whose secrets are asked for when there is
// something to send.
func (a *app) channel(x *config.Alert) alert.Channel { return laterChannel{a, x} }

type laterChannel struct {
	app   *app
	alert *config.Alert
}

// Send implements alert.Channel.
func (c laterChannel) Send(ctx context.Context, m alert.Message) error {
	channel, err := alert.NewChannel(c.alert,
		func(r secret.Ref) (secret.Value, error) { return r.Resolve(ctx, c.app.resolver()) },
		func(t secret.Template) (string, error) { return t.Resolve(ctx, c.app.resolver()) })
	if err != nil {
		return fmt.Errorf("a reference could not be resolved: %w", err)
	}
	return channel.Send(ctx, m)
}

// alertSelects are the nodes that an alert watches, nil for everything.
func alertSelects(x *config.Alert, nodes []models.Node) (map[string]bool, error) {
	if len(x.Select)+len(x.Exclude) == 0 {
		return nil, nil
	}
	if len(nodes) == 0 {
		return map[string]bool{}, nil // The project could not be compiled.
	}
	return selection.Select(nodes, x.Select, x.Exclude, nil)
}

// badSelectors are findings of selectors of a resource that select nothing.
func badSelectors(nodes []models.Node, at func(path ...string) diag.Span, include, exclude []string) (found diag.List) {
	for _, part := range []struct {
		key       string
		selectors []string
	}{{"select", include}, {"exclude", exclude}} {
		_, err := selection.Select(nodes, part.selectors, nil, nil)
		wrong, ok := errors.AsType[*selection.Error](err)
		if !ok {
			continue
		}
		d := diag.Errorf(at(part.key), "bad-selector", "selector %q %s", wrong.Selector, wrong.Message)
		switch {
		case wrong.Near != "":
			d = d.WithHelp("did you mean %s?", wrong.Near)
		case strings.HasPrefix(wrong.Selector, "state:"):
			d = d.WithHelp("select by name, tag or kind here: there is no manifest to compare with")
		default:
			d = d.WithHelp("write for example segment:name, tag:word or +sync:name; customhouse ls lists what there is")
		}
		found = append(found, d)
	}
	if len(found) > 0 || len(nodes) == 0 {
		return found
	}
	if left, err := selection.Select(nodes, include, exclude, nil); err == nil && left != nil && len(left) == 0 {
		key := "select"
		if len(exclude) > 0 {
			key = "exclude"
		}
		found = append(found, diag.Errorf(at(key), "bad-selector", "nothing is left of what is selected").WithHelp("select more, or exclude less"))
	}
	return found
}
