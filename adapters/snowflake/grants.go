package snowflake

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// Grants are the least that a role needs, for an administrator to run. The names
// of the privileges are those of Snowflake's documentation of GRANT.
func Grants(c Config, f adapters.GrantsFor) []string {
	name := dialect.Snowflake.QuoteName
	role := c.Role
	if role == "" {
		role = "customhouse"
	}
	user := f.User
	if user == "" {
		user = c.User
	}
	if user == "" {
		user = "customhouse"
	}
	who, database := name(role), name(c.Database)
	out := []string{
		"-- Run as an administrator. Where the role is not there yet:",
		"-- CREATE ROLE " + who + ";",
		"-- CREATE USER " + name(user) + " TYPE = SERVICE DEFAULT_ROLE = " + who + " RSA_PUBLIC_KEY = '...';",
		"GRANT ROLE " + who + " TO USER " + name(user) + ";",
	}
	if c.Warehouse != "" {
		out = append(out, "GRANT USAGE ON WAREHOUSE "+name(c.Warehouse)+" TO ROLE "+who+";")
	}
	seen := map[string]bool{}
	once := func(s string) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if !f.ReadOnly {
		once("GRANT USAGE ON DATABASE " + database + " TO ROLE " + who + ";")
		for _, schema := range []string{f.Schema, f.Work} {
			full := database + "." + name(schema)
			out = append(out,
				"CREATE TRANSIENT SCHEMA IF NOT EXISTS "+full+";",
				"GRANT USAGE, CREATE TABLE ON SCHEMA "+full+" TO ROLE "+who+";",
			)
		}
	}
	for _, table := range f.Tables {
		parts, err := adapters.SplitName(table)
		if err != nil || len(parts) < 2 || len(parts) > 3 {
			continue // A run says at its line that it is named otherwise.
		}
		if len(parts) == 2 {
			parts = append([]string{c.Database}, parts...)
		}
		quoted := make([]string, len(parts))
		for i, p := range parts {
			quoted[i] = name(p)
		}
		once("GRANT USAGE ON DATABASE " + quoted[0] + " TO ROLE " + who + ";")
		once("GRANT USAGE ON SCHEMA " + strings.Join(quoted[:2], ".") + " TO ROLE " + who + ";")
		out = append(out, "GRANT SELECT ON TABLE "+strings.Join(quoted, ".")+" TO ROLE "+who+";")
	}
	return out
}
