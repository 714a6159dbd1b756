package main

import (
	"strings"
)

// local is the clock of a zone at an instant.
func local(instant, zone string) string {
	if zone == "'UTC'" {
		return instant
	}
	return "bq_local(" + instant + ", " + zone + ")"
}

// zone is the argument that names a zone, or UTC.
func (c *call) zone(i int) string {
	if len(c.args) > i {
		return c.args[i]
	}
	return "'UTC'"
}

// parts are what EXTRACT gives.
var parts = map[string]string{
	"YEAR": "year($1)", "MONTH": "month($1)", "DAY": "day($1)", "QUARTER": "quarter($1)", "DAYOFYEAR": "dayofyear($1)",
	"DAYOFWEEK": "dayofweek($1) + 1", "HOUR": "hour($1)", "MINUTE": "minute($1)", "SECOND": "second($1)",
	"MILLISECOND": "millisecond($1) % 1000", "MICROSECOND": "microsecond($1) % 1000000",
	"ISOWEEK": "week($1)", "ISOYEAR": "isoyear($1)",
	"DATE": "CAST($1 AS DATE)", "TIME": "CAST($1 AS TIME)", "DATETIME": "$1",
}

func (c *call) datePart() string {
	snippet, ok := parts[c.part(1)]
	if !ok {
		panic(unsupported("EXTRACT of " + c.part(1)))
	}
	at := c.args[0]
	if c.first() == "TIMESTAMP" {
		at = local(at, c.zone(2))
	}
	return "CAST(" + fill(snippet, []string{at}) + " AS " + c.ret.engine() + ")"
}

func castPart(to string) func(*call) string {
	return func(c *call) string {
		at := c.args[0]
		if c.first() == "TIMESTAMP" {
			at = local(at, c.zone(len(c.args)-1))
			if len(c.args) == 1 {
				at = c.args[0]
			}
		}
		return "CAST(" + at + " AS " + to + ")"
	}
}

// addTime moves an instant or a clock. What leaves the years 1 to 9999 fails.
func (c *call) addTime(sign string) string {
	part := c.part(2)
	if n, ok := micros[part]; ok {
		return "bq_instant(epoch_us(" + c.args[0] + ") " + sign + " " + c.args[1] + " * " + n + ")"
	}
	if c.first() == "DATETIME" {
		return c.addMonths(sign, part)
	}
	panic(invalid(strings.ToUpper(c.name) + " does not support the " + part + " date part when the argument is TIMESTAMP type"))
}

func (c *call) addMonths(sign, part string) string {
	if n, ok := months[part]; ok {
		return fill("$1 "+sign+" to_months(CAST($2 * "+n+" AS INTEGER))", c.args)
	}
	if part == "WEEK" {
		return fill("$1 "+sign+" to_days(CAST($2 * 7 AS INTEGER))", c.args)
	}
	panic(unsupported(strings.ToUpper(c.name) + " by " + part))
}

func (c *call) addDays(sign string) string {
	switch part := c.part(2); part {
	case "DAY":
		return "CAST(" + fill("$1 "+sign+" CAST($2 AS INTEGER)", c.args) + " AS DATE)"
	default:
		return "CAST(" + c.addMonths(sign, part) + " AS DATE)"
	}
}

// diffTime counts whole units, cut off toward zero for an instant.
func (c *call) diffTime() string {
	part := c.part(2)
	n, ok := micros[part]
	switch {
	case !ok:
		panic(unsupported(strings.ToUpper(c.name) + " in " + part))
	case c.first() == "TIMESTAMP":
		return fill("(epoch_us($1) - epoch_us($2)) // "+n, c.args)
	}
	// Of clocks it is the boundaries that are counted.
	return fill("bq_floor_div(epoch_us($1), "+n+") - bq_floor_div(epoch_us($2), "+n+")", c.args)
}

func (c *call) diffDays() string {
	switch part := c.part(2); part {
	case "DAY":
		return fill("CAST($1 - $2 AS BIGINT)", c.args)
	case "MONTH", "YEAR", "QUARTER", "ISOWEEK":
		return fill("date_diff('"+strings.TrimPrefix(strings.ToLower(part), "iso")+"', $2, $1)", c.args)
	default:
		panic(unsupported("DATE_DIFF in " + part))
	}
}

// weekdays are the offsets of the day on which a week begins, from Monday.
var weekdays = map[string]string{
	"WEEK": "6", "WEEK_SUNDAY": "6", "WEEK_MONDAY": "0", "WEEK_TUESDAY": "1", "WEEK_WEDNESDAY": "2",
	"WEEK_THURSDAY": "3", "WEEK_FRIDAY": "4", "WEEK_SATURDAY": "5", "ISOWEEK": "0",
}

// truncate cuts off what is smaller than a unit, on the clock of a zone.
func (c *call) truncate() string {
	part := c.part(1)
	at, zone := c.args[0], c.zone(2)
	if c.first() == "TIMESTAMP" {
		at = local(at, zone)
	}
	var out string
	if offset, ok := weekdays[strings.NewReplacer("(", "_", ")", "").Replace(part)]; ok {
		out = "date_trunc('week', " + at + " - to_days(CAST(" + offset + " AS INTEGER))) + to_days(CAST(" + offset + " AS INTEGER))"
	} else if _, fixed := micros[part]; fixed || months[part] != "" {
		out = "date_trunc('" + strings.ToLower(part) + "', " + at + ")"
	} else {
		panic(unsupported(strings.ToUpper(c.name) + " to " + part))
	}
	if c.first() == "TIMESTAMP" && zone != "'UTC'" {
		out = "bq_at_zone(CAST(" + out + " AS TIMESTAMP), " + zone + ")"
	}
	return "CAST(" + out + " AS " + c.ret.engine() + ")"
}

func (c *call) date() string {
	switch c.first() {
	case "INT64":
		return fill("make_date($*)", c.args)
	case "TIMESTAMP":
		return "CAST(" + local(c.args[0], c.zone(1)) + " AS DATE)"
	case "DATETIME", "DATE":
		return "CAST(" + c.args[0] + " AS DATE)"
	}
	panic(unsupported("DATE of " + c.first()))
}

func (c *call) datetime() string {
	switch {
	case c.first() == "INT64":
		return fill("make_timestamp($1, $2, $3, $4, $5, CAST($6 AS DOUBLE))", c.args)
	case c.first() == "TIMESTAMP":
		return local(c.args[0], c.zone(1))
	case len(c.args) == 1:
		return "CAST(" + c.args[0] + " AS TIMESTAMP)"
	case c.first() == "DATE" && c.types[1].Name == "TIME":
		return fill("$1 + $2", c.args)
	}
	panic(unsupported("this form of DATETIME"))
}

func (c *call) timestamp() string {
	zone := c.zone(1)
	switch c.first() {
	case "STRING":
		return "bq_timestamp(" + c.args[0] + ", " + zone + ")"
	case "TIMESTAMP":
		return c.args[0]
	}
	at := "CAST(" + c.args[0] + " AS TIMESTAMP)"
	if zone == "'UTC'" {
		return at
	}
	return "bq_at_zone(" + at + ", " + zone + ")"
}

func (c *call) time() string {
	if c.first() == "INT64" {
		return fill("make_time($1, $2, CAST($3 AS DOUBLE))", c.args)
	}
	return "CAST(" + local(c.args[0], c.zone(1)) + " AS TIME)"
}

// string is the text of a time, or of what JSON holds.
func (c *call) string() string {
	switch c.first() {
	case "TIMESTAMP":
		if len(c.args) > 1 {
			panic(unsupported("STRING with a zone"))
		}
		return convert(c.args[0], c.types[0], c.ret)
	case "DATE", "DATETIME", "TIME":
		return convert(c.args[0], c.types[0], c.ret)
	}
	panic(unsupported("STRING of " + c.first()))
}

func (c *call) format() string {
	at, zone := c.args[1], c.zone(2)
	if c.types[1].Name == "DATE" {
		at = "CAST(" + at + " AS TIMESTAMP)"
	}
	return "bq_format_time(" + c.args[0] + ", " + at + ", " + zone + ")"
}
