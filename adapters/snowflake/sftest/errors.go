package sftest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// refusal is an error as Snowflake sends it.
type refusal struct {
	code    int
	state   string
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%06d (%s): %s", r.code, r.state, r.message) }

// Codes of Snowflake's that are told in more than one place.
const (
	codeSyntax       = 1003
	codeIdentifier   = 904
	codeMissing      = 2003
	codeNoSuch       = 2043
	codeExists       = 2002
	codeUnknownFunc  = 2140
	codeArgTypes     = 1044
	codeSubquery     = 2031
	codeCanceled     = 604
	codeTimeout      = 630
	codeUnsupported  = 2
	codeDivision     = 100051
	codeStatements   = 8
	codeSessionEnded = 390111
	// codeStub is no code of Snowflake's: this server cannot do what Snowflake
	// may well do.
	codeStub = 999001
)

func refuse(code int, state, format string, args ...any) *refusal {
	return &refusal{code, state, fmt.Sprintf(format, args...)}
}

// cannot says that this server does not know; Snowflake may.
func cannot(format string, args ...any) *refusal {
	return refuse(codeStub, "0A000", "stub: cannot execute: "+format, args...)
}

// compilation is an error of the kind that Snowflake finds before it runs.
func compilation(code int, state, format string, args ...any) *refusal {
	return refuse(code, state, "SQL compilation error:\n"+format, args...)
}

func missing(what string) *refusal {
	return compilation(codeMissing, "42S02", "Object '%s' does not exist or not authorized.", what)
}

// catch turns a panic with a refusal into an error: parser and binder are
// written without returning one from each of a hundred functions.
func catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case *refusal:
		*err = p
	default:
		panic(p)
	}
}

// marked is how functions of ours tell a code through DuckDB.
var marked = regexp.MustCompile(`(?s)@sf(\d+):(\w+):(.*)`)

func mark(code int, state, format string, args ...any) error {
	return fmt.Errorf("@sf%d:%s:%s", code, state, fmt.Sprintf(format, args...))
}

var (
	ungrouped = regexp.MustCompile(`(?i)must appear in the GROUP BY clause|cannot contain aggregates|aggregate function calls cannot be nested|cannot mix aggregates`)
	outOfType = regexp.MustCompile(`(?i)overflow|out of range|could not convert|could not be cast|Failed to cast|can't be cast|Could not cast`)
)

// fromDuckDB gives an error of the engine the code that Snowflake would give.
func fromDuckDB(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*refusal](err); ok {
		return known
	}
	text := err.Error()
	if m := marked.FindStringSubmatch(text); m != nil {
		code, _ := strconv.Atoi(m[1])
		message, _, _ := strings.Cut(m[3], "\n\nLINE")
		return refuse(code, m[2], "%s", strings.TrimRight(message, "\n "))
	}
	switch {
	case strings.Contains(text, "INTERRUPT") || strings.Contains(text, "Interrupted"):
		return refuse(codeCanceled, "57014", "SQL execution canceled")
	case strings.Contains(text, "More than one row returned by a subquery"):
		return refuse(90150, "22000", "Single-row subquery returns more than one row.")
	case strings.Contains(text, "NOT NULL constraint"):
		return refuse(100072, "22000", "DML operation failed: NULL result in a non-nullable column")
	case ungrouped.MatchString(text):
		return compilation(979, "42601", "[eval] is not a valid group by expression (%s)", first(text))
	case strings.Contains(text, "Out of Memory"):
		return refuse(300001, "53200", "stub: out of memory")
	case outOfType.MatchString(text):
		return refuse(100132, "22003", "Number out of representable range (%s)", first(text))
	}
	return cannot("%s", text)
}

func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
