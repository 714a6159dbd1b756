package bigquery

import (
	"strings"

	client "cloud.google.com/go/bigquery"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// kinds are the types of BigQuery that are ours. A BIGNUMERIC of a source is a
// decimal; in results it is one of our unsigned integers.
var kinds = map[client.FieldType]sql.Type{
	client.BooleanFieldType: sql.TypeBool, client.IntegerFieldType: sql.TypeInt, client.FloatFieldType: sql.TypeFloat,
	client.NumericFieldType: sql.TypeDecimal, client.BigNumericFieldType: sql.TypeDecimal, client.StringFieldType: sql.TypeString,
	client.BytesFieldType: sql.TypeBytes, client.DateFieldType: sql.TypeDate,
	client.TimestampFieldType: sql.TypeTimestamp, client.DateTimeFieldType: sql.TypeTimestamp,
}

// lists are the kinds of lists by the kind of their elements.
var lists = map[sql.Type]sql.Type{
	sql.TypeString: sql.TypeStrings, sql.TypeInt: sql.TypeInts, sql.TypeFloat: sql.TypeFloats, sql.TypeTimestamp: sql.TypeTimestamps,
	sql.TypeBool: sql.TypeBools, sql.TypeDecimal: sql.TypeUints, sql.TypeBytes: sql.TypeBlobs,
}

// The names by which the standard language calls what the API calls otherwise.
var natives = map[client.FieldType]string{
	client.IntegerFieldType: "INT64", client.FloatFieldType: "FLOAT64", client.BooleanFieldType: "BOOL",
}

// columnOf describes a column.
func columnOf(f *client.FieldSchema) adapters.Column {
	c := adapters.Column{Name: sql.BigQuery.ReadName(f.Name), Native: native(f)}
	if element := boxed(f); element != nil {
		c.Type = lists[kinds[element.Type]]
	} else if !f.Repeated {
		c.Type = kinds[f.Type]
	}
	c.Identifier = c.Type == sql.TypeString || c.Type == sql.TypeInt
	return c
}

// native is the type of a column as SQL writes it.
func native(f *client.FieldSchema) string {
	name := string(f.Type)
	if n, ok := natives[f.Type]; ok {
		name = n
	}
	if f.Type == client.RecordFieldType {
		fields := make([]string, len(f.Schema))
		for i, sub := range f.Schema {
			fields[i] = sub.Name + " " + native(sub)
		}
		name = "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	if f.Repeated {
		return "ARRAY<" + name + ">"
	}
	return name
}

// boxed is the element of a list of ours, nil of anything else.
func boxed(f *client.FieldSchema) *client.FieldSchema {
	if f.Type != client.RecordFieldType || f.Repeated || len(f.Schema) != 1 || f.Schema[0].Name != "list" {
		return nil
	}
	list := f.Schema[0]
	if list.Type != client.RecordFieldType || !list.Repeated || len(list.Schema) != 1 || list.Schema[0].Name != "element" || list.Schema[0].Repeated {
		return nil
	}
	return list.Schema[0]
}
