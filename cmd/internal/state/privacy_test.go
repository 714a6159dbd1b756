package state_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// TestPrivacyKey: it is made once, whoever asks, and each target has its own.
func TestPrivacyKey(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		first, err := open(t, opt).PrivacyKey(t.Context())
		if err != nil || len(first) != state.PrivacyKeyBytes {
			t.Fatalf("%d bytes, %v", len(first), err)
		}
		again, err := open(t, opt).PrivacyKey(t.Context())
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("asked again it is another one, %v", err)
		}
		opt.Scope = "shop/other"
		other, err := open(t, opt).PrivacyKey(t.Context())
		if err != nil || bytes.Equal(first, other) {
			t.Errorf("another target has the same key, %v", err)
		}
	})
}

// TestPrivacyRequests: requests and their steps are what was written, a change
// that fails changes nothing, and steps that are there stay as they are.
func TestPrivacyRequests(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		want := state.PrivacyRequest{
			ID: "erase-1", Kind: "erase", Entity: "customer", Evidence: "ticket 4711", Status: "received", By: "ada",
			Person:   state.Person{Identifiers: []state.Identifier{{Type: "email", Value: "jo@example.com"}}},
			Received: at, Due: at.AddDate(0, 0, 28), Found: []byte(`{"ids":[1]}`),
		}
		if err := s.AddRequest(t.Context(), &want); err != nil {
			t.Fatal(err)
		}
		if err := s.AddRequest(t.Context(), &want); err == nil {
			t.Error("there are two of one id")
		}
		got, err := s.PrivacyRequest(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("request (-want +got):\n%s", d)
		}
		refused := errors.New("not now")
		_, err = s.ChangeRequest(t.Context(), want.ID, func(r *state.PrivacyRequest) error {
			r.Status = "done"
			return refused
		})
		if !errors.Is(err, refused) {
			t.Errorf("%v, want %v", err, refused)
		}
		_, err = s.ChangeRequest(t.Context(), "nobody", func(*state.PrivacyRequest) error { return nil })
		if _, ok := errors.AsType[*state.Error](err); !ok {
			t.Errorf("of an unknown request: %v", err)
		}

		steps := []state.PrivacyStep{
			{Request: want.ID, Step: "suppress", System: "warehouse", Status: "todo"},
			{Request: want.ID, Step: "erase", System: "crm", Status: "todo"},
		}
		if err := s.PlanSteps(t.Context(), want.ID, steps); err != nil {
			t.Fatal(err)
		}
		steps[0].Status, steps[0].Attempts, steps[0].Receipt, steps[0].At = "done", 2, "204", at
		if err := s.SaveStep(t.Context(), steps[0]); err != nil {
			t.Fatal(err)
		}
		more := state.PrivacyStep{Request: want.ID, Step: "compact", System: "warehouse", Status: "todo"}
		if err := s.PlanSteps(t.Context(), want.ID, []state.PrivacyStep{{Step: "suppress", System: "warehouse", Status: "todo"}, more}); err != nil {
			t.Fatal(err)
		}
		planned, err := s.PrivacySteps(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(append(steps, more), planned); d != "" {
			t.Errorf("steps (-want +got):\n%s", d)
		}

		want.Status, want.Person, want.Found, want.Ended = "done", state.Person{Digests: []string{"d1"}}, []byte{}, at
		got, err = s.ChangeRequest(t.Context(), want.ID, func(r *state.PrivacyRequest) error {
			*r = want
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("changed (-want +got):\n%s", d)
		}
		list, err := s.PrivacyRequests(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]state.PrivacyRequest{want}, list); d != "" {
			t.Errorf("list (-want +got):\n%s", d)
		}
		opt.Scope = "shop/other"
		if list, err := open(t, opt).PrivacyRequests(t.Context()); err != nil || len(list) > 0 {
			t.Errorf("another target has %d requests, %v", len(list), err)
		}
	})
}

// TestRewriteLeavesNothing: what an erasure took out of the state is in none of
// its files, while the state is still open.
func TestRewriteLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	s := open(t, state.Options{Place: filepath.Join(folder, "p.db"), Scope: "shop/local", Now: time.Now})
	const secret = "jo.unmistakable@example.com"
	r := state.PrivacyRequest{ID: "1", Person: state.Person{Identifiers: []state.Identifier{{Type: "email", Value: secret}}}, Found: []byte(strings.Repeat(secret, 1000))}
	if err := s.AddRequest(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if len(holding(t, folder, secret)) == 0 {
		t.Fatal("the state does not have what it was given")
	}
	if _, err := s.ChangeRequest(t.Context(), r.ID, func(r *state.PrivacyRequest) error {
		r.Identifiers, r.Found = nil, nil
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Rewrite(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := holding(t, folder, secret); len(files) > 0 {
		t.Errorf("it is still in %v", files)
	}
}

// holding are the files of a folder that have a text in them.
func holding(t *testing.T, folder, text string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			names = append(names, f.Name())
		}
	}
	return names
}

// TestRequestPage: parts of the requests come in order, each once, and are those
// that were asked for.
func TestRequestPage(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		for i, kind := range []string{"access", "erase", "access", "erase", "access"} {
			r := state.PrivacyRequest{ID: kind + string(rune('a'+i)), Kind: kind, Status: "received", Received: at.AddDate(0, 0, i/2), Due: at.AddDate(0, 1, i), Asked: "key", Found: []byte("x")}
			if i == 4 {
				r.Status, r.Ended = "done", at
			}
			if err := s.AddRequest(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
		}
		all := func(p state.RequestPage) (ids []string) {
			t.Helper()
			for p.Limit = 2; ; {
				list, err := s.RequestPage(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range list {
					if len(r.Found) > 0 || r.Asked != "key" {
						t.Errorf("%+v", r)
					}
					ids = append(ids, r.ID)
				}
				if len(list) < p.Limit {
					return ids
				}
				p.After = list[len(list)-1]
			}
		}
		for _, c := range []struct {
			page state.RequestPage
			want []string
		}{
			{state.RequestPage{}, []string{"accessa", "eraseb", "accessc", "erased", "accesse"}},
			{state.RequestPage{Kinds: []string{"access"}}, []string{"accessa", "accessc", "accesse"}},
			{state.RequestPage{Statuses: []string{"done", "waiting"}}, []string{"accesse"}},
			{state.RequestPage{Overdue: at.AddDate(0, 1, 2)}, []string{"accessa", "eraseb"}},
			{state.RequestPage{Kinds: []string{"erase"}, Overdue: at.AddDate(1, 0, 0)}, []string{"eraseb", "erased"}},
		} {
			if d := cmp.Diff(c.want, all(c.page)); d != "" {
				t.Errorf("%+v: %s", c.page, d)
			}
		}
	})
}
