package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// LockFile is where a project keeps what its sources looked like, beside
// customhouse.yaml.
const LockFile = "schema.lock"

const lockSchema = "customhouse/schema-lock/v1"

// Lock is what the sources of a project looked like, by target.
type Lock struct {
	Schema  string            `json:"schema"`
	Targets map[string]Target `json:"targets"`
}

// Target is what they looked like in one.
type Target struct {
	Type    string            `json:"type"`
	Sources map[string]Source `json:"sources"`
}

// Source is a table, or files.
type Source struct {
	Table   string   `json:"table,omitempty"`
	Columns []Column `json:"columns"`
}

// Column is what a check must know of a column.
type Column struct {
	Name string `json:"name"`
	// Type is the word of config.ColumnTypes, empty for other types; Native is the
	// warehouse's.
	Type       string `json:"type,omitempty"`
	Native     string `json:"native"`
	Identifier bool   `json:"identifier,omitempty"`
	Untyped    bool   `json:"untyped,omitempty"`
}

// Columns are those of an adapter.
func (s Source) columns() []adapters.Column {
	out := make([]adapters.Column, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = adapters.Column{Name: c.Name, Native: c.Native, Identifier: c.Identifier, Untyped: c.Untyped}
		for typ, word := range typeNames {
			if word == c.Type {
				out[i].Type = typ
			}
		}
	}
	return out
}

// Of is what the columns of a table look like.
func Of(table string, columns []adapters.Column) Source {
	out := Source{Table: table, Columns: make([]Column, len(columns))}
	for i, c := range columns {
		out.Columns[i] = Column{Name: c.Name, Type: typeNames[c.Type], Native: c.Native, Identifier: c.Identifier, Untyped: c.Untyped}
	}
	return out
}

// Read reads a lock file. What this program does not know is an error: an older
// one has written less, a newer one more.
func Read(text []byte) (Lock, error) {
	var l Lock
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Lock{}, fmt.Errorf("%s is not what validate --lock writes: %w", LockFile, err)
	}
	if l.Schema != lockSchema {
		return Lock{}, fmt.Errorf("%s is %q, and this program reads %q", LockFile, l.Schema, lockSchema)
	}
	if _, err := d.Token(); err != io.EOF {
		return Lock{}, fmt.Errorf("%s goes on behind its end", LockFile)
	}
	for _, t := range l.Targets {
		for name, s := range t.Sources {
			for _, c := range s.Columns {
				if c.Type != "" && !slices.Contains(slices.Collect(maps.Values(typeNames)), c.Type) {
					return Lock{}, fmt.Errorf("%s: column %s of source %s has the type %q, which is none", LockFile, c.Name, name, c.Type)
				}
			}
		}
	}
	return l, nil
}

// With is the lock with another look of one target.
func (l Lock) With(name string, t Target) Lock {
	out := Lock{Schema: lockSchema, Targets: maps.Clone(l.Targets)}
	if out.Targets == nil {
		out.Targets = map[string]Target{}
	}
	out.Targets[name] = t
	return out
}

// Text is the file: one line a column, in an order that does not change by
// itself, for Git.
func (l Lock) Text() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	comma := func(i, n int) string {
		if i < n-1 {
			return ","
		}
		return ""
	}
	line("{")
	line("  \"schema\": %s,", quoted(l.Schema))
	line("  \"targets\": {")
	targets := slices.Sorted(maps.Keys(l.Targets))
	for i, name := range targets {
		t := l.Targets[name]
		line("    %s: {", quoted(name))
		line("      \"type\": %s,", quoted(t.Type))
		line("      \"sources\": {")
		sources := slices.Sorted(maps.Keys(t.Sources))
		for j, source := range sources {
			s := t.Sources[source]
			line("        %s: {", quoted(source))
			if s.Table != "" {
				line("          \"table\": %s,", quoted(s.Table))
			}
			line("          \"columns\": [")
			for k, c := range s.Columns {
				line("            %s%s", quoted(c), comma(k, len(s.Columns)))
			}
			line("          ]")
			line("        }%s", comma(j, len(sources)))
		}
		line("      }")
		line("    }%s", comma(i, len(targets)))
	}
	line("  }")
	line("}")
	return b.Bytes()
}

// quoted is a value as JSON on one line.
func quoted(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // texts and booleans alone
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Columns are those of a source, false where the lock does not have it.
func (t Target) Columns(source string) ([]adapters.Column, bool) {
	s, ok := t.Sources[source]
	return s.columns(), ok
}
