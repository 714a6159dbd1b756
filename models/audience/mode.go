package audience

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// What the ledger knows of a row in place of a fingerprint.
const (
	// existed is a row that the destination had before it was to be inserted: we
	// have put nothing there, and take nothing away.
	existed = ""
	// takenOff is a member that mode remove took off an audience.
	takenOff = "removed"
)

// wantedOp and leftOp are the operations for a row that is wanted, and for one
// that left, "" where that one stays.
func (b *builder) wantedOp() string {
	wanted, _ := b.Sync.To.Operations()
	return wanted
}

func (b *builder) leftOp() string {
	_, left := b.Sync.To.Operations()
	return left
}

func (b *builder) mode(m string) bool { return b.Sync.To.Mode == m }

// brings says that an operation, under an alias, brings values.
func (b *builder) brings(alias string) sql.Expr {
	if b.mode(config.Remove) {
		return sql.Bool(false)
	}
	return sql.Fn(sql.Eq, sql.Col(alias, "operation"), sql.String(b.wantedOp()))
}

// isKnown says that a row of the ledger, under an alias, is of the kind that the
// mode writes: who was taken off an audience is not on it.
func (b *builder) isKnown(alias string) sql.Expr {
	same := sql.Ne
	if b.mode(config.Remove) {
		same = sql.Eq
	}
	return sql.And{b.isThere(alias), sql.Fn(same, sql.Col(alias, "fingerprint"), sql.String(takenOff))}
}

// isDue says of a row that is wanted, under the alias w, that it is to be sent:
// l is what the ledger knows of it, n the note of an earlier sending.
func (b *builder) isDue() sql.Expr {
	fresh := sql.Fn(sql.IsNull, sql.Col("l", "key"))
	switch b.Sync.To.Mode {
	case config.Insert, config.Remove:
		return fresh
	case config.Append:
		if b.waits() && b.Retry == nil {
			return sql.And{fresh, sql.Fn(sql.IsNull, sql.Col("n", "key"))}
		}
		return fresh
	default:
		if b.Resync {
			return sql.Bool(true)
		}
		return sql.Or{sql.Fn(sql.Differ, sql.Col("l", "fingerprint"), sql.Col("w", "fingerprint")), sql.Fn(sql.IsNotNull, sql.Col("n", "key"))}
	}
}

// putThere says that what is known of a row that left, under l and n, was put
// there by us, as far as anybody knows.
func (b *builder) putThere() sql.Expr {
	return sql.Or{sql.Fn(sql.Ne, sql.Col("l", "fingerprint"), sql.String(existed)), sql.Fn(sql.IsNotNull, sql.Col("n", "key"))}
}

// acknowledged is what the ledger keeps of an outcome, under an alias, in place
// of what was sent.
func (b *builder) acknowledged(alias string) sql.Expr {
	sent := sql.Col(alias, "fingerprint")
	if b.mode(config.Insert) {
		return sql.If(sql.Fn(sql.Eq, sql.Col(alias, "origin"), sql.String("exists")), sql.String(existed), sent)
	}
	return sent
}

// isAbsent says of an outcome, under an alias, that the destination lacks the
// row: whatever we knew of it is over.
func isAbsent(alias string) sql.Expr {
	return sql.Fn(sql.Eq, sql.Col(alias, "origin"), sql.String("absent"))
}

// forgetLeft forgets who was taken off an audience and is not wanted off it any
// more: whoever returns is taken off again.
func (b *builder) forgetLeft() []sql.Statement {
	if !b.mode(config.Remove) {
		return nil
	}
	return []sql.Statement{sql.Delete{Table: Ledger, Where: sql.And{
		b.isKnown(""), sql.InQuery{Exprs: []sql.Expr{sql.Col("", "key")}, Not: true, Query: &sql.Select{
			Items: sql.Items("w", "key"), From: sql.TableRef{Table: b.wanted, As: "w"}, Where: sql.Fn(sql.IsNotNull, sql.Col("w", "key")),
		}},
	}}}
}
