package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	process "os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// child says to a test binary that it is one to be killed.
const child = "CUSTOMHOUSE_TEST_SCRIPTS"

// Main runs the tests of a package, or, in a process that Killed has started,
// scripts on what connect gives, until it is killed. It gives the exit code.
func Main(run func() int, connect func(context.Context) (*adapters.Warehouse, error)) int {
	if os.Getenv(child) == "" {
		return run()
	}
	ctx := context.Background()
	w, err := connect(ctx)
	if err == nil {
		err = scripts(ctx, w)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// scripted are the tables that scripts write, each in another way.
var scripted = []string{"inserted", "swapped", "updated"}

// scripts has each table say the same number, one greater with each script.
func scripts(ctx context.Context, w *adapters.Warehouse) error {
	if err := w.Init(ctx); err != nil {
		return fmt.Errorf("making the schemas: %w", err)
	}
	next := sql.Fn(sql.AddFast, sql.Col("", "n"), sql.Int(1))
	for {
		successor := sql.Table{Space: sql.Beside, Name: "swapped"}
		if err := w.Exec(ctx, sql.CreateTableAs{Table: successor, Query: &sql.Select{
			Items: []sql.Item{sql.As(next, "n")}, From: sql.TableRef{Table: public("swapped"), As: "t"},
		}}); err != nil {
			return fmt.Errorf("making a successor: %w", err)
		}
		if err := w.Script(ctx, []sql.Statement{
			sql.Update{Table: public("updated"), Set: []sql.Assignment{{Column: "n", Value: next}}, Where: sql.Bool(true)},
			sql.Delete{Table: public("inserted"), Where: sql.Bool(true)},
			sql.InsertSelect{Table: public("inserted"), Columns: []string{"n"}, Query: &sql.Select{
				Items: sql.Items("t", "n"), From: sql.TableRef{Table: public("updated"), As: "t"},
			}},
			sql.Swap{Name: "swapped"},
		}); err != nil {
			return fmt.Errorf("running a script: %w", err)
		}
	}
}

// Killing is what Killed needs of a warehouse.
type Killing struct {
	// Connect gives a Warehouse over the schemas of the test, as they are: they are
	// not made, and nothing is put in place.
	Connect func(testing.TB) *adapters.Warehouse
	// Env are the variables by which Main finds the same schemas in another process.
	Env []string
	// Tables lists the tables of the public schema; nil leaves them unlooked at.
	Tables func(testing.TB) []string
	// Rounds is how many processes are killed.
	Rounds int
}

// Killed kills processes in the middle of scripts: what the next one finds is as if
// each script had run as a whole or not at all, although statements go on at the
// warehouse when who sent them is gone.
func Killed(t *testing.T, k Killing) {
	t.Helper()
	ctx := t.Context()
	settle := func() *adapters.Warehouse {
		w := k.Connect(t)
		if err := errors.Join(w.Init(ctx), w.Clean(ctx)); err != nil {
			t.Fatal(err)
		}
		return w
	}
	first := settle()
	for _, name := range scripted {
		create(t, first, public(name), 0)
	}
	was := tables(t, k)
	watch := k.Connect(t)
	var last int64
	settled, stopped := 0, 0
	for round := range k.Rounds {
		cmd := process.CommandContext(ctx, os.Args[0])
		cmd.Env = append(append(os.Environ(), k.Env...), child+"=1")
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		// Not before it has begun.
		for begun := false; !begun; {
			select {
			case err := <-ended:
				t.Fatalf("the process ended: %v %s", err, said.String())
			case <-time.After(5 * time.Millisecond):
				// The table is not there while another takes its place.
				n, err := watch.Int(ctx, &sql.Select{Items: []sql.Item{sql.As(sql.Col("t", "n"), "n")}, From: sql.TableRef{Table: public("updated"), As: "t"}})
				begun = err == nil && n > last
			}
		}
		const most = 700 * time.Millisecond
		time.Sleep(time.Duration(rand.Int64N(int64(most))))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err, said.String())
		}
		<-ended
		if said.Len() > 0 {
			t.Fatal("the process failed: ", said.String())
		}
		commits := sql.Table{Space: sql.Public, Name: "script_commits"}
		if n, err := watch.Int(ctx, &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: commits, As: "c"}}); err == nil && n > 0 {
			settled++
		}
		w := settle()
		stopped += w.Stopped()
		var got []int64
		for _, name := range scripted {
			got = append(got, numbers(t, w, public(name))...)
		}
		if len(got) != len(scripted) || got[0] != got[1] || got[1] != got[2] || got[0] <= last {
			t.Fatalf("round %d: %v say %v, and before %d", round, scripted, got, last)
		}
		last = got[0]
		if d := cmp.Diff(was, tables(t, k)); d != "" {
			t.Fatalf("round %d: tables (-before +left):\n%s", round, d)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, after %d scripts; %d times a commit was there and not all in place; %d statements were stopped", k.Rounds, last, settled, stopped)
}

func tables(t *testing.T, k Killing) []string {
	t.Helper()
	if k.Tables == nil {
		return nil
	}
	return slices.Sorted(slices.Values(k.Tables(t)))
}

// Stops checks that a process which writes to a target stops what another one has
// left running on it, and nothing else. Both connect as in Killing, to other
// schemas each.
func Stops(t *testing.T, connect, elsewhere func(testing.TB) *adapters.Warehouse) {
	t.Helper()
	ctx := t.Context()
	initialised := func(connect func(testing.TB) *adapters.Warehouse) *adapters.Warehouse {
		w := connect(t)
		if err := w.Init(ctx); err != nil {
			t.Fatal(err)
		}
		return w
	}
	// begin has a process begin what never ends.
	begin := func(w *adapters.Warehouse, table sql.Table) <-chan error {
		q := endless(t, w) //nolint:contextcheck // it has the test's
		ended := make(chan error, 1)
		go func() { ended <- w.Exec(ctx, sql.CreateTableAs{Table: table, Query: q}) }()
		return ended
	}
	// stop has the next one stop it, which may come before it has begun.
	stop := func(what string, connect func(testing.TB) *adapters.Warehouse, ended <-chan error) {
		for stopped := 0; ; {
			w := initialised(connect)
			stopped += w.Stopped()
			select {
			case err := <-ended:
				if err == nil || stopped == 0 || errors.Is(err, io.EOF) {
					t.Errorf("%s: %d statements were stopped, and it ended with %v", what, stopped, err)
				}
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	other := begin(initialised(elsewhere), work("left"))
	stop("a public table", connect, begin(initialised(connect), public("left")))
	stop("a work table", connect, begin(initialised(connect), work("left")))
	if w := initialised(connect); w.Stopped() != 0 {
		t.Errorf("%d statements were stopped, and none was left", w.Stopped())
	}
	select {
	case err := <-other:
		t.Errorf("a statement of another target ended: %v", err)
	default:
	}
	stop("another target", elsewhere, other)
}
