package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// behind opens the server behind a proxy.
func behind(t *testing.T, s *chtest.Server) (*clickhouse.Driver, *toxiproxy.Proxy) {
	t.Helper()
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "clickhouse", "127.0.0.1:0", s.Address)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	config := target(t, s)
	config.Address = proxy.Listen
	driver, err := clickhouse.Open(t.Context(), config, "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return driver, proxy
}

// poison has a proxy do something to connections, and cure stops that.
func poison(t *testing.T, proxy *toxiproxy.Proxy, kind, way, attributes string) {
	t.Helper()
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": "fault", "type": %q, "stream": %q, "toxicity": 1, "attributes": %s}`, kind, way, attributes,
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

// kindOf is the kind of an error of a driver.
func kindOf(tb testing.TB, err error) adapters.Kind {
	tb.Helper()
	known, ok := errors.AsType[*adapters.Error](err)
	if !ok {
		tb.Fatalf("got %v, want an error of ours", err)
	}
	return known.Kind
}

// answers asks until there is an answer: each connection that was kept open, and
// that the fault has broken, may fail once.
func answers(t *testing.T, d *clickhouse.Driver) {
	t.Helper()
	var err error
	for range 5 {
		if err = d.Exec(t.Context(), []string{"SELECT 1"}); err == nil {
			return
		}
	}
	t.Errorf("after the fault: %v", err)
}

// running waits until a statement is at the server.
func running(t *testing.T, s *chtest.Server, part string) {
	t.Helper()
	for {
		out, err := s.Query("SELECT count() FROM system.processes WHERE query LIKE '%" + part + "%' AND query NOT LIKE '%system.processes%'")
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(out) != "0" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestCutConnection: a connection that is cut in the middle of a statement tells
// nothing of what became of it: it is done, and must not be done again. What
// only reads may be repeated. The next statement has another connection.
func TestCutConnection(t *testing.T) {
	s := chtest.Start(t)
	d, proxy := behind(t, s)
	database := s.Database(t)
	if err := d.Exec(t.Context(), []string{"CREATE TABLE " + database + ".t (n Int64) ENGINE = MergeTree ORDER BY tuple()"}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- d.Exec(t.Context(), []string{"INSERT INTO " + database + ".t SELECT sleepEachRow(1) FROM numbers(2) SETTINGS max_block_size = 1"})
	}()
	running(t, s, "sleepEachRow(1)")
	poison(t, proxy, "reset_peer", "downstream", `{"timeout": 0}`)
	if kind := kindOf(t, <-done); kind != adapters.Lost {
		t.Errorf("an INSERT whose answer is lost: got kind %d, want Lost", kind)
	}
	cure(t, proxy)
	answers(t, d)
	for {
		out, err := s.Query("SELECT count() FROM " + database + ".t")
		if err != nil {
			t.Fatal(err)
		}
		if out == "2\n" {
			break // it had its effect, although nobody heard of it
		}
		time.Sleep(10 * time.Millisecond)
	}

	// In the middle of a result.
	poison(t, proxy, "limit_data", "downstream", `{"bytes": 100000}`)
	rows, err := d.Query(t.Context(), "SELECT toString(sipHash64(number)) FROM numbers(1000000)")
	for n := 0; err == nil; n++ {
		if err = rows.Next(make([]any, 1)); errors.Is(err, io.EOF) {
			t.Fatalf("a read that was cut ends after %d rows as if it were whole", n)
		}
	}
	if kind := kindOf(t, err); kind != adapters.Transient {
		t.Errorf("a cut read: got kind %d, %v, want Transient", kind, err)
	}
	cure(t, proxy)
	answers(t, d)

	// Nothing comes through, and nobody is told: the context ends it.
	poison(t, proxy, "timeout", "downstream", `{"timeout": 0}`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- d.Exec(ctx, []string{"SELECT 7654321"}) }()
	cancel()
	if kind := kindOf(t, <-done); kind != adapters.Canceled {
		t.Errorf("a silent connection: got kind %d, want Canceled", kind)
	}
	cure(t, proxy)
	answers(t, d)

	// Nobody is there.
	proxy.Stop()
	var kind adapters.Kind
	for range 5 { // as answers does
		if kind = kindOf(t, d.Exec(t.Context(), []string{"SELECT 1"})); kind == adapters.Transient {
			break
		}
	}
	if kind != adapters.Transient {
		t.Errorf("nobody there: got kind %d, want Transient", kind)
	}
}

// TestStoppedAtServer: a statement that somebody else stops says so.
func TestStoppedAtServer(t *testing.T) {
	s := chtest.Start(t)
	d, err := clickhouse.Open(t.Context(), target(t, s), "", resolver(s))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const endless = "numbers(2345678901234567)"
	done := make(chan error, 1)
	go func() { done <- d.Exec(t.Context(), []string{"SELECT max(number) FROM " + endless}) }()
	running(t, s, endless)
	if _, err := s.Query("KILL QUERY WHERE query LIKE '%" + endless + "%' AND query NOT LIKE '%KILL%' SYNC"); err != nil {
		t.Fatal(err)
	}
	err = <-done
	known, ok := errors.AsType[*adapters.Error](err)
	if !ok || known.Kind != adapters.Canceled || known.Help == "" {
		t.Errorf("got %v, want kind Canceled and what to do", err)
	}
	if errors.Is(err, context.Canceled) {
		t.Errorf("%v looks as if our own context had ended", err)
	}
}

// refusing is a server that answers the greeting, and the first statements with
// an exception.
func refusing(t *testing.T, s *chtest.Server, times int, code, text string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if times > 0 && strings.Contains(string(body)+r.URL.Query().Get("query"), "refuse me") {
			times--
			w.Header().Set("X-ClickHouse-Exception-Code", code)
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "Code: "+code+". DB::Exception: "+text)
			return
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+s.Address+r.URL.RequestURI(), strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header.Clone()
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	t.Cleanup(proxy.Close)
	return strings.TrimPrefix(proxy.URL, "http://")
}

// TestRefused: what the server refuses for the moment is tried again, and what
// it refuses for good is not, and says what to do.
func TestRefused(t *testing.T) {
	s := chtest.Start(t)
	for _, c := range []struct {
		code, text string
		times      int
		want       adapters.Kind // of what fails in the end
		help       string
	}{
		{"202", "Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)", 2, adapters.Unknown, ""},
		{"202", "Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)", 9, adapters.Transient, "max_concurrent_queries"},
		{"516", "default: Authentication failed: token has expired. (AUTHENTICATION_FAILED)", 1, adapters.Permission, "made anew"},
		{"201", "Quota for user `default` for 3600s has been exceeded: queries = 101/100. (QUOTA_EXCEEDED)", 1, adapters.Quota, ""},
		{"241", "Query memory limit exceeded: would use 9.32 GiB. (MEMORY_LIMIT_EXCEEDED)", 1, adapters.Quota, "max_memory_usage"},
		{"159", "Timeout exceeded: elapsed 1000.1 ms, maximum: 1000 ms. (TIMEOUT_EXCEEDED)", 1, adapters.Quota, "max_execution_time"},
		{"319", "Unknown status of insert. (UNKNOWN_STATUS_OF_INSERT)", 1, adapters.Lost, ""},
	} {
		config := target(t, s)
		config.Address = refusing(t, s, c.times, c.code, c.text)
		driver, err := clickhouse.Open(t.Context(), config, "", resolver(s))
		if err != nil {
			t.Fatal(err)
		}
		w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: s.Database(t), Work: []string{s.Database(t)}})
		err = w.Exec(t.Context(), sql.CreateTableAs{
			Table: sql.Table{Space: sql.Work, Name: "t"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.String("refuse me"), "n")}},
		})
		switch known, ok := errors.AsType[*adapters.Error](err); {
		case c.want == adapters.Unknown:
			if err != nil {
				t.Errorf("%s, %d times: %v", c.code, c.times, err)
			}
		case !ok || known.Kind != c.want || !strings.Contains(known.Help, c.help):
			t.Errorf("%s, %d times: got %v (%+v), want kind %d and %q", c.code, c.times, err, known, c.want, c.help)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
