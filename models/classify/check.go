package classify

import (
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The codes of findings; docs/errors.md explains them.
const (
	codeNotAllowed = "class-not-allowed"
	codeLowered    = "class-lowered"
	codeExpired    = "expired-exception"
	codeUnused     = "unused-exception"
)

// Check finds what must not be: classes that are lowered without a reason, what
// syncs would send that their destinations are not allowed, and exceptions that
// have ended by today, or that nothing needs.
func (c *Classes) Check(today time.Time) diag.List {
	k := &checker{Classes: c, used: map[*config.Exception]bool{}}
	for _, t := range c.in.Project.Traits {
		k.lowered("trait "+t.Name, t.Class, t.Because, t.Pos.At("class"), c.of(traitKey(t.Entity, t.Name)))
	}
	for _, s := range c.in.Project.Segments {
		k.lowered("segment "+s.Name, s.Class, s.Because, s.Pos.At("class"), c.of(segmentKey(s.Name)))
	}
	for _, s := range c.in.Project.Syncs {
		k.sync(s)
	}
	for _, x := range c.in.Project.Exceptions {
		k.exception(x, today)
	}
	return k.found
}

type checker struct {
	*Classes
	found diag.List
	used  map[*config.Exception]bool
}

func (k *checker) report(d diag.Diagnostic) { k.found = append(k.found, d) }

// lowered finds a class that is lower than that of what the value is made of.
func (k *checker) lowered(what string, class config.Class, because string, at diag.Span, made Found) {
	if class == "" || strings.TrimSpace(because) != "" || !made.Class.Over(class) {
		return
	}
	d := diag.Errorf(at, codeLowered, "the %s is made of %s, which is %s", what, made.What, made.said()).
		WithHelp("say with because: why it may be %s all the same, or classify what it is made of", class)
	k.report(related(d, made))
}

// said is the class in a sentence.
func (f Found) said() string {
	if f.Declared {
		return string(f.Class)
	}
	return string(f.Class) + " since nobody has classified it"
}

func related(d diag.Diagnostic, f Found) diag.Diagnostic {
	if f.At.IsZero() {
		return d
	}
	if f.Declared {
		return d.WithRelated(f.At, "its class is declared here")
	}
	return d.WithRelated(f.At, "it could be classified here")
}

// sync holds what a sync sends against what its destination may have.
func (k *checker) sync(s *config.Sync) {
	i := slices.IndexFunc(k.in.Project.Destinations, func(d *config.Destination) bool { return d.Name == s.To.Destination })
	d := k.in.Project.Destinations[i]
	allowed := func(c config.Class) bool { return slices.Contains(d.Allow, string(c)) }
	refuse := func(at diag.Span, f Found, what, ways string) {
		if !f.Declared {
			ways = "classify it with class:, or " + ways
		}
		finding := related(diag.Errorf(at, codeNotAllowed, "%s, which is %s, and %s may have %s alone", what, f.said(), d.Name, words(d.Allow)).
			WithHelp("%s", ways), f)
		if d.Pos.Get("allow").Kind() != strict.Absent {
			finding = finding.WithRelated(d.Pos.Key("allow"), "what it may have is here")
		} else {
			finding = finding.WithRelated(d.Pos.At("name"), "the destination is here")
		}
		k.report(finding)
	}
	if member := k.Membership(s); !allowed(member.Class) {
		if x := k.excepted(s, func(x *config.Exception) bool { return x.Segment }); x == nil {
			from := s.Pos.Get("from")
			at := from.At("segment")
			if s.From.Segment == "" {
				at = from.At("source")
			}
			refuse(at, member, "being sent tells of "+member.What,
				"allow: it at the destination, or make an exception with segment: true")
		}
	}
	for _, leaf := range s.Leaves() {
		f, class := k.Field(s, leaf), k.Sent(s, leaf)
		if leaf.Hash != "" && leaf.Class != "" && leaf.Class.Over(f.Class) {
			k.report(related(diag.Warningf(leaf.At("class"), codeLowered, "the digest has a higher class than the value, which is %s", f.Class).
				WithHelp("remove this"), f))
		}
		if allowed(class) {
			continue
		}
		if x := k.excepted(s, func(x *config.Exception) bool { return slices.Contains(x.Fields, leaf.Name()) }); x != nil {
			continue
		}
		at := leaf.Pos.Span()
		for _, key := range []string{"trait", "value", "list"} {
			if leaf.Pos.Get(key).Kind() != strict.Absent {
				at = leaf.At(key)
			}
		}
		refuse(at, f, "the field "+quoted(leaf.Name())+" holds "+f.What, "allow: it at the destination, or make an exception")
	}
}

func quoted(s string) string { return `"` + s + `"` }

// words lists classes in a sentence.
func words(list []string) string {
	if len(list) == 1 {
		return "what is " + list[0]
	}
	return "what is " + strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// excepted is the exception of a sync that covers something; nil where none does.
func (k *checker) excepted(s *config.Sync, covers func(*config.Exception) bool) *config.Exception {
	var out *config.Exception
	for _, x := range k.in.Project.Exceptions {
		if x.Sync == s.Name && covers(x) {
			k.used[x] = true
			out = x
		}
	}
	return out
}

// exception finds one that has ended, and one that nothing needs.
func (k *checker) exception(x *config.Exception, today time.Time) {
	if !today.Before(x.Until.AddDate(0, 0, 1)) {
		k.report(diag.Errorf(x.Pos.At("until"), codeExpired, "the exception %q has ended on %s", x.Name, x.Until.Format(time.DateOnly)).
			WithHelp("ask %s whether it may go on and write a later day, or remove it and what it permits", x.Responsible))
	}
	if !k.used[x] {
		k.report(diag.Warningf(x.Pos.At("name"), codeUnused, "nothing needs the exception %q any more", x.Name).WithHelp("remove it"))
	}
}
