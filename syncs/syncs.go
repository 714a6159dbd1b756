// Package syncs is the contract of destinations: what a sync delivers, how a
// destination spells it as requests and how it reads the answers.
//
// The package holds nouns only. It never sends, waits, reads a clock or opens
// a file, and neither does a destination: that is the work of syncs/deliver.
// Start at Destination; syncs/webhook is a short one, and syncs/synctest.Run
// is the suite that each must pass.
package syncs

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Destination encodes operations for a platform and decodes its answers. Both
// are pure: no clock, no network, no files; the engine (syncs/deliver) owns
// all of that. A Destination is safe for concurrent use.
type Destination interface {
	// Spec says what the destination can do. It does not change.
	Spec() Spec

	// Encode turns the operations of one chunk into requests. Every operation
	// is in exactly one request (by index into ops) or rejected; rejected
	// operations never reach the wire. The engine may encode the same
	// operations again, alone or in other company: an idempotency key depends
	// on nothing but them. The requests must not share memory with the chunk.
	Encode(chunk Chunk) ([]Request, []Rejection)

	// Decode says what became of each operation of a request. It is called
	// only with a complete response; an operation that Outcome does not
	// mention counts as unanswered, never as accepted.
	Decode(req Request, resp *Response) Outcome
}

// Op is one row to deliver.
type Op struct {
	Kind Kind
	// Key identifies the row at the destination.
	Key string
	// EntityID is the warehouse's id of whom the row is about.
	EntityID int64
	// Fingerprint stands for the values; it goes to the ledger.
	Fingerprint string
	// Values are in the order of Schema.Fields; nil where Kind.Leaves.
	Values []any
}

// Field is one mapped field.
type Field struct {
	// Name is the field's, with dots where it is inside of objects.
	Name string
	// Path leads to the field through the objects that hold it; its name is
	// last. Where a destination knows no objects, Name is the field's name.
	Path []string
	Type Type
	// SkipNull leaves the field out where it has no value; otherwise nil empties
	// it.
	SkipNull bool
	// SetIfEmpty keeps the value that the destination has; only where
	// Spec.SetIfEmpty.
	SetIfEmpty bool
}

// Type is the kind of a Field's values: nil always, and otherwise string,
// int64, float64, string (Decimal), bool, time.Time (Timestamp, Date) or []any.
type Type int

// The types. The zero value is invalid on purpose.
const (
	String Type = iota + 1
	Int
	Float
	Decimal
	Bool
	Timestamp
	Date
	List
)

var types = []string{
	String: "string", Int: "int", Float: "float", Decimal: "decimal", Bool: "bool",
	Timestamp: "timestamp", Date: "date", List: "list",
}

// String is the name of a type, empty where there is none.
func (t Type) String() string {
	if t < 1 || int(t) >= len(types) {
		return ""
	}
	return types[t]
}

// MarshalText is String.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the name of a type.
func (t *Type) UnmarshalText(text []byte) error {
	i := slices.Index(types[1:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no type of a field", text)
	}
	*t = Type(i + 1)
	return nil
}

// Schema is what a sync maps.
type Schema struct {
	Sync   string
	Object string
	// Key is the name of the field that identifies a row; it is one of Fields.
	Key    string
	Fields []Field
	// Consents are those of Google's, "ad_user_data" and "ad_personalization", that
	// whoever is sent has given for the purpose of the sync, unless the row says
	// otherwise. What is not among them nobody has given.
	Consents []string
}

// Chunk is the operations that Encode sees at once: at most Spec.Batch of
// them, of one sync.
type Chunk struct {
	Schema Schema
	RunID  string
	// Number counts the chunks of a run from 1.
	Number int
	// AsOf is the instant that the data is of: the same for all of a run.
	AsOf time.Time
	// SentAt is the instant that signatures and envelopes carry.
	SentAt time.Time
	// Secrets are the resolved secrets of the destination's configuration.
	Secrets func(secret.Ref) secret.Value
	// Token is the credential that was issued last in this run; zero before,
	// and for a destination that is no Refresher.
	Token Token
	// Replacement is what the operations are part of, of a Finisher that replaces
	// all that there is; nil otherwise.
	Replacement *Replacement
	Ops         []Op
}

// Request is what the engine sends: exactly one of HTTP and File is set.
type Request struct {
	HTTP *HTTPRequest
	File *FileRequest
	// Ops are indexes into Chunk.Ops.
	Ops []int
	// Idempotent says that sending the operations twice, alone or in other
	// company, does what sending them once does: they set what is there, or
	// carry a key that the platform remembers. Only then is a request repeated
	// or halved when nobody can say whether it was taken.
	Idempotent bool
	// Bucket names the Limits that the request draws from, beside those of
	// every request; an endpoint, mostly. It may be empty.
	Bucket string
	// Mark is the destination's own: Decode finds what Encode left there.
	Mark string
	// Values count what was done to the values of the operations, where the
	// platform wants them in a form of its own; see syncs/identify.
	Values []Values
}

// Values is how many values of a field had one fate on their way to a request.
type Values struct {
	Field string
	Fate  Fate
	// Reason is why they were dropped.
	Reason string
	Count  int
}

// Fate is what became of a value on its way to a request.
type Fate int

// The fates. The zero value is invalid on purpose.
const (
	// Sent is as it was, or the digest of it.
	Sent Fate = iota + 1
	// Normalised was changed before it was sent, or before it was hashed.
	Normalised
	// Prehashed came as a digest.
	Prehashed
	// Dropped was left out.
	Dropped
)

var fates = []string{Sent: "sent", Normalised: "normalised", Prehashed: "hashed before", Dropped: "dropped"}

// String is the name of a fate, empty where it is none.
func (f Fate) String() string {
	if f < 1 || int(f) >= len(fates) {
		return ""
	}
	return fates[f]
}

// HTTPRequest is a request over HTTP.
type HTTPRequest struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// FileRequest is a file, or what is to be appended to one, of those that a run
// publishes at Spec.Place. Names use forward slashes.
type FileRequest struct {
	// Dir is the folder that the run's files are published in, where nothing else
	// ever is: it is there with all of them, or not at all. Where it is empty the
	// files are put beside others, each under its own name.
	Dir string
	// Name is the file's in Dir. Where that is empty folders may come before it.
	Name string
	// Replace says that a file of that name which is there is to be replaced;
	// otherwise the delivery stops.
	Replace bool
	// Append says that the body goes to the end of the file, with Head before it
	// where it is the file's first.
	Append     bool
	Head, Body []byte
	// Rows is how many rows the body holds, for the manifest.
	Rows int
	// Manifest is the manifest's name, in Dir. It is the same in all requests of a
	// run, and never that of a file which is there.
	Manifest string
}

// Response is a platform's complete answer. For a FileRequest it has status
// 200 once the part is safely staged.
type Response struct {
	Status int
	Header http.Header
	// Body is cut at 1 MB.
	Body []byte
	// ReceivedAt is when the answer was complete, by the engine's clock.
	ReceivedAt time.Time
}

// Verdict is about a request as a whole.
type Verdict int

// The verdicts. The zero value is invalid on purpose.
const (
	// Rows: look at Outcome.Rows.
	Rows Verdict = iota + 1
	// Retry: nothing was taken for a reason that passes (429, 503).
	Retry
	// Split: the request was refused as a whole; halve it to find the culprit.
	Split
	// Fatal: nothing of this sync can succeed now (401, 404); stop it.
	Fatal
	// Unknown: the answer does not say whether anything was taken (500, 504,
	// half of an answer).
	Unknown
	// Expired: nothing was taken, since the credential is not accepted any more.
	// It is Fatal where the destination is no Refresher.
	Expired
	// Started: the rows were handed to a job, which has to be asked for; only
	// of a Poller.
	Started
)

// Outcome is a decoded answer.
type Outcome struct {
	Verdict Verdict
	// Rows has one entry for each operation of the request that the answer
	// speaks of.
	Rows []RowResult
	// Unnamed are refusals that the platform counts without saying which rows
	// they are about, which therefore count as accepted in Rows.
	Unnamed []Unnamed
	// Job is what to ask for, where the verdict is Started.
	Job Handle
	// Wait is how long the platform asks to wait, for Retry and Unknown. All
	// requests of the same bucket do. For Started it is how long to wait before
	// the job is asked for, and concerns nothing else.
	Wait time.Duration
	// Throttled says that a request was refused for the rate of requests: the
	// engine goes slower for a while.
	Throttled bool
	// Quotas are what the answer said of the platform's windows; the engine
	// reads the customary headers itself (see Quotas) where there are none.
	Quotas []Quota
	// Code and Message explain all but Rows; no row content.
	Code, Message string
}

// RowResult is what became of one operation.
type RowResult struct {
	// Op is an index into Chunk.Ops.
	Op int
	// Accepted, Exists or Absent is true; the row was rejected where none is.
	// Exists says that the destination has the row already, Absent that it lacks
	// it. The engine takes either as a rejection of kinds of operations for which
	// that says nothing: see Kind.MayExist and Kind.MayBeAbsent.
	Accepted, Exists, Absent bool
	// Code and Message explain a rejection; no row content.
	Code, Message string
}

// Unnamed is a number of rows that were refused, nobody knows which.
type Unnamed struct {
	Rows int
	// Code and Message explain the refusal; no row content.
	Code, Message string
}

// Rejection is an operation that cannot be sent.
type Rejection struct {
	Op            int
	Code, Message string
}
