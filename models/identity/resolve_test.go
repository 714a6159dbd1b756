package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// bench runs identity in tests.
type bench struct{ *modeltest.Bench }

func newBench(tb testing.TB) *bench {
	tb.Helper()
	return &bench{modeltest.New(tb)}
}

// resolve runs identity of an entity whose sources are the tables raw.<name>.
func (b *bench) resolve(e *config.Entity, run int, sources ...*config.Source) {
	b.Helper()
	b.build(b.input(e, run, sources...))
}

// resume is resolve, going on from the last run where that is possible.
func (b *bench) resume(e *config.Entity, run int, sources ...*config.Source) bool {
	b.Helper()
	in := b.input(e, run, sources...)
	in.Last, in.Because = identity.Resume(e, sources, in.AsOf, b.last(), false)
	b.build(in)
	return in.Last != nil
}

func (b *bench) input(e *config.Entity, run int, sources ...*config.Source) identity.Input {
	b.Helper()
	for _, t := range identity.System(e, sources) {
		b.Statements(t)
	}
	return identity.Input{
		Entity: e, Sources: sources, AsOf: time.Date(2026, 1, run, 0, 0, 0, 0, time.UTC), RunID: fmt.Sprintf("run%d", run),
	}
}

func (b *bench) build(in identity.Input) {
	b.Helper()
	for _, s := range in.Sources {
		b.Steps(identity.Rows(in, s).Steps)
	}
	m := identity.Resolve(in)
	b.Steps(m.Steps)
	b.Statements(m.Commit...)
}

// last is what the last run left; nil where there was none.
func (b *bench) last() *identity.Last {
	b.Helper()
	var last *identity.Last
	for _, r := range b.Rows("SELECT source, settings, since, as_of, run_id FROM public.identity_state ORDER BY source") {
		at := func(s string) time.Time {
			t, err := time.Parse(time.RFC3339, s)
			if err != nil {
				b.Fatal(err)
			}
			return t
		}
		if r[0] == "" {
			last = &identity.Last{Settings: r[1], AsOf: at(r[3]), RunID: r[4], Since: map[string]time.Time{}}
			continue
		}
		last.Sources = append(last.Sources, r[0])
		if r[2] != "" {
			last.Since[r[0]] = at(r[2])
		}
	}
	return last
}

// wide is the source raw.rows with a column for each of types.
func wide() *config.Source {
	s := &config.Source{Name: "rows", Table: "raw.rows", Time: "seen"}
	for _, t := range types {
		s.Identifiers = append(s.Identifiers, strict.Entry[string]{Key: t, Value: t})
	}
	return s
}

// partition is the identifiers of each customer, sorted.
func (b *bench) partition() [][]string {
	sets := map[string][]string{}
	for _, r := range b.Rows("SELECT customer_id, identifier_type || ':' || identifier FROM public.customer_identities") {
		sets[r[0]] = append(sets[r[0]], r[1])
	}
	var out [][]string
	for _, s := range sets {
		sort.Strings(s)
		out = append(out, s)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// union is the oracle: the components of the same rows in memory.
type union map[string]string

func (u union) find(x string) string {
	if u[x] == "" {
		u[x] = x
	}
	if u[x] != x {
		u[x] = u.find(u[x])
	}
	return u[x]
}

func (u union) sets() [][]string {
	sets := map[string][]string{}
	for x := range u {
		root := u.find(x)
		sets[root] = append(sets[root], x)
	}
	var out [][]string
	for _, s := range sets {
		sort.Strings(s)
		out = append(out, s)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

var types = []string{"user_id", "email", "cookie"}

func unlimited() *config.Entity {
	return &config.Entity{Name: "customer", Identifiers: []config.Identifier{{Name: "user_id"}, {Name: "email"}, {Name: "cookie"}}}
}

// TestRandomGraphs compares components with union-find over random rows of
// several densities, values that need care included.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t)
		b.Exec("CREATE TABLE raw.rows (user_id VARCHAR, email VARCHAR, cookie VARCHAR, seen TIMESTAMP)")
		want := union{}
		values := 1 + r.IntN(60)
		for range r.IntN(120) {
			row := make([]any, 3)
			var carried []string
			for i := range row {
				switch r.IntN(4) {
				case 0: // absent
				case 1:
					row[i] = []string{"", "   ", "\t\n"}[r.IntN(3)]
				default:
					v := fmt.Sprintf("%d'é\"😀;", r.IntN(values))
					row[i] = v
					carried = append(carried, types[i]+":"+v)
				}
			}
			b.Exec("INSERT INTO raw.rows VALUES (?, ?, ?, ?)", row[0], row[1], row[2], time.Date(2025, 1, 1+r.IntN(300), 0, 0, 0, 0, time.UTC))
			for _, c := range carried {
				want[want.find(c)] = want.find(carried[0])
			}
		}
		b.resolve(unlimited(), 1, wide())
		if diff := cmp.Diff(want.sets(), b.partition()); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// TestChains wants rounds that grow with the logarithm of a chain.
func TestChains(t *testing.T) {
	shapes := map[string]func(i, n int) (int, int){
		"sequential": func(i, _ int) (int, int) { return i, i + 1 },
		"zigzag": func(i, n int) (int, int) {
			at := func(k int) int {
				if k%2 == 0 {
					return k / 2
				}
				return n - k/2
			}
			return at(i), at(i + 1)
		},
		"star": func(i, _ int) (int, int) { return 0, i + 1 },
	}
	const n = 5000
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Exec("CREATE TABLE raw.rows (user_id INTEGER, email INTEGER, cookie VARCHAR, seen TIMESTAMP)")
			var values []string
			for i := range n {
				from, to := shape(i, n)
				// One row links node "from" as a user to node "to" as an e-mail, the
				// other makes both types of a node one.
				values = append(values, fmt.Sprintf("(%d, %d, NULL, make_timestamp(%d)), (%d, %d, NULL, make_timestamp(%d))", from, to, from, to, to, to))
			}
			b.Exec("INSERT INTO raw.rows VALUES " + strings.Join(values, ", "))
			b.resolve(unlimited(), 1, wide())
			if got := len(b.partition()); got != 1 {
				t.Errorf("got %d customers, want 1", got)
			}
			for title, rounds := range b.Rounds {
				if rounds > 20 {
					t.Errorf("%s took %d rounds for a chain of %d", title, rounds, n)
				}
			}
		})
	}
}

func limited() *config.Entity {
	return &config.Entity{Name: "customer", Identifiers: []config.Identifier{
		{Name: "user_id", Limit: 1}, {Name: "email", Normalize: "email", Limit: 2, Ignore: []string{"null@null.com", "*@test.invalid"}}, {Name: "cookie", Limit: 3},
	}}
}

func (b *bench) fill(rows ...string) {
	b.Helper()
	b.Exec("CREATE OR REPLACE TABLE raw.rows (user_id VARCHAR, email VARCHAR, cookie VARCHAR, seen TIMESTAMP)")
	for i, r := range rows {
		cells := []any{nil, nil, nil}
		for k, c := range strings.Split(r, "|") {
			if c != "" {
				cells[k] = c
			}
		}
		b.Exec("INSERT INTO raw.rows VALUES (?, ?, ?, ?)", cells[0], cells[1], cells[2], time.Date(2025, 1, 1, 0, i, 0, 0, time.UTC))
	}
}

func TestLimits(t *testing.T) {
	tests := map[string]struct {
		rows      []string
		want      string
		incidents string
	}{
		"a shared cookie joins nobody": {
			rows:      []string{"1|a@x.com|c1", "2|b@x.com|c1", "2||c2"},
			want:      "cookie:c1 / cookie:c2 email:b@x.com user_id:2 / email:a@x.com user_id:1",
			incidents: "cookie c1 shared: would join 2 user_id, limit 1",
		},
		"a shared address joins nobody, not even cookies": {
			// Otherwise c1 would give the address of two users to one of them.
			rows:      []string{"1|a@x.com|", "2|a@x.com|", "|a@x.com|c9", "1||c1", "|a@x.com|c1"},
			want:      "cookie:c1 user_id:1 / cookie:c9 / email:a@x.com / user_id:2",
			incidents: "email a@x.com shared: would join 2 user_id, limit 1",
		},
		"a chain of links that are harmless one by one": {
			// c1 joins a and b, c2 joins b and c: three addresses, two allowed.
			rows:      []string{"|a@x.com|c1", "|b@x.com|c1", "|b@x.com|c2", "|c@x.com|c2"},
			want:      "cookie:c1 / cookie:c2 / email:a@x.com / email:b@x.com / email:c@x.com",
			incidents: "cookie c1 conflict: would join 3 email, limit 2; cookie c2 conflict: would join 3 email, limit 2",
		},
		"one beyond the limit is no link": {
			// c4 alone joins a and b, who would have four cookies, three allowed.
			rows:      []string{"|a@x.com|c1", "|a@x.com|c2", "|a@x.com|c3", "|a@x.com|c4", "|b@x.com|c4"},
			want:      "cookie:c1 cookie:c2 cookie:c3 email:a@x.com / cookie:c4 / email:b@x.com",
			incidents: "cookie c4 conflict: would join 4 cookie, limit 3",
		},
		"as many as the limit may join": {
			rows: []string{"|a@x.com|c1", "|a@x.com|c2", "|a@x.com|c3", "|b@x.com|c3"},
			want: "cookie:c1 cookie:c2 cookie:c3 email:a@x.com email:b@x.com",
		},
		"more than one customer may have": {
			rows:      []string{"1||c1", "1||c2", "1||c3", "1||c4", "1||c5"},
			want:      "cookie:c1 cookie:c2 cookie:c3 user_id:1 / cookie:c4 / cookie:c5",
			incidents: "cookie c4 too_many: the customer has more than 3 cookie; cookie c5 too_many: the customer has more than 3 cookie",
		},
		"junk is ignored and counted": {
			rows:      []string{"1|null@null.com|", "2|NULL@null.com|", "3|x@test.invalid|", "4|n/a|"},
			want:      "user_id:1 / user_id:2 / user_id:3 / user_id:4",
			incidents: "email NULL@null.com ignored: 1 rows of rows; email n/a invalid: 1 rows of rows; email null@null.com ignored: 1 rows of rows; email x@test.invalid ignored: 1 rows of rows",
		},
		"a very long value identifies nobody": {
			rows:      []string{"1||" + strings.Repeat("x", 10_000)},
			want:      "user_id:1",
			incidents: "cookie " + strings.Repeat("x", 100) + " too_long: 1 rows of rows",
		},
		"what breaks no limit is left alone": {
			rows: []string{"1|a@x.com|c1", "1|b@x.com|c2"},
			want: "cookie:c1 cookie:c2 email:a@x.com email:b@x.com user_id:1",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, backwards := range []bool{false, true} {
				b := newBench(t)
				rows := slices.Clone(test.rows)
				b.fill(rows...)
				if backwards {
					b.Exec("CREATE OR REPLACE TABLE raw.rows AS SELECT * FROM raw.rows ORDER BY seen DESC")
				}
				b.resolve(limited(), 1, wide())
				var sets []string
				for _, s := range b.partition() {
					sets = append(sets, strings.Join(s, " "))
				}
				if got := strings.Join(sets, " / "); got != test.want {
					t.Errorf("backwards %v: got  %s\nwant %s", backwards, got, test.want)
				}
				var incidents []string
				for _, r := range b.Rows("SELECT identifier_type, identifier, reason, evidence FROM public.customer_identity_incidents ORDER BY ALL") {
					incidents = append(incidents, fmt.Sprintf("%s %s %s: %s", r[0], r[1], r[2], r[3]))
				}
				if got := strings.Join(incidents, "; "); got != test.incidents {
					t.Errorf("backwards %v: incidents %s\nwant %s", backwards, got, test.incidents)
				}
			}
		})
	}
}

// ids maps each identifier to its customer's id.
func (b *bench) ids() map[string]string {
	out := map[string]string{}
	for _, r := range b.Rows("SELECT identifier, customer_id FROM public.customer_identities") {
		out[r[0]] = r[1]
	}
	return out
}

func (b *bench) history() string {
	var out []string
	for _, r := range b.Rows("SELECT kind, old_id, new_id, run_id FROM public.customer_id_history ORDER BY \"at\", kind, old_id, new_id") {
		out = append(out, strings.TrimSpace(strings.Join(r, " ")))
	}
	return strings.Join(out, "; ")
}

func TestStableIDs(t *testing.T) {
	b := newBench(t)
	step := func(run int, rows []string, want map[string]string, history string) {
		t.Helper()
		b.fill(rows...)
		b.resolve(unlimited(), run, wide())
		if diff := cmp.Diff(want, b.ids()); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", run, diff)
		}
		if got := b.history(); got != history {
			t.Errorf("run %d: history %q, want %q", run, got, history)
		}
	}
	step(1, []string{"1|a", "2|b"}, map[string]string{"1": "1", "a": "1", "2": "2", "b": "2"}, "")
	step(2, []string{"2|b", "1|a"}, map[string]string{"1": "1", "a": "1", "2": "2", "b": "2"}, "")
	// A cookie joins the two: the id assigned first survives.
	step(3, []string{"2|b|c", "1|a|c", "3|d"},
		map[string]string{"1": "1", "a": "1", "2": "1", "b": "1", "c": "1", "3": "3", "d": "3"}, "merge 2 1 run3")
	// They part again: the id stays with the oldest of the strongest
	// identifiers, and 2 is never used again.
	step(4, []string{"2|b", "1|a|c", "3|d"},
		map[string]string{"1": "1", "a": "1", "c": "1", "2": "4", "b": "4", "3": "3", "d": "3"}, "merge 2 1 run3; split 1 4 run4")
	// The last one leaves; its number is not given to the next.
	step(5, []string{"1|a|c", "3|d", "5|e"},
		map[string]string{"1": "1", "a": "1", "c": "1", "3": "3", "d": "3", "5": "5", "e": "5"}, "merge 2 1 run3; split 1 4 run4; gone 4  run5")
}

// TestIDsNeverMoveWithoutReason changes random rows and wants every change of
// an identifier's id to be explained by the history of that run.
func TestIDsNeverMoveWithoutReason(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := newBench(t)
		var rows []string
		before := map[string]string{}
		for run := 1; run <= 8; run++ {
			for range 10 {
				switch {
				case len(rows) > 20 && r.IntN(2) == 0:
					rows = slices.Delete(rows, 0, 1+r.IntN(3))
				default:
					cells := []string{"", "", ""}
					for i := range cells {
						if r.IntN(3) > 0 {
							cells[i] = fmt.Sprintf("%c%d", "uec"[i], r.IntN(40))
						}
					}
					rows = append(rows, strings.Join(cells, "|"))
				}
			}
			b.fill(rows...)
			b.resolve(unlimited(), run, wide())
			explained := map[string]bool{}
			for _, h := range b.Rows(fmt.Sprintf("SELECT old_id, new_id FROM public.customer_id_history WHERE run_id = 'run%d'", run)) {
				explained[h[0]+">"+h[1]] = true
			}
			after := b.ids()
			for identifier, id := range before {
				if now, ok := after[identifier]; ok && now != id && !explained[id+">"+now] {
					// A split part may at once merge into another id.
					t.Errorf("seed %d run %d: %s moved from %s to %s without a reason", seed, run, identifier, id, now)
				}
			}
			before = after
		}
	}
}

// TestLimitsHold resolves random rows under random limits. Nobody may have
// more than a limit, a refused identifier stands alone, and the customers are
// the components of the links that touch no refused identifier.
func TestLimitsHold(t *testing.T) {
	refusals := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 4))
		e := unlimited()
		for i := range e.Identifiers {
			e.Identifiers[i].Limit = r.IntN(4)
		}
		b := newBench(t)
		var rows []string
		for range 5 + r.IntN(40) {
			cells := []string{"", "", ""}
			for i := range cells {
				if r.IntN(5) > 1 {
					cells[i] = fmt.Sprintf("%c%d", "uec"[i], r.IntN(25))
				}
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
		b.fill(rows...)
		b.resolve(e, 1, wide())

		refused := map[string]bool{}
		for _, i := range b.Rows("SELECT identifier_type || ':' || identifier FROM public.customer_identity_incidents") {
			if refused[i[0]] {
				t.Errorf("seed %d: %s is refused twice", seed, i[0])
			}
			refused[i[0]] = true
		}
		refusals += len(refused)
		want := union{}
		for _, row := range rows {
			strongest := ""
			for i, cell := range strings.Split(row, "|") {
				if cell == "" {
					continue
				}
				x := types[i] + ":" + cell
				root := want.find(x)
				if strongest == "" {
					strongest = x
				} else if !refused[x] && !refused[strongest] {
					want[root] = want.find(strongest)
				}
			}
		}
		got := b.partition()
		if diff := cmp.Diff(want.sets(), got); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
		for _, set := range got {
			count := map[string]int{}
			for _, x := range set {
				name, _, _ := strings.Cut(x, ":")
				count[name]++
			}
			for _, id := range e.Identifiers {
				if id.Limit > 0 && count[id.Name] > id.Limit {
					t.Errorf("seed %d: %v has %d %s, limit %d", seed, set, count[id.Name], id.Name, id.Limit)
				}
			}
		}
	}
	if refusals == 0 {
		t.Error("no limit was ever reached")
	}
}

// TestLostIdentifiers: an empty source is more often a failed load than the
// end of all its customers.
func TestLostIdentifiers(t *testing.T) {
	bound := func(b config.Bound) *config.Bound { return &b }
	tests := []struct {
		before, after int
		max           *config.Bound
		want          int
	}{
		{3000, 1600, nil, 0},
		{3000, 1400, nil, 1600},
		{3000, 0, nil, 3000},
		{900, 0, nil, 0}, // too few to judge
		{900, 0, bound(config.Bound{Percent: 50, IsPercent: true}), 900},
		{3000, 0, bound(config.Bound{Percent: 100, IsPercent: true}), 0},
		{3000, 2989, bound(config.Bound{Rows: 10}), 11},
		{3000, 2990, bound(config.Bound{Rows: 10}), 0},
	}
	for _, test := range tests {
		b := newBench(t)
		e := unlimited()
		e.MaxLost = test.max
		fill := func(n int) {
			b.Exec(fmt.Sprintf("CREATE OR REPLACE TABLE raw.rows AS SELECT i::VARCHAR AS user_id, NULL::VARCHAR AS email, NULL::VARCHAR AS cookie, TIMESTAMP '2025-01-01' AS seen FROM range(%d) r(i)", n))
		}
		fill(test.before)
		b.resolve(e, 1, wide())
		fill(test.after)
		in := b.input(e, 2, wide())
		b.Steps(identity.Rows(in, in.Sources[0]).Steps)
		m := identity.Resolve(in)
		got := -1
		for _, s := range m.Steps {
			if a, ok := s.(*models.Assert); ok {
				got = b.Number(a.Query)
				break
			}
			b.Steps([]models.Step{s})
		}
		if got != test.want {
			t.Errorf("from %d to %d with %v: got %d, want %d", test.before, test.after, test.max, got, test.want)
		}
	}
}
