package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/examples/shop"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestAnalyzed: GoogleSQL's analyzer takes every statement of the shop, with a
// sync of each mode, against the tables that the statements before it make. They
// are those of sql/golden/bigquery, and the rest of the modes.
func TestAnalyzed(t *testing.T) {
	t.Parallel()
	s := bqtest.Start(t)
	schema := s.Dataset(t)
	work := s.Project + "." + schema + "_work"
	s.Check(t, "CREATE SCHEMA `"+work+"`")
	t.Cleanup(func() { s.Check(t, "DROP SCHEMA `"+work+"` CASCADE") })

	loaded, found := config.Load(withModes(t), ".", kinds())
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	plan, found := compile.Compile(loaded, compile.Options{AsOf: shop.AsOf(1), RunID: "RUN"})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	kind := targetKinds[slices.IndexFunc(targetKinds, func(k targetKind) bool { return k.name == "bigquery" })]
	target := &config.Target{Name: "analyzed", Type: kind.name, Schema: schema, Config: &bigquery.Config{Project: s.Project}}
	p := &project{Project: loaded, dir: ".", target: target, kind: kind}
	printer := kind.printer(target, p.fileSources())

	// What is there before the statements.
	tables := slices.Clone(plan.System)
	for _, audience := range plan.Audiences {
		tables = append(tables, audience.Outcomes, audience.Recover.Outcomes)
	}
	for _, source := range loaded.Sources {
		tables = append(tables, sourceTable(source))
	}
	for _, table := range tables {
		statements, err := printer.Statement(table)
		if err != nil {
			t.Fatal(err)
		}
		s.Check(t, strings.Join(statements, ";\n"))
	}
	m, files, err := compiled(p, plan)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, model := range append(m.Models, m.Syncs...) {
		for _, name := range model.Files {
			statements, err := s.Analyze(files[name])
			if err != nil {
				t.Errorf("%s: BigQuery would refuse it: %v", name, err)
			}
			checked += len(statements)
		}
	}
	if checked < 100 {
		t.Errorf("only %d statements were analyzed", checked)
	}
}

// sourceTable is a table that a source may read.
func sourceTable(source *config.Source) sql.CreateTable {
	types := map[string]sql.Type{
		"string": sql.TypeString, "int": sql.TypeInt, "float": sql.TypeFloat, "decimal": sql.TypeDecimal,
		"bool": sql.TypeBool, "timestamp": sql.TypeTimestamp, "date": sql.TypeDate,
	}
	out := sql.CreateTable{Table: sql.Table{Space: sql.Source, Name: source.Name}}
	for _, id := range source.Identifiers {
		out.Columns = append(out.Columns, sql.ColumnDef{Name: id.Value, Type: sql.TypeString})
	}
	out.Columns = append(out.Columns, sql.ColumnDef{Name: source.Time, Type: sql.TypeTimestamp})
	for _, c := range source.Columns {
		name := c.Value.Column
		if name == "" {
			name = c.Key
		}
		out.Columns = append(out.Columns, sql.ColumnDef{Name: name, Type: types[c.Value.Type]})
	}
	return out
}
