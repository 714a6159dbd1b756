package deliver_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	stdsynctest "testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// particular wants no two rows of one person in a request; it sends key=person.
type particular struct{ appending }

func (d particular) Spec() syncs.Spec {
	return syncs.Spec{Batch: syncs.Batch{MaxRows: d.rows, Distinct: []string{"person"}}}
}

func (particular) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := syncs.Request{HTTP: &syncs.HTTPRequest{}}
	for i, op := range c.Ops {
		r.Ops = append(r.Ops, i)
		person := any("-")
		if op.Values != nil && op.Values[0] != nil {
			person = op.Values[0]
		}
		r.HTTP.Body = fmt.Appendf(r.HTTP.Body, "%s=%v ", op.Key, person)
	}
	return []syncs.Request{r}, nil
}

// TestDistinct: no request has two rows of one person, no row is left out or
// moved, and no request is smaller than it has to be.
func TestDistinct(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(1, 6).Draw(rt, "batch")
		var ops []syncs.Op
		for i, person := range rapid.SliceOfN(rapid.IntRange(-1, 5), 1, 40).Draw(rt, "people") {
			op := syncs.Op{Kind: syncs.Upsert, Key: fmt.Sprintf("k%02d", i), Fingerprint: "f", Values: []any{nil}}
			switch person {
			case -1:
				op.Kind, op.Fingerprint, op.Values = syncs.Remove, "", nil
			case 0: // nobody
			default:
				op.Values[0] = fmt.Sprint("p", person)
			}
			ops = append(ops, op)
		}
		var want []string
		batch, people := "", []string{}
		for _, op := range ops {
			person := "-"
			if op.Values != nil && op.Values[0] != nil {
				person, _ = op.Values[0].(string)
			}
			if len(people) == most || person != "-" && slices.Contains(people, person) {
				want, batch, people = append(want, batch), "", nil
			}
			batch += op.Key + "=" + person + " "
			people = append(people, person)
		}
		want = append(want, batch)
		stdsynctest.Test(t, func(t *testing.T) {
			job, _ := fakeJob(ops)
			job.Schema.Fields = []syncs.Field{{Name: "person", Type: syncs.String}}
			job.Destination = particular{appending{most}}
			var got []string
			job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
				got = append(got, string(r.Body))
				return &syncs.Response{Status: http.StatusOK, Header: http.Header{}, Body: r.Body}, nil
			})
			if _, err := deliver.Run(t.Context(), job); err != nil {
				rt.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				rt.Errorf("requests of %s (-want +got):\n%s", strings.Join(got, "|"), d)
			}
		})
	})
}
