package clickhouse_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// load makes a table of one column and fills it.
func load(tb testing.TB, w *adapters.Warehouse, typ sql.Type, values ...any) (sql.Table, error) {
	tb.Helper()
	table := sql.Table{Space: sql.Work, Name: "loaded"}
	if err := w.Exec(tb.Context(), sql.Drop{Table: table}, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "v", Type: typ}}}); err != nil {
		tb.Fatal(err)
	}
	return table, w.Load(tb.Context(), table, []string{"v"}, func(yield func([]any, error) bool) {
		for _, v := range values {
			if !yield([]any{v}, nil) {
				return
			}
		}
	})
}

// read is the first column of a query.
func read(tb testing.TB, w *adapters.Warehouse, q sql.Query) []any {
	tb.Helper()
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []any
	row := make([]any, len(rows.Columns()))
	for rows.Next(row) == nil {
		out = append(out, row[0])
	}
	return out
}

func column(table sql.Table) sql.Query {
	v := sql.Col("t", "v")
	return &sql.Select{Items: []sql.Item{sql.As(v, "v")}, From: sql.TableRef{Table: table, As: "t"}, OrderBy: []sql.Order{sql.Asc(v)}}
}

// TestDates loads the dates that a Date32 holds, and no others.
func TestDates(t *testing.T) {
	w := open(t)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	want := []any{day(1900, 1, 1), day(1969, 12, 31), day(2026, 11, 22), day(2299, 12, 31), nil}
	table, err := load(t, w, sql.TypeDate, want...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, read(t, w, column(table))); d != "" {
		t.Errorf("dates (-want +got):\n%s", d)
	}
	for _, outside := range []time.Time{day(1899, 12, 31), day(2300, 1, 1), day(9999, 12, 31), {}} {
		_, err := load(t, w, sql.TypeDate, outside)
		if known, ok := errors.AsType[*adapters.Error](err); !ok || known.Kind != adapters.Data {
			t.Errorf("loading %v: got %v, want an error of kind Data", outside, err)
		}
		text := sql.String(outside.Format(time.DateOnly))
		got := read(t, w, &sql.Select{Items: []sql.Item{sql.As(sql.TryCast{Expr: text, To: sql.TypeDate}, "v")}})
		if d := cmp.Diff([]any{nil}, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", text, d)
		}
		err = w.Exec(t.Context(), sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "x"}, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Timestamp(outside), To: sql.TypeDate}, "v")},
		}})
		if known, ok := errors.AsType[*adapters.Error](err); !ok || known.Kind != adapters.Data {
			t.Errorf("casting %v: got %v, want an error of kind Data", outside, err)
		}
	}
}

// TestInstants reads what the client's nanoseconds cannot hold, of each number
// of digits behind the second.
func TestInstants(t *testing.T) {
	s := chtest.Start(t)
	driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = driver.Close() })
	for _, text := range []string{
		"0001-01-01 00:00:00", "1066-10-14 09:00:00.123456", "1677-09-21 00:12:43", "1899-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999",
		"1970-01-01 00:00:00", "2026-11-22 01:02:03.456789", "2262-04-12 00:00:00", "9999-12-31 23:59:59.999999",
	} {
		want, err := time.Parse("2006-01-02 15:04:05.999999", text)
		if err != nil {
			t.Fatal(err)
		}
		for digits, unit := range map[string]time.Duration{"0": time.Second, "3": time.Millisecond, "6": time.Microsecond} {
			rows, err := driver.Query(t.Context(), "SELECT toDateTime64('"+want.Truncate(unit).Format("2006-01-02 15:04:05.000000")+"', "+digits+", 'UTC') AS v, [v] AS l")
			if err != nil {
				t.Fatal(err)
			}
			row := make([]any, 2)
			if err := rows.Next(row); err != nil {
				t.Fatal(err)
			}
			at := want.Truncate(unit)
			if d := cmp.Diff([]any{at, []any{at}}, row); d != "" {
				t.Errorf("%s with %s digits (-want +got):\n%s", text, digits, d)
			}
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestEndsOfTime: text beyond the years 1 to 9999 is no instant, also where its
// offset takes it there.
func TestEndsOfTime(t *testing.T) {
	w := open(t)
	for _, text := range []string{"0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-01:00"} {
		for _, e := range []sql.Expr{sql.Fn(sql.StringToTime, sql.String(text)), sql.TryCast{Expr: sql.String(text), To: sql.TypeTimestamp}} {
			got := read(t, w, &sql.Select{Items: []sql.Item{sql.As(e, "v")}})
			if d := cmp.Diff([]any{nil}, got); d != "" {
				t.Errorf("%T of %s (-want +got):\n%s", e, text, d)
			}
		}
	}
}
