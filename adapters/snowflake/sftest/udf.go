package sftest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
)

// udf is a function of ours in DuckDB, for what the engine does otherwise than
// Snowflake. Types are letters: s text, f double, b boolean, i integer, d date,
// n timestamp, t time, x bytes, a a list of text; the last is the result.
type udf struct {
	name  string
	types string
	// nulls has the function called for NULL too.
	nulls bool
	many  bool // the last argument may be there any number of times
	f     func(a []driver.Value) (any, error)
}

func (u *udf) Config() duckdb.ScalarFuncConfig {
	info := func(c byte) duckdb.TypeInfo {
		simple := map[byte]duckdb.Type{
			's': duckdb.TYPE_VARCHAR, 'f': duckdb.TYPE_DOUBLE, 'b': duckdb.TYPE_BOOLEAN, 'i': duckdb.TYPE_BIGINT,
			'd': duckdb.TYPE_DATE, 'n': duckdb.TYPE_TIMESTAMP, 't': duckdb.TYPE_TIME, 'x': duckdb.TYPE_BLOB,
		}
		if c == 'a' {
			text, _ := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
			list, _ := duckdb.NewListInfo(text)
			return list
		}
		t, _ := duckdb.NewTypeInfo(simple[c])
		return t
	}
	c := duckdb.ScalarFuncConfig{SpecialNullHandling: u.nulls, ResultTypeInfo: info(u.types[len(u.types)-1])}
	for i := range len(u.types) - 1 {
		if u.many && i == len(u.types)-2 {
			c.VariadicTypeInfo = info(u.types[i])
			break
		}
		c.InputTypeInfos = append(c.InputTypeInfos, info(u.types[i]))
	}
	return c
}

func (u *udf) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(a []driver.Value) (out any, err error) {
		defer catchMarked(&err)
		return u.f(a)
	}}
}

// catchMarked turns a refusal into an error that says its code through DuckDB.
func catchMarked(err *error) {
	switch p := recover().(type) {
	case nil:
	case *refusal:
		*err = mark(p.code, p.state, "%s", p.message)
	default:
		*err = mark(codeStub, "0A000", "stub: %v", p)
	}
}

func str(v driver.Value) string {
	s, _ := v.(string)
	return s
}

func unrecognised(what, value string) error {
	codes := map[string]int{"Numeric": 100038, "Boolean": 100037, "Date": 100040, "Time": 100108, "Timestamp": 100035}
	return mark(codes[what], "22018", "%s value '%s' is not recognized", what, value)
}

// try makes the variant of a conversion that gives NULL.
func try(u udf) udf {
	f := u.f
	return udf{name: "try_" + u.name, types: u.types, nulls: true, f: func(a []driver.Value) (any, error) {
		if slices.Contains(a, nil) {
			return nil, nil
		}
		v, err := f(a)
		if err != nil {
			return nil, nil //nolint:nilerr // that is what it is for
		}
		return v, nil
	}}
}

// conversions of text, each of which has a TRY_ form.
var conversions = []udf{
	{name: "sf_number", types: "ss", f: func(a []driver.Value) (any, error) {
		if n, ok := parseNumber(str(a[0])); ok {
			return n, nil
		}
		return nil, unrecognised("Numeric", str(a[0]))
	}},
	{name: "sf_real", types: "sf", f: func(a []driver.Value) (any, error) {
		if f, ok := parseReal(str(a[0])); ok {
			return f, nil
		}
		return nil, unrecognised("Numeric", str(a[0]))
	}},
	{name: "sf_bool", types: "sb", f: func(a []driver.Value) (any, error) {
		if v, ok := parseBool(str(a[0])); ok {
			return v, nil
		}
		return nil, unrecognised("Boolean", str(a[0]))
	}},
	{name: "sf_date", types: "ssd", f: func(a []driver.Value) (any, error) {
		if s, ok := parseWith(str(a[0]), str(a[1])); ok {
			return s.wall.Truncate(24 * time.Hour), nil
		}
		return nil, unrecognised("Date", str(a[0]))
	}},
	{name: "sf_time", types: "sst", f: func(a []driver.Value) (any, error) {
		if strings.EqualFold(str(a[1]), "AUTO") {
			if t, ok := readTime(str(a[0])); ok {
				return t, nil
			}
		} else if s, ok := parseWith(str(a[0]), str(a[1])); ok {
			return s.wall, nil
		}
		return nil, unrecognised("Time", str(a[0]))
	}},
	{name: "sf_ntz", types: "ssn", f: func(a []driver.Value) (any, error) {
		if s, ok := parseWith(str(a[0]), str(a[1])); ok {
			return s.wall, nil
		}
		return nil, unrecognised("Timestamp", str(a[0]))
	}},
	// The instant in UTC, and below it the minutes from Greenwich.
	{name: "sf_instant", types: "sssn", f: func(a []driver.Value) (any, error) {
		zone, err := location(str(a[2]))
		if err != nil {
			return nil, err
		}
		if s, ok := parseWith(str(a[0]), str(a[1])); ok {
			return s.instant(zone), nil
		}
		return nil, unrecognised("Timestamp", str(a[0]))
	}},
	{name: "sf_offset", types: "sssi", f: func(a []driver.Value) (any, error) {
		zone, err := location(str(a[2]))
		if err != nil {
			return nil, err
		}
		s, ok := parseWith(str(a[0]), str(a[1]))
		if !ok {
			return nil, unrecognised("Timestamp", str(a[0]))
		}
		if s.zoned {
			return int64(s.offset), nil
		}
		_, seconds := s.instant(zone).In(zone).Zone()
		return int64(seconds / 60), nil
	}},
	{name: "sf_binary", types: "ssx", f: func(a []driver.Value) (any, error) {
		text := str(a[0])
		switch strings.ToUpper(strings.ReplaceAll(str(a[1]), "-", "")) {
		case "HEX":
			b, err := hex.DecodeString(text)
			if err != nil {
				return nil, mark(100115, "22000", "The following string is not a legal hex-encoded value: '%s'", text)
			}
			return b, nil
		case "BASE64":
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, mark(100113, "22000", "The following string is not a legal BASE64-encoded value: '%s'", text)
			}
			return b, nil
		case "UTF8":
			return []byte(text), nil
		}
		return nil, mark(100002, "22023", "Invalid binary format '%s'", str(a[1]))
	}},
	{name: "sf_utf8", types: "xs", f: func(a []driver.Value) (any, error) {
		b, _ := a[0].([]byte)
		if !utf8.Valid(b) {
			return nil, mark(100144, "22000", "Invalid UTF8 detected in string '0x%X'", b)
		}
		return string(b), nil
	}},
	{name: "v_parse", types: "ss", f: func(a []driver.Value) (any, error) {
		if strings.TrimSpace(str(a[0])) == "" {
			return nil, nil
		}
		v, err := readJSON(str(a[0]))
		if err != nil {
			return nil, mark(100069, "22P02", "Error parsing JSON: %v", err)
		}
		return v.String(), nil
	}},
	{name: "v_to_number", types: "ss", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		if v.kind == 'n' {
			return nil, nil
		}
		if n, ok := v.decimal(); ok {
			return n, nil
		}
		return nil, castFailed(v, "FIXED")
	}},
	{name: "v_to_real", types: "sf", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		if v.kind == 'n' {
			return nil, nil
		}
		if f, ok := v.real(); ok {
			return f, nil
		}
		return nil, castFailed(v, "REAL")
	}},
	{name: "v_to_text", types: "ss", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		if v.kind == 'n' || v.kind == 'u' {
			return nil, nil
		}
		return v.plain(), nil
	}},
	{name: "v_to_bool", types: "sb", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		switch v.kind {
		case 'n':
			return nil, nil
		case 'b':
			return v.text == "true", nil
		case 'i', 'f':
			f, _ := v.real()
			return f != 0, nil
		case 's':
			if b, ok := parseBool(v.text); ok {
				return b, nil
			}
		}
		return nil, castFailed(v, "BOOLEAN")
	}},
	{name: "v_to_ntz", types: "sn", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		switch v.kind {
		case 'n':
			return nil, nil
		case 's':
			if s, ok := readStamp(v.text); ok {
				return s.wall, nil
			}
		case 'i':
			if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
				return time.Unix(n, 0).UTC(), nil
			}
		case 'd', 'N', 'l':
			if t, ok := v.instant(); ok {
				return t, nil
			}
		}
		return nil, castFailed(v, "TIMESTAMP_NTZ")
	}},
	{name: "v_to_time", types: "st", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		switch v.kind {
		case 'n':
			return nil, nil
		case 's':
			if t, ok := readTime(v.text); ok {
				return t, nil
			}
		case 't':
			if t, ok := v.instant(); ok {
				return t, nil
			}
		}
		return nil, castFailed(v, "TIME")
	}},
	{name: "v_to_binary", types: "sx", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		if v.kind == 'n' {
			return nil, nil
		}
		if v.kind == 'x' || v.kind == 's' {
			if b, err := hex.DecodeString(v.text); err == nil {
				return b, nil
			}
		}
		return nil, castFailed(v, "BINARY")
	}},
	// An array, or what TO_ARRAY makes one of.
	{name: "v_to_array", types: "sa", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		switch v.kind {
		case 'n':
			return nil, nil
		case 'a':
			return list(v.items), nil
		}
		return []any{v.String()}, nil
	}},
	{name: "v_to_object", types: "ss", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		if v.kind == 'n' {
			return nil, nil
		}
		if v.kind != 'o' {
			return nil, castFailed(v, "OBJECT")
		}
		return v.String(), nil
	}},
}

func castFailed(v variant, to string) error {
	return mark(100071, "22000", "Failed to cast variant value %s to %s", v.json(compact), to)
}

// list is the elements of an array as DuckDB holds them.
func list(items []variant) []any {
	out := make([]any, len(items))
	for i, v := range items {
		if v.kind != 'u' {
			out[i] = v.String()
		}
	}
	return out
}

// elementsOf is the opposite of list.
func elementsOf(v driver.Value) []variant {
	items, _ := v.([]any)
	out := make([]variant, len(items))
	for i, x := range items {
		if s, ok := x.(string); ok {
			out[i] = readVariant(s)
		} else {
			out[i] = undefined
		}
	}
	return out
}

func integer(v driver.Value) int {
	n, _ := v.(int64)
	return int(n)
}

var functions = []udf{
	{name: "sf_real_text", types: "fs", f: func(a []driver.Value) (any, error) {
		f, _ := a[0].(float64)
		return realText(f), nil
	}},
	{name: "sf_format", types: "niss", f: func(a []driver.Value) (any, error) {
		t, _ := a[0].(time.Time)
		return formatStamp(t, integer(a[1]), str(a[2])), nil
	}},
	{name: "sf_utc_offset", types: "nsi", f: func(a []driver.Value) (any, error) {
		zone, err := location(str(a[1]))
		if err != nil {
			return nil, err
		}
		t, _ := a[0].(time.Time)
		_, seconds := t.In(zone).Zone()
		return int64(seconds / 60), nil
	}},
	{name: "sf_wall_to_utc", types: "nsn", f: func(a []driver.Value) (any, error) {
		zone, err := location(str(a[1]))
		if err != nil {
			return nil, err
		}
		t, _ := a[0].(time.Time)
		return stamp{wall: t}.instant(zone), nil
	}},
	{name: "sf_utc_to_wall", types: "nsn", f: func(a []driver.Value) (any, error) {
		zone, err := location(str(a[1]))
		if err != nil {
			return nil, err
		}
		t, _ := a[0].(time.Time)
		w := t.In(zone)
		return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), time.UTC), nil
	}},
	{name: "v_text", types: "ss", f: func(a []driver.Value) (any, error) { return textVariant(str(a[0])).String(), nil }},
	{name: "v_real", types: "fs", f: func(a []driver.Value) (any, error) {
		f, _ := a[0].(float64)
		return variant{kind: 'f', num: f}.String(), nil
	}},
	{name: "v_number", types: "ss", f: func(a []driver.Value) (any, error) { return number(str(a[0])).String(), nil }},
	{name: "v_bytes", types: "xs", f: func(a []driver.Value) (any, error) {
		b, _ := a[0].([]byte)
		return bytesVariant(b).String(), nil
	}},
	{name: "v_stamp", types: "sns", f: func(a []driver.Value) (any, error) {
		t, _ := a[1].(time.Time)
		return stampVariant(str(a[0])[0], t).String(), nil
	}},
	{name: "v_array", types: "as", f: func(a []driver.Value) (any, error) {
		return variant{kind: 'a', items: elementsOf(a[0])}.String(), nil
	}},
	{name: "v_object", types: "ss", nulls: true, many: true, f: func(a []driver.Value) (any, error) {
		var keys []string
		var values []variant
		for i := 0; i+1 < len(a); i += 2 {
			if a[i] == nil || a[i+1] == nil {
				continue
			}
			keys, values = append(keys, str(a[i])), append(values, readVariant(str(a[i+1])))
		}
		return objectOf(keys, values).String(), nil
	}},
	{name: "v_object_agg", types: "aas", f: func(a []driver.Value) (any, error) {
		keyList, _ := a[0].([]any)
		valueList, _ := a[1].([]any)
		var keys []string
		var values []variant
		for i := range keyList {
			if keyList[i] == nil || valueList[i] == nil {
				continue
			}
			if slices.Contains(keys, str(keyList[i])) {
				return nil, mark(100070, "22000", "Duplicate field key '%s'", str(keyList[i]))
			}
			keys, values = append(keys, str(keyList[i])), append(values, readVariant(str(valueList[i])))
		}
		return objectOf(keys, values).String(), nil
	}},
	{name: "v_insert", types: "sssbs", nulls: true, f: func(a []driver.Value) (any, error) {
		if a[0] == nil || a[1] == nil {
			return nil, nil
		}
		o := readVariant(str(a[0]))
		at := slices.Index(o.keys, str(a[1]))
		update, _ := a[3].(bool)
		if at >= 0 && !update {
			return nil, mark(100070, "22000", "Duplicate field key '%s'", str(a[1]))
		}
		if a[2] == nil {
			if at >= 0 {
				o.keys, o.items = slices.Delete(o.keys, at, at+1), slices.Delete(o.items, at, at+1)
			}
			return o.String(), nil
		}
		return objectOf(append(o.keys, str(a[1])), append(o.items, readVariant(str(a[2])))).String(), nil
	}},
	{name: "v_delete", types: "sss", many: true, f: func(a []driver.Value) (any, error) {
		o := readVariant(str(a[0]))
		var keys []string
		var values []variant
		for i, k := range o.keys {
			if !slices.Contains(a[1:], driver.Value(k)) {
				keys, values = append(keys, k), append(values, o.items[i])
			}
		}
		return objectOf(keys, values).String(), nil
	}},
	{name: "v_keys", types: "sa", f: func(a []driver.Value) (any, error) {
		o := readVariant(str(a[0]))
		out := []any{}
		for _, k := range o.keys {
			out = append(out, textVariant(k).String())
		}
		return out, nil
	}},
	{name: "v_get", types: "sss", f: func(a []driver.Value) (any, error) {
		o := readVariant(str(a[0]))
		if i := slices.Index(o.keys, str(a[1])); i >= 0 {
			return o.items[i].String(), nil
		}
		return nil, nil
	}},
	// A member whose key is equal but for the case of letters.
	{name: "v_get_any", types: "sss", f: func(a []driver.Value) (any, error) {
		o := readVariant(str(a[0]))
		for i, k := range o.keys {
			if strings.EqualFold(k, str(a[1])) {
				return o.items[i].String(), nil
			}
		}
		return nil, nil
	}},
	{name: "v_at", types: "sis", f: func(a []driver.Value) (any, error) {
		v, i := readVariant(str(a[0])), integer(a[1])
		if v.kind == 'a' && i >= 0 && i < len(v.items) && v.items[i].kind != 'u' {
			return v.items[i].String(), nil
		}
		return nil, nil
	}},
	{name: "v_json", types: "ss", f: func(a []driver.Value) (any, error) { return readVariant(str(a[0])).json(compact), nil }},
	{name: "v_typeof", types: "ss", f: func(a []driver.Value) (any, error) { return readVariant(str(a[0])).typeOf(), nil }},
	{name: "v_order", types: "ss", f: func(a []driver.Value) (any, error) { return readVariant(str(a[0])).order(), nil }},
	// Rows of FLATTEN: key, index, value, path, one text each.
	{name: "v_flatten", types: "ssbsa", f: func(a []driver.Value) (any, error) {
		v := readVariant(str(a[0]))
		for part := range strings.SplitSeq(str(a[1]), ".") {
			if i := slices.Index(v.keys, part); part != "" && i >= 0 {
				v = v.items[i]
			} else if part != "" {
				v = jsonNull
			}
		}
		mode := str(a[3])
		recursive, _ := a[2].(bool)
		out := []any{}
		var visit func(v variant, path string)
		visit = func(v variant, path string) {
			for i, x := range v.items {
				key, index, at := "", "", ""
				if v.kind == 'o' {
					if mode == "ARRAY" {
						return
					}
					key = v.keys[i]
					at = strings.TrimPrefix(path+"."+key, ".")
				} else {
					if mode == "OBJECT" {
						return
					}
					index = strconv.Itoa(i)
					at = path + "[" + index + "]"
				}
				row := variant{kind: 'a', items: []variant{orUndefined(key), orUndefined(index), x, textVariant(at), v}}
				out = append(out, row.String())
				if recursive {
					visit(x, at)
				}
			}
		}
		visit(v, str(a[1]))
		return out, nil
	}},
	{name: "sf_regexp_like", types: "sssb", f: func(a []driver.Value) (any, error) {
		re, err := pattern("^(?:"+str(a[1])+")$", str(a[1]), str(a[2]))
		if err != nil {
			return nil, err
		}
		loc := re.FindStringIndex(str(a[0]))
		return loc != nil && loc[0] == 0 && loc[1] == len(str(a[0])), nil
	}},
	{name: "sf_regexp_replace", types: "sssiiss", f: func(a []driver.Value) (any, error) {
		re, err := pattern(str(a[1]), str(a[1]), str(a[5]))
		if err != nil {
			return nil, err
		}
		head, tail := from(str(a[0]), integer(a[3]))
		var b strings.Builder
		b.WriteString(head)
		last, n := 0, 0
		for _, m := range re.FindAllStringSubmatchIndex(tail, -1) {
			n++
			if occurrence := integer(a[4]); occurrence != 0 && occurrence != n {
				continue
			}
			b.WriteString(tail[last:m[0]])
			b.WriteString(replacement(str(a[2]), tail, m))
			last = m[1]
		}
		b.WriteString(tail[last:])
		return b.String(), nil
	}},
	{name: "sf_regexp_substr", types: "ssiisis", f: func(a []driver.Value) (any, error) {
		re, err := pattern(str(a[1]), str(a[1]), str(a[4]))
		if err != nil {
			return nil, err
		}
		_, tail := from(str(a[0]), integer(a[2]))
		group := integer(a[5])
		if group < 0 { // not given: the first group where 'e' asks for one
			group = boolInt(strings.Contains(str(a[4]), "e") && re.NumSubexp() > 0)
		}
		all := re.FindAllStringSubmatchIndex(tail, -1)
		if n := integer(a[3]); n >= 1 && n <= len(all) && group <= re.NumSubexp() {
			if m := all[n-1]; m[2*group] >= 0 {
				return tail[m[2*group]:m[2*group+1]], nil
			}
		}
		return nil, nil
	}},
	{name: "sf_regexp_instr", types: "ssiiisi", f: func(a []driver.Value) (any, error) {
		re, err := pattern(str(a[1]), str(a[1]), str(a[5]))
		if err != nil {
			return nil, err
		}
		head, tail := from(str(a[0]), integer(a[2]))
		all := re.FindAllStringIndex(tail, -1)
		if n := integer(a[3]); n >= 1 && n <= len(all) {
			end := all[n-1][0]
			if integer(a[4]) == 1 {
				end = all[n-1][1]
			}
			return int64(utf8.RuneCountInString(head) + utf8.RuneCountInString(tail[:end]) + 1), nil
		}
		return int64(0), nil
	}},
	{name: "sf_regexp_count", types: "ssisi", f: func(a []driver.Value) (any, error) {
		re, err := pattern(str(a[1]), str(a[1]), str(a[3]))
		if err != nil {
			return nil, err
		}
		_, tail := from(str(a[0]), integer(a[2]))
		return int64(len(re.FindAllStringIndex(tail, -1))), nil
	}},
	{name: "sf_regexp_all", types: "ssiisia", f: func(a []driver.Value) (any, error) {
		re, err := pattern(str(a[1]), str(a[1]), str(a[4]))
		if err != nil {
			return nil, err
		}
		_, tail := from(str(a[0]), integer(a[2]))
		group := integer(a[5])
		if group < 0 {
			group = boolInt(strings.Contains(str(a[4]), "e") && re.NumSubexp() > 0)
		}
		out := []any{}
		for i, m := range re.FindAllStringSubmatchIndex(tail, -1) {
			if i+1 >= integer(a[3]) && m[2*group] >= 0 {
				out = append(out, textVariant(tail[m[2*group]:m[2*group+1]]).String())
			}
		}
		return out, nil
	}},
	{name: "sf_initcap", types: "sss", f: func(a []driver.Value) (any, error) {
		up := true
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(str(a[1]), r) {
				up = true
				return r
			}
			s := strings.ToLower(string(r))
			if up {
				s = strings.ToUpper(string(r))
			}
			up = false
			out, _ := utf8.DecodeRuneInString(s)
			return out
		}, str(a[0])), nil
	}},
	{name: "sf_trim", types: "ssss", f: func(a []driver.Value) (any, error) {
		s := str(a[0])
		if strings.Contains(str(a[2]), "l") {
			s = strings.TrimLeft(s, str(a[1]))
		}
		if strings.Contains(str(a[2]), "r") {
			s = strings.TrimRight(s, str(a[1]))
		}
		return s, nil
	}},
	{name: "sf_lower", types: "ss", f: func(a []driver.Value) (any, error) { return strings.ToLower(str(a[0])), nil }},
	{name: "sf_upper", types: "ss", f: func(a []driver.Value) (any, error) { return strings.ToUpper(str(a[0])), nil }},
	{name: "sf_base64", types: "xs", f: func(a []driver.Value) (any, error) {
		b, _ := a[0].([]byte)
		return base64.StdEncoding.EncodeToString(b), nil
	}},
	// A quotient with so many digits after the point, rounded half away from zero.
	{name: "sf_divide", types: "ssis", f: func(a []driver.Value) (any, error) {
		x, okX := new(big.Rat).SetString(str(a[0]))
		y, okY := new(big.Rat).SetString(str(a[1]))
		if !okX || !okY {
			return nil, mark(codeStub, "0A000", "stub: a quotient of %q and %q", a[0], a[1])
		}
		if y.Sign() == 0 {
			return nil, mark(codeDivision, "22012", "Division by zero")
		}
		return x.Quo(x, y).FloatString(integer(a[2])), nil
	}},
	{name: "sf_editdistance", types: "ssi", f: func(a []driver.Value) (any, error) {
		x, y := []rune(str(a[0])), []rune(str(a[1]))
		row := make([]int, len(y)+1)
		for j := range row {
			row[j] = j
		}
		for i := range x {
			above := row[0]
			row[0] = i + 1
			for j := range y {
				cost := above + boolInt(x[i] != y[j])
				above = row[j+1]
				row[j+1] = min(cost, above+1, row[j]+1)
			}
		}
		return int64(row[len(y)]), nil
	}},
	{name: "sf_fail", types: "iss", f: func(a []driver.Value) (any, error) {
		return nil, mark(integer(a[0]), "22000", "%s", str(a[1]))
	}},
}

func orUndefined(s string) variant {
	if s == "" {
		return undefined
	}
	return textVariant(s)
}

// from splits text before a position, which counts characters from 1.
func from(s string, position int) (head, tail string) {
	at := 0
	for range position - 1 {
		if at >= len(s) {
			break
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at], s[at:]
}

// replacement fills \1 and \2 in.
func replacement(with, text string, m []int) string {
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		if with[i] == '\\' && i+1 < len(with) {
			i++
			if c := with[i]; c >= '0' && c <= '9' {
				if g := int(c - '0'); 2*g+1 < len(m) {
					if m[2*g] >= 0 {
						b.WriteString(text[m[2*g]:m[2*g+1]])
					}
					continue
				}
				panic(refuse(100048, "2201B", "Invalid backreference in '%s'", with))
			}
		}
		b.WriteByte(with[i])
	}
	return b.String()
}

var (
	patternsLock sync.Mutex
	patterns     = map[string]*regexp.Regexp{}
)

// pattern compiles a regular expression of the kind that is documented: POSIX
// extended, with Perl's \d \s \w \b. What only Perl has is refused.
func pattern(full, written, parameters string) (*regexp.Regexp, error) {
	flags := ""
	for _, c := range parameters {
		switch c {
		case 'c':
			flags = strings.ReplaceAll(flags, "i", "")
		case 'i', 'm', 's':
			flags += string(c)
		case 'e':
		default:
			return nil, mark(100050, "2201B", "Invalid regular expression parameters: '%s'", parameters)
		}
	}
	key := flags + "/" + full
	patternsLock.Lock()
	defer patternsLock.Unlock()
	if re := patterns[key]; re != nil {
		return re, nil
	}
	if what := perlOnly(written); what != "" {
		return nil, mark(100048, "2201B", "Invalid regular expression: '%s', %s", written, what)
	}
	if flags != "" {
		full = "(?" + flags + ")" + full
	}
	re, err := regexp.Compile(full)
	if err != nil {
		return nil, mark(100048, "2201B", "Invalid regular expression: '%s', %v", written, err)
	}
	patterns[key] = re
	return re, nil
}

// perlOnly finds what a POSIX expression cannot have.
func perlOnly(p string) string {
	class := false
	quantified := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		was := quantified
		quantified = false
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			if strings.IndexByte("AzZQEGpPKRhHvVN", p[i]) >= 0 {
				return "invalid escape sequence: \\" + p[i:i+1]
			}
		case class:
			if c == '[' && i+1 < len(p) && p[i+1] == ':' {
				if end := strings.Index(p[i:], ":]"); end > 0 {
					i += end + 1
				}
			} else if c == ']' {
				class = false
			}
		case c == '[':
			class = true
			if strings.HasPrefix(p[i+1:], "^") {
				i++
			}
			if strings.HasPrefix(p[i+1:], "]") {
				i++
			}
		case c == '(' && strings.HasPrefix(p[i+1:], "?"):
			return "no argument for repetition operator: ?"
		case c == '?' && was:
			return "non-greedy quantifiers are not supported"
		case c == '*' || c == '+' || c == '?' || c == '}':
			quantified = true
		}
	}
	return ""
}

var (
	zonesLock sync.Mutex
	zones     = map[string]*time.Location{}
)

func location(name string) (*time.Location, error) {
	zonesLock.Lock()
	defer zonesLock.Unlock()
	if z := zones[name]; z != nil {
		return z, nil
	}
	z, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, mark(100206, "22023", "Unknown timezone: '%s'", name)
	}
	zones[name] = z
	return z, nil
}

// wait is SYSTEM$WAIT: it sleeps until the statement is stopped.
type wait struct{}

func (wait) Config() duckdb.ScalarFuncConfig {
	in, _ := duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	out, _ := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	return duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{in}, ResultTypeInfo: out, Volatile: true}
}

func (wait) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowContextExecutor: func(ctx context.Context, a []driver.Value) (any, error) {
		select {
		case <-time.After(time.Duration(integer(a[0])) * time.Millisecond):
			return fmt.Sprintf("waited %d milliseconds", integer(a[0])), nil
		case <-ctx.Done():
			return nil, mark(codeCanceled, "57014", "SQL execution canceled")
		}
	}}
}

// register makes the functions known to the engine.
func register(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("opening DuckDB: %w", err)
	}
	defer func() { _ = conn.Close() }()
	for _, u := range conversions {
		f, t := u, try(u)
		if err := duckdb.RegisterScalarUDF(conn, f.name, &f); err != nil {
			return fmt.Errorf("registering %s: %w", f.name, err)
		}
		if err := duckdb.RegisterScalarUDF(conn, t.name, &t); err != nil {
			return fmt.Errorf("registering %s: %w", t.name, err)
		}
	}
	if err := duckdb.RegisterScalarUDF(conn, "sf_wait", &wait{}); err != nil {
		return fmt.Errorf("registering sf_wait: %w", err)
	}
	for _, u := range functions {
		f := u
		if err := duckdb.RegisterScalarUDF(conn, f.name, &f); err != nil {
			return fmt.Errorf("registering %s: %w", f.name, err)
		}
	}
	return nil
}
