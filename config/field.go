package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Field says what fills a field of a destination, by exactly one of Trait,
// Value, List and Object, and how it is sent. In YAML a name alone is a Trait.
type Field struct {
	// Trait is a trait of the entity, or its id column.
	Trait string `yaml:"trait" doc:"Trait, or the id of the entity, that fills the field; the same as a name alone."`
	// Value is a CEL expression over traits.
	Value string `yaml:"value" doc:"Expression over traits that fills the field, such as '\"Dear \" + first_name', or a constant such as '\"web\"'."`
	// List are traits of one type; those without a value are not in the list.
	List []string `yaml:"list" doc:"Traits of one type whose values fill the field as a list; those without a value are left out."`
	// Object are the fields of an object that fills the field.
	Object strict.Ordered[Field] `yaml:"object" doc:"Fields of the object that fills the field, each written like a field of the sync."`
	// Type is what the value is converted to: see ColumnTypes. A value that
	// cannot be keeps its row from being sent.
	Type string `yaml:"type" doc:"Type that the value is converted to. A row whose value cannot be is not sent, and is listed in sync_rejections."`
	// Hash is one of Hashes: what is sent is the digest of the value as text.
	Hash string `yaml:"hash" doc:"Digest to send instead of the value, in small hexadecimal letters, of the value as it is: normalise it first."`
	// Class is that of the digest, where it is lower than that of the value.
	Class Class `yaml:"class" doc:"How the digest is to be protected, with hash; as the value where none is given."`
	// SkipNull leaves the field out of what is sent where it has no value.
	SkipNull bool `yaml:"skip_null" doc:"Whether the field is left out where it has no value, so that the destination keeps what it has. Without it the field is emptied."`
	// SetIfEmpty asks the destination to keep the value that it has.
	SetIfEmpty bool        `yaml:"set_if_empty" doc:"Whether the destination keeps the value that it has, where it has one."`
	Pos        strict.Node `yaml:"-"`
}

// Hashes are the values of Field.Hash.
var Hashes = []string{"sha256"}

// UnmarshalStrict reads the name of a trait, or a mapping.
func (f *Field) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	if n.Kind() == strict.Mapping {
		n.DecodeKeys(report, f)
		return
	}
	f.Pos = n
	if n.Kind() != strict.Scalar {
		n.Wrong(report, "a trait, or a mapping with trait, value, list or object,",
			"write for example email, or {value: '\"web\"'}")
		return
	}
	n.Decode(report, &f.Trait)
}

// At is where the value of one of the field's keys is written, and the whole
// field where it is a name alone.
func (f *Field) At(key string) diag.Span {
	if f.Pos.Kind() == strict.Mapping {
		return f.Pos.At(key)
	}
	return f.Pos.Span()
}

// Leaf is a field that holds a value and no other fields.
type Leaf struct {
	*Field
	// Path leads through the objects to the field, whose name is last.
	Path []string
}

// Name is the path with dots.
func (l Leaf) Name() string { return strings.Join(l.Path, ".") }

// Leaves are the fields of the sync that hold values, in order.
func (s *Sync) Leaves() []Leaf {
	var out []Leaf
	var walk func(path []string, fields strict.Ordered[Field])
	walk = func(path []string, fields strict.Ordered[Field]) {
		for i := range fields {
			own := append(slices.Clip(path), fields[i].Key)
			if f := &fields[i].Value; len(f.Object) > 0 {
				walk(own, f.Object)
			} else {
				out = append(out, Leaf{Field: f, Path: own})
			}
		}
	}
	walk(nil, s.Fields)
	return out
}

// syncFields checks what a sync sends.
func (l *loader) syncFields(ix *index, s *Sync, entity string) {
	node := s.Pos.Get("fields")
	if len(s.Fields) == 0 && node.Kind() != strict.Absent && node.Kind() != strict.Scalar {
		l.report(diag.Errorf(s.Pos.Key("fields"), strict.CodeEmpty, "the sync sends no field").
			WithHelp("map at least one field to a trait: {email: email}"))
	}
	l.fields(ix, s, node, entity, s.Fields)

	leaves := s.Leaves()
	first := map[string]Leaf{}
	for _, leaf := range leaves {
		if other, twice := first[leaf.Name()]; twice {
			l.report(diag.Errorf(leaf.Pos.Span(), codeDuplicateName, "the sync has two fields %q", leaf.Name()).
				WithHelp("remove or rename one of the two").WithRelated(other.Pos.Span(), "the first is here"))
			continue
		}
		first[leaf.Name()] = leaf
	}
	key, ok := s.Fields.Get(s.To.Key)
	at := s.Pos.Get("to").At("key")
	switch {
	case len(s.Fields) == 0 || s.To.Key == "":
	case !ok:
		l.report(unknown(at, codeUnknownField, "field", s.To.Key, s.Fields.Keys()))
	case len(key.Object) > 0 || len(key.List) > 0:
		l.report(diag.Errorf(at, codeConflict, "the key %q is a list or an object, which identifies no row", s.To.Key).
			WithHelp("name a field that holds one value").WithRelated(key.Pos.Span(), "the field is here"))
	case key.SetIfEmpty || key.SkipNull:
		l.report(diag.Errorf(key.At(map[bool]string{true: "set_if_empty", false: "skip_null"}[key.SetIfEmpty]), codeConflict,
			"the field %q is the key, which every row is sent with", s.To.Key).WithHelp("remove this").WithRelated(at, "it is the key here"))
	default:
		l.eventKey(s, key.Trait, at)
	}
}

// fields checks the fields of a sync, or of an object among them.
func (l *loader) fields(ix *index, s *Sync, node strict.Node, entity string, fields strict.Ordered[Field]) {
	for i := range fields {
		name, f := fields[i].Key, &fields[i].Value
		if strings.TrimSpace(name) == "" {
			l.notBlank(name, node.Key(name), "field name")
		}
		short := f.Pos.Kind() != strict.Mapping
		if !short {
			l.field(f)
		}
		if f.Trait != "" || short && f.Pos.IsString() {
			l.fieldTrait(ix, s, entity, f.Trait, f.At("trait"))
		}
		for j, trait := range f.List {
			l.fieldTrait(ix, s, entity, trait, f.Pos.At("list", strconv.Itoa(j)))
		}
		l.fields(ix, s, f.Pos.Get("object"), entity, f.Object)
	}
}

// field checks the keys of one field.
func (l *loader) field(f *Field) {
	filled := []string{}
	for _, key := range []string{"trait", "value", "list", "object"} {
		if f.Pos.Get(key).Kind() != strict.Absent {
			filled = append(filled, key)
		}
	}
	switch {
	case len(filled) == 0:
		l.report(diag.Errorf(f.Pos.Span(), codeMissing, "the field says nothing that fills it").
			WithHelp("write trait, value, list or object"))
		return
	case len(filled) > 1:
		l.report(diag.Errorf(f.Pos.Key(filled[1]), codeConflict, "the field is filled by %s and by %s", filled[0], filled[1]).
			WithHelp("keep one of the two").WithRelated(f.Pos.Key(filled[0]), "the other is here"))
		return
	}
	empty := map[string]bool{"list": len(f.List) == 0, "object": len(f.Object) == 0}
	switch kind := filled[0]; {
	case kind == "trait" && f.Pos.Get(kind).IsString():
		l.notBlank(f.Trait, f.Pos.At(kind), kind)
	case kind == "value" && f.Pos.Get(kind).IsString() && strings.TrimSpace(f.Value) == "":
		l.report(diag.Errorf(f.Pos.At(kind), strict.CodeEmpty, "the field has no expression").WithHelp("write one, such as 'first_name' or '\"web\"'"))
	case empty[kind]:
		l.report(diag.Errorf(f.Pos.At(kind), strict.CodeEmpty, "the %s is empty", kind).WithHelp("name at least one"))
	}
	for _, key := range []string{"type", "hash", "skip_null", "set_if_empty"} {
		if kind := filled[0]; f.Pos.Get(key).Kind() != strict.Absent && (kind == "object" || kind == "list" && (key == "type" || key == "hash")) {
			l.report(diag.Errorf(f.Pos.Key(key), codeConflict, "%s says nothing of %s", key, map[string]string{"object": "an object", "list": "a list"}[kind]).
				WithHelp("write it at the values instead"))
		}
	}
	if f.Type != "" {
		l.oneOf(f.Type, f.Pos.At("type"), "type", ColumnTypes)
	}
	if f.Hash != "" {
		l.oneOf(f.Hash, f.Pos.At("hash"), "hash", Hashes)
		if f.Type != "" && f.Type != "string" {
			l.report(diag.Errorf(f.Pos.At("type"), codeConflict, "a digest is a text").WithHelp("remove type").
				WithRelated(f.Pos.At("hash"), "the digest is here"))
		}
	}
}

// fieldTrait checks the name of a trait, or of a column of the event, that fills
// a field.
func (l *loader) fieldTrait(ix *index, s *Sync, entity, trait string, at diag.Span) {
	if l.eventField(ix, s, trait, at) {
		return
	}
	_, entityKnown := ix.entities[entity]
	_, traitKnown := ix.traits[[2]string{entity, trait}]
	if !entityKnown || traitKnown || trait == entity+"_id" || l.partial {
		return
	}
	names := append(slices.Clone(ix.traitNames[entity]), entity+"_id")
	d := unknown(at, codeUnknownTrait, "trait of "+entity, trait, names)
	if d.Help == "" {
		d = d.WithHelp("declare it under traits")
	}
	if source := ix.sources[s.From.Source]; source != nil {
		if _, ofEvent := source.Field(trait); ofEvent {
			d = d.WithHelp("for the column of the event write %s.%s", source.Name, trait)
		}
	}
	l.report(d)
}
