package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Consent is where people say whether their data may be used for a purpose.
// Whoever has said nothing has not permitted it.
//
// It is written in one of two forms: From names columns, each of which is about one
// purpose; or Source is a table of which each row is a word.
type Consent struct {
	Name        string `yaml:"name,required" doc:"Name of the consent, such as opted_in."`
	Description string `yaml:"description,blank" doc:"Where people say so, for readers."`
	Entity      string `yaml:"entity,required" doc:"Entity that gives the consent."`
	Purpose     string `yaml:"purpose" doc:"Purpose that is permitted, where it is one."`
	// From are "source.column" references to columns of type bool. The latest
	// word counts, of words at the same time a refusal.
	From strict.OneOrMany `yaml:"from" doc:"Columns that are true where the consent is given and false where it is refused, each as source.column. The latest word counts."`
	// Source is the one whose rows are words. PurposeColumn says what each is about,
	// where there is no one Purpose, by one of the values of Purposes; Load fills those
	// in where none are given.
	Source        string                           `yaml:"source" doc:"In place of from: a source of which each row is a word."`
	PurposeColumn string                           `yaml:"purpose_column" doc:"Column of the source that names the purpose of the word, in place of purpose."`
	Purposes      strict.Ordered[strict.OneOrMany] `yaml:"purposes" doc:"Purposes, each with the values of purpose_column that mean it. Without it the values are the names of the purposes."`
	// Status is the column of what was said: true or false, or a text which Given or
	// Refused has. Without Refused every other text is a refusal.
	Status  string           `yaml:"status" doc:"Column of the source that says whether the consent is given: true or false, or a text."`
	Given   strict.OneOrMany `yaml:"given" doc:"Values of status, where that is a text, that give the consent."`
	Refused strict.OneOrMany `yaml:"refused" doc:"Values of status, where that is a text, that refuse the consent; all others where none are given. With it, a value that is in neither list says nothing."`
	// Provenance is a column of text.
	Provenance string      `yaml:"provenance" doc:"Column of the source that says where and how the word was given, as proof of it."`
	Tags       []string    `yaml:"tags" doc:"Words to select by."`
	Pos        strict.Node `yaml:"-"`
}

// Word is a column in which people say something of one purpose.
type Word struct {
	// Source is its source and Column that of what was said, true or false, or one of
	// Given or Refused where there are any.
	Source, Column string
	Given, Refused []string
	// PurposeColumn has one of Values where a row is about the purpose; without it all
	// are.
	PurposeColumn string
	Values        []string
	// Provenance is a column of text, or nothing.
	Provenance string
}

// About are the names of the purposes that are spoken of.
func (c *Consent) About() []string {
	if c.Purpose != "" {
		return []string{c.Purpose}
	}
	return c.Purposes.Keys()
}

// Words are the columns in which something is said of a purpose; none where it is
// not spoken of.
func (c *Consent) Words(purpose string) []Word {
	if !slices.Contains(c.About(), purpose) {
		return nil
	}
	if c.Source != "" {
		w := Word{Source: c.Source, Column: c.Status, Given: c.Given, Refused: c.Refused, Provenance: c.Provenance}
		if c.PurposeColumn != "" {
			w.PurposeColumn = c.PurposeColumn
			w.Values, _ = c.Purposes.Get(purpose)
		}
		return []Word{w}
	}
	var out []Word
	for _, from := range c.From {
		source, column, _ := strings.Cut(from, ".")
		out = append(out, Word{Source: source, Column: column})
	}
	return out
}

// consents checks where the permissions of people are read.
func (l *loader) consents(ix *index) {
	for _, c := range l.project.Consents {
		l.knownEntity(ix, c.Entity, c.Pos.At("entity"))
		if c.Pos.Get("purpose").Kind() != strict.Absent {
			l.consentPurpose(ix, c.Purpose, c.Pos.At("purpose"))
		}
		if c.Pos.Get("source").Kind() != strict.Absent {
			l.consentSource(ix, c)
		} else {
			l.consentColumns(ix, c)
		}
	}
}

// consentPurpose checks a purpose that people are said to consent to.
func (l *loader) consentPurpose(ix *index, name string, at diag.Span) {
	x, ok := find(l, ix.purposes, ix.purposeNames, name, at, codeUnknownPurpose, "purpose")
	if ok && x.Basis != "" && x.Basis != BasisConsent {
		l.report(diag.Errorf(at, codeConflict, "the purpose %q rests on %s, which nobody has to consent to", x.Name, x.Basis).
			WithHelp("write basis: consent there, or remove this").WithRelated(x.Pos.At("basis"), "the purpose says so here"))
	}
}

// consentColumns checks the form of columns.
func (l *loader) consentColumns(ix *index, c *Consent) {
	for _, key := range []string{"purpose_column", "purposes", "status", "given", "refused", "provenance"} {
		if c.Pos.Get(key).Kind() != strict.Absent {
			l.report(diag.Errorf(c.Pos.Key(key), codeConflict, "%q is about the rows of a source", key).
				WithHelp("add source: with its name in place of from, or remove %s", key))
		}
	}
	for _, key := range []string{"purpose", "from"} {
		if c.Pos.Get(key).Kind() == strict.Absent {
			l.report(diag.Errorf(c.Pos.At("name"), codeMissing, "the consent %q has no %s", c.Name, key).
				WithHelp("write purpose: and from: [source.column], or source: with a table of which each row is a word"))
		}
	}
	typ, at := l.references(ix, "consent", c.Entity, c.Pos, c.From)
	if typ != "" && typ != "bool" {
		l.report(diag.Errorf(at, codeMixedTypes, "a consent is read from columns of type bool, this one is of type %s", typ).
			WithHelp("declare the column as bool; where the table has words, write source, status and given"))
	}
	for _, from := range c.From {
		source, _, _ := strings.Cut(from, ".")
		if s := ix.sources[source]; s != nil && s.Time == "" && len(c.From) > 1 {
			l.report(diag.Errorf(c.Pos.At("from"), codeMissing, "the source %q has no time, so that its word cannot be weighed against others", source).
				WithHelp("add time: to the source"))
		}
	}
}

// consentSource checks the form of rows.
func (l *loader) consentSource(ix *index, c *Consent) {
	if c.Pos.Get("from").Kind() != strict.Absent {
		l.report(diag.Errorf(c.Pos.Key("from"), codeConflict, "from and source are two ways to say where the words are").
			WithHelp("keep one of them"))
	}
	s, known := find(l, ix.sources, ix.sourceNames, c.Source, c.Pos.At("source"), codeUnknownSource, "source")
	if known && s.Entity != c.Entity {
		l.report(diag.Errorf(c.Pos.At("source"), codeOtherEntity, "the source %q is about %s, the consent about %s", s.Name, s.Entity, c.Entity).
			WithHelp("name a source of the same entity").WithRelated(s.Pos.At("entity"), "the source says so here"))
		known = false
	}
	if known && s.Time == "" {
		l.report(diag.Errorf(c.Pos.At("source"), codeMissing, "the source %q has no time, so that nobody knows which of its words is the latest", s.Name).
			WithHelp("add time: to the source"))
	}
	l.consentWhat(ix, c)
	column := func(key, name string, types ...string) (typ string) {
		at := c.Pos.At(key)
		if !known || c.Pos.Get(key).Kind() == strict.Absent {
			return ""
		}
		field, ok := s.Columns.Get(name)
		if !ok {
			d := unknown(at, codeUnknownColumn, "column of the source "+s.Name, name, s.Columns.Keys()).WithRelated(s.Pos.At("name"), "the source is here")
			if d.Help == "" || len(s.Columns) == 0 {
				d = d.WithHelp("declare it under columns of the source")
			}
			l.report(d)
			return ""
		}
		if field.Type != "" && !slices.Contains(types, field.Type) {
			l.report(diag.Errorf(at, codeMixedTypes, "%s is a column of type %s, this one is of type %s", key, strings.Join(types, " or "), field.Type).
				WithHelp("declare the column as %s", types[0]))
			return ""
		}
		return field.Type
	}
	column("purpose_column", c.PurposeColumn, "string")
	column("provenance", c.Provenance, "string")
	if c.Pos.Get("status").Kind() == strict.Absent {
		l.report(diag.Errorf(c.Pos.At("name"), codeMissing, "the consent %q does not say which column of %s has what was said", c.Name, c.Source).
			WithHelp("add status: with a column that is true or false, or a text"))
		return
	}
	l.consentStatus(c, column("status", c.Status, "bool", "string"))
}

// consentWhat checks what the rows are about.
func (l *loader) consentWhat(ix *index, c *Consent) {
	one, by, values := c.Pos.Get("purpose").Kind() != strict.Absent, c.Pos.Get("purpose_column").Kind() != strict.Absent, c.Pos.Get("purposes").Kind() != strict.Absent
	switch {
	case one && by:
		l.report(diag.Errorf(c.Pos.Key("purpose_column"), codeConflict, "purpose says what all rows are about, purpose_column what each is about").
			WithHelp("keep one of them"))
	case !one && !by:
		l.report(diag.Errorf(c.Pos.At("name"), codeMissing, "the consent %q does not say what it permits", c.Name).
			WithHelp("add purpose: where all rows are about one, or purpose_column: with the column that names it"))
	case values && !by:
		l.report(diag.Errorf(c.Pos.Key("purposes"), codeConflict, "purposes says what the values of purpose_column mean, and there is none").
			WithHelp("add purpose_column: with the column that names the purpose, or remove purposes"))
	case by && !values:
		for _, x := range l.project.Purposes {
			if x.Basis == BasisConsent {
				c.Purposes = append(c.Purposes, strict.Entry[strict.OneOrMany]{Key: x.Name, Value: strict.OneOrMany{x.Name}})
			}
		}
	}
	meant := map[string]diag.Span{}
	for _, e := range c.Purposes {
		if !values {
			break
		}
		l.consentPurpose(ix, e.Key, c.Pos.Key("purposes", e.Key))
		l.consentValues(c, e.Value, meant, "purposes", e.Key)
	}
}

// consentStatus checks the words of a column of a type, "" where that is not known.
func (l *loader) consentStatus(c *Consent, typ string) {
	for _, key := range []string{"given", "refused"} {
		if typ == "bool" && c.Pos.Get(key).Kind() != strict.Absent {
			l.report(diag.Errorf(c.Pos.Key(key), codeConflict, "status is true or false: there are no other words for it").WithHelp("remove %s", key))
		}
	}
	if typ == "string" && len(c.Given) == 0 {
		l.report(diag.Errorf(c.Pos.At("status"), codeMissing, "nothing says which text of the column %q gives the consent", c.Status).
			WithHelp("add given: with the texts that do"))
	}
	said := map[string]diag.Span{}
	l.consentValues(c, c.Given, said, "given")
	l.consentValues(c, c.Refused, said, "refused")
}

// consentValues checks that none of a list of texts means two things.
func (l *loader) consentValues(c *Consent, list strict.OneOrMany, meant map[string]diag.Span, path ...string) {
	for i, value := range list {
		at := c.Pos.At(path...)
		if c.Pos.Get(path...).Kind() == strict.List {
			at = c.Pos.At(append(slices.Clone(path), strconv.Itoa(i))...)
		}
		if before, twice := meant[value]; twice {
			l.report(diag.Errorf(at, codeDuplicateName, "%q is given twice", value).WithHelp("remove one of them").WithRelated(before, "the first is here"))
			continue
		}
		meant[value] = at
	}
}
