package audience_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// order is an event. No value is nil, or the zero time.
type order struct {
	id    any
	email string
	item  any
	at    time.Time
}

const day = 24 * time.Hour

// orders is a warehouse with one sync of events, and the destination that they
// are appended to.
type orders struct {
	*modeltest.Bench
	tb     testing.TB
	keyed  bool
	maxAge time.Duration
	keep   time.Duration
	run    int
	asOf   time.Time
	all    []order
	// journal says that a run which was killed has left work.journal.
	journal bool
	// appended are the items of each key that the destination took, in order.
	appended map[string][]string
	source   *config.Source
	entity   *config.Entity
}

func newOrders(tb testing.TB) *orders {
	tb.Helper()
	w := &orders{Bench: modeltest.New(tb), tb: tb, appended: map[string][]string{}, asOf: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.entity = &config.Entity{Name: "customer", Identifiers: []config.Identifier{{Name: "email"}}}
	w.source = &config.Source{
		Name: "orders", Table: "raw.orders", Entity: "customer", Events: true, Time: "ordered_at",
		Identifiers: strict.Ordered[string]{{Key: "email", Value: "email"}},
		Columns:     strict.Ordered[config.Column]{{Key: "id", Value: config.Column{Type: "string", Column: "id"}}, {Key: "item", Value: config.Column{Type: "string", Column: "item"}}},
	}
	w.Exec("CREATE TABLE raw.orders (id VARCHAR, email VARCHAR, item VARCHAR, ordered_at TIMESTAMP)")
	w.Exec("CREATE TABLE public.customer_profiles (customer_id BIGINT, country VARCHAR)")
	w.Exec("CREATE TABLE public.segment_members (segment VARCHAR, customer_id BIGINT, entered_at TIMESTAMP)")
	w.Exec("CREATE TABLE public.customer_identities (identifier_type VARCHAR, identifier VARCHAR, customer_id BIGINT, number BIGINT, quarantined BOOLEAN)")
	for i, name := range []string{"ann", "bob", "cy"} {
		w.Exec("INSERT INTO public.customer_identities VALUES ('email', ?, ?, ?, FALSE)", name, i+1, i+1)
		w.Exec("INSERT INTO public.customer_profiles VALUES (?, 'FR')", i+1)
		w.Exec("INSERT INTO public.segment_members VALUES ('vip', ?, NULL)", i+1)
	}
	for _, t := range audience.System() {
		w.Statements(t)
	}
	w.place()
	return w
}

// place takes the orders in, as identity would.
func (w *orders) place(list ...order) {
	w.Helper()
	for _, o := range list {
		w.all = append(w.all, o)
		var at any
		if !o.at.IsZero() {
			at = o.at
		}
		w.Exec("INSERT INTO raw.orders VALUES (?, ?, ?, ?)", o.id, o.email, o.item, at)
	}
	w.Statements(sql.CreateTableAs{Table: identity.StoredTable(w.source), Query: &sql.Select{
		Distinct: true, Items: append(identity.RowKey(w.entity, w.source, "s"), sql.As(sql.Col("i", "number"), "n.email")),
		From: sql.Joins(sql.TableRef{Table: identity.SourceTable(w.source), As: "s"}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.IdentitiesTable(w.entity), As: "i"},
			On: sql.Fn(sql.Eq, sql.Col("i", "identifier"), sql.Col("s", "email")),
		}),
	}})
}

func (w *orders) sync() *config.Sync {
	return &config.Sync{
		Name: "s", From: config.From{Source: "orders", Segment: "vip", MaxAge: config.Duration(w.maxAge)},
		To: config.To{Destination: "d", Mode: config.Append, OnLeave: config.None, Key: "order", Keyed: w.keyed},
		Fields: strict.Ordered[config.Field]{
			{Key: "order", Value: config.Field{Trait: "orders.id"}},
			{Key: "item", Value: config.Field{Trait: "orders.item"}},
			{Key: "who", Value: config.Field{Trait: "orders.email"}},
			{Key: "country", Value: config.Field{Trait: "country"}},
			{Key: "id", Value: config.Field{Trait: "customer_id"}},
		},
	}
}

func (w *orders) audience(retry *audience.Retry) *models.Audience {
	w.run++
	w.Statements(audience.Take("s", w.runID(), int64(w.run))...)
	return audience.Build(audience.Input{
		Sync: w.sync(), Destination: &config.Destination{Name: "d"}, Entity: w.entity, Source: w.source,
		Traits: []expr.Compiled{{Name: "country", Type: sql.TypeString}}, Retry: retry, AsOf: w.asOf, RunID: w.runID(),
	})
}

func (w *orders) runID() string { return fmt.Sprintf("run%03d", w.run) }

// end is how a run ends: well, or killed with its journal there or lost.
type end int

const (
	well end = iota
	killed
	journaled
)

// deliver runs the sync once and returns the keys that were sent.
func (w *orders) deliver(retry *audience.Retry, judge func(key string) fate, how end) []string {
	w.Helper()
	a := w.audience(retry)
	if w.journal {
		w.Statements(sql.Drop{Table: a.Recover.Outcomes.Table}, a.Recover.Outcomes)
		w.Exec("INSERT INTO work.recovered_s SELECT * FROM work.journal")
		w.Steps(a.Recover.Steps)
		w.Statements(a.Recover.Apply...)
		w.journal = false
	}
	w.Steps(a.Steps)
	w.Statements(a.Refuse...)
	w.Statements(a.Note...)
	w.Statements(sql.Drop{Table: a.Outcomes.Table}, a.Outcomes)
	var sent []string
	for _, c := range w.Rows("SELECT operation, key, entity_id, fingerprint, \"field.item\" FROM work.changes_s ORDER BY key") {
		key := c[1]
		if c[0] != "append" {
			w.tb.Fatalf("operation %s", c[0])
		}
		f := judge(key)
		if f == unsent {
			continue
		}
		sent = append(sent, key)
		exists := w.keyed && len(w.appended[key]) > 0
		if (f == accepted || f == lost) && !exists {
			w.appended[key] = append(w.appended[key], c[4])
		}
		origin := ""
		if exists {
			origin = "exists"
		}
		switch {
		case f == accepted:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, TRUE, ?, '', '')", c[0], key, c[2], c[3], origin)
		case f == rejected:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'rejected', 'bad', 'no')", c[0], key, c[2], c[3])
		case !w.keyed: // nobody knows, and the engine says so
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'unknown', 'no-answer', 'reset')", c[0], key, c[2], c[3])
		}
	}
	if how == journaled {
		w.journal = true
		w.Exec("CREATE OR REPLACE TABLE work.journal AS SELECT *, ?, ?, CAST(? AS TIMESTAMP) FROM work.outcomes_s", a.Place, w.runID(), w.asOf)
	}
	if how != well {
		return sent
	}
	w.Statements(a.Apply...)
	if a.Release != nil {
		w.Statements(a.Release(w.runID())...)
	}
	w.Statements(a.Settle...)
	w.Statements(audience.Forget(w.sync(), w.keep, w.asOf, w.runID())...)
	return sent
}

// TestEvents holds the delivery of random events, under lost answers, killed
// runs, merges and a ledger that forgets, to what it promises: none twice, none
// that is too old or has not happened, none skipped.
func TestEvents(t *testing.T) {
	checks(t, "25")
	rapid.Check(t, func(rt *rapid.T) {
		w := newOrders(t)
		w.keyed = rapid.Bool().Draw(rt, "keyed")
		w.maxAge = time.Duration(rapid.SampledFrom([]int{0, 2, 3}).Draw(rt, "max age")) * day
		w.keep = time.Duration(rapid.SampledFrom([]int{0, 1, 4}).Draw(rt, "keep")) * day
		newest := w.asOf
		// settled are those that were acknowledged: the event of each key. One that
		// has the key of an event that was forgotten long ago is another.
		settled := map[string]string{}
		doubtful := map[string]bool{}
		// known is the time of the newest event of each key that the ledger has
		// spoken of, and least the shortest window so far: what is older than it may
		// be forgotten.
		known, least := map[string]time.Time{}, w.maxAge
		step := func(retry *audience.Retry, judge func(string) fate, how end) []string {
			window := w.eligible()
			first, last := w.times()
			least = min(least, w.maxAge)
			if newest.Before(w.asOf) {
				newest = w.asOf
			}
			// another says that the ledger may have forgotten whose key it was.
			another := func(key string) bool {
				return least > 0 && first[key].After(known[key]) && known[key].Before(newest.Add(-least))
			}
			sent := w.deliver(retry, judge, how)
			for _, key := range sent {
				switch {
				case window[key] == "":
					rt.Fatalf("%q was sent, which is not to be", key)
				case settled[key] == window[key] && !another(key):
					rt.Fatalf("%q was sent again after it was acknowledged", key)
				case doubtful[key] && retry == nil && !w.keyed:
					rt.Fatalf("%q was sent again, and nobody asked for that", key)
				}
				switch f := judge(key); {
				case how == killed || f == lost:
					doubtful[key] = true
				case f == accepted:
					settled[key] = window[key]
					delete(doubtful, key)
				default:
					delete(doubtful, key)
				}
			}
			for key, what := range window {
				acknowledged := how == well && slices.Contains(sent, key) && judge(key) == accepted
				if settled[key] == what && (acknowledged || !another(key)) && last[key].After(known[key]) {
					known[key] = last[key]
				}
			}
			if how != well {
				// Whatever was noted may have been sent, unless the journal knows.
				for key := range window {
					if settled[key] == "" && (how == killed || !slices.Contains(sent, key)) {
						doubtful[key] = true
					}
				}
			}
			for key, items := range w.appended {
				if len(items) > 1 && w.keyed {
					rt.Fatalf("%q was appended %d times", key, len(items))
				}
			}
			return sent
		}
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			var list []order
			for range rapid.IntRange(0, 4).Draw(rt, "events") {
				if len(w.all) > 0 && rapid.IntRange(0, 5).Draw(rt, "again") == 0 {
					list = append(list, rapid.SampledFrom(w.all).Draw(rt, "the same"))
					continue
				}
				o := order{
					id: rapid.SampledFrom([]any{"1", "2", "3", "4", "5", "6", "7", "ключ😀", nil, ""}).Draw(rt, "id"), email: rapid.SampledFrom([]string{"ann", "bob", "cy", "nobody"}).Draw(rt, "email"),
					item: rapid.SampledFrom([]any{"x", "y", nil}).Draw(rt, "item"), at: w.asOf.Add(time.Duration(rapid.IntRange(-100, 10).Draw(rt, "hours")) * time.Hour),
				}
				if rapid.IntRange(0, 9).Draw(rt, "undated") == 0 {
					o.at = time.Time{}
				}
				list = append(list, o)
			}
			w.place(list...)
			if rapid.IntRange(0, 3).Draw(rt, "merge") == 0 {
				w.Exec("UPDATE public.customer_identities SET customer_id = ? WHERE identifier = ?", rapid.IntRange(1, 3).Draw(rt, "to"), rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "who"))
			}
			w.Exec("DELETE FROM public.segment_members")
			for id := range 3 {
				if rapid.IntRange(0, 3).Draw(rt, "member") > 0 {
					w.Exec("INSERT INTO public.segment_members VALUES ('vip', ?, NULL)", id+1)
				}
			}
			fates := map[string]fate{}
			step(nil, func(key string) fate {
				if _, drawn := fates[key]; !drawn {
					fates[key] = rapid.SampledFrom([]fate{accepted, accepted, lost, unsent, rejected}).Draw(rt, "fate")
				}
				return fates[key]
			}, rapid.SampledFrom([]end{well, well, well, killed, journaled}).Draw(rt, "end"))
			w.asOf = w.asOf.Add(time.Duration(rapid.IntRange(-24, 60).Draw(rt, "later")) * time.Hour)
			if rapid.IntRange(0, 5).Draw(rt, "new age") == 0 && w.maxAge > 0 {
				w.maxAge = time.Duration(rapid.IntRange(1, 6).Draw(rt, "max age")) * day
			}
		}
		w.asOf, w.maxAge = newest, min(w.maxAge, 2*day)
		// The first of two may forget an event whose key another has by now: that one
		// is sent by the second.
		step(nil, always(accepted), well)
		step(nil, always(accepted), well)
		for _, key := range slices.Sorted(maps.Keys(w.eligible())) {
			if settled[key] == "" && (w.keyed || !doubtful[key]) {
				rt.Fatalf("%q was skipped", key)
			}
		}
		if got := step(nil, always(accepted), well); len(got) != 0 {
			rt.Fatalf("%v are sent in a run after the last", got)
		}
		step(&audience.Retry{}, always(accepted), well)
		for _, key := range slices.Sorted(maps.Keys(w.eligible())) {
			if settled[key] == "" {
				rt.Fatalf("%q is not sent by a retry", key)
			}
		}
		for _, row := range w.Rows("SELECT key FROM public.sync_rejections WHERE origin <> 'invalid'") {
			if w.eligible()[row[0]] != "" { // and not in doubt with a key that another has by now
				rt.Fatalf("the rejection of %q is left", row[0])
			}
		}
	})
}

// eligible are the keys that may be sent: those of events in the window of
// members, unless two that differ share one. Each has what its event says.
func (w *orders) eligible() map[string]string {
	w.Helper()
	rows := map[string][]string{}
	for _, o := range w.window() {
		key, id, undated := o.key, o.owner, o.at.IsZero()
		row := fmt.Sprintf("%q %q %v %v", id, o.email, o.item, undated && w.maxAge > 0)
		if same := fmt.Sprintf("%q %q %v %v", id, o.email, o.item, false); undated && w.maxAge > 0 && slices.Contains(rows[key], same) {
			continue // It is an equal one whose time is known.
		}
		if !slices.Contains(rows[key], row) {
			rows[key] = append(rows[key], row)
		}
	}
	out := map[string]string{}
	for key, all := range rows {
		dated := slices.DeleteFunc(slices.Clone(all), func(row string) bool { return row[len(row)-4:] == "true" })
		if len(dated) == 1 && onlyTwins(all, dated[0]) {
			_, out[key], _ = strings.Cut(dated[0], " ") // whoever it belongs to by now
		}
	}
	return out
}

// owned is an event of a member, with its key.
type owned struct {
	order

	key, owner string
}

// window are the events of members that are neither too old nor to come.
func (w *orders) window() []owned {
	w.Helper()
	owner := map[string]string{}
	for _, r := range w.Rows("SELECT i.identifier, i.customer_id FROM public.customer_identities i JOIN public.segment_members m USING (customer_id)") {
		owner[r[0]] = r[1]
	}
	var out []owned
	for _, o := range w.all {
		key, _ := o.id.(string)
		id, member := owner[o.email]
		late := !o.at.IsZero() && (o.at.After(w.asOf) || w.maxAge > 0 && o.at.Before(w.asOf.Add(-w.maxAge)))
		if key != "" && member && !late {
			out = append(out, owned{o, key, id})
		}
	}
	return out
}

// times are those of the first and the last event in the window, by key; zero for
// the first where one has none.
func (w *orders) times() (first, last map[string]time.Time) {
	w.Helper()
	first, last = map[string]time.Time{}, map[string]time.Time{}
	for _, o := range w.window() {
		if at, there := first[o.key]; !there || o.at.Before(at) {
			first[o.key] = o.at
		}
		if o.at.After(last[o.key]) {
			last[o.key] = o.at
		}
	}
	return first, last
}

// onlyTwins says that all rows are equal, but for whether their time is known.
func onlyTwins(all []string, one string) bool {
	for _, row := range all {
		if row != one && row != one[:len(one)-len("false")]+"true" {
			return false
		}
	}
	return true
}

// TestEventKeys refuses events that share a key, unless they are equal, and says
// so once for each customer.
func TestEventKeys(t *testing.T) {
	w := newOrders(t)
	w.maxAge = 7 * day
	at := w.asOf.Add(-day)
	w.place(
		order{"1", "ann", "x", at}, order{"1", "ann", "x", at.Add(time.Hour)}, // equal as far as is sent
		order{"2", "ann", "x", at}, order{"2", "ann", "y", at},
		order{"3", "ann", "x", at}, order{"3", "bob", "x", at},
		order{nil, "ann", "x", at}, order{"", "ann", "y", at},
		order{"4", "bob", "x", time.Time{}},
		order{"5", "bob", "x", w.asOf.Add(-8 * day)}, order{"6", "bob", "x", w.asOf.Add(time.Second)},
		order{"7", "nobody", "x", at}, order{"8", "bob", nil, w.asOf.Add(-7 * day)},
	)
	if diff := cmp.Diff([]string{"1", "8"}, w.deliver(nil, always(accepted), well)); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	got := w.Rows("SELECT key, origin, code, attempts FROM public.sync_rejections ORDER BY key")
	want := [][]string{
		{"#1", "invalid", "missing-key", "1"},
		{"2#1", "invalid", "duplicate-key", "1"},
		{"3#1", "invalid", "duplicate-key", "1"},
		{"3#2", "invalid", "duplicate-key", "1"},
		{"4#2", "invalid", "missing-time", "1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}
	got = w.Rows("SELECT key, \"field.item\", \"field.who\", \"field.country\", \"field.id\" FROM work.changes_s ORDER BY key")
	if diff := cmp.Diff([][]string{{"1", "x", "ann", "FR", "1"}, {"8", "", "bob", "FR", "2"}}, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestForgottenEvents wants the ledger not to grow for ever, and yet none to be
// sent twice when max_age is raised, or is gone.
func TestForgottenEvents(t *testing.T) {
	w := newOrders(t)
	w.maxAge, w.keep = 2*day, day
	start := w.asOf
	for i := range 10 {
		w.asOf = start.Add(time.Duration(i) * day)
		w.place(order{strconv.Itoa(i), "ann", "x", w.asOf.Add(-time.Hour)})
		if diff := cmp.Diff([]string{strconv.Itoa(i)}, w.deliver(nil, always(accepted), well)); diff != "" {
			t.Fatalf("day %d (-want +got):\n%s", i, diff)
		}
	}
	got := w.Rows("SELECT key FROM public.sync_ledger ORDER BY key")
	if diff := cmp.Diff([][]string{{"7"}, {"8"}, {"9"}}, got); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	got = w.Rows("SELECT forgotten_until, run_id FROM public.sync_state")
	if diff := cmp.Diff([][]string{{"2026-03-07T12:00:00Z", "run010"}}, got); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	for _, age := range []time.Duration{30 * day, 0} {
		w.maxAge = age
		if sent := w.deliver(nil, always(accepted), well); len(sent) != 0 {
			t.Errorf("with a max_age of %s %v are sent again", age, sent)
		}
	}
	// A run far ahead forgets what was, and keeps nothing from being sent.
	w.maxAge, w.asOf = 2*day, start.Add(300*day)
	w.deliver(nil, always(accepted), well)
	w.asOf = start.Add(11 * day)
	w.place(order{"late", "ann", "x", w.asOf.Add(-time.Hour)})
	if diff := cmp.Diff([]string{"late"}, w.deliver(nil, always(accepted), well)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEventsInDoubt leaves alone what may have been appended: for as long as
// nobody asks, and where the run was killed too.
func TestEventsInDoubt(t *testing.T) {
	w := newOrders(t)
	at := w.asOf.Add(-day)
	w.place(order{"1", "ann", "x", at}, order{"2", "ann", "x", at}, order{"3", "ann", "x", at})
	fates := map[string]fate{"1": accepted, "2": lost, "3": unsent}
	check := func(what string, want, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("at first", []string{"1", "2"}, w.deliver(nil, func(key string) fate { return fates[key] }, well))
	fates["4"] = lost
	w.place(order{"4", "bob", "x", at})
	check("in doubt at once, and not sent as yet", []string{"4"}, w.deliver(nil, func(key string) fate { return fates[key] }, well))
	check("killed", nil, w.deliver(nil, always(unsent), killed))
	check("in doubt", nil, w.deliver(nil, always(accepted), well))
	got := w.Rows("SELECT key, origin, code, attempts FROM public.sync_rejections ORDER BY key")
	if diff := cmp.Diff([][]string{{"2", "unknown", "no-answer", "1"}, {"3", "unknown", "cut-short", "1"}, {"4", "unknown", "no-answer", "1"}}, got); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}
	a := w.audience(nil)
	w.Steps(a.Steps)
	w.Statements(sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "counts"}, Query: a.Counts})
	if got := w.Rows("SELECT added, waiting, known FROM work.counts"); fmt.Sprint(got) != "[[0 3 1]]" {
		t.Errorf("counts %v", got)
	}
	check("one is asked for", []string{"3"}, w.deliver(&audience.Retry{Key: "3"}, always(rejected), well))
	check("which was refused, and so is due", []string{"3"}, w.deliver(nil, always(accepted), well))
	check("all are asked for", []string{"2", "4"}, w.deliver(&audience.Retry{}, always(accepted), well))
	check("nothing is left", nil, w.deliver(&audience.Retry{}, always(accepted), well))
	for _, table := range []string{"sync_rejections", "sync_pending"} {
		if got := w.Rows("SELECT key FROM public." + table); len(got) != 0 {
			t.Errorf("%s has %v", table, got)
		}
	}
}
