package sql_test

import (
	dbsql "database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

// texts are the values of a query's one column of text.
func texts(tb testing.TB, query string) []string {
	tb.Helper()
	rows, err := engine(tb).Query(query)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			tb.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestKeywords compares the keywords that are quoted with the engine's: a new
// version may have more.
func TestKeywords(t *testing.T) {
	want := texts(t, "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved' ORDER BY 1")
	if len(want) < 100 {
		t.Fatalf("the engine knows only %d reserved words", len(want))
	}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(sql.DuckReserved))); d != "" {
		t.Errorf("reserved words (-engine +ours):\n%s", d)
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{
		"country": "country", "_": "_", "a1_b": "a1_b", "rows": "rows", "date": "date", "key": "key", "user": "user",
		"select": `"select"`, "time": `"time"`, "left": `"left"`, "Country": `"Country"`, "SELECT": `"SELECT"`, "1a": `"1a"`,
		"a b": `"a b"`, `a"b`: `"a""b"`, "a-b": `"a-b"`, "é": `"é"`, "a.b": `"a.b"`, "a$": `"a$"`, "\u017f": "\"\u017f\"",
	} {
		if got := sql.DuckDB.QuoteName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

// TestBareNames uses every keyword, and names that are the engine's own, in
// every place where the printer puts a name.
func TestBareNames(t *testing.T) {
	db := engine(t)
	words := append(texts(t, "SELECT keyword_name FROM duckdb_keywords()"),
		"_", "_1", "e", "x", "b", "rowid", "oid", "excluded", "main", "temp", "memory", "infinity", "nan", "date", "datetime", "count", "sum", "now",
		"user", "current_user", "current_date", "current_timestamp", "localtime", "json", "text", "string", "uuid", "list", "len", "range", "read_csv")
	bare := 0
	for _, w := range words {
		if sql.DuckDB.QuoteName(w) == w {
			bare++
		}
		nameRoundTrip(t, db, w)
		// These are databases and schemas of the engine's.
		if !slices.Contains([]string{"main", "memory", "system", "temp"}, w) {
			qualified(t, db, w)
		}
	}
	if bare < 300 {
		t.Errorf("only %d of %d words are bare", bare, len(words))
	}
}

// TestBareNamesAreNames asks for columns that are not there: without quotes
// the engine must not take the name for something else.
func TestBareNamesAreNames(t *testing.T) {
	db := engine(t)
	words := texts(t, `
		SELECT keyword_name FROM duckdb_keywords()
		UNION SELECT lower(function_name) FROM duckdb_functions()
		UNION SELECT lower(type_name) FROM duckdb_types()
		UNION SELECT lower(name) FROM duckdb_settings()`)
	if len(words) < 1000 {
		t.Fatalf("only %d words", len(words))
	}
	for _, w := range words {
		if sql.DuckDB.QuoteName(w) != w {
			continue
		}
		for _, shape := range []string{"SELECT $1 AS v", "SELECT x.$1 AS v FROM (SELECT 1 AS y) AS x", "SELECT 1 AS v FROM $1"} {
			_, bare := db.Exec(strings.ReplaceAll(shape, "$1", w))
			_, quoted := db.Exec(strings.ReplaceAll(shape, "$1", `"`+w+`"`))
			if (bare == nil) != (quoted == nil) {
				t.Errorf("%s as %s: %v without quotes, %v with them", w, shape, bare, quoted)
			}
		}
	}
}

// qualified swaps a table called s into a schema called s.
func qualified(tb testing.TB, db *dbsql.DB, s string) {
	tb.Helper()
	p := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string {
		if t.Space == sql.Beside {
			return []string{s, t.Name + "z"}
		}
		return []string{s, t.Name}
	}}
	script := []string{strings.ReplaceAll(sql.DuckDB.CreateSchema, "$1", sql.DuckDB.QuoteName(s))}
	for _, statement := range []sql.Statement{
		sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: s}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), s)}}},
		sql.Swap{Name: s},
		sql.InsertSelect{Table: work(s), Columns: []string{s}, Query: &sql.Select{Items: sql.Items(s, s), From: sql.TableRef{Table: work(s), As: s}}},
		sql.Drop{Table: work(s)},
	} {
		lines, err := p.Statement(statement)
		if err != nil {
			tb.Fatal(err)
		}
		script = append(script, lines...)
	}
	for _, line := range append(script, "DROP SCHEMA IF EXISTS "+sql.DuckDB.QuoteName(s)) {
		if _, err := db.Exec(line); err != nil {
			tb.Errorf("%s\n%v", line, err)
		}
	}
}
