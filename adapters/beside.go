package adapters

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Share is another Warehouse on the connection of this one, with tables of its own
// where opt says. Closing either closes the connection.
func (w *Warehouse) Share(opt Options) *Warehouse {
	opt.Driver = w.opt.Driver
	return New(opt)
}

// Foreign names a table of this warehouse for queries of another that shares its
// connection.
func (w *Warehouse) Foreign(t sql.Table) sql.Table {
	parts := slices.Clone(w.Names(t))
	for i, p := range parts {
		parts[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
	}
	return sql.Table{Space: sql.Source, Name: strings.Join(parts, ".")}
}

// Tables lists the public tables that are there, but for what scripts leave
// between two of their steps.
func (w *Warehouse) Tables(ctx context.Context) ([]string, error) {
	names, err := w.tables(ctx, append(slices.Clip(w.opt.Catalog), w.opt.Schema))
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.HasSuffix(name, beside) || strings.Contains(name, copyMark)
	})
	return names, err
}

// schemas are those that Remove drops.
func (w *Warehouse) schemas() [][]string {
	if w.opt.Dialect.DropSchema == "" {
		return nil
	}
	schemas := [][]string{append(slices.Clip(w.opt.Catalog), w.opt.Schema)}
	if slices.Contains(w.opt.Work, w.opt.Schema+workSchema) {
		schemas = append(schemas, w.opt.Work)
	}
	return schemas
}

// Theirs are views, and whatever else is no table, in the schemas that Remove drops:
// we make none, and some warehouses drop them with their schema.
func (w *Warehouse) Theirs(ctx context.Context) (theirs []string, err error) {
	for _, parts := range w.schemas() {
		schema := parts[len(parts)-1]
		names, err := w.named(ctx, schema, sql.Fn(sql.Ne, sql.Col("t", "table_type"), sql.String("BASE TABLE")))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			theirs = append(theirs, schema+"."+name)
		}
	}
	return theirs, nil
}

// Remove drops every table of the two schemas, and the schemas themselves where the
// dialect says how. It is for what was made to be looked at and thrown away; where
// work tables live in memory their schema stays. Where there is something of Theirs
// nothing is removed, and the error names it.
func (w *Warehouse) Remove(ctx context.Context) error {
	theirs, err := w.Theirs(ctx)
	if err != nil {
		return err
	}
	if len(theirs) > 0 {
		return fmt.Errorf("%s is no table, and would go with its schema: nothing was removed. Remove it first", strings.Join(theirs, ", "))
	}
	public := append(slices.Clip(w.opt.Catalog), w.opt.Schema)
	names, err := w.tables(ctx, public)
	if err != nil {
		return err
	}
	drop := func(space sql.Space, names []string) (err error) {
		for _, name := range names {
			text, printed := w.printer.Statement(sql.Drop{Table: sql.Table{Space: space, Name: name}})
			// Plain statements: a redo log of what is removed would be one more table.
			err = errors.Join(err, printed)
			if printed == nil {
				err = errors.Join(err, w.run(ctx, text, true))
			}
		}
		return err
	}
	err = drop(sql.Public, names)
	if len(w.opt.Work) > 0 {
		left, listed := w.tables(ctx, w.opt.Work)
		err = errors.Join(err, listed, drop(sql.Work, left))
	}
	if err != nil {
		return err
	}
	for _, parts := range w.schemas() {
		quoted := make([]string, len(parts))
		for i, part := range parts {
			quoted[i] = w.opt.Dialect.QuoteName(part)
		}
		statement := strings.ReplaceAll(w.opt.Dialect.DropSchema, "$1", strings.Join(quoted, "."))
		if err := w.run(ctx, []string{statement}, true); err != nil {
			return err
		}
	}
	return nil
}

// workSchema ends the name of the schema of work tables, where it is one in the
// warehouse: it belongs to the schema of the public ones.
const workSchema = "_work"
