package clickhouse_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestCancel: a statement whose context has ended is not at the server any more.
func TestCancel(t *testing.T) {
	s := chtest.Start(t)
	driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	database := s.Database(t)
	const endless = "numbers(1234567890123456)"
	for name, run := range map[string]func(context.Context) error{
		"a query": func(ctx context.Context) error {
			rows, err := driver.Query(ctx, "SELECT max(number) FROM "+endless)
			if err == nil {
				err = errors.Join(rows.Next(make([]any, 1)), rows.Close())
			}
			return err
		},
		"a statement": func(ctx context.Context) error {
			return driver.Exec(ctx, []string{"CREATE TABLE " + database + ".t ENGINE = MergeTree ORDER BY tuple() AS SELECT max(number) AS n FROM " + endless})
		},
		"one of several": func(ctx context.Context) error {
			return driver.Exec(ctx, []string{"SELECT 1", "SELECT max(number) FROM " + endless, "SELECT 2"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() { failed <- run(ctx) }()
			running := func() string {
				out, err := s.Query("SELECT count() FROM system.processes WHERE query LIKE '%" + endless + "%' AND query NOT LIKE '%system.processes%'")
				if err != nil {
					t.Fatal(err)
				}
				return strings.TrimSpace(out)
			}
			for running() != "1" {
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
			known, ok := errors.AsType[*adapters.Error](<-failed)
			if !ok || known.Kind != adapters.Canceled {
				t.Errorf("got %v, want an error of kind Canceled", known)
			}
			for running() != "0" {
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// TestOpen says what is wrong with a target, and nothing of the password.
func TestOpen(t *testing.T) {
	s := chtest.Start(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*clickhouse.Config)
		want   adapters.Kind
	}{
		"wrong user":       {func(c *clickhouse.Config) { c.User = "nobody" }, adapters.Permission},
		"nobody there":     {func(c *clickhouse.Config) { c.Address = nobody }, adapters.Transient},
		"missing database": {func(c *clickhouse.Config) { c.Database = "missing" }, adapters.NotFound},
		"unknown setting":  {func(c *clickhouse.Config) { c.Settings = map[string]string{"nonsense": "1"} }, adapters.Syntax},
		"TLS without any":  {func(c *clickhouse.Config) { c.Secure = true }, adapters.Unknown},
		"no file of ca":    {func(c *clickhouse.Config) { c.Secure, c.CA = true, "missing.pem" }, adapters.NotFound},
		"no certificate":   {func(c *clickhouse.Config) { c.Secure, c.Certificate, c.Key = true, "a.pem", "b.pem" }, adapters.Syntax},
	} {
		t.Run(name, func(t *testing.T) {
			config := target(t, s)
			c.change(&config)
			driver, err := clickhouse.Open(t.Context(), config, t.TempDir(), resolver(s))
			if err == nil {
				t.Fatal(driver.Close(), "it opened")
			}
			known, ok := errors.AsType[*adapters.Error](err)
			if !ok || c.want != adapters.Unknown && known.Kind != c.want {
				t.Errorf("got %v, want kind %d", err, c.want)
			}
			if strings.Contains(err.Error(), s.Password) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error tells the password, or has several lines: %q", err)
			}
		})
	}
}

// TestLimits: a limit of the server is a quota.
func TestLimits(t *testing.T) {
	s := chtest.Start(t)
	for setting, value := range map[string]string{"max_memory_usage": "10000000", "max_execution_time": "1", "max_rows_to_read": "10"} {
		t.Run(setting, func(t *testing.T) {
			config := target(t, s)
			config.Settings = map[string]string{setting: value}
			driver, err := clickhouse.Open(t.Context(), config, "", resolver(s))
			if err != nil {
				t.Fatal(err)
			}
			defer driver.Close()
			err = driver.Exec(t.Context(), []string{"SELECT groupArray(number) FROM numbers(100000000000)"})
			known, ok := errors.AsType[*adapters.Error](err)
			if !ok || known.Kind != adapters.Quota {
				t.Errorf("got %v, want an error of kind Quota", err)
			}
		})
	}
}

// TestKeywords: the dialect quotes every word of the engine's language, but for
// short forms of units, which do as names wherever the printer puts one.
func TestKeywords(t *testing.T) {
	w := open(t)
	s := chtest.Start(t)
	out, err := s.Query("SELECT DISTINCT lower(arrayJoin(splitByChar(' ', keyword))) AS word FROM system.keywords WHERE match(word, '^[a-z_][a-z0-9_]*$') ORDER BY word")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(out)
	if len(words) < 400 {
		t.Fatalf("found only %d words", len(words))
	}
	for _, word := range words {
		if sql.ClickHouse.QuoteName(word) != word {
			continue
		}
		col, alone := sql.Col(word, word), sql.Col("", word)
		table := sql.Table{Space: sql.Work, Name: word}
		if err := w.Exec(t.Context(),
			sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: word, Type: sql.TypeInt}}},
			sql.InsertSelect{Table: table, Columns: []string{word}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(7), word)}}},
			sql.Update{Table: table, Set: []sql.Assignment{{Column: word, Value: sql.Fn(sql.IntAdd, alone, sql.Int(0))}}, Where: sql.Fn(sql.Gt, alone, sql.Int(0))},
			sql.Delete{Table: table, Where: sql.Fn(sql.Eq, alone, sql.Int(8))},
		); err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		got := read(t, w, &sql.Select{
			With:    []sql.CTE{{Name: word, Query: &sql.Select{Items: []sql.Item{sql.As(col, word)}, From: sql.TableRef{Table: table, As: word}}}},
			Items:   []sql.Item{sql.As(sql.Window{Call: sql.Fn(sql.Max, alone), PartitionBy: []sql.Expr{alone, col}}, word)},
			From:    sql.CTERef{Name: word, As: word},
			Where:   sql.And{sql.In{Expr: alone, List: []sql.Expr{sql.Int(7)}}, sql.Fn(sql.IsNotNull, col), sql.Fn(sql.Not, sql.Fn(sql.Ne, alone, alone))},
			GroupBy: []sql.Expr{alone, col},
			OrderBy: []sql.Order{sql.Asc(alone), sql.Asc(col)},
		})
		if len(got) != 1 || got[0] != int64(7) {
			t.Errorf("%s: got %v, want 7", word, got)
		}
	}
}

// TestLabel: the query log says for what a statement ran.
func TestLabel(t *testing.T) {
	s := chtest.Start(t)
	driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	ctx := adapters.WithLabel(t.Context(), adapters.Label{Run: "r1", Model: "sync:a*/b"})
	const want = "customhouse run=r1 model=sync:a__b"
	if err := driver.Exec(ctx, []string{"CREATE TABLE " + s.Database(t) + ".t ENGINE = MergeTree ORDER BY tuple() AS SELECT throwIf(getSetting('log_comment') != '" + want + "')"}); err != nil {
		t.Error(err)
	}
	rows, err := driver.Query(ctx, "SELECT getSetting('log_comment')")
	if err != nil {
		t.Fatal(err)
	}
	dest := make([]any, 1)
	if err := errors.Join(rows.Next(dest), rows.Close()); err != nil {
		t.Fatal(err)
	}
	if dest[0] != want {
		t.Errorf("got %q, want %q", dest[0], want)
	}
}
