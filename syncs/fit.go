package syncs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// The codes of what Fit finds; docs/errors.md explains them.
const (
	CodeNoField     = "unknown-platform-field"
	CodeReadOnly    = "read-only-field"
	CodeFieldType   = "platform-type"
	CodeNotUnique   = "key-not-unique"
	CodeNotInList   = "value-not-listed"
	CodeTooLong     = "value-too-long"
	CodeFieldNeeded = "required-field"
	CodeKeyAlone    = "key-not-alone"
)

// Misfit is something that a platform would refuse of what a sync maps.
type Misfit struct {
	// Field is the field of the sync that it is about, empty where one is missing.
	Field string
	// Value is the text that is wrong, where it is one of those that fill the field.
	Value string
	Code  string
	// Summary says what is wrong, Help what to do.
	Summary, Help string
}

// Fit holds what a sync maps against the fields of a platform. creates says that
// the sync makes new rows, which need the required fields. texts are those that a
// field is known to be filled with, by its name; there may be others. Nothing is
// wrong where the fields are not known (there are none).
func Fit(fields []PlatformField, schema Schema, creates bool, texts map[string][]string) []Misfit {
	if len(fields) == 0 {
		return nil
	}
	var out []Misfit
	of := func(name string) int {
		return slices.IndexFunc(fields, func(p PlatformField) bool { return p.Is(name) })
	}
	for _, f := range schema.Fields {
		i := of(f.Name)
		if i < 0 {
			out = append(out, Misfit{f.Name, "", CodeNoField, fmt.Sprintf("%s has no field %q", schema.Object, f.Name), nearest(f.Name, fields)})
			continue
		}
		p := &fields[i]
		wrong := func(code, help, format string, args ...any) {
			out = append(out, Misfit{f.Name, "", code, fmt.Sprintf("the field %s of %s ", f.Name, schema.Object) + fmt.Sprintf(format, args...), help})
		}
		key := f.Name == schema.Key
		switch {
		case key && !p.Unique:
			wrong(CodeNotUnique, "use one of "+unique(fields)+" as the key", "does not identify a row there")
		case !key && p.ReadOnly:
			wrong(CodeReadOnly, "remove it: the platform fills it itself", "cannot be written")
			continue
		}
		if len(p.Types) > 0 && !slices.Contains(p.Types, f.Type) {
			wrong(CodeFieldType, "map something of type "+listed(p.Types)+", or give the field that type", "does not take values of type %s", f.Type)
		}
		for _, value := range texts[f.Name] {
			from := len(out)
			if len(p.Enum) > 0 && !slices.Contains(p.Enum, value) {
				help := "write one of " + strings.Join(p.Enum[:min(len(p.Enum), 12)], ", ")
				if near := diag.Nearest(value, p.Enum); near != "" {
					help = "did you mean " + near + "?"
				}
				wrong(CodeNotInList, help, "does not take the value %q", value)
			}
			if n := utf8.RuneCountInString(value); p.MaxLength > 0 && n > p.MaxLength {
				wrong(CodeTooLong, "shorten it", "takes %d characters, and this has %d", p.MaxLength, n)
			}
			for i := from; i < len(out); i++ {
				out[i].Value = value
			}
		}
	}
	if creates {
		for _, p := range fields {
			if p.Required && !slices.ContainsFunc(schema.Fields, func(f Field) bool { return p.Is(f.Name) }) {
				out = append(out, Misfit{"", "", CodeFieldNeeded, fmt.Sprintf("new rows of %s need the field %s, which is not mapped", schema.Object, p.Name), "map it"})
			}
		}
	}
	return out
}

// FitRemoval finds what keeps a sync that takes members off an audience from doing
// so: they are taken off by the key alone, and where the platform found somebody
// by another field that person would stay.
func FitRemoval(fields []PlatformField, schema Schema) []Misfit {
	matches := func(name string) bool {
		return slices.ContainsFunc(fields, func(p PlatformField) bool { return p.Is(name) && p.Matches })
	}
	if !matches(schema.Key) {
		return nil
	}
	var out []Misfit
	for _, f := range schema.Fields {
		if f.Name == schema.Key || !matches(f.Name) {
			continue
		}
		help := "map nothing else that people are found by: a sync of its own may add the others"
		for _, p := range fields {
			if p.Unique && !p.Matches {
				help = "use " + p.Name + " as the key, or map nothing else that people are found by"
			}
		}
		out = append(out, Misfit{f.Name, "", CodeKeyAlone, fmt.Sprintf(
			"who leaves %s is taken off by %s alone, and would stay where the platform found them by %s", schema.Object, schema.Key, f.Name,
		), help})
	}
	return out
}

// Replaced are the fields of an object that is replaced each time: nobody has to be
// taken off it, so that any of them go together.
func Replaced(fields []PlatformField) []PlatformField {
	out := slices.Clone(fields)
	for i := range out {
		out[i].Matches = false
	}
	return out
}

// nearest says which field may be meant.
func nearest(name string, fields []PlatformField) string {
	var names []string
	for _, p := range fields {
		if !p.ReadOnly {
			names = append(names, p.Name)
		}
	}
	if near := diag.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	if len(names) <= 20 {
		return "the fields are " + strings.Join(names, ", ")
	}
	return "customhouse destination fields lists them"
}

// unique names the fields that identify a row.
func unique(fields []PlatformField) string {
	var names []string
	for _, p := range fields {
		if p.Unique {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

func listed(types []Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, " or ")
}
