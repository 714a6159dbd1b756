package oracle

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The figures below were published with the data or counted with other tools;
// they keep the oracle itself honest.

func TestRetail(t *testing.T) {
	t.Parallel()
	r, err := ReadRetail(Data(t))
	if err != nil {
		t.Fatal(err)
	}
	var value int64
	ties := 0
	for _, c := range r.Customers {
		value += c.Value
		if c.CountryTies {
			ties++
		}
	}
	got := []int64{int64(r.Lines), int64(r.WithoutCustomer), int64(r.Cancellations), int64(len(r.Customers)), value, int64(ties)}
	if diff := cmp.Diff(got, []int64{541909, 135080, 9288, 4372, 8300065814, 0}); diff != "" {
		t.Errorf("lines, without customer, cancellations, customers, value, country ties (-got +want):\n%s", diff)
	}
	asOf := time.Date(2011, 12, 10, 0, 0, 0, 0, time.UTC)
	members := map[string]int{}
	for name := range RetailSegments {
		members[name] = len(r.Members(name, asOf))
	}
	want := map[string]int{"regulars": 1787, "big_spenders": 263, "lapsed": 1449, "win_back": 210, "returners": 258}
	if diff := cmp.Diff(members, want); diff != "" {
		t.Errorf("members of each segment (-got +want):\n%s", diff)
	}
}

func (m *Matching) figures() string {
	return fmt.Sprintf("%d records, %d customers, %d pairs, %d right of %d, precision %.4f, recall %.4f",
		m.Records, m.Customers, m.Pairs, m.RightPairs, m.TruePairs, m.Precision(), m.Recall())
}

func TestMatching(t *testing.T) {
	t.Parallel()
	data := Data(t)
	s, err := ReadTwoSources(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFake(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadTruthset(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		got  *Matching
		want string
	}{
		{"two-sources", s.Both, "10000 records, 5015 customers, 4985 pairs, 4985 right of 5000, precision 1.0000, recall 0.9970"},
		{"two-sources by phone", s.ByPhone, "10000 records, 5541 customers, 4459 pairs, 4459 right of 5000, precision 1.0000, recall 0.8918"},
		{"fake-1000", f, "1000 records, 635 customers, 682 pairs, 682 right of 2031, precision 1.0000, recall 0.3358"},
		{"truthset by e-mail", r.ByEmail.Matching, "159 records, 124 customers, 232 pairs, 15 right of 108, precision 0.0647, recall 0.1389"},
		{"truthset by e-mail, guarded", r.Guarded.Matching, "159 records, 144 customers, 22 pairs, 13 right of 108, precision 0.5909, recall 0.1204"},
		{"truthset", r.Customers.Matching, "159 records, 117 customers, 49 pairs, 48 right of 108, precision 0.9796, recall 0.4444"},
	} {
		if got := test.got.figures(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestWebEvents(t *testing.T) {
	t.Parallel()
	data := Data(t)
	w, err := ReadWebEvents(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{w.Events, w.Users, w.Cookies, len(w.Visitors)}, []int{160, 25, 42, 16}); diff != "" {
		t.Errorf("events, users, cookies, visitors (-got +want):\n%s", diff)
	}
	for name := range VisitorSegments {
		if n := len(w.Members(name)); n == 0 || n == len(w.Visitors) {
			t.Errorf("segment %s has %d of %d visitors and so tests nothing", name, n, len(w.Visitors))
		}
	}

	// Snowplow's own models counted the sessions of 11 users. They know one
	// cookie a user, we know all of them, and the sessions agree.
	users := 0
	err = readCSV(filepath.Join(data, "snowplow", "web", "expected", "snowplow_web_users_expected.csv"), func(field row) error {
		users++
		i := slices.IndexFunc(w.Visitors, func(v *Visitor) bool { return slices.Contains(v.Cookies, field("domain_userid")) })
		if i < 0 {
			t.Errorf("nobody has the cookie of %q", field("user_id"))
			return nil
		}
		v := w.Visitors[i]
		if !slices.Contains(v.Users, field("user_id")) {
			t.Errorf("the cookie of %q belongs to %q", field("user_id"), v.Users)
		}
		if got, want := strconv.Itoa(v.Sessions), field("sessions"); got != want {
			t.Errorf("%q has %s sessions, want %s", v.Key(), got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if users != 11 {
		t.Errorf("compared %d users, want 11", users)
	}
}
