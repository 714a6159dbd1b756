// Package tests compiles what must hold of data into statements that count what
// breaks it: all tests of a source in one pass over its rows, all tests of an
// entity and its segments in one pass over its profiles, but for values that are
// unique together.
//
// It never runs SQL, and never decides whether a count is too many: see
// models.Expectation. Start with New, then rows.go for what one pass computes.
package tests

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Key is the key of a test's node.
func Key(name string) string { return "test:" + name }

// ResultsTable is the public table of what tests have found, a row for each
// expectation and run.
var ResultsTable = sql.Table{Space: sql.Public, Name: "test_results"}

// ResultsColumns are those of ResultsTable, in order.
var ResultsColumns = []sql.ColumnDef{
	{Name: "test", Type: sql.TypeString},
	{Name: "expectation", Type: sql.TypeString},
	{Name: "outcome", Type: sql.TypeString},
	{Name: "failures", Type: sql.TypeInt},
	{Name: "rows", Type: sql.TypeInt},
	{Name: "at", Type: sql.TypeTimestamp},
	{Name: "run_id", Type: sql.TypeString},
}

// System is the table that must exist before tests run.
func System() sql.CreateTable {
	return sql.CreateTable{Table: ResultsTable, Columns: ResultsColumns, Key: []string{"test", "expectation", "at"}}
}

// LastCounts selects the number of rows that each expectation found in the last run
// in which nothing of its test was broken: test, expectation, rows.
func LastCounts() sql.Query {
	x := func(name string) sql.Expr { return sql.Col("x", name) }
	broke := sql.Window{
		Call:        sql.Fn(sql.Max, sql.If(sql.Fn(sql.Eq, x("outcome"), sql.String(models.Broken)), sql.Int(1), sql.Int(0))),
		PartitionBy: []sql.Expr{x("test"), x("run_id")},
	}
	judged := &sql.Select{
		Items: append(sql.Items("x", "test", "expectation", "rows", "at", "run_id"), sql.As(broke, "broke")),
		From:  sql.TableRef{Table: ResultsTable, As: "x"},
	}
	y := func(name string) sql.Expr { return sql.Col("y", name) }
	latest := sql.Window{
		Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{y("test"), y("expectation")},
		OrderBy: []sql.Order{{Expr: y("at"), Desc: true}, {Expr: y("run_id"), Desc: true}},
	}
	ranked := &sql.Select{
		Items: append(sql.Items("y", "test", "expectation", "rows"), sql.As(latest, "nth")), From: sql.Derived{Query: judged, As: "y"},
		Where: sql.And{sql.Fn(sql.Eq, y("broke"), sql.Int(0)), sql.Fn(sql.IsNotNull, y("rows"))},
	}
	return &sql.Select{
		Items: sql.Items("z", "test", "expectation", "rows"), From: sql.Derived{Query: ranked, As: "z"},
		Where: sql.Fn(sql.Eq, sql.Col("z", "nth"), sql.Int(1)),
	}
}

// Input is what tests may speak of.
type Input struct {
	Project *config.Project
	AsOf    time.Time
	// Target says which values of parameters count.
	Target string
	// Traits are those of each entity, by its name.
	Traits map[string][]expr.Compiled
	// Conditions are what Fields gave for the tests of profiles, as SQL over
	// expr.Row, by the name of the field.
	Conditions map[string]sql.Expr
}

// Fields are the conditions of the tests of an entity's profiles, for package
// expr to compile.
func Fields(p *config.Project, entity string) []expr.Field {
	var out []expr.Field
	for _, t := range p.Tests {
		if t.Source == "" && about(p, t) == entity {
			out = append(out, conditions(t, "the profile of a "+entity)...)
		}
	}
	return out
}

// conditions are the expressions of a test.
func conditions(t *config.Test, of string) (out []expr.Field) {
	for _, x := range [][2]string{{"where", t.Where}, {"condition", t.Condition}} {
		if x[1] != "" {
			out = append(out, expr.Field{Name: field(t, x[0]), Value: x[1], Text: t.Pos.Text(x[0]), Test: of})
		}
	}
	return out
}

// field names an expression of a test.
func field(t *config.Test, key string) string { return Key(t.Name) + "." + key }

// about is the entity whose profiles are tested, "" for none.
func about(p *config.Project, t *config.Test) string {
	for _, s := range p.Segments {
		if t.Segment != "" && s.Name == t.Segment {
			return s.Entity
		}
	}
	return t.Entity
}

// Set is the tests of a project, checked.
type Set struct {
	Input
	// values are the constants, by their place.
	values map[diag.Span]sql.Expr
	found  diag.List
}

// New checks the types of the tests. The list may hold warnings beside a Set; with
// an error the Set is nil.
func New(in Input) (*Set, diag.List) {
	s := &Set{Input: in, values: map[diag.Span]sql.Expr{}}
	s.Conditions = maps.Clone(in.Conditions)
	for _, t := range in.Project.Tests {
		s.check(t)
	}
	if s.found.HasErrors() {
		return nil, s.found
	}
	return s, s.found
}

// check decodes the constants of a test and compiles its conditions over rows.
func (s *Set) check(t *config.Test) {
	types := map[string]string{} // by column, as config.ColumnTypes
	if t.Source != "" {
		source := s.source(t.Source)
		for _, name := range source.Fields() {
			types[name] = fieldType(source, name)
		}
		s.overRows(t, source)
	} else {
		types = s.traitTypes(about(s.Project, t))
	}
	for _, c := range t.AcceptedValues {
		for _, n := range c.Value {
			s.constant(n, types[c.Key])
		}
	}
	for _, c := range t.Relationships {
		source, column := models.Reference(c.Value)
		if to := fieldType(s.source(source), column); to != types[c.Key] && types[c.Key] != "" {
			s.found = append(s.found, diag.Errorf(t.Pos.At("relationships", c.Key), "mixed-types", "%s is %s, and %s is %s", c.Key, types[c.Key], c.Value, to).
				WithHelp("declare both with one type"))
		}
	}
	for _, p := range t.People {
		for _, x := range p.Traits {
			if !null(x.Value) {
				s.constant(x.Value, types[x.Key])
			}
		}
	}
}

func (s *Set) source(name string) *config.Source {
	i := slices.IndexFunc(s.Project.Sources, func(x *config.Source) bool { return x.Name == name })
	return s.Project.Sources[i]
}

func (s *Set) entity(name string) *config.Entity {
	i := slices.IndexFunc(s.Project.Entities, func(x *config.Entity) bool { return x.Name == name })
	return s.Project.Entities[i]
}

// fieldType is the type of a field of a source.
func fieldType(s *config.Source, name string) string {
	if c, ok := s.Columns.Get(name); ok {
		return c.Type
	}
	if _, ok := s.Identifiers.Get(name); !ok && name == expr.TimeField {
		return "timestamp"
	}
	return "string"
}

// traitTypes are the types of an entity's traits and of its id.
func (s *Set) traitTypes(entity string) map[string]string {
	words := map[sql.Type]string{}
	for _, word := range config.ColumnTypes {
		words[models.ColumnType(word)] = word
	}
	out := map[string]string{}
	for _, t := range s.Traits[entity] {
		out[t.Name] = words[t.Type]
	}
	out[entity+"_id"] = "int"
	return out
}

// overRows compiles the conditions of a test of a source: a row is read as if it
// were a profile, and its columns traits.
func (s *Set) overRows(t *config.Test, source *config.Source) {
	fields := conditions(t, "a row of "+source.Name)
	if len(fields) == 0 {
		return
	}
	rows := *source
	rows.Name = "the rows" // which no expression can name
	in := expr.Input{
		Entity: &config.Entity{Name: "row of " + source.Name}, Sources: []*config.Source{&rows}, Fields: fields,
		AsOf: s.AsOf, Zone: s.Project.Timezone, Target: s.Target,
	}
	for _, name := range source.Fields() {
		if name != "now" {
			in.Traits = append(in.Traits, &config.Trait{Name: name, Pick: "latest", From: []string{rows.Name + "." + name}})
		}
	}
	for _, p := range s.Project.Parameters {
		if !slices.Contains(source.Fields(), p.Name) {
			in.Parameters = append(in.Parameters, p)
		}
	}
	out, found := expr.Compile(in)
	s.found = append(s.found, found...)
	if out == nil {
		return
	}
	for _, x := range out.Fields {
		s.Conditions[x.Name] = x.Expr
	}
}

// Models are those that run tests. Of a source they guard it.
func (s *Set) Models(run func(*config.Test) bool) []*models.Model {
	var out []*models.Model
	add := func(m *models.Model, list []*config.Test) {
		for _, t := range list {
			m.Nodes = append(m.Nodes, Key(t.Name))
		}
		m.Span = list[0].Pos.At("name")
		out = append(out, m)
	}
	of := func(belongs func(*config.Test) bool) (list []*config.Test) {
		for _, t := range s.Project.Tests {
			if belongs(t) && run(t) {
				list = append(list, t)
			}
		}
		return list
	}
	for _, source := range s.Project.Sources {
		if list := of(func(t *config.Test) bool { return t.Source == source.Name }); len(list) > 0 {
			add(&models.Model{
				Name: "tests:source:" + source.Name, Guards: []sql.Table{identity.SourceTable(source)},
				Steps: []models.Step{s.rowsOf(source, list)},
			}, list)
		}
	}
	for _, e := range s.Project.Entities {
		if list := of(func(t *config.Test) bool { return t.Source == "" && about(s.Project, t) == e.Name }); len(list) > 0 {
			add(&models.Model{Name: "tests:entity:" + e.Name, Steps: s.profilesOf(e, list)}, list)
		}
	}
	for _, t := range of(func(t *config.Test) bool { return t.SQL != nil }) {
		m := &models.Model{Name: "tests:sql:" + t.Name, Steps: []models.Step{s.written(t)}}
		for _, key := range t.SQL.Reads {
			name, ofSource := strings.CutPrefix(key, "source:")
			if !ofSource {
				m.Guards = nil // it runs after what reads the sources
				break
			}
			m.Guards = append(m.Guards, identity.SourceTable(s.source(name)))
		}
		add(m, []*config.Test{t})
	}
	return out
}

// written is the step of a test that is a query of the user's.
func (s *Set) written(t *config.Test) *models.Examine {
	q := s.custom(t, s.read)
	return &models.Examine{
		Title: "test " + t.Name,
		Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "failures")}, From: sql.Derived{Query: q, As: "failing"}},
		Expectations: []models.Expectation{{
			Test: t, Name: "sql", Kind: models.NoRows, Number: 0, Rows: -1, Failing: q,
		}},
	}
}

// custom is the query of a test; rows are what its placeholders stand for.
func (s *Set) custom(t *config.Test, rows func(kind, name string) sql.Query) sql.CustomQuery {
	q := sql.CustomQuery{ByDialect: map[string]string{}}
	for _, x := range t.SQL.ByType {
		q.ByDialect[x.Key] = strings.TrimSpace(x.Value)
	}
	for _, key := range t.SQL.Reads {
		kind, name, _ := strings.Cut(key, ":")
		q.Parts = append(q.Parts, sql.CustomPart{Text: "{" + key + "}", Query: rows(kind, name)})
	}
	return q
}

// read are the rows that a placeholder of a query stands for.
func (s *Set) read(kind, name string) sql.Query {
	switch kind {
	case "source":
		source := s.source(name)
		return profile.Fields(source, source.Fields())
	case "entity":
		e := s.entity(name)
		return &sql.Select{Items: s.traitItems(e), From: sql.TableRef{Table: profile.Table(e), As: expr.Row}}
	}
	i := slices.IndexFunc(s.Project.Segments, func(x *config.Segment) bool { return x.Name == name })
	e := s.entity(s.Project.Segments[i].Entity)
	id := identity.Column(e)
	return &sql.Select{
		Items: s.traitItems(e),
		From: sql.Joins(sql.TableRef{Table: profile.Table(e), As: expr.Row}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: segment.Table, As: "m"}, On: sql.Fn(sql.Eq, sql.Col("m", id), sql.Col(expr.Row, id)),
		}),
		Where: sql.Fn(sql.Eq, sql.Col("m", "segment"), sql.String(name)),
	}
}

// traitItems are an entity's id and its traits.
func (s *Set) traitItems(e *config.Entity) []sql.Item {
	items := sql.Items(expr.Row, identity.Column(e))
	for _, t := range s.Traits[e.Name] {
		items = append(items, sql.Items(expr.Row, t.Name)...)
	}
	return items
}

// Probe is a query that a warehouse can be asked about before there are any of our
// tables.
type Probe struct {
	Test  *config.Test
	Span  diag.Span
	Query sql.Query
}

// Probes are the queries that the user wrote. Profiles in them are one row of
// NULLs.
func (s *Set) Probes() []Probe {
	var out []Probe
	for _, t := range s.Project.Tests {
		if t.SQL == nil {
			continue
		}
		q := s.custom(t, func(kind, name string) sql.Query {
			if kind == "source" {
				return s.read(kind, name)
			}
			if kind == "segment" {
				i := slices.IndexFunc(s.Project.Segments, func(x *config.Segment) bool { return x.Name == name })
				name = s.Project.Segments[i].Entity
			}
			row := &sql.Select{Items: []sql.Item{sql.As(sql.Null{Type: sql.TypeInt}, name+"_id")}}
			for _, x := range s.Traits[name] {
				row.Items = append(row.Items, sql.As(sql.Null{Type: x.Type}, x.Name))
			}
			return row
		})
		out = append(out, Probe{Test: t, Span: t.Pos.At("sql"), Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "failures")}, From: sql.Derived{Query: q, As: "failing"},
		}})
	}
	return out
}
