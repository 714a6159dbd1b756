// Package snowflake runs SQL in Snowflake, through its official client.
//
// It sets the parameters of the session on which sql.Snowflake counts, so that
// an account of any configuration gives the same answers. A script is one
// request, however many statements it has. Rows are loaded from files that are
// put on the user's own stage, and removed from there.
//
// It never logs, sends no telemetry, and no error of it shows a value of a row.
// Start with Config for what a target may say, then Open.
package snowflake
