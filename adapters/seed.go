package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/customhouse-cdp/customhouse/sql"
)

// seeded begins the names of the work tables that hold what was read from
// files.
const seeded = "files__"

// seed loads the files of a source into a work table, for a warehouse that
// reads no files itself. The table lasts until Clean.
func (w *Warehouse) seed(ctx context.Context, source string, files Files) (err error) {
	w.seeding.Lock()
	defer w.seeding.Unlock()
	if _, done := w.seeds[source]; done {
		return nil
	}
	engine, err := w.opt.FileEngine(ctx, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if err := engine.ReadFiles(ctx, source, files); err != nil {
		return err
	}
	table := sql.Table{Space: sql.Source, Name: source}
	columns, err := engine.Columns(ctx, table)
	if err != nil {
		return err
	}
	made := sql.CreateTable{Table: table}
	q := &sql.Select{From: sql.TableRef{Table: table, As: "f"}}
	for _, c := range columns {
		if _, err := w.printer.Expr(sql.Col("", c.Name)); err != nil {
			continue // No column here can have that name, and no project can ask for it.
		}
		value := sql.Expr(sql.Col("f", c.Name))
		if c.Type == 0 {
			// It is none of our types: its text is what can be kept.
			c.Type, value = sql.TypeString, sql.Cast{Expr: value, To: sql.TypeString}
		}
		made.Columns = append(made.Columns, sql.ColumnDef{Name: c.Name, Type: c.Type})
		q.Items = append(q.Items, sql.As(value, c.Name))
	}
	if err := w.Exec(ctx, sql.Drop{Table: table}, made); err != nil {
		return err
	}
	rows, err := engine.Query(ctx, q)
	if err != nil {
		return err
	}
	err = w.Load(ctx, table, sql.ColumnNames(made.Columns), stream(rows, len(made.Columns)))
	if err := errors.Join(err, rows.Close()); err != nil {
		return err
	}
	untyped := map[string]bool{}
	for _, c := range columns {
		untyped[c.Name] = c.Untyped
	}
	w.seeds[source] = untyped
	return nil
}

// stream are the rows of a result of width columns.
func stream(rows Rows, width int) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		row := make([]any, width)
		for {
			switch err := rows.Next(row); {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, fmt.Errorf("reading files: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
