package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// kindOf classifies by SQLSTATE: by its five characters, or the two of its
// class. The server's messages are in its own language and decide nothing.
var kindOf = map[string]adapters.Kind{
	"08": adapters.Transient, "40": adapters.Transient, "57": adapters.Transient, "55": adapters.Transient,
	"40002": adapters.Data, // a constraint at the end of a transaction
	// Nobody knows whether the statement, or the transaction, took effect.
	"40003": adapters.Lost, "08007": adapters.Lost,
	"57014": adapters.Canceled,
	"42501": adapters.Permission, "28": adapters.Permission, "25006": adapters.Permission,
	"42P01": adapters.NotFound, "3F": adapters.NotFound, "3D": adapters.NotFound,
	"53": adapters.Quota, "54": adapters.Quota,
	"22": adapters.Data, "23": adapters.Data, "21": adapters.Data,
	"42": adapters.Syntax, "0A": adapters.Syntax, "2B": adapters.Syntax, "26": adapters.Syntax, "34": adapters.Syntax,
}

// quiet are messages for what the server would tell with values of rows.
var quiet = map[string]string{
	"22P02": "a value cannot be read as another type",
	"22003": "a number is out of range",
	"22012": "a division by zero",
	"22001": "a text is too long for its column",
	"22007": "a value is no date or time",
	"22008": "a date or time is out of range",
	"22021": "a text holds a character that PostgreSQL cannot keep",
	"22P05": "a text holds a character that the database's encoding lacks",
	"42601": "the statement is no SQL that PostgreSQL understands",
	"23505": "a row breaks a unique constraint of the table",
	"23502": "a column that must have a value has none",
}

// help says what to do about some.
var help = map[string]string{
	"53100": "free some room on the server's disk",
	"53200": "lower work_mem of the role, or give the server more memory",
	"53300": "raise max_connections of the server, or close sessions: a run uses up to five",
	"42501": "see docs/warehouses.md for the least grants that a target needs",
	"28P01": "see that the user and the password are right",
	"2BP01": "something, such as a view, depends on a table that is replaced by each run: make it a view over a copy, or a materialized view that is built after the run",
	"25006": "name the server that can be written, not a copy of it",
	"22":    "find the value in the source, or declare the column as string",
}

// serverError turns an error of the server into one without row content. What
// it says of names is kept; what it says of values is not: it quotes them.
func (d *Driver) serverError(e *pgconn.PgError) *adapters.Error {
	class := e.Code
	if len(class) > 2 {
		class = class[:2]
	}
	lookUp := func(texts map[string]string) string {
		if text, ok := texts[e.Code]; ok {
			return text
		}
		return texts[class]
	}
	out := &adapters.Error{Kind: kindOf[e.Code], Help: lookUp(help)}
	if out.Kind == adapters.Unknown {
		out.Kind = kindOf[class]
	}
	out.Message = lookUp(quiet)
	switch {
	case out.Message != "":
	case out.Kind == adapters.Data:
		out.Message = "a value is not valid for what is done with it (SQLSTATE " + e.Code + ")"
	case e.Code == "57014" && d.timed:
		out.Kind = adapters.Quota
		out.Message = "the statement took longer than the target's statement_timeout, or the server's administrator stopped it"
		out.Help = "raise statement_timeout, or look at what the statement waits for"
	case out.Kind == adapters.Canceled:
		out.Message = "the server's administrator, or a timeout of the role, stopped the statement"
	default:
		out.Message = strings.Join(strings.Fields(e.Message), " ")
	}
	return out
}
