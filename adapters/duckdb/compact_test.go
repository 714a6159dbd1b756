package duckdb_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
)

// TestCompact: what was deleted is in no file any more, while the database stays
// open, and all else is as it was.
func TestCompact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.duckdb")
	d, err := duckdb.Open(t.Context(), duckdb.Config{Path: file}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	// Compressed text could not be looked for.
	script := []string{"SET force_compression = 'uncompressed'", "CREATE SCHEMA s", "CREATE TABLE s.people (id BIGINT, name VARCHAR)", "CREATE VIEW s.names AS SELECT name FROM s.people"}
	for i := range 200 {
		script = append(script, fmt.Sprintf("INSERT INTO s.people SELECT range, 'unmistakable-' || range || '-%d' FROM range(100)", i))
	}
	if err := d.Exec(t.Context(), append(script, "CHECKPOINT customhouse_file", "DELETE FROM s.people WHERE id > 0", "CHECKPOINT customhouse_file")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !bytes.Contains(text, []byte("unmistakable-77")) {
		t.Fatalf("what was deleted is not in the file before, %v: the test shows nothing", err)
	}
	for range 2 {
		if err := d.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Errorf("files %v, %v; want one", files, err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("unmistakable-77")) {
			t.Error("what was deleted is still in the file")
		}
		if !bytes.Contains(text, []byte("unmistakable-")) {
			t.Error("the file does not have what it should")
		}
		rows, err := d.Query(t.Context(), "SELECT count(*) FROM s.names")
		if err != nil {
			t.Fatal(err)
		}
		dest := make([]any, 1)
		if err := rows.Next(dest); err != nil || dest[0] != int64(200) {
			t.Errorf("%v rows are left, %v; want 200", dest[0], err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
