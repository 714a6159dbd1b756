package strict

import "go.yaml.in/yaml/v4"

// Made is a mapping of fields that the file has under other names, at the place
// of n: what is found wrong with it is told where the file says it.
func (n Node) Made(fields []Field) Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Line: n.n.Line, Column: n.n.Column}
	for _, f := range fields {
		m.Content = append(m.Content, f.Key.n, f.Value.n)
	}
	return Node{doc: n.doc, n: m}
}

// Said is a scalar at the place of n that stands for what is written there, with
// a tag such as !!str or !!int.
func (n Node) Said(value, tag string) Node {
	c := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value, Line: n.n.Line, Column: n.n.Column}
	if n.n.Kind == yaml.ScalarNode {
		c.Style = n.n.Style
	}
	return Node{doc: n.doc, n: c}
}
