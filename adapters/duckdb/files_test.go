package duckdb_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

func write(tb testing.TB, dir, name, text string) {
	tb.Helper()
	data := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(data); err != nil {
			tb.Fatal(err)
		}
		if err := z.Close(); err != nil {
			tb.Fatal(err)
		}
		data = b.Bytes()
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func source(name string) sql.Table { return sql.Table{Space: sql.Source, Name: name} }

func TestFiles(t *testing.T) {
	plain := "id,Name x,when\n1,\"O'Brien, \"\"Pat\"\"\",2026-01-01\n2,😀 a;b,\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		read  adapters.Files
		items []string
		want  [][]any
	}{
		{
			name:  "csv",
			files: map[string]string{"a.csv": plain},
			read:  adapters.Files{Path: "a.csv", Format: "csv"},
			items: []string{"id", "Name x", "when"},
			want:  [][]any{{"1", `O'Brien, "Pat"`, "2026-01-01"}, {"2", "😀 a;b", nil}},
		},
		{
			name:  "csv keeps zeros and big numbers",
			files: map[string]string{"a.csv": "id,v\n007,1e3\n12345678901234567890, x \n"},
			read:  adapters.Files{Path: "a.csv", Format: "csv"},
			items: []string{"id", "v"},
			want:  [][]any{{"007", "1e3"}, {"12345678901234567890", " x "}},
		},
		{
			name:  "csv with NUL, emoji and line breaks",
			files: map[string]string{"a.csv": "id,v\n1,\"a\x00b\"\n2,\"👩‍👩‍👧‍👦\nx\"\n3,\"'; DROP TABLE t; --\"\n"},
			read:  adapters.Files{Path: "a.csv", Format: "csv"},
			items: []string{"id", "v"},
			want:  [][]any{{"1", "a\x00b"}, {"2", "👩‍👩‍👧‍👦\nx"}, {"3", "'; DROP TABLE t; --"}},
		},
		{
			name:  "semicolons",
			files: map[string]string{"a.csv": "id;v\n1;a,b\n"},
			read:  adapters.Files{Path: "a.csv", Format: "csv", Delimiter: ";"},
			items: []string{"id", "v"},
			want:  [][]any{{"1", "a,b"}},
		},
		{
			name:  "tabs",
			files: map[string]string{"a.tsv": "id\tv\n1\tb\n"},
			read:  adapters.Files{Path: "a.tsv", Format: "csv", Delimiter: "\t"},
			items: []string{"id", "v"},
			want:  [][]any{{"1", "b"}},
		},
		{
			name:  "only a header",
			files: map[string]string{"a.csv": "id,v\n"},
			read:  adapters.Files{Path: "a.csv", Format: "csv"},
			items: []string{"id", "v"},
		},
		{
			name:  "gzip and glob, columns by name",
			files: map[string]string{"a1.csv.gz": "id,v\n1,x\n", "a2.csv.gz": "v,id,w\ny,2,z\n"},
			read:  adapters.Files{Path: "a*.csv.gz", Format: "csv"},
			items: []string{"id", "v", "w"},
			want:  [][]any{{"1", "x", nil}, {"2", "y", "z"}},
		},
		{
			name:  "json lines",
			files: map[string]string{"a.json": "{\"id\": 1, \"v\": \"a\\u0000b😀\"}\n{\"id\": 2, \"v\": null}\n"},
			read:  adapters.Files{Path: "a.json", Format: "json"},
			items: []string{"id", "v"},
			want:  [][]any{{int64(1), "a\x00b😀"}, {int64(2), nil}},
		},
		{
			name:  "json array, gzip",
			files: map[string]string{"a.json.gz": `[{"id": 1, "ok": true}, {"id": 2, "ok": false}]`},
			read:  adapters.Files{Path: "a.json.gz", Format: "json"},
			items: []string{"id", "ok"},
			want:  [][]any{{int64(1), true}, {int64(2), false}},
		},
		{
			name:  "a path that must be quoted",
			files: map[string]string{"it's; \"x\".csv": "id\n1\n"},
			read:  adapters.Files{Path: "it's; \"x\".csv", Format: "csv"},
			items: []string{"id"},
			want:  [][]any{{"1"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				write(t, dir, name, text)
			}
			const name = "web.orders"
			w := open(t, duckdb.Config{Path: duckdb.Memory}, dir, name)
			c.read.Path = filepath.Join(dir, c.read.Path)
			// Twice, as a process that runs again and again does.
			for range 2 {
				if err := w.ReadFiles(t.Context(), name, c.read); err != nil {
					t.Fatal(err)
				}
			}
			got := read(t, w, &sql.Select{
				Items:   sql.Items("s", c.items...),
				From:    sql.TableRef{Table: source(name), As: "s"},
				OrderBy: []sql.Order{sql.Asc(sql.Col("s", "id"))},
			})
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			columns, err := w.Columns(t.Context(), source(name))
			if err != nil {
				t.Fatal(err)
			}
			for _, column := range columns {
				if column.Untyped != (c.read.Format == "csv") {
					t.Errorf("column %s: Untyped is %v", column.Name, column.Untyped)
				}
			}
			// What a run cleans up is not the sources.
			if err := w.Clean(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Columns(t.Context(), source(name)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParquet(t *testing.T) {
	dir := t.TempDir()
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.parquet")
	err = driver.Exec(t.Context(), []string{
		"COPY (SELECT 1::BIGINT AS id, TIMESTAMPTZ '2026-01-01 00:00:00+02' AS at, ['x', 'y'] AS tags, 1.50::DECIMAL(9,2) AS amount) TO " + sql.DuckDB.QuoteString(path) + " (FORMAT parquet)",
	})
	if err := errors.Join(err, driver.Close()); err != nil {
		t.Fatal(err)
	}
	w := open(t, duckdb.Config{Path: duckdb.Memory}, dir, "p")
	if err := w.ReadFiles(t.Context(), "p", adapters.Files{Path: path, Format: "parquet"}); err != nil {
		t.Fatal(err)
	}
	columns, err := w.Columns(t.Context(), source("p"))
	if err != nil {
		t.Fatal(err)
	}
	want := []adapters.Column{
		{Name: "id", Type: sql.TypeInt, Native: "BIGINT", Identifier: true},
		{Name: "at", Type: sql.TypeTimestamp, Native: "TIMESTAMP WITH TIME ZONE"},
		{Name: "tags", Type: sql.TypeStrings, Native: "VARCHAR[]"},
		{Name: "amount", Type: sql.TypeDecimal, Native: "DECIMAL(9,2)"},
	}
	if d := cmp.Diff(want, columns); d != "" {
		t.Errorf("columns (-want +got):\n%s", d)
	}
	got := row(t, w, &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Fn(sql.TimeText, sql.TryCast{Expr: sql.Col("p", "at"), To: sql.TypeTimestamp}), "at"),
			sql.As(sql.Col("p", "tags"), "tags"), sql.As(sql.Col("p", "amount"), "amount"),
		},
		From: sql.TableRef{Table: source("p"), As: "p"},
	})
	if d := cmp.Diff([]any{"2025-12-31T22:00:00.000000Z", []any{"x", "y"}, "1.5"}, got); d != "" {
		t.Errorf("row (-want +got):\n%s", d)
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "ragged.csv", "id,v\n1,x\n2,jane.doe@example.com,z,q\n")
	write(t, dir, "latin1.csv", "id,v\n1,jane.doe caf\xe9\n")
	write(t, dir, "broken.json", "{\"id\": 1}\n{\"id\": \"jane.doe\n")
	write(t, dir, "not.parquet", "jane.doe")
	w := open(t, duckdb.Config{Path: duckdb.Memory}, dir, "s")
	for _, c := range []struct {
		files adapters.Files
		want  adapters.Kind
	}{
		{adapters.Files{Path: "missing*.csv", Format: "csv"}, adapters.NotFound},
		{adapters.Files{Path: "ragged.csv", Format: "csv"}, adapters.Data},
		{adapters.Files{Path: "latin1.csv", Format: "csv"}, adapters.Data},
		{adapters.Files{Path: "broken.json", Format: "json"}, adapters.Data},
		{adapters.Files{Path: "not.parquet", Format: "parquet"}, adapters.Data},
		{adapters.Files{Path: "ragged.csv", Format: "xml"}, adapters.Syntax},
	} {
		c.files.Path = filepath.Join(dir, c.files.Path)
		err := w.ReadFiles(t.Context(), "s", c.files)
		if err == nil {
			_, err = w.Int(t.Context(), &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(sql.Count, sql.Col("s", "v")), "n")},
				From:  sql.TableRef{Table: source("s"), As: "s"},
			})
		}
		var e *adapters.Error
		if !errors.As(err, &e) || e.Kind != c.want {
			t.Errorf("%s: got %v (%#v), want kind %d", c.files.Path, err, e, c.want)
			continue
		}
		if strings.Contains(err.Error(), "jane") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error tells a value or has several lines: %q", c.files.Path, err)
		}
	}
	if err := w.ReadFiles(t.Context(), "unannounced", adapters.Files{Path: "x", Format: "csv"}); err == nil {
		t.Error("a source that was not announced was taken")
	}
}

func TestAttach(t *testing.T) {
	dir := t.TempDir()
	crm, err := duckdb.Open(t.Context(), duckdb.Config{Path: "crm.duckdb"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	err = crm.Exec(t.Context(), []string{"CREATE SCHEMA raw", `CREATE TABLE raw."my contacts" AS SELECT 'a' AS id`})
	if err := errors.Join(err, crm.Close()); err != nil {
		t.Fatal(err)
	}
	w := open(t, duckdb.Config{Path: "shop.duckdb", Attach: map[string]string{"crm": "crm.duckdb"}}, dir)
	got := read(t, w, &sql.Select{Items: sql.Items("c", "id"), From: sql.TableRef{Table: source(`crm.raw."my contacts"`), As: "c"}})
	if d := cmp.Diff([][]any{{"a"}}, got); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	if err := w.Exec(t.Context(), sql.Drop{Table: source(`crm.raw."my contacts"`)}); err == nil {
		t.Error("an attached file was written")
	}
	_, err = duckdb.Open(t.Context(), duckdb.Config{Path: "other.duckdb", Attach: map[string]string{"x": "missing.duckdb"}}, dir)
	var e *adapters.Error
	if !errors.As(err, &e) || e.Kind != adapters.NotFound {
		t.Errorf("a missing attached file: got %v", err)
	}
	write(t, dir, "text.duckdb", strings.Repeat("this is no database\n", 1000))
	if _, err = duckdb.Open(t.Context(), duckdb.Config{Path: "text.duckdb"}, dir); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file that is no database: got %v", err)
	}
}

// TestSpill works on tables that are larger than the engine's memory.
func TestSpill(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x", "")
	spill := filepath.Join(dir, "shop.duckdb.tmp")
	if err := os.Mkdir(spill, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, spill, "duckdb_temp_storage_S32K-0.tmp", "left by a killed process")
	write(t, spill, "notes.txt", "the user's")
	w := open(t, duckdb.Config{Path: "shop.duckdb", MemoryLimit: "100MB", Threads: 2}, dir)
	if left, _ := os.ReadDir(spill); len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("in the spill directory: %v", left)
	}
	const rows = 1_000_000
	if err := loadRows(t.Context(), w, rows); err != nil {
		t.Fatal(err)
	}
	wide := sql.Table{Space: sql.Work, Name: "wide"}
	n := sql.Col("r", "n")
	text := sql.Fn(sql.Sha256, sql.Fn(sql.IntToString, n))
	if err := w.Exec(t.Context(),
		sql.CreateTableAs{Table: wide, Query: &sql.Select{
			Items: []sql.Item{sql.As(n, "n"), sql.As(text, "a"), sql.As(sql.Fn(sql.Concat, text, sql.String("b")), "b")},
			From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "rows"}, As: "r"},
		}},
		sql.CreateTableAs{Table: sql.Table{Space: sql.Public, Name: "sorted"}, Query: &sql.Select{
			Items:   sql.Items("w", "n", "a"),
			From:    sql.TableRef{Table: wide, As: "w"},
			OrderBy: []sql.Order{sql.Asc(sql.Col("w", "a"))},
		}},
	); err != nil {
		t.Fatal(err)
	}
	got, err := w.Int(t.Context(), &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountDistinct, sql.Col("s", "a")), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Public, Name: "sorted"}, As: "s"},
	})
	if got != rows || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestMemoryExhausted(t *testing.T) {
	w := open(t, duckdb.Config{Path: duckdb.Memory, MemoryLimit: "40MB", Threads: 1}, t.TempDir())
	if err := loadRows(t.Context(), w, 2_000_000); err != nil {
		t.Fatal(err)
	}
	// A list must stand in memory as a whole.
	_, err := w.Query(t.Context(), &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.ListLength, sql.Fn(sql.ListDistinct, sql.Col("r", "n"))), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "rows"}, As: "r"},
	})
	var e *adapters.Error
	if !errors.As(err, &e) || e.Kind != adapters.Quota || e.Help == "" {
		t.Fatalf("got %v, want Quota", err)
	}
	if n, err := w.Int(t.Context(), &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "n")}}); n != 1 || err != nil {
		t.Errorf("after that: got %d, %v", n, err)
	}
}
