package expr

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Profile is what is known of one entity, in values of Go: string, int64,
// float64, bool, time.Time, and nil for what has no value. A decimal is a
// string such as "12.50", or a float64.
type Profile struct {
	// ID is the entity's id; 0 where it is not known.
	ID int64
	// Traits has the picked traits by name. A computed trait that is in it is
	// taken as it is, otherwise it is computed.
	Traits map[string]any
	// Rows has the rows of each collection, and of members, by column; a time is
	// under TimeField. A column that a row lacks has no value.
	Rows map[string][]map[string]any
	// Related has the traits of the primary entity at the other end of a
	// relation, its id among them; nil where there is none.
	Related map[string]map[string]any
	// Segments has the segments that are known already; the others are evaluated.
	Segments map[string]bool
	// Kept has up to when words on a purpose do not count since two people turned out
	// to be one, as KeptColumn; a purpose without it has none.
	Kept map[string]time.Time
	// Entered has when the profile entered the segments that it is in.
	Entered map[string]time.Time
}

// Evaluator answers the expressions of one entity for a profile at a time, by
// cel-go's interpreter on the same checked trees that become SQL: the answer is
// that of the warehouse. It is safe for concurrent use.
type Evaluator struct {
	c        *compiler
	programs map[string]program // by kind and name: "trait spent", "segment vip"
}

// program is one expression, planned.
type program struct {
	kind, name string
	run        interpreter.Interpretable
}

// Evaluator plans the expressions, which Compile has found to be right.
func (u *Unit) Evaluator() (*Evaluator, error) {
	if u.c.env == nil || u.c.failed {
		return nil, fmt.Errorf("the expressions of %s are not compiled", u.c.entity())
	}
	v := &Evaluator{c: u.c, programs: map[string]program{}}
	for _, list := range [][]*expression{u.traits, u.segments} {
		for _, e := range list {
			p, err := v.plan(e)
			if err != nil {
				return nil, fmt.Errorf("planning the %s %s: %w", e.kind, e.name, err)
			}
			v.programs[e.kind+" "+e.name] = p
		}
	}
	return v, nil
}

func (v *Evaluator) plan(e *expression) (program, error) {
	functions, err := loadBindings()
	if err != nil {
		return program{}, err
	}
	tree := ast.Copy(e.ast)
	v.resolve(tree)
	none := containers.DefaultContainer
	factory := interpreter.NewAttributeFactory(none, types.DefaultTypeAdapter, provider{})
	run, err := interpreter.NewInterpreter(functions, none, provider{}, types.DefaultTypeAdapter, factory).NewInterpretable(tree)
	return program{kind: e.kind, name: e.name, run: run}, err
}

// resolve names what an expression reads beside traits and collections as the
// columns of Row are named, so that one place looks everything up: a trait
// across a relation has no value where nobody is at its other end, which the
// selection of a field of null would not say. The sum of a decimal column reads
// it exactly.
func (v *Evaluator) resolve(tree *ast.AST) {
	factory := ast.NewExprFactory()
	next := int64(0)
	for id := range tree.IDs() {
		next = max(next, id)
	}
	fresh := func() int64 { next++; return next }
	name := func(id int64, column string) ast.Expr {
		tree.SetReference(id, ast.NewIdentReference(column, nil))
		return factory.NewIdent(id, column)
	}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch x.Kind() { //nolint:exhaustive // the others read what they are made of
		case ast.SelectKind:
			sel := x.AsSelect()
			operand := tree.GetType(sel.Operand().ID())
			r := v.c.relationOf(operand)
			switch {
			case r == nil:
			case sel.IsTestOnly():
				x.SetKindCase(factory.NewCall(x.ID(), fnHas, name(sel.Operand().ID(), r.Name+"."+sel.FieldName())))
			default:
				x.SetKindCase(name(x.ID(), r.Name+"."+sel.FieldName()))
			}
		case ast.CallKind:
			call := x.AsCall()
			switch fn := call.FunctionName(); {
			case fn == operators.OptSelect:
				operand := call.Args()[0]
				field, _ := literalString(call.Args()[1])
				var read ast.Expr
				if r := v.c.relationOf(tree.GetType(operand.ID())); r != nil {
					read = name(operand.ID(), r.Name+"."+field)
				} else {
					read = factory.NewSelect(fresh(), operand, field)
				}
				x.SetKindCase(factory.NewCall(x.ID(), fnOptional, read))
			case fn == fnEntered:
				segment, _ := literalString(call.Args()[0])
				x.SetKindCase(name(x.ID(), SinceColumn(segment)))
			case fn == "in_segment":
				segment, _ := literalString(call.Args()[0])
				x.SetKindCase(name(x.ID(), SegmentColumn(segment)))
			case fn == fnConsent:
				consent, _ := literalString(call.Args()[0])
				x.SetKindCase(name(x.ID(), consentColumn(consent)))
			case fn == fnRank || fn == fnPercentile || fn == fnNtile || fn == fnQuintile:
				x.SetKindCase(name(x.ID(), populationColumn(fn)))
			case words[fn] != nil:
				var args []ast.Expr
				if call.IsMemberFunction() {
					args = append(args, call.Target())
				}
				if column := v.c.before(fn); column != "" {
					args = append(args, name(fresh(), column))
				}
				args = append(args, call.Args()...)
				if n, zoned := zoneAt[fn]; zoned && len(call.Args()) <= n {
					args = append(args, factory.NewLiteral(fresh(), types.String(v.c.zone.String())))
				}
				x.SetKindCase(factory.NewCall(x.ID(), fn, args...))
			case (fn == "sum" || fn == "avg") && call.IsMemberFunction():
				v.exact(tree, factory, call.Target())
			}
		}
	}))
}

// exact makes map(o, o.amount) of a decimal column collect exact numbers.
func (v *Evaluator) exact(tree *ast.AST, factory ast.ExprFactory, list ast.Expr) {
	item, ok := mapped(list)
	if !ok || item.Kind() != ast.SelectKind || item.AsSelect().IsTestOnly() {
		return
	}
	sel := item.AsSelect()
	source := v.c.sources[strings.TrimPrefix(tree.GetType(sel.Operand().ID()).TypeName(), "@")]
	if source == nil {
		return
	}
	if column, _ := source.Columns.Get(sel.FieldName()); models.ColumnType(column.Type) == sql.TypeDecimal {
		item.SetKindCase(factory.NewSelect(item.ID(), sel.Operand(), exactly(sel.FieldName())))
	}
}

// relationOf is the relation that leads to what has the type.
func (c *compiler) relationOf(t *types.Type) *relation {
	if t.Kind() != types.StructKind {
		return nil
	}
	for _, r := range c.relations {
		if relatedType(r.Name).TypeName() == t.TypeName() {
			return r
		}
	}
	return nil
}

// consentColumn and populationColumn name what a profile is asked for beside
// columns of Row; no expression can write such a name.
func consentColumn(name string) string  { return "consent:" + name }
func populationColumn(fn string) string { return "population:" + fn }

// Subject is one profile under evaluation. Each expression is evaluated when it
// is first asked for, and once. It is not safe for concurrent use.
type Subject struct {
	v       *Evaluator
	profile Profile
	now     types.Timestamp
	known   map[string]ref.Val // by the column of Row, or the name of a collection
	err     error              // what is wrong with the profile, not with an expression
}

// On looks at a profile at an instant, which is what now means.
func (v *Evaluator) On(p Profile, now time.Time) *Subject {
	return &Subject{v: v, profile: p, now: types.Timestamp{Time: now.UTC().Truncate(time.Microsecond)}, known: map[string]ref.Val{}}
}

// Trait is the value of a trait: nil where there is none, or where the
// expression has no answer. The error says what the profile lacks or has of a
// wrong type.
func (s *Subject) Trait(name string) (any, error) {
	if s.v.c.traits[name] == nil {
		return nil, fmt.Errorf("there is no trait %s of %s", name, s.v.c.entity())
	}
	return s.answer(name)
}

// Segment says whether the profile is in a segment.
func (s *Subject) Segment(name string) (bool, error) {
	if s.v.c.segments[name] == nil {
		return false, fmt.Errorf("there is no segment %s of %s", name, s.v.c.entity())
	}
	in, err := s.answer(SegmentColumn(name))
	return in == true, err
}

func (s *Subject) answer(column string) (any, error) {
	s.err = nil
	val, _ := s.ResolveName(column)
	if s.err != nil {
		return nil, s.err
	}
	known, _ := val.(ref.Val)
	out, err := native(known)
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %w", column, err)
	}
	return out, nil
}

// ResolveName is the interpreter's way to read the profile.
func (s *Subject) ResolveName(name string) (any, bool) {
	if name == "now" {
		return s.now, true
	}
	val, ok := s.known[name]
	if !ok {
		var err error
		if val, err = s.look(name); err != nil {
			// An error of the interpreter has no answer; this one has to be told.
			s.err = err
			return types.WrapErr(err), true
		}
		if s.err == nil {
			s.known[name] = val
		}
	}
	return val, val != nil
}

// Parent is nil: everything is in the profile.
func (*Subject) Parent() interpreter.Activation { return nil }

var _ interpreter.Activation = (*Subject)(nil)

// rows are all that the profile has of a collection, old ones too.
func (s *Subject) rows(source *config.Source) ([]*rowValue, error) {
	rows, known := s.profile.Rows[source.Name]
	if !known {
		return nil, fmt.Errorf("the profile lacks the rows of %s", source.Name)
	}
	return collection(source, rows)
}

// look finds the value of a column of Row or of a collection.
func (s *Subject) look(name string) (ref.Val, error) {
	c := s.v.c
	if segment, ok := strings.CutPrefix(name, SegmentColumn("")); ok {
		if in, known := s.profile.Segments[segment]; known {
			return types.Bool(in), nil
		}
		return isTrue(s.run("segment", segment)), nil
	}
	if consent, ok := strings.CutPrefix(name, consentColumn("")); ok {
		return s.consented(consent)
	}
	if fn, ok := strings.CutPrefix(name, populationColumn("")); ok {
		return nil, fmt.Errorf("%s() compares with all profiles: one alone has no answer", fn)
	}
	if name == c.id() {
		if s.profile.ID == 0 {
			return nil, errors.New("the profile lacks its id")
		}
		return types.Int(s.profile.ID), nil
	}
	if p := c.parameters[name]; p != nil {
		if p.value != nil {
			return p.value, nil
		}
		return types.NewRefValList(types.DefaultTypeAdapter, p.values), nil
	}
	if segment, ok := strings.CutPrefix(name, SinceColumn("")); ok {
		if in, err := s.look(SegmentColumn(segment)); err != nil || in != types.True {
			return types.NullValue, err
		}
		at, known := s.profile.Entered[segment]
		if !known {
			return nil, fmt.Errorf("the profile lacks when it entered the segment %s", segment)
		}
		return types.Timestamp{Time: at.UTC()}, nil
	}
	if source := c.sources[name]; source != nil {
		rows, err := s.rows(source)
		if err != nil {
			return nil, err
		}
		return types.NewRefValList(types.DefaultTypeAdapter, s.young(source, rows)), nil
	}
	if sym := c.traits[name]; sym != nil {
		if v, known := s.profile.Traits[name]; known {
			return celValue("trait "+name, sym.typ, v)
		}
		if sym.trait.Value == "" {
			return nil, fmt.Errorf("the profile lacks the trait %s", name)
		}
		return valueOrNull(s.run("trait", name)), nil
	}
	relation, field, _ := strings.Cut(name, ".")
	r := c.relations[relation]
	if r == nil {
		return nil, nil // a variable of the expression itself
	}
	traits, known := s.profile.Related[relation]
	switch {
	case !known:
		return nil, fmt.Errorf("the profile lacks the relation %s", relation)
	case traits == nil:
		return types.NullValue, nil
	case field == "":
		field = r.id()
	}
	value, known := traits[field]
	trait, _ := r.field(field)
	if !known {
		return nil, fmt.Errorf("the profile lacks %s.%s", relation, field)
	}
	return celValue(name, trait.Type, value)
}

func (s *Subject) run(kind, name string) ref.Val {
	return s.v.programs[kind+" "+name].run.Eval(s)
}

// celValue is a value of Go as one of CEL.
func celValue(what string, typ sql.Type, v any) (ref.Val, error) {
	switch v := v.(type) {
	case nil:
		return types.NullValue, nil
	case string:
		if typ == sql.TypeString {
			return types.String(v), nil
		}
		if typ == sql.TypeDecimal {
			exact, ok := decimal(v)
			if ok {
				return exact.double(), nil
			}
		}
	case int64:
		if typ == sql.TypeInt {
			return types.Int(v), nil
		}
	case float64:
		if typ == sql.TypeFloat || typ == sql.TypeDecimal {
			return types.Double(v), nil
		}
	case bool:
		if typ == sql.TypeBool {
			return types.Bool(v), nil
		}
	case time.Time:
		if typ == sql.TypeTimestamp || typ == sql.TypeDate {
			return types.Timestamp{Time: v.UTC().Truncate(time.Microsecond)}, nil
		}
	}
	return nil, fmt.Errorf("%s is a %T, which is no %s", what, v, columnWord(typ))
}

// native is a value of CEL as one of Go: nil for null and for errors.
func native(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Null, *types.Err:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case types.Double:
		return float64(v), nil
	case types.String:
		return string(v), nil
	case types.Timestamp:
		return v.UTC(), nil
	default:
		return nil, fmt.Errorf("the answer is a %s, which no trait can hold", v.Type().TypeName())
	}
}
