package snowflake

import (
	"database/sql"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// kinds are Snowflake's types that are ours, by the names of the wire protocol;
// FIXED and ARRAY say more.
var kinds = map[string]dialect.Type{
	"REAL": dialect.TypeFloat, "TEXT": dialect.TypeString, "BOOLEAN": dialect.TypeBool, "BINARY": dialect.TypeBytes, "DATE": dialect.TypeDate,
	"TIMESTAMP_NTZ": dialect.TypeTimestamp, "TIMESTAMP_LTZ": dialect.TypeTimestamp, "TIMESTAMP_TZ": dialect.TypeTimestamp,
}

// native are the names that people write.
var native = map[string]string{"REAL": "FLOAT", "TEXT": "VARCHAR"}

// elements are the types of lists, by what the client makes of them.
var elements = map[reflect.Type]struct {
	is     dialect.Type
	native string
}{
	reflect.TypeFor[[]string]():    {dialect.TypeStrings, "VARCHAR"},
	reflect.TypeFor[[]int64]():     {dialect.TypeInts, "NUMBER"},
	reflect.TypeFor[[]*big.Int]():  {dialect.TypeInts, "NUMBER"},
	reflect.TypeFor[[]float64]():   {dialect.TypeFloats, "FLOAT"},
	reflect.TypeFor[[]time.Time](): {dialect.TypeTimestamps, "TIMESTAMP"},
	reflect.TypeFor[[]bool]():      {dialect.TypeBools, "BOOLEAN"},
	reflect.TypeFor[[][]byte]():    {dialect.TypeBlobs, "BINARY"},
}

// uintDigits is the precision of the unsigned integers of sql.Snowflake.
const uintDigits = 20

// columnOf describes a column of a result.
func columnOf(c *sql.ColumnType) adapters.Column {
	wire := strings.ToUpper(c.DatabaseTypeName())
	out := adapters.Column{Name: dialect.Snowflake.ReadName(c.Name()), Type: kinds[wire], Native: wire}
	if text, ok := native[wire]; ok {
		out.Native = text
	}
	switch wire {
	case "FIXED":
		digits, scale, _ := c.DecimalSize()
		out.Native = fmt.Sprintf("NUMBER(%d,%d)", digits, scale)
		switch {
		case scale > 0:
			out.Type = dialect.TypeDecimal
		case digits == uintDigits:
			out.Type = dialect.TypeUint
		default:
			out.Type = dialect.TypeInt
		}
		out.Identifier = scale == 0
	case "TEXT":
		out.Identifier = true
	case "ARRAY":
		if of, ok := elements[c.ScanType()]; ok {
			out.Type, out.Native = of.is, "ARRAY("+of.native+")"
		}
	}
	return out
}
