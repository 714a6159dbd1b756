package syntax

import (
	"errors"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// The codes that this package reports; docs/errors.md explains them.
const (
	CodeSyntax = "cel-syntax"
	CodeFormat = "cel-format"
)

// byteOrderMark may begin a file; the parser of YAML takes it off.
const byteOrderMark = "\ufeff"

// FormatFile formats the expressions in a file of a project (see Format). All
// else stays byte for byte. It returns the file's text where it changes and nil
// where it does not, or everything that keeps the file from being formatted,
// at its place.
func FormatFile(src *diag.Source) ([]byte, diag.List) {
	var found diag.List
	report := func(d diag.Diagnostic) { found = append(found, d) }
	mark := ""
	if strings.HasPrefix(string(src.Text), byteOrderMark) {
		mark = byteOrderMark
	}
	root, nodes := config.Expressions(src, report)
	var edits []strict.Edit
	for _, n := range nodes {
		text := n.Text()
		value, err := Format(text.Value)
		if err != nil {
			report(place(text, err))
			continue
		}
		if value == strings.TrimRight(text.Value, "\n") {
			continue
		}
		single := value
		if strings.Contains(value, "\n") {
			if single, err = FormatLine(text.Value); err != nil {
				report(place(text, err))
				continue
			}
		}
		edits = append(edits, strict.Edit{Node: n, Value: value, Single: single})
	}
	if len(found) > 0 {
		return nil, found.Sort()
	}
	if len(edits) == 0 {
		return nil, nil
	}
	out, err := strict.Rewrite(root, edits)
	if err != nil {
		return nil, diag.List{diag.Errorf(diag.Span{Source: src}, CodeFormat, "%v", err).
			WithHelp("write the expression as a block: a | after the key, and the lines below it, indented")}
	}
	return append([]byte(mark), out...), nil
}

// place is an error of Format as a finding in the file.
func place(text strict.Text, err error) diag.Diagnostic {
	bad, ok := errors.AsType[*Error](err)
	if !ok {
		return diag.Errorf(text.Span(0, len(text.Value)), CodeFormat, "%v", err).
			WithHelp("report it, with the expression; the file is unchanged")
	}
	d := diag.Errorf(text.Span(bad.Start, bad.End), CodeSyntax, "%s", bad.Summary)
	if bad.Help != "" {
		d = d.WithHelp("%s", bad.Help)
	}
	return d
}
