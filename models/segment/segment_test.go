package segment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestMembership evaluates two segments, the second of which reads the first,
// over nine days of random people, some of whom are merged into others, split
// off or gone, and wants what an observer with a notebook has: who is in since
// when, who entered and left on which day, and how many there were. On some
// days only one segment is selected; on day 6 the second is removed, on day 8
// it is back.
func TestMembership(t *testing.T) {
	customer := &config.Entity{Name: "customer"}
	compiled := []expr.Compiled{
		{Name: "base", Expr: sql.Fn(sql.Coalesce, sql.Col(expr.Row, "flag"), sql.Bool(false)), Reads: []string{"flag"}},
		{Name: "both", Level: 1, Reads: []string{"other"}, Segments: []string{"base"}, Expr: sql.And{
			sql.Col(expr.Row, expr.SegmentColumn("base")), sql.Fn(sql.Coalesce, sql.Col(expr.Row, "other"), sql.Bool(false)),
		}},
	}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 6))
		b := modeltest.New(t)
		b.Exec("CREATE TABLE work.customer_redirect (old_id BIGINT, new_id BIGINT)")
		for _, table := range segment.System([]*config.Entity{customer}) {
			b.Statements(table)
		}
		alive := []int{}
		for id := range 20 {
			alive = append(alive, id)
		}
		since := map[string]map[int]string{"base": {}, "both": {}}
		next := len(alive)
		var changes, sizes []string
		for day := 1; day <= 9; day++ {
			at := fmt.Sprintf("2026-01-%02dT00:00:00Z", day)
			// A merge: the greater id goes on as the smaller, in the notebook with
			// the earlier of the two entries.
			if i := r.IntN(len(alive)-1) + 1; r.IntN(2) == 0 {
				from, to := alive[i], alive[r.IntN(i)]
				alive = slices.Delete(alive, i, i+1)
				b.Exec("UPDATE work.customer_redirect SET new_id = ? WHERE new_id = ?", to, from)
				b.Exec("INSERT INTO work.customer_redirect VALUES (?, ?)", from, to)
				for _, members := range since {
					if entered, ok := members[from]; ok {
						delete(members, from)
						if earlier, ok := members[to]; !ok || entered < earlier {
							members[to] = entered
						}
					}
				}
			}
			// A split: some identifiers go on as a customer of their own, who is in
			// nothing yet. And one customer is gone.
			if r.IntN(2) == 0 {
				alive = append(alive, next)
				next++
			}
			if i := r.IntN(len(alive)-1) + 1; r.IntN(2) == 0 {
				alive = slices.Delete(alive, i, i+1)
			}
			project := compiled
			if day == 6 || day == 7 {
				project = compiled[:1]
			}
			b.Exec("CREATE OR REPLACE TABLE work.customer_wide (customer_id BIGINT, flag BOOLEAN, other BOOLEAN)")
			now := map[string]map[int]bool{"base": {}, "both": {}}
			for _, id := range alive {
				value := func() any { return []any{true, true, false, nil}[r.IntN(4)] }
				flag, other := value(), value()
				b.Exec("INSERT INTO work.customer_wide VALUES (?, ?, ?)", id, flag, other)
				now["base"][id] = flag == true
				now["both"][id] = flag == true && other == true
			}
			selected := func(string) bool { return true }
			if day == 3 || day == 5 {
				only := []string{"base", "both"}[r.IntN(2)]
				selected = func(name string) bool { return name == only }
			}
			for name, members := range since {
				removed := name == "both" && len(project) == 1
				if !selected(name) {
					continue
				}
				if removed {
					now[name] = nil
				}
				before := len(changes)
				counts := map[string]int{}
				for id := range next {
					entered := members[id] != ""
					switch {
					case now[name][id] && !entered:
						members[id] = at
						changes = append(changes, fmt.Sprintf("%s %s %d entered", at, name, id))
					case !now[name][id] && entered:
						delete(members, id)
						changes = append(changes, fmt.Sprintf("%s %s %d left", at, name, id))
					}
				}
				for _, c := range changes[before:] {
					counts[c[strings.LastIndex(c, " ")+1:]]++
				}
				profiles := strconv.Itoa(len(alive))
				if removed {
					profiles = ""
				}
				if !removed || counts["left"] > 0 {
					sizes = append(sizes, fmt.Sprintf("%s %s of %s: %d, %d in, %d out, run%d", at, name, profiles, len(members), counts["entered"], counts["left"], day))
				}
			}
			m := segment.Build(segment.Input{
				All:      []segment.Entity{{Entity: customer, Segments: project}},
				Selected: selected, AsOf: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), RunID: "run" + strconv.Itoa(day),
			})
			b.Steps(m.Steps)
			b.Statements(m.Commit...)
			for name, want := range since {
				got := map[int]string{}
				for _, row := range b.Rows("SELECT customer_id, entered_at FROM public.segment_members WHERE segment = '" + name + "'") {
					id, err := strconv.Atoi(row[0])
					if err != nil {
						t.Fatal(err)
					}
					got[id] = row[1]
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, day %d, %s (-want +got):\n%s", seed, day, name, diff)
				}
			}
		}
		var got []string
		for _, row := range b.Rows(`SELECT "at", segment, customer_id, change FROM public.segment_changes`) {
			got = append(got, fmt.Sprintf("%s %s %s %s", row[0], row[1], row[2], row[3]))
		}
		slices.Sort(changes)
		slices.Sort(got)
		if diff := cmp.Diff(changes, got); diff != "" {
			t.Errorf("seed %d: changes (-want +got):\n%s", seed, diff)
		}
		got = nil
		for _, row := range b.Rows(`SELECT "at", segment, profiles, members, entries, exits, run_id FROM public.segment_sizes`) {
			got = append(got, fmt.Sprintf("%s %s of %s: %s, %s in, %s out, %s", row[0], row[1], row[2], row[3], row[4], row[5], row[6]))
		}
		slices.Sort(sizes)
		slices.Sort(got)
		if diff := cmp.Diff(sizes, got); diff != "" {
			t.Errorf("seed %d: sizes (-want +got):\n%s", seed, diff)
		}
	}
}
