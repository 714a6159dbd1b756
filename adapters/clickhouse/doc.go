// Package clickhouse runs SQL in ClickHouse, through its official client.
//
// It sends the settings along on which sql.ClickHouse counts, so that a server
// of any configuration gives the same answers. It knows nothing of customers.
// Start with Config for what a target may say, then Open.
package clickhouse
