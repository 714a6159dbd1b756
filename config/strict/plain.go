package strict

import (
	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// Plain is a mapping of one key whose text is a file of its own, called name,
// byte by byte: for text that is not from YAML, such as an argument of a command.
func Plain(name, key, text string) Node {
	scalar := func(value string, style yaml.Style) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: style, Line: 1, Column: 1}
	}
	return Node{
		doc: &document{src: &diag.Source{Name: name, Text: []byte(text)}},
		n: &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1, Content: []*yaml.Node{
			scalar(key, 0), scalar(text, yaml.LiteralStyle|wholeFile),
		}},
	}
}
