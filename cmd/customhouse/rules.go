package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr/rules"
)

// rulesCommand is customhouse segments rules.
func (a *app) rulesCommand() *cobra.Command {
	showSchema := false
	c := &cobra.Command{
		Use:   "rules NAME",
		Short: "A segment's condition as a tree that a builder can edit",
		Long: `The condition of a segment as a tree of rules in JSON, which a visual builder can
edit and segments cel turns into an expression. What has no widget is CEL inside
the tree. It needs no warehouse.`,
		Example: `  customhouse segments rules loyal_readers
  customhouse segments rules --schema`,
		Args: cobra.MaximumNArgs(1),
		RunE: do(func(_ context.Context, args []string) error {
			switch {
			case showSchema && len(args) > 0:
				return usageError{errors.New("--schema is that of all trees: it takes no name")}
			case showSchema:
				_, err := a.stdout.Write(rules.JSONSchema)
				return err
			case len(args) == 0:
				return usageError{errors.New("name a segment: customhouse segments rules NAME")}
			}
			return a.segmentRules(args[0])
		}),
	}
	c.Flags().BoolVar(&showSchema, "schema", false, "print the JSON Schema of trees instead")
	return c
}

func (a *app) segmentRules(name string) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	segment, err := p.segment(name)
	if err != nil {
		return err
	}
	rule, err := rules.FromCEL(segment.When)
	if err != nil {
		// The place in the file, in the words of validate.
		if _, found := a.plan(p); found != nil {
			return found
		}
		return fmt.Errorf("reading segment %s: %w", name, err)
	}
	return console.JSON(a.stdout, rules.Document{Schema: rules.Schema, Segment: name, Rule: rule})
}

// celCommand is customhouse segments cel.
func (a *app) celCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cel FILE",
		Short: "The condition that a tree of rules stands for",
		Long: `The expression of a tree of rules, formatted: the way back from segments rules. A
file of - is standard input. It needs no project.`,
		Example: `  customhouse segments cel rules.json
  customhouse segments rules loyal_readers | customhouse segments cel -`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(_ context.Context, args []string) error { return a.printCEL(args[0]) }),
	}
}

func (a *app) printCEL(name string) error {
	src := &diag.Source{Name: filepath.ToSlash(name)}
	in := a.stdin
	if name == "-" {
		src.Name = "stdin"
	} else {
		f, err := os.Open(name) //nolint:gosec // the file that the user names
		if err != nil {
			return fmt.Errorf("reading rules: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	var err error
	// One byte more than a document may have, so that a larger one is told.
	if src.Text, err = io.ReadAll(io.LimitReader(in, rules.MaxBytes+1)); err != nil {
		return fmt.Errorf("reading rules: %w", err)
	}
	doc, found := rules.Decode(src)
	if err := found.Err(); err != nil {
		return err
	}
	text, err := rules.ToCEL(doc.Rule)
	if err != nil {
		return diag.List{diag.Errorf(diag.Span{Source: src}, rules.CodeRule, "%v", err).
			WithHelp("write the condition as CEL: {\"cel\": \"...\"}")}
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}
