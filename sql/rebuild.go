package sql

import (
	"slices"
	"strings"
)

// Where a warehouse has no UPDATE that is cheap, the rows of the table are
// written anew beside it, and take its place.

// rebuilt marks what becomes the table.
const rebuilt = "__rebuilt"

// rebuild spells the statements that make the rows of a table those of a query,
// which the writer holds.
func (w *writer) rebuild(t Table, query string) []string {
	beside := *w
	printer := *w.Printer
	printer.Names = func(t Table) []string {
		parts := slices.Clone(w.Names(t))
		parts[len(parts)-1] += rebuilt
		return parts
	}
	beside.Printer = &printer
	fill := strings.NewReplacer("$1", w.table(t), "$2", beside.table(t), "$3", query)
	out := make([]string, len(w.Dialect.Rebuild))
	for i, s := range w.Dialect.Rebuild {
		out[i] = fill.Replace(s)
	}
	return out
}

// updated is the query of the rows that an Update leaves.
func (w *writer) updated(s Update) string {
	w.put("SELECT * ")
	w.replace(s.Set, func(c string) Expr { return Column{Name: c} }, s.Where)
	w.line()
	w.put("FROM ", w.table(s.Table))
	return w.b.String()
}

// matched is a column of what an UpdateFrom joins, TRUE where a row matches.
const matched = "__matched"

// updatedFrom is the query of the rows that an UpdateFrom leaves. Its From is a
// table or a query: what is joined in it has its own alias, and so a mark.
func (w *writer) updatedFrom(s UpdateFrom) string {
	var from Query
	var alias string
	all := "SELECT *, TRUE AS " + w.name(matched)
	switch f := s.From.(type) {
	case TableRef:
		alias = f.As
		all += " FROM " + w.table(f.Table)
	case Derived:
		alias, from = f.As, f.Query
		all += " FROM " + w.sub(from)
	default:
		w.refuse("%s cannot update from a join: make a table of it first", w.Dialect.Name)
	}
	w.put("SELECT ", w.name(s.As), ".* ")
	w.replace(s.Set, func(c string) Expr { return Column{Table: s.As, Name: c} }, Column{Table: alias, Name: matched})
	w.line()
	w.put("FROM ", w.table(s.Table), " AS ", w.name(s.As))
	w.line()
	w.put("LEFT JOIN (", all, ") AS ", w.name(alias), " ON ", w.condition(s.On))
	return w.b.String()
}

// replace changes columns of * where a condition holds.
func (w *writer) replace(set []Assignment, old func(string) Expr, where Expr) {
	w.put("REPLACE (")
	for i, a := range set {
		if i > 0 {
			w.put(", ")
		}
		w.put(w.exprIn(If(where, a.Value, old(a.Column))), " AS ", w.name(a.Column))
	}
	w.put(")")
}
