package sql

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// notation is how an engine that is not RE2 writes regular expressions.
//
// RE2's syntax tree is written in it such that nothing depends on a locale:
// classes and letters of either case are the code points that they are. What a
// pattern matches at all is the same in both. Which of several matches is taken
// is not: RE2 takes the first alternative, the others the longest match. So what
// replaces or extracts is refused unless the pattern can be followed in one way
// only, where the two are one.
type notation struct {
	// group begins a group that is not counted; empty where each is.
	group string
	// nothing matches nowhere, empty everywhere.
	nothing, empty string
	// beginLine, endLine, boundary and inside are places; empty where there is no
	// way to write them.
	beginLine, endLine, boundary, inside string
	// most is the greatest count that an interval may have.
	most int
	// least is the first character of a text.
	least rune
	// char writes a character such that it means itself in and out of classes.
	char func(rune) string
}

// advanced is PostgreSQL's "advanced regular expressions".
var advanced = &notation{
	group: "(?:", nothing: "(?!)", empty: "(?:)",
	beginLine: `(?<![^\n])`, endLine: `(?![^\n])`,
	boundary: `(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))`,
	inside:   `(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))`,
	most:     255, least: 1, char: areRune,
}

// translate writes an RE2 pattern in the notation. group is the number of what
// was its first group.
func (n *notation) translate(of Func, pattern string) (text string, group int, err error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", 0, fmt.Errorf("it is no pattern: %w", err)
	}
	w := &regexpWriter{notation: n}
	if of == MatchesAll && n.group != "" {
		w.b.WriteString("^" + n.group)
	}
	if err := w.write(tree); err != nil {
		return "", 0, err
	}
	if of == MatchesAll && n.group != "" {
		w.b.WriteString(")$")
	}
	if of != RegexpReplace && of != RegexpExtract {
		return w.b.String(), w.first, nil
	}
	p := &positions{}
	whole := p.add(tree)
	switch {
	case !p.single:
		return "", 0, errors.New("it can match one text in several ways, of which this warehouse would take another")
	case of == RegexpReplace && whole.empty && !anchored(tree):
		return "", 0, errors.New("it can match nothing, which this warehouse replaces in other places")
	}
	return w.b.String(), w.first, nil
}

// anchored says that a pattern matches at the beginning of a text alone, and so
// once.
func anchored(t *syntax.Regexp) bool {
	switch t.Op { //nolint:exhaustive // the others may match anywhere
	case syntax.OpBeginText:
		return true
	case syntax.OpConcat, syntax.OpCapture:
		return len(t.Sub) > 0 && anchored(t.Sub[0])
	}
	return false
}

// regexpWriter prints a syntax tree.
type regexpWriter struct {
	*notation
	b strings.Builder
	// groups are those that are counted, first the number of the first that the
	// pattern itself has.
	groups, first int
}

// place writes a place between characters.
func (w *regexpWriter) place(text, of string) error {
	if text == "" {
		return errors.New("it asks for " + of)
	}
	w.b.WriteString(text)
	return nil
}

// open is the beginning of a group that the pattern does not have.
func (w *regexpWriter) open() string {
	if w.group != "" {
		return w.group
	}
	w.groups++
	return "("
}

func (w *regexpWriter) write(t *syntax.Regexp) error {
	switch t.Op {
	case syntax.OpNoMatch:
		w.b.WriteString(w.nothing)
	case syntax.OpEmptyMatch:
		if w.empty == "()" {
			w.groups++
		}
		w.b.WriteString(w.empty)
	case syntax.OpLiteral:
		for _, r := range t.Rune {
			w.class(letter(r, t.Flags))
		}
	case syntax.OpCharClass:
		w.class(t.Rune)
	case syntax.OpAnyCharNotNL:
		w.b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		w.b.WriteString(".")
	case syntax.OpBeginText:
		w.b.WriteString("^")
	case syntax.OpEndText:
		w.b.WriteString("$")
	case syntax.OpBeginLine:
		return w.place(w.beginLine, "the beginning of a line")
	case syntax.OpEndLine:
		return w.place(w.endLine, "the end of a line")
	case syntax.OpWordBoundary:
		return w.place(w.boundary, "the end of a word")
	case syntax.OpNoWordBoundary:
		return w.place(w.inside, "the inside of a word")
	case syntax.OpCapture:
		w.groups++
		if w.first == 0 {
			w.first = w.groups
		}
		return w.grouped("(", t.Sub[0])
	case syntax.OpStar:
		return w.repeat(t.Sub[0], "*")
	case syntax.OpPlus:
		return w.repeat(t.Sub[0], "+")
	case syntax.OpQuest:
		return w.repeat(t.Sub[0], "?")
	case syntax.OpRepeat:
		if t.Min > w.most || t.Max > w.most {
			return fmt.Errorf("it repeats a part more than %d times", w.most)
		}
		count := "{" + strconv.Itoa(t.Min)
		switch {
		case t.Max < 0:
			count += ","
		case t.Max != t.Min:
			count += "," + strconv.Itoa(t.Max)
		}
		return w.repeat(t.Sub[0], count+"}")
	case syntax.OpConcat:
		for _, sub := range t.Sub {
			if sub.Op == syntax.OpAlternate {
				if err := w.grouped(w.open(), sub); err != nil {
					return err
				}
				continue
			}
			if err := w.write(sub); err != nil {
				return err
			}
		}
	case syntax.OpAlternate:
		for i, sub := range t.Sub {
			if i > 0 {
				w.b.WriteString("|")
			}
			if err := w.write(sub); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("it has a part that is not known: %v", t)
	}
	return nil
}

func (w *regexpWriter) grouped(open string, t *syntax.Regexp) error {
	w.b.WriteString(open)
	if err := w.write(t); err != nil {
		return err
	}
	w.b.WriteString(")")
	return nil
}

// repeat writes a part and how often it comes. Whether as often or as rarely as
// possible decides only which of several matches is taken. Not every engine
// repeats what matches a place and no character: a place is there or not.
func (w *regexpWriter) repeat(t *syntax.Regexp, count string) error {
	switch t.Op { //nolint:exhaustive // the others need a group
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		if strings.HasPrefix(count, "*") || strings.HasPrefix(count, "?") || strings.HasPrefix(count, "{0") {
			return nil
		}
		return w.write(t)
	case syntax.OpLiteral:
		if len(t.Rune) != 1 {
			break
		}
		w.class(letter(t.Rune[0], t.Flags))
		w.b.WriteString(count)
		return nil
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpCapture:
		if err := w.write(t); err != nil {
			return err
		}
		w.b.WriteString(count)
		return nil
	}
	if err := w.grouped(w.open(), t); err != nil {
		return err
	}
	w.b.WriteString(count)
	return nil
}

// letter is a literal character as pairs of first and last.
func letter(r rune, flags syntax.Flags) []rune {
	out := []rune{r, r}
	if flags&syntax.FoldCase != 0 {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			out = append(out, other, other)
		}
	}
	return out
}

// class writes characters given as pairs of first and last.
func (w *regexpWriter) class(pairs []rune) {
	all := len(pairs) > 0 && pairs[0] == 0 && pairs[len(pairs)-1] == unicode.MaxRune
	open := "["
	if all {
		// All but those between.
		open = "[^"
		var between []rune
		for i := 2; i < len(pairs); i += 2 {
			between = append(between, pairs[i-1]+1, pairs[i]-1)
		}
		pairs = between
	}
	var ranges strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		first, last := max(pairs[i], w.least), pairs[i+1]
		if last < first {
			continue
		}
		ranges.WriteString(w.char(first))
		if last > first {
			ranges.WriteString("-" + w.char(last))
		}
	}
	switch {
	case ranges.Len() == 0 && all:
		w.b.WriteString(".")
	case ranges.Len() == 0:
		w.b.WriteString(w.nothing)
	case !all && len(pairs) == 2 && pairs[0] == pairs[1]:
		w.b.WriteString(ranges.String())
	default:
		w.b.WriteString(open + ranges.String() + "]")
	}
}

// areRune writes a character in the notation of PostgreSQL.
func areRune(r rune) string {
	switch {
	case '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ' ':
		return string(r)
	case '!' <= r && r <= '~':
		return `\` + string(r)
	case r > unicode.MaxLatin1 && r < 0xffff && unicode.IsLetter(r):
		return string(r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// positions says whether a pattern can be followed in one way only: whether at
// every place of it the next character decides where to go on. (The pattern is
// then called one-unambiguous; Brüggemann-Klein and Wood, 1998.)
type positions struct {
	single bool
	// classes are the characters of each place, and follow the places that may
	// come next.
	classes [][]rune
	follow  [][]int
}

// followed is what is known of a part of a pattern.
type followed struct {
	first, last []int
	empty       bool
}

func (p *positions) add(t *syntax.Regexp) followed {
	p.single = true
	whole := p.walk(t)
	p.check(whole.first)
	for _, next := range p.follow {
		p.check(next)
	}
	return whole
}

// check finds two places that one character leads to.
func (p *positions) check(places []int) {
	for i, a := range places {
		for _, b := range places[i+1:] {
			if a != b && overlap(p.classes[a], p.classes[b]) {
				p.single = false
			}
		}
	}
}

func overlap(a, b []rune) bool {
	for i := 0; i < len(a); i += 2 {
		for j := 0; j < len(b); j += 2 {
			if a[i] <= b[j+1] && b[j] <= a[i+1] {
				return true
			}
		}
	}
	return false
}

func (p *positions) place(class []rune) followed {
	n := len(p.classes)
	p.classes, p.follow = append(p.classes, class), append(p.follow, nil)
	return followed{first: []int{n}, last: []int{n}}
}

func (p *positions) link(from, to []int) {
	for _, n := range from {
		for _, m := range to {
			if !slices.Contains(p.follow[n], m) {
				p.follow[n] = append(p.follow[n], m)
			}
		}
	}
}

func (p *positions) then(a, b followed) followed {
	p.link(a.last, b.first)
	out := followed{first: a.first, last: b.last, empty: a.empty && b.empty}
	if a.empty {
		out.first = append(slices.Clone(a.first), b.first...)
	}
	if b.empty {
		out.last = append(slices.Clone(b.last), a.last...)
	}
	return out
}

func (p *positions) walk(t *syntax.Regexp) followed {
	nothing := followed{empty: true}
	if t.Flags&syntax.NonGreedy != 0 && (t.Op == syntax.OpStar || t.Op == syntax.OpPlus || t.Op == syntax.OpQuest || t.Op == syntax.OpRepeat) {
		p.single = false
	}
	switch t.Op { //nolint:exhaustive // the others match no character
	case syntax.OpLiteral:
		out := nothing
		for _, r := range t.Rune {
			out = p.then(out, p.place(letter(r, t.Flags)))
		}
		return out
	case syntax.OpCharClass:
		return p.place(t.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return p.place([]rune{0, unicode.MaxRune})
	case syntax.OpCapture:
		return p.walk(t.Sub[0])
	case syntax.OpConcat:
		out := nothing
		for _, sub := range t.Sub {
			out = p.then(out, p.walk(sub))
		}
		return out
	case syntax.OpAlternate:
		var out followed
		for _, sub := range t.Sub {
			a := p.walk(sub)
			// Of two that match nothing the first would win.
			if a.empty {
				p.single = false
			}
			out = followed{append(out.first, a.first...), append(out.last, a.last...), out.empty || a.empty}
		}
		return out
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		a := p.walk(t.Sub[0])
		if t.Op != syntax.OpQuest {
			p.link(a.last, a.first)
		}
		a.empty = a.empty || t.Op != syntax.OpPlus
		return a
	case syntax.OpRepeat:
		out := nothing
		for n := range max(t.Min, t.Max) {
			a := p.walk(t.Sub[0])
			a.empty = a.empty || n >= t.Min
			out = p.then(out, a)
		}
		if t.Max < 0 {
			a := p.walk(t.Sub[0])
			p.link(a.last, a.first)
			a.empty = true
			out = p.then(out, a)
		}
		return out
	default: // a place between characters
		return nothing
	}
}
