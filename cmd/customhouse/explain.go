package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

const explainSchema = "customhouse/explain/v1"

// maxLinks bounds what is read of one component to explain it.
const maxLinks = 200_000

func (a *app) explainCommand() *cobra.Command {
	limit := int64(50)
	entity := ""
	rows := false
	sync := ""
	c := &cobra.Command{
		Use:   "explain <entity> <identifier>=<value>|<id> | explain link <identifier>=<value> <identifier>=<value> | explain --sync <name> <identifier>=<value>",
		Short: "Say why identifiers are one customer, and what a sync makes of them",
		Long: `With an entity and an idValue: the identifiers of that customer, the rows
that link them, what is kept apart from it and why, and what became of its id.

With link and two identifiers: the shortest way from one to the other over rows
that carry both, or the limit, quarantine or decision that keeps them apart. The
exit code is 0 where they are the same or not, 1 where one of them is unknown.

With --sync: what lies between one customer and the destination, a line a gate,
from the identifier to the last answer of the platform.

Identifiers that are personal or sensitive are masked without --unmask. It reads
what the last run left and changes nothing.`,
		Example: `  customhouse explain customer email=ada@example.com
  customhouse explain customer 42
  customhouse explain link email=ada@example.com cookie=c1 --rows
  customhouse explain --sync vip_to_crm email=ada@example.com`,
		Args: func(c *cobra.Command, args []string) error {
			if sync != "" {
				return cobra.ExactArgs(1)(c, args)
			}
			return cobra.RangeArgs(2, 3)(c, args)
		},
		RunE: do(func(ctx context.Context, args []string) error {
			if sync != "" {
				return a.segments(ctx, limit, func(ctx context.Context, s *segmenter) error { return s.gates(ctx, sync, args[0]) })
			}
			link := len(args) == 3
			if link && args[0] != "link" {
				return usageError{fmt.Errorf("explain %s takes one identifier; explain link takes two", args[0])}
			}
			if !link {
				if args[0] == "link" {
					return usageError{errors.New("explain link takes two identifiers")}
				}
				entity = args[0]
			}
			return a.explore(ctx, entity, limit, func(ctx context.Context, x *explorer) error {
				if link {
					return x.link(ctx, args[1], args[2], rows)
				}
				return x.customer(ctx, args[1])
			})
		}),
	}
	c.Flags().Int64Var(&limit, "limit", limit, "how many identifiers and links of a customer at most")
	c.Flags().StringVar(&entity, "entity", "", "whose identifiers explain link is about; the project's first entity by default")
	c.Flags().StringVar(&sync, "sync", "", "sync to explain for one customer")
	c.Flags().BoolVar(&rows, "rows", false, "show a row of the source for each step of explain link")
	a.unmaskFlags(c)
	return c
}

// explorer reads what identity resolution of one entity left.
type explorer struct {
	*shower
	e       *config.Entity
	sources []*config.Source
	// read says that the files of sources can be queried.
	read bool
}

// reveal says whom the command looks at, before anything of them is shown.
func (x *explorer) reveal(ctx context.Context, ids ...*int64) (err error) {
	who := []someone{{}}
	for i, id := range slices.DeleteFunc(ids, func(id *int64) bool { return id == nil }) {
		who = append(who[:i], someone{x.e.Name, *id})
	}
	for _, one := range who {
		if x.masks, err = x.masker(ctx, x.project, audit.Of("entity", x.e.Name), one); err != nil {
			return err
		}
	}
	return nil
}

// shown is an identifier as it may be seen.
func (x *explorer) shown(kind, value string) string {
	return x.masks.String(x.masks.Identifier(x.e.Name, kind), value)
}

// explore opens the project and its warehouse to look at one entity, by default
// the first.
func (a *app) explore(ctx context.Context, entity string, limit int64, f func(context.Context, *explorer) error) error {
	return a.look(ctx, limit, func(ctx context.Context, s *shower) error {
		var names []string
		for _, e := range s.project.Entities {
			names = append(names, e.Name)
		}
		if len(names) == 0 {
			return errors.New("the project has no entities")
		}
		x := &explorer{shower: s}
		if x.e = s.entity(cmp.Or(entity, names[0])); x.e == nil {
			return unknown("there is no entity "+entity, entity, names, "there are")
		}
		for _, source := range s.project.Sources {
			if source.Entity == x.e.Name && len(identity.Bindings(x.e, source)) > 0 {
				x.sources = append(x.sources, source)
			}
		}
		return f(ctx, x)
	})
}

// ask reads a small result of our own tables; nil asks nothing.
func (x *explorer) ask(ctx context.Context, q sql.Query) ([][]any, error) {
	if q == nil {
		return nil, nil
	}
	rows, err := x.wh.All(ctx, q)
	return rows, x.missing(err)
}

// missing says what to do where a table of ours is not there.
func (x *explorer) missing(err error) error {
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
		return unbuiltError{fmt.Errorf("the identities of %s are not there yet, or the project has changed since: customhouse run builds them", x.e.Name)}
	}
	return err
}

// readFiles makes the sources that are files readable.
func (x *explorer) readFiles(ctx context.Context) error {
	if x.read {
		return nil
	}
	x.read = true
	plan := models.Plan{}
	for _, c := range x.plan.Checks {
		if slices.Contains(x.sources, c.Source) {
			plan.Checks = append(plan.Checks, c)
		}
	}
	files, err := x.files(ctx, x.project, &plan)
	if err != nil {
		return err
	}
	if len(files) > 0 && !x.wh.ReadsFiles() {
		if ctx, err = x.in.claim(ctx); err != nil {
			return err
		}
	}
	for _, s := range x.sources {
		if f, ok := files[s.Name]; ok {
			if err := x.wh.ReadFiles(ctx, s.Name, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *explorer) column() string { return identity.Column(x.e) }

// rank is the place of an identifier type; an unknown one is the weakest.
func (x *explorer) rank(kind string) int {
	i := slices.IndexFunc(x.e.Identifiers, func(id config.Identifier) bool { return id.Name == kind })
	if i < 0 {
		return len(x.e.Identifiers)
	}
	return i
}

func (x *explorer) members(column string, value int64) identity.Members {
	return identity.Members{Entity: x.e, Sources: x.sources, Column: column, Value: value}
}

// name is "customer 17".
func (x *explorer) name(id int64) string { return x.e.Name + " " + strconv.FormatInt(id, 10) }

// idValue is one identifier as JSON shows it.
type idValue struct {
	Type        string     `json:"type"`
	Value       string     `json:"value"`
	ID          *int64     `json:"id,omitempty"`
	First       *time.Time `json:"first_seen,omitempty"`
	Last        *time.Time `json:"last_seen,omitempty"`
	Source      string     `json:"source,omitempty"`
	Rows        int64      `json:"rows,omitempty"`
	Quarantined bool       `json:"quarantined,omitempty"`

	number, component int64
}

func (i idValue) String() string { return console.Line(i.Type) + " " + console.Line(i.Value) }

// finding is an identifier with what is the matter with it.
type finding struct {
	idValue
	Reason   string `json:"reason"`
	Evidence string `json:"evidence"`
}

func (f finding) why() string {
	evidence := console.Line(f.Evidence)
	switch because, decided := strings.CutPrefix(evidence, "never_link: "); {
	case f.Reason == "quarantined":
		return "which is quarantined: " + evidence
	case decided:
		return "which never_link keeps apart: " + because
	}
	return "which is refused: " + evidence
}

// evidence is what one source says of two identifiers.
type evidence struct {
	Source string    `json:"source"`
	Table  string    `json:"table,omitempty"`
	Files  string    `json:"files,omitempty"`
	Rows   int64     `json:"rows"`
	First  time.Time `json:"first_seen"`
	Last   time.Time `json:"last_seen"`
	// Row is one of the rows, where it was asked for and is still there.
	Row *sourceRow `json:"row,omitempty"`
}

type sourceRow struct {
	At          *time.Time `json:"at,omitempty"`
	Identifiers []idValue  `json:"identifiers"`
}

// link is why two identifiers are one.
type link struct {
	From     idValue    `json:"from"`
	To       idValue    `json:"to"`
	Evidence []evidence `json:"evidence,omitempty"`
	// Because is what people say of a pair of always_link.
	Because string `json:"always_link,omitempty"`
	// Refused are the identifiers for which the link does not count.
	Refused []finding `json:"refused,omitempty"`
}

func (x *explorer) evidence(source int, rows int64, first, last time.Time) evidence {
	s := x.sources[source]
	e := evidence{Source: s.Name, Table: s.Table, Rows: rows, First: first, Last: last}
	if s.Files != nil {
		e.Files = s.Files.Path.Text()
	}
	return e
}

func (e evidence) String() string {
	where := console.Line(e.Source)
	if place := cmp.Or(e.Table, e.Files); place != e.Source {
		where += " (" + console.Line(place) + ")"
	}
	return fmt.Sprintf("of %s: %s, %s", where, counted(e.Rows, "row"), span(e.First, e.Last))
}

func (l link) String() string {
	if l.Because != "" {
		return fmt.Sprintf("%s and %s: always_link, because %s", l.From, l.To, console.Line(l.Because))
	}
	parts := make([]string, len(l.Evidence))
	for i, e := range l.Evidence {
		parts[i] = e.String()
	}
	return fmt.Sprintf("%s and %s stand on the same row %s", l.From, l.To, strings.Join(parts, "; and "))
}

// counted is "1 row" or "2,000 rows".
func counted(n int64, noun string) string {
	if n != 1 {
		noun = plural(noun)
	}
	return console.Number(n) + " " + noun
}

// plural is good enough for the names of entities.
func plural(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return stem + "ies"
	}
	return noun + "s"
}

// moment is a time as short as it can be said.
func moment(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04")
}

func span(first, last time.Time) string {
	if first.Equal(last) {
		return "on " + moment(first)
	}
	return "first " + moment(first) + ", last " + moment(last)
}

// The cells of results.
func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}

func optional[T any](v any) *T {
	if t, ok := v.(T); ok {
		return &t
	}
	return nil
}

func instant(v any) time.Time {
	t, _ := v.(time.Time)
	return t
}

func truth(v any) bool {
	b, _ := v.(bool)
	return b
}

// lookup finds an identifier by a value as a person types it. One that no row
// carries has the number 0; its value is the comparable form, or what was typed
// where that is no value of its kind.
func (x *explorer) lookup(ctx context.Context, term string) (idValue, error) {
	kind, value, ok := strings.Cut(term, "=")
	kind = strings.TrimSpace(kind)
	if !ok || strings.TrimSpace(value) == "" {
		return idValue{}, usageError{errors.New("the identifier has to look like email=ada@example.com")}
	}
	rank := x.rank(kind)
	if rank == len(x.e.Identifiers) {
		var names []string
		for _, id := range x.e.Identifiers {
			names = append(names, id.Name)
		}
		return idValue{}, unknown(x.e.Name+" has no identifier "+kind, kind, names, "it has")
	}
	rows, err := x.ask(ctx, identity.Lookup(x.e, x.e.Identifiers[rank], value))
	if err != nil {
		return idValue{}, err
	}
	if len(rows) == 0 {
		return idValue{Type: kind, Value: value}, nil
	}
	r := rows[0]
	text, ok := r[0].(string)
	if !ok {
		text = value
	}
	return idValue{
		Type: kind, Value: text, number: integer(r[1]), component: integer(r[2]), Quarantined: truth(r[3]),
		ID: optional[int64](r[4]), First: optional[time.Time](r[5]), Last: optional[time.Time](r[6]), Source: console.Cell(r[7]),
	}, nil
}

// stranger says why an identifier is unknown.
func (x *explorer) stranger(ctx context.Context, id idValue, term string) (string, []finding, error) {
	_, typed, _ := strings.Cut(term, "=")
	raw := id.Value
	id.Value = x.shown(id.Type, raw)
	kept, err := x.incidents(ctx, sql.And{
		sql.Fn(sql.Eq, sql.Col("x", "identifier_type"), sql.String(id.Type)),
		sql.Fn(sql.IsNull, sql.Col("x", "number")),
		sql.In{Expr: sql.Col("x", "identifier"), List: []sql.Expr{sql.String(typed), sql.String(raw)}},
	}, 10)
	if err != nil {
		return "", nil, err
	}
	text := id.String() + " is unknown"
	if raw != typed {
		text = fmt.Sprintf("%s %s is unknown, spelled %s", id.Type, console.Line(x.shown(id.Type, typed)), console.Line(id.Value))
	}
	if len(kept) == 0 {
		return text + ": no row of any source carried it when the last run looked", nil, nil
	}
	why := make([]string, len(kept))
	for i, f := range kept {
		why[i] = fmt.Sprintf("%s, in %s", strings.ReplaceAll(f.Reason, "_", " "), f.Evidence)
	}
	return text + ": rows carry it, but it was dropped; " + strings.Join(why, "; "), kept, nil
}

// incidents reads incidents under the alias x.
func (x *explorer) incidents(ctx context.Context, where sql.Expr, limit int64) ([]finding, error) {
	rows, err := x.ask(ctx, &sql.Select{
		Items: sql.Items("x", "identifier_type", "identifier", "reason", "evidence", "number", x.column()),
		From:  sql.TableRef{Table: identity.IncidentsTable(x.e), As: "x"},
		Where: where,
		OrderBy: []sql.Order{
			sql.Asc(sql.Col("x", "reason")), sql.Asc(sql.Col("x", "identifier_type")), sql.Asc(sql.Col("x", "identifier")), sql.Asc(sql.Col("x", "evidence")),
		},
		Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	out := make([]finding, len(rows))
	for i, r := range rows {
		out[i] = finding{
			idValue: idValue{Type: console.Cell(r[0]), Value: x.shown(console.Cell(r[0]), console.Cell(r[1])), number: integer(r[4]), ID: optional[int64](r[5])},
			Reason:  console.Cell(r[2]), Evidence: console.Cell(r[3]),
		}
	}
	return out, nil
}

// reasonOf is the incident of a refused or quarantined identifier.
func (x *explorer) reasonOf(ctx context.Context, numbers ...int64) (map[int64]finding, error) {
	out := map[int64]finding{}
	if len(numbers) == 0 {
		return out, nil
	}
	found, err := x.incidents(ctx, sql.And{isOneOf(sql.Col("x", "number"), numbers), sql.Fn(sql.Ne, sql.Col("x", "reason"), sql.String("suspect"))}, 0)
	for _, f := range found {
		if _, known := out[f.number]; !known {
			out[f.number] = f
		}
	}
	return out, err
}

func isOneOf(e sql.Expr, numbers []int64) sql.Expr {
	list := make([]sql.Expr, len(numbers))
	for i, n := range numbers {
		list[i] = sql.Int(n)
	}
	return sql.In{Expr: e, List: list}
}

// named reads identifiers by their numbers.
func (x *explorer) named(ctx context.Context, numbers []int64) (map[int64]idValue, error) {
	out := map[int64]idValue{}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	for part := range slices.Chunk(numbers, 1000) {
		rows, err := x.ask(ctx, &sql.Select{
			Items: sql.Items("i", "number", "identifier_type", "identifier", x.column(), "quarantined"),
			From:  sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
			Where: isOneOf(sql.Col("i", "number"), part),
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			n := integer(r[0])
			out[n] = idValue{number: n, Type: console.Cell(r[1]), Value: x.shown(console.Cell(r[1]), console.Cell(r[2])), ID: optional[int64](r[3]), Quarantined: truth(r[4])}
		}
	}
	return out, nil
}

// graph reads the links of some identifiers, with what was refused among them.
// whole is false where there are more than it reads.
func (x *explorer) graph(ctx context.Context, m identity.Members, component int64) (g *identity.Graph, whole bool, err error) {
	rows, err := x.ask(ctx, m.Combinations(maxLinks))
	if err != nil {
		return nil, false, err
	}
	g = &identity.Graph{Refused: map[int64]string{}}
	type key struct{ source, row int64 }
	place := map[key]int{}
	for _, r := range rows {
		k := key{integer(r[0]), integer(r[1])}
		i, known := place[k]
		if !known {
			i = len(g.Combinations)
			place[k] = i
			g.Combinations = append(g.Combinations, identity.Combination{
				Source: int(k.source), Rows: integer(r[4]), First: instant(r[5]), Last: instant(r[6]), Strongest: integer(r[2]),
			})
		}
		g.Combinations[i].Weak = append(g.Combinations[i].Weak, integer(r[3]))
	}
	refused, err := x.ask(ctx, x.members("component", component).Refusals(maxLinks))
	if err != nil {
		return nil, false, err
	}
	for _, r := range refused {
		if n := integer(r[0]); g.Refused[n] == "" || g.Refused[n] == "never_link" {
			g.Refused[n] = console.Cell(r[1])
		}
	}
	decided, err := x.decided(ctx, x.e.AlwaysLink)
	for _, d := range decided {
		if d.a.component == component && d.b.component == component {
			g.Pairings = append(g.Pairings, identity.Pairing{Pair: d.pair, A: d.a.number, B: d.b.number})
		}
	}
	return g, len(rows) < maxLinks, err
}

// decision is a pair that people decided about, both of which the data has.
type decision struct {
	pair int
	a, b idValue
}

func (x *explorer) decided(ctx context.Context, pairs []config.Pair) ([]decision, error) {
	rows, err := x.ask(ctx, identity.Decided(x.e, pairs))
	if err != nil {
		return nil, err
	}
	var out []decision
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if integer(a[0]) != integer(b[0]) {
			continue
		}
		of := func(r []any, ref config.Reference) idValue {
			return idValue{Type: ref.Type, Value: x.shown(ref.Type, ref.Value), number: integer(r[2]), component: integer(r[3]), ID: optional[int64](r[4])}
		}
		k := int(integer(a[0]))
		out = append(out, decision{k, of(a, pairs[k].A), of(b, pairs[k].B)})
	}
	return out, nil
}

// linkExplained is customhouse/explain/v1 of two identifiers.
type linkExplained struct {
	Schema string  `json:"schema"`
	Entity string  `json:"entity"`
	A      idValue `json:"a"`
	B      idValue `json:"b"`
	// Answer is same, apart or unknown.
	Answer string `json:"answer"`
	// Path is the evidence, or what it would be if nothing on it were refused.
	Path []link `json:"path"`
	// Apart is what keeps the two apart.
	Apart []finding `json:"apart"`
	// Summary is the answer in words.
	Summary []string `json:"summary"`
}

// link explains why two identifiers are one customer, or are not.
func (x *explorer) link(ctx context.Context, first, second string, withRows bool) error {
	out := linkExplained{Schema: explainSchema, Entity: x.e.Name, Answer: "unknown", Path: []link{}, Apart: []finding{}}
	var err error
	if out.A, err = x.lookup(ctx, first); err != nil {
		return err
	}
	if out.B, err = x.lookup(ctx, second); err != nil {
		return err
	}
	if err := x.reveal(ctx, out.A.ID, out.B.ID); err != nil {
		return err
	}
	for _, side := range []struct {
		id   idValue
		term string
	}{{out.A, first}, {out.B, second}} {
		if side.id.number == 0 {
			text, kept, err := x.stranger(ctx, side.id, side.term)
			if err != nil {
				return err
			}
			out.Apart = append(out.Apart, kept...)
			out.Summary = append(out.Summary, text)
		}
	}
	for _, id := range []*idValue{&out.A, &out.B} {
		id.Value = x.shown(id.Type, id.Value)
	}
	if len(out.Summary) > 0 {
		return errors.Join(x.print(out), failure{exitFailure})
	}
	switch {
	case out.A.number == out.B.number:
		out.Answer = "same"
		out.Summary = []string{fmt.Sprintf("%s is one identifier, %s", out.A, x.whose(out.A))}
	case out.A.ID != nil && out.B.ID != nil && *out.A.ID == *out.B.ID:
		err = x.same(ctx, &out, withRows)
	default:
		err = x.apart(ctx, &out, withRows)
	}
	if err != nil {
		return err
	}
	return x.print(out)
}

func (x *explorer) print(out linkExplained) error {
	if x.format == "json" {
		return console.JSON(x.stdout, out)
	}
	var b strings.Builder
	for _, line := range out.Summary {
		fmt.Fprintln(&b, line)
	}
	for i, l := range out.Path {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, l)
		for _, f := range l.Refused {
			fmt.Fprintf(&b, "     but for %s, %s\n", f, f.why())
		}
		for _, e := range l.Evidence {
			if e.Row != nil {
				fmt.Fprintf(&b, "     a row of %s: %s\n", console.Line(e.Source), e.Row)
			}
		}
	}
	_, err := io.WriteString(x.stdout, b.String())
	return err
}

func (r *sourceRow) String() string {
	var parts []string
	if r.At != nil {
		parts = append(parts, moment(*r.At))
	}
	for _, id := range r.Identifiers {
		parts = append(parts, fmt.Sprintf("%s=%q", id.Type, id.Value))
	}
	return strings.Join(parts, " ")
}

// whose says in words which customer an identifier is of.
func (x *explorer) whose(id idValue) string {
	switch {
	case id.ID != nil:
		return "of " + x.name(*id.ID)
	case id.Quarantined:
		return "quarantined and of nobody"
	}
	return "expired and of nobody"
}

func (x *explorer) same(ctx context.Context, out *linkExplained, withRows bool) error {
	out.Answer = "same"
	out.Summary = []string{fmt.Sprintf("%s and %s are the same: %s", out.A, out.B, x.name(*out.A.ID))}
	g, whole, err := x.graph(ctx, x.members("component", out.A.component), out.A.component)
	if err != nil {
		return err
	}
	path := g.Path(out.A.number, out.B.number, false)
	if path == nil {
		text := "No way between them was found: the project has changed since the last run"
		if !whole {
			text = fmt.Sprintf("No way between them is among the first %s links of their component, which has more", console.Number(maxLinks))
		}
		out.Summary = append(out.Summary, text)
		return nil
	}
	out.Path, err = x.path(ctx, g, path, withRows)
	return err
}

// called are the identifiers of numbers, and why some of them were refused.
func (x *explorer) called(ctx context.Context, numbers, refused []int64) (names map[int64]idValue, reasons map[int64]finding, err error) {
	if names, err = x.named(ctx, numbers); err != nil {
		return nil, nil, err
	}
	reasons, err = x.reasonOf(ctx, refused...)
	return names, reasons, err
}

// path puts the steps of a path in words.
func (x *explorer) path(ctx context.Context, g *identity.Graph, hops []identity.Hop, withRows bool) ([]link, error) {
	var numbers, refused []int64
	for _, h := range hops {
		numbers = append(append(numbers, h.From, h.To), h.Refused...)
		refused = append(refused, h.Refused...)
	}
	names, reasons, err := x.called(ctx, numbers, refused)
	if err != nil {
		return nil, err
	}
	out := make([]link, len(hops))
	for i, h := range hops {
		l := link{From: names[h.From], To: names[h.To]}
		if h.Pair >= 0 {
			l.Because = x.e.AlwaysLink[h.Pair].Because
		}
		for _, n := range h.Refused {
			l.Refused = append(l.Refused, reasons[n])
		}
		for source := range x.sources {
			var e evidence
			for _, k := range h.Combinations {
				c := g.Combinations[k]
				switch {
				case c.Source != source:
				case e.Rows == 0:
					e = x.evidence(source, c.Rows, c.First, c.Last)
				default:
					e.Rows += c.Rows
					if c.First.Before(e.First) {
						e.First = c.First
					}
					if c.Last.After(e.Last) {
						e.Last = c.Last
					}
				}
			}
			if e.Rows == 0 {
				continue
			}
			if withRows {
				if e.Row, err = x.row(ctx, x.sources[source], h.From, h.To); err != nil {
					return nil, err
				}
			}
			l.Evidence = append(l.Evidence, e)
		}
		slices.SortStableFunc(l.Evidence, func(a, b evidence) int { return cmp.Compare(b.Rows, a.Rows) })
		out[i] = l
	}
	return out, nil
}

// row is a row of a source that carries two identifiers, nil where it is gone
// since the last run.
func (x *explorer) row(ctx context.Context, s *config.Source, a, b int64) (*sourceRow, error) {
	if err := x.readFiles(ctx); err != nil {
		return nil, err
	}
	rows, err := x.wh.All(ctx, identity.SourceRow(x.e, s, a, b))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := &sourceRow{At: optional[time.Time](rows[0][0])}
	for i, binding := range identity.Bindings(x.e, s) {
		if v := rows[0][i+1]; v != nil {
			kind := binding.Identifier.Name
			out.Identifiers = append(out.Identifiers, idValue{Type: kind, Value: x.shown(kind, console.Cell(v))})
		}
	}
	return out, nil
}

// apart explains what keeps two identifiers apart.
func (x *explorer) apart(ctx context.Context, out *linkExplained, withRows bool) error {
	out.Answer = "apart"
	out.Summary = []string{fmt.Sprintf("%s and %s are not the same: the one is %s, the other %s", out.A, out.B, x.whose(out.A), x.whose(out.B))}
	say := func(format string, args ...any) { out.Summary = append(out.Summary, fmt.Sprintf(format, args...)) }
	for _, id := range []idValue{out.A, out.B} {
		if !id.Quarantined {
			continue
		}
		found, err := x.reasonOf(ctx, id.number)
		if err != nil {
			return err
		}
		f, known := found[id.number]
		if !known {
			f = finding{idValue: id, Reason: "quarantined", Evidence: "it is on too many rows of others"}
		}
		out.Apart = append(out.Apart, f)
		say("%s is quarantined: %s. It identifies nobody and joins nobody", id, f.Evidence)
	}
	pairs, err := x.decided(ctx, x.e.NeverLink)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if between(p, out.A, out.B) {
			because := x.e.NeverLink[p.pair].Because
			out.Apart = append(out.Apart, finding{idValue: p.b, Reason: "never_link", Evidence: because})
			say("never_link keeps %s and %s apart, because %s", p.a, p.b, console.Line(because))
		}
	}
	whole := true
	if out.A.component == out.B.component {
		g, all, err := x.graph(ctx, x.members("component", out.A.component), out.A.component)
		if err != nil {
			return err
		}
		whole = all
		if path := g.Path(out.A.number, out.B.number, true); path != nil {
			if out.Path, err = x.path(ctx, g, path, withRows); err != nil {
				return err
			}
			x.blocked(out, say)
		}
	} else if err := x.crowd(ctx, out, say); err != nil {
		return err
	}
	switch {
	case !whole && len(out.Path) == 0:
		say("No way between them is among the first %s links of their component, which has more", console.Number(maxLinks))
	case len(out.Summary) == 1:
		say("No row links them, directly or through others")
	}
	return nil
}

// between says that a decision is about the customers of a and b, or about the
// two themselves.
func between(p decision, a, b idValue) bool {
	of := func(x, y idValue) bool { return x.number == y.number || x.ID != nil && y.ID != nil && *x.ID == *y.ID }
	return of(p.a, a) && of(p.b, b) || of(p.a, b) && of(p.b, a)
}

// blocked names what is refused on the path.
func (x *explorer) blocked(out *linkExplained, say func(string, ...any)) {
	seen := map[int64]bool{}
	for _, l := range out.Path {
		for _, f := range l.Refused {
			if seen[f.number] {
				continue
			}
			seen[f.number] = true
			out.Apart = append(out.Apart, f)
			say("They would be joined by %s, %s", f, f.why())
		}
	}
}

// crowd names the quarantined identifiers that both are seen with.
func (x *explorer) crowd(ctx context.Context, out *linkExplained, say func(string, ...any)) error {
	if out.A.Quarantined || out.B.Quarantined {
		return nil
	}
	const most = 10_000
	beside := map[int64]bool{}
	rows, err := x.ask(ctx, x.members("component", out.A.component).Beside(most))
	if err != nil {
		return err
	}
	for _, r := range rows {
		beside[integer(r[0])] = true
	}
	if rows, err = x.ask(ctx, x.members("component", out.B.component).Beside(most)); err != nil {
		return err
	}
	var both []int64
	for _, r := range rows {
		if n := integer(r[0]); beside[n] {
			both = append(both, n)
			delete(beside, n)
		}
	}
	reasons, err := x.reasonOf(ctx, both...)
	if err != nil {
		return err
	}
	for i, n := range both {
		if int64(i) == x.limit {
			say("and %s more", console.Number(int64(len(both)-i)))
			break
		}
		if f, known := reasons[n]; known {
			out.Apart = append(out.Apart, f)
			say("They would be joined by %s, %s", f, f.why())
		}
	}
	return nil
}

// customerExplained is customhouse/explain/v1 of one customer.
type customerExplained struct {
	Schema string `json:"schema"`
	Entity string `json:"entity"`
	ID     int64  `json:"id"`
	// Asked is the id that was asked for, where it has become part of ID.
	Asked *int64     `json:"asked,omitempty"`
	First *time.Time `json:"first_seen"`
	Last  *time.Time `json:"last_seen"`
	// IdentifierCount counts all, Identifiers are the most seen.
	IdentifierCount int64     `json:"identifier_count"`
	Identifiers     []idValue `json:"identifiers"`
	LinkCount       int64     `json:"link_count"`
	Links           []link    `json:"links"`
	// Apart are links to others that do not count.
	ApartCount int64  `json:"apart_count"`
	Apart      []link `json:"apart"`
	// Suspect is why nobody should take the customer on trust.
	Suspect []finding `json:"suspect"`
	// Quarantined are the identifiers on rows of the customer that identify
	// nobody.
	Quarantined []beside `json:"quarantined"`
	History     []change `json:"history"`
	// Incomplete says that only the first links were read.
	Incomplete bool `json:"incomplete,omitempty"`
}

// beside is a quarantined identifier with where it was seen.
type beside struct {
	finding
	On string `json:"on"`
}

// change is a change of an id.
type change struct {
	Old   int64     `json:"old_id"`
	New   *int64    `json:"new_id"`
	Kind  string    `json:"kind"`
	Cause string    `json:"cause"`
	RunID string    `json:"run_id"`
	At    time.Time `json:"at"`
}

func (x *explorer) history(ctx context.Context, id int64) ([]change, error) {
	is := func(column string) sql.Expr { return sql.Fn(sql.Eq, sql.Col("h", column), sql.Int(id)) }
	rows, err := x.ask(ctx, &sql.Select{
		Items:   sql.Items("h", "old_id", "new_id", "kind", "cause", "run_id", "at"),
		From:    sql.TableRef{Table: identity.HistoryTable(x.e), As: "h"},
		Where:   sql.Or{is("old_id"), is("new_id")},
		OrderBy: []sql.Order{{Expr: sql.Col("h", "at"), Desc: true}, sql.Asc(sql.Col("h", "old_id")), sql.Asc(sql.Col("h", "new_id"))},
		Limit:   x.limit,
	})
	out := make([]change, len(rows))
	for i, r := range rows {
		out[i] = change{integer(r[0]), optional[int64](r[1]), console.Cell(r[2]), console.Cell(r[3]), console.Cell(r[4]), instant(r[5])}
	}
	slices.Reverse(out)
	return out, err
}

// say puts a change in words, for the customer of an id.
func (c change) say(entity string, id int64) string {
	var what string
	switch {
	case c.Kind == "merge" && c.New != nil && *c.New == id:
		what = fmt.Sprintf("%s %d became part of this one", entity, c.Old)
	case c.Kind == "merge" && c.New != nil:
		what = fmt.Sprintf("%s %d became part of %s %d", entity, c.Old, entity, *c.New)
	case c.Kind == "split" && c.New != nil && c.Old == id:
		what = fmt.Sprintf("a part left and is %s %d", entity, *c.New)
	case c.Kind == "split" && c.New != nil:
		what = fmt.Sprintf("this one, or a part of it, left %s %d", entity, c.Old)
	default:
		what = fmt.Sprintf("%s %d is gone", entity, c.Old)
	}
	return fmt.Sprintf("%s: %s (run %s)", what, console.Line(c.Cause), console.Line(c.RunID))
}

// target is the id that a term of the command line means; asked is set where
// it was merged away. It prints what is to be said of one that is not there.
func (x *explorer) target(ctx context.Context, term string) (id int64, asked *int64, err error) {
	kind, value, named := strings.Cut(term, "=")
	kind = strings.TrimSpace(kind)
	if !named {
		value = term
	} else if x.rank(kind) < len(x.e.Identifiers) || kind != "id" && kind != x.column() {
		found, err := x.lookup(ctx, term)
		switch {
		case err != nil:
			return 0, nil, err
		case found.ID != nil:
			return *found.ID, nil, nil
		}
		if err := x.reveal(ctx); err != nil {
			return 0, nil, err
		}
		text := fmt.Sprintf("%s %s is %s", found.Type, console.Line(x.shown(found.Type, found.Value)), x.whose(found))
		if found.number == 0 {
			if text, _, err = x.stranger(ctx, found, term); err != nil {
				return 0, nil, err
			}
		} else if found.Quarantined {
			reasons, err := x.reasonOf(ctx, found.number)
			if err != nil {
				return 0, nil, err
			}
			text += ": " + cmp.Or(reasons[found.number].Evidence, "it is on too many rows of others")
		}
		return 0, nil, x.nobody(text)
	}
	id, bad := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if bad != nil {
		return 0, nil, usageError{errors.New("who is meant has to be an id, or to look like email=ada@example.com")}
	}
	first := id
	for range 1000 { // merges of merges; ids only ever get smaller
		n, err := x.ask(ctx, &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
			From:  sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
			Where: sql.Fn(sql.Eq, sql.Col("i", x.column()), sql.Int(id)),
		})
		if err != nil {
			return 0, nil, err
		}
		if integer(n[0][0]) > 0 {
			if id != first {
				asked = &first
			}
			return id, asked, nil
		}
		list, err := x.history(ctx, id)
		if err != nil {
			return 0, nil, err
		}
		i := len(list) - 1
		for i >= 0 && (list[i].Old != id || list[i].Kind == "split") {
			i--
		}
		if i < 0 {
			return 0, nil, x.nobody(fmt.Sprintf("no %s has ever had the id %d", x.e.Name, first))
		}
		if list[i].New == nil {
			return 0, nil, x.nobody(fmt.Sprintf("%s since %s", list[i].say(x.e.Name, 0), moment(list[i].At)))
		}
		id = *list[i].New
	}
	return 0, nil, x.nobody(fmt.Sprintf("the merges of %s never end", x.name(first)))
}

// nobody says on standard output that nobody is found.
func (x *explorer) nobody(text string) error {
	var err error
	if x.format == "json" {
		err = console.JSON(x.stdout, struct {
			Schema  string   `json:"schema"`
			Entity  string   `json:"entity"`
			Answer  string   `json:"answer"`
			Summary []string `json:"summary"`
		}{explainSchema, x.e.Name, "unknown", []string{text}})
	} else {
		_, err = fmt.Fprintln(x.stdout, text)
	}
	return errors.Join(err, failure{exitFailure})
}

// customer explains one customer.
func (x *explorer) customer(ctx context.Context, term string) error {
	id, asked, err := x.target(ctx, term)
	if err != nil {
		return err
	}
	if err := x.reveal(ctx, &id); err != nil {
		return err
	}
	out := customerExplained{
		Schema: explainSchema, Entity: x.e.Name, ID: id, Asked: asked, Identifiers: []idValue{}, Links: []link{}, Apart: []link{},
		Suspect: []finding{}, Quarantined: []beside{},
	}
	m := x.members(x.column(), id)
	rows, err := x.ask(ctx, &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Fn(sql.CountAll), "n"), sql.As(sql.Fn(sql.Min, sql.Col("i", "first_seen")), "first_seen"),
			sql.As(sql.Fn(sql.Max, sql.Col("i", "last_seen")), "last_seen"), sql.As(sql.Fn(sql.Min, sql.Col("i", "component")), "component"),
		},
		From:  sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
		Where: sql.Fn(sql.Eq, sql.Col("i", x.column()), sql.Int(id)),
	})
	if err != nil {
		return err
	}
	out.IdentifierCount, out.First, out.Last = integer(rows[0][0]), optional[time.Time](rows[0][1]), optional[time.Time](rows[0][2])
	component := integer(rows[0][3])
	if rows, err = x.ask(ctx, m.Seen(x.limit)); err != nil {
		return err
	}
	for _, r := range rows {
		out.Identifiers = append(out.Identifiers, idValue{
			number: integer(r[0]), Type: console.Cell(r[1]), Value: x.shown(console.Cell(r[1]), console.Cell(r[2])), First: optional[time.Time](r[3]), Last: optional[time.Time](r[4]),
			Source: console.Cell(r[5]), Quarantined: truth(r[6]), Rows: integer(r[7]),
		})
	}
	slices.SortStableFunc(out.Identifiers, func(a, b idValue) int { return cmp.Compare(x.rank(a.Type), x.rank(b.Type)) })
	if err := x.links(ctx, &out, m, component); err != nil {
		return err
	}
	if out.Suspect, err = x.incidents(ctx, sql.And{
		sql.Fn(sql.Eq, sql.Col("x", x.column()), sql.Int(id)), sql.Fn(sql.Eq, sql.Col("x", "reason"), sql.String("suspect")),
	}, x.limit); err != nil {
		return err
	}
	if err := x.besides(ctx, &out, m); err != nil {
		return err
	}
	if out.History, err = x.history(ctx, id); err != nil {
		return err
	}
	if x.format == "json" {
		return console.JSON(x.stdout, out)
	}
	return aligned(x.stdout, out.lines)
}

// links are those among the customer's identifiers, and those to others that do
// not count.
func (x *explorer) links(ctx context.Context, out *customerExplained, m identity.Members, component int64) error {
	g, whole, err := x.graph(ctx, m, component)
	if err != nil {
		return err
	}
	out.Incomplete = !whole
	mine := map[int64]bool{}
	rows, err := x.ask(ctx, &sql.Select{
		Items: sql.Items("i", "number"), From: sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
		Where: sql.Fn(sql.Eq, sql.Col("i", x.column()), sql.Int(out.ID)), Limit: maxLinks,
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		mine[integer(r[0])] = true
	}
	var inside, outside []identity.Link
	for _, l := range g.Links() {
		switch {
		case !mine[l.Strong] && !mine[l.Weak]: // a pair of others in the component
		case l.Refused == 0:
			inside = append(inside, l)
		default:
			outside = append(outside, l)
		}
	}
	out.LinkCount, out.ApartCount = int64(len(inside)), int64(len(outside))
	if out.Links, err = x.worded(ctx, inside); err != nil {
		return err
	}
	out.Apart, err = x.worded(ctx, outside)
	return err
}

// worded puts the first links into words.
func (x *explorer) worded(ctx context.Context, list []identity.Link) ([]link, error) {
	list = list[:min(int64(len(list)), x.limit)]
	var numbers, refused []int64
	for _, l := range list {
		numbers = append(numbers, l.Strong, l.Weak)
		if l.Refused != 0 {
			refused = append(refused, l.Refused)
		}
	}
	names, reasons, err := x.called(ctx, numbers, refused)
	if err != nil {
		return nil, err
	}
	out := make([]link, len(list))
	for i, l := range list {
		out[i] = link{From: names[l.Strong], To: names[l.Weak]}
		if l.Pair >= 0 {
			out[i].Because = x.e.AlwaysLink[l.Pair].Because
		} else {
			out[i].Evidence = []evidence{x.evidence(l.Source, l.Rows, l.First, l.Last)}
		}
		if l.Refused != 0 {
			out[i].Refused = []finding{reasons[l.Refused]}
		}
	}
	return out, nil
}

// besides are the quarantined identifiers on rows of the customer.
func (x *explorer) besides(ctx context.Context, out *customerExplained, m identity.Members) error {
	rows, err := x.ask(ctx, m.Beside(x.limit))
	if err != nil {
		return err
	}
	var numbers []int64
	for _, r := range rows {
		numbers = append(numbers, integer(r[0]))
	}
	reasons, err := x.reasonOf(ctx, numbers...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		out.Quarantined = append(out.Quarantined, beside{
			finding: finding{
				idValue: idValue{Type: console.Cell(r[1]), Value: x.shown(console.Cell(r[1]), console.Cell(r[2])), Rows: integer(r[4]), Quarantined: true},
				Reason:  "quarantined", Evidence: reasons[integer(r[0])].Evidence,
			},
			On: x.sources[integer(r[3])].Name,
		})
	}
	return nil
}

// aligned writes lines whose cells are separated by tabs.
func aligned(w io.Writer, lines func(line func(format string, args ...any))) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	lines(func(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) })
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (c customerExplained) lines(line func(format string, args ...any)) {
	entity := c.Entity
	more := func(all int64, shown int) {
		if rest := all - int64(shown); rest > 0 {
			line("  and %s more", console.Number(rest))
		}
	}
	if c.Asked != nil {
		line("%s %d became part of %s %d", entity, *c.Asked, entity, c.ID)
	}
	seen := ""
	if c.First != nil && c.Last != nil {
		seen = ", " + span(*c.First, *c.Last)
	}
	line("%s %d: %s%s", entity, c.ID, counted(c.IdentifierCount, "identifier"), seen)
	for _, f := range c.Suspect {
		line("suspicious: %s", console.Line(f.Evidence))
	}
	line("Identifiers")
	for _, i := range c.Identifiers {
		when := ""
		if i.First != nil && i.Last != nil {
			when = span(*i.First, *i.Last)
		}
		line("  %s\t%s\t%s\t%s\tfirst in %s", console.Line(i.Type), console.Line(i.Value), counted(i.Rows, "row"), when, console.Line(i.Source))
	}
	more(c.IdentifierCount, len(c.Identifiers))
	if c.LinkCount > 0 {
		line("Links")
	}
	for _, l := range c.Links {
		line("  %s", l)
	}
	more(c.LinkCount, len(c.Links))
	if c.Incomplete {
		line("  of the first %s links; there are more", console.Number(maxLinks))
	}
	if c.ApartCount > 0 {
		line("Kept apart")
	}
	for _, l := range c.Apart {
		line("  %s", l)
		for _, f := range l.Refused {
			line("    but for %s, %s", f, f.why())
		}
	}
	more(c.ApartCount, len(c.Apart))
	if len(c.Quarantined) > 0 {
		line("Seen beside, and quarantined")
	}
	for _, b := range c.Quarantined {
		line("  %s on %s of %s: %s", b, counted(b.Rows, "row"), console.Line(b.On), cmp.Or(b.Evidence, "it is on too many rows of others"))
	}
	if len(c.History) > 0 {
		line("History")
	}
	for _, h := range c.History {
		line("  %s\t%s", moment(h.At), h.say(entity, c.ID))
	}
}

// share is a part of a whole in words.
func share(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(math.Round(1000*float64(part)/float64(whole))/10, 'f', -1, 64) + "%"
}
