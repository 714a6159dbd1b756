package sftest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kinds of statements, as a result tells them.
const (
	typeSelect   = 0x1000
	typeExplain  = 0x2100
	typeInsert   = 0x3100
	typeUpdate   = 0x3200
	typeDelete   = 0x3300
	typeMerge    = 0x3400
	typeCopy     = 0x3600
	typeAlterSes = 0x4100
	typeUse      = 0x4300
	typeShow     = 0x4400
	typeDescribe = 0x4500
	typeTCL      = 0x5000
	typeDDL      = 0x6000
	typeCreate   = 0x6100
	typePut      = 0x7100
	typeMulti    = 0xA000
)

// result is what a statement gives: rows that are there, or a query that is
// still to be read.
type result struct {
	typeID  int64
	columns []column
	rows    [][]*string
	query   string // of DuckDB, where the rows come from it
	encoded []byte // those rows, as JSON
	count   int
	upload  *upload
}

// upload is the answer to PUT.
type upload struct {
	sources      []string
	folder       string
	autoCompress bool
	overwrite    bool
	parallel     int
}

func status(typeID int64, format string, args ...any) *result {
	text := fmt.Sprintf(format, args...)
	return &result{typeID: typeID, columns: []column{{name: "status", t: tText}}, rows: [][]*string{{&text}}}
}

// counts is the result of a statement that changes rows.
func counts(typeID int64, pairs ...any) *result {
	r := &result{typeID: typeID, rows: [][]*string{nil}}
	for i := 0; i < len(pairs); i += 2 {
		n := fmt.Sprint(pairs[i+1]) //nolint:gosec // they are pairs
		r.columns = append(r.columns, column{name: fmt.Sprint(pairs[i]), t: fixed(19, 0)})
		r.rows[0] = append(r.rows[0], &n)
	}
	return r
}

// statement is one that is executed: what it says, and with what.
type statement struct {
	ctx      context.Context //nolint:containedctx // it lives as long as the statement
	s        *session
	p        *parser
	b        *binder
	describe bool
	text     string
	sets     [][]expr // the bindings of many rows
}

// execute runs one statement.
func (s *session) execute(ctx context.Context, text string, binds []expr, describe bool) (r *result, err error) {
	defer func() {
		if err != nil && s.open && s.flag("TRANSACTION_ABORT_ON_ERROR") {
			s.aborted = true
		}
	}()
	defer catch(&err)
	st := &statement{ctx: ctx, s: s, p: newParser(text), b: &binder{s: s, binds: binds}, describe: describe, text: text}
	return st.run(), nil
}

func (st *statement) run() *result {
	p := st.p
	t := p.peek()
	if t.kind == tokEnd {
		panic(refuse(900, "42601", "SQL compilation error:\nEmpty SQL statement."))
	}
	if st.s.aborted && t.name != "COMMIT" && t.name != "ROLLBACK" {
		panic(refuse(90232, "25000", "The current transaction has been aborted. Statements will be rejected until it is committed or rolled back."))
	}
	if p.isOp("(") || t.kind == tokWord {
		switch {
		case p.isOp("("), t.name == "SELECT", t.name == "WITH", t.name == "VALUES":
			return st.query()
		}
	}
	if t.kind != tokWord {
		p.unexpected()
	}
	switch t.name {
	case "INSERT":
		return st.insert()
	case "UPDATE":
		return st.update()
	case "DELETE":
		return st.delete()
	case "MERGE":
		return st.merge()
	case "TRUNCATE":
		return st.truncate()
	case "CREATE":
		return st.create()
	case "DROP":
		return st.drop()
	case "ALTER":
		return st.alter()
	case "USE":
		return st.use()
	case "BEGIN", "START":
		return st.beginTransaction()
	case "COMMIT", "ROLLBACK":
		p.i++
		p.word("WORK")
		p.end()
		if st.s.aborted && t.name == "COMMIT" {
			st.must(st.s.end(false))
			return status(typeTCL, "Statement executed successfully.")
		}
		st.must(st.s.end(t.name == "COMMIT"))
		return status(typeTCL, "Statement executed successfully.")
	case "SET", "UNSET":
		return st.setVariable()
	case "SHOW":
		return st.show()
	case "DESCRIBE", "DESC":
		return st.describeObject()
	case "EXPLAIN":
		return st.explain()
	case "PUT":
		return st.put()
	case "COPY":
		return st.copyInto()
	case "LIST", "LS", "REMOVE", "RM":
		return st.staged()
	case "GRANT", "REVOKE":
		return st.grant()
	case "COMMENT":
		return st.comment()
	case "GET", "CALL", "EXECUTE", "DECLARE", "UNDROP":
		panic(cannot("%s", t.name))
	}
	p.unexpected()
	return nil
}

func (st *statement) must(err error) {
	if err == nil {
		return
	}
	panic(asRefusal(err))
}

func asRefusal(err error) *refusal {
	if r, ok := fromDuckDB(err).(*refusal); ok { //nolint:errorlint // it makes one
		return r
	}
	return cannot("%v", err)
}

func (st *statement) query() *result {
	q := st.p.query()
	st.p.end()
	out := st.b.query(q, &scope{})
	return &result{typeID: typeSelect, columns: out.columns, query: out.sql}
}

func (st *statement) explain() *result {
	p := st.p
	p.need("EXPLAIN")
	format := "TABULAR"
	if p.word("USING") {
		if format = p.oneOf("TABULAR", "JSON", "TEXT"); format == "" {
			p.unexpected()
		}
	}
	start := p.peek().start
	inner := &statement{ctx: st.ctx, s: st.s, p: newParser(st.text[start:]), b: st.b, describe: true, text: st.text[start:]}
	switch w := inner.p.peek(); {
	case inner.p.isOp("("), w.name == "SELECT", w.name == "WITH":
		r := inner.query()
		st.plan("EXPLAIN " + r.query)
	case w.name == "INSERT":
		inner.insert()
	case w.name == "UPDATE":
		inner.update()
	case w.name == "DELETE":
		inner.delete()
	case w.name == "MERGE":
		inner.merge()
	case w.name == "CREATE":
		inner.create()
	default:
		inner.p.unexpected()
	}
	plan := "GlobalStats:\n\tpartitionsTotal=0\n\tpartitionsAssigned=0\n\tbytesAssigned=0\nOperations:\n1:0     ->Result"
	switch format {
	case "TABULAR":
		r := &result{typeID: typeExplain}
		cell := func(s string) *string { return &s }
		for _, c := range []string{"step", "id", "parentOperators", "operation", "objects", "alias", "expressions", "partitionsTotal", "partitionsAssigned", "bytesAssigned"} {
			r.columns = append(r.columns, column{name: c, t: tText})
		}
		r.rows = [][]*string{{nil, nil, nil, cell("GlobalStats"), nil, nil, nil, cell("0"), cell("0"), cell("0")}}
		return r
	case "JSON":
		plan = `{"GlobalStats":{"partitionsTotal":0,"partitionsAssigned":0,"bytesAssigned":0},"Operations":[[]]}`
	}
	return &result{typeID: typeExplain, columns: []column{{name: "content", t: tText}}, rows: [][]*string{{&plan}}}
}

// plan has DuckDB check a statement without running it.
func (st *statement) plan(sql string) {
	rows, err := st.s.conn.QueryContext(st.ctx, sql)
	if err != nil {
		panic(asRefusal(st.s.failed(st.ctx, err)))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	st.must(rows.Err())
}

// change runs what changes rows, unless the statement is only described.
func (st *statement) change(o *object, lock bool, sql ...string) int64 {
	if st.describe {
		for _, q := range sql {
			st.plan("EXPLAIN " + q)
		}
		return 0
	}
	if o.transientLock(lock) {
		st.must(st.s.lock(st.ctx, o))
		if !st.s.open {
			defer st.s.unlock()
		}
	}
	n, err := st.s.run(st.ctx, sql...)
	st.must(err)
	return n
}

func (o *object) transientLock(lock bool) bool { return lock && o.kind == "TABLE" }

// assign makes a value one that a column can take.
func (st *statement) assign(c *columnDef, e expr) expr {
	wrong := func() {
		panic(compilation(2023, "22000", "Expression type does not match column data type, expecting %s but got %s for column %s", c.t.shown(), e.t, c.name))
	}
	if c.t.semi() && !e.t.semi() && e.t.k != kNull || c.t.k == kObject && e.t.k == kArray || c.t.k == kArray && e.t.k == kObject {
		wrong()
	}
	func() {
		defer func() {
			if r, ok := recover().(*refusal); ok {
				if r.code == codeStub {
					panic(r)
				}
				wrong()
			}
		}()
		if c.t.k == kText && e.t.k != kNull {
			full := st.b.text(e)
			if full.t.length() > c.t.length() && c.t.length() < maxText {
				full.sql = fmt.Sprintf("(CASE WHEN length(%s) > %d THEN sf_fail(100078, 'String ''' || left(%s, 50) || ''' is too long and would be truncated') ELSE %s END)", full.sql, c.t.length(), full.sql, full.sql)
			}
			e = full
			return
		}
		e = st.b.cast(e, c.t, false, false)
	}()
	e.sql = "CAST(" + e.sql + " AS " + c.t.duck() + ")"
	return e
}

func (st *statement) insert() *result {
	p := st.p
	p.need("INSERT")
	overwrite := p.word("OVERWRITE")
	if p.isWord("ALL") || p.isWord("FIRST") {
		panic(cannot("INSERT into several tables"))
	}
	p.need("INTO")
	p.word("TABLE")
	o := st.s.object(p.qualified(), "TABLE")
	var targets []*columnDef
	if p.isOp("(") && (p.ahead(1).kind != tokWord || p.ahead(1).name != "SELECT" && p.ahead(1).name != "WITH") {
		for _, i := range p.idents() {
			c := o.column(i.name)
			if c == nil {
				panic(compilation(codeIdentifier, "42000", "error line %d at position %d\ninvalid identifier '%s'", p.peek().line, p.peek().col, i.shown()))
			}
			if slices.Contains(targets, c) {
				panic(compilation(2025, "42S21", "duplicate column name '%s'", i.shown()))
			}
			targets = append(targets, c)
		}
	} else {
		targets = o.columns
	}
	var source string
	if p.isWord("VALUES") {
		source = st.insertValues(targets)
	} else {
		source = st.insertQuery(targets)
	}
	p.end()
	var names []string
	values := make([]string, 0, len(o.columns))
	for _, c := range o.columns {
		names = append(names, c.physical)
		i := slices.Index(targets, c)
		switch {
		case i >= 0:
			values = append(values, "q.c"+strconv.Itoa(i))
		case c.fallback != "":
			values = append(values, c.fallback)
		default:
			values = append(values, "NULL")
		}
	}
	sql := "INSERT INTO " + o.physical + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM (" + source + ") AS q"
	if overwrite {
		count := st.change(o, true, "DELETE FROM "+o.physical, sql)
		return counts(typeInsert, "number of rows inserted", count)
	}
	n := st.change(o, false, sql)
	return counts(typeInsert, "number of rows inserted", n)
}

func (st *statement) insertQuery(targets []*columnDef) string {
	q := st.p.query()
	out := st.b.query(q, &scope{})
	if len(out.columns) != len(targets) {
		panic(compilation(2020, "21S01", "Insert value list does not match column list expecting %d but got %d", len(targets), len(out.columns)))
	}
	var cells []string
	for i, c := range targets {
		e := st.assign(c, expr{sql: "x.c" + strconv.Itoa(i), t: out.columns[i].t})
		cells = append(cells, e.sql+" AS c"+strconv.Itoa(i))
	}
	return "SELECT " + strings.Join(cells, ", ") + " FROM (" + out.sql + ") AS x"
}

func (st *statement) insertValues(targets []*columnDef) string {
	v := st.p.values()
	var names []string
	for i := range targets {
		names = append(names, "c"+strconv.Itoa(i))
	}
	var lines []string
	rows := v.rows
	if st.sets != nil {
		rows = nil
		for range st.sets {
			rows = append(rows, v.rows[0])
		}
	}
	for n, row := range rows {
		if st.sets != nil {
			st.b.binds = st.sets[n]
		}
		if len(row) != len(targets) {
			panic(compilation(2020, "21S01", "Insert value list does not match column list expecting %d but got %d", len(targets), len(row)))
		}
		var cells []string
		for i, x := range row {
			if x == nil {
				if f := targets[i].fallback; f != "" {
					cells = append(cells, f)
				} else {
					cells = append(cells, "NULL")
				}
				continue
			}
			e := st.b.nested(x, &scope{})
			if e.t.semi() {
				panic(compilation(2014, "22000", "Invalid expression in VALUES clause"))
			}
			cells = append(cells, st.assign(targets[i], e).sql)
		}
		lines = append(lines, "("+strings.Join(cells, ", ")+")")
	}
	return "SELECT * FROM (VALUES " + strings.Join(lines, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
}

// target adds a table that is changed to a scope, and gives its SQL.
func (st *statement) target(s *scope) (*object, string) {
	n := st.p.qualified()
	o := st.s.object(n, "TABLE")
	alias := st.p.alias(false)
	r := &relation{path: []string{o.database, o.schema, o.name}}
	if alias != nil {
		r.path = []string{alias.name}
	}
	physical := st.b.fresh("r")
	for _, c := range o.columns {
		r.columns = append(r.columns, column{name: c.name, sql: physical + "." + c.physical, t: c.t})
	}
	s.relations = append(s.relations, r)
	return o, o.physical + " AS " + physical
}

// assignments reads SET a = 1, b = 2.
func (st *statement) assignments(o *object) (targets []*columnDef, values []node) {
	p := st.p
	for {
		n := p.qualified()
		c := o.column(n.parts[len(n.parts)-1].name)
		if c == nil {
			panic(invalid(n))
		}
		if slices.Contains(targets, c) {
			panic(compilation(2025, "42S21", "duplicate column name '%s'", c.name))
		}
		p.needOp("=")
		targets = append(targets, c)
		values = append(values, p.expr())
		if !p.op(",") {
			return targets, values
		}
	}
}

func (st *statement) setClause(targets []*columnDef, values []node, s *scope) string {
	st.b.clause = "SET"
	var parts []string
	for i, c := range targets {
		parts = append(parts, c.physical+" = "+st.assign(c, st.b.nested(values[i], s)).sql)
	}
	return strings.Join(parts, ", ")
}

func (st *statement) update() *result {
	p := st.p
	p.need("UPDATE")
	s := &scope{}
	o, target := st.target(s)
	p.need("SET")
	targets, values := st.assignments(o)
	from := ""
	if p.word("FROM") {
		from = " FROM " + st.fromList(s)
	}
	var where node
	if p.word("WHERE") {
		where = p.expr()
	}
	p.end()
	sql := "UPDATE " + target + " SET " + st.setClause(targets, values, s) + from
	condition := ""
	if where != nil {
		st.b.clause = "WHERE"
		condition = " WHERE " + st.b.where(where, s)
	}
	if from != "" && !st.describe && st.s.flag("ERROR_ON_NONDETERMINISTIC_UPDATE") {
		physical, _, _ := strings.Cut(s.relations[0].columns[0].sql, ".")
		st.once("SELECT count(*) FROM (SELECT 1 FROM " + target + " CROSS JOIN " + strings.TrimPrefix(from, " FROM ") + condition + " GROUP BY " + physical + ".rowid HAVING count(*) > 1)")
	}
	n := st.change(o, true, sql+condition)
	return counts(typeUpdate, "number of rows updated", n, "number of multi-joined rows updated", 0)
}

func (st *statement) fromList(s *scope) string {
	sql := ""
	st.b.clause = "FROM"
	for {
		f, lateral := st.b.from(st.p.fromItem(), s)
		switch {
		case sql == "":
			sql = f
		case lateral == "OUTER":
			sql += " LEFT JOIN " + f + " ON TRUE"
		default:
			sql += " CROSS JOIN " + f
		}
		if !st.p.op(",") {
			return sql
		}
	}
}

// insertSets runs an INSERT ... VALUES (?, ?) for many sets of values at once.
func (s *session) insertSets(ctx context.Context, text string, sets [][]expr) (r *result, err error) {
	defer catch(&err)
	st := &statement{ctx: ctx, s: s, p: newParser(text), b: &binder{s: s}, text: text, sets: sets}
	if !st.p.isWord("INSERT") {
		panic(cannot("bindings of many rows for other than INSERT"))
	}
	return st.insert(), nil
}

func (st *statement) delete() *result {
	p := st.p
	p.need("DELETE", "FROM")
	s := &scope{}
	o, target := st.target(s)
	using := ""
	if p.word("USING") {
		using = " USING " + st.fromList(s)
	}
	sql := "DELETE FROM " + target + using
	if p.word("WHERE") {
		x := p.expr()
		st.b.clause = "WHERE"
		sql += " WHERE " + st.b.where(x, s)
	}
	p.end()
	n := st.change(o, true, sql)
	return counts(typeDelete, "number of rows deleted", n)
}

func (st *statement) truncate() *result {
	p := st.p
	p.need("TRUNCATE")
	p.word("TABLE")
	ifExists := p.word("IF", "EXISTS")
	n := p.qualified()
	p.end()
	if ifExists && st.s.find(n) == nil {
		return status(typeDDL, "Statement executed successfully.")
	}
	o := st.s.object(n, "TABLE")
	st.commit()
	st.change(o, true, "DELETE FROM "+o.physical)
	return status(typeDDL, "Statement executed successfully.")
}

func (s *session) find(n name) *object {
	s.server.catalog.mu.Lock()
	defer s.server.catalog.mu.Unlock()
	return s.lookup(n)
}

type mergeClause struct {
	matched bool
	cond    node
	delete  bool
	targets []*columnDef
	values  []node
}

func (st *statement) merge() *result {
	p := st.p
	p.need("MERGE", "INTO")
	s := &scope{}
	o, target := st.target(s)
	own := s.relations[0]
	p.need("USING")
	source, _ := st.b.from(p.fromPrimary(), s)
	p.need("ON")
	st.b.clause = "ON"
	on := st.b.bool(st.b.expr(p.expr(), s))
	var clauses []mergeClause
	for p.word("WHEN") {
		c := mergeClause{matched: true}
		if p.word("NOT") {
			c.matched = false
		}
		p.need("MATCHED")
		if p.isWord("BY") {
			p.unexpected()
		}
		if p.word("AND") {
			c.cond = p.expr()
		}
		p.need("THEN")
		switch {
		case c.matched && p.word("UPDATE"):
			p.need("SET")
			c.targets, c.values = st.assignments(o)
		case c.matched && p.word("DELETE"):
			c.delete = true
		case !c.matched && p.word("INSERT"):
			c.targets = o.columns
			if p.isOp("(") {
				c.targets = nil
				p.i++
				for {
					n := p.qualified()
					col := o.column(n.parts[len(n.parts)-1].name)
					if col == nil {
						panic(invalid(n))
					}
					c.targets = append(c.targets, col)
					if !p.op(",") {
						break
					}
				}
				p.needOp(")")
			}
			p.need("VALUES")
			p.i--
			v := p.values()
			if len(v.rows) != 1 || len(v.rows[0]) != len(c.targets) {
				panic(compilation(2020, "21S01", "Insert value list does not match column list"))
			}
			c.values = v.rows[0]
		default:
			p.unexpected()
		}
		clauses = append(clauses, c)
	}
	if len(clauses) == 0 {
		p.unexpected()
	}
	p.end()
	sourceScope := &scope{relations: s.relations[1:]}
	var sql strings.Builder
	fmt.Fprintf(&sql, "MERGE INTO %s USING %s ON %s", target, source, on.sql)
	inserts, updates, deletes := false, false, false
	var matchedConditions []string
	unconditional := map[bool]bool{}
	for _, c := range clauses {
		if unconditional[c.matched] {
			panic(compilation(codeSyntax, "42000", "syntax error: a WHEN clause after one without a condition can never apply"))
		}
		unconditional[c.matched] = c.cond == nil
		at := s
		if !c.matched {
			at = sourceScope
		}
		st.b.clause = "WHEN"
		cond := "TRUE"
		if c.cond != nil {
			cond = st.b.bool(st.b.expr(c.cond, at)).sql
		}
		not := ""
		if !c.matched {
			not = "NOT "
		}
		fmt.Fprintf(&sql, " WHEN %sMATCHED AND %s THEN ", not, cond)
		switch {
		case c.delete:
			deletes = true
			sql.WriteString("DELETE")
			matchedConditions = append(matchedConditions, "("+cond+")")
		case c.matched:
			updates = true
			sql.WriteString("UPDATE SET " + st.setClause(c.targets, c.values, s))
			matchedConditions = append(matchedConditions, "("+cond+")")
		default:
			inserts = true
			var names, cells []string
			for _, col := range o.columns {
				names = append(names, col.physical)
				i := slices.Index(c.targets, col)
				switch {
				case i >= 0 && c.values[i] != nil:
					cells = append(cells, st.assign(col, st.b.nested(c.values[i], sourceScope)).sql)
				case col.fallback != "":
					cells = append(cells, col.fallback)
				default:
					cells = append(cells, "NULL")
				}
			}
			sql.WriteString("INSERT (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(cells, ", ") + ")")
		}
	}
	physical, _, _ := strings.Cut(own.columns[0].sql, ".")
	var inserted, updated, deleted int64
	if st.describe {
		st.plan("EXPLAIN " + sql.String())
	} else {
		st.must(st.s.lock(st.ctx, o))
		if !st.s.open {
			defer st.s.unlock()
		}
		st.must(st.s.begin(st.ctx))
		if updates && st.s.flag("ERROR_ON_NONDETERMINISTIC_MERGE") {
			st.once("SELECT count(*) FROM (SELECT 1 FROM " + target + " JOIN " + source + " ON " + on.sql + " WHERE " + strings.Join(matchedConditions, " OR ") + " GROUP BY " + physical + ".rowid HAVING count(*) > 1)")
		}
		inserted, updated, deleted = st.merged(sql.String())
	}
	var pairs []any
	if inserts {
		pairs = append(pairs, "number of rows inserted", inserted)
	}
	if updates {
		pairs = append(pairs, "number of rows updated", updated)
	}
	if deletes {
		pairs = append(pairs, "number of rows deleted", deleted)
	}
	return counts(typeMerge, pairs...)
}

// once refuses a change of rows that several rows would change: the query
// counts those.
func (st *statement) once(query string) {
	var n int64
	st.must(st.s.begin(st.ctx))
	if err := st.s.conn.QueryRowContext(st.ctx, query).Scan(&n); err != nil {
		st.s.recover()
		panic(asRefusal(st.s.failed(st.ctx, err)))
	}
	if n > 0 {
		panic(refuse(100090, "42P18", "Duplicate row detected during DML action"))
	}
}

// merged runs MERGE and counts what it did.
func (st *statement) merged(sql string) (inserted, updated, deleted int64) {
	rows, err := st.s.conn.QueryContext(st.ctx, sql+" RETURNING merge_action")
	if err != nil {
		st.s.recover()
		panic(asRefusal(st.s.failed(st.ctx, err)))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var action string
		st.must(rows.Scan(&action))
		switch action {
		case "INSERT":
			inserted++
		case "UPDATE":
			updated++
		case "DELETE":
			deleted++
		}
	}
	st.must(rows.Err())
	if st.s.open {
		st.s.done = append(st.s.done, sql)
	}
	return inserted, updated, deleted
}

func (st *statement) beginTransaction() *result {
	p := st.p
	if p.word("START") {
		p.need("TRANSACTION")
	} else {
		p.need("BEGIN")
		if t := p.peek(); t.kind == tokWord && t.name != "WORK" && t.name != "TRANSACTION" && t.name != "NAME" {
			panic(cannot("Snowflake Scripting"))
		}
		p.oneOf("WORK", "TRANSACTION")
	}
	if p.word("NAME") {
		p.ident()
	}
	p.end()
	// A transaction that is open stays so: BEGIN does nothing then.
	st.s.open = true
	return status(typeTCL, "Statement executed successfully.")
}

// commit is what DDL does before it begins: the transaction that is open is
// committed.
func (st *statement) commit() {
	if st.describe {
		return
	}
	if st.s.open {
		st.must(st.s.end(true))
	}
}

func (st *statement) use() *result {
	p := st.p
	p.need("USE")
	s := st.s
	defer p.end()
	switch {
	case p.word("ROLE"):
		i := p.ident()
		if s.server.missingRole(i.name) {
			panic(compilation(codeMissing, "02000", "Role '%s' does not exist or not authorized.", i.shown()))
		}
		s.role = i.name
	case p.word("WAREHOUSE"):
		i := p.ident()
		if s.server.missingWarehouse(i.name) {
			panic(compilation(codeNoSuch, "02000", "Object does not exist, or operation cannot be performed."))
		}
		s.warehouse = i.name
	case p.word("SECONDARY"):
		p.need("ROLES")
		if p.oneOf("ALL", "NONE") == "" {
			p.unexpected()
		}
	case p.word("DATABASE"):
		s.useDatabase(p.part())
	case p.word("SCHEMA"):
		n := p.qualified()
		if len(n.parts) == 1 {
			s.useSchema(s.database, n.parts[0])
		} else {
			s.useSchema(n.parts[0].name, n.parts[1])
		}
	default:
		n := p.qualified()
		if len(n.parts) == 1 {
			s.useDatabase(n.parts[0])
		} else {
			s.useSchema(n.parts[0].name, n.parts[1])
		}
	}
	return status(typeUse, "Statement executed successfully.")
}

func (s *session) useDatabase(i ident) {
	s.server.catalog.mu.Lock()
	defer s.server.catalog.mu.Unlock()
	d := s.server.catalog.databases[i.name]
	if d == nil {
		panic(compilation(codeNoSuch, "02000", "Object does not exist, or operation cannot be performed."))
	}
	s.database, s.schema = i.name, ""
	if d.schemas["PUBLIC"] != nil {
		s.schema = "PUBLIC"
	}
}

func (s *session) useSchema(database string, i ident) {
	s.server.catalog.mu.Lock()
	defer s.server.catalog.mu.Unlock()
	if d := s.server.catalog.databases[database]; d == nil || d.schemas[i.name] == nil {
		panic(compilation(codeNoSuch, "02000", "Object does not exist, or operation cannot be performed."))
	}
	s.database, s.schema = database, i.name
}

func (st *statement) setVariable() *result {
	p := st.p
	if p.word("UNSET") {
		delete(st.s.variables, p.ident().name)
		p.end()
		return status(typeAlterSes, "Statement executed successfully.")
	}
	p.need("SET")
	i := p.ident()
	p.needOp("=")
	x := p.expr()
	p.end()
	e := st.b.text(st.b.expr(x, &scope{}))
	var v string
	if e.constant != nil {
		v = *e.constant
	} else {
		st.must(st.s.conn.QueryRowContext(st.ctx, "SELECT "+e.sql).Scan(&v))
	}
	if len(v) > 256 {
		panic(refuse(2047, "22023", "Assignment to '%s' not done because value exceeds size limit for variables.", i.name))
	}
	st.s.variables[i.name] = v
	return status(typeAlterSes, "Statement executed successfully.")
}

func (st *statement) grant() *result {
	p := st.p
	word := p.next().name
	for p.peek().kind != tokEnd && !p.isWord("TO") && !p.isWord("FROM") {
		p.next()
	}
	if word == "GRANT" {
		p.need("TO")
	} else {
		p.need("FROM")
	}
	p.oneOf("ROLE", "USER", "DATABASE")
	p.qualified()
	p.word("WITH", "GRANT", "OPTION")
	p.end()
	st.commit()
	return status(typeDDL, "Statement executed successfully.")
}

func (st *statement) comment() *result {
	p := st.p
	p.need("COMMENT")
	p.word("IF", "EXISTS")
	p.need("ON")
	kind := p.oneOf("TABLE", "SCHEMA", "DATABASE", "VIEW", "COLUMN")
	if kind == "" {
		p.unexpected()
	}
	n := p.qualified()
	p.need("IS")
	text := p.string()
	p.end()
	st.commit()
	if kind == "TABLE" || kind == "VIEW" {
		st.s.object(n, kind).comment = text
	}
	return status(typeDDL, "Statement executed successfully.")
}
