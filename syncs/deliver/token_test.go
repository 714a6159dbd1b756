package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// expiring is a destination with a token.
type expiring struct{ appending }

func (d expiring) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	requests, _ := d.appending.Encode(c)
	requests[0].HTTP.Header = http.Header{"Authorization": {c.Token.Access.Reveal()}}
	return requests, nil
}

func (d expiring) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if resp.Status == http.StatusUnauthorized {
		return syncs.Outcome{Verdict: syncs.Expired, Code: "unauthorized", Message: "the token " + req.HTTP.Header.Get("Authorization") + " is not accepted"}
	}
	return d.appending.Decode(req, resp)
}

func (expiring) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	return &syncs.HTTPRequest{URL: "refresh", Body: []byte(q.Token.Refresh.Reveal())}, nil
}

func (expiring) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	switch resp.Status {
	case http.StatusOK:
		access, refresh, _ := strings.Cut(string(resp.Body), " ")
		token := syncs.Token{Access: secret.NewValue(access)}
		if refresh != "" {
			token.Refresh = secret.NewValue(refresh)
		}
		return token, syncs.Outcome{Verdict: syncs.Rows}
	case http.StatusBadRequest:
		return syncs.Token{}, syncs.Outcome{Verdict: syncs.Fatal, Code: "invalid-grant", Message: "the grant was revoked"}
	default:
		return syncs.Token{}, syncs.Outcome{Verdict: syncs.Unknown, Code: "oops", Message: "an error"}
	}
}

// issuer is a platform whose tokens are good for some requests.
type issuer struct {
	t  *testing.T
	mu sync.Mutex
	// good is how many requests a token is good for; uses, how many of the
	// latest one came.
	good, uses int
	issued     int
	// rotates gives a new refresh token with each token, and makes the one
	// before worthless.
	rotates bool
	refresh string
	// refuse says how a request for a token ends; nil where well.
	refuse func(request int) (*syncs.Response, error)
	asked  int
	asking bool
	kept   string
	// tries counts refusals of each batch, taken how often each row was taken.
	tries, taken map[string]int
}

func newIssuer(t *testing.T, good int) *issuer {
	t.Helper()
	return &issuer{t: t, good: good, tries: map[string]int{}, taken: map[string]int{}}
}

func (p *issuer) Send(_ context.Context, r *syncs.HTTPRequest) (*syncs.Response, error) {
	time.Sleep(10 * time.Millisecond)
	p.mu.Lock()
	if r.URL != "refresh" {
		defer p.mu.Unlock()
		p.uses++
		token := r.Header.Get("Authorization")
		if p.issued == 0 || token != fmt.Sprintf("access-token-%d", p.issued) || p.uses > p.good {
			p.tries[string(r.Body)]++
			return answer(401), nil
		}
		if p.rotates && p.kept != p.refresh {
			p.t.Errorf("a token was used before the refresh token %q was kept", p.refresh)
		}
		for key := range strings.FieldsSeq(string(r.Body)) {
			p.taken[key]++
		}
		return &syncs.Response{Status: 200, Header: http.Header{}, Body: r.Body}, nil
	}
	p.asked++
	asked := p.asked
	if p.asking {
		p.t.Error("two tokens are asked for at once")
	}
	p.asking = true
	p.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking = false
	if p.refuse != nil {
		if resp, err := p.refuse(asked); resp != nil || err != nil {
			return resp, err
		}
	}
	if p.rotates && string(r.Body) != p.refresh {
		p.t.Errorf("asked with the refresh token %q, want %q", r.Body, p.refresh)
	}
	p.issued++
	p.uses = 0
	text := fmt.Sprintf("access-token-%d", p.issued)
	if p.rotates {
		p.refresh = fmt.Sprintf("refresh-token-%d", p.issued)
		text += " " + p.refresh
	}
	return &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(text)}, nil
}

func (p *issuer) keep(_ context.Context, refresh secret.Value) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = refresh.Reveal()
	return nil
}

func TestExpiredTokenIsRefreshedOnce(t *testing.T) {
	for seed := range uint64(20) {
		for _, rotates := range []bool{false, true} {
			stdsynctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 7))
				p := newIssuer(t, 20+r.IntN(30))
				p.rotates = rotates
				flaky := r.IntN(3)
				p.refuse = func(request int) (*syncs.Response, error) {
					switch {
					case request%4 == 1 && flaky == 1:
						return answer(500), nil
					case request%4 == 1 && flaky == 2:
						return nil, errAnswer
					}
					return nil, nil //nolint:nilnil // Nothing goes wrong.
				}
				job, l := fakeJob(upserts(1_000))
				job.Destination, job.HTTP, job.KeepToken = expiring{appending{10}}, p, p.keep
				got, err := deliver.Run(t.Context(), job)
				if err != nil || got.Accepted != 1_000 || len(l.known) != 1_000 || got.Status != deliver.OK {
					t.Fatalf("seed %d: report %+v, error %v", seed, got, err)
				}
				// Each token ends one request in vain, and what is in flight beside it.
				if p.issued > 100/(p.good-3)+2 {
					t.Errorf("seed %d: %d tokens were issued, each good for %d of 100 requests", seed, p.issued, p.good)
				}
				for _, n := range p.tries {
					if n > 1 {
						t.Errorf("seed %d: a batch was refused %d times", seed, n)
					}
				}
				for key, n := range p.taken {
					if n != 1 {
						t.Errorf("seed %d: %s was taken %d times", seed, key, n)
					}
				}
			})
		}
	}
}

func TestNoLoopOfRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		good    int
		refuse  *syncs.Response
		err     error
		code    string
		message string
		asked   int
	}{
		"the new token is refused": {good: 0, code: "unauthorized", message: "not accepted", asked: 1},
		"the grant was revoked":    {refuse: answer(400), code: "invalid-grant", message: "sign in again", asked: 1},
		"errors":                   {refuse: answer(500), code: "oops", message: "after 3 attempts", asked: 3},
		"no answers":               {err: errAnswer, code: "no-answer", message: "after 3 attempts", asked: 3},
	} {
		t.Run(name, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				p := newIssuer(t, test.good)
				p.refuse = func(int) (*syncs.Response, error) { return test.refuse, test.err }
				job, l := fakeJob(upserts(500))
				job.Destination, job.HTTP = expiring{appending{10}}, p
				got, err := deliver.Run(t.Context(), job)
				var stop *deliver.StopError
				if !errors.As(err, &stop) || stop.Code != test.code || !strings.Contains(stop.Message, test.message) || strings.Contains(stop.Message, "access-token") {
					t.Errorf("error %v, want %s", err, test.code)
				}
				if got.Accepted != 0 || len(l.known) != 0 || len(l.rejected) != 0 || got.Unanswered != got.Attempted {
					t.Errorf("report %+v", got)
				}
				if p.asked != test.asked || got.Refreshes != int64(test.asked) {
					t.Errorf("a token was asked for %d times, want %d", p.asked, test.asked)
				}
				for _, n := range p.tries {
					if n > 2 {
						t.Errorf("a batch was refused %d times, want at most 2", n)
					}
				}
			})
		})
	}
}

// A refresh token that nobody keeps is at least told of, and is good for the
// syncs that follow in the run.
func TestRotatedTokenIsTold(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		p := newIssuer(t, 1000)
		p.rotates = true
		d := expiring{appending{10}}
		session := deliver.NewSession(d, deliver.Timer(time.Now))
		full := errors.New("the disk is full")
		var events []deliver.Refreshed
		for range 2 {
			job, _ := fakeJob(upserts(50))
			job.Destination, job.HTTP, job.Session = d, p, session
			job.KeepToken = func(ctx context.Context, refresh secret.Value) error { return errors.Join(p.keep(ctx, refresh), full) }
			job.Events = func(e deliver.Event) {
				if r, ok := e.(deliver.Refreshed); ok {
					events = append(events, r)
				}
			}
			if got, err := deliver.Run(t.Context(), job); err != nil || got.Accepted != 50 {
				t.Errorf("report %+v, error %v", got, err)
			}
		}
		if len(events) != 1 || !events[0].Rotated || events[0].Kept || !errors.Is(events[0].Err, full) || p.asked != 1 {
			t.Errorf("events %+v after %d refreshes, want one that was not kept", events, p.asked)
		}
	})
}
