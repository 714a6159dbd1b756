package profile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// correctedAlias is that of corrections where the wide table begins.
const correctedAlias = "corrected"

// What was corrected stands in two columns of the wide table for each trait: that
// it was, and its value, which may be none. So traits that are computed from it, in
// whichever stage, see what was corrected.
func isCorrected(trait string) string    { return "is_corrected." + trait }
func correctedValue(trait string) string { return "corrected." + trait }

// correctable are the traits that corrections are read for.
func (in Input) correctable() []expr.Compiled {
	var out []expr.Compiled
	for _, t := range in.Expr.Traits {
		if slices.Contains(in.Corrected, t.Name) && !t.Type.IsList() {
			out = append(out, t)
		}
	}
	return out
}

// correctedColumns are those that corrections leave in the wide table.
func (in Input) correctedColumns() []string {
	var out []string
	for _, t := range in.correctable() {
		out = append(out, isCorrected(t.Name), correctedValue(t.Name))
	}
	return out
}

// corrected is the value of a trait, or what somebody has said that it is.
func (in Input) corrected(alias, trait string, value sql.Expr) sql.Expr {
	if !slices.ContainsFunc(in.correctable(), func(t expr.Compiled) bool { return t.Name == trait }) {
		return value
	}
	return sql.If(sql.Fn(sql.Coalesce, sql.Col(alias, isCorrected(trait)), sql.Bool(false)), sql.Col(alias, correctedValue(trait)), value)
}

// corrections selects a row for each entity of which something was corrected: who
// carries one of the identifiers by now. The later of two counts.
func (in Input) corrections() sql.Query {
	id := identity.Column(in.Entity)
	said := &sql.Select{
		Items: append(sql.Items("i", id), sql.Items("k", "trait", "value", "at")...),
		From: sql.Joins(sql.TableRef{Table: identity.IdentitiesTable(in.Entity), As: "i"},
			sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: privacy.Corrections, As: "k"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("k", "identifier_type"), sql.Col("i", "identifier_type")),
				sql.Fn(sql.Eq, sql.Col("k", "identifier"), sql.Col("i", "identifier")),
			}}),
		Where: sql.And{sql.Fn(sql.Eq, sql.Col("k", "entity"), sql.String(in.Entity.Name)), sql.Fn(sql.IsNotNull, sql.Col("i", id))},
	}
	latest := &sql.Select{Items: sql.Items("s", id), From: sql.Derived{Query: said, As: "s"}, GroupBy: []sql.Expr{sql.Col("s", id)}}
	out := &sql.Select{Items: sql.Items("l", id), From: sql.Derived{Query: latest, As: "l"}}
	for _, t := range in.correctable() {
		is := sql.Fn(sql.Eq, sql.Col("s", "trait"), sql.String(t.Name))
		value := sql.If(is, sql.Col("s", "value"), nil)
		latest.Items = append(latest.Items,
			sql.As(sql.Fn(sql.BoolOr, is), isCorrected(t.Name)),
			sql.As(sql.FnOf(sql.TypeString, sql.ArgMaxRow, value, sql.If(is, sql.Col("s", "at"), nil), value), correctedValue(t.Name)))
		typed := sql.Expr(sql.Col("l", correctedValue(t.Name)))
		if t.Type != sql.TypeString {
			typed = sql.TryCast{Expr: typed, To: t.Type}
		}
		out.Items = append(out.Items, sql.As(sql.Col("l", isCorrected(t.Name)), isCorrected(t.Name)), sql.As(typed, correctedValue(t.Name)))
	}
	return out
}
