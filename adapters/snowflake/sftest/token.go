package sftest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind = int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // a "quoted" identifier
	tokNumber
	tokString
	tokOp
	tokParam // ? or :1
	tokDollar
)

// token is a piece of a statement. Words keep how they were written; their
// folded name is in name.
type token struct {
	kind tokenKind
	// text is the operator, number or word as written, or the value of a string.
	text string
	// name is the identifier: folded to upper case unless it was quoted.
	name       string
	start, end int
	line, col  int
}

var operators = []string{"->>", "<=>", "::", "<=", ">=", "<>", "!=", "||", "->", "=>", "(", ")", "[", "]", "{", "}", ",", ";", ".", ":", "+", "-", "*", "/", "%", "<", ">", "=", "@", "&", "|", "^", "~", "!"}

// tokens takes text apart as Snowflake's documentation describes its lexical
// structure.
func tokens(text string) []token {
	var out []token
	line, lineStart := 1, 0
	i := 0
	advance := func(to int) {
		for ; i < to; i++ {
			if text[i] == '\n' {
				line, lineStart = line+1, i+1
			}
		}
	}
	bad := func(what string) {
		panic(compilation(codeSyntax, "42000", "parse error line %d at position %d near '%s'.", line, i-lineStart, what))
	}
	for i < len(text) {
		c := text[i]
		rest := text[i:]
		t := token{start: i, line: line, col: i - lineStart}
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || strings.HasPrefix(rest, "\u00a0"):
			advance(i + max(1, len("\u00a0")*boolInt(c == 0xc2)))
			continue
		case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			advance(i + end)
			continue
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				bad("<EOF>")
			}
			advance(i + end + 2)
			continue
		case c == '\'':
			value, n := stringLiteral(rest)
			if n < 0 {
				bad("<EOF>")
			}
			t.kind, t.text = tokString, value
			advance(i + n)
		case strings.HasPrefix(rest, "$$"):
			end := strings.Index(rest[2:], "$$")
			if end < 0 {
				bad("<EOF>")
			}
			t.kind, t.text = tokString, rest[2:2+end]
			advance(i + end + 4)
		case c == '"':
			var name strings.Builder
			j := 1
			for ; ; j++ {
				if j >= len(rest) {
					bad("<EOF>")
				}
				if rest[j] == '"' {
					if strings.HasPrefix(rest[j:], `""`) {
						j++
					} else {
						break
					}
				}
				name.WriteByte(rest[j])
			}
			if name.Len() == 0 {
				bad(`""`)
			}
			t.kind, t.name, t.text = tokQuoted, name.String(), rest[:j+1]
			advance(i + j + 1)
		case c >= '0' && c <= '9' || c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
			n := numberLength(rest)
			t.kind, t.text = tokNumber, rest[:n]
			if r, _ := utf8.DecodeRuneInString(rest[n:]); r == '_' || unicode.IsLetter(r) {
				advance(i + n)
				bad(string(r))
			}
			advance(i + n)
		case c == '?':
			t.kind, t.text = tokParam, "?"
			advance(i + 1)
		case c == ':' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
			n := 1
			for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
				n++
			}
			t.kind, t.text = tokParam, rest[:n]
			advance(i + n)
		case c == '$':
			n := 1
			for n < len(rest) && wordByte(rest[n]) {
				n++
			}
			if n == 1 {
				bad("$")
			}
			t.kind, t.text, t.name = tokDollar, rest[:n], strings.ToUpper(rest[1:n])
			advance(i + n)
		default:
			if r, _ := utf8.DecodeRuneInString(rest); r == '_' || unicode.IsLetter(r) {
				n := 0
				for n < len(rest) {
					r, size := utf8.DecodeRuneInString(rest[n:])
					if r != '_' && r != '$' && !unicode.IsLetter(r) && (r < '0' || r > '9') {
						break
					}
					n += size
				}
				t.kind, t.text, t.name = tokWord, rest[:n], strings.ToUpper(rest[:n])
				advance(i + n)
				break
			}
			for _, op := range operators {
				if strings.HasPrefix(rest, op) {
					t.kind, t.text = tokOp, op
					break
				}
			}
			if t.text == "" {
				r, _ := utf8.DecodeRuneInString(rest)
				bad(string(r))
			}
			advance(i + len(t.text))
		}
		t.end = i
		out = append(out, t)
	}
	return append(out, token{kind: tokEnd, text: "<EOF>", start: len(text), end: len(text), line: line, col: len(text) - lineStart})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func numberLength(s string) int {
	digits := func(from int) int {
		for from < len(s) && s[from] >= '0' && s[from] <= '9' {
			from++
		}
		return from
	}
	n := digits(0)
	if n < len(s) && s[n] == '.' {
		n = digits(n + 1)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if end := digits(m); end > m {
			n = end
		}
	}
	return n
}

// stringLiteral reads '...' with Snowflake's escapes; -1 where it does not end.
func stringLiteral(s string) (string, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			if i+1 < len(s) && s[i+1] == '\'' {
				b.WriteByte('\'')
				i++
				continue
			}
			return b.String(), i + 1
		case '\\':
			n := escape(&b, s[i:])
			if n == 0 {
				return "", -1
			}
			i += n - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return "", -1
}

// escape reads one escape sequence and gives its length.
func escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	code := func(from, digits, base int) int {
		if len(s) < from+digits {
			return 0
		}
		n, err := strconv.ParseUint(s[from:from+digits], base, 32)
		if err != nil {
			return 0
		}
		b.WriteRune(rune(n)) //nolint:gosec // at most 32 bits were read, and what is no character becomes U+FFFD
		return from + digits
	}
	switch c := s[1]; c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if n := code(2, 2, 16); n > 0 {
			return n
		}
		b.WriteByte(c)
	case 'u':
		if n := code(2, 4, 16); n > 0 {
			return n
		}
		b.WriteByte(c)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if n := code(1, 3, 8); n > 0 {
			return n
		}
		if c == '0' {
			b.WriteByte(0)
		} else {
			b.WriteByte(c)
		}
	default:
		r, size := utf8.DecodeRuneInString(s[1:])
		b.WriteRune(r)
		return 1 + size
	}
	return 2
}

// statements splits a text at the semicolons between statements.
func statements(text string) (out []string) {
	start, from := -1, 0
	for _, t := range tokens(text) {
		if t.kind == tokEnd || t.kind == tokOp && t.text == ";" {
			if start >= 0 {
				out = append(out, text[start:from])
			}
			start = -1
			continue
		}
		if start < 0 {
			start = t.start
		}
		from = t.end
	}
	return out
}

// reserved are words that cannot name a column, from the
// documentation's list of reserved keywords.
var reserved = set("ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DELETE DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES WHEN WHENEVER WHERE WITH")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}
