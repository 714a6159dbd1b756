package privacy

import (
	"time"

	"github.com/customhouse-cdp/customhouse/sql"
)

// The public tables of the rights of people; docs/tables.md says what is in them.
var (
	Restrictions = sql.Table{Space: sql.Public, Name: "privacy_restrictions"}
	Corrections  = sql.Table{Space: sql.Public, Name: "privacy_corrections"}
	Suppressions = sql.Table{Space: sql.Public, Name: "privacy_suppressions"}
)

// The columns of those tables, in order.
var (
	RestrictionColumns = []sql.ColumnDef{
		{Name: "request", Type: sql.TypeString},
		{Name: "entity", Type: sql.TypeString},
		{Name: "identifier_type", Type: sql.TypeString},
		{Name: "identifier", Type: sql.TypeString},
		{Name: "kind", Type: sql.TypeString},
		{Name: "purpose", Type: sql.TypeString},
		{Name: "at", Type: sql.TypeTimestamp},
	}
	CorrectionColumns = []sql.ColumnDef{
		{Name: "request", Type: sql.TypeString},
		{Name: "entity", Type: sql.TypeString},
		{Name: "identifier_type", Type: sql.TypeString},
		{Name: "identifier", Type: sql.TypeString},
		{Name: "trait", Type: sql.TypeString},
		{Name: "value", Type: sql.TypeString},
		{Name: "at", Type: sql.TypeTimestamp},
	}
	SuppressionColumns = []sql.ColumnDef{
		{Name: "request", Type: sql.TypeString},
		{Name: "entity", Type: sql.TypeString},
		{Name: "identifier_type", Type: sql.TypeString},
		{Name: "digest", Type: sql.TypeString},
		{Name: "kind", Type: sql.TypeString},
		{Name: "at", Type: sql.TypeTimestamp},
		// What identities knew the identifier by when it was listed; NULL where they did
		// not.
		{Name: "number", Type: sql.TypeInt},
	}
)

// The kinds of a restriction.
const (
	// Restricted is somebody whose data stays stored and is used for nothing.
	Restricted = "restricted"
	// Objected is somebody whose data is not used for one purpose, or for any.
	Objected = "objected"
)

// The kinds of a suppression.
const (
	// Own is an identifier of the erased alone: a row that carries it is nobody's.
	Own = "own"
	// Shared was also seen with others, and lives on for them.
	Shared = "shared"
	// Quarantined identified nobody when the erased had it, and never will.
	Quarantined = "quarantined"
	// Check is no identifier: it is the digest of CheckValue, by which a key is
	// known to be the one that the list was made with.
	Check = "check"
)

// CheckValue is what the row of kind Check is the digest of, as an identifier of
// no type.
const CheckValue = "customhouse"

// KeyTable is the Work table of one row that holds the two halves of the key,
// each as 64 hex digits, loaded by whoever runs statements that make digests: no
// statement has the key in its text.
var KeyTable = sql.CreateTable{Table: sql.Table{Space: sql.Work, Name: "privacy_key"}, Columns: []sql.ColumnDef{
	{Name: "inner", Type: sql.TypeString},
	{Name: "outer", Type: sql.TypeString},
}}

// System lists the tables that must exist before anything asks them.
func System() []sql.CreateTable {
	return []sql.CreateTable{
		{Table: Restrictions, Columns: RestrictionColumns, Key: []string{"entity", "identifier_type", "identifier"}},
		{Table: Corrections, Columns: CorrectionColumns, Key: []string{"entity", "identifier_type", "identifier"}},
		{Table: Suppressions, Columns: SuppressionColumns, Key: []string{"entity", "identifier_type", "digest"}},
		Heads,
	}
}

// Load is the Work table into which rows are loaded that Add takes over: no
// statement has a person's values in its text.
func Load(t sql.CreateTable) sql.CreateTable {
	return sql.CreateTable{Table: sql.Table{Space: sql.Work, Name: "new_" + t.Table.Name}, Columns: t.Columns}
}

// Add makes one script that takes the rows of a request from Load(t) over. What
// the table has of the request goes, so that it can be repeated.
func Add(t sql.CreateTable, request string) []sql.Statement {
	names := sql.ColumnNames(t.Columns)
	return append(Withdraw(t, request), sql.InsertSelect{
		Table: t.Table, Columns: names,
		Query: &sql.Select{Distinct: true, Items: sql.Items("n", names...), From: sql.TableRef{Table: Load(t).Table, As: "n"}},
	})
}

// Withdraw removes the rows of a request from one of the tables.
func Withdraw(t sql.CreateTable, request string) []sql.Statement {
	return []sql.Statement{sql.Delete{Table: t.Table, Where: sql.Fn(sql.Eq, sql.Col("", "request"), sql.String(request))}}
}

// Corrected selects the pairs of an entity and a trait that a correction is there
// for: what a compilation wants to know of Corrections.
func Corrected() sql.Query {
	return &sql.Select{
		Distinct: true, Items: sql.Items("c", "entity", "trait"), From: sql.TableRef{Table: Corrections, As: "c"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("c", "entity")), sql.Asc(sql.Col("c", "trait"))},
	}
}

// CheckDigest selects the digests of kind Check: none where nobody was ever
// erased, and otherwise the one that the key has to give.
func CheckDigest() sql.Query {
	return &sql.Select{
		Distinct: true, Items: sql.Items("s", "digest"), From: sql.TableRef{Table: Suppressions, As: "s"},
		Where: sql.Fn(sql.Eq, sql.Col("s", "kind"), sql.String(Check)),
	}
}

// Listed selects those of the list of an entity that have one of the digests: kind
// and at.
func Listed(entity string, digests []string) *sql.Select {
	list := make([]sql.Expr, len(digests))
	for i, d := range digests {
		list[i] = sql.String(d)
	}
	return &sql.Select{
		Items: sql.Items("s", "kind", "at"), From: sql.TableRef{Table: Suppressions, As: "s"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("s", "entity"), sql.String(entity)),
			sql.In{Expr: sql.Col("s", "digest"), List: list},
			sql.Fn(sql.Ne, sql.Col("s", "kind"), sql.String(Check)),
		},
	}
}

// AddCheck writes the row of kind Check where there is none.
func AddCheck(digest string, at time.Time) sql.Statement {
	none := sql.String("")
	return sql.InsertSelect{Table: Suppressions, Columns: sql.ColumnNames(SuppressionColumns), Query: &sql.Select{
		Items: []sql.Item{
			sql.As(none, "request"), sql.As(none, "entity"), sql.As(none, "identifier_type"),
			sql.As(sql.String(digest), "digest"), sql.As(sql.String(Check), "kind"), sql.As(sql.Timestamp(at), "at"),
			sql.As(sql.Null{Type: sql.TypeInt}, "number"),
		},
		From:  sql.Derived{As: "one", Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "row")}}},
		Where: sql.Exists{Not: true, Query: CheckDigest()},
	}}
}

// Suppressed selects how many identifiers are suppressed, by entity: what a
// compilation wants to know of Suppressions. An entity of which none is has no row.
func Suppressed() sql.Query {
	return &sql.Select{
		Items:   []sql.Item{sql.As(sql.Col("s", "entity"), "entity"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:    sql.TableRef{Table: Suppressions, As: "s"},
		Where:   sql.Fn(sql.Ne, sql.Col("s", "kind"), sql.String(Check)),
		GroupBy: []sql.Expr{sql.Col("s", "entity")},
		OrderBy: []sql.Order{sql.Asc(sql.Col("s", "entity"))},
	}
}
