package snowflake

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/config/profile"
)

// Profile says what the keys of dbt-snowflake are here.
var Profile = profile.Adapter{
	Keys: map[string]profile.Key{
		"account": {To: "account"}, "database": {To: "database"}, "warehouse": {To: "warehouse"}, "role": {To: "role"}, "user": {To: "user"},
		"host": {To: "host"}, "port": {To: "port", Is: profile.Number}, "protocol": {To: "protocol"},
		"password": {To: "password", Is: profile.Secret}, "private_key": {To: "private_key", Is: profile.Secret},
		"private_key_path":       {To: "private_key", Is: profile.SecretFile},
		"private_key_passphrase": {To: "private_key_passphrase", Is: profile.Secret},
	},
	Required: []string{"account", "database"},
	Own:      []string{"authenticator", "query_tag", "client_session_keep_alive", "retry_on_database_errors", "retry_all", "reuse_connections"},
	Fit: func(o *profile.Output) {
		switch way := o.Text("authenticator"); strings.ToLower(way) {
		case "", "snowflake", "snowflake_jwt":
		case "oauth":
			if o.Has("oauth_client_id") || o.Has("oauth_client_secret") {
				o.Refuse("authenticator", "dbt has a refresh token here, and an access token is what is needed",
					"give the user a key and write private_key_path, or write the target out with a token of ours")
				o.Node("oauth_client_id")
				o.Node("oauth_client_secret")
				o.Node("token")
				return
			}
			o.Take("token", profile.Key{To: "token", Is: profile.Secret})
		default:
			o.Refuse("authenticator", "the authenticator "+way+" needs a person, or is not known here", "give the user a key and write private_key_path")
			o.Node("token")
		}
	},
}
