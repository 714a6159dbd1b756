package models

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Plan is a compiled project: data, ready to be printed or run.
type Plan struct {
	Project *config.Project
	// AsOf is the instant that "now" means in every statement.
	AsOf time.Time
	// RunID is printed into the rows that a run appends.
	RunID string
	// Selected are the keys of the nodes that were selected; nil means all.
	Selected map[string]bool
	// Nodes are the project's resources and what they read, for selection and
	// listing.
	Nodes []Node
	// System are the tables that must exist before a run, empty at first.
	System []sql.CreateTable
	// Checks are what the catalog must say before anything runs.
	Checks []Check
	// Models are in an order in which they can run one by one.
	Models []*Model
	// Evaluations says what is evaluated and what need not be.
	Evaluations []Evaluation
	// Compared are the sources of which it must be known whether they have changed.
	Compared []*config.Source
	// Scans says what the models compute where, for people.
	Scans []Scan
	// Tests are the names of those that the models run.
	Tests []string
	// Audiences are what the selected syncs deliver from, after the models.
	Audiences []*Audience
	// Forget runs as one script when the run has ended: what is kept no longer.
	Forget []sql.Statement
}

// Model is something that is built in the warehouse as a whole: its readers
// see the last complete build or the new one, nothing between.
type Model struct {
	// Name is unique, such as "identity:customer".
	Name string
	// Nodes are the keys of the resources that the model builds.
	Nodes []string
	// Note is what people should know of how it is built, often nothing.
	Note string
	// Span is the YAML that caused it.
	Span diag.Span
	// Guards are tables that the model looks at before others read them: those wait
	// for it, and are not built where it fails.
	Guards []sql.Table
	// Earlier are tables that the model reads as the last run left them: whoever
	// writes them waits for it.
	Earlier []sql.Table
	// Steps fill Work and Beside tables.
	Steps []Step
	// Commit takes effect as one script: swaps and appends.
	Commit []sql.Statement
	// Measures are queries of one row for the summary, run after Commit.
	Measures []Measure
}

// Evaluation says of a selected segment ("segment:vip"), or of the profiles of an
// entity ("profile:customer"), whether it is evaluated.
type Evaluation struct {
	Node      string
	Evaluated bool
	// Because says why, in a few words.
	Because string
	// Depends says in words what has to change for it to be evaluated, nothing where
	// it is in each run.
	Depends string
}

// Scan is one grouped pass over the rows of a source, or the traits of an entity
// where Source is empty.
type Scan struct {
	Entity, Source string
	// Column and Value are what the pass wants of a row; one over all rows has
	// neither.
	Column, Value string
	// ByDay says that aggregates of days are kept from run to run, and that a run
	// reads new rows alone. Otherwise Why says why it reads all, where that is for
	// one reason.
	ByDay      bool
	Why        string
	Aggregates []Aggregate
	// Rows are the conditions that rows decide, Decided those that aggregates do,
	// or traits.
	Rows, Decided []Condition
}

// Aggregate is what a pass computes of the rows of each entity.
type Aggregate struct {
	Name string
	Expr sql.Expr
	// Joined says that traits or conditions about several passes read it;
	// otherwise it ends in the conditions of its own.
	Joined bool
	// Why says why aggregates of days are not enough for it, where others of the
	// source come from them or could.
	Why string
}

// Condition is what a pass decides and leaves as a bit.
type Condition struct {
	Expr sql.Expr
	// Segments are those that ask for it.
	Segments []string
	// Why is as that of an Aggregate.
	Why string
}

// Node is one resource of the project.
type Node struct {
	// Key is unique: "source:contacts", "entity:customer",
	// "relation:employer",
	// "trait:customer.spent", "segment:vip", "sync:vip_to_crm",
	// "destination:crm", "test:orders_are_whole".
	Key  string
	Kind string
	Name string
	Tags []string
	// Reads are the keys of the nodes that it reads directly.
	Reads []string
	// Columns are the columns of sources that it reads directly, each as
	// "contacts.country" by its declared name.
	Columns []string
	Span    diag.Span
}

// Step is one thing to do: Exec, Loop, Unite, Assert or Examine.
type Step interface{ step() }

// Exec runs statements in order.
type Exec struct {
	// Title says what the step does, for progress and for compiled SQL.
	Title      string
	Statements []sql.Statement
}

// Loop repeats Steps as long as While, a query of one integer, is not zero;
// it is asked before each round. Max bounds the rounds: reaching it is an
// error, since the algorithms in use end by themselves.
type Loop struct {
	Title string
	Steps []Step
	While sql.Query
	Max   int
}

// Assert fails the model where Query, of one integer, is not zero.
type Assert struct {
	Title string
	Query sql.Query
	// Message says what a number other than zero means, and what to do.
	Message string
	Span    diag.Span
}

func (*Exec) step()   {}
func (*Loop) step()   {}
func (*Unite) step()  {}
func (*Assert) step() {}

// Measure is a query whose columns are named integers.
type Measure struct {
	// Subject is what is measured, such as "identity:customer".
	Subject string
	// ByName says that the query has many rows, each with a text in its first
	// column that completes the Subject; without it there is one row.
	ByName bool
	Query  sql.Query
}

// Check is what the catalog must say about one source.
type Check struct {
	Source *config.Source
	Table  sql.Table
	// Span is where the project names the table.
	Span    diag.Span
	Columns []ColumnCheck
}

// ColumnCheck wants a column that can be read as a type.
type ColumnCheck struct {
	Column string
	// Declared is the name by which expressions know it; empty where the source
	// cannot be read at all without it.
	Declared string
	Span     diag.Span
	// Identifier wants a type whose text identifies something; otherwise Want
	// says the type.
	Identifier bool
	Want       sql.Type
}

// Audience is the rows that one sync wants at its destination, and what the
// ledger says is there.
type Audience struct {
	Sync *config.Sync
	// Entity is the name of whom the rows are about.
	Entity      string
	Destination *config.Destination
	// Place is where the rows are: keys of one place say nothing of another.
	Place string
	// Fields are the columns of Changes and Snapshot after the fixed ones.
	Fields []Field
	// Consents are those of config.GoogleConsents that the purpose of the sync includes.
	Consents []string
	// Profiles is the table that the fields are read from, and Traits the
	// columns of it that must be there.
	Profiles sql.Table
	Traits   []string
	// Tests are the names of the tests that what is sent has to have passed.
	Tests []string
	// Steps build the Work tables that everything below reads.
	Steps []Step
	// Refuse runs as one script before anything is sent: the rows that must not
	// be sent (no key, a key of two entities) go to sync_rejections.
	Refuse []sql.Statement
	// Note runs as one script when nothing forbids to send any more: the keys
	// that are due go to sync_pending.
	Note []sql.Statement
	// Counts is a query of one row: wanted, known (in the ledger), added, mapping
	// (sent with other fields), changed, unsettled (sent earlier without an
	// answer), resync (asked for), removed, retried (rejected before, those too that
	// are invalid), invalid, waiting (events in doubt, where they are not sent again
	// by themselves; all integers).
	Counts sql.Query
	// Changes streams what is to be sent: operation (one of config.To.Operations), key,
	// entity_id, fingerprint, then the Fields (NULL for a removal).
	Changes sql.Query
	// Due lists operation, key and fingerprint of the rows of Changes, in the
	// order of their keys. Preview has the first rows of each reason: operation,
	// reason, key, entity_id, and before and after, the values that the ledger
	// knows and that are to be sent as audience.Sent reads them, NULL where there
	// are none.
	Due, Preview sql.Query
	// LeftOut has the first ids that each rule leaves out: left_out, id. It is nil for
	// an audience without rules.
	LeftOut sql.Query
	// Snapshot streams everything wanted in the shape of Changes, for
	// destinations that replace all.
	Snapshot sql.Query
	// Outcomes is the Work table that the run loads results into, and Apply
	// what takes them over into ledger, rejections and log, as one script.
	Outcomes sql.CreateTable
	Apply    []sql.Statement
	// Recover takes over what runs before have learnt and not written down, before
	// anything is compared.
	Recover Recovery
	// Release makes one script that runs when the delivery of a run has ended, well,
	// badly or cut short, once all its outcomes were taken over: what it certainly
	// did not send is no longer noted. Nil where no note keeps a row from being sent.
	Release func(runID string) []sql.Statement
	// Settle runs as one script once everything was attempted: rejections of
	// rows that are no longer due are forgotten.
	Settle []sql.Statement
	// Withdrawn is who must not be sent any more, though they are among the rows that
	// are due: it is asked again and again while those are sent.
	Withdrawn Withdrawals
}

// Withdrawals is how it is found out who has withdrawn since an audience was built.
type Withdrawals struct {
	// Query lists ids of the entity. A row without an id says that somebody was erased
	// since the audience was built: whom nothing names any more, so that Gone lists the
	// ids of the audience that are nobody's now.
	Query, Gone sql.Query
	// Named is the Work table of the identifiers that the run knows of by itself,
	// from requests that no table has yet: identifier_type, identifier. Carriers
	// lists the ids of those who carry one.
	Named    sql.CreateTable
	Carriers sql.Query
}

// Recovery is how outcomes of earlier runs are taken over: they are loaded into
// the Work table Outcomes, the Steps sort out what is known already, and Apply
// runs as one script.
type Recovery struct {
	Outcomes sql.CreateTable
	Steps    []Step
	Apply    []sql.Statement
}

// Field is one field of an Audience.
type Field struct {
	Name string // at the destination: Path with dots
	Path []string
	Type sql.Type
	// SkipNull and SetIfEmpty are those of config.Field.
	SkipNull, SetIfEmpty bool
	// Texts are those that the project can fill it with by its own words; there may
	// be others in the data.
	Texts []Text
}

// Text is a text of an expression, and where the project writes it.
type Text struct {
	Value string
	Pos   diag.Span
}
