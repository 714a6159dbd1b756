package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/config"
)

// TestFresh: what a schedule watches is another text when rows are added, become
// newer or are gone, when the value of a query is another, and when a file is;
// and the same one otherwise.
func TestFresh(t *testing.T) {
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wh := through(driver)
	defer func() {
		if err := wh.Close(); err != nil {
			t.Error(err)
		}
	}()
	exec := func(text string) {
		t.Helper()
		if err := driver.Exec(t.Context(), []string{text}); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE SCHEMA raw`)
	exec(`CREATE TABLE raw.orders ("Ordered at" TIMESTAMP, amount DECIMAL(10, 2))`)
	file := filepath.Join(t.TempDir(), "a.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("x")
	orders := &config.Source{Name: "orders", Table: "raw.orders", Time: "Ordered at"}
	timeless := &config.Source{Name: "orders", Table: "raw.orders"}
	looks := map[string]func() (string, error){
		"source":   func() (string, error) { return FreshTable(t.Context(), wh, orders) },
		"timeless": func() (string, error) { return FreshTable(t.Context(), wh, timeless) },
		"query": func() (string, error) {
			return FreshQuery(t.Context(), wh, "select sum(amount) from raw.orders -- of all;\n;")
		},
		"files": func() (string, error) { return FreshFiles(adapters.Files{Path: file, Format: "csv"}) },
	}
	last := map[string]string{}
	look := func(what string, changed ...string) {
		t.Helper()
		for name, look := range looks {
			text, err := look()
			if err != nil || text == "" {
				t.Fatalf("%s: %s is %q, %v", what, name, text, err)
			}
			want := false
			for _, c := range changed {
				want = want || c == name
			}
			if got := text != last[name]; got != want {
				t.Errorf("%s: %s has changed: %v, want %v", what, name, got, want)
			}
			last[name] = text
		}
	}
	look("first", "source", "timeless", "query", "files")
	look("nothing")
	exec(`INSERT INTO raw.orders VALUES (TIMESTAMP '2026-01-02 03:04:05.000006', 10)`)
	look("a row", "source", "timeless", "query")
	exec(`UPDATE raw.orders SET "Ordered at" = TIMESTAMP '2026-01-02 03:04:05.000007'`)
	look("newer", "source")
	exec(`UPDATE raw.orders SET amount = 11`)
	look("another value", "query")
	write("y")
	look("another file", "files")
	exec(`DELETE FROM raw.orders`)
	look("no row", "source", "timeless", "query")
	if _, err := FreshQuery(t.Context(), wh, "select 1) + (select"); err == nil {
		t.Error("half a query is taken for one")
	}
	if _, err := FreshFiles(adapters.Files{Path: file + ".none"}); err == nil {
		t.Error("files that are not there are fresh")
	}
}
