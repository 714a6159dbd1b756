package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	lists "github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// asking are the flags of a request.
type asking struct {
	entity, evidence, received, purpose, because string
	yes, statements                              bool
}

// rightsCommands are those that do what people may ask for.
func (a *app) rightsCommands() []*cobra.Command {
	var q asking
	ask := func(kind, use, short, long string, least int, flags func(*cobra.Command)) *cobra.Command {
		c := &cobra.Command{
			Use: use, Short: short, Long: long, Args: cobra.MinimumNArgs(least),
			RunE: do(func(ctx context.Context, args []string) error { return a.receive(ctx, kind, args, q) }),
		}
		c.Flags().StringVar(&q.entity, "entity", "", "entity that the person is; the first that has such identifiers where none is given")
		c.Flags().StringVar(&q.evidence, "evidence", "", "what proved who asks, such as the number of a ticket; it is kept, and must not name the person")
		c.Flags().StringVar(&q.received, "received", "", "when it was asked: a date in the project's time zone, or RFC 3339; now where none is given")
		if flags != nil {
			flags(c)
		}
		return c
	}
	decide := func(use, short string, f func(ctx context.Context, args []string) error, n int) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(n), RunE: do(f)}
		c.Flags().StringVar(&q.because, "because", "", "why; it is kept, and must not name the person")
		return c
	}
	show := &cobra.Command{
		Use: "show REQUEST", Short: "Say how far a request is, step by step", Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error { return a.showRequest(ctx, args[0], q.statements) }),
	}
	show.Flags().BoolVar(&q.statements, "statements", false, "print the statements for sources that are yours to execute; they name the person")
	confirm := &cobra.Command{
		Use: "confirm REQUEST STEP [SYSTEM]", Short: "Say that a step was done by hand, and what shows it", Args: cobra.RangeArgs(2, 3),
		RunE: do(func(ctx context.Context, args []string) error { return a.confirm(ctx, args, q.evidence) }),
	}
	confirm.Flags().StringVar(&q.evidence, "evidence", "", "what shows it, such as the number of a ticket; it is kept, and must not name the person")
	return []*cobra.Command{
		ask(privacy.Erase, "erase TYPE=VALUE...", "Erase a person, here and wherever they were sent", `Erase whoever has the identifiers: they are taken out of every audience at once and
for good, removed and erased at each destination that they were ever sent to, and
nothing of them stays in our tables or in the state but keyed digests, by which
they are kept from coming back. It needs --yes, since nothing brings them back.

Each step is written down before it is done, and tried again by every run until it
is done. What no machine can do waits for somebody: customhouse privacy show says
what, and customhouse privacy confirm that it was done.`, 1, func(c *cobra.Command) {
			c.Flags().BoolVar(&q.yes, "yes", false, "do it")
		}),
		ask(privacy.Restrict, "restrict TYPE=VALUE...", "Keep a person stored, and out of every audience", "", 1, nil),
		ask(privacy.Object, "object TYPE=VALUE...", "Keep a person out of what a purpose is given for", "", 1, func(c *cobra.Command) {
			c.Flags().StringVar(&q.purpose, "purpose", "", "what they object to; everything where none is given")
		}),
		ask(privacy.Rectify, "rectify TYPE=VALUE... TRAIT=VALUE", "Correct a trait: what is said here goes before all sources, until it is withdrawn", "", 2, nil),
		decide("withdraw REQUEST", "Take a request back: a restriction, an objection or a correction that is in place goes", func(ctx context.Context, args []string) error {
			return a.withdraw(ctx, args[0], q.because)
		}, 1),
		decide("extend REQUEST", "Put the due date off by two months, once", func(ctx context.Context, args []string) error {
			return a.decide(ctx, args[0], q.because, (*privacy.Desk).Extend)
		}, 1),
		decide("refuse REQUEST", "Refuse a request of which nothing was done", func(ctx context.Context, args []string) error {
			return a.decide(ctx, args[0], q.because, (*privacy.Desk).Refuse)
		}, 1),
		confirm, show,
		{
			Use: "list", Short: "List the requests, the first received first", Args: cobra.NoArgs,
			RunE: do(func(ctx context.Context, _ []string) error { return a.listRequests(ctx) }),
		},
	}
}

// desk opens what requests are kept in.
func (a *app) desk(ctx context.Context, p *project, store *state.Store) (*privacy.Desk, error) {
	key, err := a.privacyKey(ctx, p, store)
	if err != nil {
		return nil, err
	}
	log, err := audit.Open(store, key)
	if err != nil {
		return nil, err
	}
	var options run.Options
	if a.tune != nil {
		a.tune(&options)
	}
	return &privacy.Desk{
		Store: store, Audit: log, Actor: audit.User(a.who()), By: a.who(), Key: lists.NewKey(key), Now: a.now, Reached: options.Reached,
	}, nil
}

// atDesk does what needs no warehouse.
func (a *app) atDesk(ctx context.Context, f func(*project, *privacy.Desk) error) (err error) {
	p, err := a.load()
	if err != nil {
		return err
	}
	store, err := a.openState(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	desk, err := a.desk(ctx, p, store)
	if err != nil {
		return err
	}
	return told(f(p, desk))
}

// told makes a mistake of whoever asks one of usage.
func told(err error) error {
	if wrong, ok := errors.AsType[*privacy.UserError](err); ok {
		return usageError{wrong}
	}
	return err
}

// withEngine does what needs the warehouse.
func (a *app) withEngine(ctx context.Context, f func(context.Context, *privacy.Engine) error) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	return told(a.engaged(ctx, p, f))
}

// engaged has the warehouse of a project for itself while it does steps of requests.
func (a *app) engaged(ctx context.Context, p *project, f func(context.Context, *privacy.Engine) error) (err error) {
	in, err := a.enter(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.leave()) }()
	store, err := in.store(ctx)
	if err != nil {
		return err
	}
	using, err := in.claim(ctx)
	if err != nil {
		return err
	}
	if err := in.wh.Init(using); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	e, err := a.engine(using, p, in.wh, store)
	if err != nil {
		return err
	}
	return errors.Join(f(using, e), in.wh.Clean(context.WithoutCancel(using)))
}

// engine makes what does the steps of requests.
func (a *app) engine(ctx context.Context, p *project, wh *adapters.Warehouse, store *state.Store) (*privacy.Engine, error) {
	desk, err := a.desk(ctx, p, store)
	if err != nil {
		return nil, err
	}
	o := order{runID: newRunID(a.now()), asOf: a.now().UTC().Truncate(time.Microsecond), selected: func(*project, *models.Plan) (map[string]bool, error) { return nil, nil }}
	// The project as a run under way has checked it stays as it is: steps are done
	// today, and the run's day is another.
	own := *p
	p = &own
	plan, err := p.plan(o)
	if err != nil {
		return nil, err
	}
	e := &privacy.Engine{
		Desk: *desk, Project: p.Project, Warehouse: wh, Clock: deliver.Timer(a.now), System: plan.System, RunID: o.runID, AsOf: o.asOf,
		Platforms: a.platformsOf(p), Kept: p.kind.keeps,
	}
	audience := func(s *config.Sync) *models.Audience {
		return plan.Audiences[slices.IndexFunc(plan.Audiences, func(x *models.Audience) bool { return x.Sync.Name == s.Name })]
	}
	e.Schema = func(s *config.Sync) syncs.Schema { return run.Schema(audience(s)) }
	e.Settle = func(ctx context.Context, s *config.Sync) error {
		if s == nil {
			return nil
		}
		options, err := a.options(ctx, p, plan, p.target.Deliver)
		if err != nil {
			return err
		}
		if a.tune != nil {
			a.tune(&options)
		}
		options.Warehouse, options.State, options.Events = wh, store, nil
		return run.Settle(ctx, options, audience(s))
	}
	e.Read = func(ctx context.Context, s *config.Source) error {
		files, err := a.filesOf(ctx, p, []*config.Source{s})
		if err != nil {
			return err
		}
		return wh.ReadFiles(ctx, s.Name, files[s.Name])
	}
	return e, nil
}

// platformsOf opens the destinations of a project for what people may ask of them.
func (a *app) platformsOf(p *project) privacy.Platforms {
	return func(ctx context.Context, name string) (*privacy.Platform, error) {
		if !p.target.Deliver {
			return nil, fmt.Errorf("target %s does not say deliver: true, so nothing is asked of its destinations: %w", p.target.Name, privacy.ErrNotYet)
		}
		c, err := a.contact(ctx, name)
		if err != nil {
			return nil, err
		}
		filled, err := c.objects("")
		return &privacy.Platform{Asker: c.asker, Filled: filled, Close: c.leave}, err
	}
}

// question is a request as somebody brings it.
type question struct {
	kind, entity string
	// identifiers are as they were typed.
	identifiers                               []state.Identifier
	evidence, received, purpose, trait, value string
	// yes says that nothing brings back who is erased.
	yes bool
	// key is that of an Ask.
	key string
}

// pairs reads arguments of the form type=value.
func pairs(args []string) ([]state.Identifier, error) {
	var out []state.Identifier
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" || value == "" {
			return nil, usageError{errors.New("write whom it is about as type=value, such as email=jo@example.com")}
		}
		out = append(out, state.Identifier{Type: name, Value: value})
	}
	return out, nil
}

// requestOf is the request that a question is, with identifiers as they were typed.
func (a *app) requestOf(p *project, q question) (privacy.Ask, error) {
	out := privacy.Ask{Kind: q.kind, Identifiers: q.identifiers, Evidence: q.evidence, Purpose: q.purpose, Trait: q.trait, Value: q.value, Key: q.key}
	entity, err := p.entityOf(q.entity, q.identifiers)
	if err != nil {
		return out, err
	}
	out.Entity = entity.Name
	if q.received != "" {
		if out.Received, err = instantOf("--received", q.received, p.Timezone); err != nil {
			return out, err
		}
	}
	switch q.kind {
	case privacy.Rectify:
		o, err := a.order(p)
		if err != nil {
			return out, err
		}
		return out, p.correctable(o, entity, q.trait, q.value)
	case privacy.Object:
		var names []string
		for _, x := range p.Purposes {
			names = append(names, x.Name)
		}
		if q.purpose != "" && !slices.Contains(names, q.purpose) {
			return out, unknown("the project has no purpose "+q.purpose, q.purpose, names, "there are")
		}
	case privacy.Erase:
		if !q.yes {
			return out, usageError{errors.New("whoever has these identifiers would be erased, here and wherever they were sent, for good: say --yes")}
		}
	}
	return out, nil
}

// entityOf is the entity of a name, or else the first that has identifiers of all
// types.
func (p *project) entityOf(name string, identifiers []state.Identifier) (*config.Entity, error) {
	var types []string
	for _, e := range p.Entities {
		if name != "" && e.Name != name {
			continue
		}
		has := func(kind string) bool {
			return slices.ContainsFunc(e.Identifiers, func(id config.Identifier) bool { return id.Name == kind })
		}
		if !slices.ContainsFunc(identifiers, func(id state.Identifier) bool { return !has(id.Type) }) {
			return e, nil
		}
		for _, id := range e.Identifiers {
			types = append(types, id.Name)
		}
	}
	return nil, unknown("no entity has all of these types of identifier", identifiers[0].Type, types, "there are")
}

// correctable says why a trait cannot be given a value, nil where it can.
func (p *project) correctable(o order, e *config.Entity, name, value string) error {
	var names []string
	for _, t := range p.Traits {
		if t.Entity == e.Name {
			names = append(names, t.Name)
		}
	}
	if !slices.Contains(names, name) {
		return unknown(e.Name+" has no trait "+name, name, names, "there are")
	}
	if _, err := p.plan(o); err != nil {
		return err
	}
	var err error
	want := ""
	switch p.checked.TraitType(e.Name, name) { //nolint:exhaustive // the others cannot be said in a word
	case sql.TypeString:
	case sql.TypeInt:
		_, err = strconv.ParseInt(value, 10, 64)
		want = "a whole number"
	case sql.TypeFloat, sql.TypeDecimal:
		_, err = strconv.ParseFloat(value, 64)
		want = "a number"
	case sql.TypeBool:
		if value != "true" && value != "false" {
			err = errors.New(value)
		}
		want = "true or false"
	case sql.TypeDate:
		_, err = time.Parse(time.DateOnly, value)
		want = "a date such as 2026-01-31"
	case sql.TypeTimestamp:
		_, err = time.Parse(time.DateTime, value)
		want = "an instant in UTC such as '2026-01-31 12:00:00'"
	default:
		return usageError{fmt.Errorf("the trait %s has a list, which cannot be corrected: correct what it is made of", name)}
	}
	if err != nil {
		return usageError{fmt.Errorf("the trait %s wants %s", name, want)}
	}
	return nil
}

// carryOn does what is left of the requests of people before anything is built or sent:
// in the warehouse whatever the target delivers, so that store may be nil. What fails is
// said, and tried again by the next run.
func (a *app) carryOn(ctx context.Context, p *project, wh *adapters.Warehouse, store *state.Store) (err error) {
	if store == nil {
		if store, err = a.someState(ctx, p); store == nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
	}
	list, err := store.PrivacyRequests(ctx)
	if err != nil || !slices.ContainsFunc(list, func(r state.PrivacyRequest) bool { return r.Open() }) {
		return err
	}
	if err := wh.Init(ctx); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	e, err := a.engine(ctx, p, wh, store)
	if err != nil {
		return err
	}
	failed := e.Continue(ctx)
	if ctx.Err() != nil {
		return failed
	}
	if failed != nil {
		for line := range strings.Lines(failed.Error()) {
			a.complain(strings.TrimSpace(line), "it is tried again by the next run; customhouse privacy list says when it is due")
		}
	}
	return nil
}

// outlived has those erased elsewhere who are not to be kept any longer, by what a
// run has just found out. What fails is tried again by the next one.
func (a *app) outlived(ctx context.Context, p *project, wh *adapters.Warehouse, store *state.Store, asOf time.Time) error {
	if store == nil || !p.target.Deliver || !slices.ContainsFunc(p.Entities, func(e *config.Entity) bool { return e.Retention != 0 }) {
		return nil
	}
	e, err := a.engine(ctx, p, wh, store)
	if err != nil {
		return err
	}
	n, err := e.Outlived(ctx, asOf)
	if err != nil || n == 0 {
		return err
	}
	a.say("retention: %s no longer kept, and erased where they were sent to: customhouse privacy list", counted(int64(n), "person"))
	return a.carryOn(ctx, p, wh, store)
}

// receive writes a request down and does what can be done at once.
func (a *app) receive(ctx context.Context, kind string, args []string, q asking) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	identifiers, err := pairs(args)
	if err != nil {
		return err
	}
	what := question{kind: kind, entity: q.entity, evidence: q.evidence, received: q.received, purpose: q.purpose, yes: q.yes}
	if kind == privacy.Rectify {
		last := len(identifiers) - 1
		what.trait, what.value, identifiers = identifiers[last].Type, identifiers[last].Value, identifiers[:last]
	}
	what.identifiers = identifiers
	ask, err := a.requestOf(p, what)
	if err != nil {
		return err
	}
	return a.withEngine(ctx, func(ctx context.Context, e *privacy.Engine) error {
		r, fresh, err := received(ctx, e, ask)
		if err != nil {
			return err
		}
		if !fresh {
			a.stands(r)
		}
		_, failed := e.Advance(ctx, r.ID)
		return errors.Join(a.printRequest(ctx, e.Store, r.ID, nil), failed)
	})
}

// received writes a request down that has identifiers as they were typed.
func received(ctx context.Context, e *privacy.Engine, ask privacy.Ask) (r state.PrivacyRequest, fresh bool, err error) {
	if ask.Identifiers, err = e.Normalise(ctx, ask.Entity, ask.Identifiers); err != nil {
		return r, false, err
	}
	return e.Receive(ctx, ask)
}

// stands says that what somebody asks for was asked for before.
func (a *app) stands(r state.PrivacyRequest) {
	fmt.Fprintf(a.stderr, "this stands already, and no second request is made of it: %s, received %s\n", r.ID, r.Received.Format(time.DateOnly))
}

// decide decides about a request.
func (a *app) decide(ctx context.Context, id, because string, f func(*privacy.Desk, context.Context, string, string) (state.PrivacyRequest, error)) error {
	return a.atDesk(ctx, func(_ *project, d *privacy.Desk) error {
		if _, err := f(d, ctx, id, because); err != nil {
			return err
		}
		return a.printRequest(ctx, d.Store, id, nil)
	})
}

func (a *app) withdraw(ctx context.Context, id, because string) error {
	return a.withEngine(ctx, func(ctx context.Context, e *privacy.Engine) error {
		if _, err := e.Withdraw(ctx, id, because); err != nil {
			return err
		}
		return a.printRequest(ctx, e.Store, id, nil)
	})
}

// confirm says that somebody has done a step, and goes on from there.
func (a *app) confirm(ctx context.Context, args []string, evidence string) error {
	system := ""
	if len(args) > 2 {
		system = args[2]
	}
	return a.withEngine(ctx, func(ctx context.Context, e *privacy.Engine) error {
		if _, err := e.Confirm(ctx, args[0], args[1], system, evidence); err != nil {
			return err
		}
		_, failed := e.Advance(ctx, args[0])
		return errors.Join(a.printRequest(ctx, e.Store, args[0], nil), failed)
	})
}

func (a *app) showRequest(ctx context.Context, id string, statements bool) error {
	if statements {
		return a.withEngine(ctx, func(ctx context.Context, e *privacy.Engine) error {
			r, err := e.Store.PrivacyRequest(ctx, id)
			if err != nil {
				return err
			}
			list, err := e.Statements(r)
			if err != nil {
				return err
			}
			return a.printRequest(ctx, e.Store, id, list)
		})
	}
	return a.atDesk(ctx, func(_ *project, d *privacy.Desk) error { return a.printRequest(ctx, d.Store, id, nil) })
}

// The schemas of what the commands write as JSON.
const (
	requestSchema  = "customhouse/privacy-request/v1"
	requestsSchema = "customhouse/privacy-requests/v1"
)

// requested is a request as JSON: it names nobody.
type requested struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	Entity     string            `json:"entity"`
	Status     string            `json:"status"`
	Purpose    string            `json:"purpose,omitempty"`
	Trait      string            `json:"trait,omitempty"`
	Evidence   string            `json:"evidence"`
	Reason     string            `json:"reason,omitempty"`
	By         string            `json:"by"`
	Received   time.Time         `json:"received"`
	Due        time.Time         `json:"due"`
	Overdue    bool              `json:"overdue"`
	Extended   *time.Time        `json:"extended,omitempty"`
	Because    string            `json:"extended_because,omitempty"`
	Ended      *time.Time        `json:"ended,omitempty"`
	Steps      []requestedStep   `json:"steps,omitempty"`
	Statements map[string]string `json:"statements,omitempty"`
}

type requestedStep struct {
	Step     string     `json:"step"`
	System   string     `json:"system"`
	Status   string     `json:"status"`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error,omitempty"`
	Receipt  string     `json:"receipt,omitempty"`
	At       *time.Time `json:"at,omitempty"`
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *app) requested(r state.PrivacyRequest, steps []state.PrivacyStep) requested {
	out := requested{
		ID: r.ID, Kind: r.Kind, Entity: r.Entity, Status: r.Status, Purpose: r.Purpose, Trait: r.Trait, Evidence: r.Evidence, Reason: r.Reason, By: r.By,
		Received: r.Received, Due: r.Due, Overdue: r.Open() && a.now().After(r.Due), Extended: when(r.Extended), Because: r.Because, Ended: when(r.Ended),
	}
	for _, x := range steps {
		out.Steps = append(out.Steps, requestedStep{x.Step, x.System, x.Status, x.Attempts, x.Error, x.Receipt, when(x.At)})
	}
	return out
}

func (a *app) printRequest(ctx context.Context, store *state.Store, id string, statements map[string]string) error {
	r, err := store.PrivacyRequest(ctx, id)
	if err != nil {
		return err
	}
	steps, err := store.PrivacySteps(ctx, id)
	if err != nil {
		return err
	}
	out := a.requested(r, steps)
	out.Statements = statements
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema string `json:"schema"`
			requested
		}{requestSchema, out})
	}
	a.say("%s: %s, %s", r.ID, strings.Join(strings.Fields(r.Kind+" "+r.Purpose+" "+r.Trait), " "), r.Status)
	a.say("  received %s, due %s", r.Received.Format(time.DateOnly), r.Due.Format(time.DateOnly))
	if out.Extended != nil {
		a.say("  extended: %s", r.Because)
	}
	if r.Reason != "" {
		a.say("  because: %s", r.Reason)
	}
	for _, x := range out.Steps {
		a.say("  %-8s %s %s", x.Status, x.Step, x.System)
		for _, text := range []string{x.Error, x.Receipt} {
			if text != "" {
				a.say("           %s", text)
			}
		}
	}
	for _, s := range slices.Sorted(maps.Keys(statements)) {
		a.say("%s:\n%s;", s, statements[s])
	}
	return nil
}

func (a *app) listRequests(ctx context.Context) error {
	return a.atDesk(ctx, func(_ *project, d *privacy.Desk) error {
		list, err := d.Store.PrivacyRequests(ctx)
		if err != nil {
			return err
		}
		out := []requested{}
		for _, r := range list {
			out = append(out, a.requested(r, nil))
		}
		if a.format == "json" {
			return console.JSON(a.stdout, struct {
				Schema   string      `json:"schema"`
				Requests []requested `json:"requests"`
			}{requestsSchema, out})
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, r := range out {
			late := ""
			if r.Overdue {
				late = "OVERDUE"
			}
			fmt.Fprintln(w, strings.TrimRight(strings.Join([]string{r.ID, r.Kind, r.Status, "due " + r.Due.Format(time.DateOnly), late}, "\t"), "\t"))
		}
		return w.Flush()
	})
}
