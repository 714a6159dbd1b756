package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// PlatformFile is where a project keeps which fields its destinations have,
// beside customhouse.yaml.
const PlatformFile = "destinations.lock"

const platformSchema = "customhouse/destinations-lock/v1"

// Platforms is which fields the accounts of a project's destinations have.
type Platforms struct {
	Schema       string              `json:"schema"`
	Destinations map[string]Platform `json:"destinations"`
}

// Platform is one destination's.
type Platform struct {
	Type    string                           `json:"type"`
	Objects map[string][]syncs.PlatformField `json:"objects"`
}

// ReadPlatforms reads a lock file. What this program does not know is an error,
// as in Read.
func ReadPlatforms(text []byte) (Platforms, error) {
	var p Platforms
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Platforms{}, fmt.Errorf("%s is not what customhouse destination fields --lock writes: %w", PlatformFile, err)
	}
	if p.Schema != platformSchema {
		return Platforms{}, fmt.Errorf("%s is %q, and this program reads %q", PlatformFile, p.Schema, platformSchema)
	}
	if _, err := d.Token(); err != io.EOF {
		return Platforms{}, fmt.Errorf("%s goes on behind its end", PlatformFile)
	}
	return p, nil
}

// With is the lock with another look at some objects of one destination.
func (p Platforms) With(name string, look Platform) Platforms {
	out := Platforms{Schema: platformSchema, Destinations: maps.Clone(p.Destinations)}
	if out.Destinations == nil {
		out.Destinations = map[string]Platform{}
	}
	merged := Platform{Type: look.Type, Objects: map[string][]syncs.PlatformField{}}
	if old := out.Destinations[name]; old.Type == look.Type {
		maps.Copy(merged.Objects, old.Objects)
	}
	maps.Copy(merged.Objects, look.Objects)
	out.Destinations[name] = merged
	return out
}

// Text is the file: one line a field, in an order that does not change by
// itself, for Git.
func (p Platforms) Text() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	comma := func(i, n int) string {
		if i < n-1 {
			return ","
		}
		return ""
	}
	line("{")
	line("  \"schema\": %s,", quoted(p.Schema))
	line("  \"destinations\": {")
	names := slices.Sorted(maps.Keys(p.Destinations))
	for i, name := range names {
		d := p.Destinations[name]
		line("    %s: {", quoted(name))
		line("      \"type\": %s,", quoted(d.Type))
		line("      \"objects\": {")
		objects := slices.Sorted(maps.Keys(d.Objects))
		for j, object := range objects {
			fields := slices.SortedFunc(slices.Values(d.Objects[object]), func(a, b syncs.PlatformField) int { return strings.Compare(a.Name, b.Name) })
			line("        %s: [", quoted(object))
			for k, f := range fields {
				line("          %s%s", quoted(f), comma(k, len(fields)))
			}
			line("        ]%s", comma(j, len(objects)))
		}
		line("      }")
		line("    }%s", comma(i, len(names)))
	}
	line("  }")
	line("}")
	return b.Bytes()
}

// Fields are those of an object of a destination: what every account has, and
// where the lock knows what an account has, that. There are none where nobody
// knows.
func (p Platforms) Fields(d *config.Destination, opened syncs.Destination, object string) (fields []syncs.PlatformField, locked bool) {
	if look := p.Destinations[d.Name]; look.Type == d.Type && len(look.Objects[object]) > 0 {
		return look.Objects[object], true
	}
	o, _ := opened.Spec().Object(object)
	return o.Fields, false
}

// Fit finds what a platform would refuse of what a sync maps, at its lines. The
// fields may be those of the lock, which may be old.
func Fit(a *models.Audience, fields []syncs.PlatformField, locked bool) diag.List {
	s := a.Sync
	schema := syncs.Schema{Sync: s.Name, Object: s.To.Object, Key: s.To.Key}
	texts, written := map[string][]string{}, map[[2]string]diag.Span{}
	for _, f := range a.Fields {
		for _, t := range f.Texts {
			if here := [2]string{f.Name, t.Value}; written[here].Source == nil {
				texts[f.Name], written[here] = append(texts[f.Name], t.Value), t.Pos
			}
		}
		schema.Fields = append(schema.Fields, syncs.Field{Name: f.Name, Path: f.Path, Type: FieldType(f.Type)})
	}
	at := map[string]diag.Span{}
	for _, leaf := range s.Leaves() {
		at[leaf.Name()] = s.Pos.Get("fields").Key(strings.Split(strings.Join(leaf.Path, "\x00object\x00"), "\x00")...)
	}
	wanted, left := s.To.Operations()
	creates := wanted != config.Update && wanted != config.Remove
	misfits := syncs.Fit(fields, schema, creates, texts)
	if wanted == config.Remove || left == config.Remove {
		misfits = append(misfits, syncs.FitRemoval(fields, schema)...)
	}
	var found diag.List
	for _, m := range misfits {
		span := s.Pos.Key("fields")
		switch {
		case m.Code == syncs.CodeNotUnique:
			span = s.Pos.At("to", "key")
		case m.Value != "":
			span = written[[2]string{m.Field, m.Value}]
		case m.Field != "":
			span = at[m.Field]
		}
		help := m.Help
		if locked {
			help += "; to look again: customhouse destination fields " + a.Destination.Name + " --lock"
		}
		d := diag.Errorf(span, m.Code, "%s", m.Summary).WithHelp("%s", help)
		if m.Value != "" {
			d = d.WithRelated(at[m.Field], "it fills the field here")
		}
		found = append(found, d.WithRelated(a.Destination.Pos.At("name"), "the destination is here"))
	}
	return found
}

// FieldType says in the words of destinations what a column is.
func FieldType(t sql.Type) syncs.Type {
	switch t {
	case sql.TypeBool:
		return syncs.Bool
	case sql.TypeInt:
		return syncs.Int
	case sql.TypeFloat:
		return syncs.Float
	case sql.TypeDecimal:
		return syncs.Decimal
	case sql.TypeString:
		return syncs.String
	case sql.TypeTimestamp:
		return syncs.Timestamp
	case sql.TypeDate:
		return syncs.Date
	case sql.TypeStrings, sql.TypeInts, sql.TypeFloats, sql.TypeTimestamps:
		return syncs.List
	case sql.TypeUint, sql.TypeBytes, sql.TypeBools, sql.TypeUints, sql.TypeBlobs:
		// Expressions calculate with them; no trait has such a value.
	}
	panic(fmt.Sprintf("catalog: unknown type %d", t))
}
