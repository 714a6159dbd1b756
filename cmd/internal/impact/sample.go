package impact

import (
	"context"
	"fmt"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// sampleSalt decides who is in a sample: the same customers each time, more of them
// in a greater one.
const sampleSalt = "customhouse plan"

// SampleTable has the ids of an entity that are in the sample, those that they had
// before among them. It lies in the schema of the candidate.
func SampleTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: "plan_sample_" + e.Name}
}

// Choose fills SampleTable with about a share of the customers, from 0 to 1, by
// whole components: whoever any evidence of either build holds together with one
// who is chosen is chosen too, so that no merge and no split of the sample has a
// part outside of it. Identities of both builds have to be complete.
func (s Sides) Choose(ctx context.Context, e *config.Entity, share float64) error {
	before, err := columns(ctx, s.Before, identity.IdentitiesTable(e))
	if err != nil {
		return err
	}
	builds := []sql.Table{identity.IdentitiesTable(e)}
	if before != nil {
		builds = append(builds, s.Before.Foreign(identity.IdentitiesTable(e)))
	}
	// Numbers of identifiers, by turns in two tables: none is read and replaced at
	// once.
	numbers := func(round int) sql.Table {
		return sql.Table{Space: sql.Public, Name: fmt.Sprintf("plan_numbers_%d_%s", round%2, e.Name)}
	}
	number, component := sql.Col("i", "number"), sql.Col("i", "component")
	gather := func(to sql.Table, of func(sql.Table) sql.Expr) (int64, error) {
		var all sql.Union
		for _, t := range builds {
			all = append(all, &sql.Select{Items: []sql.Item{sql.As(number, "number")}, From: ref(t, "i"), Where: of(t)})
		}
		err := s.After.Exec(ctx, sql.CreateTableAs{Table: to, Query: &sql.Select{
			Distinct: true, Items: sql.Items("u", "number"), From: sql.Derived{Query: all, As: "u"},
		}})
		if err != nil {
			return 0, err
		}
		return s.After.Int(ctx, &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(to, "n")})
	}
	// A component is named by its smallest number, so that one that is the same in
	// both builds is chosen in both or in neither.
	size, err := gather(numbers(0), func(sql.Table) sql.Expr {
		return sql.Fn(sql.Lt, models.Spread(sampleSalt, component), sql.String(models.ShareBound(share)))
	})
	if err != nil {
		return err
	}
	round := 0
	for grown := int64(-1); grown != size; round++ {
		grown = size
		known := ref(numbers(round), "n")
		size, err = gather(numbers(round+1), func(t sql.Table) sql.Expr {
			// All of the components that a chosen number is in.
			return sql.InQuery{Exprs: []sql.Expr{component}, Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Col("c", "component"), "component")},
				From: sql.Joins(ref(t, "c"), sql.Join{
					Kind: sql.InnerJoin, Right: known, On: eq(sql.Col("n", "number"), sql.Col("c", "number")),
				}),
			}}
		})
		if err != nil {
			return err
		}
	}
	id := sql.Col("i", identity.Column(e))
	var ids sql.Union
	for _, t := range builds {
		ids = append(ids, &sql.Select{
			Items: []sql.Item{sql.As(id, identity.Column(e))},
			From: sql.Joins(ref(t, "i"), sql.Join{
				Kind: sql.InnerJoin, Right: ref(numbers(round), "n"), On: eq(sql.Col("n", "number"), number),
			}),
			Where: sql.Fn(sql.IsNotNull, id),
		})
	}
	return s.After.Exec(ctx, sql.CreateTableAs{Table: SampleTable(e), Query: &sql.Select{
		Distinct: true, Items: sql.Items("u", identity.Column(e)), From: sql.Derived{Query: ids, As: "u"},
	}})
}

// Reduce takes those who are not in the sample out of the copies that a build of
// profiles, segments and syncs starts from: tables are the public ones that hold
// ids of an entity, each with the column.
func (s Sides) Reduce(ctx context.Context, e *config.Entity, tables map[sql.Table]string) error {
	for t, column := range tables {
		have, err := columns(ctx, s.After, t)
		if err != nil {
			return err
		}
		if !has(have, column) {
			continue
		}
		id := sql.Col("", column)
		err = s.After.Exec(ctx, sql.Delete{Table: t, Where: sql.And{
			sql.Fn(sql.IsNotNull, id),
			sql.InQuery{Exprs: []sql.Expr{id}, Not: true, Query: &sql.Select{Items: sql.Items("k", identity.Column(e)), From: ref(SampleTable(e), "k")}},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func has(list []adapters.Column, name string) bool { return index(list, name) >= 0 }
