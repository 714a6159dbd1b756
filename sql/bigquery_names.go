package sql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// bigqueryReserved are the reserved words of GoogleSQL, and the functions that
// are called without parentheses.
var bigqueryReserved = set(`
	all and any array as asc assert_rows_modified at between by case cast collate contains
	create cross cube current current_date current_datetime current_time current_timestamp
	default define desc distinct else end enum escape except exclude exists extract false fetch
	following for from full graph_table group grouping groups hash having if ignore in inner
	intersect interval into is join lateral left like limit lookup merge natural new no not null
	nulls of on or order outer over partition preceding proto qualify range recursive respect
	right rollup rows select set some struct tablesample then to treat true unbounded union
	unnest using when where window with within
`)

// bigqueryName writes a name bare where it reads as the same name. Characters
// that no column of BigQuery can have are escaped as ISO 9075-14 maps names to
// those of XML: _x002E_ is a point. bigqueryRead takes that back.
func bigqueryName(s string) string {
	if bare(s) && !bigqueryReserved[s] && !escaped.MatchString(s) {
		return s
	}
	return "`" + strings.ReplaceAll(escapeName(s, columnPunctuation), `\`, `\\`) + "`"
}

// bigqueryTable writes a qualified name, of which only the last part is ours to
// choose: a project may be called example.com:project.
func bigqueryTable(parts []string) string {
	var out []string
	for i, part := range parts {
		switch {
		case bare(part) && !bigqueryReserved[part] && !escaped.MatchString(part):
			out = append(out, part)
		case i < len(parts)-1:
			out = append(out, "`"+strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(part)+"`")
		default:
			out = append(out, "`"+escapeName(part, "_- ")+"`")
		}
	}
	return strings.Join(out, ".")
}

// columnPunctuation is what names of columns may have besides letters, marks
// and digits; those of tables have less.
const columnPunctuation = "_- &%=+:'<>#|"

// escaped matches what stands for a character.
var escaped = regexp.MustCompile(`_x([0-9A-F]{4,6})_`)

func escapeName(s, punctuation string) string {
	// What looks like an escape loses its first character to one.
	s = escaped.ReplaceAllString(s, "\x00$0")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 0:
			b.WriteString("_x005F")
		case unicode.In(r, unicode.L, unicode.M, unicode.N), strings.ContainsRune(punctuation, r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "_x%04X_", r)
		}
	}
	return b.String()
}

// bigqueryRead is the name that bigqueryName has escaped.
func bigqueryRead(s string) string {
	var b strings.Builder
	for {
		at := escaped.FindStringSubmatchIndex(s)
		if at == nil {
			return b.String() + s
		}
		n, err := strconv.ParseInt(s[at[2]:at[3]], 16, 32)
		if err != nil || n > unicode.MaxRune {
			n = '_' // It is no escape of ours.
			at[1] = at[0] + 1
		}
		b.WriteString(s[:at[0]])
		b.WriteRune(rune(n))
		s = s[at[1]:]
	}
}
