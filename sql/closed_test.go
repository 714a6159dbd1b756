package sql_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

// dialects are all of them; a new one is added here.
var dialects = []*sql.Dialect{sql.DuckDB, sql.PostgreSQL, sql.ClickHouse, sql.BigQuery, sql.Snowflake}

// constants lists the values of the constants of one type in a file.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range f.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
				continue
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text)
		}
	}
	return out
}

// TestDialectsAreComplete finds functions and types without a spelling, and
// spellings of nothing.
func TestDialectsAreComplete(t *testing.T) {
	funcs := constants(t, "func.go", "Func")
	if len(funcs) < 80 {
		t.Fatalf("found only %d functions", len(funcs))
	}
	if sorted := slices.Sorted(slices.Values(funcs)); len(slices.Compact(sorted)) != len(funcs) {
		t.Error("two functions have one name")
	}
	arguments := func(f string) []sql.Expr {
		args := []sql.Expr{sql.Int(1), sql.Int(2), sql.Int(3)}
		if f := sql.Func(f); f == sql.ListMap || f == sql.ListFilter {
			args[1] = sql.Lambda{Param: "x", Of: sql.TypeInt, Body: sql.Col("", "x")}
		} else if strings.Contains(string(f), "match") || strings.Contains(string(f), "regexp") {
			args[1] = sql.String("x")
		}
		return args
	}
	for _, d := range dialects {
		p := &sql.Printer{Dialect: d}
		for _, f := range funcs {
			if _, err := p.Expr(sql.FnOf(sql.TypeInt, sql.Func(f), arguments(f)...)); err != nil {
				t.Error(err)
			}
		}
		for f := range d.Funcs {
			if !slices.Contains(funcs, string(f)) {
				t.Errorf("%s spells %s, which is no function", d.Name, f)
			}
		}
		for typ := sql.TypeBool; typ <= sql.TypeTimestamps; typ++ {
			if d.Types[typ] == "" {
				t.Errorf("%s has no type for kind %d", d.Name, typ)
			}
		}
		if (d.Begin == "") != (d.Commit == "") || (d.Begin == "") != (d.Rollback == "") {
			t.Errorf("%s frames scripts by halves", d.Name)
		}
		if (d.Begin == "" || d.Commits) != (d.Copy != "") {
			t.Errorf("%s needs either transactions or Copy", d.Name)
		}
		if len(d.CreateTableAs) == 0 || len(d.Swap) == 0 || d.TryCast == "" || d.About == "" {
			t.Errorf("%s cannot make a table, swap, cast or tell what it is", d.Name)
		}
		if d.CreateSchema != "" && d.Explain == "" {
			t.Errorf("the driver of %s does half of what it may do", d.Name)
		}
	}
}

// TestReads hides one table in every place of the tree where an expression or
// query can stand: what Reads misses, the graph of models would miss.
func TestReads(t *testing.T) {
	hidden := work("hidden")
	for name, s := range places(hidden) {
		if got := sql.Reads(s); !slices.Contains(got, hidden) {
			t.Errorf("%s: read are %v", name, got)
		}
	}
	swap := sql.Reads(sql.Swap{Name: "t"})
	if d := cmp.Diff([]sql.Table{{Space: sql.Beside, Name: "t"}}, swap); d != "" {
		t.Errorf("swap (-want +got):\n%s", d)
	}
	once := sql.Reads(sql.InsertSelect{Table: work("t"), Query: sql.Union{reading(hidden), reading(hidden), reading(work("b"))}})
	if d := cmp.Diff([]sql.Table{hidden, work("b")}, once); d != "" {
		t.Errorf("each once, in order (-want +got):\n%s", d)
	}
}

// reading is a query that reads a table.
func reading(table sql.Table) *sql.Select {
	return &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "x")}, From: sql.TableRef{Table: table, As: "h"}}
}

// places puts a query that reads table into every field of every node, found
// by reflection, so that a new node or field is not forgotten.
func places(table sql.Table) map[string]sql.Statement {
	hidden := sql.Scalar{Query: reading(table)}
	out := map[string]sql.Statement{}
	wrap := func(e sql.Expr) sql.Statement {
		return sql.CreateTableAs{Table: work("t"), Query: &sql.Select{Items: []sql.Item{sql.As(e, "x")}}}
	}
	fill := func(node any, in func(reflect.Value) sql.Statement) {
		typ := reflect.TypeOf(node)
		for i := range typ.NumField() {
			v := reflect.New(typ).Elem()
			v.Set(reflect.ValueOf(node))
			if plant(v.Field(i), hidden) {
				out[typ.Name()+"."+typ.Field(i).Name] = in(v)
			}
		}
	}
	expr := func(v reflect.Value) sql.Statement { return wrap(v.Interface().(sql.Expr)) }
	query := func(v reflect.Value) sql.Statement {
		s := v.Interface().(sql.Select)
		return sql.CreateTableAs{Table: work("t"), Query: &s}
	}
	from := func(v reflect.Value) sql.Statement {
		f, ok := reflect.TypeAssert[sql.From](v)
		if !ok {
			j := v.Interface().(sql.Join)
			f = &j
		}
		return sql.CreateTableAs{Table: work("t"), Query: &sql.Select{From: f}}
	}
	statement := func(v reflect.Value) sql.Statement { return v.Interface().(sql.Statement) }
	out["And"] = wrap(sql.And{sql.Bool(true), hidden})
	out["Or"] = wrap(sql.Or{sql.Bool(true), hidden})
	out["Union"] = sql.CreateTableAs{Table: work("t"), Query: sql.Union{&sql.Select{}, reading(table)}}
	out["CustomQuery"] = sql.CreateTableAs{Table: work("t"), Query: sql.CustomQuery{Parts: []sql.CustomPart{{Text: "{t}", Query: reading(table)}}}}
	out["CustomPart"] = out["CustomQuery"]
	out["TableRef"] = sql.CreateTableAs{Table: work("t"), Query: reading(table)}
	for _, node := range []any{
		sql.Call{},
		sql.Cast{Expr: sql.Int(1)},
		sql.TryCast{Expr: sql.Int(1)},
		sql.Case{},
		sql.In{Expr: sql.Int(1)},
		sql.InQuery{Query: &sql.Select{}},
		sql.Exists{Query: &sql.Select{}},
		sql.Scalar{Query: &sql.Select{}},
		sql.Window{},
		sql.Lambda{},
		sql.Custom{},
	} {
		fill(node, expr)
	}
	fill(sql.Select{}, query)
	fill(sql.Derived{Query: &sql.Select{}}, from)
	fill(sql.Join{Left: sql.CTERef{}, Right: sql.CTERef{}}, from)
	for _, node := range []any{
		sql.CreateTableAs{Query: &sql.Select{}},
		sql.InsertSelect{Query: &sql.Select{}},
		sql.Delete{Where: sql.Bool(true)},
		sql.Update{Where: sql.Bool(true)},
		sql.UpdateFrom{From: sql.CTERef{}, On: sql.Bool(true)},
	} {
		fill(node, statement)
	}
	return out
}

// plant puts hidden somewhere inside v, and says whether there was a place.
func plant(v reflect.Value, hidden sql.Scalar) bool {
	h := reflect.ValueOf(hidden)
	switch {
	case v.Kind() == reflect.Interface && h.Type().Implements(v.Type()):
		v.Set(h)
		return true
	case v.Type() == reflect.TypeFor[sql.Query]():
		v.Set(reflect.ValueOf(hidden.Query))
		return true
	case v.Type() == reflect.TypeFor[sql.From]():
		v.Set(reflect.ValueOf(sql.Derived{Query: hidden.Query, As: "d"}))
		return true
	case v.Kind() == reflect.Slice:
		s := reflect.MakeSlice(v.Type(), 1, 1)
		if !plant(s.Index(0), hidden) {
			return false
		}
		v.Set(s)
		return true
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() && plant(field, hidden) {
				// The other fields of the element stand for something too.
				for _, f := range v.Fields() {
					if f.Kind() == reflect.Interface && f.IsNil() && h.Type().Implements(f.Type()) {
						f.Set(reflect.ValueOf(sql.Bool(true)))
					}
				}
				return true
			}
		}
	}
	return false
}

// TestNodesAreKnown finds a node type that places does not try.
func TestNodesAreKnown(t *testing.T) {
	leaves := []string{"Column", "Bool", "Int", "Float", "String", "Timestamp", "Null", "CTERef", "CreateTable", "AddColumn", "Drop", "Swap"}
	tried := map[string]bool{}
	for name := range places(work("x")) {
		for i, r := range name {
			if r == '.' {
				name = name[:i]
				break
			}
		}
		tried[name] = true
	}
	for _, file := range []string{"expr.go", "query.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !slices.Contains([]string{"expr", "query", "from", "statement"}, fn.Name.Name) {
				continue
			}
			typ := fn.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			name := typ.(*ast.Ident).Name
			if !tried[name] && !slices.Contains(leaves, name) {
				t.Errorf("node %s is tried nowhere", name)
			}
		}
	}
}
