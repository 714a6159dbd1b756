package config

import (
	"math"
	"strconv"
	"strings"
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
	// Description says what the project is, for readers.
	Description string
	// Owner answers for what names no other: Load fills it in there.
	Owner string
	// Timezone is the zone of schedules, of dates on the command line and of the
	// calendar days in expressions that name no other; UTC where none is given.
	Timezone *time.Location
	Keep     Keep
	// Retention is how long what is read counts, by its class.
	Retention Retention
	// Volume is what segments go by that say nothing of their own, filled in.
	Volume Volume
	// Targets are in the order of the file; the first is the default.
	Targets   []*Target
	Entities  []*Entity
	Sources   []*Source
	Relations []*Relation
	Traits    []*Trait
	Segments  []*Segment
	// Parameters are constants that expressions of every entity know.
	Parameters   []*Parameter
	Consents     []*Consent
	Purposes     []*Purpose
	Exceptions   []*Exception
	Priorities   []*Priority
	Pressures    []*Pressure
	Destinations []*Destination
	Syncs        []*Sync
	// Schedules are those of schedules; Timetable lists those that stand on
	// segments and syncs too.
	Schedules []*Schedule
	Tests     []*Test
	// DBT is the dbt project that sources come from, nil for none.
	DBT    *DBT
	Alerts []*Alert
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
	// State is where the state of deliveries is kept: a path that starts at the
	// project, or the address of a PostgreSQL database; absent for the default.
	State secret.Template
	// PrivacyKey is the key of the digests of those who were erased; the state's own
	// where none is given.
	PrivacyKey secret.Ref
	// Config is the value that Kinds.Targets made for Type, filled in.
	Config any
	// From says where dbt has the target, for people; empty for one of our own.
	From string
	// Found is what was found of a target in dbt's profiles. Another target can be
	// used whatever it says, as in dbt; with an error in it there is no Config, and
	// perhaps no Type.
	Found diag.List
	Pos   strict.Node

	key diag.Span // where the name is written
}

// Entity is a kind of thing that identity resolves: a customer, an account.
type Entity struct {
	Name        string       `yaml:"name,required" doc:"Name of the entity, such as customer. Its tables start with it."`
	Description string       `yaml:"description,blank" doc:"What the entity is, for readers."`
	Owner       string       `yaml:"owner" doc:"Who answers for the entity: a person or a team, a name or an e-mail address; the project's where none is given."`
	Identifiers []Identifier `yaml:"identifiers,required" doc:"Types of identifier, strongest first."`
	// MaxLost bounds how many of the identifiers that the last run knew may be in
	// no source any more: an empty source is more often a failed load than the
	// end of all its customers. Half of them, from a thousand on, where none is
	// given.
	MaxLost *Bound `yaml:"max_lost" doc:"How many known identifiers may vanish from the sources at once, as a number or a share; 50% where none is given. More fails the run before anything changes."`
	// AlwaysLink and NeverLink are decisions of people about two identifiers,
	// whatever the rows say and the limits allow.
	AlwaysLink []Pair `yaml:"always_link" doc:"Pairs of identifiers that are the same entity, whatever the data says."`
	NeverLink  []Pair `yaml:"never_link" doc:"Pairs of identifiers that are never the same entity."`
	// SuspectSize is how many identifiers one entity may have before it is
	// suspicious. Load fills in 50 where none is given.
	SuspectSize int `yaml:"suspect_size" doc:"An entity with more identifiers than this is listed as suspicious; 50 where none is given."`
	// Exclude are segments whose members no sync sends.
	Exclude strict.OneOrMany `yaml:"exclude" doc:"Segments whose members no sync sends, such as those who asked to be left alone."`
	// Hold keeps suspicious entities out of syncs: what a destination knows of
	// them stays as it is.
	Hold bool `yaml:"hold" doc:"Whether syncs leave suspicious entities as they are until somebody has looked at them."`
	// Expire forgets entities that were never known by more than weak
	// identifiers; nil never does. Load fills it in where there are anonymous
	// identifiers.
	Expire *Expire `yaml:"expire" doc:"When to forget entities that are known by weak identifiers alone."`
	// Retention is how long after they were last seen entities are kept; 0 is for
	// ever.
	Retention Duration    `yaml:"retention" doc:"How long after they were last seen entities are kept, such as 156 weeks; for ever where none is given. Who was sent to a destination is erased there too."`
	Tags      []string    `yaml:"tags" doc:"Words to select by."`
	Pos       strict.Node `yaml:"-"`
}

// Pair is a decision about two identifiers, made by a person and kept in Git.
type Pair struct {
	A       Reference   `yaml:"a,required" doc:"One identifier, written as type=value, such as email=jo@example.com."`
	B       Reference   `yaml:"b,required" doc:"The other identifier, written as type=value."`
	Because string      `yaml:"because,required" doc:"Why, for those who read it later."`
	Pos     strict.Node `yaml:"-"`
}

// Reference names one identifier: "email=jo@example.com". The value is as a
// person types it, before normalisation.
type Reference struct{ Type, Value string }

// UnmarshalStrict reads type=value.
func (r *Reference) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	const want, help = "an identifier", "write type=value, such as email=jo@example.com"
	if !n.IsString() {
		n.Wrong(report, want, help)
		return
	}
	var text string
	if !n.Decode(report, &text) {
		return
	}
	kind, value, found := strings.Cut(text, "=")
	if !found || kind == "" || value == "" {
		report(diag.Errorf(n.Span(), strict.CodeType, "%q is not an identifier", text).WithHelp(help))
		return
	}
	*r = Reference{Type: kind, Value: value}
}

// Expire forgets entities that are known by weak identifiers alone, such as
// the cookies of visitors who never said who they are.
type Expire struct {
	KnownOnlyBy []string `yaml:"known_only_by,required" doc:"Identifier types; an entity that has any other is kept."`
	After       Duration `yaml:"after,required" doc:"How long after they were last seen, such as 180 days."`
}

// Duration is a length of time written in words: "90 minutes", "12 hours",
// "3 days", "2 weeks".
type Duration time.Duration

// units are the words of a Duration.
var units = map[string]time.Duration{
	"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// maxDuration keeps an instant minus a Duration a date that warehouses know.
const maxDuration = 100 * 365 * 24 * time.Hour

// UnmarshalStrict reads a number and a unit.
func (d *Duration) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	const want, help = "a length of time", "write for example 12 hours, 3 days or 2 weeks"
	if !n.IsString() {
		n.Wrong(report, want, help)
		return
	}
	number, unit, _ := strings.Cut(strings.TrimSpace(n.Text().Value), " ")
	count, err := strconv.Atoi(number)
	length, known := units[strings.TrimSuffix(strings.TrimSpace(unit), "s")]
	switch {
	case err != nil || !known:
		report(diag.Errorf(n.Span(), strict.CodeType, "%q is not a length of time", n.Text().Value).WithHelp(help))
	case count < 0 || time.Duration(count) > maxDuration/length:
		report(diag.Errorf(n.Span(), codeRange, "a length of time is between 0 and 100 years").WithHelp(help))
	default:
		*d = Duration(time.Duration(count) * length)
	}
}

// Identifier is a type of identifier, such as an e-mail address.
type Identifier struct {
	Name string `yaml:"name,required" doc:"Name of the identifier type, such as email."`
	// Normalize names how values are made comparable; "" leaves them as they
	// are. See Normalizer.
	Normalize Normalizer `yaml:"normalize" doc:"How values are made comparable. Without it they are compared as they are. A mapping from types of warehouse to SQL is a normalizer of your own."`
	// Custom are the expressions of a CustomNormalizer by the type of target, in
	// the file's order. Load fills them in and holds them to have one for each
	// target of the project. In each ValuePlaceholder stands for the trimmed
	// text; the result is text, or NULL where the value is no identifier.
	Custom strict.Ordered[string] `yaml:"-"`
	// Region is the ISO 3166 region that a national phone number is read in.
	Region string `yaml:"region" doc:"Region (two letters, such as FR) in which a phone number without a country code is read."`
	// Limit is how many different values one customer may have; 0 is no limit.
	Limit int `yaml:"limit" doc:"How many different values one entity may have. No limit where none is given."`
	// SharedBy is with how many identifiers of one stronger type a value may be
	// seen before it is quarantined as shared; 0 takes the Limit of that type,
	// and DefaultSharedBy at least.
	SharedBy int `yaml:"shared_by" doc:"With how many identifiers of one stronger type a value may be seen before it counts as shared and identifies nobody; the limit of that type where none is given, and 10 at least."`
	// Suspect is how many values one entity may have before it is suspicious; 0
	// is any number.
	Suspect int `yaml:"suspect" doc:"An entity with more values than this is listed as suspicious."`
	// Ignore lists values that identify nobody, after normalisation; * stands
	// for any text, FreeMail for all domains at which anybody can have an
	// address.
	// Anonymous says that who is known by nothing else is nobody in particular. Load
	// fills in whether the name is one of AnonymousNames where nothing is said.
	Anonymous *bool `yaml:"anonymous" json:",omitempty" doc:"Whether it tells devices apart and nobody in particular: who is known by nothing else is forgotten after 90 days. true for cookie, anonymous_id and the like where nothing is said."`
	// Class is that of the values, "" where the sources say it.
	Class  Class       `yaml:"class" json:",omitempty" doc:"How its values are to be protected; as the source says where none is given."`
	Ignore []string    `yaml:"ignore" doc:"Values that identify nobody, after normalisation. * stands for any text. free_mail stands for the domains of free e-mail providers, for domain and email."`
	Pos    strict.Node `yaml:"-"`
}

// DefaultSharedBy is the least that Identifier.SharedBy stands for where none
// is given.
const DefaultSharedBy = 10

// FreeMail is the entry of Identifier.Ignore that stands for the domains of
// free e-mail providers and, where the identifier is an address, for the
// addresses at them.
const FreeMail = "free_mail"

// Normalizer is how values are made comparable: one of Normalizers,
// CustomNormalizer, or "".
type Normalizer string

// Normalizers are those that have a name in YAML.
var Normalizers = []string{"email", "phone", "domain", "lower", "trim", "digits", "integer"}

// CustomNormalizer is the one that the project spells in SQL: Identifier.Custom
// has it.
const CustomNormalizer Normalizer = "custom"

// ValuePlaceholder is what stands for the value in Identifier.Custom.
const ValuePlaceholder = "{value}"

// UnmarshalStrict reads a name, or sees that there is a mapping, which Load
// reads into Identifier.Custom.
func (z *Normalizer) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	switch n.Kind() {
	case strict.Mapping:
		*z = CustomNormalizer
	case strict.List:
		n.Wrong(report, "a name, or a mapping from types of warehouse to SQL,",
			"write for example email, or {duckdb: 'upper("+ValuePlaceholder+")'}")
	case strict.Absent, strict.Null, strict.Scalar:
		n.Decode(report, (*string)(z))
	}
}

// Source is a table, or a set of files, of the user's.
type Source struct {
	Name        string `yaml:"name,required" doc:"Name of the source. Expressions call its rows by it."`
	Description string `yaml:"description,blank" doc:"What the source is, for readers."`
	Owner       string `yaml:"owner" doc:"Who answers for the source: a person or a team, a name or an e-mail address; the project's where none is given."`
	// Exactly one of Table, Files and Ref is given. Table is a dotted name; Load fills
	// it in for a Ref.
	Table string `yaml:"table" doc:"Table to read: table, schema.table or database.schema.table. Either table, files or ref is given."`
	// Ref is a model of dbt, and DBT how dbt's own models refer to it, which Load fills
	// in.
	Ref   string `yaml:"ref" doc:"Model, seed or snapshot of dbt to read, by its name, or source('name', 'table'). The columns that dbt knows the types of need not be declared."`
	DBT   string `yaml:"-"`
	Files *Files `yaml:"files" doc:"Files to read, where the warehouse can. Either table or files is given."`
	// Entity is whom the rows are about.
	Entity string `yaml:"entity,required" doc:"Entity that the rows are about."`
	// Events marks a table of things that happened: each row once, at Time.
	Events bool `yaml:"events" doc:"Whether each row is something that happened at one time, and not the state of something."`
	// Identifiers maps identifier types of the entity to columns.
	Identifiers strict.Ordered[string] `yaml:"identifiers,required" doc:"Identifier types of the entity, each with the column that holds it."`
	// Time is the column that says when the row was true or happened.
	Time string `yaml:"time" doc:"Column that says when the row was true or happened."`
	// Changes is how identity finds what is new in the source: see Changes. Load
	// fills in "compare" where none is given.
	Changes string `yaml:"changes" doc:"How what is new is found. compare reads all rows and finds every change; append reads the rows since the last run, of a table that only grows; update reads the rows whose time is since the last run, each replacing the row of the same key. compare where none is given."`
	// LookBack is how far before the last run's newest row append and update
	// read again, for rows that arrive late.
	LookBack Duration `yaml:"look_back" doc:"How late a row may arrive, such as 3 days: append and update read that much again."`
	// ByDay keeps what days of the source can be summed up to, of append alone.
	ByDay bool `yaml:"by_day" doc:"Whether aggregates are kept by day, so that a run reads new rows alone; for changes: append. It costs more the first time, and pays where reading the source is dear."`
	// Key is the column that identifies a row, for update.
	Key string `yaml:"key" doc:"Column that identifies a row; update needs it."`
	// Columns maps the names that expressions use to types; a column of the
	// same name is read unless its long form says which.
	Columns strict.Ordered[Column] `yaml:"columns" doc:"Columns that traits and segments may use, each with its type."`
	// Class is that of the rows, and of the columns that say nothing.
	Class Class `yaml:"class" doc:"How the rows, and the columns that say nothing of their own, are to be protected; sensitive where none is given."`
	// Retention is how long after its time a row counts; 0 is for ever. Load fills in
	// that of the class of the rows where it is shorter.
	Retention Duration `yaml:"retention" doc:"How long after its time a row counts, such as 104 weeks; as the project says for the class of the rows where that is shorter, and for ever where neither says. A row without a time does not count then."`
	// Erase lets statements of ours delete rows of the table.
	Erase bool        `yaml:"erase" doc:"Whether rows of a person who is to be erased may be deleted from this table by Customhouse. Without it the statements are listed for somebody to run."`
	Tags  []string    `yaml:"tags" doc:"Words to select by."`
	Pos   strict.Node `yaml:"-"`
}

// Changes are the values of Source.Changes. compare finds every change, and
// reads everything to do so. append trusts that rows are only ever added, each
// with a time near that of its arrival. update trusts that a row which changes
// gets a new time. Neither of the two notices a row that is deleted before a
// run looks: run --full-refresh does.
var Changes = []string{"compare", "append", "update"}

// Files reads a source from files, where the warehouse can.
type Files struct {
	// Path is a path or glob, relative to the project.
	Path secret.Template `yaml:"path,required" doc:"Path or glob, relative to the project. It may hold references such as ${env:DATA}."`
	// Format is one of FileFormats. Load fills it in from the path's ending
	// where none is given. Gzip is recognised by ".gz".
	Format string `yaml:"format" doc:"Format of the files; by the ending of the path where none is given."`
	// Delimiter separates CSV fields. Load fills in "," where none is given.
	Delimiter string `yaml:"delimiter" doc:"Character between the fields of CSV files; a comma where none is given."`
}

// FileFormats are the values of Files.Format. JSON files hold one object a
// line, or an array of them.
var FileFormats = []string{"csv", "json", "parquet"}

// Column is a declared column of a source: `amount: decimal`, or
// `amount: {type: decimal, column: "Unit Price"}`. Load fills in Column, the
// name in the table, where it is not given.
type Column struct {
	Type   string `yaml:"type,required" doc:"Type of the column."`
	Column string `yaml:"column" doc:"Name of the column in the table; the same name where none is given."`
	Class  Class  `yaml:"class" doc:"How its values are to be protected; as the source says where none is given."`
	// Retention is how long after its time a row's value counts, where that is
	// shorter than the row does; 0 is as long. Load fills it in.
	Retention Duration    `yaml:"-"`
	Pos       strict.Node `yaml:"-"`
}

// ColumnTypes are the values of Column.Type. A decimal is exact in the
// warehouse and a double in expressions.
var ColumnTypes = []string{"string", "int", "float", "decimal", "bool", "timestamp", "date"}

// UnmarshalStrict reads the short form, a type, or the long one.
func (c *Column) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	if n.Kind() == strict.Mapping {
		n.DecodeKeys(report, c)
		return
	}
	c.Pos = n
	if n.Kind() != strict.Scalar {
		n.Wrong(report, "a type, or a mapping with type and column,",
			"write for example decimal, or {type: decimal, column: Amount}")
		return
	}
	n.Decode(report, &c.Type)
}

// Trait is one thing to know of each entity: picked from sources (Pick, From)
// or computed by an expression (Value).
type Trait struct {
	Name        string `yaml:"name,required" doc:"Name of the trait: a column of the profiles."`
	Description string `yaml:"description,blank" doc:"What the trait says, for readers."`
	Owner       string `yaml:"owner" doc:"Who answers for the trait: a person or a team, a name or an e-mail address; the project's where none is given."`
	Entity      string `yaml:"entity,required" doc:"Entity that the trait is about."`
	// Pick is whose word counts: see Picks.
	Pick string `yaml:"pick" doc:"Whose word counts: the latest, the earliest, the first source of from that has a value (priority), the smallest or the largest."`
	// From are "source.column" references; a single one may stand alone.
	From strict.OneOrMany `yaml:"from" doc:"Columns to pick from, each as source.column."`
	// Value is a CEL expression.
	Value string `yaml:"value" doc:"Expression that computes the trait. Either value, or pick and from, is given."`
	// History keeps earlier values in <entity>_profile_history.
	History bool `yaml:"history" doc:"Whether earlier values are kept."`
	// Class is that of the values; "" takes that of what they are made of.
	Class   Class       `yaml:"class" doc:"How its values are to be protected; as what it is made of where none is given. A lower one needs because."`
	Because string      `yaml:"because" doc:"Why the trait may have a lower class than what it is made of."`
	Tags    []string    `yaml:"tags" doc:"Words to select by."`
	Pos     strict.Node `yaml:"-"`
}

// Picks are the values of Trait.Pick: the value with the latest or earliest
// time, the first source of From that has one, the smallest or largest.
var Picks = []string{"latest", "earliest", "priority", "min", "max"}

// Segment is a group of entities.
type Segment struct {
	Name        string `yaml:"name,required" doc:"Name of the segment."`
	Description string `yaml:"description,blank" doc:"Who is in the segment, for readers."`
	Owner       string `yaml:"owner" doc:"Who answers for the segment: a person or a team, a name or an e-mail address; the project's where none is given."`
	Entity      string `yaml:"entity,required" doc:"Entity whose members the segment has."`
	// When is a CEL expression of type bool.
	When string `yaml:"when,required" doc:"Expression that is true for the members."`
	// Schedule is as that of a sync.
	Schedule string `yaml:"schedule" doc:"When to evaluate it under serve: a cron line of five fields, or a word such as @hourly or @every 15m."`
	// Volume is filled in.
	Volume Volume `yaml:"volume" doc:"From when on the number of members is unusual; as the project says where none is given."`
	// Class is that of being a member; "" takes that of what the condition reads.
	Class   Class       `yaml:"class" doc:"How it is to be protected who is a member; as what the condition reads where none is given. A lower one needs because."`
	Because string      `yaml:"because" doc:"Why the segment may have a lower class than what its condition reads."`
	Tags    []string    `yaml:"tags" doc:"Words to select by."`
	Pos     strict.Node `yaml:"-"`
}

// Destination is a place that syncs deliver to.
type Destination struct {
	Name string
	// Type is a kind known to the composition root, such as "webhook".
	Type string
	// Description says what the destination is, and Owner who answers for it.
	Description, Owner string
	// Allow are the classes of what may be sent there. Load fills in public and
	// internal where none are given.
	Allow []string
	// Config is the value that Kinds.Destinations made for Type, filled in.
	Config any
	Pos    strict.Node
	// wrong says that there are findings about it.
	wrong bool
}

// Sync keeps a destination as the warehouse says it should be.
type Sync struct {
	Name        string `yaml:"name,required" doc:"Name of the sync."`
	Description string `yaml:"description,blank" doc:"What the sync is for, for readers."`
	Owner       string `yaml:"owner" doc:"Who answers for the sync: a person or a team, a name or an e-mail address; the project's where none is given."`
	From        From   `yaml:"from,required" doc:"Whom to send: a segment, or every entity."`
	To          To     `yaml:"to,required" doc:"Where to, and how."`
	// Fields are the destination's, each with what fills it, in its order; Leaves
	// lists those that hold values.
	Fields strict.Ordered[Field] `yaml:"fields,required" doc:"Fields of the destination, each with what fills it: a trait (or the id of the entity), or a mapping."`
	// Purpose names why the data may leave.
	Purpose string `yaml:"purpose" doc:"Why the data may leave: the name of a purpose."`
	// Schedule is a five-field cron line or "@every 1h"; empty means that only a
	// run or another schedule sends.
	Schedule string      `yaml:"schedule" doc:"When to build what the sync needs, and send, under serve: a cron line of five fields, or a word such as @hourly or @every 15m."`
	Guards   Guards      `yaml:"guards" doc:"Bounds that stop the sync before it does harm."`
	Tags     []string    `yaml:"tags" doc:"Words to select by."`
	Pos      strict.Node `yaml:"-"`
}

// To says where and how.
type To struct {
	Destination string `yaml:"destination,required" doc:"Destination to send to."`
	// Object is the destination's word for what it keeps: contacts, a list.
	Object string `yaml:"object" doc:"The destination's word for what it keeps, such as contacts."`
	// Mode is one of Modes. Load fills in the first where none is given.
	Mode string `yaml:"mode" doc:"For records: upsert sends new and changed rows, update creates none, insert changes none, mirror also takes away those that left. For audiences: add, remove, mirror. For events: append. upsert where none is given."`
	// OnLeave is one of Leaves. Load fills in None, and for a mirror what the
	// destination does first.
	OnLeave string `yaml:"on_leave" doc:"What happens to a row that left. none where it is not given; for a mirror what the destination calls its removal."`
	// Key is the destination field, one of Fields, that identifies a row there.
	Key string `yaml:"key,required" doc:"Field, one of fields, that identifies a row at the destination."`
	// Audience says that the object is a list of members, and Keyed that an event
	// which comes again, with its key, is not a second one; as the Ability of the
	// destination has it.
	Audience, Keyed bool `yaml:"-"`
}

// Guards stop a sync before it does harm. A sync that would remove all that is
// at the destination because nobody is wanted there any more stops even without
// any: see AllowEmpty.
type Guards struct {
	// MaxRemoved bounds rows that are taken away, in whichever way: of the rows
	// known to be at the destination.
	MaxRemoved *Bound `yaml:"max_removed" doc:"How many rows may be removed at once: a number, or a share of those at the destination."`
	// MaxChanged bounds changes of rows known to be at the destination.
	MaxChanged *Bound `yaml:"max_changed" doc:"How many rows may be changed at once: a number, or a share of those at the destination. New rows do not count."`
	// MinRows is how many rows must be wanted: a number, or a share of those
	// known to be at the destination.
	MinRows *Bound `yaml:"min_rows" doc:"How many rows there must be to send from: a number, or a share of those at the destination."`
	// MaxRejected bounds rejections: of the operations attempted.
	MaxRejected *Bound `yaml:"max_rejected" doc:"How many rows the destination may reject: a number, or a share of those sent."`
	// AllowEmpty lets a source that became empty empty the destination.
	AllowEmpty bool `yaml:"allow_empty" doc:"Whether an audience that became empty may empty the destination."`
}

// Bound is a share ("10%") or a number of rows (100).
type Bound struct {
	// Percent is used where IsPercent is set, 0 to 100.
	Percent   float64
	Rows      int64
	IsPercent bool
}

// UnmarshalStrict reads "10%" or 100.
func (b *Bound) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	const want, help = "a number of rows or a share", "write for example 100 or 10%"
	if n.Kind() != strict.Scalar {
		n.Wrong(report, want, help)
		return
	}
	if !n.IsString() {
		if n.Decode(func(diag.Diagnostic) { n.Wrong(report, want, help) }, &b.Rows) && b.Rows < 0 {
			report(diag.Errorf(n.Span(), codeRange, "a bound cannot be negative").WithHelp("write 0 or more"))
		}
		return
	}
	share, isShare := strings.CutSuffix(n.Text().Value, "%")
	percent, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
	switch {
	case !isShare || err != nil || math.IsNaN(percent):
		n.Wrong(report, want, help)
	case percent < 0 || percent > 100:
		report(diag.Errorf(n.Span(), codeRange, "a share is between 0%% and 100%%").
			WithHelp("write 100%% or less"))
	default:
		*b = Bound{Percent: percent, IsPercent: true}
	}
}

// Field is what a name of the source means in `from`: a
// declared column first, else an identifier type, which is a string.
func (s *Source) Field(name string) (Column, bool) {
	if c, ok := s.Columns.Get(name); ok {
		return c, true
	}
	if column, ok := s.Identifiers.Get(name); ok {
		return Column{Type: "string", Column: column}, true
	}
	return Column{}, false
}
