package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// kind is what is known of a type of PostgreSQL.
type kind struct {
	// native is its name.
	native string
	// is our type, 0 where it is none of ours.
	is sql.Type
	// codec is how values of it look on the wire, 0 where we do not know.
	codec codec
	// element is the type of an array's elements, 0 for others.
	element uint32
	// identifier as in adapters.Column.
	identifier bool
}

// codec is one of the binary formats.
type codec int

const (
	asBool codec = iota + 1
	asInt
	asFloat
	asText
	asBytes
	asDate
	asTimestamp
	asNumeric
	asUUID
	asArray
)

// The numbers of the types that the server is built with never change.
const (
	oidInt8      = 20
	oidText      = 25
	oidNumeric   = 1700
	oidTimestamp = 1114
)

// builtIn are the types that every PostgreSQL has.
var builtIn = map[uint32]kind{
	16:           {native: "boolean", is: sql.TypeBool, codec: asBool},
	17:           {native: "bytea", is: sql.TypeBytes, codec: asBytes},
	18:           {native: `"char"`, is: sql.TypeString, codec: asText, identifier: true},
	19:           {native: "name", is: sql.TypeString, codec: asText, identifier: true},
	oidInt8:      {native: "bigint", is: sql.TypeInt, codec: asInt, identifier: true},
	21:           {native: "smallint", is: sql.TypeInt, codec: asInt, identifier: true},
	23:           {native: "integer", is: sql.TypeInt, codec: asInt, identifier: true},
	oidText:      {native: "text", is: sql.TypeString, codec: asText, identifier: true},
	700:          {native: "real", is: sql.TypeFloat, codec: asFloat},
	701:          {native: "double precision", is: sql.TypeFloat, codec: asFloat},
	1042:         {native: "character", is: sql.TypeString, codec: asText, identifier: true},
	1043:         {native: "character varying", is: sql.TypeString, codec: asText, identifier: true},
	1082:         {native: "date", is: sql.TypeDate, codec: asDate},
	oidTimestamp: {native: "timestamp without time zone", is: sql.TypeTimestamp, codec: asTimestamp},
	1184:         {native: "timestamp with time zone", is: sql.TypeTimestamp, codec: asTimestamp},
	oidNumeric:   {native: "numeric", is: sql.TypeDecimal, codec: asNumeric},
	2950:         {native: "uuid", codec: asUUID, identifier: true},

	1000: {native: "boolean[]", is: sql.TypeBools, codec: asArray, element: 16},
	1001: {native: "bytea[]", is: sql.TypeBlobs, codec: asArray, element: 17},
	1005: {native: "smallint[]", is: sql.TypeInts, codec: asArray, element: 21},
	1007: {native: "integer[]", is: sql.TypeInts, codec: asArray, element: 23},
	1009: {native: "text[]", is: sql.TypeStrings, codec: asArray, element: oidText},
	1015: {native: "character varying[]", is: sql.TypeStrings, codec: asArray, element: 1043},
	1016: {native: "bigint[]", is: sql.TypeInts, codec: asArray, element: oidInt8},
	1021: {native: "real[]", is: sql.TypeFloats, codec: asArray, element: 700},
	1022: {native: "double precision[]", is: sql.TypeFloats, codec: asArray, element: 701},
	1115: {native: "timestamp without time zone[]", is: sql.TypeTimestamps, codec: asArray, element: oidTimestamp},
	1185: {native: "timestamp with time zone[]", is: sql.TypeTimestamps, codec: asArray, element: 1184},
	1231: {native: "numeric[]", codec: asArray, element: oidNumeric},
}

// typmod of numeric(20,0), as which the dialect keeps unsigned integers.
const uintModifier = 20<<16 + 4

// modified is a type with what a column says behind it: numeric(12,2).
func (k kind) modified(modifier int32) kind {
	if modifier < 4 {
		return k
	}
	switch k.codec { //nolint:exhaustive // the others have nothing behind them
	case asNumeric:
		digits, scale := (modifier-4)>>16&0xffff, (modifier-4)&0x7ff
		k.native = fmt.Sprintf("numeric(%d,%d)", digits, scale)
		// The text of a whole number is the number.
		k.identifier = scale == 0
		if modifier == uintModifier {
			k.is = sql.TypeUint
		}
	case asText:
		k.native += "(" + strconv.Itoa(int(modifier-4)) + ")"
	}
	return k
}

// kindOf is what is known of a type; those of extensions and of the user are
// looked up on a session of their own.
func (d *Driver) kindOf(ctx context.Context, oid uint32) (kind, error) {
	if k, ok := builtIn[oid]; ok {
		return k, nil
	}
	d.mu.Lock()
	k, ok := d.kinds[oid]
	d.mu.Unlock()
	if ok {
		return k, nil
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return kind{}, err
	}
	defer d.release(ctx, c)
	text := strconv.FormatUint(uint64(oid), 10)
	result := c.ExecParams(ctx, "SELECT format_type(oid, NULL), typname, typtype FROM pg_catalog.pg_type WHERE oid = "+text, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return kind{}, d.failure(ctx, result.Err)
	}
	k = kind{native: "type " + text}
	if len(result.Rows) == 1 {
		k.native = string(result.Rows[0][0])
		// Those are texts on the wire.
		if string(result.Rows[0][1]) == "citext" || string(result.Rows[0][2]) == "e" {
			k.is, k.codec, k.identifier = sql.TypeString, asText, true
		}
	}
	d.mu.Lock()
	d.kinds[oid] = k
	d.mu.Unlock()
	return k, nil
}

// describe tells the columns of a result.
func (d *Driver) describe(ctx context.Context, fields []pgconn.FieldDescription) ([]kind, []adapters.Column, error) {
	kinds := make([]kind, len(fields))
	columns := make([]adapters.Column, len(fields))
	for i, f := range fields {
		k, err := d.kindOf(ctx, f.DataTypeOID)
		if err != nil {
			return nil, nil, err
		}
		k = k.modified(f.TypeModifier)
		kinds[i] = k
		columns[i] = adapters.Column{Name: f.Name, Type: k.is, Native: k.native, Identifier: k.identifier}
	}
	return kinds, columns, nil
}
