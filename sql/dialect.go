package sql

import "time"

// Dialect is what differs between warehouses, as data.
type Dialect struct {
	// Name is the target type, such as "duckdb".
	Name string
	// Funcs spells the functions that the standard table lacks or has wrong.
	Funcs map[Func]string
	// NoWindow are the aggregates that the warehouse has not over a window.
	NoWindow map[Func]bool
	// Let spells $1, in which what a snippet has more than once has names:
	// those of the columns of SELECT $2. Empty where the warehouse sees by itself
	// that two expressions are one.
	Let string
	// Helpers are functions of ours by name, each with what follows its name where
	// it is defined: snippets and Helpers call them, and Helper is the statement that
	// defines $1 as $2, in front of the statement that needs it.
	Helpers map[string]string
	Helper  string
	// Types spells the column types.
	Types map[Type]string
	// Nullable writes the type of a column, or of a NULL, where Types has $1;
	// empty where each type holds NULL.
	Nullable string
	// Keep makes $1, an output of CreateTableAs, a column that holds NULL; empty
	// where each does.
	Keep string
	// Wide says that a column that is made of a literal holds no longer ones: the
	// literals of outputs are cast to their type.
	Wide bool
	// Alone says that EXISTS of a query that names columns of the one around it
	// has to be a term of WHERE.
	Alone bool
	// Unordered is what a window of RowNumber or Rank has to have that has no
	// order.
	Unordered string
	// Storage follows the columns of a table that is made; $key is its key.
	Storage string
	// Key says that rows lie in the order of the columns $1, and NoKey that they
	// lie as they come: $key in Storage and CreateTableAs is one of them.
	Key, NoKey string
	// KeyLimit is how many columns a key has at most; 0 for any number.
	KeyLimit int
	// Truth makes a value of the condition $1; empty where a condition is one.
	Truth string
	// Int writes a literal as a 64-bit integer; nil where it is written bare.
	Int func(int64) string
	// Named says that an output t.x is called x only where it is told so.
	Named bool
	// OutputsFirst says that in GROUP BY and ORDER BY the x of x.y is an output of
	// that name, before it is a table.
	OutputsFirst bool
	// Literals says that the list of IN holds literals and nothing else.
	Literals bool
	// Cast spells Cast of what is no literal: $1 is the expression, $2 the type;
	// empty where it is CAST.
	Cast string
	// Casts spells Cast, $1 being the expression, to the types for which
	// CAST($1 AS type) is wrong.
	Casts map[Type]string
	// TryCast spells TryCast: $1 is the expression, $2 the type.
	TryCast string
	// TryCasts spells TryCast to the types for which the above is wrong.
	TryCasts map[Type]string
	// Lambda spells Lambda: $1 is the parameter, $type its type, $2 the body.
	// Empty where the functions that take one have $param and $body in their
	// snippets.
	Lambda string
	// Empty spells lists of no elements; those of a type that it lacks are a cast of
	// ListOf as others are.
	Empty map[Type]string
	// RowIn makes one column of the columns of the query $1, to find several values
	// in; empty where a query of several does.
	RowIn string
	// QuoteName writes one part of a name so that it means that name wherever
	// the printer puts one: quoted, or bare where that is safe and reads better.
	// The printer has refused names that no warehouse can hold (empty, NUL, not
	// UTF-8).
	QuoteName func(string) string
	// ReadName is a name as the warehouse tells it, in the form that QuoteName
	// takes; nil where it is one.
	ReadName func(string) string
	// QuoteTable writes a qualified name; nil where it is its quoted parts with points
	// between.
	QuoteTable func(parts []string) string
	// NameLimit is how many bytes a part of a name may have; 0 for any number.
	NameLimit int
	// QuoteString writes a literal for any valid UTF-8 text, NUL included, that
	// needs no parentheses beside an operator.
	QuoteString func(string) string
	// NoNUL says that no text can hold NUL.
	NoNUL bool
	// Regexp writes an RE2 pattern, the argument of a function, in the engine's
	// own syntax, or says why that cannot be; nil where the engine is RE2. group
	// is the number that the pattern's first group has there.
	Regexp func(of Func, pattern string) (text string, group int, err error)
	// Timestamp writes a literal for an instant, at microseconds.
	Timestamp func(time.Time) string
	// Float writes a literal for any double.
	Float func(float64) string
	// About is a query of one text: which engine answers, to whom.
	About string
	// Explain has the warehouse check the query $1 without running it; empty where
	// the driver does that.
	Explain string
	// CreateSchema makes the schema $1 where there is none; empty where the driver
	// does that.
	CreateSchema string
	// DropSchema removes the schema $1, which holds nothing any more; where it is
	// empty an empty schema stays.
	DropSchema string
	// CreateTableAs are the statements that make the table $1 of the query $2,
	// replacing one of that name, which the query may read. $3 is the name of a
	// table beside it that nothing else has, $4 the bare name of $1, $key its key.
	// They run as one script.
	CreateTableAs []string
	// CreateWorkTableAs are those of the tables of Work; nil where they are the
	// same.
	CreateWorkTableAs []string
	// Swap are the statements that put $1 (beside) in the place of $2
	// (public); $3 is the bare, quoted public name. They run as one script.
	Swap []string
	// Rebuild are the statements that make the rows of $1 those of the query $3,
	// by way of $2; empty where the warehouse has UPDATE.
	Rebuild []string
	// Begin and Commit frame a script that must take effect as a whole;
	// Rollback undoes it. All are empty where the warehouse has no
	// transactions; then it needs Copy.
	Begin, Commit, Rollback string
	// Commits says that no transaction holds a statement that defines a table, which
	// would commit what is open or fail: scripts with one need Copy.
	Commits bool
	// PartialInserts says that an INSERT of more than a few rows can take effect in
	// part, where it is interrupted.
	PartialInserts bool
	// Copy makes $1, whatever it was, a copy of $2, in one statement that takes
	// effect as a whole. Then the first statement of Swap is such a one too.
	Copy string
	// Together says that statements are sent together where they can be: each trip
	// to the warehouse is dear.
	Together bool
}
