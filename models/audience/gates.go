package audience

import (
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Gates are the queries that say of one entity what a sync makes of it. All
// read what the Steps of the audience left, and the tables of delivery.
type Gates struct {
	// Profile has a row where there is a profile, Member where the entity is
	// among what the sync sends from. LeftOut is why a rule leaves it out, NULL
	// where none does; the query is nil for a sync without rules.
	Profile, Member, LeftOut sql.Query
	// Wanted has the key, how many rows share it, whether the entity is held, and
	// the values as Sent reads them; of events there may be several, of which there
	// are the first.
	Wanted sql.Query
	// Due has the operation and the reason.
	Due sql.Query
	// Ledger has key, sent, acknowledged_at, run_id and whether the row is as it
	// would be sent now (NULL where it is not wanted); Pending the run_id of what
	// nobody answered for.
	Ledger, Pending sql.Query
	// Rejection has origin, code, message, attempts, first_at, last_at. Log has
	// the last attempts: at, operation, reason, outcome, code, run_id.
	Rejection, Log sql.Query
}

// logRows is how many attempts Gates.Log has.
const logRows = 5

// eventRows is how many rows Gates.Wanted and Gates.Ledger have: of events there
// may be many.
const eventRows = 10

// NewGates compiles the gates of an entity's id.
func NewGates(in Input, id int64) Gates {
	b := newBuilder(in)
	is := func(alias, column string) sql.Expr { return sql.Fn(sql.Eq, sql.Col(alias, column), sql.Int(id)) }
	wanted := sql.TableRef{Table: b.wanted, As: "w"}
	held := sql.Expr(sql.Bool(false))
	if b.Entity.Hold {
		held = sql.Col("w", "held")
	}
	g := Gates{
		Profile: &sql.Select{
			Items: sql.Items("p", b.id()), From: sql.TableRef{Table: profile.Table(b.Entity), As: "p"}, Where: is("p", b.id()),
		},
		Member: &sql.Select{Items: sql.Items("p", b.id()), From: b.members(), Where: is("p", b.id())},
		Wanted: &sql.Select{
			Items: append(sql.Items("w", "key", "same_key"), sql.As(held, "held"), sql.As(b.sent("w"), "sent")), From: wanted, Where: is("w", "entity_id"),
			OrderBy: []sql.Order{sql.Asc(sql.Col("w", "key"))}, Limit: eventRows,
		},
		Due: &sql.Select{Items: sql.Items("c", "operation", "reason"), From: sql.TableRef{Table: b.changes, As: "c"}, Where: is("c", "entity_id")},
		Ledger: &sql.Select{
			Items: append(sql.Items("l", "key", "sent", "acknowledged_at", "run_id"),
				sql.As(sql.Fn(sql.Eq, sql.Col("l", "fingerprint"), sql.Col("w", "fingerprint")), "same")),
			From: sql.Joins(sql.TableRef{Table: Ledger, As: "l"}, sql.Join{
				Kind: sql.LeftJoin, Right: wanted, On: sql.Fn(sql.Eq, sql.Col("w", "key"), sql.Col("l", "key")),
			}),
			Where:   sql.And{b.isThere("l"), is("l", "entity_id")},
			OrderBy: []sql.Order{{Expr: sql.Col("l", "acknowledged_at"), Desc: true}, sql.Asc(sql.Col("l", "key"))}, Limit: eventRows,
		},
		Pending: &sql.Select{
			Items: sql.Items("k", "run_id"), From: sql.TableRef{Table: Pending, As: "k"}, Where: sql.And{b.isThere("k"), is("k", "entity_id")},
		},
		Rejection: &sql.Select{
			Items: sql.Items("r", "origin", "code", "message", "attempts", "first_at", "last_at"), From: sql.TableRef{Table: Rejections, As: "r"},
			Where: sql.And{b.isOurs("r"), is("r", "entity_id")}, OrderBy: []sql.Order{{Expr: sql.Col("r", "last_at"), Desc: true}},
		},
		Log: &sql.Select{
			Items: sql.Items("g", "at", "operation", "reason", "outcome", "code", "run_id"), From: sql.TableRef{Table: Log, As: "g"},
			Where:   sql.And{b.isOurs("g"), is("g", "entity_id")},
			OrderBy: []sql.Order{{Expr: sql.Col("g", "at"), Desc: true}, {Expr: sql.Col("g", "run_id"), Desc: true}}, Limit: logRows,
		},
	}
	if b.chooses() {
		g.LeftOut = &sql.Select{Items: sql.Items("m", "left_out"), From: sql.Joins(b.members(), sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: b.without, As: "m"}, On: sql.Fn(sql.Eq, sql.Col("m", "id"), sql.Col("p", b.id())),
		}), Where: is("p", b.id())}
	}
	return g
}
