package compile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/profile"
)

// left is what the last run left, as the command line reads it.
func left(b *modeltest.Bench) (ids map[string]*identity.Last, kept map[string]*profile.Last) {
	b.Helper()
	at := func(s string) time.Time {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
	ids, kept = map[string]*identity.Last{}, map[string]*profile.Last{}
	for _, r := range b.Rows("SELECT entity, source, settings, since, as_of, run_id FROM public.identity_state ORDER BY entity, source") {
		if r[1] == "" {
			ids[r[0]] = &identity.Last{Settings: r[2], AsOf: at(r[4]), RunID: r[5], Since: map[string]time.Time{}}
			continue
		}
		ids[r[0]].Sources = append(ids[r[0]].Sources, r[1])
		if r[3] != "" {
			ids[r[0]].Since[r[1]] = at(r[3])
		}
	}
	for _, r := range b.Rows("SELECT source, settings, since, merged, as_of FROM public.aggregate_state") {
		merged, err := strconv.ParseInt(r[3], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		kept[r[0]] = &profile.Last{Settings: r[1], Since: at(r[2]), Merged: merged, AsOf: at(r[4])}
	}
	return ids, kept
}

// value is an expression whose value a trait keeps.
func (g conditions) value() string {
	switch g.IntN(8) {
	case 0:
		return g.list() + ".count()"
	case 1:
		return fmt.Sprintf("%s.%s(e, e.amount)", g.list(), g.word("sum", "min", "max", "avg"))
	case 2, 3:
		return fmt.Sprintf("%s.%s(e, e.quantity)", g.list(), g.word("sum", "sum", "min", "max"))
	case 4:
		return fmt.Sprintf("%s.%s(e, e.time)", g.list(), g.word("min", "max"))
	case 5:
		return fmt.Sprintf("%s.%s(e, e.topic)", g.list(), g.word("min", "max"))
	case 6:
		return "events.all(e, " + g.rows(1) + ")"
	default:
		return "events.exists(e, " + g.rows(2) + ")"
	}
}

const growingHead = `
project: {name: kept}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: user_id}, {name: cookie}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id}, columns: {country: string}}
  - name: events
    table: raw.events
    entity: customer
    events: true
    identifiers: {user_id: id, cookie: cookie}
    time: seen
    changes: append
    by_day: true
    look_back: 3 days
    columns: {name: string, topic: string, amount: decimal, quantity: int}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: spent, entity: customer, value: 'events.filter(e, e.name == "x").sum(e, e.amount)'}
`

// notGrowing is the project with a source of which all rows are read.
func notGrowing(text string) string {
	return strings.Replace(text, "    changes: append\n    by_day: true\n    look_back: 3 days\n", "", 1)
}

// growing is a random project over a source that only grows.
func growing(t *testing.T, g conditions) string {
	t.Helper()
	text := growingHead
	try := func(line string) bool {
		_, found := compile.Compile(load(t, text+line), compile.Options{AsOf: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)})
		if found.HasErrors() {
			return false
		}
		text += line
		return true
	}
	for n := 0; n < 30; {
		if try(fmt.Sprintf("  - {name: t%d, entity: customer, value: '%s'}\n", n, g.value())) {
			n++
		}
	}
	text += "segments:\n"
	for n := 0; n < 40; {
		if try(fmt.Sprintf("  - {name: s%d, entity: customer, when: '%s'}\n", n, g.condition(2))) {
			n++
		}
	}
	return text
}

// TestKeptEqualsFull: a run that puts aggregates together from days that were
// kept leaves the profiles and members that a run over all rows would have left.
func TestKeptEqualsFull(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 40
	}
	const lookBack = 3 * 24 * time.Hour
	read, all, changed := 0, 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 47))
		g := conditions{r}
		text := growing(t, g)
		kept, full := modeltest.New(t), modeltest.New(t)
		both := func(q string, args ...any) {
			kept.Exec(q, args...)
			full.Exec(q, args...)
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
		now, before := time.Date(2026, 1, 4, 9, 0, 0, 0, time.UTC), time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)
		for run := 1; run <= 7; run++ {
			rows := 25 + r.IntN(25)
			if run == 1 {
				rows *= 5
			}
			for range rows {
				// Late, on time, where windows begin, in the future, at no time.
				earliest := before.Add(-lookBack)
				at := earliest.Add(time.Duration(r.Int64N(int64(now.Sub(earliest))))).Truncate(time.Hour)
				switch r.IntN(8) {
				case 0:
					at = now.AddDate(0, 0, -1-r.IntN(3))
				case 1:
					at = now.AddDate(0, 0, -1-r.IntN(3)).Truncate(24 * time.Hour)
				case 2:
					at = now.Add(time.Duration(r.IntN(50)) * time.Hour)
				}
				at = at.Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
				if at.Before(earliest) {
					at = earliest
				}
				quantity := any(r.IntN(6))
				if r.IntN(12) == 0 {
					quantity = int64(9e18)
					if r.IntN(2) == 0 {
						quantity = int64(-9e18)
					}
				}
				both("INSERT INTO raw.events VALUES (?, ?, ?, ?, CAST(? AS DOUBLE), ?, ?)", maybe(r.IntN(12)), maybe(fmt.Sprint("c", r.IntN(12))),
					maybe(g.word("x", "y", "z", "w")), maybe(g.word("a", "b", "c")), maybe(float64(r.IntN(20))/4), maybe(quantity), maybe(at))
			}
			build := func(b *modeltest.Bench, text string) string {
				opt := compile.Options{AsOf: now, RunID: fmt.Sprint("run", run)}
				if run > 1 {
					opt.Identities, opt.Aggregates = left(b)
				}
				execute(b, text, opt)
				return lines(b, "SELECT * FROM public.customer_profiles ORDER BY customer_id") + "\n" +
					lines(b, "SELECT * FROM public.segment_members ORDER BY ALL") + "\n" +
					lines(b, "SELECT * FROM public.segment_changes ORDER BY ALL")
			}
			want, got := build(full, notGrowing(text)), build(kept, text)
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Fatalf("seed %d run %d (-full +kept):\n%s\n%s", seed, run, diff, text)
			}
			if run > 1 {
				n := kept.Rows("SELECT (SELECT sum(rows)::BIGINT FROM work.fresh_events), (SELECT count(*) FROM raw.events), (SELECT count(*) FROM public.segment_changes)")[0]
				for i, sum := range []*int{&read, &all, &changed} {
					v, err := strconv.Atoi(n[i])
					if err != nil {
						t.Fatal(err)
					}
					*sum += v
				}
			}
			before = now
			now = now.Add(time.Duration(1+r.IntN(60)) * time.Hour)
			if r.IntN(3) == 0 {
				now = now.Truncate(24 * time.Hour)
			}
			if !now.After(before) {
				now = before.Add(time.Microsecond)
			}
		}
		// Everything is in the days, once.
		if got := kept.Rows("SELECT (sum(rows) - (SELECT count(*) FROM raw.events))::BIGINT FROM public.aggregates_events"); got[0][0] != "0" {
			t.Errorf("seed %d: the days hold %s rows too many", seed, got[0][0])
		}
	}
	if read*3 > all*2 {
		t.Errorf("%d rows were read of %d: too many", read, all)
	}
	if changed == 0 {
		t.Error("no segment ever changed")
	}
}

// execute runs all models of a project as options say.
func execute(b *modeltest.Bench, text string, opt compile.Options) *models.Plan {
	b.Helper()
	p, found := compile.Compile(load(b, text), opt)
	if found.HasErrors() {
		b.Fatal(found)
	}
	for _, s := range p.System {
		b.Statements(s)
	}
	for _, m := range p.Models {
		b.Steps(m.Steps)
		b.Statements(m.Commit...)
	}
	return p
}

// TestKeptAgain says when aggregates are built from all rows again, and that
// moving windows alone are no reason.
func TestKeptAgain(t *testing.T) {
	t.Parallel()
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR)")
	b.Exec("CREATE TABLE raw.events (id INTEGER, cookie VARCHAR, name VARCHAR, topic VARCHAR, amount DECIMAL(9, 2), quantity BIGINT, seen TIMESTAMP)")
	b.Exec("INSERT INTO raw.events VALUES (1, 'c', 'x', 'a', 1, 1, '2026-01-03 10:00:00')")
	segment := `segments: [{name: s, entity: customer, when: 'events.exists(e, e.name == "x" && e.time > now - days(%d))'}]`
	text := growingHead + fmt.Sprintf(segment, 30)
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	first := execute(b, text, compile.Options{AsOf: day(4), RunID: "one"})
	ids, last := left(b)
	note := func(p *models.Plan) string {
		for _, m := range p.Models {
			if m.Name == "features:events" {
				return m.Note
			}
		}
		t.Fatal("the source is not aggregated")
		return ""
	}
	got := map[string]string{"the first run": note(first)}
	again := func(what, text string, opt compile.Options) {
		opt.Identities, opt.Aggregates = ids, maps.Clone(last)
		p, found := compile.Compile(load(t, text), opt)
		if found.HasErrors() {
			t.Fatal(found)
		}
		got[what] = note(p)
	}
	again("the same", text, compile.Options{AsOf: day(9)})
	again("a narrower window", growingHead+fmt.Sprintf(segment, 7), compile.Options{AsOf: day(9)})
	again("a wider window", growingHead+fmt.Sprintf(segment, 300), compile.Options{AsOf: day(9)})
	again("an earlier time", text, compile.Options{AsOf: day(3)})
	again("a refresh", text, compile.Options{AsOf: day(9), Refresh: true})
	again("another condition", strings.ReplaceAll(text, `"x"`, `"y"`), compile.Options{AsOf: day(9)})
	again("another column", strings.ReplaceAll(text, "name: string", "name: {type: string, column: topic}"), compile.Options{AsOf: day(9)})
	again("another delay", strings.ReplaceAll(text, "3 days", "4 days"), compile.Options{AsOf: day(9)})
	again("another identifier", strings.ReplaceAll(text, ", cookie: cookie}", "}"), compile.Options{AsOf: day(9)})
	again("other identities", strings.ReplaceAll(text, "{name: cookie}", "{name: cookie, limit: 9}"), compile.Options{AsOf: day(9)})
	on, other := "from rows since 2025-12-31", "from all rows: the source or what is aggregated has changed"
	want := map[string]string{
		"the first run":      "from all rows: the first run",
		"the same":           on,
		"a narrower window":  on,
		"a wider window":     "from all rows: a window reaches back further",
		"an earlier time":    "from all rows: as of an earlier time than the last run",
		"a refresh":          "from all rows: asked for",
		"another condition":  other,
		"another column":     other,
		"another delay":      other,
		"another identifier": other,
		"other identities":   "from all rows: identifiers, limits, pairs or sources have changed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// TestKeptWindows holds windows to their edges: rows just before, on and after
// what each compares with, and where days begin.
func TestKeptWindows(t *testing.T) {
	t.Parallel()
	var project strings.Builder
	project.WriteString(growingHead)
	for i, op := range []string{">", ">=", "<", "<="} {
		fmt.Fprintf(&project, "  - {name: c%d, entity: customer, value: 'events.count(e, e.time %s now - days(2))'}\n", i, op)
		fmt.Fprintf(&project, "  - {name: b%d, entity: customer, value: 'events.filter(e, now - days(3) <= e.time && e.time %s now - days(1)).sum(e, e.amount)'}\n", i, op)
	}
	project.WriteString("segments:\n")
	for i, op := range []string{">", ">=", "<", "<="} {
		fmt.Fprintf(&project, "  - {name: s%d, entity: customer, when: 'events.exists(e, e.time %s now - days(2))'}\n", i, op)
	}
	text := project.String()
	kept, full := modeltest.New(t), modeltest.New(t)
	for _, b := range []*modeltest.Bench{kept, full} {
		b.Exec("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR)")
		b.Exec("CREATE TABLE raw.events (id INTEGER, cookie VARCHAR, name VARCHAR, topic VARCHAR, amount DECIMAL(9, 2), quantity BIGINT, seen TIMESTAMP)")
		// A customer for each edge, and one who has all.
		b.Exec(`INSERT INTO raw.events SELECT CASE WHEN everybody THEN 0 ELSE row_number() OVER () END, NULL, 'x', 'a', 1, 1, moment FROM (
			SELECT d + h + us AS moment, everybody
			FROM range(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-14', INTERVAL 1 DAY) r (d),
				(VALUES (INTERVAL 0 HOUR), (INTERVAL 12 HOUR)) v (h),
				(VALUES (INTERVAL (-1) MICROSECOND), (INTERVAL 0 HOUR), (INTERVAL 1 MICROSECOND)) w (us),
				(VALUES (TRUE), (FALSE)) x (everybody))`)
	}
	now := time.Date(2026, 1, 7, 0, 0, 0, 0, time.UTC)
	for run := range 14 {
		build := func(b *modeltest.Bench, text string) []string {
			opt := compile.Options{AsOf: now, RunID: "run"}
			if run > 0 {
				opt.Identities, opt.Aggregates = left(b)
			}
			execute(b, text, opt)
			return strings.Split(lines(b, "SELECT * FROM public.customer_profiles ORDER BY customer_id")+"\n"+
				lines(b, "SELECT * FROM public.segment_members ORDER BY ALL"), "\n")
		}
		if diff := cmp.Diff(build(full, notGrowing(text)), build(kept, text)); diff != "" {
			t.Fatalf("as of %s (-full +kept):\n%s", now, diff)
		}
		now = now.Add(12 * time.Hour)
	}
}
