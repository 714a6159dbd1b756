package syncs

import (
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Spec is what a destination can do. The engine keeps to it, the checks of a
// project hold syncs against it, and customhouse destination show prints it.
type Spec struct {
	Batch Batch
	// Kinds are the operations that it can do with any object, where it has no
	// objects of its own (Objects is empty): those decide which values of mode and
	// on_leave a sync may have. Of those that take something away, the first is
	// what mode mirror does where the sync does not say.
	Kinds []Kind
	// Objects are those that it knows, in the order of their importance. Where there
	// are any, a sync names one of them.
	Objects []Object
	// Keyed says that it does nothing with an event whose key it knows: one whose
	// answer was lost may be appended again, by a later run too, and so every
	// request that appends is Idempotent. Where it does not, such an event waits
	// until somebody asks for it to be repeated.
	Keyed bool
	// Replace says that the destination wants everything each time anything
	// changed, so that a row that left is simply no longer there.
	Replace bool
	// ReplaceFirst says of a Finisher that a mirror of which everything is due, as
	// in its first run, replaces what is there: what others put there goes.
	ReplaceFirst bool
	// Place is where files are published, of a destination in files; nil where
	// requests go over HTTP. Nothing counts as delivered before all files of the
	// run are there.
	Place *Place
	// SetIfEmpty says that it can set a field only where that is empty.
	SetIfEmpty bool
	// Result says how refusals of single rows come back.
	Result ResultStyle
	// Erasure is how a person is erased; zero where the platform cannot.
	Erasure Erasure
	// Manual is how a person is erased by hand: where the platform has no call for
	// it, and where none of the identifiers that are known is one that it takes.
	Manual Manual
	// Version is that of the platform's interface, zero where it has none.
	Version Version
	// TokenFirst says of a Refresher that no request can be spelled without a
	// token: one is asked for before the first.
	TokenFirst bool
	// Concurrency is how many requests may be in flight, and jobs open; 1 where 0.
	Concurrency int
	// Limits are the rates that the platform permits, as it declares them. The
	// engine keeps all of them, and learns the others by being refused.
	Limits []Limit
	// Timeout bounds one request, answer included; 30 seconds where 0.
	Timeout time.Duration
	// JobLimit is how long after its start a job is still believed in; a day
	// where 0. One that has not ended by then is given up: what became of its
	// rows is not known.
	JobLimit time.Duration
	// Secrets are the references that Encode will ask Chunk.Secrets for.
	Secrets []secret.Ref
	// AllowPrivate permits requests to this machine and to private networks,
	// which are refused otherwise.
	AllowPrivate bool
}

// Batch bounds a request.
type Batch struct {
	// MaxRows bounds a Chunk; 1000 where 0.
	MaxRows int
	// MaxBytes bounds a body, in bytes; unbounded where 0. The engine halves a
	// request above it, and rejects an operation that is above it alone.
	MaxBytes int
	// Distinct are the names of fields of which no two operations of a chunk have
	// the same value, beside the key: a platform that says by such a value which
	// row it refused, or that takes one event a person in a request.
	Distinct []string
}

// Object is what a destination can do with one of the things that it keeps.
type Object struct {
	// Name is what syncs call it: "contacts". One that ends with /* needs something
	// of the platform's own behind the slash, such as the id of a list in
	// "list/123"; see Which. The name * stands for any other name.
	Name  string
	Kinds []Kind
	// Batch is that of the object, where it is not the Spec's.
	Batch Batch
	// Fields are those that the object has at every customer of the platform. A
	// sync that maps another is refused, unless the destination is a Describer,
	// which finds out what an account has.
	Fields []PlatformField
	// Tells says that the object is told who came and who left, and keeps what it was
	// told: nobody is taken away there.
	Tells bool
	// Doc says in half a sentence what it is.
	Doc string
}

// Which splits the name of an object, "list/123", into the part that the
// destination knows and the platform's own.
func Which(object string) (kind, id string) {
	kind, id, _ = strings.Cut(object, "/")
	return kind, id
}

// Has says that the name of an object in a sync means this one.
func (o Object) Has(name string) bool {
	if prefix, ok := strings.CutSuffix(o.Name, "/*"); ok {
		kind, id := Which(name)
		return kind == prefix && strings.TrimSpace(id) != ""
	}
	return o.Name == name || o.Name == "*" && strings.TrimSpace(name) != "" && !strings.Contains(name, "/")
}

// Object is what the destination can do with an object, false where there is no
// such object.
func (s Spec) Object(name string) (Object, bool) {
	if len(s.Objects) == 0 {
		return Object{Name: name, Kinds: s.Kinds, Batch: s.Batch}, true
	}
	for _, o := range s.Objects {
		if o.Has(name) {
			if o.Batch.MaxRows == 0 && o.Batch.MaxBytes == 0 && o.Batch.Distinct == nil {
				o.Batch = s.Batch
			}
			return o, true
		}
	}
	return Object{}, false
}

// PlatformField is a field as a platform has it.
type PlatformField struct {
	// Name is the field's, with dots where it is inside of objects. One that ends
	// with * stands for all that begin like it, where an account may have any:
	// "properties.*", "*".
	Name string `json:"name"`
	// Types are those that it can be filled with, any where there are none.
	Types []Type `json:"types,omitempty"`
	// Required says that a new row needs it.
	Required bool `json:"required,omitempty"`
	// Unique says that it identifies a row, so that it can be the key of a sync.
	Unique bool `json:"unique,omitempty"`
	// Matches says that the platform finds people by it, and takes them off by the
	// key alone: see FitRemoval.
	Matches bool `json:"matches,omitempty"`
	// ReadOnly says that the platform fills it itself.
	ReadOnly bool `json:"read_only,omitempty"`
	// MaxLength bounds a text, in characters; 0 is no bound.
	MaxLength int `json:"max_length,omitempty"`
	// Enum are the only values that it takes, where there are any.
	Enum []string `json:"enum,omitempty"`
}

// Is says that a name means this field.
func (f PlatformField) Is(name string) bool {
	if prefix, ok := strings.CutSuffix(f.Name, "*"); ok {
		return strings.HasPrefix(name, prefix) && len(name) > len(prefix)
	}
	return f.Name == name
}

// ResultStyle is how a platform says which rows it refused.
type ResultStyle int

// The styles. The zero value says nothing of them.
const (
	// Positional: a result for each row, in the order of the rows.
	Positional ResultStyle = iota + 1
	// Indexed: errors, each with the place of its row in the request.
	Indexed
	// Traced: errors, each with a trace key that the row was sent with.
	Traced
	// ByIdentifier: lists of identifiers that failed.
	ByIdentifier
	// ByJob: a job has to be asked for, and says it by key or by place.
	ByJob
	// CountsOnly: how many rows were refused, and not which.
	CountsOnly
	// WholeRequest: a request is taken or refused as a whole.
	WholeRequest
)

var resultStyles = []string{
	Positional: "positional", Indexed: "indexed", Traced: "traced", ByIdentifier: "by identifier",
	ByJob: "by job", CountsOnly: "counts only", WholeRequest: "whole request",
}

// String is the name of a style.
func (r ResultStyle) String() string {
	if r < 1 || int(r) >= len(resultStyles) {
		return "unknown"
	}
	return resultStyles[r]
}

// Version is that of a platform's interface.
type Version struct {
	// Name is what requests carry: "v25.0", "2026-07-15".
	Name string
	// Until is the day on which the platform stops to answer to it; zero where it
	// has not said so. A test fails ninety days before.
	Until time.Time
}

// Day is an instant for Version.Until.
func Day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
