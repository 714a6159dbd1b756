package syncs

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is what a longer wish is cut to.
const maxRetryAfter = time.Hour

// RetryAfter is how long the Retry-After header asks to wait after the instant
// at: seconds, or a date. It is 0 where the header is absent, past or no such
// thing, and an hour at most.
func RetryAfter(header http.Header, at time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789.") == "" {
		// Some send fractions. What is out of range becomes infinite, which is
		// above any limit; what is malformed becomes 0.
		seconds, err := strconv.ParseFloat(text, 64)
		if err == nil || seconds > 0 {
			return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
		}
		return 0
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(at), 0), maxRetryAfter)
}
