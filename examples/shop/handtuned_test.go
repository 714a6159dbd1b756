package shop_test

import (
	dbsql "database/sql"
	"maps"
	"slices"
	"testing"

	"github.com/customhouse-cdp/customhouse/examples/shop"
)

// The yardstick must be right: its partition is that of a union-find, but for
// what limits refuse, and limits hold.
func TestHandTuned(t *testing.T) {
	t.Parallel()
	dir, _ := generate(t, shop.Options{Customers: 20000, Seed: 42, Day: 2})
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

	up := map[int64]int64{}
	var find func(int64) int64
	find = func(n int64) int64 {
		if p, ok := up[n]; ok && p != n {
			up[n] = find(p)
			return up[n]
		}
		return n
	}
	for _, e := range pairs(t, db, "SELECT u, v FROM edges") {
		if a, b := find(e[0]), find(e[1]); a != b {
			up[max(a, b)] = min(a, b)
		}
	}
	for _, e := range pairs(t, db, "SELECT n, root FROM labels") {
		if got := find(e[0]); got != e[1] {
			t.Fatalf("node %d has the root %d, want %d", e[0], e[1], got)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM refused"); n == 0 {
		t.Error("no identifier was refused: limits were not tried")
	}
	if n := one(t, db, `SELECT count(*) FROM (SELECT customer_id FROM handtuned.identities
		WHERE identifier_type = 'user_id' GROUP BY 1 HAVING count(*) > 1)`); n != 0 {
		t.Errorf("%d customers have several user ids", n)
	}
	if n := one(t, db, "SELECT count(*) - count(DISTINCT (identifier_type, identifier)) FROM handtuned.identities"); n != 0 {
		t.Errorf("%d identifiers are there twice", n)
	}
	if n := one(t, db, "SELECT (SELECT count(*) FROM handtuned.profiles) - (SELECT count(DISTINCT customer_id) FROM handtuned.identities)"); n != 0 {
		t.Errorf("there are %d more profiles than customers", n)
	}
	members := map[string]int64{}
	for _, s := range []string{"staff", "loyal_readers", "vip", "lapsed_buyers", "win_back", "warm_prospects"} {
		members[s] = one(t, db, "SELECT count(*) FROM handtuned.segment_members WHERE segment = '%s'", s)
		if members[s] == 0 {
			t.Errorf("segment %s is empty", s)
		}
	}
	t.Log(slices.Sorted(maps.Keys(members)), members)

	var identifiers, truePairs, foundPairs, rightPairs int64
	var precision, recall float64
	query := shop.Score("handtuned.identities", "read_parquet('"+dir+"/truth.parquet')")
	if err := db.QueryRowContext(t.Context(), query).Scan(&identifiers, &truePairs, &foundPairs, &rightPairs, &precision, &recall); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d identifiers, precision %.4f, recall %.4f", identifiers, precision, recall)
	if precision < 0.98 || recall < 0.85 {
		t.Errorf("got precision %.4f and recall %.4f, want 0.98 and 0.85 or more", precision, recall)
	}
}

func pairs(t *testing.T, db *dbsql.DB, query string) [][2]int64 {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][2]int64
	for rows.Next() {
		var p [2]int64
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
