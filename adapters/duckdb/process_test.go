package duckdb_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// The test binary runs itself as a second process: childEnv names a function
// of children, dirEnv its directory.
const (
	childEnv = "CUSTOMHOUSE_DUCKDB_CHILD"
	dirEnv   = "CUSTOMHOUSE_DUCKDB_DIR"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := children[name](os.Getenv(dirEnv)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			os.Exit(code)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	fmt.Printf("goroutines leaked:\n%s\n", stacks[:runtime.Stack(stacks, true)])
	os.Exit(1)
}

var children = map[string]func(dir string) error{
	"hold":     hold,
	"rebuild":  rebuild,
	"readonly": readonly,
	"full":     full,
}

// child starts the test binary as a process of its own.
func child(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// childWarehouse is open for a process without a testing.TB.
func childWarehouse(dir string, config duckdb.Config) (*adapters.Warehouse, error) {
	ctx := contextOfChild()
	driver, err := duckdb.Open(ctx, config, dir)
	if err != nil {
		return nil, err
	}
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Work: duckdb.WorkParts()})
	return w, w.Init(ctx)
}

// hold opens the file and waits to be killed.
func hold(dir string) error {
	if _, err := childWarehouse(dir, duckdb.Config{Path: "shop.duckdb"}); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "hold", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the first process said %q", line)
	}
	_, err = duckdb.Open(t.Context(), duckdb.Config{Path: "shop.duckdb"}, dir)
	var e *adapters.Error
	if !errors.As(err, &e) || e.Kind != adapters.Locked || e.Help == "" {
		t.Fatalf("got %#v, want Locked", err)
	}
	if want := fmt.Sprintf("in use by process %d (", cmd.Process.Pid); !strings.Contains(e.Message, want) {
		t.Errorf("got %q, want %q in it", e.Message, want)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	open(t, duckdb.Config{Path: "shop.duckdb"}, dir)
}

func TestSecondInstance(t *testing.T) {
	dir := t.TempDir()
	first := open(t, duckdb.Config{Path: "shop.duckdb"}, dir)
	if err := os.Symlink(filepath.Join(dir, "shop.duckdb"), filepath.Join(dir, "link.duckdb")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"shop.duckdb", "./x/../shop.duckdb", "link.duckdb"} {
		_, err := duckdb.Open(t.Context(), duckdb.Config{Path: path}, dir)
		var e *adapters.Error
		if !errors.As(err, &e) || e.Kind != adapters.Locked {
			t.Errorf("%s: got %v, want Locked", path, err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, duckdb.Config{Path: "link.duckdb"}, dir)
}

// generation is a table that holds one number n in each of its rows.
func generation(n int64, rows int) sql.Statement {
	return sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: "t"}, Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}, "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "rows"}, As: "r"},
		Limit: int64(rows),
	}}
}

const generationRows = 200_000

// rebuild replaces a table for ever, in scripts that also drop and insert.
func rebuild(dir string) error {
	ctx := contextOfChild()
	w, err := childWarehouse(dir, duckdb.Config{Path: "shop.duckdb"})
	if err != nil {
		return err
	}
	if err := w.Clean(ctx); err != nil {
		return err
	}
	if err := loadRows(ctx, w, generationRows); err != nil {
		return err
	}
	for n := int64(1); ; n++ {
		if err := w.Exec(ctx, generation(n, generationRows)); err != nil {
			return err
		}
		from := &sql.Select{Items: sql.Items("b", "n"), From: sql.TableRef{Table: sql.Table{Space: sql.Beside, Name: "t"}, As: "b"}}
		if err := w.Script(ctx, []sql.Statement{
			sql.Drop{Table: sql.Table{Space: sql.Public, Name: "copy"}},
			sql.CreateTableAs{Table: sql.Table{Space: sql.Public, Name: "copy"}, Query: from},
			sql.Swap{Name: "t"},
		}); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilled kills a process at random points of a script; the tables are
// always those of one generation, and the next process carries on.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	for round := range 6 {
		cmd := child(t, "rebuild", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 2 {
			if !lines.Scan() {
				t.Fatalf("the process ended in round %d", round)
			}
			if strings.HasPrefix(lines.Text(), "error") {
				t.Fatal(lines.Text())
			}
		}
		time.Sleep(time.Duration(round*17) * time.Millisecond)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()

		w := open(t, duckdb.Config{Path: "shop.duckdb"}, dir)
		table := func(name string) sql.Query {
			n := sql.Col("t", "n")
			return &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "rows"), sql.As(sql.Fn(sql.Min, n), "least"), sql.As(sql.Fn(sql.Max, n), "most")},
				From:  sql.TableRef{Table: sql.Table{Space: sql.Public, Name: name}, As: "t"},
			}
		}
		good, twin := row(t, w, table("t")), row(t, w, table("copy"))
		if good[0] != int64(generationRows) || good[1] != good[2] || good[1].(int64) < 2 {
			t.Errorf("round %d: the table holds %v", round, good)
		}
		if twin[1] != good[1] || twin[0] != good[0] {
			t.Errorf("round %d: one table is of another generation: %v, %v", round, good, twin)
		}
		if err := w.Clean(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := w.Columns(t.Context(), sql.Table{Space: sql.Beside, Name: "t"}); err == nil {
			t.Error("a successor is left after Clean")
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// readonly expects that the database cannot be made.
func readonly(dir string) error {
	_, err := childWarehouse(dir, duckdb.Config{Path: "shop.duckdb"})
	var e *adapters.Error
	if !errors.As(err, &e) || e.Kind != adapters.Permission || e.Help == "" {
		return fmt.Errorf("got %w, want Permission", err)
	}
	fmt.Println(e.Message)
	return nil
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "readonly", dir)
	if os.Getuid() == 0 {
		// Permissions do not bind root: be nobody, who must reach the binary
		// and the directory.
		binary := filepath.Join("/tmp", fmt.Sprintf("customhouse-duckdb-test-%d", os.Getpid()))
		text, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(binary, text, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(binary) })
		for d := dir; d != "/" && d != "/tmp"; d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(d, 0o755) })
		}
		cmd.Path, cmd.Args = binary, []string{binary}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// full fills the disk, which a limit on the size of files stands for.
func full(dir string) error {
	ctx := contextOfChild()
	w, err := childWarehouse(dir, duckdb.Config{Path: "shop.duckdb"})
	if err != nil {
		return err
	}
	if err := w.Exec(ctx, sql.CreateTableAs{Table: sql.Table{Space: sql.Public, Name: "good"}, Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(1), To: sql.TypeInt}, "n")},
	}}); err != nil {
		return err
	}
	if err := loadRows(ctx, w, 3_000_000); err != nil {
		return err
	}
	// Without the signal, a write behind the limit fails like one to a full disk.
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 4 << 20, Max: math.MaxUint64}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	err = w.Exec(ctx, sql.CreateTableAs{Table: sql.Table{Space: sql.Public, Name: "big"}, Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Sha256, sql.Fn(sql.IntToString, sql.Col("r", "n"))), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "rows"}, As: "r"},
	}})
	var e *adapters.Error
	if !errors.As(err, &e) || e.Kind != adapters.Quota || e.Help == "" {
		return fmt.Errorf("got %w, want Quota", err)
	}
	// What the error left is not to be written at the end.
	os.Exit(0)
	return nil
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := child(t, "full", dir).Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w := open(t, duckdb.Config{Path: "shop.duckdb"}, dir)
	if n, err := w.Int(t.Context(), &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: sql.Table{Space: sql.Public, Name: "good"}, As: "t"}}); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
