package identity

import (
	dbsql "database/sql"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

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
	ask := asker(t)
	for _, v := range vectors {
		got := ask(Normal(config.Identifier{Normalize: config.Normalizer(v.Kind), Region: v.Region}, v.Text))
		if got != v.Want {
			t.Errorf("%s in %q of %q: got %q, want %q", v.Kind, v.Region, v.Text, got, v.Want)
		}
	}
}

// asker evaluates expressions; "" stands for NULL.
func asker(t *testing.T) func(sql.Expr) string {
	t.Helper()
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{t.Name} }}
	return func(e sql.Expr) string {
		t.Helper()
		q, err := p.Query(&sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: e, To: sql.TypeString}, "v")}})
		if err != nil {
			t.Fatal(err)
		}
		var got dbsql.NullString
		if err := db.QueryRow(q).Scan(&got); err != nil {
			t.Fatalf("%s\n%v", q, err)
		}
		if got.Valid && got.String == "" {
			t.Errorf("%s\nis empty text, want NULL or more", q)
		}
		return got.String
	}
}

// customIdentifier is an identifier whose normalizer a project spells in SQL.
func customIdentifier(t *testing.T, expression string) config.Identifier {
	t.Helper()
	text, err := json.Marshal(expression)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"p.yaml": {Data: []byte(`
project: {name: shop}
targets: {local: {type: duckdb}}
entities:
  - name: car
    identifiers: [{name: plate, normalize: {duckdb: ` + string(text) + `}}]
sources:
  - {name: cars, table: cars, entity: car, identifiers: {plate: plate}}
`)}}
	project, list := config.Load(fsys, ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return &struct{}{} }}})
	if list != nil {
		t.Fatal(list)
	}
	return project.Entities[0].Identifiers[0]
}

func TestCustomNormalizer(t *testing.T) {
	ask := asker(t)
	for _, test := range []struct{ sql, text, want string }{
		{"regexp_replace(lower({value}), '[^a-z0-9]', '', 'g')", "  AB-123 cd ", "ab123cd"},
		{"regexp_replace(lower({value}), '[^a-z0-9]', '', 'g')", "--- ", ""},
		{"{value} || '-' || {value}", " it's ", "it's-it's"},
		{"CASE WHEN length({value}) = 3 THEN {value} END", "abc", "abc"},
		{"CASE WHEN length({value}) = 3 THEN {value} END", "abcd", ""},
		{"'  ' || {value} || '  '", "x", "x"},
		{"left({value}, 0) || '  '", "x", ""},
		{"length({value})", "four", "4"},
		// What would make a value of nothing never sees nothing.
		{"md5({value})", " ", ""},
		{"coalesce(nullif({value}, ''), 'nobody')", "", ""},
		// It is one expression among others, however many lines it has.
		{"CAST({value} AS BIGINT)\n- 1 IS NULL\n", "2", "false"},
	} {
		if got := ask(Normal(customIdentifier(t, test.sql), test.text)); got != test.want {
			t.Errorf("%s of %q: got %q, want %q", test.sql, test.text, got, test.want)
		}
	}
}

func TestIgnoreFreeMail(t *testing.T) {
	ask := asker(t)
	for _, test := range []struct {
		kind config.Normalizer
		text string
		want string
	}{
		{"domain", "gmail.com", "true"},
		{"domain", "Jo@GMX.de", "true"},
		{"domain", "https://www.web.de/konto", "true"},
		{"domain", "shared.example", "true"},
		{"domain", "mail.google.com", "false"},
		{"domain", "notgmail.com", "false"},
		{"domain", "gmail.com.example", "false"},
		{"email", "Jo@Gmail.com", "true"},
		{"email", "jo@orange.fr", "true"},
		{"email", "shared.example", ""}, // no address, hence nothing to ignore
		{"email", "me@shared.example", "false"},
		{"email", "gmail.com@example.com", "false"},
		{"email", "jo@sub.gmail.com", "false"},
	} {
		id := config.Identifier{Normalize: test.kind, Ignore: []string{"shared.example", config.FreeMail}}
		if got := ask(ignored(id, Normal(id, test.text))); got != test.want {
			t.Errorf("%s %q: got ignored %q, want %q", test.kind, test.text, got, test.want)
		}
	}
}

// TestIgnoreFreeMailIsOneList: the providers cost a look-up in a list, not a
// comparison each.
func TestIgnoreFreeMailIsOneList(t *testing.T) {
	p := &sql.Printer{Dialect: sql.DuckDB}
	for _, kind := range []config.Normalizer{"domain", "email"} {
		q, err := p.Expr(ignored(config.Identifier{Normalize: kind, Ignore: []string{config.FreeMail}}, sql.Col("", "v")))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(q, " IN (") != 1 || strings.Contains(q, " OR ") || !strings.Contains(q, "'gmail.com'") {
			t.Errorf("%s: got %s", kind, q)
		}
	}
}
