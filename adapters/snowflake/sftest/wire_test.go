package sftest_test

import (
	"compress/gzip"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
)

func exec(tb testing.TB, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, statements ...string,
) {
	tb.Helper()
	for _, q := range statements {
		if _, err := db.ExecContext(tb.Context(), q); err != nil {
			tb.Fatalf("%s: %v", q, err)
		}
	}
}

// wantCode fails unless the statement is refused with the code.
func wantCode(tb testing.TB, db *sql.DB, want int, statement string) {
	tb.Helper()
	_, err := db.ExecContext(tb.Context(), statement)
	if got := code(err); got != want {
		tb.Errorf("%s: got the code %d (%v), want %d", statement, got, err, want)
	}
}

func wantOne(tb testing.TB, db *sql.DB, want, query string) {
	tb.Helper()
	got, err := one(tb.Context(), db, query)
	if err != nil {
		tb.Errorf("%s: %v", query, err)
	} else if got != want {
		tb.Errorf("%s: got %q, want %q", query, got, want)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	db := connect(t, sftest.Start(t))
	exec(t, db, `CREATE TABLE t (a INT, "a" INT, "A b" INT)`, `INSERT INTO T (A, "a", "A b") VALUES (1, 2, 3)`)
	wantOne(t, db, "1", `SELECT a FROM t`)
	wantOne(t, db, "1", `SELECT "A" FROM "T"`)
	wantOne(t, db, "2", `SELECT "a" FROM t`)
	wantCode(t, db, 2003, `SELECT * FROM "t"`)
	wantCode(t, db, 904, `SELECT "A B" FROM t`)
	wantCode(t, db, 2003, `SELECT * FROM nowhere.t`)
	wantCode(t, db, 2028, `SELECT a FROM t x, t y`)
	wantCode(t, db, 2002, `CREATE TABLE t (a INT)`)
	wantOne(t, db, "NUMBER", `SELECT data_type FROM information_schema.columns WHERE table_name = 'T' AND column_name = 'A'`)
}

func TestSubqueries(t *testing.T) {
	t.Parallel()
	db := connect(t, sftest.Start(t))
	exec(t, db, `CREATE TABLE a (x INT, y INT)`, `CREATE TABLE b (x INT, z INT)`, `INSERT INTO a VALUES (1, 1), (2, 2)`, `INSERT INTO b VALUES (1, 5), (1, 6)`)
	wantOne(t, db, "1", `SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x)`)
	wantOne(t, db, "6", `SELECT (SELECT max(z) FROM b WHERE b.x = a.x) FROM a WHERE x = 1`)
	// What Snowflake cannot evaluate.
	wantCode(t, db, 2031, `SELECT (SELECT z FROM b WHERE b.x = a.x LIMIT 1) FROM a`)
	wantCode(t, db, 2031, `SELECT (SELECT max(z) FROM b WHERE b.x > a.x) FROM a`)
	wantCode(t, db, 2031, `SELECT EXISTS (SELECT 1 FROM b WHERE b.x = a.x) FROM a`)
	wantCode(t, db, 2031, `SELECT x FROM a WHERE y = 1 OR EXISTS (SELECT 1 FROM b WHERE b.x = a.x)`)
	// NULL is the greatest.
	exec(t, db, `INSERT INTO a VALUES (NULL, 3)`)
	wantOne(t, db, "NULL", `SELECT x FROM a ORDER BY x DESC LIMIT 1`)
	wantOne(t, db, "1", `SELECT x FROM a ORDER BY x LIMIT 1`)
	wantOne(t, db, "3", `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT max(n) FROM r`)
	wantCode(t, db, 979, `SELECT x, count(*) FROM a`)
}

func TestChanges(t *testing.T) {
	t.Parallel()
	db := connect(t, sftest.Start(t))
	exec(t, db, `CREATE TABLE t (k INT, v VARCHAR(3))`)
	affected := func(want int64, q string) {
		t.Helper()
		r, err := db.ExecContext(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if got, err := r.RowsAffected(); err != nil || got != want {
			t.Errorf("%s: %d rows (%v), want %d", q, got, err, want)
		}
	}
	affected(3, `INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL)`)
	affected(2, `UPDATE t SET v = 'x' WHERE k < 3`)
	affected(1, `UPDATE t SET v = s.v FROM (SELECT 1 AS k, 'y' AS v) s WHERE s.k = t.k`)
	affected(1, `DELETE FROM t USING (SELECT 3 AS k) s WHERE s.k = t.k`)
	affected(2, `MERGE INTO t USING (SELECT 1 AS k, 'm' AS v UNION ALL SELECT 9, 'n') s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v)`)
	wantOne(t, db, "1m,2x,9n", `SELECT LISTAGG(k || v, ',') WITHIN GROUP (ORDER BY k) FROM t`)
	wantCode(t, db, 100090, `MERGE INTO t USING (SELECT 1 AS k UNION ALL SELECT 1) s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = 'z'`)
	wantCode(t, db, 100078, `INSERT INTO t VALUES (1, 'long')`)
	exec(t, db, `CREATE TABLE w (v VARIANT)`)
	wantCode(t, db, 2023, `INSERT INTO w VALUES ('x')`)
	wantCode(t, db, 2014, `INSERT INTO w VALUES (PARSE_JSON('1'))`)
	exec(t, db, `INSERT INTO w SELECT PARSE_JSON('1')`)
	wantCode(t, db, 2020, `INSERT INTO t VALUES (1)`)
	exec(t, db, `CREATE OR REPLACE TABLE u CLONE t`, `DELETE FROM t`, `ALTER TABLE t SWAP WITH u`)
	wantOne(t, db, "3", `SELECT count(*) FROM t`)
	wantOne(t, db, "0", `SELECT count(*) FROM u`)
	// A table that is made of a text holds no longer one.
	exec(t, db, `CREATE TABLE s AS SELECT 'ab' AS v`)
	wantCode(t, db, 100078, `INSERT INTO s VALUES ('abc')`)
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	s := sftest.Start(t)
	db := connect(t, s)
	exec(t, db, `CREATE TABLE t (a INT)`)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, `INSERT INTO t VALUES (1)`)
	wantOne(t, db, "0", `SELECT count(*) FROM t`) // another session
	// A statement that fails undoes itself alone.
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO t SELECT 'x'::INT`); code(err) != 100038 {
		t.Errorf("got %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	wantOne(t, db, "1", `SELECT count(*) FROM t`)
	// A statement that defines something commits what came before it.
	tx, err = db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, `INSERT INTO t VALUES (2)`, `CREATE TABLE u (a INT)`, `INSERT INTO t VALUES (3)`)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	wantOne(t, db, "3", `SELECT count(*) FROM t`)
	// Temporary tables belong to their session.
	exec(t, db, `CREATE TRANSIENT TABLE kept (a INT)`)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, c, `CREATE TEMPORARY TABLE mine (a INT)`)
	other := connect(t, s)
	wantCode(t, other, 2003, `SELECT * FROM mine`)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := sftest.Start(t)
	db := connect(t, s)
	// Several statements.
	ctx := gosnowflake.WithMultiStatement(t.Context(), 3)
	r, err := db.ExecContext(ctx, `CREATE TABLE t (a INT, b VARCHAR); INSERT INTO t VALUES (1, 'x'); INSERT INTO t VALUES (2, 'y'), (3, NULL)`)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 3 {
		t.Errorf("%d rows (%v), want 3", n, err)
	}
	wantCode(t, db, 8, `SELECT 1; SELECT 2`)
	// Bindings, of one row and of many.
	var n int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM t WHERE a > ? AND b = ?`, 1, "y").Scan(&n); err != nil || n != 1 {
		t.Errorf("got %d (%v), want 1", n, err)
	}
	ids, names := make([]int, 2000), make([]string, 2000)
	for i := range ids {
		ids[i], names[i] = i, "it's"
	}
	first, err := gosnowflake.Array(&ids)
	if err != nil {
		t.Fatal(err)
	}
	second, err := gosnowflake.Array(&names)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO t VALUES (?, ?)`, first, second); err != nil {
		t.Fatal(err)
	}
	wantOne(t, db, "2000", `SELECT count(*) FROM t WHERE b = 'it''s'`)
	// Tags.
	if _, err := db.ExecContext(gosnowflake.WithQueryTag(t.Context(), "tagged"), `SELECT 42`); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, x := range s.Statements() {
		found = found || x.Text == `SELECT 42` && x.Tag == "tagged"
	}
	if !found {
		t.Error("the tag was not recorded")
	}
	// Many rows.
	rows, err := db.QueryContext(t.Context(), `SELECT SEQ4() AS n, 'some text' AS s FROM TABLE(GENERATOR(ROWCOUNT => 100000))`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	count := 0
	for rows.Next() {
		count++
	}
	if err := rows.Err(); err != nil || count != 100000 {
		t.Errorf("%d rows (%v), want 100000", count, err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := sftest.Start(t)
	db := connect(t, s)
	wantOne(t, db, "1", "SELECT 1")
	s.ExpireTokens()
	wantOne(t, db, "2", "SELECT 2")
	if s.Renewals() == 0 {
		t.Error("no token was renewed")
	}
	for _, f := range []sftest.Fault{sftest.Quota, sftest.Denied, sftest.Killed} {
		f.Contains, f.Times = "SELECT 3", 1
		s.Inject(f)
		wantCode(t, db, f.Code, "SELECT 3")
		wantOne(t, db, "3", "SELECT 3")
	}
	s.Impatient(10 * time.Millisecond)
	wantOne(t, db, "waited 100 milliseconds", "SELECT SYSTEM$WAIT(100, 'MILLISECONDS')")
	// A client that gives up stops its statement.
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(ctx, "SELECT SYSTEM$WAIT(3600)")
		done <- err
	}()
	for s.Running() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the statement ended by itself")
	}
	for s.Running() > 0 {
		time.Sleep(time.Millisecond)
	}
	exec(t, db, "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 172800")
	s.ExpireLogins()
	if _, err := db.ExecContext(t.Context(), "SELECT 4"); err == nil {
		t.Error("a session without a login went on")
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	db := connect(t, sftest.Start(t))
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	exec(t, db,
		`CREATE TABLE t (a INT, b VARCHAR, c ARRAY(INT), d TIMESTAMP_NTZ)`,
		`PUT 'file://`+write("rows.json.gz", "[1,\"x\",[1,2],\"2024-01-02 03:04:05.123456\"]\n[2,null,null,null]\n")+`' '@~/load' AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = GZIP`,
		`COPY INTO t (a, b, c, d) FROM (SELECT CAST($1[0] AS INT), CAST($1[1] AS VARCHAR), CAST($1[2] AS ARRAY(INT)), CAST($1[3] AS TIMESTAMP_NTZ) FROM @~/load/) FILE_FORMAT = (TYPE = JSON) PURGE = TRUE`,
		`CREATE TEMPORARY STAGE s FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"' SKIP_HEADER = 1)`,
	)
	rows, err := db.QueryContext(t.Context(), `SELECT a, b, ARRAY_SIZE(c), d FROM t ORDER BY a`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	var got [][]any
	for rows.Next() {
		row := make([]any, 4)
		if err := rows.Scan(&row[0], &row[1], &row[2], &row[3]); err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := [][]any{
		{"1", "x", "2", time.Date(2024, 1, 2, 3, 4, 5, 123456000, time.UTC)},
		{"2", nil, nil, nil},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows of a staged file (-want +got):\n%s", d)
	}
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	exec(t, c,
		`CREATE OR REPLACE TEMPORARY STAGE s FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"' SKIP_HEADER = 1)`,
		`CREATE TABLE u (a INT, b VARCHAR)`,
		`PUT 'file://`+write("rows.csv.gz", "a,b\n1,\"it \"\"is\"\", here\"\n2,\n3,\"\"\n")+`' @s AUTO_COMPRESS = FALSE`,
		`COPY INTO u FROM @s`,
	)
	wantOne(t, db, "2", `SELECT count(b) FROM u`)
	wantOne(t, db, `it "is", here`, `SELECT b FROM u WHERE a = 1`)
}
