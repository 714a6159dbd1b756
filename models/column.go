package models

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/sql"
)

// ColumnType is the type of a declared column: config.Column.Type as package
// sql says it. 0 is not a type.
func ColumnType(name string) sql.Type {
	return map[string]sql.Type{
		"string": sql.TypeString, "int": sql.TypeInt, "float": sql.TypeFloat, "decimal": sql.TypeDecimal,
		"bool": sql.TypeBool, "timestamp": sql.TypeTimestamp, "date": sql.TypeDate,
	}[name]
}

// Reference splits config.Trait.From's "source.column".
func Reference(text string) (source, column string) {
	source, column, _ = strings.Cut(text, ".")
	return source, column
}
