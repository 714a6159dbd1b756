// Package catalog compares what a project expects of its sources with what they
// look like, in a warehouse or in a lock file, and says what of the project a
// difference breaks. It does the same for what its syncs map, and the fields of
// platforms.
//
// It connects to nothing and reads no rows. Start with Check and Fit; lock.go is
// the file in which a project keeps what its sources looked like, platform.go
// the one of its destinations' fields.
package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Check finds the columns of a source that are missing or of a wrong type. nodes
// are those of the plan.
func Check(nodes []models.Node, c models.Check, columns []adapters.Column) diag.List {
	var list diag.List
	for _, want := range c.Columns {
		if d := checkColumn(c, want, columns); d != nil {
			if broken := Broken(nodes, c.Source.Name, want.Declared); broken != "" {
				d.Summary += "; it breaks " + broken
			}
			list = append(list, *d)
		}
	}
	return list
}

// most is how many resources of one kind are named.
const most = 5

// Broken names the traits, segments and syncs that follow from a column of a
// source, by its declared name, or from all of the source where that is empty.
func Broken(nodes []models.Node, source, column string) string {
	broken := map[string]bool{}
	for _, n := range nodes {
		if column == "" {
			broken[n.Key] = slices.Contains(n.Reads, "source:"+source)
		} else {
			broken[n.Key] = slices.Contains(n.Columns, source+"."+column)
		}
	}
	// A node can come before those that it reads.
	for more := true; more; {
		more = false
		for _, n := range nodes {
			if !broken[n.Key] && slices.ContainsFunc(n.Reads, func(key string) bool { return broken[key] }) {
				broken[n.Key], more = true, true
			}
		}
	}
	var parts []string
	for _, kind := range []string{"trait", "segment", "sync"} {
		var names []string
		for _, n := range nodes {
			if n.Kind == kind && broken[n.Key] {
				names = append(names, n.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		word := kind
		if len(names) > 1 {
			word += "s"
		}
		rest := ""
		if len(names) > most {
			rest = fmt.Sprintf(" and %d more", len(names)-most)
			names = names[:most]
		}
		parts = append(parts, word+" "+strings.Join(names, ", ")+rest)
	}
	return strings.Join(parts, "; ")
}

// checkColumn is nil where the column can be read as it is wanted.
func checkColumn(c models.Check, want models.ColumnCheck, columns []adapters.Column) *diag.Diagnostic {
	names := make([]string, len(columns))
	for i, have := range columns {
		names[i] = have.Name
		if have.Name != want.Column && !strings.EqualFold(have.Name, want.Column) {
			continue
		}
		if reads(have, want) {
			return nil
		}
		d := diag.Errorf(want.Span, "wrong-type", "column %s of %s is %s, which cannot be read as %s",
			want.Column, c.Table.Name, have.Native, TypeName(want.Want))
		switch {
		case want.Identifier:
			d = diag.Errorf(want.Span, "wrong-type", "column %s of %s is %s, which identifies nobody", want.Column, c.Table.Name, have.Native).
				WithHelp("identifiers are strings, integers or UUIDs; convert the column in a view and name the view as the table")
		case want.Span == c.Source.Pos.At("time"):
			d = d.WithHelp("time: names a column of times or dates; convert the column in a view and name the view as the table, or leave time: out")
		default:
			d = d.WithHelp("declare the type that the column has, or convert it in a view and name the view as the table")
		}
		return &d
	}
	d := diag.Errorf(want.Span, "missing-column", "%s has no column %s", c.Table.Name, want.Column)
	if near := diag.Nearest(want.Column, names); near != "" {
		d = d.WithHelp("did you mean %s?", near)
	} else {
		d = d.WithHelp("columns of %s: %s", c.Table.Name, strings.Join(names, ", "))
	}
	return &d
}

// TypeName is the word of config.ColumnTypes for a type.
func TypeName(t sql.Type) string { return typeNames[t] }

var typeNames = map[sql.Type]string{
	sql.TypeBool: "bool", sql.TypeInt: "int", sql.TypeFloat: "float", sql.TypeDecimal: "decimal",
	sql.TypeString: "string", sql.TypeTimestamp: "timestamp", sql.TypeDate: "date",
}

// readable lists the types of a column that a declared type can be read from
// without losing or inventing anything that the declaration promises.
var readable = map[sql.Type][]sql.Type{
	sql.TypeBool:      {sql.TypeBool},
	sql.TypeInt:       {sql.TypeInt},
	sql.TypeFloat:     {sql.TypeFloat, sql.TypeInt, sql.TypeDecimal},
	sql.TypeDecimal:   {sql.TypeDecimal, sql.TypeInt, sql.TypeFloat},
	sql.TypeString:    {sql.TypeString, sql.TypeInt},
	sql.TypeTimestamp: {sql.TypeTimestamp, sql.TypeDate},
	sql.TypeDate:      {sql.TypeDate},
}

func reads(have adapters.Column, want models.ColumnCheck) bool {
	if have.Untyped {
		return true
	}
	if want.Identifier {
		return have.Identifier
	}
	return slices.Contains(readable[want.Want], have.Type) || want.Want == sql.TypeString && have.Identifier
}
