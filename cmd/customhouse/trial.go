package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// whenArgument is what findings call the argument of --when; no segment has such
// a name.
const whenArgument = "--when"

// options are how a trial is compiled: as the next run will be, by the target.
func (s *segmenter) options(ctx context.Context) (compile.Options, error) {
	left, err := run.Left(ctx, s.wh, s.project.Project)
	return compile.Options{AsOf: s.plan.AsOf, Target: s.project.target.Name, RunID: s.plan.RunID, Left: left}, err
}

// readable sees that sources can be read.
func (s *segmenter) readable(ctx context.Context, list []models.Check) error {
	files, err := s.files(ctx, s.project, &models.Plan{Checks: list})
	if err != nil {
		return err
	}
	for _, c := range list {
		if read, ok := files[c.Source.Name]; ok {
			if err := s.wh.ReadFiles(ctx, c.Source.Name, read); err != nil {
				return err
			}
		}
		_, err := s.wh.Columns(ctx, c.Table)
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
			return fmt.Errorf("source %s is not there: %s", c.Source.Name, known.Message)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prepared fills the tables of a trial, calls f and drops them.
func (s *segmenter) prepared(ctx context.Context, t *compile.Trial, f func() error) (err error) {
	if ctx, err = s.in.claim(ctx); err != nil {
		return err
	}
	if err := s.readable(ctx, t.Checks); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.wh.Exec(context.WithoutCancel(ctx), t.Discard...)) }()
	if err := s.steps(ctx, t.Prepare); err != nil {
		return notBuilt(err)
	}
	return f()
}

// steps runs those of a trial.
func (s *segmenter) steps(ctx context.Context, list []models.Step) error {
	return run.Steps(ctx, s.wh, deliver.Timer(s.now), list)
}

// segmentPreview is customhouse/segment-preview/v1.
type segmentPreview struct {
	Schema string `json:"schema"`
	// Segment is absent for an expression.
	Segment  string    `json:"segment,omitempty"`
	When     string    `json:"when"`
	Entity   string    `json:"entity"`
	AsOf     time.Time `json:"as_of"`
	Members  int64     `json:"members"`
	Profiles int64     `json:"profiles"`
	// Stored compares a segment with its members of the last run.
	Stored *storedMembers `json:"stored,omitempty"`
	Sample []sampled      `json:"sample"`
	// Masked says that texts of the sample are not shown.
	Masked bool `json:"masked"`
}

type storedMembers struct {
	Members    int64 `json:"members"`
	WouldEnter int64 `json:"would_enter"`
	WouldLeave int64 `json:"would_leave"`
}

// sampled is a member with the traits that the condition reads.
type sampled struct {
	ID     int64   `json:"id"`
	Traits []field `json:"traits"`
}

// previewFlags are what preview is told.
type previewFlags struct {
	when, entity string
}

func (a *app) previewCommand() *cobra.Command {
	limit := int64(10)
	var f previewFlags
	c := &cobra.Command{
		Use:   "preview <name> | preview --when <expression>",
		Short: "Who would be in a segment now, saved or not",
		Long: `Evaluate a segment, or an expression that is no segment yet, on the sources as
they are now and the identities of the last run: how many, and a few of them with
the traits that the condition reads. Only what the condition needs is computed,
in work tables; nothing is written.

Values that are personal or sensitive are masked without --unmask.`,
		Example: `  customhouse segments preview vip
  customhouse segments preview --when 'spent > 100.0 && country == "FR"' --unmask --because 'ticket 4711'`,
		Args: cobra.MaximumNArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			if (len(args) == 1) == (f.when != "") {
				return usageError{errors.New("segments preview takes the name of a segment, or an expression with --when")}
			}
			if len(args) == 1 && f.entity != "" {
				return usageError{errors.New("--entity is for --when: a segment has one")}
			}
			return a.segments(ctx, limit, func(ctx context.Context, s *segmenter) error { return s.preview(ctx, args, f) })
		}),
	}
	c.Flags().StringVar(&f.when, "when", "", "the expression to try, in CEL")
	c.Flags().StringVar(&f.entity, "entity", "", "whose members --when asks for; the project's first entity by default")
	a.unmaskFlags(c)
	c.Flags().Int64Var(&limit, "limit", limit, "how many members the sample has at most")
	return c
}

func (s *segmenter) preview(ctx context.Context, args []string, f previewFlags) error {
	p, x, err := s.tried(args, f)
	if err != nil {
		return err
	}
	what := audit.Of("segment", x.Name)
	if x.Name == whenArgument {
		what = audit.Of("entity", x.Entity) // The expression may name somebody.
	}
	if s.masks, err = s.masker(ctx, s.project, what, someone{}); err != nil {
		return err
	}
	options, err := s.options(ctx)
	if err != nil {
		return err
	}
	trial, found := compile.Try(p, options, compile.Wanted{Entity: x.Entity, Segments: []string{x.Name}})
	if err := found.Err(); err != nil {
		return err
	}
	if found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Span.Source == nil || d.Span.Source.Name != whenArgument }); len(found) > 0 {
		diag.Render(s.stderr, found)
	}
	out := segmentPreview{
		Schema: "customhouse/segment-preview/v1", When: x.When, Entity: x.Entity, AsOf: s.plan.AsOf, Sample: []sampled{}, Masked: !s.unmask,
	}
	if x.Name != whenArgument {
		out.Segment = x.Name
	}
	err = s.prepared(ctx, trial, func() error {
		if err := s.countTrial(ctx, trial, x, &out); err != nil {
			return err
		}
		return s.sampleTrial(ctx, trial, x, &out)
	})
	if err != nil {
		return err
	}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

// tried is the segment to try, and the project that has it.
func (s *segmenter) tried(args []string, f previewFlags) (*config.Project, *config.Segment, error) {
	if len(args) == 1 {
		list, err := s.named(args)
		if err != nil {
			return nil, nil, err
		}
		return s.project.Project, list[0], nil
	}
	var names []string
	for _, e := range s.project.Entities {
		names = append(names, e.Name)
	}
	if len(names) == 0 {
		return nil, nil, errors.New("the project has no entities")
	}
	entity := cmp.Or(f.entity, names[0])
	if s.entity(entity) == nil {
		return nil, nil, unknown("there is no entity "+entity, entity, names, "there are")
	}
	x := &config.Segment{Name: whenArgument, Entity: entity, When: f.when, Pos: strict.Plain(whenArgument, "when", f.when)}
	p := *s.project.Project
	p.Segments = append(slices.Clone(p.Segments), x)
	return &p, x, nil
}

// countTrial counts the members, and those that the last run did not know.
func (s *segmenter) countTrial(ctx context.Context, t *compile.Trial, x *config.Segment, out *segmentPreview) error {
	is := sql.Col("t", expr.SegmentColumn(x.Name))
	count := func(cond sql.Expr, as string) sql.Item {
		return sql.As(sql.Fn(sql.Count, sql.If(cond, sql.Int(1), nil)), as)
	}
	q := &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "profiles"), count(is, "members")},
		From:  sql.TableRef{Table: t.Members, As: "t"},
	}
	if out.Segment != "" {
		id := identity.Column(t.Entity)
		was := sql.Fn(sql.IsNotNull, sql.Col("m", id))
		q.Items = append(q.Items, count(was, "stored"), count(sql.And{is, sql.Fn(sql.Not, was)}, "enter"), count(sql.And{sql.Fn(sql.Not, is), was}, "leave"))
		q.From = sql.Joins(q.From, sql.Join{
			Kind: sql.LeftJoin, On: sql.Fn(sql.Eq, sql.Col("m", id), sql.Col("t", id)),
			Right: sql.Derived{As: "m", Query: &sql.Select{
				Items: sql.Items("s", id), From: sql.TableRef{Table: segment.Table, As: "s"},
				Where: sql.Fn(sql.Eq, sql.Col("s", "segment"), sql.String(x.Name)),
			}},
		})
	}
	rows, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	out.Profiles, out.Members = integer(rows[0][0]), integer(rows[0][1])
	if out.Segment != "" {
		out.Stored = &storedMembers{integer(rows[0][2]), integer(rows[0][3]), integer(rows[0][4])}
	}
	return nil
}

// sampleTrial reads the first members.
func (s *segmenter) sampleTrial(ctx context.Context, t *compile.Trial, x *config.Segment, out *segmentPreview) error {
	id := identity.Column(t.Entity)
	items := sql.Items("w", id)
	for _, c := range t.Columns {
		items = append(items, sql.Items("w", c.Name)...)
	}
	rows, err := s.ask(ctx, &sql.Select{
		Items: items,
		From: sql.Joins(sql.TableRef{Table: t.Members, As: "t"},
			sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: t.Traits, As: "w"}, On: sql.Fn(sql.Eq, sql.Col("w", id), sql.Col("t", id))}),
		Where:   sql.Col("t", expr.SegmentColumn(x.Name)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("w", id))},
		Limit:   s.limit,
	})
	for _, r := range rows {
		one := sampled{ID: integer(r[0]), Traits: []field{}}
		for i, c := range t.Columns {
			one.Traits = append(one.Traits, field{c.Name, s.masks.Value(s.masks.Trait(x.Entity, c.Name), r[i+1])})
		}
		out.Sample = append(out.Sample, one)
	}
	return err
}

func (o segmentPreview) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		line("%s of %s, %s, as of %s. Nothing is written.",
			console.Number(o.Members), counted(o.Profiles, o.Entity), share(o.Members, o.Profiles), moment(o.AsOf))
		if o.Stored != nil {
			line("The last run has %s: %s would enter, %s would leave.",
				console.Number(o.Stored.Members), console.Number(o.Stored.WouldEnter), console.Number(o.Stored.WouldLeave))
		}
		if len(o.Sample) == 0 {
			return
		}
		headings := []string{o.Entity}
		for _, f := range o.Sample[0].Traits {
			headings = append(headings, f.Name)
		}
		row := titled(line, headings...)
		for _, x := range o.Sample {
			cells := []string{strconv.FormatInt(x.ID, 10)}
			for _, f := range x.Traits {
				cells = append(cells, cmp.Or(console.Line(f.Value), "-"))
			}
			row(cells...)
		}
	})
}

// segmentExplanation is customhouse/segment-explain/v1.
type segmentExplanation struct {
	Schema  string    `json:"schema"`
	Segment string    `json:"segment"`
	Entity  string    `json:"entity"`
	ID      int64     `json:"id"`
	AsOf    time.Time `json:"as_of"`
	// In is what the condition says now, Since when the last run has it in the
	// segment, absent where it has not.
	In    bool       `json:"in"`
	Since *time.Time `json:"since,omitempty"`
	// LastRun is when the segment was evaluated last.
	LastRun   *time.Time     `json:"last_run,omitempty"`
	Condition *explainedPart `json:"condition"`
}

// explainedPart is a part of a condition.
type explainedPart struct {
	Text string           `json:"text"`
	Kind compile.PartKind `json:"kind"`
	// Value is nil where there is no value.
	Value *bool `json:"value"`
	// Decides says that the answer of the whole rests on this part.
	Decides bool             `json:"decides"`
	Segment string           `json:"segment,omitempty"`
	Seen    []field          `json:"seen,omitempty"`
	Parts   []*explainedPart `json:"parts,omitempty"`
}

func (a *app) segmentExplainCommand() *cobra.Command {
	who := ""
	c := &cobra.Command{
		Use:   "explain <name> --for <identifier>=<value>",
		Short: "Why somebody is in a segment, or is not",
		Long: `The condition of the segment part by part, each with what it says of this one
profile and with the values that it saw, on the sources as they are now. Segments
that it reads are opened too. The parts that decide are marked.

Values that are personal or sensitive are masked without --unmask; whether a part
holds is not.`,
		Example: `  customhouse segments explain vip --for email=ada@example.com
  customhouse segments explain vip --for id=42`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			if who == "" {
				return usageError{errors.New("segments explain wants to know for whom: --for email=ada@example.com")}
			}
			return a.segments(ctx, 1, func(ctx context.Context, s *segmenter) error { return s.explain(ctx, args[0], who) })
		}),
	}
	c.Flags().StringVar(&who, "for", "", "an identifier of the one to explain, or id=42")
	a.unmaskFlags(c)
	return c
}

func (s *segmenter) explain(ctx context.Context, name, who string) error {
	list, err := s.named([]string{name})
	if err != nil {
		return err
	}
	kind, value, ok := strings.Cut(who, "=")
	if !ok {
		return usageError{errors.New("the identifier has to look like email=ada@example.com")}
	}
	e := s.entity(list[0].Entity)
	id, err := s.find(ctx, e, strings.TrimSpace(kind), value)
	if err != nil {
		return err
	}
	if s.masks, err = s.masker(ctx, s.project, audit.Of("segment", name), someone{e.Name, id}); err != nil {
		return err
	}
	out, err := s.whether(ctx, list[0], id)
	if err != nil {
		return err
	}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

// whether says why an entity is in a segment or not.
func (s *segmenter) whether(ctx context.Context, seg *config.Segment, id int64) (segmentExplanation, error) {
	out := segmentExplanation{Schema: "customhouse/segment-explain/v1", Segment: seg.Name, Entity: seg.Entity, ID: id, AsOf: s.plan.AsOf}
	options, err := s.options(ctx)
	if err != nil {
		return out, err
	}
	x, found := compile.Explain(s.project.Project, options, seg.Name, id)
	if err := found.Err(); err != nil {
		return out, err
	}
	if err := s.prepared(ctx, x.Trial, func() error { return s.values(ctx, x, &out) }); err != nil {
		return out, err
	}
	return out, s.stored(ctx, seg, &out)
}

// stored is what the last run knows.
func (s *segmenter) stored(ctx context.Context, x *config.Segment, out *segmentExplanation) error {
	rows, err := s.ask(ctx, &sql.Select{
		Items: sql.Items("m", "entered_at"), From: sql.TableRef{Table: segment.Table, As: "m"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("m", "segment"), sql.String(x.Name)),
			sql.Fn(sql.Eq, sql.Col("m", identity.Column(s.entity(x.Entity))), sql.Int(out.ID)),
		},
	})
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		out.Since = optional[time.Time](rows[0][0])
	}
	past, err := s.past(ctx, []*config.Segment{x}, 1)
	if runs := past[x.Name]; len(runs) > 0 {
		out.LastRun = &runs[0].At
	}
	return err
}

// values reads the trial and fills the parts in.
func (s *segmenter) values(ctx context.Context, x *compile.Explanation, out *segmentExplanation) error {
	known := map[string]any{}
	for _, t := range []sql.Table{x.Traits, x.Members} {
		columns, err := s.wh.Columns(ctx, t)
		if err != nil {
			return err
		}
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
		}
		rows, err := s.ask(ctx, &sql.Select{Items: sql.Items("t", names...), From: sql.TableRef{Table: t, As: "t"}})
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			return fmt.Errorf("%s %d has no profile", out.Entity, out.ID)
		}
		for i, name := range names {
			known[name] = rows[0][i]
		}
	}
	out.Condition = explained(x.Root, known)
	s.maskParts(out.Entity, out.Condition)
	out.In = isYes(out.Condition.Value)
	if now := truth(known[expr.SegmentColumn(out.Segment)]); now != out.In {
		return fmt.Errorf("the parts of %s do not add up to what it says of %s %d: please report its expression", out.Segment, out.Entity, out.ID)
	}
	out.Condition.decide()
	return nil
}

// maskParts masks what the parts of a condition saw: traits by their class, what is
// aggregated of a source by that of the source, and all else.
func (s *segmenter) maskParts(entity string, p *explainedPart) {
	for i, f := range p.Seen {
		class := s.masks.Trait(entity, f.Name)
		if source, _, ok := strings.Cut(f.Name, "."); ok {
			class = s.masks.Source(source)
		}
		if _, member := f.Value.(bool); !member {
			p.Seen[i].Value = s.masks.Value(class, f.Value)
		}
	}
	for _, x := range p.Parts {
		s.maskParts(entity, x)
	}
}

func isYes(v *bool) bool { return v != nil && *v }

// explained gives a part its value, by the three-valued logic that SQL and CEL
// share.
func explained(p *compile.Part, known map[string]any) *explainedPart {
	out := &explainedPart{Text: p.Text, Kind: p.Kind, Segment: p.Segment}
	for _, x := range p.Parts {
		out.Parts = append(out.Parts, explained(x, known))
	}
	for _, s := range p.Seen {
		out.Seen = append(out.Seen, field{s.Text, known[s.Column]})
	}
	yes, no := true, false
	member := func(segment string) bool { return segment != "" && truth(known[expr.SegmentColumn(segment)]) }
	switch p.Kind {
	case compile.Leaf:
		switch {
		case p.Column != "":
			out.Value = optional[bool](known[p.Column])
		case member(p.Yes):
			out.Value = &yes
		case member(p.No):
			out.Value = &no
		}
	case compile.All, compile.Any:
		// The value that decides alone.
		alone := p.Kind == compile.Any
		rest := !alone
		out.Value = &rest
		for _, x := range out.Parts {
			if x.Value == nil {
				out.Value = nil
			}
		}
		for _, x := range out.Parts {
			if x.Value != nil && *x.Value == alone {
				out.Value = &alone
			}
		}
	case compile.Not:
		if v := out.Parts[0].Value; v != nil {
			opposite := !*v
			out.Value = &opposite
		}
	case compile.Choice:
		switch v := out.Parts[0].Value; {
		case v == nil:
		case *v:
			out.Value = out.Parts[1].Value
		default:
			out.Value = out.Parts[2].Value
		}
	case compile.IsTrue:
		v := isYes(out.Parts[0].Value)
		out.Value = &v
	case compile.Member:
		v := member(p.Segment)
		out.Value = &v
	}
	return out
}

// decide marks the parts on which the value rests.
func (p *explainedPart) decide() {
	p.Decides = true
	mark := func(cond func(*explainedPart) bool) {
		for _, x := range p.Parts {
			if cond(x) {
				x.decide()
			}
		}
	}
	switch p.Kind {
	case compile.All:
		mark(func(x *explainedPart) bool { return isYes(p.Value) || !isYes(x.Value) })
	case compile.Any:
		mark(func(x *explainedPart) bool { return !isYes(p.Value) || isYes(x.Value) })
	case compile.Choice:
		p.Parts[0].decide()
		switch v := p.Parts[0].Value; {
		case v == nil:
		case *v:
			p.Parts[1].decide()
		default:
			p.Parts[2].decide()
		}
	case compile.Not, compile.IsTrue, compile.Member:
		mark(func(*explainedPart) bool { return true })
	case compile.Leaf:
	}
}

func (o segmentExplanation) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		is := "is not in"
		if o.In {
			is = "is in"
		}
		line("%s %d %s %s, as of %s", o.Entity, o.ID, is, o.Segment, moment(o.AsOf))
		switch {
		case o.LastRun == nil:
			line("no run has evaluated it yet")
		case o.Since != nil && o.In:
			line("the last run, as of %s, agrees: a member since %s", moment(*o.LastRun), moment(*o.Since))
		case o.Since != nil:
			line("the last run, as of %s, differs: a member since %s, which would leave now", moment(*o.LastRun), moment(*o.Since))
		case o.In:
			line("the last run, as of %s, differs: no member, which would enter now", moment(*o.LastRun))
		default:
			line("the last run, as of %s, agrees", moment(*o.LastRun))
		}
		line("* decides")
		o.Condition.lines(line, 0)
	})
}

// partWords say how a part follows from those below it.
var partWords = map[compile.PartKind]string{
	compile.All: "all of", compile.Any: "any of", compile.Not: "not", compile.Choice: "if, then, else", compile.IsTrue: "is_true",
}

func (p *explainedPart) lines(line func(string, ...any), depth int) {
	mark := " "
	if p.Decides {
		mark = "*"
	}
	value := "no value"
	switch {
	case p.Value == nil:
	case *p.Value:
		value = "yes"
	default:
		value = "no"
	}
	text := partWords[p.Kind]
	switch p.Kind {
	case compile.Leaf:
		text = console.Line(p.Text)
	case compile.Member:
		text = "in the segment " + p.Segment
	case compile.All, compile.Any, compile.Not, compile.Choice, compile.IsTrue:
	}
	seen := make([]string, len(p.Seen))
	for i, f := range p.Seen {
		seen[i] = console.Line(f.Name) + " is " + said(f.Value)
	}
	line("%s %s\t%s%s\t%s", mark, value, strings.Repeat("  ", depth), text, strings.Join(seen, ", "))
	for _, x := range p.Parts {
		x.lines(line, depth+1)
	}
}

// said is a value in words.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return "no value"
	case string:
		return strconv.Quote(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return console.Line(v)
}
