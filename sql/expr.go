package sql

import "time"

// Expr is an SQL expression. The set is closed: see the end of this file.
type Expr interface{ expr() }

// Column names a column, qualified by the alias of a FROM item where Table is
// not empty.
type Column struct{ Table, Name string }

// The literals. They are printed by the dialect, so that no text of a user
// can reach a statement in any other way.
type (
	// Bool is TRUE or FALSE.
	Bool bool
	// Int is a 64-bit integer. It is printed bare; wrap it in a Cast where the
	// engine's choice of a narrower type would matter (arithmetic).
	Int int64
	// Float is a double, NaN and infinities included.
	Float float64
	// String is a text; any bytes but invalid UTF-8.
	String string
	// Timestamp is an instant, printed in UTC with microseconds.
	Timestamp time.Time
	// Null is the typed NULL.
	Null struct{ Type Type }
)

// Call applies a function or an operator of the dialect's table.
type Call struct {
	Func Func
	Args []Expr
	// Of is the type of the value, for functions that a warehouse may take out
	// of a list whose elements have none: see FnOf.
	Of Type
}

// And is the conjunction of its terms; TRUE where there are none.
type And []Expr

// Or is the disjunction of its terms; FALSE where there are none.
type Or []Expr

// Cast converts; a value that cannot be converted fails the statement.
type Cast struct {
	Expr Expr
	To   Type
}

// TryCast converts; a value that cannot be converted becomes NULL.
type TryCast struct {
	Expr Expr
	To   Type
}

// Case is the searched CASE. Without Else the result is NULL.
type Case struct {
	Whens []When
	Else  Expr
}

// When is one branch of a Case.
type When struct{ If, Then Expr }

// In is true where Expr equals one of List. An empty list is FALSE.
type In struct {
	Expr Expr
	List []Expr
}

// InQuery is true where the tuple of Exprs is a row of Query.
type InQuery struct {
	Exprs []Expr
	Query Query
	Not   bool
}

// Exists is true where Query has a row.
type Exists struct {
	Query Query
	Not   bool
}

// Scalar is the single value of a query of one row and one column.
type Scalar struct{ Query Query }

// Window evaluates an aggregate or ranking Call over a window.
type Window struct {
	Call        Call
	PartitionBy []Expr
	OrderBy     []Order
	// Frame is the rows that count; the engine's own where there is none, which is
	// all rows without OrderBy.
	Frame Frame
}

// Frame is the part of a window's rows that count for one of them.
type Frame string

// The frames in use.
const (
	Preceding Frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING" // those before
	Following Frame = "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING" // those after
)

// Lambda is a function of the elements of a list, only as an argument of ListMap
// and ListFilter. Body names the element as Column{Name: Param}, and no lambda
// around it has the same Param. Of is the type of the element.
type Lambda struct {
	Param string
	Of    Type
	Body  Expr
}

// Custom is an expression that the user wrote in the words of each dialect, by
// its name. CustomValue in it stands for Value; the rest is printed as it is, in
// parentheses, so whoever makes one has looked that they balance.
type Custom struct {
	ByDialect map[string]string
	Value     Expr
}

// CustomValue is what stands for the value in a Custom.
const CustomValue = "{value}"

// Order is one term of an ORDER BY. NULL placement is always printed, since
// the warehouses' defaults differ.
type Order struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

func (Column) expr()    {}
func (Bool) expr()      {}
func (Int) expr()       {}
func (Float) expr()     {}
func (String) expr()    {}
func (Timestamp) expr() {}
func (Null) expr()      {}
func (Call) expr()      {}
func (And) expr()       {}
func (Or) expr()        {}
func (Cast) expr()      {}
func (TryCast) expr()   {}
func (Case) expr()      {}
func (In) expr()        {}
func (InQuery) expr()   {}
func (Exists) expr()    {}
func (Scalar) expr()    {}
func (Window) expr()    {}
func (Lambda) expr()    {}
func (Custom) expr()    {}
