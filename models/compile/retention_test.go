package compile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// TestRetention: what random expressions know of rows that count for a time is what
// they would know if somebody had deleted the old ones, and emptied the columns of
// a class that counts for less.
func TestRetention(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 40
	}
	const links = "  - {name: links, table: raw.links, entity: customer, identifiers: {user_id: id, cookie: cookie}}\n"
	now := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	forgotten := 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 53))
		g := conditions{r}
		plain := strings.Replace(growing(t, g), "sources:\n", "sources:\n"+links, 1)
		plain = strings.Replace(plain, "traits:\n", "traits:\n  - {name: latest_topic, entity: customer, pick: latest, from: events.topic}\n"+
			"  - {name: least, entity: customer, pick: min, from: events.quantity}\n"+
			"  - {name: most_amount, entity: customer, value: 'events.last().amount'}\n", 1)
		// Nobody is forgotten; that is another rule.
		plain = strings.Replace(plain, "{name: cookie}", "{name: cookie, anonymous: false}", 1)
		kept := strings.Replace(plain, "    look_back: 3 days\n", "    look_back: 3 days\n    retention: 6 days\n    class: internal\n", 1)
		kept = strings.Replace(kept, "amount: decimal", "amount: {type: decimal, class: personal}", 1)
		kept = strings.Replace(kept, "{name: kept}", "{name: kept, retention: {personal: 3 days, internal: 9 days}}", 1)
		if seed%2 == 1 {
			kept = notGrowing(kept)
		}

		there, deleted := modeltest.New(t), modeltest.New(t)
		both := func(q string, args ...any) {
			there.Exec(q, args...)
			deleted.Exec(q, args...)
		}
		both("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR)")
		both("CREATE TABLE raw.events (id INTEGER, cookie VARCHAR, name VARCHAR, topic VARCHAR, amount DECIMAL(9, 2), quantity BIGINT, seen TIMESTAMP)")
		maybe := func(v any) any {
			if r.IntN(6) == 0 {
				return nil
			}
			return v
		}
		for id := range 20 {
			both("INSERT INTO raw.contacts VALUES (?, ?)", id, maybe(g.word("FR", "DE", "IT")))
		}
		for range 250 {
			at := now.Add(-time.Duration(r.Int64N(int64(10 * 24 * time.Hour)))).Truncate(time.Hour)
			switch r.IntN(8) {
			case 0: // where something is just old enough
				at = now.AddDate(0, 0, -3*(1+r.IntN(2))).Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
			case 1:
				at = now.AddDate(0, 0, -3*(1+r.IntN(2))).Truncate(24 * time.Hour)
			}
			both("INSERT INTO raw.events VALUES (?, ?, ?, ?, CAST(? AS DOUBLE), ?, ?)", maybe(r.IntN(12)), maybe(fmt.Sprint("c", r.IntN(12))),
				maybe(g.word("x", "y", "z", "w")), maybe(g.word("a", "b", "c")), maybe(float64(r.IntN(20))/4), maybe(r.IntN(6)), maybe(at))
		}
		// Who is whom stays as it is.
		both("CREATE TABLE raw.links AS SELECT DISTINCT id, cookie FROM raw.events")
		deleted.Exec("DELETE FROM raw.events WHERE seen IS NULL OR seen <= ?", now.AddDate(0, 0, -6))
		deleted.Exec("UPDATE raw.events SET amount = NULL WHERE seen <= ?", now.AddDate(0, 0, -3))
		if n := deleted.Rows("SELECT count(*) FROM raw.events")[0][0]; n != "250" {
			forgotten++
		}

		build := func(b *modeltest.Bench, text string) []string {
			execute(b, text, compile.Options{AsOf: now, RunID: "run"})
			return strings.Split(lines(b, `SELECT p.* EXCLUDE (customer_id), (SELECT string_agg(segment, ',' ORDER BY segment) FROM public.segment_members m WHERE m.customer_id = p.customer_id)
				FROM public.customer_profiles p ORDER BY ALL`), "\n")
		}
		if diff := cmp.Diff(build(deleted, plain), build(there, kept)); diff != "" {
			t.Fatalf("seed %d (-deleted +there):\n%s\n%s", seed, diff, kept)
		}
	}
	if forgotten == 0 {
		t.Error("no row was too old")
	}
}
