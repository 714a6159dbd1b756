package sftest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	numeric  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	castable = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	// The formats that automatic detection knows: ISO 8601, with or without
	// time and zone, and two of dates.
	isoStamp = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{0,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$`)
	monDate  = regexp.MustCompile(`^(\d{1,2})-([A-Za-z]{3})-(\d{4})$`)
	usDate   = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)
	isoTime  = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{0,9}))?)?\s*([AaPp][Mm])?$`)
	epoch    = regexp.MustCompile(`^-?\d+$`)
)

// stamp is a time on the wall, and how far that wall is from Greenwich, in
// minutes, where the text said so.
type stamp struct {
	wall   time.Time
	offset int
	zoned  bool
	dated  bool // only a date was there
}

// instant is the moment, given the zone of the session for what has none.
func (s stamp) instant(zone *time.Location) time.Time {
	if s.zoned {
		return s.wall.Add(-time.Duration(s.offset) * time.Minute)
	}
	w := s.wall
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), zone).UTC()
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// fraction is the digits after the point as nanoseconds.
func fraction(digits string) int {
	return atoi((digits + "000000000")[:9])
}

func civil(year, month, day, hour, minute, second, nanos int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	ok := t.Year() == year && int(t.Month()) == month && t.Day() == day && hour < 24 && minute < 60 && second < 60
	return t, ok
}

// readStamp detects the format of text.
func readStamp(text string) (stamp, bool) {
	text = strings.TrimSpace(text)
	if m := isoStamp.FindStringSubmatch(text); m != nil {
		t, ok := civil(atoi(m[1]), atoi(m[2]), atoi(m[3]), atoi(m[4]), atoi(m[5]), atoi(m[6]), fraction(m[7]))
		s := stamp{wall: t, dated: m[4] == ""}
		if m[8] != "" {
			s.offset, s.zoned = offsetOf(m[8]), true
		}
		return s, ok
	}
	if m := monDate.FindStringSubmatch(text); m != nil {
		month := monthOf(m[2])
		t, ok := civil(atoi(m[3]), month, atoi(m[1]), 0, 0, 0, 0)
		return stamp{wall: t, dated: true}, ok && month > 0
	}
	if m := usDate.FindStringSubmatch(text); m != nil {
		t, ok := civil(atoi(m[3]), atoi(m[1]), atoi(m[2]), 0, 0, 0, 0)
		return stamp{wall: t, dated: true}, ok
	}
	if epoch.MatchString(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		return stamp{wall: epochText(n)}, err == nil
	}
	return stamp{}, false
}

// epochText is the time of an integer in text: seconds, or what a greater
// number can only mean.
func epochText(n int64) time.Time {
	switch {
	case n < 31536000000:
		return time.Unix(n, 0).UTC()
	case n < 31536000000000:
		return time.UnixMilli(n).UTC()
	case n < 31536000000000000:
		return time.UnixMicro(n).UTC()
	}
	return time.Unix(0, n).UTC()
}

func offsetOf(s string) int {
	if s == "Z" {
		return 0
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	n := atoi(digits[:2]) * 60
	if len(digits) == 4 {
		n += atoi(digits[2:])
	}
	if s[0] == '-' {
		return -n
	}
	return n
}

func monthOf(s string) int {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(m.String()[:3], s) {
			return int(m)
		}
	}
	return 0
}

func readTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if m := isoTime.FindStringSubmatch(text); m != nil {
		hour := atoi(m[1])
		if m[5] != "" {
			hour = hour%12 + 12*boolInt(strings.EqualFold(m[5], "pm"))
		}
		return civil(1970, 1, 1, hour, atoi(m[2]), atoi(m[3]), fraction(m[4]))
	}
	if epoch.MatchString(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		t := epochText(n)
		return time.Date(1970, 1, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), err == nil
	}
	return time.Time{}, false
}

// elements of formats, longest first.
var elements = []string{"TZH:TZM", "TZHTZM", "HH24", "HH12", "YYYY", "MMMM", "MON", "TZH", "TZM", "YY", "MM", "DD", "DY", "HH", "MI", "SS", "FF", "AM", "PM"}

// element takes the first element off a format; literal text is given as such.
func element(format string) (name string, digits int, literal, rest string) {
	if strings.HasPrefix(format, `"`) {
		if end := strings.IndexByte(format[1:], '"'); end >= 0 {
			return "", 0, format[1 : 1+end], format[end+2:]
		}
	}
	upper := strings.ToUpper(format)
	for _, e := range elements {
		if strings.HasPrefix(upper, e) {
			rest, digits = format[len(e):], 9
			if e == "FF" && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				digits, rest = int(rest[0]-'0'), rest[1:]
			}
			return e, digits, "", rest
		}
	}
	return "", 0, format[:1], format[1:]
}

// formatStamp is TO_VARCHAR with a format.
func formatStamp(t time.Time, offset int, format string) string {
	var b strings.Builder
	for format != "" {
		name, digits, literal, rest := element(format)
		format = rest
		sign := "+"
		if offset < 0 {
			sign = "-"
		}
		hours, minutes := abs(offset)/60, abs(offset)%60
		switch name {
		case "YYYY":
			fmt.Fprintf(&b, "%04d", t.Year())
		case "YY":
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		case "MMMM":
			b.WriteString(t.Month().String())
		case "MON":
			b.WriteString(t.Month().String()[:3])
		case "MM":
			fmt.Fprintf(&b, "%02d", t.Month())
		case "DD":
			fmt.Fprintf(&b, "%02d", t.Day())
		case "DY":
			b.WriteString(t.Weekday().String()[:3])
		case "HH24", "HH":
			fmt.Fprintf(&b, "%02d", t.Hour())
		case "HH12":
			fmt.Fprintf(&b, "%02d", (t.Hour()+11)%12+1)
		case "MI":
			fmt.Fprintf(&b, "%02d", t.Minute())
		case "SS":
			fmt.Fprintf(&b, "%02d", t.Second())
		case "FF":
			if digits > 0 {
				b.WriteString(fmt.Sprintf("%09d", t.Nanosecond())[:digits])
			}
		case "AM", "PM":
			b.WriteString(map[bool]string{true: "AM", false: "PM"}[t.Hour() < 12])
		case "TZH:TZM":
			fmt.Fprintf(&b, "%s%02d:%02d", sign, hours, minutes)
		case "TZHTZM":
			fmt.Fprintf(&b, "%s%02d%02d", sign, hours, minutes)
		case "TZH":
			fmt.Fprintf(&b, "%s%02d", sign, hours)
		case "TZM":
			fmt.Fprintf(&b, "%02d", minutes)
		default:
			b.WriteString(literal)
		}
	}
	return b.String()
}

func abs(n int) int { return max(n, -n) }

var leadingDigits = regexp.MustCompile(`^\d+`)

// parseWith is TO_TIMESTAMP with a format.
func parseWith(text, format string) (stamp, bool) {
	if strings.EqualFold(format, "AUTO") {
		return readStamp(text)
	}
	year, month, day, hour, minute, second, nanos := 1970, 1, 1, 0, 0, 0, 0
	pm, half := false, false
	out := stamp{}
	take := func(most int) (int, bool) {
		d := leadingDigits.FindString(text)
		if len(d) > most {
			d = d[:most]
		}
		text = text[len(d):]
		return atoi(d), d != ""
	}
	ok := true
	zone := func(withMinutes bool) {
		if text == "" || text[0] != '+' && text[0] != '-' {
			if strings.HasPrefix(text, "Z") {
				text, out.zoned = text[1:], true
				return
			}
			ok = false
			return
		}
		sign := 1
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
		h, good := take(2)
		m := 0
		if withMinutes {
			text = strings.TrimPrefix(text, ":")
			m, _ = take(2)
		}
		ok = ok && good
		out.offset, out.zoned = sign*(h*60+m), true
	}
	for format != "" && ok {
		name, _, literal, rest := element(format)
		format = rest
		switch name {
		case "YYYY":
			year, ok = take(4)
		case "YY":
			year, ok = take(2)
			year += 1900
			if year < 1970 {
				year += 100
			}
		case "MM":
			month, ok = take(2)
		case "MON", "MMMM":
			if ok = len(text) >= 3; ok {
				month = monthOf(text[:3])
				ok = month > 0
				if full := time.Month(max(month, 1)).String(); name == "MMMM" && len(text) >= len(full) {
					text = text[len(full):]
				} else {
					text = text[3:]
				}
			}
		case "DD":
			day, ok = take(2)
		case "DY":
			if ok = len(text) >= 3; ok {
				text = text[3:]
			}
		case "HH24", "HH":
			hour, ok = take(2)
		case "HH12":
			hour, ok = take(2)
			half = true
		case "MI":
			minute, ok = take(2)
		case "SS":
			second, ok = take(2)
		case "FF":
			d := leadingDigits.FindString(text)
			if len(d) > 9 {
				d = d[:9]
			}
			text, nanos = text[len(d):], fraction(d)
		case "AM", "PM":
			if ok = len(text) >= 2; ok {
				pm, half = strings.EqualFold(text[:2], "PM"), true
				text = text[2:]
			}
		case "TZH:TZM", "TZHTZM":
			zone(true)
		case "TZH":
			zone(false)
		case "TZM":
			_, ok = take(2)
		default:
			text, ok = strings.CutPrefix(text, literal)
		}
	}
	if half {
		hour = hour%12 + 12*boolInt(pm)
	}
	t, good := civil(year, month, day, hour, minute, second, nanos)
	out.wall = t
	return out, ok && good && text == ""
}
