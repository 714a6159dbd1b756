package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// DaysTable is the public table of what is kept of a source from run to run: a
// row for each combination of its identifiers and each day (UTC), with how many
// rows there are and the aggregates of those rows.
func DaysTable(source string) sql.Table {
	return sql.Table{Space: sql.Public, Name: daysName(source)}
}

func daysName(source string) string { return "aggregates_" + source }

func freshTable(s *config.Source) sql.Table {
	return sql.Table{Space: sql.Work, Name: "fresh_" + s.Name}
}

func newestTable(s *config.Source) sql.Table {
	return sql.Table{Space: sql.Work, Name: "newest_" + s.Name}
}

// Last is what the last run kept of a source, as DaysStateTable has it.
type Last struct {
	// Settings is the digest of what is kept.
	Settings string
	AsOf     time.Time
	// Since is from when on rows are read again.
	Since time.Time
	// Merged is the number of the day before which all days are one.
	Merged int64
}

// DaysStateTable is the public table of what a run must know of the last one, a
// row for each source of which aggregates are kept.
var DaysStateTable = sql.Table{Space: sql.Public, Name: "aggregate_state"}

// DaysStateColumns are those of DaysStateTable, in order.
var DaysStateColumns = []sql.ColumnDef{
	{Name: "source", Type: sql.TypeString},
	{Name: "settings", Type: sql.TypeString},
	{Name: "since", Type: sql.TypeTimestamp},
	{Name: "merged", Type: sql.TypeInt},
	{Name: "as_of", Type: sql.TypeTimestamp},
	{Name: "run_id", Type: sql.TypeString},
}

// grows says why all rows of a source are read in each run, nothing where it
// only grows.
func grows(s *config.Source) (why string) {
	if !s.ByDay {
		return "the source does not say by_day: true"
	}
	return ""
}

// keptBit is a bit that rows set, as a scan keeps it: core is its condition
// without the bounds on the time.
type keptBit struct {
	*Bit
	core   sql.Expr
	bounds []bound
}

// keeper compiles a scan of days.
type keeper struct {
	Input
	s    *Scan
	days days
	bits []keptBit
	// features are over the columns of parts.
	features []sql.Item
	// last is nil where everything is built from all rows; because says why.
	last    *Last
	because string
}

// keeping prepares a scan of days.
func (in Input) keeping(s *Scan) *keeper {
	k := &keeper{Input: in, s: s}
	for _, f := range s.Features {
		k.features = append(k.features, sql.As(k.days.keep(f.Aggregate), f.Name))
	}
	slices.SortFunc(k.days.cores, func(a, b core) int { return cmp.Compare(a.name, b.name) })
	for _, b := range s.Rows {
		rest, bounds, _ := windowed(terms(b.Condition))
		k.bits = append(k.bits, keptBit{b, single(rest), bounds})
	}
	k.last, k.because = k.resume(in.Last[s.Source.Name])
	return k
}

// keptOrder puts bits in an order that does not depend on where their windows
// are, so that they are kept in the same places.
func keptOrder(a, b *Bit) int {
	form := func(b *Bit) string {
		rest, _, _ := windowed(terms(b.Condition))
		return expr.Form(single(rest))
	}
	return cmp.Compare(form(a), form(b))
}

// resume says whether the run can go on from the last one, and else why not.
func (k *keeper) resume(last *Last) (*Last, string) {
	switch {
	case last == nil:
		return nil, identity.FirstRun
	case last.Settings != k.settings():
		return nil, "the source or what is aggregated has changed"
	case k.AsOf.Before(last.AsOf):
		return nil, "as of an earlier time than the last run"
	case !last.Since.After(beginningTime):
		return nil, "there was no row with a time"
	case k.first() < last.Merged:
		return nil, "a window reaches back further"
	}
	// Rows that came too late to be read as new are found together with whose
	// they are.
	if k.Because != "" {
		return nil, k.Because
	}
	return last, ""
}

// first is the first day that a bound asks for.
func (k *keeper) first() int64 {
	out := int64(math.MaxInt32)
	for _, b := range k.bounds() {
		out = min(out, dayOf(b.at))
	}
	return out
}

func (k *keeper) bounds() []bound {
	var out []bound
	for _, p := range k.days.parts {
		out = append(out, p.bounds...)
	}
	for _, b := range k.bits {
		out = append(out, b.bounds...)
	}
	return out
}

// daysAlgorithm is raised when the same settings give other days.
const daysAlgorithm = 1

// settings digests all that the kept days depend on.
func (k *keeper) settings() string {
	s := k.s.Source
	type column struct{ Name, Column, Type string }
	doc := struct {
		Algorithm                             int
		Table, Files, Format, Delimiter, Time string
		LookBack                              time.Duration
		Identifiers, Columns                  []column
		Cores, Bits                           []string
	}{Algorithm: daysAlgorithm, Table: s.Table, Time: s.Time, LookBack: time.Duration(s.LookBack)}
	if s.Files != nil {
		doc.Files, doc.Format, doc.Delimiter = s.Files.Path.Text(), s.Files.Format, s.Files.Delimiter
	}
	for _, b := range identity.Bindings(k.Entity, s) {
		doc.Identifiers = append(doc.Identifiers, column{b.Identifier.Name, b.Column, ""})
	}
	for _, c := range s.Columns {
		doc.Columns = append(doc.Columns, column{c.Key, c.Value.Column, c.Value.Type})
	}
	for _, c := range k.days.cores {
		doc.Cores = append(doc.Cores, c.name+" "+c.form)
	}
	for _, b := range k.bits {
		doc.Bits = append(doc.Bits, expr.Form(b.core))
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic("profile: settings have no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// again is the day from which on rows are read.
func (k *keeper) again() int64 { return dayOf(k.last.Since) }

// read says which rows s of the source are read. One without a time may be new
// at any time.
func (k *keeper) read() sql.Expr {
	if k.last == nil {
		return nil
	}
	at := rowTime(k.s.Source)
	return sql.Or{sql.Fn(sql.IsNull, at), sql.Fn(sql.Ge, at, startOf(k.again()))}
}

// newest works out from when on the next run reads, as identity does: so far
// before the newest row as a row may be late.
func (k *keeper) newest() sql.Statement {
	s := k.s.Source
	at := rowTime(s)
	newest := sql.Fn(sql.Max, sql.If(sql.Fn(sql.Le, at, sql.Timestamp(k.AsOf)), at, nil))
	from := beginningTime
	if k.last != nil {
		from = k.last.Since
	}
	since := sql.Fn(sql.Greatest, sql.Fn(sql.TimeSub, sql.Col("q", "newest"), sql.Int(time.Duration(s.LookBack).Microseconds())), sql.Timestamp(from))
	merged := sql.Expr(sql.Fn(sql.Least, sql.Fn(sql.DayNumber, sql.Col("n", "since")), sql.Int(k.first())))
	if k.last != nil {
		merged = sql.Int(k.last.Merged)
	}
	return sql.CreateTableAs{Table: newestTable(s), Query: &sql.Select{
		Items: append(sql.Items("n", "since"), sql.As(sql.Cast{Expr: merged, To: sql.TypeInt}, "merged")),
		From: sql.Derived{As: "n", Query: &sql.Select{
			Items: []sql.Item{sql.As(since, "since")},
			From: sql.Derived{As: "q", Query: &sql.Select{
				Items: []sql.Item{sql.As(newest, "newest")}, From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}, Where: k.read(),
			}},
		}},
	}}
}

// Days of their own stand for all that is before the first bound and after the
// last: not every engine can number the days there.
const (
	earliest = -1_000_000
	latest   = 10_000_000
)

// The first and the last instant of which expressions know.
var (
	beginningTime = time.Time(beginning)
	endTime       = time.Date(10000, 1, 1, 0, 0, 0, -1000, time.UTC)
)

// dayNumber is the number of the day of a row: no name of a source's column.
const dayNumber = "day.number"

// fresh aggregates what is read by combination and day.
func (k *keeper) fresh() sql.Statement {
	s := k.s.Source
	rows := Rows(k.Entity, s)
	rows.Where = k.read()
	at := sql.Col(expr.Event, expr.TimeField)
	day := sql.Expr(sql.Case{Whens: []sql.When{
		{If: sql.Fn(sql.Lt, at, beginning), Then: sql.Int(earliest)},
		{If: sql.Fn(sql.Gt, at, sql.Timestamp(endTime)), Then: sql.Int(latest)},
	}, Else: sql.Fn(sql.DayNumber, at)})
	columns := append([]string{"hash.1", "hash.2"}, k.columns()...)
	level := func(day sql.Expr, from sql.From) *sql.Select {
		return &sql.Select{Items: append(sql.Items(expr.Event, columns...), sql.As(sql.Cast{Expr: day, To: sql.TypeInt}, dayNumber)), From: from}
	}
	numbered := level(day, sql.Derived{Query: rows, As: expr.Event})
	number := sql.Col(expr.Event, dayNumber)
	if k.last == nil {
		numbered = level(
			sql.If(sql.Fn(sql.Lt, number, sql.Col("n", "merged")), sql.Int(earliest), number),
			sql.Joins(sql.Derived{Query: numbered, As: expr.Event}, sql.Join{Kind: sql.CrossJoin, Right: sql.TableRef{Table: newestTable(s), As: "n"}}),
		)
	}
	out := &sql.Select{
		Items:   append(sql.Items(expr.Event, "hash.1", "hash.2"), sql.As(number, "day"), sql.As(sql.Fn(sql.CountAll), "rows")),
		From:    sql.Derived{Query: numbered, As: expr.Event},
		GroupBy: []sql.Expr{sql.Col(expr.Event, "hash.1"), sql.Col(expr.Event, "hash.2"), number},
	}
	for _, c := range k.days.cores {
		out.Items = append(out.Items, sql.As(c.agg, c.name))
	}
	for i := range k.masks() {
		set := sum(k.ofMask(i, nil), func(b *Bit) sql.Expr { return k.core(b) })
		out.Items = append(out.Items, sql.As(sql.Fn(sql.AnyBits, set), maskColumn(i)))
	}
	return sql.CreateTableAs{Table: freshTable(s), Query: out}
}

// columns are those of the source that are read.
func (k *keeper) columns() []string {
	var out []string
	add := func(e sql.Expr) {
		sql.Visit(e, func(x sql.Expr) {
			if c, ok := x.(sql.Column); ok && !slices.Contains(out, c.Name) {
				out = append(out, c.Name)
			}
		})
	}
	for _, c := range k.days.cores {
		add(c.agg)
	}
	for _, b := range k.bits {
		add(b.core)
	}
	slices.Sort(out)
	return out
}

// columnNames are those of DaysTable, in order.
func (k *keeper) columnNames() []string {
	out := []string{"hash.1", "hash.2", "day", "rows"}
	for _, c := range k.days.cores {
		out = append(out, c.name)
	}
	for i := range k.masks() {
		out = append(out, maskColumn(i))
	}
	return out
}

// masks is how many columns of bits rows set: those of a scan of days begin in
// a column of their own.
func (k *keeper) masks() int { return (len(k.bits) + bitsPerMask - 1) / bitsPerMask }

func (k *keeper) firstMask() int { return k.bits[0].mask }

// ofMask are the bits of one column for which keep says so; nil is all.
func (k *keeper) ofMask(i int, keep func(keptBit) bool) []*Bit {
	var out []*Bit
	for _, b := range k.bits {
		if b.mask == k.firstMask()+i && (keep == nil || keep(b)) {
			out = append(out, b.Bit)
		}
	}
	return out
}

func (k *keeper) core(b *Bit) sql.Expr {
	i := slices.IndexFunc(k.bits, func(known keptBit) bool { return known.Bit == b })
	return k.bits[i].core
}

// grouped puts the features and bits of each customer together.
func (k *keeper) grouped() *sql.Select {
	s := k.s.Source
	id := identity.Column(k.Entity)
	key := sql.Col("m", id)
	out := &sql.Select{Items: append([]sql.Item{sql.As(key, id)}, k.features...), GroupBy: []sql.Expr{key}}
	for i := range k.masks() {
		out.Items = append(out.Items, sql.As(sql.Fn(sql.AnyBits, sql.Col("u", maskColumn(i))), maskColumn(k.firstMask()+i)))
	}
	parts := sql.Union{k.ofDays(freshTable(s), nil)}
	if k.last != nil {
		parts = append(parts, k.ofDays(DaysTable(s.Name), sql.Fn(sql.Lt, sql.Col("d", "day"), sql.Int(k.again()))))
	}
	if cut := k.cut(); cut != nil {
		parts = append(parts, cut)
	}
	out.From = sql.Joins(sql.Derived{Query: parts, As: "u"},
		sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.MapTable(s), As: "m"}, On: identity.SameRow("u", "m")})
	return out
}

// ofDays is what days that are within the bounds as a whole give.
func (k *keeper) ofDays(table sql.Table, where sql.Expr) *sql.Select {
	day := sql.Col("d", "day")
	given := func(bounds []bound, then sql.Expr) sql.Expr {
		if len(bounds) == 0 {
			return then
		}
		return sql.If(single(within(bounds, day)), then, nil)
	}
	out := &sql.Select{Items: sql.Items("d", "hash.1", "hash.2"), From: sql.TableRef{Table: table, As: "d"}, Where: where}
	for _, p := range k.days.parts {
		out.Items = append(out.Items, sql.As(given(p.bounds, sql.Col("d", p.core)), p.name))
	}
	for i := range k.masks() {
		// The bits of one window are taken at once.
		type window struct {
			bounds []bound
			value  int64
		}
		var windows []*window
		for _, b := range k.bits {
			if b.mask != k.firstMask()+i {
				continue
			}
			at := slices.IndexFunc(windows, func(w *window) bool { return slices.Equal(w.bounds, b.bounds) })
			if at < 0 {
				at = len(windows)
				windows = append(windows, &window{bounds: b.bounds})
			}
			windows[at].value |= b.value
		}
		var bits sql.Expr
		for _, w := range windows {
			taken := given(w.bounds, sql.Fn(sql.BitAnd, sql.Col("d", maskColumn(i)), sql.Int(w.value)))
			if len(w.bounds) > 0 {
				taken = sql.Fn(sql.Coalesce, taken, sql.Int(0))
			}
			if bits != nil {
				taken = sql.Fn(sql.AddFast, bits, taken)
			}
			bits = taken
		}
		out.Items = append(out.Items, sql.As(bits, maskColumn(i)))
	}
	return out
}

// cut is what the rows of the days give that bounds cut, nil where there are
// none.
func (k *keeper) cut() sql.Query {
	s := k.s.Source
	all := cutDays(k.bounds())
	if len(all) == 0 {
		return nil
	}
	rows := Rows(k.Entity, s)
	rows.Where = onDays(all, rowTime(s))
	at := sql.Col(expr.Event, expr.TimeField)
	out := &sql.Select{
		Items: sql.Items(expr.Event, "hash.1", "hash.2"), From: sql.Derived{Query: rows, As: expr.Event},
		GroupBy: []sql.Expr{sql.Col(expr.Event, "hash.1"), sql.Col(expr.Event, "hash.2")},
	}
	for _, p := range k.days.parts {
		out.Items = append(out.Items, sql.As(p.rows(onDays(cutDays(p.bounds), at)), p.name))
	}
	for i := range k.masks() {
		set := sum(k.ofMask(i, func(b keptBit) bool { return len(cutDays(b.bounds)) > 0 }), func(b *Bit) sql.Expr {
			at := slices.IndexFunc(k.bits, func(known keptBit) bool { return known.Bit == b })
			days := onDays(cutDays(k.bits[at].bounds), sql.Col(expr.Event, expr.TimeField))
			return append(slices.Clone(sql.And(terms(b.Condition))), days)
		})
		if set == nil {
			set = sql.Cast{Expr: sql.Int(0), To: sql.TypeInt}
		}
		out.Items = append(out.Items, sql.As(sql.Fn(sql.AnyBits, set), maskColumn(i)))
	}
	return out
}

// statements fill the Work tables before the scan reads them.
func (k *keeper) statements() []sql.Statement {
	list := []sql.Statement{k.newest(), k.fresh()}
	if k.last == nil {
		list = append(list, sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: daysName(k.s.Source.Name)}, Key: []string{"day"}, Query: k.kept()})
	}
	return list
}

// commit keeps the days for the next run.
func (k *keeper) commit() []sql.Statement {
	s := k.s.Source
	var list []sql.Statement
	if k.last == nil {
		list = append(list, sql.Swap{Name: daysName(s.Name)})
	} else {
		list = append(list,
			sql.Delete{Table: DaysTable(s.Name), Where: sql.Or{
				sql.Fn(sql.IsNull, sql.Col("", "day")), sql.Fn(sql.Ge, sql.Col("", "day"), sql.Int(k.again())),
			}},
			sql.InsertSelect{Table: DaysTable(s.Name), Columns: k.columnNames(), Query: k.kept()})
	}
	return append(list,
		sql.Delete{Table: DaysStateTable, Where: sql.Fn(sql.Eq, sql.Col("", "source"), sql.String(s.Name))},
		sql.InsertSelect{Table: DaysStateTable, Columns: sql.ColumnNames(DaysStateColumns), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.String(s.Name), "source"), sql.As(sql.String(k.settings()), "settings"),
				sql.As(sql.Col("n", "since"), "since"), sql.As(sql.Col("n", "merged"), "merged"),
				sql.As(sql.Timestamp(k.AsOf), "as_of"), sql.As(sql.String(k.RunID), "run_id"),
			},
			From: sql.TableRef{Table: newestTable(s), As: "n"},
		}})
}

// kept are the days of this run that the next one may ask for: not those of
// combinations that identity does not store, since they are of somebody who was
// erased.
func (k *keeper) kept() *sql.Select {
	out := &sql.Select{Items: sql.Items("f", k.columnNames()...), From: sql.TableRef{Table: freshTable(k.s.Source), As: "f"}}
	if k.Erased {
		out.Where = sql.InQuery{
			Exprs: []sql.Expr{sql.Col("f", "hash.1"), sql.Col("f", "hash.2")},
			Query: &sql.Select{Items: sql.Items("r", "hash.1", "hash.2"), From: sql.TableRef{Table: identity.StoredTable(k.s.Source), As: "r"}},
		}
	}
	return out
}

// note says for people where the run goes on from.
func (k *keeper) note() string {
	if k.last == nil {
		return "from all rows: " + k.because
	}
	return "from rows since " + time.Time(startOf(k.again())).Format(time.DateOnly)
}

// measure counts what was read.
func (k *keeper) measure() models.Measure {
	return models.Measure{Subject: "aggregates:" + k.s.Source.Name, Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Sum, sql.Col("f", "rows")), "rows"), sql.As(sql.Fn(sql.CountAll), "days")},
		From:  sql.TableRef{Table: freshTable(k.s.Source), As: "f"},
	}}
}

// rowTime is the time of a row under the alias s.
func rowTime(s *config.Source) sql.Expr {
	return sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
}
