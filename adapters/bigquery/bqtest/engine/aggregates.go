package main

import "strings"

// An aggregate is an aggregate or window function with all that modifies it.
type aggregate struct {
	*call

	distinct, ignore bool
	order, limit     string
	having           string
	max              bool
	over             string
}

// write spells it.
func (a *aggregate) write() string {
	if a.having != "" {
		return a.extreme()
	}
	switch a.name {
	case "array_agg", "string_agg", "array_concat_agg":
		return a.collect()
	case "sum":
		if a.first() == "BIGNUMERIC" {
			panic(unsupported("SUM of BIGNUMERIC"))
		}
	case "min", "max":
		return a.minMax()
	case "first_value", "last_value", "nth_value", "lag", "lead":
		args := strings.Join(a.args, ", ")
		if a.ignore {
			args += " IGNORE NULLS"
		}
		return a.name + "(" + args + ")" + a.over
	}
	for _, key := range []string{a.name + ":" + a.first(), a.name} {
		if snippet, ok := aggregates[key]; ok {
			return a.fill(snippet)
		}
	}
	panic(unsupported("the aggregate function " + strings.ToUpper(strings.TrimPrefix(a.name, "$"))))
}

// fill writes a snippet; $d is DISTINCT where it is asked for, and $o where the
// OVER clause goes.
func (a *aggregate) fill(snippet string) string {
	distinct := ""
	if a.distinct {
		distinct = "DISTINCT "
	}
	if !strings.Contains(snippet, "$o") {
		snippet += "$o"
	}
	snippet = strings.ReplaceAll(snippet, "$d", distinct)
	snippet = strings.ReplaceAll(snippet, "$o", "\x00")
	return strings.ReplaceAll(fill(snippet, a.args), "\x00", a.over)
}

// aggregates are those that a snippet spells. The sum of integers fails where it
// does not fit; one of doubles that is infinite although nothing that is added is
// fails in BigQuery, and is infinite here.
var aggregates = map[string]string{
	"$count_star": "count(*)",
	"count":       "count($d$1)",
	"sum:INT64":   "bq_sum(CAST(sum($d$1)$o AS VARCHAR))",
	"sum":         "sum($d$1)",
	"avg:INT64":   "avg($d$1)", "avg:FLOAT64": "avg($d$1)",
	"any_value":   "any_value($1)",
	"countif":     "count(CASE WHEN $1 THEN 1 END)",
	"logical_and": "bool_and($1)", "logical_or": "bool_or($1)",
	"bit_and": "bit_and($1)", "bit_or": "bit_or($1)", "bit_xor": "bit_xor($1)",
	// Exact here, and close in BigQuery.
	"approx_count_distinct": "count(DISTINCT $1)",
	"row_number":            "row_number()", "rank": "rank()", "dense_rank": "dense_rank()",
	"percent_rank": "percent_rank()", "cume_dist": "cume_dist()", "ntile": "ntile($1)",
	"stddev": "stddev_samp($1)", "stddev_samp": "stddev_samp($1)", "stddev_pop": "stddev_pop($1)",
	"variance": "var_samp($1)", "var_samp": "var_samp($1)", "var_pop": "var_pop($1)",
	"max_by": "arg_max($1, $2)", "min_by": "arg_min($1, $2)",
}

// minMax is NaN where there is one.
func (a *aggregate) minMax() string {
	plain := a.name + "(" + a.args[0] + ")" + a.over
	if a.first() != "FLOAT64" {
		return plain
	}
	return "CASE WHEN bool_or(isnan(" + a.args[0] + "))" + a.over + " THEN CAST('NaN' AS DOUBLE) ELSE " + plain + " END"
}

// extreme is an aggregate of the rows with the greatest or smallest value.
func (a *aggregate) extreme() string {
	if a.name != "any_value" || a.over != "" {
		panic(unsupported("HAVING MAX or MIN in " + strings.ToUpper(a.name)))
	}
	f := "arg_min_null"
	if a.max {
		f = "arg_max_null"
	}
	return f + "(" + a.args[0] + ", " + a.having + ")"
}

// collect makes one value of many.
func (a *aggregate) collect() string {
	value := a.args[0]
	if a.distinct {
		value = "DISTINCT " + value
	}
	// An order within the arguments of a window function is not GoogleSQL.
	if a.order != "" {
		value += " ORDER BY " + a.order
	}
	filter := ""
	if a.ignore || a.name != "array_agg" {
		filter = " FILTER (WHERE " + a.args[0] + " IS NOT NULL)"
	}
	out := "list(" + value + ")" + filter + a.over
	if a.limit != "" {
		out = "list_slice(" + out + ", 1, " + a.limit + ")"
	}
	switch a.name {
	case "array_concat_agg":
		return "flatten(" + out + ")"
	case "string_agg":
		separator := "','"
		if len(a.args) > 1 {
			separator = a.args[1]
		}
		if a.first() == "BYTES" {
			panic(unsupported("STRING_AGG of BYTES"))
		}
		return "bq_join(" + out + ", " + separator + ")"
	}
	return out
}
