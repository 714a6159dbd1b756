package diag

// Source is a file as the user knows it.
type Source struct {
	// Name is the path relative to the project, with forward slashes.
	Name string
	Text []byte
}

// Pos is a place in a Source; both are 1-based, Col counts runes.
type Pos struct{ Line, Col int }

// Span is a range of a Source; End is exclusive. The zero Span is unknown.
type Span struct {
	Source     *Source
	Start, End Pos
}

// Severity ranks a Diagnostic.
type Severity int

// The severities. The zero value is invalid on purpose.
const (
	Error Severity = iota + 1
	Warning
)

// Related is a second place that a Diagnostic speaks of.
type Related struct {
	Span    Span
	Message string
}

// Diagnostic is one finding. Summary says what is wrong, Help what to do.
type Diagnostic struct {
	Severity Severity
	// Code is stable, such as "unknown-key"; docs/errors.md lists them.
	Code    string
	Span    Span
	Summary string
	Help    string
	Related []Related
}

// List is a set of findings; as an error it reads as all of them.
type List []Diagnostic
