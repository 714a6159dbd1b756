package main

import (
	"fmt"
	"strings"

	googlesql "github.com/goccy/go-googlesql"
)

// A Type is a type of GoogleSQL, taken out of the analyzer's memory.
type Type struct {
	// Name is BigQuery's name: INT64, ARRAY, STRUCT.
	Name string
	// Elem is what an ARRAY holds.
	Elem *Type
	// Fields are those of a STRUCT.
	Fields []Column
}

// A Column is a column of a table or a result, or a field of a struct.
type Column struct {
	Name     string
	Type     Type
	Required bool
	Default  bool
	About    string
}

var kinds = map[googlesql.TypeKind]string{
	googlesql.TypeKindTypeInt64: "INT64", googlesql.TypeKindTypeBool: "BOOL", googlesql.TypeKindTypeDouble: "FLOAT64",
	googlesql.TypeKindTypeString: "STRING", googlesql.TypeKindTypeBytes: "BYTES", googlesql.TypeKindTypeDate: "DATE",
	googlesql.TypeKindTypeTimestamp: "TIMESTAMP", googlesql.TypeKindTypeTime: "TIME", googlesql.TypeKindTypeDatetime: "DATETIME",
	googlesql.TypeKindTypeNumeric: "NUMERIC", googlesql.TypeKindTypeBignumeric: "BIGNUMERIC", googlesql.TypeKindTypeJson: "JSON",
	googlesql.TypeKindTypeInterval: "INTERVAL", googlesql.TypeKindTypeEnum: "ENUM", googlesql.TypeKindTypeArray: "ARRAY",
	googlesql.TypeKindTypeStruct: "STRUCT", googlesql.TypeKindTypeGeography: "GEOGRAPHY", googlesql.TypeKindTypeRange: "RANGE",
}

// typeOf reads a type of the analyzer.
func typeOf(t googlesql.Googlesql_TypeNode) Type {
	name, ok := kinds[must(t.Kind())]
	if !ok {
		panic(unsupported("the type " + must(t.DebugString(false))))
	}
	switch name {
	case "ARRAY":
		elem := typeOf(must(must(t.AsArray()).ElementType()))
		return Type{Name: name, Elem: &elem}
	case "STRUCT":
		out := Type{Name: name}
		for _, f := range must(must(t.AsStruct()).Fields()) {
			out.Fields = append(out.Fields, Column{Name: f.Name, Type: typeOf(f.Type_)})
		}
		return out
	}
	return Type{Name: name}
}

var simple = func() map[string]googlesql.TypeKind {
	out := map[string]googlesql.TypeKind{}
	for kind, name := range kinds {
		out[name] = kind
	}
	return out
}()

// node is the type in the analyzer's memory.
func (t Type) node(factory *googlesql.TypeFactory) googlesql.Googlesql_TypeNode {
	switch t.Name {
	case "ARRAY":
		return must(factory.MakeArrayType2(t.Elem.node(factory)))
	case "STRUCT":
		var fields []*googlesql.StructField
		for _, f := range t.Fields {
			fields = append(fields, &googlesql.StructField{Name: f.Name, Type_: f.Type.node(factory)})
		}
		return must(factory.MakeStructType2(fields))
	}
	return must(factory.MakeSimpleType(simple[t.Name]))
}

// String is the type as GoogleSQL writes it.
func (t Type) String() string {
	switch t.Name {
	case "ARRAY":
		return "ARRAY<" + t.Elem.String() + ">"
	case "STRUCT":
		var fields []string
		for _, f := range t.Fields {
			fields = append(fields, strings.TrimSpace(f.Name+" "+f.Type.String()))
		}
		return "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	return t.Name
}

func (t Type) equal(o Type) bool {
	if t.Name != o.Name || len(t.Fields) != len(o.Fields) {
		return false
	}
	for i := range t.Fields {
		if !t.Fields[i].Type.equal(o.Fields[i].Type) {
			return false
		}
	}
	return t.Elem == nil || t.Elem.equal(*o.Elem)
}

// The types of the engine. An instant is a TIMESTAMP that holds UTC; what tells
// it from a DATETIME is known before a statement reaches the engine.
var engineTypes = map[string]string{
	"INT64": "BIGINT", "BOOL": "BOOLEAN", "FLOAT64": "DOUBLE", "STRING": "VARCHAR", "BYTES": "BLOB", "DATE": "DATE",
	"TIMESTAMP": "TIMESTAMP", "DATETIME": "TIMESTAMP", "TIME": "TIME", "NUMERIC": "DECIMAL(38,9)", "JSON": "JSON", "INTERVAL": "INTERVAL",
	"BIGNUMERIC": "VARCHAR", // see bignumeric.go
}

// engine is the type as the engine writes it. The fields of a struct are named
// by their position, because GoogleSQL allows equal names and none.
func (t Type) engine() string {
	switch t.Name {
	case "ARRAY":
		return t.Elem.engine() + "[]"
	case "STRUCT":
		var fields []string
		for i, f := range t.Fields {
			fields = append(fields, fieldName(i)+" "+f.Type.engine())
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	}
	name, ok := engineTypes[t.Name]
	if !ok {
		panic(unsupported("the type " + t.Name))
	}
	return name
}

func fieldName(i int) string { return fmt.Sprintf("_%d", i+1) }
