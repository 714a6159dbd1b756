package expr

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/stdlib"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	"github.com/google/cel-go/parser"
)

// The limits of one expression. They keep the time and the SQL of a mistake,
// or of a malicious file, bounded.
const (
	maxCodePoints = 20_000
	maxDepth      = 60
	maxNodes      = 5_000
	// maxTree bounds the SQL tree of one expression.
	maxTree = 20_000
)

// The functions that macros expand to. Their names cannot be written in CEL.
const (
	fnWhere = "@where" // a predicate: null and errors are false
	fnValue = "@value" // an aggregate's argument: an error is null
	fnHas   = "@has"
)

// standard are the functions of CEL's standard library that have a
// translation; overloads that have none are refused where they are used.
var standard = []string{
	operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot,
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals,
	operators.Greater, operators.GreaterEquals, operators.Add, operators.Subtract,
	operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
	operators.In, operators.Index, operators.NotStrictlyFalse,
	"size", "contains", "startsWith", "endsWith", "matches",
	"int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration", "dyn",
	"getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek",
	"getHours", "getMinutes", "getSeconds", "getMilliseconds",
}

// extensions are cel-go's libraries beyond the standard one; what of them has
// no translation is refused where it is used.
func extensions() (*cel.Env, error) {
	return cel.NewCustomEnv(ext.Strings(), ext.Math(), ext.Lists(ext.ListsVersion(2)), ext.Sets(), ext.Bindings(), ext.TwoVarComprehensions(),
		cel.OptionalTypes(cel.OptionalTypesVersion(1)))
}

// language is everything that does not depend on a project.
type language struct {
	parser    *parser.Parser
	functions []*decls.FunctionDecl
	byName    map[string]*decls.FunctionDecl
	// names are the functions and macros that a user can write.
	names []string
	// base is a checker with the functions, to be extended.
	base *checker.Env
}

// loadLanguage builds the language once: it takes longer than an expression.
var loadLanguage = sync.OnceValues(func() (*language, error) {
	var l language
	more, err := extensions()
	if err != nil {
		return nil, err
	}
	macros := slices.Concat(macros(), sequenceMacros(), more.Macros())
	l.parser, err = parser.NewParser(
		parser.Macros(macros...),
		parser.MaxRecursionDepth(maxDepth),
		parser.ExpressionSizeCodePointLimit(maxCodePoints),
		parser.MaxExpressionNodeCount(maxNodes),
		parser.EnableHiddenAccumulatorName(true),
		parser.EnableOptionalSyntax(true),
		parser.ErrorReportingLimit(1),
	)
	if err != nil {
		return nil, err
	}
	keep := map[string]bool{}
	for _, n := range standard {
		keep[n] = true
	}
	for _, f := range stdlib.Functions() {
		if keep[f.Name()] {
			l.functions = append(l.functions, f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(more.Functions())) {
		if strings.Contains(name, "@block") || keep[name] {
			continue // what cel-go's optimiser writes, not a user; and [i] of an optional list
		}
		l.functions = append(l.functions, more.Functions()[name])
	}
	own, err := ownFunctions()
	if err != nil {
		return nil, err
	}
	l.functions = append(l.functions, own...)
	l.byName = map[string]*decls.FunctionDecl{}
	for i, f := range l.functions {
		// Ours wins where both have one.
		if other := l.byName[f.Name()]; other != nil {
			l.functions[slices.Index(l.functions, other)] = nil
		}
		l.byName[f.Name()] = l.functions[i]
	}
	l.functions = slices.DeleteFunc(l.functions, func(f *decls.FunctionDecl) bool { return f == nil })
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] && isWord(rune(name[0])) && !strings.HasPrefix(name, "_") {
			seen[name] = true
			l.names = append(l.names, name)
		}
	}
	for _, f := range l.functions {
		add(f.Name())
	}
	for _, m := range macros {
		add(m.Function())
	}
	l.base, err = checker.NewEnv(containers.DefaultContainer, provider{}, checker.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, err
	}
	if err := l.base.AddFunctions(l.functions...); err != nil {
		return nil, err
	}
	return &l, nil
})

// provider tells the checker the columns of each collection.
type provider map[string]map[string]*types.Type

// rowType is the CEL type of a collection's rows. A name with @ cannot be
// written in an expression.
func rowType(collection string) *types.Type { return types.NewObjectType("@" + collection) }

// relatedType is the CEL type of what is at the other end of a relation.
func relatedType(relation string) *types.Type { return types.NewObjectType("the " + relation) }

func (p provider) EnumValue(name string) ref.Val {
	return types.NewErr("unknown enum name '%s'", name)
}
func (p provider) FindIdent(string) (ref.Val, bool) { return nil, false }

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p[name]; !ok {
		return nil, false
	}
	return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := p[name]
	names := make([]string, 0, len(fields))
	for f := range fields {
		names = append(names, f)
	}
	return names, ok
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	t, ok := p[name][field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: t}, true
}

func (p provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("a row of %s cannot be made in an expression", strings.TrimPrefix(name, "@"))
}

// macros are the words over collections and has(). Predicates and arguments of
// aggregates are wrapped, so that cel-go's interpreter follows the same rule
// for null and errors as the SQL does.
func macros() []parser.Macro {
	where := func(eh parser.ExprHelper, p ast.Expr) ast.Expr { return eh.NewCall(fnWhere, p) }
	value := func(eh parser.ExprHelper, x ast.Expr) ast.Expr { return eh.NewCall(fnValue, x) }
	// over wraps the last argument and expands by one of cel-go's own macros.
	over := func(name string, wrap func(parser.ExprHelper, ast.Expr) ast.Expr, expand parser.MacroExpander, then string) parser.Macro {
		return parser.NewReceiverMacro(name, 2, func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
			if args[0].Kind() != ast.IdentKind || strings.HasPrefix(args[0].AsIdent(), ".") {
				return nil, eh.NewError(args[0].ID(), notVariable+name)
			}
			list, err := expand(eh, target, []ast.Expr{args[0], wrap(eh, args[1])})
			if err != nil || then == "" {
				return list, err
			}
			return eh.NewMemberCall(then, list), nil
		})
	}
	out := []parser.Macro{
		parser.NewGlobalMacro("has", 1, func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
			switch args[0].Kind() { //nolint:exhaustive // the default refuses the others
			case ast.IdentKind:
				return eh.NewCall(fnHas, args[0]), nil
			case ast.SelectKind:
				return eh.NewPresenceTest(args[0].AsSelect().Operand(), args[0].AsSelect().FieldName()), nil
			default:
				return nil, eh.NewError(args[0].ID(), badHas)
			}
		}),
		over("exists", where, parser.MakeExists, ""),
		over("all", where, parser.MakeAll, ""),
		over("exists_one", where, parser.MakeExistsOne, ""),
		over("filter", where, parser.MakeFilter, ""),
		over("count", where, parser.MakeFilter, "size"),
		over("map", value, parser.MakeMap, ""),
	}
	for _, name := range []string{"sum", "avg", "min", "max", "distinct", "most_frequent"} {
		out = append(out, over(name, value, parser.MakeMap, name))
	}
	return out
}

// The beginnings of the messages of our macros; reportSyntax words them.
const (
	notVariable = "not a variable of "
	badHas      = "not a name in has"
)

// ownFunctions are what the standard library lacks.
func ownFunctions() ([]*decls.FunctionDecl, error) {
	a := types.NewTypeParamType("A")
	list := types.NewListType
	var out []*decls.FunctionDecl
	var failed error
	add := func(name string, opts ...decls.FunctionOpt) {
		f, err := decls.NewFunction(name, opts...)
		if err != nil && failed == nil {
			failed = err
		}
		out = append(out, f)
	}
	args := func(ts ...*types.Type) []*types.Type { return ts }
	for _, u := range []struct {
		name    string
		seconds int64
	}{{"days", 86_400}, {"hours", 3_600}, {"minutes", 60}} {
		add(u.name, decls.Overload("int_to_"+u.name, args(types.IntType), types.DurationType,
			decls.UnaryBinding(durationOf(u.seconds))))
	}
	add("in_segment", decls.Overload("in_segment_string", args(types.StringType), types.BoolType))
	for _, name := range []string{"is_true", fnWhere} {
		// The nullable type lets the interpreter pass null in.
		add(name, decls.Overload(name+"_bool", args(types.NewNullableType(types.BoolType)), types.BoolType,
			decls.OverloadIsNonStrict(), decls.UnaryBinding(isTrue)))
	}
	add(fnValue, decls.Overload("value_any", args(a), a, decls.OverloadIsNonStrict(), decls.UnaryBinding(valueOrNull)))
	add(fnHas, decls.Overload("has_any", args(a), types.BoolType, decls.UnaryBinding(hasValue)))
	// What cel-go reads beyond RFC 3339 and beyond a microsecond, no warehouse
	// reads alike.
	add("timestamp",
		decls.Overload("timestamp_to_timestamp", args(types.TimestampType), types.TimestampType, decls.UnaryBinding(func(v ref.Val) ref.Val { return v })),
		decls.Overload("string_to_timestamp", args(types.StringType), types.TimestampType, decls.UnaryBinding(timeOf)),
		decls.Overload("int64_to_timestamp", args(types.IntType), types.TimestampType, decls.UnaryBinding(func(v ref.Val) ref.Val {
			return v.ConvertToType(types.TimestampType)
		})),
	)
	// A position outside the text is an error, as the specification has it.
	for _, f := range []struct {
		name, id string
		search   func(text, part []rune, from int) int
	}{
		{"indexOf", "string_index_of_string", indexOf},
		{"lastIndexOf", "string_last_index_of_string", lastIndexOf},
	} {
		texts := args(types.StringType, types.StringType)
		add(f.name,
			decls.MemberOverload(f.id, texts, types.IntType, decls.FunctionBinding(position(f.search))),
			decls.MemberOverload(f.id+"_int", append(texts, types.IntType), types.IntType, decls.FunctionBinding(position(f.search))))
	}
	add("count", decls.MemberOverload("list_count", args(list(a)), types.IntType))
	for _, name := range []string{"first", "earliest", "last", "latest"} {
		add(name, decls.MemberOverload("list_"+name, args(list(a)), a))
	}
	// A list of nullable values is not one of plain values to the checker, so
	// that each kind is declared twice.
	over := func(name string, result func(*types.Type) *types.Type, elems ...*types.Type) {
		var opts []decls.FunctionOpt
		for _, t := range elems {
			id := "list_" + name + "_" + strings.ReplaceAll(t.TypeName(), ".", "_")
			opts = append(opts, decls.MemberOverload(id, args(list(t)), result(t)))
		}
		add(name, opts...)
	}
	same := func(t *types.Type) *types.Type { return t }
	float := func(*types.Type) *types.Type { return types.DoubleType }
	over("sum", same, types.IntType, types.DoubleType)
	over("avg", float, types.IntType, types.DoubleType)
	for _, name := range []string{"min", "max"} {
		over(name, same, types.IntType, types.DoubleType, types.StringType, types.TimestampType)
	}
	vocabularyFunctions(add)
	sequenceFunctions(add)
	over("most_frequent", same, types.IntType, types.DoubleType, types.StringType, types.TimestampType, types.BoolType)
	return out, failed
}

func durationOf(seconds int64) functions.UnaryOp {
	return func(v ref.Val) ref.Val {
		n, ok := v.(types.Int)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		if limit := types.Int(maxDuration / 1_000_000 / seconds); n > limit || n < -limit {
			return types.NewErr("duration out of range")
		}
		return types.Duration{Duration: secondsOf(int64(n) * seconds)}
	}
}

func isTrue(v ref.Val) ref.Val { return types.Bool(v == types.True) }

func valueOrNull(v ref.Val) ref.Val {
	if types.IsError(v) {
		return types.NullValue
	}
	return v
}

func hasValue(v ref.Val) ref.Val { return types.Bool(v != types.NullValue) }

var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// timeOf reads a time as sql.StringToTime does.
func timeOf(v ref.Val) ref.Val {
	text, ok := v.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	if !rfc3339.MatchString(string(text)) {
		return types.NewErr("not a time of RFC 3339 with at most six digits after the seconds")
	}
	return text.ConvertToType(types.TimestampType)
}

// position wraps a search that is told where to begin; -1 stands for the whole
// text.
func position(search func(text, part []rune, from int) int) functions.FunctionOp {
	return func(v ...ref.Val) ref.Val {
		text, ok := v[0].(types.String)
		part, also := v[1].(types.String)
		if !ok || !also {
			return types.MaybeNoSuchOverloadErr(v[0])
		}
		runes, from := []rune(text), -1
		if len(v) == 3 {
			n, ok := v[2].(types.Int)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v[2])
			}
			if n < 0 || n > types.Int(len(runes)) {
				return types.NewErr("index out of range: %d", n)
			}
			from = int(n)
		}
		return types.Int(search(runes, []rune(part), from))
	}
}

func indexOf(text, part []rune, from int) int {
	for i := max(from, 0); i <= len(text)-len(part); i++ {
		if slices.Equal(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func lastIndexOf(text, part []rune, from int) int {
	last := len(text) - len(part)
	if from >= 0 {
		last = min(last, from)
	}
	for i := last; i >= 0; i-- {
		if slices.Equal(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}
