package audience_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestConversions: a value is sent as its exact equal of the other type, or its
// row is not sent.
func TestConversions(t *testing.T) {
	const unfit = "unfit"
	for _, c := range []struct {
		from  sql.Type
		value string // in the warehouse's own SQL
		to    string
		want  string
	}{
		{sql.TypeString, "'36'", "int", "36"},
		{sql.TypeString, "' 36'", "int", unfit},
		{sql.TypeString, "'36.0'", "int", unfit},
		{sql.TypeString, "''", "int", unfit},
		{sql.TypeString, "NULL", "int", "NULL"},
		{sql.TypeString, "'9223372036854775808'", "int", unfit},
		{sql.TypeString, "'1e3'", "float", "1000.0"},
		{sql.TypeString, "'nan'", "float", unfit},
		{sql.TypeString, "'true'", "bool", "true"},
		{sql.TypeString, "'yes'", "bool", unfit},
		{sql.TypeString, "'12.5'", "decimal", "12.500000000"},
		{sql.TypeString, "'1.1234567891'", "decimal", unfit},
		{sql.TypeString, "'1e3'", "decimal", unfit},
		{sql.TypeString, "'2024-02-29'", "date", "2024-02-29"},
		{sql.TypeString, "'2023-02-29'", "date", unfit},
		{sql.TypeString, "'24-02-29'", "date", unfit},
		{sql.TypeString, "'2024-02-29T01:00:00+02:00'", "timestamp", "2024-02-28 23:00:00"},
		{sql.TypeString, "'2024-02-29 01:00'", "timestamp", unfit},
		{sql.TypeInt, "9007199254740993", "float", unfit},
		{sql.TypeInt, "9007199254740992", "float", "9007199254740992.0"},
		{sql.TypeInt, "7", "decimal", "7.000000000"},
		{sql.TypeInt, "7", "string", "7"},
		{sql.TypeFloat, "7e0", "int", "7"},
		{sql.TypeFloat, "7.5e0", "int", unfit},
		{sql.TypeFloat, "'nan'::DOUBLE", "int", unfit},
		{sql.TypeFloat, "1e19", "int", unfit},
		{sql.TypeDecimal, "7.000000000", "int", "7"},
		{sql.TypeDecimal, "7.500000000", "int", unfit},
		{sql.TypeDecimal, "7.500000000", "float", "7.5"},
		{sql.TypeBool, "true", "string", "true"},
		{sql.TypeDate, "DATE '2024-02-29'", "timestamp", "2024-02-29 00:00:00"},
		{sql.TypeTimestamp, "TIMESTAMP '2024-02-29 23:59:59'", "date", "2024-02-29"},
	} {
		b := modeltest.New(t)
		b.Exec("CREATE TABLE public.customer_profiles (customer_id BIGINT, v " + sql.DuckDB.Types[c.from] + ")")
		b.Exec("INSERT INTO public.customer_profiles VALUES (1, " + c.value + ")")
		for _, s := range audience.System() {
			b.Statements(s)
		}
		in := audience.Input{
			Sync: &config.Sync{
				Name: "s", From: config.From{Entity: "customer"}, To: config.To{Destination: "d", Mode: "upsert", Key: "id"},
				Fields: strict.Ordered[config.Field]{
					{Key: "id", Value: config.Field{Trait: "customer_id"}}, {Key: "v", Value: config.Field{Trait: "v", Type: c.to}},
				},
			},
			Destination: &config.Destination{Name: "d"}, Entity: &config.Entity{Name: "customer"},
			Traits: []expr.Compiled{{Name: "v", Type: c.from}},
		}
		if found := audience.Check(in); len(found) > 0 {
			t.Errorf("%v to %s: %v", c.from, c.to, found)
			continue
		}
		a := audience.Build(in)
		b.Steps(a.Steps)
		got := unfit
		for _, row := range b.Rows(`SELECT coalesce(CAST("field.v" AS VARCHAR), 'NULL') FROM work.changes_s`) {
			got = row[0]
		}
		if got != c.want {
			t.Errorf("%s to %s is %s, want %s", c.value, c.to, got, c.want)
		}
		b.Statements(a.Refuse...)
		var codes []string
		for _, row := range b.Rows("SELECT code || ': ' || message FROM public.sync_rejections") {
			codes = append(codes, row[0])
		}
		if refused := len(codes) == 1; refused != (c.want == unfit) {
			t.Errorf("%s to %s has the rejections %q", c.value, c.to, codes)
		}
	}
}

// TestListsAreToldApart: two lists that a careless text would make one have
// fingerprints of their own.
func TestListsAreToldApart(t *testing.T) {
	b := modeltest.New(t)
	b.Exec("CREATE TABLE public.customer_profiles (customer_id BIGINT, a VARCHAR, b VARCHAR)")
	b.Exec(`INSERT INTO public.customer_profiles VALUES (1, 'x, y', NULL), (2, 'x', 'y'), (3, NULL, NULL), (4, '', NULL), (5, '1:x', NULL), (6, 'x', NULL), (7, NULL, 'x')`)
	for _, s := range audience.System() {
		b.Statements(s)
	}
	a := audience.Build(audience.Input{
		Sync: &config.Sync{
			Name: "s", From: config.From{Entity: "customer"}, To: config.To{Destination: "d", Mode: "upsert", Key: "id"},
			Fields: strict.Ordered[config.Field]{
				{Key: "id", Value: config.Field{Value: `"same"`}}, {Key: "list", Value: config.Field{List: []string{"a", "b"}}},
			},
		},
		Destination: &config.Destination{Name: "d"}, Entity: &config.Entity{Name: "customer"},
		Traits:   []expr.Compiled{{Name: "a", Type: sql.TypeString}, {Name: "b", Type: sql.TypeString}},
		Computed: []expr.Compiled{{Name: "s.id", Type: sql.TypeString, Expr: sql.String("same")}},
	})
	b.Steps(a.Steps)
	var got []string
	for _, row := range b.Rows("SELECT string_agg(entity_id::VARCHAR, ' ' ORDER BY entity_id) FROM work.wanted_s GROUP BY fingerprint ORDER BY min(entity_id)") {
		got = append(got, row[0])
	}
	if d := cmp.Diff([]string{"1", "2", "3", "4", "5", "6 7"}, got); d != "" {
		t.Errorf("customers with one fingerprint (-want +got):\n%s", d)
	}
}
