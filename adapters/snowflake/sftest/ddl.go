package sftest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// createdAt is when every object was made: the server has no clock.
const createdAt = "2026-01-01 00:00:00.000 +0000"

func (st *statement) create() *result {
	p := st.p
	p.need("CREATE")
	replace := p.word("OR", "REPLACE")
	if p.isWord("OR", "ALTER") {
		panic(cannot("CREATE OR ALTER"))
	}
	transient, temporary := false, false
	for {
		switch {
		case p.word("TRANSIENT"):
			transient = true
			continue
		case p.word("LOCAL"), p.word("GLOBAL"):
			continue
		case p.word("TEMPORARY"), p.word("TEMP"), p.word("VOLATILE"):
			temporary = true
			continue
		}
		break
	}
	switch {
	case p.word("TABLE"):
		return st.createTable(replace, transient, temporary)
	case p.word("SCHEMA"):
		return st.createSchema(replace, transient)
	case p.word("DATABASE"):
		return st.createDatabase(replace)
	case p.word("SECURE", "VIEW"), p.word("VIEW"):
		return st.createView(replace, temporary)
	case p.word("STAGE"):
		return st.createStage(replace, temporary)
	case p.isWord("MATERIALIZED"), p.isWord("FUNCTION"), p.isWord("PROCEDURE"), p.isWord("SEQUENCE"), p.isWord("STREAM"), p.isWord("TASK"), p.isWord("DYNAMIC"),
		p.isWord("WAREHOUSE"), p.isWord("ROLE"), p.isWord("USER"), p.isWord("FILE"), p.isWord("RECURSIVE"), p.isWord("HYBRID"), p.isWord("ICEBERG"), p.isWord("EXTERNAL"):
		panic(cannot("CREATE %s", p.peek().text))
	}
	p.unexpected()
	return nil
}

func (st *statement) ifNotExists() bool { return st.p.word("IF", "NOT", "EXISTS") }

// declared is a column as CREATE TABLE says it.
func (st *statement) declared(o *object) *columnDef {
	p := st.p
	c := &columnDef{name: p.ident().name}
	if o.column(c.name) != nil {
		panic(compilation(2025, "42S21", "duplicate column name '%s'", c.name))
	}
	c.t = p.typeName()
	for {
		switch {
		case p.word("NOT", "NULL"):
			c.notNull = true
		case p.word("NULL"):
		case p.word("DEFAULT"):
			start := p.peek().start
			x := p.comparison()
			c.dflt = strings.TrimSpace(st.text[start:p.toks[p.i-1].end])
			c.fallback = st.assign(c, st.b.nested(x, &scope{})).sql
		case p.word("COMMENT"):
			c.comment = p.string()
		case p.word("PRIMARY", "KEY"):
			c.key, c.notNull = true, true
		case p.word("UNIQUE"):
		case p.word("COLLATE"):
			panic(cannot("COLLATE"))
		case p.isWord("AUTOINCREMENT"), p.isWord("IDENTITY"), p.isWord("REFERENCES"), p.isWord("CONSTRAINT"), p.isWord("MASKING"), p.isWord("AS"):
			panic(cannot("%s of a column", p.peek().text))
		default:
			return c
		}
	}
}

// options reads what follows the columns of a table.
func (st *statement) options(o *object) {
	p := st.p
	for {
		switch {
		case p.word("CLUSTER", "BY"):
			o.cluster = st.parenthesised()
		case p.word("DATA_RETENTION_TIME_IN_DAYS"), p.word("MAX_DATA_EXTENSION_TIME_IN_DAYS"):
			p.needOp("=")
			t := p.next()
			if n, err := strconv.Atoi(t.text); t.kind != tokNumber || err != nil || n > 90 || (o.transient || o.temporary) && n > 1 {
				panic(compilation(1008, "22023", "invalid value [%s] for parameter 'DATA_RETENTION_TIME_IN_DAYS'", t.text))
			}
		case p.word("CHANGE_TRACKING"), p.word("ENABLE_SCHEMA_EVOLUTION"):
			p.needOp("=")
			if p.oneOf("TRUE", "FALSE") == "" {
				p.unexpected()
			}
		case p.word("COMMENT"):
			p.needOp("=")
			o.comment = p.string()
		case p.word("COPY", "GRANTS"):
		default:
			return
		}
	}
}

// parenthesised takes (...), and gives what it is.
func (st *statement) parenthesised() string {
	p := st.p
	start := p.peek()
	p.needOp("(")
	for depth := 1; depth > 0; {
		t := p.next()
		switch {
		case t.kind == tokEnd:
			p.unexpected()
		case t.kind == tokOp && t.text == "(":
			depth++
		case t.kind == tokOp && t.text == ")":
			depth--
		}
	}
	return st.text[start.start:p.toks[p.i-1].end]
}

func (st *statement) createTable(replace, transient, temporary bool) *result {
	p, s := st.p, st.s
	ifNot := st.ifNotExists()
	if replace && ifNot {
		panic(compilation(codeSyntax, "42000", "syntax error: OR REPLACE and IF NOT EXISTS exclude each other"))
	}
	n := p.qualified()
	ifNot = st.ifNotExists() || ifNot
	db, sch, table := s.place(n)
	o := newObject(db, sch, table, "TABLE")
	o.transient, o.temporary, o.created = transient, temporary, createdAt
	var query *bound
	switch {
	case p.word("LIKE"), p.word("CLONE"):
		word := p.toks[p.i-1].name
		from := s.object(p.qualified(), "TABLE")
		if word == "CLONE" {
			if !transient && !temporary && from.transient {
				panic(compilation(1506, "0A000", "Transient object cannot be cloned to a permanent object."))
			}
			if from.temporary && !temporary {
				panic(compilation(1506, "0A000", "Temporary object cannot be cloned to a permanent object."))
			}
		}
		for _, c := range from.columns {
			d := *c
			o.columns = append(o.columns, &d)
		}
		o.cluster = from.cluster
		st.options(o)
		if word == "CLONE" {
			var cells []string
			q := &bound{}
			for i, c := range from.columns {
				cells = append(cells, c.physical+" AS c"+strconv.Itoa(i))
				q.columns = append(q.columns, column{name: c.name, t: c.t})
				o.columns[i].physical = "c" + strconv.Itoa(i)
			}
			q.sql = "SELECT " + strings.Join(cells, ", ") + " FROM " + from.physical
			query = q
		}
	default:
		if p.isOp("(") {
			st.columnList(o)
		}
		st.options(o)
		if p.word("AS") {
			q := st.b.query(p.query(), &scope{})
			query = &q
			if len(o.columns) == 0 {
				for _, c := range q.columns {
					if !c.given && !plainName.MatchString(c.name) && strings.ContainsAny(c.name, " ()+-*/'\"") && !aliasedName(c) {
						panic(compilation(2022, "42601", "Missing column specification"))
					}
					if o.column(c.name) != nil {
						panic(compilation(2025, "42S21", "duplicate column name '%s'", c.name))
					}
					o.addColumn(&columnDef{name: c.name, t: c.t})
				}
			} else {
				if len(o.columns) != len(q.columns) {
					panic(compilation(2026, "42601", "Invalid column definition list"))
				}
				var cells []string
				for i, c := range o.columns {
					if c.t.k == kNull {
						c.t = q.columns[i].t
					}
					cells = append(cells, st.assign(c, expr{sql: "x.c" + strconv.Itoa(i), t: q.columns[i].t}).sql+" AS c"+strconv.Itoa(i))
				}
				query.sql = "SELECT " + strings.Join(cells, ", ") + " FROM (" + q.sql + ") AS x"
			}
			st.options(o)
		} else if len(o.columns) == 0 {
			p.unexpected()
		}
	}
	p.end()
	return st.place(o, replace, ifNot, query)
}

// aliasedName says that a name with odd characters was given, not made up.
func aliasedName(c column) bool { return strings.ToUpper(c.name) != c.name }

func (st *statement) columnList(o *object) {
	p := st.p
	p.needOp("(")
	for {
		switch {
		case p.isWord("CONSTRAINT"), p.isWord("PRIMARY", "KEY"), p.isWord("UNIQUE"), p.isWord("FOREIGN"):
			if p.word("CONSTRAINT") {
				p.ident()
			}
			switch {
			case p.word("PRIMARY", "KEY"):
				for _, i := range p.idents() {
					if c := o.column(i.name); c != nil {
						c.key, c.notNull = true, true
					} else {
						panic(compilation(codeIdentifier, "42000", "invalid identifier '%s'", i.shown()))
					}
				}
			case p.word("UNIQUE"):
				p.idents()
			default:
				panic(cannot("a foreign key"))
			}
		case (p.peek().kind == tokWord || p.peek().kind == tokQuoted) && p.ahead(1).kind == tokOp && (p.ahead(1).text == "," || p.ahead(1).text == ")"):
			// CREATE TABLE t (a, b) AS SELECT: names alone.
			o.addColumn(&columnDef{name: p.ident().name, t: kindOf{}})
		default:
			o.addColumn(st.declared(o))
		}
		if !p.op(",") {
			break
		}
	}
	p.needOp(")")
}

// place puts a table into the catalog and into DuckDB.
func (st *statement) place(o *object, replace, ifNot bool, query *bound) *result {
	s, c := st.s, st.s.server.catalog
	if st.describe {
		if query != nil {
			st.plan("EXPLAIN " + query.sql)
		}
		return status(typeCreate, "Table %s successfully created.", o.name)
	}
	c.mu.Lock()
	key := o.database + "\x00" + o.schema + "\x00" + o.name
	exists := func() *object {
		if o.temporary {
			return s.temporary[key]
		}
		if d := c.databases[o.database]; d != nil && d.schemas[o.schema] != nil {
			return d.schemas[o.schema].objects[o.name]
		}
		return nil
	}
	func() {
		defer func() {
			if r := recover(); r != nil {
				c.mu.Unlock()
				panic(r)
			}
		}()
		s.schemaOf(o.database, o.schema)
	}()
	there := exists()
	o.physical = c.physical()
	c.mu.Unlock()
	st.commit()
	if there != nil && !replace {
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", o.name)
		}
		panic(compilation(codeExists, "42710", "Object '%s' already exists.", o.full()))
	}
	statements := []string{o.create()}
	if query != nil {
		var names, cells []string
		for i, col := range o.columns {
			names = append(names, col.physical)
			cells = append(cells, "CAST(q.c"+strconv.Itoa(i)+" AS "+col.t.duck()+")")
		}
		statements = append(statements, "INSERT INTO "+o.physical+" ("+strings.Join(names, ", ")+") SELECT "+strings.Join(cells, ", ")+" FROM ("+query.sql+") AS q")
	}
	_, err := s.run(st.ctx, statements...)
	st.must(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if there = exists(); there != nil && !replace {
		c.dropped = append(c.dropped, o.physical)
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", o.name)
		}
		panic(compilation(codeExists, "42710", "Object '%s' already exists.", o.full()))
	}
	if there != nil && there.kind == "TABLE" {
		c.dropped = append(c.dropped, there.physical)
	}
	if o.temporary {
		s.temporary[key] = o
	} else {
		s.schemaOf(o.database, o.schema).objects[o.name] = o
	}
	return status(typeCreate, "Table %s successfully created.", o.name)
}

func (st *statement) createSchema(replace, transient bool) *result {
	p, s := st.p, st.s
	ifNot := st.ifNotExists()
	n := p.qualified()
	for {
		switch {
		case p.word("DATA_RETENTION_TIME_IN_DAYS"), p.word("COMMENT"):
			p.needOp("=")
			p.next()
			continue
		case p.word("WITH", "MANAGED", "ACCESS"):
			continue
		}
		break
	}
	p.end()
	st.commit()
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	db, name := s.database, n.parts[len(n.parts)-1].name
	if len(n.parts) == 2 {
		db = n.parts[0].name
	}
	d := c.databases[db]
	if d == nil {
		panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", db))
	}
	if st.describe {
		return status(typeCreate, "Schema %s successfully created.", name)
	}
	if old := d.schemas[name]; old != nil {
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", name)
		}
		if !replace {
			panic(compilation(codeExists, "42710", "Object '%s' already exists.", name))
		}
		c.dropSchema(old)
	}
	d.schemas[name] = &schema{name: name, transient: transient, objects: map[string]*object{}}
	s.database, s.schema = db, name // a new schema becomes the current one
	return status(typeCreate, "Schema %s successfully created.", name)
}

func (c *catalog) dropSchema(x *schema) {
	for _, o := range x.objects {
		if o.kind == "TABLE" {
			c.dropped = append(c.dropped, o.physical)
		}
	}
}

func (st *statement) createDatabase(replace bool) *result {
	p, s := st.p, st.s
	ifNot := st.ifNotExists()
	n := p.ident()
	p.end()
	st.commit()
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.databases[n.name] != nil && !replace {
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", n.name)
		}
		panic(compilation(codeExists, "42710", "Object '%s' already exists.", n.name))
	}
	c.makeDatabase(n.name)
	s.database, s.schema = n.name, "PUBLIC"
	return status(typeCreate, "Database %s successfully created.", n.name)
}

func (st *statement) createView(replace, temporary bool) *result {
	p, s := st.p, st.s
	ifNot := st.ifNotExists()
	n := p.qualified()
	db, sch, name := s.place(n)
	o := newObject(db, sch, name, "VIEW")
	o.temporary, o.created = temporary, createdAt
	var names []ident
	if p.isOp("(") {
		names = p.idents()
	}
	if p.word("COMMENT") {
		p.needOp("=")
		o.comment = p.string()
	}
	p.need("AS")
	o.definition = p.query()
	o.text = st.text
	p.end()
	q := st.b.query(o.definition, &scope{})
	for i, c := range q.columns {
		if i < len(names) {
			c.name = names[i].name
		}
		o.addColumn(&columnDef{name: c.name, t: c.t})
	}
	st.commit()
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	x := s.schemaOf(db, sch)
	if old := x.objects[name]; old != nil && !st.describe {
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", name)
		}
		if !replace || old.kind != "VIEW" {
			panic(compilation(codeExists, "42710", "Object '%s' already exists.", name))
		}
	}
	if !st.describe {
		x.objects[name] = o
	}
	return status(typeCreate, "View %s successfully created.", name)
}

func (st *statement) drop() *result {
	p, s := st.p, st.s
	p.need("DROP")
	kind := p.oneOf("TABLE", "VIEW", "SCHEMA", "DATABASE", "STAGE")
	if kind == "" {
		panic(cannot("DROP %s", p.peek().text))
	}
	ifExists := p.word("IF", "EXISTS")
	n := p.qualified()
	p.oneOf("CASCADE", "RESTRICT")
	p.end()
	if st.describe {
		return status(typeDDL, "%s successfully dropped.", n)
	}
	st.commit()
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	last := n.parts[len(n.parts)-1].name
	gone := func() *result {
		if ifExists {
			return status(typeDDL, "Drop statement executed successfully (%s already dropped).", last)
		}
		return nil
	}
	switch kind {
	case "DATABASE":
		d := c.databases[last]
		if d == nil {
			if r := gone(); r != nil {
				return r
			}
			panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", last))
		}
		for _, x := range d.schemas {
			c.dropSchema(x)
		}
		delete(c.databases, last)
		if s.database == last {
			s.database, s.schema = "", ""
		}
		return status(typeDDL, "%s successfully dropped.", last)
	case "SCHEMA":
		db := s.database
		if len(n.parts) == 2 {
			db = n.parts[0].name
		}
		d := c.databases[db]
		if d == nil || d.schemas[last] == nil {
			if r := gone(); r != nil {
				return r
			}
			panic(compilation(codeMissing, "02000", "Schema '%s.%s' does not exist or not authorized.", db, last))
		}
		c.dropSchema(d.schemas[last])
		delete(d.schemas, last)
		if s.database == db && s.schema == last {
			s.schema = ""
		}
		return status(typeDDL, "%s successfully dropped.", last)
	}
	db, sch, table := s.place(n)
	o := s.lookup(n)
	if o == nil {
		if r := gone(); r != nil {
			return r
		}
		panic(compilation(codeMissing, "42S02", "%s '%s' does not exist or not authorized.", kindName(kind), n))
	}
	if o.kind != kind {
		panic(compilation(2203, "42601", "SQL object '%s' is of type '%s', not '%s'.", n, o.kind, kind))
	}
	if o.kind == "TABLE" {
		c.dropped = append(c.dropped, o.physical)
	}
	key := db + "\x00" + sch + "\x00" + table
	if s.temporary[key] == o {
		delete(s.temporary, key)
	} else {
		delete(c.databases[db].schemas[sch].objects, table)
	}
	return status(typeDDL, "%s successfully dropped.", last)
}

func kindName(kind string) string { return kind[:1] + strings.ToLower(kind[1:]) }

func (st *statement) alter() *result {
	p := st.p
	p.need("ALTER")
	switch {
	case p.word("SESSION"):
		return st.alterSession()
	case p.word("TABLE"):
		return st.alterTable()
	case p.word("WAREHOUSE"):
		p.word("IF", "EXISTS")
		i := p.ident()
		if st.s.server.missingWarehouse(i.name) {
			panic(compilation(codeNoSuch, "02000", "Object does not exist, or operation cannot be performed."))
		}
		for p.peek().kind != tokEnd {
			p.next()
		}
		return status(typeDDL, "Statement executed successfully.")
	}
	panic(cannot("ALTER %s", p.peek().text))
}

func (st *statement) alterSession() *result {
	p := st.p
	if p.word("UNSET") {
		for {
			delete(st.s.parameters, p.ident().name)
			if !p.op(",") {
				break
			}
		}
		p.end()
		return status(typeAlterSes, "Statement executed successfully.")
	}
	p.need("SET")
	for p.peek().kind != tokEnd && !p.isOp(";") {
		i := p.ident()
		p.needOp("=")
		t := p.next()
		if t.kind == tokOp && t.text == "-" {
			t = p.next()
			t.text = "-" + t.text
		}
		if t.kind != tokString && t.kind != tokNumber && t.kind != tokWord {
			p.i--
			p.unexpected()
		}
		st.s.set(i.name, t.text)
		p.op(",")
	}
	p.end()
	return status(typeAlterSes, "Statement executed successfully.")
}

func (st *statement) alterTable() *result {
	p, s := st.p, st.s
	ifExists := p.word("IF", "EXISTS")
	n := p.qualified()
	if ifExists && s.find(n) == nil {
		return status(typeDDL, "Statement executed successfully.")
	}
	o := s.object(n, "TABLE")
	c := s.server.catalog
	done := status(typeDDL, "Statement executed successfully.")
	if st.describe {
		return done
	}
	key := func(o *object) string { return o.database + "\x00" + o.schema + "\x00" + o.name }
	// put files an object under its name.
	put := func(o *object) {
		if o.temporary {
			s.temporary[key(o)] = o
		} else {
			s.schemaOf(o.database, o.schema).objects[o.name] = o
		}
	}
	switch {
	case p.word("RENAME", "TO"):
		to := p.qualified()
		p.end()
		st.commit()
		c.mu.Lock()
		defer c.mu.Unlock()
		db, sch, table := s.place(to)
		if len(to.parts) == 1 {
			db, sch = o.database, o.schema
		}
		x := s.schemaOf(db, sch)
		if x.objects[table] != nil || s.temporary[db+"\x00"+sch+"\x00"+table] != nil {
			panic(compilation(codeExists, "42710", "Object '%s' already exists.", table))
		}
		if o.temporary {
			delete(s.temporary, key(o))
		} else {
			delete(s.schemaOf(o.database, o.schema).objects, o.name)
		}
		o.database, o.schema, o.name = db, sch, table
		put(o)
	case p.word("SWAP", "WITH"):
		to := p.qualified()
		p.end()
		other := s.object(to, "TABLE")
		if o.temporary != other.temporary {
			panic(compilation(1506, "0A000", "Unsupported feature 'swap of a temporary with a permanent or transient table'."))
		}
		st.commit()
		c.mu.Lock()
		defer c.mu.Unlock()
		o.database, other.database = other.database, o.database
		o.schema, other.schema = other.schema, o.schema
		o.name, other.name = other.name, o.name
		put(o)
		put(other)
	case p.word("ADD"):
		p.word("COLUMN")
		for {
			ifNot := st.ifNotExists()
			if ifNot && o.column(p.peek().name) != nil {
				p.ident()
				p.typeName()
			} else {
				col := st.declared(o)
				st.commit()
				o.addColumn(col)
				sql := "ALTER TABLE " + o.physical + " ADD COLUMN " + col.physical + " " + col.t.duck()
				if col.fallback != "" {
					sql += " DEFAULT " + col.fallback
				}
				_, err := s.run(st.ctx, sql)
				st.must(err)
				if col.notNull && col.fallback == "" {
					panic(compilation(2028, "42601", "Non-nullable column '%s' cannot be added to a table that has rows", col.name))
				}
			}
			if !p.op(",") {
				break
			}
		}
		p.end()
	case p.word("DROP", "COLUMN"), p.isWord("DROP") && p.ahead(1).name != "CLUSTERING" && p.word("DROP"):
		ifCol := p.word("IF", "EXISTS")
		for {
			i := p.ident()
			col := o.column(i.name)
			if col == nil {
				if !ifCol {
					panic(compilation(codeIdentifier, "42000", "invalid identifier '%s'", i.shown()))
				}
			} else {
				st.commit()
				_, err := s.run(st.ctx, "ALTER TABLE "+o.physical+" DROP COLUMN "+col.physical)
				st.must(err)
				o.columns = slices.DeleteFunc(slices.Clone(o.columns), func(x *columnDef) bool { return x == col })
			}
			if !p.op(",") {
				break
			}
		}
		p.end()
	case p.word("RENAME", "COLUMN"):
		from := p.ident()
		p.need("TO")
		to := p.ident()
		p.end()
		col := o.column(from.name)
		if col == nil {
			panic(compilation(codeIdentifier, "42000", "invalid identifier '%s'", from.shown()))
		}
		if o.column(to.name) != nil {
			panic(compilation(2025, "42S21", "duplicate column name '%s'", to.shown()))
		}
		st.commit()
		col.name = to.name
	case p.word("CLUSTER", "BY"):
		o.cluster = st.parenthesised()
		p.end()
	case p.word("DROP", "CLUSTERING", "KEY"):
		o.cluster = ""
		p.end()
	case p.word("SET"):
		st.options(o)
		p.end()
	case p.word("SUSPEND", "RECLUSTER"), p.word("RESUME", "RECLUSTER"):
		p.end()
	default:
		panic(cannot("ALTER TABLE ... %s", p.peek().text))
	}
	st.commit()
	return done
}

func (st *statement) createStage(replace, temporary bool) *result {
	p, s := st.p, st.s
	ifNot := st.ifNotExists()
	n := p.qualified()
	o := &object{kind: "STAGE", temporary: temporary, created: createdAt, format: map[string]string{}}
	for p.peek().kind != tokEnd && !p.isOp(";") {
		switch {
		case p.word("FILE_FORMAT"):
			p.needOp("=")
			o.format = st.formatOptions()
		case p.word("COMMENT"):
			p.needOp("=")
			p.string()
		case p.word("ENCRYPTION"), p.word("DIRECTORY"):
			p.needOp("=")
			st.parenthesised()
		default:
			panic(cannot("CREATE STAGE with %s", p.peek().text))
		}
	}
	p.end()
	if st.describe {
		return status(typeCreate, "Stage area %s successfully created.", n)
	}
	st.commit()
	db, sch, name := s.place(n)
	dir, err := os.MkdirTemp(s.server.folder, "stage")
	st.must(err)
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	x := s.schemaOf(db, sch)
	key := db + "\x00" + sch + "\x00" + name
	there := x.objects[name]
	if temporary {
		there = s.temporary[key]
	}
	if there != nil && !replace {
		if ifNot {
			return status(typeCreate, "%s already exists, statement succeeded.", name)
		}
		panic(compilation(codeExists, "42710", "Object '%s' already exists.", name))
	}
	o.database, o.schema, o.name, o.folder = db, sch, name, dir
	if temporary {
		s.temporary[key] = o
	} else {
		x.objects[name] = o
	}
	return status(typeCreate, "Stage area %s successfully created.", name)
}

// sweep drops in DuckDB what nothing can read any more.
func (c *catalog) sweep(drop func(ctx context.Context, table string) error) {
	c.mu.Lock()
	if c.running > 0 || len(c.dropped) == 0 {
		c.mu.Unlock()
		return
	}
	tables := c.dropped
	c.dropped = nil
	c.mu.Unlock()
	for _, t := range tables {
		if err := drop(context.Background(), t); err != nil {
			c.mu.Lock()
			c.dropped = append(c.dropped, t)
			c.mu.Unlock()
		}
	}
}

var _ = filepath.Join
