package mask

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/classify"
)

// Masker shows values of a project as their classes say: what is personal or
// sensitive masked, and what is public or internal as it is. What has no class
// that is known is sensitive.
type Masker struct {
	project *config.Project
	classes *classify.Classes
	// open shows everything.
	open bool
}

// New masks. An open one shows every value as it is: whoever asks for it has
// written down why.
func New(p *config.Project, classes *classify.Classes, open bool) *Masker {
	return &Masker{project: p, classes: classes, open: open}
}

// Open says that every value is shown.
func (m *Masker) Open() bool { return m.open }

// Shows says that values of a class are shown as they are.
func (m *Masker) Shows(c config.Class) bool { return m.open || c != "" && !c.Over(config.Internal) }

// Value is a value of a class as it is shown.
func (m *Masker) Value(c config.Class, v any) any {
	if m.Shows(c) {
		return v
	}
	return Value(v)
}

// String is Value of a text.
func (m *Masker) String(c config.Class, s string) string {
	if m.Shows(c) {
		return s
	}
	return String(s)
}

// Words are words of somebody else's, such as a platform's, in which there may be
// values.
func (m *Masker) Words(s string) string {
	if m.open {
		return s
	}
	return Text(s)
}

// Trait is the class of a trait of an entity.
func (m *Masker) Trait(entity, name string) config.Class {
	if !slices.ContainsFunc(m.project.Traits, func(t *config.Trait) bool { return t.Entity == entity && t.Name == name }) {
		return config.Sensitive // The project has it no more.
	}
	return m.classes.Trait(entity, name).Class
}

// Identifier is the class of an identifier of an entity.
func (m *Masker) Identifier(entity, kind string) config.Class {
	return m.classes.Identifier(entity, kind)
}

// Field is the class of a field of a sync, as it is sent.
func (m *Masker) Field(sync, name string) config.Class {
	s := m.sync(sync)
	if s == nil {
		return config.Sensitive
	}
	for _, leaf := range s.Leaves() {
		if leaf.Name() == name {
			return m.classes.Sent(s, leaf)
		}
	}
	return config.Sensitive
}

// Key is the class of the keys of a sync: that of the field that they come from.
func (m *Masker) Key(sync string) config.Class {
	s := m.sync(sync)
	if s == nil {
		return config.Sensitive
	}
	return m.Field(sync, s.To.Key)
}

// Row is the greatest class of what a sync sends.
func (m *Masker) Row(sync string) config.Class {
	s := m.sync(sync)
	if s == nil {
		return config.Sensitive
	}
	out := config.Public
	for _, leaf := range s.Leaves() {
		if c := m.classes.Sent(s, leaf); c.Over(out) {
			out = c
		}
	}
	return out
}

func (m *Masker) sync(name string) *config.Sync {
	i := slices.IndexFunc(m.project.Syncs, func(s *config.Sync) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return m.project.Syncs[i]
}

// Column is the class of a column of a source, or of an identifier in it, by the
// name that the project knows it by. What it does not know is as the rows are.
func (m *Masker) Column(source, column string) config.Class {
	if !slices.ContainsFunc(m.project.Sources, func(s *config.Source) bool { return s.Name == source }) {
		return config.Sensitive
	}
	return m.classes.Column(source, column).Class
}

// Source is the greatest class of what a source has, its rows included.
func (m *Masker) Source(source string) config.Class {
	i := slices.IndexFunc(m.project.Sources, func(s *config.Source) bool { return s.Name == source })
	if i < 0 {
		return config.Sensitive
	}
	out := m.classes.Rows(source).Class
	for _, c := range m.project.Sources[i].Columns {
		if x := m.Column(source, c.Key); x.Over(out) {
			out = x
		}
	}
	for _, x := range m.project.Sources[i].Identifiers {
		if c := m.Column(source, x.Key); c.Over(out) {
			out = c
		}
	}
	return out
}
