package chtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
)

func options(s *chtest.Server) *clickhouse.Options {
	return &clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{s.Address},
		Auth: clickhouse.Auth{Username: s.User, Password: s.Password},
	}
}

// TestOfficialClient writes and reads through the official client, in every
// compression that it has.
func TestOfficialClient(t *testing.T) {
	s := chtest.Start(t)
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD,
		clickhouse.CompressionGZIP, clickhouse.CompressionDeflate, clickhouse.CompressionBrotli,
	} {
		t.Run(method.String(), func(t *testing.T) {
			o := options(s)
			o.Auth.Database = s.Database(t)
			o.Compression = &clickhouse.Compression{Method: method, Level: 1}
			c, err := clickhouse.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Exec(t.Context(), "CREATE TABLE t (n Int64, s Nullable(String), at DateTime64(6, 'UTC'), l Array(String)) ENGINE = MergeTree ORDER BY n"); err != nil {
				t.Fatal(err)
			}
			batch, err := c.PrepareBatch(t.Context(), "INSERT INTO t (n, s, at, l)")
			if err != nil {
				t.Fatal(err)
			}
			const rows = 10_000
			want := map[int64]string{}
			for i := range int64(rows) {
				at := time.UnixMicro(i * 1e15 / rows).UTC()
				text := fmt.Sprint("row ", i)
				s := &text
				if i%3 == 0 {
					s = nil
				}
				if err := batch.Append(i, s, at, []string{text, ""}); err != nil {
					t.Fatal(err)
				}
				want[i] = fmt.Sprint(s != nil, at, []string{text, ""})
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			result, err := c.Query(t.Context(), "SELECT n, s, at, l FROM t WHERE n >= {from:Int64}", clickhouse.Named("from", 0))
			if err != nil {
				t.Fatal(err)
			}
			defer result.Close()
			got := map[int64]string{}
			for result.Next() {
				var n int64
				var s *string
				var at time.Time
				var l []string
				if err := result.Scan(&n, &s, &at, &l); err != nil {
					t.Fatal(err)
				}
				got[n] = fmt.Sprint(s != nil, at, l)
			}
			if err := result.Err(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("what was read is not what was written (-want +got):\n%s", d)
			}
		})
	}
}

// TestExceptions says what is wrong by the engine's numbers.
func TestExceptions(t *testing.T) {
	s := chtest.Start(t)
	open := func(change func(*clickhouse.Options)) clickhouse.Conn {
		o := options(s)
		change(o)
		c, err := clickhouse.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for name, c := range map[string]struct {
		change    func(*clickhouse.Options)
		statement string
		want      int32
	}{
		"missing table":    {statement: "SELECT * FROM missing", want: 60},
		"missing database": {change: func(o *clickhouse.Options) { o.Auth.Database = "missing" }, statement: "SELECT 1", want: 81},
		"syntax":           {statement: "SELEC 1", want: 62},
		"wrong password":   {change: func(o *clickhouse.Options) { o.Auth.Password = "wrong" }, statement: "SELECT 1", want: 516},
		"unknown user":     {change: func(o *clickhouse.Options) { o.Auth.Username = "nobody" }, statement: "SELECT 1", want: 516},
		"unknown setting":  {change: func(o *clickhouse.Options) { o.Settings = clickhouse.Settings{"nonsense": 1} }, statement: "SELECT 1", want: 115},
		"too slow":         {change: func(o *clickhouse.Options) { o.Settings = clickhouse.Settings{"max_execution_time": 1} }, statement: "SELECT count() FROM numbers(1000000000000)", want: 159},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change == nil {
				c.change = func(*clickhouse.Options) {}
			}
			err := open(c.change).Exec(t.Context(), c.statement)
			known, ok := errors.AsType[*clickhouse.Exception](err)
			if !ok || known.Code != c.want {
				t.Errorf("got %v, want code %d", err, c.want)
			}
		})
	}
}

// TestSession keeps a temporary table from one request to the next, and from
// other sessions.
func TestSession(t *testing.T) {
	s := chtest.Start(t)
	c, err := clickhouse.Open(options(s))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := func(id string) context.Context {
		return clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"session_id": id}))
	}
	if err := c.Exec(in("a"), "CREATE TEMPORARY TABLE x (n Int64)"); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(in("a"), "INSERT INTO x VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(in("b"), "INSERT INTO x VALUES (1)"); err == nil {
		t.Error("another session sees a temporary table")
	}
}

// TestKill stops statements by the names that the client gave them, and those
// that only read when their client goes.
func TestKill(t *testing.T) {
	s := chtest.Start(t)
	c, err := clickhouse.Open(options(s))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const endless = "SELECT count() FROM numbers(1000000000000000)"
	running := func(want int) {
		t.Helper()
		for {
			var n uint64
			if err := c.QueryRow(t.Context(), "SELECT count() FROM system.processes WHERE query LIKE '%numbers(10000%' AND query NOT LIKE '%processes%'").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n == uint64(want) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	failed := make(chan error, 1)
	go func() {
		failed <- c.Exec(clickhouse.Context(t.Context(), clickhouse.WithQueryID("the-one")), endless)
	}()
	running(1)
	if err := c.Exec(t.Context(), "KILL QUERY WHERE query_id = 'another' SYNC"); err != nil {
		t.Fatal(err)
	}
	running(1)
	if err := c.Exec(t.Context(), "KILL QUERY WHERE query_id = 'the-one' SYNC"); err != nil {
		t.Fatal(err)
	}
	if known, ok := errors.AsType[*clickhouse.Exception](<-failed); !ok || known.Code != 394 {
		t.Errorf("got %v, want code 394", known)
	}
	running(0)

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		failed <- c.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"cancel_http_readonly_queries_on_client_close": 1})), endless)
	}()
	running(1)
	cancel()
	<-failed
	running(0)
}
