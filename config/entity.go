package config

import (
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
		known := l.oneOf(id.Normalize, id.Pos.At("normalize"), "normalizer", Normalizers)
		l.region(id, known)
		l.strength(e, id, i == 0)
		if id.Limit < 0 {
			l.report(diag.Errorf(id.Pos.At("limit"), codeRange, "a limit cannot be negative").
				WithHelp("write 1 or more, or remove the key for no limit"))
		}
		for j, pattern := range id.Ignore {
			at := id.Pos.At("ignore", strconv.Itoa(j))
			switch {
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
		switch e.Identifiers[i].Normalize {
		case "email", "domain", "lower":
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
