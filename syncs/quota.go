package syncs

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limit is a rate that a platform permits.
type Limit struct {
	// Bucket says which requests draw from it: those that name it (an endpoint,
	// say), or every request where it is empty (the account, the application).
	Bucket string
	// Rate is how many a second.
	Rate float64
	// Burst is how many may go at once after a pause. Where 0, they are spread
	// evenly, and no second has more than Rate.
	Burst int
	Unit  Unit
}

// Least is how long requests, with rows in all, take at least where each of them
// draws from the limit.
func (l Limit) Least(requests, rows int64) time.Duration {
	n := requests
	if l.Unit == PerRow {
		n = rows
	}
	n -= int64(max(l.Burst, 1))
	if n <= 0 || l.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(n) / l.Rate * float64(time.Second))
}

// Unit is what a Limit counts.
type Unit int

// The units.
const (
	// PerRequest counts requests; one of a thousand rows counts once.
	PerRequest Unit = iota
	// PerRow counts operations. A request may exceed the burst; the next one
	// waits the longer.
	PerRow
)

// Quota is what an answer says of a window of time that a platform counts in.
type Quota struct {
	// Bucket is the one that it speaks of, as in Request.Bucket.
	Bucket string
	// Remaining is how many more are permitted before Reset, in the unit of the
	// bucket's first Limit.
	Remaining int64
	// Reset is how long the window lasts yet, counted from the answer.
	Reset time.Duration
}

// Quotas reads the customary headers at the instant of an answer: RateLimit of
// the IETF's draft (draft-ietf-httpapi-ratelimit-headers, every version of it)
// and X-RateLimit-*. They are taken to be about the given bucket. Nothing is
// returned unless both what remains and until when are there.
func Quotas(header http.Header, at time.Time, bucket string) []Quota {
	var quotas []Quota
	add := func(remaining, reset string) {
		n, err := strconv.ParseFloat(remaining, 64)
		wait, ok := until(reset, at)
		if err == nil && ok && n >= 0 && n < 1e15 {
			quotas = append(quotas, Quota{Bucket: bucket, Remaining: int64(n), Reset: wait})
		}
	}
	for policy := range strings.SplitSeq(strings.Join(header.Values("RateLimit"), ","), ",") {
		items := parameters(policy)
		add(items["r"], items["t"])
	}
	// An earlier draft had everything in one list.
	whole := parameters(strings.ReplaceAll(header.Get("RateLimit"), ",", ";"))
	add(whole["remaining"], whole["reset"])
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		add(first(header.Get(prefix+"Remaining")), first(header.Get(prefix+"Reset")))
	}
	return quotas
}

// parameters are the k=v of a text such as "default";r=50;t=30.
func parameters(text string) map[string]string {
	found := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			found[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return found
}

// first is a number without what may follow it, such as a policy.
func first(text string) string {
	text, _, _ = strings.Cut(text, ",")
	text, _, _ = strings.Cut(text, ";")
	return strings.TrimSpace(text)
}

// until reads when a window ends: seconds to go, or an instant in seconds or
// milliseconds since 1970, which nobody who means a duration would write. It
// is an hour at most.
func until(text string, at time.Time) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != n || n < 0 {
		return 0, false
	}
	switch {
	case n >= 1e11:
		n = n/1000 - float64(at.UnixMilli())/1000
	case n >= 1e8:
		n -= float64(at.UnixMilli()) / 1000
	}
	return time.Duration(min(max(n, 0), maxRetryAfter.Seconds()) * float64(time.Second)), true
}
