package sql

import (
	"regexp"
	"strings"
)

// snowflakeReserved are the words that Snowflake reserves, wholly or in some
// places, and those that begin or end a clause. A quoted name costs nothing but
// its looks: it means the same as the bare one.
var snowflakeReserved = set(`
	account all alter and any array as asc asof at before between binary boolean both by case cast
	char check clone coalesce collate column comment commit connect connection constraint copy
	create cross cube current current_date current_time current_timestamp current_user data
	database date default delete desc describe distinct drop else end escape except exclude execute
	exists explain extract false fetch filter first float following for from full grant group
	grouping gscluster having if ignore ilike in increment inner insert intersect interval into is
	isnull issue join last lateral leading left like limit localtime localtimestamp match_condition
	match_recognize materialized merge minus natural next not notnull null nulls number object of
	offset on only or order organization outer over overlaps overwrite partition pivot position
	preceding primary procedure qualify range recursive regexp references rename replace respect
	revoke right rlike rollback rollup row rows sample schema select semi set sets show some start
	system table tablesample temporary then time timestamp to top trailing transient trigger trim
	true truncate try_cast unbounded union unique unpivot update use using values varchar variant
	view volatile when whenever where window with within
`)

// A plain name is folded to upper case by Snowflake where it stands bare.
// Plain names of ours are those of Snowflake's in upper case, so that everybody
// can write them without quotes; others are quoted as they are. A name that is
// in lower case in Snowflake itself has double quotes around it here, which are
// part of the name: one pair more than it has there.
var lowerInQuotes = regexp.MustCompile(`^("*)[a-z_][a-z0-9_]*("*)$`)

// quoted says that s is a plain name between pairs of quotes, of which there
// may be none.
func quoted(s string) (pairs int, ok bool) {
	m := lowerInQuotes.FindStringSubmatch(s)
	if m == nil || len(m[1]) != len(m[2]) {
		return 0, false
	}
	return len(m[1]), true
}

// snowflakeName writes a name so that it means what it means to Snowflake.
func snowflakeName(s string) string {
	if bare(s) && !snowflakeReserved[s] {
		return s
	}
	if pairs, ok := quoted(s); ok && pairs == 0 {
		s = strings.ToUpper(s)
	} else if ok {
		s = s[1 : len(s)-1]
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// snowflakeRead is a name of Snowflake's as snowflakeName takes it.
func snowflakeRead(s string) string {
	if lower := strings.ToLower(s); strings.ToUpper(lower) == s && bare(lower) {
		return lower
	}
	if _, ok := quoted(s); ok {
		return `"` + s + `"`
	}
	return s
}
