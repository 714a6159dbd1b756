package strict

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// Unmarshaler decodes itself.
type Unmarshaler interface {
	UnmarshalStrict(n Node, report func(diag.Diagnostic))
}

// Decode fills the value that into points at and reports whether it found no
// error. What the file does not say keeps its value, so that defaults are set
// before.
//
// Struct fields are found by their tag: `yaml:"name"`, `yaml:"name,required"`,
// `yaml:"name,blank"` for a text that may be empty;
// a field without a tag or with `yaml:"-"` is left alone, except that a Node
// named Pos receives the handle of the mapping.
func (n Node) Decode(report func(diag.Diagnostic), into any) bool {
	ok := true
	n.value(reflect.ValueOf(into).Elem(), watch(report, &ok))
	return ok
}

// DecodeKeys fills the structs that into points at from one mapping: each key
// goes to the struct that declares it. Structs that decode themselves are
// decoded key by key too, so that they can use it to do so.
func (n Node) DecodeKeys(report func(diag.Diagnostic), into ...any) bool {
	ok := true
	structs := make([]reflect.Value, len(into))
	for i, v := range into {
		structs[i] = reflect.ValueOf(v).Elem()
	}
	n.structs(structs, watch(report, &ok))
	return ok
}

// watch notes in ok whether an error passes.
func watch(report func(diag.Diagnostic), ok *bool) func(diag.Diagnostic) {
	return func(d diag.Diagnostic) {
		*ok = *ok && d.Severity != diag.Error
		report(d)
	}
}

var (
	nodeType     = reflect.TypeFor[Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

// value decodes any value.
func (n Node) value(v reflect.Value, report func(diag.Diagnostic)) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if u, ok := reflect.TypeAssert[Unmarshaler](v.Addr()); ok {
		u.UnmarshalStrict(n, report)
		return
	}
	if v.Type() == durationType {
		n.duration(v, report)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others are programming errors
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		n.value(p.Elem(), report)
		v.Set(p)
	case reflect.Struct:
		n.structs([]reflect.Value{v}, report)
	case reflect.Slice:
		n.list(v, report)
	case reflect.Map:
		n.table(v, report)
	case reflect.String:
		n.text(v, report)
	case reflect.Bool:
		n.boolean(v, report)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n.integer(v, report)
	case reflect.Float32, reflect.Float64:
		n.float(v, report)
	default:
		panic(fmt.Sprintf("strict: cannot decode into %s", v.Type()))
	}
}

// Wrong reports that the value is of another type than wanted, such as
// "a number"; help says how to write that.
func (n Node) Wrong(report func(diag.Diagnostic), want, help string) {
	if n.doc == nil {
		return // a value that is not there has been reported as missing
	}
	if n.doc.private {
		n.Mask()
	}
	if n.Kind() == Null {
		help := "write a value, or remove the key"
		if n.n != nil && n.n.Value != "" { // a word, such as NULL
			help += "; in quotes it is a text"
		}
		report(diag.Errorf(n.place(), CodeEmpty, "there is no value here; %s is expected", want).WithHelp("%s", help))
		return
	}
	report(diag.Errorf(n.headPlace(), CodeType, "%s is expected here, not %s", want, n.describe()).
		WithHelp("%s", help))
}

// place is where a value is, or should be: a null has no extent.
func (n Node) place() diag.Span {
	sp := n.Span()
	if sp.Start == sp.End {
		sp.End.Col++
	}
	return sp
}

// describe names the value's type.
func (n Node) describe() string {
	switch n.Kind() {
	case Absent, Null:
		return "nothing"
	case List:
		return "a list"
	case Mapping:
		return "a mapping"
	case Scalar:
	}
	switch n.n.ShortTag() {
	case "!!int":
		return "a number"
	case "!!float":
		return "a fraction"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	}
	return "a text"
}

// reference matches what package secret resolves, in text that is not resolved.
var reference = regexp.MustCompile(`\$\{\s*(env|file|exec)\s*:`)

func (n Node) text(v reflect.Value, report func(diag.Diagnostic)) {
	if !n.IsString() {
		if n.Kind() == Scalar && !n.doc.private {
			report(diag.Errorf(n.Span(), CodeType, "a text is expected here, not %s", n.describe()).
				WithHelp("put it in quotes: '%s'", n.n.Value))
			return
		}
		n.Wrong(report, "a text", "write one value, in quotes if it is not plain words")
		return
	}
	if n.n.Value == "" {
		report(diag.Errorf(n.place(), CodeEmpty, "this value is empty").WithHelp("write a value, or remove the key"))
		return
	}
	if at := reference.FindStringIndex(n.n.Value); at != nil {
		end := at[1]
		if i := strings.IndexByte(n.n.Value[end:], '}'); i >= 0 {
			end += i + 1
		}
		report(diag.Errorf(n.Text().Span(at[0], end), CodeReference,
			"a reference to a secret or an environment variable cannot stand here").
			WithHelp("write the value itself; only keys of targets and destinations that hold secrets " +
				"or settings of the environment, and files.path, take ${...}"))
		return
	}
	v.SetString(n.n.Value)
}

func (n Node) boolean(v reflect.Value, report func(diag.Diagnostic)) {
	if n.Kind() != Scalar || n.n.ShortTag() != "!!bool" {
		n.Wrong(report, "true or false", "write true or false, without quotes")
		return
	}
	v.SetBool(strings.EqualFold(n.n.Value, "true"))
}

// tooLarge is what YAML takes for a fraction because no integer can hold it.
var tooLarge = regexp.MustCompile(`^[+-]?[0-9]{19,}$`)

func (n Node) integer(v reflect.Value, report func(diag.Diagnostic)) {
	if n.Kind() != Scalar || n.n.ShortTag() != "!!int" && !tooLarge.MatchString(n.n.Value) {
		n.Wrong(report, "a whole number", "write digits, without quotes")
		return
	}
	if v.CanUint() {
		x, err := strconv.ParseUint(strings.TrimPrefix(n.n.Value, "+"), 0, v.Type().Bits())
		if err != nil {
			report(diag.Errorf(n.Span(), CodeType, "this number is too large").
				WithHelp("write at most %d", uint64(math.MaxUint64)>>(64-v.Type().Bits())))
			return
		}
		v.SetUint(x)
		return
	}
	x, err := strconv.ParseInt(n.n.Value, 0, v.Type().Bits())
	if err != nil {
		report(diag.Errorf(n.Span(), CodeType, "this number is too large").
			WithHelp("write at most %d", int64(math.MaxInt64)>>(64-v.Type().Bits())))
		return
	}
	v.SetInt(x)
}

func (n Node) float(v reflect.Value, report func(diag.Diagnostic)) {
	tag := ""
	if n.Kind() == Scalar {
		tag = n.n.ShortTag()
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(n.Text().Value, "_", ""), v.Type().Bits())
	if tag != "!!int" && tag != "!!float" || err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		n.Wrong(report, "a number", "write digits, without quotes")
		return
	}
	v.SetFloat(x)
}

func (n Node) duration(v reflect.Value, report func(diag.Diagnostic)) {
	if !n.IsString() {
		n.Wrong(report, "a duration", "write a number and a unit, such as 30s, 5m or 1h")
		return
	}
	d, err := time.ParseDuration(n.n.Value)
	if err != nil {
		report(diag.Errorf(n.Span(), CodeType, "this is not a duration").
			WithHelp("write a number and a unit, such as 30s, 5m or 1h"))
		return
	}
	v.SetInt(int64(d))
}

func (n Node) list(v reflect.Value, report func(diag.Diagnostic)) {
	if n.Kind() == Null {
		return // "segments:" with nothing below is an empty list
	}
	if n.Kind() != List {
		n.Wrong(report, "a list", "write each item on a line of its own that starts with a dash")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.n.Content), len(n.n.Content))
	for i, item := range n.Items() {
		if item.Kind() == Null {
			report(diag.Errorf(item.place(), CodeEmpty, "there is nothing after this dash").WithHelp("write a value, or remove the item"))
			item.value(out.Index(i), func(diag.Diagnostic) {})
			continue
		}
		item.value(out.Index(i), report)
	}
	v.Set(out)
}

func (n Node) table(v reflect.Value, report func(diag.Diagnostic)) {
	fields, ok := n.mapping(report)
	if !ok {
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(fields))
	for _, f := range fields {
		e := reflect.New(v.Type().Elem()).Elem()
		f.Value.value(e, report)
		out.SetMapIndex(reflect.ValueOf(f.Key.n.Value).Convert(v.Type().Key()), e)
	}
	v.Set(out)
}

// mapping returns the fields of a mapping, the first of each key, and reports
// the repeated ones.
func (n Node) mapping(report func(diag.Diagnostic)) ([]Field, bool) {
	if n.Kind() == Null {
		return nil, true
	}
	if n.Kind() != Mapping {
		n.Wrong(report, "a mapping", "write it as lines of key: value")
		return nil, false
	}
	seen := make(map[string]Field, len(n.n.Content)/2)
	fields := n.Fields()
	return slices.DeleteFunc(fields, func(f Field) bool {
		name := f.Key.n.Value
		first, repeated := seen[name]
		switch {
		case repeated:
			if n.doc != nil && n.doc.private {
				f.Value.Mask()
			}
			report(diag.Errorf(f.Key.place(), CodeDuplicateKey, "the key %q is given twice", name).
				WithHelp("remove one of them").
				WithRelated(first.Key.place(), "the first is here"))
		case name == "" || name == "~": // null is a word that a key may be called by
			report(diag.Errorf(f.Key.place(), CodeKey, "a key has no name").
				WithHelp("write keys as `key: value`"))
			repeated = true
		default:
			seen[name] = f
			if at := strings.IndexFunc(name, unicode.IsControl); at >= 0 {
				report(diag.Errorf(f.Key.Text().Span(at, at+1), CodeCharacter,
					"a key holds the control character U+%04X", name[at]).WithHelp("remove it"))
			}
		}
		return repeated
	}), true
}

// structField is a key that a struct declares.
type structField struct {
	name     string
	index    []int
	required bool
	// blank says that a text may be empty.
	blank bool
}

// declared remembers structFields of each type.
var declared sync.Map // reflect.Type -> []structField

// structFields lists the keys that a struct type declares, in order.
func structFields(t reflect.Type) []structField {
	known, _ := declared.Load(t)
	fields, ok := known.([]structField)
	if ok {
		return fields
	}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, structField{name, f.Index, options == "required", options == "blank"})
	}
	declared.Store(t, fields)
	return fields
}

// KeysOf are the keys that a struct type declares, in order.
func KeysOf(t reflect.Type) []string {
	var names []string
	for _, f := range structFields(t) {
		names = append(names, f.name)
	}
	return names
}

// structs decodes one mapping into several structs.
func (n Node) structs(into []reflect.Value, report func(diag.Diagnostic)) {
	type slot struct {
		v     reflect.Value
		field structField
	}
	slots := map[string]slot{}
	var order []slot
	for _, v := range into {
		if pos := v.FieldByName("Pos"); pos.IsValid() && pos.Type() == nodeType {
			pos.Set(reflect.ValueOf(n))
		}
		for _, f := range structFields(v.Type()) {
			s := slot{v.FieldByIndex(f.index), f}
			order = append(order, s)
			slots[f.name] = s
		}
	}
	fields, ok := n.mapping(report)
	if !ok {
		return
	}
	given := make(map[string]bool, len(fields))
	for _, f := range fields {
		name := f.Key.n.Value
		s, known := slots[name]
		if !known {
			if n.doc != nil && n.doc.private {
				f.Value.Mask()
			}
			names := make([]string, len(order))
			for i, o := range order {
				names[i] = o.field.name
			}
			near := diag.Nearest(name, names)
			given[near] = true // misspelt rather than missing
			report(unknownKey(f.Key, near, names))
			continue
		}
		given[name] = true
		if s.field.blank && f.Value.IsString() && f.Value.n.Value == "" {
			continue
		}
		sound := true
		f.Value.value(s.v, watch(report, &sound))
		if sound && s.field.required && (s.v.Kind() == reflect.String && strings.TrimSpace(s.v.String()) == "" || f.Value.IsString() && strings.TrimSpace(f.Value.n.Value) == "") {
			report(diag.Errorf(f.Value.place(), CodeEmpty, "the value of %q is empty", name).
				WithHelp("write a value"))
			sound = false
		}
		if sound && s.field.required && s.v.Type() != nodeType && f.Value.Kind() == Null {
			report(diag.Errorf(f.Value.place(), CodeEmpty, "there is nothing below %q", name).
				WithHelp("write a value"))
		}
	}
	for _, s := range order {
		if !given[s.field.name] && s.field.required {
			report(diag.Errorf(n.headPlace(), CodeMissingKey, "the key %q is missing", s.field.name).
				WithHelp("add %s: to this mapping", s.field.name))
		}
	}
}

func (n Node) headPlace() diag.Span {
	if sp := n.head(); sp.Start != sp.End {
		return sp
	}
	return n.place()
}

// unknownKey is the finding for a key that is none of the names.
func unknownKey(key Node, near string, names []string) diag.Diagnostic {
	d := diag.Errorf(key.place(), CodeUnknownKey, "unknown key %q", key.n.Value)
	if near != "" {
		return d.WithHelp("did you mean %s?", near)
	}
	return d.WithHelp("the keys here are %s", strings.Join(names, ", "))
}
