package impact

import (
	"context"
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Identity is what becomes of the customers of an entity.
type Identity struct {
	Entity            string `json:"entity"`
	Before            int64  `json:"before"`
	After             int64  `json:"after"`
	IdentifiersBefore int64  `json:"identifiers_before"`
	IdentifiersAfter  int64  `json:"identifiers_after"`
	// Merged are customers that became part of another, Into how many those are.
	Merged int64 `json:"merged"`
	Into   int64 `json:"merged_into"`
	// Split are customers of which a part left, Parts how many customers those are
	// now.
	Split int64 `json:"split"`
	Parts int64 `json:"split_parts"`
	// Gone are customers that no source knows any more.
	Gone int64 `json:"gone"`
	// Merges and Splits are the largest.
	Merges []Example `json:"largest_merges"`
	Splits []Example `json:"largest_splits"`
	// Incidents are counts by reason of those that are new, and of those that are
	// no more.
	Incidents []Incidents `json:"incidents"`
}

// Example is a customer that changed.
type Example struct {
	ID int64 `json:"id"`
	// Others are the ids that it took in, or that left it: the first of them.
	Others []int64 `json:"others"`
	// Count is how many there are.
	Count int64 `json:"count"`
	// Identifiers say what all of them have, by type.
	Identifiers []Identifiers `json:"identifiers"`
}

// Identifiers counts those of a type. Values is there only where it was asked for.
type Identifiers struct {
	Type   string   `json:"type"`
	Count  int64    `json:"count"`
	Values []string `json:"values,omitempty"`
}

// Incidents counts those of a reason.
type Incidents struct {
	Reason  string `json:"reason"`
	Added   int64  `json:"added"`
	Removed int64  `json:"removed"`
}

func (i Identity) differs() bool {
	return i.Merged+i.Split+i.Gone > 0 || i.Before != i.After || i.IdentifiersBefore != i.IdentifiersAfter ||
		slices.ContainsFunc(i.Incidents, func(x Incidents) bool { return x.Added+x.Removed > 0 })
}

// examples is how many merges and splits are told apart, and how many other ids
// and values of each.
const (
	examples = 5
	others   = 10
)

// Identities says what becomes of customers.
func (s Sides) Identities(ctx context.Context) ([]Identity, error) {
	var out []Identity
	for _, e := range s.entities() {
		i, err := s.identity(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("comparing the identities of %s: %w", e.Name, err)
		}
		out = append(out, i)
	}
	return out, nil
}

func (s Sides) identity(ctx context.Context, e *config.Entity) (Identity, error) {
	out := Identity{Entity: e.Name, Merges: []Example{}, Splits: []Example{}, Incidents: []Incidents{}}
	id := identity.Column(e)
	before, err := s.base(ctx, identity.IdentitiesTable(e), "i", id)
	if err != nil {
		return out, err
	}
	size := func(from sql.From, side int64) sql.Query {
		return &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Int(side), "side"), sql.As(sql.Fn(sql.CountDistinct, sql.Col("i", id)), "entities"), sql.As(sql.Fn(sql.CountAll), "identifiers"),
			},
			From: from,
		}
	}
	rows, err := s.ask(ctx, sql.Union{size(before, 0), size(ref(identity.IdentitiesTable(e), "i"), 1)})
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		if integer(r[0]) == 0 {
			out.Before, out.IdentifiersBefore = integer(r[1]), integer(r[2])
		} else {
			out.After, out.IdentifiersAfter = integer(r[1]), integer(r[2])
		}
	}
	history, kind := ref(identity.HistoryTable(e), "h"), sql.Col("h", "kind")
	rows, err = s.ask(ctx, &sql.Select{
		Items: []sql.Item{
			sql.As(kind, "kind"), sql.As(sql.Fn(sql.CountDistinct, sql.Col("h", "old_id")), "olds"),
			sql.As(sql.Fn(sql.CountDistinct, sql.Col("h", "new_id")), "news"),
		},
		From: history, Where: s.now("h"), GroupBy: []sql.Expr{kind},
	})
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		switch text(r[0]) {
		case "merge":
			out.Merged, out.Into = integer(r[1]), integer(r[2])
		case "split":
			out.Split, out.Parts = integer(r[1]), integer(r[2])
		case "gone":
			out.Gone = integer(r[1])
		}
	}
	if out.Merged > 0 {
		if out.Merges, err = s.largest(ctx, e, "merge", "new_id", "old_id"); err != nil {
			return out, err
		}
	}
	if out.Split > 0 {
		if out.Splits, err = s.largest(ctx, e, "split", "old_id", "new_id"); err != nil {
			return out, err
		}
	}
	out.Incidents, err = s.incidents(ctx, e)
	return out, err
}

// largest lists the customers of which most others came or left: by is their
// column in the history, other that of the others.
func (s Sides) largest(ctx context.Context, e *config.Entity, kind, by, other string) ([]Example, error) {
	is := sql.And{s.now("h"), eq(sql.Col("h", "kind"), sql.String(kind))}
	n := sql.Fn(sql.CountAll)
	rows, err := s.ask(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("h", by), "id"), sql.As(n, "n")}, From: ref(identity.HistoryTable(e), "h"), Where: is,
		GroupBy: []sql.Expr{sql.Col("h", by)}, OrderBy: []sql.Order{{Expr: n, Desc: true}, sql.Asc(sql.Col("h", by))}, Limit: examples,
	})
	if err != nil {
		return nil, err
	}
	out := make([]Example, len(rows))
	var ids []sql.Expr
	for i, r := range rows {
		out[i] = Example{ID: integer(r[0]), Count: integer(r[1]), Others: []int64{}, Identifiers: []Identifiers{}}
		ids = append(ids, sql.Int(out[i].ID))
	}
	at := sql.Window{Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("h", by)}, OrderBy: []sql.Order{sql.Asc(sql.Col("h", other))}}
	rows, err = s.ask(ctx, &sql.Select{
		Items: sql.Items("x", "id", "other"),
		From: sql.Derived{As: "x", Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("h", by), "id"), sql.As(sql.Col("h", other), "other"), sql.As(at, "n")},
			From:  ref(identity.HistoryTable(e), "h"), Where: append(is, sql.In{Expr: sql.Col("h", by), List: ids}),
		}},
		Where:   sql.Fn(sql.Le, sql.Col("x", "n"), sql.Int(others)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("x", "id")), sql.Asc(sql.Col("x", "other"))},
	})
	if err != nil {
		return nil, err
	}
	whose := map[int64]int{} // the example that an id now belongs to
	for i := range out {
		whose[out[i].ID] = i
		for _, r := range rows {
			if integer(r[0]) == out[i].ID {
				out[i].Others = append(out[i].Others, integer(r[1]))
				if kind == "split" {
					whose[integer(r[1])] = i
				}
			}
		}
	}
	return out, s.identifiers(ctx, e, whose, out)
}

// identifiers says what the customers of examples have.
func (s Sides) identifiers(ctx context.Context, e *config.Entity, whose map[int64]int, list []Example) error {
	id, kind, value := sql.Col("i", identity.Column(e)), sql.Col("i", "identifier_type"), sql.Col("i", "identifier")
	var ids []sql.Expr
	for n := range whose {
		ids = append(ids, sql.Int(n))
	}
	of := sql.Window{Call: sql.Fn(sql.CountAll), PartitionBy: []sql.Expr{id, kind}}
	at := sql.Window{Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{id, kind}, OrderBy: []sql.Order{sql.Asc(value)}}
	items := []sql.Item{sql.As(id, "id"), sql.As(kind, "type"), sql.As(of, "n"), sql.As(at, "at")}
	names := []string{"id", "type", "n", "at"}
	most := int64(1)
	if s.Values {
		items, names, most = append(items, sql.As(value, "identifier")), append(names, "identifier"), others
	}
	rows, err := s.ask(ctx, &sql.Select{
		Items: sql.Items("x", names...),
		From: sql.Derived{As: "x", Query: &sql.Select{
			Items: items, From: ref(identity.IdentitiesTable(e), "i"), Where: sql.In{Expr: id, List: ids},
		}},
		Where:   sql.Fn(sql.Le, sql.Col("x", "at"), sql.Int(most)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("x", "type")), sql.Asc(sql.Col("x", "id")), sql.Asc(sql.Col("x", "at"))},
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		x := &list[whose[integer(r[0])]]
		k := slices.IndexFunc(x.Identifiers, func(i Identifiers) bool { return i.Type == text(r[1]) })
		if k < 0 {
			k = len(x.Identifiers)
			x.Identifiers = append(x.Identifiers, Identifiers{Type: text(r[1])})
		}
		if integer(r[3]) == 1 {
			x.Identifiers[k].Count += integer(r[2])
		}
		if s.Values {
			x.Identifiers[k].Values = append(x.Identifiers[k].Values, text(r[4]))
		}
	}
	return nil
}

// incidents counts what is refused or suspect on one side alone. Evidence and run
// are not what makes an incident another one.
func (s Sides) incidents(ctx context.Context, e *config.Entity) ([]Incidents, error) {
	names := []string{"reason", "identifier_type", "identifier", identity.Column(e)}
	before, err := s.base(ctx, identity.IncidentsTable(e), "i", names...)
	if err != nil {
		return nil, err
	}
	side := func(from sql.From, was, is int64) sql.Query {
		return &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("i", "reason"), "reason"), sql.As(sql.Col("i", "identifier_type"), "type"), sql.As(sql.Col("i", "identifier"), "identifier"),
				// Of a suspicious customer there is no identifier.
				sql.As(sql.If(eq(sql.Col("i", "reason"), sql.String("suspect")), sql.Col("i", identity.Column(e)), nil), "id"),
				sql.As(sql.Int(was), "was"), sql.As(sql.Int(is), "is"),
			},
			From: from,
		}
	}
	group := []sql.Expr{sql.Col("u", "reason"), sql.Col("u", "type"), sql.Col("u", "identifier"), sql.Col("u", "id")}
	both := &sql.Select{
		Items: []sql.Item{
			sql.As(group[0], "reason"), sql.As(sql.Fn(sql.Max, sql.Col("u", "was")), "was"), sql.As(sql.Fn(sql.Max, sql.Col("u", "is")), "is_now"),
		},
		From:    sql.Derived{As: "u", Query: sql.Union{side(before, 1, 0), side(ref(identity.IncidentsTable(e), "i"), 0, 1)}},
		GroupBy: group,
	}
	reason := sql.Col("g", "reason")
	zero := func(name string) sql.Expr { return eq(sql.Col("g", name), sql.Int(0)) }
	rows, err := s.ask(ctx, &sql.Select{
		Items: []sql.Item{sql.As(reason, "reason"), count(zero("was"), "added"), count(zero("is_now"), "removed")},
		From:  sql.Derived{As: "g", Query: both}, GroupBy: []sql.Expr{reason}, OrderBy: []sql.Order{sql.Asc(reason)},
	})
	out := []Incidents{}
	for _, r := range rows {
		if x := (Incidents{Reason: text(r[0]), Added: integer(r[1]), Removed: integer(r[2])}); x.Added+x.Removed > 0 {
			out = append(out, x)
		}
	}
	return out, err
}
