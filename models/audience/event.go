package audience

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Undated is an event without a time, of a sync that sends none above an age.
const Undated = "missing-time"

// events says that the sync sends the events of a source.
func (b *builder) events() bool { return b.Source != nil }

// eventColumn is a column of an event.
func (b *builder) eventColumn(name string) (sql.Expr, sql.Type) {
	if name == config.EventTime {
		return sql.Col(expr.Event, expr.TimeField), sql.TypeTimestamp
	}
	if c, ok := b.Source.Columns.Get(name); ok {
		return sql.Col(expr.Event, name), models.ColumnType(c.Type)
	}
	return sql.Col("m", identity.Value(name)), sql.TypeString
}

// find finds whose events there are.
func (b *builder) find() []models.Step {
	if !b.events() {
		return nil
	}
	var texts []string
	for _, leaf := range b.Sync.Leaves() {
		for _, name := range append([]string{leaf.Trait}, leaf.List...) {
			column, ok := b.Sync.From.EventColumn(name)
			if _, declared := b.Source.Columns.Get(column); ok && !declared && column != config.EventTime && !slices.Contains(texts, column) {
				texts = append(texts, column)
			}
		}
	}
	return identity.Map(b.Entity, b.Source, texts).Steps
}

// happened narrows the customers that are wanted, under the alias p, to their
// events, under expr.Event. One is not sent before it has happened, nor once it
// is too old.
func (b *builder) happened(rows *sql.Select) {
	if !b.events() {
		return
	}
	at := sql.Col(expr.Event, expr.TimeField)
	rows.From = sql.Joins(rows.From,
		sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.MapTable(b.Source), As: "m"}, On: sql.Fn(sql.Eq, sql.Col("m", b.id()), sql.Col("p", b.id()))},
		sql.Join{Kind: sql.InnerJoin, Right: sql.Derived{Query: profile.Rows(b.Entity, b.Source), As: expr.Event}, On: identity.SameRow(expr.Event, "m")},
	)
	isUndated := sql.Fn(sql.IsNull, at)
	dated := sql.And{sql.Fn(sql.Le, at, sql.Timestamp(b.AsOf)), sql.Fn(sql.Coalesce, sql.Fn(sql.Gt, at, b.forgotten()), sql.Bool(true))}
	undated := sql.And{isUndated}
	if age := time.Duration(b.Sync.From.MaxAge); age > 0 {
		dated = append(dated, sql.Fn(sql.Ge, at, sql.Timestamp(b.AsOf.Add(-age))))
	} else {
		undated = append(undated, sql.Fn(sql.IsNotNull, b.forgotten()))
	}
	when := sql.Expr(sql.Or{isUndated, dated})
	if rows.Where != nil {
		when = sql.And{rows.Where, when}
	}
	rows.Where = when
	rows.Items = append(rows.Items, sql.As(undated, "undated"))
}

// forgotten is up to when events may have been sent and forgotten, NULL where
// none were.
func (b *builder) forgotten() sql.Expr {
	return sql.Scalar{Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Max, sql.Col("h", "forgotten_until")), "forgotten_until")},
		From:  sql.TableRef{Table: State, As: "h"}, Where: b.isThere("h"),
	}}
}

// once are the rows to be sent, under the alias w. Of events that are equal there
// is one: nobody could tell them apart.
func (b *builder) once(rows *sql.Select) sql.From {
	all := sql.Derived{Query: rows, As: "w"}
	if !b.events() {
		return all
	}
	marked := &sql.Select{From: all, Items: []sql.Item{sql.As(sql.Window{
		Call:        sql.Fn(sql.RowNumber),
		PartitionBy: []sql.Expr{sql.Col("w", b.id()), sql.Col("w", "key"), b.fingerprint("w")},
		OrderBy:     []sql.Order{sql.Asc(sql.Col("w", "undated"))},
	}, "nth")}}
	for _, item := range rows.Items {
		name := item.As
		marked.Items = append(marked.Items, sql.Items("w", name)...)
	}
	first := &sql.Select{From: sql.Derived{Query: marked, As: "w"}, Where: sql.Fn(sql.Eq, sql.Col("w", "nth"), sql.Int(1))}
	for _, item := range rows.Items {
		first.Items = append(first.Items, sql.Items("w", item.As)...)
	}
	return sql.Derived{Query: first, As: "w"}
}

// refused are the rows to put among the rejections: of events one for each name
// that they have there.
func (b *builder) refused(code, message sql.Expr) (from sql.From, where, ofCode, ofMessage, key sql.Expr) {
	wanted := sql.TableRef{Table: b.wanted, As: "w"}
	unfit := sql.Fn(sql.Not, b.sendable())
	if !b.events() {
		return wanted, unfit, code, message, invalidKey("w")
	}
	return sql.Derived{As: "w", Query: &sql.Select{
		Items: []sql.Item{
			sql.As(invalidKey("w"), "key"), sql.As(sql.Col("w", "entity_id"), "entity_id"),
			sql.As(sql.Fn(sql.Min, code), "code"), sql.As(sql.Fn(sql.Min, message), "message"),
		},
		From: wanted, Where: unfit, GroupBy: []sql.Expr{invalidKey("w"), sql.Col("w", "entity_id")},
	}}, nil, sql.Col("w", "code"), sql.Col("w", "message"), sql.Col("w", "key")
}

// waits says that events whose answer was lost wait until somebody asks for them
// to be sent again.
func (b *builder) waits() bool { return b.mode(config.Append) && !b.Sync.To.Keyed }

// isClear says of an outcome, under an alias, that the event was taken or was not:
// nothing keeps it from being sent again where it was refused.
func isClear(alias string) sql.Expr {
	return sql.Fn(sql.Ne, sql.Col(alias, "origin"), sql.String("unknown"))
}

// isWaiting says of a row that is wanted that it is such an event: l is what the
// ledger knows of it, n the note of its sending.
func isWaiting() sql.And {
	return sql.And{sql.Fn(sql.IsNull, sql.Col("l", "key")), sql.Fn(sql.IsNotNull, sql.Col("n", "key"))}
}

// waiting are the events that wait, under the aliases w, l and n.
func (b *builder) waiting() sql.From {
	return sql.Joins(sql.TableRef{Table: b.wanted, As: "w"},
		sql.Join{Kind: sql.InnerJoin, Right: b.noted(), On: sql.Fn(sql.Eq, sql.Col("n", "key"), sql.Col("w", "key"))},
		sql.Join{Kind: sql.LeftJoin, Right: b.known(), On: sql.Fn(sql.Eq, sql.Col("l", "key"), sql.Col("w", "key"))})
}

// inDoubt is true for the rejections of this sync that say that nobody knows.
func (b *builder) inDoubt(alias string) sql.Expr {
	return sql.And{b.isOurs(alias), sql.Fn(sql.Eq, sql.Col(alias, "origin"), sql.String("unknown"))}
}

// admit puts events among the rejections that a run which was cut short was
// about to send: they may have been taken. Of a run that wrote each request down
// before it was sent there are none left by then; this is for one whose journal
// is lost, or on another machine.
func (b *builder) admit() []sql.Statement {
	if !b.waits() || b.Retry != nil {
		return nil
	}
	listed := &sql.Select{Items: sql.Items("r", "key"), From: sql.TableRef{Table: Rejections, As: "r"}, Where: b.inDoubt("r")}
	waiting := &sql.Select{Items: sql.Items("w", "key"), From: b.waiting(), Where: append(isWaiting(), b.sendable()...)}
	return []sql.Statement{
		b.reject(b.live(), b.waiting(), "w",
			append(append(isWaiting(), b.sendable()...), sql.InQuery{Exprs: []sql.Expr{sql.Col("w", "key")}, Not: true, Query: listed}),
			sql.String("unknown"), sql.String("cut-short"),
			sql.String("the run that was about to send it was cut short, and nobody knows whether it did"), sql.Col("w", "key")),
		// Whatever was said of an earlier attempt is not the last word any more.
		b.forget(b.live(), sql.And{
			sql.Fn(sql.Ne, sql.Col("", "origin"), sql.String("unknown")),
			sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Query: waiting},
		}),
	}
}

// release takes back the notes of events that were certainly not sent in a run:
// the rest is known, or in doubt and among the rejections.
func (b *builder) release() func(runID string) []sql.Statement {
	if !b.waits() {
		return nil
	}
	return func(runID string) []sql.Statement {
		return []sql.Statement{sql.Delete{Table: Pending, Where: sql.And{
			b.holds(), b.isThere(""), isRun("", runID),
			sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Not: true, Query: &sql.Select{
				Items: sql.Items("r", "key"), From: sql.TableRef{Table: Rejections, As: "r"}, Where: b.inDoubt("r"),
			}},
		}}}
	}
}

// isOver says of a rejection of an earlier run that nothing is due of it any
// more: its row is neither among the changes nor an event that waits.
func (b *builder) isOver() sql.Expr {
	over := sql.InQuery{
		Not: true, Exprs: []sql.Expr{sql.Col("", "key")},
		Query: &sql.Select{Items: sql.Items("c", "key"), From: sql.TableRef{Table: b.changes, As: "c"}},
	}
	if !b.waits() {
		return over
	}
	return sql.And{over, sql.Or{
		sql.Fn(sql.Ne, sql.Col("", "origin"), sql.String("unknown")),
		sql.InQuery{Not: true, Exprs: []sql.Expr{sql.Col("", "key")}, Query: &sql.Select{
			Items: sql.Items("w", "key"), From: b.waiting(), Where: isWaiting(),
		}},
	}}
}

// Forget forgets what the ledger knows of events that are too old to be sent
// again, and that it has known for as long as it is to.
func Forget(s *config.Sync, keep time.Duration, asOf time.Time, runID string) []sql.Statement {
	if s.From.Source == "" || s.From.MaxAge == 0 || keep == 0 {
		return nil
	}
	b := &builder{Input: Input{Sync: s, RunID: runID}}
	// An event was acknowledged after it had happened.
	old := func(alias string) sql.And {
		return sql.And{b.isThere(alias), sql.Fn(sql.Lt, sql.Col(alias, "acknowledged_at"), sql.Timestamp(asOf.Add(-max(keep, time.Duration(s.From.MaxAge)))))}
	}
	ledger := sql.TableRef{Table: Ledger, As: "l"}
	some := sql.Exists{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ledger, Where: old("l")}}
	until := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.String(s.Name), "sync"), sql.As(sql.String(b.place()), "place"),
			sql.As(sql.Fn(sql.Max, sql.Col("u", "at")), "forgotten_until"), sql.As(sql.String(runID), "run_id"),
		},
		From: sql.Derived{As: "u", Query: sql.Union{
			&sql.Select{Items: []sql.Item{sql.As(sql.Col("l", "acknowledged_at"), "at")}, From: ledger, Where: old("l")},
			&sql.Select{Items: []sql.Item{sql.As(sql.Col("h", "forgotten_until"), "at")}, From: sql.TableRef{Table: State, As: "h"}, Where: b.isThere("h")},
		}},
		Where:  some,
		Having: sql.Fn(sql.IsNotNull, sql.Fn(sql.Max, sql.Col("u", "at"))),
	}
	return []sql.Statement{
		sql.InsertSelect{Table: State, Columns: sql.ColumnNames(stateColumns), Query: until},
		sql.Delete{Table: State, Where: sql.And{b.isThere(""), sql.Fn(sql.Ne, sql.Col("", "run_id"), sql.String(runID)), some}},
		sql.Delete{Table: Ledger, Where: old("")},
	}
}
