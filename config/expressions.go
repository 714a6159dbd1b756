package config

import (
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// expressionKeys are the lists of a file whose items hold an expression, with
// its key.
var expressionKeys = []struct{ list, key string }{
	{"traits", "value"},
	{"segments", "when"},
	{"tests", "where"},
	{"tests", "condition"},
}

// Expressions finds the texts of one file that are CEL, in the order of the
// file's lists. It reads no more than it needs: what else is wrong with the
// file is for Load to say. root is absent where the file is no YAML, which is
// reported, or empty.
func Expressions(src *diag.Source, report func(diag.Diagnostic)) (root strict.Node, found []strict.Node) {
	root = strict.Parse(src, report)
	for _, k := range expressionKeys {
		for _, item := range root.Get(k.list).Items() {
			if n := item.Get(k.key); n.IsString() {
				found = append(found, n)
			}
		}
	}
	return root, found
}
