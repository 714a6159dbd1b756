package profile

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Two people who turn out to be one may have said two things. Whatever each of them
// had said by then counts as said at once, so that a refusal among it counts: until
// they say something later. The consents of the last run tell who had said what, and
// the merges table remembers up to when words do not count.

// ConsentsTable is the public table of what people said last of each purpose that
// rests on consent. It has no row for whoever has said nothing.
func ConsentsTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_consents"}
}

// ConsentMergesTable remembers the refusals that merges of people kept.
func ConsentMergesTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_consent_merges"}
}

// keptTable has, for each entity with refusals that were kept, up to when its words
// do not count: a column for each purpose (expr.KeptColumn).
func keptTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_kept_refusals"}
}

// consentsSystem lists the tables of consents, none for an entity that consents to
// nothing.
func consentsSystem(in Input) []sql.CreateTable {
	if len(in.Expr.Consents) == 0 {
		return nil
	}
	id := sql.ColumnDef{Name: identity.Column(in.Entity), Type: sql.TypeInt}
	purpose := sql.ColumnDef{Name: "purpose", Type: sql.TypeString}
	at := sql.ColumnDef{Name: "at", Type: sql.TypeTimestamp}
	return []sql.CreateTable{
		{Table: ConsentsTable(in.Entity), Key: []string{"purpose", id.Name}, Columns: []sql.ColumnDef{
			id, purpose, {Name: "given", Type: sql.TypeBool}, at, {Name: "source", Type: sql.TypeString}, {Name: "provenance", Type: sql.TypeString},
		}},
		{Table: ConsentMergesTable(in.Entity), Key: []string{id.Name}, Columns: []sql.ColumnDef{id, purpose, at}},
	}
}

// keep compiles the model that finds which refusals merges keep, nil for an entity
// that consents to nothing.
func keep(in Input) *models.Model {
	if len(in.Expr.Consents) == 0 {
		return nil
	}
	e := in.Entity
	id := identity.Column(e)
	lives := sql.Fn(sql.Coalesce, sql.Col("r", "new_id"), sql.Col("c", id))
	from := func(t sql.Table) sql.From {
		return sql.Joins(sql.TableRef{Table: t, As: "c"}, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: identity.RedirectTable(e), As: "r"}, On: sql.Fn(sql.Eq, sql.Col("r", "old_id"), sql.Col("c", id)),
		})
	}
	purpose, at := sql.Col("c", "purpose"), sql.Fn(sql.Max, sql.Col("c", "at"))
	merged := &sql.Select{
		Items: []sql.Item{sql.As(lives, id), sql.As(purpose, "purpose"), sql.As(at, "at")},
		From:  from(ConsentsTable(e)), GroupBy: []sql.Expr{lives, purpose},
		// Words without a time count as said at once anyway.
		Having: sql.And{
			sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)), sql.Fn(sql.IsNotNull, at),
			sql.Fn(sql.BoolOr, sql.Fn(sql.Not, sql.Col("c", "given"))),
		},
	}
	known := &sql.Select{
		Items: []sql.Item{sql.As(lives, id), sql.As(purpose, "purpose"), sql.As(sql.Col("c", "at"), "at")}, From: from(ConsentMergesTable(e)),
	}
	all := sql.Table{Space: sql.Beside, Name: ConsentMergesTable(e).Name}
	var commit []sql.Statement
	if in.Look {
		all.Space = sql.Work
	} else {
		commit = []sql.Statement{sql.Swap{Name: all.Name}}
	}
	columns := []sql.Item{sql.As(sql.Col("k", id), id)}
	for _, x := range in.Expr.Consents {
		is := sql.Fn(sql.Eq, sql.Col("k", "purpose"), sql.String(x.Purpose))
		columns = append(columns, sql.As(sql.Fn(sql.Max, sql.If(is, sql.Col("k", "at"), nil)), x.Kept))
	}
	return &models.Model{
		Name: "kept_refusals:" + e.Name, Span: e.Pos.Span(),
		Earlier: []sql.Table{ConsentsTable(e)},
		Steps: []models.Step{&models.Exec{Title: "keep the refusals of those who became one", Statements: []sql.Statement{
			sql.CreateTableAs{Table: all, Key: []string{id}, Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Col("u", id), id), sql.As(sql.Col("u", "purpose"), "purpose"), sql.As(sql.Fn(sql.Max, sql.Col("u", "at")), "at")},
				From:  sql.Derived{Query: sql.Union{merged, known}, As: "u"}, GroupBy: []sql.Expr{sql.Col("u", id), sql.Col("u", "purpose")},
			}},
			sql.CreateTableAs{Table: keptTable(e), Query: &sql.Select{
				Items: columns, From: sql.TableRef{Table: all, As: "k"}, GroupBy: []sql.Expr{sql.Col("k", id)},
			}},
		}}},
		Commit: commit,
	}
}

// kept are the columns of refusals that were kept.
func (in Input) kept() []string {
	out := make([]string, len(in.Expr.Consents))
	for i, x := range in.Expr.Consents {
		out[i] = x.Kept
	}
	return out
}

// consents is the step that writes down what people said, and its commit; nothing
// for an entity that consents to nothing.
func consents(in Input) ([]models.Step, []sql.Statement) {
	e := in.Entity
	id := identity.Column(e)
	var all sql.Union
	for _, x := range in.Expr.Consents {
		untimed := sql.Fn(sql.Eq, x.At, expr.Untimed)
		all = append(all, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col(expr.Row, id), id), sql.As(sql.String(x.Purpose), "purpose"), sql.As(x.Given, "given"),
				sql.As(sql.If(untimed, sql.Null{Type: sql.TypeTimestamp}, x.At), "at"),
				sql.As(x.Source, "source"), sql.As(x.Provenance, "provenance"),
			},
			From: sql.TableRef{Table: WideTable(e), As: expr.Row}, Where: sql.Fn(sql.IsNotNull, x.At),
		})
	}
	if len(all) == 0 || in.Look {
		return nil, nil
	}
	table := ConsentsTable(e)
	return []models.Step{&models.Exec{Title: "write what people consent to", Statements: []sql.Statement{
		sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: table.Name}, Query: all, Key: []string{"purpose", id}},
	}}}, []sql.Statement{sql.Swap{Name: table.Name}}
}
