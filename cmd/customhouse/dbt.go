package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

func (a *app) dbtCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dbt",
		Short: "Tell a dbt project what becomes of its models",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exposuresCommand())
	return cmd
}

func (a *app) exposuresCommand() *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "exposures",
		Short: "Write the segments and syncs as exposures of dbt",
		Long: `Write an exposure for each segment and sync that reads a model of dbt (a source
with ref), however far away, so that dbt's lineage shows where models end up and
dbt build --select +exposure:... builds what one needs.

Keep the file with the models of the dbt project, and write it again when the
project changes. It needs no warehouse.`,
		Example: `  customhouse dbt exposures --out ../dbt/models/customhouse.yml`,
		Args:    cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			p, plan, err := a.planned()
			if err != nil {
				return err
			}
			text := exposures(p.Project, plan.Nodes)
			if text == "" {
				return errors.New("no segment or sync reads a model of dbt: sources say ref: to read one")
			}
			if out == "" {
				_, err = fmt.Fprint(a.stdout, text)
				return err
			}
			if err := os.WriteFile(out, []byte(text), 0o644); err != nil { //nolint:gosec // it is for Git, and for everybody
				return fmt.Errorf("writing exposures: %w", err)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; standard output by default")
	return cmd
}

// exposures is the YAML of dbt for the segments and syncs among the nodes, empty
// where none of them reads a model of dbt.
func exposures(p *config.Project, nodes []models.Node) string {
	byKey := map[string]models.Node{}
	for _, n := range nodes {
		byKey[n.Key] = n
	}
	about, owner := map[string]string{}, map[string]string{}
	for _, s := range p.Segments {
		about["segment:"+s.Name], owner["segment:"+s.Name] = s.Description, s.Owner
	}
	for _, s := range p.Syncs {
		owner["sync:"+s.Name] = s.Owner
		about["sync:"+s.Name] = cmp.Or(s.Description, "Sends "+whom(s.From)+" to "+s.To.Destination+".")
	}
	var b strings.Builder
	for _, n := range nodes {
		if n.Kind != "segment" && n.Kind != "sync" {
			continue
		}
		reads := refs(p, byKey, n.Key)
		if len(reads) == 0 {
			continue
		}
		field := func(indent, key, value string) {
			if value != "" {
				fmt.Fprintf(&b, "%s%s: %s\n", indent, key, quoted(value))
			}
		}
		fmt.Fprintf(&b, "  - name: %s_%s_%s\n", p.Name, n.Kind, n.Name)
		field("    ", "label", "Customhouse "+n.Kind+" "+n.Name)
		b.WriteString("    type: application\n")
		field("    ", "url", p.DBT.URL)
		field("    ", "description", strings.TrimSpace(about[n.Key]))
		b.WriteString("    owner:\n")
		if o := owner[n.Key]; strings.Contains(o, "@") {
			field("      ", "email", o)
		} else {
			field("      ", "name", cmp.Or(o, p.Name))
		}
		b.WriteString("    depends_on:\n")
		for _, r := range reads {
			fmt.Fprintf(&b, "      - %s\n", r)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "# Written by customhouse dbt exposures.\nversion: 2\nexposures:\n" + b.String()
}

func whom(f config.From) string {
	return cmp.Or(f.Segment, f.Source, f.Entity)
}

// refs are the models of dbt that a node reads, however far away, as dbt's own
// models refer to them.
func refs(p *config.Project, byKey map[string]models.Node, key string) (out []string) {
	seen := map[string]bool{}
	var visit func(key string)
	visit = func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		for _, s := range p.Sources {
			if key == "source:"+s.Name && s.DBT != "" && !slices.Contains(out, s.DBT) {
				out = append(out, s.DBT)
			}
		}
		for _, next := range byKey[key].Reads {
			visit(next)
		}
	}
	visit(key)
	slices.Sort(out)
	return out
}

// quoted is a text as YAML has it in double quotes, which is as JSON has it.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // a text always has one
	}
	return string(b)
}
