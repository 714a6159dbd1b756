// Package console turns events, summaries, diagnostics and rows into text and
// JSON.
//
// Results belong on standard output and everything else on standard error;
// the package is given the writers and never chooses. It prints people's data
// only in Rows, where a user asked for a table by name.
//
// Start with Progress for what is said during a run, Summary for what is said
// at its end, and Results for the same as JSON.
package console

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Bytes writes a number of bytes in the unit that it has most of.
func Bytes(n int64) string {
	const thousand = 1000
	if n < thousand {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	x, units := float64(n), []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	for i, unit := range units {
		x /= thousand
		// What would be rounded up to a thousand is one of the next.
		if x < thousand-0.05 || i == len(units)-1 {
			return strconv.FormatFloat(x, 'f', 1, 64) + " " + unit
		}
	}
	return ""
}

// Number writes an integer with a comma between thousands.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Duration writes a duration in a precision that suits its size.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	}
	return d.Round(time.Second).String()
}

// counted is "1 row" or "2,000 rows".
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// words turns a name of numbers, such as "new_customers", into words.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// oneLine keeps a message on its line and the terminal as it is.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
