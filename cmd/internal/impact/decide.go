package impact

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// What decides where no part of the condition does.
const (
	NoProfile = "(no customer there)"
	Holds     = "(the condition holds there)"
)

// MaxParts bounds the parts of a condition that are told: what each of them decides
// is spelled with all of those around it.
const MaxParts = 60

// Move is one of the two ways across the border of a segment.
type Move int

// The moves. The zero value is invalid on purpose.
const (
	Entering Move = iota + 1
	Leaving
)

// Decides counts, for those who enter or leave a segment, the parts of its
// condition that kept or keep them out. x is a trial of it whose tables are filled,
// among the Work tables of the candidate. Nil are the parts of a condition that has
// too many of them.
func (s Sides) Decides(ctx context.Context, x *compile.Explanation, e *config.Entity, name string, move Move) ([]Part, error) {
	if err := check(x.Prepare); err != nil {
		return nil, err
	}
	members, err := s.sides(ctx, e, name)
	if err != nil {
		return nil, err
	}
	gone := "was"
	if move == Leaving {
		gone = "is_now"
	}
	id := identity.Column(e)
	d := decider{}
	d.walk(x.Root, sql.Bool(true))
	if len(d.leaves) > MaxParts {
		return nil, nil
	}
	there := sql.Fn(sql.IsNotNull, sql.Col("w", id))
	items := []sql.Item{
		count(sql.Fn(sql.Not, there), "none"),
		count(sql.And{there, yes(d.value(x.Root))}, "holds"),
	}
	for i, l := range d.leaves {
		items = append(items, count(sql.And{there, sql.Fn(sql.Not, yes(d.value(x.Root))), l.decides}, "part"+strconv.Itoa(i)))
	}
	from := sql.Joins(sql.Derived{As: "g", Query: members}, sql.Join{
		Kind: sql.LeftJoin, Right: ref(x.Traits, "w"), On: eq(sql.Col("w", id), sql.Col("g", "id")),
	}, sql.Join{
		Kind: sql.LeftJoin, Right: ref(x.Members, "m"), On: eq(sql.Col("m", id), sql.Col("g", "id")),
	})
	rows, err := s.ask(ctx, &sql.Select{Items: items, From: from, Where: eq(sql.Col("g", gone), sql.Int(0))})
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errors.New("a count gave no row")
	}
	var out []Part
	add := func(text string, n int64) {
		if i := slices.IndexFunc(out, func(p Part) bool { return p.Part == text }); i >= 0 {
			out[i].Members = max(out[i].Members, n) // written twice
		} else if n > 0 {
			out = append(out, Part{text, n})
		}
	}
	for i, l := range d.leaves {
		add(l.text, integer(rows[0][i+2]))
	}
	slices.SortStableFunc(out, func(a, b Part) int { return cmp.Compare(b.Members, a.Members) })
	add(Holds, integer(rows[0][1]))
	add(NoProfile, integer(rows[0][0]))
	return out, nil
}

// decider spells which leaves an answer rests on, as the explanation of a segment
// has it for one customer.
type decider struct {
	leaves []leaf
}

// leaf is a part with what makes it decide.
type leaf struct {
	text    string
	decides sql.Expr
}

// value is what a part says: true, false or NULL.
func (d *decider) value(p *compile.Part) sql.Expr {
	member := func(name string) sql.Expr { return yes(sql.Col("m", expr.SegmentColumn(name))) }
	all := func(parts []*compile.Part) []sql.Expr {
		out := make([]sql.Expr, len(parts))
		for i, x := range parts {
			out[i] = d.value(x)
		}
		return out
	}
	switch p.Kind {
	case compile.Leaf:
		if p.Column != "" {
			return sql.Col("w", p.Column)
		}
		c := sql.Case{Whens: []sql.When{{If: member(p.Yes), Then: sql.Bool(true)}}, Else: sql.Null{Type: sql.TypeBool}}
		if p.No != "" {
			c.Whens = append(c.Whens, sql.When{If: member(p.No), Then: sql.Bool(false)})
		}
		return c
	case compile.All:
		return sql.And(all(p.Parts))
	case compile.Any:
		return sql.Or(all(p.Parts))
	case compile.Not:
		return sql.Fn(sql.Not, d.value(p.Parts[0]))
	case compile.Choice:
		return sql.Case{Whens: []sql.When{
			{If: yes(d.value(p.Parts[0])), Then: d.value(p.Parts[1])},
			{If: yes(sql.Fn(sql.Not, d.value(p.Parts[0]))), Then: d.value(p.Parts[2])},
		}, Else: sql.Null{Type: sql.TypeBool}}
	case compile.IsTrue:
		return yes(d.value(p.Parts[0]))
	case compile.Member:
		return member(p.Segment)
	}
	return sql.Null{Type: sql.TypeBool}
}

// yes is a condition with NULL as false.
func yes(x sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, x, sql.Bool(false)) }

func no(x sql.Expr) sql.Expr { return sql.Fn(sql.Not, yes(x)) }

// walk collects the leaves below a part that decides where a condition holds.
func (d *decider) walk(p *compile.Part, where sql.Expr) {
	value := func() sql.Expr { return d.value(p) }
	below := func(x *compile.Part, also ...sql.Expr) { d.walk(x, append(sql.And{where}, also...)) }
	switch p.Kind {
	case compile.Leaf:
		d.leaves = append(d.leaves, leaf{p.Text, where})
	case compile.All:
		for _, x := range p.Parts {
			below(x, sql.Or{yes(value()), no(d.value(x))})
		}
	case compile.Any:
		for _, x := range p.Parts {
			below(x, sql.Or{no(value()), yes(d.value(x))})
		}
	case compile.Choice:
		below(p.Parts[0])
		below(p.Parts[1], yes(d.value(p.Parts[0])))
		below(p.Parts[2], yes(sql.Fn(sql.Not, d.value(p.Parts[0]))))
	case compile.Not, compile.IsTrue:
		below(p.Parts[0])
	case compile.Member:
		if len(p.Parts) == 0 {
			d.leaves = append(d.leaves, leaf{p.Text, where})
			return
		}
		below(p.Parts[0])
	}
}
