package sftest

import (
	"fmt"
	"strconv"
)

// kind is what sort of type it is; an alias, since most switches are about a few.
type kind = int

const (
	kNull kind = iota
	kFixed
	kReal
	kText
	kBool
	kDate
	kTime
	kNTZ
	kLTZ
	kTZ
	kBinary
	kVariant
	kObject
	kArray
	kInterval
)

// kindOf is a type: p and s are precision and scale of a number, p the length
// of text or bytes, s the digits of a second's fraction.
// A structured ARRAY has the type of its elements: e, ep and es.
type kindOf struct {
	k      kind
	p, s   int
	e      kind
	ep, es int
}

// element is the type of a structured array's elements.
func (k kindOf) element() kindOf { return kindOf{k: k.e, p: k.ep, s: k.es} }

// structured says that an array's elements have a type.
func (k kindOf) structured() bool { return k.k == kArray && k.e != kNull }

const maxText = 16777216

// Types by the names that the documentation lists, without parameters.
var typeNames = map[string]kindOf{
	"NUMBER": {k: kFixed, p: 38}, "DECIMAL": {k: kFixed, p: 38}, "DEC": {k: kFixed, p: 38}, "NUMERIC": {k: kFixed, p: 38},
	"INT": {k: kFixed, p: 38}, "INTEGER": {k: kFixed, p: 38}, "BIGINT": {k: kFixed, p: 38}, "SMALLINT": {k: kFixed, p: 38},
	"TINYINT": {k: kFixed, p: 38}, "BYTEINT": {k: kFixed, p: 38},
	"FLOAT": {k: kReal}, "FLOAT4": {k: kReal}, "FLOAT8": {k: kReal}, "DOUBLE": {k: kReal}, "REAL": {k: kReal},
	"VARCHAR": {k: kText, p: maxText}, "STRING": {k: kText, p: maxText}, "TEXT": {k: kText, p: maxText},
	"NVARCHAR": {k: kText, p: maxText}, "NVARCHAR2": {k: kText, p: maxText}, "CHAR": {k: kText, p: 1},
	"CHARACTER": {k: kText, p: 1}, "NCHAR": {k: kText, p: 1},
	"BINARY": {k: kBinary, p: 8388608}, "VARBINARY": {k: kBinary, p: 8388608},
	"BOOLEAN": {k: kBool}, "DATE": {k: kDate}, "TIME": {k: kTime, s: 9},
	"DATETIME": {k: kNTZ, s: 9}, "TIMESTAMP": {k: kNTZ, s: 9}, "TIMESTAMP_NTZ": {k: kNTZ, s: 9}, "TIMESTAMPNTZ": {k: kNTZ, s: 9},
	"TIMESTAMP_LTZ": {k: kLTZ, s: 9}, "TIMESTAMPLTZ": {k: kLTZ, s: 9},
	"TIMESTAMP_TZ": {k: kTZ, s: 9}, "TIMESTAMPTZ": {k: kTZ, s: 9},
	"VARIANT": {k: kVariant}, "OBJECT": {k: kObject}, "ARRAY": {k: kArray},
}

func isType(word string) bool {
	_, ok := typeNames[word]
	return ok
}

func namedType(word string) kindOf { return typeNames[word] }

// typeName reads a type with its parameters.
func (p *parser) typeName() kindOf {
	t := p.peek()
	k, ok := typeNames[t.name]
	if t.kind != tokWord || !ok {
		if t.kind == tokWord {
			panic(compilation(2040, "42601", "Unsupported data type '%s'.", t.text))
		}
		p.unexpected()
	}
	p.i++
	if t.name == "DOUBLE" {
		p.word("PRECISION")
	}
	if t.name == "CHAR" || t.name == "NCHAR" || t.name == "CHARACTER" {
		if p.word("VARYING") {
			k.p = maxText
		}
	}
	if !p.isOp("(") {
		return k
	}
	if k.k == kArray {
		p.i++
		of := p.typeName()
		if of.semi() && of.k != kVariant || of.structured() {
			panic(cannot("an ARRAY of %s", of))
		}
		if p.isWord("NOT", "NULL") {
			panic(cannot("an ARRAY of what is NOT NULL"))
		}
		p.needOp(")")
		return kindOf{k: kArray, e: of.k, ep: of.p, es: of.s}
	}
	if k.k == kObject {
		panic(cannot("structured objects"))
	}
	p.i++
	var numbers []int
	for {
		n := p.next()
		if n.kind != tokNumber {
			p.i--
			p.unexpected()
		}
		v, err := strconv.Atoi(n.text)
		if err != nil {
			p.i--
			p.unexpected()
		}
		numbers = append(numbers, v)
		if !p.op(",") {
			break
		}
	}
	p.needOp(")")
	wrong := func() {
		panic(compilation(2040, "42601", "Unsupported data type '%s(%v)'.", t.text, numbers))
	}
	switch k.k {
	case kFixed:
		if t.name != "NUMBER" && t.name != "DECIMAL" && t.name != "NUMERIC" && t.name != "DEC" || len(numbers) > 2 || numbers[0] < 1 || numbers[0] > 38 {
			wrong()
		}
		k.p, k.s = numbers[0], 0
		if len(numbers) == 2 {
			k.s = numbers[1]
		}
		if k.s > k.p || k.s > 37 {
			wrong()
		}
	case kText, kBinary:
		if len(numbers) != 1 || numbers[0] < 1 || numbers[0] > 134217728 {
			wrong()
		}
		k.p = numbers[0]
	case kTime, kNTZ, kLTZ, kTZ:
		if len(numbers) != 1 || numbers[0] > 9 {
			wrong()
		}
		k.s = numbers[0]
	default:
		wrong()
	}
	return k
}

// duck is how values of the type are held in DuckDB. A VARIANT is text in the
// notation of variant.go, an ARRAY a list of those.
func (k kindOf) duck() string {
	switch k.k {
	case kFixed:
		return fmt.Sprintf("DECIMAL(%d,%d)", k.p, k.s)
	case kReal:
		return "DOUBLE"
	case kBool:
		return "BOOLEAN"
	case kDate:
		return "DATE"
	case kTime:
		return "TIME"
	case kNTZ:
		return "TIMESTAMP"
	case kLTZ:
		return "TIMESTAMPTZ"
	case kTZ:
		return "STRUCT(u TIMESTAMP, o INTEGER)"
	case kBinary:
		return "BLOB"
	case kArray:
		return "VARCHAR[]"
	}
	return "VARCHAR"
}

// wire is the type's name in a result's description.
func (k kindOf) wire() string {
	return [...]string{"text", "fixed", "real", "text", "boolean", "date", "time", "timestamp_ntz", "timestamp_ltz", "timestamp_tz", "binary", "variant", "object", "array", "text"}[k.k]
}

// shown is the type as DESCRIBE and SHOW spell it.
func (k kindOf) shown() string {
	switch k.k {
	case kFixed:
		return fmt.Sprintf("NUMBER(%d,%d)", k.p, k.s)
	case kText, kNull:
		return fmt.Sprintf("VARCHAR(%d)", k.length())
	case kBinary:
		return fmt.Sprintf("BINARY(%d)", k.p)
	case kTime, kNTZ, kLTZ, kTZ:
		return fmt.Sprintf("%s(%d)", k.family(), k.s)
	case kArray:
		if k.structured() {
			return "ARRAY(" + k.element().shown() + ")"
		}
	}
	return k.family()
}

func (k kindOf) length() int {
	if k.p == 0 {
		return maxText
	}
	return k.p
}

// family is DATA_TYPE of INFORMATION_SCHEMA.COLUMNS.
func (k kindOf) family() string {
	return [...]string{"TEXT", "NUMBER", "FLOAT", "TEXT", "BOOLEAN", "DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "BINARY", "VARIANT", "OBJECT", "ARRAY", "TEXT"}[k.k]
}

// String is the type in messages.
func (k kindOf) String() string {
	if k.k == kNull {
		return "NULL"
	}
	return k.shown()
}

func fixed(p, s int) kindOf { return kindOf{k: kFixed, p: min(max(p, 1), 38), s: s} }

var (
	tNull    = kindOf{}
	tInt     = kindOf{k: kFixed, p: 38}
	tReal    = kindOf{k: kReal}
	tText    = kindOf{k: kText, p: maxText}
	tBool    = kindOf{k: kBool}
	tDate    = kindOf{k: kDate}
	tTime    = kindOf{k: kTime, s: 9}
	tNTZ     = kindOf{k: kNTZ, s: 9}
	tLTZ     = kindOf{k: kLTZ, s: 9}
	tTZ      = kindOf{k: kTZ, s: 9}
	tBinary  = kindOf{k: kBinary, p: 8388608}
	tVariant = kindOf{k: kVariant}
	tObject  = kindOf{k: kObject}
	tArray   = kindOf{k: kArray}
)

func (k kindOf) semi() bool { return k.k == kVariant || k.k == kObject || k.k == kArray }

func (k kindOf) stamp() bool { return k.k == kNTZ || k.k == kLTZ || k.k == kTZ }
