package adapters

import "testing"

// TestMasked: neither a text nor a number of a statement is in what its digest is
// made of, in any spelling of a quote, and names stay.
func TestMasked(t *testing.T) {
	for statement, want := range map[string]string{
		`SELECT "a" FROM t WHERE x = 'ada@example.com'`:   `SELECT "a" FROM t WHERE x = ?`,
		`SELECT 'it''s', 'a' FROM t2 LIMIT 100`:           `SELECT ?, ? FROM t# LIMIT #`,
		`SELECT 'a\'b', TIMESTAMP '2026-01-01', 1.5`:      `SELECT ?, TIMESTAMP ?, #.#`,
		`SELECT 'never closed`:                            `SELECT ?`,
		`INSERT INTO "customhouse"."runs" VALUES ('r-1')`: `INSERT INTO "customhouse"."runs" VALUES (?)`,
	} {
		if got := masked(statement); got != want {
			t.Errorf("%s: got %s, want %s", statement, got, want)
		}
	}
}
