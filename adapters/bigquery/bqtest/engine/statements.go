package main

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	googlesql "github.com/goccy/go-googlesql"
)

// A plan is an analyzed statement: what the engine has to do, and how the
// catalog changes when it did. It holds nothing of the analyzer's.
type plan struct {
	kind   string
	schema []Column
	target *Name
	// ddl is CREATE, REPLACE, SKIP, DROP or ALTER.
	ddl string
	// reads are the columns that are read of each table.
	reads []read
	// lacks says why the statement cannot be executed here.
	lacks *Error
	run   func(ctx context.Context, c *sql.Conn) (*result, error)
	// apply changes the catalog; run was called before, unless the statement is
	// only checked.
	apply func() error
}

type read struct {
	table   *Table
	columns []Column
}

// A result is what a statement did.
type result struct {
	rows                       [][]any
	inserted, updated, deleted int64
}

// planner makes plans. It is used while the analyzer is locked.
type planner struct {
	*execution

	resolved *Resolved
	t        *translator
	// executed is false where a statement is only checked.
	executed bool
}

// plan makes the plan of a statement.
func (p *planner) plan() (out *plan, err error) {
	defer recovered(&err)
	reads, err := inspect(p.resolved)
	if err != nil {
		return nil, err
	}
	p.t = &translator{resolved: p.resolved, parameters: p.parameters, view: p.view, routines: p.routines}
	out = p.statement()
	out.reads = reads
	return out, nil
}

// write runs what translates, and notes in the plan what cannot be executed.
func (p *planner) write(out *plan, f func()) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case *Error:
			if thrown.Reason != "notImplemented" {
				panic(thrown)
			}
			out.lacks = thrown
		default:
			panic(thrown)
		}
	}()
	f()
}

func (p *planner) statement() *plan {
	switch s := p.resolved.Statement.(type) {
	case *googlesql.ResolvedQueryStmt:
		return p.query(s)
	case *googlesql.ResolvedCreateTableStmt:
		return p.createTable(s)
	case *googlesql.ResolvedCreateTableAsSelectStmt:
		return p.createTableAs(s)
	case *googlesql.ResolvedCreateSnapshotTableStmt:
		return &plan{kind: "CREATE_SNAPSHOT_TABLE", lacks: unsupported("CREATE SNAPSHOT TABLE")}
	case *googlesql.ResolvedCreateViewStmt:
		return p.createView(s)
	case *googlesql.ResolvedCreateSchemaStmt:
		return p.createSchema(s)
	case *googlesql.ResolvedCreateFunctionStmt:
		return p.function(s)
	case *googlesql.ResolvedDropStmt:
		return p.drop(s)
	case *googlesql.ResolvedAlterTableStmt:
		return p.alter(s)
	case *googlesql.ResolvedTruncateStmt:
		return p.truncate(s)
	case *googlesql.ResolvedInsertStmt:
		return p.insert(s)
	case *googlesql.ResolvedUpdateStmt:
		return p.update(s)
	case *googlesql.ResolvedDeleteStmt:
		return p.remove(s)
	case *googlesql.ResolvedMergeStmt:
		return p.merge(s)
	case *googlesql.ResolvedAssertStmt:
		return p.assert(s)
	case *googlesql.ResolvedBeginStmt:
		return &plan{kind: "BEGIN_TRANSACTION"}
	case *googlesql.ResolvedCommitStmt:
		return &plan{kind: "COMMIT_TRANSACTION"}
	case *googlesql.ResolvedRollbackStmt:
		return &plan{kind: "ROLLBACK_TRANSACTION"}
	}
	what := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", p.resolved.Statement), "*googlesql.Resolved"), "Stmt")
	return &plan{kind: strings.ToUpper(what), lacks: unsupported("the statement " + what)}
}

// output gives the columns of a query and a SELECT of them.
func (p *planner) output(list []*googlesql.ResolvedOutputColumn, query googlesql.ResolvedScanNode, out *plan) (cols []Column, selected string) {
	var names []string
	anonymous := 0
	for _, o := range list {
		c := must(o.Column())
		name := must(o.Name())
		if name == "" || strings.HasPrefix(name, "$") {
			name = fmt.Sprintf("f%d_", anonymous)
			anonymous++
		}
		cols = append(cols, Column{Name: name, Type: typeOf(must(c.Type()))})
		names = append(names, column(c))
	}
	p.write(out, func() {
		var values []string
		for i, n := range names {
			values = append(values, stored(n, cols[i].Type)+" AS o"+strconv.Itoa(i))
			_ = cols[i].Type.engine()
		}
		if o, ok := query.(*googlesql.ResolvedOrderByScan); ok {
			// The order of a subquery means nothing.
			selected = "SELECT " + strings.Join(values, ", ") + " FROM " + p.t.from(must(o.InputScan())) + " ORDER BY " + p.t.order(must(o.OrderByItemList()))
			return
		}
		selected = "SELECT " + strings.Join(values, ", ") + " FROM " + p.t.from(query)
	})
	return cols, selected
}

func (p *planner) query(s *googlesql.ResolvedQueryStmt) *plan {
	out := &plan{kind: "SELECT"}
	var selected string
	out.schema, selected = p.output(must(s.OutputColumnList()), must(s.Query()), out)
	schema := out.schema
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		rows, err := collect(ctx, c, selected, len(schema))
		return &result{rows: rows}, err
	}
	return out
}

// collect reads all rows of a query.
func collect(ctx context.Context, c *sql.Conn, query string, width int) (out [][]any, err error) {
	rows, err := c.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		row, to := make([]any, width), make([]any, width)
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func exec(ctx context.Context, c *sql.Conn, statement string) (int64, error) {
	r, err := c.ExecContext(ctx, statement)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

type createStatement interface {
	NamePath() ([]string, error)
	CreateMode() (googlesql.ResolvedCreateStatementEnums_CreateMode, error)
	CreateScope() (googlesql.ResolvedCreateStatementEnums_CreateScope, error)
}

// created is the table that a statement makes, or nil where it is there already.
func (p *planner) created(s createStatement, out *plan) *Table {
	t := &Table{Labels: map[string]string{}}
	path := must(s.NamePath())
	temporary := must(s.CreateScope()) == googlesql.ResolvedCreateStatementEnums_CreateScopeCreateTemp
	var was *Table
	if temporary {
		if len(path) > 1 {
			panic(invalid("CREATE TEMP TABLE statements may not specify a dataset"))
		}
		t.Name = Name{p.project, session, path[0]}
		was = p.temporary[path[0]]
	} else {
		if p.open && p.executed {
			panic(invalid("Unsupported statement in a transaction: " + out.kind))
		}
		n, err := name(path, p.project, p.dataset)
		check(err)
		t.Name = n
		if _, err := p.catalog.dataset(n.Project, n.Dataset); err != nil {
			panic(asError(err))
		}
		was, _ = p.catalog.table(n)
	}
	out.target = &t.Name
	checkTableName(t.Table)
	out.ddl = "CREATE"
	switch mode := must(s.CreateMode()); {
	case was == nil:
	case mode == googlesql.ResolvedCreateStatementEnums_CreateModeCreateIfNotExists:
		out.ddl = "SKIP"
		out.run = func(context.Context, *sql.Conn) (*result, error) { return &result{}, nil }
		return nil
	case mode == googlesql.ResolvedCreateStatementEnums_CreateModeCreateOrReplace:
		out.ddl = "REPLACE"
	default:
		panic(&Error{Reason: "duplicate", Message: "Already Exists: Table " + t.colon()})
	}
	if p.executed {
		t.Engine = p.store.name()
	}
	replace := out.ddl == "REPLACE"
	out.apply = func() error {
		if temporary {
			p.temporary[t.Table] = t
			return nil
		}
		return p.catalog.put(t, replace)
	}
	return t
}

// session is the dataset of temporary tables.
const session = "_SESSION"

type tableStatement interface {
	createStatement
	ColumnDefinitionList() ([]*googlesql.ResolvedColumnDefinition, error)
	OptionList() ([]*googlesql.ResolvedOption, error)
	PartitionByList() ([]googlesql.ResolvedExprNode, error)
	ClusterByList() ([]googlesql.ResolvedExprNode, error)
	PrimaryKey() (*googlesql.ResolvedPrimaryKey, error)
}

// describe reads the columns, the partitioning and the options of a new table.
func (p *planner) describe(s tableStatement, t *Table, out *plan) {
	numbers := map[string]string{}
	for _, d := range must(s.ColumnDefinitionList()) {
		c := Column{Name: must(d.Name()), Type: typeOf(must(d.Type()))}
		numbers[column(must(d.Column()))] = c.Name
		if a := must(d.Annotations()); a != nil {
			c.Required = must(a.NotNull())
			if tp := must(a.TypeParameters()); tp != nil && !must(tp.IsEmpty()) {
				out.lacks = unsupported("a column of a parameterized type")
			}
		}
		if must(d.DefaultValue()) != nil || must(d.GeneratedColumnInfo()) != nil {
			c.Default, out.lacks = true, unsupported("a column with a default")
		}
		t.Columns = append(t.Columns, c)
	}
	checkColumns(t.Columns)
	for _, e := range must(s.PartitionByList()) {
		t.Partition, t.RangePart = partition(e, numbers)
	}
	for _, e := range must(s.ClusterByList()) {
		ref, ok := e.(*googlesql.ResolvedColumnRef)
		if !ok {
			panic(invalid("CLUSTER BY expressions must be column names"))
		}
		t.Cluster = append(t.Cluster, numbers[column(must(ref.Column()))])
	}
	checkClustering(t)
	if key := must(s.PrimaryKey()); key != nil {
		if !must(key.Unenforced()) {
			panic(invalid("BigQuery only supports PRIMARY KEY constraints with NOT ENFORCED"))
		}
		t.Key = must(key.ColumnNameList())
	}
	options(must(s.OptionList()), t)
}

// partition reads PARTITION BY.
func partition(e googlesql.ResolvedExprNode, numbers map[string]string) (*wirePartition, map[string]any) {
	switch e := e.(type) {
	case *googlesql.ResolvedColumnRef:
		if typeOf(must(e.Type())).Name == "DATE" {
			return &wirePartition{Type: "DAY", Field: numbers[column(must(e.Column()))]}, nil
		}
	case *googlesql.ResolvedFunctionCall:
		f := strings.ToLower(must(must(e.Function()).FullName(false)))
		args := must(e.ArgumentList())
		ref, ok := args[0].(*googlesql.ResolvedColumnRef)
		if !ok {
			break
		}
		field := numbers[column(must(ref.Column()))]
		switch f {
		case "date", "$extract_date":
			return &wirePartition{Type: "DAY", Field: field}, nil
		case "timestamp_trunc", "datetime_trunc", "date_trunc":
			if l, ok := args[1].(*googlesql.ResolvedLiteral); ok {
				return &wirePartition{Type: must(must(l.Value()).EnumDisplayName()), Field: field}, nil
			}
		case "range_bucket":
			return nil, map[string]any{"field": field}
		}
	}
	panic(invalid("PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, TIMESTAMP_TRUNC(<timestamp_column>, DAY/HOUR/MONTH/YEAR), DATE_TRUNC(<date_column>, MONTH/YEAR), or RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))"))
}

// options are those of a table.
func options(list []*googlesql.ResolvedOption, t *Table) {
	for _, o := range list {
		value, ok := must(o.Value()).(*googlesql.ResolvedLiteral)
		if !ok {
			// TIMESTAMP_ADD(CURRENT_TIMESTAMP(), ...) and the like.
			if must(o.Name()) == "expiration_timestamp" {
				t.Expires = time.Now().Add(24 * time.Hour)
				continue
			}
			panic(unsupported("the option " + must(o.Name()) + " by an expression"))
		}
		v := must(value.Value())
		null := must(v.IsNull())
		switch name := strings.ToLower(must(o.Name())); name {
		case "description":
			t.Description = ""
			if !null {
				t.Description = must(v.StringValue())
			}
		case "friendly_name":
			if !null {
				t.Friendly = must(v.StringValue())
			}
		case "labels":
			t.Labels = map[string]string{}
			if null {
				continue
			}
			for _, e := range must(v.Elements()) {
				pair := must(e.Fields())
				t.Labels[must(pair[0].StringValue())] = must(pair[1].StringValue())
			}
		case "expiration_timestamp":
			t.Expires = time.Time{}
			if !null {
				t.Expires = time.UnixMicro(must(v.ToUnixMicros()))
			}
		case "partition_expiration_days", "require_partition_filter", "max_staleness", "storage_uri", "enable_change_history":
		default:
			panic(invalid("Unknown option: " + name))
		}
	}
}

func (p *planner) createTable(s *googlesql.ResolvedCreateTableStmt) *plan {
	out := &plan{kind: "CREATE_TABLE"}
	t := p.created(s, out)
	if t == nil {
		return out
	}
	var from *googlesql.ResolvedTableScan
	for _, scan := range []googlesql.ResolvedScanNode{must(s.CopyFrom()), must(s.CloneFrom())} {
		if ts, ok := scan.(*googlesql.ResolvedTableScan); ok {
			from = ts
		}
	}
	copied := ""
	if from != nil {
		source := p.resolved.Tables[must(must(from.Table()).GetSerializationId())]
		t.Columns, t.Partition, t.Cluster = source.Columns, source.Partition, source.Cluster
		p.write(out, func() { copied = p.t.source(source) })
		options(must(s.OptionList()), t)
	} else if like := must(s.LikeTable()); like != nil {
		source := p.resolved.Tables[must(like.GetSerializationId())]
		t.Columns, t.Partition, t.Cluster = source.Columns, source.Partition, source.Cluster
		options(must(s.OptionList()), t)
	} else {
		p.describe(s, t, out)
	}
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		if err := p.store.create(ctx, c, t); err != nil {
			return nil, err
		}
		if copied != "" {
			if _, err := exec(ctx, c, "INSERT INTO "+t.Engine+" SELECT * FROM "+copied); err != nil {
				return nil, err
			}
		}
		return &result{}, nil
	}
	return out
}

func (p *planner) createTableAs(s *googlesql.ResolvedCreateTableAsSelectStmt) *plan {
	out := &plan{kind: "CREATE_TABLE_AS_SELECT"}
	t := p.created(s, out)
	if t == nil {
		return out
	}
	p.describe(s, t, out)
	var selected string
	_, selected = p.output(must(s.OutputColumnList()), must(s.Query()), out)
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		if err := p.store.create(ctx, c, t); err != nil {
			return nil, err
		}
		_, err := exec(ctx, c, "INSERT INTO "+t.Engine+" "+selected)
		return &result{}, err
	}
	return out
}

func (p *planner) createView(s *googlesql.ResolvedCreateViewStmt) *plan {
	out := &plan{kind: "CREATE_VIEW"}
	t := p.created(s, out)
	if t == nil {
		return out
	}
	t.View, t.Engine = must(s.Sql()), ""
	for _, o := range must(s.OutputColumnList()) {
		t.Columns = append(t.Columns, Column{Name: must(o.Name()), Type: typeOf(must(must(o.Column()).Type()))})
	}
	checkColumns(t.Columns)
	options(must(s.OptionList()), t)
	out.run = func(context.Context, *sql.Conn) (*result, error) { return &result{}, nil }
	return out
}

// view translates the query of a view as it is now.
func (p *planner) view(t *Table) string {
	resolved, err := p.analyzer.analyze(t.View, p.find, nil, nil)
	if err != nil {
		panic(invalid(err.Error()))
	}
	query, ok := resolved.Statement.(*googlesql.ResolvedQueryStmt)
	if !ok {
		panic(unsupported("this view"))
	}
	inner := &translator{resolved: resolved, view: p.view}
	var cols []string
	for i, o := range must(query.OutputColumnList()) {
		cols = append(cols, column(must(o.Column()))+" AS "+quote(t.Columns[i].Name))
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + inner.from(must(query.Query()))
}

func (p *planner) createSchema(s *googlesql.ResolvedCreateSchemaStmt) *plan {
	out := &plan{kind: "CREATE_SCHEMA"}
	path := strings.Split(strings.Join(must(s.NamePath()), "."), ".")
	d := &Dataset{Project: p.project, Name: path[len(path)-1], Location: "US", Labels: map[string]string{}}
	if len(path) == 2 {
		d.Project = path[0]
	}
	mode := must(s.CreateMode())
	out.run = func(context.Context, *sql.Conn) (*result, error) { return &result{}, nil }
	out.apply = func() error {
		if _, err := p.catalog.dataset(d.Project, d.Name); err == nil && mode == googlesql.ResolvedCreateStatementEnums_CreateModeCreateIfNotExists {
			return nil
		}
		return p.catalog.create(d)
	}
	return out
}

func (p *planner) drop(s *googlesql.ResolvedDropStmt) *plan {
	kind := strings.ToUpper(must(s.ObjectType()))
	out := &plan{kind: "DROP_" + kind, ddl: "DROP"}
	path := must(s.NamePath())
	exists := must(s.IsIfExists())
	out.run = func(context.Context, *sql.Conn) (*result, error) { return &result{}, nil }
	if kind == "SCHEMA" {
		parts := strings.Split(strings.Join(path, "."), ".")
		project := p.project
		if len(parts) == 2 {
			project = parts[0]
		}
		cascade := must(s.DropMode()) == googlesql.ResolvedDropStmtEnums_DropModeCascade
		out.apply = func() error {
			err := p.catalog.remove(project, parts[len(parts)-1], cascade)
			if e, ok := err.(*Error); ok && e.Reason == "notFound" && exists { //nolint:errorlint // it is ours
				return nil
			}
			return err
		}
		return out
	}
	if kind != "TABLE" && kind != "VIEW" {
		out.lacks = unsupported("DROP " + kind)
		return out
	}
	if len(path) == 1 && p.temporary[path[0]] != nil {
		out.apply = func() error {
			p.store.drop(p.temporary[path[0]].Engine)
			delete(p.temporary, path[0])
			return nil
		}
		return out
	}
	if p.open && p.executed {
		panic(invalid("Unsupported statement in a transaction: " + out.kind))
	}
	n, err := name(path, p.project, p.dataset)
	check(err)
	out.target = &n
	t, err := p.catalog.table(n)
	switch {
	case err != nil && exists:
		return out
	case err != nil:
		panic(&Error{Reason: "notFound", Message: "Not found: Table " + n.colon()})
	case (t.View != "") != (kind == "VIEW"):
		panic(invalid(n.colon() + " is not allowed for this operation because it is not a " + kind))
	}
	out.apply = func() error { return p.catalog.delete(n) }
	return out
}

func (p *planner) alter(s *googlesql.ResolvedAlterTableStmt) *plan {
	out := &plan{kind: "ALTER_TABLE", ddl: "ALTER"}
	if p.open && p.executed {
		panic(invalid("Unsupported statement in a transaction: " + out.kind))
	}
	n, err := name(must(s.NamePath()), p.project, p.dataset)
	check(err)
	out.target = &n
	t, err := p.catalog.table(n)
	out.run = func(context.Context, *sql.Conn) (*result, error) { return &result{}, nil }
	if err != nil {
		if must(s.IsIfExists()) {
			return out
		}
		panic(asError(err))
	}
	changed := *t
	changed.Columns = slices.Clone(t.Columns)
	changed.Labels = maps.Clone(t.Labels)
	var changes []string
	rename := ""
	for _, action := range must(s.AlterActionList()) {
		switch a := action.(type) {
		case *googlesql.ResolvedRenameToAction:
			path := must(a.NewPath())
			if len(path) != 1 || strings.Contains(path[0], ".") {
				panic(invalid("The new name of a table in ALTER TABLE RENAME TO must not be qualified"))
			}
			checkTableName(path[0])
			rename = path[0]
			if _, err := p.catalog.table(Name{n.Project, n.Dataset, rename}); err == nil {
				panic(&Error{Reason: "duplicate", Message: "Already Exists: Table " + Name{n.Project, n.Dataset, rename}.colon()})
			}
		case *googlesql.ResolvedAddColumnAction:
			d := must(a.ColumnDefinition())
			c := Column{Name: must(d.Name()), Type: typeOf(must(d.Type()))}
			if changed.column(c.Name) != nil {
				if must(a.IsIfNotExists()) {
					continue
				}
				panic(invalid("Column already exists: " + c.Name))
			}
			if an := must(d.Annotations()); an != nil && must(an.NotNull()) {
				panic(invalid("Cannot add required columns to an existing table schema; column: " + c.Name))
			}
			if must(d.DefaultValue()) != nil {
				out.lacks = unsupported("a column with a default")
			}
			changed.Columns = append(changed.Columns, c)
			p.write(out, func() { changes = append(changes, "ADD COLUMN "+quote(c.Name)+" "+c.Type.engine()) })
		case *googlesql.ResolvedDropColumnAction:
			c := changed.column(must(a.Name()))
			if c == nil {
				if must(a.IsIfExists()) {
					continue
				}
				panic(invalid("Column not found: " + must(a.Name())))
			}
			if slices.Contains(changed.Cluster, c.Name) {
				panic(invalid("Clustering column " + c.Name + " cannot be dropped"))
			}
			changes = append(changes, "DROP COLUMN "+quote(c.Name))
			gone := c.Name
			changed.Columns = slices.DeleteFunc(changed.Columns, func(c Column) bool { return c.Name == gone })
		case *googlesql.ResolvedRenameColumnAction:
			c := changed.column(must(a.Name()))
			if c == nil {
				panic(invalid("Column not found: " + must(a.Name())))
			}
			changes = append(changes, "RENAME COLUMN "+quote(c.Name)+" TO "+quote(must(a.NewName())))
			c.Name = must(a.NewName())
		case *googlesql.ResolvedSetOptionsAction:
			options(must(a.OptionList()), &changed)
		default:
			out.lacks = unsupported("this ALTER TABLE")
		}
	}
	checkColumns(changed.Columns)
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		for _, change := range changes {
			if _, err := exec(ctx, c, "ALTER TABLE "+t.Engine+" "+change); err != nil {
				return nil, err
			}
		}
		return &result{}, nil
	}
	out.apply = func() error {
		if rename != "" {
			return p.catalog.rename(n, rename)
		}
		return p.catalog.put(&changed, true)
	}
	return out
}

func (p *planner) assert(s *googlesql.ResolvedAssertStmt) *plan {
	out := &plan{kind: "ASSERT"}
	var query string
	p.write(out, func() { query = "SELECT " + p.t.expr(must(s.Expression())) })
	message := must(s.Description())
	out.run = func(ctx context.Context, c *sql.Conn) (*result, error) {
		rows, err := collect(ctx, c, query, 1)
		if err != nil {
			return nil, err
		}
		if rows[0][0] != true {
			return nil, invalid(strings.TrimSpace("Assertion failed: " + message))
		}
		return &result{}, nil
	}
	return out
}
