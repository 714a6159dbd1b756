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

// TestConsent reads the words of random people out of two tables, as somebody
// would who is afraid of the regulator: the latest counts, a refusal among the
// latest is a refusal, silence is one too.
func TestConsent(t *testing.T) {
	project := load(t, `
project: {name: words}
targets: {local: {type: any}}
entities:
  - {name: customer, identifiers: [{name: mail}]}
sources:
  - {name: forms, table: raw.forms, entity: customer, identifiers: {mail: mail}, time: said, columns: {word: bool}}
  - {name: calls, table: raw.calls, entity: customer, identifiers: {mail: mail}, time: said, columns: {word: bool}}
traits:
  - {name: mail, entity: customer, pick: latest, from: [forms.mail, calls.mail]}
purposes:
  - {name: either, basis: consent, description: what people said in any way}
  - {name: written, basis: consent, description: what people wrote}
consents:
  - {name: forms, entity: customer, purpose: either, from: forms.word}
  - {name: calls, entity: customer, purpose: either, from: calls.word}
  - {name: letters, entity: customer, purpose: written, from: forms.word}
segments:
  - {name: either, entity: customer, when: 'consent("either")'}
  - {name: written, entity: customer, when: 'consent("written")'}
  - {name: refused, entity: customer, when: '!consent("either")'}
`)
	r := rand.New(rand.NewPCG(3, 6))
	b := modeltest.New(t)
	type said struct {
		day  int // 0 is no time
		word bool
	}
	given := func(words []said) bool {
		last, yes := -1, false
		for _, w := range words {
			switch {
			case w.day > last:
				last, yes = w.day, w.word
			case w.day == last:
				yes = yes && w.word
			}
		}
		return yes
	}
	var want []string
	words := map[string][][]said{}
	for _, table := range []string{"forms", "calls"} {
		b.Exec("CREATE TABLE raw." + table + " (mail VARCHAR, said TIMESTAMP, word BOOLEAN)")
		for i := range 200 {
			var list []said
			for range r.IntN(4) + 1 {
				day, word := r.IntN(4), any(r.IntN(2) == 0)
				if r.IntN(3) == 0 {
					word = nil
				} else {
					list = append(list, said{day, word == true})
				}
				var at any
				if day > 0 {
					at = docsTime.AddDate(0, 0, day-10)
				}
				b.Exec("INSERT INTO raw."+table+" VALUES (?, ?, ?)", fmt.Sprintf("m%03d", i), at, word)
			}
			words[table] = append(words[table], list)
		}
	}
	for i, forms := range words["forms"] {
		either := given(append(append([]said{}, forms...), words["calls"][i]...))
		for segment, is := range map[string]bool{"either": either, "refused": !either, "written": given(forms)} {
			if is {
				want = append(want, fmt.Sprintf("%s m%03d", segment, i))
			}
		}
	}
	runAll(t, b, project, docsTime)
	var got []string
	for _, row := range b.Rows("SELECT segment, mail FROM public.segment_members JOIN work.customer_wide USING (customer_id)") {
		got = append(got, strings.Join(row, " "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
