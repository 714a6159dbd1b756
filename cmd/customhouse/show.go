package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

func (a *app) showCommand() *cobra.Command {
	limit := int64(20)
	c := &cobra.Command{
		Use:   "show <table> | segment:<name> | <entity> <identifier>=<value>",
		Short: "Show rows of a table, the members of a segment, or one profile",
		Long: `Show rows of a table of ours, the members of a segment, or one profile. Values
that are personal or sensitive are masked; --unmask shows them, and is written down
in the audit log with what --because says.`,
		Example: `  customhouse show customer_profiles --limit 5
  customhouse show segment:vip --format csv
  customhouse show customer email=ada@example.com
  customhouse show customer id=42`,
		Args: cobra.RangeArgs(1, 2),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.look(ctx, limit, func(ctx context.Context, s *shower) error {
				if len(args) == 2 {
					return s.profile(ctx, args[0], args[1])
				}
				name, named := strings.CutPrefix(args[0], "segment:")
				if named || s.isSegment(name) {
					return s.segment(ctx, name)
				}
				return s.table(ctx, name)
			})
		}),
	}
	c.Flags().Int64Var(&limit, "limit", limit, "how many rows at most")
	a.unmaskFlags(c)
	return c
}

// shower prints rows of the warehouse that a user asked for by name.
type shower struct {
	*app
	project *project
	plan    *models.Plan
	// in is to be claimed before anything is written, work tables included:
	// whoever only reads may do so while a run goes on.
	in    *entered
	wh    *adapters.Warehouse
	limit int64
	// masks says how values are shown, once it is known at what somebody looks.
	masks *mask.Masker
}

// look opens the project and its warehouse to see what the last run left.
func (a *app) look(ctx context.Context, limit int64, f func(context.Context, *shower) error) (err error) {
	if limit < 1 {
		return usageError{errors.New("--limit has to be 1 or more")}
	}
	p, plan, err := a.planned()
	if err != nil {
		return err
	}
	in, err := a.enter(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.leave()) }()
	return f(ctx, &shower{app: a, project: p, plan: plan, in: in, wh: in.wh, limit: limit})
}

// isSegment says that a bare name is a segment's and no table's.
func (s *shower) isSegment(name string) bool {
	return slices.ContainsFunc(s.project.Segments, func(g *config.Segment) bool { return g.Name == name }) &&
		!slices.ContainsFunc(s.plan.System, func(t sql.CreateTable) bool { return t.Table.Name == name })
}

// table prints the first rows of a public table.
func (s *shower) table(ctx context.Context, name string) error {
	columns, err := s.columns(ctx, sql.Table{Space: sql.Public, Name: name})
	if err != nil {
		return err
	}
	q := &sql.Select{
		Items: sql.Items("t", columns...),
		From:  sql.TableRef{Table: sql.Table{Space: sql.Public, Name: name}, As: "t"},
		Limit: s.limit,
	}
	for _, c := range columns {
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", c)))
	}
	return s.rows(ctx, q, name, audit.Of("table", name))
}

// columns names the columns of a table; a missing table is a usage error.
func (s *shower) columns(ctx context.Context, t sql.Table) ([]string, error) {
	columns, err := s.wh.Columns(ctx, t)
	var e *adapters.Error
	if errors.As(err, &e) && e.Kind == adapters.NotFound {
		return nil, s.unknownTable(t.Name)
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names, nil
}

func (s *shower) unknownTable(name string) error {
	var tables []string
	for _, t := range s.plan.System {
		tables = append(tables, t.Table.Name)
	}
	slices.Sort(tables)
	if slices.Contains(tables, name) {
		return errors.New("table " + name + " is not there yet: customhouse run builds it")
	}
	// Who forgets the entity names a person here.
	return unknown("there is no table "+mask.Text(name), name, tables, "there are")
}

// segment prints members with their profiles.
func (s *shower) segment(ctx context.Context, name string) error {
	i := slices.IndexFunc(s.project.Segments, func(x *config.Segment) bool { return x.Name == name })
	if i < 0 {
		var names []string
		for _, x := range s.project.Segments {
			names = append(names, x.Name)
		}
		return unknown("there is no segment "+name, name, names, "there are")
	}
	e := s.entity(s.project.Segments[i].Entity)
	columns, err := s.columns(ctx, profile.Table(e))
	if err != nil {
		return err
	}
	id := identity.Column(e)
	return s.rows(ctx, &sql.Select{
		Items: append(sql.Items("p", columns...), sql.Items("m", "entered_at")...),
		From: sql.Joins(sql.TableRef{Table: segment.Table, As: "m"},
			sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: profile.Table(e), As: "p"}, On: sql.Fn(sql.Eq, sql.Col("p", id), sql.Col("m", id))}),
		Where:   sql.Fn(sql.Eq, sql.Col("m", "segment"), sql.String(name)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("p", id))},
		Limit:   s.limit,
	}, profile.Table(e).Name, audit.Of("segment", name))
}

// rows prints rows that lie as those of a table do, as whoever looks at what may
// see them.
func (s *shower) rows(ctx context.Context, q sql.Query, table string, what audit.Object) (err error) {
	masks, err := s.masker(ctx, s.project, what, someone{})
	if err != nil {
		return err
	}
	rows, err := s.wh.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	_, err = console.Rows(s.stdout, masks.Rows(table, rows), s.format)
	return err
}

func (s *shower) entity(name string) *config.Entity {
	for _, e := range s.project.Entities {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// profile prints everything known of the one that an identifier belongs to.
func (s *shower) profile(ctx context.Context, entity, term string) error {
	kind, value, ok := strings.Cut(term, "=")
	if !ok {
		return usageError{errors.New("the identifier has to look like email=ada@example.com")}
	}
	id, found, err := s.person(ctx, entity, strings.TrimSpace(kind), value)
	if err != nil {
		return err
	}
	masks, err := s.masker(ctx, s.project, audit.Of("entity", entity), someone{entity, id})
	if err != nil {
		return err
	}
	found.mask(masks)
	if s.format == "json" {
		return console.JSON(s.stdout, found)
	}
	return found.print(s.stdout)
}

// person is everything known of the one that an identifier belongs to, and their
// id.
func (s *shower) person(ctx context.Context, entity, kind, value string) (id int64, found person, err error) {
	e := s.entity(entity)
	if e == nil {
		var names []string
		for _, x := range s.project.Entities {
			names = append(names, x.Name)
		}
		return 0, found, unknown("there is no entity "+entity, entity, names, "there are")
	}
	if id, err = s.find(ctx, e, kind, value); err != nil {
		return 0, found, err
	}
	found = person{Schema: "customhouse/profile/v1", Entity: entity}
	column := identity.Column(e)
	is := func(alias string) sql.Expr { return sql.Fn(sql.Eq, sql.Col(alias, column), sql.Int(id)) }
	columns, err := s.columns(ctx, profile.Table(e))
	if err != nil {
		return 0, found, err
	}
	values, err := s.wh.All(ctx, &sql.Select{Items: sql.Items("p", columns...), From: sql.TableRef{Table: profile.Table(e), As: "p"}, Where: is("p")})
	if err != nil {
		return 0, found, err
	}
	if len(values) == 1 {
		for i, c := range columns {
			found.Profile = append(found.Profile, field{c, values[0][i]})
		}
	}
	values, err = s.wh.All(ctx, &sql.Select{
		Items:   sql.Items("i", "identifier_type", "identifier"),
		From:    sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"},
		Where:   is("i"),
		OrderBy: []sql.Order{sql.Asc(sql.Col("i", "identifier_type")), sql.Asc(sql.Col("i", "identifier"))},
	})
	if err != nil {
		return 0, found, err
	}
	for _, row := range values {
		found.Identifiers = append(found.Identifiers, field{console.Cell(row[0]), row[1]})
	}
	values, err = s.wh.All(ctx, &sql.Select{
		Items:   sql.Items("m", "segment", "entered_at"),
		From:    sql.TableRef{Table: segment.Table, As: "m"},
		Where:   is("m"),
		OrderBy: []sql.Order{sql.Asc(sql.Col("m", "segment"))},
	})
	if err != nil {
		return 0, found, err
	}
	for _, row := range values {
		found.Segments = append(found.Segments, field{console.Cell(row[0]), row[1]})
	}
	return id, found, nil
}

// unbuiltError says that a table is not there yet.
type unbuiltError struct{ error }

// nobodyError says that an identifier belongs to nobody. It does not repeat it.
type nobodyError struct{ error }

// find is the id of the one that an identifier belongs to. The value is
// brought into its comparable form by the project's own rule.
func (s *shower) find(ctx context.Context, e *config.Entity, kind, value string) (int64, error) {
	column := identity.Column(e)
	q := &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Min, sql.Col("i", column)), "id"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"},
	}
	i := slices.IndexFunc(e.Identifiers, func(x config.Identifier) bool { return x.Name == kind })
	switch {
	case i >= 0:
		q.Where = sql.And{
			sql.Fn(sql.Eq, sql.Col("i", "identifier_type"), sql.String(kind)),
			sql.Fn(sql.Eq, sql.Col("i", "identifier"), identity.Normal(e.Identifiers[i], value)),
		}
	case kind == "id" || kind == column:
		q.Where = sql.Fn(sql.Eq, sql.Col("i", column), sql.Fn(sql.StringToInt, sql.String(value)))
	default:
		names := []string{"id"}
		for _, x := range e.Identifiers {
			names = append(names, x.Name)
		}
		return 0, unknown(e.Name+" has no identifier "+kind, kind, names, "it has")
	}
	rows, err := s.wh.All(ctx, q)
	var known *adapters.Error
	if errors.As(err, &known) && known.Kind == adapters.NotFound {
		return 0, s.unknownTable(identity.IdentitiesTable(e).Name)
	}
	if err != nil {
		return 0, err
	}
	id, ok := rows[0][0].(int64)
	if !ok {
		if n, _ := rows[0][1].(int64); n > 0 {
			return 0, nobodyError{fmt.Errorf("this %s is of nobody: customhouse explain %s says why", kind, e.Name)}
		}
		return 0, nobodyError{fmt.Errorf("no %s has this %s", e.Name, kind)}
	}
	return id, nil
}

// person is customhouse/profile/v1.
type person struct {
	Schema      string  `json:"schema"`
	Entity      string  `json:"entity"`
	Profile     []field `json:"profile"`
	Identifiers []field `json:"identifiers"`
	Segments    []field `json:"segments"`
}

// mask shows values as they may be seen.
func (p person) mask(m *mask.Masker) {
	for i, f := range p.Profile {
		if f.Name != p.Entity+"_id" {
			p.Profile[i].Value = m.Value(m.Trait(p.Entity, f.Name), f.Value)
		}
	}
	for i, f := range p.Identifiers {
		p.Identifiers[i].Value = m.Value(m.Identifier(p.Entity, f.Name), f.Value)
	}
}

// field is one named value.
type field struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

func (p person) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, part := range []struct {
		heading string
		fields  []field
	}{{"Profile", p.Profile}, {"Identifiers", p.Identifiers}, {"Segments (since)", p.Segments}} {
		fmt.Fprintf(t, "%s\n", part.heading)
		for _, f := range part.fields {
			fmt.Fprintf(t, "  %s\t%s\n", f.Name, cmp.Or(console.Line(f.Value), "-"))
		}
	}
	return t.Flush()
}
