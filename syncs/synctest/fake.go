package synctest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fake is a fake of a vendor's platform: as strict as that is, with contents of
// its own. Those of the destinations are beside them, syncs/hubspot/hubspottest;
// customhouse fake serves them, and a Trial delivers to them.
type Fake interface {
	http.Handler

	// Contents are what is there, as something that encoding/json spells.
	Contents() any

	// Refuse answers as the platform does with a status of its own accord: 401,
	// 429, 500, 503.
	Refuse(w http.ResponseWriter, status int)

	// Violations are requests that no correct destination sends, and which the
	// platform itself would not complain of: one record in two requests at once.
	Violations() []string
}

// Faulty is a Fake of which requests go wrong by script.
type Faulty struct {
	Fake
	// Faults says what goes wrong with a request, counted from 1; nothing where
	// nil. It is asked by one goroutine at a time.
	Faults func(request int, r *http.Request) Fault
	// RetryAfter is the header of TooManyWait; "1" where empty.
	RetryAfter string
	// Latency is how long a Slow request takes.
	Latency time.Duration

	mu       sync.Mutex
	requests int
}

// Common are the faults that a Faulty knows, and a delivery outlives.
func Common() []Fault {
	return []Fault{TooMany, TooManyWait, ErrorBefore, ErrorAfter, ResetBefore, ResetAfter, Truncated, HalfJSON, Page}
}

// Requests is how many there were.
func (f *Faulty) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *Faulty) next(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if f.Faults == nil {
		return None
	}
	return f.Faults(f.requests, r)
}

// ServeHTTP serves the Fake, or does what goes wrong.
func (f *Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := f.next(r)
	switch fault { //nolint:exhaustive // The others are done by the platform first.
	case TooManyWait:
		after := f.RetryAfter
		if after == "" {
			after = "1"
		}
		w.Header().Set("Retry-After", after)
		f.Refuse(w, http.StatusTooManyRequests)
		return
	case TooMany:
		f.Refuse(w, http.StatusTooManyRequests)
		return
	case ErrorBefore:
		f.Refuse(w, http.StatusInternalServerError)
		return
	case Unauthorized:
		f.Refuse(w, http.StatusUnauthorized)
		return
	case ResetBefore:
		panic(http.ErrAbortHandler)
	case Page:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>Please log in</body></html>") // The sender may have gone away.
		return
	case Slow:
		time.Sleep(f.Latency)
	case None, ErrorAfter, ResetAfter, Truncated, HalfJSON, Hang:
	default:
		panic(fmt.Sprintf("synctest: a Faulty has no fault %d", fault))
	}
	if fault == None || fault == Slow {
		f.Fake.ServeHTTP(w, r)
		return
	}
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	f.Fake.ServeHTTP(answer, r)
	switch fault { //nolint:exhaustive // The others were seen to.
	case ErrorAfter:
		f.Refuse(w, http.StatusInternalServerError)
		return
	case ResetAfter:
		panic(http.ErrAbortHandler)
	case Hang:
		<-r.Context().Done()
		return
	}
	maps.Copy(w.Header(), answer.header)
	text := answer.body.Bytes()
	if fault == HalfJSON {
		text = text[:len(text)/2]
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(text) // The sender may have gone away.
	if fault == Truncated {
		panic(http.ErrAbortHandler) // The connection is cut before the last byte.
	}
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) } //nolint:wrapcheck // It never fails.

// Tokens is the part of a Fake that gives out OAuth tokens (RFC 6749). The zero
// value gives one to whoever asks with Canary.
type Tokens struct {
	// Uses is how many requests a token is good for; without end where 0.
	Uses int
	// Rotates says that each answer has a new refresh token.
	Rotates bool
	// Extra is added to each answer, as JSON without its braces.
	Extra string
	// Verify checks an assertion; any is good where nil.
	Verify func(assertion string) error

	mu     sync.Mutex
	issued int
	used   int
}

// Issued is how many tokens were given out.
func (t *Tokens) Issued() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.issued
}

// Valid says that a request carries the latest token, "Bearer ..." in the header
// Authorization, and counts its use.
func (t *Tokens) Valid(r *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.issued == 0 || r.Header.Get("Authorization") != "Bearer "+issuedToken(t.issued) {
		return false
	}
	t.used++
	return t.Uses == 0 || t.used <= t.Uses
}

func issuedToken(n int) string { return fmt.Sprintf("issued-access-token-%d", n) }

// ServeHTTP gives out a token.
func (t *Tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if problem := t.refuses(r); problem != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":"invalid_grant","error_description":%q}`, problem)
		return
	}
	t.issued, t.used = t.issued+1, 0
	var rest strings.Builder
	if t.Rotates {
		fmt.Fprintf(&rest, `,"refresh_token":"issued-refresh-token-%d"`, t.issued)
	}
	if t.Extra != "" {
		rest.WriteString("," + t.Extra)
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":1800%s}`, issuedToken(t.issued), rest.String())
}

// refuses is why no token is given, empty where one is.
func (t *Tokens) refuses(r *http.Request) string {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return "the body cannot be read"
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return "a form is posted to this address"
	}
	switch form.Get("grant_type") {
	case "refresh_token":
		good := []string{Canary, fmt.Sprintf("issued-refresh-token-%d", t.issued), fmt.Sprintf("issued-refresh-token-%d", t.issued-1)}
		if t.Rotates && t.issued > 1 {
			good = good[1:]
		}
		if !slices.Contains(good, form.Get("refresh_token")) {
			return "the refresh token is not known"
		}
	case "client_credentials":
		_, secret, basic := r.BasicAuth()
		if !basic {
			secret = form.Get("client_secret")
		}
		if secret != Canary {
			return "the client is not known"
		}
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		if t.Verify != nil {
			if err := t.Verify(form.Get("assertion")); err != nil {
				return err.Error()
			}
		}
	default:
		return "the grant type is not known"
	}
	return ""
}
