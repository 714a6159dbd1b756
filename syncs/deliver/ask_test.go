package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// described is a destination whose platform can be asked; its answers are what
// the bodies say.
type described struct{ expiring }

func (described) EncodeFields(q syncs.Question) *syncs.HTTPRequest {
	return &syncs.HTTPRequest{URL: "fields " + q.Object + " " + q.Page, Body: []byte(q.Token.Access.Reveal())}
}

func (described) DecodeFields(_ syncs.Question, resp *syncs.Response) ([]syncs.PlatformField, string, syncs.Outcome) {
	name, page, _ := strings.Cut(string(resp.Body), " ")
	return []syncs.PlatformField{{Name: name}}, page, answered(resp)
}

func (described) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	return &syncs.HTTPRequest{URL: "probe " + q.Object, Body: []byte(q.Token.Access.Reveal())}
}

func (described) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	return answered(resp)
}

func answered(resp *syncs.Response) syncs.Outcome {
	out := syncs.Status(resp, string(resp.Body))
	if out.Verdict == 0 {
		out.Verdict, out.Message = syncs.Rows, string(resp.Body)
	}
	return out
}

// script is a Sender that answers one request after the other.
type script struct {
	answers []string // status and body
	asked   []string
}

func (s *script) Send(_ context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
	s.asked = append(s.asked, req.URL+" "+string(req.Body))
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next == "" {
		return nil, errors.New("the connection was closed")
	}
	status := 0
	if _, err := fmt.Sscan(next, &status); err != nil {
		return nil, err
	}
	return &syncs.Response{Status: status, Header: http.Header{}, Body: []byte(next[min(4, len(next)):])}, nil
}

func TestAsk(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		want    string
		asked   []string
		err     string
	}{
		"pages":              {[]string{"200 a 2", "200 b"}, "a b", []string{"fields x  ", "fields x 2 "}, ""},
		"again":              {[]string{"", "500 oops", "200 a"}, "a", []string{"fields x  ", "fields x  ", "fields x  "}, ""},
		"never":              {[]string{"500 oops", "503 later", "429 slow"}, "", []string{"fields x  ", "fields x  ", "fields x  "}, "gave up after 3 attempts"},
		"refused":            {[]string{"403 no scope"}, "", []string{"fields x  "}, "no scope"},
		"a new token":        {[]string{"401 old", "200 new-token-1", "200 a"}, "a", []string{"fields x  ", "refresh ", "fields x  new-token-1"}, ""},
		"a new token, twice": {[]string{"401 old", "200 new-token-1", "401 old"}, "", []string{"fields x  ", "refresh ", "fields x  new-token-1"}, "401"},
		"a secret is echoed": {[]string{"401 old", "200 new-token-1", "403 new-token-1"}, "", []string{"fields x  ", "refresh ", "fields x  new-token-1"}, "[redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: test.answers}
			d := described{}
			asker := deliver.Asker{Destination: d, Clock: newClock(), HTTP: s, Secrets: func(secret.Ref) secret.Value { return secret.Value{} }}
			fields, err := asker.Fields(t.Context(), "x")
			var names []string
			for _, f := range fields {
				names = append(names, f.Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("fields %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(test.asked, s.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			switch {
			case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)), err != nil && strings.Contains(err.Error(), "new-token"):
				t.Errorf("got the error %v, want %q", err, test.err)
			}
		})
	}
	said, err := deliver.Asker{Destination: described{}, Clock: newClock(), HTTP: &script{answers: []string{"200 portal 7"}}}.Probe(t.Context(), "x")
	if err != nil || said != "portal 7" {
		t.Errorf("got %q, %v", said, err)
	}
	if _, err := (deliver.Asker{Destination: expiring{}, Clock: newClock()}).Probe(t.Context(), "x"); !errors.Is(err, deliver.ErrNotAsked) {
		t.Errorf("of a destination that is no Prober: %v", err)
	}
}
