//go:build unix

package postgres_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
)

// relay is a way to the server that can be cut.
type relay struct {
	folder string

	mu    sync.Mutex
	lines []net.Conn
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	const socket = ".s.PGSQL.5432"
	r := &relay{folder: t.TempDir()}
	listener, err := net.Listen("unix", filepath.Join(r.folder, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close(); r.cut() })
	target := filepath.Join(postgrestest.Folder(t), socket)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", target)
			if err != nil {
				near.Close()
				continue
			}
			r.mu.Lock()
			r.lines = append(r.lines, near, far)
			r.mu.Unlock()
			go io.Copy(near, far)
			go io.Copy(far, near)
		}
	}()
	return r
}

// cut ends all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.lines {
		c.Close()
	}
	r.lines = nil
}

// TestLost: a connection that is cut in the middle of a statement tells nothing
// of what became of it; within a transaction it is undone. The next statement
// has another connection.
func TestLost(t *testing.T) {
	address := postgrestest.Database(t)
	r := newRelay(t)
	through := strings.Replace(address, url.QueryEscape(postgrestest.Folder(t)), url.QueryEscape(r.folder), 1)
	if through == address {
		t.Fatal("the address does not name the folder of the socket")
	}
	d, direct := connect(t, through), connect(t, address)
	asleep := func() {
		for value(t, direct, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'") == int64(0) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for _, c := range []struct {
		script []string
		want   adapters.Kind
	}{
		{[]string{"SELECT pg_sleep(60)"}, adapters.Lost},
		{[]string{"BEGIN", "SELECT pg_sleep(60)", "COMMIT"}, adapters.Transient},
	} {
		done := make(chan error, 1)
		go func() { done <- d.Exec(t.Context(), c.script) }()
		asleep()
		r.cut()
		if known := failure(t, <-done); known.Kind != c.want {
			t.Errorf("%v: got kind %d, %v, want %d", c.script, known.Kind, known, c.want)
		}
		value(t, direct, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'")
		if got := value(t, d, "SELECT 1"); got != int64(1) {
			t.Errorf("got %v", got)
		}
	}
	// In the middle of a read.
	rows, err := d.Query(t.Context(), "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
	if err != nil {
		t.Fatal(err)
	}
	row := make([]any, 1)
	if err := rows.Next(row); err != nil {
		t.Fatal(err)
	}
	r.cut()
	for err == nil {
		err = rows.Next(row)
	}
	if errors.Is(err, io.EOF) {
		t.Fatal("a read that was cut ends as if it were whole")
	}
	if known := failure(t, err); known.Kind != adapters.Transient {
		t.Errorf("got kind %d, %v", known.Kind, known)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}
