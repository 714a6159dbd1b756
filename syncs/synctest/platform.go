package synctest

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// Fault is something that goes wrong with one request.
type Fault int

// The faults. The zero value is none.
const (
	None Fault = iota
	// TooMany answers 429, TooManyWait with Options.RetryAfter as well.
	TooMany
	TooManyWait
	// ErrorBefore answers 500 and takes nothing, ErrorAfter takes everything.
	ErrorBefore
	ErrorAfter
	// ResetBefore cuts the connection before anything was taken, ResetAfter
	// once everything was.
	ResetBefore
	ResetAfter
	// Truncated takes everything and cuts the connection within the answer.
	Truncated
	// HalfJSON takes everything and answers 200 with half of a JSON object.
	HalfJSON
	// Page takes nothing and answers 200 with HTML.
	Page
	// Redirect answers 307 to elsewhere, Moved 301 and Found 302.
	Redirect
	Moved
	Found
	// Unauthorized answers 401.
	Unauthorized
	// Slow answers after Options.Latency.
	Slow
	// Partial takes half of the operations and speaks of no other.
	Partial
	// RowErrors takes every other operation, and rejects the rest one by one.
	RowErrors
	// ErrorBody takes nothing and says so, in an answer of status 200.
	ErrorBody
	// Hang takes everything, and does not answer.
	Hang
	// TooManyWindow answers 429 and says in X-RateLimit headers that the window
	// of a second is used up.
	TooManyWindow
	// Shuffled answers by row in another order, where the style of the answer
	// says which row is meant; Doubled says all of it twice.
	Shuffled
	Doubled
)

// Passing are the faults that a delivery is expected to outlive, by asking again.
func Passing() []Fault {
	return []Fault{TooMany, TooManyWait, TooManyWindow, ErrorBefore, ErrorAfter, ResetBefore, ResetAfter, Truncated, HalfJSON, Page, Partial}
}

// Options are how a Platform behaves.
type Options struct {
	// Secret verifies signatures; they are not looked at where it is empty.
	Secret string
	// Now tells the age of signatures; it is not looked at where nil.
	Now func() time.Time
	// Faults says what goes wrong with a request, counted from 1; nothing
	// where nil. It is asked by one goroutine at a time.
	Faults func(request int) Fault
	// Poison says which operations the platform refuses; none where nil.
	Poison func(op Operation) bool
	// Indexed answers by row; otherwise a batch with a poisoned operation is
	// refused as a whole, with 422.
	Indexed bool
	// Echo makes refusals repeat what was sent, as careless platforms do.
	Echo bool
	// EventKeys makes it do nothing with an event whose key it knows, and
	// otherwise forget idempotency keys for batches of events, as most do.
	EventKeys bool
	// RetryAfter is the header of TooManyWait; "1" where nil.
	RetryAfter func() string
	// Latency is how long a Slow request takes, and Delay how long each does.
	Latency, Delay time.Duration
}

// Operation is one operation of a batch, as the platform reads it.
type Operation struct {
	Op     string          `json:"op"`
	Key    string          `json:"key"`
	ID     int64           `json:"id"`
	Fields json.RawMessage `json:"fields"`
}

// Stats count what a Platform saw.
type Stats struct {
	// Requests counts all of them, Statuses by the status that was answered;
	// 0 stands for a connection that was cut.
	Requests int
	Statuses map[int]int
	// Upserts were taken with values, Removes without, Refused were poisoned.
	Upserts, Removes, Refused int
	// Replays were requests whose idempotency key was known: nothing was done.
	Replays int
	// Violations are breaches of the protocol, which must be empty.
	Violations []string
}

// Platform is a platform that a webhook delivers to: a small CRM with a truth
// of its own, which checks signatures and idempotency keys, and fails by
// script. It serves tests and demonstrations; see NewPlatform.
type Platform struct {
	options Options

	mu    sync.Mutex
	truth *truth
	// done are the answers behind each idempotency key that was taken, by
	// operation.
	done map[string][]string
	// seen are those behind each key that was ever sent.
	seen map[string]string
	// busy are the keys of the batches in flight.
	busy  map[string]bool
	stats Stats
}

// NewPlatform makes a platform without records.
func NewPlatform(options Options) *Platform {
	return &Platform{
		options: options,
		truth:   newTruth(options.EventKeys),
		done:    map[string][]string{},
		seen:    map[string]string{},
		busy:    map[string]bool{},
		stats:   Stats{Statuses: map[int]int{}},
	}
}

// Handler serves batches at any path.
func (p *Platform) Handler() http.Handler { return http.HandlerFunc(p.serve) }

// Stats returns a copy of what was counted.
func (p *Platform) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Statuses = maps.Clone(s.Statuses)
	s.Violations = slices.Clone(s.Violations)
	return s
}

// batch is the body of a request.
type batch struct {
	Sync       string      `json:"sync"`
	RunID      string      `json:"run_id"`
	SentAt     time.Time   `json:"sent_at"`
	Object     string      `json:"object"`
	Operations []Operation `json:"operations"`
}

// answer is what a Platform says.
type answer struct {
	Error   string      `json:"error,omitempty"`
	Results []rowResult `json:"results,omitempty"`
}

type rowResult struct {
	Index   int    `json:"index"`
	Status  string `json:"status"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

func (p *Platform) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return // The sender went away.
	}
	fault, b, problem := p.begin(r.Header, body)
	defer p.end(b)
	if p.options.Delay > 0 {
		time.Sleep(p.options.Delay)
	}
	if problem != "" {
		p.violate(problem)
		p.reply(w, http.StatusForbidden, answer{Error: problem})
		return
	}
	key := r.Header.Get(webhook.IdempotencyKey)
	switch fault {
	case TooMany:
		p.reply(w, http.StatusTooManyRequests, answer{Error: "slow down"})
	case TooManyWait:
		after := "1"
		if p.options.RetryAfter != nil {
			after = p.options.RetryAfter()
		}
		w.Header().Set("Retry-After", after)
		p.reply(w, http.StatusTooManyRequests, answer{Error: "slow down"})
	case TooManyWindow:
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.Header().Set("X-Ratelimit-Reset", "1")
		p.reply(w, http.StatusTooManyRequests, answer{Error: "slow down"})
	case ErrorBefore:
		p.reply(w, http.StatusInternalServerError, answer{Error: "oops"})
	case ErrorAfter:
		p.take(key, b)
		p.reply(w, http.StatusInternalServerError, answer{Error: "oops"})
	case ResetBefore:
		p.cut()
	case ResetAfter:
		p.take(key, b)
		p.cut()
	case Truncated:
		p.take(key, b)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"results":[`) // The connection is cut next.
		p.cut()
	case HalfJSON:
		p.take(key, b)
		p.text(w, "application/json", `{"results":[{"index":0,"sta`)
	case Page:
		p.text(w, "text/html", "<html><body>Please log in</body></html>")
	case Redirect, Moved, Found:
		w.Header().Set("Location", "http://elsewhere.invalid/")
		status := map[Fault]int{Redirect: http.StatusTemporaryRedirect, Moved: http.StatusMovedPermanently, Found: http.StatusFound}
		p.reply(w, status[fault], answer{})
	case RowErrors:
		p.rowErrors(w, b)
	case ErrorBody:
		p.reply(w, http.StatusOK, answer{Error: "the import failed"})
	case Hang:
		p.take(key, b)
		p.end(b) // The sender may come again before it is noticed to have left.
		<-r.Context().Done()
		p.status(0)
	case Unauthorized:
		p.reply(w, http.StatusUnauthorized, answer{Error: "the key was revoked"})
	case Partial:
		p.partial(w, b)
	case Slow:
		time.Sleep(p.options.Latency)
		p.respond(w, key, b, fault)
	case None, Shuffled, Doubled:
		p.respond(w, key, b, fault)
	}
}

// begin counts a request, checks it and reserves its records.
func (p *Platform) begin(header http.Header, body []byte) (fault Fault, b batch, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Requests++
	if p.options.Faults != nil {
		fault = p.options.Faults(p.stats.Requests)
	}
	if problem := p.verify(header, body); problem != "" {
		return fault, b, problem
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return fault, batch{}, fmt.Sprintf("the body is not a batch: %v", err)
	}
	var identity strings.Builder
	for _, op := range b.Operations {
		fmt.Fprintf(&identity, "%s %q %s\n", op.Op, op.Key, op.Fields)
	}
	key := header.Get(webhook.IdempotencyKey)
	if known, ok := p.seen[key]; ok && known != identity.String() {
		return fault, batch{}, "one idempotency key for different operations"
	}
	p.seen[key] = identity.String()
	for i, op := range b.Operations {
		if p.busy[op.Key] {
			b.Operations = b.Operations[:i]
			return fault, b, "one record in two requests at once"
		}
		p.busy[op.Key] = true
	}
	return fault, b, ""
}

// verify checks the headers.
func (p *Platform) verify(header http.Header, body []byte) string {
	if header.Get(webhook.IdempotencyKey) == "" {
		return "no idempotency key"
	}
	if p.options.Secret == "" {
		return ""
	}
	timestamp := header.Get(webhook.TimestampHeader)
	want := webhook.Signature([]byte(p.options.Secret), timestamp, body)
	if !hmac.Equal([]byte(want), []byte(header.Get(webhook.SignatureHeader))) {
		return "the signature is wrong"
	}
	if p.options.Now == nil {
		return ""
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || p.options.Now().Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return "the signature is too old"
	}
	return ""
}

func (p *Platform) end(b batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, op := range b.Operations {
		delete(p.busy, op.Key)
	}
}

func (p *Platform) violate(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Violations = append(p.stats.Violations, problem)
}

// respond does what a batch asks for, or refuses it.
func (p *Platform) respond(w http.ResponseWriter, key string, b batch, fault Fault) {
	poisoned := p.poisoned(b)
	if len(poisoned) > 0 && !p.options.Indexed {
		p.reply(w, http.StatusUnprocessableEntity, answer{Error: p.reason(b.Operations[poisoned[0]])})
		return
	}
	answers := p.take(key, b)
	if !p.options.Indexed {
		p.reply(w, http.StatusOK, answer{})
		return
	}
	results := make([]rowResult, len(b.Operations))
	for i, op := range b.Operations {
		results[i] = rowResult{Index: i, Status: answers[i]}
		if slices.Contains(poisoned, i) {
			results[i] = rowResult{Index: i, Status: "rejected", Code: "unfit", Message: p.reason(op)}
		}
	}
	if fault == Shuffled {
		slices.Reverse(results)
	}
	if fault == Doubled {
		results = twice(results)
	}
	p.reply(w, http.StatusOK, answer{Results: results})
}

// partial takes the first half of a batch, and speaks of nothing else.
func (p *Platform) partial(w http.ResponseWriter, b batch) {
	half := b
	half.Operations = b.Operations[:(len(b.Operations)+1)/2]
	poisoned := p.poisoned(half)
	answers := p.take("", half)
	results := []rowResult{}
	for i, op := range slices.Backward(half.Operations) {
		result := rowResult{Index: i, Status: answers[i]}
		if slices.Contains(poisoned, i) {
			result = rowResult{Index: i, Status: "rejected", Code: "unfit", Message: p.reason(op)}
		}
		results = append(results, result, result) // In no order, and twice.
	}
	p.reply(w, http.StatusMultiStatus, answer{Results: results})
}

// rowErrors takes every other operation.
func (p *Platform) rowErrors(w http.ResponseWriter, b batch) {
	some, taken := batch{}, []int{}
	results := make([]rowResult, len(b.Operations))
	for i, op := range b.Operations {
		results[i] = rowResult{Index: i, Status: "rejected", Code: "busy", Message: "the record is busy"}
		if i%2 == 0 && len(p.poisoned(batch{Operations: []Operation{op}})) == 0 {
			some.Operations = append(some.Operations, op)
			taken = append(taken, i)
		}
	}
	for i, answer := range p.take("", some) {
		results[taken[i]] = rowResult{Index: taken[i], Status: answer}
	}
	p.reply(w, http.StatusOK, answer{Results: results})
}

func (p *Platform) reason(op Operation) string {
	if p.options.Echo {
		return fmt.Sprintf("record %s is unfit: %s", op.Key, op.Fields)
	}
	return "the record is unfit"
}

func (p *Platform) poisoned(b batch) []int {
	var list []int
	if p.options.Poison != nil {
		for i, op := range b.Operations {
			if p.options.Poison(op) {
				list = append(list, i)
			}
		}
	}
	return list
}

// take does the operations of a batch, once for each idempotency key, and
// returns what is to be answered for each. Poisoned operations are left out.
func (p *Platform) take(key string, b batch) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.options.EventKeys && slices.ContainsFunc(b.Operations, func(op Operation) bool { return syncs.KindOf(op.Op) == syncs.Append }) {
		key = ""
	}
	if answers, known := p.done[key]; known && key != "" {
		p.stats.Replays++
		return answers
	}
	answers := make([]string, len(b.Operations))
	for i, op := range b.Operations {
		switch {
		case p.options.Poison != nil && p.options.Poison(op):
			p.stats.Refused++
			continue
		case syncs.KindOf(op.Op).Leaves():
			p.stats.Removes++
		default:
			p.stats.Upserts++
		}
		answers[i] = p.truth.apply(op)
	}
	p.done[key] = answers
	return answers
}

// reply answers with JSON.
func (p *Platform) reply(w http.ResponseWriter, status int, a answer) {
	body, err := json.Marshal(a)
	if err != nil {
		panic(fmt.Sprintf("synctest: encoding an answer: %v", err)) // It is made of texts.
	}
	p.status(status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // The sender may have gone away.
}

func (p *Platform) text(w http.ResponseWriter, kind, body string) {
	p.status(http.StatusOK)
	w.Header().Set("Content-Type", kind)
	_, _ = io.WriteString(w, body) // The sender may have gone away.
}

// cut ends the connection without an answer.
func (p *Platform) cut() {
	p.status(0)
	panic(http.ErrAbortHandler)
}

func (p *Platform) status(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Statuses[status]++
}
