package clickhouse

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	client "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// kindOf classifies by the numbers of the engine's exceptions; see
// src/Common/ErrorCodes.cpp of ClickHouse. The others are Unknown.
var kindOf = map[int32]adapters.Kind{
	202: adapters.Transient, // TOO_MANY_SIMULTANEOUS_QUERIES, said before anything is done
	203: adapters.Transient, // NO_FREE_CONNECTION
	209: adapters.Transient, // SOCKET_TIMEOUT
	210: adapters.Transient, // NETWORK_ERROR
	242: adapters.Transient, // TABLE_IS_READ_ONLY
	252: adapters.Transient, // TOO_MANY_PARTS
	279: adapters.Transient, // ALL_CONNECTION_TRIES_FAILED
	373: adapters.Transient, // SESSION_IS_LOCKED
	473: adapters.Transient, // DEADLOCK_AVOIDED
	999: adapters.Lost,      // KEEPER_EXCEPTION
	319: adapters.Lost,      // UNKNOWN_STATUS_OF_INSERT

	164: adapters.Permission, // READONLY
	192: adapters.Permission, // UNKNOWN_USER
	193: adapters.Permission, // WRONG_PASSWORD
	194: adapters.Permission, // REQUIRED_PASSWORD
	195: adapters.Permission, // IP_ADDRESS_NOT_ALLOWED
	497: adapters.Permission, // ACCESS_DENIED
	516: adapters.Permission, // AUTHENTICATION_FAILED

	60: adapters.NotFound, // UNKNOWN_TABLE
	81: adapters.NotFound, // UNKNOWN_DATABASE

	10:  adapters.Syntax, // NOT_FOUND_COLUMN_IN_BLOCK
	16:  adapters.Syntax, // NO_SUCH_COLUMN_IN_TABLE
	20:  adapters.Syntax, // NUMBER_OF_COLUMNS_DOESNT_MATCH
	36:  adapters.Syntax, // BAD_ARGUMENTS
	42:  adapters.Syntax, // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
	43:  adapters.Syntax, // ILLEGAL_TYPE_OF_ARGUMENT
	44:  adapters.Syntax, // ILLEGAL_COLUMN
	46:  adapters.Syntax, // UNKNOWN_FUNCTION
	47:  adapters.Syntax, // UNKNOWN_IDENTIFIER
	48:  adapters.Syntax, // NOT_IMPLEMENTED
	50:  adapters.Syntax, // UNKNOWN_TYPE
	53:  adapters.Syntax, // TYPE_MISMATCH
	57:  adapters.Syntax, // TABLE_ALREADY_EXISTS
	62:  adapters.Syntax, // SYNTAX_ERROR
	115: adapters.Syntax, // UNKNOWN_SETTING
	184: adapters.Syntax, // ILLEGAL_AGGREGATION
	207: adapters.Syntax, // AMBIGUOUS_IDENTIFIER
	215: adapters.Syntax, // NOT_AN_AGGREGATE
	386: adapters.Syntax, // NO_COMMON_TYPE
	403: adapters.Syntax, // INVALID_JOIN_ON_EXPRESSION

	158: adapters.Quota, // TOO_MANY_ROWS
	159: adapters.Quota, // TIMEOUT_EXCEEDED
	191: adapters.Quota, // SET_SIZE_LIMIT_EXCEEDED
	201: adapters.Quota, // QUOTA_EXCEEDED
	241: adapters.Quota, // MEMORY_LIMIT_EXCEEDED
	243: adapters.Quota, // NOT_ENOUGH_SPACE
	290: adapters.Quota, // LIMIT_EXCEEDED
	307: adapters.Quota, // TOO_MANY_BYTES
	396: adapters.Quota, // TOO_MANY_ROWS_OR_BYTES

	394: adapters.Canceled, // QUERY_WAS_CANCELLED
	734: adapters.Canceled, // QUERY_WAS_CANCELLED_BY_CLIENT

	6:   adapters.Data, // CANNOT_PARSE_TEXT
	26:  adapters.Data, // CANNOT_PARSE_QUOTED_STRING
	27:  adapters.Data, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
	32:  adapters.Data, // ATTEMPT_TO_READ_AFTER_EOF
	33:  adapters.Data, // CANNOT_READ_ALL_DATA
	38:  adapters.Data, // CANNOT_PARSE_DATE
	41:  adapters.Data, // CANNOT_PARSE_DATETIME
	69:  adapters.Data, // ARGUMENT_OUT_OF_BOUND
	70:  adapters.Data, // CANNOT_CONVERT_TYPE
	72:  adapters.Data, // CANNOT_PARSE_NUMBER
	117: adapters.Data, // INCORRECT_DATA
	131: adapters.Data, // TOO_LARGE_STRING_SIZE
	153: adapters.Data, // ILLEGAL_DIVISION
	321: adapters.Data, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
	349: adapters.Data, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
	395: adapters.Data, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
	407: adapters.Data, // DECIMAL_OVERFLOW
	467: adapters.Data, // CANNOT_PARSE_BOOL
}

// helps say what to do about some of them.
var helps = map[int32]string{
	159: "raise max_execution_time of the user, or of the target's settings",
	164: "give the user a profile that is not readonly",
	202: "lower what else runs, or raise max_concurrent_queries of the server",
	241: "raise max_memory_usage in the target's settings; where the target has none, set it to what a statement may have: what is larger then goes to disk",
	243: "free some room on the disks of the server",
	252: "the server merges slower than rows arrive: try again later",
	394: "somebody stopped it at the server, or a limit of the server did: run again",
	497: "the grants that a target needs are in docs/warehouses.md",
	516: "check user and password of the target; a password or token that has expired has to be made anew",
}

// ports is what to do where the server is not found at the address.
const ports = "check address, protocol and secure of the target: the ports are 8123 (http) and 9000 (native), with secure 8443 and 9440"

// failure turns an error of the client into one of ours. What the engine says of
// names and types is kept; what it says of values, and of the statement, in which
// there may be values, is not. Nor is the error wrapped: it would say all of it.
func failure(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil {
		return canceled(e)
	}
	if known, ok := errors.AsType[*client.Exception](err); ok {
		return exception(known)
	}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return canceled(err)
	case isDial(err):
		return &adapters.Error{
			Kind: adapters.Transient, Message: "ClickHouse cannot be reached: " + cause(err),
			Help: ports,
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return &adapters.Error{Kind: adapters.Lost, Message: "the connection to ClickHouse is lost: " + cause(err)}
	}
	if answer, ok := errors.AsType[*client.HTTPError](err); ok {
		return &adapters.Error{
			Message: "what answers at the address is not ClickHouse's HTTP interface: status " + strconv.Itoa(answer.StatusCode),
			Help:    "check address and protocol of the target",
		}
	}
	return &adapters.Error{Message: "the client of ClickHouse failed: " + cause(err)}
}

// reading is the failure of what only reads, and so had no effect.
func reading(ctx context.Context, err error) error {
	out := failure(ctx, err)
	if known, ok := errors.AsType[*adapters.Error](out); ok && known.Kind == adapters.Lost {
		known.Kind = adapters.Transient
	}
	return out
}

// isDial says that no connection came about, so that nothing was sent.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// cause is the innermost error, which holds no address with a password in it.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return oneLine(err.Error())
		}
		err = next
	}
}

func canceled(err error) error {
	return &adapters.Error{Kind: adapters.Canceled, Message: "the statement was stopped", Err: err}
}

// Where the engine's words about the statement begin.
var about = regexp.MustCompile(`(?i)[.:,]? ?\(?(?:while (?:executing|processing|reading|converting)|in scope|in query|for query|Expected one of)[: ].*`)

// target finds the type that a value was to become: the engine has quoted the
// value by then, which may say anything.
var target = regexp.MustCompile(`.* as ((?:Nullable\()?(?:U?Int[0-9]+|Float[0-9]+|Decimal|Bool|Date[A-Za-z0-9]*|UUID))\b`)

func exception(e *client.Exception) error {
	kind := kindOf[e.Code]
	out := &adapters.Error{Kind: kind, Help: helps[e.Code]}
	text := oneLine(strings.TrimPrefix(e.Message, "DB::Exception: "))
	switch {
	case kind == adapters.Data:
		out.Message = "a value cannot be converted"
		if m := target.FindStringSubmatch(text); m != nil {
			out.Message = "a value cannot be read as " + m[1]
		}
		if e.Code == 349 {
			out.Message = "NULL was written to a column that cannot hold it"
		}
		out.Help = "find the value in the source, or declare the column as string"
	case e.Code == 62:
		place, _, _ := strings.Cut(text, " (")
		out.Message = place
	default:
		text, hint, _ := strings.Cut(text, " Maybe you meant")
		out.Message = strings.TrimRight(about.ReplaceAllString(text, ""), ". ")
		if hint != "" && out.Help == "" {
			hint, _, _ = strings.Cut(hint, "]")
			out.Help = "did you mean" + strings.TrimRight(strings.TrimLeft(hint, ":"), ".") + "?"
		}
	}
	out.Message = "ClickHouse (code " + strconv.Itoa(int(e.Code)) + "): " + out.Message
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
