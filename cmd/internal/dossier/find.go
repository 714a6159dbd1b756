package dossier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
)

// NoValueError says that what was given for an identifier is none of its type. It
// does not repeat it.
type NoValueError struct{ Type string }

func (e *NoValueError) Error() string { return "the value given for " + e.Type + " is none" }

// Find finds whose identifiers are, given as a person types them, as the last run
// left it. The value of one that is none of its kind is an error, which does not
// repeat it.
func Find(ctx context.Context, w *adapters.Warehouse, p *config.Project, e *config.Entity, typed []person.Identifier) (person.Person, error) {
	out := person.Person{Project: p, Entity: e}
	for _, t := range typed {
		i := slices.IndexFunc(e.Identifiers, func(id config.Identifier) bool { return id.Name == t.Type })
		if i < 0 {
			return out, fmt.Errorf("%s has no identifier %s", e.Name, t.Type)
		}
		rows, err := all(ctx, w, identity.Lookup(e, e.Identifiers[i], t.Value))
		if err != nil {
			return out, err
		}
		value, ok := rows[0][0].(string)
		if !ok {
			return out, &NoValueError{t.Type}
		}
		if id, ok := rows[0][4].(int64); ok {
			out.IDs = append(out.IDs, id)
		} else {
			out.Named = append(out.Named, person.Identifier{Type: t.Type, Value: value})
		}
	}
	return Known(ctx, w, out)
}

// Known is a person with all ids that they ever had, those that are somebody's now
// first: there are several of those where the ids are of several people.
func Known(ctx context.Context, w *adapters.Warehouse, p person.Person) (person.Person, error) {
	ids := func(q sql.Query) (out []int64, err error) {
		rows, err := all(ctx, w, q)
		for _, row := range rows {
			if id, ok := row[0].(int64); ok {
				out = append(out, id)
			}
		}
		return out, err
	}
	slices.Sort(p.IDs)
	p.IDs = slices.Compact(p.IDs)
	p.Living = 0
	for more := p.IDs; len(more) > 0; {
		var err error
		if more, err = ids(person.Merged(p.Entity, p.IDs)); err != nil {
			return p, err
		}
		p.IDs = append(p.IDs, more...)
	}
	if len(p.IDs) == 0 {
		return p, nil
	}
	living, err := ids(person.Living(p.Entity, p.IDs))
	if err != nil {
		return p, err
	}
	slices.Sort(living)
	slices.Sort(p.IDs)
	p.IDs = slices.Concat(living, slices.DeleteFunc(p.IDs, func(id int64) bool { return slices.Contains(living, id) }))
	p.Living = len(living)
	return p, nil
}

// all reads a result that is known to be small.
func all(ctx context.Context, w *adapters.Warehouse, q sql.Query) (out [][]any, err error) {
	err = each(ctx, w, q, func(_ []adapters.Column, row []any) error {
		out = append(out, slices.Clone(row))
		return nil
	})
	return out, err
}

// each reads a result row by row; the row is good until the next.
func each(ctx context.Context, w *adapters.Warehouse, q sql.Query, f func([]adapters.Column, []any) error) (err error) {
	rows, err := w.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns := rows.Columns()
	row := make([]any, len(columns))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := f(columns, row); err != nil {
			return err
		}
	}
}

// missing says that a query failed because a table, or a column of one, is not
// there: no run has made it yet.
func missing(err error) bool {
	known, ok := errors.AsType[*adapters.Error](err)
	return ok && known.Kind == adapters.NotFound
}
