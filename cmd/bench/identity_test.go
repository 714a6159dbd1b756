package main

import (
	"context"
	dbsql "database/sql"
	"path/filepath"
	"slices"
	"testing"
)

// TestShapes wants every shape to be what the solvers are promised, and both
// to find the same components, as many as the shape has.
func TestShapes(t *testing.T) {
	const nodes = 20_000
	want := map[string]int64{
		"clean": nodes / 4, "chains-sequential": 4, "chains-zigzag": 4, "chains-shuffled": 4,
		"path-sequential": 1, "path-zigzag": 1, "path-shuffled": 1, "star-first": 1, "star-last": 1,
	}
	path := filepath.Join(t.TempDir(), "graphs.duckdb")
	list := shapes(nodes)
	if err := within(path, func(db *dbsql.DB) error {
		for _, s := range list {
			if err := script(db, `CREATE TABLE "`+s.name+`" AS `+s.edges); err != nil {
				return err
			}
			if got := number(t, db, `SELECT (SELECT count(*) FROM "`+s.name+`" WHERE u <= v OR v < 0 OR u >= 20000) + count(*) - count(DISTINCT (u, v)) FROM "`+s.name+`"`); got != 0 {
				t.Errorf("%s has %d edges that are none, or twice", s.name, got)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		ours, err := components(path, s.name)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := unionFind(path, s.name)
		if err != nil {
			t.Fatal(err)
		}
		if ours.Partition != theirs.Partition {
			t.Errorf("%s: got %s, want %s", s.name, ours.Partition, theirs.Partition)
		}
		if ours.Rounds == 0 {
			t.Errorf("%s: no rounds", s.name)
		}
		if n, ok := want[s.name]; ok && nodes-theirs.Below != n {
			t.Errorf("%s: got %d components, want %d", s.name, nodes-theirs.Below, n)
		}
	}
}

// TestRowsInBatches wants rows to depend on their number alone.
func TestRowsInBatches(t *testing.T) {
	fill := func(batches ...int64) (digest int64) {
		if err := within("", func(db *dbsql.DB) error {
			statements := slices.Concat(vocabulary(4000), tables)
			from := int64(0)
			for _, to := range batches {
				statements = append(statements, insertRows(from, to)...)
				from = to
			}
			if err := script(db, statements...); err != nil {
				return err
			}
			if got := number(t, db, "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM web) + (SELECT count(*) FROM orders)"); got != 4000 {
				t.Errorf("got %d rows, want 4000", got)
			}
			digest = number(t, db, `SELECT (bit_xor(h) >> 1)::BIGINT FROM (
				SELECT hash(c) AS h FROM contacts c UNION ALL SELECT hash(w) FROM web w UNION ALL SELECT hash(o) FROM orders o)`)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return digest
	}
	if whole, parts := fill(4000), fill(1000, 1010, 4000); whole != parts {
		t.Errorf("got %x in batches, want %x", parts, whole)
	}
}

func number(t *testing.T, db *dbsql.DB, query string) (n int64) {
	t.Helper()
	if err := db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatalf("%v in:\n%s", err, query)
	}
	return n
}
