package postgres

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Grants are the least that a role needs, for an administrator to run. Where the
// role is in a secret address it is called customhouse.
func Grants(c Config, f adapters.GrantsFor) []string {
	name := sql.PostgreSQL.QuoteName
	user := f.User
	if user == "" {
		user = c.User
	}
	if user == "" {
		user = "customhouse"
	}
	role := name(user)
	out := []string{"-- Run as an administrator, in the database of the target. Where the role is not there yet:", "-- CREATE ROLE " + role + " LOGIN PASSWORD '...';"}
	if !f.ReadOnly {
		for _, schema := range []string{f.Schema, f.Work} {
			out = append(out, "CREATE SCHEMA IF NOT EXISTS "+name(schema)+" AUTHORIZATION "+role+";")
		}
	}
	seen := map[string]bool{}
	for _, table := range f.Tables {
		parts, err := adapters.SplitName(table)
		if err != nil {
			continue // No such table can be there, which a run says at its line.
		}
		quoted := make([]string, len(parts))
		for i, p := range parts {
			quoted[i] = name(p)
		}
		if n := len(parts); n > 1 && !seen[parts[n-2]] {
			seen[parts[n-2]] = true
			out = append(out, "GRANT USAGE ON SCHEMA "+quoted[n-2]+" TO "+role+";")
		}
		out = append(out, "GRANT SELECT ON TABLE "+strings.Join(quoted, ".")+" TO "+role+";")
	}
	return out
}
