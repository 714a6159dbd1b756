package compile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// TestEntered runs random days on which people come and go, and wants of the
// segments that ask since when what an observer with a notebook has.
func TestEntered(t *testing.T) {
	project := load(t, `
project: {name: notebook}
targets: {local: {type: any}}
entities:
  - {name: customer, identifiers: [{name: mail}]}
sources:
  - {name: people, table: raw.people, entity: customer, identifiers: {mail: mail}, columns: {flag: bool}}
traits:
  - {name: mail, entity: customer, pick: latest, from: people.mail}
  - {name: flag, entity: customer, pick: max, from: people.flag}
segments:
  - {name: young, entity: customer, when: 'entered_segment("base") > now - days(2)'}
  - {name: base, entity: customer, when: flag}
  - {name: old, entity: customer, when: 'entered_segment("base") <= now - days(3) && in_segment("base")'}
  - {name: never, entity: customer, when: 'entered_segment("base") == null'}
  - {name: fresh, entity: customer, when: 'entered_segment("young") == now'}
`)
	r := rand.New(rand.NewPCG(6, 6))
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.people (mail VARCHAR, flag BOOLEAN)")
	entered := map[string]map[int]int{"base": {}, "young": {}} // the day, by segment and person
	for day := range 8 {
		b.Exec("DELETE FROM raw.people")
		var want []string
		for i := range 30 {
			mail, flag := fmt.Sprintf("m%02d", i), r.IntN(3) > 0
			b.Exec("INSERT INTO raw.people VALUES (?, ?)", mail, flag)
			in := func(segment string, is bool) bool {
				_, was := entered[segment][i]
				switch {
				case is && !was:
					entered[segment][i] = day
				case !is:
					delete(entered[segment], i)
				}
				return is
			}
			base := in("base", flag)
			young := in("young", base && day-entered["base"][i] < 2)
			for segment, is := range map[string]bool{
				"base": base, "young": young, "old": base && day-entered["base"][i] >= 3, "never": !base,
				"fresh": young && entered["young"][i] == day,
			} {
				if is {
					want = append(want, segment+" "+mail)
				}
			}
		}
		runAll(t, b, project, docsTime.AddDate(0, 0, day))
		var got []string
		for _, row := range b.Rows("SELECT segment, mail FROM public.segment_members JOIN work.customer_wide USING (customer_id)") {
			got = append(got, strings.Join(row, " "))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("day %d (-want +got):\n%s", day, diff)
		}
	}
}
