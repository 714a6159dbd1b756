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

// A warehouse whose transactions do not hold all statements, or that has none,
// gets scripts that take effect as a whole by a redo log. The statements of a script change copies of the public tables
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

// copyMark marks the copy of a public table that a script changes; the script's
// name follows.
const copyMark = "__script_"

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
	return sql.Table{Space: sql.Public, Name: r.table + copyMark + r.script}
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

// transactional says that the warehouse itself makes every script whole.
func (w *Warehouse) transactional() bool {
	return w.opt.Dialect.Begin != "" && !w.opt.Dialect.Commits
}

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
	if done, err := w.transaction(ctx, statements); done {
		return err
	}
	script := strings.ToLower(rand.Text()[:10])
	tables, texts, err := w.compose(ctx, script, statements)
	if err != nil {
		return err
	}
	var rows sql.Union
	for _, r := range tables {
		rows = append(rows, &sql.Select{Items: []sql.Item{
			sql.As(sql.String(r.script), "script"), sql.As(sql.String(r.table), "table_name"), sql.As(sql.Bool(r.dropped), "dropped"),
		}})
	}
	commit, err := w.print(sql.InsertSelect{Table: commits, Columns: sql.ColumnNames(commitColumns), Query: rows})
	if err != nil {
		return err
	}
	place, err := w.placing(tables)
	if err != nil {
		return err
	}
	// From here on what happened can be unknown: whoever comes next looks.
	w.unsettled = true
	err = w.send(ctx, slices.Concat(texts, commit, place))
	if err == nil {
		w.unsettled = false
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok && known.Kind == Lost {
		return err // It may still take effect: the copies stay, for whoever comes next.
	}
	late := context.WithoutCancel(ctx)
	list, unknown := w.committed(late)
	switch {
	case unknown != nil:
		return errors.Join(err, unknown)
	case len(list) > 0:
		return w.settle(late) // It has taken effect.
	}
	w.unsettled = false
	return errors.Join(err, w.discard(ctx, tables))
}

// transaction runs a script of changes of rows alone as one, where the warehouse
// has transactions of those. What makes or drops work tables first may come before.
func (w *Warehouse) transaction(ctx context.Context, statements []sql.Statement) (done bool, err error) {
	if w.opt.Dialect.Begin == "" {
		return false, nil
	}
	first := 0
	for first < len(statements) && !changesRows(statements[first]) && sql.Writes(statements[first]).Space == sql.Work {
		first++
	}
	for _, s := range statements[first:] {
		if !changesRows(s) {
			return false, nil
		}
	}
	before, err := w.print(statements[:first]...)
	if err != nil {
		return true, err
	}
	framed, err := w.print(statements[first:]...)
	if err != nil {
		return true, err
	}
	return true, w.run(ctx, slices.Concat(before, []string{w.opt.Dialect.Begin}, framed, []string{w.opt.Dialect.Commit}), true)
}

// changesRows says that a statement changes rows, and no table.
func changesRows(s sql.Statement) bool {
	switch s.(type) {
	case sql.InsertSelect, sql.Delete, sql.Update, sql.UpdateFrom:
		return true
	default:
		return false
	}
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
		_, swap := s.(sql.Swap)
		_, insert := s.(sql.InsertSelect)
		partial := insert && w.opt.Dialect.PartialInserts && len(sql.Reads(s)) > 0
		if i < len(statements)-1 || len(texts) > 1 && !swap || partial {
			return false, nil
		}
	}
	return true, w.statements(ctx, statements...)
}

// compose gives the statements of a script on copies of the public tables that it
// writes, and those tables.
func (w *Warehouse) compose(ctx context.Context, script string, statements []sql.Statement) (tables []replaced, texts []string, err error) {
	touched := map[sql.Table]int{}
	for _, s := range statements {
		touched[sql.Writes(s)]++
	}
	made := map[sql.Table]bool{}
	add := func(text string, e error) { texts, err = append(texts, text), errors.Join(err, e) }
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
				needs, err := w.copied(ctx, tables[at], s)
				if err != nil {
					return nil, nil, err
				}
				if needs {
					add(w.copying(tables[at].copy(), t))
				}
			}
			_, tables[at].dropped = s.(sql.Drop)
			if _, swap := s.(sql.Swap); swap {
				beside := replaced{table: t.Name}
				if touched[t] > 1 {
					add(w.copying(tables[at].copy(), beside.copy()))
					continue
				}
				// The successor is all there will be of the table: it is the copy.
				there := made[beside.copy()]
				if !there {
					if there, err = w.exists(ctx, beside.copy()); err != nil {
						return nil, nil, err
					}
				}
				if !there {
					return nil, nil, &Error{Kind: NotFound, Message: "there is no successor of table " + t.Name}
				}
				tables[at] = beside
				continue
			}
		}
		_, drop := s.(sql.Drop)
		made[t] = !drop
		printed, e := to.Statement(s)
		if e != nil {
			return nil, nil, fmt.Errorf("printing %T: %w", s, e)
		}
		texts = append(texts, printed...)
	}
	return tables, texts, err
}

// statements runs statements one by one.
func (w *Warehouse) statements(ctx context.Context, statements ...sql.Statement) error {
	texts, err := w.print(statements...)
	if err != nil {
		return err
	}
	return w.send(ctx, texts)
}

// send runs statements, each of which takes effect by itself: all in one go where
// the warehouse would rather have them so.
func (w *Warehouse) send(ctx context.Context, texts []string) error {
	if w.opt.Dialect.Together && len(texts) > 0 {
		return w.run(ctx, texts, false)
	}
	for _, text := range texts {
		if err := w.run(ctx, []string{text}, false); err != nil {
			return err
		}
	}
	return nil
}

// copied says that a script begins with a copy of a table: unless its first
// statement for the table makes it.
func (w *Warehouse) copied(ctx context.Context, r replaced, first sql.Statement) (bool, error) {
	switch first.(type) {
	case sql.CreateTableAs, sql.Swap, sql.Drop:
		return false, nil
	case sql.CreateTable:
		return w.exists(ctx, r.place())
	default:
		return true, nil
	}
}

// copying is the statement that makes one table a copy of another, whatever it was
// before.
func (w *Warehouse) copying(to, from sql.Table) (string, error) {
	target, err := w.printer.Table(to)
	if err != nil {
		return "", fmt.Errorf("printing a name: %w", err)
	}
	source, err := w.printer.Table(from)
	if err != nil {
		return "", fmt.Errorf("printing a name: %w", err)
	}
	return strings.NewReplacer("$1", target, "$2", source).Replace(w.opt.Dialect.Copy), nil
}

// placing are the statements that put what committed scripts have changed in
// place. The copies go when all are in place, and before their rows do.
func (w *Warehouse) placing(tables []replaced) ([]string, error) {
	var texts []string
	var last []sql.Statement
	for _, r := range tables {
		last = append(last, sql.Drop{Table: r.copy()})
		if r.dropped {
			dropped, err := w.print(sql.Drop{Table: r.place()})
			if err != nil {
				return nil, err
			}
			texts = append(texts, dropped...)
			continue
		}
		text, err := w.copying(r.place(), r.copy())
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	done, err := w.print(append(last, sql.Delete{Table: commits, Where: sql.Bool(true)})...)
	return append(texts, done...), err
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
	if len(list) > 0 {
		// A copy that is gone is in its place already.
		left := make([]replaced, 0, len(list))
		for _, r := range list {
			there, err := w.exists(ctx, r.copy())
			if err != nil {
				return err
			}
			if there || r.dropped {
				left = append(left, r)
			}
		}
		texts, err := w.placing(left)
		if err != nil {
			return err
		}
		if err := w.send(ctx, texts); err != nil {
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
