package impact

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Entity is how the profiles of an entity differ.
type Entity struct {
	Entity string `json:"entity"`
	// Before, After and Both count customers.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	Both   int64 `json:"both"`
	// Traits are those that moved.
	Traits []Trait `json:"traits"`
}

// Trait is how a trait moved.
type Trait struct {
	Trait string `json:"trait"`
	// Kind is added, removed or moved; retyped where it has another type.
	Kind string `json:"kind"`
	// Changed is how many of those in both builds have another value.
	Changed int64         `json:"changed"`
	Before  *Distribution `json:"before,omitempty"`
	After   *Distribution `json:"after,omitempty"`
}

// Distribution is what the values of a trait look like.
type Distribution struct {
	Type     string `json:"type"`
	Rows     int64  `json:"rows"`
	Values   int64  `json:"values"`
	Distinct int64  `json:"distinct"`
	// Quantiles are the 5th, 25th, 50th, 75th and 95th percentile of what has an
	// order and is no text, by those numbers.
	Quantiles []Quantile `json:"quantiles,omitempty"`
	// Top are the most frequent values of what has few.
	Top []Top `json:"top,omitempty"`
}

// Quantile is a value that Percent of the values do not exceed.
type Quantile struct {
	Percent int64  `json:"percent"`
	Value   string `json:"value"`
}

// Top is a frequent value; Value is absent where it was not asked for.
type Top struct {
	Value *string `json:"value,omitempty"`
	Count int64   `json:"count"`
}

// percents are the quantiles, tops how many frequent values there are.
var percents = []int64{5, 25, 50, 75, 95}

const tops = 5

// perStatement bounds how many traits one statement describes.
const perStatement = 30

// Traits says which traits moved.
func (s Sides) Traits(ctx context.Context) ([]Entity, error) {
	out := []Entity{}
	for _, e := range s.entities() {
		x, err := s.traits(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("comparing the profiles of %s: %w", e.Name, err)
		}
		out = append(out, x)
	}
	return out, nil
}

func (s Sides) traits(ctx context.Context, e *config.Entity) (Entity, error) {
	out := Entity{Entity: e.Name, Traits: []Trait{}}
	before, err := columns(ctx, s.Before, profile.Table(e))
	if err != nil {
		return out, err
	}
	after, err := columns(ctx, s.After, profile.Table(e))
	if err != nil || after == nil {
		return out, err
	}
	var shared []adapters.Column
	moved := map[string]*Trait{}
	for _, c := range after {
		i := index(before, c.Name)
		switch {
		case c.Name == identity.Column(e):
		case i < 0:
			moved[c.Name] = &Trait{Trait: c.Name, Kind: "added"}
		case before[i].Type != c.Type:
			moved[c.Name] = &Trait{Trait: c.Name, Kind: "retyped"}
		default:
			shared = append(shared, c)
		}
	}
	for _, c := range before {
		if c.Name != identity.Column(e) && index(after, c.Name) < 0 {
			moved[c.Name] = &Trait{Trait: c.Name, Kind: "removed"}
		}
	}
	if err := s.changed(ctx, e, shared, &out, moved); err != nil {
		return out, err
	}
	sides := []struct {
		wh      *adapters.Warehouse
		table   sql.Table
		columns []adapters.Column
		to      func(*Trait, *Distribution)
	}{
		{s.Before, s.Before.Foreign(profile.Table(e)), before, func(t *Trait, d *Distribution) { t.Before = d }},
		{s.After, profile.Table(e), after, func(t *Trait, d *Distribution) { t.After = d }},
	}
	for _, side := range sides {
		var list []adapters.Column
		for _, c := range side.columns {
			if moved[c.Name] != nil {
				list = append(list, c)
			}
		}
		for part := range slices.Chunk(list, perStatement) {
			found, err := s.distributions(ctx, e, side.table, part)
			if err != nil {
				return out, err
			}
			for name, d := range found {
				side.to(moved[name], d)
			}
		}
	}
	for _, t := range moved {
		// As many more of the same are no move.
		if t.Kind != "moved" || t.Changed > 0 || len(t.differences()) > 0 {
			out.Traits = append(out.Traits, *t)
		}
	}
	slices.SortFunc(out.Traits, func(a, b Trait) int { return strings.Compare(a.Trait, b.Trait) })
	return out, nil
}

func index(list []adapters.Column, name string) int {
	return slices.IndexFunc(list, func(c adapters.Column) bool { return strings.EqualFold(c.Name, name) })
}

// changed counts customers, and of those in both builds the ones whose value of a
// trait is another; without any customers who come or go a trait that nobody has
// otherwise has not moved.
func (s Sides) changed(ctx context.Context, e *config.Entity, shared []adapters.Column, out *Entity, moved map[string]*Trait) error {
	id := identity.Column(e)
	names := []string{id}
	for _, c := range shared {
		names = append(names, c.Name)
	}
	before, err := s.base(ctx, profile.Table(e), "x", names...)
	if err != nil {
		return err
	}
	side := func(from sql.From, was, is int64) sql.Query {
		return &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("x", id), "id"), sql.As(sql.Int(was), "was"), sql.As(sql.Int(is), "is_now")},
			From:  from, Where: s.sampled(e, sql.Col("x", id)),
		}
	}
	// Who is in both is counted by their ids alone, and the values by a join of
	// those.
	ids := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("u", "id"), "id"), sql.As(sql.Fn(sql.Max, sql.Col("u", "was")), "was"), sql.As(sql.Fn(sql.Max, sql.Col("u", "is_now")), "is_now"),
		},
		From:    sql.Derived{As: "u", Query: sql.Union{side(before, 1, 0), side(ref(profile.Table(e), "x"), 0, 1)}},
		GroupBy: []sql.Expr{sql.Col("u", "id")},
	}
	one := func(name string) sql.Expr { return eq(sql.Col("g", name), sql.Int(1)) }
	rows, err := s.ask(ctx, &sql.Select{
		Items: []sql.Item{count(one("was"), "n_before"), count(one("is_now"), "n_after"), count(sql.And{one("was"), one("is_now")}, "n_both")},
		From:  sql.Derived{As: "g", Query: ids},
	})
	if err != nil {
		return err
	}
	out.Before, out.After, out.Both = integer(rows[0][0]), integer(rows[0][1]), integer(rows[0][2])
	if out.Both > 0 && len(shared) > 0 {
		if err := s.values(ctx, e, names, shared, moved); err != nil {
			return err
		}
	}
	if out.Before != out.Both || out.After != out.Both {
		for _, c := range shared {
			if moved[c.Name] == nil {
				moved[c.Name] = &Trait{Trait: c.Name, Kind: "moved"}
			}
		}
	}
	return nil
}

// values counts by trait who has another value.
func (s Sides) values(ctx context.Context, e *config.Entity, names []string, shared []adapters.Column, moved map[string]*Trait) error {
	id := identity.Column(e)
	before, err := s.base(ctx, profile.Table(e), "b", names...)
	if err != nil {
		return err
	}
	q := &sql.Select{
		From: sql.Joins(before, sql.Join{
			Kind: sql.InnerJoin, Right: ref(profile.Table(e), "a"), On: eq(sql.Col("a", id), sql.Col("b", id)),
		}),
		Where: s.sampled(e, sql.Col("a", id)),
	}
	for i, c := range shared {
		differ := sql.Differ
		if c.Type.IsList() {
			differ = sql.ListDiffer
		}
		q.Items = append(q.Items, count(sql.Fn(differ, sql.Col("b", c.Name), sql.Col("a", c.Name)), fmt.Sprintf("n%d", i)))
	}
	rows, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	for i, c := range shared {
		if n := integer(rows[0][i]); n > 0 {
			moved[c.Name] = &Trait{Trait: c.Name, Kind: "moved", Changed: n}
		}
	}
	return nil
}

// distributions describes traits of one build, in one statement. Its rows are the
// trait, what the row says, two or three numbers and a value.
func (s Sides) distributions(ctx context.Context, e *config.Entity, table sql.Table, list []adapters.Column) (map[string]*Distribution, error) {
	var all sql.Union
	for _, c := range list {
		all = append(all, s.summary(e, table, c))
		switch {
		case c.Type.IsList():
		case ordered(c.Type):
			all = append(all, s.quantiles(e, table, c))
		default:
			all = append(all, s.frequent(e, table, c))
		}
	}
	rows, err := s.ask(ctx, &sql.Select{
		Items: sql.Items("d", "trait", "what", "a", "b", "c", "v"), From: sql.Derived{As: "d", Query: all},
		OrderBy: []sql.Order{sql.Asc(sql.Col("d", "trait")), {Expr: sql.Col("d", "what"), Desc: true}, {Expr: sql.Col("d", "a"), Desc: true}, sql.Asc(sql.Col("d", "v"))},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]*Distribution{}
	for _, r := range rows {
		name, a, b := text(r[0]), integer(r[2]), integer(r[3])
		d := out[name]
		if d == nil {
			d = &Distribution{Type: catalog.TypeName(list[index(list, name)].Type)}
			out[name] = d
		}
		switch text(r[1]) {
		case "summary":
			d.Rows, d.Values, d.Distinct = a, b, integer(r[4])
		case "quantile":
			if b < Fewest && !s.Values {
				continue // of so few it is somebody's
			}
			for _, p := range percents {
				if position(p, b) == a {
					d.Quantiles = append(d.Quantiles, Quantile{p, text(r[5])})
				}
			}
		case "frequent":
			top := Top{Count: a}
			// A truth value names nobody, and without it the counts say nothing.
			if value := text(r[5]); s.Values || list[index(list, name)].Type == sql.TypeBool {
				top.Value = &value
			}
			d.Top = append(d.Top, top)
		}
	}
	for _, d := range out {
		slices.SortFunc(d.Quantiles, func(a, b Quantile) int { return int(a.Percent - b.Percent) })
	}
	return out, nil
}

// row is a row of distributions.
func row(trait, what string, a, b, c, v sql.Expr) []sql.Item {
	none := func(x sql.Expr, t sql.Type) sql.Expr {
		if x == nil {
			return sql.Null{Type: t}
		}
		return x
	}
	return []sql.Item{
		sql.As(sql.String(trait), "trait"), sql.As(sql.String(what), "what"),
		sql.As(none(a, sql.TypeInt), "a"), sql.As(none(b, sql.TypeInt), "b"), sql.As(none(c, sql.TypeInt), "c"), sql.As(none(v, sql.TypeString), "v"),
	}
}

func (s Sides) summary(e *config.Entity, table sql.Table, c adapters.Column) sql.Query {
	value := sql.Col("p", c.Name)
	distinct := sql.Expr(sql.Fn(sql.CountDistinct, value))
	if c.Type.IsList() {
		distinct = sql.Int(0)
	}
	return &sql.Select{
		Items: row(c.Name, "summary", sql.Fn(sql.CountAll), sql.Fn(sql.Count, value), distinct, nil),
		From:  ref(table, "p"), Where: s.sampled(e, sql.Col("p", identity.Column(e))),
	}
}

// quantiles are the values at the positions of the percents, of those in order.
func (s Sides) quantiles(e *config.Entity, table sql.Table, c adapters.Column) sql.Query {
	value := sql.Col("p", c.Name)
	where := sql.And{sql.Fn(sql.IsNotNull, value)}
	if only := s.sampled(e, sql.Col("p", identity.Column(e))); only != nil {
		where = append(where, only)
	}
	in := &sql.Select{
		Items: []sql.Item{
			sql.As(value, "v"),
			sql.As(sql.Window{Call: sql.Fn(sql.RowNumber), OrderBy: []sql.Order{sql.Asc(value)}}, "at"),
			sql.As(sql.Window{Call: sql.Fn(sql.CountAll)}, "n"),
		},
		From: ref(table, "p"), Where: where,
	}
	at, n := sql.Col("q", "at"), sql.Col("q", "n")
	var is sql.Or
	for _, p := range percents {
		before := sql.Fn(sql.IntDiv, sql.Fn(sql.MulFast, sql.Fn(sql.SubFast, n, sql.Int(1)), sql.Int(p)), sql.Int(100))
		is = append(is, eq(at, sql.Fn(sql.AddFast, before, sql.Int(1))))
	}
	return &sql.Select{
		Items: row(c.Name, "quantile", at, n, nil, spelled(sql.Col("q", "v"), c.Type)),
		From:  sql.Derived{As: "q", Query: in}, Where: is,
	}
}

// position is where the value of a percentile is among n.
func position(percent, n int64) int64 { return (n-1)*percent/100 + 1 }

// frequent are the values that most have.
func (s Sides) frequent(e *config.Entity, table sql.Table, c adapters.Column) sql.Query {
	value := sql.Col("p", c.Name)
	where := sql.And{sql.Fn(sql.IsNotNull, value)}
	if only := s.sampled(e, sql.Col("p", identity.Column(e))); only != nil {
		where = append(where, only)
	}
	n := sql.Fn(sql.CountAll)
	in := &sql.Select{
		Items: []sql.Item{sql.As(value, "v"), sql.As(n, "n")}, From: ref(table, "p"), Where: where,
		GroupBy: []sql.Expr{value}, OrderBy: []sql.Order{{Expr: n, Desc: true}, sql.Asc(value)}, Limit: tops,
	}
	return &sql.Select{
		Items: row(c.Name, "frequent", sql.Col("q", "n"), nil, nil, spelled(sql.Col("q", "v"), c.Type)),
		From:  sql.Derived{As: "q", Query: in},
	}
}

// ordered says that values of a type are better told by quantiles than by which
// are frequent.
func ordered(t sql.Type) bool {
	switch t { //nolint:exhaustive // the others are texts, truth values and lists
	case sql.TypeInt, sql.TypeFloat, sql.TypeDecimal, sql.TypeTimestamp, sql.TypeDate:
		return true
	default:
		return false
	}
}

// spelled is a value as text.
func spelled(value sql.Expr, t sql.Type) sql.Expr {
	switch t { //nolint:exhaustive // no trait has another type but lists, which are not told
	case sql.TypeInt:
		return sql.Fn(sql.IntToString, value)
	case sql.TypeFloat:
		return sql.Fn(sql.FloatToString, value)
	case sql.TypeDecimal:
		return sql.Fn(sql.DecimalToString, value)
	case sql.TypeBool:
		return sql.Fn(sql.BoolToString, value)
	case sql.TypeTimestamp:
		return sql.Fn(sql.TimeRFC3339, value)
	case sql.TypeDate:
		return sql.Cast{Expr: value, To: sql.TypeString}
	default:
		return value
	}
}
