// Package person compiles what the tables of a project hold of one person: the
// rows of sources that carry one of their identifiers, what was made of them, and
// where it was sent. It knows the tables of all other models, which none of them
// does. And it compiles what leaves nothing of them there.
//
// It is pure, and it never names another person: of a row that somebody else
// shares, what is theirs is left out. Start with Person.Parts for our own tables,
// then rows.go for those of the user, origin.go for where a trait comes from, and
// find.go and scrub.go for an erasure, whose statements have nobody in their text:
// warehouses keep that.
package person

import (
	"cmp"
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Person is somebody by whatever the tables know them.
type Person struct {
	Project *config.Project
	Entity  *config.Entity
	// IDs are the id that the person has, and then those that were merged into it: see
	// Merged. There are none of an identifier that is nobody's.
	IDs []int64
	// Living is how many of the IDs, the first of them, are somebody's now: one of a
	// person, none where all of their identifiers are gone.
	Living int
	// Named are identifiers that the person is asked for by and that are not of the
	// IDs: quarantined ones, and those that no table knows. They are spelled as
	// identity.Normal spells them.
	Named []Identifier
}

// Identifier is one identifier in its comparable form.
type Identifier struct{ Type, Value string }

// Kind says what a Part is of.
type Kind string

// The kinds of parts.
const (
	// Identity is who the person is: identifiers, ids, incidents.
	Identity Kind = "identity"
	// Profile is what was made of what sources say.
	Profile Kind = "profile"
	// Delivery is what was sent, or is about to be.
	Delivery Kind = "delivery"
	// Right is what the person said: consents, restrictions, corrections.
	Right Kind = "right"
	// Working is what runs keep for themselves.
	Working Kind = "working"
)

// Part is what one of our tables holds of a person.
type Part struct {
	// Name tells the part from others, such as "identifiers"; it names a file.
	Name string
	Kind Kind
	// Table is where the rows are.
	Table sql.Table
	// Query selects them, with nothing of anybody else.
	Query *sql.Select
	// Time is the column of Query that says when, empty where none does.
	Time string
}

// Columns are the names of the columns of the query.
func (p Part) Columns() []string {
	out := make([]string, len(p.Query.Items))
	for i, it := range p.Query.Items {
		out[i] = it.As
	}
	return out
}

// Count selects one row: how many rows the query has, and the first and the last
// time of them, NULL where they have none.
func Count(q *sql.Select, time string) *sql.Select {
	first, last := sql.Expr(sql.Null{Type: sql.TypeTimestamp}), sql.Expr(sql.Null{Type: sql.TypeTimestamp})
	if time != "" {
		first, last = sql.Fn(sql.Min, sql.Col("q", time)), sql.Fn(sql.Max, sql.Col("q", time))
	}
	plain := *q
	plain.OrderBy = nil
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "rows"), sql.As(first, "first"), sql.As(last, "last")},
		From:  sql.Derived{Query: &plain, As: "q"},
	}
}

// CountBy is Count for each value of columns, which come first.
func CountBy(q *sql.Select, time string, columns ...string) *sql.Select {
	out := Count(q, time)
	out.Items = append(sql.Items("q", columns...), out.Items...)
	for _, c := range columns {
		out.GroupBy = append(out.GroupBy, sql.Col("q", c))
		out.OrderBy = append(out.OrderBy, sql.Asc(sql.Col("q", c)))
	}
	return out
}

// Merged selects the ids, as id, that were merged into one of ids, or that one of
// ids was merged into. It is asked again with those, until there are none.
func Merged(e *config.Entity, ids []int64) *sql.Select {
	side := func(of, other string) *sql.Select {
		return &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("h", of), "id")}, From: ref(identity.HistoryTable(e), "h"),
			Where: sql.And{
				eq(sql.Col("h", "kind"), sql.String("merge")), among(sql.Col("h", other), ids), sql.Fn(sql.Not, among(sql.Col("h", of), ids)),
			},
		}
	}
	return &sql.Select{
		Distinct: true, Items: sql.Items("m", "id"), From: sql.Derived{Query: sql.Union{side("old_id", "new_id"), side("new_id", "old_id")}, As: "m"},
	}
}

// Living selects those of ids that are somebody's now, as id.
func Living(e *config.Entity, ids []int64) *sql.Select {
	id := sql.Col("i", identity.Column(e))
	return &sql.Select{
		Distinct: true, Items: []sql.Item{sql.As(id, "id")}, From: ref(identity.IdentitiesTable(e), "i"), Where: among(id, ids),
	}
}

// Parts are what our tables hold of a person; traits are the columns of the
// profiles that are there, and kept those of the history. A table may not be there
// yet.
func (p Person) Parts(traits, kept []string) []Part {
	e := p.Entity
	id := identity.Column(e)
	simple := func(name string, kind Kind, t sql.Table, column, time string, columns ...string) Part {
		q := &sql.Select{Items: sql.Items("t", columns...), From: ref(t, "t"), Where: p.is(sql.Col("t", column))}
		order := columns
		if time != "" {
			order = append([]string{time}, columns...)
		}
		for i, c := range order {
			if !slices.Contains(order[:i], c) {
				q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", c)))
			}
		}
		return Part{Name: name, Kind: kind, Table: t, Query: q, Time: time}
	}
	parts := []Part{
		p.identifiers(), p.changes(), p.incidents(),
		simple("traits", Profile, profile.Table(e), id, "", append([]string{id}, traits...)...),
		simple("trait_history", Profile, profile.HistoryTable(e), id, "valid_from", append([]string{"valid_from", "valid_to"}, kept...)...),
		simple("segments", Profile, segment.Table, id, "entered_at", "segment", "entered_at"),
		simple("segment_changes", Profile, segment.ChangesTable, id, "at", "segment", "change", "at", "run_id"),
	}
	for _, r := range p.Project.Relations {
		switch e.Name {
		case r.From:
			parts = append(parts, simple("relation_"+r.Name, Profile, relation.Table(r), id, relation.LastSeen,
				r.To+"_id", relation.IsPrimary, relation.FirstSeen, relation.LastSeen, relation.Rows, relation.Source))
		case r.To:
			// Who belongs to the person is somebody else.
			parts = append(parts, simple("relation_"+r.Name, Profile, relation.Table(r), id, relation.LastSeen,
				relation.IsPrimary, relation.FirstSeen, relation.LastSeen, relation.Rows, relation.Source))
		}
	}
	return append(append(parts, p.rights()...), p.deliveries()...)
}

// identifiers are those that are the person's, and those that they were asked for
// by.
func (p Person) identifiers() Part {
	e := p.Entity
	t := identity.IdentitiesTable(e)
	where := sql.Or{p.is(sql.Col("t", identity.Column(e)))}
	for _, n := range p.Named {
		where = append(where, sql.And{eq(sql.Col("t", "identifier_type"), sql.String(n.Type)), eq(sql.Col("t", "identifier"), sql.String(n.Value))})
	}
	return Part{Name: "identifiers", Kind: Identity, Table: t, Time: "first_seen", Query: &sql.Select{
		Items: sql.Items("t", "identifier_type", "identifier", "first_seen", "last_seen", "source", "quarantined"),
		From:  ref(t, "t"), Where: where,
		OrderBy: []sql.Order{sql.Asc(sql.Col("t", "identifier_type")), sql.Asc(sql.Col("t", "identifier"))},
	}}
}

// changes are the changes of the person's ids. What another has become is theirs.
func (p Person) changes() Part {
	t := identity.HistoryTable(p.Entity)
	next := sql.Col("t", "new_id")
	return Part{Name: "id_changes", Kind: Identity, Table: t, Time: "at", Query: &sql.Select{
		Items: append(append(sql.Items("t", "old_id"), sql.As(sql.If(p.is(next), next, sql.Null{Type: sql.TypeInt}), "new_id")),
			sql.Items("t", "kind", "cause", "run_id", "at")...),
		From: ref(t, "t"), Where: p.is(sql.Col("t", "old_id")),
		OrderBy: []sql.Order{sql.Asc(sql.Col("t", "at")), sql.Asc(sql.Col("t", "old_id")), sql.Asc(next)},
	}}
}

// incidents are what was found out about the person's identifiers. Why people have
// parted two of them may name the other.
func (p Person) incidents() Part {
	e := p.Entity
	t := identity.IncidentsTable(e)
	said := sql.If(eq(sql.Col("t", "reason"), sql.String("never_link")), sql.Null{Type: sql.TypeString}, sql.Col("t", "evidence"))
	where := sql.Or{
		p.is(sql.Col("t", identity.Column(e))),
		sql.InQuery{Exprs: []sql.Expr{sql.Col("t", "number")}, Query: &sql.Select{
			Items: sql.Items("i", "number"), From: ref(identity.IdentitiesTable(e), "i"), Where: p.is(sql.Col("i", identity.Column(e))),
		}},
	}
	for _, n := range p.Named {
		where = append(where, sql.And{eq(sql.Col("t", "identifier_type"), sql.String(n.Type)), eq(sql.Col("t", "identifier"), sql.String(n.Value))})
	}
	return Part{Name: "identity_incidents", Kind: Identity, Table: t, Query: &sql.Select{
		Items: append(sql.Items("t", "identifier_type", "identifier", "reason"), sql.As(said, "evidence"), sql.As(sql.Col("t", "run_id"), "run_id")),
		From:  ref(t, "t"), Where: where,
		OrderBy: []sql.Order{sql.Asc(sql.Col("t", "identifier_type")), sql.Asc(sql.Col("t", "identifier")), sql.Asc(sql.Col("t", "reason"))},
	}}
}

// Working are what runs keep of the person for themselves: which identifiers stand
// on rows together, and aggregates of days.
func (p Person) Working() []Part {
	var out []Part
	for _, s := range p.Project.Sources {
		if s.Entity != p.Entity.Name {
			continue
		}
		stored := &sql.Select{
			Items: sql.Items("t", "hash.1", "hash.2", "last_seen"), From: ref(identity.StoredTable(s), "t"),
		}
		where := sql.Or{}
		for _, b := range identity.Bindings(p.Entity, s) {
			where = append(where, sql.InQuery{Exprs: []sql.Expr{sql.Col("t", b.Number())}, Query: p.numbers()})
		}
		stored.Where = where
		out = append(out, Part{Name: "rows_" + s.Name, Kind: Working, Table: identity.StoredTable(s), Query: stored, Time: "last_seen"})
		if s.ByDay {
			keys := *stored
			keys.Items = sql.Items("t", "hash.1", "hash.2")
			days := profile.DaysTable(s.Name)
			out = append(out, Part{Name: "days_" + s.Name, Kind: Working, Table: days, Query: &sql.Select{
				Items: sql.Items("d", "day"), From: ref(days, "d"),
				Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("d", "hash.1"), sql.Col("d", "hash.2")}, Query: &keys},
			}})
		}
	}
	return out
}

// numbers are those of the person's identifiers.
func (p Person) numbers() sql.Query {
	part := p.identifiers()
	return &sql.Select{Items: sql.Items("t", "number"), From: part.Query.From, Where: part.Query.Where}
}

// rights are what the person said.
func (p Person) rights() []Part {
	e := p.Entity
	id := identity.Column(e)
	by := func(name string, t sql.Table, columns ...string) Part {
		return Part{Name: name, Kind: Right, Table: t, Time: "at", Query: &sql.Select{
			Items: sql.Items("t", columns...), From: ref(t, "t"),
			Where:   sql.And{eq(sql.Col("t", "entity"), sql.String(e.Name)), p.carries(sql.Col("t", "identifier_type"), sql.Col("t", "identifier"))},
			OrderBy: []sql.Order{sql.Asc(sql.Col("t", "at")), sql.Asc(sql.Col("t", "request")), sql.Asc(sql.Col("t", "identifier_type")), sql.Asc(sql.Col("t", "identifier"))},
		}}
	}
	consents := &sql.Select{
		Items: sql.Items("t", "purpose", "given", "at", "source", "provenance"), From: ref(profile.ConsentsTable(e), "t"),
		Where: p.is(sql.Col("t", id)), OrderBy: []sql.Order{sql.Asc(sql.Col("t", "purpose"))},
	}
	kept := &sql.Select{
		Items: sql.Items("t", "purpose", "at"), From: ref(profile.ConsentMergesTable(e), "t"),
		Where: p.is(sql.Col("t", id)), OrderBy: []sql.Order{sql.Asc(sql.Col("t", "at")), sql.Asc(sql.Col("t", "purpose"))},
	}
	return []Part{
		{Name: "consents", Kind: Right, Table: profile.ConsentsTable(e), Query: consents, Time: "at"},
		{Name: "consent_refusals_kept", Kind: Right, Table: profile.ConsentMergesTable(e), Query: kept, Time: "at"},
		by("restrictions", privacy.Restrictions, "request", "identifier_type", "identifier", "kind", "purpose", "at"),
		by("corrections", privacy.Corrections, "request", "identifier_type", "identifier", "trait", "value", "at"),
	}
}

// deliveries are what was sent of the person. The tables of delivery name
// customers of all entities by their numbers: rows of a sync that the project has
// no more count where they cannot be another's.
func (p Person) deliveries() []Part {
	part := func(name string, t sql.Table, time string, columns ...string) Part {
		q := &sql.Select{
			Items: sql.Items("t", columns...), From: ref(t, "t"),
			Where: sql.And{p.ours(sql.Col("t", "sync")), p.is(sql.Col("t", "entity_id"))},
		}
		for _, c := range []string{"sync", "key", cmp.Or(time, "run_id")} {
			q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", c)))
		}
		return Part{Name: name, Kind: Delivery, Table: t, Time: time, Query: q}
	}
	return []Part{
		part("delivered", audience.Ledger, "acknowledged_at", "sync", "place", "key", "sent", "acknowledged_at", "run_id"),
		part("delivery_log", audience.Log, "at", "sync", "run_id", "key", "operation", "reason", "outcome", "code", "at"),
		part("rejected", audience.Rejections, "last_at", "sync", "key", "origin", "code", "message", "attempts", "first_at", "last_at", "run_id"),
		part("pending", audience.Pending, "", "sync", "place", "key", "run_id"),
	}
}

// ours says that a sync sends the person's entity.
func (p Person) ours(sync sql.Expr) sql.Expr {
	var own, others []sql.Expr
	for _, s := range p.Project.Syncs {
		if Entity(p.Project, s) == p.Entity.Name {
			own = append(own, sql.String(s.Name))
		} else {
			others = append(others, sql.String(s.Name))
		}
	}
	if len(p.Project.Entities) == 1 {
		return sql.Fn(sql.Not, sql.In{Expr: sync, List: others})
	}
	return sql.In{Expr: sync, List: own}
}

// Entity is the name of the entity that a sync sends.
func Entity(p *config.Project, s *config.Sync) string {
	for _, g := range p.Segments {
		if g.Name == s.From.Segment {
			return g.Entity
		}
	}
	return s.From.Entity
}

// is says that an id is the person's.
func (p Person) is(id sql.Expr) sql.Expr { return among(id, p.IDs) }

func among(id sql.Expr, ids []int64) sql.Expr {
	list := make([]sql.Expr, len(ids))
	for i, n := range ids {
		list[i] = sql.Int(n)
	}
	return sql.In{Expr: id, List: list}
}

// carries says that an identifier is the person's.
func (p Person) carries(kind, value sql.Expr) sql.Expr {
	own := sql.Or{sql.InQuery{Exprs: []sql.Expr{kind, value}, Query: &sql.Select{
		Items: sql.Items("i", "identifier_type", "identifier"), From: ref(identity.IdentitiesTable(p.Entity), "i"),
		Where: p.is(sql.Col("i", identity.Column(p.Entity))),
	}}}
	for _, n := range p.Named {
		own = append(own, sql.And{eq(kind, sql.String(n.Type)), eq(value, sql.String(n.Value))})
	}
	return own
}

func ref(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }
func eq(a, b sql.Expr) sql.Expr               { return sql.Fn(sql.Eq, a, b) }
