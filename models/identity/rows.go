package identity

import (
	"fmt"
	"slices"
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

// Raw is the column that holds the value as the source has it; in StoredTable
// only where that is no identifier. The dot keeps it apart from the source's
// columns and from ours, such as customer_id, which is also a likely name of an
// identifier.
func (b Binding) Raw() string { return "raw." + b.Identifier.Name }

// Number is the column that holds the number of the identifier, NULL where the
// value is none.
func (b Binding) Number() string { return "n." + b.Identifier.Name }

// Value is the column that holds the comparable value of an identifier, NULL
// where there is none.
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

// SourceTable is a source as package sql names it.
func SourceTable(s *config.Source) sql.Table {
	if s.Files != nil {
		return sql.Table{Space: sql.Source, Name: s.Name}
	}
	return sql.Table{Space: sql.Source, Name: s.Table}
}

// The Work tables of a source.
func rowsTable(s *config.Source) sql.Table  { return sourceWork("rows", s) }
func markTable(s *config.Source) sql.Table  { return sourceWork("mark", s) }
func scanTable(s *config.Source) sql.Table  { return sourceWork("scan", s) }
func diffTable(s *config.Source) sql.Table  { return sourceWork("diff", s) }
func codedTable(s *config.Source) sql.Table { return sourceWork("coded", s) }

func sourceWork(name string, s *config.Source) sql.Table {
	return sql.Table{Space: sql.Work, Name: name + "_" + s.Name}
}

// The modes of config.Source.Changes that do not read everything.
const (
	byAppend = "append"
	byUpdate = "update"
)

// dated says that a source is read from a time on.
func dated(s *config.Source) bool { return s.Changes == byAppend || s.Changes == byUpdate }

// What diff says of a combination.
const (
	isNew = iota
	isGone
	isSeen // again, at other times
)

// beginning is before the time of any row.
var beginning = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// Rows compiles the one scan of a source that identity needs: its distinct
// combinations of identifiers, with when they were seen and how often. Values
// are normalised after the grouping, since a source of events repeats the same
// few combinations over and over.
//
// From scratch that is rows. Otherwise it is scan, the rows that the source's
// mode reads again, and Resolve compares them with the combinations that the
// last run stored.
func Rows(in Input, s *config.Source) *models.Model {
	r := reader{Input: in, s: s, bindings: Bindings(in.Entity, s)}
	var list []sql.Statement
	if dated(s) {
		list = append(list, r.mark())
	}
	title := "read identifiers of " + s.Name
	if in.Last == nil {
		list = append(list, sql.CreateTableAs{Table: rowsTable(s), Query: r.normalised(sql.Derived{Query: r.hashed(), As: "g"}, nil)})
	} else {
		if dated(s) {
			title = "read new identifiers of " + s.Name
		}
		list = append(list, sql.CreateTableAs{Table: scanTable(s), Query: r.hashed()})
	}
	return &models.Model{
		Name:  "rows:" + s.Name,
		Nodes: []string{"source:" + s.Name},
		Span:  s.Pos.Span(),
		Steps: []models.Step{&models.Exec{Title: title, Statements: list}},
	}
}

// compare makes diff, what became of each stored combination, and rows, those
// that are new. What was read again replaces what was known of it: the stored
// column open counts the rows of a combination that the next run may find
// otherwise, so that a row that is gone is noticed wherever its mode looks.
func compare(in Input, s *config.Source) []sql.Statement {
	r := reader{Input: in, s: s, bindings: Bindings(in.Entity, s)}
	return []sql.Statement{
		sql.CreateTableAs{Table: diffTable(s), Query: r.diff()},
		sql.CreateTableAs{Table: rowsTable(s), Query: r.normalised(ref(diffTable(s), "g"), eq(sql.Col("g", "kind"), sql.Int(isNew)))},
	}
}

type reader struct {
	Input
	s        *config.Source
	bindings []Binding
}

// since is from when on the source is read; zero is everything.
func (r reader) since() time.Time {
	if r.Last == nil || !dated(r.s) {
		return time.Time{}
	}
	return r.Last.Since[r.s.Name]
}

// at is the time of a row under the alias s.
func (r reader) at() sql.Expr { return sql.Cast{Expr: sql.Col("s", r.s.Time), To: sql.TypeTimestamp} }

// again says that a row is to be read. One without a time may be new at any
// time.
func (r reader) again() sql.Expr {
	since := r.since()
	if since.IsZero() {
		return nil
	}
	return sql.Or{sql.Fn(sql.IsNull, r.at()), sql.Fn(sql.Ge, r.at(), sql.Timestamp(since))}
}

// mark works out from when on the next run reads: so far before the newest row
// as a row may be late. A row from the future does not count, or nothing would
// be read until then.
func (r reader) mark() sql.Statement {
	newest := sql.Fn(sql.Max, sql.If(sql.Fn(sql.Le, r.at(), sql.Timestamp(r.AsOf)), r.at(), nil))
	back := sql.Int(time.Duration(r.s.LookBack).Microseconds())
	from := r.since()
	if from.IsZero() {
		from = beginning
	}
	return sql.CreateTableAs{Table: markTable(r.s), Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Greatest, sql.Fn(sql.TimeSub, sql.Col("q", "newest"), back), sql.Timestamp(from)), "since")},
		From: sql.Derived{As: "q", Query: &sql.Select{
			Items: []sql.Item{sql.As(newest, "newest")}, From: ref(SourceTable(r.s), "s"), Where: r.again(),
		}},
	}}
}

// carried are the columns that go with a combination from step to step.
func (r reader) carried() []string {
	columns := []string{"hash.1", "hash.2", "first_seen", "last_seen", "rows", "open"}
	if r.s.Changes == byUpdate {
		columns = append(columns, "key")
	}
	return columns
}

// keyColumns are the source's columns that tell its combinations apart: those
// of its identifiers, and of the row's key where rows are updated.
func keyColumns(e *config.Entity, s *config.Source) []string {
	var out []string
	for _, b := range Bindings(e, s) {
		out = append(out, b.Column)
	}
	if s.Changes == byUpdate {
		out = append(out, s.Key)
	}
	return out
}

// hashes are the columns hash.1 and hash.2, which stand for a whole combination: two
// hashes, 126 bits together, so that nothing is taken for something else.
func hashes(values []sql.Expr) []sql.Item {
	return []sql.Item{sql.As(sql.Fn(sql.Hash, values...), "hash.1"), sql.As(sql.Fn(sql.OtherHash, values...), "hash.2")}
}

// RowKey is what StoredTable and MapTable know a row of a source by, a row under
// an alias: the columns hash.1 and hash.2.
func RowKey(e *config.Entity, s *config.Source, alias string) []sql.Item {
	var values []sql.Expr
	for _, column := range keyColumns(e, s) {
		values = append(values, sql.Fn(sql.Text, sql.Col(alias, column)))
	}
	return hashes(values)
}

// SameRow compares the columns of RowKey under two aliases.
func SameRow(a, b string) sql.Expr {
	return sql.And{eq(sql.Col(a, "hash.1"), sql.Col(b, "hash.1")), eq(sql.Col(a, "hash.2"), sql.Col(b, "hash.2"))}
}

// hashed groups the rows to read by keyColumns.
func (r reader) hashed() *sql.Select {
	s := r.s
	grouped := &sql.Select{From: ref(SourceTable(s), "s"), Where: r.again()}
	out := &sql.Select{}
	var whole []sql.Expr
	for i, column := range keyColumns(r.Entity, s) {
		as := "key"
		if i < len(r.bindings) {
			as = r.bindings[i].Raw()
		}
		raw := sql.Fn(sql.Text, sql.Col("s", column))
		grouped.Items = append(grouped.Items, sql.As(raw, as))
		grouped.GroupBy = append(grouped.GroupBy, raw)
		whole = append(whole, sql.Col("q", as))
		out.Items = append(out.Items, sql.Items("q", as)...)
	}
	earliest, latest := sql.Expr(sql.Timestamp(r.AsOf)), sql.Expr(sql.Timestamp(r.AsOf))
	if s.Time != "" {
		earliest = sql.Fn(sql.Coalesce, sql.Fn(sql.Min, r.at()), earliest)
		latest = sql.Fn(sql.Coalesce, sql.Fn(sql.Max, r.at()), latest)
	} else {
		earliest, latest = sql.Fn(sql.Min, earliest), sql.Fn(sql.Max, latest)
	}
	open := sql.Expr(sql.Fn(sql.CountAll))
	if s.Changes == byAppend {
		grouped.From = sql.Joins(grouped.From, sql.Join{Kind: sql.CrossJoin, Right: ref(markTable(s), "m")})
		settled := sql.Fn(sql.Lt, r.at(), sql.Col("m", "since"))
		open = sql.Fn(sql.Sum, sql.If(settled, sql.Int(0), sql.Int(1)))
	}
	grouped.Items = append(grouped.Items,
		sql.As(earliest, "first_seen"), sql.As(latest, "last_seen"), sql.As(sql.Fn(sql.CountAll), "rows"), sql.As(open, "open"))
	out.From = sql.Derived{Query: grouped, As: "q"}
	out.Items = append(out.Items, hashes(whole)...)
	out.Items = append(out.Items, sql.Items("q", "first_seen", "last_seen", "rows", "open")...)
	return out
}

// diff compares what was read with what was stored. kind says what became of a
// combination; row and the numbers are the stored ones.
func (r reader) diff() *sql.Select {
	stored := &sql.Select{From: ref(StoredTable(r.s), "r")}
	stored.Items = sql.Items("r", "row", "hash.1", "hash.2", "first_seen", "last_seen", "rows", "open")
	for _, b := range r.bindings {
		stored.Items = append(stored.Items, sql.Items("r", b.Number())...)
	}
	// lost is how many of its rows a combination has only if they were read
	// again.
	lost := sql.Expr(sql.Col("r", "rows"))
	switch r.s.Changes {
	case byAppend:
		lost = sql.Col("r", "open")
		// Most of what is stored is neither seen again nor open.
		stored.Where = sql.Or{sql.Fn(sql.Gt, sql.Col("r", "open"), sql.Int(0)), sql.InQuery{
			Exprs: []sql.Expr{sql.Col("r", "hash.1")}, Query: &sql.Select{Items: sql.Items("c", "hash.1"), From: ref(scanTable(r.s), "c")},
		}}
	case byUpdate:
		stored.From = sql.Joins(stored.From, sql.Join{
			Kind: sql.InnerJoin, On: eq(sql.Col("k", "key"), sql.Col("r", "key")),
			Right: sql.Derived{As: "k", Query: &sql.Select{Distinct: true, Items: sql.Items("c", "key"), From: ref(scanTable(r.s), "c")}},
		})
	}
	stored.Items = append(stored.Items, sql.As(lost, "lost"))

	known, found := sql.Fn(sql.IsNotNull, sql.Col("o", "row")), sql.Fn(sql.IsNotNull, sql.Col("c", "rows"))
	zero := func(e sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, e, sql.Int(0)) }
	rows := sql.Fn(sql.AddFast,
		sql.Fn(sql.SubFast, zero(sql.Col("o", "rows")), zero(sql.Col("o", "lost"))), zero(sql.Col("c", "rows")))
	open := sql.Fn(sql.Coalesce, sql.Col("c", "open"),
		sql.If(sql.Fn(sql.Gt, sql.Col("o", "lost"), sql.Int(0)), sql.Int(0), sql.Col("o", "open")))
	all := &sql.Select{
		Items: append(sql.Items("o", "row"),
			sql.As(sql.Case{
				Whens: []sql.When{
					{If: sql.Fn(sql.Not, known), Then: sql.Int(isNew)},
					{If: eq(rows, sql.Int(0)), Then: sql.Int(isGone)},
				},
				Else: sql.Int(isSeen),
			}, "kind"),
			sql.As(sql.Fn(sql.Least, sql.Col("o", "first_seen"), sql.Col("c", "first_seen")), "first_seen"),
			sql.As(sql.Fn(sql.Greatest, sql.Col("o", "last_seen"), sql.Col("c", "last_seen")), "last_seen"),
			sql.As(rows, "rows"), sql.As(open, "open"),
			sql.As(sql.And{known, sql.Or{
				sql.Fn(sql.Ne, rows, sql.Col("o", "rows")), sql.Fn(sql.Ne, open, sql.Col("o", "open")),
				sql.And{found, sql.Or{
					sql.Fn(sql.Lt, sql.Col("c", "first_seen"), sql.Col("o", "first_seen")),
					sql.Fn(sql.Gt, sql.Col("c", "last_seen"), sql.Col("o", "last_seen")),
				}},
			}}, "differs")),
		From: sql.Joins(sql.Derived{Query: stored, As: "o"}, sql.Join{
			Kind: sql.FullJoin, Right: ref(scanTable(r.s), "c"),
			On: sql.And{eq(sql.Col("c", "hash.1"), sql.Col("o", "hash.1")), eq(sql.Col("c", "hash.2"), sql.Col("o", "hash.2"))},
		}),
	}
	columns := []string{"row", "kind", "first_seen", "last_seen", "rows", "open"}
	for _, b := range r.bindings {
		all.Items = append(all.Items, sql.As(sql.Col("o", b.Number()), b.Number()), sql.As(sql.Col("c", b.Raw()), b.Raw()))
		columns = append(columns, b.Number(), b.Raw())
	}
	rest := []string{"hash.1", "hash.2"}
	if r.s.Changes == byUpdate {
		rest = append(rest, "key")
	}
	all.Items = append(all.Items, sql.Items("c", rest...)...)
	return &sql.Select{
		Items: sql.Items("d", append(columns, rest...)...),
		From:  sql.Derived{Query: all, As: "d"},
		Where: sql.Or{eq(sql.Col("d", "kind"), sql.Int(isNew)), sql.Col("d", "differs")},
	}
}

// normalised adds the comparable values to combinations under the alias g, and
// leaves of the raw ones those that are no identifier.
func (r reader) normalised(from sql.From, where sql.Expr) *sql.Select {
	var (
		trimmed = &sql.Select{From: from, Where: where}
		folded  = &sql.Select{From: sql.Derived{Query: trimmed, As: "t"}}
		valued  = &sql.Select{From: sql.Derived{Query: folded, As: "f"}}
		kept    = &sql.Select{From: sql.Derived{Query: valued, As: "v"}}
		rows    = &sql.Select{From: sql.Derived{Query: kept, As: "k"}}
	)
	for _, b := range r.bindings {
		trimmedAs, foldedAs := "trimmed."+b.Identifier.Name, "folded."+b.Identifier.Name
		short := sql.Fn(sql.Le, sql.Fn(sql.Length, sql.Col("g", b.Raw())), sql.Int(maxLength))
		trimmed.Items = append(trimmed.Items, sql.Items("g", b.Raw())...)
		trimmed.Items = append(trimmed.Items, sql.As(sql.If(short, trim(sql.Col("g", b.Raw())), nil), trimmedAs))
		folded.Items = append(folded.Items, sql.Items("t", b.Raw(), trimmedAs)...)
		folded.Items = append(folded.Items, sql.As(fold(b.Identifier, sql.Col("t", trimmedAs)), foldedAs))
		valued.Items = append(valued.Items, sql.Items("f", b.Raw())...)
		valued.Items = append(valued.Items, sql.As(finish(b.Identifier, sql.Col("f", b.Raw()), sql.Col("f", trimmedAs), sql.Col("f", foldedAs)), b.Value()))

		value := sql.Expr(sql.Col("v", b.Value()))
		if len(b.Identifier.Ignore) > 0 {
			value = sql.If(ignored(b.Identifier, value), sql.Null{Type: sql.TypeString}, value)
		}
		kept.Items = append(kept.Items, sql.As(sql.Col("v", b.Raw()), b.Raw()), sql.As(value, b.Value()))
		dropped := sql.If(sql.Fn(sql.IsNull, sql.Col("k", b.Value())), sql.Col("k", b.Raw()), nil)
		rows.Items = append(rows.Items, sql.As(sql.Col("k", b.Value()), b.Value()), sql.As(dropped, b.Raw()))
	}
	for alias, q := range map[string]*sql.Select{"g": trimmed, "t": folded, "f": valued, "v": kept, "k": rows} {
		q.Items = append(q.Items, sql.Items(alias, r.carried()...)...)
	}
	return rows
}

// MapTable holds, for each combination of identifiers of a source, whose rows
// they are: the columns of RowKey, Column(entity) and the Value of the
// identifiers that Map was asked for.
func MapTable(s *config.Source) sql.Table { return sourceWork("map", s) }

// Map compiles whose rows a source's combinations of identifiers are: those of
// the customer that their strongest identifier belongs to. Quarantined
// identifiers belong to nobody and are passed over. texts names the
// identifiers whose comparable values are wanted beside.
func Map(e *config.Entity, s *config.Source, texts []string) *models.Model {
	return &models.Model{
		Name:  "map:" + s.Name,
		Nodes: []string{"source:" + s.Name},
		Span:  s.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title:      "find whose rows " + s.Name + " holds",
			Statements: []sql.Statement{sql.CreateTableAs{Table: MapTable(s), Query: owners(e, s, texts)}},
		}},
	}
}

// owners is the query of Map. The strongest number is a column before it is
// joined: within the condition of the join, the look at what is quarantined
// would make engines compare every row with every identifier.
func owners(e *config.Entity, s *config.Source, texts []string) sql.Query {
	bindings := Bindings(e, s)
	rows := &sql.Select{Items: sql.Items("r", "hash.1", "hash.2"), From: ref(StoredTable(s), "r")}
	rows.Items = append(rows.Items, sql.As(strongest(e, bindings), "strongest"))
	out := &sql.Select{Items: append(sql.Items("q", "hash.1", "hash.2"), sql.Items("i", Column(e))...)}
	joins := []sql.Join{{
		Kind: sql.InnerJoin, Right: ref(IdentitiesTable(e), "i"), On: eq(sql.Col("i", "number"), sql.Col("q", "strongest")),
	}}
	for i, b := range bindings {
		if !slices.Contains(texts, b.Identifier.Name) {
			continue
		}
		alias := fmt.Sprintf("t%d", i)
		rows.Items = append(rows.Items, sql.Items("r", b.Number())...)
		joins = append(joins, sql.Join{
			Kind: sql.LeftJoin, Right: ref(IdentitiesTable(e), alias), On: eq(sql.Col(alias, "number"), sql.Col("q", b.Number())),
		})
		out.Items = append(out.Items, sql.As(sql.Col(alias, "identifier"), b.Value()))
	}
	out.From = sql.Joins(sql.Derived{Query: rows, As: "q"}, joins...)
	out.Where = sql.Fn(sql.IsNotNull, sql.Col("i", Column(e)))
	return out
}

// strongest is the number by which a stored row r is known: its first that is
// not quarantined.
func strongest(e *config.Entity, bindings []Binding) sql.Expr {
	out := sql.Call{Func: sql.Coalesce}
	for _, b := range bindings {
		out.Args = append(out.Args, linked(e, b))
	}
	return out
}

// linked is a number of a stored row r, or NULL where it is quarantined, which
// the strongest type never is.
func linked(e *config.Entity, b Binding) sql.Expr {
	n := sql.Col("r", b.Number())
	if b.Rank == 0 {
		return n
	}
	return sql.If(sql.InQuery{Exprs: []sql.Expr{n}, Query: quarantinedNow(e)}, sql.Null{Type: sql.TypeInt}, n)
}

// quarantinedNow are the numbers of the identifiers that are quarantined.
func quarantinedNow(e *config.Entity) sql.Query {
	return &sql.Select{
		Items: sql.Items("q", "number"), From: ref(IdentitiesTable(e), "q"), Where: sql.Col("q", "quarantined"),
	}
}
