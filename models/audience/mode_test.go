package audience_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/config"
)

// perform does an operation at the destination, and answers for it.
func (w *world) perform(operation, key, name string) (taken bool, origin string) {
	_, there := w.there[key]
	switch operation {
	case "upsert", "add":
		w.there[key] = name
	case "update":
		if !there {
			return false, "absent"
		}
		w.there[key] = name
	case "insert":
		if there {
			return true, "exists"
		}
		w.there[key] = name
	default:
		if !there {
			return true, "absent"
		}
		switch operation {
		case "clear":
			w.there[key] = ""
			return true, ""
		case "archive":
			w.archived[key] = w.there[key]
		case "remove", "delete":
		default:
			w.Fatalf("operation %s", operation)
		}
		delete(w.there, key)
	}
	return true, ""
}

// checks sets how often properties are checked in this test: each takes a
// database some time.
func checks(t *testing.T, n string) {
	t.Helper()
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		n = "300"
	}
	before := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set("rapid.checks", before); err != nil {
			t.Error(err)
		}
	})
}

// purpose is a mode, with what happens to rows that left.
type purpose struct {
	mode, leave string
	members     bool
}

// TestModes lets random tables change under lost answers and rejections, and
// holds the destination to what each mode promises: while it happens, and after
// a last run in which nothing goes wrong.
func TestModes(t *testing.T) {
	checks(t, "8")
	for _, p := range []purpose{
		{mode: config.Upsert},
		{mode: config.Upsert, leave: config.Archive},
		{mode: config.Upsert, leave: config.ClearFields},
		{mode: config.Update},
		{mode: config.Update, leave: config.ClearFields},
		{mode: config.Insert},
		{mode: config.Mirror},
		{mode: config.Mirror, leave: config.Delete},
		{mode: config.Mirror, leave: config.RemoveFromAudience, members: true},
		{mode: config.Add},
		{mode: config.Add, leave: config.RemoveFromAudience},
		{mode: config.Remove},
	} {
		t.Run(p.mode+" "+p.leave, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, p.mode)
				w.leave, w.members = p.leave, p.members
				(&oracle{world: w, rt: rt, purpose: p, ours: map[string]bool{}}).live()
			})
		})
	}
}

// oracle is the world as somebody sees it who looks at the destination alone.
type oracle struct {
	*world
	rt *rapid.T
	purpose
	// wanted are the rows that can be sent, blocked the keys of those that cannot.
	wanted  map[string]string
	blocked map[string]bool
	// ours are the keys that we put there, or may have.
	ours map[string]bool
	// before is what was there before the run.
	before map[string]string
}

var (
	someKeys  = []any{"k0", "k1", "k2", "k3", "ключ😀", "a'b\n;--", "K0", " k0", nil, ""}
	someNames = []any{"x", "y", "é😀\n", nil, ""}
)

func (o *oracle) live() {
	for _, key := range []string{"k0", "k3", "other"} {
		if rapid.Bool().Draw(o.rt, "there before") {
			o.there[key] = "theirs"
		}
	}
	for range rapid.IntRange(1, 4).Draw(o.rt, "runs") {
		o.change()
		o.strangers()
		fates := map[string]fate{}
		o.step(func(key string) fate {
			if _, drawn := fates[key]; !drawn {
				fates[key] = rapid.SampledFrom([]fate{accepted, accepted, lost, unsent, rejected, unfit}).Draw(o.rt, "fate")
			}
			return fates[key]
		})
	}
	o.change()
	o.step(always(accepted))
	o.promised()
	due := o.step(always(accepted))
	var want []string
	if o.purpose.mode == config.Update {
		for _, key := range slices.Sorted(maps.Keys(o.wanted)) {
			if _, there := o.there[key]; !there {
				want = append(want, "update "+key)
			}
		}
	}
	if diff := cmp.Diff(want, due); diff != "" {
		o.rt.Fatalf("due in a run after the last (-want +got):\n%s", diff)
	}
}

// change draws the rows that the project has now.
func (o *oracle) change() {
	var rows [][3]any
	o.wanted, o.blocked = map[string]string{}, map[string]bool{}
	for id := range rapid.IntRange(0, 7).Draw(o.rt, "rows") {
		key, name := rapid.SampledFrom(someKeys).Draw(o.rt, "key"), rapid.SampledFrom(someNames).Draw(o.rt, "name")
		rows = append(rows, [3]any{id + 1, key, name})
		text, _ := key.(string)
		value, _ := name.(string)
		switch _, twice := o.wanted[text]; {
		case text == "":
		case twice || o.blocked[text]:
			delete(o.wanted, text)
			o.blocked[text] = true
		default:
			o.wanted[text] = value
		}
	}
	o.set(rows...)
}

// strangers put things there, or take away what is theirs.
func (o *oracle) strangers() {
	key := rapid.SampledFrom([]string{"k0", "k1", "k2", "other"}).Draw(o.rt, "of a stranger")
	_, there := o.there[key]
	_, wanted := o.wanted[key]
	switch {
	case o.ours[key]:
	case o.purpose.mode == config.Remove:
		// Whoever was taken off, and is wanted off, is not looked after.
		if !there && !wanted && !o.blocked[key] {
			o.step(always(accepted))
			o.there[key] = "theirs"
		}
	case there:
		if o.purpose.mode != config.Insert { // which settled that it exists
			delete(o.there, key)
		}
	default:
		o.there[key] = "theirs"
	}
}

// step runs the sync and holds what it did to what the mode allows.
func (o *oracle) step(judge func(string) fate) []string {
	o.before = maps.Clone(o.there)
	due := o.deliver(judge)
	for _, key := range slices.Sorted(maps.Keys(o.before)) {
		now, still := o.there[key]
		_, wanted := o.wanted[key]
		was := o.before[key]
		touched := !still || now != was
		switch {
		case touched && o.blocked[key]:
			o.rt.Fatalf("%q cannot be sent, and was touched", key)
		case touched && !wanted && !o.ours[key]:
			o.rt.Fatalf("%q is not ours, and was touched", key)
		case touched && o.purpose.mode == config.Insert:
			o.rt.Fatalf("%q was there, and an insert touched it", key)
		case touched && !wanted && !o.takes():
			o.rt.Fatalf("%q left, and was touched", key)
		case !still && wanted && o.purpose.mode != config.Remove:
			o.rt.Fatalf("%q is wanted, and was taken away", key)
		case still && now != was && wanted && now != o.wanted[key]:
			o.rt.Fatalf("%q is %q now, which nobody wants", key, now)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.there)) {
		_, before := o.before[key]
		if value, wanted := o.wanted[key]; !before && (!wanted || value != o.there[key] || !o.creates()) {
			o.rt.Fatalf("%q was created", key)
		}
	}
	o.remember(judge, due)
	return due
}

// remember keeps whose each row is. An update makes it ours as far as its fields
// go.
func (o *oracle) remember(judge func(string) fate, due []string) {
	for key := range o.wanted {
		if o.purpose.mode == config.Remove || !slices.ContainsFunc(due, func(d string) bool { return d == o.verb()+" "+key }) {
			continue
		}
		_, before := o.before[key]
		switch f := judge(key); {
		case o.purpose.mode == config.Insert && before:
		case o.purpose.mode == config.Update && !before:
			if f == accepted {
				delete(o.ours, key) // It is said not to be there.
			} else {
				o.ours[key] = true // It was noted, and may be.
			}
		default:
			o.ours[key] = true
		}
	}
	for _, d := range due {
		for key := range o.ours {
			if _, wanted := o.wanted[key]; !wanted && judge(key) == accepted && d == o.takenBy()+" "+key {
				delete(o.ours, key)
			}
		}
	}
}

// promised holds the destination to the mode after a run without mishaps.
func (o *oracle) promised() {
	for _, key := range slices.Sorted(maps.Keys(o.wanted)) {
		now, there := o.there[key]
		switch o.purpose.mode {
		case config.Update:
			there = true // or it stays away
			if _, is := o.there[key]; !is {
				now = o.wanted[key]
			}
		case config.Insert:
			now = o.wanted[key] // It may be as it was.
		case config.Remove:
			if there {
				o.rt.Fatalf("%q is still on the list", key)
			}
			continue
		}
		if !there || now != o.wanted[key] {
			o.rt.Fatalf("%q is %q (there: %t), want %q", key, now, there, o.wanted[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.ours)) {
		if _, wanted := o.wanted[key]; !wanted && !o.blocked[key] && o.takes() {
			o.rt.Fatalf("%q left, and is still ours", key)
		}
	}
	for key, was := range o.before {
		_, wanted := o.wanted[key]
		now, still := o.there[key]
		if left := !wanted && !o.blocked[key]; !left || o.takes() {
			continue
		}
		if !still || now != was {
			o.rt.Fatalf("%q left, and is %q now", key, now)
		}
	}
}

func (o *oracle) takes() bool { return o.purpose.mode == config.Mirror || o.purpose.leave != "" }

func (o *oracle) creates() bool {
	return o.purpose.mode != config.Update && o.purpose.mode != config.Remove
}

// verb is the operation for rows that are wanted, takenBy for those that left.
func (o *oracle) verb() string {
	switch {
	case o.purpose.mode == config.Mirror && o.purpose.members:
		return "add"
	case o.purpose.mode == config.Mirror:
		return "upsert"
	}
	return o.purpose.mode
}

func (o *oracle) takenBy() string {
	switch o.purpose.leave {
	case config.ClearFields:
		return "clear"
	case config.Archive, config.Delete:
		return o.purpose.leave
	}
	return "remove"
}

// TestAbsent wants rows that an update did not find to be due until it does,
// without a rejection.
func TestAbsent(t *testing.T) {
	w := newWorld(t, config.Update)
	w.leave = config.ClearFields
	w.there["b"] = "theirs"
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"})
	for range 2 {
		w.deliver(always(accepted))
	}
	w.there["a"] = "made by hand"
	w.deliver(always(accepted))
	delete(w.there, "b") // by a stranger: a changed row tells
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bobby"})
	w.deliver(always(accepted))
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"})
	w.deliver(always(accepted))
	w.set()
	w.deliver(always(accepted))
	if diff := cmp.Diff(map[string]string{"a": ""}, w.there); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
	got := w.Rows("SELECT run_id, key, operation, reason, outcome FROM public.sync_log ORDER BY run_id, key")
	want := [][]string{
		{"run1", "a", "update", "new", "absent"},
		{"run1", "b", "update", "new", "accepted"},
		{"run2", "a", "update", "new", "absent"},
		{"run3", "a", "update", "new", "accepted"},
		{"run4", "b", "update", "changed", "absent"},
		{"run5", "b", "update", "new", "absent"},
		{"run6", "a", "clear", "left", "accepted"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	for _, table := range []string{"sync_rejections", "sync_ledger", "sync_pending"} {
		if got := w.Rows("SELECT key FROM public." + table); len(got) != 0 {
			t.Errorf("%s has %v", table, got)
		}
	}
}

// TestExists settles what was there before an insert, and never touches it: not
// in another mode either, where it left.
func TestExists(t *testing.T) {
	w := newWorld(t, config.Insert)
	w.there["a"] = "theirs"
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"})
	w.deliver(always(accepted))
	sent := w.Rows("SELECT key, sent IS NULL FROM public.sync_ledger ORDER BY key")
	if diff := cmp.Diff([][]string{{"a", "true"}, {"b", "false"}}, sent); diff != "" {
		t.Errorf("whether nothing was sent (-want +got):\n%s", diff)
	}
	if got := w.deliver(always(accepted)); len(got) != 0 {
		t.Errorf("sent again: %v", got)
	}
	w.mode = config.Mirror
	w.set()
	if diff := cmp.Diff([]string{"remove b"}, w.deliver(always(accepted))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "theirs"}, w.there); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
	got := w.Rows("SELECT key, outcome FROM public.sync_log WHERE run_id = 'run1' ORDER BY key")
	if diff := cmp.Diff([][]string{{"a", "exists"}, {"b", "accepted"}}, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestChangeOfMode wants nobody to be forgotten between a list that people are
// put on and one that they are taken off.
func TestChangeOfMode(t *testing.T) {
	w := newWorld(t, config.Add)
	w.set([3]any{1, "a", "Ann"})
	for i, mode := range []string{config.Add, config.Remove, config.Add, config.Remove, config.Mirror} {
		w.mode = mode
		w.deliver(always(accepted))
		if _, there := w.there["a"]; there == (mode == config.Remove) {
			t.Errorf("after %d runs, the last of them %s: there is %v", i+1, mode, w.there)
		}
		if got := w.deliver(always(accepted)); len(got) != 0 {
			t.Errorf("%s sends %v again", mode, got)
		}
	}
}

// TestReturn wants a leaver whose removal was rejected to stay due, one that
// comes back to be new, and one who is to be taken off a list twice to be.
func TestReturn(t *testing.T) {
	for mode, leave := range map[string]string{config.Mirror: config.Archive, config.Remove: ""} {
		w := newWorld(t, mode)
		w.leave = leave
		all := [][3]any{{1, "a", "Ann"}, {2, "b", "Bob"}}
		var got [][]string
		for _, run := range []struct {
			rows [][3]any
			fate fate
		}{{all, accepted}, {all[1:], rejected}, {all[1:], accepted}, {all, accepted}} {
			w.set(run.rows...)
			got = append(got, w.deliver(always(run.fate)))
		}
		want := [][]string{{"upsert a", "upsert b"}, {"archive a"}, {"archive a"}, {"upsert a"}}
		if mode == config.Remove {
			want = [][]string{{"remove a", "remove b"}, nil, nil, {"remove a"}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
		if got := fmt.Sprint(w.Rows("SELECT key FROM public.sync_rejections")); got != "[]" {
			t.Errorf("%s: rejections %s", mode, got)
		}
	}
}

// TestDifferenceApplied applies what differs between a random table and the next
// to the first, which gives the second: with no value and empty text told apart,
// keys that several rows share, and any characters.
func TestDifferenceApplied(t *testing.T) {
	checks(t, "15")
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, config.Mirror)
		state := map[string]string{}
		for range 2 {
			var rows [][3]any
			now := map[string]string{}
			blocked := map[string]bool{}
			for id := range rapid.IntRange(0, 9).Draw(rt, "rows") {
				key := rapid.OneOf(rapid.SampledFrom(someKeys), rapid.Map(rapid.StringN(0, 3, -1), func(s string) any { return s })).Draw(rt, "key")
				name := rapid.OneOf(rapid.SampledFrom(someNames), rapid.Map(rapid.StringN(0, 3, -1), func(s string) any { return s })).Draw(rt, "name")
				rows = append(rows, [3]any{id, key, name})
				text, _ := key.(string)
				switch _, twice := now[text]; {
				case text == "":
				case twice || blocked[text]:
					delete(now, text)
					blocked[text] = true
				default:
					now[text] = fmt.Sprintf("%q", name)
				}
			}
			for key := range blocked {
				if was, ok := state[key]; ok {
					now[key] = was // It stays as it is.
				}
			}
			w.set(rows...)
			w.deliver(always(accepted))
			for _, c := range w.Values(`SELECT operation, key, "field.name" AS name FROM work.changes_s`) {
				key, _ := c["key"].(string)
				if c["operation"] == "remove" {
					delete(state, key)
				} else {
					state[key] = fmt.Sprintf("%q", c["name"])
				}
			}
			if diff := cmp.Diff(now, state); diff != "" {
				rt.Fatalf("(-want +got):\n%s", diff)
			}
		}
	})
}
