package deliver_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// replacer is a destination that replaces: its bodies say what each request is.
type replacer struct{}

func (replacer) Spec() syncs.Spec {
	return syncs.Spec{Batch: syncs.Batch{MaxRows: 4}, Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, ReplaceFirst: true}
}

func (replacer) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := syncs.Request{HTTP: &syncs.HTTPRequest{}, Idempotent: true}
	for i, op := range c.Ops {
		r.Ops = append(r.Ops, i)
		r.HTTP.Body = append(r.HTTP.Body, op.Key+" "...)
	}
	r.HTTP.Body = fmt.Appendf(r.HTTP.Body, "#%d of %d", c.Replacement.Number, c.Replacement.Rows)
	return []syncs.Request{r}, nil
}

func (replacer) EncodeFinish(c syncs.Chunk) (syncs.Request, error) {
	if len(c.Ops) == 0 {
		return syncs.Request{}, errors.New("nobody is wanted")
	}
	return syncs.Request{
		Ops: []int{0}, Idempotent: true,
		HTTP: &syncs.HTTPRequest{Body: fmt.Appendf(nil, "last #%d %s %s", c.Replacement.Number, c.Ops[0].Key, c.Replacement.Began.UTC().Format(time.TimeOnly))},
	}, nil
}

func (replacer) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if out := syncs.Status(resp, ""); out.Verdict != 0 {
		return out
	}
	return syncs.AllAccepted(req, nil)
}

// TestReplacement: requests are numbered by those that were taken, what left is
// not sent, a refused request is halved, and the last says when the first was
// sent by the platform's clock. Nothing is recorded before.
func TestReplacement(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		ops := append(upserts(6), syncs.Op{Kind: syncs.Remove, Key: "gone"})
		job, l := fakeJob(ops)
		job.Destination, job.Replacing = replacer{}, true
		job.Counts.Wanted = 6
		job.Settings.Jitter = func() float64 { return 0 }
		l.known["gone"] = "x"
		var sent []string
		job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
			sent = append(sent, string(r.Body))
			if len(l.known) != 1 {
				t.Errorf("the ledger has %v before the replacement has ended", l.known)
			}
			status := map[int]int{1: 503, 2: 422, 6: 500}[len(sent)]
			if status == 0 {
				status = 200
			}
			// The platform's clock is an hour ahead, and tells whole seconds.
			return answer(status, "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)), nil
		})
		report, err := deliver.Run(t.Context(), job)
		if err != nil || report.Accepted != 7 || report.Removed != 1 {
			t.Errorf("%+v %v", report, err)
		}
		keys := func(from, to int) string {
			var b strings.Builder
			for _, op := range ops[from:to] {
				b.WriteString(op.Key + " ")
			}
			return b.String()
		}
		last := "last #4 " + ops[0].Key + " 00:59:59"
		want := []string{
			keys(0, 4) + "#1 of 6", keys(0, 4) + "#1 of 6", keys(0, 2) + "#1 of 6", keys(2, 4) + "#2 of 6", keys(4, 6) + "#3 of 6", last, last,
		}
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Error(diff)
		}
		if len(l.known) != 6 || l.known["gone"] != "" {
			t.Errorf("the ledger has %v", l.known)
		}
	})
}

// TestReplacementThatDoesNotEnd: nothing of it is recorded.
func TestReplacementThatDoesNotEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		ops  []syncs.Op
		code string
	}{
		{"refused", upserts(6), "http-404"},
		{"of nobody", nil, "not-replaced"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				job, l := fakeJob(append(test.ops, syncs.Op{Kind: syncs.Remove, Key: "gone"}))
				job.Destination, job.Replacing = replacer{}, true
				l.known["gone"] = "x"
				job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
					if strings.HasPrefix(string(r.Body), "last") {
						return answer(404), nil
					}
					return answer(200), nil
				})
				_, err := deliver.Run(t.Context(), job)
				stop, ok := errors.AsType[*deliver.StopError](err)
				if !ok || stop.Code != test.code {
					t.Errorf("error %v, want the code %s", err, test.code)
				}
				if len(l.known) != 1 || l.known["gone"] != "x" {
					t.Errorf("the ledger has %v", l.known)
				}
			})
		})
	}
}
