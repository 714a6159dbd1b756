package identity

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Members picks identifiers by a column of IdentitiesTable: those of a customer
// (Column) or of a component.
type Members struct {
	Entity  *config.Entity
	Sources []*config.Source
	Column  string
	Value   int64
}

// has says that a number is of one of the identifiers.
func (m Members) has(n sql.Expr) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{n}, Query: &sql.Select{
		Items: sql.Items("i", "number"), From: ref(IdentitiesTable(m.Entity), "i"), Where: eq(sql.Col("i", m.Column), sql.Int(m.Value)),
	}}
}

// linking are the stored rows of a source under the alias q as resolution links
// them: a is the number by which the row is known, and under "m.<type>" the
// numbers without those that are quarantined.
func linking(e *config.Entity, s *config.Source) sql.From {
	bindings := Bindings(e, s)
	out := &sql.Select{Items: sql.Items("r", "row", "rows", "first_seen", "last_seen"), From: ref(StoredTable(s), "r")}
	for _, b := range bindings {
		out.Items = append(out.Items, sql.Items("r", b.Number())...)
		out.Items = append(out.Items, sql.As(linked(e, b), masked(b)))
	}
	out.Items = append(out.Items, sql.As(strongest(e, bindings), "a"))
	return sql.Derived{Query: out, As: "q"}
}

func masked(b Binding) string { return "m." + b.Identifier.Name }

func index(i int) sql.Expr { return sql.Cast{Expr: sql.Int(i), To: sql.TypeInt} }

// Combinations selects what rows carry together, where an identifier of the
// members is on it: source (its place), row, a (the strongest), x (a weaker one
// on the row), rows, first_seen, last_seen; the most frequent first. It is nil
// where no source carries two types.
func (m Members) Combinations(limit int64) sql.Query {
	var all sql.Union
	for i, s := range m.Sources {
		for k, b := range Bindings(m.Entity, s) {
			if k == 0 {
				continue
			}
			a, x := sql.Col("q", "a"), sql.Col("q", masked(b))
			all = append(all, &sql.Select{
				Items: append([]sql.Item{sql.As(index(i), "source"), sql.As(x, "x")}, sql.Items("q", "row", "a", "rows", "first_seen", "last_seen")...),
				From:  linking(m.Entity, s),
				Where: sql.And{sql.Fn(sql.Ne, x, a), sql.Or{m.has(a), m.has(x)}},
			})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &sql.Select{
		Items: sql.Items("c", "source", "row", "a", "x", "rows", "first_seen", "last_seen"),
		From:  sql.Derived{Query: all, As: "c"},
		OrderBy: []sql.Order{
			{Expr: sql.Col("c", "rows"), Desc: true}, sql.Asc(sql.Col("c", "source")), sql.Asc(sql.Col("c", "row")), sql.Asc(sql.Col("c", "x")),
		},
		Limit: limit,
	}
}

// Seen selects the members, the most frequent first: number, identifier_type,
// identifier, first_seen, last_seen, source, quarantined, and rows, how many
// rows of all sources carry it.
func (m Members) Seen(limit int64) sql.Query {
	var all sql.Union
	for _, s := range m.Sources {
		for _, b := range Bindings(m.Entity, s) {
			n := sql.Col("r", b.Number())
			all = append(all, &sql.Select{
				Items: append([]sql.Item{sql.As(n, "n")}, sql.Items("r", "rows")...), From: ref(StoredTable(s), "r"), Where: m.has(n),
			})
		}
	}
	counted := &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("a", "n"), "n"), sql.As(sql.Fn(sql.Sum, sql.Col("a", "rows")), "rows")},
		From:  sql.Derived{Query: all, As: "a"}, GroupBy: []sql.Expr{sql.Col("a", "n")},
	}
	rows := sql.Cast{Expr: sql.Fn(sql.Coalesce, sql.Col("c", "rows"), sql.Int(0)), To: sql.TypeInt}
	return &sql.Select{
		Items: append(sql.Items("i", "number", "identifier_type", "identifier", "first_seen", "last_seen", "source", "quarantined"), sql.As(rows, "rows")),
		From: sql.Joins(ref(IdentitiesTable(m.Entity), "i"),
			sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{Query: counted, As: "c"}, On: eq(sql.Col("c", "n"), sql.Col("i", "number"))}),
		Where:   eq(sql.Col("i", m.Column), sql.Int(m.Value)),
		OrderBy: []sql.Order{{Expr: rows, Desc: true}, sql.Asc(sql.Col("i", "number"))},
		Limit:   limit,
	}
}

// Beside selects the quarantined identifiers on rows of the members, the most
// frequent first: number, identifier_type, identifier, source (its place), rows.
func (m Members) Beside(limit int64) sql.Query {
	var all sql.Union
	for i, s := range m.Sources {
		for _, b := range Bindings(m.Entity, s) {
			n := sql.Col("q", b.Number())
			all = append(all, &sql.Select{
				Items: append([]sql.Item{sql.As(n, "n"), sql.As(index(i), "source")}, sql.Items("q", "rows")...),
				From:  linking(m.Entity, s),
				Where: sql.And{m.has(sql.Col("q", "a")), sql.InQuery{Exprs: []sql.Expr{n}, Query: quarantinedNow(m.Entity)}},
			})
		}
	}
	rows := sql.Cast{Expr: sql.Fn(sql.Sum, sql.Col("c", "rows")), To: sql.TypeInt}
	kind, value, number := sql.Col("i", "identifier_type"), sql.Col("i", "identifier"), sql.Col("i", "number")
	return &sql.Select{
		Items: append(sql.Items("i", "number", "identifier_type", "identifier"), sql.As(sql.Col("c", "source"), "source"), sql.As(rows, "rows")),
		From: sql.Joins(sql.Derived{Query: all, As: "c"},
			sql.Join{Kind: sql.InnerJoin, Right: ref(IdentitiesTable(m.Entity), "i"), On: eq(number, sql.Col("c", "n"))}),
		GroupBy: []sql.Expr{number, kind, value, sql.Col("c", "source")},
		OrderBy: []sql.Order{{Expr: rows, Desc: true}, sql.Asc(number), sql.Asc(sql.Col("c", "source"))},
		Limit:   limit,
	}
}

// Refusals selects the refused identifiers of the members: number, reason,
// evidence.
func (m Members) Refusals(limit int64) sql.Query {
	return &sql.Select{
		Items: sql.Items("x", "number", "reason", "evidence"),
		From:  ref(IncidentsTable(m.Entity), "x"),
		Where: sql.And{
			m.has(sql.Col("x", "number")),
			sql.In{Expr: sql.Col("x", "reason"), List: []sql.Expr{sql.String("shared"), sql.String("conflict"), sql.String("too_many"), sql.String("never_link"), sql.String(ReasonErased)}},
		},
		OrderBy: []sql.Order{sql.Asc(sql.Col("x", "number")), sql.Asc(sql.Col("x", "reason"))},
		Limit:   limit,
	}
}

// Lookup selects the one row v, the comparable form of a value, NULL where it is
// none, and of the identifier, NULL where it is unknown: number, component,
// quarantined, Column, first_seen, last_seen, source.
func Lookup(e *config.Entity, id config.Identifier, value string) sql.Query {
	return &sql.Select{
		Items: append(sql.Items("q", "v"), sql.Items("i", "number", "component", "quarantined", Column(e), "first_seen", "last_seen", "source")...),
		From: sql.Joins(
			sql.Derived{As: "q", Query: &sql.Select{Items: []sql.Item{sql.As(Normal(id, value), "v")}}},
			sql.Join{Kind: sql.LeftJoin, Right: ref(IdentitiesTable(e), "i"), On: sql.And{
				eq(sql.Col("i", "identifier_type"), sql.String(id.Name)), eq(sql.Col("i", "identifier"), sql.Col("q", "v")),
			}},
		),
	}
}

// Decided selects the identifiers of decided pairs that the data has: k (the
// place of the pair in its list), side (0 or 1), number, component, Column. It
// is nil where there are no pairs.
func Decided(e *config.Entity, pairs []config.Pair) sql.Query {
	var all sql.Union
	for k, p := range pairs {
		for side, r := range []config.Reference{p.A, p.B} {
			for _, id := range e.Identifiers {
				if id.Name == r.Type {
					all = append(all, &sql.Select{Items: []sql.Item{
						sql.As(index(k), "k"), sql.As(index(side), "side"), sql.As(sql.String(id.Name), "t"), sql.As(Normal(id, r.Value), "v"),
					}})
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &sql.Select{
		Items: append(sql.Items("d", "k", "side"), sql.Items("i", "number", "component", Column(e))...),
		From: sql.Joins(sql.Derived{Query: all, As: "d"}, sql.Join{Kind: sql.InnerJoin, Right: ref(IdentitiesTable(e), "i"), On: sql.And{
			eq(sql.Col("i", "identifier_type"), sql.Col("d", "t")), eq(sql.Col("i", "identifier"), sql.Col("d", "v")),
		}}),
		OrderBy: []sql.Order{sql.Asc(sql.Col("d", "k")), sql.Asc(sql.Col("d", "side"))},
	}
}

// SourceRow selects the earliest row of a source among those that carry two
// identifiers most often in the same company: at, NULL where the source has no
// time, and the values as the source has them under Binding.Raw.
func SourceRow(e *config.Entity, s *config.Source, a, b int64) sql.Query {
	key := &sql.Select{
		Items: sql.Items("r", "hash.1", "hash.2"), From: ref(StoredTable(s), "r"),
		OrderBy: []sql.Order{{Expr: sql.Col("r", "rows"), Desc: true}, sql.Asc(sql.Col("r", "row"))}, Limit: 1,
	}
	both := sql.And{}
	for _, n := range []int64{a, b} {
		carries := sql.Or{}
		for _, binding := range Bindings(e, s) {
			carries = append(carries, eq(sql.Col("r", binding.Number()), sql.Int(n)))
		}
		both = append(both, carries)
	}
	key.Where = both
	at := sql.Expr(sql.Null{Type: sql.TypeTimestamp})
	if s.Time != "" {
		at = sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
	}
	rows := &sql.Select{Items: append(RowKey(e, s, "s"), sql.As(at, "at")), From: ref(SourceTable(s), "s")}
	out := &sql.Select{Items: sql.Items("o", "at"), OrderBy: []sql.Order{sql.Asc(sql.Col("o", "at"))}, Limit: 1}
	for _, binding := range Bindings(e, s) {
		rows.Items = append(rows.Items, sql.As(sql.Fn(sql.Text, sql.Col("s", binding.Column)), binding.Raw()))
		out.Items = append(out.Items, sql.Items("o", binding.Raw())...)
		out.OrderBy = append(out.OrderBy, sql.Asc(sql.Col("o", binding.Raw())))
	}
	out.From = sql.Joins(sql.Derived{Query: rows, As: "o"},
		sql.Join{Kind: sql.InnerJoin, Right: sql.Derived{Query: key, As: "k"}, On: SameRow("o", "k")})
	return out
}

// Crowds selects the identifiers that rows carry with the most identifiers of
// one stronger type, whether they are quarantined or not: identifier_type,
// identifier, quarantined, stronger (the type's rank), k (how many).
func Crowds(e *config.Entity, sources []*config.Source, limit int64) sql.Query {
	r := &resolver{Input: Input{Entity: e, Sources: sources}, e: e}
	star := r.stars(func(s *config.Source) sql.From { return ref(StoredTable(s), "r") })
	k := sql.Fn(sql.CountAll)
	counted := &sql.Select{
		Items: append(sql.Items("l", "x", "s"), sql.As(k, "k")), From: sql.Derived{Query: star, As: "l"},
		GroupBy: []sql.Expr{sql.Col("l", "x"), sql.Col("l", "s")}, Having: sql.Fn(sql.Gt, k, sql.Int(1)),
	}
	most := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("c", "x"), "x"), sql.As(sql.Fn(sql.Max, sql.Col("c", "k")), "k"),
			sql.As(sql.FnOf(sql.TypeInt, sql.ArgMax, sql.Col("c", "s"), sql.Col("c", "k")), "s"),
		},
		From: sql.Derived{Query: counted, As: "c"}, GroupBy: []sql.Expr{sql.Col("c", "x")},
	}
	return &sql.Select{
		Items: append(sql.Items("i", "identifier_type", "identifier", "quarantined"),
			sql.As(sql.Cast{Expr: sql.Col("m", "s"), To: sql.TypeInt}, "stronger"), sql.As(sql.Col("m", "k"), "k")),
		From: sql.Joins(sql.Derived{Query: most, As: "m"},
			sql.Join{Kind: sql.InnerJoin, Right: ref(IdentitiesTable(e), "i"), On: eq(sql.Col("i", "number"), sql.Col("m", "x"))}),
		OrderBy: []sql.Order{{Expr: sql.Col("m", "k"), Desc: true}, sql.Asc(sql.Col("m", "x"))},
		Limit:   limit,
	}
}

// Trial asks what one more type of identifier would do, before anyone adopts
// it.
type Trial struct {
	Entity *config.Entity
	// Identifier is how values are made comparable.
	Identifier config.Identifier
	Columns    []TrialColumn
	// SharedBy is how many customers may have a value before it would identify
	// nobody.
	SharedBy int
}

// TrialColumn is a column of a source, by its name in the table.
type TrialColumn struct {
	Source *config.Source
	Column string
}

// The Work tables of a trial: pairs (c, v), the distinct pairs of a customer and
// a value that rows carry, and counts (v, k, low), how many customers have a
// value and the first of them. Their names are no run's.
var (
	trialPairs  = sql.Table{Space: sql.Work, Name: "trial_pairs"}
	trialCounts = sql.Table{Space: sql.Work, Name: "trial_counts"}
)

func trialOwners(s *config.Source) sql.Table { return sourceWork("trial_owners", s) }

// Prepare makes the Work tables that the other queries read. Customers that have
// the type already count with it.
func (t Trial) Prepare() []sql.Statement {
	var all sql.Union
	var list []sql.Statement
	for _, s := range t.sources() {
		list = append(list, sql.CreateTableAs{Table: trialOwners(s), Query: owners(t.Entity, s, nil)})
	}
	for _, column := range t.Columns {
		s := column.Source
		rows := &sql.Select{
			Distinct: true, From: ref(SourceTable(s), "s"),
			Items: append(RowKey(t.Entity, s, "s"), sql.As(sql.Fn(sql.Text, sql.Col("s", column.Column)), "tried")),
		}
		short := sql.Fn(sql.Le, sql.Fn(sql.Length, sql.Col("o", "tried")), sql.Int(maxLength))
		all = append(all, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("m", Column(t.Entity)), "c"), sql.As(sql.If(short, normal(t.Identifier, sql.Col("o", "tried")), nil), "v"),
			},
			From: sql.Joins(sql.Derived{Query: rows, As: "o"},
				sql.Join{Kind: sql.InnerJoin, Right: ref(trialOwners(s), "m"), On: SameRow("o", "m")}),
		})
	}
	for _, id := range t.Entity.Identifiers {
		if id.Name == t.Identifier.Name {
			all = append(all, &sql.Select{
				Items: []sql.Item{sql.As(sql.Col("i", Column(t.Entity)), "c"), sql.As(sql.Col("i", "identifier"), "v")},
				From:  ref(IdentitiesTable(t.Entity), "i"),
				Where: sql.And{eq(sql.Col("i", "identifier_type"), sql.String(id.Name)), sql.Fn(sql.IsNotNull, sql.Col("i", Column(t.Entity)))},
			})
		}
	}
	kept := sql.And{sql.Fn(sql.IsNotNull, sql.Col("a", "v"))}
	if len(t.Identifier.Ignore) > 0 {
		kept = append(kept, sql.Fn(sql.Not, ignored(t.Identifier, sql.Col("a", "v"))))
	}
	count := sql.Fn(sql.CountAll)
	return append(list,
		sql.CreateTableAs{Table: trialPairs, Query: &sql.Select{
			Distinct: true, Items: sql.Items("a", "c", "v"), From: sql.Derived{Query: all, As: "a"}, Where: kept,
		}},
		sql.CreateTableAs{Table: trialCounts, Query: &sql.Select{
			Items:   append(sql.Items("p", "v"), sql.As(count, "k"), sql.As(sql.Fn(sql.Min, sql.Col("p", "c")), "low")),
			From:    ref(trialPairs, "p"),
			GroupBy: []sql.Expr{sql.Col("p", "v")},
		}},
	)
}

// Discard drops what Prepare made.
func (t Trial) Discard() []sql.Statement {
	list := []sql.Statement{sql.Drop{Table: trialPairs}, sql.Drop{Table: trialCounts}}
	for _, s := range t.sources() {
		list = append(list, sql.Drop{Table: trialOwners(s)})
	}
	return list
}

// sources are those of the columns, each once.
func (t Trial) sources() []*config.Source {
	var out []*config.Source
	for _, c := range t.Columns {
		if !slices.Contains(out, c.Source) {
			out = append(out, c.Source)
		}
	}
	return out
}

// Counts selects one row: how many values there are, how many several customers
// have, and how many more than SharedBy.
func (t Trial) Counts() sql.Query {
	over := func(n int) sql.Expr {
		return sql.Fn(sql.Count, sql.If(sql.Fn(sql.Gt, sql.Col("k", "k"), sql.Int(n)), sql.Int(1), nil))
	}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Fn(sql.CountAll), "total"), sql.As(over(1), "common"), sql.As(over(t.SharedBy), "crowded"),
		},
		From: ref(trialCounts, "k"),
	}
}

// Shared selects the values that several customers have, those of most first: v,
// k (how many have it), c (each customer that has it; one alone where more than
// SharedBy do).
func (t Trial) Shared() sql.Query {
	k := sql.Col("k", "k")
	return &sql.Select{
		Items: append(sql.Items("k", "v", "k"), sql.Items("p", "c")...),
		From: sql.Joins(ref(trialPairs, "p"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(trialCounts, "k"), On: eq(sql.Col("k", "v"), sql.Col("p", "v"))}),
		Where: sql.And{
			sql.Fn(sql.Gt, k, sql.Int(1)),
			sql.Or{sql.Fn(sql.Le, k, sql.Int(t.SharedBy)), eq(sql.Col("p", "c"), sql.Col("k", "low"))},
		},
		OrderBy: []sql.Order{{Expr: k, Desc: true}, sql.Asc(sql.Col("k", "v")), sql.Asc(sql.Col("p", "c"))},
	}
}

// Holdings selects what the customers hold that would merge, of the types that
// have a limit: Column, identifier_type, k (how many). It is nil where no type
// has one.
func (t Trial) Holdings() sql.Query {
	var limited []sql.Expr
	for _, id := range t.Entity.Identifiers {
		if id.Limit > 0 {
			limited = append(limited, sql.String(id.Name))
		}
	}
	if limited == nil {
		return nil
	}
	merging := &sql.Select{
		Items: sql.Items("p", "c"),
		From: sql.Joins(ref(trialPairs, "p"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(trialCounts, "k"), On: eq(sql.Col("k", "v"), sql.Col("p", "v"))}),
		Where: sql.And{sql.Fn(sql.Gt, sql.Col("k", "k"), sql.Int(1)), sql.Fn(sql.Le, sql.Col("k", "k"), sql.Int(t.SharedBy))},
	}
	id, kind := sql.Col("i", Column(t.Entity)), sql.Col("i", "identifier_type")
	return &sql.Select{
		Items:   []sql.Item{sql.As(id, Column(t.Entity)), sql.As(kind, "identifier_type"), sql.As(sql.Fn(sql.CountAll), "k")},
		From:    ref(IdentitiesTable(t.Entity), "i"),
		Where:   sql.And{sql.In{Expr: kind, List: limited}, sql.InQuery{Exprs: []sql.Expr{id}, Query: merging}},
		GroupBy: []sql.Expr{id, kind},
	}
}
