package snowflake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"

	client "github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// kindOf classifies by Snowflake's numbers, which its messages begin with. The
// others are classified by SQLSTATE.
var kindOf = map[int]adapters.Kind{
	1003: adapters.Syntax,     // SQL compilation error: syntax error
	904:  adapters.Syntax,     // invalid identifier
	938:  adapters.Syntax,     // not enough arguments for a function
	939:  adapters.Syntax,     // too many
	2031: adapters.Syntax,     // unsupported subquery
	1007: adapters.Syntax,     // invalid type for a parameter
	1044: adapters.Syntax,     // invalid argument types for a function
	2016: adapters.Syntax,     // a function does not take arguments of a type
	2002: adapters.Syntax,     // the object already exists
	2003: adapters.NotFound,   // the object does not exist or is not authorized
	2043: adapters.NotFound,   // the object does not exist, or the operation cannot be performed
	2140: adapters.Syntax,     // unknown function
	3001: adapters.Permission, // insufficient privileges
	3540: adapters.Permission, // access control

	604: adapters.Canceled,  // the statement was canceled
	605: adapters.Canceled,  // it is not executing
	625: adapters.Transient, // the transaction waited for a lock too long
	630: adapters.Quota,     // the statement took longer than its timeout
	626: adapters.Transient, // a deadlock
	628: adapters.Transient,
	703: adapters.Transient, // too many waiters for a lock

	606:   adapters.Quota, // there is no warehouse to run in
	90064: adapters.Quota, // the warehouse's queue is full, or it is suspended
	90073: adapters.Quota, // a resource monitor stopped the warehouse

	90109: adapters.Transient,

	100035: adapters.Data, 100037: adapters.Data, 100038: adapters.Data, 100039: adapters.Data, 100040: adapters.Data, 100041: adapters.Data,
	100045: adapters.Data, 100046: adapters.Data, 100048: adapters.Data, 100051: adapters.Data, 100058: adapters.Data, 100065: adapters.Data,
	100069: adapters.Data, 100071: adapters.Data, 100072: adapters.Data, 100078: adapters.Data, 100080: adapters.Data, 100090: adapters.Data,
	100096: adapters.Data, 100097: adapters.Data, 100127: adapters.Data, 100132: adapters.Data, 100142: adapters.Data, 100144: adapters.Data,
	100156: adapters.Data, 100183: adapters.Data,

	300002: adapters.Transient, 300005: adapters.Transient, // internal errors of Snowflake

	390100: adapters.Permission, // user or password is wrong
	390101: adapters.Permission, 390102: adapters.Permission, 390108: adapters.Permission, 390114: adapters.Transient,
	390111: adapters.Transient,                               // the session does not exist any more
	390112: adapters.Transient,                               // the session has expired and could not be renewed
	390144: adapters.Permission,                              // the key is not the user's
	390189: adapters.Permission,                              // the role is not the user's
	390201: adapters.NotFound,                                // a default object does not exist
	390303: adapters.Permission, 390318: adapters.Permission, // the token is not valid, or has expired
	390422: adapters.Permission, // the network policy does not let this machine in
	394304: adapters.Permission, 394400: adapters.Permission,

	260008: adapters.Permission, // there is no such account
	261000: adapters.Lost,       // a statement was sent and its answer is unknown
	261001: adapters.Transient,  // the session could not be renewed
	261004: adapters.Transient,  // signing in failed
	262000: adapters.Transient,  // a piece of a result could not be read
	264003: adapters.Transient,  // a file could not be put on a stage
}

// classes classify by the first two characters of SQLSTATE.
var classes = map[string]adapters.Kind{
	"02": adapters.NotFound, "08": adapters.Transient, "0A": adapters.Syntax, "22": adapters.Data, "23": adapters.Data, "28": adapters.Permission,
	"40": adapters.Transient, "42": adapters.Syntax, "53": adapters.Quota, "57": adapters.Quota,
}

// helps say what to do about some of them.
var helps = map[int]string{
	3001:   "customhouse doctor --grants prints what the role needs",
	2003:   "see that it is there, and that the role may use it: customhouse doctor --grants prints what it needs",
	2043:   "see that it is there, and that the role may use it: customhouse doctor --grants prints what it needs",
	606:    "add warehouse to the target, and grant the role USAGE on it",
	630:    "raise statement_timeout of the target, or STATEMENT_TIMEOUT_IN_SECONDS of the account",
	604:    "somebody, or a limit of the account, has stopped it: see QUERY_HISTORY",
	90073:  "raise the quota of the resource monitor, or use another warehouse",
	390100: "check account, user and password of the target",
	390144: "set the user's RSA_PUBLIC_KEY to the public part of private_key",
	390189: "grant the role to the user, or name another",
	390201: "check database, warehouse and role of the target",
	390303: "get a new OAuth token", 390318: "get a new OAuth token",
	390422: "have this machine's address added to the account's network policy",
	260008: "check account of the target",
}

// quiet are the words for what Snowflake would tell with values of rows.
const unreadable = "a value cannot be converted"

// failure turns an error of the client into one of ours. What Snowflake says of
// names is kept; what it says of values is not, and neither is the error wrapped:
// it would say all of it.
func (d *Driver) failure(ctx context.Context, err error) *adapters.Error {
	if e := ctx.Err(); e != nil {
		return canceled(e)
	}
	if known, ok := errors.AsType[*client.SnowflakeError](err); ok {
		return d.exception(known)
	}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return canceled(err)
	case isDial(err):
		return &adapters.Error{Kind: adapters.Transient, Message: "Snowflake cannot be reached: " + cause(err), Help: "check account and host of the target, and that this machine may reach them"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return &adapters.Error{Kind: adapters.Lost, Message: "the connection to Snowflake is lost: " + cause(err)}
	}
	return &adapters.Error{Message: "the client of Snowflake failed: " + cause(err)}
}

// isDial says that no connection came about, so that nothing was sent.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// cause is the innermost error.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return oneLine(err.Error())
		}
		err = next
	}
}

func canceled(err error) *adapters.Error {
	return &adapters.Error{Kind: adapters.Canceled, Message: "the statement was stopped", Err: fmt.Errorf("its context ended: %w", err)}
}

func (d *Driver) exception(e *client.SnowflakeError) *adapters.Error {
	kind, known := kindOf[e.Number]
	if !known && len(e.SQLState) == 5 {
		kind = classes[e.SQLState[:2]]
	}
	out := &adapters.Error{Kind: kind, Help: helps[e.Number]}
	text := e.Message
	if len(e.MessageArgs) > 0 {
		text = fmt.Sprintf(text, e.MessageArgs...)
	}
	switch {
	case kind == adapters.Data:
		text = unreadable
		out.Help = "find the value in the source, or declare the column as string"
	case kind == adapters.Syntax || kind == adapters.NotFound || kind == adapters.Permission || kind == adapters.Quota:
		text = shown(text)
	case e.Number == 604 && d.timed:
		out.Kind, out.Help = adapters.Quota, helps[630]
		text = "the statement was stopped, maybe for taking longer than statement_timeout"
	case e.Number == 604:
		text = "somebody, or a limit of the account, stopped the statement"
	default:
		text = shown(text)
	}
	out.Message = fmt.Sprintf("Snowflake (%06d): %s", e.Number, text)
	return out
}

var (
	place   = regexp.MustCompile(`(?i)(?:error )?line (\d+) at position (\d+)`)
	literal = regexp.MustCompile(`'(?:[^']|'')*'`)
	prefix  = regexp.MustCompile(`^(?:\d{6} \([0-9A-Z]{5}\): )*`)
	name    = regexp.MustCompile(`^'[A-Za-z0-9_$."]+'$`)
)

// shown is a message on one line, without what could be a literal of the
// statement: names stay.
func shown(text string) string {
	text = prefix.ReplaceAllString(oneLine(text), "")
	return literal.ReplaceAllStringFunc(text, func(s string) string {
		if name.MatchString(s) {
			return s
		}
		return "'...'"
	})
}

// failedAt is the statement of a script that an error is about, by the line that
// it names; the first where it names none.
func failedAt(err error, script []string) int {
	m := place.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	var line int
	if _, err := fmt.Sscan(m[1], &line); err != nil {
		return 0
	}
	for i, s := range script {
		n := strings.Count(s, "\n") + 1
		if line <= n {
			return i
		}
		line -= n
	}
	return 0
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
