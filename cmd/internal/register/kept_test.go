package register

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// TestLimits: whenever a row was true, and whenever its person was seen after that,
// what the register says ends when the project says that it does: no limit that
// ever comes first is left out, and none is there that never does.
func TestLimits(t *testing.T) {
	const day = config.Duration(24 * time.Hour)
	r := rand.New(rand.NewPCG(9, 1))
	some := func() config.Duration {
		if r.IntN(3) == 0 {
			return 0
		}
		return config.Duration(1+r.IntN(9)) * day
	}
	first := map[string]int{}
	for range 2000 {
		e := &config.Entity{Name: "customer", Retention: some()}
		if after := some(); after != 0 {
			e.Expire = &config.Expire{KnownOnlyBy: []string{"cookie"}, After: after}
		}
		s := &config.Source{
			Name: "visits", Entity: "customer", Time: "at", Retention: some(), Class: config.Internal,
			Identifiers: strict.Ordered[string]{{Key: "cookie", Value: "cookie"}}, Columns: strict.Ordered[config.Column]{{Key: "topic"}},
		}
		ads := &config.Purpose{Name: "ads", Retention: some()}
		w := &writer{Input: Input{Project: &config.Project{Entities: []*config.Entity{e}, Sources: []*config.Source{s}, Purposes: []*config.Purpose{ads}}}}
		list := w.limits("customer", []string{"ads"}, extent{columns: []string{"visits.topic"}})
		came := make([]bool, len(list))
		for quiet := range 10 { // days from the row to when the person was last seen
			for _, anonymous := range []bool{false, true} {
				for _, sent := range []bool{false, true} {
					// The ends are days after the row.
					want := never(s.Retention, 0)
					want = min(want, never(e.Retention, quiet))
					if e.Expire != nil && anonymous {
						want = min(want, never(e.Expire.After, quiet))
					}
					if sent {
						want = min(want, never(ads.Retention, quiet))
					}
					got, holds := never(0, 0), -1
					for i, l := range list {
						since := quiet
						if l.Since == rowTime {
							since = 0
						}
						if strings.HasPrefix(l.Of, "for ") && !sent || strings.HasPrefix(l.Of, "of who") && !anonymous {
							continue
						}
						if end := never(l.after, since); end < got {
							got, holds = end, i
						}
					}
					if got != want {
						t.Fatalf("row %v, entity %v, expire %+v, purpose %v: it ends after %d days, the register says %d: %+v",
							s.Retention, e.Retention, e.Expire, ads.Retention, want, got, list)
					}
					if holds >= 0 {
						came[holds] = true
						first[list[holds].Declared]++
					}
				}
			}
		}
		for i, l := range list {
			if !came[i] {
				t.Fatalf("row %v, entity %v, expire %+v, purpose %v: %+v never ends anything", s.Retention, e.Retention, e.Expire, ads.Retention, l)
			}
		}
	}
	if len(first) < 4 {
		t.Errorf("only %v ever came first", first)
	}
}

// never is a day so long after another, and one that never comes for 0.
func never(d config.Duration, since int) int {
	if d == 0 {
		return 1 << 20
	}
	return since + int(time.Duration(d)/(24*time.Hour))
}
