package models

import (
	"fmt"
	"math"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Examine is a step that counts what breaks expectations, all of them in one
// pass. It changes nothing. A model with such steps fails where one of the
// expectations that is an error is broken, when all of them were looked at.
type Examine struct {
	Title string
	// Query has one row of integers.
	Query        sql.Query
	Expectations []Expectation
}

func (*Examine) step() {}

// ExpectationKind says what the numbers of an Expectation mean.
type ExpectationKind int

// The kinds.
const (
	// NoRows wants no row that fails, or few.
	NoRows ExpectationKind = iota
	// SomeRows bounds the number of rows.
	SomeRows
	// FreshRows bounds the age of the newest row.
	FreshRows
	// Known compares with what is known of somebody: Number is 1 where it differs.
	Known
)

// Expectation is one thing that must hold.
type Expectation struct {
	Test *config.Test
	// Name says which of the test's it is, such as "not_null email".
	Name string
	Kind ExpectationKind
	// Number and Rows are columns of the query, counted from 0: how many rows fail,
	// or the age of the newest in microseconds, NULL where there is none; and how
	// many rows there are. Rows is -1 where that is not known.
	Number, Rows int
	// Failing selects the rows that fail, nil where none can be pointed at. Its
	// first Keys columns say which rows they are.
	Failing sql.Query
	Keys    int
}

// Outcome is what became of a test, or of an expectation.
type Outcome string

// The outcomes, from the best to the worst.
const (
	Passed Outcome = "pass"
	Warned Outcome = "warn"
	Broken Outcome = "error"
)

// Verdict is what the numbers say of an Expectation.
type Verdict struct {
	Outcome Outcome
	// Failures is how many rows fail: 1 for a number of rows that is out of bounds
	// and for rows that are too old.
	Failures int64
	// Rows is how many rows there were, -1 where that is not known.
	Rows int64
	// Said is what was found, in words, nothing where it passed.
	Said string
}

// Judge reads the row of the step's query. last is the number of rows in the last
// run that went on with them, nil where there was none.
func (x *Expectation) Judge(row []*int64, last *int64) Verdict {
	v := Verdict{Rows: -1}
	if x.Rows >= 0 && row[x.Rows] != nil {
		v.Rows = *row[x.Rows]
	}
	switch x.Kind {
	case NoRows:
		if n := row[x.Number]; n != nil {
			v.Failures = *n
		}
		v.Outcome = x.tolerate(v)
		if v.Outcome != Passed {
			v.Said = fmt.Sprintf("%d of %d rows", v.Failures, v.Rows)
			if v.Rows < 0 {
				v.Said = fmt.Sprintf("%d rows", v.Failures)
			}
		}
		return v
	case Known:
		if n := row[x.Number]; n != nil && *n > 0 {
			v.Said = "is not so"
		}
	case SomeRows:
		v.Said = outOf(x.Test.RowCount, v.Rows, last)
	case FreshRows:
		v.Said = tooOld(time.Duration(x.Test.Freshness), row[x.Number])
	}
	v.Outcome = Passed
	if v.Said != "" {
		v.Failures, v.Outcome = 1, x.worst()
	}
	return v
}

// worst is what a broken expectation is.
func (x *Expectation) worst() Outcome {
	if x.Test.Severity == "warn" {
		return Warned
	}
	return Broken
}

// tolerate compares the failing rows with the bounds of the test.
func (x *Expectation) tolerate(v Verdict) Outcome {
	beyond := func(b *config.Bound) bool { return exceeds(v.Failures, v.Rows, b) }
	switch t := x.Test; {
	case t.Severity != "warn" && beyond(t.ErrorAbove):
		return Broken
	case t.WarnAbove != nil && beyond(t.WarnAbove), t.WarnAbove == nil && v.Failures > 0:
		return Warned
	}
	return Passed
}

// exceeds says that n is more than a bound of a whole allows; no bound allows none.
func exceeds(n, whole int64, b *config.Bound) bool {
	switch {
	case b == nil:
		return n > 0
	case b.IsPercent:
		return float64(n)*100 > b.Percent*float64(max(whole, 0))
	}
	return n > b.Rows
}

// outOf says how a number of rows is out of bounds, nothing where it is not.
func outOf(c *config.RowCount, rows int64, last *int64) string {
	switch {
	case c.Min != nil && rows < *c.Min:
		return fmt.Sprintf("%d rows, and at least %d are expected", rows, *c.Min)
	case c.Max != nil && rows > *c.Max:
		return fmt.Sprintf("%d rows, and at most %d are expected", rows, *c.Max)
	case c.MaxChange != nil && last != nil && rows != *last && exceeds(max(rows-*last, *last-rows), *last, c.MaxChange):
		return fmt.Sprintf("%d rows after %d", rows, *last)
	}
	return ""
}

// tooOld says how old the newest row is, nothing where it is young enough.
func tooOld(limit time.Duration, micros *int64) string {
	if micros == nil {
		return "there is no row with a time up to now"
	}
	if *micros <= limit.Microseconds() {
		return ""
	}
	age := time.Duration(math.MaxInt64)
	if *micros < math.MaxInt64/1000 {
		age = time.Duration(*micros) * time.Microsecond
	}
	return fmt.Sprintf("the newest row is %s old", inWords(age))
}

// inWords is a length of time as people say it.
func inWords(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int64(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int64(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int64(d/(24*time.Hour)))
}
