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
	"strconv"
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
	// Now are the digests of this run; nil before it has looked.
	Now Digests
	// Cheap stands for the constant of that name where it is not 0, for tests.
	Cheap int64
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

// Columns are those of Table that a run reads.
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

// Cheap is how many rows are digested whatever was known of them. Of more only
// the number is looked at first: where that is another than before, so are the
// rows, and a source that grows costs nothing. What has stopped growing is
// digested by the next run, and can stand from the one after that.
const Cheap = 1_000_000

// Build compiles the model that digests the identities of an entity and some of
// its sources. known has the last evaluations; Now is not looked at.
func Build(e *config.Entity, sources []*config.Source, known *Known) *models.Model {
	table := Table(e.Name)
	var counted sql.Union
	var digests []models.Step
	for _, in := range all(e, sources) {
		counted = append(counted, in.counted())
		isIn := sql.Fn(sql.Eq, sql.Col("", "input"), sql.String(in.name))
		rows := sql.Col("d", "rows")
		worth := sql.Or{sql.Fn(sql.Le, rows, sql.Int(known.cheap()))}
		if before := known.rows(in.name); len(before) > 0 {
			worth = append(worth, sql.In{Expr: rows, List: before})
		}
		digests = append(digests, &models.Loop{
			Title: "look into " + in.name, Max: 1,
			While: &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: table, As: "d"},
				Where: sql.And{
					sql.Fn(sql.Eq, sql.Col("d", "input"), sql.String(in.name)), sql.Fn(sql.EndsWith, sql.Col("d", "digest"), sql.String(onlyCounted)), worth,
				},
			},
			Steps: []models.Step{&models.Exec{Title: "digest " + in.name, Statements: []sql.Statement{
				sql.Delete{Table: table, Where: isIn},
				sql.InsertSelect{Table: table, Columns: []string{"input", "rows", "digest"}, Query: in.digested()},
			}}},
		})
	}
	return &models.Model{
		Name:  Prefix + e.Name,
		Nodes: []string{"entity:" + e.Name},
		Span:  e.Pos.Span(),
		Steps: append([]models.Step{&models.Exec{
			Title:      "look for changes of " + e.Name,
			Statements: []sql.Statement{sql.CreateTableAs{Table: table, Query: counted}},
		}}, digests...),
	}
}

// onlyCounted ends what stands in place of a digest where only the number of rows
// is known. It differs from every digest, and says nothing of other such rows.
const onlyCounted = "?"

// cheap is Cheap, or what a test says.
func (k *Known) cheap() int64 {
	if k == nil || k.Cheap == 0 {
		return Cheap
	}
	return k.Cheap
}

// rows are the numbers of rows that an input had when something was evaluated.
func (k *Known) rows(input string) []sql.Expr {
	if k == nil {
		return nil
	}
	seen := map[int64]bool{}
	for _, x := range k.Last {
		text, _, _ := strings.Cut(strings.TrimSuffix(x.Inputs[input], onlyCounted), ":")
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			seen[n] = true
		}
	}
	var out []sql.Expr
	for _, n := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, sql.Int(n))
	}
	return out
}

// Same says that two digests are of the same rows.
func Same(a, b string) bool { return a == b && !strings.HasSuffix(a, onlyCounted) }

// Again looks once more, when a model has evaluated all, at as much as was looked
// at before: what changed meanwhile is not recorded.
func Again(by string, e *config.Entity, sources []*config.Source, now Digests) models.Step {
	var query sql.Union
	for _, in := range all(e, sources) {
		if strings.HasSuffix(now[in.name], onlyCounted) {
			query = append(query, in.counted())
		} else {
			query = append(query, in.digested())
		}
	}
	return &models.Exec{
		Title:      "look again for changes of " + e.Name,
		Statements: []sql.Statement{sql.CreateTableAs{Table: againTable(by, e.Name), Query: query}},
	}
}

// input is some rows that something is evaluated from.
type input struct {
	name string
	from sql.From
	// columns are digested, and so is more, in one text.
	columns []sql.Item
	more    sql.Expr
}

// all are the inputs of an entity.
func all(e *config.Entity, sources []*config.Source) []input {
	out := []input{{
		name: Identities(e.Name), from: sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"},
		columns: sql.Items("i", "identifier_type", "identifier", "number", "quarantined", identity.Column(e)),
	}}
	for _, s := range sources {
		stored := sql.Items("r", "hash.1", "hash.2")
		for _, b := range identity.Bindings(e, s) {
			stored = append(stored, sql.Items("r", b.Number())...)
		}
		known := sql.TableRef{Table: identity.StoredTable(s), As: "r"}
		if s.Files != nil {
			out = append(out, input{name: Source(s.Name), from: known, columns: stored})
			continue
		}
		out = append(out, input{
			name: Source(s.Name), from: sql.TableRef{Table: identity.SourceTable(s), As: "s"}, columns: columns(s),
			more: sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(digest(stored), "digest")}, From: known}},
		})
	}
	return out
}

// counted is a row of Table with the number of rows alone.
func (in input) counted() *sql.Select {
	return in.row(sql.Fn(sql.Concat, sql.Fn(sql.Text, sql.Fn(sql.CountAll)), sql.String(onlyCounted)))
}

// digested is a row of Table.
func (in input) digested() *sql.Select {
	text := digest(in.columns)
	if in.more != nil {
		text = sql.Fn(sql.Concat, sql.Fn(sql.Concat, text, sql.String(" ")), in.more)
	}
	return in.row(text)
}

func (in input) row(digest sql.Expr) *sql.Select {
	return &sql.Select{Items: []sql.Item{
		sql.As(sql.String(in.name), "input"), sql.As(sql.Fn(sql.CountAll), "rows"), sql.As(digest, "digest"),
	}, From: in.from}
}

// digest is one text for a bag of rows. The sum tells one bag from another where
// rows are the same but in number; 63 bits of each row take part.
func digest(items []sql.Item) sql.Expr {
	values := make([]sql.Expr, len(items))
	for i, it := range items {
		values[i] = it.Expr
	}
	sum := sql.Fn(sql.Coalesce, sql.Fn(sql.Text, sql.Fn(sql.SumHashes, sql.Fn(sql.Hash, values...))), sql.String(""))
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
	columns := sql.ColumnNames(StateColumns)
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
