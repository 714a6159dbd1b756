package audience

import (
	"time"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// LeftOutRows is how many rows of each rule the query LeftOut has.
const LeftOutRows = 20

// permit makes what forbids reads.
func (b *builder) permit() []models.Step {
	if b.Purpose == nil {
		return nil
	}
	return []models.Step{privacy.Restraints(b.Entity)}
}

// forbids says that one of the rules of the law leaves an id out.
func (b *builder) forbids(rule string, id sql.Expr) sql.Expr {
	switch rule {
	case Restricted:
		return privacy.IsRestricted(b.Entity, id)
	case Objecting:
		return privacy.Objects(b.Entity, b.Purpose.Name, id)
	case Unpermitted:
		return sql.InQuery{Exprs: []sql.Expr{id}, Not: true, Query: &sql.Select{
			Items: sql.Items("y", b.id()), From: sql.TableRef{Table: profile.ConsentsTable(b.Entity), As: "y"},
			Where: sql.And{sql.Fn(sql.Eq, sql.Col("y", "purpose"), sql.String(b.Purpose.Name)), sql.Col("y", "given")},
		}}
	case Unseen:
		since := sql.Timestamp(b.AsOf.Add(-time.Duration(b.Purpose.Retention)))
		at, last := sql.Col("z", "last_seen"), sql.Fn(sql.Max, sql.Col("y", "last_seen"))
		identities := identity.IdentitiesTable(b.Entity)
		// Few have an identifier that was not seen since: nobody else is looked at.
		some := &sql.Select{
			Items: sql.Items("z", b.id()), From: sql.TableRef{Table: identities, As: "z"},
			Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("z", b.id())), sql.Or{sql.Fn(sql.Lt, at, since), sql.Fn(sql.IsNull, at)}},
		}
		return sql.InQuery{Exprs: []sql.Expr{id}, Query: &sql.Select{
			Items: sql.Items("y", b.id()), From: sql.TableRef{Table: identities, As: "y"},
			Where:   sql.InQuery{Exprs: []sql.Expr{sql.Col("y", b.id())}, Query: some},
			GroupBy: []sql.Expr{sql.Col("y", b.id())}, Having: sql.Or{sql.Fn(sql.Lt, last, since), sql.Fn(sql.IsNull, last)},
		}}
	}
	panic("audience: no rule of the law: " + rule)
}

// forbidden says that any of them does.
func (b *builder) forbidden(id sql.Expr) sql.Expr {
	var out sql.Or
	for _, rule := range b.rules() {
		switch rule {
		case Restricted, Objecting, Unpermitted, Unseen:
			out = append(out, b.forbids(rule, id))
		}
	}
	return out
}

// leftOut lists the first of whom each rule leaves out.
func (b *builder) leftOut() sql.Query {
	if !b.chooses() {
		return nil
	}
	ranked := &sql.Select{
		Items: append(sql.Items("m", "id", "left_out"), sql.As(sql.Window{
			Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("m", "left_out")}, OrderBy: []sql.Order{sql.Asc(sql.Col("m", "id"))},
		}, "place")),
		From: sql.TableRef{Table: b.without, As: "m"},
	}
	return &sql.Select{
		Items: sql.Items("m", "left_out", "id"), From: sql.Derived{Query: ranked, As: "m"},
		Where:   sql.Fn(sql.Le, sql.Col("m", "place"), sql.Int(LeftOutRows)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("m", "left_out")), sql.Asc(sql.Col("m", "id"))},
	}
}
