package sql

// Col is a column of an alias.
func Col(alias, name string) Column { return Column{Table: alias, Name: name} }

// Fn calls f.
func Fn(f Func, args ...Expr) Call { return Call{Func: f, Args: args} }

// FnOf calls f, whose value is of a type. ArgMax, ArgMin, ArgMaxRow, ArgMinRow,
// Mode, ListMax, ListMin and ListColumn are called in this way.
func FnOf(of Type, f Func, args ...Expr) Call { return Call{Func: f, Args: args, Of: of} }

// As is an output column.
func As(e Expr, name string) Item { return Item{Expr: e, As: name} }

// Items are the columns of an alias under their own names.
func Items(alias string, names ...string) []Item {
	out := make([]Item, len(names))
	for i, n := range names {
		out[i] = Item{Expr: Col(alias, n), As: n}
	}
	return out
}

// If is a Case of one branch and an alternative; otherwise may be nil.
func If(cond, then, otherwise Expr) Case {
	return Case{Whens: []When{{If: cond, Then: then}}, Else: otherwise}
}

// Asc orders by e, nulls last.
func Asc(e Expr) Order { return Order{Expr: e} }

// Joins chains joins from the left.
func Joins(first From, rest ...Join) From {
	out := first
	for _, j := range rest {
		j.Left = out
		out = &j
	}
	return out
}
