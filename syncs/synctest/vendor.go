package synctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Style is how a platform says what became of each row.
type Style int

// The styles. The zero value is invalid on purpose.
const (
	// Positional answers hold a result for each row, in the order of the rows.
	Positional Style = iota + 1
	// Sparse answers hold a number of rows that were taken, and errors: by the
	// index of the row, by a trace key that it was sent with, or as lists of
	// the keys that failed.
	SparseIndex
	SparseTrace
	SparseKeys
	// Counted answers say how many rows were refused, and not which.
	Counted
	// ResultFile platforms are told to start a job, are sent its rows, are told
	// that these were all, and give out a file of results, by key.
	ResultFile
	// JobErrors platforms start a job by taking its rows, and list its errors
	// by key once it has ended.
	JobErrors
	// JobCounts platforms do too, and say only how many were refused.
	JobCounts
)

// Styles are all styles.
func Styles() []Style {
	return []Style{Positional, SparseIndex, SparseTrace, SparseKeys, Counted, ResultFile, JobErrors, JobCounts}
}

func (s Style) String() string {
	return [...]string{"", "positional", "sparse by index", "sparse by trace key", "lists of keys", "counts", "result file", "job with errors", "job with counts"}[s]
}

// Jobs reports whether rows are worked on after the answer.
func (s Style) Jobs() bool { return s == ResultFile || s == JobErrors || s == JobCounts }

// Names reports whether the platform says which rows it refused.
func (s Style) Names() bool { return s != Counted && s != JobCounts }

// Object is what a platform keeps.
type Object string

// The objects of a Vendor.
const (
	// Records are upserted, updated, inserted, archived and deleted by key.
	Records Object = "records"
	// Members of audiences are added and removed by key, in requests of one kind.
	Members Object = "members"
	// Events are appended. KeyedEvents are known by their key: a second one adds
	// nothing.
	Events      Object = "events"
	KeyedEvents Object = "keyed_events"
)

// Objects are all objects.
func Objects() []Object { return []Object{Records, Members, Events, KeyedEvents} }

// Idempotent reports whether sending a row twice does what sending it once does.
func (o Object) Idempotent() bool { return o != Events }

// Kinds are what can be done with the object.
func (o Object) Kinds() []syncs.Kind {
	switch o {
	case Members:
		return []syncs.Kind{syncs.Add, syncs.Remove}
	case Events, KeyedEvents:
		return []syncs.Kind{syncs.Append}
	case Records:
		return []syncs.Kind{syncs.Upsert, syncs.Delete, syncs.Archive, syncs.Update, syncs.Insert}
	}
	panic("synctest: there is no object " + string(o))
}

// VendorOptions are how a Vendor behaves.
type VendorOptions struct {
	Style  Style
	Object Object
	// Faults says what goes wrong with a request, counted from 1; nothing where
	// nil. It is asked by one goroutine at a time. Redirect, Moved, Found and
	// Unauthorized are faults of Platform alone.
	Faults func(request int, r *http.Request) Fault
	// Poison says which rows the platform refuses, by key; none where nil.
	Poison func(key string) bool
	// Fate says how a job goes, counted from 1; Ends where nil.
	Fate func(job int) Fate
	// Polls is how often a job is asked for before it has ended.
	Polls int
	// Page is how many rows or errors of a job there are in an answer, 100
	// where 0.
	Page int
	// TokenUses is how many requests a token is good for; none is asked for
	// where 0. Each refresh gives a new refresh token; those before end when
	// the new token is used.
	TokenUses int
	// RetryAfter is the header of TooManyWait; "1" where nil.
	RetryAfter func() string
	// Latency is how long a Slow request takes.
	Latency time.Duration
}

// Fate is how a job goes.
type Fate int

// The fates of jobs. The zero value is a good one.
const (
	Ends Fate = iota
	// Hangs: it never ends, and does nothing.
	Hangs
	// Fails: it ends, and did nothing.
	Fails
	// Cuts: it did everything, and its results lack every other row. Of a
	// platform that counts, it fails.
	Cuts
)

// VendorStats count what a Vendor saw.
type VendorStats struct {
	Requests int
	// Jobs were started.
	Jobs int
	// Tokens were issued.
	Tokens int
	// Upserts and Removes were taken, once for each time that they came;
	// Refused were poisoned.
	Upserts, Removes, Refused int
	// Violations are breaches of the protocol, which must be empty.
	Violations []string
}

// Vendor is a platform as those of vendors are: with records, audiences or
// events, an answer in any Style, jobs, tokens and faults by script. It has a
// truth of its own to compare with. NewConnector makes its Destination.
type Vendor struct {
	options VendorOptions

	mu    sync.Mutex
	truth *truth
	jobs  []*vendorJob
	// uses are those of the latest token; inUse is the latest that was used.
	uses  int
	inUse int
	stats VendorStats
}

// NewVendor makes a platform that holds nothing.
func NewVendor(options VendorOptions) *Vendor {
	if options.Page == 0 {
		options.Page = 100
	}
	return &Vendor{options: options, truth: newTruth(options.Object == KeyedEvents)}
}

// Handler serves the platform.
func (v *Vendor) Handler() http.Handler { return http.HandlerFunc(v.serve) }

// Rows are the records or members by key, with the fields as JSON; a member
// has none.
func (v *Vendor) Rows() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.truth.records)
}

// Events are how often each event was appended, by key.
func (v *Vendor) Events() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := map[string]int{}
	for _, e := range v.truth.events {
		counts[e.Key]++
	}
	return counts
}

// Stats returns a copy of what was counted.
func (v *Vendor) Stats() VendorStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stats
	s.Violations = slices.Clone(s.Violations)
	return s
}

// vendorRow is a row as it is sent.
type vendorRow struct {
	Op     string          `json:"op"`
	Key    string          `json:"key"`
	Trace  string          `json:"trace"`
	Fields json.RawMessage `json:"fields,omitempty"`
}

// vendorBatch is the body of a request with rows.
type vendorBatch struct {
	Rows []vendorRow `json:"rows"`
}

// The answers of a Vendor.
type (
	vendorAnswer struct {
		Error string `json:"error,omitempty"`
		// Taken and Refused count rows.
		Taken   *int           `json:"taken,omitempty"`
		Refused *int           `json:"refused,omitempty"`
		Results []vendorResult `json:"results,omitempty"`
		Errors  []vendorResult `json:"errors,omitempty"`
		// Failed are keys by code.
		Failed  map[string][]string `json:"failed,omitempty"`
		Reasons []vendorReason      `json:"reasons,omitempty"`
		// Job, State and Next are of jobs.
		Job   string `json:"job,omitempty"`
		State string `json:"state,omitempty"`
		Next  int    `json:"next,omitempty"`
		// Access and Refresh are of tokens.
		Access  string `json:"access,omitempty"`
		Refresh string `json:"refresh,omitempty"`
	}
	vendorResult struct {
		Index *int   `json:"index,omitempty"`
		Trace string `json:"trace,omitempty"`
		Key   string `json:"key,omitempty"`
		Code  string `json:"code,omitempty"`
	}
	vendorReason struct {
		Code string `json:"code"`
		Rows int    `json:"rows"`
	}
)

func (v *Vendor) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return // The sender went away.
	}
	v.mu.Lock()
	v.stats.Requests++
	fault := None
	if v.options.Faults != nil {
		fault = v.options.Faults(v.stats.Requests, r)
	}
	v.mu.Unlock()
	answer := httptest.NewRecorder()
	switch fault {
	case TooMany:
		reply(w, http.StatusTooManyRequests, vendorAnswer{Error: "slow down"})
		return
	case TooManyWait:
		after := "1"
		if v.options.RetryAfter != nil {
			after = v.options.RetryAfter()
		}
		w.Header().Set("Retry-After", after)
		reply(w, http.StatusTooManyRequests, vendorAnswer{Error: "slow down"})
		return
	case TooManyWindow:
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.Header().Set("X-Ratelimit-Reset", "1")
		reply(w, http.StatusTooManyRequests, vendorAnswer{Error: "slow down"})
		return
	case ErrorBefore:
		reply(w, http.StatusInternalServerError, vendorAnswer{Error: "oops"})
		return
	case ResetBefore:
		panic(http.ErrAbortHandler)
	case Page:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>Please log in</body></html>")
		return
	case ErrorBody:
		reply(w, http.StatusOK, vendorAnswer{Error: "try again later"})
		return
	case Slow:
		time.Sleep(v.options.Latency)
	case None, ErrorAfter, ResetAfter, Truncated, HalfJSON, Hang, Partial, RowErrors, Shuffled, Doubled:
	case Redirect, Moved, Found, Unauthorized:
		panic(fmt.Sprintf("synctest: a Vendor has no fault %d", fault))
	}
	v.handle(answer, r, body, fault)
	switch fault {
	case ErrorAfter:
		reply(w, http.StatusInternalServerError, vendorAnswer{Error: "oops"})
		return
	case ResetAfter:
		panic(http.ErrAbortHandler)
	case Hang:
		<-r.Context().Done()
		return
	case None, TooMany, TooManyWait, TooManyWindow, ErrorBefore, ResetBefore, Truncated, HalfJSON, Page, Redirect, Moved, Found,
		Unauthorized, Slow, Partial, RowErrors, ErrorBody, Shuffled, Doubled:
	}
	text := answer.Body.Bytes()
	maps.Copy(w.Header(), answer.Header())
	switch fault { //nolint:exhaustive // The others were seen to.
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(text)
		panic(http.ErrAbortHandler) // The connection is cut before the last byte.
	case HalfJSON:
		text = text[:len(text)/2]
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(text) // The sender may have gone away.
}

// handle does what is asked for.
func (v *Vendor) handle(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if parts[0] == "token" {
		v.token(w, body)
		return
	}
	if !v.authorized(r.Header.Get("Authorization")) {
		reply(w, http.StatusUnauthorized, vendorAnswer{Error: "the token has expired"})
		return
	}
	if parts[0] == "jobs" {
		v.job(w, r, parts[1:], body, fault)
		return
	}
	rows, ok := v.read(w, body)
	if !ok {
		return
	}
	if v.options.Style.Jobs() {
		j := v.open()
		j.rows, j.uploaded = rows, true
		v.close(j, fault)
		reply(w, http.StatusAccepted, vendorAnswer{Job: j.id})
		return
	}
	mentioned := rows
	if fault == Partial {
		mentioned = rows[:(len(rows)+1)/2]
	}
	code, a := v.report(mentioned, v.take(mentioned, fault), fault)
	reply(w, code, a)
}

// read reads rows and checks that they may come together.
func (v *Vendor) read(w http.ResponseWriter, body []byte) ([]vendorRow, bool) {
	var b vendorBatch
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	problem := ""
	if err := d.Decode(&b); err != nil {
		problem = fmt.Sprintf("the body is not a batch: %v", err)
	}
	seen := map[string]bool{}
	for _, row := range b.Rows {
		switch {
		case seen[row.Key]:
			problem = "one key twice in a batch"
		case v.options.Object == Members && (row.Op != b.Rows[0].Op || row.Fields != nil):
			problem = "members are added or removed, in requests of one kind"
		case !slices.Contains(v.options.Object.Kinds(), syncs.KindOf(row.Op)):
			problem = "there is no such operation"
		}
		seen[row.Key] = true
	}
	if problem != "" {
		v.stats.Violations = append(v.stats.Violations, problem)
		reply(w, http.StatusForbidden, vendorAnswer{Error: problem})
	}
	return b.Rows, problem == ""
}

// unfit is the code of a row that is refused.
const unfit = "unfit"

// take does what rows ask for, and returns what became of each.
func (v *Vendor) take(rows []vendorRow, fault Fault) []string {
	answers := make([]string, len(rows))
	for i, row := range rows {
		switch {
		case v.options.Poison != nil && v.options.Poison(row.Key), fault == RowErrors && i%2 == 1:
			answers[i] = unfit
			v.stats.Refused++
			continue
		case syncs.KindOf(row.Op).Leaves():
			v.stats.Removes++
		default:
			v.stats.Upserts++
		}
		answers[i] = v.truth.apply(Operation{Op: row.Op, Key: row.Key, Fields: row.Fields})
	}
	return answers
}

// report says in the platform's style what became of rows.
func (v *Vendor) report(rows []vendorRow, answers []string, fault Fault) (int, vendorAnswer) {
	a, other, refused := vendorAnswer{}, 0, 0
	for i, row := range rows {
		if answers[i] == unfit {
			refused++
		}
		if answers[i] != statusOK {
			other++
		}
		switch {
		case v.options.Style == Positional:
			a.Results = append(a.Results, vendorResult{Code: answers[i]})
		case answers[i] == statusOK:
		case v.options.Style == SparseIndex:
			a.Errors = append(a.Errors, vendorResult{Index: &i, Code: answers[i]})
		case v.options.Style == SparseTrace:
			a.Errors = append(a.Errors, vendorResult{Trace: row.Trace, Code: answers[i]})
		case v.options.Style == SparseKeys:
			if a.Failed == nil {
				a.Failed = map[string][]string{}
			}
			a.Failed[answers[i]] = append(a.Failed[answers[i]], row.Key)
		}
	}
	switch v.options.Style {
	case Positional, ResultFile, JobErrors, JobCounts:
	case Counted:
		taken := len(rows) - refused
		a.Taken, a.Refused = &taken, &refused
		if refused > 0 {
			a.Reasons = []vendorReason{{Code: unfit, Rows: refused}}
		}
	case SparseIndex, SparseTrace, SparseKeys:
		taken := len(rows) - other
		a.Taken = &taken
	}
	if fault == Shuffled && v.options.Style != Positional {
		slices.Reverse(a.Errors)
		for _, keys := range a.Failed {
			slices.Reverse(keys)
		}
	}
	if fault == Doubled {
		a.Results, a.Errors = twice(a.Results), twice(a.Errors)
		for code, keys := range a.Failed {
			a.Failed[code] = twice(keys)
		}
	}
	if other > 0 && v.options.Style == SparseTrace {
		return http.StatusMultiStatus, a
	}
	return http.StatusOK, a
}

func twice[T any](list []T) []T { return append(slices.Clip(list), list...) }

// authorized uses the latest token.
func (v *Vendor) authorized(header string) bool {
	if v.options.TokenUses == 0 {
		return true
	}
	v.uses++
	ok := v.stats.Tokens > 0 && v.uses <= v.options.TokenUses && header == "Bearer "+accessToken(v.stats.Tokens)
	if ok {
		v.inUse = v.stats.Tokens
	}
	return ok
}

func accessToken(n int) string { return fmt.Sprintf("access-token-%d", n) }

// refreshToken is the one that came with the n-th token.
func refreshToken(n int) string {
	if n == 0 {
		return Canary
	}
	return fmt.Sprintf("refresh-token-%d", n)
}

// token issues the next token for the latest refresh token. The first is given
// for Canary.
func (v *Vendor) token(w http.ResponseWriter, body []byte) {
	var good []string
	for n := v.inUse; n <= v.stats.Tokens; n++ {
		good = append(good, refreshToken(n)) // Nobody may have read the answer with a later one.
	}
	if !slices.Contains(good, string(body)) {
		reply(w, http.StatusBadRequest, vendorAnswer{Error: "invalid_grant"})
		return
	}
	v.stats.Tokens++
	v.uses = 0
	reply(w, http.StatusOK, vendorAnswer{Access: accessToken(v.stats.Tokens), Refresh: refreshToken(v.stats.Tokens)})
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, a vendorAnswer) {
	body, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Sprintf("synctest: encoding an answer: %v", err)) // It is made of texts.
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // The sender may have gone away.
}
