package sql

// Some warehouses take EXISTS of a query that names columns of the query around
// it only where it is a term of WHERE. Elsewhere it is written as IN of a query
// that stands alone, which is the same where rows are matched by equality.

// matching are the expressions of the query around an Exists, and the query of
// what they have to be equal to; ok is false where it cannot be written so.
func matching(e Exists) (outer []Expr, inner *Select, ok bool) {
	s, ok := e.Query.(*Select)
	if !ok || len(s.With) > 0 || len(s.GroupBy) > 0 || s.Having != nil || s.Limit > 0 || s.From == nil {
		return nil, nil, false
	}
	own := map[string]bool{}
	aliases(s.From, own)
	terms, isAnd := s.Where.(And)
	if !isAnd && s.Where != nil {
		terms = And{s.Where}
	}
	inner = &Select{From: s.From}
	var rest And
	for _, term := range terms {
		here, around, plain := belongs(term, own)
		switch call, isCall := term.(Call); {
		case !plain:
			return nil, nil, false
		case !around:
			rest = append(rest, term)
		case !here || !isCall || call.Func != Eq:
			return nil, nil, false
		default:
			a, b := call.Args[0], call.Args[1]
			if _, outside, _ := belongs(a, own); outside {
				a, b = b, a
			}
			_, wrong, _ := belongs(a, own)
			mixed, _, _ := belongs(b, own)
			if wrong || mixed {
				return nil, nil, false
			}
			outer = append(outer, b)
			inner.Items = append(inner.Items, Item{Expr: a})
			// NULL equals nothing, and would make IN unknown.
			rest = append(rest, Fn(IsNotNull, a))
		}
	}
	if len(rest) > 0 {
		inner.Where = rest
	}
	return outer, inner, len(outer) > 0
}

// aliases are those of a FROM clause.
func aliases(f From, into map[string]bool) {
	switch f := f.(type) {
	case TableRef:
		into[f.As] = true
	case CTERef:
		into[f.As] = true
		into[f.Name] = true
	case Derived:
		into[f.As] = true
	case *Join:
		aliases(f.Left, into)
		aliases(f.Right, into)
	}
}

// belongs says whether an expression has columns of the aliases given, and
// others; plain is false where that is not known.
func belongs(e Expr, own map[string]bool) (here, around, plain bool) {
	plain = true
	Visit(e, func(x Expr) {
		switch x := x.(type) {
		case Column:
			switch {
			case x.Table == "":
				plain = false
			case own[x.Table]:
				here = true
			default:
				around = true
			}
		case Exists, Scalar, InQuery:
			plain = false
		}
	})
	return here, around, plain
}

// exists prints an Exists that is no term of WHERE.
func (w *writer) exists(e Exists) (text string, ok bool) {
	if !w.Dialect.Alone {
		return "", false
	}
	outer, inner, ok := matching(e)
	if !ok {
		return "", false
	}
	in := Fn(Coalesce, InQuery{Exprs: outer, Query: inner}, Bool(false))
	if e.Not {
		in = Fn(Not, in)
	}
	return w.condition(in), true
}
