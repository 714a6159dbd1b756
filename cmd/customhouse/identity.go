package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

const auditSchema = "customhouse/identity-audit/v1"

func (a *app) identityCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "identity",
		Short: "Look at the identities that were built",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.auditCommand())
	return c
}

// trialFlags are what --try is told.
type trialFlags struct{ try, normalize, region string }

func (a *app) auditCommand() *cobra.Command {
	limit := int64(10)
	entity := ""
	var trial trialFlags
	c := &cobra.Command{
		Use:   "audit",
		Short: "How far identities can be trusted, and what one more identifier would merge",
		Long: `How many identifiers customers have, which values are shared most, what was
refused and why, which ids changed in the last runs, and the suspicious
customers, each with the link or identifier that most likely joined strangers.

With --try, instead: what one more type of identifier would merge before anybody
adopts it. It looks for a column of that name in the entity's sources, or reads
those given as type=source.column,source.column. Nothing is written.

The examples are identifiers of people, which are masked without --unmask.`,
		Example: `  customhouse identity audit
  customhouse identity audit --try phone
  customhouse identity audit --try loyalty=contacts.card,orders.card_no --normalize digits`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			if trial.try == "" && trial != (trialFlags{}) {
				return usageError{errors.New("--normalize and --region say how to read the values of --try")}
			}
			return a.explore(ctx, entity, limit, func(ctx context.Context, x *explorer) error {
				if err := x.reveal(ctx); err != nil {
					return err
				}
				if trial.try != "" {
					return x.try(ctx, trial)
				}
				return x.audit(ctx)
			})
		}),
	}
	f := c.Flags()
	f.StringVar(&entity, "entity", "", "whose identities; the project's first entity by default")
	f.Int64Var(&limit, "limit", limit, "how many examples of each kind at most")
	f.StringVar(&trial.try, "try", "", "a type of identifier to try: type, or type=source.column,source.column")
	f.StringVar(&trial.normalize, "normalize", "", "how the values of --try are made comparable; by the name of the type where it is not given")
	f.StringVar(&trial.region, "region", "", "region in which --try reads national phone numbers; the project's by default")
	a.unmaskFlags(c)
	return c
}

// identityAudit is customhouse/identity-audit/v1.
type identityAudit struct {
	Schema      string         `json:"schema"`
	Entity      string         `json:"entity"`
	Customers   int64          `json:"customers"`
	Identifiers int64          `json:"identifiers"`
	Sizes       []sizeClass    `json:"sizes"`
	Largest     []sized        `json:"largest"`
	Types       []typeCount    `json:"types"`
	Shared      []sharedValue  `json:"shared"`
	Incidents   []reasonFound  `json:"incidents"`
	Changes     []runChanges   `json:"changes"`
	SuspectN    int64          `json:"suspect_count"`
	Suspects    []suspectFound `json:"suspects"`
}

// sizeClass counts the customers of From to To identifiers; To is 0 where there
// is no end.
type sizeClass struct {
	From      int64 `json:"from"`
	To        int64 `json:"to,omitempty"`
	Customers int64 `json:"customers"`
}

type sized struct {
	ID          int64 `json:"id"`
	Identifiers int64 `json:"identifiers"`
}

type typeCount struct {
	Type        string `json:"type"`
	Identifiers int64  `json:"identifiers"`
	Quarantined int64  `json:"quarantined"`
	// Most is how many one customer has at most.
	Most int64 `json:"most"`
}

// sharedValue is an identifier with how many of a stronger type it is seen.
type sharedValue struct {
	idValue
	Stronger string `json:"stronger"`
	Count    int64  `json:"count"`
}

type reasonFound struct {
	Reason   string    `json:"reason"`
	Count    int64     `json:"count"`
	Examples []finding `json:"examples"`
}

type runChanges struct {
	RunID  string    `json:"run_id"`
	At     time.Time `json:"at"`
	Merges int64     `json:"merges"`
	Splits int64     `json:"splits"`
	Gone   int64     `json:"gone"`
}

// suspectFound is a suspicious customer.
type suspectFound struct {
	sized
	Evidence []string `json:"evidence"`
	// Blame is the link, or with Identifier the identifier, without which it
	// falls into Parts; both are absent where no single one holds it together.
	Blame      []link   `json:"blame,omitempty"`
	Identifier *idValue `json:"identifier,omitempty"`
	// Counted is the type that Part.Counted counts.
	Counted string `json:"counted,omitempty"`
	Parts   []part `json:"parts,omitempty"`
	// Incomplete says that only the first links were read.
	Incomplete bool `json:"incomplete,omitempty"`
}

type part struct {
	Identifiers int `json:"identifiers"`
	Counted     int `json:"counted"`
}

// sizeBounds are the smallest sizes of the classes.
var sizeBounds = []int64{1, 2, 6, 11, 51}

func (x *explorer) audit(ctx context.Context) error {
	out := identityAudit{
		Schema: auditSchema, Entity: x.e.Name, Largest: []sized{}, Shared: []sharedValue{}, Incidents: []reasonFound{}, Changes: []runChanges{},
		Suspects: []suspectFound{},
	}
	for _, part := range []func(context.Context, *identityAudit) error{
		x.auditSizes, x.auditTypes, x.auditShared, x.auditIncidents, x.auditChanges, x.auditSuspects,
	} {
		if err := part(ctx, &out); err != nil {
			return err
		}
	}
	if x.format == "json" {
		return console.JSON(x.stdout, out)
	}
	return out.print(x.stdout)
}

// bySize are the customers with how many identifiers they have.
func (x *explorer) bySize() sql.Derived {
	id := sql.Col("i", x.column())
	return sql.Derived{As: "c", Query: &sql.Select{
		Items:   []sql.Item{sql.As(id, "id"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:    sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
		Where:   sql.Fn(sql.IsNotNull, id),
		GroupBy: []sql.Expr{id},
	}}
}

func (x *explorer) auditSizes(ctx context.Context, out *identityAudit) error {
	var items []sql.Item
	n := sql.Col("c", "n")
	for i, from := range sizeBounds {
		class := sizeClass{From: from}
		in := sql.And{sql.Fn(sql.Ge, n, sql.Int(from))}
		if i+1 < len(sizeBounds) {
			class.To = sizeBounds[i+1] - 1
			in = append(in, sql.Fn(sql.Le, n, sql.Int(class.To)))
		}
		out.Sizes = append(out.Sizes, class)
		items = append(items, sql.As(sql.Fn(sql.Count, sql.If(in, n, nil)), "from_"+strconv.FormatInt(from, 10)))
	}
	rows, err := x.ask(ctx, &sql.Select{Items: items, From: x.bySize()})
	if err != nil {
		return err
	}
	for i := range out.Sizes {
		out.Sizes[i].Customers = integer(rows[0][i])
		out.Customers += out.Sizes[i].Customers
	}
	rows, err = x.ask(ctx, &sql.Select{
		Items: sql.Items("c", "id", "n"), From: x.bySize(), OrderBy: []sql.Order{{Expr: n, Desc: true}, sql.Asc(sql.Col("c", "id"))}, Limit: x.limit,
	})
	for _, r := range rows {
		out.Largest = append(out.Largest, sized{integer(r[0]), integer(r[1])})
	}
	return err
}

func (x *explorer) auditTypes(ctx context.Context, out *identityAudit) error {
	kind, id := sql.Col("i", "identifier_type"), sql.Col("i", x.column())
	each := &sql.Select{
		Items: []sql.Item{
			sql.As(kind, "identifier_type"), sql.As(id, "id"), sql.As(sql.Fn(sql.CountAll), "n"),
			sql.As(sql.Fn(sql.Count, sql.If(sql.Col("i", "quarantined"), sql.Int(1), nil)), "quarantined"),
		},
		From: sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"}, GroupBy: []sql.Expr{kind, id},
	}
	sum := func(column string) sql.Expr {
		return sql.Cast{Expr: sql.Fn(sql.Sum, sql.Col("t", column)), To: sql.TypeInt}
	}
	most := sql.Fn(sql.Max, sql.If(sql.Fn(sql.IsNotNull, sql.Col("t", "id")), sql.Col("t", "n"), nil))
	rows, err := x.ask(ctx, &sql.Select{
		Items:   append(sql.Items("t", "identifier_type"), sql.As(sum("n"), "n"), sql.As(sum("quarantined"), "quarantined"), sql.As(most, "most")),
		From:    sql.Derived{Query: each, As: "t"},
		GroupBy: []sql.Expr{sql.Col("t", "identifier_type")},
	})
	found := map[string]typeCount{}
	for _, r := range rows {
		found[console.Cell(r[0])] = typeCount{console.Cell(r[0]), integer(r[1]), integer(r[2]), integer(r[3])}
		out.Identifiers += integer(r[1])
	}
	for _, id := range x.e.Identifiers {
		t := found[id.Name]
		t.Type = id.Name
		out.Types = append(out.Types, t)
	}
	return err
}

func (x *explorer) auditShared(ctx context.Context, out *identityAudit) error {
	rows, err := x.ask(ctx, identity.Crowds(x.e, x.sources, x.limit))
	for _, r := range rows {
		out.Shared = append(out.Shared, sharedValue{
			idValue:  idValue{Type: console.Cell(r[0]), Value: x.shown(console.Cell(r[0]), console.Cell(r[1])), Quarantined: truth(r[2])},
			Stronger: x.e.Identifiers[integer(r[3])].Name, Count: integer(r[4]),
		})
	}
	return err
}

func (x *explorer) auditIncidents(ctx context.Context, out *identityAudit) error {
	reason := sql.Col("x", "reason")
	rows, err := x.ask(ctx, &sql.Select{
		Items:   []sql.Item{sql.As(reason, "reason"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:    sql.TableRef{Table: identity.IncidentsTable(x.e), As: "x"},
		GroupBy: []sql.Expr{reason},
		OrderBy: []sql.Order{{Expr: sql.Fn(sql.CountAll), Desc: true}, sql.Asc(reason)},
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		name := console.Cell(r[0])
		examples, err := x.incidents(ctx, sql.Fn(sql.Eq, reason, sql.String(name)), min(3, x.limit))
		if err != nil {
			return err
		}
		out.Incidents = append(out.Incidents, reasonFound{name, integer(r[1]), examples})
	}
	return nil
}

func (x *explorer) auditChanges(ctx context.Context, out *identityAudit) error {
	of := func(kind string) sql.Item {
		is := sql.Fn(sql.Eq, sql.Col("h", "kind"), sql.String(kind))
		return sql.As(sql.Fn(sql.Count, sql.If(is, sql.Int(1), nil)), kind)
	}
	run, at := sql.Col("h", "run_id"), sql.Col("h", "at")
	rows, err := x.ask(ctx, &sql.Select{
		Items:   append(sql.Items("h", "run_id", "at"), of("merge"), of("split"), of("gone")),
		From:    sql.TableRef{Table: identity.HistoryTable(x.e), As: "h"},
		GroupBy: []sql.Expr{run, at},
		OrderBy: []sql.Order{{Expr: at, Desc: true}, {Expr: run, Desc: true}},
		Limit:   x.limit,
	})
	for _, r := range rows {
		out.Changes = append(out.Changes, runChanges{console.Cell(r[0]), instant(r[1]), integer(r[2]), integer(r[3]), integer(r[4])})
	}
	return err
}

func (x *explorer) auditSuspects(ctx context.Context, out *identityAudit) error {
	id := sql.Col("x", x.column())
	marked := &sql.Select{
		Items: []sql.Item{sql.As(id, "id")}, From: sql.TableRef{Table: identity.IncidentsTable(x.e), As: "x"},
		Where:   sql.And{sql.Fn(sql.Eq, sql.Col("x", "reason"), sql.String("suspect")), sql.Fn(sql.IsNotNull, id)},
		GroupBy: []sql.Expr{id},
	}
	number, err := x.ask(ctx, &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.Derived{Query: marked, As: "s"}})
	if err != nil {
		return err
	}
	out.SuspectN = integer(number[0][0])
	rows, err := x.ask(ctx, &sql.Select{
		Items: append(sql.Items("s", "id"), sql.Items("c", "n")...),
		From: sql.Joins(sql.Derived{Query: marked, As: "s"},
			sql.Join{Kind: sql.InnerJoin, Right: x.bySize(), On: sql.Fn(sql.Eq, sql.Col("c", "id"), sql.Col("s", "id"))}),
		OrderBy: []sql.Order{{Expr: sql.Col("c", "n"), Desc: true}, sql.Asc(sql.Col("s", "id"))},
		Limit:   x.limit,
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		s := suspectFound{sized: sized{integer(r[0]), integer(r[1])}}
		found, err := x.incidents(ctx, sql.And{
			sql.Fn(sql.Eq, sql.Col("x", "reason"), sql.String("suspect")), sql.Fn(sql.Eq, id, sql.Int(s.ID)),
		}, x.limit)
		if err != nil {
			return err
		}
		for _, f := range found {
			s.Evidence = append(s.Evidence, f.Evidence)
		}
		if err := x.blame(ctx, &s); err != nil {
			return err
		}
		out.Suspects = append(out.Suspects, s)
	}
	return nil
}

// blame finds what holds a suspicious customer together.
func (x *explorer) blame(ctx context.Context, s *suspectFound) error {
	rows, err := x.ask(ctx, &sql.Select{
		Items: sql.Items("i", "number", "identifier_type", "component"), From: sql.TableRef{Table: identity.IdentitiesTable(x.e), As: "i"},
		Where: sql.Fn(sql.Eq, sql.Col("i", x.column()), sql.Int(s.ID)), Limit: maxLinks,
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	ranks := map[int64]int{}
	for _, r := range rows {
		ranks[integer(r[0])] = x.rank(console.Cell(r[1]))
	}
	g, whole, err := x.graph(ctx, x.members(x.column(), s.ID), integer(rows[0][2]))
	if err != nil {
		return err
	}
	s.Incomplete = !whole
	links := slices.DeleteFunc(g.Links(), func(l identity.Link) bool {
		_, strong := ranks[l.Strong]
		_, weak := ranks[l.Weak]
		return !strong || !weak
	})
	cut, found := identity.Weakest(links, func(n int64) int { return ranks[n] })
	if !found {
		return nil
	}
	if cut.Rank >= 0 && cut.Rank < len(x.e.Identifiers) {
		s.Counted = x.e.Identifiers[cut.Rank].Name
	}
	for _, p := range cut.Parts {
		s.Parts = append(s.Parts, part{p.Size, p.Marked})
	}
	if cut.Identifier != 0 {
		names, err := x.named(ctx, []int64{cut.Identifier})
		if err != nil {
			return err
		}
		id := names[cut.Identifier]
		s.Identifier = &id
		return nil
	}
	s.Blame, err = x.worded(ctx, slices.DeleteFunc(links, func(l identity.Link) bool {
		ends := [2]int64{min(l.Strong, l.Weak), max(l.Strong, l.Weak)}
		return ends != [2]int64{min(cut.Strong, cut.Weak), max(cut.Strong, cut.Weak)} || l.Refused != 0
	}))
	return err
}

func (s suspectFound) why() string {
	var parts []string
	for i, p := range s.Parts {
		if i == 5 {
			parts = append(parts, fmt.Sprintf("%d more", len(s.Parts)-i))
			break
		}
		text := console.Number(int64(p.Identifiers))
		if p.Counted > 0 {
			text += fmt.Sprintf(" (%s %s)", console.Number(int64(p.Counted)), s.Counted)
		}
		parts = append(parts, text)
	}
	return "without it, parts of " + strings.Join(parts, ", ") + " identifiers"
}

func (a identityAudit) print(w io.Writer) error { return aligned(w, a.lines) }

func (a identityAudit) lines(line func(format string, args ...any)) {
	line("%s: %s from %s", a.Entity, counted(a.Customers, a.Entity), counted(a.Identifiers, "identifier"))
	line("By number of identifiers")
	for _, s := range a.Sizes {
		size := strconv.FormatInt(s.From, 10)
		switch {
		case s.To == 0:
			size += " and more"
		case s.To > s.From:
			size += " to " + strconv.FormatInt(s.To, 10)
		}
		line("  %s\t%s\t%s", size, console.Number(s.Customers), share(s.Customers, a.Customers))
	}
	line("Largest")
	for _, s := range a.Largest {
		line("  %s %d\t%s", a.Entity, s.ID, counted(s.Identifiers, "identifier"))
	}
	line("Types")
	for _, c := range a.Types {
		line("  %s\t%s\t%s quarantined\tat most %s of one %s", c.Type, console.Number(c.Identifiers), console.Number(c.Quarantined), console.Number(c.Most), a.Entity)
	}
	if len(a.Shared) > 0 {
		line("Shared most")
	}
	for _, s := range a.Shared {
		quarantined := ""
		if s.Quarantined {
			quarantined = "quarantined"
		}
		line("  %s\tseen with %s %s\t%s", s.idValue, console.Number(s.Count), s.Stronger, quarantined)
	}
	if len(a.Incidents) > 0 {
		line("Incidents")
	}
	for _, i := range a.Incidents {
		line("  %s\t%s", strings.ReplaceAll(i.Reason, "_", " "), console.Number(i.Count))
		for _, f := range i.Examples {
			line("    %s: %s", f.idValue, console.Line(f.Evidence))
		}
	}
	if len(a.Changes) > 0 {
		line("Changes of ids")
	}
	for _, c := range a.Changes {
		line("  %s\t%s merged, %s split, %s gone\trun %s", moment(c.At), console.Number(c.Merges), console.Number(c.Splits), console.Number(c.Gone), c.RunID)
	}
	if len(a.Suspects) > 0 {
		line("Suspicious")
	}
	for _, s := range a.Suspects {
		line("  %s %d: %s", a.Entity, s.ID, console.Line(strings.Join(s.Evidence, "; ")))
		switch {
		case s.Identifier != nil:
			line("    blame %s: %s", s.Identifier, s.why())
		case len(s.Blame) > 0:
			for _, l := range s.Blame {
				line("    blame: %s", l)
			}
			line("    %s", s.why())
		default:
			line("    no single link or identifier holds it together")
		}
		if s.Incomplete {
			line("    of the first %s links; there are more", console.Number(maxLinks))
		}
	}
	if rest := a.SuspectN - int64(len(a.Suspects)); rest > 0 {
		line("  and %s more", console.Number(rest))
	}
}

// trial is customhouse/identity-audit/v1 of --try.
type trial struct {
	Schema string     `json:"schema"`
	Entity string     `json:"entity"`
	Trial  trialFound `json:"trial"`
}

// trialFound is what one more type of identifier would do.
type trialFound struct {
	Type      string   `json:"type"`
	Normalize string   `json:"normalize"`
	Region    string   `json:"region,omitempty"`
	Columns   []string `json:"columns"`
	// Values counts the distinct values, Shared those of several customers,
	// Quarantined those of more than SharedBy, which would join nobody.
	Values      int64 `json:"values"`
	Shared      int64 `json:"shared"`
	Quarantined int64 `json:"quarantined"`
	SharedBy    int   `json:"shared_by"`
	// Merging customers would become Into; the largest of those would be made of
	// Largest.
	Merging int64 `json:"merging"`
	Into    int64 `json:"into"`
	Largest int64 `json:"largest"`
	// Refused counts the results that break a limit.
	Refused  int64        `json:"refused"`
	Top      []trialValue `json:"top"`
	Examples []trialMerge `json:"examples"`
}

type trialValue struct {
	Value     string `json:"value"`
	Customers int64  `json:"customers"`
}

// trialMerge is one result.
type trialMerge struct {
	IDs   []int64 `json:"ids"`
	Count int     `json:"count"`
	// Value is one of those that join them.
	Value string `json:"value"`
	// Breaks is the limit that it breaks, in words.
	Breaks string `json:"breaks,omitempty"`
}

// try reports what one more type of identifier would merge.
func (x *explorer) try(ctx context.Context, f trialFlags) (err error) {
	t, err := x.trial(ctx, f)
	if err != nil {
		return err
	}
	if ctx, err = x.in.claim(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.wh.Exec(context.WithoutCancel(ctx), t.Discard()...)) }()
	if err := x.wh.Exec(ctx, t.Prepare()...); err != nil {
		return x.missing(err)
	}
	out := trial{Schema: auditSchema, Entity: x.e.Name, Trial: trialFound{
		Type: t.Identifier.Name, Normalize: string(t.Identifier.Normalize), Region: t.Identifier.Region, SharedBy: t.SharedBy,
		Top: []trialValue{}, Examples: []trialMerge{},
	}}
	found := &out.Trial
	for _, c := range t.Columns {
		found.Columns = append(found.Columns, c.Source.Name+"."+c.Column)
	}
	counts, err := x.ask(ctx, t.Counts())
	if err != nil {
		return err
	}
	found.Values, found.Shared, found.Quarantined = integer(counts[0][0]), integer(counts[0][1]), integer(counts[0][2])
	merged := &merger{parent: map[int64]int64{}, by: map[int64]string{}}
	value, low := "", int64(0)
	err = x.each(ctx, t.Shared(), func(r []any) {
		v, k, c := console.Cell(r[0]), integer(r[1]), integer(r[2])
		if v != value || low == 0 {
			value, low = v, c
			if int64(len(found.Top)) < x.limit {
				found.Top = append(found.Top, trialValue{x.masks.String("", v), k})
			}
		}
		if k <= int64(t.SharedBy) {
			merged.join(low, c, v)
		}
	})
	if err != nil {
		return err
	}
	holdings := map[int64]map[string]int64{} // by result, how many of each limited type
	if q := t.Holdings(); q != nil {
		err := x.each(ctx, q, func(r []any) {
			root := merged.root(integer(r[0]))
			if holdings[root] == nil {
				holdings[root] = map[string]int64{}
			}
			holdings[root][console.Cell(r[1])] += integer(r[2])
		})
		if err != nil {
			return err
		}
	}
	results := merged.results()
	for i := range results {
		r := &results[i]
		r.Value = x.masks.String("", r.Value) // Nobody has classified it.
		r.Breaks = x.breaks(holdings[r.IDs[0]])
		found.Merging += int64(r.Count)
		found.Into++
		found.Largest = max(found.Largest, int64(r.Count))
		if r.Breaks != "" {
			found.Refused++
		}
	}
	found.Examples = append(found.Examples, results[:min(int64(len(results)), x.limit)]...)
	if x.format == "json" {
		return console.JSON(x.stdout, out)
	}
	return out.print(x.stdout)
}

// breaks is the strongest limit that a result breaks.
func (x *explorer) breaks(holds map[string]int64) string {
	for _, id := range x.e.Identifiers {
		if id.Limit > 0 && holds[id.Name] > int64(id.Limit) {
			return fmt.Sprintf("%s %s, limit %d", console.Number(holds[id.Name]), id.Name, id.Limit)
		}
	}
	return ""
}

// each reads a result of any size, a row at a time.
func (x *explorer) each(ctx context.Context, q sql.Query, f func(row []any)) (err error) {
	rows, err := x.wh.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]any, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		f(row)
	}
}

// merger joins customers (union-find); a root is the smallest id of its own.
type merger struct {
	parent map[int64]int64
	// by is a value that joins, by the root.
	by map[int64]string
}

func (m *merger) root(id int64) int64 {
	for {
		p, known := m.parent[id]
		if !known || p == id {
			return id
		}
		if g, known := m.parent[p]; known {
			m.parent[id] = g // halve the way for the next one
		}
		id = p
	}
}

func (m *merger) join(a, b int64, value string) {
	for _, id := range []int64{a, b} {
		if _, known := m.parent[id]; !known {
			m.parent[id] = id
		}
	}
	a, b = m.root(a), m.root(b)
	if a == b {
		return
	}
	if b < a {
		a, b = b, a
	}
	m.parent[b] = a
	for _, v := range []string{m.by[a], m.by[b]} {
		if v != "" {
			value = min(value, v)
		}
	}
	delete(m.by, b)
	m.by[a] = value
}

// results are what several customers would become, the largest first. IDs are
// the first of each, in order.
func (m *merger) results() []trialMerge {
	const shown = 10
	count := map[int64]*trialMerge{}
	for _, id := range slices.Sorted(maps.Keys(m.parent)) {
		root := m.root(id)
		r := count[root]
		if r == nil {
			r = &trialMerge{Value: m.by[root]}
			count[root] = r
		}
		r.Count++
		if len(r.IDs) < shown {
			r.IDs = append(r.IDs, id)
		}
	}
	var out []trialMerge
	for _, r := range count {
		if r.Count > 1 {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b trialMerge) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.IDs[0], b.IDs[0]))
	})
	return out
}

// trial is what --try asks, with the columns to read.
func (x *explorer) trial(ctx context.Context, f trialFlags) (identity.Trial, error) {
	kind, list, given := strings.Cut(f.try, "=")
	t := identity.Trial{Entity: x.e, Identifier: config.Identifier{Name: kind, Normalize: "trim"}, SharedBy: config.DefaultSharedBy}
	if rank := x.rank(kind); rank < len(x.e.Identifiers) {
		t.Identifier = x.e.Identifiers[rank]
	} else if kind == "email" || kind == "phone" || kind == "domain" {
		t.Identifier.Normalize = config.Normalizer(kind)
	}
	if f.normalize != "" {
		if !slices.Contains(config.Normalizers, f.normalize) {
			return t, unknown("there is no normalizer "+f.normalize, f.normalize, config.Normalizers, "there are")
		}
		t.Identifier.Normalize = config.Normalizer(f.normalize)
	}
	if f.region != "" {
		// One that nothing is known of would read no national number, and say
		// that nobody merges.
		if _, known := normalize.Regions[f.region]; !known {
			return t, unknown("there is no region "+f.region, f.region, slices.Sorted(maps.Keys(normalize.Regions)), "there are")
		}
	}
	if t.Identifier.Normalize == "phone" {
		t.Identifier.Region = cmp.Or(f.region, t.Identifier.Region, x.region())
	}
	if err := x.readFiles(ctx); err != nil {
		return t, err
	}
	if !given {
		return t, x.columnsNamed(ctx, &t)
	}
	for reference := range strings.SplitSeq(list, ",") {
		source, column, ok := strings.Cut(strings.TrimSpace(reference), ".")
		if !ok {
			return t, usageError{fmt.Errorf("%q has to look like source.column", reference)}
		}
		i := slices.IndexFunc(x.sources, func(s *config.Source) bool { return s.Name == source })
		if i < 0 {
			var names []string
			for _, s := range x.sources {
				names = append(names, s.Name)
			}
			return t, unknown(fmt.Sprintf("%s has no source %s", x.e.Name, source), source, names, "it has")
		}
		found, names, err := x.columnOf(ctx, x.sources[i], column)
		if err != nil {
			return t, err
		}
		if found == "" {
			return t, unknown(fmt.Sprintf("source %s has no column %s", source, column), column, names, "it has")
		}
		t.Columns = append(t.Columns, identity.TrialColumn{Source: x.sources[i], Column: found})
	}
	return t, nil
}

// region is how the project reads phone numbers.
func (x *explorer) region() string {
	for _, e := range append([]*config.Entity{x.e}, x.project.Entities...) {
		for _, id := range e.Identifiers {
			if id.Normalize == "phone" && id.Region != "" {
				return id.Region
			}
		}
	}
	return ""
}

// columnsNamed looks for columns that have the name of the type, where the
// source does not carry it as an identifier yet.
func (x *explorer) columnsNamed(ctx context.Context, t *identity.Trial) error {
	kind := t.Identifier.Name
	for _, s := range x.sources {
		if _, carried := s.Identifiers.Get(kind); carried {
			continue
		}
		found, _, err := x.columnOf(ctx, s, kind)
		if err != nil {
			return err
		}
		if found != "" {
			t.Columns = append(t.Columns, identity.TrialColumn{Source: s, Column: found})
		}
	}
	if len(t.Columns) > 0 {
		return nil
	}
	return usageError{fmt.Errorf("no source of %s has a column %s that it does not use yet: say --try %s=source.column", x.e.Name, kind, kind)}
}

// columnOf is the column of a source that has a name, either by its declaration
// or in its table; "" where there is none, and then which there are.
func (x *explorer) columnOf(ctx context.Context, s *config.Source, name string) (found string, names []string, err error) {
	if c, declared := s.Columns.Get(name); declared {
		return cmp.Or(c.Column, name), nil, nil
	}
	columns, err := x.wh.Columns(ctx, identity.SourceTable(s))
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
		return "", nil, fmt.Errorf("source %s is not there: %s", s.Name, known.Message)
	}
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return c.Name, nil, err
		}
		names = append(names, c.Name)
	}
	return "", names, err
}

func (t trial) print(w io.Writer) error { return aligned(w, t.lines) }

func (t trial) lines(line func(format string, args ...any)) {
	f := t.Trial
	how := cmp.Or(f.Normalize, "as it is")
	if f.Region != "" {
		how += " " + f.Region
	}
	line("Trying %s for %s: %s, normalized as %s. Nothing is written.", f.Type, t.Entity, strings.Join(f.Columns, ", "), how)
	if f.Normalize == "phone" && f.Region == "" {
		line("  numbers without a country code are passed over: --region says how to read them")
	}
	line("  %s, %s of several %s", counted(f.Values, "value"), console.Number(f.Shared), plural(t.Entity))
	if f.Quarantined > 0 {
		line("  %s of more than %d %s each would be quarantined and join nobody", counted(f.Quarantined, "value"), f.SharedBy, plural(t.Entity))
	}
	if f.Merging == 0 {
		line("  nobody would merge")
	} else {
		line("  %s would become %s; the largest would be made of %s", counted(f.Merging, t.Entity), console.Number(f.Into), console.Number(f.Largest))
	}
	if f.Refused > 0 {
		line("  %s of those would break a limit, which refuses what joins them", console.Number(f.Refused))
	}
	if len(f.Top) > 0 {
		line("Shared most")
	}
	for _, v := range f.Top {
		line("  %s\t%s", console.Line(v.Value), counted(v.Customers, t.Entity))
	}
	if len(f.Examples) > 0 {
		line("Examples")
	}
	for _, e := range f.Examples {
		ids := make([]string, len(e.IDs))
		for i, id := range e.IDs {
			ids[i] = strconv.FormatInt(id, 10)
		}
		text := strings.Join(ids, ", ")
		if rest := e.Count - len(e.IDs); rest > 0 {
			text += fmt.Sprintf(" and %d more", rest)
		}
		if e.Breaks != "" {
			e.Breaks = "would hold " + e.Breaks
		}
		line("  %s %s\tby %s\t%s", plural(t.Entity), text, console.Line(e.Value), e.Breaks)
	}
	if rest := f.Into - int64(len(f.Examples)); rest > 0 {
		line("  and %s more", console.Number(rest))
	}
}
