// Package secret holds what must not be seen: references to secrets in a
// project's text, and the values behind them.
//
// A value is never printed, whatever prints it: fmt, slog, encoding/json and
// reflection-based dumps of the structs around it show [secret]. Only
// Value.Reveal, called where a request is signed or a connection opened, gives
// it out. The package itself reads no environment, file or process: see
// Resolver. Start at Ref and Template.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The codes that this package reports; docs/errors.md explains them.
const (
	CodeLiteral   = "literal-secret"
	CodeReference = "bad-reference"
)

// shown is what a secret looks like to everyone.
const shown = "[secret]"

// Pattern is what a Ref looks like, as a regular expression of JSON Schema.
const Pattern = `^\$\{(env|file|exec):[^{}]+\}$`

// reference matches ${kind:argument}; the argument ends at the first }.
var reference = regexp.MustCompile(`\$\{(env|file|exec):([^{}]*)\}`)

// variable is the name of an environment variable.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Ref is a reference to a secret: ${env:NAME}, ${file:/path} or
// ${exec:command}. The zero Ref is absent.
type Ref struct{ p *ref } //nolint:recvcheck // only decoding changes it

type ref struct{ text string }

// Errors of NewRef and NewTemplate.
var (
	ErrLiteral   = errors.New("a secret must be a reference such as ${env:NAME}, not the secret itself")
	ErrReference = errors.New("this is not a reference: write ${env:NAME}, ${file:/path} or ${exec:command}")
)

// NewRef reads a reference. Its errors never contain the text.
func NewRef(text string) (Ref, error) {
	if m := reference.FindString(text); m == "" || m != text {
		if strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}") {
			return Ref{}, ErrReference
		}
		return Ref{}, ErrLiteral
	}
	if err := check(text); err != nil {
		return Ref{}, err
	}
	return Ref{&ref{text}}, nil
}

// check looks at every reference of a text.
func check(text string) error {
	rest := text
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		rest = strings.Replace(rest, m[0], "", 1)
		kind, arg := m[1], m[2]
		if strings.TrimSpace(arg) == "" || strings.ContainsFunc(arg, func(r rune) bool { return r < ' ' }) ||
			kind == "env" && !variable.MatchString(arg) {
			return ErrReference
		}
	}
	if strings.Contains(rest, "${") {
		return ErrReference
	}
	return nil
}

// IsZero reports whether there is no reference.
func (r Ref) IsZero() bool { return r.p == nil }

// Text is the reference as it is written, such as ${env:NAME}. It is safe to
// print: it names a secret.
func (r Ref) Text() string {
	if r.p == nil {
		return ""
	}
	return r.p.text
}

// String is Text.
func (r Ref) String() string { return r.Text() }

// MarshalText is Text; it makes a Ref readable in JSON.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.Text()), nil }

// UnmarshalStrict reads a reference. Anything else may be a secret, so that it
// is masked before it is complained about.
func (r *Ref) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	if n.Kind() == strict.Null {
		n.Wrong(report, "a reference to a secret", "write '${env:NAME}'")
		return
	}
	v, err := NewRef(n.Text().Value)
	switch {
	case err == nil && n.IsString():
		*r = v
	case errors.Is(err, ErrReference):
		n.Mask()
		report(badReference(n.Span()))
	default:
		n.Mask()
		report(diag.Errorf(n.At(), CodeLiteral, "a secret is written out here").
			WithHelp("refer to it: '${env:NAME}', '${file:/path}' or '${exec:command}'; and if this file was ever " +
				"committed or shared, replace the secret"))
	}
}

func badReference(at diag.Span) diag.Diagnostic {
	return diag.Errorf(at, CodeReference, "this is not a reference that can be resolved").
		WithHelp("write '${env:NAME}', '${file:/path}' or '${exec:command}', and a reference inside no other")
}

// Template is a text that may hold references; it need not hold any.
type Template struct{ p *ref } //nolint:recvcheck // only decoding changes it

// NewTemplate reads a text that may hold references. Its errors never contain
// the text.
func NewTemplate(text string) (Template, error) {
	if err := check(text); err != nil {
		return Template{}, err
	}
	return Template{&ref{text}}, nil
}

// IsZero reports whether there is no text.
func (t Template) IsZero() bool { return t.p == nil || t.p.text == "" }

// Text is the text as it is written, with its references unresolved. It is
// safe to print.
func (t Template) Text() string {
	if t.p == nil {
		return ""
	}
	return t.p.text
}

// String is Text.
func (t Template) String() string { return t.Text() }

// MarshalText is Text; it makes a Template readable in JSON.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.Text()), nil }

// IsLiteral reports whether the text holds no reference.
func (t Template) IsLiteral() bool { return !reference.MatchString(t.Text()) }

// UnmarshalStrict reads a text that may hold references.
func (t *Template) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	if !n.IsString() {
		n.Wrong(report, "a text", "write one value, in quotes if it is not plain words")
		return
	}
	v, err := NewTemplate(n.Text().Value)
	if err != nil {
		n.Mask()
		report(badReference(n.Span()))
		return
	}
	*t = v
}

// Resolver is where secrets come from; cmd fills it in. A nil function means
// that such references cannot be resolved.
type Resolver struct {
	// Env is os.LookupEnv.
	Env func(name string) (string, bool)
	// ReadFile is os.ReadFile.
	ReadFile func(path string) ([]byte, error)
	// Exec runs a command and returns what it wrote to its standard output.
	Exec func(ctx context.Context, command string) (string, error)
}

// Error says that a reference could not be resolved. It names the reference,
// never the value.
type Error struct {
	// Reference is as written, such as ${env:NAME}.
	Reference string
	// Problem says what is wrong, and Help what to do.
	Problem, Help string
	// Err is the cause where the operating system gave one.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Reference, e.Problem, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Reference, e.Problem)
}

func (e *Error) Unwrap() error { return e.Err }

// Resolve gets the secret. A missing or empty one is an *Error, as is the zero
// Ref. Line ends after the value do not belong to it.
func (r Ref) Resolve(ctx context.Context, from Resolver) (Value, error) {
	if r.p == nil {
		return Value{}, &Error{Reference: "a secret", Problem: "none is configured", Help: "name one"}
	}
	m := reference.FindStringSubmatch(r.p.text)
	text, err := from.resolve(ctx, m[0], m[1], m[2])
	if err != nil {
		return Value{}, err
	}
	return NewValue(text), nil
}

// Resolve is the text with its references replaced by what they stand for.
// The result may hold a secret: do not print it.
func (t Template) Resolve(ctx context.Context, from Resolver) (string, error) {
	text := t.Text()
	var out strings.Builder
	last := 0
	for _, m := range reference.FindAllStringSubmatchIndex(text, -1) {
		value, err := from.resolve(ctx, text[m[0]:m[1]], text[m[2]:m[3]], text[m[4]:m[5]])
		if err != nil {
			return "", err
		}
		out.WriteString(text[last:m[0]])
		out.WriteString(value)
		last = m[1]
	}
	out.WriteString(text[last:])
	return out.String(), nil
}

// resolve gets one value. A cause is passed on only where it cannot hold the
// value.
func (from Resolver) resolve(ctx context.Context, text, kind, arg string) (string, error) {
	fail := func(problem, help string, err error) (string, error) {
		return "", &Error{Reference: text, Problem: problem, Help: help, Err: err}
	}
	var value string
	switch {
	case kind == "env" && from.Env != nil:
		v, ok := from.Env(arg)
		if !ok {
			return fail("the environment variable is not set", "set "+arg+" and run again", nil)
		}
		value = v
	case kind == "file" && from.ReadFile != nil:
		b, err := from.ReadFile(arg)
		if err != nil {
			return fail("the file cannot be read", "check its path and permissions", err)
		}
		value = string(b)
	case kind == "exec" && from.Exec != nil:
		v, err := from.Exec(ctx, arg)
		if err != nil {
			return fail("the command failed", "run it by hand to see why", err)
		}
		value = v
	default:
		return fail("references of this kind are not resolved here", "use another kind of reference", nil)
	}
	value = strings.TrimRight(value, "\r\n")
	if value == "" {
		return fail("the value is empty", "give it a value", nil)
	}
	return value, nil
}

// Value is a resolved secret. The zero Value is absent.
type Value struct{ p *string }

// NewValue holds a secret.
func NewValue(text string) Value { return Value{&text} }

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.p == nil }

// Reveal gives the secret out, "" where there is none. Do not print it.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// String is [secret].
func (Value) String() string { return shown }

// GoString is [secret].
func (Value) GoString() string { return shown }

// Format writes [secret] for every verb.
func (Value) Format(s fmt.State, _ rune) {
	// A writer that fails has nobody to tell.
	_, _ = io.WriteString(s, shown)
}

// LogValue is [secret].
func (Value) LogValue() slog.Value { return slog.StringValue(shown) }

// MarshalText is [secret].
func (Value) MarshalText() ([]byte, error) { return []byte(shown), nil }

// MarshalJSON is "[secret]".
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + shown + `"`), nil }
