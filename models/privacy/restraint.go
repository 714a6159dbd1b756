package privacy

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Restraints compiles the Work table of whom the restrictions of an entity are
// about by now, which IsRestricted and Objects read. It is small whatever the
// entity's size: it has nobody but those on the list. Who carries one identifier
// of a restriction is restricted, so that a merge of two people keeps the
// stricter.
//
// Each audience makes its own, since it may be built without a model before it.
func Restraints(e *config.Entity) models.Step {
	mine := func(alias string) sql.Expr { return sql.Fn(sql.Eq, sql.Col(alias, "entity"), sql.String(e.Name)) }
	named := func(alias string) []sql.Expr {
		return []sql.Expr{sql.Col(alias, "identifier_type"), sql.Col(alias, "identifier")}
	}
	// Looked up by the list, where the warehouse keeps identifiers in an order, and
	// joined after that.
	known := &sql.Select{
		Items: append(sql.Items("i", "identifier_type", "identifier"), sql.As(sql.Col("i", e.Name+"_id"), "id")),
		From:  sql.TableRef{Table: sql.Table{Space: sql.Public, Name: e.Name + "_identities"}, As: "i"},
		Where: sql.And{
			sql.Fn(sql.IsNotNull, sql.Col("i", e.Name+"_id")),
			sql.InQuery{Exprs: named("i"), Query: &sql.Select{
				Items: sql.Items("l", "identifier_type", "identifier"), From: sql.TableRef{Table: Restrictions, As: "l"}, Where: mine("l"),
			}},
		},
	}
	return &models.Exec{Title: "look who is restricted", Statements: []sql.Statement{
		sql.CreateTableAs{Table: restraintsTable(e), Query: &sql.Select{
			Distinct: true, Items: append(sql.Items("k", "id"), sql.Items("r", "kind", "purpose")...),
			From: sql.Joins(sql.Derived{Query: known, As: "k"}, sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: Restrictions, As: "r"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("r", "identifier_type"), sql.Col("k", "identifier_type")),
				sql.Fn(sql.Eq, sql.Col("r", "identifier"), sql.Col("k", "identifier")),
			}}),
			Where: mine("r"),
		}},
	}}
}

func restraintsTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_restraints"}
}

// IsRestricted says that an id of the entity is restricted. Restraints come first.
func IsRestricted(e *config.Entity, id sql.Expr) sql.Expr {
	return restrained(e, id, sql.Fn(sql.Eq, sql.Col("r", "kind"), sql.String(Restricted)))
}

// Objects says that an id of the entity objects to a purpose, or to all.
// Restraints come first.
func Objects(e *config.Entity, purpose string, id sql.Expr) sql.Expr {
	to := sql.Col("r", "purpose")
	return restrained(e, id, sql.And{
		sql.Fn(sql.Eq, sql.Col("r", "kind"), sql.String(Objected)),
		sql.Or{sql.Fn(sql.IsNull, to), sql.Fn(sql.Eq, to, sql.String(purpose))},
	})
}

func restrained(e *config.Entity, id, how sql.Expr) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{id}, Query: &sql.Select{
		Items: sql.Items("r", "id"), From: sql.TableRef{Table: restraintsTable(e), As: "r"}, Where: how,
	}}
}
