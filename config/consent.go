package config

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Consent is a permission that a person gives or refuses. Whoever has said
// nothing has not given it.
type Consent struct {
	Name        string `yaml:"name,required" doc:"Name of the consent, such as email_marketing."`
	Description string `yaml:"description,blank" doc:"What is permitted, for readers."`
	Entity      string `yaml:"entity,required" doc:"Entity that gives the consent."`
	// From are "source.column" references to columns of type bool. The latest
	// word counts, of words at the same time a refusal.
	From strict.OneOrMany `yaml:"from,required" doc:"Columns that are true where the consent is given and false where it is refused, each as source.column. The latest word counts."`
	Tags []string         `yaml:"tags" doc:"Words to select by."`
	Pos  strict.Node      `yaml:"-"`
}

// consents checks where the permissions of people are read.
func (l *loader) consents(ix *index) {
	for _, c := range l.project.Consents {
		l.knownEntity(ix, c.Entity, c.Pos.At("entity"))
		typ, at := l.references(ix, "consent", c.Entity, c.Pos, c.From)
		if typ != "" && typ != "bool" {
			l.report(diag.Errorf(at, codeMixedTypes, "a consent is read from columns of type bool, this one is of type %s", typ).
				WithHelp("declare the column as bool; where the table has words, make a view that compares them"))
		}
		for _, from := range c.From {
			source, _, _ := strings.Cut(from, ".")
			if s := ix.sources[source]; s != nil && s.Time == "" && len(c.From) > 1 {
				l.report(diag.Errorf(c.Pos.At("from"), codeMissing, "the source %q has no time, so that its word cannot be weighed against others", source).
					WithHelp("add time: to the source"))
			}
		}
	}
}
