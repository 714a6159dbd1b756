package sftest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const serverVersion = "9.36.0"

// session is a connection of a client: one statement at a time.
type session struct {
	server        *Server
	id            int64
	token, master string
	user, role    string
	warehouse     string
	database      string
	schema        string
	parameters    map[string]string
	variables     map[string]string
	temporary     map[string]*object
	last          string

	mu   sync.Mutex
	conn *sql.Conn
	// open says that the client began a transaction, begun that DuckDB did too.
	open, begun bool
	// done are the statements of the transaction so far: what DuckDB undoes for
	// an error, which Snowflake does not, is done again.
	done  []string
	locks []*object
	// aborted says that a statement of the open transaction failed under
	// TRANSACTION_ABORT_ON_ERROR: it can only be rolled back.
	aborted bool
}

// Parameters of sessions with their defaults.
var parameterDefaults = map[string]string{
	"AUTOCOMMIT": "true", "TIMEZONE": "America/Los_Angeles", "QUERY_TAG": "", "STATEMENT_TIMEOUT_IN_SECONDS": "172800",
	"STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": "0", "LOCK_TIMEOUT": "43200", "WEEK_START": "0", "WEEK_OF_YEAR_POLICY": "0",
	"DATE_OUTPUT_FORMAT": "YYYY-MM-DD", "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
	"TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM", "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
	"TIMESTAMP_LTZ_OUTPUT_FORMAT": "", "TIMESTAMP_TZ_OUTPUT_FORMAT": "", "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
	"DATE_INPUT_FORMAT": "AUTO", "TIME_INPUT_FORMAT": "AUTO", "TIMESTAMP_INPUT_FORMAT": "AUTO",
	"BINARY_INPUT_FORMAT": "HEX", "BINARY_OUTPUT_FORMAT": "HEX", "CLIENT_SESSION_KEEP_ALIVE": "false",
	"CLIENT_TELEMETRY_ENABLED": "false", "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": "65280", "MULTI_STATEMENT_COUNT": "1",
	"QUOTED_IDENTIFIERS_IGNORE_CASE": "false", "ROWS_PER_RESULTSET": "0", "ABORT_DETACHED_QUERY": "false",
	"ERROR_ON_NONDETERMINISTIC_MERGE": "true", "ERROR_ON_NONDETERMINISTIC_UPDATE": "false", "TRANSACTION_DEFAULT_ISOLATION_LEVEL": "READ COMMITTED",
	"JSON_INDENT": "2", "GO_QUERY_RESULT_FORMAT": "json", "USE_CACHED_RESULT": "true", "TRANSACTION_ABORT_ON_ERROR": "false",
	"CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX": "false", "CLIENT_RESULT_PREFETCH_THREADS": "4", "STRICT_JSON_OUTPUT": "false", "CLIENT_RESULT_CHUNK_SIZE": "160", "CLIENT_PREFETCH_THREADS": "4", "GEOGRAPHY_OUTPUT_FORMAT": "GeoJSON",
}

// unimplemented are parameters that change meanings and that this server knows
// by their defaults alone.
var unimplemented = set("WEEK_START WEEK_OF_YEAR_POLICY TIMESTAMP_TYPE_MAPPING BINARY_INPUT_FORMAT BINARY_OUTPUT_FORMAT QUOTED_IDENTIFIERS_IGNORE_CASE ROWS_PER_RESULTSET AUTOCOMMIT")

func (s *session) parameter(name string) string {
	if v, ok := s.parameters[name]; ok {
		return v
	}
	return parameterDefaults[name]
}

func (s *session) zone() string { return s.parameter("TIMEZONE") }

func (s *session) flag(name string) bool { return strings.EqualFold(s.parameter(name), "true") }

// json is how the session wants semi-structured values written.
func (s *session) json() jsonStyle {
	indent, err := strconv.Atoi(s.parameter("JSON_INDENT"))
	if err != nil {
		indent = 2
	}
	return jsonStyle{indent: indent, strict: s.flag("STRICT_JSON_OUTPUT"), stamp: s.parameter("TIMESTAMP_NTZ_OUTPUT_FORMAT"), zoned: s.stampFormat("LTZ"), date: s.parameter("DATE_OUTPUT_FORMAT"), time: s.parameter("TIME_OUTPUT_FORMAT")}
}

// stampFormat is the format of zoned timestamps, LTZ or TZ.
func (s *session) stampFormat(which string) string {
	if f := s.parameter("TIMESTAMP_" + which + "_OUTPUT_FORMAT"); f != "" {
		return f
	}
	return s.parameter("TIMESTAMP_OUTPUT_FORMAT")
}

// set changes a parameter.
func (s *session) set(name, value string) {
	name = strings.ToUpper(name)
	if _, ok := parameterDefaults[name]; !ok {
		panic(compilation(2099, "22023", "invalid property '%s' for 'SESSION'", name))
	}
	if unimplemented[name] && !strings.EqualFold(value, parameterDefaults[name]) {
		panic(cannot("the session parameter %s = %s", name, value))
	}
	if name == "TIMEZONE" {
		if _, err := location(value); err != nil {
			panic(compilation(1008, "22023", "invalid value [%s] for parameter 'TIMEZONE'", value))
		}
	}
	if name == "QUERY_TAG" && len(value) > 2000 {
		panic(compilation(1008, "22023", "invalid value for parameter 'QUERY_TAG': more than 2000 characters"))
	}
	s.parameters[name] = value
}

// place resolves the parts of a name to database, schema and name.
func (s *session) place(n name) (db, sch, table string) {
	db, sch = s.database, s.schema
	switch p := n.parts; len(p) {
	case 1:
		table = p[0].name
	case 2:
		sch, table = p[0].name, p[1].name
	case 3:
		db, sch, table = p[0].name, p[1].name, p[2].name
	default:
		panic(compilation(codeSyntax, "42000", "syntax error: too many parts in the name %s", n))
	}
	if db == "" {
		panic(refuse(90105, "22000", "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name."))
	}
	if sch == "" {
		panic(refuse(90106, "22000", "Cannot perform operation. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name."))
	}
	return db, sch, table
}

// schemaOf finds a schema that must be there.
func (s *session) schemaOf(db, sch string) *schema {
	d := s.server.catalog.databases[db]
	if d == nil {
		panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", db))
	}
	x := d.schemas[sch]
	if x == nil {
		panic(compilation(codeMissing, "02000", "Schema '%s.%s' does not exist or not authorized.", db, sch))
	}
	return x
}

// lookup finds an object, nil where there is none.
func (s *session) lookup(n name) *object {
	db, sch, table := s.place(n)
	if o := s.temporary[db+"\x00"+sch+"\x00"+table]; o != nil {
		return o
	}
	d := s.server.catalog.databases[db]
	if d == nil || d.schemas[sch] == nil {
		return nil
	}
	return d.schemas[sch].objects[table]
}

// object finds an object that must be there.
func (s *session) object(n name, kinds ...string) *object {
	s.server.catalog.mu.Lock()
	defer s.server.catalog.mu.Unlock()
	o := s.lookup(n)
	if o == nil {
		db, sch, table := s.place(n)
		if s.server.catalog.databases[db] == nil {
			panic(compilation(codeMissing, "02000", "Database '%s' does not exist or not authorized.", db))
		}
		if s.server.catalog.databases[db].schemas[sch] == nil {
			panic(compilation(codeMissing, "02000", "Schema '%s.%s' does not exist or not authorized.", db, sch))
		}
		_ = table
		panic(missing(n.String()))
	}
	if len(kinds) > 0 && !slices.Contains(kinds, o.kind) {
		panic(missing(n.String()))
	}
	return o
}

// relation finds what a name in FROM is: an object with its columns, and its
// SQL in DuckDB.
func (s *session) relation(b *binder, n name) (*object, []column, string) {
	if len(n.parts) >= 2 && n.parts[len(n.parts)-2].name == "INFORMATION_SCHEMA" {
		columns, sql := s.information(n)
		return nil, columns, sql
	}
	if b.context[0] != "" && len(n.parts) < 3 {
		full := []ident{{b.context[0], true}, {b.context[1], true}}
		n.parts = append(full[:3-len(n.parts)], n.parts...)
	}
	o := s.object(n, "TABLE", "VIEW")
	if o.kind == "VIEW" {
		inner := &binder{s: s, n: b.n + 1000, context: [2]string{o.database, o.schema}}
		q := inner.query(o.definition, &scope{})
		b.n = inner.n
		b.used = append(b.used, inner.used...)
		var columns []column
		for i, c := range q.columns {
			name := c.name
			if i < len(o.columns) {
				name = o.columns[i].name
			}
			columns = append(columns, column{name: name, sql: fmt.Sprintf("c%d", i), t: c.t})
		}
		return o, columns, "(" + q.sql + ")"
	}
	var columns []column
	for _, c := range o.columns {
		columns = append(columns, column{name: c.name, sql: c.physical, t: c.t})
	}
	return o, columns, o.physical
}

// run executes a statement of DuckDB's that changes something, inside of the
// client's transaction or as one of its own, and counts rows.
func (s *session) run(ctx context.Context, statements ...string) (int64, error) {
	var n int64
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	own := !s.open && len(statements) > 1
	if own {
		if _, err := s.conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
			return 0, fromDuckDB(err)
		}
	}
	for _, q := range statements {
		r, err := s.conn.ExecContext(ctx, q)
		if err != nil {
			if own {
				_, _ = s.conn.ExecContext(context.Background(), "ROLLBACK")
			}
			s.recover()
			return 0, s.failed(ctx, err)
		}
		k, err := r.RowsAffected()
		if err == nil {
			n += k
		}
	}
	if own {
		if _, err := s.conn.ExecContext(ctx, "COMMIT"); err != nil {
			return 0, fromDuckDB(err)
		}
	}
	if s.open {
		s.done = append(s.done, statements...)
	}
	return n, nil
}

// begin opens DuckDB's transaction where the client has one open.
func (s *session) begin(ctx context.Context) error {
	if !s.open || s.begun {
		return nil
	}
	if _, err := s.conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return fromDuckDB(err)
	}
	s.begun = true
	return nil
}

// recover does the transaction's statements again after one failed: DuckDB
// gives the whole transaction up, Snowflake only the statement.
func (s *session) recover() {
	if !s.begun {
		return
	}
	ctx := context.Background()
	_, _ = s.conn.ExecContext(ctx, "ROLLBACK")
	s.begun = false
	if _, err := s.conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return
	}
	s.begun = true
	for _, q := range s.done {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return
		}
	}
}

// failed is the error of a statement: of a stopped one, why it was stopped.
func (s *session) failed(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return fromDuckDB(err)
	}
	if r, ok := errors.AsType[*refusal](cause); ok {
		return r
	}
	return refuse(codeCanceled, "57014", "SQL execution canceled")
}

// end commits or rolls back the client's transaction.
func (s *session) end(commit bool) error {
	begun := s.begun
	s.open, s.begun, s.done, s.aborted = false, false, nil, false
	defer s.unlock()
	if !begun {
		return nil
	}
	word := "ROLLBACK"
	if commit {
		word = "COMMIT"
	}
	if _, err := s.conn.ExecContext(context.Background(), word); err != nil {
		return fromDuckDB(err)
	}
	return nil
}

// lock takes the lock of a table that is changed, until the transaction ends.
func (s *session) lock(ctx context.Context, o *object) error {
	if slices.Contains(s.locks, o) {
		return nil
	}
	seconds, err := strconv.Atoi(s.parameter("LOCK_TIMEOUT"))
	if err != nil {
		seconds = 43200
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case o.lock <- struct{}{}:
	default:
		select {
		case o.lock <- struct{}{}:
		case <-ctx.Done():
			return s.failed(ctx, ctx.Err())
		case <-timer.C:
			return refuse(625, "57014", "Statement has been aborted: another transaction has locked table '%s' and the lock was not released within %d seconds.", o.full(), seconds)
		}
	}
	s.locks = append(s.locks, o)
	return nil
}

func (s *session) unlock() {
	for _, o := range s.locks {
		<-o.lock
	}
	s.locks = nil
}

// close ends the session: its transaction and its temporary tables.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.end(false)
	s.server.catalog.mu.Lock()
	for _, o := range s.temporary {
		if o.kind == "TABLE" {
			s.server.catalog.dropped = append(s.server.catalog.dropped, o.physical)
		}
	}
	s.temporary = map[string]*object{}
	s.server.catalog.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}
