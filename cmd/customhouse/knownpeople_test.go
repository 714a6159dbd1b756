package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
)

// knownPeople has people of whom the result is known, one of them wrongly, and
// queries of which one finds a row.
const knownPeople = `project: {name: known}
targets:
  local: {type: duckdb, path: known.duckdb}
entities:
  - {name: customer, identifiers: [{name: user_id, limit: 1}, {name: email, normalize: email}]}
sources:
  - {name: contacts, files: {path: contacts.csv}, entity: customer, identifiers: {user_id: id, email: mail}, time: updated, columns: {country: string}}
  - {name: orders, files: {path: orders.csv}, entity: customer, identifiers: {user_id: cid}, events: true, time: at, columns: {order_id: string, amount: decimal}}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: spent, entity: customer, value: 'orders.sum(o, o.amount)'}
segments:
  - {name: big, entity: customer, when: spent > 50.0}
tests:
  - name: known_people
    entity: customer
    severity: warn
    people:
      - {name: ada, identifiers: [user_id=1, email=ada@example.com], traits: {country: FR, spent: 60.5}, segments: {big: true}}
      - {name: bob, identifiers: [email=bob@example.com], traits: {country: null, spent: 20}, segments: {big: false}}
      - {name: cyd, identifiers: [user_id=2, email=ada@example.com]}
      - {name: dee, identifiers: [user_id=1], traits: {country: BE}, segments: {big: false}}
  - name: orders_have_people
    severity: warn
    sql: |
      SELECT o.order_id FROM {source:orders} AS o LEFT JOIN {source:contacts} AS c ON c.user_id = o.user_id WHERE c.user_id IS NULL
  - name: big_is_big
    sql: SELECT spent FROM {segment:big} AS b WHERE NOT spent > 50
  - name: nobody_is_poor
    severity: warn
    sql: SELECT spent FROM {entity:customer} AS p WHERE spent < 21
`

// TestKnownPeople: people of whom the result is known, and queries of tests, find
// the same in PostgreSQL and ClickHouse as in DuckDB.
func TestKnownPeople(t *testing.T) {
	t.Parallel()
	project := func(t *testing.T) string {
		t.Helper()
		dir := t.TempDir()
		for name, text := range map[string]string{
			projectFile:    knownPeople,
			"contacts.csv": "id,mail,country,updated\n1,ada@example.com,FR,2026-01-01T00:00:00Z\n2,bob@example.com,,2026-01-01T00:00:00Z\n",
			"orders.csv":   "cid,order_id,amount,at\n1,a,50.5,2026-01-01T00:00:00Z\n1,b,10,2026-01-02T00:00:00Z\n2,c,20,2026-01-02T00:00:00Z\n3,d,90,2026-01-02T00:00:00Z\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	check := func(t *testing.T, env []string, dir, target string) {
		t.Helper()
		out := must(t, env, "--project-dir", dir, "--target", target, "run", "--as-of", "2026-02-01T00:00:00Z") // warnings alone
		again := must(t, env, "--project-dir", dir, "--target", target, "test", "--as-of", "2026-02-01T00:00:00Z")
		for _, shown := range []string{out, again} {
			for line := range strings.SplitSeq(shown, "\n") {
				if strings.HasPrefix(line, "pass ") {
					continue
				}
				if strings.Contains(line, "ada:") || strings.Contains(line, "bob:") || strings.Contains(line, " big_is_big ") {
					t.Errorf("found, and nothing is wrong: %s", line)
				}
			}
			for _, want := range []string{"cyd: ", "dee: country", "dee: ", "orders_have_people", "nobody_is_poor"} {
				if !strings.Contains(shown, want) {
					t.Errorf("%q is not in\n%s", want, shown)
				}
			}
		}
		if n := strings.Count(again, "1 row"); n < 2 {
			t.Errorf("%d queries found one row, want 2\n%s", n, again)
		}
	}
	t.Run("duckdb", func(t *testing.T) {
		t.Parallel()
		check(t, nil, project(t), "local")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dir := project(t)
		check(t, onPostgres(t, dir, nil), dir, "postgres")
	})
	t.Run("clickhouse", func(t *testing.T) {
		t.Parallel()
		server := chtest.Start(t)
		dir := project(t)
		remote(t, dir, server)
		check(t, []string{"CLICKHOUSE_PASSWORD=" + server.Password}, dir, "remote")
	})
}
