package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// location is a zone of the database.
func location(tb testing.TB, name string) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

func parse(tb testing.TB, line string, zone *time.Location) Line {
	tb.Helper()
	l, err := Parse(line, zone)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// all are the slots of a line after an instant, up to another.
func all(l Line, after, anchor, upTo time.Time) []time.Time {
	var out []time.Time
	for {
		at, ok := l.Next(after, anchor)
		if !ok || at.After(upTo) {
			return out
		}
		out, after = append(out, at), at
	}
}

// TestWritten holds Line to what docs/scheduling.md says, slot by slot.
func TestWritten(t *testing.T) {
	for name, c := range map[string]struct{ line, zone, after, upTo, want string }{
		"skipped, once at the end of the gap": {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
		"several skipped, once":               {"*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z"},
		"twice, the first time":               {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
		"hourly, two hours later":             {"15 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", "2026-10-25T03:00:00Z", "2026-10-25T00:15:00Z 2026-10-25T02:15:00Z"},
		"from within the second pass":         {"45 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-26T12:00:00Z", "2026-10-26T01:45:00Z"},
		"a day that is not there":             {"0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", "2012-01-15T00:00:00Z", "2011-12-30T10:00:00Z"},
		"midnight that is not there":          {"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z", "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z"},
		"half an hour that is not there":      {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T12:00:00Z", "2026-10-03T15:30:00Z"},
		"leap day":                            {"0 12 29 2 *", "UTC", "2024-03-01T00:00:00Z", "2029-01-01T00:00:00Z", "2028-02-29T12:00:00Z"},
		"an interval knows no clock":          {"@every 6h", "Europe/Berlin", "2026-03-28T18:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00Z 2026-03-29T06:00:00Z 2026-03-29T12:00:00Z"},
	} {
		at := func(text string) time.Time {
			x, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		var list []string
		for _, x := range all(parse(t, c.line, location(t, c.zone)), at(c.after), at("2026-03-28T18:00:00Z"), at(c.upTo)) {
			list = append(list, x.Format(time.RFC3339))
		}
		if got := strings.Join(list, " "); got != c.want {
			t.Errorf("%s: %s in %s is due at\n%s, want\n%s", name, c.line, c.zone, got, c.want)
		}
	}
}

// corpus is 200 cron lines.
func corpus() []string {
	lines := []string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "* * * * *", "0 0 29 2 *", "59 23 31 12 *", "30 2 * * *", "0 0 * * *"}
	minutes := []string{"0", "30", "*/15", "5-50/15", "0,59", "*", "7", "45-59"}
	hours := []string{"2", "*", "0", "1-3", "*/6", "23", "2,3", "3-23/5", "1", "12"}
	days := []string{"*", "*", "1", "*", "29-31", "*/2", "*", "4,8,25"}
	months := []string{"*", "*", "*", "3,10", "*", "MAR-NOV", "2,4,11", "*/1"}
	weekdays := []string{"*", "*", "SUN", "*", "1-5", "6", "*", "MON,WED"}
	for i := 0; len(lines) < 200; i++ {
		pick := func(list []string, step int) string { return list[(i*step+i/7)%len(list)] }
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s", pick(minutes, 1), pick(hours, 3), pick(days, 5), pick(months, 7), pick(weekdays, 3)))
	}
	return lines
}

// changes are when clocks are set, forward and back.
var changes = map[string][]string{
	"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
	"America/New_York":    {"2026-03-08", "2026-11-01"},
	"Europe/London":       {"2026-03-29", "2026-10-25"},
	"Australia/Lord_Howe": {"2026-10-04", "2026-04-05"},
	"America/Sao_Paulo":   {"2018-11-04", "2018-02-18"},
	"Asia/Kathmandu":      {"1986-01-01", "2024-02-29"},
}

// TestCorpus: each line is due when the calendar says, around each change of the
// clock: 200 lines, 6 zones, 2 changes.
func TestCorpus(t *testing.T) {
	compared, slots := 0, 0
	for name, days := range changes {
		zone := location(t, name)
		for _, day := range days {
			at, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			after, upTo := at.Add(-50*time.Hour), at.Add(50*time.Hour)
			for _, line := range corpus() {
				c := read(t, line)
				want := c.slots(zone, after, upTo)
				got := all(parse(t, line, zone), after, time.Time{}, upTo)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s in %s around %s (-calendar +schedule):\n%s", line, name, day, d)
				}
				compared, slots = compared+1, slots+len(want)
			}
		}
	}
	if compared != 2400 || slots < 50_000 {
		t.Errorf("%d lines were compared in %d slots", compared, slots)
	}
}

// TestAnywhere: from wherever one asks, also within an hour that comes again,
// what comes next is the same.
func TestAnywhere(t *testing.T) {
	for name, days := range changes {
		zone := location(t, name)
		for _, day := range days {
			at, _ := time.Parse(time.DateOnly, day)
			for _, line := range []string{"30 2 * * *", "*/20 1-3 * * *", "0 0 * * *", "15 * * * *"} {
				l, c := parse(t, line, zone), read(t, line)
				want := c.slots(zone, at.Add(-50*time.Hour), at.Add(80*time.Hour))
				next := 0
				for now := at.Add(-30 * time.Hour); now.Before(at.Add(30 * time.Hour)); now = now.Add(150 * time.Second) {
					for !want[next].After(now) {
						next++
					}
					if got, ok := l.Next(now, time.Time{}); !ok || !got.Equal(want[next]) {
						t.Fatalf("%s in %s after %s is due at %s, want %s", line, name, now, got, want[next])
					}
				}
			}
		}
	}
}

// TestEvery: intervals are counted from their anchor, wherever one asks.
func TestEvery(t *testing.T) {
	l := parse(t, "@every 7m", nil)
	anchor := time.Date(2026, 3, 29, 0, 3, 17, 0, time.UTC)
	for _, c := range []struct{ after, want time.Duration }{
		{-time.Hour, 7 * time.Minute}, {0, 7 * time.Minute}, {7 * time.Minute, 14 * time.Minute}, {7*time.Minute - 1, 7 * time.Minute}, {70 * time.Hour, 70*time.Hour + 7*time.Minute},
	} {
		if got, ok := l.Next(anchor.Add(c.after), anchor); !ok || !got.Equal(anchor.Add(c.want)) {
			t.Errorf("after %s it is due after %s, want %s", c.after, got.Sub(anchor), c.want)
		}
	}
}

func TestNoLine(t *testing.T) {
	for _, line := range []string{"", "* * * *", "60 * * * *", "@every 0s", "@every 1500ms", "@every -1h", "@every x", "@evry 1h", "TZ=UTC * * * * *", "CRON_TZ=UTC * * * * *", "* * * * * *"} {
		if _, err := Parse(line, time.UTC); err == nil {
			t.Errorf("%q is taken for a schedule", line)
		}
	}
	l := parse(t, "0 0 30 2 *", time.UTC)
	if at, ok := l.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}); ok {
		t.Errorf("the 30th of February is on %s", at)
	}
}

// FuzzNext: whatever is a line has slots that only go forward, from wherever one
// asks, and whatever is none is an error.
func FuzzNext(f *testing.F) {
	for i, line := range corpus() {
		f.Add(line, int64(i)*1_000_000, uint8(i))
	}
	f.Add("@every 90s", int64(0), uint8(3))
	zones := make([]*time.Location, 0, len(changes))
	for name := range changes {
		zones = append(zones, location(f, name))
	}
	f.Fuzz(func(t *testing.T, line string, seconds int64, zone uint8) {
		l, err := Parse(line, zones[int(zone)%len(zones)])
		if err != nil {
			return
		}
		const century = 100 * 365 * 24 * 3600
		after := time.Unix(seconds%century, 0)
		anchor := time.Unix(0, 0)
		for range 3 {
			at, ok := l.Next(after, anchor)
			if !ok {
				return
			}
			if !at.After(after) {
				t.Fatalf("%q after %s is due at %s", line, after, at)
			}
			if between, ok := l.Next(at.Add(-time.Second), anchor); !ok || !between.Equal(at) {
				t.Fatalf("%q is due at %s, and right before that at %s", line, at, between)
			}
			after = at
		}
	})
}
