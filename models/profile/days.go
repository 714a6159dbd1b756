package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// days is what a scan keeps from run to run: for each combination of identifiers
// and day of a source that only grows, the aggregates of its rows, without the
// bounds on their time. A window is put together from its days; of a day that a
// bound cuts, the rows are read again. Combinations are joined with the map each
// time, so that nothing is rewritten when people merge.
type days struct {
	cores []core
	parts []part
}

// core is an aggregate of the rows of a day.
type core struct {
	name string
	agg  sql.Expr
	form string
}

// part is what one call of an aggregate takes of each day.
type part struct {
	name, core string
	bounds     []bound
	// rows is the same for the rows of days that a bound cuts.
	rows func(given sql.Expr) sql.Expr
}

// bound is where a window begins or ends: a comparison of the time of a row.
type bound struct {
	op sql.Func
	at time.Time
}

// dayOf is the number of the day of an instant, 0 that of 1970 began with.
func dayOf(t time.Time) int64 {
	const seconds = 24 * 60 * 60
	day := t.Unix() / seconds
	if t.Unix()%seconds < 0 {
		day--
	}
	return day
}

func startOf(day int64) sql.Timestamp {
	return sql.Timestamp(time.Unix(day*24*60*60, 0).UTC())
}

// cuts says that a bound falls inside a day, of which some rows count.
func (b bound) cuts() bool {
	aligned := b.at.Equal(time.Time(startOf(dayOf(b.at))))
	return !aligned || b.op == sql.Gt || b.op == sql.Le
}

// holds is whether all rows of a day meet the bound.
func (b bound) holds(day sql.Expr) sql.Expr {
	d := sql.Int(dayOf(b.at))
	switch {
	case b.op == sql.Lt || b.op == sql.Le:
		return sql.Fn(sql.Lt, day, d)
	case b.cuts():
		return sql.Fn(sql.Gt, day, d)
	}
	return sql.Fn(sql.Ge, day, d)
}

// within is whether all rows of a day are between bounds.
func within(list []bound, day sql.Expr) sql.And {
	var out sql.And
	for _, b := range list {
		out = append(out, b.holds(day))
	}
	return out
}

// cutDays are the days that bounds cut, sorted.
func cutDays(list []bound) []int64 {
	var out []int64
	for _, b := range list {
		if b.cuts() {
			out = append(out, dayOf(b.at))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// onDays is whether a time is on one of some days.
func onDays(list []int64, at sql.Expr) sql.Expr {
	if len(list) == 0 {
		return sql.Bool(false)
	}
	var out sql.Or
	for _, d := range list {
		out = append(out, sql.And{sql.Fn(sql.Ge, at, startOf(d)), sql.Fn(sql.Lt, at, startOf(d+1))})
	}
	return out
}

// windowed takes the bounds on the time out of a condition on a row. why says
// what stands against keeping the rest from run to run, nothing where it can be.
func windowed(given []sql.Expr) (rest sql.And, bounds []bound, why string) {
	for _, t := range given {
		if and, ok := t.(sql.And); ok {
			more, found, why := windowed(and)
			if why != "" {
				return nil, nil, why
			}
			rest, bounds = append(rest, more...), append(bounds, found...)
			continue
		}
		if b, ok := asBound(t); ok {
			bounds = append(bounds, b)
			continue
		}
		if why := stays(t); why != "" {
			return nil, nil, why
		}
		rest = append(rest, t)
	}
	return rest, bounds, ""
}

func asBound(e sql.Expr) (bound, bool) {
	c, ok := e.(sql.Call)
	if !ok || contrary[c.Func] == "" {
		return bound{}, false
	}
	left, op, right, ok := comparison(c)
	if !ok {
		return bound{}, false
	}
	at, isTime := right.(sql.Timestamp)
	if left != sql.Expr(sql.Col(expr.Event, expr.TimeField)) || !isTime {
		return bound{}, false
	}
	return bound{op, time.Time(at)}, true
}

// stays says what stands against an expression of a row meaning the same in the
// next run.
func stays(e sql.Expr) (why string) {
	sql.Visit(e, func(x sql.Expr) { why = cmp.Or(why, moves(x)) })
	return why
}

// moves is what stays says of an expression without its parts.
func moves(e sql.Expr) (why string) {
	switch e := e.(type) {
	case sql.Timestamp:
		return "it compares with an instant in another way than a window of the row's time does"
	case sql.Column:
		if e.Table != expr.Event {
			return "it reads more than the row"
		}
	case sql.Exists, sql.Scalar, sql.InQuery, sql.Window, sql.Custom, sql.Lambda, sql.TryCast:
		return "it is more than a comparison of the row's columns"
	}
	return ""
}

// summed are the aggregates that those of days give; full says of the others why
// they do not.
var (
	summed = map[sql.Func]bool{
		sql.CountAll: true, sql.Count: true, sql.Sum: true, sql.SumExact: true,
		sql.Min: true, sql.Max: true, sql.BoolOr: true, sql.BoolAnd: true,
	}
	full = map[sql.Func]string{
		sql.SumFloat:      "doubles are added in an order that all of them decide: declare the column as decimal",
		sql.CountDistinct: "what two days have may be the same",
		sql.ListDistinct:  "what two days have may be the same",
		sql.Mode:          "the most frequent of all days need not be that of any",
		sql.ArgMax:        "it takes a value of one row", sql.ArgMin: "it takes a value of one row",
		sql.ArgMaxRow: "it takes a value of one row", sql.ArgMinRow: "it takes a value of one row",
		sql.AnyBits: "it is of bits",
	}
)

// asPart takes an aggregate apart.
func asPart(call sql.Call) (c core, p part, why string) {
	var given []sql.Expr
	var x sql.Expr
	switch call.Func { //nolint:exhaustive // the others are no aggregates of one column
	case sql.CountAll:
		x = sql.Int(1)
	case sql.BoolOr:
		given, x = terms(call.Args[0]), sql.Bool(true)
	default:
		given, x = argument(call.Args[0])
	}
	if why := stays(x); why != "" {
		return c, p, why
	}
	rest, bounds, why := windowed(given)
	if why != "" {
		return c, p, why
	}
	of := func(cond sql.And) sql.Expr {
		if call.Func == sql.BoolOr {
			return sql.Fn(sql.BoolOr, single(cond))
		}
		taken := x
		if call.Func == sql.Sum {
			// Sums of days may be too large where their sum is not.
			taken = sql.Cast{Expr: x, To: sql.TypeDecimal}
		}
		if len(cond) > 0 {
			taken = sql.If(single(cond), taken, nil)
		}
		f := call.Func
		switch f { //nolint:exhaustive // the others are what they were
		case sql.CountAll:
			f = sql.Count
		case sql.Sum:
			f = sql.SumExact
		}
		return sql.Fn(f, taken)
	}
	c.agg = of(rest)
	c.form = expr.Form(c.agg)
	p.bounds = bounds
	p.rows = func(also sql.Expr) sql.Expr { return of(append(slices.Clone(sql.And(given)), also)) }
	return c, p, ""
}

// fromParts is the aggregate of a call, from the column of its part.
func fromParts(f sql.Func, column sql.Expr) sql.Expr {
	switch f { //nolint:exhaustive // the others are their own
	case sql.CountAll, sql.Count:
		return sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, column), sql.Int(0))
	case sql.Sum:
		return sql.TryCast{Expr: sql.Fn(sql.SumExact, column), To: sql.TypeInt}
	}
	return sql.Fn(f, column)
}

// keepable says why an aggregate over rows needs all of them, nothing where days
// are enough.
func keepable(e sql.Expr) (why string) {
	sql.Rewrite(e, func(x sql.Expr) (sql.Expr, bool) {
		var reason string
		call, isCall := x.(sql.Call)
		switch {
		case isCall && full[call.Func] != "":
			reason = full[call.Func]
		case isCall && summed[call.Func]:
			_, _, reason = asPart(call)
		case isCall:
			return nil, false
		default:
			reason = moves(x)
			if _, column := x.(sql.Column); column {
				reason = "it reads a column outside of an aggregate"
			}
			if reason == "" {
				return nil, false
			}
		}
		why = cmp.Or(why, reason)
		return x, true
	})
	return why
}

// keep deals an aggregate over rows out to parts, and gives it over their columns.
func (d *days) keep(e sql.Expr) sql.Expr {
	return sql.Rewrite(e, func(x sql.Expr) (sql.Expr, bool) {
		call, ok := x.(sql.Call)
		if !ok || !summed[call.Func] {
			return nil, false
		}
		c, p, _ := asPart(call)
		p.core = d.core(call.Func, c)
		p.name = "part." + strconv.Itoa(len(d.parts))
		d.parts = append(d.parts, p)
		return fromParts(call.Func, sql.Col("u", p.name)), true
	})
}

// core is the name of the column of a core: the same for the same.
func (d *days) core(f sql.Func, c core) string {
	sum := sha256.Sum256([]byte(c.form))
	digest := hex.EncodeToString(sum[:])
	for n := 8; ; n += 8 {
		c.name = string(f) + "_" + digest[:n]
		i := slices.IndexFunc(d.cores, func(known core) bool { return known.name == c.name })
		if i < 0 {
			d.cores = append(d.cores, c)
			return c.name
		}
		if d.cores[i].form == c.form {
			return c.name
		}
	}
}
