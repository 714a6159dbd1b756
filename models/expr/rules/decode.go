package rules

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// The codes that this package reports; docs/errors.md explains them.
const (
	CodeJSON = "rules-json"
	CodeRule = "bad-rule"
)

// MaxBytes is the size of a document, in bytes.
const MaxBytes = 1 << 20

// maxNesting is how deep a document nests: two levels a rule, and values.
const maxNesting = 2*maxDepth + 10

// JSONSchema describes a Document, for builders: JSON Schema, draft-07.
//
//go:embed rules.schema.json
var JSONSchema []byte

// Decode reads a Document. It is strict: unknown and repeated keys, values of
// another type and rules that are no expression are errors, each with its place
// in the file and the JSON pointer to it, and all are reported.
func Decode(src *diag.Source) (*Document, diag.List) {
	d := &decoder{src: src, places: map[string]diag.Span{}}
	root := d.parse()
	if len(d.found) > 0 {
		return nil, d.found
	}
	var doc Document
	d.value(root, reflect.ValueOf(&doc).Elem(), "")
	if len(d.found) == 0 {
		d.document(&doc)
	}
	if len(d.found) > 0 {
		return nil, d.found.Sort()
	}
	return &doc, nil
}

// document checks what the types do not say.
func (d *decoder) document(doc *Document) {
	if doc.Schema != Schema {
		d.report(CodeRule, "/schema", fmt.Sprintf("the schema is %q", doc.Schema), "This version reads "+Schema+".")
		return
	}
	for _, p := range doc.Rule.check() {
		d.report(CodeRule, "/rule"+p.Pointer, p.Summary, p.Help)
	}
}

// jsonKind is what a JSON value is.
type jsonKind int

const (
	jsonNull jsonKind = iota + 1
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// words are what users call them.
var words = map[jsonKind]string{
	jsonNull: "null", jsonBool: "true or false", jsonNumber: "a number", jsonString: "a text", jsonArray: "a list", jsonObject: "an object",
}

// node is a JSON value with its place.
type node struct {
	kind jsonKind
	// text is a string, or a number as it is written.
	text  string
	truth bool
	// keys are those of an object; parts its values, or those of an array.
	keys  []string
	parts []*node
}

// decoder reads a document.
type decoder struct {
	src   *diag.Source
	json  *json.Decoder
	found diag.List
	// places are those of the values, by JSON pointer.
	places map[string]diag.Span
}

// report tells of a place by its pointer, or that of the nearest value above.
func (d *decoder) report(code, pointer, summary, help string) {
	at, near := diag.Span{Source: d.src}, pointer
	for {
		if place, ok := d.places[near]; ok {
			at = place
			break
		}
		i := strings.LastIndexByte(near, '/')
		if i < 0 {
			break
		}
		near = near[:i]
	}
	if pointer != "" {
		summary = pointer + ": " + summary
	}
	d.found = append(d.found, diag.Diagnostic{Severity: diag.Error, Code: code, Span: at, Summary: summary, Help: help})
}

// errNesting ends a document that nests too deep.
var errNesting = errors.New("it nests too deep")

// parse reads the JSON.
func (d *decoder) parse() *node {
	if len(d.src.Text) > MaxBytes {
		d.report(CodeJSON, "", "the document is larger than 1 MB", "Divide it into segments, and ask for them.")
		return nil
	}
	if !utf8.Valid(d.src.Text) {
		d.report(CodeJSON, "", "the document is not UTF-8", "Save it as UTF-8.")
		return nil
	}
	d.json = json.NewDecoder(strings.NewReader(string(d.src.Text)))
	d.json.UseNumber()
	n, err := d.next("", 1)
	if err == nil {
		if _, more := d.json.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the document")
		}
	}
	if err != nil {
		at := int(d.json.InputOffset())
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(bad.Offset)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends too early")
		}
		d.found = diag.List{diag.Errorf(d.src.Span(max(at-1, 0), at), CodeJSON, "this is not valid JSON: %v", err).
			WithHelp("Correct it there.")}
	}
	return n
}

// next reads one value; start of it is where the last token ended, but for
// white space and separators.
func (d *decoder) next(pointer string, depth int) (*node, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	start := int(d.json.InputOffset())
	token, err := d.json.Token()
	if err != nil {
		return nil, err
	}
	for start < len(d.src.Text) && strings.IndexByte(" \t\r\n,:", d.src.Text[start]) >= 0 {
		start++
	}
	d.places[pointer] = d.src.Span(start, int(d.json.InputOffset()))
	switch t := token.(type) {
	case nil:
		return &node{kind: jsonNull}, nil
	case bool:
		return &node{kind: jsonBool, truth: t}, nil
	case json.Number:
		return &node{kind: jsonNumber, text: t.String()}, nil
	case string:
		return &node{kind: jsonString, text: t}, nil
	case json.Delim:
		if t == '{' {
			return d.object(pointer, depth)
		}
		return d.array(pointer, depth)
	}
	return nil, fmt.Errorf("a token of type %T", token)
}

func (d *decoder) object(pointer string, depth int) (*node, error) {
	n := &node{kind: jsonObject}
	seen := map[string]bool{}
	for d.json.More() {
		token, err := d.json.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("a key of type %T", token)
		}
		at := child(pointer, key)
		value, err := d.next(at, depth+1)
		if err != nil {
			return nil, err
		}
		if seen[key] {
			d.report(CodeRule, at, "the key is given twice", "Remove one of them.")
		}
		seen[key] = true
		n.keys, n.parts = append(n.keys, key), append(n.parts, value)
	}
	_, err := d.json.Token()
	return n, err
}

func (d *decoder) array(pointer string, depth int) (*node, error) {
	n := &node{kind: jsonArray}
	for d.json.More() {
		value, err := d.next(pointer+"/"+strconv.Itoa(len(n.parts)), depth+1)
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, value)
	}
	_, err := d.json.Token()
	return n, err
}

// child is the pointer to a key.
func child(pointer, key string) string {
	return pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// value decodes into one of the types of a Document.
func (d *decoder) value(n *node, v reflect.Value, at string) {
	want := func(kind jsonKind) bool {
		if n.kind == kind {
			return true
		}
		d.report(CodeRule, at, words[kind]+" is expected here, not "+words[n.kind], "")
		return false
	}
	switch v.Kind() { //nolint:exhaustive // a Document has no others
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), at)
		v.Set(p)
	case reflect.Struct:
		if want(jsonObject) {
			d.members(n, v, at)
		}
	case reflect.Slice:
		if !want(jsonArray) {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.parts), len(n.parts)))
		for i, part := range n.parts {
			d.value(part, v.Index(i), at+"/"+strconv.Itoa(i))
		}
	case reflect.String:
		if want(jsonString) {
			v.SetString(n.text)
		}
	case reflect.Bool:
		if want(jsonBool) {
			v.SetBool(n.truth)
		}
	case reflect.Int64:
		if !want(jsonNumber) {
			return
		}
		x, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil {
			d.report(CodeRule, at, n.text+" is not a whole number of 64 bits", "Write digits alone, or a double.")
		}
		v.SetInt(x)
	case reflect.Float64:
		if !want(jsonNumber) {
			return
		}
		x, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			d.report(CodeRule, at, n.text+" is not a number that a double can hold", "")
		}
		v.SetFloat(x)
	default:
		panic(fmt.Sprintf("rules: cannot decode into %s", v.Type()))
	}
}

// members decodes an object.
func (d *decoder) members(n *node, v reflect.Value, at string) {
	fields := map[string]reflect.Value{}
	var names []string
	required := map[string]bool{}
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		names = append(names, name)
		fields[name] = v.Field(i)
		required[name] = option == ""
	}
	for i, key := range n.keys {
		f, known := fields[key]
		if !known {
			help := "The keys here are " + strings.Join(names, ", ") + "."
			if near := diag.Nearest(key, names); near != "" {
				help = "Did you mean " + near + "?"
			}
			d.report(CodeRule, child(at, key), "the key is unknown", help)
			continue
		}
		delete(required, key)
		d.value(n.parts[i], f, child(at, key))
		if empty(n.parts[i]) && f.Kind() != reflect.Pointer {
			d.report(CodeRule, child(at, key), "there is no value here", "Write one, or remove the key.")
		}
	}
	for _, name := range names {
		if required[name] {
			d.report(CodeRule, at, "the key "+name+" is missing", "Add it.")
		}
	}
}

// empty says that a value of a key which is not given looks the same.
func empty(n *node) bool {
	switch n.kind {
	case jsonString:
		return n.text == ""
	case jsonBool:
		return !n.truth
	case jsonArray:
		return len(n.parts) == 0
	case jsonNull, jsonNumber, jsonObject:
	}
	return false
}
