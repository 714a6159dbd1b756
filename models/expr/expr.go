package expr

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
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
	// TimeField is the name of a source's time column in expressions. Of members
	// it is when they were last seen to belong to the entity.
	TimeField = "time"
)

// SegmentColumn is the column of Row that holds whether a row is in a segment.
func SegmentColumn(name string) string { return "segment:" + name }

// SinceColumn is the column of Row that holds when the last run saw somebody
// enter a segment who was in it then.
func SinceColumn(name string) string { return "since:" + name }

// Input is what the expressions of one entity may speak of.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's; each is a collection of its name.
	Sources  []*config.Source
	Traits   []*config.Trait
	Segments []*config.Segment
	// Fields are expressions over traits alone.
	Fields []Field
	// Relations are those that start at the entity, and those that lead to it
	// and have a Reverse name.
	Relations []*config.Relation
	// Parameters are the project's; Target says which of their values counts.
	Parameters []*config.Parameter
	Target     string
	// Consents are the entity's.
	Consents []*config.Consent
	// AsOf is what now means.
	AsOf time.Time
	// Zone is that of calendar days where an expression names none; nil is UTC.
	Zone *time.Location
}

// Field is what a sync computes from the traits of a profile, or a test asks of
// them.
type Field struct {
	// Name is unique among them.
	Name  string
	Value string
	Text  strict.Text
	// Test is what an expression of a test is about, such as "a row of orders": it
	// has to be true or false for each. It is empty for a field of a sync.
	Test string
}

// Output is the compiled expressions, each list in an order in which every
// expression comes after those it reads.
type Output struct {
	// Traits are all traits of the entity; picked ones have a nil Expr.
	Traits   []Compiled
	Segments []Compiled
	// Fields read nothing but traits and the entity's id.
	Fields []Compiled
	// Features are the distinct aggregates that the expressions read, in order
	// of Source and Name.
	Features []Feature
	// Correlated are the aggregates that take more than the rows of one
	// collection, in the same order.
	Correlated []Correlated
	// Sequences are the columns of Row that say what follows what, in order of
	// Name.
	Sequences []Sequence
	// Population are the columns of Row that compare an entity with all others,
	// in an order in which each comes after those that it reads. Their Exprs hold
	// windows over all rows.
	Population []Compiled
	// Related are what the expressions read of other entities, in order of
	// Column.
	Related []Related
	// Consents are what people have said, in the order in which the project speaks of
	// their purposes: everything that Row has a KeptColumn for.
	Consents []Consented
}

// Related is a column of Row that holds what is known of the primary entity at
// the other end of a relation. It is NULL where there is none.
type Related struct {
	// Column is "<relation>.<trait>", which is never the name of a trait.
	Column   string
	Relation string
	// Trait is a trait of the other entity, or the name of its id column.
	Trait string
	Type  sql.Type
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
	// Stage is when the columns are there that Expr reads: see Output.Stages.
	Stage int
	// Timed says that the time of the run is in the expression; those that it reads
	// say so for themselves.
	Timed bool
	// Reads are the names of the traits, Segments those of the segments, that
	// Expr reads directly; Features the names of the features, correlated
	// ones among them, and of what Population has, Related the columns of what other entities have. Sorted.
	// Since are the segments of which Expr reads the SinceColumn. Sorted.
	Reads    []string
	Since    []string
	Segments []string
	Features []string
	Related  []string
	// Texts are those that the project writes out and that it can have as its value;
	// others may come from data.
	Texts []models.Text
}

// Feature is one aggregate over the rows of a collection that belong to the
// same entity. It is NULL where there are no rows.
type Feature struct {
	// Name is "<source>.<what>_<hash>": unique, the same for the same
	// aggregate, and never the name of a trait.
	Name string
	// Source is the name of the collection: a source's, or Relation.Reverse.
	Source string
	Type   sql.Type
	// Aggregate is an SQL aggregate over Event, Columns are those of Event that
	// it reads, sorted.
	Aggregate sql.Expr
	Columns   []string
}

// Compile checks and translates the expressions of an entity that reads no
// other: see Unit.Compile.
func Compile(in Input) (*Output, diag.List) { return Parse(in).Compile(nil) }

// Unit is the parsed expressions of one entity.
type Unit struct {
	c                        *compiler
	traits, segments, fields []*expression
}

// Parse reads every computed trait, segment and field, as far as that needs no other
// entity.
func Parse(in Input) *Unit {
	u := &Unit{c: newCompiler(in)}
	u.c.parse(u)
	return u
}

// Reads lists the relations that the expressions read, each with the place of
// its first use, in the order of the Input.
func (u *Unit) Reads() []Use {
	var out []Use
	for _, r := range u.c.in.Relations {
		use := Use{Relation: r, Entity: r.To}
		name := r.Name
		if u.c.leadsHere(r) {
			use.Entity, name = r.From, r.Reverse
		}
		for _, e := range slices.Concat(u.traits, u.segments) {
			if x := e.reads[name]; x != nil {
				use.Span = e.src.name(x)
				out = append(out, use)
				break
			}
		}
	}
	return out
}

// Use is where expressions read a relation.
type Use struct {
	Relation *config.Relation
	// Entity is the other one, whose traits are read.
	Entity string
	Span   diag.Span
}

// Compile checks and translates the expressions. known has the traits of the
// entities at the other ends of the relations, by the entity's name; expressions that
// read one which is not in it are left out, since what is wrong with that one is
// reported already.
//
// It reports every error, at its place in the YAML. The list may hold warnings
// beside an Output; the Output is nil where it holds an error.
func (u *Unit) Compile(known map[string][]Compiled) (*Output, diag.List) {
	out := u.c.run(u, known)
	if u.c.failed {
		return nil, u.c.found
	}
	return out, u.c.found
}
