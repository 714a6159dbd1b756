package syncs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
)

func TestQuotas(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) // 1795305600
	for name, test := range map[string]struct {
		header []string
		want   []syncs.Quota
	}{
		"none":                 {},
		"draft 9":              {[]string{"RateLimit", `"default";r=50;t=30`}, []syncs.Quota{{Bucket: "b", Remaining: 50, Reset: 30 * time.Second}}},
		"draft 9, two":         {[]string{"RateLimit", `"second";r=5;t=1, "day";r=900;t=600`}, []syncs.Quota{{"b", 5, time.Second}, {"b", 900, 10 * time.Minute}}},
		"draft 7":              {[]string{"RateLimit", "limit=100, remaining=50, reset=5"}, []syncs.Quota{{"b", 50, 5 * time.Second}}},
		"draft 3":              {[]string{"RateLimit-Remaining", "7", "RateLimit-Reset", "2"}, []syncs.Quota{{"b", 7, 2 * time.Second}}},
		"seconds":              {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "12"}, []syncs.Quota{{"b", 0, 12 * time.Second}}},
		"an instant":           {[]string{"X-RateLimit-Remaining", "3", "X-RateLimit-Reset", "1795305640"}, []syncs.Quota{{"b", 3, 40 * time.Second}}},
		"an instant, in ms":    {[]string{"X-Rate-Limit-Remaining", "3", "X-Rate-Limit-Reset", "1795305600500"}, []syncs.Quota{{"b", 3, 500 * time.Millisecond}}},
		"an instant that past": {[]string{"X-RateLimit-Remaining", "3", "X-RateLimit-Reset", "1795305000"}, []syncs.Quota{{"b", 3, 0}}},
		"a year":               {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "31536000"}, []syncs.Quota{{"b", 0, time.Hour}}},
		"with a policy":        {[]string{"X-RateLimit-Remaining", "4, 4;w=1", "X-RateLimit-Reset", "1"}, []syncs.Quota{{"b", 4, time.Second}}},
		"half":                 {header: []string{"X-RateLimit-Remaining", "4"}},
		"negative":             {header: []string{"X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "-1"}},
		"no numbers":           {header: []string{"X-RateLimit-Remaining", "some", "X-RateLimit-Reset", "soon", "RateLimit", "NaN;r=NaN;t=NaN"}},
	} {
		header := http.Header{}
		for i := 0; i < len(test.header); i += 2 {
			header.Set(test.header[i], test.header[i+1])
		}
		if diff := cmp.Diff(test.want, syncs.Quotas(header, at, "b")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzQuotas(f *testing.F) {
	f.Add(`"default";r=50;t=30`, "7", "1e300")
	f.Add("limit=1, remaining=NaN, reset=Inf", "-0", "0x10")
	f.Fuzz(func(t *testing.T, combined, remaining, reset string) {
		header := http.Header{"Ratelimit": {combined}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}}
		for _, q := range syncs.Quotas(header, time.Unix(1_795_305_600, 0), "") {
			if q.Remaining < 0 || q.Reset < 0 || q.Reset > time.Hour {
				t.Errorf("%+v", q)
			}
		}
	})
}

func TestLeast(t *testing.T) {
	for _, c := range []struct {
		limit          syncs.Limit
		requests, rows int64
		want           time.Duration
	}{
		{syncs.Limit{Rate: 2}, 1, 1000, 0},
		{syncs.Limit{Rate: 2}, 11, 11_000, 5 * time.Second},
		{syncs.Limit{Rate: 2, Burst: 5}, 11, 11_000, 3 * time.Second},
		{syncs.Limit{Rate: 1000, Unit: syncs.PerRow}, 11, 11_001, 11 * time.Second},
		{syncs.Limit{Rate: 2}, 0, 0, 0},
		{syncs.Limit{}, 11, 11_000, 0},
	} {
		if got := c.limit.Least(c.requests, c.rows); got != c.want {
			t.Errorf("%+v: %d requests of %d rows take %v, want %v", c.limit, c.requests, c.rows, got, c.want)
		}
	}
}
