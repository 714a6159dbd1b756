package clickhouse

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// kinds are the engine's types that are ours, without what stands in their
// parentheses.
var kinds = map[string]sql.Type{
	"Bool": sql.TypeBool,
	"Int8": sql.TypeInt, "Int16": sql.TypeInt, "Int32": sql.TypeInt, "Int64": sql.TypeInt,
	"UInt8": sql.TypeInt, "UInt16": sql.TypeInt, "UInt32": sql.TypeInt, "UInt64": sql.TypeUint,
	"Float32": sql.TypeFloat, "Float64": sql.TypeFloat,
	"Decimal": sql.TypeDecimal, "Decimal32": sql.TypeDecimal, "Decimal64": sql.TypeDecimal, "Decimal128": sql.TypeDecimal, "Decimal256": sql.TypeDecimal,
	"String": sql.TypeString, "FixedString": sql.TypeString, "Enum8": sql.TypeString, "Enum16": sql.TypeString,
	"Date": sql.TypeDate, "Date32": sql.TypeDate, "DateTime": sql.TypeTimestamp, "DateTime64": sql.TypeTimestamp,
}

// lists are the kinds of lists by the kind of their elements.
var lists = map[sql.Type]sql.Type{
	sql.TypeString: sql.TypeStrings, sql.TypeInt: sql.TypeInts, sql.TypeFloat: sql.TypeFloats, sql.TypeTimestamp: sql.TypeTimestamps,
	sql.TypeBool: sql.TypeBools, sql.TypeUint: sql.TypeUints,
}

// identifying are the further types whose text identifies something.
var identifying = map[string]bool{
	"UUID": true, "UInt64": true, "Int128": true, "Int256": true, "UInt128": true, "UInt256": true, "IPv4": true, "IPv6": true,
}

// columnOf describes a column by the engine's name of its type.
func columnOf(name, native string) adapters.Column {
	base, argument := inner(native)
	c := adapters.Column{Name: name, Type: kinds[base], Native: native}
	if element, ok := boxed(native); ok {
		c.Type = lists[columnOf("", element).Type]
	}
	c.Identifier = c.Type == sql.TypeString || c.Type == sql.TypeInt || identifying[base] ||
		c.Type == sql.TypeDecimal && strings.HasSuffix(argument, ", 0")
	return c
}

// inner is a type's name and what is in its parentheses, without what says that
// it may be NULL, how it is stored and how it is aggregated.
func inner(native string) (name, argument string) {
	for {
		name, rest, _ := strings.Cut(native, "(")
		argument := strings.TrimSuffix(rest, ")")
		switch name {
		case "Nullable", "LowCardinality":
			native = argument
		case "SimpleAggregateFunction":
			_, native, _ = strings.Cut(argument, ", ")
		default:
			return name, argument
		}
	}
}

// boxed is the type of the elements of a list, which is an array in a tuple.
func boxed(native string) (element string, ok bool) {
	if name, argument := inner(native); name == "Tuple" {
		if name, element := inner(argument); name == "Array" {
			return element, true
		}
	}
	return "", false
}

var fraction = regexp.MustCompile(`DateTime64\(([0-9])[^)]*\)`)

// digits is how many digits behind the second the instants of a type have.
func digits(native string) int {
	m := fraction.FindStringSubmatch(native)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}
