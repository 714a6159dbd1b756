package profile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Pass is how what the expressions of an entity ask of its sources is computed:
// which scan aggregates what, which conditions of segments are decided in a scan
// already, and what the wide table carries.
//
//   - A condition that some row meets or none (did, did not, first or last before a
//     time) is a bit that rows set: all of a source are one aggregate.
//   - Aggregates that all want one value of a column, such as the name of the
//     event, get a scan of the rows that have it: each row then meets the few
//     that are about it instead of all of them.
//   - A condition about the aggregates of one scan is decided there and leaves it
//     as a bit too. What is joined is a few integers, not hundreds of columns.
type Pass struct {
	// Scans are in order of source; of one source that of days comes first, then
	// that of all rows.
	Scans []*Scan
	// Segments are the entity's, with conditions over the wide table.
	Segments []expr.Compiled
	// Known are the conditions about traits alone that several segments ask for.
	Known []*Bit
	// masks is how many columns of bits there are; scans fill the first of them.
	masks, scanned int
}

// Scan is one grouped pass over the rows of a source.
type Scan struct {
	Source *config.Source
	// Column and Value are what the scan wants of a row; a scan of all rows has
	// neither.
	Column, Value string
	// Features are what it computes. Carried are the names of those that the wide
	// table has, because a trait or a condition about several scans reads them.
	Features []expr.Feature
	Carried  []string
	// Rows are the conditions that single rows decide, Bits those that its
	// features do.
	Rows, Bits []*Bit
	// picks are the aggregates of picked traits.
	picks []sql.Item
	// number tells the scans of a source apart; 0 is that of all rows.
	number int
	// kept says that it is put together from aggregates of days, which are kept
	// from run to run: see days.
	kept bool
}

// Bit is a condition that is decided once for all segments that ask for it.
type Bit struct {
	// Condition is over the features of a scan or over traits, as columns of
	// expr.Row, and never NULL; for a bit that rows set it is over expr.Event.
	Condition sql.Expr
	// Segments are the names of those that ask for it.
	Segments []string
	// mask is the column of bits and value the bit in it; a value of 0 says that
	// it has none, and the condition stands for itself.
	mask  int
	value int64
}

// bitsPerMask leaves the sign of a 64-bit integer alone.
const bitsPerMask = 62

// A value gets a scan of its own where so many aggregates want it, and at most
// so many values do: each scan reads the column again.
const (
	worthAScan = 3
	mostScans  = 32
)

// NewPass plans the scans of an entity.
func NewPass(in Input) *Pass {
	p := &Pass{}
	d := newDecider(in)
	// What rows decide needs no feature; the others are dealt out to scans.
	needed := map[string]bool{}
	for _, s := range in.Expr.Segments {
		for _, c := range columnsOf(d.decide(s).expr()) {
			needed[c] = true
		}
	}
	carried := map[string]bool{}
	for _, x := range slices.Concat(in.Expr.Traits, in.Expr.Population) {
		for _, f := range x.Features {
			needed[f], carried[f] = true, true
		}
	}
	for _, x := range in.Expr.Consents {
		if in.Look {
			break // What people said is not written down.
		}
		for _, f := range x.Features {
			needed[f], carried[f] = true, true
		}
	}
	for _, f := range in.Expr.Correlated {
		for _, column := range f.Row {
			needed[column], carried[column] = true, true
		}
	}
	for _, q := range in.Expr.Sequences {
		for _, column := range q.Row {
			needed[column], carried[column] = true, true
		}
	}
	picks := in.picks()
	for _, s := range in.Sources {
		whole := d.whole[s.Name]
		var features []expr.Feature
		for _, f := range in.Expr.Features {
			if f.Source == s.Name && (needed[f.Name] || in.Whole) {
				features = append(features, f)
			}
		}
		for _, t := range in.Traits {
			for _, pick := range picks[t.Name] {
				if pick.source == s {
					whole.picks = append(whole.picks, pick.aggregates(t.Pick)...)
				}
			}
		}
		if kept := in.keptScan(whole, &features); kept != nil {
			p.Scans = append(p.Scans, kept)
		}
		rest, parts := split(s, features)
		whole.Features = rest
		if len(rest)+len(whole.picks)+len(whole.Rows) > 0 {
			p.Scans = append(p.Scans, whole)
		}
		p.Scans = append(p.Scans, parts...)
	}
	wide := &Scan{}
	if !in.Whole {
		d.know(in, p.Scans, wide)
	}
	nodes := make([]node, len(in.Expr.Segments))
	for i, s := range in.Expr.Segments {
		nodes[i] = d.decide(s)
	}
	for _, b := range wide.Bits {
		if len(b.Segments) > 1 {
			p.Known = append(p.Known, b)
		}
	}
	p.place()
	mask := map[string]bool{}
	for i := range p.masks {
		mask[maskColumn(i)] = true
	}
	for i, s := range in.Expr.Segments {
		features := s.Features
		s.Expr, s.Features = nodes[i].expr(), nil
		for _, name := range columnsOf(s.Expr) {
			if mask[name] || slices.Contains(features, name) {
				s.Features = append(s.Features, name)
				carried[name] = true
			}
		}
		p.Segments = append(p.Segments, s)
	}
	for _, s := range p.Scans {
		for _, f := range s.Features {
			if in.Whole || carried[f.Name] {
				s.Carried = append(s.Carried, f.Name)
			}
		}
	}
	return p
}

// keptScan takes what can be put together from aggregates of days out of the
// scan of all rows and out of features, nil where that is nothing.
func (in Input) keptScan(whole *Scan, features *[]expr.Feature) *Scan {
	if in.Whole || in.Look || grows(whole.Source) != "" {
		return nil
	}
	out := &Scan{Source: whole.Source, kept: true}
	*features = slices.DeleteFunc(*features, func(f expr.Feature) bool {
		if keepable(f.Aggregate) != "" {
			return false
		}
		out.Features = append(out.Features, f)
		return true
	})
	whole.Rows = slices.DeleteFunc(whole.Rows, func(b *Bit) bool {
		if _, _, why := windowed(terms(b.Condition)); why != "" {
			return false
		}
		out.Rows = append(out.Rows, b)
		return true
	})
	slices.SortStableFunc(out.Rows, keptOrder)
	if len(out.Features)+len(out.Rows) == 0 {
		return nil
	}
	return out
}

// place gives each bit its mask, those of a scan side by side.
func (p *Pass) place() {
	n := 0
	place := func(list []*Bit) {
		for _, b := range list {
			b.mask, b.value = n/bitsPerMask, 1<<(n%bitsPerMask)
			n++
		}
	}
	for _, s := range p.Scans {
		if s.kept {
			// What is kept must not depend on the bits of others.
			n = (n + bitsPerMask - 1) / bitsPerMask * bitsPerMask
		}
		place(s.Rows)
		place(s.Bits)
	}
	// What is known apart: it is computed later.
	n = (n + bitsPerMask - 1) / bitsPerMask * bitsPerMask
	p.scanned = n / bitsPerMask
	place(p.Known)
	p.masks = (n + bitsPerMask - 1) / bitsPerMask
}

// split finds the column that most features want a value of, and gives each
// value that is worth it a scan. rest is what needs all rows.
func split(s *config.Source, features []expr.Feature) (rest []expr.Feature, scans []*Scan) {
	aggregates := make([]sql.Expr, len(features))
	for i, f := range features {
		aggregates[i] = f.Aggregate
	}
	column := mostWanted(s, aggregates)
	byValue := map[string]*Scan{}
	var values []string
	narrowed := make([]string, len(features)) // the value, where a feature has one
	for i, f := range features {
		w, ok := wantOn(column, f.Aggregate)
		if !ok {
			continue
		}
		narrowed[i] = w.value
		if byValue[w.value] == nil {
			byValue[w.value] = &Scan{Source: s, Column: column, Value: w.value}
			values = append(values, w.value)
		}
		f.Aggregate = w.narrow(f.Aggregate)
		byValue[w.value].Features = append(byValue[w.value].Features, f)
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(len(byValue[b].Features)-len(byValue[a].Features), cmp.Compare(a, b))
	})
	own := map[string]bool{}
	for _, v := range values[:min(len(values), mostScans)] {
		if scan := byValue[v]; len(scan.Features) >= worthAScan {
			own[v] = true
			scan.number = len(scans) + 1
			scans = append(scans, scan)
		}
	}
	for i, f := range features {
		if !own[narrowed[i]] {
			rest = append(rest, f)
		}
	}
	return rest, scans
}

// want is a value of a column that rows must have to touch an aggregate or to
// set a bit.
type want struct{ column, value string }

// mostWanted is the column of a source that most of the expressions want a value
// of, "" where none does.
func mostWanted(s *config.Source, list []sql.Expr) string {
	wanted := map[string]int{}
	for _, e := range list {
		for _, w := range wants(e) {
			wanted[w.column]++
		}
	}
	column := ""
	for _, c := range s.Columns {
		if wanted[c.Key] > wanted[column] {
			column = c.Key
		}
	}
	return column
}

// wantOn is the value of a column that an expression wants.
func wantOn(column string, e sql.Expr) (want, bool) {
	list := wants(e)
	if i := slices.IndexFunc(list, func(w want) bool { return w.column == column }); i >= 0 {
		return list[i], true
	}
	return want{}, false
}

// skipping are the aggregates that a row does not touch which gives them NULL, or
// false in the case of BoolOr.
var skipping = map[sql.Func]bool{
	sql.Count: true, sql.CountDistinct: true, sql.Sum: true, sql.SumExact: true, sql.SumFloat: true,
	sql.Min: true, sql.Max: true, sql.BoolOr: true, sql.BoolAnd: true, sql.Mode: true,
	sql.ArgMax: true, sql.ArgMin: true, sql.ArgMaxRow: true, sql.ArgMinRow: true,
}

// wants lists the wants of a condition on a row, or of an expression over
// aggregates, all of which share each. It is empty where a row that is not of that
// value could matter.
func wants(e sql.Expr) []want {
	if and, ok := e.(sql.And); ok {
		return wantsOf(and)
	}
	var out []want
	found, sound := false, true
	sql.Rewrite(e, func(x sql.Expr) (sql.Expr, bool) {
		switch x := x.(type) {
		case sql.Call:
			if !skipping[x.Func] {
				return nil, false
			}
			for _, arg := range x.Args {
				list := wantsOf(condition(x.Func, arg))
				if found {
					list = slices.DeleteFunc(list, func(w want) bool { return !slices.Contains(out, w) })
				}
				out, found = list, true
			}
			return x, true
		case sql.Bool, sql.Int, sql.Float, sql.String, sql.Timestamp, sql.Null, sql.Cast, sql.And, sql.Or:
			return nil, false
		case sql.Case:
			return nil, false
		default: // a column or a query outside of an aggregate
			sound = false
			return x, true
		}
	})
	if !sound {
		return nil
	}
	return out
}

// condition is what a row must meet to touch an aggregate with this argument,
// nil where all do.
func condition(f sql.Func, arg sql.Expr) sql.Expr {
	if f == sql.BoolOr {
		return arg
	}
	if c, ok := arg.(sql.Case); ok && len(c.Whens) == 1 && c.Else == nil {
		return c.Whens[0].If
	}
	return nil
}

func terms(cond sql.Expr) []sql.Expr {
	if and, ok := cond.(sql.And); ok {
		return and
	}
	return []sql.Expr{cond}
}

func wantsOf(cond sql.Expr) []want {
	var out []want
	for _, t := range terms(cond) {
		if w, ok := asWant(t); ok {
			out = append(out, w)
		}
	}
	return out
}

// asWant reads a comparison of a column with a text.
func asWant(e sql.Expr) (want, bool) {
	c, ok := e.(sql.Call)
	if !ok || c.Func != sql.Eq {
		return want{}, false
	}
	for i := range 2 {
		column, isColumn := c.Args[i].(sql.Column)
		text, isText := c.Args[1-i].(sql.String)
		if isColumn && isText && column.Table == expr.Event && text != "" {
			return want{column.Name, string(text)}, true
		}
	}
	return want{}, false
}

// narrow is an expression over aggregates for rows that all have the value.
func (w want) narrow(e sql.Expr) sql.Expr {
	return sql.Rewrite(e, func(x sql.Expr) (sql.Expr, bool) {
		call, ok := x.(sql.Call)
		if !ok || !skipping[call.Func] {
			return nil, false
		}
		out := sql.Call{Func: call.Func, Of: call.Of}
		for _, arg := range call.Args {
			left := w.without(condition(call.Func, arg))
			switch {
			case call.Func == sql.BoolOr:
				arg = left
			case len(left) == 0:
				arg = arg.(sql.Case).Whens[0].Then //nolint:errcheck,forcetypeassert // condition has looked
			default:
				arg = sql.If(left, arg.(sql.Case).Whens[0].Then, nil) //nolint:errcheck,forcetypeassert // as above
			}
			out.Args = append(out.Args, arg)
		}
		return out, true
	})
}

func (w want) without(cond sql.Expr) sql.And {
	return slices.DeleteFunc(slices.Clone(sql.And(terms(cond))), func(t sql.Expr) bool {
		other, ok := asWant(t)
		return ok && other == w
	})
}

// columnsOf lists the columns of expr.Row that an expression reads, each once.
func columnsOf(e sql.Expr) []string {
	var out []string
	sql.Visit(e, func(x sql.Expr) {
		if c, ok := x.(sql.Column); ok && c.Table == expr.Row && !slices.Contains(out, c.Name) {
			out = append(out, c.Name)
		}
	})
	return out
}

// table is where a scan leaves its result.
func (s *Scan) table() sql.Table {
	if s.number == 0 && !s.kept {
		return featuresTable(s.Source)
	}
	return sql.Table{Space: sql.Work, Name: fmt.Sprintf("features_%d_of_%s", s.number, s.Source.Name)}
}

// alias is that of its result in the wide table.
func (s *Scan) alias() string {
	if s.number == 0 && !s.kept {
		return alias(s.Source.Name)
	}
	return fmt.Sprintf("f%d_%s", s.number, s.Source.Name)
}
