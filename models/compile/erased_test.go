package compile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/privacy"
)

// erased reads who was erased, as the command line does, and loads the key.
func erased(b *modeltest.Bench, text string) map[string]bool {
	b.Helper()
	out := map[string]bool{}
	for _, e := range load(b, text).Entities {
		if len(b.Rows("SELECT 1 FROM public.privacy_suppressions WHERE entity = '"+e.Name+"' LIMIT 1")) == 0 {
			continue
		}
		for _, t := range identity.SystemErased(e) {
			b.Statements(t)
		}
		out[e.Name] = b.Number(identity.Pending(e)) > 0
	}
	b.Exec("DROP TABLE IF EXISTS work.privacy_key")
	b.Statements(privacy.KeyTable)
	b.Exec("INSERT INTO work.privacy_key VALUES (?, ?)", testKey.Row()...)
	return out
}

var testKey = privacy.NewKey([]byte("a secret of tests"))

// erase puts whoever has an id onto the list, and says which identifiers are
// theirs alone.
func erase(b *modeltest.Bench, text string, id int64) (own []string) {
	b.Helper()
	p := load(b, text)
	e := p.Entities[0]
	named := identity.NamedTable(e)
	b.Exec("DROP TABLE IF EXISTS work." + named.Table.Name)
	b.Statements(named)
	b.Steps(identity.Erasure(e, p.Sources, []int64{id}))
	for _, r := range b.Rows("SELECT identifier_type, identifier, kind, number FROM work." + identity.ErasureTable(e).Name + " ORDER BY ALL") {
		b.Exec("INSERT INTO public.privacy_suppressions (request, entity, identifier_type, digest, kind, number) VALUES ('r', ?, ?, ?, ?, ?)",
			e.Name, r[0], testKey.Digest(r[0], r[1]), r[2], r[3])
		if r[2] == privacy.Own {
			own = append(own, r[1])
		}
	}
	return own
}

// TestErasedCountInNothing: traits and segments are those of sources that have no
// row of the erased, whether aggregates were kept by day, or results left as they
// were. Nothing that is kept has anything of those rows.
func TestErasedCountInNothing(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 40
	}
	people, stood, came := 0, 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 59))
		g := conditions{r}
		text := growing(t, g)
		kept, full, clean := modeltest.New(t), modeltest.New(t), modeltest.New(t)
		all := []*modeltest.Bench{kept, full, clean}
		own := map[string]bool{}
		insert := func(table string, user, cookie any, values ...any) {
			row := append([]any{user, cookie}, values...)
			if table == "contacts" {
				row = append([]any{user}, values...)
			}
			marks := strings.TrimSuffix(strings.Repeat("?, ", len(row)), ", ")
			for _, b := range all {
				if b == clean && (user != nil && own[fmt.Sprint(user)] || cookie != nil && own[fmt.Sprint(cookie)]) {
					came++
					continue
				}
				b.Exec("INSERT INTO raw."+table+" VALUES ("+marks+")", row...)
			}
		}
		for _, b := range all {
			b.Exec("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR)")
			b.Exec("CREATE TABLE raw.events (id INTEGER, cookie VARCHAR, name VARCHAR, topic VARCHAR, amount DOUBLE, quantity BIGINT, seen TIMESTAMP)")
		}
		for id := range 40 {
			insert("contacts", id, nil, g.word("FR", "DE", "IT"))
		}
		now, before := time.Date(2026, 1, 4, 9, 0, 0, 0, time.UTC), time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)
		for run := 1; run <= 9; run++ {
			// Somebody is erased after the first of four runs, and nothing else happens
			// until the last.
			rows := 0
			if run%4 < 2 {
				rows = 40 + r.IntN(40)
			}
			for range rows {
				id := r.IntN(40)
				user, cookie := any(id), any(fmt.Sprintf("c%d.%d", id, r.IntN(3)))
				switch r.IntN(12) {
				case 0, 1, 2:
					user = nil
				case 3, 4, 5:
					cookie = nil
				case 6:
					cookie = fmt.Sprintf("d%d", r.IntN(60))
				}
				at := before.Add(time.Duration(r.Int64N(int64(now.Sub(before))))).Truncate(time.Hour)
				insert("events", user, cookie, g.word("x", "y", "z", "w"), g.word("a", "b", "c"), float64(r.IntN(20))/4, r.IntN(6), at)
			}
			build := func(b *modeltest.Bench) []string {
				opt := compile.Options{AsOf: now, RunID: fmt.Sprint("run", run)}
				if run > 1 && b != clean {
					opt.Erased = erased(b, text)
				}
				switch {
				case b != kept:
					execute(b, notGrowing(text), opt)
				case run == 1:
					execute(b, text, opt)
				default:
					opt.Identities, opt.Aggregates = left(b)
					stand, _ := standing(executeChanged(b, text, opt, 0))
					stood += len(stand)
				}
				var out []string
				for _, q := range []string{
					"SELECT * FROM public.customer_profiles ORDER BY ALL", "SELECT * FROM public.segment_members ORDER BY ALL",
					"SELECT * FROM public.segment_changes ORDER BY ALL", "SELECT old_id, new_id, kind, run_id FROM public.customer_id_history ORDER BY ALL",
				} {
					out = append(out, strings.Split(lines(b, q), "\n")...)
				}
				return out
			}
			want := build(clean)
			for name, b := range map[string]*modeltest.Bench{"kept": kept, "full": full} {
				if diff := cmp.Diff(want, build(b)); diff != "" {
					t.Fatalf("seed %d run %d (-without their rows +%s):\n%s\n%s", seed, run, name, diff, text)
				}
			}
			for range kept.Rows("SELECT 1 FROM public.aggregates_events d WHERE NOT EXISTS (SELECT 1 FROM public.identity_rows_events r WHERE r.\"hash.1\" = d.\"hash.1\" AND r.\"hash.2\" = d.\"hash.2\")") {
				t.Fatalf("seed %d run %d: days of nobody's rows are kept", seed, run)
			}
			before = now
			now = now.Add(time.Duration(1+r.IntN(60)) * time.Hour)
			if run%4 != 1 {
				continue
			}
			ids := kept.Values("SELECT DISTINCT customer_id AS id FROM public.customer_identities ORDER BY 1")
			id, _ := ids[r.IntN(len(ids))]["id"].(int64)
			theirs := erase(kept, text, id)
			if diff := cmp.Diff(theirs, erase(full, text, id)); diff != "" {
				t.Fatalf("seed %d run %d: what came onto the list (-kept +full):\n%s", seed, run, diff)
			}
			people++
			for _, x := range theirs {
				own[x] = true
				clean.Exec("DELETE FROM raw.events WHERE cookie = ? OR id::VARCHAR = ?", x, x)
				clean.Exec("DELETE FROM raw.contacts WHERE id::VARCHAR = ?", x)
			}
		}
	}
	if people == 0 || stood == 0 || came == 0 {
		t.Errorf("%d people were erased, %d rows of theirs came later, %d results stood: the test says too little", people, came, stood)
	}
}

// TestErasedWhateverIsSelected: what was erased since the last run is left out
// before anything is made of identities, whatever was selected; after that nothing
// more is built than ever.
func TestErasedWhateverIsSelected(t *testing.T) {
	t.Parallel()
	text := growingHead + "segments: [{name: s, entity: customer, when: 'spent > 1'}]"
	built := func(erased map[string]bool) []string {
		p, found := compile.Compile(load(t, text), compile.Options{
			AsOf: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC), Select: map[string]bool{"segment:s": true}, Left: compile.Left{Erased: erased},
		})
		if found.HasErrors() {
			t.Fatal(found)
		}
		var out []string
		for _, m := range p.Models {
			out = append(out, m.Name)
		}
		return out
	}
	for _, c := range []struct {
		erased map[string]bool
		want   bool
	}{{nil, false}, {map[string]bool{"customer": false}, false}, {map[string]bool{"customer": true}, true}} {
		got := built(c.erased)
		if slices.Contains(got, "identity:customer") != c.want || slices.Contains(got, "rows:events") != c.want {
			t.Errorf("%v: the models are %v", c.erased, got)
		}
	}
}
