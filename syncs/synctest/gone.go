package synctest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// checkErasure wants a destination to erase people, or to say how somebody does it
// by hand, and what it leaves; and what takes somebody away to be repeatable.
func (h Harness) checkErasure(t *testing.T) {
	t.Helper()
	spec := h.Destination.Spec()
	for i, step := range spec.Manual.Steps() {
		if len(strings.Fields(step)) < 4 || !strings.HasSuffix(step, ".") {
			t.Errorf("step %d of Manual is no sentence: %q", i+1, step)
		}
	}
	if len(spec.Manual.Do) == 0 {
		t.Error("Manual says nothing to do")
	}
	e := spec.Erasure
	if !e.IsZero() {
		if _, ok := spec.Object(strings.Replace(e.Object, "/*", "/7", 1)); !ok && len(spec.Objects) > 0 {
			t.Errorf("people are erased from %s, which is no object", e.Object)
		}
		if e.Doc == "" || len(e.Beyond) == 0 {
			t.Error("it is not said what an erasure does, or what it does not cover")
		}
		for name, kind := range e.Contacts {
			if !slices.Contains(e.By, name) || kind != "email" && kind != "phone" {
				t.Errorf("the identifier %q of an erasure is called %q", name, kind)
			}
		}
	}
	for _, k := range h.tasks() {
		if len(k.kinds) > 1 || !slices.Contains([]syncs.Kind{syncs.Remove, syncs.Delete, syncs.Erase}, k.kinds[0]) || spec.Place != nil {
			continue
		}
		if o, _ := spec.Object(k.schema.Object); o.Tells {
			continue
		}
		requests, _ := h.Destination.Encode(k.chunk(20, 3))
		for _, r := range requests {
			if !r.Idempotent {
				t.Errorf("%s of %s is sent in a request that cannot be repeated", k.kinds[0], k.schema.Object)
				break
			}
		}
	}
}

// Erase has every other one of twenty people erased by an identifier, which the
// sample's rows have in the field of that name: see Run for how.
func (m Mirror) Erase(t *testing.T, by string) {
	t.Helper()
	m.gone(t, by)
}

// gone has every other one of twenty people taken away outside of the sync, or
// erased, with somebody whom the platform never knew, in the midst of faults and
// after a kill at each of the first requests. The platform holds the others and
// nobody else, there is a receipt for each, and to ask once more changes nothing.
func (m Mirror) gone(t *testing.T, by string) {
	t.Helper()
	for kill := range 4 {
		t.Run(fmt.Sprintf("gone, killed at %d", kill), func(t *testing.T) { m.goneAfter(t, by, kill) })
	}
}

func (m Mirror) goneAfter(t *testing.T, by string, kill int) {
	t.Helper()
	fake := m.Fake()
	if m.Hold != nil {
		m.Hold(fake)
	}
	r := rand.New(rand.NewPCG(uint64(kill), 5)) //nolint:gosec // Test data needs no secrecy.
	faults, dead, requests := false, false, 0
	server := httptest.NewServer(&Faulty{Fake: fake, Faults: func(int, *http.Request) Fault {
		requests++
		switch {
		case dead || faults && requests == kill:
			dead = true
			return ResetAfter
		case faults && r.IntN(6) == 0:
			return Common()[r.IntN(len(Common()))]
		}
		return None
	}})
	defer server.Close()
	g := &leaving{Mirror: m, t: t, by: by, d: m.Open(t, server.URL), clock: &Clock{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}}
	g.bring(r)
	faults, requests = true, 0
	if kill > 0 {
		if receipts, err := g.ask(1); err == nil && dead && undone(receipts) == "" {
			t.Error("what was asked for by a process that died went well")
		}
		dead, kill = false, 0
	}
	for range 2 {
		g.untilDone()
		if diff := cmp.Diff(g.rest, m.Held(fake)); diff != "" {
			t.Errorf("what the platform holds is not the others (-want +got):\n%s", diff)
		}
	}
	if v := fake.Violations(); len(v) > 0 {
		t.Errorf("violations: %s", strings.Join(v, "; "))
	}
}

// undone says what is not done, empty where all is.
func undone(receipts []deliver.Receipt) string {
	for i, r := range receipts {
		if !r.Done || r.Answer == nil {
			return fmt.Sprintf("receipt %d of %d: done %v, %s %s %s", i+1, len(receipts), r.Done, r.Origin, r.Code, r.Message)
		}
	}
	return ""
}

// leaving is people of whom some are taken away.
type leaving struct {
	Mirror
	t     *testing.T
	by    string
	d     syncs.Destination
	clock *Clock
	// keys identify those who leave, and rest is what the platform is to hold then.
	keys []string
	rest map[string]string
}

// bring delivers twenty people.
func (g *leaving) bring(r *rand.Rand) {
	g.t.Helper()
	at := keyOf(g.Sample.Schema)
	if g.by != "" {
		at = g.Sample.Schema.At(g.by)
	}
	g.rest = map[string]string{}
	var ops []syncs.Op
	for i := 0; len(ops) < 20; i++ {
		op := g.Sample.Op(g.Bring, r, i)
		if op.Values[at] == nil {
			continue // There is nothing to find them by.
		}
		if ops = append(ops, op); len(ops)%2 == 0 {
			g.keys = append(g.keys, fmt.Sprint(op.Values[at]))
		} else if key, value := g.Wanted(op.Values); key != "" {
			g.rest[key] = value
		}
	}
	for i := 7000; ; i++ {
		if stranger := g.Sample.Op(g.Bring, r, i); stranger.Values[at] != nil {
			g.keys = append(g.keys, fmt.Sprint(stranger.Values[at]))
			break
		}
	}
	b := newBook()
	_, err := deliver.Run(g.t.Context(), deliver.Job{
		RunID: "run-1", AsOf: g.clock.Now(), Destination: g.d, Schema: g.Sample.Schema, Secrets: g.secrets(),
		Counts: deliver.Counts{Wanted: int64(len(ops)), Upserts: int64(len(ops))}, Changes: stream(ops),
		Ledger: b, Jobs: deliver.NewMemory(), Clock: g.clock, Settings: deliver.Settings{Jitter: func() float64 { return 0.5 }},
	})
	if err = errors.Join(err, errorOf(b.rejections())); err != nil {
		g.t.Fatal(err)
	}
}

func errorOf(problem string) error {
	if problem == "" {
		return nil
	}
	return errors.New(problem)
}

// untilDone asks as somebody does who tries again.
func (g *leaving) untilDone() {
	g.t.Helper()
	for try := 1; ; try++ {
		receipts, err := g.ask(60)
		problem := undone(receipts)
		if err == nil && problem == "" {
			return
		}
		if try == 6 {
			g.t.Fatalf("not done after %d attempts: %v %s", try, err, problem)
		}
	}
}

// ask has them taken away.
func (g *leaving) ask(attempts int) ([]deliver.Receipt, error) {
	g.t.Helper()
	a := deliver.Asker{Destination: g.d, Secrets: g.secrets(), Clock: g.clock}
	settings := deliver.Settings{Jitter: func() float64 { return 0.5 }, Attempts: attempts}
	if g.by != "" {
		object := g.d.Spec().Erasure.Objects([]string{g.Sample.Schema.Object})[0]
		return a.Erase(g.t.Context(), deliver.Erasure{ID: "request-1", AsOf: g.clock.Now(), Object: object, By: g.by, People: g.keys, Settings: settings})
	}
	kinds := g.d.Spec().TakesAway(g.Sample.Schema.Object)
	if len(kinds) == 0 {
		g.t.Fatalf("%s takes nobody away", g.Sample.Schema.Object)
	}
	away := deliver.Removal{ID: "request-1", AsOf: g.clock.Now(), Schema: g.Sample.Schema, Settings: settings}
	for _, key := range g.keys {
		away.Ops = append(away.Ops, syncs.Op{Kind: kinds[0], Key: key})
	}
	return a.Remove(g.t.Context(), away)
}
