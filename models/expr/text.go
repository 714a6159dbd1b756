package expr

import (
	"math"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/sql"
)

// maxRange is the greatest argument of lists.range, as cel-go has it.
const maxRange = 1_000_000

// onText translates the functions of texts that take more than one SQL
// function. Positions count code points from 0.
func (t *translator) onText(x ast.Expr, id string, v []value, out value) (value, bool) {
	text := v[0].expr
	length := sql.Fn(sql.Length, text)
	plus := func(e sql.Expr, n int64) sql.Call { return sql.Fn(sql.AddFast, e, sql.Int(n)) }
	// to is the code points from first up to, not including, end.
	to := func(first, end sql.Expr) sql.Expr {
		return sql.Fn(sql.Substr, text, plus(first, 1), sql.Fn(sql.SubFast, end, first))
	}
	out.typ = types.StringType
	switch id {
	case "string_char_at_int":
		at := t.position(v[1])
		out.expr, out.err = sql.If(upTo(at, length), sql.Fn(sql.Substr, text, plus(at, 1), sql.Int(1)), nil), true
	case "string_substring_int":
		first := t.position(v[1])
		out.expr, out.err = sql.If(upTo(first, length), to(first, length), nil), true
	case "string_substring_int_int":
		first, end := t.position(v[1]), t.position(v[2])
		out.expr, out.err = sql.If(sql.And{sql.Fn(sql.Le, sql.Int(0), first), sql.Fn(sql.Le, first, end), sql.Fn(sql.Le, end, length)}, to(first, end), nil), true
	case "string_index_of_string":
		out.expr, out.typ = plus(sql.Fn(sql.Position, text, v[1].expr), -1), types.IntType
	case "string_last_index_of_string":
		out.expr, out.typ = plus(sql.Fn(sql.LastPosition, text, v[1].expr), -1), types.IntType
	case "string_index_of_string_int", "string_last_index_of_string_int":
		part, from := v[1].expr, t.position(v[2])
		found := plus(sql.Fn(sql.LastPosition, sql.Fn(sql.Substr, text, sql.Int(1), sql.Fn(sql.AddFast, from, sql.Fn(sql.Length, part))), part), -1)
		if id == "string_index_of_string_int" {
			here := sql.Fn(sql.Position, to(from, length), part)
			found.Args[0] = sql.If(sql.Fn(sql.Gt, here, sql.Int(0)), sql.Fn(sql.AddFast, here, from), sql.If(sql.Fn(sql.Eq, here, sql.Int(0)), sql.Int(0), nil))
		}
		out.typ, out.err = types.IntType, true
		out.expr = sql.If(upTo(from, length), found, nil)
	case "string_replace_string_string":
		if old, ok := v[1].konst.(types.String); !ok || old == "" {
			return t.refuse(x, "replace() takes a text to replace that is written out and not empty", ""), true
		}
		out.expr = sql.Fn(sql.Replace, text, v[1].expr, v[2].expr)
	case "string_split_string":
		out.typ = types.NewListType(types.StringType)
		out.expr = t.split(x, v)
	case "string_split_string_int":
		out.typ = types.NewListType(types.StringType)
		n, ok := v[2].konst.(types.Int)
		if !ok {
			return t.refuse(x, "the number of parts must be written out", ""), true
		}
		all := t.split(x, v)
		switch {
		case n < 0:
			out.expr = all
		case n == 0:
			out.expr = sql.If(sql.Fn(sql.IsNotNull, text), sql.Cast{Expr: sql.Fn(sql.ListOf), To: sql.TypeStrings}, nil)
		case n == 1 && v[1].konst == types.String(""):
			out.expr = sql.Case{Whens: []sql.When{
				{If: sql.Fn(sql.Eq, text, sql.String("")), Then: sql.Cast{Expr: sql.Fn(sql.ListOf), To: sql.TypeStrings}},
				{If: sql.Fn(sql.IsNotNull, text), Then: sql.Fn(sql.ListOf, text)},
			}}
		case n == 1:
			out.expr = sql.If(sql.Fn(sql.IsNotNull, text), sql.Fn(sql.ListOf, text), nil)
		default:
			count := sql.Fn(sql.ListLength, all)
			rest := sql.Fn(sql.JoinText, sql.Fn(sql.ListSlice, all, sql.Int(n), count), v[1].expr)
			out.expr = sql.If(sql.Fn(sql.Gt, count, sql.Int(n)), sql.Fn(sql.ListConcat, sql.Fn(sql.ListSlice, all, sql.Int(1), sql.Int(n-1)), sql.Fn(sql.ListOf, rest)), all)
		}
	default:
		return value{}, false
	}
	return out, true
}

// split wants a separator that is written out: engines differ on the empty one.
func (t *translator) split(x ast.Expr, v []value) sql.Expr {
	separator, ok := v[1].konst.(types.String)
	switch {
	case !ok:
		return t.refuse(x, "the separator of split() must be written out", "").expr
	case separator == "":
		return sql.Fn(sql.SplitChars, v[0].expr)
	default:
		return sql.Fn(sql.Split, v[0].expr, v[1].expr)
	}
}

// position is a place in a text or list. One that is written out and that none
// has is as good as any other such: an engine that calculates with it before it
// looks at the condition must not fail.
func (t *translator) position(v value) sql.Expr {
	if n, ok := v.konst.(types.Int); ok && n != min(max(n, -1), math.MaxInt32) {
		return sql.Cast{Expr: sql.Int(min(max(n, -1), math.MaxInt32)), To: sql.TypeInt}
	}
	return t.typed(v)
}

// upTo is 0 <= e <= greatest.
func upTo(e, greatest sql.Expr) sql.Expr {
	return sql.And{sql.Fn(sql.Le, sql.Int(0), e), sql.Fn(sql.Le, e, greatest)}
}
