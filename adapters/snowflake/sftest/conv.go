package sftest

import (
	"fmt"
	"strconv"
)

// cast converts as CAST and :: do, or, where it is not explicit, as coercion
// does; with try a value that cannot be converted is NULL.
func (b *binder) cast(e expr, to kindOf, try, explicit bool) expr {
	if e.t.k == kNull {
		e.sql = "CAST(NULL AS " + to.duck() + ")"
		e.t = to
		return e
	}
	if e.t.structured() != to.structured() && to.structured() && e.t.k == kVariant {
		e = b.cast(e, tArray, try, true)
	}
	if e.t.k == kArray && to.k == kArray {
		return b.castArray(e, to, explicit)
	}
	if e.t.k == to.k {
		return b.narrow(e, to, try)
	}
	out := b.convert(e, to, try, explicit)
	if out.sql == "" {
		if explicit {
			panic(compilation(1007, "22023", "invalid type [CAST(%s AS %s)] for parameter 'TO_%s'", e.t, to.shown(), to.family()))
		}
		panic(compilation(codeArgTypes, "42P13", "Expression type does not match column data type, expecting %s but got %s", to.shown(), e.t))
	}
	out.aggregate, out.window = e.aggregate, e.window
	return out
}

// castArray gives the elements of an array another type, or none.
func (b *binder) castArray(e expr, to kindOf, explicit bool) expr {
	if !to.structured() || e.t == to {
		e.t = to
		return e
	}
	if !explicit && !e.t.structured() {
		panic(compilation(codeArgTypes, "42P13", "Expression type does not match column data type, expecting %s but got %s", to.shown(), e.t))
	}
	x := b.fresh("l")
	one := b.variant(b.cast(expr{sql: x, t: tVariant}, to.element(), false, true))
	return of("list_transform(%s, lambda "+x+": "+one.sql+")", to, e)
}

// narrow changes precision, scale or length.
func (b *binder) narrow(e expr, to kindOf, try bool) expr {
	word := "CAST"
	if try {
		word = "TRY_CAST"
	}
	switch to.k {
	case kFixed:
		if e.t == to {
			return e
		}
		out := of(word+"(%s AS "+to.duck()+")", to, e)
		if e.constant != nil && e.t.s <= to.s && e.t.p-e.t.s <= to.p-to.s {
			out.constant = e.constant
			out.sql = fmt.Sprintf("CAST(%s AS DECIMAL(38,%d))", *e.constant, to.s)
		}
		return out
	case kText:
		if e.t.length() <= to.length() {
			e.t = to
			return e
		}
		return e.limited(to)
	case kNTZ, kLTZ, kTime:
		if to.s < 6 && e.t.s > to.s {
			unit := [...]string{"second", "", "", "millisecond", "", ""}[to.s]
			if unit == "" {
				panic(cannot("%s", to.shown()))
			}
			if to.k == kTime {
				panic(cannot("%s", to.shown()))
			}
			return of("date_trunc('"+unit+"', %s)", to, e)
		}
		e.t = to
		return e
	}
	e.t = to
	return e
}

// limited is text that a cast makes shorter, which Snowflake refuses for
// columns and does for casts.
func (e expr) limited(to kindOf) expr {
	return of("substr(%s, 1, "+strconv.Itoa(to.p)+")", to, e)
}

func prefix(try bool) string {
	if try {
		return "try_"
	}
	return ""
}

func castWord(try bool) string {
	if try {
		return "TRY_CAST"
	}
	return "CAST"
}

// convert is cast between kinds. An empty result says that there is none.
func (b *binder) convert(e expr, to kindOf, try, explicit bool) expr {
	from := e.t.k
	zone, stampInput := quote(b.s.zone()), quote(b.s.parameter("TIMESTAMP_INPUT_FORMAT"))
	switch to.k {
	case kFixed:
		switch from {
		case kText:
			if e.constant != nil && !try {
				if n, ok := parseNumber(*e.constant); ok {
					out := numberLiteral(n)
					if out.t.k == kFixed {
						return b.narrow(out, to, false)
					}
				}
			}
			return of(castWord(try)+"("+prefix(try)+"sf_number(%s) AS "+to.duck()+")", to, e)
		case kReal:
			return of("CAST(%s AS "+to.duck()+")", to, e)
		case kBool:
			return of("CAST(CAST(%s AS INTEGER) AS "+to.duck()+")", to, e)
		case kVariant:
			return of(castWord(try)+"("+prefix(try)+"v_to_number(%s) AS "+to.duck()+")", to, e)
		}
	case kReal:
		switch from {
		case kText:
			return of(prefix(try)+"sf_real(%s)", to, e)
		case kFixed:
			if e.constant != nil {
				return expr{sql: "CAST('" + *e.constant + "' AS DOUBLE)", t: to}
			}
			return of("CAST(%s AS DOUBLE)", to, e)
		case kBool:
			if explicit {
				return of("CAST(%s AS DOUBLE)", to, e)
			}
		case kVariant:
			return of(prefix(try)+"v_to_real(%s)", to, e)
		}
	case kText:
		out := b.toText(e)
		if out.sql == "" || out.t.length() <= to.length() {
			return out
		}
		return out.limited(to)
	case kBool:
		switch from {
		case kText:
			return of(prefix(try)+"sf_bool(%s)", to, e)
		case kFixed:
			return of("(%s <> 0)", to, e)
		case kReal:
			if explicit {
				return of("(%s <> 0)", to, e)
			}
		case kVariant:
			return of(prefix(try)+"v_to_bool(%s)", to, e)
		}
	case kDate:
		switch from {
		case kText:
			return of(prefix(try)+"sf_date(%s, "+quote(b.s.parameter("DATE_INPUT_FORMAT"))+")", to, e)
		case kNTZ, kLTZ, kTZ:
			return of("CAST(%s AS DATE)", to, b.wall(e))
		case kVariant:
			return of("CAST("+prefix(try)+"v_to_ntz(%s) AS DATE)", to, e)
		}
	case kTime:
		switch from {
		case kText:
			return of(prefix(try)+"sf_time(%s, "+quote(b.s.parameter("TIME_INPUT_FORMAT"))+")", to, e)
		case kNTZ, kLTZ, kTZ:
			return of("CAST(%s AS TIME)", to, b.wall(e))
		case kVariant:
			return of(prefix(try)+"v_to_time(%s)", to, e)
		}
	case kNTZ:
		switch from {
		case kText:
			return b.narrow(of(prefix(try)+"sf_ntz(%s, "+stampInput+")", tNTZ, e), to, false)
		case kDate:
			return of("CAST(%s AS TIMESTAMP)", to, e)
		case kLTZ, kTZ:
			return b.narrow(b.wall(e), to, false)
		case kFixed:
			if explicit {
				return b.epoch(e)
			}
		case kVariant:
			return of(prefix(try)+"v_to_ntz(%s)", to, e)
		}
	case kLTZ:
		switch from {
		case kText:
			return of("timezone('UTC', "+prefix(try)+"sf_instant(%s, "+stampInput+", "+zone+"))", to, e)
		case kDate, kNTZ:
			if from == kDate {
				e = b.cast(e, tNTZ, false, false)
			}
			return of("timezone('UTC', sf_wall_to_utc(%s, "+zone+"))", to, e)
		case kTZ:
			return of("timezone('UTC', (%s).u)", to, e)
		case kFixed:
			if explicit {
				return of("timezone('UTC', %s)", to, b.epoch(e))
			}
		case kVariant:
			return of("timezone('UTC', "+prefix(try)+"v_to_ntz(%s))", to, e)
		}
	case kTZ:
		switch from {
		case kText:
			return of("(CASE WHEN $1 IS NOT NULL THEN struct_pack(u := "+prefix(try)+"sf_instant($1, "+stampInput+", "+zone+"), o := CAST("+prefix(try)+"sf_offset($1, "+stampInput+", "+zone+") AS INTEGER)) END)", to, e)
		case kDate, kNTZ:
			if from == kDate {
				e = b.cast(e, tNTZ, false, false)
			}
			return of("(CASE WHEN $1 IS NOT NULL THEN struct_pack(u := sf_wall_to_utc($1, "+zone+"), o := CAST(sf_utc_offset(sf_wall_to_utc($1, "+zone+"), "+zone+") AS INTEGER)) END)", to, e)
		case kLTZ:
			return of("(CASE WHEN $1 IS NOT NULL THEN struct_pack(u := timezone('UTC', $1), o := CAST(sf_utc_offset(timezone('UTC', $1), "+zone+") AS INTEGER)) END)", to, e)
		}
	case kBinary:
		switch from {
		case kText:
			if explicit {
				return of(prefix(try)+"sf_binary(%s, 'HEX')", to, e)
			}
		case kVariant:
			return of(prefix(try)+"v_to_binary(%s)", to, e)
		}
	case kVariant:
		return b.toVariant(e)
	case kArray:
		if from == kVariant {
			return of("v_to_array(%s)", to, e)
		}
		if explicit && from != kObject {
			v := b.toVariant(e)
			return of("(CASE WHEN $1 IS NOT NULL THEN CAST([$1] AS VARCHAR[]) END)", to, v)
		}
	case kObject:
		if from == kVariant {
			return of("v_to_object(%s)", to, e)
		}
	}
	return expr{}
}

// epoch is the time of so many seconds.
func (b *binder) epoch(e expr) expr {
	return of("make_timestamp(CAST(%s * 1000000 AS BIGINT))", tNTZ, wideOf(e))
}

// wall is the time on the wall of a zoned timestamp.
func (b *binder) wall(e expr) expr {
	switch e.t.k {
	case kLTZ:
		return of("sf_utc_to_wall(timezone('UTC', %s), "+quote(b.s.zone())+")", tNTZ, e)
	case kTZ:
		return of("(($1).u + to_minutes(($1).o))", tNTZ, e)
	}
	return e
}

func (b *binder) toText(e expr) expr {
	t := func(n int) kindOf { return kindOf{k: kText, p: n} }
	switch e.t.k {
	case kFixed:
		if e.t.s > 0 {
			// A number's text has the digits of its scale.
			return of("CAST(%s AS VARCHAR)", t(e.t.p+2), e)
		}
		if e.constant != nil {
			return stringLiteralExpr(*e.constant)
		}
		return of("CAST(%s AS VARCHAR)", t(e.t.p+2), e)
	case kReal:
		return of("sf_real_text(%s)", tText, e)
	case kBool:
		return of("CAST(%s AS VARCHAR)", t(5), e)
	case kDate:
		return of("sf_format(CAST(%s AS TIMESTAMP), 0, "+quote(b.s.parameter("DATE_OUTPUT_FORMAT"))+")", t(maxText), e)
	case kTime:
		return of("sf_format(CAST('1970-01-01' AS DATE) + %s, 0, "+quote(b.s.parameter("TIME_OUTPUT_FORMAT"))+")", t(maxText), e)
	case kNTZ:
		return of("sf_format(%s, 0, "+quote(b.s.parameter("TIMESTAMP_NTZ_OUTPUT_FORMAT"))+")", t(maxText), e)
	case kLTZ:
		return of("sf_format($1, sf_utc_offset(timezone('UTC', $2), "+quote(b.s.zone())+"), "+quote(b.s.stampFormat("LTZ"))+")", t(maxText), b.wall(e), e)
	case kTZ:
		return of("sf_format($1, CAST(($2).o AS BIGINT), "+quote(b.s.stampFormat("TZ"))+")", t(maxText), b.wall(e), e)
	case kBinary:
		return of("hex(%s)", t(e.t.p*2), e)
	case kVariant:
		return of("v_to_text(%s)", tText, e)
	case kArray:
		return of("v_json(v_array(%s))", tText, e)
	case kObject:
		return of("v_json(%s)", tText, e)
	}
	return expr{}
}

func (b *binder) toVariant(e expr) expr {
	switch e.t.k {
	case kFixed:
		if e.constant != nil {
			return expr{sql: quote(number(*e.constant).String()), t: tVariant}
		}
		if e.t.s == 0 {
			return of("CAST(%s AS VARCHAR)", tVariant, e)
		}
		return of("v_number(CAST(%s AS VARCHAR))", tVariant, e)
	case kReal:
		return of("v_real(%s)", tVariant, e)
	case kText:
		if e.constant != nil {
			return expr{sql: literal(textVariant(*e.constant).String()), t: tVariant}
		}
		return of("v_text(%s)", tVariant, e)
	case kBool:
		return of("CAST(%s AS VARCHAR)", tVariant, e)
	case kDate:
		return of("('@d' || CAST(%s AS VARCHAR))", tVariant, e)
	case kTime:
		return of("('@t' || strftime(CAST('1970-01-01' AS DATE) + %s, '%%H:%%M:%%S.%%f'))", tVariant, e)
	case kNTZ:
		return of("v_stamp('N', %s)", tVariant, e)
	case kLTZ:
		return of("v_stamp('l', timezone('UTC', %s))", tVariant, e)
	case kTZ:
		panic(cannot("a TIMESTAMP_TZ as VARIANT"))
	case kBinary:
		return of("v_bytes(%s)", tVariant, e)
	case kArray:
		return of("v_array(%s)", tVariant, e)
	}
	e.t = tVariant
	return e
}
