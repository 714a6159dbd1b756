package main

import (
	"fmt"
	"strings"

	googlesql "github.com/goccy/go-googlesql"
)

// cast writes a conversion. SAFE_CAST is NULL where CAST fails.
func (t *translator) cast(e *googlesql.ResolvedCast) string {
	if must(e.Format()) != nil {
		panic(unsupported("CAST with FORMAT"))
	}
	if p := must(e.TypeParameters()); p != nil && !must(p.IsEmpty()) {
		panic(unsupported("CAST to a parameterized type"))
	}
	inner := must(e.Expr())
	from, to := typeOf(must(inner.Type())), typeOf(must(e.Type()))
	if l, ok := inner.(*googlesql.ResolvedLiteral); ok {
		switch v := must(l.Value()); {
		case must(v.IsNull()):
			return null(to)
		case from.Name == "ARRAY" && must(v.NumElements()) == 0:
			return "CAST([] AS " + to.engine() + ")"
		}
	}
	if must(e.ReturnNullOnError()) {
		return try([]string{t.expr(inner)}, func(args []string) string { return convert(args[0], from, to) })
	}
	return convert(t.expr(inner), from, to)
}

// casts are the conversions between simple types, by "FROM TO".
var casts = map[string]string{
	"INT64 FLOAT64": "CAST($1 AS DOUBLE)", "INT64 NUMERIC": "CAST($1 AS DECIMAL(38,9))", "INT64 STRING": "CAST($1 AS VARCHAR)", "INT64 BOOL": "$1 <> 0",
	"BOOL INT64": "CAST($1 AS BIGINT)", "BOOL STRING": "CAST($1 AS VARCHAR)",
	// Half is away from zero; a cast alone would round it to even.
	"FLOAT64 INT64": "CAST(round($1) AS BIGINT)", "FLOAT64 STRING": "bq_float_text($1)", "FLOAT64 NUMERIC": "CAST($1 AS DECIMAL(38,9))",
	"NUMERIC INT64": "CAST(round($1) AS BIGINT)", "NUMERIC FLOAT64": "CAST($1 AS DOUBLE)",
	"NUMERIC STRING": "bq_trim_zeros(CAST($1 AS VARCHAR))",
	"STRING INT64":   "bq_int64($1)", "STRING FLOAT64": "bq_float64($1)", "STRING BOOL": "bq_bool($1)",
	"STRING NUMERIC": "CAST(bq_numeric($1) AS DECIMAL(38,9))", "STRING BYTES": "encode($1)", "BYTES STRING": "bq_utf8($1)",
	"STRING DATE": "CAST(bq_datetime($1, TRUE) AS DATE)", "STRING DATETIME": "bq_datetime($1, FALSE)", "STRING TIMESTAMP": "bq_timestamp($1, 'UTC')",
	"DATE STRING": "strftime($1, '%Y-%m-%d')", "DATE DATETIME": "CAST($1 AS TIMESTAMP)", "DATE TIMESTAMP": "CAST($1 AS TIMESTAMP)",
	"DATETIME STRING": "bq_time_text($1, '')", "DATETIME DATE": "CAST($1 AS DATE)", "DATETIME TIMESTAMP": "$1", "DATETIME TIME": "CAST($1 AS TIME)",
	"TIMESTAMP STRING": "bq_time_text($1, '+00')", "TIMESTAMP DATE": "CAST($1 AS DATE)", "TIMESTAMP DATETIME": "$1", "TIMESTAMP TIME": "CAST($1 AS TIME)",
	"INT64 BIGNUMERIC": "big_of_text(CAST($1 AS VARCHAR))", "NUMERIC BIGNUMERIC": "big_of_text(CAST($1 AS VARCHAR))", "STRING BIGNUMERIC": "big_of_text($1)",
	"FLOAT64 BIGNUMERIC": "big_of_float($1)", "BIGNUMERIC INT64": "big_to_int($1)", "BIGNUMERIC FLOAT64": "big_to_float($1)",
	"BIGNUMERIC NUMERIC": "CAST(big_to_numeric($1) AS DECIMAL(38,9))", "BIGNUMERIC STRING": "big_text($1)",
	"TIME STRING": "CAST($1 AS VARCHAR)",
}

// convert casts what is written as an expression.
func convert(e string, from, to Type) string {
	if from.equal(to) {
		return e
	}
	if snippet, ok := casts[from.Name+" "+to.Name]; ok {
		return fill(snippet, []string{e})
	}
	switch {
	case from.Name == "ARRAY" && to.Name == "ARRAY":
		return "list_transform(" + e + ", lambda x: " + convert("x", *from.Elem, *to.Elem) + ")"
	case from.Name == "STRUCT" && to.Name == "STRUCT" && len(from.Fields) == len(to.Fields):
		var fields []string
		for i := range to.Fields {
			field := fmt.Sprintf("struct_extract(%s, '%s')", e, fieldName(i))
			fields = append(fields, fieldName(i)+" := "+convert(field, from.Fields[i].Type, to.Fields[i].Type))
		}
		return "CASE WHEN " + e + " IS NOT NULL THEN struct_pack(" + strings.Join(fields, ", ") + ") END"
	}
	panic(unsupported("CAST of " + from.String() + " AS " + to.String()))
}

// stored is a value as a table or a result holds it: there an array is never
// NULL, and its elements are not either.
func stored(e string, t Type) string {
	switch {
	case t.Name == "ARRAY":
		return "CASE WHEN " + e + " IS NULL THEN [] WHEN len(" + e + ") > len(list_filter(" + e + ", lambda x: x IS NOT NULL)) THEN error('Array cannot have a null element; error in writing field') ELSE " + e + " END"
	case t.Name == "STRUCT" && t.holdsArray():
		var fields []string
		for i, f := range t.Fields {
			fields = append(fields, fieldName(i)+" := "+stored(fmt.Sprintf("struct_extract(%s, '%s')", e, fieldName(i)), f.Type))
		}
		return "CASE WHEN " + e + " IS NOT NULL THEN struct_pack(" + strings.Join(fields, ", ") + ") END"
	}
	return e
}

func (t Type) holdsArray() bool {
	for _, f := range t.Fields {
		if f.Type.Name == "ARRAY" || f.Type.holdsArray() {
			return true
		}
	}
	return false
}
