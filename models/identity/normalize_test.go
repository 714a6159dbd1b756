package identity

import (
	dbsql "database/sql"
	"encoding/json"
	"os"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestNormalizersAgree runs the vectors that define the normalisers in Go
// through their SQL.
func TestNormalizersAgree(t *testing.T) {
	text, err := os.ReadFile("../../syncs/normalize/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Kind, Region, Text, Want string }
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 100 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{t.Name} }}
	for _, v := range vectors {
		q, err := p.Query(&sql.Select{Items: []sql.Item{
			sql.As(Normal(config.Identifier{Normalize: v.Kind, Region: v.Region}, v.Text), "v"),
		}})
		if err != nil {
			t.Errorf("%s %q: %v", v.Kind, v.Text, err)
			continue
		}
		var got dbsql.NullString
		if err := db.QueryRow(q).Scan(&got); err != nil {
			t.Errorf("%s %q: %v", v.Kind, v.Text, err)
			continue
		}
		if got.String != v.Want {
			t.Errorf("%s in %q of %q: got %q, want %q", v.Kind, v.Region, v.Text, got.String, v.Want)
		}
	}
}
