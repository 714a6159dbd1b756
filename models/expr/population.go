package expr

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/cel-go/common/ast"

	"github.com/customhouse-cdp/customhouse/sql"
)

// population compares an entity with all others by a value. Equal values are
// ranked alike; who has no value has no rank and counts for nobody else's.
//
//	rank(x)        1 for the greatest; after two equals the next is 3
//	percentile(x)  the share of those with a value that have a smaller one
//	ntile(x, n)    the n-th parts of the population by percentile, n the top
func (t *translator) population(x ast.Expr) value {
	call := x.AsCall()
	arg := call.Args()[0]
	v := t.value(arg)
	switch {
	case v.refused:
		return t.nothing(x)
	case v.expr == nil:
		return t.refuse(arg, t.text(arg)+" is "+typeWord(v.typ)+" and cannot be ranked", traitHelp(v))
	case v.konst != nil:
		return t.refuse(arg, "a constant cannot be ranked", functionHelp[call.FunctionName()])
	}
	ofRow := false
	for _, alias := range []string{Event, Other} {
		columns(v.expr, alias, func(string) { ofRow = true })
	}
	if ofRow {
		return t.refuse(x, "the rows of a collection cannot be ranked", "Ranked are values of the "+t.c.entity()+", such as traits.")
	}
	parts := int64(5)
	if call.FunctionName() == fnNtile {
		var ok bool
		if parts, ok = t.constInt(call.Args()[1], "the number of parts", 2, 1000); !ok {
			return t.nothing(x)
		}
	}
	key := v.expr
	if v.float == nan {
		key = sql.If(sql.Fn(sql.IsNaN, key), nullOf(sql.TypeFloat), key)
	}
	out := value{err: true}
	if call.FunctionName() == fnRank {
		out.expr = t.ranked("rank", key, true)
		return out
	}
	below := sql.Fn(sql.SubFast, t.ranked("ascending", key, false), sql.Int(1))
	count := t.windowed("ranked", key, sql.TypeInt, sql.Window{Call: sql.Fn(sql.Count, key)})
	if call.FunctionName() == fnPercentile {
		out.expr = sql.Fn(sql.FloatDiv, sql.Fn(sql.IntToFloat, below), sql.Fn(sql.IntToFloat, count))
		return out
	}
	out.expr = sql.Fn(sql.AddFast, sql.Fn(sql.IntDiv, sql.Fn(sql.IntMul, sql.Cast{Expr: sql.Int(parts), To: sql.TypeInt}, below), count), sql.Int(1))
	return out
}

// ranked is the column of the rank by a key, from the greatest or the smallest.
func (t *translator) ranked(what string, key sql.Expr, greatest bool) sql.Expr {
	return t.windowed(what, key, sql.TypeInt, sql.If(sql.Fn(sql.IsNotNull, key), sql.Window{
		Call: sql.Fn(sql.Rank), OrderBy: []sql.Order{{Expr: key, Desc: greatest}},
	}, nil))
}

// windowed is the column of a function over the whole population, shared with
// whoever asked for it before. It is computed in a level of its own, since no
// window can stand in another.
func (t *translator) windowed(what string, key sql.Expr, typ sql.Type, expr sql.Expr) sql.Expr {
	w := canon{limit: maxTree}
	w.expr(key)
	if w.limit < 0 {
		t.tooLarge()
		return sql.Null{Type: typ}
	}
	sum := sha256.Sum256([]byte(w.b.String()))
	name := "population." + what + "_" + hex.EncodeToString(sum[:16])
	if _, ok := t.c.population[name]; !ok {
		t.c.population[name] = t.c.compiled(Compiled{Name: name, Type: typ, Nullable: true, Expr: expr}, nil)
		t.c.ranks = append(t.c.ranks, name)
	}
	return sql.Col(Row, name)
}
