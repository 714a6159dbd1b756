package expr

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/sql"
)

// The aliases that compiled expressions read from.
const (
	// Row is the alias of the relation that holds the entity's traits, the
	// features (by Feature.Name) and the segments (by SegmentColumn).
	Row = "p"
	// Event is the alias of a collection's rows inside Feature.Aggregate. Its
	// columns are the source's declared columns and TimeField.
	Event = "e"
	// TimeField is the name of a source's time column in expressions.
	TimeField = "time"
)

// SegmentColumn is the column of Row that holds whether a row is in a segment.
func SegmentColumn(name string) string { return "segment:" + name }

// Input is what the expressions of one entity may speak of.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's; each is a collection of its name.
	Sources  []*config.Source
	Traits   []*config.Trait
	Segments []*config.Segment
	// AsOf is what now means.
	AsOf time.Time
}

// Output is the compiled expressions, each list in an order in which every
// expression comes after those it reads.
type Output struct {
	// Traits are all traits of the entity; picked ones have a nil Expr.
	Traits   []Compiled
	Segments []Compiled
	// Features are the distinct aggregates that the expressions read, in order
	// of Source and Name.
	Features []Feature
}

// Compiled is one expression as SQL over Row.
type Compiled struct {
	Name string
	// Type and Nullable describe a trait. A segment's Expr is never NULL.
	Type     sql.Type
	Nullable bool
	Expr     sql.Expr
	// Level is 0 where Expr reads only features and picked traits, else one
	// more than the greatest level that it reads (segments count apart from
	// traits, which are all there before).
	Level int
	// Reads are the names of the traits, Segments those of the segments, that
	// Expr reads directly; Features the names of the features. Sorted.
	Reads    []string
	Segments []string
	Features []string
}

// Feature is one aggregate over the rows of a collection that belong to the
// same entity. It is NULL where there are no rows.
type Feature struct {
	// Name is "<source>.<what>_<hash>": unique, the same for the same
	// aggregate, and never the name of a trait.
	Name   string
	Source string
	Type   sql.Type
	// Aggregate is an SQL aggregate over Event.
	Aggregate sql.Expr
}

// Compile checks and translates every computed trait and segment. It reports
// every error, at its place in the YAML. The list may hold warnings beside an
// Output; the Output is nil where it holds an error.
func Compile(in Input) (*Output, diag.List) {
	c := newCompiler(in)
	out := c.run()
	if c.failed {
		return nil, c.found
	}
	return out, c.found
}
