package clickhouse

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Grants are the least that a user needs, for an administrator to run. The names
// of the privileges are those of ClickHouse's documentation of GRANT; the engine
// of our tests has no users to try them on.
func Grants(c Config, f adapters.GrantsFor) []string {
	name := sql.ClickHouse.QuoteName
	user := f.User
	if user == "" {
		user = c.User
	}
	if user == "" {
		user = "customhouse"
	}
	who := name(user)
	out := []string{"-- Run as an administrator. Where the user is not there yet:", "-- CREATE USER " + who + " IDENTIFIED BY '...';"}
	if !f.ReadOnly {
		for _, database := range []string{f.Schema, f.Work} {
			out = append(out,
				"CREATE DATABASE IF NOT EXISTS "+name(database)+";",
				"GRANT SELECT, INSERT, ALTER DELETE, ALTER ADD COLUMN, CREATE DATABASE, CREATE TABLE, DROP TABLE ON "+name(database)+".* TO "+who+";",
			)
		}
	}
	for _, table := range f.Tables {
		parts, err := adapters.SplitName(table)
		if err != nil {
			continue // No such table can be there, which a run says at its line.
		}
		if len(parts) == 1 {
			database := c.Database
			if database == "" {
				database = "default"
			}
			parts = []string{database, parts[0]}
		}
		quoted := make([]string, len(parts))
		for i, p := range parts {
			quoted[i] = name(p)
		}
		out = append(out, "GRANT SELECT ON "+strings.Join(quoted, ".")+" TO "+who+";")
	}
	return out
}
