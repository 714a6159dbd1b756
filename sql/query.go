package sql

// Space says where a table lives; the Names of a target turn it into a
// qualified name.
type Space int

// The spaces. The zero value is invalid on purpose.
const (
	// Public holds the documented tables that analysts read.
	Public Space = iota + 1
	// Beside holds a Public table's successor until it is swapped in.
	Beside
	// Work holds intermediate tables. They do not outlive a run.
	Work
	// Source is a table of the user's, named as the project names it.
	Source
)

// Table is a table of a space. It is comparable: models.Graph derives its
// edges from it.
type Table struct {
	Space Space
	Name  string
}

// Type is a column type, in the few kinds that all warehouses share.
type Type int

// The types. The zero value is invalid on purpose.
const (
	TypeBool      Type = iota + 1
	TypeInt            // 64-bit signed
	TypeFloat          // 64-bit IEEE 754
	TypeDecimal        // 38 digits, 9 of them after the point
	TypeString         // UTF-8, compared by code point
	TypeTimestamp      // microseconds, UTC
	TypeDate
	TypeStrings // list of strings
	TypeInts    // list of 64-bit integers
	TypeFloats  // list of doubles
	TypeTimestamps
	TypeUint  // 64-bit unsigned
	TypeBytes // any bytes
	TypeBools
	TypeUints
	TypeBlobs // list of bytes
)

// IsList says that values of the type are lists.
func (t Type) IsList() bool {
	switch t { //nolint:exhaustive // the others are none
	case TypeStrings, TypeInts, TypeFloats, TypeTimestamps, TypeBools, TypeUints, TypeBlobs:
		return true
	default:
		return false
	}
}

// Query is a SELECT, a UNION or a CustomQuery.
type Query interface{ query() }

// Select is one SELECT. The zero value of each clause means that it is absent.
type Select struct {
	With     []CTE
	Distinct bool
	Items    []Item
	From     From
	Where    Expr
	GroupBy  []Expr
	Having   Expr
	OrderBy  []Order
	Limit    int64 // 0 means no limit
}

// Union concatenates its queries: UNION ALL, duplicates kept.
type Union []Query

// CustomQuery is a query that the user wrote in the words of each dialect, by its
// name; "" is for those that are not named. The Text of each of Parts in it stands
// for a query in parentheses; the rest is printed as it is, so whoever makes one
// has looked that quotes and parentheses balance.
type CustomQuery struct {
	ByDialect map[string]string
	Parts     []CustomPart
}

// CustomPart is a query in the text of a CustomQuery.
type CustomPart struct {
	Text  string
	Query Query
}

// CTE is one named query of a WITH clause.
type CTE struct {
	Name  string
	Query Query
}

// Item is one output column.
type Item struct {
	Expr Expr
	As   string
}

// From is an item of a FROM clause.
type From interface{ from() }

// TableRef reads a table under an alias.
type TableRef struct {
	Table Table
	As    string
}

// CTERef reads a named query of an enclosing WITH.
type CTERef struct{ Name, As string }

// Derived reads a query under an alias.
type Derived struct {
	Query Query
	As    string
}

// JoinKind is the kind of a Join.
type JoinKind string

// The joins in use. FullJoin keeps unmatched rows of both sides.
const (
	InnerJoin JoinKind = "JOIN"
	LeftJoin  JoinKind = "LEFT JOIN"
	FullJoin  JoinKind = "FULL JOIN"
	CrossJoin JoinKind = "CROSS JOIN"
)

// Join combines two FROM items. On is nil only for CrossJoin.
type Join struct {
	Left  From
	Kind  JoinKind
	Right From
	On    Expr
}

// Statement is what a warehouse executes for its effect.
type Statement interface{ statement() }

// CreateTableAs builds a table from a query, replacing one of that name.
type CreateTableAs struct {
	Table Table
	Query Query
	// Key is that of CreateTable.
	Key []string
}

// CreateTable makes an empty table where none of that name exists.
type CreateTable struct {
	Table   Table
	Columns []ColumnDef
	// Key are the columns by which readers look rows up, in their order: rows
	// that have them in common, from the first on, lie together where the warehouse
	// can do that. They need not be unique, and may be NULL.
	Key []string
}

// ColumnDef is one column of CreateTable.
type ColumnDef struct {
	Name string
	Type Type
}

// ColumnNames are the names of columns, in their order.
func ColumnNames(list []ColumnDef) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	return names
}

// InsertSelect appends the rows of a query, whose columns are in the order of
// Columns.
type InsertSelect struct {
	Table   Table
	Columns []string
	Query   Query
}

// Delete removes the rows for which Where is true.
type Delete struct {
	Table Table
	Where Expr
}

// Drop removes a table if it exists.
type Drop struct{ Table Table }

// Swap puts the Beside table of Name in the place of the Public one, which may
// not exist yet.
type Swap struct{ Name string }

func (*Select) query()     {}
func (Union) query()       {}
func (CustomQuery) query() {}

func (TableRef) from() {}
func (CTERef) from()   {}
func (Derived) from()  {}
func (*Join) from()    {}

func (CreateTableAs) statement() {}
func (CreateTable) statement()   {}
func (InsertSelect) statement()  {}
func (Delete) statement()        {}
func (Drop) statement()          {}
func (Swap) statement()          {}

// Update sets columns of the rows for which Where is true.
type Update struct {
	Table Table
	Set   []Assignment
	Where Expr
}

// UpdateFrom sets columns of the rows of Table, under the alias As, that a row
// of From matches; no two rows of From may match one row.
type UpdateFrom struct {
	Table Table
	As    string
	Set   []Assignment
	From  From
	On    Expr
}

// Assignment is one column of an Update.
type Assignment struct {
	Column string
	Value  Expr
}

// AddColumn adds an empty column to a table.
type AddColumn struct {
	Table  Table
	Column ColumnDef
}

func (Update) statement()     {}
func (UpdateFrom) statement() {}
func (AddColumn) statement()  {}
