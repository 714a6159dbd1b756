package shop_test

import (
	dbsql "database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/examples/shop"
)

// open returns a DuckDB in memory.
func open(t *testing.T) *dbsql.DB {
	t.Helper()
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// one is the single integer that a query gives.
func one(t *testing.T, db *dbsql.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRowContext(t.Context(), fmt.Sprintf(query, args...)).Scan(&n); err != nil {
		t.Fatalf("%v\n%s", err, fmt.Sprintf(query, args...))
	}
	return n
}

func generate(t *testing.T, o shop.Options) (string, shop.Stats) {
	t.Helper()
	o.Dir = t.TempDir()
	stats, err := shop.Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return o.Dir, stats
}

// files are the raw tables as DuckDB reads them.
var files = []string{"contacts.parquet", "loyalty.csv", "newsletter.ndjson.gz", "orders.parquet", "web_events.parquet", "truth.parquet"}

// fingerprint is the same for the same rows in any order.
func fingerprint(t *testing.T, db *dbsql.DB, dir string) []string {
	t.Helper()
	var out []string
	for _, f := range files {
		n := one(t, db, "SELECT bit_xor(md5_number_lower(t::VARCHAR) // 2)::BIGINT FROM '%s' t", filepath.Join(dir, f))
		out = append(out, fmt.Sprintf("%s %x", f, n))
	}
	return out
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	db := open(t)
	first, stats := generate(t, shop.Options{Customers: 3000, Seed: 7, Day: 2})
	again, sameStats := generate(t, shop.Options{Customers: 3000, Seed: 7, Day: 2})
	other, _ := generate(t, shop.Options{Customers: 3000, Seed: 8, Day: 2})
	got, same, differ := fingerprint(t, db, first), fingerprint(t, db, again), fingerprint(t, db, other)
	if diff := cmp.Diff(got, same); diff != "" {
		t.Errorf("the same options gave other rows (-first +again):\n%s", diff)
	}
	if diff := cmp.Diff(stats, sameStats); diff != "" {
		t.Errorf("the same options gave other counts (-first +again):\n%s", diff)
	}
	for i := range got {
		if got[i] == differ[i] {
			t.Errorf("seeds 7 and 8 gave the same %s", files[i])
		}
	}
}

func TestGenerateIsLinear(t *testing.T) {
	t.Parallel()
	_, small := generate(t, shop.Options{Customers: 2000, Seed: 1, Day: 1})
	_, large := generate(t, shop.Options{Customers: 8000, Seed: 1, Day: 1})
	for name, n := range map[string][2]int64{
		"contacts":   {small.Contacts, large.Contacts},
		"loyalty":    {small.Loyalty, large.Loyalty},
		"newsletter": {small.Newsletter, large.Newsletter},
		"orders":     {small.Orders, large.Orders},
		"web events": {small.WebEvents, large.WebEvents},
		"truth":      {small.Truth, large.Truth},
	} {
		if ratio := float64(n[1]) / float64(n[0]); ratio < 3.4 || ratio > 4.6 {
			t.Errorf("four times the customers gave %.2f times the %s (%d, %d)", ratio, name, n[0], n[1])
		}
	}
	if perCustomer := large.WebEvents / 8000; perCustomer < 10 || perCustomer > 20 {
		t.Errorf("got %d web events a customer, want 10 to 20", perCustomer)
	}
}

// The shop must keep the difficulties that it is there for.
func TestGenerateIsHard(t *testing.T) {
	t.Parallel()
	db := open(t)
	dir, _ := generate(t, shop.Options{Customers: 20000, Seed: 42, Day: 1})
	contacts, cards := filepath.Join(dir, "contacts.parquet"), filepath.Join(dir, "loyalty.csv")
	events, orders := filepath.Join(dir, "web_events.parquet"), filepath.Join(dir, "orders.parquet")
	for name, query := range map[string]string{
		"people under several addresses":    fmt.Sprintf("SELECT count(*) FROM (SELECT truth_person FROM '%s' GROUP BY 1 HAVING count(DISTINCT lower(trim(email))) > 1)", contacts),
		"addresses of several people":       fmt.Sprintf("SELECT count(*) FROM (SELECT lower(trim(email)) FROM '%s' WHERE email LIKE '%%@home.example' GROUP BY 1 HAVING count(DISTINCT truth_person) > 1)", contacts),
		"devices of several people":         fmt.Sprintf("SELECT count(*) FROM (SELECT cookie FROM '%s' GROUP BY 1 HAVING count(DISTINCT user_id) > 1)", events),
		"public machines":                   fmt.Sprintf("SELECT count(*) FROM (SELECT cookie FROM '%s' GROUP BY 1 HAVING count(DISTINCT user_id) > 20)", events),
		"visitors who never log in":         fmt.Sprintf("SELECT count(*) FROM (SELECT cookie FROM '%s' GROUP BY 1 HAVING count(user_id) = 0)", events),
		"junk addresses":                    fmt.Sprintf("SELECT count(*) FROM '%s' WHERE email = 'null@null.com'", contacts),
		"blank addresses":                   fmt.Sprintf("SELECT count(*) FROM '%s' WHERE trim(email) = ''", orders),
		"junk numbers":                      fmt.Sprintf("SELECT count(*) FROM '%s' WHERE mobile = '0000000000'", contacts),
		"cards with the shop's own number":  fmt.Sprintf("SELECT count(*) - 1 FROM '%s' WHERE phone = '01 42 00 00 00'", cards),
		"names with a quote":                fmt.Sprintf("SELECT count(*) FROM '%s' WHERE contains(first_name, chr(39) || ')')", contacts),
		"names with a line break in CSV":    fmt.Sprintf("SELECT count(*) FROM '%s' WHERE contains(holder, chr(10))", cards),
		"cards under another address alone": fmt.Sprintf("SELECT count(*) FROM '%s' WHERE lower(email) LIKE '%%.old@%%' AND phone IS NULL", cards),
	} {
		if n := one(t, db, "%s", query); n < 1 {
			t.Errorf("the shop has no %s", name)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM '%s' WHERE viewed_at > TIMESTAMP '%s'", events, shop.AsOf(1).Format("2006-01-02 15:04:05")); n != 0 {
		t.Errorf("%d events are later than the day's export", n)
	}
}

func TestSecondDay(t *testing.T) {
	t.Parallel()
	db := open(t)
	one1, _ := generate(t, shop.Options{Customers: 20000, Seed: 42, Day: 1})
	two, _ := generate(t, shop.Options{Customers: 20000, Seed: 42, Day: 2})
	file := func(dir, name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"orders.parquet", "web_events.parquet"} {
		if n := one(t, db, "SELECT count(*) FROM (FROM '%s' EXCEPT ALL FROM '%s')", file(one1, name), file(two, name)); n != 0 {
			t.Errorf("%d rows of %s are gone on day 2; events do not unhappen", n, name)
		}
		if n := one(t, db, "SELECT count(*) FROM (FROM '%s' EXCEPT ALL FROM '%s')", file(two, name), file(one1, name)); n == 0 {
			t.Errorf("day 2 adds nothing to %s", name)
		}
	}
	a, b := file(one1, "contacts.parquet"), file(two, "contacts.parquet")
	for what, query := range map[string]string{
		"new":       fmt.Sprintf("SELECT count(*) FROM '%s' WHERE truth_person >= 20000", b),
		"deleted":   fmt.Sprintf("SELECT count(*) FROM '%s' WHERE truth_person NOT IN (SELECT truth_person FROM '%s')", a, b),
		"moved":     fmt.Sprintf("SELECT count(*) FROM '%s' a JOIN '%s' b USING (user_id) WHERE a.country <> b.country", a, b),
		"readdress": fmt.Sprintf("SELECT count(*) FROM '%s' a JOIN '%s' b USING (user_id) WHERE lower(trim(a.email)) NOT LIKE '%%.new@%%' AND lower(trim(b.email)) LIKE '%%.new@%%'", a, b),
		"linked": fmt.Sprintf(`SELECT count(*) FROM '%s' o JOIN '%s' l USING (truth_person)
			WHERE o.card IS NOT NULL AND o.email IS NOT NULL AND lower(l.email) LIKE '%%.old@%%'`, file(two, "orders.parquet"), file(two, "loyalty.csv")),
	} {
		if n := one(t, db, "%s", query); n == 0 {
			t.Errorf("day 2 has no %s contacts", what)
		}
	}
	if n := one(t, db, "SELECT count(*) FROM '%s' WHERE updated_at > TIMESTAMP '%s'", b, shop.AsOf(2).Format("2006-01-02 15:04:05")); n != 0 {
		t.Errorf("%d contacts are later than the day's export", n)
	}
}

// Every identifier that the truth names must be in the raw tables, once the
// mangling is undone.
func TestTruthIsInTheData(t *testing.T) {
	t.Parallel()
	db := open(t)
	dir, stats := generate(t, shop.Options{Customers: 5000, Seed: 3, Day: 2})
	if stats.Truth == 0 {
		t.Fatal("the truth is empty")
	}
	missing := one(t, db, `SET VARIABLE dir = '%s'`+"; "+`
SELECT count(*) FROM (
    SELECT identifier_type, identifier FROM read_parquet(getvariable('dir') || '/truth.parquet')
    EXCEPT (
        SELECT 'user_id', trim(user_id) FROM read_parquet(getvariable('dir') || '/contacts.parquet')
        UNION ALL SELECT 'user_id', user_id FROM read_parquet(getvariable('dir') || '/web_events.parquet')
        UNION ALL SELECT 'cookie', cookie FROM read_parquet(getvariable('dir') || '/web_events.parquet')
        UNION ALL SELECT 'email', lower(trim(email)) FROM read_parquet(getvariable('dir') || '/contacts.parquet')
        UNION ALL SELECT 'email', lower(trim(email)) FROM read_csv(getvariable('dir') || '/loyalty.csv', all_varchar = true)
        UNION ALL SELECT 'email', lower(trim(email)) FROM read_parquet(getvariable('dir') || '/orders.parquet')
        UNION ALL SELECT 'card', replace(card, ' ', '') FROM read_csv(getvariable('dir') || '/loyalty.csv', all_varchar = true)
        UNION ALL SELECT 'card', replace(card, ' ', '') FROM read_parquet(getvariable('dir') || '/orders.parquet')
        UNION ALL SELECT 'phone', '+33' || right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) FROM (
            SELECT mobile AS phone FROM read_parquet(getvariable('dir') || '/contacts.parquet')
            UNION ALL SELECT phone FROM read_csv(getvariable('dir') || '/loyalty.csv', all_varchar = true))
    ))`, dir)
	if missing != 0 {
		t.Errorf("%d identifiers of the truth are nowhere in the data", missing)
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	db := open(t)
	// Two people of three and two identifiers: 4 true pairs. Customer 1 holds
	// two of the first and one of the second; customer 2 one; one is missing.
	const truth = `(VALUES ('email', 'a1', 1), ('email', 'a2', 1), ('card', 'a3', 1), ('email', 'b1', 2), ('card', 'b2', 2)) AS v(identifier_type, identifier, person)`
	const found = `(VALUES ('email', 'a1', 1), ('email', 'a2', 1), ('email', 'b1', 1), ('card', 'a3', 2), ('phone', 'b2', 2), ('email', 'shared', 1)) AS w(identifier_type, identifier, customer_id)`
	var identifiers, truePairs, foundPairs, rightPairs int64
	var precision, recall float64
	query := shop.Score("(FROM "+found+")", "(FROM "+truth+")")
	if err := db.QueryRowContext(t.Context(), query).Scan(&identifiers, &truePairs, &foundPairs, &rightPairs, &precision, &recall); err != nil {
		t.Fatal(err)
	}
	got := []float64{float64(identifiers), float64(truePairs), float64(foundPairs), float64(rightPairs), precision, recall}
	if diff := cmp.Diff(got, []float64{5, 4, 3, 1, 1.0 / 3, 0.25}); diff != "" {
		t.Errorf("Score (-got +want):\n%s", diff)
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []shop.Options{{Customers: 0, Day: 1}, {Customers: shop.MaxCustomers + 1, Day: 1}, {Customers: 10}, {Customers: 10, Day: 366}} {
		o.Dir = t.TempDir()
		if _, err := shop.Generate(t.Context(), o); err == nil {
			t.Errorf("Generate(%+v) passed", o)
		}
		if left, _ := os.ReadDir(o.Dir); len(left) != 0 {
			t.Errorf("Generate(%+v) left files", o)
		}
	}
	for _, customers := range []int{1, 3, 77, 150} {
		if _, err := shop.Generate(t.Context(), shop.Options{Customers: customers, Day: 3, Dir: t.TempDir()}); err != nil {
			t.Errorf("Generate of %d customers: %v", customers, err)
		}
	}
}
