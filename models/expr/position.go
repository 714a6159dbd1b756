package expr

import (
	"strings"
	"unicode"

	"github.com/google/cel-go/common/ast"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// source is one expression with the places of its parts. cel-go counts code
// points; YAML places are found by bytes.
type source struct {
	text  strict.Text
	runes []rune
	// bytes[i] is where rune i starts; one more entry marks the end. It is nil
	// where all is ASCII, so that both counts agree.
	bytes []int
	info  *ast.SourceInfo
}

func newSource(value string, text strict.Text) *source {
	s := &source{text: text, runes: []rune(value)}
	if len(s.runes) != len(value) {
		for i := range value {
			s.bytes = append(s.bytes, i)
		}
		s.bytes = append(s.bytes, len(value))
	}
	return s
}

// span is the place of the code points [start, end).
func (s *source) span(start, end int) diag.Span {
	start = max(0, min(start, len(s.runes)))
	end = max(start, min(end, len(s.runes)))
	if s.bytes != nil {
		start, end = s.bytes[start], s.bytes[end]
	}
	return s.text.Span(start, end)
}

// of is the place of a whole expression.
func (s *source) of(e ast.Expr) diag.Span {
	start, end := s.extent(e)
	return s.span(start, end)
}

// name is the place of the name in a call, a selection or an identifier.
func (s *source) name(e ast.Expr) diag.Span {
	at := s.offset(e)
	if at < 0 {
		return s.of(e)
	}
	switch e.Kind() { //nolint:exhaustive // the others have no name
	case ast.CallKind, ast.ComprehensionKind:
		if at < len(s.runes) && s.runes[at] == '(' {
			end := at
			for end > 0 && unicode.IsSpace(s.runes[end-1]) {
				end--
			}
			start := end
			for start > 0 && isWord(s.runes[start-1]) {
				start--
			}
			if start < end {
				return s.span(start, end)
			}
		}
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() { // of has(): cel-go does not place the point
			_, at = s.extent(e.AsSelect().Operand())
			for at < len(s.runes) && s.runes[at] != '.' {
				at++
			}
		}
		start := at + 1
		for start < len(s.runes) && unicode.IsSpace(s.runes[start]) {
			start++
		}
		return s.span(start, s.token(start))
	case ast.IdentKind:
		return s.span(at, s.token(at))
	}
	return s.of(e)
}

// offset is where cel-go placed the node, -1 where it did not.
func (s *source) offset(e ast.Expr) int {
	r, ok := s.info.GetOffsetRange(e.ID())
	if !ok {
		return -1
	}
	return int(r.Start)
}

// extent is the range of code points from the first to the last part of e.
func (s *source) extent(e ast.Expr) (start, end int) {
	start, end = -1, -1
	widen := func(a, b int) {
		if a >= 0 && (start < 0 || a < start) {
			start = a
		}
		end = max(end, b)
	}
	if at := s.offset(e); at >= 0 {
		first := s.token(at)
		if e.Kind() == ast.LiteralKind && at < len(s.runes) && s.runes[at] == '-' {
			first = s.token(first) // a negative number is two tokens
		}
		widen(at, first)
	}
	part := func(x ast.Expr) {
		if x != nil && x.Kind() != ast.UnspecifiedExprKind {
			widen(s.extent(x))
		}
	}
	switch e.Kind() { //nolint:exhaustive // the others are one token
	case ast.SelectKind:
		part(e.AsSelect().Operand())
		name := s.offset(e) + 1
		if !e.AsSelect().IsTestOnly() && name > 0 {
			widen(name, s.token(name))
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			part(call.Target())
		}
		for _, a := range call.Args() {
			part(a)
		}
		s.closing(e, &start, &end)
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			part(x)
		}
		s.closing(e, &start, &end)
	case ast.MapKind, ast.StructKind:
		s.closing(e, &start, &end)
	case ast.ComprehensionKind:
		part(e.AsComprehension().IterRange())
		part(e.AsComprehension().LoopStep())
		s.closing(e, &start, &end)
	}
	if start < 0 {
		return 0, len(s.runes)
	}
	return start, end
}

// closing widens the range of a call, list or map to its name and its closing
// bracket.
func (s *source) closing(e ast.Expr, start, end *int) {
	at := s.offset(e)
	if at < 0 || at >= len(s.runes) || !strings.ContainsRune("([{", s.runes[at]) {
		return
	}
	depth := 0
	for i := at; i < len(s.runes); i++ {
		switch s.runes[i] {
		case '"', '\'':
			raw := i > 0 && (s.runes[i-1] == 'r' || s.runes[i-1] == 'R')
			i = s.quoted(i, raw) - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				*end = max(*end, i+1)
				i = len(s.runes)
			}
		}
	}
	if s.runes[at] == '(' {
		i := at
		for i > 0 && unicode.IsSpace(s.runes[i-1]) {
			i--
		}
		for i > 0 && isWord(s.runes[i-1]) {
			i--
		}
		*start = min(*start, i)
	}
}

// token is the end of the token that starts at i.
func (s *source) token(i int) int {
	if i >= len(s.runes) {
		return len(s.runes)
	}
	j := i
	for j < len(s.runes) && isWord(s.runes[j]) {
		j++
	}
	number := s.runes[i] >= '0' && s.runes[i] <= '9'
	for number && j < len(s.runes) && (isWord(s.runes[j]) || s.runes[j] == '.') {
		j++
	}
	if number {
		return j
	}
	raw := strings.ContainsAny(string(s.runes[i:j]), "rR")
	if j < len(s.runes) && (s.runes[j] == '"' || s.runes[j] == '\'') && j-i <= 2 {
		return s.quoted(j, raw && j > i)
	}
	if j > i {
		return j
	}
	if i+1 < len(s.runes) {
		switch string(s.runes[i : i+2]) {
		case "&&", "||", "==", "!=", "<=", ">=":
			return i + 2
		}
	}
	return i + 1
}

// quoted is the end of the string literal whose quote is at i.
func (s *source) quoted(i int, raw bool) int {
	quote, width := s.runes[i], 1
	if i+2 < len(s.runes) && s.runes[i+1] == quote && s.runes[i+2] == quote {
		width = 3
	}
	for j := i + width; j < len(s.runes); j++ {
		if s.runes[j] == '\\' && !raw {
			j++
			continue
		}
		if s.runes[j] != quote {
			continue
		}
		n := 1
		for n < width && j+n < len(s.runes) && s.runes[j+n] == quote {
			n++
		}
		if n == width {
			return j + width
		}
	}
	return len(s.runes)
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
