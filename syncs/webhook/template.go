package webhook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The placeholders of templates. What is of the whole request may stand
// anywhere; what is of a row only where there is one row.
const (
	ofSync     = "sync"
	ofObject   = "object"
	ofObjectID = "object_id"
	ofRun      = "run"
	ofSentAt   = "sent_at"
	ofAsOf     = "as_of"
	ofOp       = "op"
	ofKeyName  = "key_name"
	ofRequest  = "idempotency_key"
	ofCount    = "count"

	ofKey    = "key"
	ofID     = "id"
	ofFields = "fields"
	// ofField begins the name of one field.
	ofField = "fields."

	// ofRows are the rows of a batch, each spelled by Request.Row.
	ofRows = "rows"
)

var (
	common = []string{ofSync, ofObject, ofObjectID, ofRun, ofSentAt, ofAsOf, ofOp, ofKeyName, ofRequest, ofCount}
	ofRow  = []string{ofKey, ofID, ofFields}
	// ofSignature are those of a signature alone; it has {id}, too.
	ofSignature = []string{signedTime, signedMethod, signedPath, signedBody, signed}
)

// isOfRow says that a placeholder means something of one row.
func isOfRow(name string) bool {
	return slices.Contains(ofRow, name) || strings.HasPrefix(name, ofField)
}

// Text is a text with placeholders, such as {key}, and with references, such as
// ${env:TOKEN}. Two braces stand for one.
type Text struct { //nolint:recvcheck // only decoding changes it
	parts []part
	pos   strict.Node
}

// part is a literal, a reference or a placeholder.
type part struct {
	literal string
	ref     secret.Ref
	name    string
	// start and end are its bytes in the text.
	start, end int
}

// Refs are the references that the text holds.
func (t Text) Refs() []secret.Ref {
	var refs []secret.Ref
	for _, p := range t.parts {
		if !p.ref.IsZero() {
			refs = append(refs, p.ref)
		}
	}
	return refs
}

// IsZero says that there is no text.
func (t Text) IsZero() bool { return len(t.parts) == 0 }

// JSONSchema implements config.Describer.
func (Text) JSONSchema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalStrict reads a text and finds what is no placeholder.
func (t *Text) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	var template secret.Template
	if !n.Decode(report, &template) {
		return
	}
	t.pos = n
	text := template.Text()
	fail := func(start, end int, code, help, format string, args ...any) {
		report(diag.Errorf(n.Text().Span(start, end), code, format, args...).WithHelp("%s", help))
	}
	literal := func(s string, start, end int) {
		if last := len(t.parts) - 1; last >= 0 && t.parts[last].name == "" && t.parts[last].ref.IsZero() {
			t.parts[last].literal += s
			t.parts[last].end = end
			return
		}
		t.parts = append(t.parts, part{literal: s, start: start, end: end})
	}
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "${"):
			// The template was read: there is an end.
			end := i + strings.IndexByte(rest, '}') + 1
			ref, err := secret.NewRef(text[i:end])
			if err != nil {
				n.Mask()
				fail(i, end, secret.CodeReference, "write '${env:NAME}'", "this is not a reference")
				return
			}
			t.parts = append(t.parts, part{ref: ref, start: i, end: end})
			i = end
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			literal(rest[:1], i, i+2)
			i += 2
		case rest[0] == '{':
			size := strings.IndexByte(rest, '}')
			if size < 0 {
				fail(i, i+1, CodeTemplate, "close it, or write {{ for a brace", "this placeholder has no end")
				return
			}
			name, end := rest[1:size], i+size+1
			if !known(name) {
				fail(i, end, CodePlaceholder, meant(name), "there is no placeholder {%s}", name)
				return
			}
			t.parts = append(t.parts, part{name: name, start: i, end: end})
			i = end
		case rest[0] == '}':
			fail(i, i+1, CodeTemplate, "write }} for a brace", "this brace closes nothing")
			return
		default:
			size := strings.IndexAny(rest[1:], "{}$") + 1
			if size == 0 {
				size = len(rest)
			}
			literal(rest[:size], i, i+size)
			i += size
		}
	}
}

// known says that there is a placeholder of this name.
func known(name string) bool {
	field, ofOne := strings.CutPrefix(name, ofField)
	return slices.Contains(common, name) || slices.Contains(ofRow, name) || slices.Contains(ofSignature, name) || name == ofRows || ofOne && field != ""
}

// meant says which placeholder may be meant.
func meant(name string) string {
	all := append(append(slices.Clone(common), ofRow...), ofRows)
	if near := diag.Nearest(name, all); near != "" {
		return "did you mean {" + near + "}?"
	}
	return "for a field of the sync write {fields." + name + "}; {" + strings.Join(all, "}, {") + "} are the others, and {{ is a brace"
}

// whole is the placeholder that is all of the text.
func (t Text) whole() (name string, ok bool) {
	if len(t.parts) == 1 && t.parts[0].name != "" {
		return t.parts[0].name, true
	}
	return "", false
}

// has says that the text has a placeholder of which something is true.
func (t Text) has(which func(name string) bool) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.name != "" && which(p.name) })
}

// place is what may stand in a text.
type place struct {
	// row says that there is one row, with values.
	row, values bool
	// rows says that the rows of a batch may stand here.
	rows bool
	// whole says that a placeholder may be a value of any kind, where it is all of
	// the text.
	whole bool
	// only are the placeholders that may stand here, where it is not nil.
	only []string
	why  string
}

// check finds placeholders that cannot stand where they are.
func (t Text) check(at place, report func(diag.Diagnostic)) {
	_, alone := t.whole()
	for _, p := range t.parts {
		wrong := func(help, format string, args ...any) {
			report(diag.Errorf(t.span(p), CodePlace, format, args...).WithHelp("%s", help))
		}
		switch {
		case p.name == "":
		case at.only != nil && !slices.Contains(at.only, p.name):
			wrong("use {"+strings.Join(at.only, "}, {")+"}", "{%s} cannot stand here: %s", p.name, at.why)
		case at.only == nil && slices.Contains(ofSignature, p.name):
			wrong("for a field of the sync write {fields."+p.name+"}", "{%s} cannot stand here: it is of a signature", p.name)
		case p.name == ofRows && !at.rows:
			wrong("it stands in the body of a request that has row", "{rows} cannot stand here")
		case isOfRow(p.name) && !at.row:
			wrong("write it in row, which spells each row", "{%s} is of one row, and this request has many", p.name)
		case p.name == ofFields && !at.values:
			wrong("use {key}", "{fields} cannot stand here: who left has no values")
		case (p.name == ofFields || p.name == ofRows && at.whole) && (!alone || !at.whole):
			wrong("write it alone, in a body that is json or ndjson", "{%s} is no text, and cannot be a part of one", p.name)
		}
	}
}

func (t Text) span(p part) diag.Span { return t.pos.Text().Span(p.start, p.end) }

// Tree is a value of JSON, written as YAML, whose texts may hold placeholders. A
// text that is a placeholder and nothing else becomes the value itself: a
// number stays one, and {fields} is an object.
type Tree struct{ root *node } //nolint:recvcheck // only decoding changes it

// node is one value: a list, an object, a text, or anything else as JSON.
type node struct {
	kind   strict.Kind
	scalar string
	text   *Text
	// names are those of an object's members as JSON, with the colon.
	names    []string
	children []*node
}

// Refs are the references that the tree holds.
func (t Tree) Refs() []secret.Ref {
	var refs []secret.Ref
	for text := range t.texts {
		refs = append(refs, text.Refs()...)
	}
	return refs
}

// IsZero says that there is no tree.
func (t Tree) IsZero() bool { return t.root == nil }

// JSONSchema implements config.Describer.
func (Tree) JSONSchema() map[string]any { return map[string]any{} }

// texts yields the texts of the tree.
func (t Tree) texts(yield func(*Text) bool) {
	var walk func(n *node) bool
	walk = func(n *node) bool {
		if n.text != nil && !yield(n.text) {
			return false
		}
		for _, child := range n.children {
			if !walk(child) {
				return false
			}
		}
		return true
	}
	if t.root != nil {
		walk(t.root)
	}
}

// UnmarshalStrict reads any value.
func (t *Tree) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	t.root = read(n, report)
}

func read(n strict.Node, report func(diag.Diagnostic)) *node {
	out := &node{kind: n.Kind()}
	switch n.Kind() {
	case strict.List:
		for _, item := range n.Items() {
			out.children = append(out.children, read(item, report))
		}
	case strict.Mapping:
		seen := map[string]bool{}
		fields := n.Fields()
		for _, f := range fields {
			name := f.Key.Text().Value
			switch {
			case len(fields) == 1 && f.Value.Kind() == strict.Null && f.Value.Text().Value == "" && known(name):
				report(diag.Errorf(n.Span(), CodeTemplate, "YAML reads this as a mapping, and not as a placeholder").
					WithHelp("put it in quotes: '{%s}'", name))
				return &node{scalar: "null"}
			case strings.ContainsAny(name, "{}"):
				report(diag.Errorf(f.Key.Span(), CodeTemplate, "the name of a value holds no placeholders").WithHelp("write it out"))
			case seen[name]:
				report(diag.Errorf(f.Key.Span(), strict.CodeDuplicateKey, "the key %q is given twice", name).WithHelp("remove one of them"))
			}
			seen[name] = true
			out.names = append(out.names, jsonName(name))
			out.children = append(out.children, read(f.Value, report))
		}
	case strict.Scalar:
		if n.IsString() {
			if n.Text().Value == "" {
				out.scalar = `""`
				break
			}
			out.text = &Text{}
			n.Decode(report, out.text)
			break
		}
		if out.scalar = n.Text().Value; !isJSON(out.scalar) {
			report(diag.Errorf(n.Span(), CodeTemplate, "JSON cannot say this").WithHelp("put it in quotes if it is a text"))
		}
	case strict.Null, strict.Absent:
		if n.Text().Value == "" {
			report(diag.Errorf(n.At(), strict.CodeEmpty, "there is no value here").WithHelp("write null if that is meant"))
		}
		out.scalar = "null"
	}
	return out
}

// ofFields visits the fields of a row that the text names.
func (t Text) ofFields(visit func(name string, at diag.Span)) {
	for _, p := range t.parts {
		if name, ok := strings.CutPrefix(p.name, ofField); ok {
			visit(name, t.span(p))
		}
	}
}

// checkFields finds fields that a sync does not map. Of rows that left only the
// key is known.
func (t Text) checkFields(sync string, leaves bool, key string, names []string, report func(diag.Diagnostic)) {
	t.ofFields(func(name string, at diag.Span) {
		switch {
		case !slices.Contains(names, name):
			help := "map it there, or use another destination for that sync"
			if near := diag.Nearest(name, names); near != "" {
				help = "did you mean {fields." + near + "}?"
			}
			report(diag.Errorf(at, CodeUnmapped, "the sync %s has no field %q", sync, name).WithHelp("%s", help))
		case leaves && name != key:
			report(diag.Errorf(at, CodePlace, "{fields.%s} cannot stand here: who left has no values", name).
				WithHelp("use {key}, which is the %s of the sync %s", key, sync))
		}
	})
}

// String is the text as it is written, but for braces that stand for themselves.
func (t Text) String() string {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.name != "":
			fmt.Fprintf(&b, "{%s}", p.name)
		case !p.ref.IsZero():
			b.WriteString(p.ref.Text())
		default:
			b.WriteString(p.literal)
		}
	}
	return b.String()
}
