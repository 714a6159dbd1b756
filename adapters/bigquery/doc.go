// Package bigquery runs SQL in BigQuery, through its official client.
//
// A script is one job whose id is ours, so that an answer that is lost is looked
// up and no statement runs twice. What the catalog tells without a job, which
// costs seconds and money, is asked of it. Package bigquery knows nothing of
// customers and spells no expression: that is sql.BigQuery. Start with Config for
// what a target may say, then Open.
package bigquery
