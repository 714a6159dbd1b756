package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// The steps, in the order in which they are done.
const (
	// stepSuppress puts the person on the list of the erased, and out of every
	// audience: from then on they cannot come back.
	stepSuppress = "suppress"
	// stepList puts a restriction or correction in place.
	stepList = "list"
	// stepSettle waits for what earlier deliveries of a sync have on their way.
	stepSettle = "settle"
	// stepRemove takes the rows of a sync away at its destination.
	stepRemove = "remove"
	// stepErase has a destination forget the person.
	stepErase = "erase"
	// stepScrub leaves nothing in our tables.
	stepScrub = "scrub"
	// stepSource takes the person out of a source of the user's.
	stepSource = "source"
	// stepTable is a table in our schema that nobody knows the contents of.
	stepTable = "table"
	// stepCompact leaves nothing of what was deleted in files of the warehouse.
	stepCompact = "compact"
	// stepClose leaves nothing of the person in the state.
	stepClose = "close"
)

func (w *work) doers() map[string]step {
	return map[string]step{
		stepSuppress: w.suppress, stepList: w.list, stepSettle: w.settle, stepRemove: w.remove, stepErase: w.erase, stepScrub: w.scrub,
		stepSource: w.source, stepCompact: w.compact, stepClose: w.close,
	}
}

// gates says that nothing may be done after a step that failed, but for what
// stands alone.
func (*work) gates(x *state.PrivacyStep) bool {
	return slices.Contains([]string{stepSuppress, stepList, stepSettle, stepScrub}, x.Step)
}

// alone says that a step may be done whatever came of those before it.
func (*work) alone(x *state.PrivacyStep) bool { return x.Step == stepErase }

// warehouse and store are the systems of steps that are ours.
const (
	warehouse = "warehouse"
	store     = "state"
)

// todo are the steps of the request.
func (w *work) todo(ctx context.Context) ([]state.PrivacyStep, error) {
	var out []state.PrivacyStep
	add := func(name, system, status, receipt string) {
		out = append(out, state.PrivacyStep{Request: w.request.ID, Step: name, System: system, Status: status, Receipt: receipt})
	}
	if w.request.Kind == Rectify {
		add(stepList, warehouse, Todo, "")
		return out, nil
	}
	first := stepList
	if w.request.Kind == Erase {
		first = stepSuppress
	}
	add(first, warehouse, Todo, "")
	var destinations []string
	for _, s := range w.sent() {
		if w.request.Kind == Object && w.request.Purpose != "" && s.Purpose != w.request.Purpose {
			continue
		}
		add(stepSettle, s.Name, Todo, "")
		add(stepRemove, s.Name, Todo, "")
		if !slices.Contains(destinations, s.To.Destination) {
			destinations = append(destinations, s.To.Destination)
		}
	}
	if !w.ends() {
		return out, nil
	}
	for _, name := range w.forgotten() {
		add(stepErase, name, Manual, "the project has no sync "+name+" any more, which the person was sent by: erase them where it sent to")
	}
	for _, d := range destinations {
		add(stepErase, d, Todo, "")
	}
	add(stepScrub, warehouse, Todo, "")
	if w.request.Kind == Expire {
		add(stepClose, store, Todo, "")
		return out, ctx.Err()
	}
	for _, s := range w.Project.Sources {
		if s.Entity == w.entity.Name {
			add(stepSource, s.Name, Todo, "")
		}
	}
	for _, t := range w.found.Unknown {
		add(stepTable, t, Manual, "this table is none that we know: see whether the person is in it, and take them out or drop it")
	}
	add(stepCompact, warehouse, Todo, "")
	add(stepClose, store, Todo, "")
	return out, ctx.Err()
}

// ends says that nothing is to be left of the person.
func (w *work) ends() bool { return w.request.Kind == Erase || w.request.Kind == Expire }

// sent are the syncs that ever sent the person.
func (w *work) sent() []*config.Sync {
	var out []*config.Sync
	for _, s := range w.Project.Syncs {
		if slices.ContainsFunc(w.found.Keys, func(k key) bool { return k.Sync == s.Name }) {
			out = append(out, s)
		}
	}
	return out
}

// forgotten are the syncs that sent the person and that the project has no more.
func (w *work) forgotten() []string {
	var out []string
	for _, k := range w.found.Keys {
		if w.sync(k.Sync) == nil && !slices.Contains(out, k.Sync) {
			out = append(out, k.Sync)
		}
	}
	return out
}

func (w *work) sync(name string) *config.Sync {
	for _, s := range w.Project.Syncs {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// add makes a script that puts rows of the request on a list.
func (w *work) add(ctx context.Context, table string, rows [][]any) ([]sql.Statement, error) {
	for _, t := range privacy.System() {
		if t.Table.Name == table {
			return privacy.Add(t, w.request.ID), w.load(ctx, privacy.Load(t), rows)
		}
	}
	panic("privacy: there is no list " + table)
}

// restrictions are the rows that keep the person out of audiences.
func (w *work) restrictions(kind string, purpose any) [][]any {
	var rows [][]any
	for _, x := range w.found.Identifiers {
		if x.Kind == privacy.Own {
			rows = append(rows, []any{w.request.ID, w.request.Entity, x.Type, x.Value, kind, purpose, w.AsOf})
		}
	}
	return rows
}

// suppress is the point of no return.
func (w *work) suppress(ctx context.Context, _ *state.PrivacyStep) (string, error) {
	var rows [][]any
	for _, x := range w.found.Identifiers {
		rows = append(rows, []any{w.request.ID, w.request.Entity, x.Type, w.Key.Digest(x.Type, x.Value), x.Kind, w.AsOf, number(x.Number)})
	}
	suppressed, err := w.add(ctx, privacy.Suppressions.Name, rows)
	if err != nil {
		return "", err
	}
	// Until they are out of the tables they are kept out of audiences by name.
	restricted, err := w.add(ctx, privacy.Restrictions.Name, w.restrictions(privacy.Restricted, nil))
	if err != nil {
		return "", err
	}
	all := append(append(suppressed, privacy.AddCheck(w.Key.CheckDigest(), w.AsOf)), restricted...)
	return fmt.Sprintf("%d identifiers", len(rows)), w.Warehouse.Script(ctx, all)
}

// list puts a restriction, an objection or a correction in place.
func (w *work) list(ctx context.Context, _ *state.PrivacyStep) (string, error) {
	var table string
	var rows [][]any
	switch w.request.Kind {
	case Restrict, Expire:
		table, rows = privacy.Restrictions.Name, w.restrictions(privacy.Restricted, nil)
	case Object:
		var purpose any
		if w.request.Purpose != "" {
			purpose = w.request.Purpose
		}
		table, rows = privacy.Restrictions.Name, w.restrictions(privacy.Objected, purpose)
	case Rectify:
		table = privacy.Corrections.Name
		for _, x := range w.found.Identifiers {
			if x.Kind == privacy.Own {
				rows = append(rows, []any{w.request.ID, w.request.Entity, x.Type, x.Value, w.request.Trait, w.request.Value, w.AsOf})
			}
		}
	}
	script, err := w.add(ctx, table, rows)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d identifiers", len(rows)), w.Warehouse.Script(ctx, script)
}

// settle takes over what earlier deliveries of a sync left.
func (w *work) settle(ctx context.Context, x *state.PrivacyStep) (string, error) {
	return "", w.Settle(ctx, w.sync(x.System))
}

// rows are those of the person that a sync sent.
func (w *work) rows(sync string, kind syncs.Kind) []syncs.Op {
	var out []syncs.Op
	for _, k := range w.found.Keys {
		if k.Sync == sync && !slices.ContainsFunc(out, func(op syncs.Op) bool { return op.Key == k.Key }) {
			out = append(out, syncs.Op{Kind: kind, Key: k.Key, EntityID: k.ID})
		}
	}
	return out
}

// remove takes the rows of a sync away.
func (w *work) remove(ctx context.Context, x *state.PrivacyStep) (_ string, err error) {
	s := w.sync(x.System)
	if s == nil {
		return "the project has the sync no more", errManual
	}
	p, err := w.Platforms(ctx, s.To.Destination)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	kind := p.takesAway(s.To.Object)
	switch {
	case !w.ends() && !s.To.Audience:
		// The record stays, as the law has it; what is no member is in no audience. A
		// sync that takes away who left does so by itself.
		if s.To.OnLeave != config.None {
			return w.left(ctx, s)
		}
		return "the rows stay at " + s.To.Destination + ", and get no more updates: see that nobody uses them there", errManual
	case kind == 0 && w.erases(p, s.To.Destination):
		return "nothing can be taken away there: the destination is asked to erase the person", nil
	case kind == 0 && w.ends():
		return "nothing can be taken away there: see the step erase of " + s.To.Destination, nil
	case kind == 0:
		return p.byHand("take the rows of the person away"), errManual
	}
	ops := w.rows(s.Name, kind)
	receipts, err := p.Remove(ctx, deliver.Removal{ID: w.request.ID, AsOf: w.AsOf, Schema: w.Schema(s), Ops: ops})
	w.reached("privacy removed")
	text, missing := told(receipts)
	if err == nil && missing > 0 {
		err = fmt.Errorf("%d of %d rows were not taken away: %s", missing, len(ops), text)
	}
	if err != nil {
		return "", err
	}
	// What is not there any more is not to be taken away by the sync.
	return without(text, w.found, w.request.Identifiers), w.script(ctx, w.forget(s))
}

// forget makes the ledger know no rows of the person.
func (w *work) forget(s *config.Sync) []sql.Statement {
	var out []sql.Statement
	for _, t := range []sql.Table{audience.Ledger, audience.Pending} {
		out = append(out, sql.Delete{Table: t, Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("", "sync"), sql.String(s.Name)),
			sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: &sql.Select{
				Items: sql.Items("k", "key"), From: sql.TableRef{Table: person.Keys.Table, As: "k"}, Where: sql.Fn(sql.Eq, sql.Col("k", "sync"), sql.String(s.Name)),
			}},
		}})
	}
	return out
}

// left says that the sync itself has taken the rows away, or will.
func (w *work) left(ctx context.Context, s *config.Sync) (string, error) {
	if err := w.equip(ctx); err != nil {
		return "", err
	}
	n, err := w.Warehouse.Int(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: audience.Ledger, As: "l"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("l", "sync"), sql.String(s.Name)),
			sql.InQuery{Exprs: []sql.Expr{sql.Col("l", "key")}, Query: &sql.Select{
				Items: sql.Items("k", "key"), From: sql.TableRef{Table: person.Keys.Table, As: "k"}, Where: sql.Fn(sql.Eq, sql.Col("k", "sync"), sql.String(s.Name)),
			}},
		},
	})
	if err != nil || n == 0 {
		return "the sync took them away", err
	}
	return "", ErrNotYet
}

// erases says that a platform can be asked to erase the person.
func (w *work) erases(p *Platform, destination string) bool {
	how := p.spec().Erasure
	return len(how.Objects(p.Filled)) > 0 && len(identified(how, w.Project, destination, w.entity, w.found)) > 0
}

// erase has a destination forget the person by all that it may know of them.
func (w *work) erase(ctx context.Context, x *state.PrivacyStep) (_ string, err error) {
	p, err := w.Platforms(ctx, x.System)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if !w.erases(p, x.System) {
		for _, s := range w.sent() {
			if s.To.Destination == x.System && !whole(p.takesAway(s.To.Object)) {
				return p.byHand("the destination has no call that erases somebody: erase the person there by hand"), errManual
			}
		}
		return "all that was sent was taken away", nil
	}
	var words []string
	how := p.spec().Erasure
	people := identified(how, w.Project, x.System, w.entity, w.found)
	for _, object := range how.Objects(p.Filled) {
		for _, by := range how.By {
			if len(people[by]) == 0 {
				continue
			}
			receipts, err := p.Erase(ctx, deliver.Erasure{ID: w.request.ID, AsOf: w.AsOf, Object: object, By: by, People: people[by]})
			w.reached("privacy erased")
			text, missing := told(receipts)
			if err == nil && missing > 0 {
				err = errors.New(text)
			}
			if err != nil {
				return "", fmt.Errorf("by %s: %w", by, err)
			}
			words = append(words, fmt.Sprintf("by %s: %s", by, text))
		}
	}
	if how.Later != "" {
		words = append(words, how.Later)
	}
	words = append(words, how.Beyond...)
	return without(strings.Join(words, "; "), w.found, w.request.Identifiers), nil
}

// whole says that a kind leaves nothing of a row.
func whole(k syncs.Kind) bool { return k == syncs.Delete || k == syncs.Remove }

// scrub leaves nothing in our tables.
func (w *work) scrub(ctx context.Context, _ *state.PrivacyStep) (string, error) {
	if err := w.equip(ctx); err != nil {
		return "", err
	}
	tables, err := w.Warehouse.Public(ctx)
	if err != nil {
		return "", err
	}
	script, _ := w.in.Scrub(tables, w.RunID, sql.Timestamp(w.AsOf))
	return "", w.Warehouse.Script(ctx, script)
}

// source executes the statement on a source of the user's, where the project lets
// us.
func (w *work) source(ctx context.Context, x *state.PrivacyStep) (string, error) {
	for _, s := range w.Project.Sources {
		if s.Name != x.System {
			continue
		}
		if err := w.equip(ctx); err != nil {
			return "", err
		}
		statement := w.in.Source(s)
		if s.Erase && statement != nil {
			return "executed", w.Warehouse.Exec(ctx, statement)
		}
		n, err := w.rowsOf(ctx, s)
		switch {
		case err != nil:
			return "", err
		case n == 0:
			return "no row of it carries an identifier of the person alone", nil
		case statement == nil:
			return fmt.Sprintf("take the person out of the files of %s: %s", s.Name, rowCount(n)), errManual
		}
		return fmt.Sprintf("execute the statement for %s that customhouse privacy show %s --statements prints: %s", s.Name, w.request.ID, rowCount(n)), errManual
	}
	return "the project has the source no more", nil
}

func rowCount(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// rowsOf counts the rows of a source that carry an identifier of the person alone.
func (w *work) rowsOf(ctx context.Context, s *config.Source) (int64, error) {
	q := w.in.SourceRows(s)
	if q == nil {
		return 0, nil
	}
	if s.Files != nil {
		if err := w.Read(ctx, s); err != nil {
			return 0, err
		}
	}
	return w.Warehouse.Int(ctx, q)
}

// lookAgainAfter is how often a source is looked at that somebody is to take a person
// out of: it may be large, and requests many.
const lookAgainAfter = 24 * time.Hour

// lookAgain ends a step that somebody was to do by hand at a source, where nothing of
// the person is there any more.
func (w *work) lookAgain(ctx context.Context, x *state.PrivacyStep) error {
	if x.Step != stepSource || w.Now().Sub(x.At) < lookAgainAfter {
		return nil
	}
	receipt, err := w.source(ctx, x)
	x.At = w.Now().UTC()
	switch {
	case errors.Is(err, errManual):
		x.Receipt = receipt
	case err != nil:
		return fmt.Errorf("%s %s: %s", x.Step, x.System, without(err.Error(), w.found, w.request.Identifiers))
	default:
		x.Status, x.Receipt = Done, receipt
		if err := w.noteStep(ctx, audit.StepDone, *x); err != nil {
			return err
		}
	}
	return w.Store.SaveStep(ctx, *x)
}

// Statements are those that somebody executes on sources of theirs, as long as the
// request has its identifiers, by the source.
func (e *Engine) Statements(r state.PrivacyRequest) (map[string]string, error) {
	entity := e.entity(r.Entity)
	if entity == nil || len(r.Found) == 0 {
		return map[string]string{}, nil
	}
	w := &work{Engine: e, request: &r, entity: entity, in: person.Input{Project: e.Project, Entity: entity}}
	if err := w.read(); err != nil {
		return nil, err
	}
	values := map[string][]string{}
	for _, x := range w.found.Identifiers {
		if x.Kind == privacy.Own {
			values[x.Type] = append(values[x.Type], x.Value)
		}
	}
	out := map[string]string{}
	for _, s := range e.Project.Sources {
		if s.Entity != w.entity.Name {
			continue
		}
		if statement := w.in.SourceByValues(s, values); statement != nil {
			texts, err := e.Warehouse.Printer().Statement(statement)
			if err != nil {
				return nil, fmt.Errorf("printing a statement: %w", err)
			}
			out[s.Name] = strings.Join(texts, ";\n")
		}
	}
	return out, nil
}

// compact leaves nothing of what was deleted in files.
func (w *work) compact(ctx context.Context, _ *state.PrivacyStep) (string, error) {
	if err := w.Warehouse.Clean(ctx); err != nil {
		return "", err
	}
	w.loaded = false
	done, err := w.Warehouse.Compact(ctx)
	if err != nil || done {
		return "the file was written anew", err
	}
	return w.Kept, nil
}

// closed is what stands in the place of what was found.
const closed = "{}"

// close leaves nothing of the person in the state but digests: neither in this
// request, nor in others that they made.
func (w *work) close(ctx context.Context, _ *state.PrivacyStep) (string, error) {
	own := map[state.Identifier]string{}
	var digests []string
	for _, id := range w.found.IDs {
		number := strconv.FormatInt(id, 10)
		own[state.Identifier{Type: ByID, Value: number}] = w.Key.Digest(ByID, number)
	}
	for _, id := range w.found.Identifiers {
		if id.Kind == privacy.Own {
			digest := w.Key.Digest(id.Type, id.Value)
			own[state.Identifier{Type: id.Type, Value: id.Value}] = digest
			digests = append(digests, digest)
		}
	}
	others, err := w.Store.PrivacyRequests(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range others {
		if r.ID == w.request.ID || r.Entity != w.request.Entity || !slices.ContainsFunc(r.Identifiers, func(id state.Identifier) bool { return own[id] != "" }) {
			continue
		}
		if _, err := w.Store.ChangeRequest(ctx, r.ID, func(r *state.PrivacyRequest) error {
			if r.Open() {
				r.Status, r.Reason, r.Ended = Withdrawn, "the person was erased: "+w.request.ID, w.Now().UTC()
			}
			r.Person, r.Value, r.Found = state.Person{Digests: digests}, "", []byte(closed)
			return nil
		}); err != nil {
			return "", err
		}
	}
	w.reached("privacy closing")
	// Of what was closed before nothing is found, and its digests are there.
	if len(digests) > 0 {
		if *w.request, err = w.Store.ChangeRequest(ctx, w.request.ID, func(r *state.PrivacyRequest) error {
			r.Person, r.Value, r.Found = state.Person{Digests: digests}, "", []byte(closed)
			return nil
		}); err != nil {
			return "", err
		}
	}
	w.reached("privacy closed")
	return "", w.Store.Rewrite(ctx)
}
