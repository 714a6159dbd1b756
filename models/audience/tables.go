package audience

import "github.com/customhouse-cdp/customhouse/sql"

// The public tables of delivery; docs/tables.md says what is in them.
var (
	Ledger     = sql.Table{Space: sql.Public, Name: "sync_ledger"}
	Pending    = sql.Table{Space: sql.Public, Name: "sync_pending"}
	Rejections = sql.Table{Space: sql.Public, Name: "sync_rejections"}
	Log        = sql.Table{Space: sql.Public, Name: "sync_log"}
	Leases     = sql.Table{Space: sql.Public, Name: "sync_leases"}
	// State is from when on the ledger knows every event that a sync has sent. An
	// event is sent when it has happened, so that none up to the time at which the
	// newest of those that were forgotten was acknowledged can be new; none of them
	// is sent, whatever max_age comes to be.
	State = sql.Table{Space: sql.Public, Name: "sync_state"}
)

// The columns of those tables, in order.
var (
	ledgerColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "place", Type: sql.TypeString},
		{Name: "key", Type: sql.TypeString},
		{Name: "entity_id", Type: sql.TypeInt},
		{Name: "fingerprint", Type: sql.TypeString},
		{Name: "sent", Type: sql.TypeString},
		{Name: "acknowledged_at", Type: sql.TypeTimestamp},
		{Name: "run_id", Type: sql.TypeString},
	}
	pendingColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "place", Type: sql.TypeString},
		{Name: "key", Type: sql.TypeString},
		{Name: "entity_id", Type: sql.TypeInt},
		{Name: "run_id", Type: sql.TypeString},
	}
	rejectionsColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "key", Type: sql.TypeString},
		{Name: "entity_id", Type: sql.TypeInt},
		{Name: "origin", Type: sql.TypeString},
		{Name: "code", Type: sql.TypeString},
		{Name: "message", Type: sql.TypeString},
		{Name: "attempts", Type: sql.TypeInt},
		{Name: "first_at", Type: sql.TypeTimestamp},
		{Name: "last_at", Type: sql.TypeTimestamp},
		{Name: "run_id", Type: sql.TypeString},
	}
	logColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "run_id", Type: sql.TypeString},
		{Name: "key", Type: sql.TypeString},
		{Name: "entity_id", Type: sql.TypeInt},
		{Name: "operation", Type: sql.TypeString},
		{Name: "reason", Type: sql.TypeString},
		{Name: "outcome", Type: sql.TypeString},
		{Name: "code", Type: sql.TypeString},
		{Name: "at", Type: sql.TypeTimestamp},
	}
	leaseColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "fence", Type: sql.TypeInt},
		{Name: "run_id", Type: sql.TypeString},
	}
	stateColumns = []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "place", Type: sql.TypeString},
		{Name: "forgotten_until", Type: sql.TypeTimestamp},
		{Name: "run_id", Type: sql.TypeString},
	}
)

// System lists the tables that must exist before anything is delivered.
func System() []sql.CreateTable {
	return []sql.CreateTable{
		{Table: Ledger, Columns: ledgerColumns, Key: []string{"sync", "place", "key"}},
		{Table: State, Columns: stateColumns},
		{Table: Pending, Columns: pendingColumns, Key: []string{"sync", "place", "key"}},
		{Table: Rejections, Columns: rejectionsColumns, Key: []string{"sync", "key"}},
		{Table: Log, Columns: logColumns, Key: []string{"sync", "at"}},
		{Table: Leases, Columns: leaseColumns},
	}
}
