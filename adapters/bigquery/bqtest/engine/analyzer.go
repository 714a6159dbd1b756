package main

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"

	googlesql "github.com/goccy/go-googlesql"
)

// An Analyzer is GoogleSQL's parser and analyzer, set up as BigQuery is. The
// engine in it is one thread: all use of it, and of the trees that it makes, is
// within locked.
type Analyzer struct {
	mu       sync.Mutex
	uses     int
	factory  *googlesql.TypeFactory
	language *googlesql.LanguageOptions
	builtin  *googlesql.SimpleCatalog
	catalog  *googlesql.Catalog
	both     *googlesql.MultiCatalog
	finder   *finder
}

func newAnalyzer() (a *Analyzer, err error) {
	defer recovered(&err)
	if err := googlesql.Init(); err != nil {
		return nil, fmt.Errorf("the analyzer: %w", err)
	}
	a = &Analyzer{factory: must(googlesql.NewTypeFactory()), language: dialect(), finder: &finder{}}
	a.builtin = must(googlesql.NewSimpleCatalog("builtin", a.factory))
	check(a.builtin.AddBuiltinFunctionsAndTypes(&googlesql.BuiltinFunctionOptions{LanguageOptions: a.language}))
	a.catalog = must(googlesql.NewCatalogFromImpl(a.finder))
	a.both = must(googlesql.NewMultiCatalogCreate("bigquery", []googlesql.CatalogNode{a.builtin, a.catalog}))
	return a, nil
}

// A Parameter is a query parameter.
type Parameter struct {
	Name string
	Type Type
	// Value is JSON of BigQuery's API.
	Value wireValue
}

// options are those of one statement.
func (a *Analyzer) options(parameters []Parameter, fold bool) *googlesql.AnalyzerOptions {
	o := must(googlesql.NewAnalyzerOptions(a.language))
	check(o.SetErrorMessageMode(googlesql.ErrorMessageModeErrorMessageOneLine))
	check(o.SetPruneUnusedColumns(true))
	check(o.SetFoldLiteralCast(fold))
	check(o.SetStatementContext(googlesql.StatementContextContextDefault))
	for _, p := range parameters {
		if p.Name == "" {
			check(o.SetParameterMode(googlesql.ParameterModeParameterPositional))
			check(o.AddPositionalQueryParameter(p.Type.node(a.factory)))
		} else {
			check(o.AddQueryParameter(p.Name, p.Type.node(a.factory)))
		}
	}
	return o
}

// A Finder gives the table of a path that a statement names.
type Finder func(path []string) (*Table, error)

// finder is the catalog that the analyzer asks for tables.
type finder struct {
	googlesql.CatalogCallbackDefaults

	factory *googlesql.TypeFactory
	find    Finder
	// statement is the text, and routines the functions that its script made.
	statement string
	routines  map[string]*routine
	// found is by the numbers that the analyzer's tables carry.
	found map[int64]*Table
	// keep holds what the analyzer has pointers to.
	keep []any
	err  error
}

func (f *finder) FullName() (string, error) { return "bigquery", nil }

// none is what the catalog says of all but tables: it has none. To say nothing
// would be to have found it.
func (f *finder) none(what string, path []string) error {
	name := strings.Join(path, ".")
	err := invalid(what + " not found: " + name)
	// The analyzer adds no place to what a catalog says.
	if m := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(path[len(path)-1]) + `\b`).FindStringIndex(f.statement); m != nil {
		line, column := position(f.statement, m[0])
		err.Message += fmt.Sprintf(" at [%d:%d]", line, column)
	}
	f.err = errors.Join(f.err, err)
	return err
}

func (f *finder) FindFunction(path []string, _ *googlesql.FindOptions) (node *googlesql.Function, err error) {
	defer recovered(&err)
	if r := f.routines[strings.ToLower(path[len(path)-1])]; r != nil && r.js && len(path) == 1 {
		node, keep := r.node(f.factory)
		f.keep = append(f.keep, keep...)
		return node, nil
	}
	return nil, f.none("Function", path)
}

func (f *finder) FindTableValuedFunction(path []string, _ *googlesql.FindOptions) (*googlesql.TableValuedFunction, error) {
	return nil, f.none("Table-valued function", path)
}

func (f *finder) FindType(path []string, _ *googlesql.FindOptions) (googlesql.Googlesql_TypeNode, error) {
	return nil, f.none("Type", path)
}

func (f *finder) FindConnection(path []string, _ *googlesql.FindOptions) (googlesql.ConnectionNode, error) {
	return nil, f.none("Connection", path)
}

func (f *finder) FindModel(path []string, _ *googlesql.FindOptions) (googlesql.ModelNode, error) {
	return nil, f.none("Model", path)
}

func (f *finder) FindProcedure(path []string, _ *googlesql.FindOptions) (*googlesql.Procedure, error) {
	return nil, f.none("Procedure", path)
}

func (f *finder) FindSequence(path []string, _ *googlesql.FindOptions) (googlesql.SequenceNode, error) {
	return nil, f.none("Sequence", path)
}

func (f *finder) FindPropertyGraph2(path []string, _ *googlesql.FindOptions) (googlesql.PropertyGraphNode, error) {
	return nil, f.none("Property graph", path)
}

func (f *finder) FindTable(path []string, _ *googlesql.FindOptions) (node googlesql.TableNode, err error) {
	defer recovered(&err)
	t, err := f.find(path)
	if err != nil {
		f.err = errors.Join(f.err, err)
		return nil, err
	}
	number := int64(len(f.found) + 1)
	table := must(googlesql.NewSimpleTable(t.String(), number))
	f.keep = append(f.keep, table)
	for _, c := range t.Columns {
		column := must(googlesql.NewSimpleColumn(t.String(), c.Name, c.Type.node(f.factory), false, true))
		f.keep = append(f.keep, column)
		check(table.AddColumn2(column, false))
	}
	f.found[number] = t
	return table, nil
}

// A Resolved is one analyzed statement.
type Resolved struct {
	Statement googlesql.ResolvedStatementNode
	// Tables are those that it names, by the numbers in the tree.
	Tables map[int64]*Table
	keep   []any
}

// collectAfter is how many statements there are between two collections of
// garbage.
const collectAfter = 100

// analyze analyzes one statement. There may be nothing behind it.
func (a *Analyzer) analyze(statement string, find Finder, routines map[string]*routine, parameters []Parameter) (r *Resolved, err error) {
	defer recovered(&err)
	// The engine's memory is freed by finalizers, and grows without Go's knowing.
	if a.uses++; a.uses%collectAfter == 0 {
		runtime.GC()
	}
	statement = expand(statement, routines)
	// Literals are converted by the analyzer, which so finds those that cannot be;
	// but it does so in the zone of Los Angeles, and BigQuery's is UTC. What is
	// executed has them as they are.
	var o *googlesql.AnalyzerOptions
	var out *googlesql.AnalyzerOutput
	for _, fold := range []bool{true, false} {
		*a.finder = finder{factory: a.factory, find: find, routines: routines, statement: statement, found: map[int64]*Table{}}
		o = a.options(parameters, fold)
		if out, err = googlesql.AnalyzeStatement(statement, o, a.both, a.factory); err != nil {
			if known, ok := errors.AsType[*Error](a.finder.err); ok {
				return nil, known
			}
			return nil, wrong(err)
		}
	}
	return &Resolved{
		Statement: must(out.ResolvedStatement()), Tables: a.finder.found,
		keep: []any{out, o, a.finder.keep},
	}, nil
}

var place = regexp.MustCompile(`\[at (\d+:\d+)\]$`)

// wrong is the analyzer's error as BigQuery words it.
func wrong(err error) error {
	message := err.Error()
	for _, prefix := range []string{"INVALID_ARGUMENT: ", "NOT_FOUND: ", "wasmify: ", "googlesql: "} {
		message = strings.TrimPrefix(message, prefix)
	}
	return invalid(place.ReplaceAllString(message, "at [$1]"))
}

// must gives the result of a call that fails only by a mistake of ours.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// recovered turns what must and unsupported throw into an error. It is deferred.
func recovered(err *error) {
	switch thrown := recover().(type) {
	case nil:
	case *Error:
		*err = thrown
	case error:
		*err = fmt.Errorf("in the analyzer: %w", thrown)
	default:
		*err = fmt.Errorf("in the analyzer: %v", thrown)
	}
}
