// Package compile turns a project into a plan: the one place that knows which
// models a project needs and how they hang together.
//
// It is pure. Start with Compile.
package compile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/classify"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/models/tests"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Options are the inputs of Compile beside the project.
type Options struct {
	// AsOf is what now means.
	AsOf time.Time
	// Today is when an exception must not have ended, whatever now is to mean; zero
	// is AsOf.
	Today time.Time
	// Target is the name of the target, for parameters that differ by it.
	Target string
	// RunID goes into the rows that the run appends.
	RunID string
	// Select are the keys of the nodes to build; nil means all. Segments that
	// are not selected keep their members, syncs that are not deliver nothing.
	Select map[string]bool
	Left
	// Retry narrows what the syncs send to rows that were rejected; nil sends all
	// that is due.
	Retry *audience.Retry
	// Resync sends every row again, whatever the ledger knows.
	Resync bool
	// Inputs is what segments and profiles were last evaluated from, and what is
	// there now; nil where that is not known, and everything is evaluated.
	Inputs *inputs.Known
	// Refresh builds identities and aggregates from all rows, and evaluates every
	// segment, whatever the last run left. Ids stay.
	Refresh bool
	// Whole makes wide tables that hold every feature: see profile.Input.
	Whole bool
}

// Left is what runs and the rights of people have left in the warehouse that the
// statements of a plan follow from. The zero value is that of a warehouse of which
// nothing is known, and of a plan that nobody runs.
type Left struct {
	// Identities is what the last run left of each entity, by name; nil for the
	// first run.
	Identities map[string]*identity.Last
	// Aggregates is what the last run kept of each source that only grows, by
	// name; nil for the first run.
	Aggregates map[string]*profile.Last
	// Corrected are the traits that somebody has corrected, by the entity.
	Corrected map[string][]string
	// Erased are the entities of which somebody is on the list of those who were
	// erased, by name: whether some of it no run has taken into account.
	Erased map[string]bool
}

// entity is one entity with all that belongs to it.
type entity struct {
	*config.Entity
	sources  []*config.Source
	traits   []*config.Trait
	segments []*config.Segment
	// fields are the expressions of the syncs that send it.
	fields []expr.Field
	// relations are those that start at the entity; members those that lead to it
	// and that expressions can read.
	relations, members []*config.Relation
	parsed             *expr.Unit
	expr               *expr.Output
	pass               *profile.Pass
}

// Compile makes the plan of a project. The list may hold warnings beside a
// plan; with an error the plan is nil.
func Compile(p *config.Project, opt Options) (*models.Plan, diag.List) {
	checked, found := Check(p, opt)
	if checked == nil {
		return nil, found
	}
	return checked.Plan(opt), found
}

// Checked is a project of which every expression is translated: that is most of
// the work, and the same for each plan of one AsOf and Target.
type Checked struct {
	project  *config.Project
	entities []*entity
	tests    *tests.Set
	classes  *classify.Classes
}

// Classes says how values are to be protected.
func (k *Checked) Classes() *classify.Classes { return k.classes }

// Check reads AsOf, Today and Target of the options. The list may hold warnings
// beside a result; with an error the result is nil.
func Check(p *config.Project, opt Options) (*Checked, diag.List) {
	c := parse(p, opt)
	found := c.expressions()
	for _, e := range p.Entities {
		found = append(found, identity.Check(e)...)
	}
	if !found.HasErrors() {
		for _, s := range p.Syncs {
			found = append(found, audience.Check(c.audience(s))...)
		}
	}
	set, wrong := c.checkTests()
	found = append(found, wrong...)
	if found.HasErrors() {
		return nil, found.Sort()
	}
	k := &Checked{project: p, entities: c.entities, tests: set}
	k.classes = k.classify(opt)
	today := opt.Today
	if today.IsZero() {
		today = opt.AsOf
	}
	if found = append(found, k.classes.Check(today)...); found.HasErrors() {
		return nil, found.Sort()
	}
	return k, found.Sort()
}

// TraitType is the type of a trait of an entity, 0 where there is no such trait.
func (k *Checked) TraitType(entity, trait string) sql.Type {
	for _, e := range k.entities {
		for _, t := range e.expr.Traits {
			if e.Name == entity && t.Name == trait {
				return t.Type
			}
		}
	}
	return 0
}

// Plan makes a plan; AsOf and Target are to be those of the check.
func (k *Checked) Plan(opt Options) *models.Plan {
	c := newCompiler(k.project, opt)
	c.set = k.tests
	for _, e := range k.entities {
		own := *e // a plan has a pass of its own
		c.add(&own)
	}
	c.nodes()
	c.decide()
	c.models()
	c.prune()
	c.settle()
	c.tests()
	c.system()
	c.audiences()
	c.checks()
	c.forget()
	return c.plan
}

// Gates says of one entity what a sync makes of it, beside the audience that a
// Plan of the same options has of the sync.
func (k *Checked) Gates(opt Options, s *config.Sync, id int64) audience.Gates {
	c := newCompiler(k.project, opt)
	for _, e := range k.entities {
		c.add(e)
	}
	return audience.NewGates(c.audience(s), id)
}

// Evaluators answer the expressions of each entity, by its name, in process: see
// expr.Evaluator. The list is that of Compile.
func Evaluators(p *config.Project, opt Options) (map[string]*expr.Evaluator, diag.List) {
	c := parse(p, opt)
	found := c.expressions()
	if found.HasErrors() {
		return nil, found.Sort()
	}
	out := map[string]*expr.Evaluator{}
	for _, e := range c.entities {
		v, err := e.parsed.Evaluator()
		if err != nil {
			// What was compiled can be evaluated: a test asks each function.
			panic("compile: " + err.Error())
		}
		out[e.Name] = v
	}
	return out, found.Sort()
}

// parse groups the project by entity and parses its expressions.
func parse(p *config.Project, opt Options) *compiler {
	c := newCompiler(p, opt)
	for _, e := range p.Entities {
		if !slices.ContainsFunc(p.Sources, func(s *config.Source) bool { return s.Entity == e.Name }) {
			continue // Nothing is known of any, and nothing asks for one.
		}
		en := &entity{Entity: e}
		for _, s := range p.Sources {
			if s.Entity == e.Name {
				en.sources = append(en.sources, s)
			}
		}
		for _, t := range p.Traits {
			if t.Entity == e.Name {
				en.traits = append(en.traits, t)
			}
		}
		for _, s := range p.Segments {
			if s.Entity == e.Name {
				en.segments = append(en.segments, s)
			}
		}
		for _, r := range p.Relations {
			switch {
			case r.From == e.Name:
				en.relations = append(en.relations, r)
			case r.To == e.Name && r.Reverse != "":
				en.members = append(en.members, r)
			}
		}
		for _, s := range p.Syncs {
			if syncEntity(p, s) != e.Name {
				continue
			}
			for _, leaf := range s.Leaves() {
				if leaf.Value != "" {
					en.fields = append(en.fields, expr.Field{Name: audience.FieldName(s, leaf), Value: leaf.Value, Text: leaf.Pos.Text("value")})
				}
			}
		}
		en.fields = append(en.fields, tests.Fields(p, e.Name)...)
		en.parsed = expr.Parse(expr.Input{
			Entity: e, Sources: en.sources, Traits: en.traits, Segments: en.segments, Fields: en.fields,
			Relations: slices.Concat(en.relations, en.members), AsOf: opt.AsOf, Zone: p.Timezone,
			Parameters: p.Parameters, Target: opt.Target, Consents: consents(p, e),
		})
		c.add(en)
	}
	return c
}

type compiler struct {
	Options
	project  *config.Project
	plan     *models.Plan
	entities []*entity
	segments map[string]*entity // by segment name
	// depends is what each segment and the profiles of each entity follow from, by
	// node, stands has those whose last result is as good as another, and due those
	// that are evaluated.
	depends     map[string]dependence
	stands, due map[string]bool
	// set are the tests on data.
	set *tests.Set
	// look says that what is compiled is to leave nothing behind: see Try.
	look bool
}

func newCompiler(p *config.Project, opt Options) *compiler {
	return &compiler{
		project:  p,
		Options:  opt,
		plan:     &models.Plan{Project: p, AsOf: opt.AsOf, RunID: opt.RunID, Selected: opt.Select},
		segments: map[string]*entity{},
	}
}

func (c *compiler) add(e *entity) {
	c.entities = append(c.entities, e)
	for _, s := range e.segments {
		c.segments[s.Name] = e
	}
}

func (c *compiler) selected(key string) bool { return c.Select == nil || c.Select[key] }

func (c *compiler) entity(name string) *entity {
	i := slices.IndexFunc(c.entities, func(e *entity) bool { return e.Name == name })
	return c.entities[i]
}

// profileInput is what package profile wants of an entity.
func (c *compiler) profileInput(e *entity) profile.Input {
	in := profile.Input{
		Entity: e.Entity, Sources: e.sources, Traits: e.traits, Expr: c.narrowed(e), Whole: c.Whole, AsOf: c.AsOf,
		RunID: c.RunID, Last: c.Aggregates, Because: c.identity(e).Because, Look: c.look,
	}
	_, in.Erased = c.Erased[e.Name]
	in.Corrected = c.Corrected[e.Name]
	for _, r := range e.relations {
		if slices.ContainsFunc(e.expr.Related, func(x expr.Related) bool { return x.Relation == r.Name }) {
			in.Relations = append(in.Relations, profile.Relation{Relation: r, Other: c.entity(r.To).Entity})
		}
	}
	read := e.expr.Collections()
	for _, r := range e.members {
		if slices.Contains(read, r.Reverse) {
			in.Members = append(in.Members, profile.Relation{Relation: r, Other: c.entity(r.From).Entity})
		}
	}
	if e.pass == nil {
		e.pass = profile.NewPass(in)
	}
	in.Pass = e.pass
	return in
}

// relation is what package relation wants of one.
func (c *compiler) relation(r *config.Relation) relation.Input {
	from := c.entity(r.From)
	return relation.Input{Relation: r, From: from.Entity, To: c.entity(r.To).Entity, Sources: from.sources}
}

// nodes lists the resources and what each reads.
func (c *compiler) nodes() {
	add := func(n models.Node) { c.plan.Nodes = append(c.plan.Nodes, n) }
	for _, s := range c.project.Sources {
		add(models.Node{Key: "source:" + s.Name, Kind: "source", Name: s.Name, Tags: s.Tags, Span: s.Pos.Span()})
	}
	for _, e := range c.entities {
		key := "entity:" + e.Name
		n := models.Node{Key: key, Kind: "entity", Name: e.Name, Tags: e.Tags, Span: e.Pos.Span()}
		for _, s := range e.sources {
			n.Reads = append(n.Reads, "source:"+s.Name)
		}
		add(n)
		for _, r := range e.relations {
			n := models.Node{Key: "relation:" + r.Name, Kind: "relation", Name: r.Name, Tags: r.Tags, Span: r.Pos.Span()}
			n.Reads = []string{"entity:" + r.From, "entity:" + r.To}
			for i := range r.Via {
				if r.Via[i].Source != "" {
					n.Reads = append(n.Reads, "source:"+r.Via[i].Source)
				}
			}
			slices.Sort(n.Reads)
			n.Reads = slices.Compact(n.Reads)
			add(n)
		}
		related := map[string][]string{}
		for _, x := range e.expr.Related {
			reads := []string{"relation:" + x.Relation}
			other := c.entity(c.relationNamed(x.Relation).To)
			if x.Trait != identity.Column(other.Entity) {
				reads = append(reads, "trait:"+other.Name+"."+x.Trait)
			}
			related[x.Column] = reads
		}
		trait := func(name string) string { return "trait:" + e.Name + "." + name }
		column := c.lineage(e, related)
		reads := func(x expr.Compiled) []string {
			out := []string{key}
			for _, name := range slices.Concat(x.Reads, x.Features, x.Related) {
				out = append(out, column(name)...)
			}
			for _, s := range x.Segments {
				out = append(out, "segment:"+s)
			}
			return out
		}
		compiled := map[string]expr.Compiled{}
		for _, t := range e.expr.Traits {
			compiled[t.Name] = t
		}
		for _, t := range e.traits {
			read := reads(compiled[t.Name])
			for _, r := range t.From {
				source, _ := models.Reference(r)
				read = append(read, "source:"+source, columnKey+r)
			}
			n := models.Node{Key: trait(t.Name), Kind: "trait", Name: t.Name, Tags: t.Tags, Span: t.Pos.Span()}
			n.Reads, n.Columns = apart(read)
			add(n)
		}
		for _, x := range e.expr.Segments {
			i := slices.IndexFunc(e.segments, func(s *config.Segment) bool { return s.Name == x.Name })
			s := e.segments[i]
			n := models.Node{Key: "segment:" + s.Name, Kind: "segment", Name: s.Name, Tags: s.Tags, Span: s.Pos.Span()}
			n.Reads, n.Columns = apart(reads(x))
			add(n)
		}
	}
	for _, s := range c.project.Syncs {
		e := c.syncEntity(s)
		n := models.Node{Key: "sync:" + s.Name, Kind: "sync", Name: s.Name, Tags: s.Tags, Span: s.Pos.Span()}
		if s.From.Segment != "" {
			n.Reads = append(n.Reads, "segment:"+s.From.Segment)
		} else {
			n.Reads = append(n.Reads, "entity:"+e.Name)
		}
		if s.From.Source != "" {
			n.Reads = append(n.Reads, "source:"+s.From.Source, "entity:"+e.Name)
			for _, leaf := range s.Leaves() {
				for _, name := range append(slices.Clip(leaf.List), leaf.Trait) {
					if column, ofEvent := s.From.EventColumn(name); ofEvent {
						n.Reads = append(n.Reads, columnKey+s.From.Source+"."+column)
					}
				}
			}
		}
		for _, name := range audience.FieldTraits(s, e.expr.Fields) {
			if name != identity.Column(e.Entity) {
				n.Reads = append(n.Reads, "trait:"+e.Name+"."+name)
			}
		}
		for _, name := range audience.Reads(e.Entity, s, c.priority(s)) {
			n.Reads = append(n.Reads, "segment:"+name)
		}
		if s.From.Top != nil {
			n.Reads = append(n.Reads, "trait:"+e.Name+"."+s.From.Top.By)
		}
		n.Reads, n.Columns = apart(n.Reads)
		add(n)
	}
	c.testNodes()
	for _, d := range c.project.Destinations {
		n := models.Node{Key: "destination:" + d.Name, Kind: "destination", Name: d.Name, Span: d.Pos.Span()}
		for _, s := range c.project.Syncs {
			if s.To.Destination == d.Name {
				n.Reads = append(n.Reads, "sync:"+s.Name)
			}
		}
		add(n)
	}
}

// columnKey begins what stands for a column of a source among the keys of nodes.
const columnKey = "column:"

// apart tells nodes from columns; each is sorted and once.
func apart(keys []string) (nodes, columns []string) {
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if column, ok := strings.CutPrefix(key, columnKey); ok {
			columns = append(columns, column)
		} else {
			nodes = append(nodes, key)
		}
	}
	return nodes, columns
}

// consents are those of an entity.
func consents(p *config.Project, e *config.Entity) []*config.Consent {
	var out []*config.Consent
	for _, c := range p.Consents {
		if c.Entity == e.Name {
			out = append(out, c)
		}
	}
	return out
}

// featureReads are the keys of the nodes that an aggregate reads.
func (c *compiler) featureReads(e *entity, f expr.Feature) []string {
	i := slices.IndexFunc(e.members, func(r *config.Relation) bool { return r.Reverse == f.Source })
	if i < 0 {
		out := []string{"source:" + f.Source}
		for _, name := range f.Columns {
			out = append(out, columnKey+f.Source+"."+name)
		}
		return out
	}
	r := e.members[i]
	out := []string{"relation:" + r.Name}
	for _, t := range c.entity(r.From).traits {
		if slices.Contains(f.Columns, t.Name) {
			out = append(out, "trait:"+r.From+"."+t.Name)
		}
	}
	return out
}

func (c *compiler) relationNamed(name string) *config.Relation {
	i := slices.IndexFunc(c.project.Relations, func(r *config.Relation) bool { return r.Name == name })
	return c.project.Relations[i]
}

func (c *compiler) syncEntity(s *config.Sync) *entity { return c.entity(syncEntity(c.project, s)) }

// syncEntity is the name of the entity that a sync sends.
func syncEntity(p *config.Project, s *config.Sync) string {
	if s.From.Segment == "" {
		return s.From.Entity
	}
	i := slices.IndexFunc(p.Segments, func(x *config.Segment) bool { return x.Name == s.From.Segment })
	return p.Segments[i].Entity
}

// RunsTable is the public table of runs.
var RunsTable = sql.Table{Space: sql.Public, Name: "runs"}

func (c *compiler) system() {
	c.plan.System = append(c.plan.System, sql.CreateTable{Table: RunsTable, Columns: []sql.ColumnDef{
		{Name: "run_id", Type: sql.TypeString},
		{Name: "started_at", Type: sql.TypeTimestamp},
		{Name: "finished_at", Type: sql.TypeTimestamp},
		{Name: "status", Type: sql.TypeString},
		{Name: "as_of", Type: sql.TypeTimestamp},
		{Name: "project_hash", Type: sql.TypeString},
	}})
	c.plan.System = append(c.plan.System,
		sql.CreateTable{Table: profile.DaysStateTable, Columns: profile.DaysStateColumns},
		sql.CreateTable{Table: inputs.StateTable, Columns: inputs.StateColumns})
	for _, e := range c.entities {
		c.plan.System = append(c.plan.System, identity.System(e.Entity, e.sources)...)
		if _, some := c.Erased[e.Name]; some {
			c.plan.System = append(c.plan.System, identity.SystemErased(e.Entity)...)
		}
		in := c.profileInput(e)
		// Profiles get their columns from the model that fills them. Without it
		// a new trait has no column, rather than one without values.
		in.Built = slices.ContainsFunc(c.plan.Models, func(m *models.Model) bool { return m.Name == profile.ModelName(e.Entity) })
		c.plan.System = append(c.plan.System, profile.System(in)...)
	}
	for _, r := range c.project.Relations {
		c.plan.System = append(c.plan.System, relation.System(c.relation(r)))
	}
	c.plan.System = append(c.plan.System, segment.System(c.project.Entities)...)
	c.plan.System = append(c.plan.System, audience.System()...)
	c.plan.System = append(c.plan.System, privacy.System()...)
	if len(c.project.Tests) > 0 {
		c.plan.System = append(c.plan.System, tests.System())
	}
}

// identity is what package identity wants of an entity.
func (c *compiler) identity(e *entity) identity.Input {
	in := identity.Input{Entity: e.Entity, Sources: e.sources, AsOf: c.AsOf, RunID: c.RunID}
	if e.Retention != 0 {
		in.Sent = audience.Recipients(c.project, e.Entity)
	}
	last := c.Identities[e.Name]
	if last != nil {
		for _, name := range last.Sources {
			if !slices.ContainsFunc(c.project.Sources, func(s *config.Source) bool { return s.Name == name }) {
				in.Dropped = append(in.Dropped, name)
			}
		}
	}
	in.Last, in.Because = identity.Resume(e.Entity, e.sources, c.AsOf, last, c.Refresh)
	if pending, some := c.Erased[e.Name]; some {
		in.Erased = &identity.Erased{Pending: pending, Kept: map[string]sql.Table{}}
		for _, s := range e.sources {
			if c.Aggregates[s.Name] != nil {
				in.Erased.Kept[s.Name] = profile.DaysTable(s.Name)
			}
		}
	}
	return in
}

// texts names the identifiers of a source that a trait picks as such.
func (e *entity) texts(s *config.Source) []string {
	var out []string
	for _, t := range e.traits {
		for _, r := range t.From {
			source, column := models.Reference(r)
			_, declared := s.Columns.Get(column)
			if source == s.Name && !declared && !slices.Contains(out, column) {
				out = append(out, column)
			}
		}
	}
	return out
}

// models lists everything that the whole project needs.
func (c *compiler) models() {
	add := func(m ...*models.Model) { c.plan.Models = append(c.plan.Models, m...) }
	var groups []segment.Entity
	for _, e := range c.entities {
		in := c.identity(e)
		for _, s := range e.sources {
			add(identity.Rows(in, s))
		}
		resolved := identity.Resolve(in)
		add(resolved, identity.Redirect(e.Entity))
		if in.Erased != nil && in.Erased.Pending && !c.look {
			// Whatever was selected: nothing is made of somebody who was erased.
			c.due[resolved.Name] = true
		}
		for _, s := range e.sources {
			add(identity.Map(e.Entity, s, e.texts(s)))
		}
		known := c.profileInput(e)
		add(profile.Features(known)...)
		built := profile.Build(known)
		if !c.look {
			c.recordProfile(built, e)
		}
		add(built)
		if sources, looks := c.compared(e); looks {
			add(inputs.Build(e.Entity, sources, c.Inputs))
			c.plan.Compared = append(c.plan.Compared, sources...)
		}
		c.plan.Scans = append(c.plan.Scans, profile.Explain(known)...)
		groups = append(groups, c.group(e, known.Pass))
	}
	for _, r := range c.project.Relations {
		add(relation.Build(c.relation(r)))
	}
	m := segment.Build(segment.Input{
		All: groups, AsOf: c.AsOf, RunID: c.RunID,
		Selected: c.evaluated,
	})
	if m != nil {
		if !c.look {
			c.recordSegments(m)
		}
		add(m)
	}
}

// prune keeps the models that build something selected, and those that fill
// the Work tables which the kept ones read, all the way up. A Public table
// that nobody selected is read as the last run left it.
func (c *compiler) prune() {
	uses := make([]models.Use, len(c.plan.Models))
	writers := map[sql.Table][]int{}
	keep := make([]bool, len(c.plan.Models))
	var todo []int
	for i, m := range c.plan.Models {
		uses[i] = models.ModelUse(m)
		for t := range uses[i].Writes {
			writers[t] = append(writers[t], i)
		}
		// A model without effect outside Work exists for its readers; what tells
		// changes is for the run.
		wanted := len(m.Commit) > 0 && slices.ContainsFunc(m.Nodes, c.selected) && !c.stands[m.Name]
		if wanted || c.due[m.Name] || strings.HasPrefix(m.Name, inputs.Prefix) {
			keep[i] = true
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for t := range uses[i].Reads {
			if t.Space != sql.Work {
				continue
			}
			for _, w := range writers[t] {
				if !keep[w] {
					keep[w] = true
					todo = append(todo, w)
				}
			}
		}
	}
	var kept []*models.Model
	for i, m := range c.plan.Models {
		if keep[i] {
			kept = append(kept, m)
		}
	}
	c.plan.Models = kept
	c.order()
}

// order puts the models into one in which they can run.
func (c *compiler) order() {
	graph, err := models.NewGraph(c.plan.Models)
	if err != nil {
		// The models of a project depend on each other in one direction.
		panic("compile: " + err.Error())
	}
	var out []*models.Model
	for _, i := range graph.Order {
		out = append(out, c.plan.Models[i])
	}
	c.plan.Models = out
}

// checks lists what the catalog must say of the sources that are read.
func (c *compiler) checks() {
	read := map[sql.Table]bool{}
	for _, m := range c.plan.Models {
		maps.Copy(read, models.ModelUse(m).Reads)
	}
	for _, a := range c.plan.Audiences {
		maps.Copy(read, models.AudienceUse(a).Reads)
	}
	for _, e := range c.entities {
		for _, s := range e.sources {
			table := identity.SourceTable(s)
			if !read[table] {
				continue
			}
			check := models.Check{Source: s, Table: table, Span: s.Pos.At("table")}
			if s.Files != nil {
				check.Span = s.Pos.At("files")
			}
			for _, id := range s.Identifiers {
				check.Columns = append(check.Columns, models.ColumnCheck{Column: id.Value, Span: s.Pos.At("identifiers", id.Key), Identifier: true})
			}
			for _, r := range e.relations {
				for i := range r.Via {
					v := &r.Via[i]
					if v.Source != s.Name || !slices.ContainsFunc(c.plan.Models, func(m *models.Model) bool { return m.Name == relation.ModelName(r) }) {
						continue
					}
					for _, id := range v.Identifiers {
						check.Columns = append(check.Columns, models.ColumnCheck{Column: id.Value, Span: v.Pos.At("identifiers", id.Key), Identifier: true})
					}
				}
			}
			if s.Time != "" {
				check.Columns = append(check.Columns, models.ColumnCheck{Column: s.Time, Span: s.Pos.At("time"), Want: sql.TypeTimestamp})
			}
			for _, col := range s.Columns {
				name, span := col.Key, s.Pos.Key("columns", col.Key)
				if col.Value.Column != "" && col.Value.Column != col.Key {
					name, span = col.Value.Column, s.Pos.At("columns", col.Key, "column")
				}
				check.Columns = append(check.Columns, models.ColumnCheck{Column: name, Declared: col.Key, Span: span, Want: models.ColumnType(col.Value.Type)})
			}
			c.plan.Checks = append(c.plan.Checks, check)
		}
	}
}

// forget removes what the project keeps no longer.
func (c *compiler) forget() {
	old := func(t sql.Table, column string, keep config.Duration) {
		if keep > 0 {
			c.plan.Forget = append(c.plan.Forget, sql.Delete{
				Table: t, Where: sql.Fn(sql.Lt, sql.Col("", column), sql.Timestamp(c.AsOf.Add(-time.Duration(keep)))),
			})
		}
	}
	if keep := c.project.Keep.SyncLog; keep > 0 {
		c.plan.Forget = append(c.plan.Forget, audience.ForgetLog(c.AsOf.Add(-time.Duration(keep))))
	}
	old(RunsTable, "as_of", c.project.Keep.Runs)
	if len(c.project.Tests) > 0 {
		old(tests.ResultsTable, "at", c.project.Keep.Runs)
	}
	for _, s := range c.project.Syncs {
		c.plan.Forget = append(c.plan.Forget, audience.Forget(s, time.Duration(c.project.Keep.SyncLedger), c.AsOf, c.RunID)...)
	}
}

// audiences lists what the selected syncs deliver from.
func (c *compiler) audiences() {
	for _, s := range c.project.Syncs {
		if c.selected("sync:" + s.Name) {
			a := audience.Build(c.audience(s))
			a.Tests = c.passes(s)
			c.plan.Audiences = append(c.plan.Audiences, a)
		}
	}
}

// audience is what package audience wants of a sync.
func (c *compiler) audience(s *config.Sync) audience.Input {
	e := c.syncEntity(s)
	i := slices.IndexFunc(c.project.Destinations, func(d *config.Destination) bool { return d.Name == s.To.Destination })
	in := audience.Input{
		Source: c.source(s.From.Source), Sync: s, Purpose: c.project.Purpose(s.Purpose), Destination: c.project.Destinations[i], Entity: e.Entity, Priority: c.priority(s), Traits: e.expr.Traits, Computed: e.expr.Fields, Consents: c.project.Consents, Sources: c.project.Sources, Retry: c.Retry, Resync: c.Resync, AsOf: c.AsOf, RunID: c.RunID,
	}
	if in.Purpose == nil {
		panic("compile: the sync " + s.Name + " has no purpose") // which no project is loaded with
	}
	for _, p := range c.project.Pressures {
		if p.Name == s.From.Pressure {
			in.Pressure = p
		}
	}
	for _, other := range c.project.Syncs {
		if in.Pressure != nil && other.From.Pressure == in.Pressure.Name {
			in.Pressing = append(in.Pressing, other.Name)
		}
	}
	return in
}

// source is a source by its name, nil for none.
func (c *compiler) source(name string) *config.Source {
	for _, s := range c.project.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// priority is the list of priorities that a sync names, nil where it names none.
func (c *compiler) priority(s *config.Sync) *config.Priority {
	for _, p := range c.project.Priorities {
		if p.Name == s.From.Priority {
			return p
		}
	}
	return nil
}
