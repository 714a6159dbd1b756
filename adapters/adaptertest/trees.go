//nolint:thelper // each case is a test, not a helper: a failure belongs to its own line
package adaptertest

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// three is a value of SQL's logic or arithmetic: nil, bool or int64.
type three = any

// tree is a random expression together with its value.
type tree struct {
	expr  sql.Expr
	value three
}

// strict is an operator that is NULL where an operand is.
func strict(of func(a, b int64) three) func(x, y three) three {
	return func(x, y three) three {
		a, ok := x.(int64)
		b, also := y.(int64)
		if !ok || !also {
			return nil
		}
		return of(a, b)
	}
}

// exact is 64-bit arithmetic that is NULL where the result does not fit.
func exact(of func(z, a, b *big.Int) *big.Int) func(x, y three) three {
	return strict(func(a, b int64) three {
		if z := of(new(big.Int), big.NewInt(a), big.NewInt(b)); z.IsInt64() {
			return z.Int64()
		}
		return nil
	})
}

// division is NULL where there is no quotient of 64 bits.
func division(of func(a, b int64) int64) func(x, y three) three {
	return strict(func(a, b int64) three {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return nil
		}
		return of(a, b)
	})
}

// skipping is an operator that skips NULL.
func skipping(of func(a, b int64) int64) func(x, y three) three {
	both := strict(func(a, b int64) three { return of(a, b) })
	return func(x, y three) three {
		switch {
		case x == nil:
			return y
		case y == nil:
			return x
		default:
			return both(x, y)
		}
	}
}

// operator is a function of two integers, and what it means.
type operator struct {
	name sql.Func
	of   func(x, y three) three
}

var operators = []operator{
	{sql.IntAdd, exact((*big.Int).Add)},
	{sql.IntSub, exact((*big.Int).Sub)},
	{sql.IntMul, exact((*big.Int).Mul)},
	{sql.IntDiv, division(func(a, b int64) int64 { return a / b })},
	{sql.IntMod, division(func(a, b int64) int64 { return a % b })},
	{sql.Coalesce, skipping(func(a, _ int64) int64 { return a })},
	{sql.Least, skipping(func(a, b int64) int64 { return min(a, b) })},
	{sql.Greatest, skipping(func(a, b int64) int64 { return max(a, b) })},
}

var comparisons = []operator{
	{sql.Eq, strict(func(a, b int64) three { return a == b })},
	{sql.Ne, strict(func(a, b int64) three { return a != b })},
	{sql.Lt, strict(func(a, b int64) three { return a < b })},
	{sql.Le, strict(func(a, b int64) three { return a <= b })},
	{sql.Gt, strict(func(a, b int64) three { return a > b })},
	{sql.Ge, strict(func(a, b int64) three { return a >= b })},
	{sql.Same, func(x, y three) three { return x == y }},
	{sql.Differ, func(x, y three) three { return x != y }},
}

// apply applies one of several operators to two random numbers.
func apply(r *rand.Rand, of []operator, depth int) tree {
	op := of[r.IntN(len(of))]
	x, y := number(r, depth), number(r, depth)
	return tree{sql.Fn(op.name, x.expr, y.expr), op.of(x.value, y.value)}
}

// number makes a random integer expression and evaluates it.
func number(r *rand.Rand, depth int) tree {
	if depth == 0 || r.IntN(8) == 0 {
		if r.IntN(8) == 0 {
			return tree{sql.Null{Type: sql.TypeInt}, nil}
		}
		edges := []int64{0, 1, -1, 2, -2, 7, -30, math.MaxInt64, math.MinInt64, math.MaxInt32, math.MinInt32}
		n := edges[r.IntN(len(edges))]
		return tree{sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}, n}
	}
	switch r.IntN(len(operators) + 2) {
	case 0:
		x, y := number(r, depth-1), number(r, depth-1)
		c := condition(r, depth-1)
		v := y.value
		if c.value == true {
			v = x.value
		}
		return tree{sql.If(c.expr, x.expr, y.expr), v}
	case 1:
		x := number(r, depth-1)
		return tree{sql.Fn(sql.IntNeg, x.expr), exact((*big.Int).Sub)(int64(0), x.value)}
	default:
		return apply(r, operators, depth-1)
	}
}

// condition makes a random boolean expression and evaluates it.
func condition(r *rand.Rand, depth int) tree {
	if depth == 0 || r.IntN(10) == 0 {
		switch r.IntN(3) {
		case 0:
			return tree{sql.Null{Type: sql.TypeBool}, nil}
		case 1:
			return tree{sql.Bool(true), true}
		default:
			return tree{sql.Bool(false), false}
		}
	}
	switch r.IntN(6) {
	case 0:
		c := condition(r, depth-1)
		if c.value == nil {
			return tree{sql.Fn(sql.Not, c.expr), nil}
		}
		return tree{sql.Fn(sql.Not, c.expr), !c.value.(bool)}
	case 1, 2:
		// An absorbing value wins, then NULL, then the other.
		absorbing := r.IntN(2) == 0
		v := three(!absorbing)
		terms := make([]sql.Expr, r.IntN(4))
		for i := range terms {
			c := condition(r, depth-1)
			terms[i] = c.expr
			switch {
			case c.value == absorbing:
				v = absorbing
			case c.value == nil && v != absorbing:
				v = nil
			}
		}
		if absorbing {
			return tree{sql.Or(terms), v}
		}
		return tree{sql.And(terms), v}
	case 3:
		x := number(r, depth-1)
		if r.IntN(2) == 0 {
			return tree{sql.Fn(sql.IsNull, x.expr), x.value == nil}
		}
		return tree{sql.Fn(sql.IsNotNull, x.expr), x.value != nil}
	case 4:
		x := number(r, depth-1)
		in := sql.In{Expr: x.expr}
		v := three(false)
		for range r.IntN(3) {
			y := number(r, depth-1)
			in.List = append(in.List, y.expr)
			switch {
			case x.value != nil && x.value == y.value:
				v = true
			case (x.value == nil || y.value == nil) && v == false:
				v = nil
			}
		}
		return tree{in, v}
	default:
		return apply(r, comparisons, depth-1)
	}
}

// precedence evaluates random trees and compares them with their values: a
// parenthesis that is missing in a spelling changes one of them.
func precedence(t *testing.T, w *adapters.Warehouse) {
	const seed, queries, trees = 20261122, 60, 50
	r := rand.New(rand.NewPCG(seed, seed))
	for range queries {
		q := &sql.Select{}
		var want []any
		for i := range trees {
			x := number(r, 1+i%4)
			if i%2 == 0 {
				x = condition(r, 1+i%4)
			}
			q.Items = append(q.Items, sql.As(x.expr, "v"+strconv.Itoa(i)))
			want = append(want, x.value)
		}
		text, err := w.Printer().Query(q)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "--") {
			t.Fatalf("a comment: %s", text)
		}
		got := all(t, w, q)
		for i, v := range got[0] {
			if v != want[i] {
				line, err := w.Printer().Expr(q.Items[i].Expr)
				t.Fatalf("%s %v\ngot %v, want %v", line, err, v, want[i])
			}
		}
	}
}
