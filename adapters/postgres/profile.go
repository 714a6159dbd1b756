package postgres

import "github.com/customhouse-cdp/customhouse/config/profile"

// Profile says what the keys of dbt-postgres are here.
var Profile = profile.Adapter{
	Keys: map[string]profile.Key{
		"host": {To: "host"}, "port": {To: "port", Is: profile.Number}, "user": {To: "user"},
		"password": {To: "password", Is: profile.Secret}, "pass": {To: "password", Is: profile.Secret},
		"dbname": {To: "database"}, "database": {To: "database"}, "sslmode": {To: "sslmode"},
		"sslrootcert": {To: "sslrootcert", Is: profile.Path}, "sslcert": {To: "sslcert", Is: profile.Path}, "sslkey": {To: "sslkey", Is: profile.Path},
	},
	Required: []string{"host", "user", "dbname"},
	Own:      []string{"keepalives_idle", "application_name"},
}
