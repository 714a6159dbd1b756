package shop_test

import (
	dbsql "database/sql"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/examples/shop"
)

// The yardstick for ClickHouse finds the customers and members that the one for
// DuckDB does.
func TestHandTunedClickHouse(t *testing.T) {
	t.Parallel()
	server := chtest.Start(t)
	dir, _ := generate(t, shop.Options{Customers: 5000, Seed: 42, Day: 2})
	db := open(t)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.HandTuned(t.Context(), conn, dir, shop.AsOf(2)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	raw, to := server.Database(t), server.Database(t)
	for _, statement := range shop.ClickHouseSources(dir, raw) {
		if _, err := server.Query(statement); err != nil {
			t.Fatal(err)
		}
	}
	run := func(statement string) (string, error) { return server.QueryIn(to, statement) }
	if err := shop.HandTunedClickHouse(run, raw, shop.AsOf(2)); err != nil {
		t.Fatal(err)
	}
	// What a customer is called is its first identifier.
	const customers = `SELECT identifier_type || ' ' || identifier || ' ' || first_value(identifier) OVER (PARTITION BY customer_id ORDER BY first_seen, identifier_type, identifier)
FROM %sidentities ORDER BY identifier_type, identifier`
	const members = `SELECT m.segment || ' ' || coalesce(p.email, '') FROM %ssegment_members m JOIN %sprofiles p ON p.customer_id = m.customer_id ORDER BY m.segment, coalesce(p.email, ''), m.customer_id`
	for _, query := range []string{customers, members} {
		want := lines(t, db, strings.ReplaceAll(query, "%s", "handtuned."))
		answer, err := run(strings.ReplaceAll(query, "%s", ""))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
		if len(want) == 0 {
			t.Error("nothing to compare")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-DuckDB +ClickHouse):\n%s", d)
		}
	}
}

// lines are the values of a query of one text.
func lines(t *testing.T, db *dbsql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
