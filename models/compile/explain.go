package compile

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

// Explanation is the condition of a segment taken apart, with the trial that
// gives each part its value for one entity.
type Explanation struct {
	*Trial
	Root *Part
}

// Part is a condition: parts that are joined, or a leaf.
type Part struct {
	// Text is the condition as it is written, on one line.
	Text string
	Kind PartKind
	// Parts are the operands; of a Member the condition of Segment, where that is
	// not opened elsewhere.
	Parts   []*Part
	Segment string
	// Column is the column of Trial.Traits with the value of a Leaf. Without it
	// the leaf is true for the members of the segment Yes and false for those of
	// No, which may be empty.
	Column, Yes, No string
	// Seen is what a Leaf speaks of.
	Seen []Seen

	source *diag.Source
}

// Seen is a trait, an aggregate, a segment or the like inside a leaf: its text,
// and the column of Trial.Traits or Trial.Members with its value.
type Seen struct {
	Text, Column string

	source *diag.Source
}

// PartKind is how the value of a Part follows from its Parts.
type PartKind string

// The kinds of parts.
const (
	Leaf   PartKind = "leaf"
	All    PartKind = "all"     // &&
	Any    PartKind = "any"     // ||
	Not    PartKind = "not"     // !
	Choice PartKind = "choice"  // condition ? then : else
	IsTrue PartKind = "is_true" // is_true(condition)
	Member PartKind = "segment" // in_segment("name")
)

// Explain takes the condition of a segment apart, down to comparisons, and those
// of the segments that it reads. Every leaf becomes a trait, compiled as any
// other. The list is that of Compile.
func Explain(p *config.Project, opt Options, segment string, id int64) (*Explanation, diag.List) {
	c := parse(p, opt)
	if found := c.expressions(); found.HasErrors() {
		return nil, found.Sort()
	}
	x := &explainer{c: c, e: c.segments[segment], opened: map[string]bool{}, asked: map[string]bool{}, columns: map[string]string{}}
	root := x.open(segment)
	for {
		trial, found := Try(x.project(p), opt, Wanted{
			Entity: x.e.Name, Traits: x.traitNames(), Segments: x.segmentNames(), ID: id,
		})
		if trial != nil {
			return &Explanation{Trial: trial, Root: root}, found
		}
		if !x.retreat(found) {
			return nil, found
		}
	}
}

type explainer struct {
	c *compiler
	e *entity
	// opened are the segments that were taken apart, asked those that leaves speak
	// of.
	opened, asked map[string]bool
	// leaves are the parts with a value of their own.
	leaves []*Part
	// columns are the names of the traits for texts.
	columns map[string]string
}

// open takes the condition of a segment apart.
func (x *explainer) open(name string) *Part {
	x.opened[name] = true
	i := slices.IndexFunc(x.e.segments, func(s *config.Segment) bool { return s.Name == name })
	tree, err := syntax.Parse(x.e.segments[i].When)
	if err != nil {
		// cel-go has read it; what our reader cannot is one leaf.
		return x.leaf(&Part{Kind: Leaf, Text: x.e.segments[i].When})
	}
	return x.part(tree, tree.Root)
}

func (x *explainer) part(tree *syntax.Tree, n syntax.Node) *Part {
	n = syntax.Of(n)
	p := &Part{Text: oneLine(tree.Source(n))}
	parts := func(kind PartKind, operands ...syntax.Node) *Part {
		p.Kind = kind
		for _, o := range operands {
			p.Parts = append(p.Parts, x.part(tree, o))
		}
		return p
	}
	switch n := n.(type) {
	case *syntax.Chain:
		if n.Operator == "&&" {
			return parts(All, n.Terms...)
		}
		return parts(Any, n.Terms...)
	case *syntax.Conditional:
		return parts(Choice, n.Cond, n.Then, n.Else)
	case *syntax.Unary:
		if n.Operator == "!" && n.Times%2 == 1 {
			return parts(Not, n.Operand)
		}
		if n.Operator == "!" {
			return x.part(tree, n.Operand)
		}
	case *syntax.Call:
		if n.Target == nil && n.Name == "is_true" && len(n.Args) == 1 {
			return parts(IsTrue, n.Args[0])
		}
		if name := x.named(tree, n); name != "" {
			p.Kind, p.Segment = Member, name
			if !x.opened[name] {
				p.Parts = []*Part{x.open(name)}
			}
			return p
		}
	}
	p.Kind = Leaf
	if !reads(n, "in_segment") {
		p.Column = x.column(p.Text)
	}
	x.see(tree, n, p)
	return x.leaf(p)
}

// named is the segment of in_segment("name"), and "" for other nodes and for a
// name that is written with escapes, which none needs.
func (x *explainer) named(tree *syntax.Tree, n syntax.Node) string {
	call, ok := n.(*syntax.Call)
	if !ok || call.Target != nil || call.Name != "in_segment" || len(call.Args) != 1 {
		return ""
	}
	name := strings.Trim(tree.Source(call.Args[0]), `"'`)
	if x.c.segments[name] == nil {
		return ""
	}
	return name
}

// leaf gives a part that is not a trait its segments.
func (x *explainer) leaf(p *Part) *Part {
	x.leaves = append(x.leaves, p)
	if p.Column == "" {
		x.divide(p)
	}
	return p
}

// divide makes two segments of a leaf.
func (x *explainer) divide(p *Part) {
	n := strconv.Itoa(slices.Index(x.leaves, p))
	p.Column, p.Yes, p.No = "", "leaf "+n+" yes", "leaf "+n+" no"
}

// column is the trait of a text: one that the project has, or a new one.
func (x *explainer) column(text string) string {
	if slices.ContainsFunc(x.e.traits, func(t *config.Trait) bool { return t.Name == text }) {
		return text
	}
	if x.columns[text] == "" {
		x.columns[text] = "part " + strconv.Itoa(len(x.columns))
	}
	return x.columns[text]
}

// see collects what a leaf speaks of: names, traits across relations, and what
// is asked of a collection as a whole. Where the leaf is nothing else, its own
// value says it, but for exists(), where the number of rows says more.
func (x *explainer) see(tree *syntax.Tree, n syntax.Node, leaf *Part) {
	n = syntax.Of(n)
	add := func(text string) {
		text = oneLine(text)
		if text != leaf.Text && !slices.ContainsFunc(leaf.Seen, func(s Seen) bool { return s.Text == text }) {
			leaf.Seen = append(leaf.Seen, Seen{Text: text, Column: x.column(text)})
		}
	}
	if root := rootOf(n); root != nil {
		switch known := x.meaning(root.Name); known {
		case "collection":
			if call, ok := n.(*syntax.Call); ok && (call.Name == "exists" || call.Name == "exists_one") && len(call.Args) == 2 {
				add(tree.Source(call.Target) + ".count(" + tree.Source(call.Args[0]) + ", " + tree.Source(call.Args[1]) + ")")
				return
			}
			add(tree.Source(n))
			return
		case "relation":
			add(tree.Source(n))
			return
		case "name":
			if ident, ok := n.(*syntax.Ident); ok && ident.Name != "now" {
				add(ident.Name)
				return
			}
		}
	}
	switch n := n.(type) {
	case *syntax.Call:
		if name := x.named(tree, n); name != "" {
			x.asked[name] = true
			leaf.Seen = append(leaf.Seen, Seen{Text: oneLine(tree.Source(n)), Column: expr.SegmentColumn(name)})
			return
		}
		if n.Target == nil && slices.Contains(tellingCalls, n.Name) {
			add(tree.Source(n))
			return
		}
		if n.Target != nil {
			x.see(tree, n.Target, leaf)
		}
		for _, a := range n.Args {
			x.see(tree, a, leaf)
		}
	case *syntax.Select:
		x.see(tree, n.Operand, leaf)
	case *syntax.Index:
		x.see(tree, n.Operand, leaf)
		x.see(tree, n.Index, leaf)
	case *syntax.Unary:
		x.see(tree, n.Operand, leaf)
	case *syntax.Binary:
		x.see(tree, n.Left, leaf)
		x.see(tree, n.Right, leaf)
	case *syntax.Chain:
		for _, o := range n.Terms {
			x.see(tree, o, leaf)
		}
	case *syntax.Conditional:
		for _, o := range []syntax.Node{n.Cond, n.Then, n.Else} {
			x.see(tree, o, leaf)
		}
	case *syntax.List:
		for _, o := range n.Elements {
			x.see(tree, o, leaf)
		}
	}
}

// tellingCalls are the functions whose result says more than their arguments.
var tellingCalls = []string{"size", "rank", "percentile", "ntile", "quintile", "consent", "sample"}

// rootOf is the name that a chain of calls and fields starts with.
func rootOf(n syntax.Node) *syntax.Ident {
	switch n := n.(type) {
	case *syntax.Ident:
		return n
	case *syntax.Select:
		return rootOf(n.Operand)
	case *syntax.Call:
		if n.Target != nil {
			return rootOf(n.Target)
		}
	}
	return nil
}

// meaning says what a name stands for.
func (x *explainer) meaning(name string) string {
	has := func(r *config.Relation) bool { return r.Name == name }
	switch {
	case slices.ContainsFunc(x.e.sources, func(s *config.Source) bool { return s.Name == name }),
		slices.ContainsFunc(x.e.members, func(r *config.Relation) bool { return r.Reverse == name }):
		return "collection"
	case slices.ContainsFunc(x.e.relations, has):
		return "relation"
	}
	return "name"
}

// reads says that a function is called anywhere in a node.
func reads(n syntax.Node, fn string) bool {
	oneOf := func(list ...syntax.Node) bool {
		return slices.ContainsFunc(list, func(o syntax.Node) bool { return reads(o, fn) })
	}
	switch n := n.(type) {
	case *syntax.Paren:
		return reads(n.Inner, fn)
	case *syntax.Call:
		return n.Target == nil && n.Name == fn || n.Target != nil && reads(n.Target, fn) || oneOf(n.Args...)
	case *syntax.Select:
		return reads(n.Operand, fn)
	case *syntax.Index:
		return oneOf(n.Operand, n.Index)
	case *syntax.Unary:
		return reads(n.Operand, fn)
	case *syntax.Binary:
		return oneOf(n.Left, n.Right)
	case *syntax.Chain:
		return oneOf(n.Terms...)
	case *syntax.Conditional:
		return oneOf(n.Cond, n.Then, n.Else)
	case *syntax.List:
		return oneOf(n.Elements...)
	}
	return false
}

// project is the project with the traits and segments of the parts.
func (x *explainer) project(p *config.Project) *config.Project {
	out := *p
	out.Traits, out.Segments = slices.Clone(p.Traits), slices.Clone(p.Segments)
	made := map[string]*diag.Source{}
	trait := func(text, column string) *diag.Source {
		if x.columns[text] != column {
			return nil // the project's own
		}
		if made[column] == nil {
			pos := strict.Plain(column, "value", text)
			made[column] = pos.Text("value").Span(0, 0).Source
			out.Traits = append(out.Traits, &config.Trait{Name: column, Entity: x.e.Name, Value: text, Pos: pos})
		}
		return made[column]
	}
	for _, leaf := range x.leaves {
		if leaf.Column != "" {
			leaf.source = trait(leaf.Text, leaf.Column)
		}
		for _, part := range []struct{ name, when string }{{leaf.Yes, leaf.Text}, {leaf.No, "!(" + leaf.Text + "\n)"}} {
			if part.name != "" {
				pos := strict.Plain(part.name, "when", part.when)
				out.Segments = append(out.Segments, &config.Segment{Name: part.name, Entity: x.e.Name, When: part.when, Pos: pos})
			}
		}
		for i := range leaf.Seen {
			s := &leaf.Seen[i]
			s.source = trait(s.Text, s.Column)
		}
	}
	return &out
}

// retreat gives up what of the parts cannot be compiled alone: a list or a span
// of time is no value of a column. It is false where that explains nothing.
func (x *explainer) retreat(found diag.List) bool {
	at := map[*diag.Source]bool{}
	names := map[string]bool{}
	for _, d := range found {
		if d.Severity == diag.Error && d.Span.Source != nil {
			at[d.Span.Source] = true
			names[d.Span.Source.Name] = true
		}
	}
	changed := false
	for _, leaf := range x.leaves {
		before := len(leaf.Seen)
		leaf.Seen = slices.DeleteFunc(leaf.Seen, func(s Seen) bool { return s.source != nil && at[s.source] })
		changed = changed || len(leaf.Seen) != before
		switch {
		case leaf.Column != "" && leaf.source != nil && at[leaf.source]:
			x.divide(leaf)
			changed = true
		case leaf.No != "" && names[leaf.No]:
			leaf.No = ""
			changed = true
		}
	}
	return changed
}

func (x *explainer) traitNames() []string {
	var out []string
	for _, leaf := range x.leaves {
		if leaf.Column != "" {
			out = append(out, leaf.Column)
		}
		for _, s := range leaf.Seen {
			if !strings.HasPrefix(s.Column, expr.SegmentColumn("")) {
				out = append(out, s.Column)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (x *explainer) segmentNames() []string {
	out := slices.Concat(slices.Collect(maps.Keys(x.opened)), slices.Collect(maps.Keys(x.asked)))
	for _, leaf := range x.leaves {
		for _, name := range []string{leaf.Yes, leaf.No} {
			if name != "" {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// oneLine is a text without the line feeds and comments that lay it out.
func oneLine(text string) string {
	if line, err := syntax.FormatLine(text); err == nil {
		return line
	}
	return strings.Join(strings.Fields(text), " ")
}
