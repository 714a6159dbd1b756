package adapters

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/sql"
)

// A warehouse without transactions gets scripts that take effect as a whole by
// a redo log. The statements of a script change copies of the public tables
// that they write. One row a table in commits, all inserted by one statement,
// is the moment at which the script has taken effect; only then each copy
// takes the place of its table, by a statement that can be repeated. What a
// killed process has not put in place the next one does, before anything else;
// copies without a row in commits are dropped.
//
// One process at a time writes the tables of a target, and in it one script.
// Readers can see some tables of a script changed and others not yet, for as
// long as it takes to put them in place.

// commits lists the copies that are to take the place of their tables.
var commits = sql.Table{Space: sql.Public, Name: "script_commits"}

var commitColumns = []sql.ColumnDef{
	{Name: "script", Type: sql.TypeString},
	{Name: "table_name", Type: sql.TypeString},
	// dropped says that the table goes, and there is no copy.
	{Name: "dropped", Type: sql.TypeBool},
}

// copied marks the copy of a public table that a script changes; the script's
// name follows.
const copied = "__script_"

// replaced is a table that a committed script has changed. Its copy is the
// successor beside it where script is empty.
type replaced struct {
	script, table string
	dropped       bool
}

func (r replaced) place() sql.Table { return sql.Table{Space: sql.Public, Name: r.table} }

func (r replaced) copy() sql.Table {
	if r.script == "" {
		return sql.Table{Space: sql.Beside, Name: r.table}
	}
	return sql.Table{Space: sql.Public, Name: r.table + copied + r.script}
}

// prepare makes the table of commits, and settles what is in it.
func (w *Warehouse) prepare(ctx context.Context) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := w.statements(ctx, sql.CreateTable{Table: commits, Columns: commitColumns}); err != nil {
		return err
	}
	return w.settle(ctx)
}

// transactional says that the warehouse itself makes scripts whole.
func (w *Warehouse) transactional() bool { return w.opt.Dialect.Begin != "" }

// whole runs statements so that all of them take effect or none.
func (w *Warehouse) whole(ctx context.Context, statements []sql.Statement) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := w.settle(ctx); err != nil {
		return err
	}
	if done, err := w.plain(ctx, statements); done {
		return err
	}
	tables, err := w.change(ctx, statements)
	if err != nil {
		return errors.Join(err, w.discard(ctx, tables))
	}
	// From here on what happened can be unknown: whoever comes next looks.
	w.unsettled = true
	var rows sql.Union
	for _, r := range tables {
		rows = append(rows, &sql.Select{Items: []sql.Item{
			sql.As(sql.String(r.script), "script"), sql.As(sql.String(r.table), "table_name"), sql.As(sql.Bool(r.dropped), "dropped"),
		}})
	}
	if err := w.statements(ctx, sql.InsertSelect{Table: commits, Columns: sql.ColumnNames(commitColumns), Query: rows}); err != nil {
		return err
	}
	return w.settle(context.WithoutCancel(ctx))
}

// plain runs a script that is whole without more: one whose last statement
// alone changes a public table. Of the statements that a Swap is made of, the
// first is what takes effect.
func (w *Warehouse) plain(ctx context.Context, statements []sql.Statement) (done bool, err error) {
	for i, s := range statements {
		if sql.Writes(s).Space != sql.Public {
			continue
		}
		texts, err := w.print(s)
		if err != nil {
			return true, err
		}
		if _, swap := s.(sql.Swap); i < len(statements)-1 || len(texts) > 1 && !swap {
			return false, nil
		}
	}
	return true, w.statements(ctx, statements...)
}

// change runs statements on copies of the public tables that they write. After
// an error the copies that were made are among those returned.
func (w *Warehouse) change(ctx context.Context, statements []sql.Statement) (tables []replaced, err error) {
	script := strings.ToLower(rand.Text()[:10])
	touched := map[sql.Table]int{}
	for _, s := range statements {
		touched[sql.Writes(s)]++
	}
	// A table means its copy from the first statement on that writes it.
	to := &sql.Printer{Dialect: w.opt.Dialect, Names: func(t sql.Table) []string {
		if at := slices.IndexFunc(tables, func(r replaced) bool { return r.place() == t }); at >= 0 {
			t = tables[at].copy()
		}
		return w.Names(t)
	}}
	for _, s := range statements {
		t := sql.Writes(s)
		if t.Space == sql.Public {
			at := slices.IndexFunc(tables, func(r replaced) bool { return r.table == t.Name })
			if at < 0 {
				at = len(tables)
				tables = append(tables, replaced{script: script, table: t.Name})
				if err := w.begin(ctx, tables[at], s); err != nil {
					return tables, err
				}
			}
			_, tables[at].dropped = s.(sql.Drop)
			if _, swap := s.(sql.Swap); swap {
				beside := replaced{table: t.Name}
				if touched[t] > 1 {
					if err := w.copy(ctx, tables[at].copy(), beside.copy()); err != nil {
						return tables, err
					}
					continue
				}
				// The successor is all there will be of the table: it is the copy.
				if there, err := w.exists(ctx, beside.copy()); err != nil || !there {
					return tables, errors.Join(err, missing(beside.table, there))
				}
				tables[at] = beside
				continue
			}
		}
		texts, err := to.Statement(s)
		if err != nil {
			return tables, fmt.Errorf("printing %T: %w", s, err)
		}
		if err := w.run(ctx, texts); err != nil {
			return tables, err
		}
	}
	return tables, nil
}

// missing is the error of a Swap without a successor.
func missing(table string, there bool) error {
	if there {
		return nil
	}
	return &Error{Kind: NotFound, Message: "there is no successor of table " + table}
}

// statements runs statements one by one.
func (w *Warehouse) statements(ctx context.Context, statements ...sql.Statement) error {
	for _, s := range statements {
		texts, err := w.print(s)
		if err != nil {
			return err
		}
		if err := w.run(ctx, texts); err != nil {
			return err
		}
	}
	return nil
}

// begin makes the copy that a script changes, unless its first statement for the
// table does so.
func (w *Warehouse) begin(ctx context.Context, r replaced, first sql.Statement) error {
	switch first.(type) {
	case sql.CreateTableAs, sql.Swap, sql.Drop:
		return nil
	case sql.CreateTable:
		there, err := w.exists(ctx, r.place())
		if err != nil || !there {
			return err
		}
	}
	return w.copy(ctx, r.copy(), r.place())
}

// copy makes one table a copy of another, whatever it was before.
func (w *Warehouse) copy(ctx context.Context, to, from sql.Table) error {
	target, err := w.printer.Table(to)
	if err != nil {
		return fmt.Errorf("printing a name: %w", err)
	}
	source, err := w.printer.Table(from)
	if err != nil {
		return fmt.Errorf("printing a name: %w", err)
	}
	return w.run(ctx, []string{strings.NewReplacer("$1", target, "$2", source).Replace(w.opt.Dialect.Copy)})
}

// discard drops the copies of a script that has failed.
func (w *Warehouse) discard(ctx context.Context, tables []replaced) error {
	late := context.WithoutCancel(ctx)
	var err error
	for _, r := range tables {
		if r.script != "" {
			err = errors.Join(err, w.statements(late, sql.Drop{Table: r.copy()}))
		}
	}
	return err
}

// settle puts in place what committed scripts have changed.
func (w *Warehouse) settle(ctx context.Context) error {
	if !w.unsettled {
		return nil
	}
	list, err := w.committed(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.dropped {
			if err := w.statements(ctx, sql.Drop{Table: r.place()}); err != nil {
				return err
			}
			continue
		}
		// A copy that is gone is in its place already.
		there, err := w.exists(ctx, r.copy())
		if err != nil {
			return err
		}
		if there {
			if err := w.copy(ctx, r.place(), r.copy()); err != nil {
				return err
			}
		}
	}
	// The copies go when all are in place, and before their rows do.
	for _, r := range list {
		if err := w.statements(ctx, sql.Drop{Table: r.copy()}); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		if err := w.statements(ctx, sql.Delete{Table: commits, Where: sql.Bool(true)}); err != nil {
			return err
		}
	}
	w.unsettled = false
	return nil
}

// committed lists the tables of scripts that took effect.
func (w *Warehouse) committed(ctx context.Context) (list []replaced, err error) {
	rows, err := w.Query(ctx, &sql.Select{
		Items:   sql.Items("c", sql.ColumnNames(commitColumns)...),
		From:    sql.TableRef{Table: commits, As: "c"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("c", "table_name"))},
	})
	if err != nil {
		return nil, fmt.Errorf("looking for scripts that took effect: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]any, len(commitColumns))
	for {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("looking for scripts that took effect: %w", err)
		}
		var r replaced
		r.script, _ = dest[0].(string)
		r.table, _ = dest[1].(string)
		r.dropped, _ = dest[2].(bool)
		list = append(list, r)
	}
}

// exists says whether a table is there.
func (w *Warehouse) exists(ctx context.Context, t sql.Table) (bool, error) {
	_, err := w.Columns(ctx, t)
	if known, ok := errors.AsType[*Error](err); ok && known.Kind == NotFound {
		return false, nil
	}
	return err == nil, err
}
