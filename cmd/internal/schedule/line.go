package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Line is when a schedule is due: a cron line in a time zone, or an interval.
type Line struct {
	spec  *cron.SpecSchedule
	zone  *time.Location
	every time.Duration
}

// Parse reads five fields (minute, hour, day, month, weekday), a word such as
// @daily, or "@every 15m". The fields are about the clock on the wall of the
// zone.
func Parse(line string, zone *time.Location) (Line, error) {
	if every, ok := strings.CutPrefix(line, "@every "); ok {
		d, err := time.ParseDuration(every)
		if err != nil || d < time.Second || d%time.Second != 0 {
			return Line{}, fmt.Errorf("%q is no interval of whole seconds", every)
		}
		return Line{every: d}, nil
	}
	if strings.HasPrefix(line, "TZ=") || strings.HasPrefix(line, "CRON_TZ=") {
		return Line{}, fmt.Errorf("a cron line has no time zone of its own: %q", line)
	}
	parsed, err := cron.ParseStandard(line)
	if err != nil {
		return Line{}, fmt.Errorf("reading a cron line: %w", err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Line{}, fmt.Errorf("%q is no cron line", line)
	}
	spec.Location = time.UTC // It is asked about clocks on walls, spelled as UTC.
	return Line{spec: spec, zone: zone}, nil
}

// Next is the first slot after an instant, and false where none comes within
// five years. An interval is counted from the anchor, which is no slot itself.
//
// A time that the clock on the wall skips is due at the end of the gap, once for
// all that fall into it; one that comes twice is due the first time.
func (l Line) Next(after, anchor time.Time) (time.Time, bool) {
	if l.every > 0 {
		if after.Before(anchor) {
			after = anchor
		}
		steps := after.Sub(anchor)/l.every + 1
		return anchor.Add(steps * l.every).UTC(), true
	}
	for at := wall(after, l.zone); ; {
		if at = l.spec.Next(at); at.IsZero() {
			return time.Time{}, false
		}
		// In the second pass of an hour that comes twice, what its clock has yet
		// to show was due in the first.
		if due := instant(at, l.zone); due.After(after) {
			return due, true
		}
	}
}

// wall is what the clock on the wall of a zone shows, spelled as UTC.
func wall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is when the clock on the wall of a zone first shows a time, or the end
// of the gap where it never does. It never decreases from one time to the next.
func instant(shown time.Time, zone *time.Location) time.Time {
	// No zone is further from UTC, and no gap is longer, than a day.
	const day = 24 * time.Hour
	for at := shown.Add(-day); ; {
		_, end := at.In(zone).ZoneBounds()
		_, offset := at.In(zone).Zone()
		due := shown.Add(-time.Duration(offset) * time.Second)
		// What lies before this offset began was looked at with the one before.
		if due.Before(at) {
			return at // It was skipped when the offset changed.
		}
		if end.IsZero() || due.Before(end) {
			return due
		}
		at = end.UTC()
	}
}
