// Package relation compiles who belongs to whom: the pairs of entities of two
// kinds that a relation of the project knows of, such as customers and the
// accounts that they work for, and which pair of several is the primary one.
//
// A pair is known because rows of a source about the one name identifiers of
// the other, or because an identifier of the one, such as an e-mail address, is
// an identifier of the other, such as a domain. Each way is one scan.
//
// It never runs SQL and never looks at data. Start with Build.
package relation

import (
	"strconv"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Input is what the pairs of one relation depend on.
type Input struct {
	Relation *config.Relation
	From, To *config.Entity
	// Sources are those about From, in the project's order.
	Sources []*config.Source
}

// The columns of Table beside the ids of the two entities.
const (
	// IsPrimary is true for one pair of each entity that the relation starts at.
	IsPrimary = config.IsPrimary
	// FirstSeen and LastSeen are NULL where no row that says so has a time.
	FirstSeen = "first_seen"
	LastSeen  = "last_seen"
	// Rows counts the rows that say so, of all ways together.
	Rows = "rows"
	// Source names the first way that says so.
	Source = "source"
)

// The columns of the ids while pairs are being made.
const (
	fromID = "from_id"
	toID   = "to_id"
	via    = "via" // the place of the way in the relation
)

// Table is the public table of a relation.
func Table(r *config.Relation) sql.Table {
	return sql.Table{Space: sql.Public, Name: r.TableName()}
}

// System is the table that must exist before Build's model runs.
func System(in Input) sql.CreateTable {
	return sql.CreateTable{Table: Table(in.Relation), Key: in.key(), Columns: []sql.ColumnDef{
		{Name: identity.Column(in.From), Type: sql.TypeInt},
		{Name: identity.Column(in.To), Type: sql.TypeInt},
		{Name: IsPrimary, Type: sql.TypeBool},
		{Name: FirstSeen, Type: sql.TypeTimestamp},
		{Name: LastSeen, Type: sql.TypeTimestamp},
		{Name: Rows, Type: sql.TypeInt},
		{Name: Source, Type: sql.TypeString},
	}}
}

// key is how the pairs lie.
func (in Input) key() []string { return []string{identity.Column(in.From)} }

// ModelName is the name of the model that Build compiles.
func ModelName(r *config.Relation) string { return "relation:" + r.Name }

// Primary are the primary pairs of a relation.
func Primary(r *config.Relation, columns ...string) *sql.Select {
	return &sql.Select{Items: sql.Items("r", columns...), From: ref(Table(r), "r"), Where: sql.Col("r", IsPrimary)}
}

// Build compiles the model that writes the pairs.
func Build(in Input) *models.Model {
	r := in.Relation
	var statements []sql.Statement
	var said sql.Union
	for i := range r.Via {
		pairs := sql.Table{Space: sql.Work, Name: "relation_" + r.Name + "_" + strconv.Itoa(i)}
		statements = append(statements, sql.CreateTableAs{Table: pairs, Query: in.pairs(&r.Via[i])})
		said = append(said, &sql.Select{
			Items: append(sql.Items("p", fromID, toID, FirstSeen, LastSeen, Rows), sql.As(sql.Int(i), via)),
			From:  ref(pairs, "p"),
		})
	}
	return &models.Model{
		Name:  ModelName(r),
		Nodes: []string{"relation:" + r.Name},
		Span:  r.Pos.Span(),
		Steps: []models.Step{
			&models.Exec{Title: "read who belongs to whom by " + r.Name, Statements: statements},
			&models.Exec{Title: "choose the primary " + r.Name, Statements: []sql.Statement{
				sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: r.TableName()}, Query: in.ranked(said), Key: in.key()},
			}},
		},
		Commit: []sql.Statement{sql.Swap{Name: r.TableName()}},
		Measures: []models.Measure{{Subject: ModelName(r), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Fn(sql.CountAll), "pairs"),
				sql.As(sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, sql.If(sql.Col("r", IsPrimary), sql.Int(1), sql.Int(0))), sql.Int(0)), "primary"),
			},
			From: ref(Table(r), "r"),
		}}},
	}
}

// pairs are those that one way says: fromID, toID, FirstSeen, LastSeen, Rows.
func (in Input) pairs(v *config.Via) *sql.Select {
	keep := []string{fromID, FirstSeen, LastSeen, Rows}
	var texts []identity.Text
	text := func(id config.Identifier) identity.Text {
		return identity.Text{Identifier: id, Column: "to." + id.Name, As: identity.Value(id.Name)}
	}
	var said sql.Query
	if v.Source == "" {
		for _, id := range in.To.Identifiers {
			if id.Name == v.As {
				texts = append(texts, text(id))
			}
		}
		said = in.identifiers(v.Identifier, texts[0].Column)
	} else {
		for _, id := range in.To.Identifiers {
			if _, ok := v.Identifiers.Get(id.Name); ok {
				texts = append(texts, text(id))
			}
		}
		said = in.rows(v, texts)
	}

	// The strongest identifier that somebody has says who it is; those that are
	// quarantined or expired are nobody's.
	from := sql.From(sql.Derived{Query: identity.Normalised(said, keep, texts), As: "v"})
	var ids []sql.Expr
	for i, t := range texts {
		alias := "i" + strconv.Itoa(i)
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, Right: ref(identity.IdentitiesTable(in.To), alias),
			On: sql.And{
				eq(sql.Col(alias, "identifier"), sql.Col("v", t.As)),
				eq(sql.Col(alias, "identifier_type"), sql.String(t.Identifier.Name)),
			},
		}
		ids = append(ids, sql.Col(alias, identity.Column(in.To)))
	}
	strongest := ids[0]
	if len(ids) > 1 { // not every warehouse takes a single argument
		strongest = sql.Fn(sql.Coalesce, ids...)
	}
	matched := &sql.Select{Items: append(sql.Items("v", keep...), sql.As(strongest, toID)), From: from}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("w", fromID), fromID), sql.As(sql.Col("w", toID), toID),
			sql.As(sql.Fn(sql.Min, sql.Col("w", FirstSeen)), FirstSeen),
			sql.As(sql.Fn(sql.Max, sql.Col("w", LastSeen)), LastSeen),
			sql.As(sql.Fn(sql.Sum, sql.Col("w", Rows)), Rows),
		},
		From:    sql.Derived{Query: matched, As: "w"},
		Where:   sql.Fn(sql.IsNotNull, sql.Col("w", toID)),
		GroupBy: []sql.Expr{sql.Col("w", fromID), sql.Col("w", toID)},
	}
}

// rows reads a source: whose rows they are, and the texts that say to whom
// these belong. Rows are grouped before anything else, since a source repeats
// the same few combinations over and over.
func (in Input) rows(v *config.Via, texts []identity.Text) sql.Query {
	s := in.source(v.Source)
	grouped := &sql.Select{Items: identity.RowKey(in.From, s, "s"), From: ref(identity.SourceTable(s), "s")}
	out := &sql.Select{Items: []sql.Item{sql.As(sql.Col("m", identity.Column(in.From)), fromID)}}
	some := sql.Or{}
	for _, t := range texts {
		name, _ := v.Identifiers.Get(t.Identifier.Name)
		grouped.Items = append(grouped.Items, sql.As(sql.Fn(sql.Text, sql.Col("s", name)), t.Column))
		some = append(some, sql.Fn(sql.IsNotNull, sql.Col("s", name)))
		out.Items = append(out.Items, sql.Items("g", t.Column)...)
	}
	grouped.Where = some
	for _, it := range grouped.Items {
		grouped.GroupBy = append(grouped.GroupBy, it.Expr)
	}
	earliest, latest := sql.Expr(sql.Null{Type: sql.TypeTimestamp}), sql.Expr(sql.Null{Type: sql.TypeTimestamp})
	if s.Time != "" {
		at := sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
		earliest, latest = sql.Fn(sql.Min, at), sql.Fn(sql.Max, at)
	}
	grouped.Items = append(grouped.Items, sql.As(earliest, FirstSeen), sql.As(latest, LastSeen), sql.As(sql.Fn(sql.CountAll), Rows))
	out.Items = append(out.Items, sql.Items("g", FirstSeen, LastSeen, Rows)...)
	out.From = sql.Joins(sql.Derived{Query: grouped, As: "g"},
		sql.Join{Kind: sql.InnerJoin, Right: ref(identity.MapTable(s), "m"), On: identity.SameRow("g", "m")})
	return out
}

// identifiers are the values of one identifier type, each with whose it is and
// how many rows carried it.
func (in Input) identifiers(kind, as string) sql.Query {
	var carried sql.Union
	for _, s := range in.Sources {
		for _, b := range identity.Bindings(in.From, s) {
			if b.Identifier.Name == kind {
				carried = append(carried, &sql.Select{
					Items: []sql.Item{sql.As(sql.Col("r", b.Number()), "number"), sql.As(sql.Col("r", "rows"), Rows)},
					From:  ref(identity.StoredTable(s), "r"),
				})
			}
		}
	}
	from := sql.From(ref(identity.IdentitiesTable(in.From), "i"))
	count := sql.Expr(sql.Cast{Expr: sql.Int(0), To: sql.TypeInt})
	if len(carried) > 0 {
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, On: eq(sql.Col("n", "number"), sql.Col("i", "number")),
			Right: sql.Derived{As: "n", Query: &sql.Select{
				Items:   []sql.Item{sql.As(sql.Col("c", "number"), "number"), sql.As(sql.Fn(sql.Sum, sql.Col("c", Rows)), Rows)},
				From:    sql.Derived{Query: carried, As: "c"},
				GroupBy: []sql.Expr{sql.Col("c", "number")},
			}},
		}
		count = sql.Fn(sql.Coalesce, sql.Col("n", Rows), count)
	}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("i", identity.Column(in.From)), fromID), sql.As(sql.Col("i", "identifier"), as),
			sql.As(sql.Col("i", "first_seen"), FirstSeen), sql.As(sql.Col("i", "last_seen"), LastSeen), sql.As(count, Rows),
		},
		From: from,
		Where: sql.And{
			eq(sql.Col("i", "identifier_type"), sql.String(kind)),
			sql.Fn(sql.IsNotNull, sql.Col("i", identity.Column(in.From))),
		},
	}
}

// ranked puts what all ways say of a pair together, and marks the primary ones.
// What the relation asks for decides; among equals the order of the ways, then
// the time, the rows, and last the smaller id.
func (in Input) ranked(said sql.Union) *sql.Select {
	pairs := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("a", fromID), fromID), sql.As(sql.Col("a", toID), toID),
			sql.As(sql.Fn(sql.Min, sql.Col("a", FirstSeen)), FirstSeen),
			sql.As(sql.Fn(sql.Max, sql.Col("a", LastSeen)), LastSeen),
			sql.As(sql.Fn(sql.Sum, sql.Col("a", Rows)), Rows),
			sql.As(sql.Fn(sql.Min, sql.Col("a", via)), via),
		},
		From:    sql.Derived{Query: said, As: "a"},
		GroupBy: []sql.Expr{sql.Col("a", fromID), sql.Col("a", toID)},
	}
	// A row without a time counts as the oldest.
	latest := sql.Order{Expr: sql.Col("p", LastSeen), Desc: true}
	earliest := sql.Order{Expr: sql.Col("p", FirstSeen), NullsFirst: true}
	most := sql.Order{Expr: sql.Col("p", Rows), Desc: true}
	first := sql.Asc(sql.Col("p", via))
	order := []sql.Order{latest, first, most}
	switch in.Relation.Primary {
	case "earliest":
		order = []sql.Order{earliest, first, most}
	case "most_rows":
		order = []sql.Order{most, first, latest}
	}
	rank := sql.Window{
		Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("p", fromID)}, OrderBy: append(order, sql.Asc(sql.Col("p", toID))),
	}
	name := sql.Case{}
	for i, v := range in.Relation.Via {
		text := v.Source
		if text == "" {
			text = v.Identifier + " as " + v.As
		}
		name.Whens = append(name.Whens, sql.When{If: eq(sql.Col("p", via), sql.Int(i)), Then: sql.String(text)})
	}
	return &sql.Select{
		Items: append([]sql.Item{
			sql.As(sql.Col("p", fromID), identity.Column(in.From)), sql.As(sql.Col("p", toID), identity.Column(in.To)),
			sql.As(eq(rank, sql.Int(1)), IsPrimary),
		}, append(sql.Items("p", FirstSeen, LastSeen, Rows), sql.As(name, Source))...),
		From: sql.Derived{Query: pairs, As: "p"},
	}
}

func (in Input) source(name string) *config.Source {
	for _, s := range in.Sources {
		if s.Name == name {
			return s
		}
	}
	panic("relation: a source of another entity")
}

func ref(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }

func eq(a, b sql.Expr) sql.Expr { return sql.Fn(sql.Eq, a, b) }
