package audience

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Why a member of what is sent from is left out, in the order in which the rules are
// asked; the first that applies counts. What the law wants comes first, and is asked
// of every sync; the others are named by the key of from in YAML.
const (
	// Restricted is somebody whose data is used for nothing, or who is being erased.
	Restricted = "restricted"
	// Objecting is somebody who objects to the purpose of the sync, or to all.
	Objecting = "objected"
	// Unpermitted is somebody who has not consented to the purpose, where it rests on
	// consent.
	Unpermitted = "consent"
	// Unseen is somebody who was last seen longer ago than the purpose lasts.
	Unseen = "retention"
	// Excluded is a member of a segment that the sync or the entity leaves out.
	Excluded = "except"
	// Earlier is a member of a segment before this one on the list of priorities.
	Earlier = "priority"
	// HeldOut is one of the holdout.
	HeldOut = "holdout"
	// OtherArm is one in another arm of the split.
	OtherArm = "split"
	// Pressed is one who was reached as often as the pressure allows and is not
	// at the destination. Who is there stays.
	Pressed = "pressure"
	// BeyondTop is one whose value is not among the greatest.
	BeyondTop = "top"
)

// Rules are the values of left_out, in order.
var Rules = []string{Restricted, Objecting, Unpermitted, Unseen, Excluded, Earlier, HeldOut, OtherArm, Pressed, BeyondTop}

// Because says in words why a rule leaves somebody out.
func Because(rule string) string {
	switch rule {
	case Restricted:
		return "their data is used for nothing"
	case Objecting:
		return "they object to the purpose"
	case Unpermitted:
		return "they have not consented to the purpose"
	case Unseen:
		return "they were last seen longer ago than the purpose lasts"
	case Excluded:
		return "in a segment that is left out"
	case Earlier:
		return "in a segment before this one on the list of priorities"
	case HeldOut:
		return "in the holdout"
	case OtherArm:
		return "in another arm of the experiment"
	case Pressed:
		return "reached as often as the pressure allows"
	case BeyondTop:
		return "not among the greatest"
	}
	return rule
}

// chooses says that the sync leaves out members of what it sends from.
func (b *builder) chooses() bool { return len(b.rules()) > 0 }

// rules are those of Rules that the sync has.
func (b *builder) rules() []string {
	from := b.Sync.From
	has := map[string]bool{
		Restricted: b.Purpose != nil, Objecting: b.Purpose != nil,
		Unpermitted: b.Purpose != nil && b.Purpose.Basis == config.BasisConsent,
		Unseen:      b.Purpose != nil && b.Purpose.Retention > 0,
		Excluded:    len(from.Except)+len(b.Entity.Exclude) > 0, Earlier: len(b.before()) > 0, HeldOut: from.Holdout != nil,
		OtherArm: from.Split != nil, Pressed: from.Pressure != "", BeyondTop: from.Top != nil,
	}
	return slices.DeleteFunc(slices.Clone(Rules), func(r string) bool { return !has[r] })
}

// before are the segments whose members another sync of the list of priorities
// sends.
func (b *builder) before() []string {
	if b.Priority == nil {
		return nil
	}
	return b.Priority.Segments[:max(slices.Index(b.Priority.Segments, b.Sync.From.Segment), 0)]
}

// Reads are the segments that decide whom a sync leaves out.
func Reads(e *config.Entity, s *config.Sync, priority *config.Priority) []string {
	b := &builder{Input: Input{Sync: s, Entity: e, Priority: priority}}
	return slices.Concat(s.From.Except, e.Exclude, b.before())
}

// choose makes the table of whom the sync leaves out, with why. The others are not
// written down: they are most, and wanted has them. Each rule is asked of all on its
// own: a condition that leaves rows out costs engines half of one that says of each
// row whether it holds.
func (b *builder) choose() []models.Step {
	if !b.chooses() {
		return nil
	}
	id := sql.Col("p", b.id())
	var steps []models.Step
	var all sql.Union
	first := sql.Case{}
	rule := func(name string, applies sql.Expr, joins ...sql.Join) {
		place := sql.Int(len(all))
		from, member := b.sentFrom()
		all = append(all, &sql.Select{
			Items: []sql.Item{sql.As(id, "id"), sql.As(place, "place")}, From: sql.Joins(from, joins...), Where: append(member, applies),
		})
		first.Whens = append(first.Whens, sql.When{If: sql.Fn(sql.Eq, sql.Fn(sql.Min, sql.Col("m", "place")), place), Then: sql.String(name)})
	}
	memberOf := func(segments []string) sql.Expr {
		in := sql.In{Expr: sql.Col("x", "segment")}
		for _, s := range segments {
			in.List = append(in.List, sql.String(s))
		}
		return sql.InQuery{Exprs: []sql.Expr{id}, Query: &sql.Select{
			Items: sql.Items("x", b.id()), From: sql.TableRef{Table: segment.Table, As: "x"},
			Where: sql.And{in, sql.Fn(sql.IsNotNull, sql.Col("x", b.id()))},
		}}
	}
	for _, name := range b.rules() {
		switch name {
		case Restricted, Objecting, Unpermitted, Unseen:
			rule(name, b.forbids(name, id))
		case Excluded:
			rule(name, memberOf(slices.Concat(b.Sync.From.Except, b.Entity.Exclude)))
		case Earlier:
			rule(name, memberOf(b.before()))
		case HeldOut:
			h := b.Sync.From.Holdout
			rule(name, sql.Fn(sql.Lt, digest(id, h.Salt, "holdout"), sql.String(models.ShareBound(h.Share.Percent/100))))
		case OtherArm:
			rule(name, sql.Fn(sql.Not, b.inArm(id)))
		case Pressed:
			steps = append(steps, b.reached()...)
			there := sql.InQuery{Exprs: []sql.Expr{id}, Not: true, Query: &sql.Select{Items: sql.Items("l", "entity_id"), From: b.known()}}
			rule(name, sql.And{sql.Fn(sql.Ge, sql.Col("c", "times"), sql.Int(b.Pressure.Most)), there}, sql.Join{
				Kind: sql.InnerJoin, Right: sql.TableRef{Table: b.reachedTable(), As: "c"}, On: sql.Fn(sql.Eq, sql.Col("c", "id"), id),
			})
		}
	}
	statements := []sql.Statement{sql.Drop{Table: b.without}, sql.CreateTable{Table: b.without, Columns: []sql.ColumnDef{
		{Name: "id", Type: sql.TypeInt}, {Name: "left_out", Type: sql.TypeString},
	}}}
	if len(all) > 0 {
		statements = []sql.Statement{sql.CreateTableAs{Table: b.without, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("m", "id"), "id"), sql.As(first, "left_out")},
			From:  sql.Derived{Query: all, As: "m"}, GroupBy: []sql.Expr{sql.Col("m", "id")},
		}}}
	}
	if b.Sync.From.Top != nil {
		statements = append(statements, sql.InsertSelect{Table: b.without, Columns: []string{"id", "left_out"}, Query: b.beyondTop()})
	}
	return append(steps, &models.Exec{Title: "choose whom to send", Statements: statements})
}

// beyondTop are all but the greatest of those who are not left out yet.
func (b *builder) beyondTop() *sql.Select {
	top := b.Sync.From.Top
	by := sql.Col("p", top.By)
	left := &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("p", b.id()), "id"), sql.As(by, "by"), sql.As(sql.Fn(sql.IsNotNull, by), "fits")},
		From:  b.members(), Where: b.eligible(),
	}
	place := sql.Window{
		Call:        sql.Fn(sql.RowNumber),
		PartitionBy: []sql.Expr{sql.Col("m", "fits")},
		OrderBy:     []sql.Order{{Expr: sql.Col("m", "by"), Desc: true}, sql.Asc(sql.Col("m", "id"))},
	}
	placed := &sql.Select{Items: append(sql.Items("m", "id", "fits"), sql.As(place, "place")), From: sql.Derived{Query: left, As: "m"}}
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("m", "id"), "id"), sql.As(sql.String(BeyondTop), "left_out")}, From: sql.Derived{Query: placed, As: "m"},
		Where: sql.Or{sql.Fn(sql.Not, sql.Col("m", "fits")), sql.Fn(sql.Gt, sql.Col("m", "place"), sql.Int(top.Most))},
	}
}

// digest spreads ids for one use of a salt.
func digest(id sql.Expr, salt, use string) sql.Expr {
	// The lengths keep two pairs from reading as one.
	return models.Spread(fmt.Sprintf("%d:%s%d:%s:", len(salt), salt, len(use), use), id)
}

// inArm says that an id is in the arm that the sync sends: by weighted
// rendezvous hashing (Thaler and Ravishankar, 1998) with as many digests for an
// arm as it has weight, the smallest of all wins. A digest more for one arm can
// only win people for it.
func (b *builder) inArm(id sql.Expr) sql.Expr {
	split := b.Sync.From.Split
	var own, others []sql.Expr
	for _, arm := range split.Arms {
		for i := range arm.Value {
			d := digest(id, split.Salt, "arm "+strconv.Itoa(i)+" "+arm.Key)
			if arm.Key == split.Arm {
				own = append(own, d)
			} else {
				others = append(others, d)
			}
		}
	}
	if len(others) == 0 {
		return sql.Bool(true)
	}
	return sql.Fn(sql.Lt, least(own), least(others))
}

func least(list []sql.Expr) sql.Expr {
	if len(list) == 1 {
		return list[0]
	}
	return sql.Fn(sql.Least, list...)
}

func (b *builder) reachedTable() sql.Table {
	return sql.Table{Space: sql.Work, Name: "reached_" + b.Sync.Name}
}

// reached counts how often each entity was added to a destination by the syncs
// of the pressure, under the ids that live on.
func (b *builder) reached() []models.Step {
	syncs := sql.In{Expr: sql.Col("g", "sync")}
	for _, name := range b.Pressing {
		syncs.List = append(syncs.List, sql.String(name))
	}
	id := sql.Fn(sql.Coalesce, sql.Col("r", "new_id"), sql.Col("g", "entity_id"))
	count := &sql.Select{
		Items: []sql.Item{sql.As(id, "id"), sql.As(sql.Fn(sql.CountAll), "times")},
		From: sql.Joins(sql.TableRef{Table: Log, As: "g"}, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: identity.RedirectTable(b.Entity), As: "r"},
			On: sql.Fn(sql.Eq, sql.Col("r", "old_id"), sql.Col("g", "entity_id")),
		}),
		Where: sql.And{
			syncs, sql.Fn(sql.Eq, sql.Col("g", "outcome"), sql.String("accepted")), sql.Fn(sql.Eq, sql.Col("g", "reason"), sql.String(reasonNew)),
			sql.Fn(sql.Gt, sql.Col("g", "at"), sql.Timestamp(b.AsOf.Add(-time.Duration(b.Pressure.Per)))),
		},
		GroupBy: []sql.Expr{id},
	}
	return append(identity.Redirect(b.Entity).Steps, &models.Exec{Title: "count how often they were reached", Statements: []sql.Statement{
		sql.CreateTableAs{Table: b.reachedTable(), Query: count},
	}})
}

// sentFrom has the ids of members, under the alias p, and what says that they are: of a
// segment without the profiles, which nobody has to read for that.
func (b *builder) sentFrom() (sql.From, sql.And) {
	if b.Sync.From.Segment == "" {
		return sql.TableRef{Table: profile.Table(b.Entity), As: "p"}, sql.And{}
	}
	return sql.TableRef{Table: segment.Table, As: "p"}, sql.And{sql.Fn(sql.Eq, sql.Col("p", "segment"), sql.String(b.Sync.From.Segment))}
}

// members are the profiles, under the alias p, of what the sync sends from.
func (b *builder) members() sql.From {
	from := sql.From(sql.TableRef{Table: profile.Table(b.Entity), As: "p"})
	if b.Sync.From.Segment == "" {
		return from
	}
	return sql.Joins(from, sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: segment.Table, As: "s"}, On: sql.And{
		sql.Fn(sql.Eq, sql.Col("s", b.id()), sql.Col("p", b.id())),
		sql.Fn(sql.Eq, sql.Col("s", "segment"), sql.String(b.Sync.From.Segment)),
	}})
}

// eligible says of a member, under the alias p, that no rule leaves it out; nil where
// the sync has no rules.
func (b *builder) eligible() sql.Expr {
	if !b.chooses() {
		return nil
	}
	return sql.InQuery{Exprs: []sql.Expr{sql.Col("p", b.id())}, Not: true, Query: &sql.Select{
		Items: sql.Items("m", "id"), From: sql.TableRef{Table: b.without, As: "m"},
	}}
}
