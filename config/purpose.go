package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Purpose is what data of people is used for, and by what right.
type Purpose struct {
	Name        string `yaml:"name,required" doc:"Name of the purpose, such as marketing."`
	Description string `yaml:"description,required" doc:"What the data is used for, in words that the people whom it is about would understand."`
	// Basis is one of Bases.
	Basis string `yaml:"basis,required" doc:"Why that is lawful, by Article 6 of the GDPR. With consent, nobody is sent who has not given it."`
	// Retention is how long after the last sign of a person the purpose lasts; 0 is
	// for ever.
	Retention Duration `yaml:"retention" doc:"How long after somebody was last seen their data is used for the purpose, such as 104 weeks; for ever where none is given."`
	// Google are those of GoogleConsents that whoever is sent for the purpose has
	// given.
	Google []string    `yaml:"google" doc:"What of Google's consents the purpose includes."`
	Pos    strict.Node `yaml:"-"`
}

// BasisConsent is the basis of a purpose for which only those are sent who have
// consented to it.
const BasisConsent = "consent"

// Bases are the values of Purpose.Basis: the six of Article 6(1) of the GDPR, in
// its order.
var Bases = []string{BasisConsent, "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"}

// GoogleConsents are the values of Purpose.Google, in Google's words: to send
// data to Google for advertising, and to personalise advertising with it.
var GoogleConsents = []string{"ad_user_data", "ad_personalization"}

// Unsaid says of one of GoogleConsents whether a destination is told that those have
// given it of whom their row does not say. What neither it nor the purpose says is
// refused: silence is no consent.
func (x *Purpose) Unsaid(to Consenter, consent string) bool {
	if given, said := to.Unsaid(consent); said {
		return given
	}
	return slices.Contains(x.Google, consent)
}

// Purpose is the one of a name; nil where there is none.
func (p *Project) Purpose(name string) *Purpose {
	i := slices.IndexFunc(p.Purposes, func(x *Purpose) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return p.Purposes[i]
}

// purposes checks what purposes say of themselves.
func (l *loader) purposes() {
	for _, x := range l.project.Purposes {
		l.oneOf(x.Basis, x.Pos.At("basis"), "legal basis", Bases)
		for i, g := range x.Google {
			at := x.Pos.At("google", strconv.Itoa(i))
			l.oneOf(g, at, "consent of Google", GoogleConsents)
			if slices.Contains(x.Google[:i], g) {
				l.report(diag.Errorf(at, codeDuplicateName, "%q is given twice", g).WithHelp("remove one of them"))
			}
		}
	}
}

// syncPurpose checks why a sync sends, and that somebody may be sent at all.
func (l *loader) syncPurpose(ix *index, s *Sync, entity string) {
	at := s.Pos.At("purpose")
	if strings.TrimSpace(s.Purpose) == "" {
		if s.Pos.Get("purpose").Kind() == strict.Absent {
			at = s.Pos.At("name")
		}
		l.report(diag.Errorf(at, codePurpose, "the sync %q does not say why the data may leave", s.Name).
			WithHelp("%s", purposeHelp(ix.purposeNames)))
		return
	}
	x, ok := ix.purposes[s.Purpose]
	if !ok && !l.partial {
		d := unknown(at, codeUnknownPurpose, "purpose", s.Purpose, ix.purposeNames)
		if len(ix.purposeNames) == 0 {
			d = d.WithHelp("declare it: purposes: [{name: %s, basis: contract, description: what the data is used for}]", s.Purpose)
		}
		l.report(d)
	}
	if !ok || x.Basis != BasisConsent || entity == "" || l.partial {
		return
	}
	if !slices.ContainsFunc(l.project.Consents, func(c *Consent) bool { return c.Entity == entity && slices.Contains(c.About(), s.Purpose) }) {
		l.report(diag.Errorf(at, codeNoConsent, "nothing says which %s has consented to %q: nobody could be sent", entity, s.Purpose).
			WithHelp("add consents: [{name: opted_in, entity: %s, purpose: %s, from: source.column}]", entity, s.Purpose).
			WithRelated(x.Pos.At("basis"), "the purpose rests on consent"))
	}
}

// platformConsents holds what a destination and the fields of a sync say of the
// consents of a platform against what the purpose includes of them.
func (l *loader) platformConsents(ix *index, s *Sync, d *Destination) {
	x := ix.purposes[s.Purpose]
	if x == nil || d == nil || d.wrong {
		return
	}
	platform, ok := d.Config.(Consenter)
	if wanted, _ := s.To.Operations(); !ok || wanted == Remove {
		return // Whoever is taken off an audience is said nothing else of.
	}
	purpose := x.Pos.At("google")
	if x.Pos.Get("google").Kind() == strict.Absent {
		purpose = x.Pos.At("name")
		l.report(diag.Warningf(s.Pos.At("purpose"), codeUnsaidConsent, "the purpose %q does not say which consents of Google it includes: Google is told that nobody has given any", x.Name).
			WithHelp("add google: [%s] to the purpose with those of them that whoever is sent has given, or google: [] where that is none", strings.Join(GoogleConsents, ", ")).
			WithRelated(purpose, "the purpose is here"))
	}
	for _, consent := range GoogleConsents {
		includes := slices.Contains(x.Google, consent)
		mapped := slices.ContainsFunc(s.Leaves(), func(leaf Leaf) bool { return leaf.Name() == consent })
		given, said := platform.Unsaid(consent)
		contradiction := func(at diag.Span, format string, args ...any) {
			l.report(diag.Errorf(at, codeConflict, format, args...).
				WithHelp("add %s under google of the purpose where whoever is sent for it has given that, or remove it here", consent).WithRelated(purpose, "the purpose is here"))
		}
		if !includes && mapped {
			contradiction(s.Pos.Get("fields").Key(consent), "the purpose %q does not include %s, which the rows of this sync may say", x.Name, consent)
		}
		if !includes && given {
			contradiction(d.Pos.At(consent), "the destination says that all have given %s, which the purpose %q of the sync %q does not include", consent, x.Name, s.Name)
		}
		if includes && said && !given && !mapped {
			l.report(diag.Errorf(d.Pos.At(consent), codeConflict, "the destination says that nobody has given %s, which the purpose %q of the sync %q includes", consent, x.Name, s.Name).
				WithHelp("remove it here, or map a field %s that says it of each row, or remove it from the purpose", consent).WithRelated(purpose, "the purpose is here"))
		}
	}
}

func purposeHelp(names []string) string {
	if len(names) == 0 {
		return "declare it under purposes:, and add purpose: with its name"
	}
	return "add purpose: with one of " + strings.Join(names, ", ")
}
