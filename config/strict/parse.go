package strict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// The limits of one file.
const (
	// MaxDepth is how deep lists and mappings may nest; a project needs six.
	MaxDepth = 32
	// maxLine is the length of a line in bytes.
	maxLine = 16 << 10
)

// The codes that this package reports; docs/errors.md explains them.
const (
	CodeEncoding     = "bad-encoding"
	CodeCharacter    = "bad-character"
	CodeSyntax       = "yaml-syntax"
	CodeDocuments    = "yaml-documents"
	CodeAlias        = "yaml-alias"
	CodeMerge        = "yaml-merge"
	CodeTag          = "yaml-tag"
	CodeDepth        = "yaml-depth"
	CodeKey          = "yaml-key"
	CodeDuplicateKey = "duplicate-key"
	CodeUnknownKey   = "unknown-key"
	CodeMissingKey   = "missing-key"
	CodeType         = "wrong-type"
	CodeEmpty        = "empty-value"
	CodeReference    = "reference-not-allowed"
)

// document is what the nodes of one file share.
type document struct {
	src *diag.Source
	// private says that values which cannot be placed may be secrets, so that
	// no excerpt may show them.
	private bool
	// aliased says that an anchor or alias was reported: one is enough, where
	// there are some there are many.
	aliased bool
	// cursor is where the last node was found, so that going through a file in
	// its order is linear even where lines are long.
	cursor struct {
		pos    diag.Pos
		offset int
	}
}

// first is the first byte of a node as it is written.
func (doc *document) first(n *yaml.Node) byte {
	c := &doc.cursor
	if at := (diag.Pos{Line: n.Line, Col: n.Column}); at.Line != c.pos.Line || at.Before(c.pos) {
		c.pos, c.offset = diag.Pos{Line: at.Line, Col: 1}, doc.src.Offset(diag.Pos{Line: at.Line, Col: 1})
	}
	for ; c.pos.Col < n.Column && c.offset < len(doc.src.Text); c.pos.Col++ {
		_, size := utf8.DecodeRune(doc.src.Text[c.offset:])
		c.offset += size
	}
	if c.offset < len(doc.src.Text) {
		return doc.src.Text[c.offset]
	}
	return 0
}

// Parse reads one file. It reports what makes the file unreadable as a whole
// and then returns the zero Node; an empty file is the zero Node too, without
// a finding. A byte order mark is taken off src.Text.
func Parse(src *diag.Source, report func(diag.Diagnostic)) Node {
	src.Text = bytes.TrimPrefix(src.Text, []byte("\ufeff"))
	if d, bad := badText(src); bad {
		report(d)
		return Node{}
	}
	root, d, bad := compose(src)
	if bad {
		report(d)
		return Node{}
	}
	if root == nil {
		return Node{}
	}
	doc := &document{src: src}
	sound := true
	doc.check(root, 1, func(d diag.Diagnostic) {
		sound = false
		report(d)
	})
	if !sound {
		return Node{}
	}
	return Node{doc: doc, n: root}
}

// badText finds what no YAML file may hold, before the parser sees it. With
// these gone a line ends at \n or \r\n and nowhere else, which keeps our
// positions, the parser's and the editor's the same.
func badText(src *diag.Source) (diag.Diagnostic, bool) {
	text, lineStart := src.Text, 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		switch {
		case r == '\n':
			lineStart = at + 1
		case at-lineStart > maxLine:
			return diag.Errorf(src.Span(lineStart, lineStart+1), CodeSyntax,
				"this line is longer than %d bytes", maxLine).
				WithHelp("break it into several lines"), true
		case r == utf8.RuneError && size <= 1:
			return diag.Errorf(src.Span(at, at+1), CodeEncoding,
				"the file is not UTF-8: byte 0x%02X at offset %d starts no character", text[at], at).
				WithHelp("save the file as UTF-8"), true
		case r == '\t' || r == '\r' && at+1 < len(text) && text[at+1] == '\n':
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			return diag.Errorf(src.Span(at, at+size), CodeCharacter,
				"the file holds the control character U+%04X", r).
				WithHelp("remove it, or write it as an escape in double quotes"), true
		}
		at += size
	}
	return diag.Diagnostic{}, false
}

// compose runs the YAML parser, which builds its tree without following
// aliases. The root is nil for an empty file.
func compose(src *diag.Source) (*yaml.Node, diag.Diagnostic, bool) {
	fail := func(err error) (*yaml.Node, diag.Diagnostic, bool) {
		return nil, syntax(src, err), true
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src.Text))
	if err != nil {
		return fail(err)
	}
	var first, second yaml.Node
	if err := loader.Load(&first); errors.Is(err, io.EOF) {
		return nil, diag.Diagnostic{}, false
	} else if err != nil {
		return fail(err)
	}
	if err := loader.Load(&second); err == nil {
		at := diag.Pos{Line: second.Line, Col: second.Column}
		return nil, diag.Errorf(diag.Span{Source: src, Start: at, End: diag.Pos{Line: at.Line, Col: at.Col + 3}},
			CodeDocuments, "the file holds more than one YAML document").
			WithHelp("put the second document into a file of its own, or remove the --- line"), true
	} else if !errors.Is(err, io.EOF) {
		return fail(err)
	}
	if len(first.Content) == 0 {
		return nil, diag.Diagnostic{}, false
	}
	if root := first.Content[0]; root.ShortTag() == "!!null" && root.Value == "" && root.Style == 0 && root.Anchor == "" {
		return nil, diag.Diagnostic{}, false
	}
	return first.Content[0], diag.Diagnostic{}, false
}

// explained are the parser's words in the user's.
var explained = []struct{ problem, summary, help string }{
	{
		"mapping values are not allowed", "this is not valid YAML: a colon is not expected here",
		"put the value in quotes if it holds a colon and a space, or check the indentation",
	},
	{
		"did not find expected key", "this is not valid YAML: a key is expected here",
		"check the indentation: the keys of one mapping start in the same column",
	},
	{
		"did not find expected '-' indicator", "this is not valid YAML: a list item is expected here",
		"check the indentation: the items of one list start in the same column",
	},
	{
		"cannot start any token", "this is not valid YAML: a value cannot start with this character",
		"indent with spaces, not tabs; put values that start with @, `, % or a tab in quotes",
	},
	{
		"could not find expected ':'", "this is not valid YAML: a colon is expected after the key",
		"write keys as `key: value`",
	},
	{
		"found unexpected end of stream", "this is not valid YAML: a quote is never closed",
		"close the quote that opens here",
	},
	{
		"did not find expected ',' or", "this is not valid YAML: a comma or a closing bracket is expected here",
		"close the bracket, or separate the items with commas",
	},
	{
		"exceeded max depth", fmt.Sprintf("lists and mappings nest more than %d deep", MaxDepth),
		"flatten the structure",
	},
	{
		"unknown anchor", "YAML aliases are not supported", "write the value out",
	},
}

// syntax turns the parser's error into a finding. The tree is gone with it, so
// there is one for a file.
func syntax(src *diag.Source, err error) diag.Diagnostic {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return diag.Errorf(diag.Span{Source: src}, CodeSyntax, "this is not valid YAML: %s",
			strings.TrimPrefix(err.Error(), "yaml: "))
	}
	at := le.Mark
	code, summary, help := CodeSyntax, "this is not valid YAML: "+le.Message, ""
	for _, e := range explained {
		if strings.Contains(le.Message, e.problem) {
			summary, help = e.summary, e.help
			break
		}
	}
	switch {
	case strings.Contains(le.Message, "unexpected end of stream"):
		at = le.ContextMark // where the quote opens tells more than the end of the file
	case strings.Contains(le.Message, "max depth"):
		code = CodeDepth
	case strings.Contains(le.Message, "unknown anchor"):
		code = CodeAlias
	}
	start := diag.Pos{Line: max(at.Line, 1), Col: max(at.Column, 1)}
	// The parser stops at the end of the file where something is never closed;
	// that line does not exist in the editor.
	if last := src.Pos(len(bytes.TrimRight(src.Text, "\r\n"))); last.Before(start) {
		start = last
	}
	d := diag.Errorf(diag.Span{Source: src, Start: start, End: diag.Pos{Line: start.Line, Col: start.Col + 1}},
		code, "%s", summary)
	if le.ContextMark.Line > 0 && le.ContextMark.Line != start.Line && le.ContextMsg != "" {
		ctx := diag.Pos{Line: le.ContextMark.Line, Col: max(le.ContextMark.Column, 1)}
		d = d.WithRelated(diag.Span{Source: src, Start: ctx, End: diag.Pos{Line: ctx.Line, Col: ctx.Col + 1}},
			"%s that starts here", strings.TrimPrefix(le.ContextMsg, "while "))
	}
	if help != "" {
		d = d.WithHelp("%s", help)
	}
	return d
}

// check refuses the features of YAML that make a file mean more than it says.
func (doc *document) check(n *yaml.Node, depth int, report func(diag.Diagnostic)) {
	at := doc.point(n, 1)
	if depth > MaxDepth {
		report(diag.Errorf(at, CodeDepth, "lists and mappings nest more than %d deep", MaxDepth).
			WithHelp("flatten the structure"))
		return
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		if !doc.aliased {
			doc.aliased = true
			name := cmp.Or(n.Anchor, n.Value)
			report(diag.Errorf(doc.point(n, utf8.RuneCountInString(name)+1), CodeAlias,
				"YAML anchors and aliases are not supported").
				WithHelp("remove &%s, and write the value wherever *%s stands", name, name))
		}
	case n.Style&yaml.TaggedStyle != 0 || doc.first(n) == '!':
		report(diag.Errorf(at, CodeTag, "YAML tags are not supported").
			WithHelp("remove the word that starts with !; a value in quotes is a text"))
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			switch {
			case key.Kind != yaml.ScalarNode && key.Kind != yaml.AliasNode:
				report(diag.Errorf(doc.point(key, 1), CodeKey, "a key must be a plain text").
					WithHelp("write keys as `key: value`"))
			case key.Tag == "!!merge":
				report(diag.Errorf(doc.point(key, 2), CodeMerge, "YAML merge keys are not supported").
					WithHelp("write the keys out"))
			}
		}
	}
	if n.Kind == yaml.ScalarNode && strings.ContainsRune(n.Value, 0) {
		i := strings.IndexByte(n.Value, 0)
		report(diag.Errorf(Node{doc: doc, n: n}.Text().Span(i, i+1), CodeCharacter,
			"this text holds a NUL character").WithHelp("remove it"))
	}
	for _, c := range n.Content {
		doc.check(c, depth+1, report)
	}
}

// point is the range of some runes at the start of a node.
func (doc *document) point(n *yaml.Node, runes int) diag.Span {
	return diag.Span{
		Source: doc.src,
		Start:  diag.Pos{Line: n.Line, Col: n.Column},
		End:    diag.Pos{Line: n.Line, Col: n.Column + runes},
	}
}
