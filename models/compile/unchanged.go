package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// dependence is what the result of a segment, or of the traits of an entity,
// follows from.
type dependence struct {
	entity *entity
	// definition is a digest of the SQL, with all that it refers to, and sources are
	// those whose rows it reads, in the order of their names.
	definition string
	sources    []*config.Source
	// always says why it is evaluated in each run, nothing where it need not be.
	always string
}

// evaluation is raised when the same SQL of expressions gives other results, so
// that the first run of a new version evaluates everything.
const evaluation = 1

// walker gathers the dependence of expressions of an entity.
type walker struct {
	dependence
	*named
	form strings.Builder
	seen map[string]bool
}

// named is what an entity has, by its names.
type named struct {
	traits, segments map[string]expr.Compiled
	features         map[string]expr.Feature
	picked           map[string]*config.Trait
	sourced          map[string]*config.Source
	// settings are those of its identity.
	settings string
}

func newNamed(e *entity) *named {
	n := &named{
		traits: map[string]expr.Compiled{}, segments: map[string]expr.Compiled{}, features: map[string]expr.Feature{},
		picked: map[string]*config.Trait{}, sourced: map[string]*config.Source{}, settings: identity.Settings(e.Entity, e.sources),
	}
	for _, t := range e.traits {
		n.picked[t.Name] = t
	}
	for _, s := range e.sources {
		n.sourced[s.Name] = s
	}
	for _, t := range e.expr.Traits {
		n.traits[t.Name] = t
	}
	for _, s := range e.expr.Segments {
		n.segments[s.Name] = s
	}
	for _, f := range e.expr.Features {
		n.features[f.Name] = f
	}
	return n
}

func newWalker(e *entity, n *named) *walker {
	return &walker{dependence: dependence{entity: e}, named: n, seen: map[string]bool{}}
}

// refuse notes the first reason why something is evaluated in each run.
func (w *walker) refuse(why string) {
	if w.always == "" {
		w.always = why
	}
}

// once is true the first time that it is asked of something, which it writes down.
func (w *walker) once(kind, name string) bool {
	key := kind + " " + name
	if w.seen[key] {
		return false
	}
	w.seen[key] = true
	fmt.Fprintf(&w.form, "%s %q ", kind, name)
	return true
}

func (w *walker) compiled(x expr.Compiled) {
	fmt.Fprintf(&w.form, "%d %s\n", x.Type, expr.Form(x.Expr))
	if x.Timed {
		w.refuse("it depends on the time of the run")
	}
	if len(x.Since) > 0 {
		w.refuse("it depends on when members entered")
	}
	if len(x.Related) > 0 {
		w.refuse("it reads another entity")
	}
	for _, name := range x.Features {
		w.feature(name)
	}
	for _, name := range x.Reads {
		w.trait(name)
	}
	for _, name := range x.Segments {
		w.segment(name)
	}
}

func (w *walker) segment(name string) {
	if w.once("segment", name) {
		w.compiled(w.segments[name])
	}
}

func (w *walker) trait(name string) {
	if !w.once("trait", name) {
		return
	}
	t := w.traits[name]
	if t.Expr != nil {
		w.compiled(t)
		return
	}
	picked := w.picked[name]
	fmt.Fprintf(&w.form, "%d %q %q\n", t.Type, picked.Pick, picked.From)
	for _, r := range picked.From {
		source, column := models.Reference(r)
		if expr.Retention(w.sourced[source], column) != 0 {
			w.refuse("what it is picked from counts for a time")
		}
		w.source(source)
	}
}

func (w *walker) feature(name string) {
	if expr.IsKept(name) {
		return // It follows from the identities, and from what was said before.
	}
	f, ok := w.features[name]
	if !ok {
		w.refuse("it compares rows or customers with each other")
		return
	}
	if w.once("feature", name) {
		fmt.Fprintf(&w.form, "%q %d %s\n", f.Source, f.Type, expr.Form(f.Aggregate))
		w.source(f.Source)
	}
}

func (w *walker) source(name string) {
	s := w.sourced[name]
	if s == nil {
		w.refuse("it reads another entity")
		return
	}
	if !w.once("source", name) {
		return
	}
	fmt.Fprintf(&w.form, "%q", s.Time)
	for _, c := range s.Columns {
		fmt.Fprintf(&w.form, " %q %q %q", c.Key, c.Value.Type, c.Value.Column)
	}
	w.form.WriteByte('\n')
	w.sources = append(w.sources, s)
}

// done is what was gathered.
func (w *walker) done() dependence {
	fmt.Fprintf(&w.form, "%d %s", evaluation, w.settings)
	sum := sha256.Sum256([]byte(w.form.String()))
	w.definition = hex.EncodeToString(sum[:])
	slices.SortFunc(w.sources, func(a, b *config.Source) int { return strings.Compare(a.Name, b.Name) })
	return w.dependence
}

// ofSegment is the dependence of a segment.
func ofSegment(e *entity, n *named, name string) dependence {
	w := newWalker(e, n)
	w.segment(name)
	return w.done()
}

// ofProfile is the dependence of an entity's profiles.
func ofProfile(e *entity, n *named) dependence {
	w := newWalker(e, n)
	for _, t := range e.traits {
		w.trait(t.Name)
		fmt.Fprintf(&w.form, "%t\n", t.History)
	}
	for _, x := range e.expr.Consents {
		fmt.Fprintf(&w.form, "consent %q %s %s %s %s\n", x.Purpose, expr.Form(x.Given), expr.Form(x.At), expr.Form(x.Source), expr.Form(x.Provenance))
		for _, name := range x.Features {
			w.feature(name)
		}
	}
	return w.done()
}

// inputs are the names of what it depends on.
func (d dependence) inputs() []string {
	out := []string{inputs.Identities(d.entity.Name)}
	for _, s := range d.sources {
		out = append(out, inputs.Names(s)...)
	}
	return out
}

// now are the digests of what a dependence names; ok is false where one is not
// known.
func (c *compiler) now(d dependence) (out inputs.Digests, ok bool) {
	out = inputs.Digests{}
	for _, name := range d.inputs() {
		digest, known := c.Inputs.Now[name]
		if !known {
			return nil, false
		}
		out[name] = digest
	}
	return out, true
}

// changed says why something is evaluated, nothing where its last result stands.
func (c *compiler) changed(node string, d dependence) string {
	switch {
	case d.always != "":
		return d.always
	case c.Refresh:
		return "asked for"
	case c.Inputs == nil:
		return "what it reads has not been compared"
	}
	last, ok := c.Inputs.Last[node]
	if !ok {
		return "there is no record of an earlier result"
	}
	if last.Definition != d.definition {
		return "its definition has changed"
	}
	now, ok := c.now(d)
	if !ok {
		return "what it reads has not been compared"
	}
	for _, name := range d.inputs() {
		if !inputs.Same(last.Inputs[name], now[name]) {
			return "changed: " + name
		}
	}
	if len(last.Inputs) != len(now) {
		return "its definition has changed"
	}
	return ""
}

// on says in words what something depends on.
func (d dependence) on() string {
	words := []string{"its definition", inputs.Identities(d.entity.Name)}
	for _, s := range d.sources {
		words = append(words, "source "+s.Name)
	}
	return strings.Join(words, ", ")
}

// decide finds out what has to be evaluated. A segment that was removed makes all
// be, since its members are to leave.
func (c *compiler) decide() {
	c.depends, c.stands, c.due = map[string]dependence{}, map[string]bool{}, map[string]bool{}
	removed := false
	if c.Inputs != nil {
		for node := range c.Inputs.Last {
			name, isSegment := strings.CutPrefix(node, "segment:")
			removed = removed || isSegment && c.segments[name] == nil
		}
	}
	for _, e := range c.entities {
		n := newNamed(e)
		add := func(node string, d dependence, selected bool) {
			if d.always == "" && len(c.Corrected) > 0 {
				d.always = "somebody has corrected traits"
			}
			c.depends[node] = d
			if !selected {
				return
			}
			why := c.changed(node, d)
			if why == "" && removed {
				why = "a segment was removed"
			}
			x := models.Evaluation{Node: node, Evaluated: why != "", Because: why}
			if d.always == "" {
				x.Depends = d.on()
			}
			c.due[node] = why != ""
			if why == "" {
				c.stands[node] = true
				x.Because = "unchanged: " + d.on()
			}
			c.plan.Evaluations = append(c.plan.Evaluations, x)
		}
		for _, s := range e.segments {
			add("segment:"+s.Name, ofSegment(e, n, s.Name), c.selected("segment:"+s.Name))
		}
		if len(e.traits) > 0 {
			// Whoever selects a segment has always got the profiles with it.
			selected := slices.ContainsFunc(e.traits, func(t *config.Trait) bool { return c.selected("trait:" + e.Name + "." + t.Name) }) ||
				slices.ContainsFunc(e.segments, func(s *config.Segment) bool { return c.selected("segment:" + s.Name) })
			add(profile.ModelName(e.Entity), ofProfile(e, n), selected)
		}
	}
}

// evaluated says that a segment is.
func (c *compiler) evaluated(name string) bool {
	return c.selected("segment:"+name) && !c.stands["segment:"+name]
}

// narrowed are the expressions of an entity without the segments that are neither
// evaluated nor read by those that are. What is kept by day stays as it is, or it
// would have to be built again.
func (c *compiler) narrowed(e *entity) *expr.Output {
	if c.look || len(c.stands) == 0 || slices.ContainsFunc(e.sources, func(s *config.Source) bool { return s.ByDay }) {
		return e.expr
	}
	read := map[string]bool{}
	for _, s := range slices.Backward(e.expr.Segments) {
		if read[s.Name] = read[s.Name] || c.evaluated(s.Name); read[s.Name] {
			for _, other := range s.Segments {
				read[other] = true
			}
		}
	}
	out := *e.expr
	out.Segments = slices.DeleteFunc(slices.Clone(out.Segments), func(s expr.Compiled) bool { return !read[s.Name] })
	return &out
}

// compared are the sources of an entity that a run must look at, and whether
// there is anything to look for. Where a segment is evaluated in each run, the
// profiles are built for it in any case.
func (c *compiler) compared(e *entity) (sources []*config.Source, looks bool) {
	always := c.always(e)
	for _, x := range c.plan.Evaluations {
		d := c.depends[x.Node]
		if d.entity != e || d.always != "" || always && x.Node == profile.ModelName(e.Entity) {
			continue
		}
		looks = true
		for _, s := range d.sources {
			if !slices.Contains(sources, s) {
				sources = append(sources, s)
			}
		}
	}
	return sources, looks
}

// always says that something of an entity is evaluated in each run.
func (c *compiler) always(e *entity) bool {
	return slices.ContainsFunc(c.plan.Evaluations, func(x models.Evaluation) bool {
		return c.depends[x.Node].entity == e && c.depends[x.Node].always != ""
	})
}

// record makes a model write down what it evaluated the nodes from; gone says
// which earlier records are no more.
func (c *compiler) record(m *models.Model, gone sql.Expr, nodes []string) {
	for _, e := range c.entities {
		list := map[string]inputs.Evaluation{}
		for _, node := range nodes {
			d := c.depends[node]
			if d.entity != e || d.always != "" || c.Inputs == nil {
				continue
			}
			if now, ok := c.now(d); ok {
				list[node] = inputs.Evaluation{Definition: d.definition, Inputs: now, AsOf: c.AsOf}
			}
		}
		if len(list) == 0 {
			continue
		}
		sources, _ := c.compared(e)
		m.Steps = append(m.Steps, inputs.Again(m.Name, e.Entity, sources, c.Inputs.Now))
		m.Commit = append(m.Commit, inputs.Record(m.Name, e.Name, list, c.RunID))
	}
	m.Commit = slices.Insert(m.Commit, 0, sql.Statement(sql.Delete{Table: inputs.StateTable, Where: gone}))
}

// recordProfile is record of the profiles of an entity. Where segments of it are
// evaluated, the model that does so writes down both, so that sources are looked
// at once more and not twice; where they are in each run, it would be of no use.
func (c *compiler) recordProfile(m *models.Model, e *entity) {
	var nodes []string
	later := slices.ContainsFunc(e.segments, func(s *config.Segment) bool { return c.evaluated(s.Name) })
	if !later && !c.always(e) {
		nodes = []string{m.Name}
	}
	c.record(m, sql.Fn(sql.Eq, sql.Col("", "node"), sql.String(m.Name)), nodes)
}

// recordSegments is record of the segments that a model evaluates.
func (c *compiler) recordSegments(m *models.Model) {
	node := sql.Col("", "node")
	gone := sql.And{sql.Fn(sql.StartsWith, node, sql.String("segment:"))}
	var kept []sql.Expr
	var nodes []string
	for _, e := range c.entities {
		some := false
		for _, s := range e.segments {
			if c.evaluated(s.Name) {
				nodes = append(nodes, "segment:"+s.Name)
				some = true
			} else {
				kept = append(kept, sql.String("segment:"+s.Name))
			}
		}
		if some && len(e.traits) > 0 && !c.always(e) {
			nodes = append(nodes, profile.ModelName(e.Entity))
		}
	}
	if len(kept) > 0 {
		gone = append(gone, sql.Fn(sql.Not, sql.In{Expr: node, List: kept}))
	}
	c.record(m, gone, nodes)
}

// group are the segments of an entity as they are evaluated, and the others.
func (c *compiler) group(e *entity, pass *profile.Pass) segment.Entity {
	out := segment.Entity{Entity: e.Entity, Segments: slices.Clone(e.expr.Segments)}
	for _, s := range pass.Segments {
		i := slices.IndexFunc(out.Segments, func(x expr.Compiled) bool { return x.Name == s.Name })
		out.Segments[i] = s
	}
	return out
}

// settle notes the profiles that are built after all, for those who read them.
func (c *compiler) settle() {
	for i, x := range c.plan.Evaluations {
		if !x.Evaluated && slices.ContainsFunc(c.plan.Models, func(m *models.Model) bool { return m.Name == x.Node }) {
			c.plan.Evaluations[i].Evaluated = true
			c.plan.Evaluations[i].Because = "what is evaluated reads it"
		}
	}
}
