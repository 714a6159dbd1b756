package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// defaultSuspectSize is the Entity.SuspectSize where none is given.
const defaultSuspectSize = 50

func (l *loader) entity(e *Entity) {
	if len(e.Identifiers) == 0 && e.Pos.Get("identifiers").Kind() != strict.Absent {
		l.report(diag.Errorf(e.Pos.Key("identifiers"), strict.CodeEmpty, "the entity has no identifier").
			WithHelp("list at least one: - {name: email, normalize: email}"))
	}
	u := unique[string, Identifier]{l: l, what: "identifier", byKey: map[string]diag.Span{}}
	for i := range e.Identifiers {
		id := &e.Identifiers[i]
		u.add(id.Name, id.Name, id.Pos.At("name"))
		l.region(id, l.normalizer(id))
		l.strength(e, id, i == 0)
		if id.Limit < 0 {
			l.report(diag.Errorf(id.Pos.At("limit"), codeRange, "a limit cannot be negative").
				WithHelp("write 1 or more, or remove the key for no limit"))
		}
		for j, pattern := range id.Ignore {
			at := id.Pos.At("ignore", strconv.Itoa(j))
			switch {
			case pattern == FreeMail && id.Normalize != "email" && id.Normalize != "domain":
				l.report(diag.Errorf(at, codeConflict, "only domains and e-mail addresses can be those of free providers").
					WithHelp("remove it, or add normalize: email or normalize: domain"))
			case pattern == "": // reported
			case strings.TrimSpace(pattern) == "":
				l.report(diag.Errorf(at, codePattern, "this pattern is empty").
					WithHelp("remove it; empty values never identify anybody"))
			case strings.Trim(pattern, "*") == "":
				l.report(diag.Errorf(at, codePattern, "this pattern ignores every value").
					WithHelp("remove the identifier if it is never to be used"))
			}
		}
	}
	l.atLeast(1, e.SuspectSize, e.Pos.Get("suspect_size"), "suspect_size")
	if e.Pos.Get("suspect_size").Kind() == strict.Absent {
		e.SuspectSize = defaultSuspectSize
	}
	l.pairs(e)
	l.expire(e)
}

// normalizer checks how values are made comparable, and reads the SQL of a
// custom normalizer. It reports whether it knows the normalizer.
func (l *loader) normalizer(id *Identifier) bool {
	n := id.Pos.Get("normalize")
	if n.Kind() != strict.Mapping {
		return l.oneOf(string(id.Normalize), n.Span(), "normalizer", Normalizers)
	}
	if !n.Decode(l.report, &id.Custom) {
		return true
	}
	key := id.Pos.Key("normalize")
	if len(id.Custom) == 0 {
		l.report(diag.Errorf(key, strict.CodeEmpty, "the normalizer has no SQL").
			WithHelp("map each type of warehouse to an expression: {duckdb: 'upper(%s)'}", ValuePlaceholder))
		return true
	}
	types := slices.Sorted(maps.Keys(l.kinds.Targets))
	for _, e := range id.Custom {
		if !slices.Contains(types, e.Key) {
			l.report(unknown(n.Key(e.Key), codeType, "target type", e.Key, types))
			continue
		}
		l.expression(n.Text(e.Key))
	}
	lacking := map[string]bool{}
	for _, t := range l.project.Targets {
		if _, given := id.Custom.Get(t.Type); !given && slices.Contains(types, t.Type) && !lacking[t.Type] {
			lacking[t.Type] = true
			l.report(diag.Errorf(key, codeMissing, "the normalizer has no SQL for %s", t.Type).
				WithHelp("add %s: with the expression in its dialect", t.Type).
				WithRelated(t.key, "this target is of that type"))
		}
	}
	return true
}

// expression checks the SQL of a custom normalizer, as far as all dialects
// agree: that the value is in it, and that nothing of it reaches outside. The
// warehouse judges the rest.
func (l *loader) expression(text strict.Text) {
	for _, bad := range []struct{ part, what string }{
		{";", "a semicolon"}, {"--", "a comment"}, {"/*", "a comment"},
	} {
		if at := strings.Index(text.Value, bad.part); at >= 0 {
			l.report(diag.Errorf(text.Span(at, at+len(bad.part)), codeSQL, "the SQL of a normalizer cannot hold %s", bad.what).
				WithHelp("write one expression, without %q", bad.part))
			return
		}
	}
	if !strings.Contains(text.Value, ValuePlaceholder) {
		l.report(diag.Errorf(text.Span(0, len(text.Value)), codeSQL, "the SQL of a normalizer does not use the value").
			WithHelp("write %s where the text of the identifier belongs: upper(%s)", ValuePlaceholder, ValuePlaceholder))
		return
	}
	// Whether a backslash escapes the quote after it is the dialect's choice.
	flaw := unbalanced(text.Value, false)
	if flaw == nil || unbalanced(text.Value, true) == nil {
		return
	}
	l.report(diag.Errorf(text.Span(flaw.start, flaw.end), codeSQL, "%s", flaw.summary).WithHelp("%s", flaw.help))
}

// flaw is what is wrong with the bytes [start, end) of a text.
type flaw struct {
	start, end    int
	summary, help string
}

// unbalanced finds a quote or parenthesis of an expression without the other,
// and a value that is quoted.
func unbalanced(expression string, backslash bool) *flaw {
	var open []int // offsets of parentheses
	quote := -1    // offset of the quote that we are in
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		switch {
		case quote >= 0 && c == '\\' && backslash,
			quote >= 0 && c == expression[quote] && strings.HasPrefix(expression[i+1:], string(c)):
			i++ // the next byte is text
		case quote >= 0 && c == expression[quote]:
			quote = -1
		case quote >= 0 && strings.HasPrefix(expression[i:], ValuePlaceholder):
			return &flaw{
				i, i + len(ValuePlaceholder), "the value cannot stand inside of quotes",
				"take the quotes away: " + ValuePlaceholder + " is an expression, not text that is put in",
			}
		case quote >= 0:
		case c == '\'' || c == '"' || c == '`':
			quote = i
		case c == '(':
			open = append(open, i)
		case c == ')' && len(open) == 0:
			return &flaw{i, i + 1, "this parenthesis closes none", "remove it, or open one before it"}
		case c == ')':
			open = open[:len(open)-1]
		}
	}
	switch {
	case quote >= 0:
		return &flaw{quote, quote + 1, "this quote is never closed", "close it"}
	case len(open) > 0:
		at := open[len(open)-1]
		return &flaw{at, at + 1, "this parenthesis is never closed", "close it"}
	}
	return nil
}

// region checks the region of phone numbers.
func (l *loader) region(id *Identifier, normalizerKnown bool) {
	if id.Region == "" {
		return
	}
	at := id.Pos.At("region")
	upper := strings.ToUpper(id.Region)
	region, err := language.ParseRegion(upper)
	switch {
	case err != nil || !region.IsCountry() || len(id.Region) != 2 || region.Canonicalize() != region:
		l.report(diag.Errorf(at, codeValue, "unknown region %q", id.Region).
			WithHelp("write the two letters of ISO 3166, such as FR, US or GB"))
	case upper != id.Region:
		l.report(diag.Errorf(at, codeValue, "unknown region %q", id.Region).WithHelp("write it as %s", upper))
	case normalizerKnown && id.Normalize != "phone":
		l.report(diag.Errorf(id.Pos.Key("region"), codeConflict, "only phone numbers have a region").
			WithHelp("remove it, or add normalize: phone"))
	}
}

// identifierNames are the names of an entity's identifier types.
func identifierNames(e *Entity) []string {
	names := make([]string, len(e.Identifiers))
	for i := range e.Identifiers {
		names[i] = e.Identifiers[i].Name
	}
	return names
}

// identifierOf checks the name of an identifier type of the entity.
func (l *loader) identifierOf(e *Entity, name string, at diag.Span) bool {
	names := identifierNames(e)
	if slices.Contains(names, name) {
		return true
	}
	l.report(unknown(at, codeUnknownID, "identifier of "+e.Name, name, names).
		WithRelated(e.Pos.At("name"), "the entity is here"))
	return false
}

// atLeast checks a number that is written; what is not has its default.
func (l *loader) atLeast(least, number int, n strict.Node, what string) {
	if number < least && n.Kind() == strict.Scalar {
		l.report(diag.Errorf(n.Span(), codeRange, "%s is at least %d", what, least).
			WithHelp("write %d or more, or remove the key", least))
	}
}

// strength checks how many identifiers are too many.
func (l *loader) strength(e *Entity, id *Identifier, first bool) {
	l.atLeast(1, id.SharedBy, id.Pos.Get("shared_by"), "shared_by")
	l.atLeast(0, id.Suspect, id.Pos.Get("suspect"), "suspect")
	if first && id.Pos.Get("shared_by").Kind() != strict.Absent {
		l.report(diag.Errorf(id.Pos.Key("shared_by"), codeConflict,
			"%s is the strongest identifier of %s: there is no stronger one to share it", id.Name, e.Name).
			WithHelp("remove it, or list a stronger identifier first"))
	}
}

// same is a pair in a form in which two pairs are equal if they mean the same.
func same(e *Entity, p *Pair) [2]Reference {
	fold := func(r Reference) Reference {
		i := slices.IndexFunc(e.Identifiers, func(id Identifier) bool { return id.Name == r.Type })
		if i < 0 || e.Identifiers[i].Normalize == "" {
			return r
		}
		r.Value = strings.TrimSpace(r.Value)
		if slices.Contains([]Normalizer{"email", "domain", "lower"}, e.Identifiers[i].Normalize) {
			r.Value = strings.ToLower(r.Value)
		}
		return r
	}
	a, b := fold(p.A), fold(p.B)
	if a.Type > b.Type || a.Type == b.Type && a.Value > b.Value {
		a, b = b, a
	}
	return [2]Reference{a, b}
}

// pairs checks the decisions of people about two identifiers.
func (l *loader) pairs(e *Entity) {
	type place struct {
		key string
		at  diag.Span
	}
	seen := map[[2]Reference]place{}
	for _, list := range []struct {
		key   string
		pairs []Pair
	}{{"always_link", e.AlwaysLink}, {"never_link", e.NeverLink}} {
		for i := range list.pairs {
			p := &list.pairs[i]
			if p.A.Type == "" || p.B.Type == "" {
				continue // missing or ill-written, and reported
			}
			a, b := p.Pos.Text("a"), p.Pos.Text("b")
			known := l.identifierOf(e, p.A.Type, a.Span(0, len(p.A.Type)))
			if !l.identifierOf(e, p.B.Type, b.Span(0, len(p.B.Type))) || !known {
				continue
			}
			at, both := p.Pos.At("b"), same(e, p)
			if both[0] == both[1] {
				l.report(diag.Errorf(at, codeConflict, "this is the same identifier as the other").
					WithHelp("name two different identifiers, or remove the pair"))
				continue
			}
			switch before, taken := seen[both]; {
			case !taken:
				seen[both] = place{list.key, p.Pos.At("a")}
			case before.key == list.key:
				l.report(diag.Errorf(p.Pos.At("a"), codeDuplicateName, "this pair is given twice").
					WithHelp("remove one of them").WithRelated(before.at, "the first is here"))
			default:
				l.report(diag.Errorf(p.Pos.At("a"), codeConflict, "this pair is always linked and never linked").
					WithHelp("remove one of them").WithRelated(before.at, "it is always linked here"))
			}
		}
	}
}

// expire checks which entities are forgotten.
func (l *loader) expire(e *Entity) {
	if e.Expire == nil {
		return
	}
	n := e.Pos.Get("expire")
	var after Duration
	if n.Get("after").Kind() == strict.Scalar && n.Get("after").Decode(func(diag.Diagnostic) {}, &after) && after == 0 {
		l.report(diag.Errorf(n.At("after"), codeRange, "entities cannot expire as soon as they are seen").
			WithHelp("write for example 180 days"))
	}
	if k := n.Get("known_only_by").Kind(); (k == strict.List || k == strict.Null) && len(e.Expire.KnownOnlyBy) == 0 {
		l.report(diag.Errorf(n.Key("known_only_by"), strict.CodeEmpty, "nothing says which identifiers are weak").
			WithHelp("list at least one, such as cookie, or remove expire"))
	}
	seen := map[string]diag.Span{}
	for i, name := range e.Expire.KnownOnlyBy {
		item := n.Get("known_only_by", strconv.Itoa(i))
		if !item.IsString() {
			continue // of the wrong type, and reported
		}
		at := item.Span()
		if before, twice := seen[name]; twice {
			l.report(diag.Errorf(at, codeDuplicateName, "%q is given twice", name).WithHelp("remove one of them").
				WithRelated(before, "the first is here"))
			continue
		}
		seen[name] = at
		if l.identifierOf(e, name, at) && len(e.Identifiers) > 1 && name == e.Identifiers[0].Name {
			l.report(diag.Errorf(at, codeConflict, "%s is the strongest identifier of %s: who has one is known", name, e.Name).
				WithHelp("list weak identifiers only, such as %s", e.Identifiers[len(e.Identifiers)-1].Name))
		}
	}
}
