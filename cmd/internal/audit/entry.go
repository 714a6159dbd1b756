package audit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
)

// Action is what was done or decided.
type Action string

// The actions.
const (
	// RequestReceived to RequestDone are about requests of people, and what is done
	// for them.
	RequestReceived  Action = "request-received"
	RequestExtended  Action = "request-extended"
	RequestWithdrawn Action = "request-withdrawn"
	RequestRefused   Action = "request-refused"
	StepDone         Action = "step-done"
	StepFailed       Action = "step-failed"
	// StepConfirmed is what somebody did by hand, and has evidence of.
	StepConfirmed Action = "step-confirmed"
	RequestDone   Action = "request-done"
	// Exported is a file of people's data that was written, and Unmasked a look at
	// their values.
	Exported Action = "exported"
	Unmasked Action = "unmasked"
	// Delivered is what a sync sent in a run. Recovered is what a run that was cut
	// short had sent, found out by the next one.
	Delivered Action = "delivered"
	Recovered Action = "recovered"
	// ClassDecided to AllowDecided are what the project says otherwise than in the
	// run before.
	ClassDecided     Action = "class-decided"
	PurposeDecided   Action = "purpose-decided"
	ConsentDecided   Action = "consent-decided"
	ExceptionDecided Action = "exception-decided"
	AllowDecided     Action = "allow-decided"
	TokenCreated     Action = "token-created"
	TokenRevoked     Action = "token-revoked"
)

// actions are all of them.
var actions = map[Action]bool{
	RequestReceived: true, RequestExtended: true, RequestWithdrawn: true, RequestRefused: true, StepDone: true, StepFailed: true, StepConfirmed: true,
	RequestDone: true, Exported: true, Unmasked: true, Delivered: true, Recovered: true, ClassDecided: true, PurposeDecided: true,
	ConsentDecided: true, ExceptionDecided: true, AllowDecided: true, TokenCreated: true, TokenRevoked: true,
}

// Entry is something to be written down. What it can hold is made by the
// functions of this package alone, none of which takes a value of a person; the
// Reason, which people write, is refused where it looks as if it named somebody.
type Entry struct {
	Actor  Actor
	Action Action
	// Object is what it was done to.
	Object Object
	// Subject is whom it was about; zero for nobody in particular.
	Subject Subject
	// Reason is why, in the words of whoever did it.
	Reason  string
	Details []Detail
}

// Actor is who did something.
type Actor struct{ text string }

// User is somebody at a command line, by the names of their account and machine.
func User(account string) Actor { return Actor{"user:" + line(account, maxName)} }

// Token is a caller of the API.
func Token(name, id string) Actor {
	return Actor{"token:" + line(name, maxName) + "#" + line(id, maxName)}
}

// Object is a thing of the project, or of ours.
type Object struct{ kind, name string }

// Of is the object of a kind and a name: sync vip, trait customer.email, request 12.
func Of(kind, name string) Object { return Object{kind, name} }

// Subject is whom an entry is about: a keyed digest, which tells nothing to who
// has not the key.
type Subject struct{ digest string }

// Digested is the subject of a keyed digest of 64 hexadecimal digits, such as
// that of an identifier on the suppression list.
func Digested(digest string) (Subject, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != digestSize {
		return Subject{}, errors.New("a subject of the audit log has to be a digest")
	}
	return Subject{strings.ToLower(digest)}, nil
}

// Detail is one thing that is known of what was done.
type Detail struct {
	name  string
	value any
}

// Count is a number of things. It is for what can be counted, and never for an id.
func Count(name string, n int64) Detail { return Detail{name, n} }

// Word is a name of the project or of ours, such as a purpose, and Words are some.
func Word(name, word string) Detail            { return Detail{name, word} }
func Words(name string, words []string) Detail { return Detail{name, append([]string{}, words...)} } //nolint:revive // See Word.

// Time is an instant, and Run the run that did it.
func Time(name string, t time.Time) Detail { return Detail{name, t.UTC().Format(time.RFC3339)} }
func Run(id string) Detail                 { return Detail{"run", id} } //nolint:revive // See Time.

// Told is a sentence of the project's, of which what looks like an address or a
// number of somebody is taken out.
func Told(name, text string) Detail { return Detail{name, told(line(mask.Text(text), maxReason))} }

// told is a text that has been looked at.
type told string

// The lengths of what is written, in bytes.
const (
	maxName   = 200
	maxReason = 500
)

// word is what the name of a resource may look like. It begins with a letter and
// has neither @ nor blanks: no address and no number is one.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:*/-]{0,199}$`)

// runID is what a run is called, and an instant.
var runID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}$`)

// CheckReason says what is wrong with a reason. Callers ask before they do what
// it is given for.
func CheckReason(reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return errors.New("the reason is empty: say in a few words why")
	case len(reason) > maxReason:
		return fmt.Errorf("the reason is too long: at most %d bytes are kept", maxReason)
	case mask.Names(reason):
		return errors.New("the reason looks as if it names somebody by an address or a number, which the audit log never holds: name a request or a ticket instead")
	}
	return nil
}

// check finds what must not be written.
func (e Entry) check() error {
	if !actions[e.Action] {
		return fmt.Errorf("the audit log knows no action %q", e.Action)
	}
	if e.Actor.text == "" {
		return fmt.Errorf("%s is done by nobody", e.Action)
	}
	for _, text := range []string{e.Object.kind, e.Object.name} {
		if !word.MatchString(text) && !digitsOnly(text) {
			return fmt.Errorf("the object of %s is no name", e.Action)
		}
	}
	if e.Reason != "" {
		if err := CheckReason(e.Reason); err != nil {
			return err
		}
	}
	for _, d := range e.Details {
		var words []string
		switch v := d.value.(type) {
		case string:
			words = []string{v}
		case []string:
			words = v
		}
		for _, w := range append(words, d.name) {
			if _, err := time.Parse(time.RFC3339, w); err != nil && w != "" && !word.MatchString(w) && !runID.MatchString(w) {
				return fmt.Errorf("a detail of %s is no name: the audit log takes no values", e.Action)
			}
		}
	}
	return nil
}

// maxNumber is how many digits a number may have that names something: that of a
// request. A phone number has more.
const maxNumber = 6

func digitsOnly(s string) bool {
	return s != "" && len(s) <= maxNumber && strings.Trim(s, "0123456789") == ""
}

// line is a text as one line of so many bytes at most.
func line(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
