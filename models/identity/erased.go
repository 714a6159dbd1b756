package identity

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Erased is what a run must know of the list of those who were erased before it is
// compiled; the list itself is read by statements, which know its identifiers by
// their digests.
//
// A combination is nobody's where it carries an identifier that is the erased
// one's own, or none that is not on the list. It is as if the source did not have
// it: it is not stored, links nothing, makes no identifier, and the map has no
// owner for its rows. So nothing after identity need know of the list.
//
// An identifier that others were seen with too goes on without them: one that was
// quarantined stays so for good, and one that was refused joins nobody for good.
// For what was known of them rested on the rows of the erased, too: with those
// gone, an address of three people would join the other two.
type Erased struct {
	// Pending says that some of the list no run has taken into account.
	Pending bool
	// Kept are the tables of what is kept by combination from run to run, by the
	// name of the source.
	Kept map[string]sql.Table
}

// ReasonErased is the reason of incidents that follow from an erasure.
const ReasonErased = "erased"

// evidenceErased is what is said of an identifier that goes on.
const evidenceErased = "it was seen with somebody who was erased, and with others"

// SuppressedTable is the public table of what the last run knew of the list.
func SuppressedTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_suppressed"}
}

// suppressedColumns are those of SuppressedTable, in order.
var suppressedColumns = []sql.ColumnDef{
	{Name: "identifier_type", Type: sql.TypeString},
	{Name: "digest", Type: sql.TypeString},
	{Name: "kind", Type: sql.TypeString},
	{Name: "number", Type: sql.TypeInt},
}

// SystemErased lists the tables that must exist beside System where Input.Erased
// is not nil.
func SystemErased(e *config.Entity) []sql.CreateTable {
	return []sql.CreateTable{{Table: SuppressedTable(e), Columns: suppressedColumns}}
}

// Pending counts what of the list no run has taken into account. SuppressedTable
// must be there.
func Pending(e *config.Entity) sql.Query {
	known := sql.And{}
	for _, c := range []string{"identifier_type", "digest", "kind"} {
		known = append(known, eq(sql.Col("k", c), sql.Col("l", c)))
	}
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.Derived{Query: listed(e), As: "l"},
		Where: sql.Exists{Not: true, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(SuppressedTable(e), "k"), Where: known,
		}},
	}
}

// listed is the list of an entity, a row for each identifier. Where several who
// were erased had it, the least kind counts: own, before quarantined, before
// shared.
func listed(e *config.Entity) *sql.Select {
	names := make([]sql.Expr, len(e.Identifiers))
	for i, id := range e.Identifiers {
		names[i] = sql.String(id.Name)
	}
	key := []sql.Expr{sql.Col("s", "identifier_type"), sql.Col("s", "digest")}
	return &sql.Select{
		Items: append(sql.Items("s", "identifier_type", "digest"), sql.As(sql.Fn(sql.Min, sql.Col("s", "kind")), "kind")),
		From:  ref(privacy.Suppressions, "s"),
		Where: sql.And{
			eq(sql.Col("s", "entity"), sql.String(e.Name)),
			sql.In{Expr: sql.Col("s", "identifier_type"), List: names},
			sql.Fn(sql.Ne, sql.Col("s", "kind"), sql.String(privacy.Check)),
		},
		GroupBy: key,
	}
}

// pending says that what is stored has identifiers that are on the list.
func (r *resolver) pending() bool { return r.Erased != nil && r.Erased.Pending }

func isKind(alias, kind string) sql.Expr { return eq(sql.Col(alias, "kind"), sql.String(kind)) }
func isOwn(alias string) sql.Expr        { return isKind(alias, privacy.Own) }

func nobodyTable(s *config.Source) sql.Table { return sourceWork("nobody", s) }
func takenTable(s *config.Source) sql.Table  { return sourceWork("taken", s) }

// namedWithout is named where somebody was erased.
//
// Digests are made of as few values as can be: of those that identities does not
// know, since it never has one of the erased, and of those whose numbers the list
// or the last run names. So erased (t, v, n, kind, digest) are the identifiers on
// the list that the new rows or identities have, n where identities has it; nobody
// are the combinations without an owner; and what stood on any of those, redone,
// is gathered again from the others.
func (r *resolver) namedWithout(out sql.Table) []sql.Statement {
	e := r.e
	var (
		list     = r.table("listed")
		hints    = r.table("hints")
		values   = r.table("values")
		doubtful = r.table("doubtful")
		erased   = r.table("erased")
		redone   = r.table("redone")
	)
	onList := func(alias string) sql.Join {
		return sql.Join{Kind: sql.InnerJoin, Right: ref(list, "l"), On: sql.And{
			eq(sql.Col("l", "t"), sql.Col(alias, "t")), eq(sql.Col("l", "digest"), sql.Col(alias, "digest")),
		}}
	}
	read := listed(e)
	hinted := func(t sql.Table, where sql.Expr) *sql.Select {
		return &sql.Select{Items: sql.Items("h", "number"), From: ref(t, "h"), Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("h", "number")), where}}
	}
	typ := typeName(e, sql.Col("v", "t"))
	unknown := &sql.Select{
		Items: append(sql.Items("v", "t", "v"), sql.As(privacy.Digest(typ, sql.Col("v", "v")), "digest")),
		From:  sql.Joins(ref(doubtful, "v"), privacy.WithKey()),
	}
	named := &sql.Select{
		Items: []sql.Item{
			sql.As(r.rank(sql.Col("i", "identifier_type")), "t"), sql.As(sql.Col("i", "identifier"), "v"), sql.As(sql.Col("i", "number"), "n"),
			sql.As(privacy.Digest(sql.Col("i", "identifier_type"), sql.Col("i", "identifier")), "digest"),
		},
		From:  sql.Joins(ref(IdentitiesTable(e), "i"), privacy.WithKey()),
		Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "number")}, Query: &sql.Select{Items: sql.Items("h", "number"), From: ref(hints, "h")}},
	}
	statements := []sql.Statement{
		sql.CreateTableAs{Table: list, Query: &sql.Select{
			Items: append([]sql.Item{sql.As(r.rank(sql.Col("s", "identifier_type")), "t")}, sql.Items("s", "digest", "kind")...),
			From:  sql.Derived{Query: read, As: "s"},
		}},
		sql.CreateTableAs{Table: hints, Query: &sql.Select{
			Distinct: true, Items: sql.Items("q", "number"),
			From: sql.Derived{As: "q", Query: sql.Union{
				hinted(privacy.Suppressions, eq(sql.Col("h", "entity"), sql.String(e.Name))), hinted(SuppressedTable(e), sql.Bool(true)),
			}},
		}},
		sql.CreateTableAs{Table: values, Query: r.carried(nil)},
		sql.CreateTableAs{Table: doubtful, Query: &sql.Select{
			Items: sql.Items("v", "t", "v"), From: sql.Joins(ref(values, "v"), privacy.WithKey()),
			Where: sql.And{sql.Fn(sql.IsNull, sql.Col("v", "number")), sql.InQuery{
				Exprs: []sql.Expr{privacy.Sieve(typ, sql.Col("v", "v"))},
				Query: &sql.Select{Items: []sql.Item{sql.As(privacy.SieveOf(sql.Col("l", "digest")), "sieve")}, From: ref(list, "l")},
			}},
		}},
		sql.CreateTableAs{Table: erased, Query: sql.Union{
			&sql.Select{
				Items: append(sql.Items("u", "t", "v"), sql.As(sql.Null{Type: sql.TypeInt}, "n"), sql.As(sql.Col("l", "kind"), "kind"), sql.As(sql.Col("l", "digest"), "digest")),
				From:  sql.Joins(sql.Derived{Query: unknown, As: "u"}, onList("u")),
			},
			&sql.Select{
				Items: append(sql.Items("u", "t", "v", "n"), sql.As(sql.Col("l", "kind"), "kind"), sql.As(sql.Col("l", "digest"), "digest")),
				From:  sql.Joins(sql.Derived{Query: named, As: "u"}, onList("u")),
			},
		}},
	}
	var stood sql.Union
	for _, s := range r.Sources {
		bindings := Bindings(e, s)
		items := sql.Items("r", "hash.1", "hash.2")
		for _, b := range bindings {
			items = append(items, sql.Items("r", b.Value())...)
			value := sql.Col("z", b.Value())
			stood = append(stood, &sql.Select{
				Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(b.Rank), To: sql.TypeInt}, "t"), sql.As(value, "v")},
				From:  ref(nobodyTable(s), "z"), Where: sql.Fn(sql.IsNotNull, value),
			})
		}
		statements = append(statements, sql.CreateTableAs{Table: nobodyTable(s), Query: r.nobodys(
			items, rowsTable(s), bindings,
			func(b Binding) sql.Expr { return sql.Col("r", b.Value()) }, func(alias string) sql.Expr { return sql.Col(alias, "v") },
		)})
	}
	pair := func(alias string, not bool) sql.Expr {
		return sql.InQuery{
			Exprs: []sql.Expr{sql.Col(alias, "t"), sql.Col(alias, "v")}, Not: not,
			Query: &sql.Select{Items: sql.Items("z", "t", "v"), From: ref(redone, "z")},
		}
	}
	again := r.carried(func(s *config.Source, rank int, value sql.Expr) sql.Expr {
		return sql.And{
			sql.InQuery{Exprs: []sql.Expr{value}, Query: &sql.Select{
				Items: sql.Items("z", "v"), From: ref(redone, "z"), Where: eq(sql.Col("z", "t"), sql.Int(rank)),
			}},
			r.isNobodys(s, true),
		}
	})
	columns := []string{"t", "v", "first_seen", "last_seen", "source", "old", "number"}
	statements = append(statements,
		sql.CreateTableAs{Table: redone, Query: &sql.Select{Distinct: true, Items: sql.Items("q", "t", "v"), From: sql.Derived{Query: stood, As: "q"}}},
		r.numbered(out, sql.Union{
			&sql.Select{Items: sql.Items("v", columns...), From: ref(values, "v"), Where: pair("v", true)},
			&sql.Select{Items: sql.Items("g", columns...), From: sql.Derived{Query: again, As: "g"}},
		}),
		// marked are those that go on: n, t, kind and digest.
		sql.CreateTableAs{Table: r.table("marked"), Query: sql.Union{
			&sql.Select{
				Items: sql.Items("z", "n", "t", "kind", "digest"), From: ref(erased, "z"),
				Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("z", "n")), sql.Fn(sql.Not, isOwn("z"))},
			},
			&sql.Select{
				Items: append(sql.Items("d", "n"), sql.Items("z", "t", "kind", "digest")...),
				From: sql.Joins(ref(erased, "z"), sql.Join{Kind: sql.InnerJoin, Right: ref(out, "d"), On: sql.And{
					eq(sql.Col("d", "t"), sql.Col("z", "t")), eq(sql.Col("d", "v"), sql.Col("z", "v")),
				}}),
				Where: sql.And{sql.Fn(sql.IsNull, sql.Col("z", "n")), sql.Fn(sql.Not, isOwn("z"))},
			},
		}},
	)
	if r.pending() {
		// bygone are the ids of the erased, which nothing that goes on may have. Where
		// somebody has removed them from identities already, history has them.
		statements = append(statements, sql.CreateTableAs{Table: r.table("bygone"), Query: sql.Union{
			&sql.Select{
				Distinct: true, Items: []sql.Item{sql.As(sql.Col("i", Column(e)), "id")},
				From: sql.Joins(ref(IdentitiesTable(e), "i"),
					sql.Join{Kind: sql.InnerJoin, Right: ref(erased, "z"), On: eq(sql.Col("z", "n"), sql.Col("i", "number"))}),
				Where: sql.And{isOwn("z"), sql.Fn(sql.IsNotNull, sql.Col("i", Column(e)))},
			},
			r.goneBefore(),
		}})
	}
	return statements
}

// nobodys selects the combinations r of a table without an owner. of is what a
// combination has of a type, and same the column of erased that it is compared
// with.
func (r *resolver) nobodys(items []sql.Item, t sql.Table, bindings []Binding, of func(Binding) sql.Expr, same func(alias string) sql.Expr) *sql.Select {
	from := sql.From(ref(t, "r"))
	own, some, all := sql.Or{}, sql.Or{}, sql.And{}
	for _, b := range bindings {
		alias := "z." + b.Identifier.Name
		from = &sql.Join{Left: from, Kind: sql.LeftJoin, Right: ref(r.table("erased"), alias), On: sql.And{
			eq(sql.Col(alias, "t"), sql.Int(b.Rank)), eq(same(alias), of(b)),
		}}
		there := sql.Fn(sql.IsNotNull, sql.Col(alias, "kind"))
		own = append(own, sql.And{there, isOwn(alias)})
		some = append(some, there)
		all = append(all, sql.Or{there, sql.Fn(sql.IsNull, of(b))})
	}
	return &sql.Select{Items: items, From: from, Where: append(own, append(sql.And{some}, all...))}
}

// isNobodys says of a combination r of the new ones that it has no owner.
func (r *resolver) isNobodys(s *config.Source, not bool) sql.Expr {
	return sql.InQuery{
		Exprs: []sql.Expr{sql.Col("r", "hash.1"), sql.Col("r", "hash.2")}, Not: not,
		Query: &sql.Select{Items: sql.Items("z", "hash.1", "hash.2"), From: ref(nobodyTable(s), "z")},
	}
}

// somebodys is the condition on the new combinations r that they have an owner,
// nil where all have.
func (r *resolver) somebodys(s *config.Source) sql.Expr {
	if r.Erased == nil {
		return nil
	}
	return r.isNobodys(s, true)
}

// takeBack makes of stored combinations that are nobody's now such as the source
// has no more.
func (r *resolver) takeBack() []sql.Statement {
	if !r.pending() {
		return nil
	}
	var list []sql.Statement
	for _, s := range r.Sources {
		bindings := Bindings(r.e, s)
		columns := []string{"row", "first_seen", "last_seen", "rows", "open"}
		for _, b := range bindings {
			columns = append(columns, b.Number(), b.Raw())
		}
		columns = append(columns, "hash.1", "hash.2")
		if s.Changes == byUpdate {
			columns = append(columns, "key")
		}
		taken := r.nobodys(sql.Items("r", columns...), StoredTable(s), bindings,
			func(b Binding) sql.Expr { return sql.Col("r", b.Number()) }, func(alias string) sql.Expr { return sql.Col(alias, "n") })
		row := sql.Col("d", "row")
		kept := append([]string{columns[0], "kind"}, columns[1:]...)
		gone := slices.Insert(sql.Items("t", columns...), 1, sql.As(sql.Int(isGone), "kind"))
		list = append(list,
			sql.CreateTableAs{Table: takenTable(s), Query: taken},
			sql.CreateTableAs{Table: diffTable(s), Query: sql.Union{
				&sql.Select{Items: sql.Items("d", kept...), From: ref(diffTable(s), "d"), Where: sql.Or{
					sql.Fn(sql.IsNull, row),
					sql.InQuery{Exprs: []sql.Expr{row}, Not: true, Query: &sql.Select{Items: sql.Items("t", "row"), From: ref(takenTable(s), "t")}},
				}},
				&sql.Select{Items: gone, From: ref(takenTable(s), "t")},
			}})
	}
	return list
}

// withMarked adds to what is quarantined those that are so for good.
func (r *resolver) withMarked(list ...sql.Query) sql.Query {
	if r.Erased != nil {
		list = append(list, &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("m", "n"), "x"), sql.As(sql.Null{Type: sql.TypeInt}, "s"), sql.As(sql.Null{Type: sql.TypeInt}, "k")},
			From:  ref(r.table("marked"), "m"), Where: isKind("m", privacy.Quarantined),
		})
	}
	if len(list) == 1 {
		return list[0]
	}
	return sql.Union(list)
}

// joinable are the conditions on a link l that neither end is refused for good.
func (r *resolver) joinable() sql.And {
	if r.Erased == nil {
		return nil
	}
	var out sql.And
	for _, end := range []string{"a", "x"} {
		out = append(out, sql.InQuery{Exprs: []sql.Expr{sql.Col("l", end)}, Not: true, Query: &sql.Select{
			Items: sql.Items("m", "n"), From: ref(r.table("marked"), "m"), Where: isKind("m", privacy.Shared),
		}})
	}
	return out
}

// single is all of some conditions, nil of none.
func single(list sql.And) sql.Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

// refusedBefore are the identifiers that are refused before any limit is looked
// at; those that too many share by what is known now say so themselves.
func (r *resolver) refusedBefore() *sql.Select {
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("d", "n"), "x"), sql.As(sql.String(ReasonErased), "reason"), sql.As(sql.String(evidenceErased), "evidence")},
		From: sql.Joins(ref(r.table("nodes"), "d"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("marked"), "m"), On: eq(sql.Col("m", "n"), sql.Col("d", "n"))}),
		Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("d", "n")}, Not: true, Query: &sql.Select{
			Items: sql.Items("z", "x"), From: ref(r.table("quarantined"), "z"), Where: sql.Fn(sql.IsNotNull, sql.Col("z", "k")),
		}},
	}
}

// claimable says that an id of the last build may live on.
func (r *resolver) claimable(old sql.Expr) sql.Expr {
	there := sql.Fn(sql.IsNotNull, old)
	if !r.pending() {
		return there
	}
	return sql.And{there, r.bygone(old, true)}
}

func (r *resolver) bygone(id sql.Expr, not bool) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{id}, Not: not, Query: &sql.Select{Items: sql.Items("z", "id"), From: ref(r.table("bygone"), "z")}}
}

// goneBefore are the ids that were gone before this run.
func (r *resolver) goneBefore() *sql.Select {
	return &sql.Select{Items: []sql.Item{sql.As(sql.Col("h", "old_id"), "id")}, From: ref(HistoryTable(r.e), "h"), Where: isKind("h", "gone")}
}

// notGoneBefore says that an id is gone only now.
func (r *resolver) notGoneBefore(id sql.Expr) sql.And {
	if !r.pending() {
		return nil
	}
	return sql.And{sql.InQuery{Exprs: []sql.Expr{id}, Not: true, Query: r.goneBefore()}}
}

// whyGone is the cause of an id that is gone.
func (r *resolver) whyGone(id, otherwise sql.Expr) sql.Expr {
	if !r.pending() {
		return otherwise
	}
	return sql.If(r.bygone(id, false), sql.String("erased, as was asked for"), otherwise)
}

// suppressed is SuppressedTable beside the one that is there: what of the list
// this run has taken into account, with the numbers of those that go on.
func (r *resolver) suppressed() sql.Statement {
	of := sql.And{eq(sql.Col("m", "t"), sql.Col("l", "t")), eq(sql.Col("m", "digest"), sql.Col("l", "digest"))}
	query := &sql.Select{
		Items: append([]sql.Item{sql.As(typeName(r.e, sql.Col("l", "t")), "identifier_type")},
			append(sql.Items("l", "digest", "kind"), sql.As(sql.Col("m", "n"), "number"))...),
		From: sql.Joins(ref(r.table("listed"), "l"), sql.Join{Kind: sql.LeftJoin, Right: ref(r.table("marked"), "m"), On: of}),
	}
	if !r.pending() {
		// What came onto the list meanwhile is for the next run.
		query.Where = sql.Exists{Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(SuppressedTable(r.e), "k"),
			Where: sql.And{
				eq(sql.Col("k", "identifier_type"), typeName(r.e, sql.Col("l", "t"))),
				eq(sql.Col("k", "digest"), sql.Col("l", "digest")), eq(sql.Col("k", "kind"), sql.Col("l", "kind")),
			},
		}}
	}
	return sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: SuppressedTable(r.e).Name}, Query: query}
}

// commitErased is what a commit does beside the rest: what is kept of
// combinations that are nobody's now goes with them.
func (r *resolver) commitErased() []sql.Statement {
	if r.Erased == nil {
		return nil
	}
	list := []sql.Statement{sql.Swap{Name: SuppressedTable(r.e).Name}}
	if !r.pending() {
		return list
	}
	for _, s := range r.Sources {
		kept, ok := r.Erased.Kept[s.Name]
		if !ok {
			continue
		}
		nobodys := sql.Union{&sql.Select{Items: sql.Items("z", "hash.1", "hash.2"), From: ref(nobodyTable(s), "z")}}
		if r.Last != nil {
			nobodys = append(nobodys, &sql.Select{Items: sql.Items("z", "hash.1", "hash.2"), From: ref(takenTable(s), "z")})
		}
		list = append(list, sql.Delete{Table: kept, Where: sql.InQuery{
			Exprs: []sql.Expr{sql.Col("", "hash.1"), sql.Col("", "hash.2")}, Query: nobodys,
		}})
	}
	return list
}

// vain are the incidents of decided pairs that name somebody who was erased; they
// do not say whom.
func (r *resolver) vain() *sql.Select {
	text := func(list string, before int) sql.Expr {
		place := sql.Fn(sql.IntToString, sql.Cast{Expr: sql.Fn(sql.AddFast, sql.Col("d", "k"), sql.Int(1-before)), To: sql.TypeInt})
		return sql.Fn(sql.Concat, sql.Fn(sql.Concat, sql.String("pair "), place), sql.String(" of "+list+" names somebody who was erased, and does nothing: remove it"))
	}
	always := len(r.e.AlwaysLink)
	none := sql.Null{Type: sql.TypeInt}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(typeName(r.e, sql.Col("d", "t")), "identifier_type"), sql.As(sql.String(""), "identifier"), sql.As(sql.String(ReasonErased), "reason"),
			sql.As(sql.If(sql.Col("d", "never"), text("never_link", always), text("always_link", 0)), "evidence"),
			sql.As(sql.String(r.RunID), "run_id"), sql.As(none, "number"), sql.As(none, Column(r.e)),
		},
		From: sql.Joins(
			sql.Derived{As: "d", Query: &sql.Select{
				Items: append(sql.Items("p", "k", "never", "t"), sql.As(privacy.Digest(typeName(r.e, sql.Col("p", "t")), sql.Col("p", "v")), "digest")),
				From:  sql.Joins(ref(r.table("decided"), "p"), privacy.WithKey()),
				Where: sql.Fn(sql.IsNotNull, sql.Col("p", "v")),
			}},
			sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("listed"), "l"), On: sql.And{
				eq(sql.Col("l", "t"), sql.Col("d", "t")), eq(sql.Col("l", "digest"), sql.Col("d", "digest")),
			}},
		),
		Where: isOwn("l"),
	}
}

// reasons are those of incidents.
func (r *resolver) reasons() []string {
	if r.Erased == nil {
		return Reasons
	}
	return append(slices.Clip(Reasons), ReasonErased)
}
