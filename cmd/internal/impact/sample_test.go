package impact_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/impact"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

var customer = &config.Entity{Name: "customer"}

// identifier is one of a build: its number and its component, who is a customer.
type identifier struct{ number, component int64 }

// identities draws a build of identifiers that are linked at random; some that the
// other build has may be missing.
func identities(t *rapid.T, label string) []identifier {
	n := rapid.IntRange(1, 25).Draw(t, label+" identifiers")
	component := make([]int64, n)
	for i := range component {
		component[i] = int64(i + 1)
	}
	for range rapid.IntRange(0, n).Draw(t, label+" links") {
		a := component[rapid.IntRange(0, n-1).Draw(t, label+" from")]
		b := component[rapid.IntRange(0, n-1).Draw(t, label+" to")]
		for i, c := range component {
			if c == max(a, b) {
				component[i] = min(a, b)
			}
		}
	}
	var out []identifier
	for i, c := range component {
		// The name of a component is its smallest number, which is there.
		if c == int64(i+1) || rapid.IntRange(0, 9).Draw(t, label+" gone") > 0 {
			out = append(out, identifier{int64(i + 1), c})
		}
	}
	return out
}

// TestSampleCutsNoComponent: of whatever two builds hold together all is in the
// sample or nothing, the sample is the same each time, and a greater one has all of
// a smaller one.
func TestSampleCutsNoComponent(t *testing.T) {
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	options := adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "before", Work: duckdb.WorkParts()}
	before := adapters.New(options)
	options.Schema = "after"
	after := before.Share(options)
	t.Cleanup(func() {
		if err := before.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, wh := range []*adapters.Warehouse{before, after} {
		if err := wh.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sides := impact.Sides{Before: before, After: after}
	chosen := 0
	rapid.Check(t, func(rt *rapid.T) {
		builds := map[*adapters.Warehouse][]identifier{before: identities(rt, "before"), after: identities(rt, "after")}
		for wh, list := range builds {
			fill(t, rt, wh, list)
		}
		share := rapid.Float64Range(0.05, 0.9).Draw(rt, "share")
		sample := choose(t, rt, sides, share)
		if d := cmp.Diff(sample, choose(t, rt, sides, share)); d != "" {
			rt.Errorf("the same sample (-once +again):\n%s", d)
		}
		more := choose(t, rt, sides, min(share*1.5, 0.99))
		for _, id := range sample {
			if !slices.Contains(more, id) {
				rt.Errorf("%d is in a sample of %v and not in a greater one", id, share)
			}
		}
		// An independent look: whoever shares an identifier or a component is followed.
		inside := map[int64]bool{}
		for _, id := range sample {
			inside[id] = true
		}
		for _, list := range builds {
			for _, i := range list {
				for _, others := range builds {
					for _, j := range others {
						if i.number == j.number && inside[i.component] != inside[j.component] {
							rt.Errorf("identifier %d is of %d and of %d, of whom one alone is in the sample %v", i.number, i.component, j.component, sample)
						}
					}
				}
			}
		}
		chosen += len(sample)
	})
	if chosen == 0 {
		t.Error("no sample had anybody in it")
	}
}

func fill(t *testing.T, rt *rapid.T, wh *adapters.Warehouse, list []identifier) {
	t.Helper()
	table := identity.IdentitiesTable(customer)
	columns := []sql.ColumnDef{{Name: "number", Type: sql.TypeInt}, {Name: "component", Type: sql.TypeInt}, {Name: identity.Column(customer), Type: sql.TypeInt}}
	if err := wh.Exec(t.Context(), sql.Drop{Table: table}, sql.CreateTable{Table: table, Columns: columns}); err != nil {
		rt.Fatal(err)
	}
	err := wh.Load(t.Context(), table, sql.ColumnNames(columns), func(yield func([]any, error) bool) {
		for _, i := range list {
			if !yield([]any{i.number, i.component, i.component}, nil) {
				return
			}
		}
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func choose(t *testing.T, rt *rapid.T, sides impact.Sides, share float64) []int64 {
	t.Helper()
	if err := sides.Choose(t.Context(), customer, share); err != nil {
		rt.Fatal(err)
	}
	id := identity.Column(customer)
	rows, err := sides.After.Query(t.Context(), &sql.Select{
		Items: sql.Items("s", id), From: sql.TableRef{Table: impact.SampleTable(customer), As: "s"}, OrderBy: []sql.Order{sql.Asc(sql.Col("s", id))},
	})
	if err != nil {
		rt.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			rt.Error(err)
		}
	}()
	out := []int64{}
	row := make([]any, 1)
	for rows.Next(row) == nil {
		n, _ := row[0].(int64)
		out = append(out, n)
	}
	return out
}
