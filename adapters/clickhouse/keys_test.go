package clickhouse_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestKeys: a table keeps its sorting key when its successor takes its place,
// when a script changes a copy of it, and when its rows are written anew.
func TestKeys(t *testing.T) {
	s := chtest.Start(t)
	driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	schema := s.Database(t)
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: schema, Work: []string{s.Database(t)}})
	defer w.Close()
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	columns := []sql.ColumnDef{{Name: "kind", Type: sql.TypeString}, {Name: "n", Type: sql.TypeInt}}
	public := func(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }
	key := []string{"kind", "n"}
	row := &sql.Select{Items: []sql.Item{sql.As(sql.Null{Type: sql.TypeString}, "kind"), sql.As(sql.Cast{Expr: sql.Int(7), To: sql.TypeInt}, "n")}}
	change := func(table string) []sql.Statement {
		return []sql.Statement{
			sql.InsertSelect{Table: public(table), Columns: key, Query: row},
			sql.Update{Table: public(table), Set: []sql.Assignment{{Column: "kind", Value: sql.String("a")}}, Where: sql.Fn(sql.IsNull, sql.Col("", "kind"))},
			sql.Delete{Table: public(table), Where: sql.Fn(sql.Eq, sql.Col("", "kind"), sql.String("z"))},
		}
	}
	for _, script := range [][]sql.Statement{
		{
			sql.CreateTable{Table: public("made"), Columns: columns, Key: key},
			sql.CreateTable{Table: public("replaced"), Columns: columns, Key: key},
			sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: "replaced"}, Query: row, Key: key},
		},
		slices.Concat(change("made"), []sql.Statement{sql.Swap{Name: "replaced"}}),
		slices.Concat(change("replaced"), change("made")),
	} {
		if err := w.Script(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Query("SELECT name, sorting_key, total_rows FROM system.tables WHERE database = '" + schema + "' AND name <> 'script_commits' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("made\tkind, n\t2\nreplaced\tkind, n\t2\n", got); d != "" {
		t.Errorf("tables (-want +got):\n%s", d)
	}
}
