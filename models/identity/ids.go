package identity

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// rankWeight makes one sortable integer of an identifier's rank and number; a
// number stays below it.
const rankWeight = 1 << 48

// assignIDs gives every cluster its id.
//
// An id of the last build stays with the cluster that holds its strongest,
// then oldest identifier. Of several ids in one cluster the smallest, that is
// the one assigned first, survives. A cluster that owns none gets the next
// number, in the order in which clusters were first seen. Numbers are never
// used again: the next one is above every id that identities or history know.
// An id is a number and nothing else, so it tells nothing of the person.
//
// Quarantined identifiers, and entities that have expired, get none: they are
// barred (c).
func (r *resolver) assignIDs() models.Step {
	e := r.e
	var (
		nodes   = prefix(e, "nodes")
		cluster = prefix(e, "cluster")
		owners  = prefix(e, "owners")
		ids     = prefix(e, "ids")
		// The few that have a past are on the right, which some engines read first: in
		// a first run there is none.
		claims = sql.Joins(ref(cluster, "c"), sql.Join{Kind: sql.InnerJoin, On: eq(sql.Col("d", "n"), sql.Col("c", "n")), Right: sql.Derived{
			As: "d", Query: &sql.Select{Items: sql.Items("o", "n", "t", "old"), From: ref(nodes, "o"), Where: r.claimable(sql.Col("o", "old"))},
		}})
		free    = sql.InQuery{Exprs: []sql.Expr{sql.Col("c", "c")}, Not: true, Query: &sql.Select{Items: sql.Items("z", "c"), From: ref(r.table("barred"), "z")}}
		weight  = sql.Fn(sql.AddFast, sql.Fn(sql.IntMul, sql.Cast{Expr: sql.Col("d", "t"), To: sql.TypeInt}, sql.Int(rankWeight)), sql.Col("d", "n"))
		highest = sql.Fn(sql.Greatest,
			maximum(IdentitiesTable(e), Column(e)), maximum(HistoryTable(e), "old_id"), maximum(HistoryTable(e), "new_id"))
	)
	owner := sql.CreateTableAs{Table: owners, Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "old"), "old"),
			sql.As(sql.FnOf(sql.TypeInt, sql.ArgMin, sql.Col("c", "c"), weight), "c"),
		},
		From:    claims,
		Where:   free,
		GroupBy: []sql.Expr{sql.Col("d", "old")},
	}}
	surviving := &sql.Select{
		Items:   []sql.Item{sql.As(sql.Col("o", "c"), "c"), sql.As(sql.Fn(sql.Min, sql.Col("o", "old")), "id")},
		From:    ref(owners, "o"),
		GroupBy: []sql.Expr{sql.Col("o", "c")},
	}
	clusters := &sql.Select{Items: sql.Items("c", "c", "first"), From: ref(r.table("stats"), "c"), Where: free}
	fresh := sql.Fn(sql.AddFast, highest, sql.Window{
		Call:    sql.Fn(sql.RowNumber),
		OrderBy: []sql.Order{sql.Asc(sql.If(sql.Fn(sql.IsNull, sql.Col("s", "id")), sql.Col("k", "first"), nil))},
	})
	assign := sql.CreateTableAs{Table: ids, Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("k", "c"), "c"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("s", "id"), fresh), "id"),
		},
		From: sql.Joins(sql.Derived{Query: clusters, As: "k"},
			sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{Query: surviving, As: "s"}, On: eq(sql.Col("s", "c"), sql.Col("k", "c"))}),
	}}
	return &models.Exec{Title: "carry ids over", Statements: []sql.Statement{r.barred(), owner, assign, r.changes(owners, claims, free)}}
}

// barred lists the clusters that belong to nobody.
func (r *resolver) barred() sql.Statement {
	alone := sql.And{r.isQuarantined(sql.Col("c", "n"), false)}
	if len(r.e.AlwaysLink) > 0 {
		alone = append(alone, sql.InQuery{Exprs: []sql.Expr{sql.Col("c", "n")}, Not: true, Query: r.members(sql.And{
			sql.Fn(sql.Not, sql.Col("p", "never")), r.isNode(sql.Col("p", "a")), r.isNode(sql.Col("p", "b")), // as with edges
		})})
	}
	all := sql.Union{&sql.Select{Items: sql.Items("c", "c"), From: ref(r.table("cluster"), "c"), Where: alone}}
	if r.e.Expire != nil {
		all = append(all, &sql.Select{
			Items: sql.Items("c", "c"),
			From: sql.Joins(ref(r.table("cluster"), "c"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("nodes"), "d"), On: eq(sql.Col("d", "n"), sql.Col("c", "n"))}),
			GroupBy: []sql.Expr{sql.Col("c", "c")},
			Having:  weakly(r.e, r.AsOf, sql.Col("d", "t"), sql.Col("d", "last_seen")),
		})
	}
	if r.e.Retention != 0 {
		from := sql.Joins(ref(r.table("cluster"), "c"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("nodes"), "d"), On: eq(sql.Col("d", "n"), sql.Col("c", "n"))})
		having := sql.And{unseen(r.e.Retention, r.AsOf, sql.Col("d", "last_seen"))}
		if r.Sent != nil {
			// Who was sent somewhere stays until they are erased there.
			from = sql.Joins(from, sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{Query: r.Sent, As: "s"}, On: eq(sql.Col("s", "entity_id"), sql.Col("d", "old"))})
			having = append(having, sql.Fn(sql.IsNull, sql.Fn(sql.Max, sql.Col("s", "entity_id"))))
		}
		all = append(all, &sql.Select{Items: sql.Items("c", "c"), From: from, GroupBy: []sql.Expr{sql.Col("c", "c")}, Having: having})
	}
	return sql.CreateTableAs{Table: r.table("barred"), Query: all}
}

// changes lists what became of the ids of the last build, where anything did.
func (r *resolver) changes(owners sql.Table, claims sql.From, free sql.Expr) sql.Statement {
	e := r.e
	row := func(oldID, newID sql.Expr, kind, cause string) []sql.Item {
		return []sql.Item{
			sql.As(oldID, "old_id"), sql.As(newID, "new_id"), sql.As(sql.String(kind), "kind"), sql.As(sql.String(cause), "cause"),
		}
	}
	ids := prefix(e, "ids")
	merged := &sql.Select{
		Items: row(sql.Col("o", "old"), sql.Col("i", "id"), "merge", "a link joined the two"),
		From:  sql.Joins(ref(owners, "o"), sql.Join{Kind: sql.InnerJoin, Right: ref(ids, "i"), On: eq(sql.Col("i", "c"), sql.Col("o", "c"))}),
		Where: sql.Fn(sql.Ne, sql.Col("i", "id"), sql.Col("o", "old")),
	}
	split := &sql.Select{
		Items: row(sql.Col("p", "old"), sql.Col("i", "id"), "split", "no link joins the identifiers any more"),
		From: sql.Joins(
			sql.Derived{As: "p", Query: &sql.Select{
				Distinct: true, Items: []sql.Item{sql.As(sql.Col("d", "old"), "old"), sql.As(sql.Col("c", "c"), "c")}, From: claims, Where: free,
			}},
			sql.Join{Kind: sql.InnerJoin, Right: ref(owners, "o"), On: eq(sql.Col("o", "old"), sql.Col("p", "old"))},
			sql.Join{Kind: sql.InnerJoin, Right: ref(ids, "i"), On: eq(sql.Col("i", "c"), sql.Col("p", "c"))},
		),
		Where: sql.Fn(sql.Ne, sql.Col("o", "c"), sql.Col("p", "c")),
	}
	before, id := IdentitiesTable(e), Column(e)
	if r.Last != nil {
		before, id = r.table("before"), "old"
	}
	left := sql.Exists{Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(r.table("nodes"), "d"), Where: eq(sql.Col("d", "old"), sql.Col("g", "id")),
	}}
	gone := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("g", "id"), "old_id"), sql.As(sql.Null{Type: sql.TypeInt}, "new_id"), sql.As(sql.String("gone"), "kind"),
			sql.As(r.whyGone(sql.Col("g", "id"), sql.If(left, sql.String("its identifiers are quarantined or have expired"), sql.String("no source carries its identifiers any more"))), "cause"),
		},
		From: sql.Derived{As: "g", Query: &sql.Select{
			Distinct: true, Items: []sql.Item{sql.As(sql.Col("i", id), "id")}, From: ref(before, "i"), Where: sql.Fn(sql.IsNotNull, sql.Col("i", id)),
		}},
		Where: single(append(sql.And{sql.Exists{Not: true, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Int(1), "one")},
			From:  ref(owners, "o"),
			Where: eq(sql.Col("o", "old"), sql.Col("g", "id")),
		}}}, r.notGoneBefore(sql.Col("g", "id"))...)),
	}
	return sql.CreateTableAs{Table: prefix(e, "changes"), Query: sql.Union{merged, split, gone}}
}

// RedirectTable maps ids that were merged away to the ids that live on:
// columns old_id, new_id.
func RedirectTable(e *config.Entity) sql.Table { return prefix(e, "redirect") }

// Redirect compiles RedirectTable. Whatever remembers ids between runs reads
// through it, so that a merge is never a departure and an arrival, even where
// a run was killed between the merge and its readers.
func Redirect(e *config.Entity) *models.Model {
	redirect := RedirectTable(e)
	step := sql.CreateTableAs{Table: redirect, Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("r", "old_id"), "old_id"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("s", "new_id"), sql.Col("r", "new_id")), "new_id"),
		},
		From: sql.Joins(ref(redirect, "r"), sql.Join{Kind: sql.LeftJoin, Right: ref(redirect, "s"), On: eq(sql.Col("s", "old_id"), sql.Col("r", "new_id"))}),
	}}
	return &models.Model{
		Name:  "redirect:" + e.Name,
		Nodes: []string{"entity:" + e.Name},
		Span:  e.Pos.Span(),
		Steps: []models.Step{
			&models.Exec{Title: "read merges", Statements: []sql.Statement{sql.CreateTableAs{Table: redirect, Query: &sql.Select{
				// An id is merged away once: numbers are never used again.
				Items:   []sql.Item{sql.As(sql.Col("h", "old_id"), "old_id"), sql.As(sql.Fn(sql.Min, sql.Col("h", "new_id")), "new_id")},
				From:    ref(HistoryTable(e), "h"),
				Where:   eq(sql.Col("h", "kind"), sql.String("merge")),
				GroupBy: []sql.Expr{sql.Col("h", "old_id")},
			}}}},
			&models.Loop{
				Title: "follow merges of merges",
				While: &sql.Select{
					Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
					From:  sql.Joins(ref(redirect, "r"), sql.Join{Kind: sql.InnerJoin, Right: ref(redirect, "s"), On: eq(sql.Col("s", "old_id"), sql.Col("r", "new_id"))}),
				},
				Max:   maxRounds,
				Steps: []models.Step{&models.Exec{Title: "follow merges of merges", Statements: []sql.Statement{step}}},
			},
		},
	}
}
