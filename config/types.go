package config

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Project is everything that a folder of YAML says. Load returns one only
// where it found no error in it.
type Project struct {
	// Dir is the project's folder; relative paths of the project start here.
	Dir string
	// Name is the project's name, an identifier.
	Name string
	// Timezone is the zone of calendar functions; UTC where none is given.
	Timezone *time.Location
	// Targets are in the order of the file; the first is the default.
	Targets      []*Target
	Entities     []*Entity
	Sources      []*Source
	Traits       []*Trait
	Segments     []*Segment
	Destinations []*Destination
	Syncs        []*Sync
	// Warnings are the findings that do not make the project invalid.
	Warnings diag.List
}

// Target is one warehouse: an environment.
type Target struct {
	Name string
	// Type is a kind known to the composition root, such as "duckdb".
	Type string
	// Deliver says whether syncs may send from this target. Without it they
	// are compared and counted, nothing leaves.
	Deliver bool
	// Schema is where our tables live; "customhouse" where none is given.
	Schema string
	// Config is the value that Kinds.Targets made for Type, filled in.
	Config any
	Pos    strict.Node
}

// Entity is a kind of thing that identity resolves: a customer, an account.
type Entity struct {
	Name        string       `yaml:"name"`
	Description string       `yaml:"description"`
	Identifiers []Identifier `yaml:"identifiers"` // strongest first
	Tags        []string     `yaml:"tags"`
	Pos         strict.Node  `yaml:"-"`
}

// Identifier is a type of identifier, such as an e-mail address.
type Identifier struct {
	Name string `yaml:"name"`
	// Normalize names how values are made comparable; "" leaves them as they
	// are. See Normalizers.
	Normalize string `yaml:"normalize"`
	// Region is the ISO 3166 region that a national phone number is read in.
	Region string `yaml:"region"`
	// Limit is how many different values one customer may have; 0 is no limit.
	Limit int `yaml:"limit"`
	// Ignore lists values that identify nobody, after normalisation; * stands
	// for any text.
	Ignore []string    `yaml:"ignore"`
	Pos    strict.Node `yaml:"-"`
}

// Normalizers are the values of Identifier.Normalize.
var Normalizers = []string{"email", "phone", "domain", "lower", "trim", "digits", "integer"}

// Source is a table, or a set of files, of the user's.
type Source struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Exactly one of Table and Files is given. Table is a dotted name.
	Table string `yaml:"table"`
	Files *Files `yaml:"files"`
	// Entity is whom the rows are about.
	Entity string `yaml:"entity"`
	// Events marks a table of things that happened: each row once, at Time.
	Events bool `yaml:"events"`
	// Identifiers maps identifier types of the entity to columns.
	Identifiers strict.Ordered[string] `yaml:"identifiers"`
	// Time is the column that says when the row was true or happened.
	Time string `yaml:"time"`
	// Columns maps the names that expressions use to types; a column of the
	// same name is read unless its long form says which.
	Columns strict.Ordered[Column] `yaml:"columns"`
	Tags    []string               `yaml:"tags"`
	Pos     strict.Node            `yaml:"-"`
}

// Files reads a source from files, where the warehouse can.
type Files struct {
	// Path is a path or glob, relative to the project.
	Path secret.Template `yaml:"path"`
	// Format is csv, json (newline-delimited or an array) or parquet; by the
	// path's ending where none is given. Gzip is recognised by ".gz".
	Format string `yaml:"format"`
	// Delimiter separates CSV fields; "," where none is given.
	Delimiter string `yaml:"delimiter"`
}

// Column is a declared column of a source: `amount: decimal`, or
// `amount: {type: decimal, column: "Unit Price"}`.
type Column struct {
	Type   string      `yaml:"type"`
	Column string      `yaml:"column"`
	Pos    strict.Node `yaml:"-"`
}

// ColumnTypes are the values of Column.Type. A decimal is exact in the
// warehouse and a double in expressions.
var ColumnTypes = []string{"string", "int", "float", "decimal", "bool", "timestamp", "date"}

// Trait is one thing to know of each entity: picked from sources (Pick, From)
// or computed by an expression (Value).
type Trait struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Entity      string `yaml:"entity"`
	// Pick is whose word counts: see Picks.
	Pick string `yaml:"pick"`
	// From are "source.column" references; a single one may stand alone.
	From strict.OneOrMany `yaml:"from"`
	// Value is a CEL expression.
	Value string `yaml:"value"`
	// History keeps earlier values in <entity>_profile_history.
	History bool        `yaml:"history"`
	Tags    []string    `yaml:"tags"`
	Pos     strict.Node `yaml:"-"`
}

// Picks are the values of Trait.Pick: the value with the latest or earliest
// time, the first source of From that has one, the smallest or largest.
var Picks = []string{"latest", "earliest", "priority", "min", "max"}

// Segment is a group of entities.
type Segment struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Entity      string `yaml:"entity"`
	// When is a CEL expression of type bool.
	When string      `yaml:"when"`
	Tags []string    `yaml:"tags"`
	Pos  strict.Node `yaml:"-"`
}

// Destination is a place that syncs deliver to.
type Destination struct {
	Name string
	// Type is a kind known to the composition root, such as "webhook".
	Type string
	// Config is the value that Kinds.Destinations made for Type, filled in.
	Config any
	Pos    strict.Node
}

// Sync keeps a destination as the warehouse says it should be.
type Sync struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	From        From   `yaml:"from"`
	To          To     `yaml:"to"`
	// Fields maps the destination's field names to traits (or the entity's id
	// column). The order is the destination's.
	Fields strict.Ordered[string] `yaml:"fields"`
	// Purpose says why the data may leave.
	Purpose string `yaml:"purpose"`
	// Schedule is a five-field cron line or "@every 1h"; empty means that only
	// a run sends.
	Schedule string      `yaml:"schedule"`
	Guards   Guards      `yaml:"guards"`
	Tags     []string    `yaml:"tags"`
	Pos      strict.Node `yaml:"-"`
}

// From says which rows a sync wants at the destination: the members of a
// segment, or every entity.
type From struct {
	Segment string `yaml:"segment"`
	Entity  string `yaml:"entity"`
}

// To says where and how.
type To struct {
	Destination string `yaml:"destination"`
	// Object is the destination's word for what it keeps: contacts, a list.
	Object string `yaml:"object"`
	// Mode is one of Modes.
	Mode string `yaml:"mode"`
	// Key is the destination field, one of Fields, that identifies a row there.
	Key string `yaml:"key"`
}

// Modes are the values of To.Mode. upsert sends new and changed rows; mirror
// also removes those that left.
var Modes = []string{"upsert", "mirror"}

// Guards stop a sync before it does harm.
type Guards struct {
	// MaxRemoved bounds removals: of the rows known to be at the destination.
	MaxRemoved *Bound `yaml:"max_removed"`
	// MaxRejected bounds rejections: of the operations attempted.
	MaxRejected *Bound `yaml:"max_rejected"`
}

// Bound is a share ("10%") or a number of rows (100).
type Bound struct {
	// Percent is used where IsPercent is set, 0 to 100.
	Percent   float64
	Rows      int64
	IsPercent bool
}
