package adapters

import (
	"regexp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Writing matches scripts, as a Printer spells them, with a statement that changes
// or makes a table of one of the schemas, given as the parts of their names. Such
// a statement begins a line, and names its table before the first parenthesis. What
// only reads does not match.
func Writing(d *sql.Dialect, schemas [][]string) *regexp.Regexp {
	names := make([]string, len(schemas))
	for i, parts := range schemas {
		const table = "t"
		whole := append(slices.Clip(parts), table)
		if d.QuoteTable != nil {
			names[i] = d.QuoteTable(whole)
		} else {
			quoted := make([]string, len(whole))
			for j, part := range whole {
				quoted[j] = d.QuoteName(part)
			}
			names[i] = strings.Join(quoted, ".")
		}
		last := d.QuoteName(table)
		names[i] = regexp.QuoteMeta(strings.TrimSuffix(names[i], last))
	}
	return regexp.MustCompile(`(?m)^(?:CREATE|INSERT|UPDATE|DELETE|DROP|ALTER|TRUNCATE|MERGE|COPY)\b[^(\n]* (?:` + strings.Join(names, "|") + `)`)
}
