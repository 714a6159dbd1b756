package expr

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// inProcess are the functions over collections, by name or by the overload
// where its type counts. They skip what has no value, as aggregates do in SQL.
var inProcess = map[string]functions.UnaryOp{
	"count": func(v ref.Val) ref.Val {
		if list, ok := v.(traits.Lister); ok {
			return list.Size()
		}
		return types.MaybeNoSuchOverloadErr(v)
	},
	"sum":             of(func(list []ref.Val) ref.Val { return sumOf(list, types.Int(0)) }),
	"list_sum_int":    of(func(list []ref.Val) ref.Val { return sumOf(list, types.Int(0)) }),
	"list_sum_double": of(func(list []ref.Val) ref.Val { return sumOf(list, types.Double(0)) }),
	"avg":             of(avgOf),
	"min":             of(func(list []ref.Val) ref.Val { return furthest(list, -1) }),
	"max":             of(func(list []ref.Val) ref.Val { return furthest(list, 1) }),
	"distinct":        of(distinctOf),
	"list_distinct":   of(distinctOf),
	"most_frequent":   of(mostFrequent),
	"first":           of(func(list []ref.Val) ref.Val { return endOf(list, -1) }),
	"earliest":        of(func(list []ref.Val) ref.Val { return endOf(list, -1) }),
	"last":            of(func(list []ref.Val) ref.Val { return endOf(list, 1) }),
	"latest":          of(func(list []ref.Val) ref.Val { return endOf(list, 1) }),
}

// of makes an aggregate a function of a list: it is given the elements that
// have a value.
func of(aggregate func([]ref.Val) ref.Val) functions.UnaryOp {
	return func(v ref.Val) ref.Val {
		list, ok := v.(traits.Lister)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		var some []ref.Val
		for it := list.Iterator(); it.HasNext() == types.True; {
			if x := it.Next(); x != types.NullValue {
				some = append(some, x)
			}
		}
		return aggregate(some)
	}
}

// loadBindings collects the functions as the interpreter calls them, once; those
// of this package come before those that a declaration carries.
var loadBindings = sync.OnceValues(func() (interpreter.Dispatcher, error) {
	l, err := loadLanguage()
	if err != nil {
		return nil, err
	}
	d := interpreter.NewDispatcher()
	for name, f := range inProcess {
		if err := d.Add(&functions.Overload{Operator: name, Unary: f}); err != nil {
			return nil, err
		}
	}
	for name, f := range words {
		if err := d.Add(&functions.Overload{Operator: name, Function: f}); err != nil {
			return nil, err
		}
	}
	for _, o := range optionals {
		if err := d.Add(o); err != nil {
			return nil, err
		}
	}
	for _, f := range l.functions {
		list, err := f.Bindings()
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			if _, taken := d.FindOverload(o.Operator); taken {
				continue
			}
			if err := d.Add(o); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
})

// sumOf is exact for whole numbers and decimals, and an error where the sum of
// whole numbers does not fit. Doubles are added from the smallest to the
// greatest, as sql.SumFloat does. nothing is the sum of nothing.
func sumOf(list []ref.Val, nothing ref.Val) ref.Val {
	if len(list) == 0 {
		return nothing
	}
	switch list[0].(type) {
	case types.Int:
		total := new(big.Int)
		for _, x := range list {
			if n, ok := x.(types.Int); ok {
				total.Add(total, big.NewInt(int64(n)))
			}
		}
		if !total.IsInt64() {
			return types.NewErr("integer overflow")
		}
		return types.Int(total.Int64())
	case types.Double:
		return addDoubles(list)
	case exact:
		return addExact(list)
	}
	return types.MaybeNoSuchOverloadErr(list[0])
}

func addExact(list []ref.Val) types.Double {
	total := exact{number: new(big.Rat)}
	for _, x := range list {
		if e, ok := x.(exact); ok {
			total.number.Add(total.number, e.number)
		}
	}
	return total.double()
}

func addDoubles(list []ref.Val) types.Double {
	numbers := make([]float64, len(list))
	for i, x := range list {
		switch x := x.(type) {
		case types.Int:
			numbers[i] = float64(x)
		case types.Double:
			numbers[i] = float64(x)
		}
	}
	slices.Sort(numbers)
	total := 0.0
	for _, n := range numbers {
		total += n
	}
	return types.Double(total)
}

func avgOf(list []ref.Val) ref.Val {
	if len(list) == 0 {
		return noValues()
	}
	n := types.Double(len(list))
	if _, ok := list[0].(exact); ok {
		return addExact(list).Divide(n)
	}
	return addDoubles(list).Divide(n)
}

// noValues is the answer to a question about nothing.
func noValues() ref.Val { return types.NewErr("there are no values") }

// furthest is the greatest value where sign is 1, the smallest where it is -1.
func furthest(list []ref.Val, sign types.Int) ref.Val {
	if len(list) == 0 {
		return noValues()
	}
	best := list[0]
	for _, x := range list[1:] {
		if c, ok := x.(traits.Comparer); ok && c.Compare(best) == sign {
			best = x
		}
	}
	return best
}

// distinctOf drops what equals an earlier element.
func distinctOf(list []ref.Val) ref.Val {
	var out []ref.Val
	seen := map[any]bool{}
	for _, x := range list {
		if k := identity(x); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, out)
}

// identity is the same for equal values, as a key of a map.
func identity(v ref.Val) any {
	switch v := v.(type) {
	case types.Timestamp:
		return v.UnixMicro()
	case types.Bytes:
		return string(v)
	case traits.Lister:
		var whole strings.Builder
		for it := v.Iterator(); it.HasNext() == types.True; {
			fmt.Fprintf(&whole, "%#v,", identity(it.Next()))
		}
		return whole.String()
	default:
		return v.Value()
	}
}

// mostFrequent is the smallest among those that are most frequent.
func mostFrequent(list []ref.Val) ref.Val {
	count := map[any]int{}
	most := 0
	for _, x := range list {
		count[identity(x)]++
		most = max(most, count[identity(x)])
	}
	list = slices.DeleteFunc(list, func(x ref.Val) bool { return count[identity(x)] < most })
	return furthest(list, -1)
}

// endOf is the row with the greatest time, or the smallest where sign is -1.
func endOf(list []ref.Val, sign types.Int) ref.Val {
	end := &ends{sign: sign}
	for _, x := range list {
		row, ok := x.(*rowValue)
		if !ok {
			return types.MaybeNoSuchOverloadErr(x)
		}
		at, ok := row.Get(types.String(TimeField)).(types.Timestamp)
		if !ok {
			continue // neither first nor last
		}
		if end.rows != nil {
			switch at.Compare(end.at) {
			case -sign:
				continue
			case sign:
				end.rows = nil
			}
		}
		end.at, end.rows = at, append(end.rows, row)
	}
	if end.rows == nil {
		return noValues()
	}
	return end
}

// collection is the rows of a profile.
func collection(s *config.Source, rows []map[string]any) ([]*rowValue, error) {
	list := make([]*rowValue, len(rows))
	for i, row := range rows {
		out := &rowValue{source: s, fields: map[string]ref.Val{}}
		for name, v := range row {
			column, declared := s.Columns.Get(name)
			typ := models.ColumnType(column.Type)
			switch {
			case declared:
			case name == TimeField && s.Time != "":
				typ = sql.TypeTimestamp
			default:
				return nil, fmt.Errorf("%s has no column %s", s.Name, name)
			}
			value, err := celValue(s.Name+"."+name, typ, v)
			if err != nil {
				return nil, err
			}
			out.fields[name] = value
			if typ == sql.TypeDecimal {
				out.fields[exactly(name)] = exactOf(v)
			}
		}
		list[i] = out
	}
	return list, nil
}

// rowValue is one row of a collection; a field that it lacks has no value.
type rowValue struct {
	opaque
	source *config.Source
	fields map[string]ref.Val
}

func (r *rowValue) Type() ref.Type { return rowType(r.source.Name) }

// Get is a field of the row.
func (r *rowValue) Get(field ref.Val) ref.Val {
	name, _ := field.(types.String)
	if v := r.fields[string(name)]; v != nil {
		return v
	}
	return types.NullValue
}

// IsSet is has(row.field).
func (r *rowValue) IsSet(field ref.Val) ref.Val { return hasValue(r.Get(field)) }

// ends are the rows with the greatest time, or the smallest where sign is -1.
// Where there are several, the greatest (or smallest) value of a field counts,
// for each field alone.
type ends struct {
	opaque
	at   types.Timestamp
	rows []*rowValue
	sign types.Int
}

func (e *ends) Type() ref.Type { return e.rows[0].Type() }

// Get is a field of the first or last row.
func (e *ends) Get(field ref.Val) ref.Val {
	var list []ref.Val
	for _, r := range e.rows {
		if v := r.Get(field); v != types.NullValue {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return types.NullValue
	}
	return furthest(list, e.sign)
}

// IsSet is has(rows.last().field).
func (e *ends) IsSet(field ref.Val) ref.Val { return hasValue(e.Get(field)) }

// exact is a decimal number as it is.
type exact struct {
	opaque
	number *big.Rat
}

func (exact) Type() ref.Type { return types.DoubleType }

// decimal reads a decimal number as warehouses write it.
func decimal(text string) (exact, bool) {
	if strings.Trim(text, "+-0123456789.eE") != "" {
		return exact{}, false // fractions, hexadecimal and the like
	}
	number, ok := new(big.Rat).SetString(text)
	return exact{number: number}, ok
}

// exactOf is a decimal that celValue has accepted.
func exactOf(v any) ref.Val {
	switch v := v.(type) {
	case string:
		number, _ := decimal(v)
		return number
	case float64:
		if number := new(big.Rat).SetFloat64(v); number != nil {
			return exact{number: number}
		}
	}
	return types.NullValue
}

func (e exact) double() types.Double {
	f, _ := e.number.Float64()
	return types.Double(f)
}

// exactly is the name of a field that reads a decimal column exactly. It cannot
// be written in an expression.
func exactly(field string) string { return "exact " + field }

// opaque is what the interpreter wants of a value and no expression asks for.
type opaque struct{}

var errOpaque = errors.New("a row is read by its fields")

// ConvertToNative is never asked for.
func (opaque) ConvertToNative(reflect.Type) (any, error) { return nil, errOpaque }

// ConvertToType is never asked for.
func (opaque) ConvertToType(ref.Type) ref.Val { return types.WrapErr(errOpaque) }

// Equal is refused by the compiler.
func (opaque) Equal(ref.Val) ref.Val { return types.WrapErr(errOpaque) }

// Value is never asked for.
func (opaque) Value() any { return nil }
