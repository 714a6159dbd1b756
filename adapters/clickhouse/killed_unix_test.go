//go:build unix

package clickhouse_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// child says to this binary which server and databases to run scripts on, until
// it is killed.
const child = "CUSTOMHOUSE_CLICKHOUSE_SCRIPTS"

func TestMain(m *testing.M) {
	if at := os.Getenv(child); at != "" {
		fmt.Fprintln(os.Stderr, runScripts(at))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var scripted = []string{"updated", "inserted", "swapped"}

func public(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }

// runScripts has each table say the same number, one greater with each script.
func runScripts(at string) error {
	fields := strings.Fields(at)
	password, err := secret.NewRef("${env:PASSWORD}")
	if err != nil {
		return err
	}
	ctx := context.Background()
	driver, err := clickhouse.Open(ctx, clickhouse.Config{Address: fields[0], User: fields[1], Password: password}, "",
		secret.Resolver{Env: func(string) (string, bool) { return os.Getenv("PASSWORD"), true }})
	if err != nil {
		return err
	}
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: fields[2], Work: fields[3:]})
	if err := w.Init(ctx); err != nil {
		return err
	}
	next := sql.Fn(sql.AddFast, sql.Col("", "n"), sql.Int(1))
	for {
		successor := sql.Table{Space: sql.Beside, Name: "swapped"}
		if err := w.Exec(ctx, sql.CreateTableAs{Table: successor, Query: &sql.Select{
			Items: []sql.Item{sql.As(next, "n")}, From: sql.TableRef{Table: public("swapped"), As: "t"},
		}}); err != nil {
			return err
		}
		if err := w.Script(ctx, []sql.Statement{
			sql.Update{Table: public("updated"), Set: []sql.Assignment{{Column: "n", Value: next}}, Where: sql.Bool(true)},
			sql.Delete{Table: public("inserted"), Where: sql.Bool(true)},
			sql.InsertSelect{Table: public("inserted"), Columns: []string{"n"}, Query: &sql.Select{
				Items: sql.Items("t", "n"), From: sql.TableRef{Table: public("updated"), As: "t"},
			}},
			sql.Swap{Name: "swapped"},
		}); err != nil {
			return err
		}
	}
}

// TestKilledScript kills processes in the middle of scripts: what the next one
// finds is as if each script had run as a whole or not at all.
func TestKilledScript(t *testing.T) {
	s := chtest.Start(t)
	rounds := 8
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 150
	}
	schema, work := s.Database(t), s.Database(t)
	reopen := func() *adapters.Warehouse {
		driver, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
		if err != nil {
			t.Fatal(err)
		}
		w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: schema, Work: []string{work}})
		if err := w.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := reopen()
	for _, name := range scripted {
		if err := w.Exec(t.Context(),
			sql.CreateTable{Table: public(name), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}},
			sql.InsertSelect{Table: public(name), Columns: []string{"n"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(0), "n")}}},
		); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var last int64
	settled := 0
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), child+"="+strings.Join([]string{s.Address, s.User, schema, work}, " "), "PASSWORD="+s.Password)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Not before it has begun.
		for {
			out, err := s.Query("SELECT max(n) FROM " + schema + ".updated")
			if err != nil {
				t.Fatal(err)
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64); err != nil || n > last {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(700 * time.Millisecond))))
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err, said.String())
		}
		_ = cmd.Wait() // killed
		if said.Len() > 0 {
			t.Fatal("the child failed: ", said.String())
		}
		// What it had sent comes to its end without it.
		for {
			out, err := s.Query("SELECT count() FROM system.processes WHERE query LIKE '%" + schema + "%' AND query NOT LIKE '%system.processes%'")
			if err != nil {
				t.Fatal(err)
			}
			if out == "0\n" {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if out, err := s.Query("SELECT count() FROM " + schema + ".script_commits"); err == nil && out != "0\n" {
			settled++
		}
		w := reopen()
		var got []any
		for _, name := range scripted {
			got = append(got, read(t, w, &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: public(name), As: "t"}})...)
		}
		if len(got) != len(scripted) || got[0] != got[1] || got[1] != got[2] {
			t.Fatalf("round %d: %v say %v", round, scripted, got)
		}
		last, _ = got[0].(int64)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out, err := s.Query("SHOW TABLES FROM " + schema); err != nil || len(strings.Fields(out)) != len(scripted)+1 {
			t.Fatalf("round %d: something is left: %v, %v", round, strings.Fields(out), err)
		}
	}
	t.Logf("%d kills, after %d scripts; %d times the next process put in place what a killed one had committed", rounds, last, settled)
}
