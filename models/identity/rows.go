package identity

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Binding is one identifier type that a source carries.
type Binding struct {
	// Rank is the place of the type on the entity, 0 the strongest.
	Rank       int
	Identifier config.Identifier
	// Column is the source's column.
	Column string
}

// Raw is the column of Rows and Map that holds the value as the source has it.
// The dot keeps it apart from the source's columns and from ours, such as
// customer_id, which is also a likely name of an identifier.
func (b Binding) Raw() string { return "raw." + b.Identifier.Name }

// Value is the column of Rows and Map that holds the comparable value of an
// identifier, NULL where there is none.
func Value(identifier string) string { return "id." + identifier }

// Value is the column of the binding's comparable value.
func (b Binding) Value() string { return Value(b.Identifier.Name) }

// Bindings are the identifier types of a source, strongest first.
func Bindings(e *config.Entity, s *config.Source) []Binding {
	var out []Binding
	for rank, id := range e.Identifiers {
		if column, ok := s.Identifiers.Get(id.Name); ok {
			out = append(out, Binding{Rank: rank, Identifier: id, Column: column})
		}
	}
	return out
}

// RowsTable holds the distinct combinations of identifiers of a source.
func RowsTable(s *config.Source) sql.Table { return sql.Table{Space: sql.Work, Name: "rows_" + s.Name} }

// MapTable holds, for each combination of raw identifiers of a source, whose
// rows they are: columns Binding.Raw, Binding.Value and Column(entity).
func MapTable(s *config.Source) sql.Table { return sql.Table{Space: sql.Work, Name: "map_" + s.Name} }

// SourceTable is a source as package sql names it.
func SourceTable(s *config.Source) sql.Table {
	if s.Files != nil {
		return sql.Table{Space: sql.Source, Name: s.Name}
	}
	return sql.Table{Space: sql.Source, Name: s.Table}
}

// Column is the id column of an entity in every table of ours.
func Column(e *config.Entity) string { return e.Name + "_id" }

// IdentitiesTable is the public table of an entity's identifiers.
func IdentitiesTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_identities"}
}

// Rows compiles the one scan of a source that identity needs: its distinct
// combinations of identifiers, with when they were seen and how often. Values
// are normalised after the grouping, since a source of events repeats the same
// few combinations over and over. asOf stands in where a source has no time.
func Rows(e *config.Entity, s *config.Source, asOf time.Time) *models.Model {
	bindings := Bindings(e, s)
	var (
		grouped = &sql.Select{From: sql.TableRef{Table: SourceTable(s), As: "s"}}
		trimmed = &sql.Select{From: sql.Derived{Query: grouped, As: "g"}}
		folded  = &sql.Select{From: sql.Derived{Query: trimmed, As: "t"}}
		valued  = &sql.Select{From: sql.Derived{Query: folded, As: "f"}}
		rows    = &sql.Select{From: sql.Derived{Query: valued, As: "v"}}
	)
	for _, b := range bindings {
		raw := sql.Fn(sql.Text, sql.Col("s", b.Column))
		grouped.Items = append(grouped.Items, sql.As(raw, b.Raw()))
		grouped.GroupBy = append(grouped.GroupBy, raw)

		trimmedAs, foldedAs := "trimmed."+b.Identifier.Name, "folded."+b.Identifier.Name
		short := sql.Fn(sql.Le, sql.Fn(sql.Length, sql.Col("g", b.Raw())), sql.Int(maxLength))
		trimmed.Items = append(trimmed.Items, sql.Items("g", b.Raw())...)
		trimmed.Items = append(trimmed.Items, sql.As(sql.If(short, trim(sql.Col("g", b.Raw())), nil), trimmedAs))
		folded.Items = append(folded.Items, sql.Items("t", b.Raw(), trimmedAs)...)
		folded.Items = append(folded.Items, sql.As(fold(b.Identifier, sql.Col("t", trimmedAs)), foldedAs))
		valued.Items = append(valued.Items, sql.Items("f", b.Raw())...)
		valued.Items = append(valued.Items, sql.As(finish(b.Identifier, sql.Col("f", b.Raw()), sql.Col("f", trimmedAs), sql.Col("f", foldedAs)), b.Value()))

		kept := sql.Expr(sql.Col("v", b.Value()))
		if len(b.Identifier.Ignore) > 0 {
			kept = sql.If(ignored(b.Identifier, kept), sql.Null{Type: sql.TypeString}, kept)
		}
		rows.Items = append(rows.Items, sql.As(sql.Col("v", b.Raw()), b.Raw()), sql.As(kept, b.Value()))
	}
	first, last := sql.Expr(sql.Timestamp(asOf)), sql.Expr(sql.Timestamp(asOf))
	if s.Time != "" {
		at := sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
		first = sql.Fn(sql.Coalesce, sql.Fn(sql.Min, at), first)
		last = sql.Fn(sql.Coalesce, sql.Fn(sql.Max, at), last)
	} else {
		first, last = sql.Fn(sql.Min, first), sql.Fn(sql.Max, last)
	}
	grouped.Items = append(grouped.Items, sql.As(first, "first_seen"), sql.As(last, "last_seen"), sql.As(sql.Fn(sql.CountAll), "rows"))
	for alias, q := range map[string]*sql.Select{"g": trimmed, "t": folded, "f": valued, "v": rows} {
		q.Items = append(q.Items, sql.Items(alias, "first_seen", "last_seen", "rows")...)
	}

	none := sql.And{}
	for _, b := range bindings {
		none = append(none, sql.Fn(sql.IsNull, sql.Col("r", b.Value())))
	}
	sum := func(e sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, e), sql.Int(0)) }
	return &models.Model{
		Name:  "rows:" + s.Name,
		Nodes: []string{"source:" + s.Name},
		Span:  s.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title:      "read identifiers of " + s.Name,
			Statements: []sql.Statement{sql.CreateTableAs{Table: RowsTable(s), Query: rows}},
		}},
		Measures: []models.Measure{{Subject: "source:" + s.Name, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sum(sql.Col("r", "rows")), "rows"),
				sql.As(sum(sql.If(none, sql.Col("r", "rows"), sql.Int(0))), "without_identifier"),
			},
			From: sql.TableRef{Table: RowsTable(s), As: "r"},
		}}},
	}
}

// Map compiles whose rows a source's combinations of identifiers are: those of
// the customer that their strongest identifier belongs to.
func Map(e *config.Entity, s *config.Source) *models.Model {
	bindings := Bindings(e, s)
	kind := sql.Case{}
	value := sql.Call{Func: sql.Coalesce}
	items := []sql.Item{}
	var carried []sql.Expr
	for _, b := range bindings {
		carried = append(carried, sql.String(b.Identifier.Name))
		col := sql.Col("r", b.Value())
		kind.Whens = append(kind.Whens, sql.When{If: sql.Fn(sql.IsNotNull, col), Then: sql.String(b.Identifier.Name)})
		value.Args = append(value.Args, col)
		items = append(items, sql.Items("r", b.Raw(), b.Value())...)
	}
	items = append(items, sql.Items("i", Column(e))...)
	return &models.Model{
		Name:  "map:" + s.Name,
		Nodes: []string{"source:" + s.Name},
		Span:  s.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title: "find whose rows " + s.Name + " holds",
			Statements: []sql.Statement{sql.CreateTableAs{Table: MapTable(s), Query: &sql.Select{
				Items: items,
				From: sql.Joins(
					sql.TableRef{Table: RowsTable(s), As: "r"},
					sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: IdentitiesTable(e), As: "i"}, On: sql.And{
						sql.Fn(sql.Eq, sql.Col("i", "identifier_type"), kind),
						sql.Fn(sql.Eq, sql.Col("i", "identifier"), value),
					}},
				),
				// Implied by the join, said so that the others are not read.
				Where: sql.In{Expr: sql.Col("i", "identifier_type"), List: carried},
			}}},
		}},
	}
}

// prefix names the Work tables of an entity.
func prefix(e *config.Entity, name string) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_" + name}
}
