package privacy

import (
	"time"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Heads is the public table in which each run leaves the head of the audit log,
// so that a log whose end was cut off, with its state or within it, is found out.
var Heads = sql.CreateTable{Table: sql.Table{Space: sql.Public, Name: "privacy_audit_heads"}, Columns: []sql.ColumnDef{
	{Name: "run_id", Type: sql.TypeString},
	{Name: "at", Type: sql.TypeTimestamp},
	{Name: "seq", Type: sql.TypeInt},
	{Name: "hash", Type: sql.TypeString},
	{Name: "seal", Type: sql.TypeString},
}}

// AddHead leaves a head.
func AddHead(runID string, at time.Time, seq int64, hash, seal string) sql.Statement {
	return sql.InsertSelect{Table: Heads.Table, Columns: sql.ColumnNames(Heads.Columns), Query: &sql.Select{Items: []sql.Item{
		sql.As(sql.String(runID), "run_id"), sql.As(sql.Timestamp(at), "at"), sql.As(sql.Int(seq), "seq"),
		sql.As(sql.String(hash), "hash"), sql.As(sql.String(seal), "seal"),
	}}}
}

// AllHeads selects the heads, each with the columns of Heads, in their order.
func AllHeads() sql.Query {
	return &sql.Select{
		Items: sql.Items("h", sql.ColumnNames(Heads.Columns)...), From: sql.TableRef{Table: Heads.Table, As: "h"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("h", "seq")), sql.Asc(sql.Col("h", "run_id"))},
	}
}

// Headless selects the runs, of those that began since the first of all heads,
// that left none: they were killed, or had nothing to deliver. runs is the table
// of runs, and now the one that asks.
func Headless(runs sql.Table, now string) sql.Query {
	id := sql.Col("r", "run_id")
	first := sql.Derived{As: "f", Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Min, sql.Col("a", "run_id")), "run_id")}, From: sql.TableRef{Table: Heads.Table, As: "a"},
	}}
	return &sql.Select{
		Items: []sql.Item{sql.As(id, "run_id")},
		From: sql.Joins(sql.TableRef{Table: runs, As: "r"},
			sql.Join{Kind: sql.InnerJoin, Right: first, On: sql.Fn(sql.Gt, id, sql.Col("f", "run_id"))},
			sql.Join{Kind: sql.LeftJoin, Right: sql.TableRef{Table: Heads.Table, As: "h"}, On: sql.Fn(sql.Eq, sql.Col("h", "run_id"), id)}),
		Where:   sql.And{sql.Fn(sql.IsNull, sql.Col("h", "run_id")), sql.Fn(sql.Ne, id, sql.String(now))},
		OrderBy: []sql.Order{sql.Asc(id)},
	}
}
