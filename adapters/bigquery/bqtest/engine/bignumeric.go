package main

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// The engine has no number as long as a BIGNUMERIC: 38 digits behind the point
// and 39 in front of it. It is a text there that sorts as the number does: a sign,
// 0 for a negative number and 1 for any other, and 77 digits, which are each taken
// from 9 where the number is negative.

const (
	bigScale  = 38
	bigDigits = 77
)

var (
	bigUnit  = new(big.Int).Exp(big.NewInt(10), big.NewInt(bigScale), nil)
	bigLimit = new(big.Int).Lsh(big.NewInt(1), 255) // the value is 2^255 / 10^38 at most
)

// bigCode writes units of 10^-38.
func bigCode(n *big.Int) (string, error) {
	if n.CmpAbs(bigLimit) > 0 {
		return "", errors.New("BIGNUMERIC overflow")
	}
	digits := new(big.Int).Abs(n).String()
	digits = strings.Repeat("0", bigDigits-len(digits)) + digits
	if n.Sign() >= 0 {
		return "1" + digits, nil
	}
	return "0" + nines(digits), nil
}

func nines(digits string) string {
	return strings.Map(func(r rune) rune { return '9' - (r - '0') }, digits)
}

// bigUnits reads what bigCode wrote.
func bigUnits(code string) *big.Int {
	n := new(big.Int)
	if code[0] == '1' {
		n.SetString(code[1:], 10)
		return n
	}
	n.SetString(nines(code[1:]), 10)
	return n.Neg(n)
}

// bigOf reads a decimal or a double; half of the last digit is away from zero.
func bigOf(r *big.Rat) (string, error) {
	return bigCode(halfAway(new(big.Rat).Mul(r, new(big.Rat).SetInt(bigUnit))))
}

// halfAway is the nearest integer.
func halfAway(r *big.Rat) *big.Int {
	twice := new(big.Int).Mul(new(big.Int).Abs(r.Num()), big.NewInt(2))
	twice.Add(twice, r.Denom())
	n := twice.Quo(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2)))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

// bigText is the decimal text of a code.
func bigText(code string) string { return fixed(bigUnits(code), bigScale) }

// fixed writes an integer with a point in it, without the zeros that say nothing.
func fixed(n *big.Int, scale int) string {
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	if scale > 0 {
		digits = trimZeros(digits[:len(digits)-scale] + "." + digits[len(digits)-scale:])
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func bigBinary(f func(a, b *big.Int) (*big.Int, error)) *udf {
	return &udf{[]duckdb.Type{str, str}, str, func(v []driver.Value) (any, error) {
		n, err := f(bigUnits(v[0].(string)), bigUnits(v[1].(string)))
		if err != nil {
			return nil, err
		}
		return bigCode(n)
	}}
}

func bigUnary(f func(a *big.Int) *big.Int) *udf {
	return &udf{[]duckdb.Type{str}, str, func(v []driver.Value) (any, error) { return bigCode(f(bigUnits(v[0].(string)))) }}
}

var errZero = errors.New("division by zero")

// bigFunctions are those of the engine for such numbers.
var bigFunctions = map[string]*udf{
	"big_add":      bigBinary(func(a, b *big.Int) (*big.Int, error) { return a.Add(a, b), nil }),
	"big_subtract": bigBinary(func(a, b *big.Int) (*big.Int, error) { return a.Sub(a, b), nil }),
	"big_multiply": bigBinary(func(a, b *big.Int) (*big.Int, error) {
		return halfAway(new(big.Rat).SetFrac(a.Mul(a, b), bigUnit)), nil
	}),
	"big_divide": bigBinary(func(a, b *big.Int) (*big.Int, error) {
		if b.Sign() == 0 {
			return nil, errZero
		}
		return halfAway(new(big.Rat).SetFrac(a.Mul(a, bigUnit), b)), nil
	}),
	"big_div": bigBinary(func(a, b *big.Int) (*big.Int, error) {
		if b.Sign() == 0 {
			return nil, errZero
		}
		return a.Mul(a.Quo(a, b), bigUnit), nil
	}),
	"big_mod": bigBinary(func(a, b *big.Int) (*big.Int, error) {
		if b.Sign() == 0 {
			return nil, errZero
		}
		return a.Rem(a, b), nil
	}),
	"big_negate": bigUnary(func(a *big.Int) *big.Int { return a.Neg(a) }),
	"big_abs":    bigUnary(func(a *big.Int) *big.Int { return a.Abs(a) }),
	"big_sign":   bigUnary(func(a *big.Int) *big.Int { return a.Mul(big.NewInt(int64(a.Sign())), bigUnit) }),
	"big_trunc":  bigUnary(func(a *big.Int) *big.Int { return a.Mul(a.Quo(a, bigUnit), bigUnit) }),
	"big_round": bigUnary(func(a *big.Int) *big.Int {
		return a.Mul(halfAway(new(big.Rat).SetFrac(a, bigUnit)), bigUnit)
	}),
	"big_text": onText(bigText),
	"big_of_text": {[]duckdb.Type{str}, str, func(v []driver.Value) (any, error) {
		r, ok := new(big.Rat).SetString(strings.TrimFunc(v[0].(string), space))
		if !ok || strings.ContainsAny(v[0].(string), "/xXpP_") {
			return nil, fmt.Errorf("Invalid BIGNUMERIC value: %s", v[0]) //nolint:staticcheck // BigQuery's words
		}
		return bigOf(r)
	}},
	"big_of_float": {[]duckdb.Type{f64}, str, func(v []driver.Value) (any, error) {
		f := v[0].(float64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("Illegal conversion of non-finite floating point number to BIGNUMERIC") //nolint:staticcheck // BigQuery's words
		}
		return bigOf(new(big.Rat).SetFloat64(f))
	}},
	"big_to_int": {[]duckdb.Type{str}, i64, func(v []driver.Value) (any, error) {
		n := halfAway(new(big.Rat).SetFrac(bigUnits(v[0].(string)), bigUnit))
		if !n.IsInt64() {
			return nil, fmt.Errorf("int64 out of range: %s", n)
		}
		return n.Int64(), nil
	}},
	"big_to_float": {[]duckdb.Type{str}, f64, func(v []driver.Value) (any, error) {
		f, _ := new(big.Rat).SetFrac(bigUnits(v[0].(string)), bigUnit).Float64()
		return f, nil
	}},
	// As the text of a NUMERIC.
	"big_to_numeric": {[]duckdb.Type{str}, str, func(v []driver.Value) (any, error) {
		n := halfAway(new(big.Rat).SetFrac(bigUnits(v[0].(string)), new(big.Int).Exp(big.NewInt(10), big.NewInt(bigScale-9), nil)))
		if len(new(big.Int).Abs(n).String()) > 38 {
			return nil, errors.New("numeric out of range")
		}
		return fixed(n, 9), nil
	}},
}
