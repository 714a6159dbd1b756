package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/duckdb/duckdb-go/v2"
	googlesql "github.com/goccy/go-googlesql"
)

// A routine is a function that a script made.
//
// One of SQL is put in the place of its calls before these are analyzed. So a
// parameter of type ANY TYPE needs no thought; what is lost is BigQuery's word for
// arguments of a wrong type, which are refused all the same.
type routine struct {
	name   string
	params []param
	// returns is nil where nothing is said.
	returns *Type
	body    string

	js     bool
	engine string
}

type param struct {
	name string
	// typ is nil for ANY TYPE.
	typ *Type
}

// call is a call, written out.
func (r *routine) call(args []string) string {
	if len(args) != len(r.params) {
		panic(invalid(fmt.Sprintf("Number of arguments does not match for function %s: %d are given, %d expected", strings.ToUpper(r.name), len(args), len(r.params))))
	}
	var with []string
	for i, p := range r.params {
		a := strings.TrimSpace(args[i])
		if p.typ != nil {
			// IF is of the type that both have in common, so that what a call would not
			// convert is not converted here.
			a = fmt.Sprintf("CAST(IF(TRUE, %s, CAST(NULL AS %s)) AS %s)", a, p.typ, p.typ)
		}
		// What a parameter hides from the arguments behind it must not be hidden.
		with = append(with, "arg_of_"+p.name+" AS "+a)
	}
	for _, p := range r.params {
		with = append(with, p.name+" AS arg_of_"+p.name)
	}
	body := r.body
	if r.returns != nil {
		body = fmt.Sprintf("CAST(%s AS %s)", body, *r.returns)
	}
	if len(with) == 0 {
		return "(" + body + ")"
	}
	return "WITH(" + strings.Join(with, ", ") + ", " + body + ")"
}

// function makes a routine of a statement.
func (p *planner) function(s *googlesql.ResolvedCreateFunctionStmt) *plan {
	out := &plan{kind: "CREATE_FUNCTION"}
	if must(s.CreateScope()) != googlesql.ResolvedCreateStatementEnums_CreateScopeCreateTemp {
		out.lacks = unsupported("a function that is not temporary")
		return out
	}
	if must(s.IsAggregate()) || must(s.IsRemote()) {
		out.lacks = unsupported("this kind of function")
		return out
	}
	path := must(s.NamePath())
	r := &routine{name: path[len(path)-1], body: must(s.Code())}
	signature := must(s.Signature())
	types := must(signature.Arguments())
	for i, name := range must(s.ArgumentNameList()) {
		a := param{name: name}
		if !must(types[i].IsTemplated()) {
			t := typeOf(must(types[i].Type()))
			a.typ = &t
		}
		r.params = append(r.params, a)
	}
	if must(s.HasExplicitReturnType()) {
		t := typeOf(must(s.ReturnType()))
		r.returns = &t
	}
	switch language := strings.ToUpper(must(s.Language())); language {
	case "SQL", "":
	case "JS", "JAVASCRIPT":
		r.js = true
		p.write(out, r.script)
	default:
		out.lacks = unsupported("a function in " + language)
	}
	key := strings.ToLower(r.name)
	if p.routines[key] != nil && must(s.CreateMode()) == googlesql.ResolvedCreateStatementEnums_CreateModeCreateDefault {
		panic(&Error{Reason: "duplicate", Message: "Already Exists: Routine " + r.name})
	}
	out.run = func(_ context.Context, c *sql.Conn) (*result, error) {
		if !r.js {
			return &result{}, nil
		}
		return &result{}, p.store.define(c, r)
	}
	out.apply = func() error {
		p.routines[key] = r
		return nil
	}
	return out
}

// script names a function in JavaScript by what it is, so that the same one is
// made once for all that use it.
func (r *routine) script() {
	sum := sha256.New()
	for _, p := range r.params {
		fmt.Fprintln(sum, p.name, p.typ.engine())
		if p.typ.Name == "INT64" {
			panic(invalid("A parameter of a JavaScript function cannot be of type INT64"))
		}
	}
	fmt.Fprintln(sum, r.returns.engine(), r.body)
	r.engine = "js_" + hex.EncodeToString(sum.Sum(nil)[:12])
}

// node is the routine as the analyzer knows functions.
func (r *routine) node(factory *googlesql.TypeFactory) (f *googlesql.Function, keep []any) {
	argument := func(t Type) *googlesql.FunctionArgumentType {
		a := must(googlesql.NewFunctionArgumentType3(t.node(factory), 1))
		keep = append(keep, a)
		return a
	}
	var args []*googlesql.FunctionArgumentType
	for _, p := range r.params {
		args = append(args, argument(*p.typ))
	}
	signature := must(googlesql.NewFunctionSignature3(argument(*r.returns), args, 0))
	f = must(googlesql.NewFunction4(r.name, "routine", googlesql.FunctionEnums_ModeScalar, []*googlesql.FunctionSignature{signature}))
	return f, append(keep, signature, f)
}

// typeInfo is a type for the engine's functions.
func (t Type) info() duckdb.TypeInfo {
	if t.Name == "ARRAY" {
		return must(duckdb.NewListInfo(t.Elem.info()))
	}
	kinds := map[string]duckdb.Type{"FLOAT64": f64, "STRING": str, "BOOL": boo}
	kind, ok := kinds[t.Name]
	if !ok {
		panic(unsupported("a JavaScript function with the type " + t.String()))
	}
	return must(duckdb.NewTypeInfo(kind))
}

// define makes a function in JavaScript known to the engine.
func (s *Store) define(c *sql.Conn, r *routine) (err error) {
	defer recovered(&err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scripts[r.engine] {
		return nil
	}
	names := make([]string, len(r.params))
	j := &script{routine: r}
	for i, p := range r.params {
		names[i] = p.name
		j.config.InputTypeInfos = append(j.config.InputTypeInfos, p.typ.info())
	}
	j.config.ResultTypeInfo, j.config.SpecialNullHandling = r.returns.info(), true
	v, err := j.vm().RunString("(function(" + strings.Join(names, ", ") + ") {" + r.body + "\n})")
	if err != nil {
		return invalid("SyntaxError in a JavaScript function: " + err.Error())
	}
	f, ok := goja.AssertFunction(v)
	if !ok {
		return invalid("not a JavaScript function: " + r.name)
	}
	j.f = f
	if err := duckdb.RegisterScalarUDF(c, r.engine, j); err != nil {
		return err
	}
	s.scripts[r.engine] = true
	return nil
}

// A script is a function in JavaScript as the engine calls it.
type script struct {
	*routine

	config duckdb.ScalarFuncConfig
	mu     sync.Mutex
	js     *goja.Runtime
	f      goja.Callable
}

func (j *script) vm() *goja.Runtime {
	j.js = goja.New()
	return j.js
}

// Config implements duckdb.ScalarFunc.
func (j *script) Config() duckdb.ScalarFuncConfig { return j.config }

// Executor implements duckdb.ScalarFunc.
func (j *script) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		args := make([]goja.Value, len(values))
		for i, v := range values {
			args[i] = goja.Null()
			if v != nil {
				args[i] = j.js.ToValue(v)
			}
		}
		out, err := j.f(goja.Undefined(), args...)
		if err != nil {
			return nil, fmt.Errorf("Error in a JavaScript function: %w", err)
		}
		return j.result(out)
	}}
}

// result is what a function gave as the type that it says.
func (j *script) result(v goja.Value) (any, error) {
	if goja.IsNull(v) || goja.IsUndefined(v) {
		return nil, nil
	}
	switch j.returns.Name {
	case "FLOAT64":
		return v.ToFloat(), nil
	case "STRING":
		return v.String(), nil
	case "BOOL":
		return v.ToBoolean(), nil
	}
	return nil, fmt.Errorf("emulator: a JavaScript function that gives %s", j.returns)
}
