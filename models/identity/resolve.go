package identity

import (
	"fmt"
	"math"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// System lists the tables that must exist before Resolve's model runs.
func System(e *config.Entity, sources []*config.Source) []sql.CreateTable {
	public := func(name string, key []string, columns ...sql.ColumnDef) sql.CreateTable {
		return sql.CreateTable{Table: sql.Table{Space: sql.Public, Name: e.Name + name}, Columns: columns, Key: key}
	}
	text := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeString} }
	id := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeInt} }
	at := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeTimestamp} }
	list := []sql.CreateTable{
		public("_identities", identifierKey, text("identifier_type"), text("identifier"), id(Column(e)), at("first_seen"), at("last_seen"), text("source"),
			id("number"), id("component"), sql.ColumnDef{Name: "quarantined", Type: sql.TypeBool}),
		public("_id_history", []string{"old_id"}, id("old_id"), id("new_id"), text("kind"), text("cause"), text("run_id"), at("at")),
		public("_identity_incidents", identifierKey, text("identifier_type"), text("identifier"), text("reason"), text("evidence"), text("run_id"),
			id("number"), id(Column(e))),
		{Table: StateTable, Columns: StateColumns},
	}
	for _, s := range sources {
		list = append(list, sql.CreateTable{Table: StoredTable(s), Columns: storedColumns(e, s)})
	}
	return list
}

// identifierKey is how the rows of tables of identifiers lie.
var identifierKey = []string{"identifier_type", "identifier"}

// Column is the id column of an entity in every table of ours.
func Column(e *config.Entity) string { return e.Name + "_id" }

// IdentitiesTable is the public table of an entity's identifiers.
func IdentitiesTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_identities"}
}

// HistoryTable is the public table of an entity's changes of id.
func HistoryTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_id_history"}
}

// IncidentsTable is the public table of what was refused or looks wrong.
func IncidentsTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_identity_incidents"}
}

// Resolve compiles the model that gives every identifier of an entity its
// stable id. It reads the Rows of the entity's sources and what the last run
// left, and writes identities, id history, incidents and stored rows.
//
// The scope of a run is a set of whole components: all of them from scratch;
// otherwise those that a new or vanished combination touches, and what it may
// join to them (scope.go). Within the scope every step is the same.
//
// Work tables, all named <entity>_*: named are the identifiers of the rows that
// are new; nodes are the identifiers in scope, numbered n; tuples are the
// combinations in scope; star and links (a, x, s, t) say that a combination's
// strongest identifier a of rank s carried the weaker x of rank t, with and
// without those that are quarantined; labels are the components; cluster
// (n, t, g, c) is the final partition, t the rank, g the component and c the
// cluster.
func Resolve(in Input) *models.Model {
	r := &resolver{Input: in, e: in.Entity}
	var steps []models.Step
	if in.Last == nil {
		steps = append(steps,
			&models.Exec{Title: "number the identifiers", Statements: r.named(r.table("nodes"))},
			r.lost(),
			&models.Exec{Title: "put numbers in the place of values", Statements: r.code()},
			&models.Exec{Title: "read the decided pairs", Statements: r.pairs(r.table("nodes"))},
			&models.Exec{Title: "link what rows carry together", Statements: []sql.Statement{r.star(r.table("star"), r.tuples), r.quarantine(), r.links(), r.edges()}},
		)
	} else {
		steps = append(steps, r.unchanged())
		for _, s := range in.Sources {
			steps = append(steps, &models.Exec{Title: "compare " + s.Name + " with the last run", Statements: compare(in, s)})
		}
		steps = append(steps,
			&models.Exec{Title: "number the new identifiers", Statements: r.named(r.table("named"))},
			&models.Exec{Title: "put numbers in the place of values", Statements: append(r.takeBack(), r.code()...)},
			&models.Exec{Title: "read the decided pairs", Statements: r.pairs(r.table("named"))},
			&models.Exec{Title: "find whom the changes touch", Statements: r.scope()},
			r.lost(),
			&models.Exec{Title: "link what rows carry together", Statements: []sql.Statement{r.star(r.table("star"), r.tuples), r.links(), r.edges()}},
		)
	}
	steps = append(steps, Components(r.e.Name, r.table("edges"), r.table("labels"), Few)...)
	steps = append(steps, &models.Exec{Title: "form clusters", Statements: []sql.Statement{
		r.cluster(), sql.CreateTableAs{Table: r.table("stats"), Query: r.stats(r.table("cluster"))},
	}})
	steps = append(steps, r.enforceLimits()...)
	steps = append(steps, r.joinPairs()...)
	steps = append(steps, r.assignIDs())
	steps = append(steps, &models.Exec{Title: "write identities", Statements: r.publish()})
	steps = append(steps, r.totals()...)
	note := ""
	if in.Last == nil && in.Because != FirstRun {
		note = "built from all rows: " + in.Because
	}
	return &models.Model{
		Name:     "identity:" + r.e.Name,
		Nodes:    []string{"entity:" + r.e.Name},
		Note:     note,
		Span:     r.e.Pos.Span(),
		Steps:    steps,
		Commit:   r.commit(),
		Measures: r.measures(),
	}
}

// resolver compiles one entity.
type resolver struct {
	Input
	e *config.Entity
}

// table is a Work table of the entity.
func (r *resolver) table(name string) sql.Table { return prefix(r.e, name) }

// prefix names the Work tables of an entity.
func prefix(e *config.Entity, name string) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_" + name}
}

// rank is the place of an identifier type by its name in a column.
func (r *resolver) rank(name sql.Expr) sql.Expr {
	c := sql.Case{}
	for i, id := range r.e.Identifiers {
		c.Whens = append(c.Whens, sql.When{If: eq(name, sql.String(id.Name)), Then: sql.Int(i)})
	}
	return c
}

// maximum is the greatest value of a column, 0 where there is none.
func maximum(t sql.Table, column string) sql.Expr {
	return sql.Scalar{Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Coalesce, sql.Fn(sql.Max, sql.Col("m", column)), sql.Int(0)), "n")},
		From:  ref(t, "m"),
	}}
}

// named lists the identifiers of the new rows. One that identities knows keeps
// its number, for good; the others get the next ones in the order in which they
// were first seen. old is the id that the last build gave it.
func (r *resolver) named(out sql.Table) []sql.Statement {
	if r.Erased == nil {
		return []sql.Statement{r.numbered(out, r.carried(nil))}
	}
	return r.namedWithout(out)
}

// carried are the identifiers of the new rows with their past: t, v, first_seen,
// last_seen, source, old and number. Where some are wanted, it is those alone,
// and of the rows for which where says so.
func (r *resolver) carried(where func(s *config.Source, rank int, value sql.Expr) sql.Expr) sql.Query {
	e := r.e
	var all sql.Union
	for rank, id := range e.Identifiers {
		var carried sql.Union
		for _, s := range r.Sources {
			if _, ok := s.Identifiers.Get(id.Name); !ok {
				continue
			}
			value := sql.Col("r", Value(id.Name))
			wanted := sql.Expr(sql.Fn(sql.IsNotNull, value))
			if where != nil {
				wanted = sql.And{wanted, where(s, rank, value)}
			}
			carried = append(carried, &sql.Select{
				Items: []sql.Item{
					sql.As(value, "v"), sql.As(sql.Col("r", "first_seen"), "first_seen"), sql.As(sql.Col("r", "last_seen"), "last_seen"),
					sql.As(sql.Int(r.sourceIndex(s)), "source"),
				},
				From:  ref(rowsTable(s), "r"),
				Where: wanted,
			})
		}
		if len(carried) == 0 {
			continue
		}
		source := sql.Expr(sql.Fn(sql.Min, sql.Col("a", "source")))
		if len(carried) > 1 {
			source = sql.FnOf(sql.TypeInt, sql.ArgMin, sql.Col("a", "source"), sql.Col("a", "first_seen"))
		}
		all = append(all, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Cast{Expr: sql.Int(rank), To: sql.TypeInt}, "t"), sql.As(sql.Col("a", "v"), "v"),
				sql.As(sql.Fn(sql.Min, sql.Col("a", "first_seen")), "first_seen"),
				sql.As(sql.Fn(sql.Max, sql.Col("a", "last_seen")), "last_seen"),
				sql.As(source, "source"),
			},
			From:    sql.Derived{Query: carried, As: "a"},
			GroupBy: []sql.Expr{sql.Col("a", "v")},
		})
	}
	// Least and Greatest skip NULL: an identifier that is new has no past.
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "t"), "t"), sql.As(sql.Col("d", "v"), "v"),
			sql.As(sql.Fn(sql.Least, sql.Col("d", "first_seen"), sql.Col("o", "first_seen")), "first_seen"),
			sql.As(sql.Fn(sql.Greatest, sql.Col("d", "last_seen"), sql.Col("o", "last_seen")), "last_seen"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("o", "source"), r.sourceName(sql.Col("d", "source"))), "source"),
			sql.As(sql.Col("o", Column(e)), "old"), sql.As(sql.Col("o", "number"), "number"),
		},
		From: sql.Joins(sql.Derived{Query: all, As: "d"}, sql.Join{
			Kind: sql.LeftJoin, Right: ref(IdentitiesTable(e), "o"),
			On: sql.And{eq(sql.Col("o", "identifier_type"), typeName(e, sql.Col("d", "t"))), eq(sql.Col("o", "identifier"), sql.Col("d", "v"))},
		}),
	}
}

// numbered gives identifiers their numbers.
func (r *resolver) numbered(out sql.Table, known sql.Query) sql.Statement {
	isNew := sql.Fn(sql.IsNull, sql.Col("k", "number"))
	// Those that are known come last, and so take no number: to sort them apart
	// would cost more.
	next := sql.Fn(sql.AddFast, maximum(IdentitiesTable(r.e), "number"), sql.Window{
		Call: sql.Fn(sql.RowNumber),
		OrderBy: []sql.Order{
			sql.Asc(sql.If(isNew, sql.Col("k", "first_seen"), nil)), sql.Asc(sql.Col("k", "t")), sql.Asc(sql.Col("k", "v")),
		},
	})
	return sql.CreateTableAs{Table: out, Query: &sql.Select{
		Items: append([]sql.Item{sql.As(sql.Fn(sql.Coalesce, sql.Col("k", "number"), next), "n"), sql.As(sql.Fn(sql.Not, isNew), "known")},
			sql.Items("k", "t", "v", "first_seen", "last_seen", "source", "old")...),
		From: sql.Derived{Query: known, As: "k"},
	}}
}

func (r *resolver) sourceIndex(s *config.Source) int {
	for i := range r.Sources {
		if r.Sources[i] == s {
			return i
		}
	}
	panic("identity: a source of another entity")
}

func (r *resolver) sourceName(index sql.Expr) sql.Expr {
	c := sql.Case{}
	for i, s := range r.Sources {
		c.Whens = append(c.Whens, sql.When{If: eq(index, sql.Int(i)), Then: sql.String(s.Name)})
	}
	return c
}

// coded is the table of a source's new combinations with their numbers: from
// scratch it becomes StoredTable.
func (r *resolver) coded(s *config.Source) sql.Table {
	if r.Last == nil {
		return sql.Table{Space: sql.Beside, Name: StoredTable(s).Name}
	}
	return codedTable(s)
}

// fewEnough is how many identifiers may vanish without a word where the project
// sets no bound: a project that small is being tried out.
const fewEnough = 1000

// lost refuses to go on where more identifiers vanished from the sources than
// the entity allows. Their ids would be gone for good.
func (r *resolver) lost() *models.Assert {
	e := r.e
	count := func(t sql.Table, where sql.Expr) sql.Expr {
		return sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(t, "x"), Where: where}}
	}
	var names []sql.Expr
	for _, id := range e.Identifiers {
		names = append(names, sql.String(id.Name))
	}
	known := count(IdentitiesTable(e), nil)
	var gone sql.Expr
	if r.Last == nil {
		// Some may be of types that the entity had.
		known = count(IdentitiesTable(e), sql.In{Expr: sql.Col("x", "identifier_type"), List: names})
		gone = sql.Fn(sql.SubFast, known, count(r.table("nodes"), sql.Col("x", "known")))
	} else {
		gone = count(r.table("dead"), nil)
	}
	if r.Erased != nil { // they are not lost
		gone = sql.Fn(sql.SubFast, gone, count(r.table("erased"), sql.And{sql.Fn(sql.IsNotNull, sql.Col("x", "n")), isOwn("x")}))
	}
	bound := config.Bound{Percent: 50, IsPercent: true}
	tooMany := sql.And{sql.Fn(sql.Gt, sql.Col("c", "gone"), sql.Int(fewEnough))}
	if e.MaxLost != nil {
		bound, tooMany = *e.MaxLost, nil
	}
	if bound.IsPercent {
		// In thousandths, so that the comparison stays one of integers.
		tooMany = append(tooMany, sql.Fn(sql.Gt,
			sql.Fn(sql.IntMul, sql.Col("c", "gone"), sql.Int(1000)), sql.Fn(sql.IntMul, sql.Col("c", "known"), sql.Int(math.Round(bound.Percent*10)))))
	} else {
		tooMany = append(tooMany, sql.Fn(sql.Gt, sql.Col("c", "gone"), sql.Int(bound.Rows)))
	}
	return &models.Assert{
		Title: "look for lost identifiers",
		Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.If(tooMany, sql.Col("c", "gone"), sql.Int(0)), "n")},
			From:  sql.Derived{As: "c", Query: &sql.Select{Items: []sql.Item{sql.As(known, "known"), sql.As(gone, "gone")}}},
		},
		Message: "identifiers that the last run knew are in no source now: is a source empty or half loaded? " +
			"Nothing was changed. If they are really gone, set max_lost: 100% on the entity " + e.Name,
		Span: e.Pos.Span(),
	}
}

// cluster starts with the components: each its own cluster.
func (r *resolver) cluster() sql.Statement {
	label := sql.Fn(sql.Coalesce, sql.Col("l", "root"), sql.Col("d", "n"))
	return sql.CreateTableAs{Table: r.table("cluster"), Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "n"), "n"), sql.As(sql.Col("d", "t"), "t"), sql.As(label, "g"), sql.As(label, "c"),
		},
		From: sql.Joins(ref(r.table("nodes"), "d"),
			sql.Join{Kind: sql.LeftJoin, Right: ref(r.table("labels"), "l"), On: eq(sql.Col("l", "n"), sql.Col("d", "n"))}),
	}}
}

// stats measures clusters in one pass, for all who ask: c, its first and how
// many identifiers it has (size), and of each type that anything bounds (k and
// the rank).
func (r *resolver) stats(clusters sql.Table) *sql.Select {
	q := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("c", "c"), "c"), sql.As(sql.Fn(sql.Min, sql.Col("c", "n")), "first"), sql.As(sql.Fn(sql.CountAll), "size"),
		},
		From:    ref(clusters, "c"),
		GroupBy: []sql.Expr{sql.Col("c", "c")},
	}
	for rank, id := range r.e.Identifiers {
		if id.Limit > 0 || id.Suspect > 0 {
			q.Items = append(q.Items, sql.As(sql.Fn(sql.Count, sql.If(eq(sql.Col("c", "t"), sql.Int(rank)), sql.Int(1), nil)), countOf(rank)))
		}
	}
	return q
}

func countOf(rank int) string { return fmt.Sprintf("k%d", rank) }

func ref(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }

func eq(a, b sql.Expr) sql.Expr { return sql.Fn(sql.Eq, a, b) }
