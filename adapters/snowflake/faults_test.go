package snowflake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// driverOf opens a target, and closes it with the test.
func driverOf(t *testing.T, s *sftest.Server, config snowflake.Config) *snowflake.Driver {
	t.Helper()
	d, err := snowflake.Open(t.Context(), config, resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// behind opens the server behind a proxy.
func behind(t *testing.T, s *sftest.Server) (*snowflake.Driver, *toxiproxy.Proxy) {
	t.Helper()
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "snowflake", "127.0.0.1:0",
		net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	config := target(t, s)
	_, port, err := net.SplitHostPort(proxy.Listen)
	if err == nil {
		config.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		t.Fatal(err)
	}
	return driverOf(t, s, config), proxy
}

// poison has a proxy do something to connections, and cure stops that.
func poison(t *testing.T, proxy *toxiproxy.Proxy, kind, attributes string) {
	t.Helper()
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": "fault", "type": %q, "stream": "downstream", "toxicity": 1, "attributes": %s}`, kind, attributes,
	))); err != nil {
		t.Fatal(err)
	}
}

func cure(t *testing.T, proxy *toxiproxy.Proxy) {
	t.Helper()
	if err := proxy.Toxics.RemoveToxic(t.Context(), "fault"); err != nil {
		t.Fatal(err)
	}
}

// known is an error of ours.
func known(tb testing.TB, err error) *adapters.Error {
	tb.Helper()
	e, ok := errors.AsType[*adapters.Error](err)
	if !ok {
		tb.Fatalf("got %v, want an error of ours", err)
	}
	return e
}

// running waits until so many statements are at the server.
func running(s *sftest.Server, n int) {
	for s.Running() != n {
		time.Sleep(5 * time.Millisecond)
	}
}

// count is how many rows a table has.
func count(t *testing.T, d *snowflake.Driver, table string) int64 {
	t.Helper()
	rows, err := d.Query(t.Context(), "SELECT COUNT(*) FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	dest := make([]any, 1)
	if err := errors.Join(rows.Next(dest), rows.Close()); err != nil {
		t.Fatal(err)
	}
	n, _ := dest[0].(int64)
	return n
}

// TestCutConnection: a request whose connection is cut is asked again under its
// own name, so that its statement runs once, and the answer comes in the end.
func TestCutConnection(t *testing.T) {
	s := sftest.Start(t)
	d, proxy := behind(t, s)
	if err := d.Exec(t.Context(), []string{"CREATE TABLE test.public.t (n INT)"}); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string][]string{
		"a statement": {"INSERT INTO test.public.t (n) SELECT 1 /* slow */"},
		"a script":    {"BEGIN TRANSACTION", "INSERT INTO test.public.t (n) SELECT 2 /* slow */", "COMMIT"},
	} {
		t.Run(name, func(t *testing.T) {
			before := count(t, d, "test.public.t")
			s.Inject(sftest.Fault{Contains: "/* slow */", Times: 1, Delay: 300 * time.Millisecond})
			done := make(chan error, 1)
			go func() { done <- d.Exec(t.Context(), script) }()
			running(s, 1)
			poison(t, proxy, "reset_peer", `{"timeout": 0}`)
			running(s, 0) // it has its effect, and nobody hears of it
			cure(t, proxy)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if n := count(t, d, "test.public.t"); n != before+1 {
				t.Errorf("there are %d rows more, want 1", n-before)
			}
		})
	}

	t.Run("a result", func(t *testing.T) {
		poison(t, proxy, "limit_data", `{"bytes": 100000}`)
		defer cure(t, proxy)
		rows, err := d.Query(t.Context(), "SELECT REPEAT(TO_VARCHAR(SEQ4()), 20) FROM TABLE(GENERATOR(ROWCOUNT => 100000))")
		for n := 0; err == nil; n++ {
			if err = rows.Next(make([]any, 1)); errors.Is(err, io.EOF) {
				t.Fatalf("a read that was cut ends after %d rows as if it were whole", n)
			}
		}
		if e := known(t, err); e.Kind != adapters.Lost && e.Kind != adapters.Transient {
			t.Errorf("a cut read: got kind %d, %v", e.Kind, err)
		}
	})

	t.Run("silence", func(t *testing.T) {
		poison(t, proxy, "timeout", `{"timeout": 0}`)
		defer cure(t, proxy)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if e := known(t, d.Exec(ctx, []string{"SELECT 1"})); e.Kind != adapters.Canceled {
			t.Errorf("a silent connection: got kind %d, %v, want Canceled", e.Kind, e)
		}
	})

	t.Run("afterwards", func(t *testing.T) {
		if err := d.Exec(t.Context(), []string{"SELECT 1"}); err != nil {
			t.Error(err)
		}
	})
}

// TestTokens: a session whose token has expired renews it, and one that cannot is
// followed by another, unless whoever signs in is not let in any more.
func TestTokens(t *testing.T) {
	s := sftest.Start(t)
	d := driverOf(t, s, target(t, s))
	w := adapters.New(adapters.Options{Driver: d, Dialect: sql.Snowflake, Schema: "customhouse", Work: []string{"customhouse_work"}})
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	make1 := sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "t"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "n")}}}
	s.ExpireTokens()
	if err := w.Exec(t.Context(), make1); err != nil || s.Renewals() != 1 {
		t.Errorf("a token that expires: %v, %d renewals", err, s.Renewals())
	}
	s.ExpireLogins()
	if err := w.Exec(t.Context(), make1); err != nil {
		t.Errorf("a session that has ended: %v", err)
	}

	s.Grant("first")
	ref, err := secret.NewRef("${env:TOKEN}")
	if err != nil {
		t.Fatal(err)
	}
	config := target(t, s)
	config.Password, config.User, config.Token = secret.Ref{}, "", ref
	first, err := snowflake.Open(t.Context(), config, secret.Resolver{Env: func(string) (string, bool) { return "first", true }})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	s.Grant("second") // the other is valid no more
	s.ExpireLogins()
	var failed *adapters.Error
	for range 3 { // the first finds that the session has ended, the next signs in
		if err := first.Exec(t.Context(), []string{"SELECT 1"}); err != nil {
			failed = known(t, err)
		}
	}
	if failed == nil || failed.Kind != adapters.Permission || !strings.Contains(failed.Help, "OAuth") || strings.Contains(failed.Error(), "first") {
		t.Errorf("an OAuth token that has expired: got %+v", failed)
	}
}

// TestRefused: what Snowflake refuses for the moment is tried again; what it
// refuses for good, or stops, has its kind and says what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sftest.Fault
		times int
		want  adapters.Kind // Unknown for what succeeds
		help  string
	}{
		"a lock, twice":       {fault: sftest.Fault{Code: 625, State: "57014", Message: "Statement has been aborted: lock timeout"}, times: 2},
		"a lock, for ever":    {fault: sftest.Fault{Code: 625, State: "57014", Message: "Statement has been aborted: lock timeout"}, want: adapters.Transient},
		"the service is away": {fault: sftest.Busy, times: 1},
		"a resource monitor":  {fault: sftest.Quota, want: adapters.Quota, help: "resource monitor"},
		"a missing privilege": {fault: sftest.Denied, want: adapters.Permission, help: "doctor --grants"},
		"somebody stopped it": {fault: sftest.Killed, want: adapters.Canceled, help: "QUERY_HISTORY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sftest.Start(t)
			d := driverOf(t, s, target(t, s))
			w := adapters.New(adapters.Options{Driver: d, Dialect: sql.Snowflake, Schema: "customhouse", Work: []string{"customhouse_work"}})
			if err := w.Init(t.Context()); err != nil {
				t.Fatal(err)
			}
			fault := c.fault
			fault.Contains, fault.Times = "refuse me", c.times
			s.Inject(fault)
			err := w.Exec(t.Context(), sql.CreateTableAs{
				Table: sql.Table{Space: sql.Work, Name: "t"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.String("refuse me"), "n")}},
			})
			if c.want == adapters.Unknown {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := known(t, err)
			if e.Kind != c.want || !strings.Contains(e.Help, c.help) {
				t.Errorf("got %+v, want kind %d and %q", e, c.want, c.help)
			}
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v looks as if our own context had ended", err)
			}
		})
	}
}

// TestStatementTimeout: what takes longer than the target says is stopped by
// Snowflake, and says what to raise.
func TestStatementTimeout(t *testing.T) {
	s := sftest.Start(t)
	config := target(t, s)
	config.StatementTimeout = time.Second
	d := driverOf(t, s, config)
	for name, script := range map[string][]string{"a statement": {"SELECT SYSTEM$WAIT(60)"}, "a script": {"SELECT 1", "SELECT SYSTEM$WAIT(60)"}} {
		e := known(t, d.Exec(t.Context(), script))
		if e.Kind != adapters.Quota || !strings.Contains(e.Help, "statement_timeout") {
			t.Errorf("%s: got %+v, want kind Quota and what to raise", name, e)
		}
	}
}
