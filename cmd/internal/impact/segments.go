package impact

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Segment is who enters and leaves.
type Segment struct {
	Segment string `json:"segment"`
	Entity  string `json:"entity"`
	Before  int64  `json:"before"`
	After   int64  `json:"after"`
	Entered int64  `json:"entered"`
	Left    int64  `json:"left"`
	// Merged are members before who are one with another by now: they neither enter
	// nor leave.
	Merged int64 `json:"merged"`
	// Let are the parts of the condition, as it was, that kept those out who enter.
	// Kept are those of the condition, as it is, that keep out who leaves. One may
	// be kept out by several.
	Let  []Part `json:"let_in_by,omitempty"`
	Kept []Part `json:"kept_out_by,omitempty"`
	// Untold says why there are no parts.
	Untold string `json:"untold,omitempty"`
}

// Part is a part of a condition, and how many it decides for.
type Part struct {
	Part    string `json:"part"`
	Members int64  `json:"members"`
}

// told is of how many segments the parts are told, those with most movement.
const told = 20

// Segments says who enters and leaves. parts is asked for the deciding parts of
// each of the segments that move most; nil tells none.
func (s Sides) Segments(ctx context.Context, parts func(context.Context, *Segment) error) ([]Segment, error) {
	out := []Segment{}
	for _, e := range s.entities() {
		list, err := s.segments(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("comparing the segments of %s: %w", e.Name, err)
		}
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b Segment) int { return cmp.Compare(b.Entered+b.Left, a.Entered+a.Left) })
	for i := range out {
		if x := &out[i]; x.Entered+x.Left == 0 || parts == nil {
			continue
		} else if i >= told {
			x.Untold = fmt.Sprintf("told of the %d segments that move most", told)
		} else if err := parts(ctx, x); err != nil {
			return nil, fmt.Errorf("asking what decides %s: %w", x.Segment, err)
		}
	}
	return out, nil
}

// sides are the members of segments before and after: segment, id, was, is. Who was
// merged is whom they were merged into.
func (s Sides) sides(ctx context.Context, e *config.Entity, name string) (sql.Query, error) {
	id := identity.Column(e)
	before, err := s.base(ctx, segment.Table, "m", "segment", id)
	if err != nil {
		return nil, err
	}
	now := sql.Expr(sql.Fn(sql.Coalesce, sql.Col("h", "new_id"), sql.Col("m", id)))
	where := func(id sql.Expr) sql.Expr {
		cond := sql.And{sql.Fn(sql.IsNotNull, id)}
		if name != "" {
			cond = append(cond, eq(sql.Col("m", "segment"), sql.String(name)))
		}
		if only := s.sampled(e, id); only != nil {
			cond = append(cond, only)
		}
		return cond
	}
	items := func(id sql.Expr, was, is int64) []sql.Item {
		return []sql.Item{sql.As(sql.Col("m", "segment"), "segment"), sql.As(id, "id"), sql.As(sql.Int(was), "was"), sql.As(sql.Int(is), "is_now")}
	}
	union := sql.Union{
		&sql.Select{
			Items: items(now, 1, 0), Where: where(now),
			From: sql.Joins(before, sql.Join{Kind: sql.LeftJoin, Right: s.merged(e, "h"), On: eq(sql.Col("h", "old_id"), sql.Col("m", id))}),
		},
		&sql.Select{Items: items(sql.Col("m", id), 0, 1), From: ref(segment.Table, "m"), Where: where(sql.Col("m", id))},
	}
	of, who := sql.Col("u", "segment"), sql.Col("u", "id")
	return &sql.Select{
		Items: []sql.Item{
			sql.As(of, "segment"), sql.As(who, "id"),
			// How many members before are one now.
			sql.As(sql.Fn(sql.Sum, sql.Col("u", "was")), "was"), sql.As(sql.Fn(sql.Max, sql.Col("u", "is_now")), "is_now"),
		},
		From: sql.Derived{As: "u", Query: union}, GroupBy: []sql.Expr{of, who},
	}, nil
}

// segments counts members, in one statement.
func (s Sides) segments(ctx context.Context, e *config.Entity) ([]Segment, error) {
	members, err := s.sides(ctx, e, "")
	if err != nil {
		return nil, err
	}
	is := func(name string, n int64) sql.Expr { return eq(sql.Col("g", name), sql.Int(n)) }
	was := sql.Fn(sql.Gt, sql.Col("g", "was"), sql.Int(0))
	of := sql.Col("g", "segment")
	rows, err := s.ask(ctx, &sql.Select{
		Items: []sql.Item{
			sql.As(of, "segment"), sql.As(sql.Fn(sql.Sum, sql.Col("g", "was")), "n_before"), count(is("is_now", 1), "n_after"),
			count(is("was", 0), "n_entered"), count(is("is_now", 0), "n_left"), count(was, "n_different"),
		},
		From: sql.Derived{As: "g", Query: members}, GroupBy: []sql.Expr{of}, OrderBy: []sql.Order{sql.Asc(of)},
	})
	var out []Segment
	for _, r := range rows {
		out = append(out, Segment{
			Segment: text(r[0]), Entity: e.Name, Before: integer(r[1]), After: integer(r[2]), Entered: integer(r[3]), Left: integer(r[4]),
			Merged: integer(r[1]) - integer(r[5]),
		})
	}
	return out, err
}
