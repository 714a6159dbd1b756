package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

func (a *app) segmentsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "segments",
		Short: "Look at segments: how large, who they share, why somebody is in, who would be",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.sizeCommand(), a.historyCommand(), a.overlapCommand(), a.segmentExplainCommand(), a.previewCommand(), a.rulesCommand(), a.celCommand())
	return c
}

// segmenter looks at the segments that the last runs left.
type segmenter struct{ *shower }

// segments opens the project and its warehouse.
func (a *app) segments(ctx context.Context, limit int64, f func(context.Context, *segmenter) error) error {
	return a.look(ctx, limit, func(ctx context.Context, s *shower) error { return f(ctx, &segmenter{s}) })
}

// named finds segments by their names.
func (s *segmenter) named(names []string) ([]*config.Segment, error) {
	out := make([]*config.Segment, len(names))
	for k, name := range names {
		var err error
		if out[k], err = s.project.segment(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// segment is the one of a name.
func (p *project) segment(name string) (*config.Segment, error) {
	var names []string
	for _, x := range p.Segments {
		if x.Name == name {
			return x, nil
		}
		names = append(names, x.Name)
	}
	return nil, unknown("there is no segment "+name, name, names, "there are")
}

// ask reads a small result of our own tables.
func (s *segmenter) ask(ctx context.Context, q sql.Query) ([][]any, error) {
	rows, err := s.wh.All(ctx, q)
	return rows, notBuilt(err)
}

// notBuilt says what to do where a table of ours is not there.
func notBuilt(err error) error {
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
		return errors.New("the segments are not there yet, or the project has changed since: customhouse run builds them")
	}
	return err
}

// profiles counts the profiles of an entity.
func (s *segmenter) profiles(ctx context.Context, e *config.Entity) (int64, error) {
	n, err := s.wh.Int(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: profile.Table(e), As: "p"},
	})
	return n, notBuilt(err)
}

// titled are columns for aligned, under their headings.
func titled(line func(string, ...any), headings ...string) func(cells ...string) {
	row := func(cells ...string) { line("%s", strings.Join(cells, "\t")) }
	row(headings...)
	return row
}

const sizesSchema = "customhouse/segment-sizes/v1"

// segmentSizes is customhouse/segment-sizes/v1.
type segmentSizes struct {
	Schema   string        `json:"schema"`
	Segments []segmentSize `json:"segments"`
}

// segmentSize is how large a segment is now.
type segmentSize struct {
	Segment  string `json:"segment"`
	Entity   string `json:"entity"`
	Members  int64  `json:"members"`
	Profiles int64  `json:"profiles"`
	// Last is the last run that evaluated it; nil where none did.
	Last *segmentAt `json:"last_run,omitempty"`
}

// segmentAt is what a run found of a segment.
type segmentAt struct {
	At time.Time `json:"at"`
	// Profiles is nil for a segment that the project no longer had.
	Profiles *int64 `json:"profiles,omitempty"`
	Members  int64  `json:"members"`
	Entered  int64  `json:"entered"`
	Left     int64  `json:"left"`
	RunID    string `json:"run_id"`
}

func (a *app) sizeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "size [name...]",
		Short: "How many members segments have, and how many came and went in the last run",
		Example: `  customhouse segments size
  customhouse segments size vip lapsed`,
		RunE: do(func(ctx context.Context, args []string) error {
			return a.segments(ctx, 1, func(ctx context.Context, s *segmenter) error { return s.size(ctx, args) })
		}),
	}
}

func (s *segmenter) size(ctx context.Context, names []string) error {
	list := s.project.Segments
	if len(names) > 0 {
		var err error
		if list, err = s.named(names); err != nil {
			return err
		}
	}
	found, err := s.sizes(ctx, list)
	if err != nil {
		return err
	}
	out := segmentSizes{Schema: sizesSchema, Segments: found}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

// sizes says how large some segments are.
func (s *segmenter) sizes(ctx context.Context, list []*config.Segment) ([]segmentSize, error) {
	out := []segmentSize{}
	if len(list) == 0 {
		return out, nil
	}
	members, err := s.members(ctx, list)
	if err != nil {
		return nil, err
	}
	last, err := s.past(ctx, list, 1)
	if err != nil {
		return nil, err
	}
	profiles := map[string]int64{}
	for _, x := range list {
		if _, counted := profiles[x.Entity]; !counted {
			if profiles[x.Entity], err = s.profiles(ctx, s.entity(x.Entity)); err != nil {
				return nil, err
			}
		}
		found := segmentSize{Segment: x.Name, Entity: x.Entity, Members: members[x.Name], Profiles: profiles[x.Entity]}
		if runs := last[x.Name]; len(runs) > 0 {
			found.Last = &runs[0]
		}
		out = append(out, found)
	}
	return out, nil
}

func (o segmentSizes) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		row := titled(line, "segment", "members", "of", "share", "entered", "left", "as of")
		for _, x := range o.Segments {
			last := []string{"-", "-", "no run yet"}
			if x.Last != nil {
				last = []string{console.Number(x.Last.Entered), console.Number(x.Last.Left), moment(x.Last.At)}
			}
			row(append([]string{
				x.Segment, console.Number(x.Members), counted(x.Profiles, x.Entity), share(x.Members, x.Profiles),
			}, last...)...)
		}
	})
}

// isSegment is true of the rows of a table that are about one of some segments.
func isSegment(alias string, list []*config.Segment) sql.Expr {
	in := sql.In{Expr: sql.Col(alias, "segment")}
	for _, x := range list {
		in.List = append(in.List, sql.String(x.Name))
	}
	return in
}

// members counts those of some segments.
func (s *segmenter) members(ctx context.Context, list []*config.Segment) (map[string]int64, error) {
	name := sql.Col("m", "segment")
	rows, err := s.ask(ctx, &sql.Select{
		Items:   []sql.Item{sql.As(name, "segment"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:    sql.TableRef{Table: segment.Table, As: "m"},
		Where:   isSegment("m", list),
		GroupBy: []sql.Expr{name},
	})
	out := map[string]int64{}
	for _, r := range rows {
		out[console.Cell(r[0])] = integer(r[1])
	}
	return out, err
}

// past are the last runs that evaluated each of some segments, by what they
// took for now, the latest first.
func (s *segmenter) past(ctx context.Context, list []*config.Segment, limit int64) (map[string][]segmentAt, error) {
	latest := []sql.Order{{Expr: sql.Col("s", "at"), Desc: true}, {Expr: sql.Col("s", "run_id"), Desc: true}}
	columns := []string{"segment", "at", "profiles", "members", "entries", "exits", "run_id"}
	rows, err := s.ask(ctx, &sql.Select{
		Items: sql.Items("r", columns...),
		From: sql.Derived{As: "r", Query: &sql.Select{
			Items: append(sql.Items("s", columns...), sql.As(sql.Window{
				Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("s", "segment")}, OrderBy: latest,
			}, "n")),
			From:  sql.TableRef{Table: segment.SizesTable, As: "s"},
			Where: isSegment("s", list),
		}},
		Where:   sql.Fn(sql.Le, sql.Col("r", "n"), sql.Int(limit)),
		OrderBy: []sql.Order{sql.Asc(sql.Col("r", "segment")), sql.Asc(sql.Col("r", "n"))},
	})
	out := map[string][]segmentAt{}
	for _, r := range rows {
		name := console.Cell(r[0])
		out[name] = append(out[name], segmentAt{
			At: instant(r[1]), Profiles: optional[int64](r[2]), Members: integer(r[3]), Entered: integer(r[4]), Left: integer(r[5]), RunID: console.Cell(r[6]),
		})
	}
	return out, err
}

// segmentHistory is customhouse/segment-history/v1.
type segmentHistory struct {
	Schema  string      `json:"schema"`
	Segment string      `json:"segment"`
	Runs    []segmentAt `json:"runs"`
}

func (a *app) historyCommand() *cobra.Command {
	limit := int64(30)
	c := &cobra.Command{
		Use:   "history <name>",
		Short: "The size of a segment over time",
		Long: `How many members a segment had after each run that evaluated it, the latest at the
end, and how many entered and left. A segment that the project no longer has
is remembered too.`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.segments(ctx, limit, func(ctx context.Context, s *segmenter) error { return s.history(ctx, args[0]) })
		}),
	}
	c.Flags().Int64Var(&limit, "limit", limit, "how many runs at most")
	return c
}

func (s *segmenter) history(ctx context.Context, name string) error {
	past, err := s.past(ctx, []*config.Segment{{Name: name}}, s.limit)
	if err != nil {
		return err
	}
	runs := past[name]
	if len(runs) == 0 {
		if _, err := s.named([]string{name}); err != nil {
			return err
		}
		return fmt.Errorf("no run has evaluated the segment %s yet: customhouse run does", name)
	}
	slices.Reverse(runs)
	out := segmentHistory{Schema: "customhouse/segment-history/v1", Segment: name, Runs: runs}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

func (o segmentHistory) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		row := titled(line, "as of", "members", "of", "share", "entered", "left", "run")
		for _, r := range o.Runs {
			of, part := "-", "removed"
			if r.Profiles != nil {
				of, part = console.Number(*r.Profiles), share(r.Members, *r.Profiles)
			}
			row(moment(r.At), console.Number(r.Members), of, part, console.Number(r.Entered), console.Number(r.Left), r.RunID)
		}
	})
}

// maxOverlap bounds the segments of one overlap: a bit of an integer each.
const maxOverlap = 30

// segmentOverlap is customhouse/segment-overlap/v1.
type segmentOverlap struct {
	Schema string `json:"schema"`
	Entity string `json:"entity"`
	// Profiles is how many there are, Any how many of them are in a segment.
	Profiles int64         `json:"profiles"`
	Any      int64         `json:"any"`
	Segments []overlapped  `json:"segments"`
	Parts    []overlapPart `json:"combinations"`
	// Count is how many combinations there are, Parts being the largest.
	Count int64 `json:"combination_count"`
}

type overlapped struct {
	Segment string `json:"segment"`
	Members int64  `json:"members"`
}

// overlapPart are those who are in these segments and in none of the others.
type overlapPart struct {
	Segments []string `json:"segments"`
	Members  int64    `json:"members"`
}

func (a *app) overlapCommand() *cobra.Command {
	limit := int64(50)
	c := &cobra.Command{
		Use:   "overlap <name> <name>...",
		Short: "How many members segments share",
		Long: fmt.Sprintf(`Each combination of segments that somebody is in, with how many are in exactly
these and in none of the others: every member is counted once. The percentages
are of the members of each segment. Up to %d segments of one entity.`, maxOverlap),
		Example: `  customhouse segments overlap vip newsletter lapsed`,
		Args:    cobra.MinimumNArgs(2),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.segments(ctx, limit, func(ctx context.Context, s *segmenter) error { return s.overlap(ctx, args) })
		}),
	}
	c.Flags().Int64Var(&limit, "limit", limit, "how many combinations at most, the largest first")
	return c
}

func (s *segmenter) overlap(ctx context.Context, names []string) error {
	list, err := s.named(names)
	if err != nil {
		return err
	}
	for i, x := range list {
		switch {
		case slices.Contains(names[:i], x.Name):
			return usageError{fmt.Errorf("the segment %s is named twice", x.Name)}
		case x.Entity != list[0].Entity:
			return usageError{fmt.Errorf("%s is a segment of %s, %s of %s: nobody is both", list[0].Name, list[0].Entity, x.Name, x.Entity)}
		case i == maxOverlap:
			return usageError{fmt.Errorf("%d segments are too many for one comparison: at most %d", len(list), maxOverlap)}
		}
	}
	e := s.entity(list[0].Entity)
	out := segmentOverlap{Schema: "customhouse/segment-overlap/v1", Entity: e.Name, Parts: []overlapPart{}}
	if out.Profiles, err = s.profiles(ctx, e); err != nil {
		return err
	}
	rows, err := s.ask(ctx, combinations(e, list, s.limit))
	if err != nil {
		return err
	}
	for _, r := range rows {
		part := overlapPart{Members: integer(r[1])}
		for i, name := range names {
			if integer(r[0])>>i&1 == 1 {
				part.Segments = append(part.Segments, name)
			}
		}
		out.Parts = append(out.Parts, part)
		out.Any, out.Count = integer(r[2]), integer(r[3])
	}
	members, err := s.members(ctx, list)
	if err != nil {
		return err
	}
	for _, name := range names {
		out.Segments = append(out.Segments, overlapped{name, members[name]})
	}
	if s.format == "json" {
		return console.JSON(s.stdout, out)
	}
	return out.print(s.stdout)
}

// combinations counts the members by the set of segments that they are in: the
// sum of a bit for each, in the order of list. Beside it stand how many are in
// any, and how many combinations there are. The largest comes first.
func combinations(e *config.Entity, list []*config.Segment, limit int64) sql.Query {
	bit := sql.Case{}
	for i, x := range list {
		bit.Whens = append(bit.Whens, sql.When{If: sql.Fn(sql.Eq, sql.Col("m", "segment"), sql.String(x.Name)), Then: sql.Int(1 << i)})
	}
	id, set, members := sql.Col("m", identity.Column(e)), sql.Col("c", "combination"), sql.Col("p", "members")
	parts := &sql.Select{
		Items: []sql.Item{sql.As(set, "combination"), sql.As(sql.Fn(sql.CountAll), "members")},
		From: sql.Derived{As: "c", Query: &sql.Select{
			Items:   []sql.Item{sql.As(id, "id"), sql.As(sql.Fn(sql.Sum, bit), "combination")},
			From:    sql.TableRef{Table: segment.Table, As: "m"},
			Where:   isSegment("m", list),
			GroupBy: []sql.Expr{id},
		}},
		GroupBy: []sql.Expr{set},
	}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("p", "combination"), "combination"), sql.As(members, "members"),
			sql.As(sql.Window{Call: sql.Fn(sql.Sum, members)}, "any"), sql.As(sql.Window{Call: sql.Fn(sql.CountAll)}, "n"),
		},
		From:    sql.Derived{Query: parts, As: "p"},
		OrderBy: []sql.Order{{Expr: members, Desc: true}, sql.Asc(sql.Col("p", "combination"))},
		Limit:   limit,
	}
}

func (o segmentOverlap) print(w io.Writer) error {
	return aligned(w, func(line func(string, ...any)) {
		row := titled(line, "segment", "members", "share")
		headings := []string{"members"}
		for _, x := range o.Segments {
			row(x.Segment, console.Number(x.Members), share(x.Members, o.Profiles))
			headings = append(headings, "of "+x.Segment)
		}
		line("%s in any of them, %s of %s", counted(o.Any, o.Entity), share(o.Any, o.Profiles), counted(o.Profiles, o.Entity))
		row = titled(line, append(headings, "in exactly")...)
		for _, p := range o.Parts {
			cells := []string{console.Number(p.Members)}
			for _, x := range o.Segments {
				part := "-"
				if slices.Contains(p.Segments, x.Segment) {
					part = share(p.Members, x.Members)
				}
				cells = append(cells, part)
			}
			row(append(cells, strings.Join(p.Segments, ", "))...)
		}
		if rest := o.Count - int64(len(o.Parts)); rest > 0 {
			line("and %s", counted(rest, "more combination"))
		}
	})
}
