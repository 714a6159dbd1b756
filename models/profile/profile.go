// Package profile compiles what is known of each customer: the features that
// expressions aggregate from sources, the traits picked from sources or
// computed, and the history of those that keep one.
//
// All features of a source, for traits and segments alike, come out of one
// scan of it (Features); one statement then joins them and computes the traits
// level by level into a wide Work table (Build), from which profiles and
// segments are taken.
//
// It never runs SQL and never looks at data. Start with Build.
package profile

import (
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Input is what the profiles of one entity depend on.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's, in the project's order.
	Sources []*config.Source
	Traits  []*config.Trait
	// Expr are the compiled expressions of the entity.
	Expr *expr.Output
	// Relations are those that Expr reads, each with the entity at its other
	// end, whose wide table is read.
	Relations []Relation
	// Members are the relations to Entity whose members Expr reads, each with
	// their entity, whose wide table is read.
	Members []Relation
	// Pass is how the features are computed: see NewPass.
	Pass *Pass
	// Whole asks for a wide table with every feature as a column, for those who
	// want to see what a condition saw. NewPass heeds it.
	Whole bool
	AsOf  time.Time
	RunID string
	// Last is what the last run kept of sources that only grow, by their names.
	Last map[string]*Last
	// Because says why identities are built from all rows in this run, nothing
	// where they are not: what was kept is then built again too.
	Because string
	// Erased says that rows may be nobody's since somebody was erased.
	Erased bool
	// Corrected are the traits that somebody has corrected for some entity.
	Corrected []string
	// Look says that nothing may be kept from run to run, for those who look.
	Look bool
	// Built says that the profiles are built in this run.
	Built bool
}

// Relation leads to another entity.
type Relation struct {
	*config.Relation
	Other *config.Entity
}

// Table is the public table of an entity's profiles.
func Table(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_profiles"}
}

// WideTable holds, for each customer, all traits and all features that
// segments read. Its columns are named as package expr names them.
func WideTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_wide"}
}

// HistoryTable has a row per version of the traits marked with history.
func HistoryTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_profile_history"}
}

func featuresTable(s *config.Source) sql.Table {
	return sql.Table{Space: sql.Work, Name: "features_" + s.Name}
}

// membersTable has the features of the members of each entity.
func membersTable(r Relation) sql.Table {
	return sql.Table{Space: sql.Work, Name: "members_of_" + r.Name}
}

// System lists the tables that must exist before Build's model runs. The
// columns of the profile follow the traits: a table that lacks one gets it.
func System(in Input) []sql.CreateTable {
	e := in.Entity
	id := sql.ColumnDef{Name: identity.Column(e), Type: sql.TypeInt}
	profiles := sql.CreateTable{Table: Table(e), Columns: []sql.ColumnDef{id}, Key: []string{id.Name}}
	history := sql.CreateTable{Table: HistoryTable(e), Key: []string{id.Name, "valid_from"}, Columns: []sql.ColumnDef{
		id, {Name: "valid_from", Type: sql.TypeTimestamp}, {Name: "valid_to", Type: sql.TypeTimestamp},
	}}
	kept := historyTraits(in)
	for _, t := range in.Expr.Traits {
		column := sql.ColumnDef{Name: t.Name, Type: t.Type}
		if in.Built {
			profiles.Columns = append(profiles.Columns, column)
		}
		if kept[t.Name] {
			history.Columns = append(history.Columns, column)
		}
	}
	return append([]sql.CreateTable{profiles, history}, consentsSystem(in)...)
}

func historyTraits(in Input) map[string]bool {
	out := map[string]bool{}
	for _, t := range in.Traits {
		if t.History {
			out[t.Name] = true
		}
	}
	return out
}

// picked is the reading of one source column for one picked trait.
type picked struct {
	source *config.Source
	column string
	asOf   time.Time
	// value and time name the feature columns; time is empty where the pick
	// does not weigh times.
	value, time string
}

// Features compiles the scans of each source, and of the members of each
// relation, that the entity's traits and segments need, as one model each; a
// source that nobody reads has none.
func Features(in Input) []*models.Model {
	var out []*models.Model
	if m := keep(in); m != nil {
		out = append(out, m)
	}
	for _, s := range in.Sources {
		m := &models.Model{
			Name:  "features:" + s.Name,
			Nodes: []string{"source:" + s.Name},
			Span:  s.Pos.Span(),
		}
		var list []sql.Statement
		for _, scan := range in.Pass.Scans {
			if scan.Source != s {
				continue
			}
			grouped := in.grouped
			if scan.kept {
				k := in.keeping(scan)
				title := "aggregate " + s.Name + " by day"
				if k.last != nil {
					title = "aggregate new rows of " + s.Name + " by day"
				}
				m.Steps = append(m.Steps, &models.Exec{Title: title, Statements: k.statements()})
				m.Commit, m.Note, m.Measures = k.commit(), k.note(), []models.Measure{k.measure()}
				grouped = func(*Scan) *sql.Select { return k.grouped() }
			}
			list = append(list, sql.CreateTableAs{Table: scan.table(), Query: in.scan(scan, grouped(scan))})
		}
		if len(list) == 0 {
			continue
		}
		m.Steps = append(m.Steps, &models.Exec{Title: "aggregate " + s.Name, Statements: list})
		out = append(out, m)
	}
	for _, r := range in.Members {
		if slices.ContainsFunc(in.Expr.Features, func(f expr.Feature) bool { return f.Source == r.Reverse }) {
			out = append(out, in.members(r))
		}
	}
	return append(out, stages(in)...)
}

// grouped aggregates the rows of a scan.
func (in Input) grouped(s *Scan) *sql.Select {
	id := identity.Column(in.Entity)
	key := sql.Col("m", id)
	grouped := &sql.Select{Items: []sql.Item{sql.As(key, id)}, From: collection(in.Entity, s.Source), GroupBy: []sql.Expr{key}}
	if s.Column != "" {
		grouped.Where = sql.Fn(sql.Eq, sql.Col(expr.Event, s.Column), sql.String(s.Value))
	}
	for _, f := range s.Features {
		grouped.Items = append(grouped.Items, sql.As(f.Aggregate, f.Name))
	}
	grouped.Items = append(grouped.Items, s.picks...)
	for i := range in.Pass.masks {
		if set := packed(s.Rows, i, s.Source); set != nil {
			grouped.Items = append(grouped.Items, sql.As(sql.Fn(sql.AnyBits, set), maskColumn(i)))
		}
	}
	return grouped
}

// scan is the aggregates of a scan, with its bits decided.
func (in Input) scan(s *Scan, grouped *sql.Select) sql.Query {
	id := identity.Column(in.Entity)
	if len(s.Bits) == 0 {
		return grouped
	}
	out := &sql.Select{Items: sql.Items(expr.Row, append([]string{id}, s.Carried...)...), From: sql.Derived{Query: grouped, As: expr.Row}}
	for _, p := range s.picks {
		out.Items = append(out.Items, sql.Items(expr.Row, p.As)...)
	}
	for i := range in.Pass.masks {
		if bits := s.bits(i); bits != nil {
			out.Items = append(out.Items, sql.As(bits, maskColumn(i)))
		}
	}
	return out
}

// bits is a mask as a scan leaves it, nil where it has none of its bits.
func (s *Scan) bits(mask int) sql.Expr {
	var out sql.Expr
	if packed(s.Rows, mask, nil) != nil {
		out = sql.Col(expr.Row, maskColumn(mask))
	}
	if bits := packed(s.Bits, mask, nil); bits != nil {
		changed := sql.Fn(sql.BitXor, bits, s.withoutRows(bits))
		if out == nil {
			return changed
		}
		out = sql.Fn(sql.AddFast, out, changed)
	}
	return out
}

// packed is the bits among a list that are in a mask, nil where there are none.
// Those that rows of a source set are asked in groups: the value of a column that
// many of them want is compared once.
func packed(list []*Bit, mask int, of *config.Source) sql.Expr {
	var here []*Bit
	for _, b := range list {
		if b.mask == mask {
			here = append(here, b)
		}
	}
	if of != nil {
		return byValue(of, here)
	}
	return sum(here, func(b *Bit) sql.Expr { return b.Condition })
}

// sum is the bits for which a condition holds. No two are the same bit.
func sum(list []*Bit, condition func(*Bit) sql.Expr) sql.Expr {
	var out sql.Expr
	for _, b := range list {
		bit := sql.Expr(sql.Cast{Expr: sql.If(condition(b), sql.Int(b.value), sql.Int(0)), To: sql.TypeInt})
		if out != nil {
			bit = sql.Fn(sql.AddFast, out, bit)
		}
		out = bit
	}
	return out
}

// byValue is the bits that a row sets.
func byValue(s *config.Source, list []*Bit) sql.Expr {
	conditions := make([]sql.Expr, len(list))
	for i, b := range list {
		conditions[i] = b.Condition
	}
	column := mostWanted(s, conditions)
	var others []*Bit
	var values []string
	groups := map[string][]*Bit{}
	for _, b := range list {
		w, ok := wantOn(column, b.Condition)
		if !ok {
			others = append(others, b)
			continue
		}
		if groups[w.value] == nil {
			values = append(values, w.value)
		}
		groups[w.value] = append(groups[w.value], b)
	}
	out := sum(others, func(b *Bit) sql.Expr { return b.Condition })
	if len(groups) == 0 {
		return out
	}
	chosen := sql.Case{Else: sql.Int(0)}
	for _, v := range values {
		w := want{column, v}
		chosen.Whens = append(chosen.Whens, sql.When{
			If:   sql.Fn(sql.Eq, sql.Col(expr.Event, column), sql.String(v)),
			Then: sum(groups[v], func(b *Bit) sql.Expr { return w.without(b.Condition) }),
		})
	}
	if out == nil {
		return chosen
	}
	return sql.Fn(sql.AddFast, out, chosen)
}

// withoutRows is what bits are for a customer who has no row in the scan: the
// same conditions, with nothing aggregated. The engine computes it once.
//
// Scans leave what differs from it. So a customer who is missing in one has 0
// there, and masks of several scans can be put together before that is undone.
func (s *Scan) withoutRows(bits sql.Expr) sql.Expr {
	return sql.Rewrite(bits, func(x sql.Expr) (sql.Expr, bool) {
		c, ok := x.(sql.Column)
		if !ok {
			return nil, false
		}
		i := slices.IndexFunc(s.Features, func(f expr.Feature) bool { return f.Name == c.Name })
		return sql.Null{Type: s.Features[i].Type}, true
	})
}

// scanned are the columns that scans leave in the wide table, but for picks, and
// the refusals that were kept.
func (in Input) scanned() []string {
	var out []string
	for _, s := range in.Pass.Scans {
		out = append(out, s.Carried...)
	}
	for _, f := range in.ofMembers() {
		out = append(out, f.Name)
	}
	for i := range in.Pass.scanned {
		out = append(out, maskColumn(i))
	}
	return append(out, in.kept()...)
}

// ofMembers are the features of the members of relations.
func (in Input) ofMembers() []expr.Feature {
	return slices.DeleteFunc(slices.Clone(in.Expr.Features), func(f expr.Feature) bool { return in.source(f.Source) != nil })
}

// known adds the bits of conditions about traits to the last wide table.
func (in Input) known(out *sql.Select) *sql.Select {
	if len(in.Pass.Known) == 0 {
		return out
	}
	var items []sql.Item
	for _, it := range out.Items {
		items = append(items, sql.Items(expr.Row, it.As)...)
	}
	for i := in.Pass.scanned; i < in.Pass.masks; i++ {
		items = append(items, sql.As(packed(in.Pass.Known, i, nil), maskColumn(i)))
	}
	return &sql.Select{Items: items, From: sql.Derived{Query: out, As: expr.Row}}
}

// mostJoined is how many scans with bits are joined one by one. More are put
// together first, which costs a grouping of all their customers.
const mostJoined = 4

// withBits are the scans that leave bits.
func (p *Pass) withBits() []*Scan {
	return slices.DeleteFunc(slices.Clone(p.Scans), func(s *Scan) bool { return len(s.Rows)+len(s.Bits) == 0 })
}

// joined says that the bits of a scan are read from it where it is joined.
func (p *Pass) joined(s *Scan) bool {
	list := p.withBits()
	return len(list) <= mostJoined && slices.Contains(list, s)
}

// masks are the bits of all scans, joined to from where they are not yet.
func (in Input) masks(from sql.From, id string) (sql.From, []sql.Item) {
	scans := in.Pass.withBits()
	if len(scans) == 0 {
		return from, nil
	}
	bits := make([]sql.Expr, in.Pass.scanned)
	if in.Pass.joined(scans[0]) {
		for i := range bits {
			for _, s := range scans {
				if s.bits(i) == nil {
					continue
				}
				// No two scans have a bit in common.
				own := sql.Expr(sql.Fn(sql.Coalesce, sql.Col(s.alias(), maskColumn(i)), sql.Int(0)))
				if bits[i] != nil {
					own = sql.Fn(sql.AddFast, bits[i], own)
				}
				bits[i] = own
			}
		}
	} else {
		from = sql.Joins(from, sql.Join{
			Kind: sql.LeftJoin, Right: sql.Derived{Query: in.together(scans, id), As: "b"}, On: sql.Fn(sql.Eq, sql.Col("b", id), sql.Col("c", id)),
		})
		for i := range bits {
			bits[i] = sql.Fn(sql.Coalesce, sql.Col("b", maskColumn(i)), sql.Int(0))
		}
	}
	var items []sql.Item
	for i := range bits {
		for _, s := range scans {
			if nothing := packed(s.Bits, i, nil); nothing != nil {
				bits[i] = sql.Fn(sql.BitXor, bits[i], s.withoutRows(nothing))
			}
		}
		items = append(items, sql.As(bits[i], maskColumn(i)))
	}
	return from, items
}

// together is the bits of many scans, a row for each customer who is in any.
func (in Input) together(scans []*Scan, id string) sql.Query {
	var parts sql.Union
	for _, s := range scans {
		part := &sql.Select{Items: sql.Items("s", id), From: sql.TableRef{Table: s.table(), As: "s"}}
		for i := range in.Pass.scanned {
			if s.bits(i) == nil {
				part.Items = append(part.Items, sql.As(sql.Cast{Expr: sql.Int(0), To: sql.TypeInt}, maskColumn(i)))
			} else {
				part.Items = append(part.Items, sql.Items("s", maskColumn(i))...)
			}
		}
		parts = append(parts, part)
	}
	out := &sql.Select{Items: sql.Items("u", id), From: sql.Derived{Query: parts, As: "u"}, GroupBy: []sql.Expr{sql.Col("u", id)}}
	for i := range in.Pass.scanned {
		out.Items = append(out.Items, sql.As(sql.Fn(sql.AnyBits, sql.Col("u", maskColumn(i))), maskColumn(i)))
	}
	return out
}

// members aggregates those who belong to each entity by a relation.
func (in Input) members(r Relation) *models.Model {
	id := identity.Column(in.Entity)
	key := sql.Col(expr.Event, id)
	items := []sql.Item{sql.As(key, id)}
	var read columnSet
	for _, f := range in.Expr.Features {
		if f.Source == r.Reverse {
			items = append(items, sql.As(f.Aggregate, f.Name))
			read.add(f.Columns...)
		}
	}
	return &models.Model{
		Name:  "members:" + r.Name,
		Nodes: []string{"relation:" + r.Name},
		Span:  r.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title: "aggregate " + r.Reverse,
			Statements: []sql.Statement{sql.CreateTableAs{Table: membersTable(r), Query: &sql.Select{
				Items: items, From: sql.Derived{Query: in.memberRows(r, read.names), As: expr.Event}, GroupBy: []sql.Expr{key},
			}}},
		}},
	}
}

// memberRows are those who belong to each entity by a relation.
func (in Input) memberRows(r Relation, columns []string) *sql.Select {
	rows := &sql.Select{
		Items: append(sql.Items("r", identity.Column(in.Entity), relation.IsPrimary), sql.As(sql.Col("r", relation.LastSeen), expr.TimeField)),
		From: sql.Joins(sql.TableRef{Table: relation.Table(r.Relation), As: "r"}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: WideTable(r.Other), As: "w"},
			On: sql.Fn(sql.Eq, sql.Col("w", identity.Column(r.Other)), sql.Col("r", identity.Column(r.Other))),
		}),
	}
	for _, c := range columns {
		if c != relation.IsPrimary && c != expr.TimeField {
			rows.Items = append(rows.Items, sql.Items("w", c)...)
		}
	}
	return rows
}

// collection is the rows of a source under the alias expr.Event, each with the
// customer it belongs to under the alias m.
func collection(e *config.Entity, s *config.Source) sql.From {
	return sql.Joins(sql.Derived{Query: Rows(e, s), As: expr.Event},
		sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.MapTable(s), As: "m"}, On: identity.SameRow(expr.Event, "m")})
}

// Rows are the rows of a source with their declared columns, and by what the map
// knows each.
func Rows(e *config.Entity, s *config.Source) *sql.Select {
	rows := &sql.Select{Items: identity.RowKey(e, s, "s"), From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}}
	if s.Time != "" {
		rows.Items = append(rows.Items, sql.As(rowTime(s), expr.TimeField))
	}
	for _, c := range s.Columns {
		rows.Items = append(rows.Items, declared(c.Key, c.Value))
	}
	return rows
}

// declared is a declared column of the row s.
func declared(name string, c config.Column) sql.Item {
	column := name
	if c.Column != "" {
		column = c.Column
	}
	return sql.As(sql.Cast{Expr: sql.Col("s", column), To: models.ColumnType(c.Type)}, name)
}

// Fields are the rows of a source with some of what is known of them: declared
// columns, expr.TimeField, and identifiers as the source has them, as texts.
func Fields(s *config.Source, names []string) *sql.Select {
	rows := &sql.Select{From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}}
	for _, name := range names {
		c, isDeclared := s.Columns.Get(name)
		column, _ := s.Identifiers.Get(name)
		switch {
		case isDeclared:
			rows.Items = append(rows.Items, declared(name, c))
		case name == expr.TimeField && s.Time != "":
			rows.Items = append(rows.Items, sql.As(rowTime(s), name))
		default:
			rows.Items = append(rows.Items, sql.As(sql.Fn(sql.Text, sql.Col("s", column)), name))
		}
	}
	return rows
}

func (in Input) source(name string) *config.Source {
	for _, s := range in.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// picks resolves the references of the picked traits.
func (in Input) picks() map[string][]picked {
	out := map[string][]picked{}
	for _, t := range in.Traits {
		if t.Pick == "" {
			continue
		}
		for i, reference := range t.From {
			source, column := models.Reference(reference)
			p := picked{source: in.source(source), column: column, asOf: in.AsOf, value: "pick." + t.Name + "." + strconv.Itoa(i)}
			if t.Pick == "latest" || t.Pick == "earliest" {
				p.time = p.value + ".time"
			}
			out[t.Name] = append(out[t.Name], p)
		}
	}
	return out
}

// beginning stands in for the time of a row that has none.
var beginning = sql.Timestamp(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))

// aggregates reads the value that a source says for each customer, and when.
func (p picked) aggregates(pick string) []sql.Item {
	value := p.expr()
	at := sql.Expr(beginning)
	if p.source.Time != "" {
		at = sql.Fn(sql.Coalesce, sql.Col(expr.Event, expr.TimeField), beginning)
	}
	said := sql.If(sql.Fn(sql.IsNotNull, value), at, nil)
	switch pick {
	case "latest":
		return []sql.Item{sql.As(sql.FnOf(p.typ(), sql.ArgMax, value, at), p.value), sql.As(sql.Fn(sql.Max, said), p.time)}
	case "earliest":
		return []sql.Item{sql.As(sql.FnOf(p.typ(), sql.ArgMin, value, at), p.value), sql.As(sql.Fn(sql.Min, said), p.time)}
	case "min":
		return []sql.Item{sql.As(sql.Fn(sql.Min, value), p.value)}
	case "max":
		return []sql.Item{sql.As(sql.Fn(sql.Max, value), p.value)}
	default: // priority: within a source its latest word counts
		return []sql.Item{sql.As(sql.FnOf(p.typ(), sql.ArgMax, value, at), p.value)}
	}
}

// expr is the column as a value, where that still counts: a declared column, the
// time, or else an identifier in its comparable form, which the map holds.
func (p picked) expr() sql.Expr {
	if d := expr.Retention(p.source, p.column); d != 0 {
		return sql.If(expr.Within(d, expr.Event, p.asOf), p.all(), nil)
	}
	return p.all()
}

// all is the column of each row.
func (p picked) all() sql.Expr {
	if _, ok := p.source.Columns.Get(p.column); ok || p.column == expr.TimeField {
		return sql.Col(expr.Event, p.column)
	}
	return sql.Col("m", identity.Value(p.column))
}

// typ is the type of that value.
func (p picked) typ() sql.Type {
	if c, ok := p.source.Columns.Get(p.column); ok {
		return models.ColumnType(c.Type)
	}
	if p.column == expr.TimeField {
		return sql.TypeTimestamp
	}
	return sql.TypeString
}

// combine chooses among what the sources say.
func combine(pick string, list []picked) sql.Expr {
	value := func(p picked) sql.Expr { return sql.Col(alias(p.source.Name), p.value) }
	if len(list) == 1 {
		return value(list[0])
	}
	values, times := make([]sql.Expr, len(list)), make([]sql.Expr, len(list))
	for i, p := range list {
		values[i], times[i] = value(p), sql.Col(alias(p.source.Name), p.time)
	}
	switch pick {
	case "min":
		return sql.Fn(sql.Least, values...)
	case "max":
		return sql.Fn(sql.Greatest, values...)
	case "latest", "earliest":
		best := sql.Greatest
		if pick == "earliest" {
			best = sql.Least
		}
		// Among equal times the first source of the list counts.
		c := sql.Case{}
		for i := range list {
			c.Whens = append(c.Whens, sql.When{If: sql.Fn(sql.Eq, times[i], sql.Fn(best, times...)), Then: values[i]})
		}
		return c
	default:
		return sql.Fn(sql.Coalesce, values...)
	}
}

// alias is that of the features of a collection.
func alias(collection string) string { return "f_" + collection }

// ModelName is the name of an entity's Build.
func ModelName(e *config.Entity) string { return "profile:" + e.Name }

// Build compiles the model that writes the profiles.
func Build(in Input) *models.Model {
	e := in.Entity
	id := identity.Column(e)
	m := &models.Model{
		Name: ModelName(e),
		Span: e.Pos.Span(),
		Steps: []models.Step{&models.Exec{Title: "join what is known of each " + e.Name, Statements: []sql.Statement{
			sql.CreateTableAs{Table: WideTable(e), Query: in.known(wide(in, in.Expr.Stages()-1))},
		}}},
		Commit: []sql.Statement{sql.Swap{Name: e.Name + "_profiles"}},
		Measures: []models.Measure{{Subject: "profile:" + e.Name, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "profiles")},
			From:  sql.TableRef{Table: Table(e), As: "p"},
		}}},
	}
	columns := []string{id}
	for _, t := range in.Expr.Traits {
		columns = append(columns, t.Name)
		m.Nodes = append(m.Nodes, "trait:"+e.Name+"."+t.Name)
	}
	if len(m.Nodes) == 0 {
		m.Nodes = []string{"entity:" + e.Name}
	}
	m.Steps = append(m.Steps, &models.Exec{Title: "write profiles", Statements: []sql.Statement{
		sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: e.Name + "_profiles"}, Query: &sql.Select{
			Items: sql.Items("w", columns...), From: sql.TableRef{Table: WideTable(e), As: "w"},
		}, Key: []string{id}},
	}})
	said, commit := consents(in)
	m.Steps, m.Commit = append(m.Steps, said...), append(m.Commit, commit...)
	if steps, commit := history(in); steps != nil {
		m.Steps = append(m.Steps, steps)
		m.Commit = append(m.Commit, commit...)
	}
	return m
}

// wide joins customers and features, then computes the traits of a stage level
// by level, each level reading the one before.
func wide(in Input, stage int) *sql.Select {
	if stage > 0 {
		return in.next(stage)
	}
	e := in.Entity
	id := identity.Column(e)
	from := sql.From(sql.Derived{As: "c", Query: &sql.Select{
		Distinct: true, Items: sql.Items("i", id), From: sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"},
		Where: sql.Fn(sql.IsNotNull, sql.Col("i", id)), // some identifiers belong to nobody
	}})
	items := sql.Items("c", id)
	have := []string{id}
	picks := in.picks()
	for _, s := range in.Pass.Scans {
		items = append(items, sql.Items(s.alias(), s.Carried...)...)
	}
	for _, f := range in.ofMembers() {
		items = append(items, sql.Items(alias(f.Source), f.Name)...)
	}
	for _, t := range in.Traits {
		if t.Pick == "" {
			continue
		}
		items = append(items, sql.As(in.corrected(correctedAlias, t.Name, combine(t.Pick, picks[t.Name])), t.Name))
		have = append(have, t.Name)
	}
	for _, s := range in.Pass.Scans {
		if len(s.Carried)+len(s.picks) > 0 || in.Pass.joined(s) {
			from = &sql.Join{
				Left: from, Kind: sql.LeftJoin, Right: sql.TableRef{Table: s.table(), As: s.alias()},
				On: sql.Fn(sql.Eq, sql.Col(s.alias(), id), sql.Col("c", id)),
			}
		}
	}
	if kept := in.kept(); len(kept) > 0 {
		from = sql.Joins(from, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: keptTable(e), As: "k"}, On: sql.Fn(sql.Eq, sql.Col("k", id), sql.Col("c", id)),
		})
		items = append(items, sql.Items("k", kept...)...)
	}
	from, bits := in.masks(from, id)
	items = append(items, bits...)
	have = append(have, in.scanned()...)
	if fixed := in.correctedColumns(); len(fixed) > 0 {
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, Right: sql.Derived{Query: in.corrections(), As: correctedAlias},
			On: sql.Fn(sql.Eq, sql.Col(correctedAlias, id), sql.Col("c", id)),
		}
		items = append(items, sql.Items(correctedAlias, fixed...)...)
		have = append(have, fixed...)
	}
	for _, r := range in.Members {
		if !slices.ContainsFunc(in.Expr.Features, func(f expr.Feature) bool { return f.Source == r.Reverse }) {
			continue
		}
		as := alias(r.Reverse)
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, Right: sql.TableRef{Table: membersTable(r), As: as},
			On: sql.Fn(sql.Eq, sql.Col(as, id), sql.Col("c", id)),
		}
	}
	for _, r := range in.Relations {
		pair, other := "r_"+r.Name, "o_"+r.Name
		from = sql.Joins(from,
			sql.Join{
				Kind: sql.LeftJoin, Right: sql.Derived{Query: relation.Primary(r.Relation, id, identity.Column(r.Other)), As: pair},
				On: sql.Fn(sql.Eq, sql.Col(pair, id), sql.Col("c", id)),
			},
			sql.Join{
				Kind: sql.LeftJoin, Right: sql.TableRef{Table: WideTable(r.Other), As: other},
				On: sql.Fn(sql.Eq, sql.Col(other, identity.Column(r.Other)), sql.Col(pair, identity.Column(r.Other))),
			})
		for _, x := range in.Expr.Related {
			if x.Relation == r.Name {
				items = append(items, sql.As(sql.Col(other, x.Trait), x.Column))
				have = append(have, x.Column)
			}
		}
	}
	out := &sql.Select{Items: items, From: from}
	have = append(have, in.joinCorrelated(out, "c", stage)...)
	return in.levels(stage, out, have)
}

// history closes the versions that no longer hold and opens their successors.
func history(in Input) (models.Step, []sql.Statement) {
	e := in.Entity
	id := identity.Column(e)
	keep := historyTraits(in)
	if len(keep) == 0 {
		return nil, nil
	}
	table := HistoryTable(e)
	turned := sql.Table{Space: sql.Work, Name: e.Name + "_turned"}
	columns := []string{id}
	differ := sql.Or{}
	for _, t := range in.Expr.Traits {
		if keep[t.Name] {
			columns = append(columns, t.Name)
			of := sql.Differ
			if t.Type.IsList() {
				of = sql.ListDiffer
			}
			differ = append(differ, sql.Fn(of, sql.Col("w", t.Name), sql.Col("h", t.Name)))
		}
	}
	open := sql.Derived{As: "h", Query: &sql.Select{
		Items: sql.Items("o", columns...),
		From:  sql.TableRef{Table: table, As: "o"},
		Where: sql.Fn(sql.IsNull, sql.Col("o", "valid_to")),
	}}
	join := func(kind sql.JoinKind) sql.From {
		return sql.Joins(sql.TableRef{Table: WideTable(e), As: "w"},
			sql.Join{Kind: kind, Right: open, On: sql.Fn(sql.Eq, sql.Col("h", id), sql.Col("w", id))})
	}
	// was is the customer whose open version ends, now the one with a new one;
	// either may be absent.
	step := &models.Exec{Title: "compare with the history", Statements: []sql.Statement{
		sql.CreateTableAs{Table: turned, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("h", id), "was"), sql.As(sql.Col("w", id), "now")},
			From:  join(sql.FullJoin),
			Where: append(sql.Or{sql.Fn(sql.IsNull, sql.Col("h", id)), sql.Fn(sql.IsNull, sql.Col("w", id))}, differ...),
		}},
	}}
	commit := []sql.Statement{
		sql.Update{
			Table: table,
			Set:   []sql.Assignment{{Column: "valid_to", Value: sql.Timestamp(in.AsOf)}},
			Where: sql.And{
				sql.Fn(sql.IsNull, sql.Col("", "valid_to")),
				sql.InQuery{Exprs: []sql.Expr{sql.Col("", id)}, Query: &sql.Select{
					Items: sql.Items("t", "was"), From: sql.TableRef{Table: turned, As: "t"}, Where: sql.Fn(sql.IsNotNull, sql.Col("t", "was")),
				}},
			},
		},
		sql.InsertSelect{
			Table:   table,
			Columns: append([]string{"valid_from", "valid_to"}, columns...),
			Query: &sql.Select{
				Items: append([]sql.Item{
					sql.As(sql.Timestamp(in.AsOf), "valid_from"), sql.As(sql.Null{Type: sql.TypeTimestamp}, "valid_to"),
				}, sql.Items("w", columns...)...),
				From: sql.Joins(sql.TableRef{Table: WideTable(e), As: "w"},
					sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: turned, As: "t"}, On: sql.Fn(sql.Eq, sql.Col("t", "now"), sql.Col("w", id))}),
			},
		},
	}
	return step, commit
}
