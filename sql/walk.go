package sql

import "fmt"

// Reads lists the tables that a statement reads, each once, in order of first
// appearance. A table that the statement only writes is not among them.
func Reads(s Statement) []Table {
	var c collector
	switch s := s.(type) {
	case CreateTableAs:
		c.query(s.Query)
	case InsertSelect:
		c.query(s.Query)
	case Delete:
		c.expr(s.Where)
	case Update:
		for _, a := range s.Set {
			c.expr(a.Value)
		}
		c.expr(s.Where)
	case UpdateFrom:
		for _, a := range s.Set {
			c.expr(a.Value)
		}
		c.from(s.From)
		c.expr(s.On)
	case Swap:
		c.add(Table{Beside, s.Name})
	case CreateTable, AddColumn, Drop:
	default:
		panic(fmt.Sprintf("sql: unknown statement %T", s))
	}
	return c.tables
}

// QueryReads lists the tables that a query reads.
func QueryReads(q Query) []Table {
	var c collector
	c.query(q)
	return c.tables
}

// Writes is the table that a statement writes.
func Writes(s Statement) Table {
	switch s := s.(type) {
	case CreateTableAs:
		return s.Table
	case CreateTable:
		return s.Table
	case InsertSelect:
		return s.Table
	case Delete:
		return s.Table
	case Update:
		return s.Table
	case UpdateFrom:
		return s.Table
	case AddColumn:
		return s.Table
	case Drop:
		return s.Table
	case Swap:
		return Table{Public, s.Name}
	default:
		panic(fmt.Sprintf("sql: unknown statement %T", s))
	}
}

type collector struct {
	tables []Table
	seen   map[Table]bool
}

func (c *collector) add(t Table) {
	if c.seen == nil {
		c.seen = map[Table]bool{}
	}
	if !c.seen[t] {
		c.seen[t] = true
		c.tables = append(c.tables, t)
	}
}

func (c *collector) query(q Query) {
	switch q := q.(type) {
	case nil:
	case *Select:
		for _, w := range q.With {
			c.query(w.Query)
		}
		for _, it := range q.Items {
			c.expr(it.Expr)
		}
		c.from(q.From)
		c.expr(q.Where)
		c.exprs(q.GroupBy)
		c.expr(q.Having)
		c.orders(q.OrderBy)
	case Union:
		for _, part := range q {
			c.query(part)
		}
	case CustomQuery:
		for _, part := range q.Parts {
			c.query(part.Query)
		}
	default:
		panic(fmt.Sprintf("sql: unknown query %T", q))
	}
}

func (c *collector) from(f From) {
	switch f := f.(type) {
	case nil, CTERef:
	case TableRef:
		c.add(f.Table)
	case Derived:
		c.query(f.Query)
	case *Join:
		c.from(f.Left)
		c.from(f.Right)
		c.expr(f.On)
	default:
		panic(fmt.Sprintf("sql: unknown FROM item %T", f))
	}
}

func (c *collector) exprs(es []Expr) {
	for _, e := range es {
		c.expr(e)
	}
}

func (c *collector) orders(os []Order) {
	for _, o := range os {
		c.expr(o.Expr)
	}
}

func (c *collector) expr(e Expr) {
	switch e := e.(type) {
	case nil, Column, Bool, Int, Float, String, Timestamp, Null:
	case Call:
		c.exprs(e.Args)
	case And:
		c.exprs(e)
	case Or:
		c.exprs(e)
	case Cast:
		c.expr(e.Expr)
	case TryCast:
		c.expr(e.Expr)
	case Case:
		for _, w := range e.Whens {
			c.expr(w.If)
			c.expr(w.Then)
		}
		c.expr(e.Else)
	case In:
		c.expr(e.Expr)
		c.exprs(e.List)
	case InQuery:
		c.exprs(e.Exprs)
		c.query(e.Query)
	case Exists:
		c.query(e.Query)
	case Scalar:
		c.query(e.Query)
	case Lambda:
		c.expr(e.Body)
	case Custom:
		c.expr(e.Value)
	case Window:
		c.expr(e.Call)
		c.exprs(e.PartitionBy)
		c.orders(e.OrderBy)
	default:
		panic(fmt.Sprintf("sql: unknown expression %T", e))
	}
}
