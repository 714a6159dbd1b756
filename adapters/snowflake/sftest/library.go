package sftest

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// library is every function that can be executed here, by name; build fills it
// when the first server starts.
var library map[string]function

// documented are functions that Snowflake has and this server has not.
var documented = set(`ABS_ ACOS ACOSH ALL_USER_NAMES ANY_VALUE_ APPROX_PERCENTILE APPROX_TOP_K APPROXIMATE_JACCARD_INDEX
ARRAYS_TO_OBJECT ARRAYS_ZIP ASIN ASINH ATAN ATAN2 ATANH AS_CHAR BASE64_DECODE_BINARY BASE64_DECODE_STRING BITAND_AGG BITMAP_BIT_POSITION
BITMAP_BUCKET_NUMBER BITMAP_CONSTRUCT_AGG BITMAP_COUNT BITMAP_OR_AGG CBRT CHECK_JSON CHECK_XML COLLATE COLLATION COMPRESS
CONDITIONAL_CHANGE_EVENT CONDITIONAL_TRUE_EVENT CORR COS COSH COT COVAR_POP COVAR_SAMP DECOMPRESS_BINARY DECOMPRESS_STRING
DECRYPT DEGREES ENCRYPT FACTORIAL GET_DDL GET_PATH GROUPING GROUPING_ID HASH_AGG HAVERSINE HLL HLL_ACCUMULATE HLL_COMBINE HLL_ESTIMATE
HLL_EXPORT HLL_IMPORT IS_BINARY IS_DATE IS_TIME IS_TIMESTAMP_NTZ JAROWINKLER_SIMILARITY KURTOSIS MD5_BINARY MD5_NUMBER_LOWER64
MD5_NUMBER_UPPER64 MINHASH MINHASH_COMBINE MONTHS_BETWEEN NEXT_DAY NORMAL OBJECT_PICK PARSE_IP PARSE_URL PARSE_XML PI
PREVIOUS_DAY RADIANS RANDSTR RATIO_TO_REPORT REGR_AVGX REGR_AVGY REGR_COUNT REGR_SLOPE ROUND_ SHA1 SHA1_HEX SHA1_BINARY SIN SINH SKEW SOUNDEX
SOUNDEX_P123 STRTOK STRTOK_SPLIT_TO_TABLE STRTOK_TO_ARRAY STRIP_NULL_VALUE TAN TANH TIME_FROM_PARTS TIMESTAMP_LTZ_FROM_PARTS TIMESTAMP_TZ_FROM_PARTS
TO_XML TRY_BASE64_DECODE_BINARY TRY_BASE64_DECODE_STRING TRY_DECRYPT UNIFORM WIDTH_BUCKET XMLGET ZIPF
STDDEV_POP_ VARIANCE_POP TO_GEOGRAPHY ST_MAKEPOINT ST_DISTANCE H3_LATLNG_TO_CELL SYSTEM$STREAM_HAS_DATA SYSTEM$CLUSTERING_INFORMATION`)

var prepare = sync.OnceFunc(func() { library = build() })

// text results of the length of the first argument.
func textLike(a []expr) kindOf { return kindOf{k: kText, p: a[0].t.length()} }

func number38([]expr) kindOf { return tInt }

func build() map[string]function {
	m := map[string]function{}
	add := func(names string, f function) {
		for n := range strings.FieldsSeq(names) {
			m[n] = f
		}
	}
	integer := func(args, sql string) function {
		f := simple(args, "CAST("+sql+" AS DECIMAL(38,0))", fixed(18, 0))
		return f
	}
	conditions(add)
	numbers(add)
	texts(add, integer)
	times(add)
	arrays(add)
	objects(add)
	contexts(add)
	aggregates(add)
	castsOf(add)
	return m
}

type adder func(names string, f function)

func conditions(add adder) {
	add("IFF", takes(3, 3, "bxx", func(b *binder, a []expr) expr {
		t := b.common([]kindOf{a[1].t, a[2].t}, "IFF")
		return of("(CASE WHEN $1 THEN $2 ELSE $3 END)", t, a[0], b.cast(a[1], t, false, false), b.cast(a[2], t, false, false))
	}))
	coalesce := func(b *binder, a []expr) expr {
		t := b.commonOf(a, "COALESCE")
		for i := range a {
			a[i] = b.cast(a[i], t, false, false)
		}
		return of("coalesce($*)", t, a...)
	}
	add("COALESCE", takes(2, -1, "", coalesce))
	add("NVL IFNULL", takes(2, 2, "", coalesce))
	add("NVL2", takes(3, 3, "", func(b *binder, a []expr) expr {
		t := b.common([]kindOf{a[1].t, a[2].t}, "NVL2")
		return of("(CASE WHEN $1 IS NOT NULL THEN $2 ELSE $3 END)", t, a[0], b.cast(a[1], t, false, false), b.cast(a[2], t, false, false))
	}))
	add("NULLIF", takes(2, 2, "", func(b *binder, a []expr) expr {
		l, r := b.unify2(a[0], a[1], "NULLIF")
		if a[0].t.k == kNull {
			return l
		}
		if l.sql == a[0].sql && l.t.k != kTZ {
			e := of("(CASE WHEN $1 = $2 THEN NULL ELSE $1 END)", a[0].t, l, r)
			e.nonzero = a[1].constant != nil && a[1].t.k == kFixed && strings.Trim(*a[1].constant, "0.-") == ""
			return e
		}
		return of("(CASE WHEN $1 = $2 THEN NULL ELSE $3 END)", a[0].t, l, r, a[0])
	}))
	add("ZEROIFNULL", function{least: 1, most: 1, args: "n", sql: "coalesce($1, 0)", result: same})
	add("NULLIFZERO", function{least: 1, most: 1, args: "n", sql: "(CASE WHEN $1 = 0 THEN NULL ELSE $1 END)", result: same})
	add("EQUAL_NULL", takes(2, 2, "", func(b *binder, a []expr) expr {
		l, r := b.unify2(a[0], a[1], "EQUAL_NULL")
		return of("($1 IS NOT DISTINCT FROM $2)", tBool, l, r)
	}))
	add("BOOLAND", simple("bb", "($1 AND $2)", tBool))
	add("BOOLOR", simple("bb", "($1 OR $2)", tBool))
	add("BOOLXOR", simple("bb", "($1 <> $2)", tBool))
	add("BOOLNOT", simple("b", "(NOT $1)", tBool))
	extreme := func(name string, ignore bool) function {
		return takes(1, -1, "", func(b *binder, a []expr) expr {
			t := b.commonOf(a, name)
			if t.semi() {
				panic(cannot("%s of %s", name, t))
			}
			for i := range a {
				a[i] = b.cast(a[i], t, false, false)
			}
			sql := strings.ToLower(strings.TrimSuffix(name, "_IGNORE_NULLS")) + "($*)"
			if ignore {
				return of(sql, t, a...)
			}
			var nulls []string
			for i := range a {
				nulls = append(nulls, "$"+strconv.Itoa(i+1)+" IS NULL")
			}
			return of("(CASE WHEN "+strings.Join(nulls, " OR ")+" THEN NULL ELSE "+sql+" END)", t, a...)
		})
	}
	add("GREATEST", extreme("GREATEST", false))
	add("LEAST", extreme("LEAST", false))
	add("GREATEST_IGNORE_NULLS", extreme("GREATEST_IGNORE_NULLS", true))
	add("LEAST_IGNORE_NULLS", extreme("LEAST_IGNORE_NULLS", true))
	add("DECODE", takes(3, -1, "", func(b *binder, a []expr) expr {
		var values []expr
		for i := 2; i < len(a); i += 2 {
			values = append(values, a[i])
		}
		if len(a)%2 == 0 {
			values = append(values, a[len(a)-1])
		}
		t := b.commonOf(values, "DECODE")
		var sql strings.Builder
		for i := 1; i+1 < len(a); i += 2 {
			l, r := b.unify2(a[0], a[i], "DECODE")
			sql.WriteString(" WHEN " + l.sql + " IS NOT DISTINCT FROM " + r.sql + " THEN " + b.cast(a[i+1], t, false, false).sql)
		}
		if len(a)%2 == 0 {
			sql.WriteString(" ELSE " + b.cast(a[len(a)-1], t, false, false).sql)
		}
		return expr{sql: "(CASE" + sql.String() + " END)", t: t}
	}))
	add("REGR_VALX", takes(2, 2, "ff", func(_ *binder, a []expr) expr {
		return of("(CASE WHEN $1 IS NOT NULL THEN $2 END)", tReal, a...)
	}))
}

func numbers(add adder) {
	add("ABS", function{least: 1, most: 1, args: "n", sql: "abs($1)", result: same})
	add("SIGN", takes(1, 1, "n", func(_ *binder, a []expr) expr {
		return of("CAST(CASE WHEN $1 > 0 THEN 1 WHEN $1 < 0 THEN -1 WHEN $1 = 0 THEN 0 END AS DECIMAL(38,0))", fixed(1, 0), a...)
	}))
	whole := func(name string) function {
		return takes(1, 2, "ni", func(_ *binder, a []expr) expr {
			if a[0].t.k == kReal {
				if len(a) == 2 {
					return of("("+name+"($1 * pow(10, $2)) / pow(10, $2))", tReal, a...)
				}
				return of(name+"($1)", tReal, a...)
			}
			if len(a) == 2 {
				if a[1].constant == nil {
					panic(cannot("%s to digits that are no constant", name))
				}
				n, _ := strconv.Atoi(*a[1].constant)
				n = min(n, a[0].t.s)
				if n > 0 {
					shift := "CAST('1" + strings.Repeat("0", n) + "' AS DECIMAL(38,0))"
					t := fixed(a[0].t.p-a[0].t.s+n+1, n)
					return of("CAST(CAST("+name+"(CAST($1 AS DECIMAL(38,"+strconv.Itoa(a[0].t.s)+")) * "+shift+") AS VARCHAR) || 'e-"+strconv.Itoa(n)+"' AS "+wide(t)+")", t, a[0])
				}
				if n < 0 {
					panic(cannot("%s to a negative number of digits", name))
				}
			}
			return of("CAST("+name+"($1) AS DECIMAL(38,0))", fixed(a[0].t.p-a[0].t.s+1, 0), a[0])
		})
	}
	add("FLOOR", whole("floor"))
	add("CEIL CEILING", whole("ceil"))
	add("ROUND", takes(1, 3, "nit", func(_ *binder, a []expr) expr {
		if len(a) == 3 {
			panic(cannot("ROUND with a mode"))
		}
		n := 0
		if len(a) == 2 {
			if a[1].constant == nil {
				panic(cannot("ROUND to digits that are no constant"))
			}
			n, _ = strconv.Atoi(*a[1].constant)
		}
		if a[0].t.k == kReal {
			return of("round($1, "+strconv.Itoa(n)+")", tReal, a[0])
		}
		s := max(min(n, a[0].t.s), 0)
		t := fixed(a[0].t.p-a[0].t.s+s+1, s)
		if n < 0 {
			return of("CAST(round(CAST($1 AS DECIMAL(38,"+strconv.Itoa(a[0].t.s)+")), "+strconv.Itoa(n)+") AS "+wide(t)+")", t, a[0])
		}
		return of("CAST($1 AS "+wide(t)+")", t, a[0])
	}))
	add("TRUNC TRUNCATE", function{least: 1, most: 2, raw: func(b *binder, c *callNode, s *scope) expr {
		x := b.nested(c.args[0], s)
		if x.t.k == kDate || x.t.stamp() {
			if len(c.args) != 2 {
				panic(compilation(938, "22023", "not enough arguments for function [TRUNC], expected 2, got 1"))
			}
			return b.truncate(partOf(c.args[1]), x)
		}
		x = b.coerce("TRUNC", x, 'n', []expr{x})
		n := 0
		if len(c.args) == 2 {
			e := b.nested(c.args[1], s)
			if e.constant == nil {
				panic(cannot("TRUNC to digits that are no constant"))
			}
			n, _ = strconv.Atoi(*e.constant)
		}
		if x.t.k == kReal {
			if n == 0 {
				return of("trunc($1)", tReal, x)
			}
			return of("(trunc($1 * pow(10, "+strconv.Itoa(n)+")) / pow(10, "+strconv.Itoa(n)+"))", tReal, x)
		}
		if n < 0 {
			panic(cannot("TRUNC to a negative number of digits"))
		}
		k := min(n, x.t.s)
		t := fixed(x.t.p-x.t.s+k, k)
		if k == x.t.s {
			return x
		}
		// Text is cut, which no rounding can change.
		return of("CAST(left(CAST(CAST($1 AS DECIMAL(38,"+strconv.Itoa(x.t.s)+")) AS VARCHAR), length(CAST(CAST($1 AS DECIMAL(38,"+strconv.Itoa(x.t.s)+")) AS VARCHAR)) - "+strconv.Itoa(x.t.s-k)+") AS "+wide(t)+")", t, x)
	}})
	add("MOD", takes(2, 2, "nn", func(b *binder, a []expr) expr { return b.math("%", a[0], a[1]) }))
	add("DIV0", takes(2, 2, "nn", func(b *binder, a []expr) expr { return b.div0(a, false) }))
	add("DIV0NULL", takes(2, 2, "nn", func(b *binder, a []expr) expr { return b.div0(a, true) }))
	double := func(sql string) function { return simple("f", sql, tReal) }
	add("SQRT", double("(CASE WHEN $1 < 0 THEN CAST(sf_fail(100046, 'Invalid floating point operation: sqrt(' || sf_real_text($1) || ')') AS DOUBLE) ELSE sqrt($1) END)"))
	add("EXP", double("exp($1)"))
	add("LN", double("(CASE WHEN $1 <= 0 THEN CAST(sf_fail(100046, 'Invalid floating point operation: ln(' || sf_real_text($1) || ')') AS DOUBLE) ELSE ln($1) END)"))
	add("SQUARE", double("($1 * $1)"))
	add("LOG", simple("ff", "(ln($2) / ln($1))", tReal))
	add("POWER POW", simple("ff", "pow($1, $2)", tReal))
	huge := func(op string) function {
		return function{least: 2, most: 2, args: "nn", sql: "(CAST($1 AS HUGEINT) " + op + " CAST($2 AS HUGEINT))", result: number38}
	}
	add("BITAND BIT_AND", huge("&"))
	add("BITOR BIT_OR", huge("|"))
	add("BITXOR BIT_XOR", function{least: 2, most: 2, args: "nn", sql: "xor(CAST($1 AS HUGEINT), CAST($2 AS HUGEINT))", result: number38})
	add("BITNOT BIT_NOT", function{least: 1, most: 1, args: "n", sql: "(~CAST($1 AS HUGEINT))", result: number38})
	add("BITSHIFTLEFT BIT_SHIFTLEFT", function{least: 2, most: 2, args: "ni", sql: "(CAST($1 AS HUGEINT) << CAST($2 AS INTEGER))", result: number38})
	add("BITSHIFTRIGHT BIT_SHIFTRIGHT", function{least: 2, most: 2, args: "ni", sql: "(CAST($1 AS HUGEINT) >> CAST($2 AS INTEGER))", result: number38})
	add("HASH", takes(1, -1, "", func(_ *binder, a []expr) expr {
		return of("CAST(CAST(hash(row($*)) AS HUGEINT) - 9223372036854775808 AS DECIMAL(38,0))", fixed(19, 0), a...)
	}))
}

func (b *binder) div0(a []expr, null bool) expr {
	y := a[1]
	if null {
		y = of("coalesce($1, 0)", y.t, y)
	}
	q := b.math("/", a[0], of("(CASE WHEN $1 = 0 THEN NULL ELSE $1 END)", y.t, y))
	return of("(CASE WHEN $1 = 0 AND $2 IS NOT NULL THEN 0 ELSE $3 END)", q.t, y, a[0], q)
}

func texts(add adder, integer func(args, sql string) function) {
	text := func(args, sql string) function {
		return function{least: len(args), most: len(args), args: args, sql: sql, result: is(tText)}
	}
	add("UPPER", function{least: 1, most: 1, args: "t", sql: "sf_upper($1)", result: textLike})
	add("LOWER", function{least: 1, most: 1, args: "t", sql: "sf_lower($1)", result: textLike})
	add("INITCAP", takes(1, 2, "tt", func(_ *binder, a []expr) expr {
		if len(a) == 1 {
			a = append(a, stringLiteralExpr(" \t\n\r\f\v!?@\"^#$&~_,.:;+-*%/|\\[](){}<>"))
		}
		return of("sf_initcap($1, $2)", a[0].t, a...)
	}))
	add("LENGTH LEN", takes(1, 1, "y", func(_ *binder, a []expr) expr {
		if a[0].t.k == kBinary {
			return fixedOf("octet_length(%s)", 18, a[0])
		}
		return fixedOf("length(%s)", 18, a[0])
	}))
	add("OCTET_LENGTH", takes(1, 1, "y", func(_ *binder, a []expr) expr {
		if a[0].t.k == kBinary {
			return fixedOf("octet_length(%s)", 18, a[0])
		}
		return fixedOf("strlen(%s)", 18, a[0])
	}))
	add("BIT_LENGTH", takes(1, 1, "y", func(_ *binder, a []expr) expr {
		if a[0].t.k == kBinary {
			return fixedOf("octet_length(%s) * 8", 18, a[0])
		}
		return fixedOf("strlen(%s) * 8", 18, a[0])
	}))
	add("CONCAT", takes(1, -1, "y", func(_ *binder, a []expr) expr {
		sql := make([]string, len(a))
		for i, e := range a {
			if e.t.k != a[0].t.k {
				panic(badTypes("CONCAT", a))
			}
			sql[i] = e.sql
		}
		t := tText
		if a[0].t.k == kBinary {
			t = tBinary
		}
		return expr{sql: "(" + strings.Join(sql, " || ") + ")", t: t}
	}))
	add("CONCAT_WS", takes(2, -1, "t", func(_ *binder, a []expr) expr {
		sql := make([]string, 0, len(a)-1)
		for _, e := range a[1:] {
			sql = append(sql, e.sql)
		}
		return expr{sql: "(" + strings.Join(sql, " || "+a[0].sql+" || ") + ")", t: tText}
	}))
	add("SUBSTR SUBSTRING", takes(2, 3, "yii", func(_ *binder, a []expr) expr {
		if a[0].t.k == kBinary {
			panic(cannot("SUBSTR of a BINARY"))
		}
		start := "(CASE WHEN $2 = 0 THEN 1 ELSE $2 END)"
		if len(a) == 2 {
			return of("substr($1, "+start+")", a[0].t, a...)
		}
		return of("substr($1, "+start+", greatest($3, 0))", a[0].t, a...)
	}))
	add("LEFT", function{least: 2, most: 2, args: "ti", sql: "left($1, greatest($2, 0))", result: textLike})
	add("RIGHT", function{least: 2, most: 2, args: "ti", sql: "right($1, greatest($2, 0))", result: textLike})
	trim := func(sides string) function {
		return takes(1, 2, "tt", func(_ *binder, a []expr) expr {
			if len(a) == 1 {
				a = append(a, stringLiteralExpr(" "))
			}
			return of("sf_trim($1, $2, '"+sides+"')", a[0].t, a...)
		})
	}
	add("TRIM", trim("lr"))
	add("LTRIM", trim("l"))
	add("RTRIM", trim("r"))
	pad := func(name string) function {
		return takes(2, 3, "tit", func(_ *binder, a []expr) expr {
			if len(a) == 2 {
				a = append(a, stringLiteralExpr(" "))
			}
			return of(name+"($1, CAST(greatest($2, 0) AS INTEGER), $3)", tText, a...)
		})
	}
	add("LPAD", pad("lpad"))
	add("RPAD", pad("rpad"))
	add("REPEAT", text("ti", "repeat($1, $2)"))
	add("SPACE", text("i", "repeat(' ', $1)"))
	add("REVERSE", text("t", "array_to_string(list_reverse(string_split($1, '')), '')"))
	add("REPLACE", takes(2, 3, "ttt", func(_ *binder, a []expr) expr {
		if len(a) == 2 {
			a = append(a, stringLiteralExpr(""))
		}
		return of("replace($1, $2, $3)", tText, a...)
	}))
	add("TRANSLATE", text("ttt", "translate($1, $2, $3)"))
	add("INSERT", text("tiit", "(left($1, $2 - 1) || $4 || substr($1, $2 + $3))"))
	add("ASCII", integer("t", "(CASE WHEN $1 = '' THEN 0 ELSE ord($1) END)"))
	add("UNICODE", integer("t", "(CASE WHEN $1 = '' THEN 0 ELSE ord($1) END)"))
	add("CHR CHAR", text("i", "chr(CAST($1 AS INTEGER))"))
	position := takes(2, 3, "tti", func(_ *binder, a []expr) expr {
		if len(a) == 2 {
			return fixedOf("strpos($2, $1)", 18, a...)
		}
		return fixedOf("(CASE WHEN strpos(substr($2, $3), $1) = 0 THEN 0 ELSE strpos(substr($2, $3), $1) + $3 - 1 END)", 18, a...)
	})
	add("POSITION", position)
	add("CHARINDEX", position)
	add("STARTSWITH", simple("tt", "starts_with($1, $2)", tBool))
	add("ENDSWITH", simple("tt", "ends_with($1, $2)", tBool))
	add("CONTAINS", simple("tt", "contains($1, $2)", tBool))
	add("SPLIT", simple("tt", "list_transform(CASE WHEN $2 = '' THEN [$1] ELSE string_split($1, $2) END, lambda e0: v_text(e0))", tArray))
	add("SPLIT_PART", text("tti", "(CASE WHEN $2 = '' THEN CASE WHEN $3 IN (0, 1, -1) THEN $1 ELSE '' END ELSE split_part($1, $2, CASE WHEN $3 = 0 THEN 1 ELSE $3 END) END)"))
	add("EDITDISTANCE", integer("tt", "sf_editdistance($1, $2)"))
	add("SHA2 SHA2_HEX", takes(1, 2, "yi", func(_ *binder, a []expr) expr {
		if len(a) == 2 && (a[1].constant == nil || *a[1].constant != "256" && *a[1].constant != "0") {
			panic(cannot("SHA2 of other than 256 bits"))
		}
		return of("sha256($1)", kindOf{k: kText, p: 128}, a[0])
	}))
	add("SHA2_BINARY", simple("y", "unhex(sha256($1))", tBinary))
	add("MD5 MD5_HEX", simple("y", "md5($1)", kindOf{k: kText, p: 32}))
	add("HEX_ENCODE", takes(1, 2, "yi", func(_ *binder, a []expr) expr {
		if len(a) == 2 {
			return of("(CASE WHEN $2 = 0 THEN lower(hex($1)) ELSE hex($1) END)", tText, a...)
		}
		return of("hex($1)", tText, a...)
	}))
	add("HEX_DECODE_BINARY", simple("t", "sf_binary($1, 'HEX')", tBinary))
	add("HEX_DECODE_STRING", simple("t", "sf_utf8(sf_binary($1, 'HEX'))", tText))
	add("TRY_HEX_DECODE_BINARY", simple("t", "try_sf_binary($1, 'HEX')", tBinary))
	add("TRY_HEX_DECODE_STRING", simple("t", "try_sf_utf8(try_sf_binary($1, 'HEX'))", tText))
	add("BASE64_ENCODE", simple("y", "sf_base64(CAST($1 AS BLOB))", tText))
	add("LIKE", simple("tt", "($1 LIKE $2)", tBool))
	add("ILIKE", simple("tt", "($1 ILIKE $2)", tBool))
	// params fills in the arguments after the second that were not given.
	params := func(a []expr, otherwise ...string) []expr {
		for len(a) < 2+len(otherwise) {
			s := otherwise[len(a)-2]
			if s == "c" || s == "" {
				a = append(a, stringLiteralExpr(s))
			} else {
				a = append(a, expr{sql: s, t: tInt})
			}
		}
		return a
	}
	add("REGEXP_LIKE RLIKE REGEXP", takes(2, 3, "ttt", func(_ *binder, a []expr) expr {
		return of("sf_regexp_like($1, $2, $3)", tBool, params(a, "c")...)
	}))
	add("REGEXP_REPLACE", takes(2, 6, "tttiit", func(_ *binder, a []expr) expr {
		return of("sf_regexp_replace($1, $2, $3, $4, $5, $6)", tText, params(a, "", "1", "0", "c")...)
	}))
	add("REGEXP_SUBSTR", takes(2, 6, "ttiiti", func(_ *binder, a []expr) expr {
		if len(a) == 6 {
			// A group asks for 'e' by itself.
			return of("sf_regexp_substr($1, $2, $3, $4, $5, $6)", tText, a...)
		}
		return of("sf_regexp_substr($1, $2, $3, $4, $5, $6)", tText, params(a, "1", "1", "c", "-1")...)
	}))
	add("REGEXP_SUBSTR_ALL REGEXP_EXTRACT_ALL", takes(2, 6, "ttiiti", func(_ *binder, a []expr) expr {
		return of("sf_regexp_all($1, $2, $3, $4, $5, $6)", tArray, params(a, "1", "1", "c", "-1")...)
	}))
	add("REGEXP_INSTR", takes(2, 6, "ttiiit", func(_ *binder, a []expr) expr {
		return fixedOf("sf_regexp_instr($1, $2, $3, $4, $5, $6)", 18, params(a, "1", "1", "0", "c")...)
	}))
	add("REGEXP_COUNT", takes(2, 4, "ttit", func(_ *binder, a []expr) expr {
		return fixedOf("sf_regexp_count($1, $2, $3, $4)", 18, params(a, "1", "c")...)
	}))
	add("UUID_STRING", simple("", "CAST(uuid() AS VARCHAR)", kindOf{k: kText, p: 36}))
}

func times(add adder) {
	unit := func(name string) function {
		return takes(1, 1, "w", func(b *binder, a []expr) expr { return b.extract(name, a[0]) })
	}
	for _, n := range []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "QUARTER", "DAYOFWEEK", "DAYOFWEEKISO", "DAYOFYEAR", "WEEK", "WEEKISO", "YEAROFWEEK", "YEAROFWEEKISO"} {
		f := unit(strings.ToLower(n))
		f.args = "d"
		f.bind = func(b *binder, a []expr) expr {
			x := a[0]
			if x.t.k == kNull {
				x = b.cast(x, tNTZ, false, false)
			}
			if x.t.k != kDate && !x.t.stamp() && x.t.k != kTime {
				panic(compilation(2016, "22000", "Function EXTRACT does not support %s argument type", x.t))
			}
			return b.extract(strings.ToLower(n), x)
		}
		f.args = ""
		add(n, f)
	}
	add("DAYOFMONTH", unit("day"))
	add("WEEKOFYEAR", unit("week"))
	add("DATE_PART", raw(2, 2, func(b *binder, c *callNode, s *scope) expr {
		x := b.nested(c.args[1], s)
		if x.t.k == kNull {
			x = b.cast(x, tNTZ, false, false)
		}
		if x.t.k != kDate && !x.t.stamp() && x.t.k != kTime {
			panic(compilation(2016, "22000", "Function EXTRACT does not support %s argument type", x.t))
		}
		return b.extract(partOf(c.args[0]), x)
	}))
	add("DATE_TRUNC", raw(2, 2, func(b *binder, c *callNode, s *scope) expr {
		x := b.nested(c.args[1], s)
		return b.truncate(partOf(c.args[0]), b.coerce("DATE_TRUNC", x, 'w', nil))
	}))
	add("DATEADD TIMEADD TIMESTAMPADD", raw(3, 3, func(b *binder, c *callNode, s *scope) expr {
		n, x := b.nested(c.args[1], s), b.nested(c.args[2], s)
		if n.t.k != kFixed && n.t.k != kText && n.t.k != kReal && n.t.k != kNull {
			panic(badTypes("DATEADD", []expr{n, x}))
		}
		return b.dateAdd(partOf(c.args[0]), n, b.coerce("DATEADD", x, 'w', nil))
	}))
	add("DATEDIFF TIMEDIFF TIMESTAMPDIFF", raw(3, 3, func(b *binder, c *callNode, s *scope) expr {
		l := b.coerce("DATEDIFF", b.nested(c.args[1], s), 'w', nil)
		r := b.coerce("DATEDIFF", b.nested(c.args[2], s), 'w', nil)
		t := merge(l.t, r.t, "DATEDIFF")
		l, r = b.cast(l, t, false, false), b.cast(r, t, false, false)
		u := partOf(c.args[0])
		if u == "nanosecond" || !set("year quarter month week day hour minute second millisecond microsecond")[u] {
			panic(cannot("DATEDIFF in %s", u))
		}
		if t.k == kLTZ || t.k == kTZ {
			l, r = b.wall(l), b.wall(r)
		}
		if t.k == kDate {
			l, r = b.cast(l, tNTZ, false, false), b.cast(r, tNTZ, false, false)
		}
		return fixedOf("date_diff('"+u+"', %s, %s)", 9, l, r)
	}))
	add("ADD_MONTHS", takes(2, 2, "wi", func(b *binder, a []expr) expr {
		x := b.dateAdd("month", expr{sql: a[1].sql, t: tInt}, a[0])
		return of("(CASE WHEN last_day($1) = CAST($1 AS DATE) THEN CAST(last_day($2) AS "+x.t.duck()+") ELSE $2 END)", x.t, a[0], x)
	}))
	add("LAST_DAY", raw(1, 2, func(b *binder, c *callNode, s *scope) expr {
		u := "month"
		if len(c.args) == 2 {
			u = partOf(c.args[1])
		}
		x := b.wall(b.coerce("LAST_DAY", b.nested(c.args[0], s), 'w', nil))
		step := map[string]string{"month": "to_months(1)", "year": "to_years(1)", "quarter": "to_months(3)", "week": "to_days(7)"}[u]
		if step == "" {
			panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function LAST_DAY", u))
		}
		return of("CAST(date_trunc('"+u+"', %s) + "+step+" - to_days(1) AS DATE)", tDate, x)
	}))
	add("DAYNAME", simple("w", "left(dayname($1), 3)", tText))
	add("MONTHNAME", simple("w", "left(monthname($1), 3)", tText))
	add("DATE_FROM_PARTS DATEFROMPARTS", simple("iii", "CAST(make_date($1, 1, 1) + to_months(CAST($2 - 1 AS INTEGER)) + to_days(CAST($3 - 1 AS INTEGER)) AS DATE)", tDate))
	add("TIMESTAMP_NTZ_FROM_PARTS TIMESTAMPNTZFROMPARTS TIMESTAMP_FROM_PARTS TIMESTAMPFROMPARTS", takes(2, 7, "xxiiiii", func(b *binder, a []expr) expr {
		if len(a) == 2 {
			return of("($1 + $2)", tNTZ, b.cast(a[0], tDate, false, false), b.cast(a[1], tTime, false, false))
		}
		if len(a) < 6 {
			panic(compilation(938, "22023", "not enough arguments for function [TIMESTAMP_NTZ_FROM_PARTS], expected 6, got %d", len(a)))
		}
		a[0], a[1] = b.int(a[0]), b.int(a[1])
		nanos := ""
		if len(a) == 7 {
			nanos = " + to_microseconds($7 // 1000)"
		}
		return of("(CAST(make_date($1, 1, 1) AS TIMESTAMP) + to_months(CAST($2 - 1 AS INTEGER)) + to_days(CAST($3 - 1 AS INTEGER)) + to_hours($4) + to_minutes($5) + to_microseconds($6 * 1000000)"+nanos+")", tNTZ, a...)
	}))
	add("CONVERT_TIMEZONE", function{least: 2, most: 3, bind: func(b *binder, a []expr) expr {
		if len(a) == 3 {
			l, r := b.text(a[0]), b.text(a[1])
			if a[2].t.k == kLTZ || a[2].t.k == kTZ {
				panic(badTypes("CONVERT_TIMEZONE", a))
			}
			return of("sf_utc_to_wall(sf_wall_to_utc($3, $1), $2)", tNTZ, l, r, b.cast(a[2], tNTZ, false, false))
		}
		zone := b.text(a[0])
		x := b.cast(b.cast(a[1], tLTZ, false, false), tLTZ, false, false)
		return of("(CASE WHEN $2 IS NOT NULL THEN struct_pack(u := timezone('UTC', $2), o := CAST(sf_utc_offset(timezone('UTC', $2), $1) AS INTEGER)) END)", tTZ, zone, x)
	}})
	add("TIME_SLICE", raw(3, 4, func(b *binder, c *callNode, s *scope) expr {
		x := b.coerce("TIME_SLICE", b.nested(c.args[0], s), 'w', nil)
		n := b.expr(c.args[1], s)
		if n.constant == nil {
			panic(compilation(1015, "22023", "argument 2 to function TIME_SLICE needs to be constant"))
		}
		u, end := partOf(c.args[2]), false
		if len(c.args) == 4 {
			w, ok := c.args[3].(*stringNode)
			if !ok {
				panic(compilation(1015, "22023", "argument 4 to function TIME_SLICE needs to be constant"))
			}
			end = strings.EqualFold(w.value, "END")
		}
		k := *n.constant
		ts := b.cast(x, tNTZ, false, false)
		var start string
		switch u {
		case "second", "minute", "hour", "day", "week":
			micros := map[string]string{"second": "1000000", "minute": "60000000", "hour": "3600000000", "day": "86400000000", "week": "604800000000"}[u]
			base := "0"
			if u == "week" { // weeks begin on Mondays; 1969-12-29 was one
				base = "-259200000000"
			}
			width := "(CAST(" + k + " AS BIGINT) * " + micros + ")"
			floor := "(CAST(floor((epoch_us($1) - " + base + ") / " + width + ") AS BIGINT) * " + width + " + " + base + ")"
			if end {
				floor = "(" + floor + " + " + width + ")"
			}
			start = "make_timestamp(" + floor + ")"
		case "month", "quarter", "year":
			months := map[string]string{"month": "1", "quarter": "3", "year": "12"}[u]
			width := "(" + k + " * " + months + ")"
			floor := "CAST(floor(((year($1) - 1970) * 12 + month($1) - 1) / " + width + ") AS INTEGER) * " + width
			if end {
				floor = "(" + floor + " + " + width + ")"
			}
			start = "(TIMESTAMP '1970-01-01' + to_months(CAST(" + floor + " AS INTEGER)))"
		default:
			panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function TIME_SLICE", u))
		}
		return b.cast(of(start, tNTZ, ts), x.t, false, false)
	}))
}

func arrays(add adder) {
	add("ARRAY_CONSTRUCT", takes(0, -1, "", func(b *binder, a []expr) expr { return b.array(a) }))
	add("ARRAY_CONSTRUCT_COMPACT", takes(0, -1, "", func(b *binder, a []expr) expr {
		return of("list_filter($1, lambda e0: e0 IS NOT NULL)", tArray, b.array(a))
	}))
	add("ARRAY_SIZE", takes(1, 1, "", func(b *binder, a []expr) expr {
		switch a[0].t.k {
		case kArray:
			return fixedOf("len(%s)", 9, a[0])
		case kVariant, kNull:
			v := b.variant(a[0])
			return fixedOf("(CASE WHEN v_typeof($1) = 'ARRAY' THEN len(v_to_array($1)) END)", 9, v)
		}
		panic(badTypes("ARRAY_SIZE", a))
	}))
	contains := simple("va", "(CASE WHEN $2 IS NULL THEN NULL WHEN $1 IS NULL THEN (CASE WHEN len(list_filter($2, lambda e0: e0 IS NULL)) > 0 THEN TRUE END) ELSE coalesce(list_contains($2, $1), FALSE) END)", tBool)
	add("ARRAY_CONTAINS", takes(2, 2, "", func(b *binder, a []expr) expr {
		// What is looked for is a VARIANT, or, in a structured array, of a type
		// that can be compared with its elements'.
		switch {
		case a[1].t.structured() && !a[0].t.semi():
			a[0] = b.cast(a[0], merge(a[0].t, a[1].t.element(), "ARRAY_CONTAINS"), false, false)
		case a[1].t.structured() || a[0].t.k != kVariant && a[0].t.k != kNull:
			panic(badTypes("ARRAY_CONTAINS", a))
		}
		return b.apply("ARRAY_CONTAINS", contains, a)
	}))
	add("ARRAY_POSITION", takes(2, 2, "Va", func(_ *binder, a []expr) expr {
		return fixedOf("(nullif(list_position($2, $1), 0) - 1)", 9, a...)
	}))
	add("ARRAY_CAT", simple("aa", "(CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_concat($1, $2) END)", tArray))
	add("ARRAY_APPEND", simple("av", "(CASE WHEN $1 IS NOT NULL THEN list_append($1, $2) END)", tArray))
	add("ARRAY_PREPEND", simple("av", "(CASE WHEN $1 IS NOT NULL THEN list_prepend($2, $1) END)", tArray))
	add("ARRAY_INSERT", simple("aiv", "list_concat(list_append(list_slice($1, 1, CASE WHEN $2 < 0 THEN len($1) + $2 ELSE $2 END), $3), list_slice($1, CASE WHEN $2 < 0 THEN len($1) + $2 ELSE $2 END + 1, len($1)))", tArray))
	add("ARRAY_REMOVE", simple("aV", "(CASE WHEN $2 IS NOT NULL THEN list_filter($1, lambda e0: e0 IS DISTINCT FROM $2) END)", tArray))
	add("ARRAY_REMOVE_AT", simple("ai", "list_concat(list_slice($1, 1, CASE WHEN $2 < 0 THEN len($1) + $2 ELSE $2 END), list_slice($1, CASE WHEN $2 < 0 THEN len($1) + $2 ELSE $2 END + 2, len($1)))", tArray))
	add("ARRAY_SLICE", simple("aii", "list_slice($1, (CASE WHEN $2 < 0 THEN greatest(len($1) + $2, 0) ELSE $2 END) + 1, greatest(CASE WHEN $3 < 0 THEN len($1) + $3 ELSE $3 END, 0))", tArray))
	add("ARRAY_TO_STRING", simple("at", "array_to_string(list_transform($1, lambda e0: coalesce(v_to_text(e0), '')), $2)", tText))
	add("ARRAY_DISTINCT", simple("a", "list_filter($1, lambda e0, i0: coalesce(list_position($1, e0), 0) = i0 OR e0 IS NULL AND len(list_filter(list_slice($1, 1, i0 - 1), lambda e1: e1 IS NULL)) = 0)", tArray))
	add("ARRAY_COMPACT", simple("a", "list_filter($1, lambda e0: e0 IS NOT NULL AND e0 <> 'null')", tArray))
	add("ARRAY_REVERSE", simple("a", "list_reverse($1)", tArray))
	add("ARRAY_FLATTEN", simple("a", "flatten(list_transform($1, lambda e0: v_to_array(e0)))", tArray))
	sorted := func(list, order string) string {
		return "list_transform(list_sort(list_transform(" + list + ", lambda e0: struct_pack(k := v_order(e0), v := e0))" + order + "), lambda e1: e1.v)"
	}
	add("ARRAY_SORT", takes(1, 3, "abb", func(_ *binder, a []expr) expr {
		ascending := len(a) < 2 || a[1].sql == "TRUE"
		if len(a) > 1 && a[1].sql != "TRUE" && a[1].sql != "FALSE" || len(a) > 2 && a[2].sql != "TRUE" && a[2].sql != "FALSE" {
			panic(compilation(1015, "22023", "argument 2 to function ARRAY_SORT needs to be constant"))
		}
		first := !ascending
		if len(a) > 2 {
			first = a[2].sql == "TRUE"
		}
		direction := ", 'ASC'"
		if !ascending {
			direction = ", 'DESC'"
		}
		some := sorted("list_filter($1, lambda e2: e2 IS NOT NULL)", direction)
		none := "list_filter($1, lambda e3: e3 IS NULL)"
		if first {
			some, none = none, some
		}
		return of("(CASE WHEN $1 IS NOT NULL THEN list_concat("+some+", "+none+") END)", tArray, a[0])
	}))
	some := "list_filter($1, lambda e2: e2 IS NOT NULL AND e2 <> 'null')"
	add("ARRAY_MIN", simple("a", sorted(some, ", 'ASC'")+"[1]", tVariant))
	add("ARRAY_MAX", simple("a", sorted(some, ", 'DESC'")+"[1]", tVariant))
	add("ARRAYS_OVERLAP", simple("aa", "(list_has_any($1, $2) OR len(list_filter($1, lambda e0: e0 IS NULL)) > 0 AND len(list_filter($2, lambda e0: e0 IS NULL)) > 0)", tBool))
	// Both work on multisets.
	add("ARRAY_INTERSECTION", simple("aa", "list_filter($1, lambda e0, i0: len(list_filter(list_slice($1, 1, i0), lambda e1: e1 IS NOT DISTINCT FROM e0)) <= len(list_filter($2, lambda e2: e2 IS NOT DISTINCT FROM e0)))", tArray))
	add("ARRAY_EXCEPT", simple("aa", "list_filter($1, lambda e0, i0: len(list_filter(list_slice($1, 1, i0), lambda e1: e1 IS NOT DISTINCT FROM e0)) > len(list_filter($2, lambda e2: e2 IS NOT DISTINCT FROM e0)))", tArray))
	add("ARRAY_GENERATE_RANGE", takes(2, 3, "iii", func(_ *binder, a []expr) expr {
		if len(a) == 3 {
			return of("list_transform(range($1, $2, $3), lambda e0: CAST(e0 AS VARCHAR))", tArray, a...)
		}
		return of("list_transform(range($1, $2), lambda e0: CAST(e0 AS VARCHAR))", tArray, a...)
	}))
	add("TRANSFORM", raw(2, 2, func(b *binder, c *callNode, s *scope) expr {
		list, body := b.lambda(c, s, 1)
		v := b.variant(body)
		return expr{sql: "list_transform(" + list.sql + ", lambda " + b.lastLambda + ": " + v.sql + ")", t: tArray, aggregate: list.aggregate, window: list.window}
	}))
	add("FILTER", raw(2, 2, func(b *binder, c *callNode, s *scope) expr {
		list, body := b.lambda(c, s, 1)
		return expr{sql: "list_filter(" + list.sql + ", lambda " + b.lastLambda + ": " + b.bool(body).sql + ")", t: tArray, aggregate: list.aggregate, window: list.window}
	}))
	add("REDUCE", raw(3, 3, func(b *binder, c *callNode, s *scope) expr {
		list := b.coerce("REDUCE", b.nested(c.args[0], s), 'a', nil)
		from := b.nested(c.args[1], s)
		l, ok := c.args[2].(*lambdaNode)
		if !ok || len(l.params) != 2 {
			panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function 'REDUCE': a lambda expression of two arguments is expected"))
		}
		t := from.t
		if t.k == kFixed {
			t.p = 38
		}
		if l.types[0] != nil {
			t = *l.types[0]
		}
		acc, x := b.fresh("l"), b.fresh("l")
		inner := &scope{parent: s, lambda: map[string]expr{
			l.params[0].name: b.cast(expr{sql: acc, t: tVariant}, t, false, false),
			l.params[1].name: b.lambdaParam(l, 1, x),
		}}
		body := b.variant(b.cast(b.nested(l.body, inner), t, false, false))
		start := b.variant(b.cast(from, t, false, false))
		return b.cast(expr{sql: "list_reduce(" + list.sql + ", lambda " + acc + ", " + x + ": " + body.sql + ", " + start.sql + ")", t: tVariant}, t, false, false)
	}))
}

func (b *binder) lambdaParam(l *lambdaNode, i int, sql string) expr {
	e := expr{sql: sql, t: tVariant}
	if l.types[i] != nil {
		e = b.cast(e, *l.types[i], false, false)
	}
	return e
}

// lambda binds an array and the function of its elements.
func (b *binder) lambda(c *callNode, s *scope, params int) (list, body expr) {
	list = b.coerce(c.name, b.nested(c.args[0], s), 'a', nil)
	l, ok := c.args[1].(*lambdaNode)
	if !ok || len(l.params) != params {
		panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': a lambda expression of %d arguments is expected", c.name, params))
	}
	x := b.fresh("l")
	inner := &scope{parent: s, lambda: map[string]expr{l.params[0].name: b.lambdaParam(l, 0, x)}}
	body = b.nested(l.body, inner)
	b.lastLambda = x
	return list, body
}

func objects(add adder) {
	add("OBJECT_CONSTRUCT", takes(0, -1, "", func(b *binder, a []expr) expr { return b.object(a) }))
	add("OBJECT_CONSTRUCT_KEEP_NULL", takes(0, -1, "", func(b *binder, a []expr) expr {
		for i := 1; i < len(a); i += 2 {
			a[i] = of("coalesce($1, 'null')", tVariant, b.variant(a[i]))
		}
		return b.object(a)
	}))
	add("OBJECT_KEYS", simple("o", "v_keys($1)", tArray))
	add("OBJECT_INSERT", takes(3, 4, "otvb", func(_ *binder, a []expr) expr {
		if len(a) == 3 {
			a = append(a, expr{sql: "FALSE", t: tBool})
		}
		return of("v_insert($1, $2, $3, $4)", tObject, a...)
	}))
	add("OBJECT_DELETE", takes(2, -1, "ot", func(_ *binder, a []expr) expr { return of("v_delete($*)", tObject, a...) }))
	add("PARSE_JSON", simple("t", "v_parse($1)", tVariant))
	add("TRY_PARSE_JSON", simple("t", "try_v_parse($1)", tVariant))
	add("TO_JSON", simple("v", "v_json($1)", tText))
	add("TYPEOF", simple("v", "v_typeof($1)", tText))
	add("GET", takes(2, 2, "", func(b *binder, a []expr) expr { return b.index(a[0], a[1]) }))
	is := func(names, kinds string) {
		var quoted []string
		for k := range strings.FieldsSeq(kinds) {
			quoted = append(quoted, quote(k))
		}
		add(names, simple("v", "(v_typeof($1) IN ("+strings.Join(quoted, ", ")+"))", tBool))
	}
	is("IS_ARRAY", "ARRAY")
	is("IS_OBJECT", "OBJECT")
	is("IS_BOOLEAN", "BOOLEAN")
	is("IS_CHAR IS_VARCHAR", "VARCHAR")
	is("IS_INTEGER", "INTEGER")
	is("IS_DECIMAL", "INTEGER DECIMAL")
	is("IS_DOUBLE IS_REAL", "INTEGER DECIMAL DOUBLE")
	is("IS_NULL_VALUE", "NULL_VALUE")
	as := func(names, kinds, sql string, t kindOf) {
		var quoted []string
		for k := range strings.FieldsSeq(kinds) {
			quoted = append(quoted, quote(k))
		}
		add(names, simple("V", "(CASE WHEN v_typeof($1) IN ("+strings.Join(quoted, ", ")+") THEN "+sql+" END)", t))
	}
	as("AS_VARCHAR AS_CHAR", "VARCHAR", "v_to_text($1)", tText)
	as("AS_INTEGER", "INTEGER", "CAST(v_to_number($1) AS DECIMAL(38,0))", tInt)
	as("AS_DOUBLE AS_REAL", "INTEGER DECIMAL DOUBLE", "v_to_real($1)", tReal)
	as("AS_BOOLEAN", "BOOLEAN", "v_to_bool($1)", tBool)
	as("AS_ARRAY", "ARRAY", "v_to_array($1)", tArray)
	as("AS_OBJECT", "OBJECT", "$1", tObject)
	as("AS_DATE", "DATE", "CAST(v_to_ntz($1) AS DATE)", tDate)
	as("AS_TIMESTAMP_NTZ", "TIMESTAMP_NTZ", "v_to_ntz($1)", tNTZ)
}

func contexts(add adder) {
	text := func(names string, f func(s *session) string) {
		add(names, takes(0, 0, "", func(b *binder, _ []expr) expr {
			if v := f(b.s); v != "" {
				return stringLiteralExpr(v)
			}
			return expr{sql: "CAST(NULL AS VARCHAR)", t: tText}
		}))
	}
	text("CURRENT_DATABASE", func(s *session) string { return s.database })
	text("CURRENT_SCHEMA", func(s *session) string { return s.schema })
	text("CURRENT_ROLE", func(s *session) string { return s.role })
	text("CURRENT_WAREHOUSE", func(s *session) string { return s.warehouse })
	text("CURRENT_USER", func(s *session) string { return s.user })
	text("CURRENT_ACCOUNT", func(s *session) string { return strings.ToUpper(s.server.Account) })
	text("CURRENT_VERSION", func(*session) string { return serverVersion })
	text("CURRENT_SESSION", func(s *session) string { return strconv.FormatInt(s.id, 10) })
	text("CURRENT_REGION", func(*session) string { return "LOCAL" })
	text("CURRENT_TRANSACTION", func(s *session) string {
		if s.open {
			return strconv.FormatInt(s.id, 10)
		}
		return ""
	})
	text("LAST_QUERY_ID", func(s *session) string { return s.last })
	now := func(t kindOf) function {
		return takes(0, 1, "", func(b *binder, _ []expr) expr {
			return b.cast(expr{sql: "current_timestamp", t: tLTZ}, t, false, false)
		})
	}
	add("CURRENT_TIMESTAMP LOCALTIMESTAMP GETDATE SYSTIMESTAMP", now(tLTZ))
	add("CURRENT_DATE", now(tDate))
	add("CURRENT_TIME LOCALTIME", now(tTime))
	add("SYSDATE", takes(0, 0, "", func(*binder, []expr) expr { return expr{sql: "timezone('UTC', current_timestamp)", t: tNTZ} }))
	add("SYSTEM$TYPEOF", takes(1, 1, "", func(_ *binder, a []expr) expr {
		return stringLiteralExpr(a[0].t.String() + storage(a[0].t))
	}))
	add("SYSTEM$CANCEL_QUERY", takes(1, 1, "t", func(b *binder, a []expr) expr {
		if a[0].constant == nil {
			panic(compilation(1015, "22023", "argument 1 to function SYSTEM$CANCEL_QUERY needs to be constant"))
		}
		return stringLiteralExpr(b.s.server.cancel(*a[0].constant))
	}))
	add("SYSTEM$WAIT", takes(1, 2, "", func(_ *binder, a []expr) expr {
		if a[0].constant == nil {
			panic(compilation(1015, "22023", "argument 1 to function SYSTEM$WAIT needs to be constant"))
		}
		unit := "SECONDS"
		if len(a) == 2 && a[1].constant != nil {
			unit = strings.ToUpper(*a[1].constant)
		}
		millis := *a[0].constant
		if unit == "SECONDS" {
			millis += "000"
		}
		return expr{sql: "sf_wait(CAST(" + millis + " AS BIGINT))", t: tText}
	}))
	sequence := takes(0, 1, "", func(*binder, []expr) expr {
		return expr{sql: "CAST(row_number() OVER () - 1 AS DECIMAL(38,0))", t: fixed(19, 0), window: true}
	})
	add("SEQ1 SEQ2 SEQ4 SEQ8", sequence)
	add("RANDOM", takes(0, 1, "", func(*binder, []expr) expr {
		return expr{sql: "CAST((random() - 0.5) * 18446744073709551615 AS DECIMAL(38,0))", t: fixed(19, 0)}
	}))
}

// storage is the suffix of SYSTEM$TYPEOF: how wide a value is held.
func storage(t kindOf) string {
	switch t.k {
	case kFixed:
		for _, w := range [][2]int{{2, 1}, {4, 2}, {9, 4}, {18, 8}} {
			if t.p <= w[0] {
				return "[SB" + strconv.Itoa(w[1]) + "]"
			}
		}
		return "[SB16]"
	case kReal:
		return "[DOUBLE]"
	case kText, kBinary, kVariant, kArray, kObject:
		return "[LOB]"
	case kBool:
		return "[SB1]"
	case kDate:
		return "[SB4]"
	}
	return "[SB8]"
}

func aggregates(add adder) {
	both := func(names string, least, most int, args, sql string, result func([]expr) kindOf) {
		add(names, function{least: least, most: most, args: args, sql: sql, result: result, aggregate: true, window: true})
	}
	both("COUNT", 0, -1, "", "", nil)
	both("SUM", 1, 1, "n", "", nil)
	both("AVG", 1, 1, "n", "", nil)
	both("MIN MAX", 1, 1, "", "", nil)
	both("MEDIAN", 1, 1, "n", "", nil)
	both("ARRAY_AGG ARRAYAGG", 1, 1, "", "", nil)
	both("ARRAY_UNIQUE_AGG", 1, 1, "", "", nil)
	both("ARRAY_UNION_AGG", 1, 1, "a", "coalesce(list_distinct(flatten(list($1) FILTER (WHERE $1 IS NOT NULL)$over)), CAST([] AS VARCHAR[]))", is(tArray))
	both("LISTAGG", 1, 2, "t", "", nil)
	both("PERCENTILE_CONT PERCENTILE_DISC", 1, 1, "n", "", nil)
	both("OBJECT_AGG", 2, 2, "tx", "", nil)
	both("ANY_VALUE", 1, 1, "", "any_value($1)$over", same)
	both("COUNT_IF", 1, 1, "b", "count_if($1)$over", is(fixed(18, 0)))
	both("BOOLOR_AGG", 1, 1, "b", "bool_or($1)$over", is(tBool))
	both("BOOLAND_AGG", 1, 1, "b", "bool_and($1)$over", is(tBool))
	both("BOOLXOR_AGG", 1, 1, "b", "(CASE WHEN count($1)$over > 0 THEN count_if($1)$over = 1 END)", is(tBool))
	both("BITOR_AGG BITORAGG BIT_OR_AGG BIT_ORAGG", 1, 1, "n", "bit_or(CAST($1 AS HUGEINT))$over", number38)
	both("BITAND_AGG BITANDAGG BIT_AND_AGG BIT_ANDAGG", 1, 1, "n", "bit_and(CAST($1 AS HUGEINT))$over", number38)
	both("BITXOR_AGG BITXORAGG BIT_XOR_AGG BIT_XORAGG", 1, 1, "n", "bit_xor(CAST($1 AS HUGEINT))$over", number38)
	both("MODE", 1, 1, "", "mode($1)$over", same)
	both("STDDEV STDDEV_SAMP", 1, 1, "f", "stddev_samp($1)$over", is(tReal))
	both("STDDEV_POP", 1, 1, "f", "stddev_pop($1)$over", is(tReal))
	both("VARIANCE VAR_SAMP VARIANCE_SAMP", 1, 1, "f", "var_samp($1)$over", is(tReal))
	both("VAR_POP", 1, 1, "f", "var_pop($1)$over", is(tReal))
	both("APPROX_COUNT_DISTINCT", 1, 1, "", "count(DISTINCT $1)$over", is(fixed(18, 0)))
	add("MAX_BY MIN_BY", function{least: 2, most: 3, aggregate: true})
	window := func(names string, least, most int, args, sql string, result func([]expr) kindOf) {
		add(names, function{least: least, most: most, args: args, sql: sql, result: result, window: true, ordered: true})
	}
	window("ROW_NUMBER", 0, 0, "", "row_number()$over", is(fixed(18, 0)))
	window("RANK", 0, 0, "", "rank()$over", is(fixed(18, 0)))
	window("DENSE_RANK", 0, 0, "", "dense_rank()$over", is(fixed(18, 0)))
	window("PERCENT_RANK", 0, 0, "", "percent_rank()$over", is(tReal))
	window("CUME_DIST", 0, 0, "", "cume_dist()$over", is(tReal))
	window("NTILE", 1, 1, "i", "ntile($1)$over", is(fixed(18, 0)))
	window("LAG LEAD", 1, 3, "", "", nil)
	window("FIRST_VALUE LAST_VALUE", 1, 1, "", "", nil)
	window("NTH_VALUE", 2, 2, "", "", nil)
}

// castsOf are TO_... and TRY_TO_..., which convert as casts do, and take
// formats.
func castsOf(add adder) {
	plain := func(names string, t kindOf) {
		add(names, takes(1, 1, "", func(b *binder, a []expr) expr { return b.cast(a[0], t, false, true) }))
	}
	plain("TO_VARIANT", tVariant)
	plain("TO_ARRAY", tArray)
	plain("TO_OBJECT", tObject)
	plain("TO_BOOLEAN", tBool)
	add("TRY_TO_BOOLEAN", takes(1, 1, "t", func(b *binder, a []expr) expr { return b.cast(a[0], tBool, true, true) }))
	plain("TO_DOUBLE", tReal)
	add("TRY_TO_DOUBLE", takes(1, 2, "tt", func(b *binder, a []expr) expr {
		if len(a) == 2 {
			panic(cannot("TRY_TO_DOUBLE with a format"))
		}
		return b.cast(a[0], tReal, true, true)
	}))
	decimal := func(try bool) function {
		return takes(1, 4, "", func(b *binder, a []expr) expr {
			t := tInt
			digits := a[1:]
			if len(digits) > 0 && digits[0].t.k == kText {
				panic(cannot("a format of a number"))
			}
			for i, d := range digits {
				if d.constant == nil || d.t.k != kFixed {
					panic(compilation(1015, "22023", "argument %d to function TO_DECIMAL needs to be constant", i+2))
				}
				n, _ := strconv.Atoi(*d.constant)
				if i == 0 {
					t.p = n
				} else {
					t.s = n
				}
			}
			if t.p < 1 || t.p > 38 || t.s > t.p || t.s > 37 {
				panic(compilation(2040, "42601", "Unsupported data type 'NUMBER(%d,%d)'.", t.p, t.s))
			}
			if try && a[0].t.k != kText && a[0].t.k != kNull {
				panic(badTypes("TRY_TO_DECIMAL", a))
			}
			return b.cast(a[0], t, try, true)
		})
	}
	add("TO_NUMBER TO_DECIMAL TO_NUMERIC", decimal(false))
	add("TRY_TO_NUMBER TRY_TO_DECIMAL TRY_TO_NUMERIC", decimal(true))
	add("TO_CHAR TO_VARCHAR", takes(1, 2, "", func(b *binder, a []expr) expr {
		if len(a) == 1 {
			return b.cast(a[0], tText, false, true)
		}
		f := b.text(a[1])
		switch a[0].t.k {
		case kDate, kNTZ:
			return of("sf_format(CAST($1 AS TIMESTAMP), 0, $2)", tText, a[0], f)
		case kTime:
			return of("sf_format(CAST('1970-01-01' AS DATE) + $1, 0, $2)", tText, a[0], f)
		case kLTZ:
			return of("sf_format($1, sf_utc_offset(timezone('UTC', $2), "+quote(b.s.zone())+"), $3)", tText, b.wall(a[0]), a[0], f)
		case kTZ:
			return of("sf_format($1, CAST(($2).o AS BIGINT), $3)", tText, b.wall(a[0]), a[0], f)
		case kBinary:
			if f.constant != nil {
				switch strings.ToUpper(strings.ReplaceAll(*f.constant, "-", "")) {
				case "HEX":
					return of("hex($1)", tText, a[0])
				case "BASE64":
					return of("sf_base64($1)", tText, a[0])
				case "UTF8":
					return of("sf_utf8($1)", tText, a[0])
				}
			}
		case kReal:
			// Scientific notation with as many digits as zeros: EE is an exponent
			// without a plus sign and without idle zeros.
			if f.constant != nil && scientific.MatchString(*f.constant) {
				digits := strconv.Itoa(strings.Count(*f.constant, "0"))
				return of("regexp_replace(regexp_replace(printf('%."+digits+"e', $1), 'e[+]0*([0-9]+)$', 'E\\1'), 'e-0*([0-9]+)$', 'E-\\1')", tText, a[0])
			}
		case kFixed:
			if f.constant != nil && strings.HasPrefix(strings.ToUpper(*f.constant), "TM") {
				return b.text(a[0])
			}
		}
		panic(cannot("TO_CHAR of %s with a format", a[0].t))
	}))
	binary := func(prefix string) function {
		return takes(1, 2, "tt", func(_ *binder, a []expr) expr {
			if len(a) == 1 {
				a = append(a, stringLiteralExpr("HEX"))
			}
			return of(prefix+"sf_binary($1, $2)", tBinary, a...)
		})
	}
	add("TO_BINARY", function{least: 1, most: 2, bind: func(b *binder, a []expr) expr {
		if a[0].t.k == kBinary || a[0].t.k == kVariant {
			return b.cast(a[0], tBinary, false, true)
		}
		return b.apply("TO_BINARY", binary(""), a)
	}})
	add("TRY_TO_BINARY", binary("try_"))
	temporal := func(names string, t kindOf, try bool) {
		p := prefix(try)
		add(names, takes(1, 2, "", func(b *binder, a []expr) expr {
			if try && a[0].t.k != kText && a[0].t.k != kNull {
				panic(badTypes(strings.Fields(names)[0], a))
			}
			if len(a) == 1 {
				return b.cast(a[0], t, try, true)
			}
			if a[0].t.k == kNull {
				return b.cast(a[0], t, try, true)
			}
			if a[0].t.k == kFixed && a[1].t.k == kFixed {
				if a[1].constant == nil || t.k == kDate || t.k == kTime {
					panic(badTypes(strings.Fields(names)[0], a))
				}
				n, _ := strconv.Atoi(*a[1].constant)
				if n < 0 || n > 9 {
					panic(compilation(1015, "22023", "invalid scale %d", n))
				}
				var micros expr
				if n <= 6 {
					micros = of("make_timestamp(CAST($1 * "+("1"+strings.Repeat("0", 6-n))+" AS BIGINT))", tNTZ, wideOf(a[0]))
				} else {
					micros = of("make_timestamp(CAST(floor($1 / 1"+strings.Repeat("0", n-6)+") AS BIGINT))", tNTZ, wideOf(a[0]))
				}
				if t.k == kNTZ {
					return micros
				}
				return b.cast(of("timezone('UTC', $1)", tLTZ, micros), t, false, true)
			}
			if a[0].t.k != kText {
				panic(badTypes(strings.Fields(names)[0], a))
			}
			f := b.text(a[1])
			zone := expr{sql: quote(b.s.zone())}
			switch t.k {
			case kDate:
				return of(p+"sf_date($1, $2)", t, a[0], f)
			case kTime:
				return of(p+"sf_time($1, $2)", t, a[0], f)
			case kNTZ:
				return of(p+"sf_ntz($1, $2)", t, a[0], f)
			case kLTZ:
				return of("timezone('UTC', "+p+"sf_instant($1, $2, $3))", t, a[0], f, zone)
			}
			return of("(CASE WHEN "+p+"sf_instant($1, $2, $3) IS NOT NULL THEN struct_pack(u := "+p+"sf_instant($1, $2, $3), o := CAST("+p+"sf_offset($1, $2, $3) AS INTEGER)) END)", t, a[0], f, zone)
		}))
	}
	temporal("TO_DATE DATE", tDate, false)
	temporal("TRY_TO_DATE", tDate, true)
	temporal("TO_TIME TIME", tTime, false)
	temporal("TRY_TO_TIME", tTime, true)
	temporal("TO_TIMESTAMP TO_TIMESTAMP_NTZ", tNTZ, false)
	temporal("TRY_TO_TIMESTAMP TRY_TO_TIMESTAMP_NTZ", tNTZ, true)
	temporal("TO_TIMESTAMP_LTZ", tLTZ, false)
	temporal("TRY_TO_TIMESTAMP_LTZ", tLTZ, true)
	temporal("TO_TIMESTAMP_TZ", tTZ, false)
	temporal("TRY_TO_TIMESTAMP_TZ", tTZ, true)
}

var scientific = regexp.MustCompile(`^FM9[.]0+EE$`)
