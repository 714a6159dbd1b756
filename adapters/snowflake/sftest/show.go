package sftest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// visible are the objects of a place, in the order of their names. An empty
// name means any.
func (s *session) visible(db, sch string, kinds ...string) []*object {
	var out []*object
	for _, d := range s.server.catalog.databases {
		for _, x := range d.schemas {
			for _, o := range x.objects {
				if s.temporary[o.database+"\x00"+o.schema+"\x00"+o.name] == nil {
					out = append(out, o)
				}
			}
		}
	}
	for _, o := range s.temporary {
		out = append(out, o)
	}
	out = slices.DeleteFunc(out, func(o *object) bool {
		return db != "" && o.database != db || sch != "" && o.schema != sch || !slices.Contains(kinds, o.kind)
	})
	sort.Slice(out, func(i, j int) bool { return out[i].full() < out[j].full() })
	return out
}

// likePattern is SHOW's LIKE, which ignores case.
func likePattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?is)^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

// table is a result that is made here.
func table(typeID int64, names string, rows [][]string) *result {
	r := &result{typeID: typeID}
	for n := range strings.FieldsSeq(names) {
		r.columns = append(r.columns, column{name: n, t: tText})
	}
	for _, row := range rows {
		cells := make([]*string, len(row))
		for i := range row {
			if row[i] != "\x00" {
				cells[i] = &row[i]
			}
		}
		r.rows = append(r.rows, cells)
	}
	return r
}

const null = "\x00"

func yes(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

func (st *statement) show() *result {
	p, s := st.p, st.s
	p.need("SHOW")
	terse := p.word("TERSE")
	_ = terse
	what := p.oneOf("TABLES", "VIEWS", "OBJECTS", "SCHEMAS", "DATABASES", "COLUMNS", "PARAMETERS", "WAREHOUSES", "ROLES", "STAGES", "TRANSACTIONS", "VARIABLES")
	if what == "" {
		if p.word("PRIMARY", "KEYS") {
			panic(cannot("SHOW PRIMARY KEYS"))
		}
		panic(cannot("SHOW %s", p.peek().text))
	}
	p.word("HISTORY")
	like := regexp.MustCompile("")
	if p.word("LIKE") {
		like = likePattern(p.string())
	}
	db, sch, only := s.database, s.schema, ""
	if p.word("IN") {
		switch {
		case p.word("ACCOUNT"):
			db, sch = "", ""
		case p.word("DATABASE"):
			sch = ""
			if p.peek().kind != tokEnd {
				db = p.ident().name
				st.needDatabase(db)
			}
		case p.word("SESSION"):
		case what == "COLUMNS" && !p.isWord("SCHEMA"):
			p.oneOf("TABLE", "VIEW")
			o := s.object(p.qualified(), "TABLE", "VIEW")
			db, sch, only = o.database, o.schema, o.name
		default:
			p.word("SCHEMA")
			n := p.qualified()
			sch = n.parts[len(n.parts)-1].name
			if len(n.parts) == 2 {
				db = n.parts[0].name
			}
			if what == "SCHEMAS" && len(n.parts) == 1 {
				db, sch = sch, ""
			} else {
				s.server.catalog.mu.Lock()
				func() {
					defer s.server.catalog.mu.Unlock()
					s.schemaOf(db, sch)
				}()
			}
		}
	}
	prefix := ""
	if p.word("STARTS", "WITH") {
		prefix = p.string()
	}
	limit := -1
	if p.word("LIMIT") {
		limit, _ = strconv.Atoi(p.next().text)
		if p.word("FROM") {
			p.string()
		}
	}
	p.end()
	s.server.catalog.mu.Lock()
	defer s.server.catalog.mu.Unlock()
	var rows [][]string
	var names string
	keep := func(name string) bool { return like.MatchString(name) && strings.HasPrefix(name, prefix) }
	switch what {
	case "TABLES":
		names = "created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time automatic_clustering"
		for _, o := range s.visible(db, sch, "TABLE") {
			if keep(o.name) {
				rows = append(rows, []string{o.created, o.name, o.database, o.schema, o.tableKind(), o.comment, o.cluster, strconv.FormatInt(st.rowCount(o), 10), "0", s.role, "1", "OFF"})
			}
		}
	case "OBJECTS":
		names = "created_on name database_name schema_name kind comment cluster_by rows bytes owner"
		for _, o := range s.visible(db, sch, "TABLE", "VIEW") {
			if keep(o.name) {
				rows = append(rows, []string{o.created, o.name, o.database, o.schema, o.tableKind(), o.comment, o.cluster, null, "0", s.role})
			}
		}
	case "VIEWS":
		names = "created_on name reserved database_name schema_name owner comment text is_secure is_materialized"
		for _, o := range s.visible(db, sch, "VIEW") {
			if keep(o.name) {
				rows = append(rows, []string{o.created, o.name, "", o.database, o.schema, s.role, o.comment, o.text, "false", "false"})
			}
		}
	case "STAGES":
		names = "created_on name database_name schema_name url type"
		for _, o := range s.visible(db, sch, "STAGE") {
			if keep(o.name) {
				rows = append(rows, []string{o.created, o.name, o.database, o.schema, "", "INTERNAL"})
			}
		}
	case "SCHEMAS":
		names = "created_on name is_default is_current database_name owner comment options retention_time"
		for _, d := range s.server.catalog.databases {
			if db != "" && d.name != db {
				continue
			}
			all := []string{"INFORMATION_SCHEMA"}
			for _, x := range d.schemas {
				all = append(all, x.name)
			}
			slices.Sort(all)
			for _, n := range all {
				if !keep(n) {
					continue
				}
				options := ""
				if x := d.schemas[n]; x != nil && x.transient {
					options = "TRANSIENT"
				}
				rows = append(rows, []string{createdAt, n, yes(false), yes(d.name == s.database && n == s.schema), d.name, s.role, "", options, "1"})
			}
		}
	case "DATABASES":
		names = "created_on name is_default is_current origin owner comment options retention_time kind"
		for _, d := range s.server.catalog.databases {
			if keep(d.name) {
				rows = append(rows, []string{createdAt, d.name, yes(false), yes(d.name == s.database), "", s.role, "", "", "1", "STANDARD"})
			}
		}
	case "COLUMNS":
		names = "table_name schema_name column_name data_type null? default kind expression comment database_name autoincrement"
		for _, o := range s.visible(db, sch, "TABLE", "VIEW") {
			if only != "" && o.name != only {
				continue
			}
			for _, c := range o.columns {
				if !keep(c.name) {
					continue
				}
				nullable := "true"
				if c.notNull {
					nullable = "NOT_NULL"
				}
				rows = append(rows, []string{o.name, o.schema, c.name, c.t.json(!c.notNull), nullable, c.dflt, "COLUMN", "", c.comment, o.database, ""})
			}
		}
	case "PARAMETERS":
		names = "key value default level description type"
		for k, v := range parameterDefaults {
			level := ""
			if _, ok := s.parameters[k]; ok {
				level = "SESSION"
			}
			if keep(k) {
				rows = append(rows, []string{k, s.parameter(k), v, level, "", "STRING"})
			}
		}
	case "WAREHOUSES":
		names = "name state type size"
		if keep(s.server.Warehouse) {
			rows = append(rows, []string{s.server.Warehouse, "STARTED", "STANDARD", "X-Small"})
		}
	case "ROLES":
		names = "created_on name is_default is_current"
		if keep(s.server.Role) {
			rows = append(rows, []string{createdAt, s.server.Role, "Y", "Y"})
		}
	default:
		panic(cannot("SHOW %s", what))
	}
	sort.SliceStable(rows, func(i, j int) bool {
		if what == "COLUMNS" || what == "TABLES" || what == "OBJECTS" || what == "VIEWS" {
			return false
		}
		return strings.Join(rows[i], "\x01") < strings.Join(rows[j], "\x01")
	})
	if limit >= 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return table(typeShow, names, rows)
}

func (st *statement) needDatabase(db string) {
	st.s.server.catalog.mu.Lock()
	defer st.s.server.catalog.mu.Unlock()
	if st.s.server.catalog.databases[db] == nil {
		panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", db))
	}
}

func (o *object) tableKind() string {
	switch {
	case o.kind == "VIEW":
		return "VIEW"
	case o.temporary:
		return "TEMPORARY"
	case o.transient:
		return "TRANSIENT"
	}
	return "TABLE"
}

func (st *statement) rowCount(o *object) int64 {
	var n int64
	if o.kind != "TABLE" {
		return 0
	}
	if err := st.s.conn.QueryRowContext(context.WithoutCancel(st.ctx), "SELECT count(*) FROM "+o.physical).Scan(&n); err != nil {
		return 0
	}
	return n
}

// json is how SHOW COLUMNS tells a type.
func (k kindOf) json(nullable bool) string {
	switch k.k {
	case kFixed:
		return fmt.Sprintf(`{"type":"FIXED","precision":%d,"scale":%d,"nullable":%t}`, k.p, k.s, nullable)
	case kText, kNull:
		return fmt.Sprintf(`{"type":"TEXT","length":%d,"byteLength":%d,"nullable":%t,"fixed":false}`, k.length(), k.length(), nullable)
	case kReal:
		return fmt.Sprintf(`{"type":"REAL","nullable":%t}`, nullable)
	case kTime, kNTZ, kLTZ, kTZ:
		return fmt.Sprintf(`{"type":"%s","precision":0,"scale":%d,"nullable":%t}`, k.family(), k.s, nullable)
	case kBinary:
		return fmt.Sprintf(`{"type":"BINARY","length":%d,"byteLength":%d,"nullable":%t,"fixed":true}`, k.p, k.p, nullable)
	}
	return fmt.Sprintf(`{"type":"%s","nullable":%t}`, k.family(), nullable)
}

func (st *statement) describeObject() *result {
	p := st.p
	p.i++
	kind := p.oneOf("TABLE", "VIEW")
	if kind == "" {
		if p.isWord("SCHEMA") || p.isWord("DATABASE") || p.isWord("RESULT") || p.isWord("STAGE") || p.isWord("WAREHOUSE") || p.isWord("USER") {
			panic(cannot("DESCRIBE %s", p.peek().text))
		}
		p.unexpected()
	}
	n := p.qualified()
	if p.word("TYPE") {
		p.needOp("=")
		p.need("COLUMNS")
	}
	p.end()
	db, sch, _ := st.s.place(n)
	_, _ = db, sch
	o := st.s.find(n)
	if o == nil {
		panic(compilation(codeMissing, "42S02", "%s '%s' does not exist or not authorized.", kindName(kind), n))
	}
	var rows [][]string
	for _, c := range o.columns {
		dflt := null
		if c.dflt != "" {
			dflt = c.dflt
		}
		rows = append(rows, []string{c.name, c.t.shown(), "COLUMN", yes(!c.notNull), dflt, yes(c.key), "N", null, null, orNull(c.comment), null})
	}
	r := table(typeDescribe, "name type kind null? default primary_key unique_key check expression comment policy_name", rows)
	r.columns[5].name, r.columns[6].name, r.columns[10].name = "primary key", "unique key", "policy name"
	return r
}

func orNull(s string) string {
	if s == "" {
		return null
	}
	return s
}

// information is a view of INFORMATION_SCHEMA, made of the catalog as it is.
func (s *session) information(n name) ([]column, string) {
	db := s.database
	if len(n.parts) == 3 {
		db = n.parts[0].name
	}
	c := s.server.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.databases[db]
	if d == nil {
		panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", db))
	}
	var columns []column
	var lines []string
	def := func(spec string) {
		for f := range strings.FieldsSeq(spec) {
			name, kind, _ := strings.Cut(f, ":")
			t := tText
			switch kind {
			case "n":
				t = fixed(9, 0)
			case "l":
				t = tLTZ
			}
			columns = append(columns, column{name: name, t: t})
		}
	}
	row := func(cells ...string) {
		for i, x := range cells {
			if x == null {
				cells[i] = "CAST(NULL AS " + columns[i].t.duck() + ")"
			} else {
				cells[i] = "CAST(" + quote(x) + " AS " + columns[i].t.duck() + ")"
			}
		}
		lines = append(lines, "("+strings.Join(cells, ", ")+")")
	}
	when := "2026-01-01 00:00:00+00"
	switch view := n.parts[len(n.parts)-1].name; view {
	case "TABLES":
		def("TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT CLUSTERING_KEY ROW_COUNT:n BYTES:n RETENTION_TIME:n CREATED:l LAST_ALTERED:l COMMENT")
		for _, o := range s.visible(db, "", "TABLE", "VIEW") {
			kind, transient := "BASE TABLE", "NO"
			if o.kind == "VIEW" {
				kind, transient = "VIEW", null
			}
			if o.temporary && o.kind == "TABLE" {
				kind = "LOCAL TEMPORARY"
			}
			if o.transient {
				transient = "YES"
			}
			row(o.database, o.schema, o.name, s.role, kind, transient, orNull(o.cluster), null, null, "1", when, when, orNull(o.comment))
		}
	case "COLUMNS":
		def("TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:n COLUMN_DEFAULT IS_NULLABLE DATA_TYPE CHARACTER_MAXIMUM_LENGTH:n CHARACTER_OCTET_LENGTH:n NUMERIC_PRECISION:n NUMERIC_PRECISION_RADIX:n NUMERIC_SCALE:n DATETIME_PRECISION:n COMMENT")
		for _, o := range s.visible(db, "", "TABLE", "VIEW") {
			for i, col := range o.columns {
				length, precision, radix, scale, digits := null, null, null, null, null
				switch col.t.k {
				case kText, kBinary:
					length = strconv.Itoa(col.t.length())
				case kFixed:
					precision, radix, scale = strconv.Itoa(col.t.p), "10", strconv.Itoa(col.t.s)
				case kTime, kNTZ, kLTZ, kTZ:
					digits = strconv.Itoa(col.t.s)
				}
				nullable := "YES"
				if col.notNull {
					nullable = "NO"
				}
				row(o.database, o.schema, o.name, col.name, strconv.Itoa(i+1), orNull(col.dflt), nullable, col.t.family(), length, length, precision, radix, scale, digits, orNull(col.comment))
			}
		}
	case "SCHEMATA":
		def("CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT RETENTION_TIME:n CREATED:l LAST_ALTERED:l COMMENT")
		for _, x := range d.schemas {
			transient := "NO"
			if x.transient {
				transient = "YES"
			}
			row(db, x.name, s.role, transient, "1", when, when, null)
		}
		row(db, "INFORMATION_SCHEMA", null, "NO", "1", when, when, "Views describing the contents of schemas in this database")
	case "VIEWS":
		def("TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION")
		for _, o := range s.visible(db, "", "VIEW") {
			row(o.database, o.schema, o.name, s.role, o.text)
		}
	case "DATABASES":
		def("DATABASE_NAME DATABASE_OWNER IS_TRANSIENT")
		for _, x := range c.databases {
			row(x.name, s.role, "NO")
		}
	default:
		panic(cannot("INFORMATION_SCHEMA.%s", view))
	}
	names := make([]string, len(columns))
	for i := range columns {
		columns[i].sql = "c" + strconv.Itoa(i)
		names[i] = columns[i].sql
	}
	if len(lines) == 0 {
		var cells []string
		for i, c := range columns {
			cells = append(cells, "CAST(NULL AS "+c.t.duck()+") AS c"+strconv.Itoa(i))
		}
		return columns, "(SELECT " + strings.Join(cells, ", ") + " WHERE FALSE)"
	}
	return columns, "(SELECT * FROM (VALUES " + strings.Join(lines, ", ") + ") AS v(" + strings.Join(names, ", ") + "))"
}
