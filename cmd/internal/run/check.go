package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// check compares the plan with the catalog and reports everything that is
// missing or of a wrong type, at the line of the project that names it.
func (r *runner) check(ctx context.Context) error {
	var list diag.List
	for _, c := range r.Plan.Checks {
		found, err := r.checkSource(ctx, c)
		if err != nil {
			return fmt.Errorf("looking at source %s: %w", c.Source.Name, err)
		}
		list = append(list, found...)
	}
	found, err := r.checkHistory(ctx)
	if err != nil {
		return err
	}
	list = append(list, found...).Sort()
	for _, d := range list {
		r.emit(CheckFailed{Diagnostic: d})
	}
	return list.Err()
}

func (r *runner) checkSource(ctx context.Context, c models.Check) (diag.List, error) {
	if files, ok := r.Files[c.Source.Name]; ok {
		if found, err := unreadable(c, r.wh.ReadFiles(ctx, c.Source.Name, files)); found != nil || err != nil {
			return found, err
		}
	}
	columns, err := r.wh.Columns(ctx, c.Table)
	var e *adapters.Error
	if errors.As(err, &e) && e.Kind == adapters.NotFound {
		return diag.List{r.missingTable(ctx, c)}, nil
	}
	if err != nil {
		return nil, err
	}
	return catalog.Check(r.Plan.Nodes, c, columns), nil
}

// unreadable is the finding of files that cannot be read.
func unreadable(c models.Check, err error) (diag.List, error) {
	e, ok := errors.AsType[*adapters.Error](err)
	if !ok || e.Kind == adapters.Canceled {
		return nil, err
	}
	code := "unreadable-files"
	if e.Kind == adapters.NotFound {
		code = "missing-files"
	}
	d := diag.Errorf(c.Span, code, "source %s: %s", c.Source.Name, e.Message)
	if e.Help != "" {
		d = d.WithHelp("%s", e.Help)
	}
	return diag.List{d}, nil
}

// checkHistory finds the traits whose history holds values of another type
// than they have now: those could not be told apart from the new ones.
func (r *runner) checkHistory(ctx context.Context) (diag.List, error) {
	var list diag.List
	for _, e := range r.Plan.Project.Entities {
		table := profile.HistoryTable(e)
		i := slices.IndexFunc(r.Plan.System, func(t sql.CreateTable) bool { return t.Table == table })
		if i < 0 || !r.builds(table) {
			continue
		}
		have, err := r.wh.Columns(ctx, table)
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
			continue // the first run
		}
		if err != nil {
			return nil, fmt.Errorf("looking at table %s: %w", table.Name, err)
		}
		for _, want := range r.Plan.System[i].Columns {
			for _, t := range r.Plan.Project.Traits {
				if t.Entity == e.Name && t.Name == want.Name {
					list = append(list, r.checkVersions(table, t, want, have)...)
				}
			}
		}
	}
	return list, nil
}

// checkVersions compares the type of one trait.
func (r *runner) checkVersions(table sql.Table, t *config.Trait, want sql.ColumnDef, have []adapters.Column) diag.List {
	i := slices.IndexFunc(have, func(c adapters.Column) bool { return strings.EqualFold(c.Name, want.Name) })
	if i < 0 || have[i].Untyped || have[i].Type == want.Type {
		return nil
	}
	parts := r.wh.Names(table)
	name := strings.Join(parts[max(0, len(parts)-2):], ".")
	return diag.List{diag.Errorf(t.Pos.At("name"), "history-type",
		"trait %s is %s now, and its history in %s is %s", t.Name, catalog.TypeName(want.Type), table.Name, have[i].Native).
		WithHelp("give the trait another name; or, to forget the versions of %s there, drop that column from %s", t.Name, name)}
}

// builds says whether a model of the plan writes a table.
func (r *runner) builds(t sql.Table) bool {
	return slices.ContainsFunc(r.Plan.Models, func(m *models.Model) bool {
		_, writes := models.ModelUse(m).Writes[t]
		return writes
	})
}

// checkIdentities warns where a part of the project is built from identities
// that no run has built yet: it would look like success with nobody in it.
func (r *runner) checkIdentities(ctx context.Context) error {
	for _, e := range r.Plan.Project.Entities {
		table := identity.IdentitiesTable(e)
		if r.builds(table) || !r.reads(table) && !r.reads(profile.Table(e)) {
			continue
		}
		n, err := r.wh.Int(ctx, &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
			From:  sql.TableRef{Table: table, As: "i"},
		})
		if err != nil {
			return fmt.Errorf("counting identities: %w", err)
		}
		if n == 0 {
			r.warn(fmt.Sprintf("there are no identities of %s yet, and what is selected does not build them: everything will be empty; "+
				"run without --select first, or put a + in front of what you select, such as --select +segment:vip", e.Name))
		}
	}
	return nil
}

// reads says whether a model or an audience of the plan reads a table.
func (r *runner) reads(t sql.Table) bool {
	return slices.ContainsFunc(r.Plan.Models, func(m *models.Model) bool { return models.ModelUse(m).Reads[t] }) ||
		slices.ContainsFunc(r.Plan.Audiences, func(a *models.Audience) bool { return models.AudienceUse(a).Reads[t] })
}

// missingTable says which tables there are with a name like the one wanted.
func (r *runner) missingTable(ctx context.Context, c models.Check) diag.Diagnostic {
	d := diag.Errorf(c.Span, "missing-table", "the warehouse has no table %s", c.Table.Name)
	tables, bare, err := r.tables(ctx)
	if err != nil {
		// The list is only for advice; the finding stands without it.
		return d.WithHelp("check the name and the target")
	}
	if near := diag.Nearest(c.Table.Name, append(slices.Clip(tables), bare...)); near != "" {
		return d.WithHelp("did you mean %s?", near)
	}
	if len(tables) == 0 {
		return d.WithHelp("this warehouse has no tables yet: load the data first, or read it from files: (see files: of a source)")
	}
	const shown = 10
	more := ""
	if len(tables) > shown {
		more = fmt.Sprintf(" and %d more", len(tables)-shown)
		tables = tables[:shown]
	}
	return d.WithHelp("tables of this warehouse: %s%s", strings.Join(tables, ", "), more)
}

// tables lists the user's tables, with and without their schema.
func (r *runner) tables(ctx context.Context) (qualified, bare []string, err error) {
	catalog := sql.Table{Space: sql.Source, Name: "information_schema.tables"}
	schema, name := sql.Col("t", "table_schema"), sql.Col("t", "table_name")
	rows, err := r.wh.Query(ctx, &sql.Select{
		Items:   []sql.Item{sql.As(sql.Col("t", "table_catalog"), "catalog"), sql.As(schema, "schema"), sql.As(name, "name")},
		From:    sql.TableRef{Table: catalog, As: "t"},
		Where:   sql.Fn(sql.Not, sql.In{Expr: schema, List: []sql.Expr{sql.String("information_schema"), sql.String("pg_catalog")}}),
		OrderBy: []sql.Order{sql.Asc(schema), sql.Asc(name)},
	})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]any, 3)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return qualified, bare, nil
		} else if err != nil {
			return nil, nil, err
		}
		catalog, _ := row[0].(string)
		schema, _ := row[1].(string)
		name, _ := row[2].(string)
		if !r.ours(catalog, schema) {
			qualified, bare = append(qualified, schema+"."+name), append(bare, name)
		}
	}
}

// ours says that a schema is one that Customhouse keeps its tables in.
func (r *runner) ours(catalog, schema string) bool {
	spaces := []sql.Table{{Space: sql.Public, Name: "x"}, {Space: sql.Work, Name: "x"}}
	for source := range r.Files {
		spaces = append(spaces, sql.Table{Space: sql.Source, Name: source})
	}
	for _, t := range spaces {
		parts := r.wh.Names(t)
		parts = parts[:len(parts)-1]
		switch len(parts) {
		case 0:
		case 1:
			if parts[0] == schema {
				return true
			}
		default:
			if parts[len(parts)-1] == schema && parts[len(parts)-2] == catalog {
				return true
			}
		}
	}
	return false
}
