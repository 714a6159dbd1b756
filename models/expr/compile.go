package expr

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// compiler holds what one call of Compile knows.
type compiler struct {
	in   Input
	asOf time.Time
	zone *time.Location
	// timed says that the expression at hand has asked for asOf.
	timed bool
	lang  *language
	env   *checker.Env

	sources  map[string]*config.Source
	traits   map[string]*symbol
	segments map[string]*config.Segment
	// relations are those that start at the entity, by name; related are the
	// columns of other entities that expressions read.
	relations map[string]*relation
	related   map[string]Related
	// columns are those of Row that are no traits: see column.
	columns map[string]value
	// unfolded leaves the calculation of constants to the warehouse, so that
	// tests see what it makes of them.
	unfolded bool
	// missing marks the relations, and the members by one, of which nothing is
	// known because the other entity has errors of its own.
	missing map[string]bool
	// parameters are the constants of the project.
	parameters map[string]*parameter
	names      []string // what an expression can name, for suggestions

	features map[string]Feature // by name
	taken    map[string]string  // what each name of a feature stands for
	used     map[string]bool    // names of features and related columns that compiled expressions read
	// correlated are those of the features that are, and nested the columns of rows
	// that they read, by name.
	correlated map[string]*Correlated
	nested     map[string]Nested
	sequences  map[string]Sequence
	// population are the columns over all rows, by name; ranks has their names in
	// the order in which they were asked for.
	population map[string]Compiled
	ranks      []string

	found  diag.List
	failed bool
}

// symbol is what an expression needs to know of a trait.
type symbol struct {
	trait    *config.Trait
	typ      sql.Type
	nullable bool
	level    int
	stage    int
	texts    []models.Text
	// broken marks a trait whose own error has been reported; its readers are
	// not compiled, and not blamed.
	broken bool
}

// relation is what an expression needs to know of a relation.
type relation struct {
	*config.Relation
	// traits are the id of the other entity and its traits.
	traits []Compiled
}

// id is the name of the other entity's id, among its traits.
func (r *relation) id() string { return r.To + "_id" }

// field finds a trait of the other entity, or its id.
func (r *relation) field(name string) (Compiled, bool) {
	i := slices.IndexFunc(r.traits, func(t Compiled) bool { return t.Name == name })
	if i < 0 {
		return Compiled{}, false
	}
	return r.traits[i], true
}

// example is the name of a trait, for messages.
func (r *relation) example() string { return r.traits[len(r.traits)-1].Name }

// expression is one trait's value or one segment's condition.
type expression struct {
	kind string // "trait", "segment", "field" or "test"
	name string
	// tested is what a test is about.
	tested string
	src    *source
	cel    common.Source
	ast    *ast.AST
	errs   []*common.Error // of cel-go, not yet worded
	// reads are the free names, members the segments asked for, each at the
	// place of its first use.
	reads, members map[string]ast.Expr
	broken         bool
}

func (c *compiler) report(d diag.Diagnostic) {
	if d.Severity == diag.Error {
		c.failed = true
	}
	for _, f := range c.found {
		if f.Code == d.Code && f.Span == d.Span && f.Summary == d.Summary {
			return
		}
	}
	c.found = append(c.found, d)
}

func (c *compiler) fail(at diag.Span, code, summary, help string) {
	c.report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: at, Summary: summary, Help: help})
}

func newCompiler(in Input) *compiler {
	zone := in.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &compiler{
		in: in, asOf: in.AsOf.UTC().Truncate(time.Microsecond), zone: zone,
		parameters: map[string]*parameter{}, population: map[string]Compiled{},
		correlated: map[string]*Correlated{}, nested: map[string]Nested{}, sequences: map[string]Sequence{},
		sources: map[string]*config.Source{}, traits: map[string]*symbol{}, segments: map[string]*config.Segment{},
		relations: map[string]*relation{}, related: map[string]Related{}, columns: map[string]value{}, missing: map[string]bool{},
		features: map[string]Feature{}, taken: map[string]string{}, used: map[string]bool{},
	}
}

// now is the time of the run.
func (c *compiler) now() time.Time {
	c.timed = true
	return c.asOf
}

// column declares a column of Row that is no trait, of any type that a value can
// have. float is what its doubles may be.
func (c *compiler) column(name string, typ *types.Type, float floatKind) error {
	c.columns[name] = value{expr: sql.Col(Row, name), typ: typ, null: typ.IsAssignableType(types.NullType), float: float}
	return c.env.AddIdents(decls.NewVariable(name, typ))
}

// prepare loads the language.
func (c *compiler) prepare() bool {
	var err error
	if c.lang, err = loadLanguage(); err != nil {
		// Only a change of cel-go can do this; the tests see it first.
		c.fail(diag.Span{}, "cel-internal", "the expression language could not be set up: "+err.Error(), "")
		return false
	}
	return true
}

// parse fills in the expressions of u.
func (c *compiler) parse(u *Unit) {
	if !c.prepare() {
		return
	}
	for _, t := range c.in.Traits {
		if t.Value != "" {
			u.traits = append(u.traits, newExpression("trait", t.Name, t.Value, t.Pos.Text("value")))
		}
	}
	for _, s := range c.in.Segments {
		u.segments = append(u.segments, newExpression("segment", s.Name, s.When, s.Pos.Text("when")))
	}
	for _, f := range c.in.Fields {
		e := newExpression("field", f.Name, f.Value, f.Text)
		if e.tested = f.Test; f.Test != "" {
			e.kind = "test"
		}
		u.fields = append(u.fields, e)
	}
	// Most of the time is cel-go's, which works on several at once.
	list := slices.Concat(u.traits, u.segments, u.fields)
	parsed := ahead(list, func(e *expression) { e.parse(c.lang.parser) })
	for i := range list {
		parsed(i)
	}
}

func (c *compiler) run(u *Unit, known map[string][]Compiled) *Output {
	if c.lang == nil || !c.declare(known) {
		return nil
	}
	for _, e := range slices.Concat(u.traits, u.segments, u.fields) {
		c.reportParsed(e)
		if !e.broken {
			c.standardLoops(e.ast.Expr())
		}
	}
	traits := c.order("trait", u.traits, func(e *expression) map[string]ast.Expr { return e.reads })
	segments := c.order("segment", u.segments, func(e *expression) map[string]ast.Expr { return e.members })

	out := &Output{}
	for _, t := range c.in.Traits {
		if t.Value == "" {
			sym := c.traits[t.Name]
			out.Traits = append(out.Traits, Compiled{Name: t.Name, Type: sym.typ, Nullable: true})
		}
	}
	for _, e := range traits {
		if compiled, ok := c.compileTrait(e); ok {
			out.Traits = append(out.Traits, compiled)
		}
	}
	// The names are all known by now, so that the checks of segments need nothing
	// of each other and go on while the first are translated.
	checked := ahead(segments, func(e *expression) { e.check(c.env) })
	levels := map[string]int{}
	for i, e := range segments {
		checked(i)
		if compiled, ok := c.compileSegment(e, levels); ok {
			out.Segments = append(out.Segments, compiled)
		}
	}
	for _, e := range u.fields {
		if compiled, ok := c.compileField(e); ok {
			out.Fields = append(out.Fields, compiled)
		}
	}
	out.Consents = c.consents()
	for _, f := range c.features {
		switch correlated := c.correlated[f.Name]; {
		case !c.used[f.Name]:
		case correlated != nil:
			out.Correlated = append(out.Correlated, *correlated)
		default:
			out.Features = append(out.Features, f)
		}
	}
	inOrderOf := func(a, b Feature) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Name, b.Name))
	}
	slices.SortFunc(out.Features, inOrderOf)
	slices.SortFunc(out.Correlated, func(a, b Correlated) int { return inOrderOf(a.Feature, b.Feature) })
	for _, name := range slices.Sorted(maps.Keys(c.sequences)) {
		if c.used[name] {
			out.Sequences = append(out.Sequences, c.sequences[name])
		}
	}
	for _, name := range c.ranks {
		if c.used[name] {
			out.Population = append(out.Population, c.population[name])
		}
	}
	for _, column := range slices.Sorted(maps.Keys(c.related)) {
		if c.used[column] {
			out.Related = append(out.Related, c.related[column])
		}
	}
	return out
}

// leadsHere says that a relation is read by its members.
func (c *compiler) leadsHere(r *config.Relation) bool {
	return c.in.Entity != nil && r.To == c.in.Entity.Name
}

// members is the collection of those who belong to the entity by a relation, as
// if it were a source whose columns are their traits.
func members(r *config.Relation, traits []Compiled) *config.Source {
	s := &config.Source{Name: r.Reverse, Entity: r.To, Time: TimeField}
	add := func(name string, typ sql.Type) {
		s.Columns = append(s.Columns, strict.Entry[config.Column]{Key: name, Value: config.Column{Type: columnWord(typ), Column: name}})
	}
	for _, t := range traits {
		add(t.Name, t.Type)
	}
	add(r.From+"_id", sql.TypeInt)
	add(config.IsPrimary, sql.TypeBool)
	return s
}

// declare makes the checker's environment: collections, relations, picked
// traits, now.
func (c *compiler) declare(known map[string][]Compiled) bool {
	for _, r := range c.in.Relations {
		if c.leadsHere(r) {
			traits, ok := known[r.From]
			c.in.Sources = append(slices.Clip(c.in.Sources), members(r, traits))
			c.missing[r.Reverse] = !ok
		} else {
			_, ok := known[r.To]
			c.missing[r.Name] = !ok
		}
	}
	rows := provider{}
	vars := []*decls.VariableDecl{decls.NewVariable("now", types.TimestampType)}
	c.names = append(c.names, "now")
	for _, s := range c.in.Sources {
		c.sources[s.Name] = s
		c.names = append(c.names, s.Name)
		fields := map[string]*types.Type{}
		if s.Time != "" {
			fields[TimeField] = types.TimestampType
		}
		for _, col := range s.Columns {
			if typ := models.ColumnType(col.Value.Type); typ != 0 {
				fields[col.Key] = celType(typ, true)
			}
		}
		row := rowType(s.Name)
		rows[row.TypeName()] = fields
		vars = append(vars, decls.NewVariable(s.Name, types.NewListType(row)))
	}
	for _, r := range c.in.Relations {
		if c.leadsHere(r) {
			continue
		}
		rel := &relation{Relation: r}
		rel.traits = append([]Compiled{{Name: rel.id(), Type: sql.TypeInt}}, known[r.To]...)
		c.relations[r.Name] = rel
		c.names = append(c.names, r.Name)
		fields := map[string]*types.Type{}
		for _, t := range rel.traits {
			fields[t.Name] = celType(t.Type, true)
		}
		other := relatedType(r.Name)
		rows[other.TypeName()] = fields
		vars = append(vars, decls.NewVariable(r.Name, other))
	}
	for _, p := range c.in.Parameters {
		known := newParameter(p, c.in.Target)
		c.parameters[p.Name] = known
		c.names = append(c.names, p.Name)
		vars = append(vars, decls.NewVariable(p.Name, known.typ))
	}
	for _, t := range c.in.Traits {
		sym := &symbol{trait: t, nullable: true}
		if t.Name == "now" || c.sources[t.Name] != nil || c.relations[t.Name] != nil {
			what := "the collection " + t.Name
			switch {
			case t.Name == "now":
				what = "the time of the run"
			case c.relations[t.Name] != nil:
				what = "the relation " + t.Name
			}
			c.fail(t.Pos.At("name"), "name-taken", `the trait "`+t.Name+`" has the name of `+what+", which expressions use", "Choose another name for the trait.")
			sym.broken = true
		}
		c.traits[t.Name] = sym
		c.names = append(c.names, t.Name)
		if t.Value != "" {
			continue
		}
		if sym.broken {
			continue
		}
		c.pickType(sym)
		vars = append(vars, decls.NewVariable(t.Name, celType(sym.typ, true)))
	}
	for _, s := range c.in.Segments {
		c.segments[s.Name] = s
	}
	var err error
	c.env, err = checker.NewEnv(containers.DefaultContainer, rows,
		checker.CrossTypeNumericComparisons(true), checker.ValidatedDeclarations(c.lang.base))
	if err == nil {
		err = c.env.AddIdents(vars...)
	}
	if err != nil {
		c.fail(diag.Span{}, "cel-internal", "the names of the project could not be declared: "+err.Error(), "")
		return false
	}
	return true
}

// pickType finds the type of a picked trait in the columns that it names.
func (c *compiler) pickType(sym *symbol) {
	t := sym.trait
	first := ""
	for i, from := range t.From {
		name, column, _ := strings.Cut(from, ".")
		s := c.sources[name]
		if s == nil {
			continue
		}
		var typ sql.Type
		if col, ok := s.Columns.Get(column); ok {
			typ = models.ColumnType(col.Type)
		} else if column == TimeField {
			typ = sql.TypeTimestamp
		} else {
			for _, id := range s.Identifiers {
				if id.Key == column {
					typ = sql.TypeString
				}
			}
		}
		switch {
		case typ == 0:
		case sym.typ == 0:
			sym.typ, first = typ, from
		case sym.typ != typ:
			at := t.Pos.At("from", itoa(i))
			c.fail(at, "cel-type", `the trait "`+t.Name+`" cannot be picked from columns of different types: `+
				first+" is "+columnWord(sym.typ)+", "+from+" is "+columnWord(typ), "Declare both columns with one type.")
			sym.broken = true
			return
		}
	}
	if sym.typ == 0 {
		c.fail(t.Pos.At("from"), "unknown-column", `the type of the trait "`+t.Name+`" is not known: none of its columns is declared`,
			"Declare the column under columns of its source.")
		sym.broken = true
	}
}

func newExpression(kind, name, value string, text strict.Text) *expression {
	return &expression{
		kind: kind, name: name, src: newSource(value, text),
		cel: common.NewTextSource(value), reads: map[string]ast.Expr{}, members: map[string]ast.Expr{},
	}
}

// parse reads the text. The errors are reported later, in order.
func (e *expression) parse(p *parser.Parser) {
	if strings.TrimSpace(e.cel.Content()) == "" {
		e.broken = true
		return
	}
	parsed, errs := p.Parse(e.cel)
	e.ast, e.src.info = parsed, parsed.SourceInfo()
	if e.errs = errs.GetErrors(); len(e.errs) > 0 {
		e.broken = true
		return
	}
	e.collect(parsed.Expr(), nil)
}

func (c *compiler) reportParsed(e *expression) {
	switch {
	case !e.broken:
	case e.ast == nil:
		c.fail(e.src.span(0, 0), "cel-syntax", "the "+e.kind+` "`+e.name+`" has no expression`, "")
	default:
		// What follows the first error is mostly its echo.
		c.reportSyntax(e, e.errs[0])
	}
}

// check types the expression; once is enough.
func (e *expression) check(env *checker.Env) {
	if e.broken || e.ast.IsChecked() {
		return
	}
	checked, errs := checker.Check(e.ast, e.cel, env)
	e.ast, e.errs = checked, errs.GetErrors()
}

// ahead calls do for each expression, on all processors, and returns what waits
// for one of them, by its number.
func ahead(list []*expression, do func(*expression)) (wait func(int)) {
	done := make([]chan struct{}, len(list))
	for i := range done {
		done[i] = make(chan struct{})
	}
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		go func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				do(list[i])
				close(done[i])
			}
		}()
	}
	return func(i int) { <-done[i] }
}

// collect finds the free names and segments of an expression.
func (e *expression) collect(x ast.Expr, bound []string) {
	switch x.Kind() { //nolint:exhaustive // literals read nothing
	case ast.IdentKind:
		name := x.AsIdent()
		if !slices.Contains(bound, name) && e.reads[strings.TrimPrefix(name, ".")] == nil {
			e.reads[strings.TrimPrefix(name, ".")] = x
		}
	case ast.SelectKind:
		e.collect(x.AsSelect().Operand(), bound)
	case ast.CallKind:
		call := x.AsCall()
		if call.IsMemberFunction() {
			e.collect(call.Target(), bound)
		}
		for _, a := range call.Args() {
			e.collect(a, bound)
		}
		if (call.FunctionName() == "in_segment" || call.FunctionName() == fnEntered) && len(call.Args()) == 1 {
			if name, ok := literalString(call.Args()[0]); ok && e.members[name] == nil {
				e.members[name] = call.Args()[0]
			}
		}
	case ast.ListKind:
		for _, el := range x.AsList().Elements() {
			e.collect(el, bound)
		}
	case ast.MapKind:
		for _, entry := range x.AsMap().Entries() {
			e.collect(entry.AsMapEntry().Key(), bound)
			e.collect(entry.AsMapEntry().Value(), bound)
		}
	case ast.StructKind:
		for _, f := range x.AsStruct().Fields() {
			e.collect(f.AsStructField().Value(), bound)
		}
	case ast.ComprehensionKind:
		l := x.AsComprehension()
		e.collect(l.IterRange(), bound)
		e.collect(l.AccuInit(), bound)
		inner := append(slices.Clone(bound), l.IterVar(), l.AccuVar())
		e.collect(l.LoopCondition(), inner)
		e.collect(l.LoopStep(), inner)
		e.collect(l.Result(), inner)
	}
}

// order puts each expression after those it reads, otherwise as they were, and
// reports the cycles.
func (c *compiler) order(kind string, list []*expression, reads func(*expression) map[string]ast.Expr) []*expression {
	byName := map[string]*expression{}
	for _, e := range list {
		byName[e.name] = e
	}
	var out []*expression
	state := map[string]int{} // 1 is on the path, 2 is done
	var path []*expression
	var visit func(e *expression)
	visit = func(e *expression) {
		state[e.name] = 1
		path = append(path, e)
		for _, next := range inOrder(e, reads(e)) {
			other := byName[next]
			if other == nil {
				continue
			}
			switch state[next] {
			case 0:
				visit(other)
			case 1:
				c.cycle(kind, path[slices.Index(path, other):], reads)
			}
		}
		path = path[:len(path)-1]
		state[e.name] = 2
		out = append(out, e)
	}
	for _, e := range list {
		if state[e.name] == 0 {
			visit(e)
		}
	}
	return out
}

// inOrder lists names by the place of their first use.
func inOrder(e *expression, names map[string]ast.Expr) []string {
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		if d := e.src.offset(names[a]) - e.src.offset(names[b]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

func (c *compiler) cycle(kind string, loop []*expression, reads func(*expression) map[string]ast.Expr) {
	names := make([]string, 0, len(loop)+1)
	for _, e := range loop {
		names = append(names, e.name)
	}
	text := strings.Join(append(names, names[0]), " -> ")
	for i, e := range loop {
		next := loop[(i+1)%len(loop)].name
		summary := "the " + kind + ` "` + e.name + `" depends on itself: ` + text
		c.fail(e.src.of(reads(e)[next]), "cycle", summary, "Remove one of these references.")
		e.broken = true
	}
}

// check types an expression. It is false where there was an error, or where
// the expression reads something that is broken.
func (c *compiler) check(e *expression) bool {
	if e.broken {
		return false
	}
	for name := range e.reads {
		if c.missing[name] {
			return false
		}
	}
	e.check(c.env)
	if len(e.errs) > 0 {
		c.reportTypes(e, e.errs)
		return false
	}
	for name := range e.reads {
		if sym := c.traits[name]; sym != nil && sym.broken {
			return false
		}
	}
	return true
}

func (c *compiler) compileTrait(e *expression) (Compiled, bool) {
	sym := c.traits[e.name]
	if sym.broken {
		return Compiled{}, false
	}
	compiled, ok := c.translateTrait(e)
	typ := types.DynType // where it is broken: its readers are not blamed
	if ok {
		sym.typ, sym.nullable, sym.level = compiled.Type, compiled.Nullable, compiled.Level
		sym.stage, sym.texts = compiled.Stage, compiled.Texts
		typ = celType(sym.typ, sym.nullable)
	}
	sym.broken = !ok
	if err := c.env.AddIdents(decls.NewVariable(e.name, typ)); err != nil {
		c.fail(e.src.span(0, 0), "cel-internal", "the trait could not be declared: "+err.Error(), "")
		return Compiled{}, false
	}
	return compiled, ok
}

func (c *compiler) translateTrait(e *expression) (Compiled, bool) {
	if !c.check(e) {
		return Compiled{}, false
	}
	c.timed = false
	t := newTranslator(c, e)
	v := t.value(e.ast.Expr())
	typ, ok := sqlType(v.typ)
	if !ok && !t.bad {
		t.refuse(e.ast.Expr(), "a "+e.kind+" cannot hold "+typeWord(v.typ), traitHelp(v))
	}
	expr := t.typed(v)
	if t.bad || !t.bounded(expr) {
		return Compiled{}, false
	}
	c.warn(e)
	return c.compiled(Compiled{Name: e.name, Type: typ, Nullable: v.null || v.err, Expr: expr, Texts: c.texts(e)}, nil), true
}

func (c *compiler) compileSegment(e *expression, levels map[string]int) (Compiled, bool) {
	cond, ok := c.condition(e, `the segment "`+e.name+`" must be true or false for each `+c.entity())
	if !ok {
		return Compiled{}, false
	}
	c.warn(e)
	out := c.compiled(Compiled{Name: e.name, Type: sql.TypeBool, Expr: cond}, levels)
	levels[e.name] = out.Level
	return out, true
}

// condition translates what is true or false, never NULL; must says that it has
// to be.
func (c *compiler) condition(e *expression, must string) (sql.Expr, bool) {
	if !c.check(e) {
		return nil, false
	}
	c.timed = false
	t := newTranslator(c, e)
	root := e.ast.Expr()
	if typ := e.ast.GetType(root.ID()); typ.Kind() != types.BoolKind {
		help := "Compare it with something."
		if typ.Kind() == types.OpaqueKind {
			help = takeHelp
		}
		t.failAt(e.src.of(root), "cel-type", must+"; this is "+typeWord(typ), help)
		return nil, false
	}
	cond := t.cond(root)
	if t.bad || !t.bounded(cond) {
		return nil, false
	}
	if !total(cond) {
		cond = sql.Fn(sql.Coalesce, cond, sql.Bool(false))
	}
	return cond, true
}

// compiled fills in what the expression reads, from the SQL itself: what was
// folded away is not read. levels are those of the segments before.
func (c *compiler) compiled(out Compiled, levels map[string]int) Compiled {
	out.Timed = c.timed
	reads, segments, features, related := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	columns(out.Expr, Row, func(name string) {
		segment, isSegment := strings.CutPrefix(name, SegmentColumn(""))
		sym := c.traits[name]
		_, isRelated := c.related[name]
		out.Stage = max(out.Stage, c.stage(name))
		since, isSince := strings.CutPrefix(name, SinceColumn(""))
		switch {
		case isSince:
			out.Since = append(out.Since, since)
		case isRelated:
			related[name] = true
			c.use(name)
		case isSegment:
			segments[segment] = true
			out.Level = max(out.Level, levels[segment]+1)
		case sym != nil:
			reads[name] = true
			if levels == nil && sym.trait.Value != "" {
				out.Level = max(out.Level, sym.level+1)
			}
		case name == c.id():
			// Every row has it.
		default:
			if p, ok := c.population[name]; ok && levels == nil {
				out.Level = max(out.Level, p.Level+1)
			}
			features[name] = true
			c.use(name)
		}
	})
	slices.Sort(out.Since)
	out.Since = slices.Compact(out.Since)
	out.Reads, out.Segments, out.Features, out.Related = sorted(reads), sorted(segments), sorted(features), sorted(related)
	return out
}

func (c *compiler) entity() string {
	if c.in.Entity == nil || c.in.Entity.Name == "" {
		return "entity"
	}
	return c.in.Entity.Name
}

// traitHelp says what to write instead of a value that no column can hold.
func traitHelp(v value) string {
	switch {
	case v.related != nil:
		return "Choose a trait of it, such as " + v.related.Name + "." + v.related.example() + "."
	case v.row != nil:
		return "Choose a field of the row, such as .last().amount."
	case v.list != nil:
		return "Ask something of it, such as .count() or .sum(x, x.amount)."
	case v.optional != nil:
		return takeHelp
	case v.typ.Kind() == types.DurationKind:
		return "Take a number of it: .getHours(), .getMinutes() or .getSeconds()."
	default:
		return ""
	}
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// celType is what a column of a type is in expressions. A date is the instant
// at which it begins in UTC.
func celType(t sql.Type, nullable bool) *types.Type {
	var out *types.Type
	switch t { //nolint:exhaustive // lists are not values of expressions yet
	case sql.TypeString:
		out = types.StringType
	case sql.TypeInt:
		out = types.IntType
	case sql.TypeFloat, sql.TypeDecimal:
		out = types.DoubleType
	case sql.TypeBool:
		out = types.BoolType
	case sql.TypeTimestamp, sql.TypeDate:
		// CEL's timestamps are nullable as they are.
		return types.TimestampType
	default:
		return types.DynType
	}
	if nullable {
		return types.NewNullableType(out)
	}
	return out
}

// sqlType is the type of a trait that holds a CEL value.
func sqlType(t *types.Type) (sql.Type, bool) {
	switch t.Kind() { //nolint:exhaustive // the others are no columns
	case types.StringKind:
		return sql.TypeString, true
	case types.IntKind:
		return sql.TypeInt, true
	case types.DoubleKind:
		return sql.TypeFloat, true
	case types.BoolKind:
		return sql.TypeBool, true
	case types.TimestampKind:
		return sql.TypeTimestamp, true
	default:
		return 0, false
	}
}
