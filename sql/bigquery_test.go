package sql_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

// TestBigQueryNames: what no column can be called is escaped, and read back.
func TestBigQueryNames(t *testing.T) {
	for name, want := range map[string]string{
		"country": "country", "select": "`select`", "Order ID": "`Order ID`", "a-b & c": "`a-b & c`", "日本語": "`日本語`", "1": "`1`",
		"orders.count": "`orders_x002E_count`", "a`b": "`a_x0060_b`", `a\b`: "`a_x005C_b`", "😀": "`_x1F600_`", "a\nb": "`a_x000A_b`",
		"a_x002E_b": "`a_x005F_x002E_b`", "_x_": "_x_", "a_x002e_b": "a_x002e_b",
	} {
		got := sql.BigQuery.QuoteName(name)
		if got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
		if read := sql.BigQuery.ReadName(strings.Trim(got, "`")); read != name {
			t.Errorf("%q: read back as %q", name, read)
		}
	}
	// What others have escaped otherwise is left alone.
	if got := sql.BigQuery.ReadName("a_xFFFFFF_b"); got != "a_xFFFFFF_b" {
		t.Errorf("got %q", got)
	}
	for want, parts := range map[string][]string{
		"shop.raw.orders": {"shop", "raw", "orders"}, "`example.com:shop`.raw.`Orders 2026`": {"example.com:shop", "raw", "Orders 2026"},
		"raw.`a_x002E_b`": {"raw", "a.b"}, "raw.`a_x0026_b`": {"raw", "a&b"},
	} {
		if got := sql.BigQuery.QuoteTable(parts); got != want {
			t.Errorf("%q: got %s, want %s", parts, got, want)
		}
	}
}

// TestHelpers: those that a statement needs are defined in front of it, once, with
// those that they need.
func TestHelpers(t *testing.T) {
	dialect := *sql.BigQuery
	dialect.Helpers = map[string]string{"a": "() AS (b())", "b": "() AS (1)", "c": "() AS (2)"}
	dialect.Funcs = map[sql.Func]string{sql.Length: "a()"}
	dialect.Helper = "DEFINE $1$2;\n"
	p := &sql.Printer{Dialect: &dialect, Names: func(t sql.Table) []string { return []string{t.Name} }}
	q := &sql.Select{Items: []sql.Item{sql.As(sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Length, sql.String("")), "x")}}}, "y")}}
	const defined = "DEFINE a() AS (b());\nDEFINE b() AS (1);\n"
	query, err := p.Query(q)
	if err != nil || !strings.HasPrefix(query, defined+"SELECT (") {
		t.Errorf("query: got %s, %v", query, err)
	}
	texts, err := p.Statement(sql.CreateTableAs{Table: work("t"), Query: q})
	if err != nil || !strings.HasPrefix(texts[0], defined+"CREATE OR REPLACE TABLE t AS\n") {
		t.Errorf("statement: got %s, %v", texts, err)
	}
}

// TestOutputsFirst: a column whose table has the name of an output is told by its
// place.
func TestOutputsFirst(t *testing.T) {
	p := &sql.Printer{Dialect: sql.BigQuery, Names: func(t sql.Table) []string { return []string{t.Name} }}
	got, err := p.Query(&sql.Select{
		Items:   []sql.Item{sql.As(sql.Fn(sql.Max, sql.Col("c", "n")), "c"), sql.As(sql.Col("c", "x"), "x"), sql.As(sql.Col("d", "y"), "y")},
		From:    sql.Joins(sql.TableRef{Table: work("t"), As: "c"}, sql.Join{Kind: sql.CrossJoin, Right: sql.TableRef{Table: work("u"), As: "d"}}),
		GroupBy: []sql.Expr{sql.Col("c", "x"), sql.Col("d", "y")},
		OrderBy: []sql.Order{{Expr: sql.Col("c", "x"), Desc: true}, sql.Asc(sql.Col("d", "y"))},
	})
	const want = "SELECT\n  MAX(c.n) AS c,\n  c.x,\n  d.y\nFROM t AS c\nCROSS JOIN u AS d\nGROUP BY 2, d.y\nORDER BY 2 DESC NULLS LAST, d.y NULLS LAST"
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("query (-want +got):\n%s%v", d, err)
	}
}

// TestExtractedGroup: the engine finds what it extracts by the only group.
func TestExtractedGroup(t *testing.T) {
	p := &sql.Printer{Dialect: sql.BigQuery}
	for pattern, want := range map[string]string{
		`k=([a-z])`:        `k=([a-z])`,
		`k=([a-z])(b|(c))`: `k=([a-z])(?:b|c)`,
	} {
		got, err := p.Expr(sql.Fn(sql.RegexpExtract, sql.Col("", "r"), sql.String(pattern)))
		if want := "REGEXP_EXTRACT(r, '" + want + "')"; got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", pattern, got, err, want)
		}
	}
}
