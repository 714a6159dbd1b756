package main

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	googlesql "github.com/goccy/go-googlesql"
)

// changed is the table that a statement changes, and its columns by the numbers
// that the statement gives them.
func (p *planner) changed(s *googlesql.ResolvedTableScan, out *plan) (t *Table, names map[string]string) {
	t = p.t.table(s)
	if t.View != "" {
		panic(invalid("A view cannot be changed: " + t.colon()))
	}
	out.target = &t.Name
	if t.Engine == "" {
		out.lacks = unsupported("a table that was made by a statement that was only checked: " + t.colon())
	}
	cols, as := p.t.tableColumns(s)
	names = map[string]string{}
	for i, c := range cols {
		names[as[i]] = c.Name
	}
	return t, names
}

func (p *planner) truncate(s *googlesql.ResolvedTruncateStmt) *plan {
	out := &plan{kind: "TRUNCATE_TABLE"}
	t, _ := p.changed(must(s.TableScan()), out)
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		n, err := exec(ctx, c, "DELETE FROM "+t.Engine)
		return &result{deleted: n}, err
	}
	return out
}

func (p *planner) insert(s *googlesql.ResolvedInsertStmt) *plan {
	out := &plan{kind: "INSERT"}
	t, names := p.changed(must(s.TableScan()), out)
	if must(s.InsertMode()) != googlesql.ResolvedInsertStmtEnums_InsertModeOrError {
		panic(invalid("INSERT OR ... is not supported"))
	}
	var statement string
	p.write(out, func() {
		var into []string
		var types []Type
		for _, c := range must(s.InsertColumnList()) {
			into, types = append(into, quote(names[column(c)])), append(types, typeOf(must(c.Type())))
		}
		statement = "INSERT INTO " + t.Engine + " (" + strings.Join(into, ", ") + ") "
		if query := must(s.Query()); query != nil {
			var values []string
			for i, c := range must(s.QueryOutputColumnList()) {
				values = append(values, stored(column(c), types[i]))
			}
			statement += "SELECT " + strings.Join(values, ", ") + " FROM " + p.t.from(query)
			return
		}
		var rows []string
		for _, r := range must(s.RowList()) {
			var values []string
			for i, v := range must(r.ValueList()) {
				values = append(values, stored(p.value(must(v.Value())), types[i]))
			}
			rows = append(rows, "("+strings.Join(values, ", ")+")")
		}
		statement += "VALUES " + strings.Join(rows, ", ")
	})
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		n, err := exec(ctx, c, statement)
		return &result{inserted: n}, err
	}
	return out
}

// value is one that is written; DEFAULT is NULL, as there are no defaults.
func (p *planner) value(e googlesql.ResolvedExprNode) string {
	if _, ok := e.(*googlesql.ResolvedDMLDefault); ok {
		return "NULL"
	}
	return p.t.expr(e)
}

// rows is the table of a scan with the engine's number of each row.
func (p *planner) rows(s *googlesql.ResolvedTableScan) string {
	names, as := p.t.tableColumns(s)
	cols := []string{"rowid AS rid"}
	for i, c := range names {
		cols = append(cols, quote(c.Name)+" AS "+as[i])
	}
	return "(SELECT " + strings.Join(cols, ", ") + " FROM " + p.t.source(p.t.table(s)) + ")"
}

// sets are the assignments of an UPDATE: the columns and what they become.
func (p *planner) sets(items []*googlesql.ResolvedUpdateItem, names map[string]string) (columns, values []string) {
	for _, item := range items {
		ref, ok := must(item.Target()).(*googlesql.ResolvedColumnRef)
		if !ok || must(item.SetValue()) == nil {
			panic(unsupported("UPDATE of a part of a column"))
		}
		columns = append(columns, quote(names[column(must(ref.Column()))]))
		values = append(values, stored(p.value(must(must(item.SetValue()).Value())), typeOf(must(ref.Type()))))
	}
	return columns, values
}

// change applies what a table of the engine says: the rows by their numbers, and
// the values that they get.
func change(ctx context.Context, c *sql.Conn, t *Table, columns []string, from, where, prefix string) (int64, error) {
	var sets []string
	for i, name := range columns {
		sets = append(sets, fmt.Sprintf("%s = m.%s%d", name, prefix, i))
	}
	return exec(ctx, c, "UPDATE "+t.Engine+" SET "+strings.Join(sets, ", ")+" FROM "+from+" AS m WHERE "+t.Engine+".rowid = m.rid"+where)
}

// once fails where a row would be changed twice.
func once(ctx context.Context, c *sql.Conn, query string) error {
	rows, err := collect(ctx, c, "SELECT count(*) FROM (SELECT rid FROM "+query+" GROUP BY rid HAVING count(*) > 1)", 1)
	if err != nil {
		return err
	}
	if rows[0][0] != int64(0) {
		return invalid("UPDATE/MERGE must match at most one source row for each target row")
	}
	return nil
}

func (p *planner) update(s *googlesql.ResolvedUpdateStmt) *plan {
	out := &plan{kind: "UPDATE"}
	t, names := p.changed(must(s.TableScan()), out)
	work := p.store.name()
	var query string
	var columns []string
	p.write(out, func() {
		var values []string
		columns, values = p.sets(must(s.UpdateItemList()), names)
		selected := []string{"rid"}
		for i, v := range values {
			selected = append(selected, v+" AS v"+strconv.Itoa(i))
		}
		from := p.rows(must(s.TableScan()))
		if f := must(s.FromScan()); f != nil {
			from += " CROSS JOIN " + p.t.from(f)
		}
		query = "SELECT " + strings.Join(selected, ", ") + " FROM " + from + " WHERE " + p.t.expr(must(s.WhereExpr()))
	})
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		if _, err := exec(ctx, c, "CREATE TEMP TABLE "+work+" AS "+query); err != nil {
			return nil, err
		}
		if err := once(ctx, c, work); err != nil {
			return nil, err
		}
		n, err := change(ctx, c, t, columns, work, "", "v")
		if err != nil {
			return nil, err
		}
		_, err = exec(ctx, c, "DROP TABLE "+work)
		return &result{updated: n}, err
	}
	return out
}

func (p *planner) remove(s *googlesql.ResolvedDeleteStmt) *plan {
	out := &plan{kind: "DELETE"}
	t, _ := p.changed(must(s.TableScan()), out)
	var statement string
	p.write(out, func() {
		statement = "DELETE FROM " + t.Engine + " WHERE rowid IN (SELECT rid FROM " + p.rows(must(s.TableScan())) + " WHERE " + p.t.expr(must(s.WhereExpr())) + ")"
	})
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		n, err := exec(ctx, c, statement)
		return &result{deleted: n}, err
	}
	return out
}

// merge joins both sides into a table of the engine that says for each row which
// clause it falls under, and then applies clause after clause.
func (p *planner) merge(s *googlesql.ResolvedMergeStmt) *plan {
	out := &plan{kind: "MERGE"}
	t, names := p.changed(must(s.TableScan()), out)
	work, sides := p.store.name(), p.store.name()
	type clause struct {
		action  googlesql.ResolvedMergeWhenEnums_ActionType
		columns []string
	}
	var clauses []clause
	var statements []string
	p.write(out, func() {
		source := "(SELECT row_number() OVER () AS sid, * FROM " + p.t.from(must(s.FromScan())) + ")"
		on := p.t.expr(must(s.MergeExpr()))
		selected := []string{"rid", "sid"}
		act := []string{"CASE"}
		for i, w := range must(s.WhenClauseList()) {
			condition := map[googlesql.ResolvedMergeWhenEnums_MatchType]string{
				googlesql.ResolvedMergeWhenEnums_MatchTypeMatched:            "rid IS NOT NULL AND sid IS NOT NULL",
				googlesql.ResolvedMergeWhenEnums_MatchTypeNotMatchedByTarget: "rid IS NULL",
				googlesql.ResolvedMergeWhenEnums_MatchTypeNotMatchedBySource: "sid IS NULL",
			}[must(w.MatchType())]
			if e := must(w.MatchExpr()); e != nil {
				condition += " AND " + p.t.expr(e)
			}
			act = append(act, "WHEN", condition, "THEN", strconv.Itoa(i))
			k := clause{action: must(w.ActionType())}
			var values []string
			switch k.action {
			case googlesql.ResolvedMergeWhenEnums_ActionTypeInsert:
				row := must(must(w.InsertRow()).ValueList())
				for n, c := range must(w.InsertColumnList()) {
					k.columns = append(k.columns, quote(names[column(c)]))
					values = append(values, stored(p.value(must(row[n].Value())), typeOf(must(c.Type()))))
				}
			case googlesql.ResolvedMergeWhenEnums_ActionTypeUpdate:
				k.columns, values = p.sets(must(w.UpdateItemList()), names)
			}
			for n, v := range values {
				// What another clause would fail of must not be computed.
				selected = append(selected, fmt.Sprintf("CASE WHEN act = %d THEN %s END AS v%d_%d", i, v, i, n))
			}
			clauses = append(clauses, k)
		}
		act = append(act, "END AS act")
		statements = []string{
			"CREATE TEMP TABLE " + sides + " AS SELECT * FROM " + p.rows(must(s.TableScan())) + " LEFT JOIN " + source + " ON " + on,
			"INSERT INTO " + sides + " BY NAME SELECT * FROM " + source + " WHERE sid NOT IN (SELECT sid FROM " + sides + " WHERE sid IS NOT NULL)",
			"CREATE TEMP TABLE " + work + " AS SELECT act, " + strings.Join(selected, ", ") + " FROM (SELECT *, " + strings.Join(act, " ") + " FROM " + sides + ") WHERE act IS NOT NULL",
		}
	})
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		for _, statement := range statements {
			if _, err := exec(ctx, c, statement); err != nil {
				return nil, err
			}
		}
		if err := once(ctx, c, "(SELECT rid FROM "+work+" WHERE rid IS NOT NULL)"); err != nil {
			return nil, err
		}
		r := &result{}
		for i, k := range clauses {
			where := fmt.Sprintf("act = %d", i)
			var n int64
			var err error
			switch k.action {
			case googlesql.ResolvedMergeWhenEnums_ActionTypeDelete:
				n, err = exec(ctx, c, "DELETE FROM "+t.Engine+" WHERE rowid IN (SELECT rid FROM "+work+" WHERE "+where+")")
				r.deleted += n
			case googlesql.ResolvedMergeWhenEnums_ActionTypeUpdate:
				n, err = change(ctx, c, t, k.columns, work, " AND "+where, fmt.Sprintf("v%d_", i))
				r.updated += n
			case googlesql.ResolvedMergeWhenEnums_ActionTypeInsert:
				var values []string
				for n := range k.columns {
					values = append(values, fmt.Sprintf("v%d_%d", i, n))
				}
				n, err = exec(ctx, c, "INSERT INTO "+t.Engine+" ("+strings.Join(k.columns, ", ")+") SELECT "+strings.Join(values, ", ")+" FROM "+work+" WHERE "+where)
				r.inserted += n
			}
			if err != nil {
				return nil, err
			}
		}
		for _, name := range []string{work, sides} {
			if _, err := exec(ctx, c, "DROP TABLE "+name); err != nil {
				return nil, err
			}
		}
		return r, nil
	}
	return out
}
