package expr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// feature is the column of an aggregate, shared with whoever asked for it
// before.
func (t *translator) feature(s *config.Source, what string, typ sql.Type, agg sql.Expr) sql.Expr {
	form, ok := t.form(agg)
	if !ok {
		return sql.Null{Type: typ}
	}
	name := t.c.named(s.Name, what, form)
	if _, known := t.c.features[name]; !known {
		f := Feature{Name: name, Source: s.Name, Type: typ, Aggregate: agg, Columns: sorted(columnSet(agg, Event))}
		t.c.features[name] = f
		t.c.correlate(f)
	}
	return sql.Col(Row, name)
}

// form is one text for equal trees, false where the tree is too large.
func (t *translator) form(e sql.Expr) (string, bool) {
	w := canon{limit: maxTree}
	w.expr(e)
	if w.limit < 0 {
		t.tooLarge()
		return "", false
	}
	return w.b.String(), true
}

// named is the name of what a form says of a collection: the same for the same.
// Eight digits tell apart what a project holds; should two agree, the second
// takes more of them.
func (c *compiler) named(of, what, form string) string {
	key := of + ":" + form
	sum := sha256.Sum256([]byte(key))
	digest := hex.EncodeToString(sum[:])
	for n := 8; ; n += 8 {
		name := of + "." + what + "_" + digest[:n]
		if first, taken := c.taken[name]; !taken || first == key {
			c.taken[name] = key
			return name
		}
	}
}

func (t *translator) tooLarge() {
	if !t.bad {
		t.failAt(t.e.src.span(0, len(t.e.src.runes)), "cel-size", "the expression becomes too much SQL",
			"Split it: give a part a name as a trait or a segment of its own.")
	}
	t.bad = true
}

// bounded reports a tree that is too large to print. A part that is used twice
// counts twice, as it is printed twice.
func (t *translator) bounded(e sql.Expr) bool {
	w := canon{limit: maxTree}
	w.expr(e)
	if w.limit < 0 {
		t.tooLarge()
		return false
	}
	return true
}

// Form is a text that is the same for the same compiled expressions and for no
// others.
func Form(e sql.Expr) string {
	w := canon{limit: math.MaxInt}
	w.expr(e)
	return w.b.String()
}

// canon writes a tree in one unambiguous form, for identity and size alone: it
// is neither SQL nor ever read back.
type canon struct {
	b     strings.Builder
	limit int // of nodes; negative when it was passed
}

func (w *canon) expr(e sql.Expr) {
	if w.limit--; w.limit < 0 {
		return
	}
	switch e := e.(type) {
	case nil:
		w.b.WriteString("-")
	case sql.Column:
		w.node("col", strconv.Quote(e.Table), strconv.Quote(e.Name))
	case sql.Bool:
		w.node("bool", strconv.FormatBool(bool(e)))
	case sql.Int:
		w.node("int", strconv.FormatInt(int64(e), 10))
	case sql.Float:
		w.node("float", strconv.FormatFloat(float64(e), 'g', -1, 64))
	case sql.String:
		w.node("text", strconv.Quote(string(e)))
	case sql.Timestamp:
		w.node("time", time.Time(e).UTC().Format(time.RFC3339Nano))
	case sql.Null:
		w.node("null", strconv.Itoa(int(e.Type)))
	case sql.Call:
		w.node(string(e.Func))
		w.list(e.Args)
	case sql.And:
		w.node("and")
		w.list(e)
	case sql.Or:
		w.node("or")
		w.list(e)
	case sql.Cast:
		w.node("cast", strconv.Itoa(int(e.To)))
		w.list([]sql.Expr{e.Expr})
	case sql.Case:
		w.node("case")
		for _, when := range e.Whens {
			w.list([]sql.Expr{when.If, when.Then})
		}
		w.list([]sql.Expr{e.Else})
	case sql.In:
		w.node("in")
		w.list([]sql.Expr{e.Expr})
		w.list(e.List)
	case sql.Lambda:
		w.node("lambda", strconv.Quote(e.Param))
		w.list([]sql.Expr{e.Body})
	default:
		panic(fmt.Sprintf("expr: %T is not part of a compiled expression", e))
	}
}

func (w *canon) node(parts ...string) {
	w.b.WriteString(strings.Join(parts, " "))
}

func (w *canon) list(es []sql.Expr) {
	w.b.WriteByte('(')
	for _, e := range es {
		w.expr(e)
		w.b.WriteByte(',')
	}
	w.b.WriteByte(')')
}

// columns lists the columns of an alias that a compiled expression reads.
func columns(e sql.Expr, of string, yield func(name string)) {
	eachColumn(e, func(col sql.Column) {
		if col.Table == of {
			yield(col.Name)
		}
	})
}

// eachColumn lists the columns that a compiled expression reads, and the
// variables of its lambdas.
func eachColumn(e sql.Expr, yield func(sql.Column)) {
	each := func(es []sql.Expr) {
		for _, x := range es {
			eachColumn(x, yield)
		}
	}
	switch e := e.(type) {
	case sql.Column:
		yield(e)
	case sql.Call:
		each(e.Args)
	case sql.And:
		each(e)
	case sql.Or:
		each(e)
	case sql.Cast:
		eachColumn(e.Expr, yield)
	case sql.Lambda:
		eachColumn(e.Body, yield)
	case sql.Case:
		for _, when := range e.Whens {
			eachColumn(when.If, yield)
			eachColumn(when.Then, yield)
		}
		eachColumn(e.Else, yield)
	case sql.In:
		eachColumn(e.Expr, yield)
		each(e.List)
	case sql.Window:
		each(e.Call.Args)
		each(e.PartitionBy)
		for _, o := range e.OrderBy {
			eachColumn(o.Expr, yield)
		}
	}
}
