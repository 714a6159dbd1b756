package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is why a text is no expression.
type Error struct {
	// Start and End are byte offsets in the text, End exclusive.
	Start, End int
	// Summary says what is wrong, Help what to do, where that is known.
	Summary, Help string
}

func (e *Error) Error() string { return e.Summary }

// TokenKind is what a Token is.
type TokenKind int

// The kinds of tokens. The zero value is none.
const (
	_       TokenKind = iota
	Name              // an identifier, or one in backticks
	Keyword           // true, false, null, in
	Int
	Uint
	Double
	String
	Bytes
	Operator // everything else, such as && or (
	End      // the end of the text
)

// Token is one token, with the comments around it.
type Token struct {
	Kind TokenKind
	// Text is the token as it is written.
	Text string
	// Start is its byte offset in the expression.
	Start int
	// Before are the comments on lines of their own before the token, After the
	// one that follows it on its line, each from its // to its last character
	// that is no white space.
	Before []string
	After  string
}

// commented says that a comment stands next to the token.
func (t *Token) commented() bool { return len(t.Before) > 0 || t.After != "" }

// operators are those of two characters; the others have one.
var operators = []string{"&&", "||", "==", "!=", "<=", ">="}

// lex cuts a text into tokens, the last of which is End.
func lex(text string) ([]Token, *Error) {
	var out []Token
	var before []string
	fresh := true // no token on this line yet
	at := 0
	for {
		switch c := peek(text, at); {
		case at >= len(text):
			return append(out, Token{Kind: End, Start: at, Before: before}), nil
		case c == '\n':
			fresh = true
			at++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			at++
		case c == '/' && peek(text, at+1) == '/':
			end := len(text)
			if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
				end = at + i
			}
			comment := strings.TrimRight(text[at:end], " \t\r\f")
			if fresh {
				before = append(before, comment)
			} else {
				out[len(out)-1].After = comment
			}
			at = end
		default:
			kind, size, err := token(text, at)
			if err != nil {
				return nil, err
			}
			out = append(out, Token{Kind: kind, Text: text[at : at+size], Start: at, Before: before})
			before, fresh = nil, false
			at += size
		}
	}
}

// peek is the byte at an offset, 0 past the end.
func peek(text string, at int) byte {
	if at < len(text) {
		return text[at]
	}
	return 0
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// span is how many bytes from an offset on are of a class.
func span(text string, at int, is func(byte) bool) int {
	n := 0
	for at+n < len(text) && is(text[at+n]) {
		n++
	}
	return n
}

// token is the kind and the length of the token at an offset.
func token(text string, at int) (TokenKind, int, *Error) {
	c := text[at]
	switch {
	case isDigit(c), c == '.' && isDigit(peek(text, at+1)):
		kind, size := number(text, at)
		return kind, size, nil
	case c == '`':
		if end := strings.IndexAny(text[at+1:], "`\n"); end > 0 && text[at+1+end] == '`' {
			return Name, end + 2, nil
		}
		return 0, 0, &Error{at, at + 1, "a name in backticks is never closed", "Close it with a backtick."}
	case c == '"' || c == '\'' || isLetter(c):
		n := span(text, at, func(c byte) bool { return isLetter(c) || isDigit(c) })
		prefix := strings.ToLower(text[at : at+n])
		if q := peek(text, at+n); q == '"' || q == '\'' {
			switch prefix {
			case "", "r", "b", "br":
				size, err := quoted(text, at, n, strings.Contains(prefix, "r"))
				if strings.HasPrefix(prefix, "b") {
					return Bytes, size, err
				}
				return String, size, err
			}
		}
		switch text[at : at+n] {
		case "true", "false", "null", "in":
			return Keyword, n, nil
		}
		return Name, n, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(text[at:], op) {
			return Operator, len(op), nil
		}
	}
	if strings.IndexByte("<>[]{}().,-!?:+*/%", c) >= 0 {
		return Operator, 1, nil
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	help := ""
	switch r {
	case '=':
		help = "Compare with ==."
	case '&', '|':
		help = "Write " + string(c) + string(c) + "."
	case ';':
		help = "Remove it: an expression has no end mark."
	case '#':
		help = "Write comments with //."
	}
	return 0, 0, &Error{at, at + size, fmt.Sprintf("the character %q has no meaning here", r), help}
}

// number is the kind and the length of the number at an offset.
func number(text string, at int) (TokenKind, int) {
	kind := Int
	var n int
	if text[at] == '0' && peek(text, at+1) == 'x' && isHex(peek(text, at+2)) {
		n = 2 + span(text, at+2, isHex)
	} else {
		n = span(text, at, isDigit)
		if peek(text, at+n) == '.' && isDigit(peek(text, at+n+1)) {
			kind = Double
			n += 1 + span(text, at+n+1, isDigit)
		}
		if e := peek(text, at+n); e == 'e' || e == 'E' {
			sign := 0
			if s := peek(text, at+n+1); s == '+' || s == '-' {
				sign = 1
			}
			if digits := span(text, at+n+1+sign, isDigit); digits > 0 {
				kind = Double
				n += 1 + sign + digits
			}
		}
	}
	if u := peek(text, at+n); kind == Int && (u == 'u' || u == 'U') {
		return Uint, n + 1
	}
	return kind, n
}

// quoted is the length of a string whose quote follows a prefix.
func quoted(text string, at, prefix int, raw bool) (int, *Error) {
	open := at + prefix
	quote := text[open : open+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(text[open:], triple) {
		quote = triple
	}
	for i := open + len(quote); i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], quote):
			return i + len(quote) - at, nil
		case text[i] == '\\' && !raw:
			i++
			if c := peek(text, i); strings.IndexByte("abfnrtv\"'\\?`xXuU0123", c) < 0 {
				_, size := utf8.DecodeRuneInString(text[i:])
				return 0, &Error{i - 1, i + size, "the escape " + text[i-1:i+size] + " has no meaning", "Write \\\\ for a backslash, or r before the quotes of a pattern: r\"\\d\"."}
			}
		case (text[i] == '\n' || text[i] == '\r') && len(quote) == 1:
			return 0, &Error{at, i, "a text is never closed", "Close it with " + quote + " on the same line, or write it in three quotes."}
		}
	}
	return 0, &Error{at, len(text), "a text is never closed", "Close it with " + quote + "."}
}
