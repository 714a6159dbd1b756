// Package inputs compiles what tells a run whether anything has changed that an
// evaluation depends on: digests of the rows of sources and of identities, and
// the public table of those that each segment and profile was last evaluated
// from.
//
// A digest is the number of rows and a sum of hashes of all columns that the
// project reads, in any order: whether a source is a table or a view, its rows
// speak for themselves. Files are read faster than parsed, which is for the run to
// do: see Files. It never runs SQL. Start with Build.
package inputs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Digests are those of rows, by the name of the input: Identities and Source.
type Digests map[string]string

// Identities is the input that says who the customers of an entity are.
func Identities(entity string) string { return "identities of " + entity }

// Source is the input that is the rows of a source, and whose they are.
func Source(name string) string { return "source " + name }

// Files is the input that is the contents of a source's files, which no query
// digests.
func Files(source string) string { return "files of " + source }

// Names are the inputs that are of a source.
func Names(s *config.Source) []string {
	if s.Files != nil {
		return []string{Source(s.Name), Files(s.Name)}
	}
	return []string{Source(s.Name)}
}

// Evaluation is what a node was evaluated from.
type Evaluation struct {
	// Definition is a digest of its expression as SQL, with all that it refers to.
	Definition string
	Inputs     Digests
	// AsOf is when that was.
	AsOf time.Time
}

// Known is what a run knows of inputs when it decides what to evaluate.
type Known struct {
	// Last has the last evaluation of each node: see StateTable.
	Last map[string]Evaluation
	// Now are the digests of this run.
	Now Digests
}

// StateTable is the public table of what each segment and profile was last
// evaluated from, a row each. Its column inputs has a line for each of the
// Digests.
var StateTable = sql.Table{Space: sql.Public, Name: "evaluated_from"}

// StateColumns are those of StateTable, in order.
var StateColumns = []sql.ColumnDef{
	{Name: "node", Type: sql.TypeString},
	{Name: "definition", Type: sql.TypeString},
	{Name: "inputs", Type: sql.TypeString},
	{Name: "as_of", Type: sql.TypeTimestamp},
	{Name: "run_id", Type: sql.TypeString},
}

// String is the text of StateTable's column inputs.
func (d Digests) String() string {
	var b strings.Builder
	for _, input := range slices.Sorted(maps.Keys(d)) {
		b.WriteString(d[input] + "\t" + input + "\n")
	}
	return b.String()
}

// ParseDigests reads what String wrote.
func ParseDigests(text string) Digests {
	out := Digests{}
	for line := range strings.Lines(text) {
		digest, input, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		out[input] = digest
	}
	return out
}

// Columns are those of the tables of digests.
var Columns = []sql.ColumnDef{{Name: "input", Type: sql.TypeString}, {Name: "digest", Type: sql.TypeString}}

// Prefix begins the names of the models that Build makes.
const Prefix = "inputs:"

// Table is the Work table of the digests of an entity and of the sources that
// Build was given.
func Table(entity string) sql.Table {
	return sql.Table{Space: sql.Work, Name: entity + "_inputs"}
}

// againTable has the same as a model found it that had evaluated all.
func againTable(by, entity string) sql.Table {
	return sql.Table{Space: sql.Work, Name: entity + "_inputs_of_" + strings.ReplaceAll(by, ":", "_")}
}

// Build compiles the model that digests the identities of an entity and some of
// its sources.
func Build(e *config.Entity, sources []*config.Source) *models.Model {
	return &models.Model{
		Name:  Prefix + e.Name,
		Nodes: []string{"entity:" + e.Name},
		Span:  e.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title:      "look for changes of " + e.Name,
			Statements: []sql.Statement{sql.CreateTableAs{Table: Table(e.Name), Query: digests(e, sources)}},
		}},
	}
}

// Again digests once more, when a model has evaluated all: what changed meanwhile
// is not recorded.
func Again(by string, e *config.Entity, sources []*config.Source) models.Step {
	return &models.Exec{
		Title:      "look again for changes of " + e.Name,
		Statements: []sql.Statement{sql.CreateTableAs{Table: againTable(by, e.Name), Query: digests(e, sources)}},
	}
}

func digests(e *config.Entity, sources []*config.Source) sql.Query {
	identities := sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"}
	out := sql.Union{row(Identities(e.Name), digest(sql.Items("i", "identifier_type", "identifier", "number", "quarantined", identity.Column(e))), identities)}
	for _, s := range sources {
		stored := sql.Items("r", "hash.1", "hash.2")
		for _, b := range identity.Bindings(e, s) {
			stored = append(stored, sql.Items("r", b.Number())...)
		}
		known := sql.TableRef{Table: identity.StoredTable(s), As: "r"}
		if s.Files != nil {
			out = append(out, row(Source(s.Name), digest(stored), known))
			continue
		}
		whose := sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(digest(stored), "digest")}, From: known}}
		rows := sql.Fn(sql.Concat, sql.Fn(sql.Concat, digest(columns(s)), sql.String(" ")), whose)
		out = append(out, row(Source(s.Name), rows, sql.TableRef{Table: identity.SourceTable(s), As: "s"}))
	}
	return out
}

func row(input string, digest sql.Expr, from sql.From) *sql.Select {
	return &sql.Select{Items: []sql.Item{sql.As(sql.String(input), "input"), sql.As(digest, "digest")}, From: from}
}

// digest is one text for a bag of rows. The sum tells one bag from another where
// rows are the same but in number; 63 bits of each row take part.
func digest(items []sql.Item) sql.Expr {
	values := make([]sql.Expr, len(items))
	for i, it := range items {
		values[i] = it.Expr
	}
	sum := sql.Fn(sql.Coalesce, sql.Fn(sql.Text, sql.Fn(sql.SumExact, sql.Fn(sql.Hash, values...))), sql.String(""))
	return sql.Fn(sql.Concat, sql.Fn(sql.Concat, sql.Fn(sql.Text, sql.Fn(sql.CountAll)), sql.String(":")), sum)
}

// columns are those of a source that the project reads, as the source has them.
// A number with a fraction goes by its text: 0 and -0 are different values of one
// hash.
func columns(s *config.Source) []sql.Item {
	var out []sql.Item
	var seen []string
	add := func(column string, typ sql.Type) {
		if column == "" || slices.Contains(seen, column) {
			return
		}
		seen = append(seen, column)
		value := sql.Expr(sql.Col("s", column))
		if typ == sql.TypeFloat {
			value = sql.Fn(sql.Text, value)
		}
		out = append(out, sql.As(value, column))
	}
	for _, c := range s.Columns {
		column := c.Value.Column
		if column == "" {
			column = c.Key
		}
		add(column, models.ColumnType(c.Value.Type))
	}
	for _, id := range s.Identifiers {
		add(id.Value, sql.TypeString)
	}
	add(s.Time, sql.TypeTimestamp)
	add(s.Key, sql.TypeString)
	return out
}

// Record writes down evaluations of a model, by node; all are of one entity. It
// writes nothing where Again found anything else than Build did.
func Record(by, entity string, list map[string]Evaluation, runID string) sql.Statement {
	columns := make([]string, len(StateColumns))
	for i, c := range StateColumns {
		columns[i] = c.Name
	}
	var rows sql.Union
	for _, node := range slices.Sorted(maps.Keys(list)) {
		x := list[node]
		rows = append(rows, &sql.Select{Items: []sql.Item{
			sql.As(sql.String(node), "node"), sql.As(sql.String(x.Definition), "definition"), sql.As(sql.String(x.Inputs.String()), "inputs"),
			sql.As(sql.Timestamp(x.AsOf), "as_of"), sql.As(sql.String(runID), "run_id"),
		}})
	}
	changed := &sql.Select{
		Items: []sql.Item{sql.As(sql.Int(1), "one")},
		From: sql.Joins(sql.TableRef{Table: Table(entity), As: "d"}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: againTable(by, entity), As: "a"}, On: sql.Fn(sql.Eq, sql.Col("a", "input"), sql.Col("d", "input")),
		}),
		Where: sql.Fn(sql.Ne, sql.Col("a", "digest"), sql.Col("d", "digest")),
	}
	return sql.InsertSelect{Table: StateTable, Columns: columns, Query: &sql.Select{
		Items: sql.Items("x", columns...), From: sql.Derived{Query: rows, As: "x"}, Where: sql.Exists{Not: true, Query: changed},
	}}
}
