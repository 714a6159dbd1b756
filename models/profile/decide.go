package profile

import (
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// node is a condition of a segment, taken apart as far as scans decide its parts.
type node interface {
	// expr is the condition over the wide table.
	expr() sql.Expr
}

type (
	// allOf and anyOf are && and ||.
	allOf []node
	anyOf []node
	// noneOf is the opposite of a node that is never NULL.
	noneOf struct{ node }
	// orFalse is false where its node is NULL.
	orFalse struct{ node }
	// test asks for a bit.
	test struct {
		bit  *Bit
		zero bool
	}
	// rest is what no scan decides.
	rest struct{ sql.Expr }
)

// decider finds what scans can decide.
type decider struct {
	features map[string]expr.Feature
	// whole are the scans of all rows, by source; scans are those that know a
	// column, a feature by its name. A column without one is not there to decide by.
	whole, scans map[string]*Scan
	// bits are those that were found, by source and form.
	bits map[string]*Bit
	// segment is the one at hand.
	segment string
}

// newDecider leaves everything to the wide table where that is to be whole.
func newDecider(in Input) *decider {
	d := &decider{features: map[string]expr.Feature{}, whole: map[string]*Scan{}, scans: map[string]*Scan{}, bits: map[string]*Bit{}}
	for _, s := range in.Sources {
		d.whole[s.Name] = &Scan{Source: s}
	}
	if !in.Whole {
		for _, f := range in.Expr.Features {
			d.features[f.Name] = f
		}
	}
	return d
}

// know says which scans compute which features, and which one stands for the
// wide table itself, which has the traits and what is related.
func (d *decider) know(in Input, scans []*Scan, wide *Scan) {
	for _, s := range scans {
		for _, f := range s.Features {
			d.scans[f.Name] = s
		}
	}
	for _, x := range slices.Concat(in.Expr.Traits, in.Expr.Population) {
		d.scans[x.Name] = wide
	}
	for _, f := range in.Expr.Correlated {
		d.scans[f.Name] = wide
	}
	for _, q := range in.Expr.Sequences {
		d.scans[q.Name] = wide
	}
	for _, r := range in.Expr.Related {
		d.scans[r.Column] = wide
	}
}

func (d *decider) decide(s expr.Compiled) node {
	d.segment = s.Name
	return d.node(s.Expr, true)
}

// node takes a condition apart. With exact, NULL must stay NULL; otherwise it
// counts as false, as it does below && and || where nothing negates them.
func (d *decider) node(e sql.Expr, exact bool) node {
	if n := d.rows(e, exact); n != nil {
		return n
	}
	switch x := e.(type) {
	case sql.And:
		return allOf(d.nodes(x, exact))
	case sql.Or:
		return anyOf(d.nodes(x, exact))
	case sql.Call:
		if x.Func == sql.Not && expr.Total(x.Args[0]) {
			inner := d.node(x.Args[0], true)
			return opposite(inner)
		}
		if x.Func == sql.Coalesce && len(x.Args) == 2 && x.Args[1] == sql.Expr(sql.Bool(false)) {
			inner := d.node(x.Args[0], false)
			if decided(inner) {
				return inner
			}
			if _, whole := inner.(rest); !whole {
				return orFalse{inner}
			}
		}
	}
	if b := d.bit(e, exact); b != nil {
		return test{bit: b}
	}
	return rest{e}
}

func (d *decider) nodes(list []sql.Expr, exact bool) []node {
	out := make([]node, len(list))
	for i, e := range list {
		out[i] = d.node(e, exact)
	}
	return out
}

// decided says that nothing is left that could be NULL.
func decided(n node) bool {
	undecided := func(n node) bool { return !decided(n) }
	switch n := n.(type) {
	case test:
		return true
	case noneOf:
		return decided(n.node)
	case allOf:
		return !slices.ContainsFunc(n, undecided)
	case anyOf:
		return !slices.ContainsFunc(n, undecided)
	default:
		return false
	}
}

// bit is the one for a condition that reads the columns of one scan and nothing
// else, nil for others.
func (d *decider) bit(e sql.Expr, exact bool) *Bit {
	if exact && !expr.Total(e) {
		return nil
	}
	var scan *Scan
	alone := true
	sql.Visit(e, func(x sql.Expr) {
		switch x := x.(type) {
		case sql.Column:
			s := d.scans[x.Name]
			alone = alone && x.Table == expr.Row && s != nil && (scan == nil || scan == s)
			scan = s
		case sql.Exists, sql.Scalar, sql.InQuery, sql.Window, sql.Custom:
			alone = false
		}
	})
	if _, bare := e.(sql.Column); scan == nil || !alone || bare {
		return nil
	}
	if !expr.Total(e) {
		e = sql.Fn(sql.Coalesce, e, sql.Bool(false))
	}
	// Two scans share no feature.
	b, isNew := d.shared(expr.Form(e), e)
	if isNew {
		scan.Bits = append(scan.Bits, b)
	}
	return b
}

// shared is the bit that is known by a form, a new one where there is none yet.
func (d *decider) shared(form string, condition sql.Expr) (b *Bit, isNew bool) {
	b = d.bits[form]
	if b == nil {
		b, isNew = &Bit{Condition: condition}, true
		d.bits[form] = b
	}
	if !slices.Contains(b.Segments, d.segment) {
		b.Segments = append(b.Segments, d.segment)
	}
	return b, isNew
}

// opposite is a node that is never NULL, the other way round.
func opposite(n node) node {
	if t, ok := n.(test); ok {
		return test{t.bit, !t.zero}
	}
	return noneOf{n}
}

func (n rest) expr() sql.Expr    { return n.Expr }
func (n noneOf) expr() sql.Expr  { return sql.Fn(sql.Not, n.node.expr()) }
func (n orFalse) expr() sql.Expr { return sql.Fn(sql.Coalesce, n.node.expr(), sql.Bool(false)) }

func (n test) expr() sql.Expr { return allOf{n}.expr() }

// expr asks for all bits of one mask at once.
func (n allOf) expr() sql.Expr {
	asked, others := together(n)
	var out sql.And
	for _, a := range asked {
		out = append(out, sql.Fn(sql.Eq, a.bits(), sql.Int(a.ones)))
	}
	return single(append(out, others...))
}

// expr is true where not all bits of a mask are as they must not be.
func (n anyOf) expr() sql.Expr {
	asked, others := together(n)
	var out sql.Or
	for _, a := range asked {
		out = append(out, sql.Fn(sql.Ne, a.bits(), sql.Int(a.zeros)))
	}
	out = append(out, others...)
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func single(and sql.And) sql.Expr {
	if len(and) == 1 {
		return and[0]
	}
	return and
}

// asked are the bits of one mask that must be set, and that must not.
type asked struct {
	mask        int
	ones, zeros int64
}

func (a asked) bits() sql.Expr {
	return sql.Fn(sql.BitAnd, sql.Col(expr.Row, maskColumn(a.mask)), sql.Int(a.ones|a.zeros))
}

// together gathers the tests among nodes by mask. What is asked twice, or has no
// bit after all, stands beside them.
func together(list []node) (tests []asked, others []sql.Expr) {
	for _, n := range list {
		t, ok := n.(test)
		switch {
		case ok && t.bit.value != 0:
		case ok && t.zero:
			others = append(others, sql.Fn(sql.Not, t.bit.Condition))
			continue
		case ok:
			others = append(others, t.bit.Condition)
			continue
		default:
			others = append(others, n.expr())
			continue
		}
		i := slices.IndexFunc(tests, func(a asked) bool {
			return a.mask == t.bit.mask && (a.ones|a.zeros)&t.bit.value == 0
		})
		if i < 0 {
			i = len(tests)
			tests = append(tests, asked{mask: t.bit.mask})
		}
		if t.zero {
			tests[i].zeros |= t.bit.value
		} else {
			tests[i].ones |= t.bit.value
		}
	}
	return tests, others
}

// maskColumn is the name of a column of bits.
func maskColumn(i int) string { return "bits." + strconv.Itoa(i) }
