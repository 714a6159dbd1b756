package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestGrants gives a role what Grants says and nothing else, and works as that
// role.
func TestGrants(t *testing.T) {
	address := postgrestest.Database(t)
	admin := connect(t, address)
	const user = `Odd"role`
	f := adapters.GrantsFor{User: user, Schema: "customhouse", Work: "customhouse_work", Tables: []string{"raw.orders", `raw."Odd Table"`}}
	do := func(statements ...string) {
		t.Helper()
		if err := admin.Exec(t.Context(), statements); err != nil {
			t.Fatal(err)
		}
	}
	do("CREATE SCHEMA raw", "CREATE TABLE raw.orders AS SELECT 1::bigint AS n", `CREATE TABLE raw."Odd Table" AS SELECT 2::bigint AS n`, "CREATE TABLE raw.others AS SELECT 3::bigint AS n")
	// The role is the server's, not the database's: another test may have made it.
	do(`DO $$ BEGIN CREATE ROLE "Odd""role" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	as, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := as.Query()
	query.Set("user", user)
	as.User, as.RawQuery = url.User(user), query.Encode()
	role := connect(t, as.String())
	w := adapters.New(adapters.Options{Driver: role, Dialect: sql.PostgreSQL, Schema: "customhouse", Work: postgres.WorkParts("customhouse")})
	count := func(table string) error {
		_, err := w.Int(t.Context(), &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: sql.Table{Space: sql.Source, Name: table}, As: "t"},
		})
		return err
	}
	forbidden := func(what string, err error) {
		t.Helper()
		if k := kindOf(err); k != adapters.Permission {
			t.Errorf("%s: got kind %d, %v, want Permission", what, k, err)
		}
	}
	forbidden("without grants, init", w.Init(t.Context()))
	forbidden("without grants, a source", count("raw.orders"))

	readOnly := f
	readOnly.ReadOnly = true
	do(postgres.Grants(postgres.Config{}, readOnly)...)
	for _, table := range f.Tables {
		if err := count(table); err != nil {
			t.Errorf("read-only, %s: %v", table, err)
		}
	}
	forbidden("read-only, init", w.Init(t.Context()))
	forbidden("another table", count("raw.others"))

	do(postgres.Grants(postgres.Config{}, f)...)
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, space := range []sql.Space{sql.Public, sql.Beside, sql.Work} {
		table := sql.Table{Space: space, Name: "t"}
		if err := w.Script(t.Context(), []sql.Statement{
			sql.CreateTableAs{Table: table, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(1), To: sql.TypeInt}, "n")}}},
			sql.Update{Table: table, Set: []sql.Assignment{{Column: "n", Value: sql.Cast{Expr: sql.Int(2), To: sql.TypeInt}}}, Where: sql.Bool(true)},
			sql.AddColumn{Table: table, Column: sql.ColumnDef{Name: "m", Type: sql.TypeString}},
			sql.Delete{Table: table, Where: sql.Bool(true)},
		}); err != nil {
			t.Errorf("space %d: %v", space, err)
		}
	}
	if err := w.Exec(t.Context(), sql.Swap{Name: "t"}); err != nil {
		t.Error(err)
	}
	if err := w.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	forbidden("another table still", count("raw.others"))
	forbidden("writing to a source", role.Exec(t.Context(), []string{"DELETE FROM raw.orders"}))

	// Where nobody is named it is the target's user, or one called customhouse.
	for want, c := range map[string]postgres.Config{"ann": {User: "ann"}, "customhouse": {}} {
		text := strings.Join(postgres.Grants(c, adapters.GrantsFor{Tables: []string{"orders"}, ReadOnly: true}), "\n")
		if !strings.HasSuffix(text, "\nGRANT SELECT ON TABLE orders TO "+want+";") {
			t.Errorf("got %s", cmp.Diff("", text))
		}
	}
}

// kindOf is the kind of an error, Unknown where it has none.
func kindOf(err error) adapters.Kind {
	if known, ok := errors.AsType[*adapters.Error](err); ok {
		return known.Kind
	}
	return adapters.Unknown
}
