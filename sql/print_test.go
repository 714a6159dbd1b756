package sql_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

func work(name string) sql.Table { return sql.Table{Space: sql.Work, Name: name} }

func TestStatements(t *testing.T) {
	from := sql.TableRef{Table: work("orders"), As: "o"}
	amount := sql.Col("o", "amount")
	for _, c := range []struct {
		name string
		s    sql.Statement
		want string
	}{
		{"a condition about no table", sql.CreateTableAs{Table: work("t"), Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Null{Type: sql.TypeInt}, "n")}, Where: sql.Bool(false),
		}}, `
CREATE OR REPLACE TABLE t AS
SELECT CAST(NULL AS BIGINT) AS n
FROM (
  SELECT 1 AS one
) AS one
WHERE FALSE`},
		{"create table as", sql.CreateTableAs{Table: work("t"), Query: &sql.Select{
			With: []sql.CTE{
				{Name: "big", Query: &sql.Select{Items: sql.Items("o", "id"), From: from, Where: sql.Fn(sql.Gt, amount, sql.Float(100))}},
				{Name: "few", Query: &sql.Select{Distinct: true, Items: sql.Items("", "id"), From: sql.CTERef{Name: "big"}, Limit: 3}},
			},
			Items: []sql.Item{
				{Expr: sql.Col("b", "id"), As: "id"},
				sql.As(sql.Fn(sql.Sum, sql.Col("b", "n")), "total"),
			},
			From: sql.Joins(sql.CTERef{Name: "big", As: "b"},
				sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{As: "d", Query: &sql.Select{Items: sql.Items("", "id"), From: sql.CTERef{Name: "few"}}}, On: sql.Fn(sql.Eq, sql.Col("b", "id"), sql.Col("d", "id"))},
				sql.Join{Kind: sql.CrossJoin, Right: from}),
			Where:   sql.And{sql.Fn(sql.IsNotNull, sql.Col("d", "id")), sql.Or{sql.Bool(true), sql.Fn(sql.Lt, amount, sql.Int(-1))}},
			GroupBy: []sql.Expr{sql.Col("b", "id")},
			Having:  sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)),
			OrderBy: []sql.Order{{Expr: sql.Col("b", "id"), Desc: true, NullsFirst: true}, sql.Asc(sql.Int(1))},
		}}, `
CREATE OR REPLACE TABLE t AS
WITH big AS (
  SELECT o.id
  FROM orders AS o
  WHERE o.amount > 1e2
),
few AS (
  SELECT DISTINCT id
  FROM big
  LIMIT 3
)
SELECT
  b.id,
  (TRY_CAST(sum(b.n) AS BIGINT) | 0) AS total
FROM big AS b
LEFT JOIN (
  SELECT id
  FROM few
) AS d ON b.id = d.id
CROSS JOIN orders AS o
WHERE d.id IS NOT NULL
  AND (TRUE OR o.amount < (-1))
GROUP BY b.id
HAVING count(*) > 1
ORDER BY b.id DESC NULLS FIRST, CAST(1 AS BIGINT) NULLS LAST`},
		{"create table", sql.CreateTable{Table: work("t"), Columns: []sql.ColumnDef{{Name: "a", Type: sql.TypeInt}, {Name: "b", Type: sql.TypeDecimal}}}, `
CREATE TABLE IF NOT EXISTS t (
  a BIGINT,
  b DECIMAL(38,9)
)`},
		{"insert union", sql.InsertSelect{Table: work("t"), Columns: []string{"a"}, Query: sql.Union{
			&sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "a")}},
			&sql.Select{Items: []sql.Item{sql.As(sql.Int(2), "a")}, Limit: 1},
		}}, `
INSERT INTO t (a)
SELECT 1 AS a
UNION ALL
(
  SELECT 2 AS a
  LIMIT 1
)`},
		{"delete", sql.Delete{Table: work("t"), Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("", "a")}, Not: true, Query: &sql.Select{Items: sql.Items("", "a"), From: sql.TableRef{Table: work("u")}}}}, `
DELETE FROM t
WHERE a NOT IN (
  SELECT a
  FROM u
)`},
		{"update", sql.Update{Table: work("t"), Set: []sql.Assignment{{Column: "a", Value: sql.Int(1)}, {Column: "b", Value: sql.Null{Type: sql.TypeDate}}}, Where: sql.Exists{Not: true, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "x")}}}}, `
UPDATE t SET a = 1, b = CAST(NULL AS DATE)
WHERE NOT EXISTS (
  SELECT 1 AS x
)`},
		{"update from", sql.UpdateFrom{Table: work("t"), As: "x", Set: []sql.Assignment{{Column: "a", Value: sql.Col("y", "b")}}, From: sql.TableRef{Table: work("u"), As: "y"}, On: sql.And{sql.Fn(sql.Eq, sql.Col("x", "k"), sql.Col("y", "k")), sql.Col("y", "c")}}, `
UPDATE t AS x SET a = y.b
FROM u AS y
WHERE x.k = y.k
  AND y.c`},
		{"add column", sql.AddColumn{Table: work("t"), Column: sql.ColumnDef{Name: `a"b`, Type: sql.TypeStrings}}, `
ALTER TABLE t ADD COLUMN "a""b" VARCHAR[]`},
		{"drop", sql.Drop{Table: work("t")}, `
DROP TABLE IF EXISTS t`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := printer().Statement(c.s)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{strings.TrimPrefix(c.want, "\n")}, got); d != "" {
				t.Errorf("statement (-want +got):\n%s", d)
			}
		})
	}
}

func TestSwap(t *testing.T) {
	p := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string {
		if t.Space == sql.Beside {
			return []string{"s", t.Name + "__new"}
		}
		return []string{"s", t.Name}
	}}
	got, err := p.Statement(sql.Swap{Name: `$1"`})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`DROP TABLE IF EXISTS s."$1"""`, `ALTER TABLE s."$1""__new" RENAME TO "$1"""`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("swap (-want +got):\n%s", d)
	}
}

func TestExpressions(t *testing.T) {
	a, b, c := sql.Col("", "a"), sql.Col("", "b"), sql.Col("", "c")
	over := func(call sql.Call) sql.Expr {
		return sql.Window{Call: call, PartitionBy: []sql.Expr{sql.Col("", "$1")}, OrderBy: []sql.Order{sql.Asc(b)}}
	}
	for _, x := range []struct {
		e    sql.Expr
		want string
	}{
		{sql.Fn(sql.IntNeg, sql.Int(-30)), `TRY(-(-30))`},
		{sql.Fn(sql.FloatNeg, sql.Float(-30)), `-(-3e1)`},
		{sql.Fn(sql.FloatNeg, sql.Fn(sql.FloatNeg, a)), `-(-a)`},
		{sql.Fn(sql.SubFast, a, sql.Int(-1)), `a - (-1)`},
		{sql.Fn(sql.SubFast, a, sql.Fn(sql.SubFast, b, c)), `a - (b - c)`},
		{sql.Fn(sql.FloatMul, sql.Fn(sql.FloatAdd, a, b), c), `(a + b) * c`},
		{sql.Fn(sql.Not, sql.Fn(sql.Eq, a, b)), `NOT (a = b)`},
		{sql.Fn(sql.Eq, sql.Fn(sql.Not, a), b), `(NOT a) = b`},
		{sql.And{a, sql.Or{b, c}}, `a AND (b OR c)`},
		{sql.And{sql.Fn(sql.Eq, a, b), sql.Fn(sql.Not, c), sql.Fn(sql.FloatNeg, c)}, `a = b AND NOT c AND (-c)`},
		{sql.And{}, `TRUE`},
		{sql.Or{}, `FALSE`},
		{sql.Or{a}, `a`},
		{sql.Int(math.MinInt64), `-9223372036854775807 - 1`},
		{sql.Fn(sql.Least, sql.Int(-1), sql.Fn(sql.AddFast, a, b)), `least(-1, a + b)`},
		{sql.Cast{Expr: sql.Fn(sql.AddFast, a, b), To: sql.TypeString}, `CAST(a + b AS VARCHAR)`},
		{sql.In{Expr: sql.Fn(sql.AddFast, a, b), List: []sql.Expr{sql.Int(-1), sql.String("x")}}, `(a + b) IN (-1, 'x')`},
		{sql.In{Expr: a}, `FALSE`},
		{sql.If(a, b, nil), `CASE WHEN a THEN b END`},
		{sql.Fn(sql.Eq, sql.If(a, b, c), b), `CASE WHEN a THEN b ELSE c END = b`},
		{
			sql.Fn(sql.SubFast, a, sql.Custom{ByDialect: map[string]string{"duckdb": "{value} - $1{value}", "bigquery": "0"}, Value: sql.Fn(sql.AddFast, b, c)}),
			`a - ((b + c) - $1(b + c))`,
		},
		{sql.Custom{ByDialect: map[string]string{"duckdb": "upper({value})"}, Value: sql.String("{value}')")}, `(upper('{value}'')'))`},
		{sql.String("it's \\ $1"), `'it''s \ $1'`},
		{sql.String("a\x00"), `replace('a␀', '␀', chr(0))`},
		{sql.Fn(sql.Eq, sql.String("$2 $1"), sql.String("$*")), `'$2 $1' = '$*'`},
		{sql.Timestamp(time.Date(2026, 1, 2, 3, 4, 5, 600000000, time.FixedZone("", 3600))), `TIMESTAMP '2026-01-02 02:04:05.6'`},
		{sql.Float(0.1), `1e-1`},
		{sql.Float(math.Inf(-1)), `CAST('-Infinity' AS DOUBLE)`},
		{over(sql.Fn(sql.RowNumber)), `row_number() OVER (PARTITION BY "$1" ORDER BY b NULLS LAST)`},
		{over(sql.Fn(sql.Sum, a)), `(TRY_CAST(sum(a) OVER (PARTITION BY "$1" ORDER BY b NULLS LAST) AS BIGINT) | 0)`},
		{sql.Fn(sql.Gt, over(sql.Fn(sql.CountAll)), sql.Int(1)), `count(*) OVER (PARTITION BY "$1" ORDER BY b NULLS LAST) > 1`},
	} {
		got, err := printer().Expr(x.e)
		if err != nil || got != x.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, x.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	p := printer()
	for name, e := range map[string]sql.Expr{
		"empty name":       sql.Col("", ""),
		"NUL in a name":    sql.Col("", "a\x00b"),
		"name not UTF-8":   sql.Col("", "\xff"),
		"text not UTF-8":   sql.String("\xff"),
		"unknown function": sql.Fn("no such function"),
		"unknown type":     sql.Null{Type: 99},
		"year 0":           sql.Timestamp(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)),
		"year 10000":       sql.Timestamp(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)),
	} {
		if got, err := p.Expr(e); err == nil {
			t.Errorf("%s: printed %s", name, got)
		}
	}
	_, err := p.Expr(sql.Custom{ByDialect: map[string]string{"bigquery": "upper({value})"}, Value: sql.String("a")})
	if want := "duckdb has no spelling for an expression that is written for other warehouses"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func BenchmarkPrint(b *testing.B) {
	var items []sql.Item
	for i := range 500 {
		c := sql.And{sql.Fn(sql.Eq, sql.Col("p", "country"), sql.String("FR")), sql.Fn(sql.Gt, sql.Col("p", "spent"), sql.Float(float64(i)))}
		items = append(items, sql.As(sql.If(c, sql.Int(1), sql.Int(0)), "s"))
	}
	q := &sql.Select{Items: items, From: sql.TableRef{Table: work("p"), As: "p"}}
	for b.Loop() {
		if _, err := printer().Query(q); err != nil {
			b.Fatal(err)
		}
	}
}
