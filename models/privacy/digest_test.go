package privacy_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// counting is a secret that anybody can write down.
func counting() []byte {
	out := make([]byte, 32)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

// TestDigest: digests never change, or nobody who was erased would be known. The
// values are those of another implementation.
func TestDigest(t *testing.T) {
	t.Parallel()
	k := privacy.NewKey(counting())
	for _, c := range []struct{ typ, value, want string }{
		{"email", "ada@example.com", "8389cc76d65916a382be8ac794895f32581f3ab2dc0cd3b3746c7a5f27886cf55bbaf5"},
		{"phone", "+33612345678", "021b6a87dc33ce2e8fb6e9caba43eb421a197f30b9b37fec2f158061ad833c2b860a3d"},
		{"user_id", "é😀", "9df173efc7e3f3ce0d4565d0c15ee1a60a32c09c54d7690b7bfcd542dae0b6edae97e2"},
		{"", "customhouse", "a71aa74003145ae819706640d1a00c9a5b4055e1245ce2843ea02264ae69b0043a4860"},
	} {
		if got := k.Digest(c.typ, c.value); got != c.want {
			t.Errorf("%s %q: got %s, want %s", c.typ, c.value, got, c.want)
		}
	}
	if k.CheckDigest() != k.Digest("", privacy.CheckValue) {
		t.Error("the check is not the digest of its value")
	}
	if other := privacy.NewKey([]byte("another")); other.Digest("email", "ada@example.com") == k.Digest("email", "ada@example.com") {
		t.Error("two keys give one digest")
	}
}

// TestKeyIsNotPrinted: no half of a key is in what is printed of it.
func TestKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := privacy.NewKey(counting())
	if k.IsZero() || !(privacy.Key{}).IsZero() {
		t.Error("a key is taken for none, or none for a key")
	}
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s", k, k, k), fmt.Sprint(struct{ K privacy.Key }{k}), k.LogValue().String()} {
		for _, half := range k.Row() {
			if h, ok := half.(string); !ok || len(h) != 64 || strings.Contains(text, h) {
				t.Errorf("a half of the key is in %q", text)
			}
		}
	}
}

// TestDigestInWarehouses: each of them makes the digests that Go makes.
func TestDigestInWarehouses(t *testing.T) {
	t.Parallel()
	k := privacy.NewKey([]byte("a secret"))
	values := []string{
		"ada@example.com", "", " ", "é", "e\u0301", "ß", "İ", "日本語", "😀", "a'b\"c`d\\e;--\n\t\r", "%_$1 ${x}", ":", "::", "a:b",
		strings.Repeat("x", 512), strings.Repeat("é", 512), "\u00a0", "\ufeff", "0", "-0", "null", "NULL", "True", strings.Repeat("0", 64),
	}
	for name, open := range warehouses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			table := sql.CreateTable{Table: sql.Table{Space: sql.Work, Name: "digested"}, Columns: []sql.ColumnDef{
				{Name: "row", Type: sql.TypeInt}, {Name: "type", Type: sql.TypeString}, {Name: "value", Type: sql.TypeString},
			}}
			var rows [][]any
			var want []string
			for _, typ := range []string{"email", "user_id", "été"} {
				for _, v := range values {
					rows = append(rows, []any{int64(len(rows)), typ, v})
					want = append(want, k.Digest(typ, v))
				}
			}
			if err := w.Exec(t.Context(), privacy.KeyTable, table); err != nil {
				t.Fatal(err)
			}
			load(t, w, privacy.KeyTable, [][]any{k.Row()})
			load(t, w, table, rows)
			typ, value := sql.Col("d", "type"), sql.Col("d", "value")
			digest := privacy.Digest(typ, value)
			got := read(t, w, &sql.Select{
				Items: []sql.Item{
					sql.As(sql.Col("d", "row"), "row"), sql.As(digest, "digest"),
					sql.As(sql.Fn(sql.Eq, privacy.Sieve(typ, value), privacy.SieveOf(digest)), "sieved"),
				},
				From: sql.Joins(sql.TableRef{Table: table.Table, As: "d"}, privacy.WithKey()), OrderBy: []sql.Order{sql.Asc(sql.Col("d", "row"))},
			})
			var digests []string
			for _, row := range got {
				d, _ := row[1].(string)
				digests = append(digests, d)
				if row[2] != true {
					t.Errorf("row %v: the sieve is not that of the digest", row[0])
				}
			}
			if diff := cmp.Diff(want, digests); diff != "" {
				t.Errorf("digests (-want +got):\n%s", diff)
			}
		})
	}
}

func load(t *testing.T, w *adapters.Warehouse, table sql.CreateTable, rows [][]any) {
	t.Helper()
	err := w.Load(t.Context(), table.Table, sql.ColumnNames(table.Columns), func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, w *adapters.Warehouse, q sql.Query) (out [][]any) {
	t.Helper()
	rows, err := w.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		row := make([]any, len(rows.Columns()))
		err := rows.Next(row)
		if err == io.EOF { //nolint:errorlint // it is returned as it is
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
}

var warehouses = map[string]func(testing.TB) *adapters.Warehouse{
	"duckdb": func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		driver, err := duckdb.Open(tb.Context(), duckdb.Config{Path: duckdb.Memory}, "")
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.DuckDB, Work: duckdb.WorkParts()})
	},
	"postgres": func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		return postgrestest.NewTarget(tb, "").Open(tb)
	},
	"clickhouse": func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		server := chtest.Start(tb)
		password, err := secret.NewRef("${env:PASSWORD}")
		if err != nil {
			tb.Fatal(err)
		}
		driver, err := clickhouse.Open(tb.Context(), clickhouse.Config{Address: server.Address, Secure: server.Secure, User: server.User, Password: password}, "",
			secret.Resolver{Env: func(string) (string, bool) { return server.Password, true }})
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Work: []string{server.Database(tb)}})
	},
	"bigquery": func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		return bqtest.NewTarget(tb).Open(tb)
	},
	"snowflake": func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		return sftest.NewTarget(tb).Open(tb)
	},
}

// warehouse is an open one with the schemas of ours.
func warehouse(tb testing.TB, options adapters.Options) *adapters.Warehouse {
	tb.Helper()
	options.Schema = "customhouse"
	w := adapters.New(options)
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := w.Init(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}
