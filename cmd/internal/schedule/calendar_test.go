package schedule

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// calendar is what a cron line means, found without the scheduler's own parser
// or arithmetic: it looks at the clock on the wall of a zone, minute by minute.
type calendar struct {
	minutes, hours, days, months, weekdays [64]bool
	anyDay, anyWeekday                     bool
}

var names = strings.NewReplacer(
	"JAN", "1", "FEB", "2", "MAR", "3", "APR", "4", "MAY", "5", "JUN", "6", "JUL", "7", "AUG", "8", "SEP", "9", "OCT", "10", "NOV", "11", "DEC", "12",
	"SUN", "0", "MON", "1", "TUE", "2", "WED", "3", "THU", "4", "FRI", "5", "SAT", "6",
)

func read(t *testing.T, line string) calendar {
	t.Helper()
	words := map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
	if long, ok := words[line]; ok {
		line = long
	}
	fields := strings.Fields(names.Replace(strings.ToUpper(line)))
	if len(fields) != 5 {
		t.Fatalf("%q has %d fields", line, len(fields))
	}
	var c calendar
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		return n
	}
	fill := func(set *[64]bool, field string, first, last int) (all bool) {
		for part := range strings.SplitSeq(field, ",") {
			span, step, stepped := strings.Cut(part, "/")
			from, to, ranged := strings.Cut(span, "-")
			low, high, by := first, last, 1
			switch {
			case span == "*" || span == "?":
				all = all || !stepped || step == "1"
			case ranged:
				low, high = number(from), number(to)
			case stepped:
				low = number(from)
			default:
				low = number(from)
				high = low
			}
			if stepped {
				by = number(step)
			}
			for n := low; n <= high; n += by {
				set[n] = true
			}
		}
		return all
	}
	fill(&c.minutes, fields[0], 0, 59)
	fill(&c.hours, fields[1], 0, 23)
	c.anyDay = fill(&c.days, fields[2], 1, 31)
	fill(&c.months, fields[3], 1, 12)
	c.anyWeekday = fill(&c.weekdays, fields[4], 0, 6)
	return c
}

// shows says that a clock which shows a time, spelled as UTC, is at a slot.
func (c *calendar) shows(at time.Time) bool {
	if !c.minutes[at.Minute()] || !c.hours[at.Hour()] || !c.months[at.Month()] {
		return false
	}
	day, weekday := c.days[at.Day()], c.weekdays[at.Weekday()]
	if c.anyDay || c.anyWeekday {
		return day && weekday
	}
	return day || weekday
}

// slots are those after an instant, up to another: minute by minute the clock
// shows a time for the first time, or has skipped some, or shows one again.
func (c *calendar) slots(zone *time.Location, after, upTo time.Time) []time.Time {
	var out []time.Time
	face := func(at time.Time) time.Time {
		l := at.In(zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	start := after.UTC().Truncate(time.Minute)
	// What the clock has shown before: an hour may be about to come again.
	latest := face(start)
	for at := start.Add(-26 * time.Hour); at.Before(start); at = at.Add(time.Minute) {
		if f := face(at); f.After(latest) {
			latest = f
		}
	}
	for at := start.Add(time.Minute); !at.After(upTo); at = at.Add(time.Minute) {
		now := face(at)
		due := false
		for shown := latest.Add(time.Minute); !shown.After(now); shown = shown.Add(time.Minute) {
			due = due || c.shows(shown)
			latest = shown
		}
		if due {
			out = append(out, at)
		}
	}
	return out
}
