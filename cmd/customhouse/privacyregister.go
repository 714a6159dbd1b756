package main

import (
	"context"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/register"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

func (a *app) privacyRegisterCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "register",
		Short: "Write the record of processing activities, from the project",
		Long: `The record that Article 30 of the GDPR asks for: purposes with their legal basis,
recipients, sources, and for each field where it comes from, its class, what it is
used for, who receives it and how long. It needs no warehouse. What the project
does not say is listed at the end.`,
		Example: `  customhouse privacy register > register.md
  customhouse privacy register --format csv > fields.csv
  customhouse privacy register --format json`,
		Args: cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			p, plan, err := a.planned()
			if err != nil {
				return err
			}
			r := p.register(plan)
			switch a.format {
			case "json":
				return console.JSON(a.stdout, r)
			case "csv":
				return r.CSV(a.stdout)
			}
			return r.Markdown(a.stdout)
		}),
	}
}

// register is the record of processing activities of a project, by the plan of all
// of it.
func (p *project) register(plan *models.Plan) register.Register {
	return register.Of(register.Input{Project: p.Project, Nodes: plan.Nodes, Classes: p.checked.Classes(), Location: located, Erases: erases})
}

// locations are the settings of destinations that say where an account is.
var locations = map[string]string{"braze": "Instance", "customerio": "Region", "iterable": "Region", "mailchimp": "DataCenter"}

// located is where a destination keeps its data, as far as its settings say so.
func located(d *config.Destination) string {
	name, ok := locations[d.Type]
	config := reflect.Indirect(reflect.ValueOf(d.Config))
	if !ok || config.Kind() != reflect.Struct {
		return ""
	}
	field := config.FieldByName(name)
	if field.Kind() != reflect.String || field.String() == "" {
		return ""
	}
	return d.Type + " " + field.String()
}

// erases says what a destination does when somebody is erased.
func erases(d *config.Destination) string {
	opened, err := openDestination(d)
	if err != nil {
		return ""
	}
	if e := opened.Spec().Erasure; !e.IsZero() {
		return "its own erasure is asked for, by " + strings.Join(e.By, " or ")
	}
	return "by hand, with instructions and evidence"
}
