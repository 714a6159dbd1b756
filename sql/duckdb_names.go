package sql

import "strings"

// duckReserved are the keywords of DuckDB 1.5 that cannot stand bare wherever
// a name can: those of any category of duckdb_keywords() but "unreserved".
// Some can in some places; one rule for all places is worth a few quotes more.
// A test compares the set with the engine.
var duckReserved = set(`
	all analyse analyze and anti any array as asc asof asymmetric at authorization between
	bigint binary bit boolean both by case cast char character check coalesce collate
	collation column columns concurrently constraint create cross dec decimal default
	deferrable desc describe distinct do else end except exists extract false fetch float for
	foreign freeze from full generated glob group grouping grouping_id having ilike in
	initially inner inout int integer intersect interval into is isnull join lambda lateral
	leading left like limit map national natural nchar none not notnull null nullif numeric
	offset on only or order out outer overlaps overlay pivot pivot_longer pivot_wider placing
	position positional precision primary qualify real references returning right row select
	semi setof show similar smallint some struct substring summarize symmetric table
	tablesample then time timestamp to trailing treat trim true try_cast union unique unpack
	unpivot using values varchar variadic verbose when where window with xmlattributes
	xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
	xmltable
`)

// set is the words of a text.
func set(text string) map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		out[word] = true
	}
	return out
}

// duckName writes a name bare where it reads as the same name: DuckDB keeps
// the case of bare names and compares all names without it, so that this is a
// matter of keywords and characters alone. Upper case is quoted to show that
// it is meant.
func duckName(s string) string {
	if bare(s) && !duckReserved[s] {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// bare says whether s is a lower-case ASCII identifier.
func bare(s string) bool {
	for i, r := range s {
		switch {
		case r == '_', 'a' <= r && r <= 'z':
		case i > 0 && '0' <= r && r <= '9':
		default:
			return false
		}
	}
	return s != ""
}
