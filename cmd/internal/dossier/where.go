package dossier

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Place is somewhere that a person may be.
type Place struct {
	// Kind is one of the constants below.
	Kind string `json:"kind"`
	// Name is the table, the source, "<destination>/<object>", or what of the state.
	Name string `json:"name"`
	// Rows is how many there are, 0 for a place that was looked at for nothing.
	Rows int64 `json:"rows"`
	// First and Last are the times of those rows, nil where they have none.
	First *time.Time `json:"first_at,omitempty"`
	Last  *time.Time `json:"last_at,omitempty"`
	// Note is more in words.
	Note string `json:"note,omitempty"`
}

// The kinds of places.
const (
	// InSource is a table or files of the user's, InTable is one of ours.
	InSource = "source"
	InTable  = "table"
	// AtDestination has what was delivered and not taken away since.
	AtDestination = "destination"
	// InState is what is neither in the warehouse nor at a destination.
	InState = "state"
	// InProject is what people have decided about the person in YAML.
	InProject = "project"
)

// Where looks for a person everywhere, and says how many rows are where, without a
// value of any. It looks at sources as they are now.
func Where(ctx context.Context, opt Options, store *state.Store) ([]Place, error) {
	w := &seeker{Options: opt}
	for _, look := range []func(context.Context) error{
		w.sources, w.tables, w.destinations,
		func(ctx context.Context) error { return w.queued(ctx, store) },
		func(ctx context.Context) error { return w.remembered(ctx, store) },
		w.decisions,
	} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	return w.found, nil
}

type seeker struct {
	Options
	found []Place
}

// counts runs a query of person.Count or person.CountBy, and calls f with the
// values of its first columns and the place. A table that is not there has nothing.
func (w *seeker) counts(ctx context.Context, q *sql.Select, f func(by []any, p Place)) error {
	err := each(ctx, w.Warehouse, q, func(_ []adapters.Column, row []any) error {
		n := len(row) - 3
		var p Place
		p.Rows, _ = row[n].(int64)
		if first, ok := row[n+1].(time.Time); ok {
			last, _ := row[n+2].(time.Time)
			p.First, p.Last = &first, &last
		}
		f(row[:n], p)
		return nil
	})
	if missing(err) {
		return nil
	}
	return err
}

// at counts one place; one of nothing is among what was found.
func (w *seeker) at(ctx context.Context, kind, name, note string, q *sql.Select, time string) error {
	place := Place{}
	err := w.counts(ctx, person.Count(q, time), func(_ []any, p Place) { place = p })
	if err != nil {
		return fmt.Errorf("looking at %s: %w", name, err)
	}
	place.Kind, place.Name, place.Note = kind, name, note
	w.found = append(w.found, place)
	return nil
}

func (w *seeker) sources(ctx context.Context) error {
	for _, s := range w.Project.Sources {
		if s.Entity != w.Person.Entity.Name {
			continue
		}
		time := "at"
		if s.Time == "" {
			time = ""
		}
		note := ""
		if s.Table != s.Name {
			note = s.Table
		}
		if s.Files != nil {
			note = s.Files.Path.Text()
		}
		if err := w.at(ctx, InSource, s.Name, note, w.Person.Holding(s), time); err != nil {
			return err
		}
	}
	return nil
}

func (w *seeker) tables(ctx context.Context) error {
	for _, p := range slices.Concat(w.Person.Parts(nil, nil), w.Person.Working()) {
		if p.Kind == person.Delivery {
			continue
		}
		if err := w.at(ctx, InTable, p.Table.Name, "", p.Query, p.Time); err != nil {
			return err
		}
	}
	return nil
}

// destinations are where the person is, and was, by what was delivered.
func (w *seeker) destinations(ctx context.Context) error {
	parts := map[string]person.Part{}
	for _, p := range w.Person.Parts(nil, nil) {
		parts[p.Name] = p
	}
	for _, p := range []person.Part{parts["delivered"], parts["delivery_log"], parts["rejected"], parts["pending"]} {
		if err := w.at(ctx, InTable, p.Table.Name, "", p.Query, p.Time); err != nil {
			return err
		}
	}
	reached := map[string]Place{} // by sync: what was ever taken there
	log := *parts["delivery_log"].Query
	log.Where = sql.And{log.Where, sql.In{Expr: sql.Col("t", "outcome"), List: []sql.Expr{sql.String("accepted"), sql.String("exists"), sql.String("unknown")}}}
	err := w.counts(ctx, person.CountBy(&log, "at", "sync"), func(by []any, p Place) { reached[console.Cell(by[0])] = p })
	if err != nil {
		return fmt.Errorf("looking at %s: %w", audience.Log.Name, err)
	}
	held := map[string]bool{}
	ledger := parts["delivered"]
	err = w.counts(ctx, person.CountBy(ledger.Query, ledger.Time, "sync", "place"), func(by []any, p Place) {
		sync := console.Cell(by[0])
		held[sync] = true
		p.Kind, p.Name, p.Note = AtDestination, console.Cell(by[1]), "sync "+sync+times(reached[sync])
		w.found = append(w.found, p)
	})
	if err != nil {
		return fmt.Errorf("looking at %s: %w", audience.Ledger.Name, err)
	}
	for _, s := range w.Project.Syncs {
		p, was := reached[s.Name]
		if person.Entity(w.Project, s) != w.Person.Entity.Name || held[s.Name] {
			delete(reached, s.Name)
			continue
		}
		place := Place{Kind: AtDestination, Name: s.To.Destination + "/" + s.To.Object, Note: "sync " + s.Name}
		if was {
			place.Note += ": not there any more" + times(p)
			place.First, place.Last = p.First, p.Last
		}
		delete(reached, s.Name)
		w.found = append(w.found, place)
	}
	gone := make([]string, 0, len(reached))
	for sync := range reached {
		if !held[sync] {
			gone = append(gone, sync)
		}
	}
	slices.Sort(gone)
	for _, sync := range gone {
		p := reached[sync]
		w.found = append(w.found, Place{Kind: AtDestination, Name: "of sync " + sync, First: p.First, Last: p.Last, Note: "the project has no such sync any more" + times(p)})
	}
	return nil
}

// times says how often something was sent.
func times(p Place) string {
	if p.Rows == 0 {
		return ""
	}
	return fmt.Sprintf(", %s in the log", counted(p.Rows, "operation"))
}

func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return console.Number(n) + " " + noun
}

// queued looks for the person's rows in what the state keeps for the warehouse.
func (w *seeker) queued(ctx context.Context, store *state.Store) error {
	journal, jobs := Place{Kind: InState, Name: "journal"}, Place{Kind: InState, Name: "jobs"}
	own := map[string]bool{}
	for _, s := range w.Project.Syncs {
		own["sync "+s.Name] = person.Entity(w.Project, s) == w.Person.Entity.Name
	}
	err := store.Queued(ctx, func(q state.Queued) error {
		if mine, known := own[q.Name]; known && !mine || !known && len(w.Project.Entities) > 1 {
			return nil
		}
		place := &journal
		if q.Job {
			place = &jobs
		}
		count := func(id int64) {
			if !slices.Contains(w.Person.IDs, id) {
				return
			}
			place.Rows++
			if at := q.At; place.First == nil || at.Before(*place.First) {
				place.First = &at
			}
			if at := q.At; place.Last == nil || at.After(*place.Last) {
				place.Last = &at
			}
		}
		if q.Job {
			ops, err := deliver.DecodeOps(q.Body)
			for i := range ops {
				count(ops[i].EntityID)
			}
			return err
		}
		results, err := deliver.DecodeResults(q.Body)
		for i := range results {
			count(results[i].EntityID)
		}
		return err
	})
	if err != nil {
		return err
	}
	w.found = append(w.found, journal, jobs)
	return nil
}

// remembered looks for the person where nobody is known but by a digest: on the list
// of the erased, and among requests that have ended. Requests that have not are
// looked through for identifiers in clear, too.
func (w *seeker) remembered(ctx context.Context, store *state.Store) error {
	own := map[state.Identifier]bool{}
	for _, n := range w.Person.Named {
		own[state.Identifier{Type: n.Type, Value: n.Value}] = true
	}
	for _, p := range w.Person.Parts(nil, nil) {
		if p.Name != "identifiers" {
			continue
		}
		err := each(ctx, w.Warehouse, p.Query, func(_ []adapters.Column, row []any) error {
			own[state.Identifier{Type: console.Cell(row[0]), Value: console.Cell(row[1])}] = true
			return nil
		})
		if err != nil && !missing(err) {
			return fmt.Errorf("looking at %s: %w", p.Table.Name, err)
		}
	}
	requests, err := store.PrivacyRequests(ctx)
	if err != nil {
		return err
	}
	someErased := slices.ContainsFunc(requests, func(r state.PrivacyRequest) bool { return len(r.Digests) > 0 })
	err = each(ctx, w.Warehouse, privacy.CheckDigest(), func([]adapters.Column, []any) error {
		someErased = true
		return nil
	})
	if err != nil && !missing(err) {
		return fmt.Errorf("looking at %s: %w", privacy.Suppressions.Name, err)
	}
	digests := map[string]bool{}
	if someErased {
		key, err := w.Key(ctx)
		if err != nil {
			return err
		}
		for id := range own {
			digests[key.Digest(id.Type, id.Value)] = true
		}
	}
	if err := w.listed(ctx, slices.Sorted(maps.Keys(digests))); err != nil {
		return err
	}
	asked := false
	for _, r := range requests {
		known, err := w.About(&r)
		if err != nil {
			return err
		}
		if r.Entity != w.Person.Entity.Name || !slices.ContainsFunc(known, func(id state.Identifier) bool { return own[id] }) &&
			!slices.ContainsFunc(r.Digests, func(d string) bool { return digests[d] }) {
			continue
		}
		asked = true
		p := Place{Kind: InState, Name: "request " + r.ID, Rows: 1, First: &r.Received, Last: &r.Received, Note: r.Kind + ", " + r.Status}
		if !r.Open() {
			p.Last = &r.Ended
		}
		w.found = append(w.found, p)
	}
	if !asked {
		w.found = append(w.found, Place{Kind: InState, Name: "requests"})
	}
	return nil
}

// listed looks for digests on the list of the erased.
func (w *seeker) listed(ctx context.Context, digests []string) error {
	place := Place{Kind: InTable, Name: privacy.Suppressions.Name}
	since := func(kind string, p Place) string {
		day := p.First.Format(time.DateOnly)
		switch kind {
		case privacy.Own:
			return "is on the list of the erased since " + day
		case privacy.Quarantined:
			return "what is nobody's was theirs, too, who were erased on " + day
		default:
			return "what others have was theirs, too, who were erased on " + day
		}
	}
	var notes []string
	err := w.counts(ctx, person.CountBy(privacy.Listed(w.Person.Entity.Name, digests), "at", "kind"), func(by []any, p Place) {
		place.Rows += p.Rows
		if place.First == nil || p.First.Before(*place.First) {
			place.First = p.First
		}
		if place.Last == nil || p.Last.After(*place.Last) {
			place.Last = p.Last
		}
		notes = append(notes, since(console.Cell(by[0]), p))
	})
	if err != nil {
		return fmt.Errorf("looking at %s: %w", place.Name, err)
	}
	place.Note = strings.Join(notes, "; ")
	w.found = append(w.found, place)
	return nil
}

// decisions look for the person in the project's own YAML.
func (w *seeker) decisions(ctx context.Context) error {
	e := w.Person.Entity
	type decision struct {
		at   string
		what string
		of   []config.Reference
	}
	var list []decision
	for _, p := range e.AlwaysLink {
		list = append(list, decision{p.Pos.Span().String(), "always_link", []config.Reference{p.A, p.B}})
	}
	for _, p := range e.NeverLink {
		list = append(list, decision{p.Pos.Span().String(), "never_link", []config.Reference{p.A, p.B}})
	}
	for _, t := range w.Project.Tests {
		for _, p := range t.People {
			if t.Entity == e.Name {
				list = append(list, decision{p.Pos.Span().String(), "people of the test " + t.Name, p.Identifiers})
			}
		}
	}
	for _, d := range list {
		of, err := Find(ctx, w.Warehouse, w.Project, e, decided(e, d.of))
		if err != nil && !missing(err) {
			return err
		}
		if slices.ContainsFunc(of.IDs, func(id int64) bool { return slices.Contains(w.Person.IDs, id) }) ||
			slices.ContainsFunc(of.Named, func(n person.Identifier) bool { return slices.Contains(w.Person.Named, n) }) {
			w.found = append(w.found, Place{Kind: InProject, Name: d.at, Rows: 1, Note: d.what})
		}
	}
	return nil
}

// decided are references as Find wants them, but for those of no type of the
// entity's and those of no value.
func decided(e *config.Entity, list []config.Reference) []person.Identifier {
	var out []person.Identifier
	for _, r := range list {
		if strings.TrimSpace(r.Value) != "" && slices.ContainsFunc(e.Identifiers, func(id config.Identifier) bool { return id.Name == r.Type }) {
			out = append(out, person.Identifier{Type: r.Type, Value: r.Value})
		}
	}
	return out
}
