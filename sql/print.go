package sql

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Names resolves a Table to the parts of its qualified name, outermost first.
type Names func(Table) []string

// Printer spells statements in a Dialect. It is safe for concurrent use.
type Printer struct {
	Dialect *Dialect
	Names   Names
}

// Statement prints s as the statements to run, in order, without semicolons.
// Swap and CreateTableAs may give several, and Update and UpdateFrom where the
// dialect rebuilds tables. The error names what the dialect cannot say.
func (p *Printer) Statement(s Statement) (out []string, err error) {
	w := newWriter(p)
	defer w.rescue(&err)
	out = w.statement(s)
	out[0] = w.definitions() + out[0]
	return out, nil
}

func (w *writer) statement(s Statement) (out []string) {
	p := w.Printer
	switch s := s.(type) {
	case CreateTableAs:
		snippets := p.Dialect.CreateTableAs
		if s.Table.Space == Work && p.Dialect.CreateWorkTableAs != nil {
			snippets = p.Dialect.CreateWorkTableAs
		}
		w.columns = true
		w.query(s.Query)
		parts := w.Names(s.Table)
		bare := parts[len(parts)-1]
		next := append(append([]string{}, parts[:len(parts)-1]...), bare+"__next")
		spelled := strings.NewReplacer("$1", w.qualified(parts), "$2", w.b.String(), "$3", w.qualified(next), "$4", w.name(bare), "$key", w.key(s.Key))
		for _, t := range snippets {
			out = append(out, spelled.Replace(t))
		}
		return out
	case CreateTable:
		w.put("CREATE TABLE IF NOT EXISTS ", w.table(s.Table), " (")
		w.indent++
		for i, c := range s.Columns {
			if i > 0 {
				w.put(",")
			}
			w.line()
			w.put(w.name(c.Name), " ", w.nullable(c.Type))
		}
		w.indent--
		w.line()
		w.put(")", strings.ReplaceAll(w.Dialect.Storage, "$key", w.key(s.Key)))
	case InsertSelect:
		w.put("INSERT INTO ", w.table(s.Table), " (")
		for i, c := range s.Columns {
			if i > 0 {
				w.put(", ")
			}
			w.put(w.name(c))
		}
		w.put(")")
		w.line()
		w.query(s.Query)
	case Delete:
		w.put("DELETE FROM ", w.table(s.Table))
		w.line()
		w.where(s.Where)
	case Update:
		if len(p.Dialect.Rebuild) > 0 {
			return w.rebuild(s.Table, w.updated(s))
		}
		w.put("UPDATE ", w.table(s.Table), " SET ")
		for i, a := range s.Set {
			if i > 0 {
				w.put(", ")
			}
			// Unqualified: some engines refuse a qualified target.
			w.put(w.name(a.Column), " = ", w.exprIn(a.Value))
		}
		w.line()
		w.where(s.Where)
	case UpdateFrom:
		if len(p.Dialect.Rebuild) > 0 {
			return w.rebuild(s.Table, w.updatedFrom(s))
		}
		w.put("UPDATE ", w.table(s.Table), " AS ", w.name(s.As), " SET ")
		for i, a := range s.Set {
			if i > 0 {
				w.put(", ")
			}
			w.put(w.name(a.Column), " = ", w.exprIn(a.Value))
		}
		w.line()
		w.put("FROM ")
		w.from(s.From)
		w.line()
		w.where(s.On)
	case AddColumn:
		w.put("ALTER TABLE ", w.table(s.Table), " ADD COLUMN ", w.name(s.Column.Name), " ", w.nullable(s.Column.Type))
	case Drop:
		w.put("DROP TABLE IF EXISTS ", w.table(s.Table))
	case Swap:
		beside, public := w.table(Table{Beside, s.Name}), w.table(Table{Public, s.Name})
		parts := w.Names(Table{Public, s.Name})
		for _, t := range p.Dialect.Swap {
			out = append(out, strings.NewReplacer("$1", beside, "$2", public, "$3", w.name(parts[len(parts)-1])).Replace(t))
		}
		return out
	default:
		panic(fmt.Sprintf("sql: unknown statement %T", s))
	}
	return []string{w.b.String()}
}

// Query prints q.
func (p *Printer) Query(q Query) (out string, err error) {
	w := newWriter(p)
	defer w.rescue(&err)
	w.query(q)
	return w.definitions() + w.b.String(), nil
}

// Expr prints e, without the definitions of the dialect's helpers.
func (p *Printer) Expr(e Expr) (out string, err error) {
	w := newWriter(p)
	defer w.rescue(&err)
	return w.exprIn(e), nil
}

// Table prints the qualified name of t.
func (p *Printer) Table(t Table) (out string, err error) {
	w := newWriter(p)
	defer w.rescue(&err)
	return w.table(t), nil
}

// writer holds the state of printing one statement. A refusal travels as a
// panic of type refusal and is turned into an error at the entry points.
type writer struct {
	*Printer
	b      strings.Builder
	indent int
	// columns says that the outputs of the next SELECT become the columns of a
	// table.
	columns bool
	// helpers are the dialect's that are called.
	helpers map[string]bool
}

func newWriter(p *Printer) *writer { return &writer{Printer: p, helpers: map[string]bool{}} }

// need notes the helpers that a snippet calls, and those that they call.
func (w *writer) need(snippet string) {
	for name, definition := range w.Dialect.Helpers {
		if !w.helpers[name] && strings.Contains(snippet, name+"(") {
			w.helpers[name] = true
			w.need(definition)
		}
	}
}

// definitions are the statements that define the helpers.
func (w *writer) definitions() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.helpers)) {
		b.WriteString(strings.NewReplacer("$1", name, "$2", w.Dialect.Helpers[name]).Replace(w.Dialect.Helper))
	}
	return b.String()
}

type refusal struct{ error }

func (w *writer) rescue(err *error) {
	switch r := recover().(type) {
	case nil:
	case refusal:
		*err = r.error
	default:
		panic(r)
	}
}

func (w *writer) refuse(format string, args ...any) {
	panic(refusal{fmt.Errorf(format, args...)})
}

func (w *writer) put(parts ...string) {
	for _, s := range parts {
		w.b.WriteString(s)
	}
}

func (w *writer) line() {
	w.b.WriteByte('\n')
	for range w.indent {
		w.b.WriteString("  ")
	}
}

func (w *writer) name(s string) string {
	if s == "" || strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		w.refuse("%q is not a name that a warehouse can hold", s)
	}
	if limit := w.Dialect.NameLimit; limit > 0 && len(s) > limit {
		w.refuse("the name %q is longer than the %d bytes that names of %s have", s, limit, w.Dialect.Name)
	}
	return w.Dialect.QuoteName(s)
}

func (w *writer) table(t Table) string { return w.qualified(w.Names(t)) }

func (w *writer) qualified(parts []string) string {
	quoted := make([]string, len(parts))
	for i, s := range parts {
		quoted[i] = w.name(s)
	}
	if w.Dialect.QuoteTable != nil {
		return w.Dialect.QuoteTable(parts)
	}
	return strings.Join(quoted, ".")
}

func (w *writer) typ(t Type) string {
	s, ok := w.Dialect.Types[t]
	if !ok {
		w.refuse("%s has no type for kind %d", w.Dialect.Name, t)
	}
	return s
}

// told is a type that the tree has to name for this dialect.
func (w *writer) told(t Type, of string) string {
	if t == 0 {
		w.refuse("%s has to be told the type of %s", w.Dialect.Name, of)
	}
	return w.typ(t)
}

// nullable is the type of a column.
func (w *writer) nullable(t Type) string {
	if w.Dialect.Nullable == "" {
		return w.typ(t)
	}
	return strings.ReplaceAll(w.Dialect.Nullable, "$1", w.typ(t))
}

// key is how the rows of a table lie.
func (w *writer) key(columns []string) string {
	if limit := w.Dialect.KeyLimit; limit > 0 && len(columns) > limit {
		columns = columns[:limit]
	}
	if len(columns) == 0 {
		return w.Dialect.NoKey
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = w.name(c)
	}
	return strings.ReplaceAll(w.Dialect.Key, "$1", strings.Join(quoted, ", "))
}

func (w *writer) query(q Query) {
	switch q := q.(type) {
	case *Select:
		w.selectQuery(q)
	case Union:
		if len(q) == 0 {
			panic("sql: empty Union")
		}
		columns := w.columns
		for i, part := range q {
			w.columns = columns
			if i > 0 {
				w.line()
				w.put("UNION ALL")
				w.line()
			}
			// A part with clauses of its own that would bind to the union.
			if s, ok := part.(*Select); ok && len(s.With) == 0 && len(s.OrderBy) == 0 && s.Limit == 0 {
				w.query(part)
				continue
			}
			w.paren(part)
		}
	case CustomQuery:
		text, ok := q.ByDialect[w.Dialect.Name]
		if !ok {
			text, ok = q.ByDialect[""]
		}
		if !ok {
			w.refuse("%s has no spelling for a query that is written for other warehouses", w.Dialect.Name)
		}
		var pairs []string
		for _, part := range q.Parts {
			pairs = append(pairs, part.Text, w.sub(part.Query))
		}
		w.put(strings.NewReplacer(pairs...).Replace(text))
	default:
		panic(fmt.Sprintf("sql: unknown query %T", q))
	}
}

// paren prints a query in parentheses on lines of its own.
func (w *writer) paren(q Query) {
	w.put("(")
	w.indent++
	w.line()
	w.query(q)
	w.indent--
	w.line()
	w.put(")")
}

func (w *writer) selectQuery(s *Select) {
	columns := w.columns
	w.columns = false
	for i, c := range s.With {
		if i == 0 {
			w.put("WITH ")
		} else {
			w.put(",")
			w.line()
		}
		w.put(w.name(c.Name), " AS ")
		w.paren(c.Query)
	}
	if len(s.With) > 0 {
		w.line()
	}
	w.put("SELECT")
	if s.Distinct {
		w.put(" DISTINCT")
	}
	w.list(len(s.Items), func(i int) {
		it := s.Items[i]
		text := w.exprIn(w.wide(it.Expr))
		switch c, ok := it.Expr.(Column); {
		case columns && w.Dialect.Keep != "":
			text = strings.ReplaceAll(w.Dialect.Keep, "$1", text)
		case ok && c.Name == it.As && (c.Table == "" || !w.Dialect.Named):
			w.put(text)
			return
		}
		w.put(text)
		if it.As != "" {
			w.put(" AS ", w.name(it.As))
		}
	})
	from := s.From
	if from == nil && s.Where != nil {
		// Not every warehouse takes a condition about no table.
		from = Derived{Query: &Select{Items: []Item{As(Int(1), "one")}}, As: "one"}
	}
	if from != nil {
		w.line()
		w.put("FROM ")
		w.from(from)
	}
	if s.Where != nil {
		w.line()
		w.where(s.Where)
	}
	if len(s.GroupBy) > 0 {
		w.line()
		keys := make([]string, len(s.GroupBy))
		for i, e := range s.GroupBy {
			if keys[i] = w.position(s, e); keys[i] == "" {
				keys[i] = w.exprIn(key(e))
			}
		}
		w.put("GROUP BY ", strings.Join(keys, ", "))
	}
	if s.Having != nil {
		w.line()
		w.put("HAVING ", w.condition(s.Having))
	}
	if len(s.OrderBy) > 0 {
		w.line()
		w.put("ORDER BY ", w.orders(s.OrderBy, s))
	}
	if s.Limit > 0 {
		w.line()
		w.put("LIMIT ", strconv.FormatInt(s.Limit, 10))
	}
}

// wide is an output that is as wide as its type is, where a column would be as
// wide as the literals that it is made of.
func (w *writer) wide(e Expr) Expr {
	if !w.Dialect.Wide {
		return e
	}
	switch x := e.(type) {
	case String:
		return Cast{Expr: x, To: TypeString}
	case Int:
		return Cast{Expr: x, To: TypeInt}
	case Case:
		// The widest branch decides.
		out := Case{Whens: slices.Clone(x.Whens), Else: x.Else}
		out.Whens[0].Then = w.wide(out.Whens[0].Then)
		return out
	case Call:
		if x.Func != Coalesce {
			return e
		}
		out := Call{Func: x.Func, Args: slices.Clone(x.Args), Of: x.Of}
		last := len(out.Args) - 1
		out.Args[last] = w.wide(out.Args[last])
		return out
	default:
		return e
	}
}

// list prints n items, one a line where there are several.
func (w *writer) list(n int, item func(int)) {
	if n == 1 {
		w.put(" ")
		item(0)
		return
	}
	w.indent++
	for i := range n {
		w.line()
		item(i)
		if i < n-1 {
			w.put(",")
		}
	}
	w.indent--
}

func (w *writer) from(f From) {
	switch f := f.(type) {
	case TableRef:
		w.put(w.table(f.Table))
		if f.As != "" {
			w.put(" AS ", w.name(f.As))
		}
	case CTERef:
		w.put(w.name(f.Name))
		if f.As != "" {
			w.put(" AS ", w.name(f.As))
		}
	case Derived:
		w.paren(f.Query)
		w.put(" AS ", w.name(f.As))
	case *Join:
		w.from(f.Left)
		w.line()
		w.put(string(f.Kind), " ")
		if _, ok := f.Right.(*Join); ok {
			w.put("(")
			w.from(f.Right)
			w.put(")")
		} else {
			w.from(f.Right)
		}
		if f.On != nil {
			w.put(" ON ", w.condition(f.On))
		}
	default:
		panic(fmt.Sprintf("sql: unknown FROM item %T", f))
	}
}

// exprIn prints an expression where no neighbour can bind to it.
func (w *writer) exprIn(e Expr) string {
	s, _ := w.expr(e)
	return s
}

// exprOut prints an expression beside an operator: in parentheses, unless it
// is a unit.
func (w *writer) exprOut(e Expr) string {
	s, unit := w.expr(e)
	if unit {
		return s
	}
	return "(" + s + ")"
}

func (w *writer) exprs(es []Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = w.exprIn(e)
	}
	return strings.Join(parts, ", ")
}

// position is the place among the outputs of a column that cannot be named,
// because another output has the name of its table; empty where it can.
func (w *writer) position(s *Select, e Expr) string {
	c, ok := e.(Column)
	if !ok || s == nil || !w.Dialect.OutputsFirst || !slices.ContainsFunc(s.Items, func(it Item) bool { return it.As == c.Table }) {
		return ""
	}
	at := slices.IndexFunc(s.Items, func(it Item) bool { return it.Expr == e })
	if at < 0 {
		return ""
	}
	return strconv.Itoa(at + 1)
}

// key is an expression to group or order by: a bare integer there would be
// the position of an output column.
func key(e Expr) Expr {
	if _, ok := e.(Int); ok {
		return Cast{Expr: e, To: TypeInt}
	}
	return e
}

// orders prints terms of the ORDER BY of a query, or of a window where that is nil.
func (w *writer) orders(os []Order, of *Select) string {
	parts := make([]string, len(os))
	for i, o := range os {
		if parts[i] = w.position(of, o.Expr); parts[i] == "" {
			parts[i] = w.exprOut(key(o.Expr))
		}
		if o.Desc {
			parts[i] += " DESC"
		}
		if o.NullsFirst {
			parts[i] += " NULLS FIRST"
		} else {
			parts[i] += " NULLS LAST"
		}
	}
	return strings.Join(parts, ", ")
}

// sub prints a query in parentheses as text, at the current indentation.
func (w *writer) sub(q Query) string {
	inner := &writer{Printer: w.Printer, indent: w.indent, helpers: w.helpers}
	inner.paren(q)
	return inner.b.String()
}

// condition prints an expression where a condition stands, and no neighbour can
// bind to it.
func (w *writer) condition(e Expr) string {
	s, _ := w.bare(e)
	return s
}

// expr prints e as a value and says whether the text is a unit, safe beside any
// operator.
func (w *writer) expr(e Expr) (text string, unit bool) {
	text, unit = w.bare(e)
	if w.Dialect.Truth != "" && isCondition(e) {
		return strings.ReplaceAll(w.Dialect.Truth, "$1", text), true
	}
	return text, unit
}

// conditions are the functions that say whether something is so.
var conditions = map[Func]bool{
	Eq: true, Ne: true, Lt: true, Le: true, Gt: true, Ge: true, Same: true, Differ: true, Not: true, IsNull: true, IsNotNull: true,
	IsNaN: true, IsInf: true, IsFinite: true, Contains: true, StartsWith: true, EndsWith: true, Matches: true, MatchesAll: true,
	ListContains: true, ListHasAll: true, ListHasAny: true, ListEq: true, ListNe: true, ListSame: true, ListDiffer: true,
}

func isCondition(e Expr) bool {
	switch e := e.(type) {
	case Call:
		return conditions[e.Func]
	case And, Or, In, InQuery, Exists:
		return true
	default:
		return false
	}
}

// bare prints e as a value or as a condition, as it is.
func (w *writer) bare(e Expr) (text string, unit bool) {
	switch e := e.(type) {
	case Column:
		if e.Table == "" {
			return w.name(e.Name), true
		}
		return w.name(e.Table) + "." + w.name(e.Name), true
	case Bool:
		if e {
			return "TRUE", true
		}
		return "FALSE", true
	case Int:
		if w.Dialect.Int != nil {
			return w.Dialect.Int(int64(e)), true
		}
		if e == -1<<63 {
			// The positive half of the literal would overflow.
			return "-9223372036854775807 - 1", false
		}
		return strconv.FormatInt(int64(e), 10), e >= 0
	case Float:
		text := w.Dialect.Float(float64(e))
		return text, !strings.HasPrefix(text, "-")
	case String:
		if !utf8.ValidString(string(e)) {
			w.refuse("text that is not UTF-8 cannot be written in SQL")
		}
		if w.Dialect.NoNUL && strings.ContainsRune(string(e), 0) {
			w.refuse("%s has no texts with the character NUL", w.Dialect.Name)
		}
		return w.Dialect.QuoteString(string(e)), true
	case Timestamp:
		if year := time.Time(e).UTC().Year(); year < 1 || year > 9999 {
			w.refuse("the year %d cannot be written in SQL", year)
		}
		return w.Dialect.Timestamp(time.Time(e)), true
	case Null:
		return w.null(e.Type), true
	case Call:
		return w.call(e, "")
	case And:
		return w.chain([]Expr(e), " AND ", "TRUE")
	case Or:
		return w.chain([]Expr(e), " OR ", "FALSE")
	case Cast:
		if of, ok := e.Expr.(Call); ok && of.Func == ListOf && len(of.Args) == 0 && w.Dialect.Empty[e.To] != "" {
			return w.Dialect.Empty[e.To], true
		}
		if w.Dialect.Cast != "" && w.Dialect.Casts[e.To] == "" && !literals([]Expr{e.Expr}) {
			return strings.NewReplacer("$1", w.exprIn(e.Expr), "$2", w.typ(e.To)).Replace(w.Dialect.Cast), true
		}
		return w.cast(w.exprIn(e.Expr), e.To), true
	case TryCast:
		snippet, ok := w.Dialect.TryCasts[e.To]
		if !ok {
			snippet = w.Dialect.TryCast
		}
		return w.spell("", strings.ReplaceAll(snippet, "$2", w.typ(e.To)), []Expr{e.Expr}, "", true), isUnit(snippet)
	case Case:
		var b strings.Builder
		b.WriteString("CASE")
		for _, when := range e.Whens {
			b.WriteString(" WHEN " + w.condition(when.If) + " THEN " + w.exprIn(when.Then))
		}
		if e.Else != nil {
			b.WriteString(" ELSE " + w.exprIn(e.Else))
		}
		b.WriteString(" END")
		return b.String(), true
	case In:
		if len(e.List) == 0 {
			return "FALSE", true
		}
		if w.Dialect.Literals && !literals(e.List) {
			var each Or
			for _, x := range e.List {
				each = append(each, Fn(Eq, e.Expr, x))
			}
			return w.bare(each)
		}
		return w.exprOut(e.Expr) + " IN (" + w.exprs(e.List) + ")", false
	case InQuery:
		left := w.exprs(e.Exprs)
		if len(e.Exprs) > 1 {
			left = "(" + left + ")"
		} else {
			left = w.exprOut(e.Exprs[0])
		}
		query := w.sub(e.Query)
		if len(e.Exprs) > 1 && w.Dialect.RowIn != "" {
			query = "(" + strings.ReplaceAll(w.Dialect.RowIn, "$1", query) + ")"
		}
		return left + not(e.Not) + " IN " + query, false
	case Exists:
		if text, ok := w.exists(e); ok {
			return text, !e.Not
		}
		return existing(w, e), false
	case Scalar:
		return w.sub(e.Query), true
	case Window:
		var parts []string
		if len(e.PartitionBy) > 0 {
			parts = append(parts, "PARTITION BY "+w.exprs(e.PartitionBy))
		}
		if len(e.OrderBy) > 0 {
			parts = append(parts, "ORDER BY "+w.orders(e.OrderBy, nil))
		}
		if e.Frame != "" {
			parts = append(parts, string(e.Frame))
		}
		if u := w.Dialect.Unordered; u != "" && len(e.OrderBy) == 0 && (e.Call.Func == RowNumber || e.Call.Func == Rank) {
			parts = append(parts, u)
		}
		return w.call(e.Call, "OVER ("+strings.Join(parts, " ")+")")
	case Lambda:
		if w.Dialect.Lambda == "" {
			w.refuse("%s has no functions of list elements", w.Dialect.Name)
		}
		head := strings.ReplaceAll(w.Dialect.Lambda, "$1", w.name(e.Param))
		if strings.Contains(head, "$type") {
			head = strings.ReplaceAll(head, "$type", w.told(e.Of, "the elements of a list"))
		}
		return strings.ReplaceAll(head, "$2", w.exprOut(e.Body)), true
	case Custom:
		text, ok := e.ByDialect[w.Dialect.Name]
		if !ok {
			w.refuse("%s has no spelling for an expression that is written for other warehouses", w.Dialect.Name)
		}
		return "(" + strings.ReplaceAll(text, CustomValue, w.exprOut(e.Value)) + ")", true
	default:
		panic(fmt.Sprintf("sql: unknown expression %T", e))
	}
}

// existing prints an Exists as it is.
func existing(w *writer, e Exists) string {
	return strings.TrimPrefix(not(e.Not)+" EXISTS ", " ") + w.sub(e.Query)
}

func not(b bool) string {
	if b {
		return " NOT"
	}
	return ""
}

func (w *writer) chain(terms []Expr, op, empty string) (string, bool) {
	switch len(terms) {
	case 0:
		return empty, true
	case 1:
		return w.bare(terms[0])
	}
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = w.term(t)
	}
	return strings.Join(parts, op), false
}

// predicates bind tighter than AND and OR in every dialect.
var predicates = map[Func]bool{
	Eq: true, Ne: true, Lt: true, Le: true, Gt: true, Ge: true, Same: true, Differ: true,
	Not: true, IsNull: true, IsNotNull: true, ListEq: true, ListNe: true, ListSame: true, ListDiffer: true,
}

// term prints an expression beside AND or OR.
func (w *writer) term(e Expr) string {
	switch e := e.(type) {
	case Call:
		if predicates[e.Func] {
			return w.condition(e)
		}
	case In:
		if !w.Dialect.Literals || literals(e.List) {
			return w.condition(e)
		}
	case InQuery, Exists:
		return w.condition(e)
	}
	s, unit := w.bare(e)
	if unit {
		return s
	}
	return "(" + s + ")"
}

// literals says that a list holds nothing but literals other than NULL.
func literals(list []Expr) bool {
	return !slices.ContainsFunc(list, func(e Expr) bool {
		switch e.(type) {
		case Bool, Int, Float, String, Timestamp:
			return false
		default:
			return true
		}
	})
}

// where prints a condition, one line for each of several terms.
func (w *writer) where(e Expr) {
	terms, ok := e.(And)
	if !ok || len(terms) < 2 {
		if x, ok := e.(Exists); ok {
			w.put("WHERE ", existing(w, x))
			return
		}
		w.put("WHERE ", w.condition(e))
		return
	}
	w.put("WHERE ", w.whereTerm(terms[0]))
	w.indent++
	for _, t := range terms[1:] {
		w.line()
		w.put("AND ", w.whereTerm(t))
	}
	w.indent--
}

// whereTerm prints a term of WHERE.
func (w *writer) whereTerm(e Expr) string {
	if x, ok := e.(Exists); ok {
		return existing(w, x)
	}
	return w.term(e)
}

// null is the NULL of a type.
func (w *writer) null(t Type) string {
	if w.Dialect.Nullable == "" {
		return w.cast("NULL", t)
	}
	return "CAST(NULL AS " + w.nullable(t) + ")"
}

// cast spells a conversion of an expression that stands between parentheses.
func (w *writer) cast(text string, to Type) string {
	if snippet, ok := w.Dialect.Casts[to]; ok {
		return strings.ReplaceAll(snippet, "$1", text)
	}
	return "CAST(" + text + " AS " + w.typ(to) + ")"
}

// call spells a call; over is the window it runs over, if any.
func (w *writer) call(c Call, over string) (string, bool) {
	if c.Func == Coalesce && len(c.Args) == 1 {
		return w.expr(c.Args[0])
	}
	snippet, ok := w.Dialect.Funcs[c.Func]
	if !ok {
		snippet, ok = standard[c.Func]
	}
	if !ok && c.Func == OtherHash {
		marked := make([]Expr, len(c.Args))
		for i, a := range c.Args {
			marked[i] = Fn(Concat, String("#"), a)
		}
		return w.call(Fn(Hash, marked...), over)
	}
	if !ok {
		w.refuse("%s has no spelling for %s", w.Dialect.Name, c.Func)
	}
	if over != "" && w.Dialect.NoWindow[c.Func] {
		w.refuse("%s has no %s over a window", w.Dialect.Name, c.Func)
	}
	if patterned[c.Func] && w.Dialect.Regexp != nil {
		c = w.pattern(c)
	}
	if strings.Contains(snippet, "$type") {
		snippet = strings.ReplaceAll(snippet, "$type", w.told(c.Of, string(c.Func)))
	}
	text := w.spell(c.Func, snippet, c.Args, over, !aggregates[c.Func])
	if over != "" && !strings.Contains(snippet, "$over") {
		return text + " " + over, true
	}
	return text, isUnit(snippet)
}

// patterned are the functions whose second argument is an RE2 pattern.
var patterned = map[Func]bool{Matches: true, MatchesAll: true, RegexpReplace: true, RegexpExtract: true}

// pattern is a call with its pattern in the engine's syntax, and behind its
// arguments the number of the group that was the first.
func (w *writer) pattern(c Call) Call {
	text, ok := c.Args[1].(String)
	if !ok {
		w.refuse("%s has no patterns that are not written out", w.Dialect.Name)
	}
	translated, group, err := w.Dialect.Regexp(c.Func, string(text))
	if err != nil {
		w.refuse("%s cannot search with the pattern %q: %v", w.Dialect.Name, string(text), err)
	}
	args := append([]Expr{}, c.Args...)
	args[1] = String(translated)
	return Call{Func: c.Func, Args: append(args, Int(group)), Of: c.Of}
}

// spell fills a snippet in; see the standard table for its language. Arguments
// may get names, but for those of aggregates: an aggregate of a name would be
// one of the single row that has it.
func (w *writer) spell(f Func, snippet string, args []Expr, over string, names bool) string {
	w.need(snippet)
	var let map[int]string
	var named string
	if names && w.Dialect.Let != "" {
		let, named = w.let(snippet, args)
	}
	var b strings.Builder
	for i := 0; i < len(snippet); i++ {
		rest := snippet[i:]
		switch {
		case strings.HasPrefix(rest, "$over"):
			if over != "" {
				b.WriteString(" " + over)
			}
			i += len("$over") - 1
		case strings.HasPrefix(rest, "$param"):
			b.WriteString(w.name(lambda(args).Param))
			i += len("$param") - 1
		case strings.HasPrefix(rest, "$body"):
			b.WriteString(w.exprOut(lambda(args).Body))
			i += len("$body") - 1
		case strings.HasPrefix(rest, "$||"):
			parts := make([]string, len(args))
			for n, a := range args {
				parts[n] = w.exprOut(a)
			}
			b.WriteString(strings.Join(parts, " || "))
			i += len("$||") - 1
		case strings.HasPrefix(rest, "$*"):
			b.WriteString(w.exprs(args))
			i += len("$*") - 1
		case len(rest) > 1 && rest[0] == '$' && '1' <= rest[1] && rest[1] <= '9':
			n := int(rest[1] - '1')
			if n >= len(args) {
				panic(fmt.Sprintf("sql: %s called with %d arguments", snippet, len(args)))
			}
			i++
			switch {
			case let[n] != "":
				b.WriteString(let[n])
			default:
				text, unit := w.argument(f, args[n])
				if !unit && !enclosed(snippet, i-1, i+1) {
					text = "(" + text + ")"
				}
				b.WriteString(text)
			}
		default:
			b.WriteByte(snippet[i])
		}
	}
	if named == "" {
		return b.String()
	}
	return strings.NewReplacer("$1", b.String(), "$2", named).Replace(w.Dialect.Let)
}

// lambda is the Lambda among arguments.
func lambda(args []Expr) Lambda {
	for _, a := range args {
		if l, ok := a.(Lambda); ok {
			return l
		}
	}
	panic("sql: a function of list elements was called without one")
}

// let names the arguments that the snippet has more than once and that are not
// as short as their names; named is the list of a SELECT that gives the names.
func (w *writer) let(snippet string, args []Expr) (names map[int]string, named string) {
	names = map[int]string{}
	var items []string
	for n, a := range args {
		mention := "$" + strconv.Itoa(n+1)
		if strings.Count(snippet, mention) < 2 || short(a) {
			continue
		}
		names[n] = w.Dialect.QuoteName(mention)
		items = append(items, w.exprIn(a)+" AS "+names[n])
	}
	return names, strings.Join(items, ", ")
}

// short says that an expression may as well be repeated, or has to be: what an
// aggregate or a window counts is where it stands.
func short(e Expr) bool {
	switch e := e.(type) {
	case Column, Bool, Int, Float, String, Timestamp, Null, Lambda:
		return true
	case Cast:
		return short(e.Expr)
	}
	counts := false
	Visit(e, func(part Expr) {
		switch part := part.(type) {
		case Window:
			counts = true
		case Call:
			counts = counts || aggregates[part.Func]
		}
	})
	return counts
}

// argument prints an argument of f: of NOT a condition, else a value. Beside a
// comparison the width of an integer does not matter.
func (w *writer) argument(f Func, e Expr) (text string, unit bool) {
	if n, ok := e.(Int); ok && predicates[f] && n >= 0 {
		return strconv.FormatInt(int64(n), 10), true
	}
	if f == Not {
		return w.bare(e)
	}
	return w.expr(e)
}

// enclosed says whether snippet[start:end] stands between a parenthesis or
// comma and another, or the AS of a cast, so that its text needs no parentheses of its own.
func enclosed(snippet string, start, end int) bool {
	before := strings.TrimRight(snippet[:start], " ")
	after := strings.TrimLeft(snippet[end:], " ")
	return (strings.HasSuffix(before, "(") || strings.HasSuffix(before, ",")) &&
		(strings.HasPrefix(after, ")") || strings.HasPrefix(after, ",") || strings.HasPrefix(after, "AS "))
}

// isUnit says whether a snippet is one call, CASE or parenthesis from its
// first byte to its last.
func isUnit(snippet string) bool {
	if strings.HasPrefix(snippet, "CASE ") && strings.HasSuffix(snippet, " END") && strings.Count(snippet, "CASE ") == 1 {
		return true
	}
	open := strings.IndexByte(snippet, '(')
	if open < 0 || strings.ContainsAny(snippet[:open], " $'-+*/") {
		return false
	}
	depth := 0
	quoted := false
	for i := open; i < len(snippet); i++ {
		switch {
		case snippet[i] == '\'':
			quoted = !quoted
		case quoted:
		case snippet[i] == '(':
			depth++
		case snippet[i] == ')':
			depth--
			if depth == 0 {
				return i == len(snippet)-1
			}
		}
	}
	return false
}
