package privacy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

var tables = privacy.System()

// lists are the tables with identities to look people up in.
func lists(t *testing.T) *modeltest.Bench {
	t.Helper()
	b := modeltest.New(t)
	for _, s := range tables {
		b.Statements(s)
	}
	b.Exec(`CREATE TABLE public.customer_identities (identifier_type VARCHAR, identifier VARCHAR, customer_id BIGINT)`)
	b.Exec(`INSERT INTO public.customer_identities VALUES ('email', 'ada', 1), ('phone', '+33', 1), ('email', 'bob', 2), ('email', 'cid', 3), ('phone', 'ada', 4), ('email', 'none', NULL)`)
	return b
}

// add is what a request adds to a table.
func add(b *modeltest.Bench, table sql.CreateTable, request string, rows ...string) {
	load := privacy.Load(table)
	b.Statements(sql.Drop{Table: load.Table}, load)
	for _, row := range rows {
		b.Exec(fmt.Sprintf(`INSERT INTO work.%s VALUES ('%s', %s, TIMESTAMP '2026-01-01')`, load.Table.Name, request, row))
	}
	b.Statements(privacy.Add(table, request)...)
}

// TestAddAndWithdraw: a request that is added twice is there once, and goes
// alone.
func TestAddAndWithdraw(t *testing.T) {
	b := lists(t)
	restrictions := tables[0]
	add(b, restrictions, "r1", `'customer', 'email', 'ada', 'restricted', NULL`, `'customer', 'email', 'ada', 'restricted', NULL`)
	add(b, restrictions, "r1", `'customer', 'email', 'ada', 'restricted', NULL`, `'customer', 'phone', '+33', 'restricted', NULL`)
	add(b, restrictions, "r2", `'customer', 'email', 'bob', 'objected', 'ads'`)
	read := `SELECT request, identifier, kind, purpose FROM public.privacy_restrictions ORDER BY ALL`
	want := [][]string{{"r1", "+33", "restricted", ""}, {"r1", "ada", "restricted", ""}, {"r2", "bob", "objected", "ads"}}
	if d := cmp.Diff(want, b.Rows(read)); d != "" {
		t.Errorf("added (-want +got):\n%s", d)
	}
	b.Statements(privacy.Withdraw(restrictions, "r1")...)
	if d := cmp.Diff(want[2:], b.Rows(read)); d != "" {
		t.Errorf("withdrawn (-want +got):\n%s", d)
	}
}

// TestRestraints: whoever carries one identifier of a restriction is restricted,
// in its own entity and type, and an objection is to its purpose or to all.
func TestRestraints(t *testing.T) {
	e := &config.Entity{Name: "customer"}
	who := func(b *modeltest.Bench, is sql.Expr) []string {
		b.Steps([]models.Step{privacy.Restraints(e)})
		var ids []string
		for _, row := range b.Rows(b.Query(&sql.Select{
			Distinct: true, Items: sql.Items("i", "customer_id"), From: sql.TableRef{Table: sql.Table{Space: sql.Public, Name: "customer_identities"}, As: "i"},
			Where: is, OrderBy: []sql.Order{sql.Asc(sql.Col("i", "customer_id"))},
		})) {
			ids = append(ids, row[0])
		}
		return ids
	}
	id := sql.Col("i", "customer_id")
	b := lists(t)
	if got := who(b, privacy.IsRestricted(e, id)); got != nil {
		t.Errorf("an empty list restricts %v", got)
	}
	add(b, tables[0], "r1", `'customer', 'email', 'ada', 'restricted', NULL`, `'account', 'email', 'bob', 'restricted', NULL`)
	add(b, tables[0], "r2", `'customer', 'email', 'bob', 'objected', 'ads'`, `'customer', 'email', 'none', 'objected', 'ads'`)
	add(b, tables[0], "r3", `'customer', 'email', 'cid', 'objected', NULL`)
	for _, c := range []struct {
		name string
		is   sql.Expr
		want []string
	}{
		{"restricted", privacy.IsRestricted(e, id), []string{"1"}},
		{"objects to ads", privacy.Objects(e, "ads", id), []string{"2", "3"}},
		{"objects to mail", privacy.Objects(e, "mail", id), []string{"3"}},
	} {
		if d := cmp.Diff(c.want, who(b, c.is)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestCheck: the row by which a key is known is written once.
func TestCheck(t *testing.T) {
	b := lists(t)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 2 {
		b.Statements(privacy.AddCheck("d1", at))
	}
	b.Statements(privacy.AddCheck("d2", at))
	if d := cmp.Diff([][]string{{"d1"}}, b.Rows(b.Query(privacy.CheckDigest()))); d != "" {
		t.Errorf("digests (-want +got):\n%s", d)
	}
	if got := b.Rows(b.Query(privacy.Suppressed())); len(got) > 0 {
		t.Errorf("the check counts as somebody: %v", got)
	}
}
