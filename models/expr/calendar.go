package expr

import (
	"strconv"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/sql"
)

// The units of the calendar, for start_of and period. A week begins on Monday.
var calendarUnits = []string{"day", "week", "month", "quarter", "year"}

// maxUnits bounds how far the calendar is turned.
const maxUnits = 100_000

// zoneOf is the zone that a call names in its last argument, the project's
// where it has fewer than n.
func (t *translator) zoneOf(x ast.Expr, n int) (*time.Location, bool) {
	args := x.AsCall().Args()
	if len(args) < n {
		return t.c.zone, true
	}
	return t.constZone(args[n-1])
}

func (t *translator) constZone(arg ast.Expr) (*time.Location, bool) {
	name, ok := t.constText(arg, "the time zone", `For example: "Europe/Paris".`)
	if !ok {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		t.failAt(t.e.src.of(arg), "cel-type", "there is no time zone "+strconv.Quote(name), `Zones are named as in "Europe/Paris".`)
		return nil, false
	}
	return zone, true
}

// instant is a constant point in time, which must be one that warehouses know.
func (t *translator) instant(x ast.Expr, at time.Time) value {
	if at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
		t.failAt(t.e.src.of(x), "cel-type", "this day is not between the years 1 and 9999", "")
		return t.nothing(x)
	}
	return t.literal(x, types.Timestamp{Time: at})
}

// daysAgo is when the calendar day began that many days before that of the run.
func (t *translator) daysAgo(x ast.Expr) value {
	n, ok := t.constInt(x.AsCall().Args()[0], "the number of days", -maxUnits, maxUnits)
	zone, known := t.zoneOf(x, 2)
	if !ok || !known {
		return t.nothing(x)
	}
	return t.instant(x, startOf("day", t.c.now().In(zone), -int(n)))
}

// startOf is when the day, week, month, quarter or year of the run began, or
// one so many of them later.
func (t *translator) startOf(x ast.Expr) value {
	args := x.AsCall().Args()
	unit, ok := t.constWord(args[0], "unit of the calendar", calendarUnits)
	n := int64(0)
	if len(args) > 1 {
		var fine bool
		n, fine = t.constInt(args[1], "the number of "+unit+"s", -maxUnits, maxUnits)
		ok = ok && fine
	}
	zone, known := t.zoneOf(x, 3)
	if !ok || !known {
		return t.nothing(x)
	}
	return t.instant(x, startOf(unit, t.c.now().In(zone), int(n)))
}

// startOf is when the unit that at falls into, or the n-th after it, begins in
// the zone of at.
func startOf(unit string, at time.Time, n int) time.Time {
	y, m, d := at.Date()
	switch unit {
	case "week":
		d -= (int(at.Weekday())+6)%7 - 7*n
	case "month":
		m, d = m+time.Month(n), 1
	case "quarter":
		m, d = m-(m-1)%3+time.Month(3*n), 1
	case "year":
		y, m, d = y+n, 1, 1
	default:
		d += n
	}
	return beginOf(y, m, d, at.Location())
}

// beginOf is the first instant of a day, which is not midnight where clocks are
// turned then.
func beginOf(y int, m time.Month, d int, zone *time.Location) time.Time {
	day := time.Date(y, m, d, 12, 0, 0, 0, zone).Day()
	at := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if at.Day() != day { // midnight is skipped, and Go took the hour before
		at = at.Add(24*time.Hour - time.Duration(at.Hour())*time.Hour - time.Duration(at.Minute())*time.Minute)
	}
	if before := at.Add(-time.Hour); before.Day() == day { // the hour after it comes twice
		at = before
	}
	return at
}

// anniversary says whether the day of a date comes round between the day of the
// run and so much later, both included. Who was born on 29 February celebrates
// on the 28th where the year has no other.
func (t *translator) anniversary(x ast.Expr) value {
	args := x.AsCall().Args()
	v := t.value(args[0])
	span, isConst := t.value(args[1]).konst.(types.Duration)
	zone, ok := t.zoneOf(x, 3)
	switch {
	case v.refused || !ok:
		return t.nothing(x)
	case v.expr == nil:
		return t.refuse(args[0], t.text(args[0])+" is "+typeWord(v.typ)+" and has no anniversary", traitHelp(v))
	case !isConst:
		return t.refuse(args[1], "the time until an anniversary must be written out, or be a parameter", "For example: days(7).")
	case span.Duration < 0 || span.Duration%(24*time.Hour) != 0:
		t.failAt(t.e.src.of(args[1]), "cel-type", "the time until an anniversary is a number of whole days", "For example: days(7).")
		return t.nothing(x)
	}
	// 131 is the 31st of January.
	born := sql.Fn(sql.AddFast, sql.Fn(sql.MulFast, sql.Fn(sql.Month, t.typed(v)), sql.Int(100)), sql.Fn(sql.DayOfMonth, t.typed(v)))
	days := comesRound(t.c.now().In(zone), span.Duration)
	lower, upper := sql.Fn(sql.Ge, born, sql.Int(days.from)), sql.Fn(sql.Le, born, sql.Int(days.to))
	var within sql.Expr = sql.And{lower, upper}
	if days.turn {
		within = sql.Or{lower, upper}
	}
	return value{expr: within, err: v.null || v.err}
}

// monthDays are days of any year, as monthDay has them: from one to another, or
// with turn, from one to the end of the year and from its beginning to the other.
type monthDays struct {
	from, to int
	turn     bool
}

// comesRound are the days that come round from a day on, within a span of whole
// days.
func comesRound(first time.Time, span time.Duration) monthDays {
	last := first.AddDate(0, 0, int(span/(24*time.Hour)))
	out := monthDays{from: monthDay(first), to: monthDay(last), turn: first.Year() != last.Year()}
	if out.to == 228 && !isLeap(last.Year()) {
		out.to = 229
	}
	if last.Sub(first) >= 365*24*time.Hour {
		return monthDays{from: 101, to: 1231} // any day, but no answer where there is none
	}
	return out
}

func (d monthDays) has(day int) bool {
	if d.turn {
		return day >= d.from || day <= d.to
	}
	return day >= d.from && day <= d.to
}

func monthDay(at time.Time) int { return int(at.Month())*100 + at.Day() }

func isLeap(year int) bool {
	return time.Date(year, time.February, 29, 0, 0, 0, 0, time.UTC).Day() == 29
}

// weekShift makes day 0, a Thursday, the fourth of its week, and keeps the
// quotient of days before it from being rounded towards zero.
const weekShift = 3 + 7*200_000

// period is the number of the day, week, month, quarter or year that a time
// falls into, for telling how many of them there are.
func (t *translator) period(x ast.Expr) value {
	call := x.AsCall()
	v := t.value(call.Target())
	unit, ok := t.constWord(call.Args()[0], "unit of the calendar", calendarUnits)
	zone, known := t.zoneOf(x, 2)
	switch {
	case v.refused || !ok || !known:
		return t.nothing(x)
	case v.expr == nil:
		return t.refuse(call.Target(), t.text(call.Target())+" is "+typeWord(v.typ)+" and falls into no period", traitHelp(v))
	}
	clock := sql.Fn(sql.InZone, t.typed(v), sql.String(zone.String()))
	whole := func(fn sql.Func) sql.Expr { return sql.Fn(fn, clock) }
	months := sql.Fn(sql.AddFast, sql.Fn(sql.MulFast, whole(sql.Year), sql.Int(12)), sql.Fn(sql.SubFast, whole(sql.Month), sql.Int(1)))
	out := value{err: v.null || v.err}
	switch unit {
	case "day":
		out.expr = whole(sql.DayNumber)
	case "week":
		out.expr = sql.Fn(sql.IntDiv, sql.Fn(sql.AddFast, whole(sql.DayNumber), sql.Int(weekShift)), sql.Int(7))
	case "month":
		out.expr = months
	case "quarter":
		out.expr = sql.Fn(sql.IntDiv, months, sql.Int(3))
	default:
		out.expr = whole(sql.Year)
	}
	return out
}
