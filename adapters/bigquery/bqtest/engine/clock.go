package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// location is a zone by its name or as an offset.
func location(name string) (*time.Location, error) {
	if m := regexp.MustCompile(`^([+-])(\d{1,2})(?::?(\d{2}))?$`).FindStringSubmatch(strings.TrimPrefix(name, "UTC")); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi("0" + m[3])
		seconds := hours*3600 + minutes*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone("", seconds), nil
	}
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("Invalid time zone: %s", name) //nolint:staticcheck // BigQuery's words
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("Invalid time zone: %s", name) //nolint:staticcheck // BigQuery's words
	}
	return l, nil
}

// onClock is what shows the same time on the clock of a zone.
func onClock(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// timeText writes a time with none, three or six digits after the seconds.
func timeText(t time.Time) string {
	switch {
	case t.Nanosecond() == 0:
		return t.Format("2006-01-02 15:04:05")
	case t.Nanosecond()%1e6 == 0:
		return t.Format("2006-01-02 15:04:05.000")
	}
	return t.Format("2006-01-02 15:04:05.000000")
}

var canonical = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,6}))?)?(?: ?([A-Za-z][A-Za-z0-9_+/-]*)|([+-]\d{1,2}(?::\d{2})?))?$`)

// readTime reads BigQuery's canonical form of a time.
func readTime(s string, zone *time.Location) (t time.Time, zoned bool, err error) {
	m := canonical.FindStringSubmatch(strings.TrimFunc(s, space))
	if m == nil {
		return t, false, errors.New("no time")
	}
	n := make([]int, len(m))
	for i := 1; i <= 6; i++ {
		n[i], _ = strconv.Atoi("0" + m[i])
	}
	if name := m[8] + m[9]; name != "" {
		if strings.EqualFold(name, "z") {
			name = "UTC"
		}
		if zone, err = location(name); err != nil {
			return t, false, err
		}
		zoned = true
	}
	fraction, _ := strconv.Atoi((m[7] + "000000")[:6])
	t = time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], min(n[6], 59), fraction*1000, zone)
	if t.Month() != time.Month(n[2]) || t.Day() != n[3] || n[4] > 23 || n[5] > 59 || n[6] > 59 || n[1] == 0 {
		return t, zoned, errors.New("no time")
	}
	return t, zoned, nil
}

// formatTime writes a time by the elements of FORMAT_TIMESTAMP.
func formatTime(format string, t time.Time) (any, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch format[i] {
		case 'Y':
			b.WriteString(strconv.Itoa(t.Year()))
		case 'm':
			b.WriteString(t.Format("01"))
		case 'd':
			b.WriteString(t.Format("02"))
		case 'e':
			b.WriteString(t.Format("_2"))
		case 'j':
			b.WriteString(t.Format("002"))
		case 'H':
			b.WriteString(t.Format("15"))
		case 'I':
			b.WriteString(t.Format("03"))
		case 'M':
			b.WriteString(t.Format("04"))
		case 'S':
			b.WriteString(t.Format("05"))
		case 'p':
			b.WriteString(t.Format("PM"))
		case 'F':
			fmt.Fprintf(&b, "%d-%s", t.Year(), t.Format("01-02"))
		case 'T', 'X':
			b.WriteString(t.Format("15:04:05"))
		case 'R':
			b.WriteString(t.Format("15:04"))
		case 'D', 'x':
			b.WriteString(t.Format("01/02/06"))
		case 'y':
			b.WriteString(t.Format("06"))
		case 'a':
			b.WriteString(t.Format("Mon"))
		case 'A':
			b.WriteString(t.Format("Monday"))
		case 'b', 'h':
			b.WriteString(t.Format("Jan"))
		case 'B':
			b.WriteString(t.Format("January"))
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'u':
			b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
		case 'w':
			b.WriteString(strconv.Itoa(int(t.Weekday())))
		case 'z':
			b.WriteString(t.Format("-0700"))
		case 'Z':
			b.WriteString("UTC" + strings.TrimSuffix(strings.TrimPrefix(t.Format("-07"), "+00"), ""))
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '%':
			b.WriteByte('%')
		case 'E':
			element := regexp.MustCompile(`^([0-6*]S|4Y|z)`).FindString(format[i+1:])
			i += len(element)
			switch {
			case element == "z":
				b.WriteString(t.Format("-07:00"))
			case element == "4Y":
				b.WriteString(t.Format("2006"))
			case element == "*S":
				b.WriteString(t.Format("05.999999"))
			case element != "" && element[0] == '0':
				b.WriteString(t.Format("05"))
			case element != "":
				b.WriteString(t.Format("05." + strings.Repeat("0", int(element[0]-'0'))))
			default:
				return nil, errors.New("emulator: an element of FORMAT_TIMESTAMP")
			}
		default:
			return nil, fmt.Errorf("emulator: %%%c of FORMAT_TIMESTAMP", format[i])
		}
	}
	return b.String(), nil
}
