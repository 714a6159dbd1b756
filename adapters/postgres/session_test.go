package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// failure is the error of ours in another.
func failure(tb testing.TB, err error) *adapters.Error {
	tb.Helper()
	known, ok := errors.AsType[*adapters.Error](err)
	if !ok {
		tb.Fatalf("got %v, want an error of the warehouse", err)
	}
	return known
}

// value is the only value of a query given as text.
func value(tb testing.TB, d *postgres.Driver, query string) any {
	tb.Helper()
	rows, err := d.Query(tb.Context(), query)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			tb.Error(err)
		}
	}()
	row := make([]any, 1)
	if err := rows.Next(row); err != nil {
		tb.Fatal(err)
	}
	return row[0]
}

func TestSession(t *testing.T) {
	d := connect(t, postgrestest.Database(t))
	for setting, want := range map[string]string{
		"TimeZone": "UTC", "application_name": "customhouse", "standard_conforming_strings": "on", "extra_float_digits": "1", "jit": "off", "statement_timeout": "0",
	} {
		if got := value(t, d, "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %v, want %s", setting, got, want)
		}
	}
}

// TestErrorKinds makes the server fail in each way that a run tells apart.
func TestErrorKinds(t *testing.T) {
	d := connect(t, postgrestest.Database(t))
	for _, c := range []struct {
		script []string
		kind   adapters.Kind
		words  string
	}{
		{[]string{"SELECT * FROM nowhere"}, adapters.NotFound, "nowhere"},
		{[]string{"SELECT * FROM no_schema.t"}, adapters.NotFound, "no_schema"},
		{[]string{"CREATE TABLE no_schema.t (n int)"}, adapters.NotFound, "no_schema"},
		{[]string{"SELEC 'private'"}, adapters.Syntax, "no SQL"},
		{[]string{"SELECT missing"}, adapters.Syntax, "missing"},
		{[]string{"SELECT length(1)"}, adapters.Syntax, "length"},
		{[]string{"SELECT 'private'::int"}, adapters.Data, "cannot be read"},
		{[]string{"SELECT 99999999999::int"}, adapters.Data, "out of range"},
		{[]string{"SELECT 'private'::timestamp"}, adapters.Data, "date or time"},
		{[]string{"SELECT '2026-02-30'::date"}, adapters.Data, "out of range"},
		{[]string{"SELECT 1 / 0"}, adapters.Data, "zero"},
		{[]string{"CREATE TABLE u (t text UNIQUE)", "INSERT INTO u VALUES ('private'), ('private')"}, adapters.Data, "unique"},
		{[]string{"CREATE VIEW v AS SELECT * FROM u", "DROP TABLE u"}, adapters.Syntax, "depend"},
		{[]string{"CREATE ROLE weak", "SET ROLE weak", "CREATE SCHEMA theirs"}, adapters.Permission, "permission denied"},
		{[]string{"SET lock_timeout = '1ms'", "SELECT pg_advisory_lock(1)", "DO $$ BEGIN RAISE EXCEPTION 'private' USING ERRCODE = '40P01'; END $$"}, adapters.Transient, ""},
		{[]string{"DO $$ BEGIN RAISE EXCEPTION 'unknown' USING ERRCODE = '40003'; END $$"}, adapters.Lost, ""},
		{[]string{"DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$"}, adapters.Quota, "full"},
	} {
		err := d.Exec(t.Context(), c.script)
		known := failure(t, err)
		if known.Kind != c.kind || !strings.Contains(known.Message, c.words) || strings.Contains(known.Message, "\n") || known.Statement != len(c.script)-1 {
			t.Errorf("%v: got kind %d at %d: %v, want kind %d with %q", c.script, known.Kind, known.Statement, err, c.kind, c.words)
		}
		if c.kind != adapters.Transient && strings.Contains(fmt.Sprintf("%v %+v", err, errors.Unwrap(err)), "private") {
			t.Errorf("%v: the error tells a value: %v", c.script, err)
		}
	}
}

// TestRollback: what a failure leaves open is rolled back, and the session that
// is used next is not in it.
func TestRollback(t *testing.T) {
	d := connect(t, postgrestest.Database(t))
	if err := d.Exec(t.Context(), []string{"CREATE TABLE t (n int)", "BEGIN", "INSERT INTO t VALUES (1)", "SELECT 1 / 0", "COMMIT"}); err == nil {
		t.Fatal("a division by zero passed")
	}
	if err := d.Exec(t.Context(), []string{"BEGIN", "INSERT INTO t VALUES (1)"}); err != nil {
		t.Fatal(err)
	}
	if got := value(t, d, "SELECT count(*) FROM t"); got != int64(0) {
		t.Errorf("got %v rows, want none: what was not committed is there", got)
	}
}

// TestTerminated: the server's administrator ends a session in the middle of a
// statement, and one that rests; the next statement has another.
func TestTerminated(t *testing.T) {
	address := postgrestest.Database(t)
	d, admin := connect(t, address), connect(t, address)
	end := func() {
		for {
			n := value(t, admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'")
			if n != int64(0) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for _, c := range []struct {
		script []string
		kind   adapters.Kind
	}{
		{[]string{"SELECT pg_sleep(60)"}, adapters.Transient},
		{[]string{"BEGIN", "SELECT pg_sleep(60)", "COMMIT"}, adapters.Transient},
	} {
		done := make(chan error, 1)
		go func() { done <- d.Exec(t.Context(), c.script) }()
		end()
		if known := failure(t, <-done); known.Kind != c.kind {
			t.Errorf("%v: got kind %d, %v, want %d", c.script, known.Kind, known, c.kind)
		}
	}
	// All sessions that rest are ended too.
	value(t, admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if got := value(t, d, "SELECT 1"); got != int64(1) {
		t.Errorf("got %v", got)
	}
}

func TestStatementTimeout(t *testing.T) {
	url, err := secret.NewTemplate(postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := postgres.Open(t.Context(), postgres.Config{URL: url, StatementTimeout: 50 * time.Millisecond}, "", secret.Resolver{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	known := failure(t, d.Exec(t.Context(), []string{"SELECT pg_sleep(60)"}))
	if known.Kind != adapters.Quota || !strings.Contains(known.Help, "statement_timeout") {
		t.Errorf("got kind %d, %v, %s", known.Kind, known, known.Help)
	}
}

// TestOpen refuses what cannot be worked with, and shows no password.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		name, address string
		kind          adapters.Kind
		words         string
	}{
		{"another encoding", postgrestest.Database(t, "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"), adapters.Syntax, "LATIN1"},
		{"no server", "postgres://me:hidden@/x?host=/nowhere", adapters.Transient, "cannot be reached"},
		{"no address", "postgres://me:hidden@host:port/x", adapters.Syntax, "cannot be used"},
		{"no database", strings.Replace(postgrestest.Database(t), "/test", "/no_such_test", 1), adapters.NotFound, "no_such_test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, err := secret.NewTemplate(c.address)
			if err != nil {
				t.Fatal(err)
			}
			_, err = postgres.Open(t.Context(), postgres.Config{URL: url}, "", secret.Resolver{})
			if known := failure(t, err); known.Kind != c.kind || !strings.Contains(known.Message, c.words) {
				t.Errorf("got kind %d, %v, want kind %d with %q", known.Kind, err, c.kind, c.words)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "hidden") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// TestTypes reads columns as users have them.
func TestTypes(t *testing.T) {
	d := connect(t, postgrestest.Database(t))
	err := d.Exec(t.Context(), []string{
		"CREATE TYPE mood AS ENUM ('fine')", "CREATE DOMAIN short AS varchar(9)",
		`CREATE TABLE t (small smallint, number integer, big bigint, price numeric(12,2), whole numeric(10,0), huge numeric(20,0), wide numeric, real real,
			fixed char(4), varied varchar(9), note text, key uuid, feeling mood, briefly short, day date, at timestamp, zoned timestamptz, doc jsonb, span interval, bits bytea, tags text[], prices numeric(8,2)[])`,
		`INSERT INTO t VALUES (1, 2, 3, 1.50, 7, 18446744073709551615, 1e-10, 0.5, 'ab', 'v', 'n', '0b9c5c1e-3b1a-4a55-9a62-111111111111', 'fine', 'b', '2026-01-31',
			'2026-01-31 01:02:03', '2026-01-31 01:02:03+02', '{}', '1 day', '\x00ff', '{a,NULL}', '{1.50}')`,
	})
	if err != nil {
		t.Fatal(err)
	}
	columns, err := d.Columns(t.Context(), []string{"public", "t"})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	at := day.Add(time.Hour + 2*time.Minute + 3*time.Second)
	want := []struct {
		column adapters.Column
		value  any
	}{
		{adapters.Column{Name: "small", Type: sql.TypeInt, Native: "smallint", Identifier: true}, int64(1)},
		{adapters.Column{Name: "number", Type: sql.TypeInt, Native: "integer", Identifier: true}, int64(2)},
		{adapters.Column{Name: "big", Type: sql.TypeInt, Native: "bigint", Identifier: true}, int64(3)},
		{adapters.Column{Name: "price", Type: sql.TypeDecimal, Native: "numeric(12,2)"}, "1.5"},
		{adapters.Column{Name: "whole", Type: sql.TypeDecimal, Native: "numeric(10,0)", Identifier: true}, "7"},
		{adapters.Column{Name: "huge", Type: sql.TypeUint, Native: "numeric(20,0)", Identifier: true}, "18446744073709551615"},
		{adapters.Column{Name: "wide", Type: sql.TypeDecimal, Native: "numeric"}, "0.0000000001"},
		{adapters.Column{Name: "real", Type: sql.TypeFloat, Native: "real"}, 0.5},
		{adapters.Column{Name: "fixed", Type: sql.TypeString, Native: "character(4)", Identifier: true}, "ab  "},
		{adapters.Column{Name: "varied", Type: sql.TypeString, Native: "character varying(9)", Identifier: true}, "v"},
		{adapters.Column{Name: "note", Type: sql.TypeString, Native: "text", Identifier: true}, "n"},
		{adapters.Column{Name: "key", Native: "uuid", Identifier: true}, "0b9c5c1e-3b1a-4a55-9a62-111111111111"},
		{adapters.Column{Name: "feeling", Type: sql.TypeString, Native: "mood", Identifier: true}, "fine"},
		{adapters.Column{Name: "briefly", Type: sql.TypeString, Native: "character varying(9)", Identifier: true}, "b"},
		{adapters.Column{Name: "day", Type: sql.TypeDate, Native: "date"}, day},
		{adapters.Column{Name: "at", Type: sql.TypeTimestamp, Native: "timestamp without time zone"}, at},
		{adapters.Column{Name: "zoned", Type: sql.TypeTimestamp, Native: "timestamp with time zone"}, at.Add(-2 * time.Hour)},
		{adapters.Column{Name: "doc", Native: "jsonb"}, nil},
		{adapters.Column{Name: "span", Native: "interval"}, nil},
		{adapters.Column{Name: "bits", Type: sql.TypeBytes, Native: "bytea"}, []byte{0, 255}},
		{adapters.Column{Name: "tags", Type: sql.TypeStrings, Native: "text[]"}, []any{"a", nil}},
		{adapters.Column{Name: "prices", Native: "numeric[]"}, []any{"1.5"}},
	}
	if len(columns) != len(want) {
		t.Fatalf("got %d columns, want %d", len(columns), len(want))
	}
	for i, w := range want {
		if d := cmp.Diff(w.column, columns[i]); d != "" {
			t.Errorf("column (-want +got):\n%s", d)
		}
		query := `SELECT "` + w.column.Name + `" FROM t`
		if w.value == nil {
			if _, err := d.Query(t.Context(), query); failure(t, err).Kind != adapters.Syntax {
				t.Errorf("%s: got %v, want a refusal", w.column.Name, err)
			}
			continue
		}
		if d := cmp.Diff(w.value, value(t, d, query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", w.column.Name, d)
		}
	}
	// What no time of ours is.
	for _, query := range []string{"SELECT timestamp 'infinity'", "SELECT date '-infinity'"} {
		rows, err := d.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if known := failure(t, rows.Next(make([]any, 1))); known.Kind != adapters.Data {
			t.Errorf("%s: got kind %d, %v", query, known.Kind, known)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLabel: whoever looks at the server sees for what a statement runs.
func TestLabel(t *testing.T) {
	driver := connect(t, postgrestest.Database(t, locales["C"]))
	ctx := adapters.WithLabel(t.Context(), adapters.Label{Run: "r1", Model: "sync:a*/b"})
	const want = "/* customhouse run=r1 model=sync:a__b */ "
	if err := driver.Exec(ctx, []string{"CREATE TABLE t AS SELECT current_query() AS said"}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"SELECT current_query()", "SELECT said FROM t"} {
		rows, err := driver.Query(ctx, query)
		if err != nil {
			t.Fatal(err)
		}
		dest := make([]any, 1)
		if err := errors.Join(rows.Next(dest), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if said, _ := dest[0].(string); !strings.HasPrefix(said, want) {
			t.Errorf("%s: got %q, want it to begin with %q", query, said, want)
		}
	}
}
