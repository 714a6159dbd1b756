// Package impact says what a change of a project does to what was built: which
// customers merge and split, which traits move, who enters and leaves segments and
// for which part of a condition. It compares two builds that lie in one warehouse
// side by side, by statements over their tables: no table is read into the process,
// and nothing is asked per customer.
//
// It builds nothing and writes nothing but Work tables of the candidate. It holds
// values of people only where Sides.Values asks for them.
//
// Start with Sides and the Report.
package impact

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Sides are the two builds. The later one started from copies of what the earlier
// one had left, so that an id is the same customer in both.
type Sides struct {
	Before, After *adapters.Warehouse
	// Project is the candidate's.
	Project *config.Project
	// RunID is that of the candidate's build.
	RunID string
	// Values has values of people in the result.
	Values bool
	// Sample has the ids of the customers of an entity that are compared, by the
	// entity's name; an entity without one is compared as a whole.
	Sample map[string]sql.Table
}

// Resource is one that differs, customhouse/impact/v1.
type Resource struct {
	Key    string `json:"key"`
	Change string `json:"change"`
	// Settings are the lines that differ.
	Settings []Setting `json:"settings"`
	// Before and After are the SQL where it differs.
	Before string `json:"sql_before,omitempty"`
	After  string `json:"sql_after,omitempty"`
}

// Setting is what was written and is written; absent where there is nothing.
type Setting struct {
	Path   string  `json:"path"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
}

// Report is customhouse/impact/v1.
type Report struct {
	Schema  string    `json:"schema"`
	Project string    `json:"project"`
	Target  string    `json:"target"`
	AsOf    time.Time `json:"as_of"`
	// Base says what the candidate is compared with: BuiltLast, or Rebuilt as of
	// the same instant.
	Base string `json:"base"`
	// BaseAsOf is when the base was built last; absent where it never was.
	BaseAsOf *time.Time `json:"base_as_of,omitempty"`
	// Sample is how much of the customers is compared, 0 for all.
	Sample float64 `json:"sample_percent,omitempty"`
	// Compared says that Resources could be compared.
	Compared   bool       `json:"resources_compared"`
	Resources  []Resource `json:"resources"`
	Identities []Identity `json:"identities"`
	Traits     []Entity   `json:"traits"`
	Segments   []Segment  `json:"segments"`
	Syncs      []Sync     `json:"syncs"`
	Cost       Cost       `json:"cost"`
	// Changes says that anything differs, or would be sent.
	Changes bool `json:"changes"`
}

// The values of Report.Base.
const (
	BuiltLast = "built last"
	Rebuilt   = "rebuilt"
)

// Sync is what a sync would do with the candidate.
type Sync struct {
	Sync        string           `json:"sync"`
	Destination string           `json:"destination"`
	Mode        string           `json:"mode"`
	Counts      map[string]int64 `json:"counts"`
	// Without are the counts without the change, absent where the base is not
	// known.
	Without  map[string]int64 `json:"counts_without_the_change,omitempty"`
	Requests int64            `json:"requests"`
	// Again says why every row would be sent.
	Again string `json:"again,omitempty"`
	// Guards are why the delivery would stop.
	Guards []string `json:"guards"`
}

// Sends is how many rows the sync would send.
func (s Sync) Sends() int64 { return sum(s.Counts, sent) }

// sent are the counts of what is sent.
var sent = []string{"added", "changed", "mapping", "unsettled", "resync", "removed"}

func sum(counts map[string]int64, names []string) (n int64) {
	for _, name := range names {
		n += counts[name]
	}
	return n
}

// differs says that the sync would send something else for the change, or anything
// where that is not known.
func (s Sync) differs() bool {
	if s.Without == nil {
		return s.Sends() > 0
	}
	return slices.ContainsFunc(sent, func(name string) bool { return s.Counts[name] != s.Without[name] })
}

// Cost is what the plan took.
type Cost struct {
	Statements int64 `json:"statements"`
	// BytesBilled is absent where the warehouse does not bill by bytes, or does not
	// tell.
	BytesBilled *int64 `json:"bytes_billed,omitempty"`
}

// Fewest is how many customers a quantile is of at least, where values of people
// are not asked for: of fewer it would tell of somebody.
const Fewest = 20

// settle says whether anything differs.
func (r *Report) settle() {
	r.Changes = len(r.Resources) > 0
	for _, i := range r.Identities {
		r.Changes = r.Changes || i.differs()
	}
	for _, e := range r.Traits {
		r.Changes = r.Changes || len(e.Traits) > 0
	}
	for _, s := range r.Segments {
		r.Changes = r.Changes || s.Entered+s.Left > 0
	}
	for _, s := range r.Syncs {
		r.Changes = r.Changes || s.differs()
	}
}

// Settle fills Changes in and orders what has no order of its own.
func (r *Report) Settle() {
	slices.SortFunc(r.Segments, func(a, b Segment) int { return strings.Compare(a.Segment, b.Segment) })
	r.settle()
}

// Stopped says that a guard would stop a sync.
func (r *Report) Stopped() bool {
	return slices.ContainsFunc(r.Syncs, func(s Sync) bool { return len(s.Guards) > 0 })
}

// ask reads a small result on the candidate's side.
func (s Sides) ask(ctx context.Context, q sql.Query) ([][]any, error) { return s.After.All(ctx, q) }

// columns are those of a table, nil where it is not there.
func columns(ctx context.Context, wh *adapters.Warehouse, t sql.Table) ([]adapters.Column, error) {
	list, err := wh.Columns(ctx, t)
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
		return nil, nil
	}
	return list, err
}

// base reads a table as it was, on the candidate's side. Where it was not there
// the candidate's stands in for it, without rows.
func (s Sides) base(ctx context.Context, t sql.Table, as string, names ...string) (sql.From, error) {
	have, err := columns(ctx, s.Before, t)
	if err != nil {
		return nil, err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(have, func(c adapters.Column) bool { return strings.EqualFold(c.Name, name) })
	}
	if len(have) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !has(name) }) {
		return sql.TableRef{Table: s.Before.Foreign(t), As: as}, nil
	}
	return sql.Derived{As: as, Query: &sql.Select{
		Items: sql.Items("x", names...), From: sql.TableRef{Table: t, As: "x"}, Where: sql.Bool(false),
	}}, nil
}

// sampled is the condition that an id is compared, nil where all are.
func (s Sides) sampled(e *config.Entity, id sql.Expr) sql.Expr {
	t, ok := s.Sample[e.Name]
	if !ok {
		return nil
	}
	return sql.InQuery{Exprs: []sql.Expr{id}, Query: &sql.Select{
		Items: sql.Items("k", identity.Column(e)), From: sql.TableRef{Table: t, As: "k"},
	}}
}

// merged are the ids that the candidate merged away, each with the one that it is
// now.
func (s Sides) merged(e *config.Entity, as string) sql.Derived {
	return sql.Derived{As: as, Query: &sql.Select{
		Items: sql.Items("h", "old_id", "new_id"), From: sql.TableRef{Table: identity.HistoryTable(e), As: "h"},
		Where: sql.And{s.now("h"), sql.Fn(sql.Eq, sql.Col("h", "kind"), sql.String("merge"))},
	}}
}

// now says that a row of the history of ids is of the candidate's build.
func (s Sides) now(alias string) sql.Expr {
	return sql.Fn(sql.Eq, sql.Col(alias, "run_id"), sql.String(s.RunID))
}

func ref(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }

func eq(a, b sql.Expr) sql.Expr { return sql.Fn(sql.Eq, a, b) }

// count counts the rows for which a condition is true.
func count(cond sql.Expr, as string) sql.Item {
	return sql.As(sql.Fn(sql.Count, sql.If(cond, sql.Int(1), nil)), as)
}

func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// entities are those of the candidate that have sources, whose tables are built.
func (s Sides) entities() []*config.Entity {
	var out []*config.Entity
	for _, e := range s.Project.Entities {
		if slices.ContainsFunc(s.Project.Sources, func(x *config.Source) bool { return x.Entity == e.Name }) {
			out = append(out, e)
		}
	}
	return out
}

// check refuses steps that would leave something behind.
func check(steps []models.Step) error {
	for t := range models.ModelUse(&models.Model{Steps: steps}).Writes {
		if t.Space != sql.Work {
			return errors.New("a look would write " + t.Name + ": please report it")
		}
	}
	return nil
}
