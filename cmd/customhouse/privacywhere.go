package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/dossier"
	rights "github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	subject "github.com/customhouse-cdp/customhouse/models/privacy/person"
)

func (a *app) privacyWhereCommand() *cobra.Command {
	entity := ""
	all := false
	c := &cobra.Command{
		Use:   "where <identifier>=<value>",
		Short: "Say where a person is: in which sources, tables, destinations and queues",
		Long: `Everywhere that something of a person is, under all their identifiers and all
numbers that they ever had: sources as they are now, our tables, the list of the
erased, what destinations hold, what waits in the state, requests, and decisions in
the project. It counts, and shows no value. Of an identifier that is nobody's it
looks for that alone.`,
		Example: `  customhouse privacy where email=ada@example.com
  customhouse privacy where id=42 --entity account --all`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.look(ctx, 1, func(ctx context.Context, s *shower) error {
				return s.where(ctx, entity, args[0], all)
			})
		}),
	}
	c.Flags().StringVar(&entity, "entity", "", "whose identifier it is; the first entity that has such a one by default")
	c.Flags().BoolVar(&all, "all", false, "list the places too where nothing is")
	return c
}

// whereabouts is customhouse/whereabouts/v1.
type whereabouts struct {
	Schema      string          `json:"schema"`
	Entity      string          `json:"entity"`
	IDs         []int64         `json:"ids"`
	Identifiers int64           `json:"identifiers"`
	Places      []dossier.Place `json:"places"`
}

// sought are the person that a term names, and their entity. Terms that name more
// than one person are refused.
func (s *shower) sought(ctx context.Context, entity string, terms ...string) (subject.Person, error) {
	e, typed, err := s.typed(entity, terms)
	if err != nil {
		return subject.Person{}, err
	}
	return s.identified(ctx, e, typed)
}

// typed reads terms of the form type=value, and whose identifiers they are.
func (s *shower) typed(entity string, terms []string) (e *config.Entity, out []state.Identifier, err error) {
	for _, term := range terms {
		kind, value, ok := strings.Cut(term, "=")
		if !ok || strings.TrimSpace(value) == "" {
			return nil, nil, usageError{errors.New("write whom it is about as type=value, such as email=ada@example.com")}
		}
		out = append(out, state.Identifier{Type: strings.TrimSpace(kind), Value: value})
	}
	e, err = s.whose(entity, out)
	return e, out, err
}

// whose is the entity of a name, or else the first that has such identifiers. Those
// that are the number of an entity become rights.ByID, as digits alone.
func (s *shower) whose(entity string, typed []state.Identifier) (e *config.Entity, err error) {
	for i, id := range typed {
		own, err := s.having(entity, id.Type)
		switch {
		case err != nil:
			return nil, err
		case e != nil && e != own:
			return nil, usageError{fmt.Errorf("%s is of another entity than what stands before it", id.Type)}
		}
		e = own
		if id.Type != rights.ByID && id.Type != identity.Column(e) {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(id.Value), 10, 64)
		if err != nil {
			return nil, usageError{errors.New("an id is a whole number")}
		}
		typed[i] = state.Identifier{Type: rights.ByID, Value: strconv.FormatInt(n, 10)}
	}
	return e, nil
}

// identified is the person that identifiers name.
func (s *shower) identified(ctx context.Context, e *config.Entity, identifiers []state.Identifier) (subject.Person, error) {
	none := subject.Person{}
	var typed []subject.Identifier
	var ids []int64
	for _, id := range identifiers {
		if id.Type != rights.ByID {
			typed = append(typed, subject.Identifier{Type: id.Type, Value: id.Value})
			continue
		}
		n, err := strconv.ParseInt(id.Value, 10, 64)
		if err != nil {
			return none, fmt.Errorf("the id of a request: %w", err)
		}
		ids = append(ids, n)
	}
	p, err := dossier.Find(ctx, s.wh, s.project.Project, e, typed)
	if err != nil {
		return none, s.unbuilt(e, err)
	}
	if len(ids) > 0 {
		p.IDs = append(p.IDs, ids...)
		if p, err = dossier.Known(ctx, s.wh, p); err != nil {
			return none, s.unbuilt(e, err)
		}
	}
	return p, nil
}

// unbuilt says what to do where a table of identities is not there.
func (s *shower) unbuilt(e *config.Entity, err error) error {
	x := explorer{shower: s, e: e}
	return x.missing(err)
}

// having is the entity of a name, or else the first that has an identifier.
func (s *shower) having(entity, kind string) (*config.Entity, error) {
	var names, kinds []string
	for _, e := range s.project.Entities {
		names = append(names, e.Name)
		if entity != "" && e.Name != entity {
			continue
		}
		kinds = append(kinds, "id")
		for _, id := range e.Identifiers {
			kinds = append(kinds, id.Name)
		}
		if slices.Contains(kinds, kind) || kind == identity.Column(e) {
			return e, nil
		}
	}
	if entity != "" && s.entity(entity) == nil {
		return nil, unknown("there is no entity "+entity, entity, names, "there are")
	}
	if len(names) == 0 {
		return nil, errors.New("the project has no entities")
	}
	return nil, unknown("there is no identifier "+kind, kind, kinds, "there are")
}

// readable makes the sources of an entity readable that are files.
func (s *shower) readable(ctx context.Context, e *config.Entity) error {
	x := &explorer{shower: s, e: e}
	for _, source := range s.project.Sources {
		if source.Entity == e.Name {
			x.sources = append(x.sources, source)
		}
	}
	return x.readFiles(ctx)
}

// whereabouts looks for a person everywhere. Places where nothing is are left out,
// and counted, unless all are wanted.
func (s *shower) whereabouts(ctx context.Context, p subject.Person, all bool) (out whereabouts, nothing int, err error) {
	out = whereabouts{Schema: "customhouse/whereabouts/v1", Entity: p.Entity.Name, IDs: append([]int64{}, p.IDs...), Places: []dossier.Place{}}
	store, err := s.in.store(ctx)
	if err != nil {
		return out, 0, err
	}
	if err := s.readable(ctx, p.Entity); err != nil {
		return out, 0, err
	}
	places, err := dossier.Where(ctx, dossier.Options{Project: s.project.Project, Plan: s.plan, Warehouse: s.wh, Key: s.rightKey, About: rights.About, Person: p}, store)
	for _, place := range places {
		if place.Kind == dossier.InTable && place.Name == identity.IdentitiesTable(p.Entity).Name {
			out.Identifiers = place.Rows
		}
		if place.Rows > 0 || place.First != nil || all {
			out.Places = append(out.Places, place)
		} else {
			nothing++
		}
	}
	return out, nothing, err
}

func (s *shower) where(ctx context.Context, entity, term string, all bool) error {
	p, err := s.sought(ctx, entity, term)
	if err != nil {
		return err
	}
	out, nothing, err := s.whereabouts(ctx, p, all || s.format == "json")
	if err != nil {
		return err
	}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	switch {
	case len(p.IDs) == 0:
		fmt.Fprintf(s.stdout, "nobody: no %s has this identifier for their own\n", p.Entity.Name)
	default:
		fmt.Fprintf(s.stdout, "%s %d, %s", p.Entity.Name, p.IDs[0], counted(out.Identifiers, "identifier"))
		for i, id := range p.IDs[1:] {
			fmt.Fprintf(s.stdout, "%s%d", cmp.Or(map[bool]string{true: ", before "}[i == 0], " and "), id)
		}
		fmt.Fprintln(s.stdout)
	}
	if err := printPlaces(s, out.Places); err != nil {
		return err
	}
	if nothing > 0 {
		fmt.Fprintf(s.stdout, "nothing in %s more that were looked at\n", counted(int64(nothing), "place"))
	}
	return nil
}

// rightKey is the key of the digests by which the erased are known; another than
// their list was made with is an error.
func (s *shower) rightKey(ctx context.Context) (privacy.Key, error) {
	key, err := s.in.key(ctx)
	if err != nil {
		return key, err
	}
	_, err = run.Fits(ctx, s.wh, key)
	return key, err
}

func printPlaces(s *shower, places []dossier.Place) error {
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	day := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return moment(*t)
	}
	for _, p := range places {
		line := []string{"  " + p.Kind, console.Line(p.Name), console.Number(p.Rows), day(p.First), day(p.Last), console.Line(p.Note)}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(line, "\t"), "\t"))
	}
	return w.Flush()
}
