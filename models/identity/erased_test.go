package identity_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
)

var testKey = privacy.NewKey([]byte("a secret of tests"))

// withList makes the tables of the list, and loads the key.
func (b *bench) withList(e *config.Entity) {
	b.Helper()
	for _, t := range slices.Concat(privacy.System(), identity.SystemErased(e)) {
		b.Statements(t)
	}
	b.Exec("DROP TABLE IF EXISTS work.privacy_key")
	b.Statements(privacy.KeyTable)
	b.Exec("INSERT INTO work.privacy_key VALUES (?, ?)", testKey.Row()...)
}

// erased is what a run must know of the list; nil where it is empty.
func (b *bench) erased(e *config.Entity) *identity.Erased {
	b.Helper()
	b.withList(e)
	if len(b.Rows("SELECT 1 FROM public.privacy_suppressions LIMIT 1")) == 0 {
		return nil
	}
	return &identity.Erased{Pending: b.Number(identity.Pending(e)) > 0}
}

// erase puts whoever has the ids onto the list, and says what came onto it.
func (b *bench) erase(e *config.Entity, request string, sources []*config.Source, ids []int64, named ...config.Reference) map[string]string {
	b.Helper()
	b.withList(e)
	table := identity.NamedTable(e)
	b.Exec("DROP TABLE IF EXISTS work." + table.Table.Name)
	b.Statements(table)
	for _, n := range named {
		b.Exec("INSERT INTO work."+table.Table.Name+" VALUES (?, ?)", n.Type, n.Value)
	}
	b.Steps(identity.Erasure(e, sources, ids))
	out := map[string]string{}
	for _, r := range b.Rows("SELECT identifier_type, identifier, kind, number FROM work." + identity.ErasureTable(e).Name) {
		if _, twice := out[r[0]+":"+r[1]]; twice {
			b.Errorf("%s %s comes onto the list twice", r[0], r[1])
		}
		out[r[0]+":"+r[1]] = r[2]
		var number any
		if r[3] != "" {
			number = r[3]
		}
		b.Exec("INSERT INTO public.privacy_suppressions (request, entity, identifier_type, digest, kind, \"at\", number) VALUES (?, ?, ?, ?, ?, ?, ?)",
			request, e.Name, r[0], testKey.Digest(r[0], r[1]), r[2], time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), number)
	}
	return out
}

// run goes on from the last run, or builds from all rows.
func (b *bench) run(e *config.Entity, day int, whole bool, sources ...*config.Source) {
	b.Helper()
	in := b.input(e, day, sources...)
	if !whole {
		in.Last, in.Because = identity.Resume(e, sources, in.AsOf, b.last(), false)
	}
	in.Erased = b.erased(e)
	b.build(in)
}

// erasedList is who was erased, as the test knows it.
type erasedList struct {
	// kinds are those of the identifiers, by type:value.
	kinds map[string]string
	// ids are those that are gone for good.
	ids map[string]bool
}

func (l *erasedList) add(more map[string]string) {
	for x, kind := range more {
		if old, there := l.kinds[x]; !there || kind < old {
			l.kinds[x] = kind
		}
	}
}

// row is the identifiers of a row, strongest first, and whether it is nobody's.
func (l *erasedList) row(cells [4]string) (carried []string, nobodys bool) {
	known := 0
	for k, c := range cells {
		if strings.TrimSpace(c) == "" || c == "p0" {
			continue
		}
		x := worldTypes[k] + ":" + c
		carried = append(carried, x)
		if kind := l.kinds[x]; kind != "" {
			known++
			nobodys = nobodys || kind == privacy.Own
		}
	}
	return carried, nobodys || known > 0 && known == len(carried)
}

// fits holds what identity says against the rows, the list and what was refused.
func (w *world) fits(b *bench, l *erasedList, what string) {
	b.Helper()
	refused, quarantined := map[string]bool{}, map[string]bool{}
	for _, r := range b.Rows("SELECT identifier_type, identifier, reason FROM public.customer_identity_incidents WHERE number IS NOT NULL") {
		if slices.Contains([]string{"shared", "conflict", "too_many", "erased"}, r[2]) {
			refused[r[0]+":"+r[1]] = true
		}
	}
	for _, r := range b.Rows("SELECT identifier_type, identifier, customer_id FROM public.customer_identities WHERE quarantined") {
		quarantined[r[0]+":"+r[1]] = true
		if r[2] != "" {
			b.Errorf("%s: %v is quarantined and somebody's", what, r)
		}
	}
	want, nodes := union{}, map[string]bool{}
	for i, rows := range w.rows {
		stored := 0
		for _, row := range rows {
			cells := row.cells
			for k, t := range worldTypes {
				if _, has := w.sources[i].Identifiers.Get(t); !has {
					cells[k] = ""
				}
			}
			carried, nobodys := l.row(cells)
			if nobodys {
				continue
			}
			stored++
			strongest := ""
			for _, x := range carried {
				nodes[x] = true
				if quarantined[x] {
					continue
				}
				root := want.find(x)
				switch {
				case strongest == "":
					strongest = x
				case !refused[x] && !refused[strongest]:
					want[root] = want.find(strongest)
				}
			}
		}
		if got := b.Rows("SELECT coalesce(sum(rows), 0)::BIGINT FROM public.identity_rows_" + w.sources[i].Name)[0][0]; got != strconv.Itoa(stored) {
			b.Errorf("%s: %s rows of %s are stored, want %d", what, got, w.sources[i].Name, stored)
		}
	}
	var have []string
	for _, r := range b.Rows("SELECT identifier_type || ':' || identifier FROM public.customer_identities") {
		have = append(have, r[0])
	}
	sort.Strings(have)
	var all []string
	for x := range nodes {
		all = append(all, x)
	}
	sort.Strings(all)
	if diff := cmp.Diff(all, have); diff != "" {
		b.Errorf("%s: identifiers (-want +got):\n%s", what, diff)
	}
	var got [][]string
	for _, set := range b.partition() {
		if !slices.ContainsFunc(set, func(x string) bool { return quarantined[x] }) {
			got = append(got, set)
		}
	}
	if diff := cmp.Diff(want.sets(), got); diff != "" {
		b.Errorf("%s: customers (-want +got):\n%s", what, diff)
	}
}

// isGone says that nothing of those who were erased is anywhere.
func (l *erasedList) isGone(b *bench, w *world, what string) {
	b.Helper()
	for _, r := range b.Rows("SELECT identifier_type || ':' || identifier, customer_id FROM public.customer_identities UNION ALL SELECT identifier_type || ':' || identifier, '' FROM public.customer_identity_incidents") {
		if l.kinds[r[0]] == privacy.Own {
			b.Errorf("%s: %s is back", what, r[0])
		}
		if l.ids[r[1]] {
			b.Errorf("%s: %s has the id %s of one who was erased", what, r[0], r[1])
		}
	}
	for _, s := range w.sources {
		for _, binding := range identity.Bindings(w.e, s) {
			for _, r := range b.Rows(fmt.Sprintf("SELECT %[1]q FROM public.identity_rows_%[2]s WHERE %[1]q IS NOT NULL", binding.Raw(), s.Name)) {
				if l.kinds[binding.Identifier.Name+":"+r[0]] != "" {
					b.Errorf("%s: %s has the value %s", what, s.Name, r[0])
				}
			}
			// A number that nothing has would be given to somebody else.
			for range b.Rows(fmt.Sprintf("SELECT 1 FROM public.identity_rows_%s r WHERE %[2]q IS NOT NULL AND %[2]q NOT IN (SELECT number FROM public.customer_identities)", s.Name, binding.Number())) {
				b.Errorf("%s: a row of %s has a number of nobody", what, s.Name)
			}
		}
	}
}

// sorted says that what came onto the list is sorted by evidence.
func (w *world) sorted(b *bench, l *erasedList, listed map[string]string, ids []int64) {
	b.Helper()
	for _, r := range b.Rows("SELECT identifier_type || ':' || identifier, customer_id FROM public.customer_identities WHERE customer_id IS NOT NULL") {
		for _, id := range ids {
			if r[1] == strconv.FormatInt(id, 10) && listed[r[0]] == "" {
				b.Errorf("%s of customer %d is not on the list", r[0], id)
			}
		}
	}
	for i, rows := range w.rows {
		for _, row := range rows {
			cells := row.cells
			for k, t := range worldTypes {
				if _, has := w.sources[i].Identifiers.Get(t); !has {
					cells[k] = ""
				}
			}
			carried, nobodys := l.row(cells)
			if nobodys {
				continue
			}
			stranger := slices.ContainsFunc(carried, func(x string) bool { return listed[x] == "" })
			for _, x := range carried {
				if listed[x] == privacy.Own && stranger {
					b.Errorf("%s is somebody's own, and stands on a row with a stranger: %v", x, carried)
				}
			}
		}
	}
}

// remove takes those who were erased out of the tables, as whoever erases them may
// do before the next run.
func (l *erasedList) remove(b *bench, w *world) {
	b.Helper()
	b.Exec("CREATE OR REPLACE TABLE work.removed (number BIGINT)")
	for x, kind := range l.kinds {
		if kind == privacy.Own {
			b.Exec("INSERT INTO work.removed SELECT number FROM public.customer_identities WHERE identifier_type || ':' || identifier = ?", x)
		}
	}
	for id := range l.ids {
		b.Exec(`INSERT INTO public.customer_id_history (old_id, kind, cause, run_id) SELECT CAST(? AS BIGINT), 'gone', 'erased', 'nobody'
			WHERE NOT EXISTS (SELECT 1 FROM public.customer_id_history WHERE old_id = CAST(? AS BIGINT))`, id, id)
	}
	for _, s := range w.sources {
		for _, binding := range identity.Bindings(w.e, s) {
			b.Exec(fmt.Sprintf("DELETE FROM public.identity_rows_%s WHERE %q IN (SELECT number FROM work.removed)", s.Name, binding.Number()))
		}
	}
	b.Exec("DELETE FROM public.customer_identity_incidents WHERE number IN (SELECT number FROM work.removed)")
	b.Exec("DELETE FROM public.customer_identities WHERE number IN (SELECT number FROM work.removed)")
}

// others are all identifiers that are not on the list, with their customers.
func (l *erasedList) others(b *bench) map[string]string {
	b.Helper()
	out := map[string]string{}
	for _, r := range b.Rows("SELECT identifier_type || ':' || identifier, coalesce(customer_id::VARCHAR, 'nobody') FROM public.customer_identities") {
		if l.kinds[r[0]] == "" {
			out[r[0]] = r[1]
		}
	}
	return out
}

// TestErasedNeverComeBack: random people are erased between random changes. A run
// that goes on leaves what a run over all rows would; those who remain are who
// they were; and nothing of the erased is anywhere, whatever rows come.
func TestErasedNeverComeBack(t *testing.T) {
	t.Parallel()
	seeds := uint64(4)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 400
	}
	happened := map[string]int{}
	for seed := range seeds {
		w := newWorld(seed)
		r := rand.New(rand.NewPCG(seed, 12))
		a, b := newBench(t), newBench(t)
		l := &erasedList{kinds: map[string]string{}, ids: map[string]bool{}}
		day := 0
		both := func(what string) {
			t.Helper()
			day++
			w.fill(a)
			w.fill(b)
			a.run(w.e, day, false, w.sources...)
			b.run(w.e, day, true, w.sources...)
			look := func(b *bench) map[string][]string {
				out := w.look(b)
				for _, r := range b.Rows("SELECT identifier_type, digest, kind, number IN (SELECT number FROM public.customer_identities) AS there FROM public.customer_suppressed ORDER BY ALL") {
					out["suppressed"] = append(out["suppressed"], strings.Join(r, "|"))
				}
				return out
			}
			what = fmt.Sprintf("seed %d run %d, %s", seed, day, what)
			if diff := cmp.Diff(look(b), look(a)); diff != "" {
				t.Fatalf("%s (-rebuilt +resumed):\n%s", what, diff)
			}
			if len(w.e.AlwaysLink)+len(w.e.NeverLink) == 0 && w.e.Expire == nil {
				w.fits(a, l, what)
			}
			l.isGone(a, w, what)
			if t.Failed() {
				t.FailNow()
			}
		}
		for step := range 7 {
			w.change(time.Date(2026, 1, day+1, 0, 0, 0, 0, time.UTC))
			both("after changes")
			if step == 0 || r.IntN(3) == 0 {
				continue
			}
			for range 1 + r.IntN(2) {
				var ids []int64
				known := a.Values("SELECT DISTINCT customer_id AS id FROM public.customer_identities WHERE customer_id IS NOT NULL ORDER BY 1")
				if len(known) == 0 {
					break // all are erased
				}
				for range 1 + r.IntN(2) {
					id, ok := known[r.IntN(len(known))]["id"].(int64)
					if ok && !l.ids[strconv.FormatInt(id, 10)] && !slices.Contains(ids, id) {
						ids = append(ids, id)
					}
				}
				if len(ids) == 0 {
					continue
				}
				request := fmt.Sprintf("r%d", day)
				listed := a.erase(w.e, request, w.sources, ids)
				if diff := cmp.Diff(listed, b.erase(w.e, request, w.sources, ids)); diff != "" {
					t.Fatalf("seed %d run %d: the list (-resumed +rebuilt):\n%s", seed, day, diff)
				}
				w.sorted(a, l, listed, ids)
				own := map[string]bool{}
				for _, row := range a.Rows("SELECT identifier_type || ':' || identifier, customer_id FROM public.customer_identities") {
					if listed[row[0]] == privacy.Own {
						own[row[1]] = true
					}
				}
				for _, id := range ids {
					if own[strconv.FormatInt(id, 10)] {
						l.ids[strconv.FormatInt(id, 10)] = true
					}
				}
				l.add(listed)
				for _, kind := range listed {
					happened[kind]++
				}
			}
			if r.IntN(3) == 0 {
				for _, b := range []*bench{a, b} {
					l.remove(b, w)
				}
				happened["removed"]++
			}
			before := l.others(a)
			if r.IntN(4) > 0 {
				both("after an erasure")
				if w.e.Expire == nil {
					if diff := cmp.Diff(before, l.others(a)); diff != "" {
						t.Fatalf("seed %d run %d: those who remain (-before +after):\n%s", seed, day, diff)
					}
					happened["compared"]++
				}
			}
		}
	}
	for _, what := range []string{privacy.Own, privacy.Shared, privacy.Quarantined, "compared", "removed"} {
		if happened[what] == 0 {
			t.Errorf("it never came to %s", what)
		}
	}
}
