package dossier

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/models/audience"
)

// withheld stands for a value that is somebody else's.
type withheld struct{}

// fields are the fields of a row as they were sent.
type fields []audience.Value

// withheldText is what people read in its place.
const withheldText = "(withheld)"

// text is a value for people.
func text(v any) string {
	switch v := v.(type) {
	case withheld:
		return withheldText
	case fields:
		return string(appendJSON(nil, v))
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case string:
		return v
	}
	return console.Cell(v)
}

// appendJSON writes a value for programs: exactly, so that what JSON cannot say is
// said by an object. Text that is no UTF-8, and bytes, are {"base64": ...}; a
// number that is none is a string.
func appendJSON(to []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, "null"...)
	case withheld:
		return append(to, `{"withheld":true}`...)
	case bool:
		return strconv.AppendBool(to, v)
	case int64:
		return strconv.AppendInt(to, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return appendString(to, console.Cell(v))
		}
		return strconv.AppendFloat(to, v, 'g', -1, 64)
	case time.Time:
		return appendString(to, console.Cell(v))
	case []byte:
		to = append(to, `{"base64":"`...)
		return append(base64.StdEncoding.AppendEncode(to, v), `"}`...)
	case string:
		if !utf8.ValidString(v) {
			return appendJSON(to, []byte(v))
		}
		return appendString(to, v)
	case []any:
		to = append(to, '[')
		for i, e := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendJSON(to, e)
		}
		return append(to, ']')
	case fields:
		to = append(to, '{')
		for i, f := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(appendString(to, f.Name), ':')
			if f.Text == nil {
				to = append(to, "null"...)
			} else {
				to = appendString(to, *f.Text)
			}
		}
		return append(to, '}')
	}
	return appendString(to, console.Cell(v))
}

func appendString(to []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("dossier: a string has no JSON: " + err.Error())
	}
	return append(to, quoted...)
}
