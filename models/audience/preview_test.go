package audience_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/audience"
)

// TestPreview: what the ledger keeps of a row says what has changed of it,
// whatever the values are.
func TestPreview(t *testing.T) {
	w := newWorld(t, "mirror")
	nasty := []any{nil, "", "-", "1:a", "12:", "Ada", "é\n😀:3:", "0:", "-1:x", "mail"}
	rng := rand.New(rand.NewPCG(1, 9))
	was := map[int]any{}
	for range 30 {
		now := map[int]any{}
		var rows [][3]any
		for id := range 8 {
			if rng.IntN(4) > 0 {
				now[id] = nasty[rng.IntN(len(nasty))]
				rows = append(rows, [3]any{id, string(rune('a' + id)), now[id]})
			}
		}
		w.set(rows...)
		a := w.audience()
		w.Steps(a.Steps)
		for _, row := range w.Rows("SELECT reason, key, before, after FROM (" + w.Query(a.Preview) + ")") {
			id := int(row[1][0] - 'a')
			want := map[string]any{}
			if row[0] == "changed" || row[0] == "left" {
				want["before"] = was[id]
			}
			if row[0] != "left" {
				want["after"] = now[id]
			}
			got := map[string]any{}
			for i, side := range []string{"before", "after"} {
				if row[2+i] == "" {
					continue
				}
				values, err := audience.Sent(row[2+i])
				if err != nil {
					t.Fatal(err)
				}
				if len(values) != 2 || values[0].Name != "mail" || values[1].Name != "name" || *values[0].Text != row[1] {
					t.Fatalf("got %+v of %q", values, row[2+i])
				}
				got[side] = nil
				if values[1].Text != nil {
					got[side] = *values[1].Text
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%v (-want +got):\n%s", row, diff)
			}
		}
		w.deliver(always(accepted))
		was = now
	}
}

func FuzzSent(f *testing.F) {
	for _, s := range []string{"", "4:mail1:a4:name-", "1:", ":", "9:x", "-", "1:a", "99999999999999999999:a", "1:é1:😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if values, err := audience.Sent(s); err == nil && s != "" && len(values) == 0 {
			t.Errorf("%q is read as nothing", s)
		}
	})
}
