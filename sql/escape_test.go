package sql_test

import (
	"context"
	dbsql "database/sql"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

// payloads are texts that mean harm, or that mean nothing but break things.
func payloads() []string {
	var out []string
	for _, core := range []string{
		"DROP TABLE canary", "DELETE FROM canary", "UPDATE canary SET n = 2", "INSERT INTO canary VALUES (2)", "ALTER TABLE canary RENAME TO gone",
		"ATTACH ':memory:' AS stolen", "COPY canary TO '/dev/null'", "SELECT * FROM canary", "SET memory_limit = '1MB'",
	} {
		for _, shape := range []string{
			"'; %s; --", "\"; %s; --", "'); %s; --", "\"); %s; --", "; %s;", "\\'; %s; --", "\\\"; %s; --", "''; %s; --", "' || (%s) || '",
			"*/ %s; /*", "--\n%s;\n", "\x00'; %s; --", "$$; %s; $$", "'\x00; %s; --", "' UNION %s --", "\"' %s '\"", "e'\\'; %s; --", "\u02bc; %s; --", "\uff07; %s; --", "%s",
		} {
			out = append(out, strings.ReplaceAll(shape, "%s", core))
		}
	}
	return append(out,
		"", " ", "'", "''", "'''", `"`, `""`, `"""`, `\`, `\\`, `\'`, `\"`, ";", "--", "/*", "*/", "$$", "$1", "$2$*$over", "?", ":name", "@x", "%", "_", "%s%n",
		"\x00", "\x00\x00", "\x00\u2400\u2401", "a\x00", "\x00a", "'\x00'", "\n", "\r", "\r\n", "\t", "\x01\x02\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\ufffd", "\U0010ffff",
		"😀", "👩‍👩‍👧‍👦", "e\u0301", "\u202e", "NULL", "TRUE", "NaN", "chr(0)", "' || chr(0) || '", strings.Repeat("'", 1001), strings.Repeat("\x00", 300), strings.Repeat("é", 5000),
	)
}

// TestInjection sends every payload as a text, as the name of a column, an
// alias and a table; nothing of it is ever executed.
func TestInjection(t *testing.T) {
	all := payloads()
	if len(all) < 200 {
		t.Fatalf("only %d payloads", len(all))
	}
	db := engine(t)
	if _, err := db.Exec("CREATE TABLE canary AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	for _, payload := range all {
		roundTrip(t, db, payload)
		if nameable(payload) {
			nameRoundTrip(t, db, payload)
		}
		if got := eval(t, db, "SELECT count(*) FROM canary WHERE n = 1"); got != int64(1) {
			t.Fatalf("the canary is dead after %q", payload)
		}
	}
	if got := eval(t, db, "SELECT count(*) FROM duckdb_tables()"); got != int64(1) {
		t.Errorf("%v tables are there, want the canary alone", got)
	}
}

// single fails unless the engine parses text as exactly one statement, and
// all of it.
func single(tb testing.TB, db *dbsql.DB, text string) {
	tb.Helper()
	if strings.ContainsRune(text, 0) {
		tb.Fatalf("a statement holds NUL: %q", text)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(dc any) error {
		// Prepare refuses more statements than one.
		stmt, err := dc.(*duckdb.Conn).Prepare(text)
		if err != nil {
			return err
		}
		return stmt.Close()
	})
	if err != nil {
		tb.Fatalf("not one statement: %q: %v", text, err)
	}
}

// roundTrip reads s back from a literal in the places where literals stand.
func roundTrip(tb testing.TB, db *dbsql.DB, s string) {
	tb.Helper()
	p := printer()
	literal := sql.String(s)
	for _, e := range []sql.Expr{
		literal,
		sql.Fn(sql.Coalesce, sql.Null{Type: sql.TypeString}, literal),
		sql.If(sql.Fn(sql.Eq, literal, literal), literal, sql.String("not equal to itself")),
		sql.Cast{Expr: literal, To: sql.TypeString},
		sql.If(sql.In{Expr: literal, List: []sql.Expr{sql.String("x"), literal}}, literal, nil),
		sql.Fn(sql.Concat, sql.Fn(sql.Concat, sql.String(""), literal), sql.String("")),
	} {
		text, err := p.Query(&sql.Select{Items: []sql.Item{sql.As(e, "v")}})
		if err != nil {
			tb.Fatal(err)
		}
		single(tb, db, text)
		if got := eval(tb, db, text); got != s {
			tb.Fatalf("%s\ngot  %q\nwant %q", text, got, s)
		}
	}
	for f, want := range map[sql.Func]any{sql.Contains: true, sql.StartsWith: true, sql.EndsWith: true, sql.Same: true, sql.Differ: false} {
		text, err := p.Expr(sql.Fn(f, literal, literal))
		if err != nil {
			tb.Fatal(err)
		}
		if got := eval(tb, db, "SELECT "+text); got != want {
			tb.Fatalf("%s of %q with itself: got %v", f, s, got)
		}
	}
	if got := eval(tb, db, "SELECT "+mustExpr(tb, sql.Fn(sql.Length, literal))); got != int64(utf8.RuneCountInString(s)) {
		tb.Fatalf("the length of %q is %v", s, got)
	}
}

func mustExpr(tb testing.TB, e sql.Expr) string {
	tb.Helper()
	text, err := printer().Expr(e)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// nameable says whether the printer takes s as a name.
func nameable(s string) bool { return s != "" && !strings.ContainsRune(s, 0) && utf8.ValidString(s) }

// nameRoundTrip makes a table called s with a column called s, reads it under
// an alias called s and drops it: s is wherever the printer puts a name.
func nameRoundTrip(tb testing.TB, db *dbsql.DB, s string) {
	tb.Helper()
	if strings.EqualFold(s, "canary") {
		return
	}
	p := printer()
	table, other := work(s), work(s+"z")
	for _, statement := range []sql.Statement{
		sql.CreateTable{Table: other, Columns: []sql.ColumnDef{{Name: s + "y", Type: sql.TypeInt}}},
		sql.AddColumn{Table: other, Column: sql.ColumnDef{Name: s, Type: sql.TypeString}},
		sql.CreateTableAs{Table: table, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), s)}, From: sql.TableRef{Table: other}}},
		sql.AddColumn{Table: table, Column: sql.ColumnDef{Name: s + "y", Type: sql.TypeInt}},
		sql.Delete{Table: table, Where: sql.InQuery{
			Exprs: []sql.Expr{sql.Col("", s), sql.Col("", s+"y")},
			Query: &sql.Select{Distinct: true, Items: sql.Items("", s, s+"y"), From: sql.TableRef{Table: table}},
		}},
		sql.Drop{Table: table},
		sql.Drop{Table: other},
		sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: s, Type: sql.TypeString}}},
		sql.InsertSelect{Table: table, Columns: []string{s}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.String(s), s)}}},
		sql.Update{Table: table, Set: []sql.Assignment{{Column: s, Value: sql.Fn(sql.Concat, sql.Col("", s), sql.String(""))}}, Where: sql.Fn(sql.IsNotNull, sql.Col("", s))},
	} {
		script, err := p.Statement(statement)
		if err != nil {
			tb.Fatal(err)
		}
		if len(script) != 1 {
			tb.Fatalf("%T: %d statements", statement, len(script))
		}
		single(tb, db, script[0])
		if _, err := db.Exec(script[0]); err != nil {
			tb.Fatalf("%s\n%v", script[0], err)
		}
	}
	column, alone := sql.Col(s, s), sql.Col("", s)
	first := sql.Window{
		Call:        sql.Fn(sql.Max, sql.Fn(sql.Concat, alone, sql.String(""))),
		PartitionBy: []sql.Expr{alone, sql.Fn(sql.Length, column)},
		OrderBy:     []sql.Order{sql.Asc(alone), {Expr: column, Desc: true}},
	}
	text, err := p.Query(&sql.Select{
		With: []sql.CTE{
			{Name: s, Query: &sql.Select{
				Items: []sql.Item{sql.As(first, s)},
				From:  sql.Derived{As: s, Query: &sql.Select{Items: sql.Items(s, s), From: sql.TableRef{Table: table, As: s}}},
			}},
			{Name: s + "x", Query: &sql.Select{
				Distinct: true,
				Items:    sql.Items(s, s),
				From:     sql.Joins(sql.CTERef{Name: s}, sql.Join{Kind: sql.LeftJoin, Right: sql.CTERef{Name: s, As: s + "z"}, On: sql.Fn(sql.Eq, column, sql.Col(s+"z", s))}),
			}},
		},
		Items: []sql.Item{sql.As(sql.If(sql.Fn(sql.Not, sql.Fn(sql.Ne, alone, alone)), column, alone), s)},
		From:  sql.CTERef{Name: s + "x", As: s},
		Where: sql.And{
			sql.In{Expr: alone, List: []sql.Expr{alone, column}},
			sql.Fn(sql.Same, alone, sql.Cast{Expr: alone, To: sql.TypeString}),
			sql.Or{sql.Fn(sql.IsNotNull, alone), sql.Fn(sql.Not, sql.Fn(sql.IsNull, column))},
		},
		GroupBy: []sql.Expr{alone, column},
		Having:  sql.Fn(sql.Ge, sql.Fn(sql.Count, alone), sql.Fn(sql.CountDistinct, column)),
		OrderBy: []sql.Order{sql.Asc(alone), sql.Asc(column)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	single(tb, db, text)
	rows, err := db.Query(text)
	if err != nil {
		tb.Fatalf("%s\n%v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		tb.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			tb.Fatal(err)
		}
		got = append(got, v)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	rows.Close()
	if d := cmp.Diff([]string{s}, columns); d != "" {
		tb.Fatalf("column (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{s}, got); d != "" {
		tb.Fatalf("value (-want +got):\n%s", d)
	}
	script, err := p.Statement(sql.Drop{Table: table})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := db.Exec(script[0]); err != nil {
		tb.Fatal(err)
	}
}

func FuzzQuoteString(f *testing.F) {
	for _, s := range []string{
		"", "a", "'", "''", "\\", "\\'", "\x00", "a\x00'b", ";", "--", "/*", "\n", "😀", "\U0010ffff", "' || chr(0) || '", "$1",
		strings.Repeat("a", 12), strings.Repeat("a", 13), strings.Repeat("'", 2048), strings.Repeat("é\x00", 1024), strings.Repeat("😀", 4096), fmt.Sprintf("%4095s'", ""), fmt.Sprintf("%4096s\x00", ""),
	} {
		f.Add(s)
	}
	db := engine(f)
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			if got, err := printer().Expr(sql.String(s)); err == nil {
				t.Fatalf("%q is not UTF-8 but was printed as %s", s, got)
			}
			return
		}
		roundTrip(t, db, s)
	})
}

func FuzzQuoteName(f *testing.F) {
	for _, s := range []string{"a", "A", "select", `"`, `""`, `a"b`, "'", ";", "--", "a.b", "\n", "\\", "😀", " ", "$1", "rowid", "\u0130"} {
		f.Add(s)
	}
	db := engine(f)
	f.Fuzz(func(t *testing.T, s string) {
		if !nameable(s) {
			if got, err := printer().Expr(sql.Col("", s)); err == nil {
				t.Fatalf("%q was printed as %s", s, got)
			}
			return
		}
		nameRoundTrip(t, db, s)
	})
}
