package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// The parts of BigQuery's JSON that both sides know.

type wireField struct {
	Name        string      `json:"name"`
	Type        string      `json:"type"`
	Mode        string      `json:"mode,omitempty"`
	Fields      []wireField `json:"fields,omitempty"`
	Description string      `json:"description,omitempty"`
}

type wireSchema struct {
	Fields []wireField `json:"fields"`
}

type wirePartition struct {
	Type         string `json:"type"`
	Field        string `json:"field,omitempty"`
	ExpirationMs string `json:"expirationMs,omitempty"`
}

type wireTable struct {
	ProjectID string `json:"projectId"`
	DatasetID string `json:"datasetId"`
	TableID   string `json:"tableId"`
}

func (w wireTable) name() Name { return Name{w.ProjectID, w.DatasetID, w.TableID} }
func (n Name) wire() wireTable { return wireTable{n.Project, n.Dataset, n.Table} }

// A wireType is the type of a parameter.
type wireType struct {
	Type        string    `json:"type"`
	ArrayType   *wireType `json:"arrayType"`
	StructTypes []struct {
		Name string   `json:"name"`
		Type wireType `json:"type"`
	} `json:"structTypes"`
}

// A wireValue is the value of a parameter.
type wireValue struct {
	Value        *string              `json:"value"`
	ArrayValues  []wireValue          `json:"arrayValues"`
	StructValues map[string]wireValue `json:"structValues"`
}

type wireParameter struct {
	Name  string    `json:"name"`
	Type  wireType  `json:"parameterType"`
	Value wireValue `json:"parameterValue"`
}

// legacy are the names that types have in schemas.
var legacy = map[string]string{"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}

var modern = func() map[string]string {
	out := map[string]string{}
	for now, was := range legacy {
		out[was] = now
	}
	out["DECIMAL"], out["BIGDECIMAL"] = "NUMERIC", "BIGNUMERIC"
	return out
}()

func (t wireType) kind() Type {
	switch t.Type {
	case "ARRAY":
		elem := t.ArrayType.kind()
		return Type{Name: "ARRAY", Elem: &elem}
	case "STRUCT":
		out := Type{Name: "STRUCT"}
		for _, f := range t.StructTypes {
			out.Fields = append(out.Fields, Column{Name: f.Name, Type: f.Type.kind()})
		}
		return out
	}
	if now, ok := modern[t.Type]; ok {
		return Type{Name: now}
	}
	return Type{Name: t.Type}
}

func schemaOf(columns []Column) *wireSchema {
	out := &wireSchema{Fields: []wireField{}}
	for _, c := range columns {
		f := wireField{Name: c.Name, Mode: "NULLABLE", Description: c.About}
		t := c.Type
		if c.Required {
			f.Mode = "REQUIRED"
		}
		if t.Name == "ARRAY" {
			f.Mode, t = "REPEATED", *t.Elem
		}
		f.Type = t.Name
		if was, ok := legacy[t.Name]; ok {
			f.Type = was
		}
		if t.Name == "STRUCT" {
			f.Fields = schemaOf(t.Fields).Fields
		}
		out.Fields = append(out.Fields, f)
	}
	return out
}

func (s *wireSchema) columns() ([]Column, error) {
	var out []Column
	for _, f := range s.Fields {
		t := Type{Name: strings.ToUpper(f.Type)}
		if now, ok := modern[t.Name]; ok {
			t.Name = now
		}
		if _, ok := simple[t.Name]; !ok {
			return nil, &Error{Reason: "invalid", Message: fmt.Sprintf("Invalid value for type: %s is not a valid value", f.Type)}
		}
		if t.Name == "STRUCT" {
			fields, err := (&wireSchema{Fields: f.Fields}).columns()
			if err != nil {
				return nil, err
			}
			t.Fields = fields
		}
		c := Column{Name: f.Name, Type: t, Required: strings.EqualFold(f.Mode, "REQUIRED"), About: f.Description}
		if strings.EqualFold(f.Mode, "REPEATED") {
			elem := t
			c.Type = Type{Name: "ARRAY", Elem: &elem}
		}
		out = append(out, c)
	}
	return out, nil
}

type wireCell struct {
	V any `json:"v"`
}

type wireRow struct {
	F []wireCell `json:"f"`
}

// row writes a row of a result.
func row(values []any, columns []Column, int64Timestamp bool) wireRow {
	out := wireRow{F: make([]wireCell, len(values))}
	for i, v := range values {
		out.F[i].V = cell(v, columns[i].Type, int64Timestamp)
	}
	return out
}

func cell(v any, t Type, int64Timestamp bool) any {
	if v == nil {
		return nil
	}
	switch t.Name {
	case "ARRAY":
		items := []wireCell{}
		for _, e := range v.([]any) {
			items = append(items, wireCell{cell(e, *t.Elem, int64Timestamp)})
		}
		return items
	case "STRUCT":
		fields := v.(map[string]any)
		values := make([]any, len(t.Fields))
		for i := range t.Fields {
			values[i] = fields[fieldName(i)]
		}
		return row(values, t.Fields, int64Timestamp)
	}
	if t.Name == "BIGNUMERIC" {
		return bigText(v.(string))
	}
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return v
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case duckdb.Decimal:
		return fixed(v.Value, int(v.Scale))
	case *big.Int:
		return v.String()
	case time.Time:
		switch t.Name {
		case "DATE":
			return v.Format("2006-01-02")
		case "DATETIME":
			return strings.Replace(timeText(v), " ", "T", 1)
		case "TIME":
			return v.Format("15:04:05.999999")
		}
		if int64Timestamp {
			return strconv.FormatInt(v.UnixMicro(), 10)
		}
		return strconv.FormatFloat(float64(v.UnixMicro())/1e6, 'f', 6, 64)
	}
	return fmt.Sprint(v)
}

// wireLiteral writes the value of a parameter for the engine.
func wireLiteral(v wireValue, t Type) string {
	switch t.Name {
	case "ARRAY":
		var items []string
		for _, e := range v.ArrayValues {
			items = append(items, wireLiteral(e, *t.Elem))
		}
		return "CAST([" + strings.Join(items, ", ") + "] AS " + t.engine() + ")"
	case "STRUCT":
		var fields []string
		for i, f := range t.Fields {
			fields = append(fields, fieldName(i)+" := "+wireLiteral(v.StructValues[f.Name], f.Type))
		}
		return "struct_pack(" + strings.Join(fields, ", ") + ")"
	}
	if v.Value == nil {
		return null(t)
	}
	switch t.Name {
	case "STRING":
		return text(*v.Value)
	case "BYTES":
		return "from_base64(" + text(*v.Value) + ")"
	}
	return "CAST(" + convert(text(*v.Value), Type{Name: "STRING"}, t) + " AS " + t.engine() + ")"
}

// marshal never fails for what is written here.
func marshal(v any) json.RawMessage { return must(json.Marshal(v)) }
