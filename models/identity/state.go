package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Input is what identity resolution of one entity depends on.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's that carry identifiers, in the project's order.
	Sources []*config.Source
	AsOf    time.Time
	RunID   string
	// Last is what the last run left to go on from; nil builds everything from
	// the sources. Ids are carried over either way.
	Last *Last
	// Because says why Last is nil, for people.
	Because string
	// Dropped are sources that the last run stored and the project has no more.
	Dropped []string
	// Erased is nil where no identifier of the entity is on the list of those who
	// were erased.
	Erased *Erased
	// Sent lists, as entity_id, who was ever sent to a destination: where an entity is
	// kept for a time those are not forgotten here, since they have to be erased
	// elsewhere too. nil is nobody.
	Sent sql.Query
}

// Last is what the last run left, as StateTable has it.
type Last struct {
	// Settings is the digest of what the run was compiled from.
	Settings string
	AsOf     time.Time
	RunID    string
	// Since is from when on a source that is not compared as a whole is read
	// again, by the source's name.
	Since map[string]time.Time
	// Sources are all that were stored.
	Sources []string
}

// algorithm is raised when the same settings give other identities, so that the
// first run of a new version starts from scratch.
const algorithm = 1

// Settings digests all that the stored rows and components depend on.
func Settings(e *config.Entity, sources []*config.Source) string {
	type column struct{ Name, Column string }
	type source struct {
		Name, Table, Files, Format, Delimiter, Time, Changes, Key string
		Identifiers                                               []column
	}
	type pair struct{ A, B config.Reference }
	doc := struct {
		Algorithm     int
		Identifiers   []config.Identifier
		Always, Never []pair
		SuspectSize   int
		Expire        *config.Expire
		Sources       []source
	}{Algorithm: algorithm, Identifiers: slices.Clone(e.Identifiers), SuspectSize: e.SuspectSize, Expire: e.Expire}
	for i := range doc.Identifiers {
		// Identities are the same however they are protected; what follows from being
		// anonymous is in Expire.
		doc.Identifiers[i].Class, doc.Identifiers[i].Anonymous = "", nil
	}
	for _, p := range e.AlwaysLink {
		doc.Always = append(doc.Always, pair{p.A, p.B})
	}
	for _, p := range e.NeverLink {
		doc.Never = append(doc.Never, pair{p.A, p.B})
	}
	for _, s := range sources {
		out := source{Name: s.Name, Table: s.Table, Time: s.Time, Changes: s.Changes, Key: s.Key}
		if s.Files != nil {
			out.Files, out.Format, out.Delimiter = s.Files.Path.Text(), s.Files.Format, s.Files.Delimiter
		}
		for _, id := range s.Identifiers {
			out.Identifiers = append(out.Identifiers, column{id.Key, id.Value})
		}
		doc.Sources = append(doc.Sources, out)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic("identity: settings have no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// FirstRun is why the first run cannot go on from another.
const FirstRun = "the first run"

// Resume says whether a run can go on from what the last one left; where it
// cannot, why not.
func Resume(e *config.Entity, sources []*config.Source, asOf time.Time, last *Last, refresh bool) (*Last, string) {
	switch {
	case last == nil:
		return nil, FirstRun
	case refresh:
		return nil, "asked for"
	case last.Settings != Settings(e, sources):
		return nil, "identifiers, limits, pairs or sources have changed"
	case asOf.Before(last.AsOf):
		return nil, "as of an earlier time than the last run"
	}
	return last, ""
}

// StateTable is the public table of what a run must know of the last one: a
// row for each entity, without a source, and for each source.
var StateTable = sql.Table{Space: sql.Public, Name: "identity_state"}

// OwnColumns are those whose values are a warehouse's own affair: another one
// with the same rows may number and hash them otherwise.
var OwnColumns = []string{"row", "hash.1", "hash.2"}

// StateColumns are those of StateTable, in order.
var StateColumns = []sql.ColumnDef{
	{Name: "entity", Type: sql.TypeString},
	{Name: "source", Type: sql.TypeString},
	{Name: "settings", Type: sql.TypeString},
	{Name: "since", Type: sql.TypeTimestamp},
	{Name: "as_of", Type: sql.TypeTimestamp},
	{Name: "run_id", Type: sql.TypeString},
	{Name: "entities", Type: sql.TypeInt},
	{Name: "largest", Type: sql.TypeInt},
}

// remember writes down what the next run must know.
func (r *resolver) remember() []sql.Statement {
	row := func(source, settings string, since sql.Expr, from sql.From, totals ...sql.Item) sql.Query {
		if totals == nil {
			none := sql.Null{Type: sql.TypeInt}
			totals = []sql.Item{sql.As(none, "entities"), sql.As(none, "largest")}
		}
		return &sql.Select{
			Items: append([]sql.Item{
				sql.As(sql.String(r.e.Name), "entity"), sql.As(sql.String(source), "source"), sql.As(sql.String(settings), "settings"),
				sql.As(since, "since"), sql.As(sql.Timestamp(r.AsOf), "as_of"), sql.As(sql.String(r.RunID), "run_id"),
			}, totals...),
			From: from,
		}
	}
	none := sql.Null{Type: sql.TypeTimestamp}
	rows := sql.Union{row("", Settings(r.e, r.Sources), none, ref(r.table("totals"), "t"), sql.Items("t", "entities", "largest")...)}
	for _, s := range r.Sources {
		if dated(s) {
			rows = append(rows, row(s.Name, "", sql.Col("m", "since"), ref(markTable(s), "m")))
		} else {
			rows = append(rows, row(s.Name, "", none, nil))
		}
	}
	return []sql.Statement{
		sql.Delete{Table: StateTable, Where: eq(sql.Col("", "entity"), sql.String(r.e.Name))},
		sql.InsertSelect{Table: StateTable, Columns: sql.ColumnNames(StateColumns), Query: rows},
	}
}

// StoredTable is the public table of a source's combinations of identifiers,
// one row each, with the numbers of the identifiers, when they were seen
// together and in how many rows: the evidence that identity is built on, and
// what the next run compares the source with. Raw values are in it only where
// they are no identifiers.
func StoredTable(s *config.Source) sql.Table { return storedTable(s.Name) }

func storedTable(source string) sql.Table {
	return sql.Table{Space: sql.Public, Name: "identity_rows_" + source}
}

// storedColumns are those of StoredTable, in order.
func storedColumns(e *config.Entity, s *config.Source) []sql.ColumnDef {
	columns := []sql.ColumnDef{{Name: "row", Type: sql.TypeInt}}
	bindings := Bindings(e, s)
	for _, b := range bindings {
		columns = append(columns, sql.ColumnDef{Name: b.Raw(), Type: sql.TypeString})
	}
	for _, b := range bindings {
		columns = append(columns, sql.ColumnDef{Name: b.Number(), Type: sql.TypeInt})
	}
	if s.Changes == byUpdate {
		columns = append(columns, sql.ColumnDef{Name: "key", Type: sql.TypeString})
	}
	return append(columns,
		sql.ColumnDef{Name: "hash.1", Type: sql.TypeInt}, sql.ColumnDef{Name: "hash.2", Type: sql.TypeInt},
		sql.ColumnDef{Name: "first_seen", Type: sql.TypeTimestamp}, sql.ColumnDef{Name: "last_seen", Type: sql.TypeTimestamp},
		sql.ColumnDef{Name: "rows", Type: sql.TypeInt}, sql.ColumnDef{Name: "open", Type: sql.TypeInt})
}
