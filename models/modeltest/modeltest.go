// Package modeltest runs models on an in-memory DuckDB, for the tests of the
// packages that compile them. It has none of what cmd/internal/run adds: no
// events, no parallel models, no clean-up. Start with New.
package modeltest

import (
	dbsql "database/sql"
	"strconv"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the engine

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Bench runs models on an in-memory DuckDB, one statement after the other. It
// has the schemas public, work and raw; a failure ends the test.
type Bench struct {
	testing.TB
	db *dbsql.DB
	p  *sql.Printer
	// Rounds counts the rounds of the loops by title.
	Rounds map[string]int
}

// New makes an empty Bench.
func New(tb testing.TB) *Bench {
	tb.Helper()
	db, err := dbsql.Open("duckdb", "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	b := &Bench{TB: tb, db: db, Rounds: map[string]int{}, p: &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string {
		switch t.Space {
		case sql.Public:
			return []string{"public", t.Name}
		case sql.Beside:
			return []string{"public", t.Name + "__new"}
		case sql.Work:
			return []string{"work", t.Name}
		case sql.Source:
		}
		return strings.Split(t.Name, ".")
	}}}
	b.Exec("CREATE SCHEMA public")
	b.Exec("CREATE SCHEMA work")
	b.Exec("CREATE SCHEMA raw")
	return b
}

// Exec runs one statement as text.
func (b *Bench) Exec(q string, args ...any) {
	b.Helper()
	if _, err := b.db.ExecContext(b.Context(), q, args...); err != nil {
		b.Fatalf("%v in:\n%s", err, q)
	}
}

// Statements runs statements in order.
func (b *Bench) Statements(list ...sql.Statement) {
	b.Helper()
	for _, s := range list {
		texts, err := b.p.Statement(s)
		if err != nil {
			b.Fatal(err)
		}
		for _, text := range texts {
			b.Exec(text)
		}
	}
}

// Steps runs the steps of a model.
func (b *Bench) Steps(steps []models.Step) {
	b.Helper()
	for _, s := range steps {
		switch s := s.(type) {
		case *models.Exec:
			b.Statements(s.Statements...)
		case *models.Loop:
			for round := 0; b.Number(s.While) != 0; round++ {
				if round == s.Max {
					b.Fatalf("%s does not end", s.Title)
				}
				b.Rounds[s.Title]++
				b.Steps(s.Steps)
			}
		case *models.Unite:
			b.unite(s)
		case *models.Assert:
			if n := b.Number(s.Query); n != 0 {
				b.Fatalf("%d %s", n, s.Message)
			}
		case *models.Examine:
			b.Query(s.Query)
		default:
			b.Fatalf("unexpected step %T", s)
		}
	}
}

func (b *Bench) unite(u *models.Unite) {
	b.Helper()
	text, err := b.p.Query(u.Query())
	if err != nil {
		b.Fatal(err)
	}
	var edges [][2]int64
	for _, row := range b.Rows(text) {
		var e [2]int64
		for i := range e {
			if e[i], err = strconv.ParseInt(row[i], 10, 64); err != nil {
				b.Fatal(err)
			}
		}
		edges = append(edges, e)
	}
	name, err := b.p.Table(u.Roots)
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range u.Solve(edges) {
		b.Exec("INSERT INTO "+name+" ("+strings.Join(u.Columns(), ", ")+") VALUES (?, ?)", row[0], row[1])
	}
}

// Number is the one integer that a query gives.
func (b *Bench) Number(q sql.Query) (n int) {
	b.Helper()
	text := b.Query(q)
	if err := b.db.QueryRowContext(b.Context(), text).Scan(&n); err != nil {
		b.Fatalf("%v in:\n%s", err, text)
	}
	return n
}

// Query is the text of a query.
func (b *Bench) Query(q sql.Query) string {
	b.Helper()
	text, err := b.p.Query(q)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// Values reads a query given as text: the values of each row by column.
func (b *Bench) Values(q string) []map[string]any {
	b.Helper()
	var out []map[string]any
	b.scan(q, func(columns []string) ([]any, func()) {
		cells, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		return dest, func() {
			row := map[string]any{}
			for i, name := range columns {
				row[name] = cells[i]
			}
			out = append(out, row)
		}
	})
	return out
}

// Rows reads a query given as text; NULL is the empty string.
func (b *Bench) Rows(q string) [][]string {
	b.Helper()
	var out [][]string
	b.scan(q, func(columns []string) ([]any, func()) {
		cells, dest := make([]dbsql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		return dest, func() {
			row := make([]string, len(columns))
			for i, c := range cells {
				row[i] = c.String
			}
			out = append(out, row)
		}
	})
	return out
}

// scan reads a query, each row into what begin gives for its columns; done is
// called after each.
func (b *Bench) scan(q string, begin func(columns []string) (dest []any, done func())) {
	b.Helper()
	rows, err := b.db.QueryContext(b.Context(), q)
	if err != nil {
		b.Fatalf("%v in:\n%s", err, q)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			b.Error(err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	dest, done := begin(columns)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			b.Fatal(err)
		}
		done()
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}
