package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/impact"
	"github.com/customhouse-cdp/customhouse/cmd/internal/manifest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// candidateFlags are those of a plan that builds a candidate.
type candidateFlags struct {
	candidate bool
	base      string
	rebuild   bool
	schema    string
	keep      bool
	// sample is the percentage of customers to compare, 0 for all.
	sample  float64
	comment string
}

// marker is the table by which a schema is known to be one of candidates, to be
// cleared and thrown away.
var marker = sql.Table{Space: sql.Public, Name: "customhouse_plan"}

// candidate is a plan that builds the project beside what was built last.
type candidate struct {
	*app
	flags   planFlags
	project *project
	plan    *models.Plan
	// base is the project that production runs, nil where it is not known.
	base *project
	in   *entered
	// before is where the earlier build is, after where the candidate's is.
	before, after *adapters.Warehouse
	sample        map[string]sql.Table
	// claimed are the builds whose schemas are there to be thrown away: nothing else
	// is ever removed.
	claimed []*adapters.Warehouse
	// without is what each sync would send without the change, by name; nil where
	// that is not known.
	without map[string]map[string]int64
}

// impact builds the candidate and says what it changes.
func (a *app) impact(ctx context.Context, f planFlags) (err error) {
	p, err := a.load()
	if err != nil {
		return err
	}
	c := &candidate{app: a, flags: f, project: p}
	if f.base != "" {
		if c.base, err = a.loadBase(p, f.base); err != nil {
			return err
		}
	}
	schema := f.schema
	if schema == "" {
		schema = p.target.Schema + "_plan"
	}
	if err := c.apart(schema); err != nil {
		return err
	}
	if c.in, err = a.enter(ctx, p); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.in.leave()) }()
	if ctx, err = c.claim(ctx, schema); err != nil {
		return err
	}
	if a.unmask {
		if err := a.note(ctx, p, audit.Unmasked, audit.Of("plan", "candidate"), someone{}); err != nil {
			return err
		}
	}
	last, err := lastRun(ctx, c.in.wh)
	if err != nil {
		return err
	}
	if last != nil && last.status == runRunning {
		return fmt.Errorf("run %s on target %s is not finished: its tables are between two states. Plan when it is; where it was killed, the next run puts that right", last.id, p.target.Name)
	}
	if a.asOf == "" && last != nil {
		// What depends on the time would differ, and not for the change.
		a.asOf = last.asOf.Format(time.RFC3339Nano)
	}
	if c.plan, err = a.plan(p); err != nil {
		return err
	}
	report, err := c.compare(ctx, schema, last)
	if err != nil {
		return err
	}
	if again, err := lastRun(ctx, c.in.wh); err != nil {
		return err
	} else if again.key() != last.key() && !f.rebuild {
		return fmt.Errorf("target %s was built while the candidate was: they cannot be compared. Plan again", p.target.Name)
	}
	return c.tell(report)
}

// loadBase loads the project of another folder as that of the same place: it reads
// the files that this one reads.
func (a *app) loadBase(p *project, dir string) (*project, error) {
	other := *a
	other.projectDir, other.dirGiven, other.target = dir, true, p.target.Name
	base, err := other.load()
	if err != nil {
		return nil, fmt.Errorf("loading the base in %s: %w", dir, err)
	}
	base.dir = p.dir
	return base, nil
}

// claim keeps other plans out of the schema, where the warehouse does not.
func (c *candidate) claim(ctx context.Context, schema string) (context.Context, error) {
	if !c.in.wh.Shared() {
		return ctx, nil
	}
	store, err := c.in.store(ctx)
	if err != nil {
		return ctx, err
	}
	using, stop, err := store.Use(ctx, "schema "+schema+" of target "+c.project.target.Name)
	if err != nil {
		return ctx, err
	}
	c.in.last = append(c.in.last, stop)
	return using, nil
}

// ran is a row of the table of runs.
type ran struct {
	id, status string
	asOf       time.Time
}

func (r *ran) key() string {
	if r == nil {
		return ""
	}
	return r.id + " " + r.status
}

// runRunning is the status of a run that has not ended.
const runRunning = "running"

// lastRun is the newest run of a target, nil where there was none.
func lastRun(ctx context.Context, wh *adapters.Warehouse) (*ran, error) {
	rows, err := wh.All(ctx, &sql.Select{
		Items: sql.Items("r", "run_id", "status", "as_of"), From: sql.TableRef{Table: compile.RunsTable, As: "r"},
		OrderBy: []sql.Order{{Expr: sql.Col("r", "started_at"), Desc: true}, {Expr: sql.Col("r", "run_id"), Desc: true}}, Limit: 1,
	})
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound || err == nil && len(rows) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking at the last run: %w", err)
	}
	out := &ran{asOf: instant(rows[0][2]).UTC()}
	out.id, _ = rows[0][0].(string)
	out.status, _ = rows[0][1].(string)
	return out, nil
}

// compare builds what is to be built, and reports. What was built is removed.
func (c *candidate) compare(ctx context.Context, schema string, last *ran) (report *impact.Report, err error) {
	asked := c.in.wh.Asked()
	billed, _ := c.in.wh.BytesBilled()
	report = &impact.Report{
		Schema: "customhouse/impact/v1", Project: c.project.Name, Target: c.project.target.Name, AsOf: c.plan.AsOf, Base: impact.BuiltLast,
		Resources: []impact.Resource{}, Identities: []impact.Identity{}, Traits: []impact.Entity{}, Segments: []impact.Segment{}, Syncs: []impact.Sync{},
	}
	if last != nil {
		report.BaseAsOf = &last.asOf
	}
	if err := c.resources(report); err != nil {
		return nil, err
	}
	if err := c.divisible(); err != nil {
		return nil, err
	}
	report.Sample = c.flags.sample
	c.before, c.after = c.in.wh, c.beside(schema)
	shared := []*adapters.Warehouse{c.in.wh, c.after}
	if !c.flags.keep {
		defer func() { err = errors.Join(err, c.remove(ctx)) }()
	}
	if c.flags.rebuild {
		base := c.base
		c.before = c.beside(schema + rebuiltSchema)
		shared = append(shared, c.before)
		report.Base, report.BaseAsOf = impact.Rebuilt, &c.plan.AsOf
		checked, found := compile.Check(base.Project, c.options(""))
		if err := found.Err(); err != nil {
			return nil, err
		}
		base.checked = checked
		plan := checked.Plan(c.options(newRunID(c.now())))
		if err := c.start(ctx, plan, c.in.wh, c.before); err != nil {
			return nil, err
		}
		if err := c.run(ctx, base, plan, c.before); err != nil {
			return nil, fmt.Errorf("building the base: %w", err)
		}
	}
	if err := c.start(ctx, c.plan, c.before, c.after); err != nil {
		return nil, err
	}
	if err := c.build(ctx, report); err != nil {
		return nil, fmt.Errorf("building the candidate: %w", err)
	}
	if err := c.differences(ctx, report); err != nil {
		return nil, err
	}
	report.Settle()
	for _, wh := range shared {
		report.Cost.Statements += wh.Asked()
	}
	report.Cost.Statements -= asked
	if now, known := c.in.wh.BytesBilled(); known {
		bytes := now - billed
		report.Cost.BytesBilled = &bytes
	}
	return report, nil
}

// options are those of both projects.
func (c *candidate) options(runID string) compile.Options {
	return compile.Options{AsOf: c.plan.AsOf, Target: c.project.target.Name, RunID: runID}
}

// rebuiltSchema ends the name of the schema that the base is built in.
const rebuiltSchema = "_base"

// apart refuses schemas that the target has its own tables in.
func (c *candidate) apart(schema string) error {
	target := c.project.target
	theirs := c.project.kind.layout(target)
	own := append(slices.Clip(theirs.Catalog), theirs.Schema)
	names := []string{schema}
	if c.flags.rebuild {
		names = append(names, schema+rebuiltSchema)
	}
	for _, name := range names {
		if most := c.project.kind.longestSchema; most != 0 && len(name) > most {
			return usageError{fmt.Errorf("the schema %s, in which the comparison would build, has %d characters, and %d are allowed: name a shorter one with --schema", name, len(name), most)}
		}
		beside := *target
		beside.Schema = name
		ours := c.project.kind.layout(&beside)
		public := append(slices.Clip(ours.Catalog), ours.Schema)
		if slices.Equal(public, own) || slices.Equal(public, theirs.Work) || slices.Equal(ours.Work, own) {
			return usageError{fmt.Errorf("--schema is %s, and what is built there would lie where target %s has its tables: name another one", schema, target.Name)}
		}
	}
	return nil
}

// beside is another schema on the same connection.
func (c *candidate) beside(schema string) *adapters.Warehouse {
	target := *c.project.target
	target.Schema = schema
	sources := c.project.fileSources()
	if c.base != nil {
		sources = append(sources, c.base.fileSources()...)
	}
	return c.in.wh.Share(c.project.kind.options(&target, sources))
}

// remove throws the builds away, also after an interruption.
func (c *candidate) remove(ctx context.Context) (err error) {
	for _, wh := range c.claimed {
		if failed := wh.Remove(context.WithoutCancel(ctx)); failed != nil {
			err = errors.Join(err, fmt.Errorf("removing what was built to be compared: %w", failed))
		}
	}
	return err
}

// ours sees that a schema is there to be thrown away, and empties it.
func (c *candidate) ours(ctx context.Context, wh *adapters.Warehouse) error {
	if err := wh.Init(ctx); err != nil {
		return fmt.Errorf("making the schema of the candidate: %w", err)
	}
	names, err := wh.Tables(ctx)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "script_commits" })
	if len(names) > 0 && !slices.Contains(names, marker.Name) {
		schema := wh.Names(marker)
		return fmt.Errorf("the schema %s holds tables that no plan has made: name another one with --schema, or remove it", schema[len(schema)-2])
	}
	theirs, err := wh.Theirs(ctx)
	if err != nil {
		return err
	}
	if len(theirs) > 0 {
		return fmt.Errorf("%s is no table of a plan, and would go when the candidate does: name another schema with --schema, or remove it", strings.Join(theirs, ", "))
	}
	c.claimed = append(c.claimed, wh)
	if len(names) > 0 {
		if err := wh.Remove(ctx); err != nil {
			return err
		}
		if err := wh.Init(ctx); err != nil {
			return fmt.Errorf("making the schema of the candidate: %w", err)
		}
	}
	return wh.Exec(ctx, sql.CreateTable{Table: marker, Columns: []sql.ColumnDef{{Name: "run_id", Type: sql.TypeString}}})
}

// start fills a schema of our own with copies of what an earlier build has left.
func (c *candidate) start(ctx context.Context, plan *models.Plan, from, to *adapters.Warehouse) error {
	if err := c.ours(ctx, to); err != nil {
		return err
	}
	if err := copied(ctx, plan, from, to); err != nil {
		return fmt.Errorf("copying what was built last: %w", err)
	}
	return nil
}

// build builds the candidate. Of a sample its identities come first, of all
// customers, and the rest of those who are chosen among them.
func (c *candidate) build(ctx context.Context, report *impact.Report) error {
	if c.flags.sample == 0 {
		if err := c.unchanged(ctx, report); err != nil {
			return err
		}
		return c.run(ctx, c.project, c.plan, c.after)
	}
	identities, rest := c.options(c.plan.RunID), c.options(c.plan.RunID)
	identities.Select, rest.Select = map[string]bool{}, map[string]bool{}
	for _, n := range c.plan.Nodes {
		switch {
		case c.plan.Selected != nil && !c.plan.Selected[n.Key]:
		case n.Kind == "test": // what holds of all need not hold of a part
		case n.Kind == "entity":
			identities.Select[n.Key] = true
		default:
			rest.Select[n.Key] = true
		}
	}
	if err := c.run(ctx, c.project, c.project.checked.Plan(identities), c.after); err != nil {
		return err
	}
	sides := c.sides()
	var err error
	if report.Identities, err = sides.Identities(ctx); err != nil {
		return err
	}
	c.sample = map[string]sql.Table{}
	for _, e := range c.project.Entities {
		if err := sides.Choose(ctx, e, c.flags.sample/100); err != nil {
			return fmt.Errorf("choosing a sample of %s: %w", e.Name, err)
		}
		if err := sides.Reduce(ctx, e, holders(e)); err != nil {
			return fmt.Errorf("keeping the sample of %s: %w", e.Name, err)
		}
		c.sample[e.Name] = impact.SampleTable(e)
	}
	if err := c.unchanged(ctx, report); err != nil {
		return err
	}
	return c.run(ctx, c.project, c.project.checked.Plan(rest), c.after)
}

// holders are the tables that have ids of an entity and that a build goes on from.
func holders(e *config.Entity) map[sql.Table]string {
	id := identity.Column(e)
	out := map[sql.Table]string{
		identity.IdentitiesTable(e): id, profile.Table(e): id, profile.HistoryTable(e): id, segment.Table: id,
	}
	for _, t := range []sql.Table{audience.Ledger, audience.Pending, audience.Rejections, audience.Log} {
		out[t] = "entity_id"
	}
	return out
}

// divisible refuses a sample of what only all customers answer.
func (c *candidate) divisible() error {
	if c.flags.sample == 0 {
		return nil
	}
	if n := len(c.project.Entities); n != 1 {
		return usageError{fmt.Errorf("--sample is for projects of one entity, and this one has %d: which of them belong together is not known beforehand", n)}
	}
	if names := c.project.checked.ComparesAll(); len(names) > 0 {
		return usageError{fmt.Errorf("something compares each %s with all others (rank, percentile, top and the like), which a sample answers otherwise: plan without --sample", names[0])}
	}
	return nil
}

// unchanged asks what each sync would send without the change. The copies of what
// was built last stand for it, so that nothing of that is written to.
func (c *candidate) unchanged(ctx context.Context, report *impact.Report) error {
	if c.base == nil || report.BaseAsOf == nil {
		return nil
	}
	checked, found := compile.Check(c.base.Project, c.options(""))
	if err := found.Err(); err != nil {
		return err
	}
	c.base.checked = checked
	list, err := c.syncs(ctx, c.base)
	c.without = map[string]map[string]int64{}
	for _, s := range list {
		c.without[s.Sync] = s.Counts
	}
	return err
}

// run runs a project in a schema of our own, as the next run would upon what is
// there.
func (c *candidate) run(ctx context.Context, p *project, plan *models.Plan, to *adapters.Warehouse) error {
	options, err := c.app.options(ctx, p, plan, false)
	if err != nil {
		return err
	}
	options.Warehouse, options.Key = to, c.in.key
	resumed, revise, err := c.resume(ctx, p, to, plan, options.Files, false)
	if err != nil {
		return err
	}
	// What syncs would send is asked of the candidate alone, at the end.
	options.Plan = withoutSyncs(resumed)
	options.Revise = func(ctx context.Context) (*models.Plan, error) {
		plan, err := revise(ctx)
		if err != nil {
			return nil, err
		}
		return withoutSyncs(plan), nil
	}
	summary, err := run.Run(ctx, options)
	if err != nil {
		return err
	}
	if summary.Status == run.OK {
		return nil
	}
	if ctx.Err() != nil {
		return run.ErrInterrupted
	}
	var failed []error
	for _, m := range summary.Models {
		if _, skipped := errors.AsType[*run.SkipError](m.Err); m.Err != nil && !skipped {
			failed = append(failed, fmt.Errorf("%s: %w", m.Name, m.Err))
		}
	}
	return cmp.Or(errors.Join(failed...), errors.New("it was not built as a whole"))
}

// withoutSyncs is a plan without its syncs.
func withoutSyncs(plan *models.Plan) *models.Plan {
	out := *plan
	out.Audiences = nil
	return &out
}

// own are tables that a build starts without: what a target remembers of its own
// runs.
var own = []string{
	compile.RunsTable.Name, audience.Leases.Name, segment.ChangesTable.Name, segment.SizesTable.Name, marker.Name, "script_commits",
}

// copied copies the tables of a build to another schema.
func copied(ctx context.Context, plan *models.Plan, from, to *adapters.Warehouse) error {
	names, err := from.Tables(ctx)
	if err != nil {
		return err
	}
	skip := slices.Clone(own)
	if len(plan.Project.Pressures) == 0 {
		skip = append(skip, audience.Log.Name)
	}
	for _, name := range names {
		if slices.Contains(skip, name) {
			continue
		}
		t := sql.Table{Space: sql.Public, Name: name}
		columns, err := from.Columns(ctx, t)
		if err != nil {
			return err
		}
		all := make([]string, len(columns))
		for i, c := range columns {
			all[i] = c.Name
		}
		create := sql.CreateTableAs{Table: t, Query: &sql.Select{Items: sql.Items("t", all...), From: sql.TableRef{Table: from.Foreign(t), As: "t"}}}
		for _, s := range plan.System {
			if s.Table == t {
				create.Key = s.Key
			}
		}
		if err := to.Exec(ctx, create); err != nil {
			return err
		}
	}
	return nil
}

// resources compares the definitions, with the base's or with a saved manifest.
func (c *candidate) resources(report *impact.Report) error {
	var before *manifest.Manifest
	var err error
	switch {
	case c.base != nil:
		checked, found := compile.Check(c.base.Project, c.options(""))
		if err := found.Err(); err != nil {
			return err
		}
		before, err = c.base.manifest(checked.Plan(c.options("")).Nodes)
	case c.state != "":
		before, err = manifest.Read(c.state)
		if err != nil {
			err = usageError{err}
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	after, err := c.project.manifest(c.plan.Nodes)
	if err != nil {
		return err
	}
	report.Compared = true
	for _, change := range manifest.Compare(before, after) {
		r := impact.Resource{Key: change.Key, Change: string(change.Kind), Settings: []impact.Setting{}, Before: change.Before, After: change.After}
		for _, s := range change.Settings {
			r.Settings = append(r.Settings, impact.Setting(s))
		}
		report.Resources = append(report.Resources, r)
	}
	return nil
}

// sides are the two builds.
func (c *candidate) sides() impact.Sides {
	return impact.Sides{
		Before: c.before, After: c.after, Project: c.project.Project, RunID: c.plan.RunID, Values: c.unmask, Sample: c.sample,
	}
}

// differences asks the two builds.
func (c *candidate) differences(ctx context.Context, report *impact.Report) (err error) {
	sides := c.sides()
	if c.sample == nil {
		if report.Identities, err = sides.Identities(ctx); err != nil {
			return err
		}
	}
	if report.Traits, err = sides.Traits(ctx); err != nil {
		return err
	}
	report.Segments, err = sides.Segments(ctx, func(ctx context.Context, s *impact.Segment) error {
		return c.decides(ctx, sides, s, report.BaseAsOf != nil)
	})
	if err != nil {
		return err
	}
	if report.Syncs, err = c.syncs(ctx, c.project); err != nil {
		return err
	}
	for i := range report.Syncs {
		s := &report.Syncs[i]
		s.Without = c.without[s.Sync]
		if s.Without == nil && c.without != nil {
			s.Without = map[string]int64{} // there is no such sync
		}
	}
	return nil
}

// decides fills in for which parts of its condition a segment is entered and left.
func (c *candidate) decides(ctx context.Context, sides impact.Sides, s *impact.Segment, built bool) (err error) {
	of := func(p *project) bool {
		return slices.ContainsFunc(p.Segments, func(x *config.Segment) bool { return x.Name == s.Segment && x.Entity == s.Entity })
	}
	switch {
	case !of(c.project):
		s.Untold = "the segment is removed"
		return nil
	case c.base != nil && !of(c.base):
		s.Untold = "the segment is new"
		return nil
	}
	many := fmt.Sprintf("its condition has more than %d parts", impact.MaxParts)
	if s.Left > 0 {
		if s.Kept, err = c.parts(ctx, sides, c.project, c.after, s, impact.Leaving); err != nil {
			return err
		}
	}
	if s.Left > 0 && s.Kept == nil {
		s.Untold = many
	}
	switch {
	case s.Entered == 0 || !built:
		return nil
	case c.base == nil:
		s.Untold = "--base has the condition that kept out who enters"
		return nil
	}
	// The tables are those of the base, the work is done where the candidate's is.
	target := *c.project.target
	parts := c.before.Names(sql.Table{Space: sql.Public, Name: "x"})
	target.Schema = parts[len(parts)-2]
	layout := c.project.kind.options(&target, c.base.fileSources())
	work := c.after.Names(sql.Table{Space: sql.Work, Name: "x"})
	layout.Work = work[:len(work)-1]
	s.Let, err = c.parts(ctx, sides, c.base, c.in.wh.Share(layout), s, impact.Entering)
	if known, ok := errors.AsType[*adapters.Error](err); ok && (known.Kind == adapters.NotFound || known.Kind == adapters.Syntax) {
		s.Untold = "the target was not built by the project of --base: " + known.Message
		return nil
	}
	if err == nil && s.Let == nil {
		s.Untold = many
	}
	return err
}

// parts evaluates the parts of a condition in a build, and counts those that
// decide.
func (c *candidate) parts(ctx context.Context, sides impact.Sides, p *project, wh *adapters.Warehouse, s *impact.Segment, move impact.Move) (out []impact.Part, err error) {
	look := &segmenter{&shower{app: c.app, project: p, plan: c.plan, in: c.in, wh: wh}}
	options, err := look.options(ctx)
	if err != nil {
		return nil, err
	}
	x, found := compile.Explain(p.Project, options, s.Segment, 0)
	if err := found.Err(); err != nil {
		return nil, err
	}
	if t, ok := c.sample[s.Entity]; ok {
		x.Among(&sql.Select{Items: sql.Items("k", identity.Column(x.Entity)), From: sql.TableRef{Table: c.after.Foreign(t), As: "k"}})
	}
	if err := look.readable(ctx, x.Checks); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, wh.Exec(context.WithoutCancel(ctx), x.Discard...)) }()
	if err := run.Steps(ctx, wh, deliver.Timer(c.now), x.Prepare); err != nil {
		return nil, err
	}
	return sides.Decides(ctx, x, x.Entity, s.Segment, move)
}

// syncs says what the selected syncs of a project would do with what is in the
// schema of the candidate.
func (c *candidate) syncs(ctx context.Context, p *project) ([]impact.Sync, error) {
	out := []impact.Sync{}
	options := c.options(c.plan.RunID)
	options.Select = map[string]bool{}
	for _, s := range p.Syncs {
		if key := "sync:" + s.Name; c.plan.Selected == nil || c.plan.Selected[key] {
			options.Select[key] = true
		}
	}
	if len(options.Select) == 0 {
		return out, nil
	}
	plan := p.checked.Plan(options)
	looking, err := c.app.options(ctx, p, plan, false)
	if err != nil {
		return nil, err
	}
	looking.Warehouse, looking.Events, looking.Brief = c.after, nil, true
	list, err := run.Preview(ctx, looking)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		s := impact.Sync{
			Sync: f.Sync, Destination: f.Destination, Mode: f.Mode, Counts: map[string]int64{}, Requests: f.Requests,
			Again: console.AgainText(f.Full), Guards: append([]string{}, f.Guards...),
		}
		for _, v := range f.Counts.Values {
			s.Counts[v.Name] = v.Value
		}
		if c.sample != nil {
			s.Guards = []string{} // they are about all rows
		}
		out = append(out, s)
	}
	return out, nil
}

// tell writes the report, and chooses the exit code.
func (c *candidate) tell(r *impact.Report) error {
	if c.flags.comment != "" {
		if err := os.WriteFile(c.flags.comment, []byte(r.Markdown()), 0o644); err != nil { //nolint:gosec // it is to be read by others
			return fmt.Errorf("writing the comment: %w", err)
		}
	}
	var err error
	if c.format == "json" {
		err = console.JSON(c.stdout, r)
	} else {
		err = aligned(c.stdout, func(line func(string, ...any)) {
			for l := range strings.Lines(r.Text()) {
				line("%s", strings.TrimSuffix(l, "\n"))
			}
		})
	}
	switch {
	case err != nil:
		return err
	case r.Stopped():
		return failure{exitFailure}
	case r.Changes && c.flags.detailed:
		return failure{exitChanges}
	}
	return nil
}
