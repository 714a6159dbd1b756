package bigquery_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// behind opens the server behind a proxy, and behind a count of requests.
func behind(t *testing.T, s *bqtest.Server, wrap func(http.Handler) http.Handler) (*bigquery.Driver, *toxiproxy.Proxy) {
	t.Helper()
	engine, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		again := r.Clone(context.WithoutCancel(r.Context())) // what was asked is done, though nobody waits
		again.URL.Scheme, again.URL.Host, again.RequestURI = engine.Scheme, engine.Host, ""
		answer, err := http.DefaultTransport.RoundTrip(again)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	})))
	t.Cleanup(front.Close)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "bigquery", "127.0.0.1:0", strings.TrimPrefix(front.URL, "http://"))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	d, err := bigquery.Open(t.Context(), bigquery.Config{Project: s.Project, Endpoint: "http://" + proxy.Listen + engine.Path, Anonymous: true}, secret.Resolver{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, proxy
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

// rowsOf reads a result to its end.
func rowsOf(ctx context.Context, d *bigquery.Driver, query string) (rows [][]any, err error) {
	r, err := d.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		row := make([]any, len(r.Columns()))
		switch err := r.Next(row); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, err
		}
		rows = append(rows, row)
	}
}

// TestCutConnection: a job whose start is cut off is found by its name and runs
// once; a page that is cut off is asked for again; silence ends with the context.
func TestCutConnection(t *testing.T) {
	s := bqtest.Start(t)
	started, release := make(chan bool), make(chan bool)
	held, cutting := atomic.Bool{}, atomic.Bool{}
	cuts := 0
	d, proxy := behind(t, s, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/jobs")
			if start && held.CompareAndSwap(true, false) {
				answer := httptest.NewRecorder()
				next.ServeHTTP(answer, r) // it has its effect
				started <- true
				<-release // and nobody hears of it
				panic(http.ErrAbortHandler)
			}
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/queries/") && cutting.Load() {
				if cuts++; cuts%2 == 0 {
					next.ServeHTTP(w, r)
					return
				}
				answer := httptest.NewRecorder()
				next.ServeHTTP(answer, r)
				_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	})
	table := "`" + s.Dataset(t) + "`.t"
	if err := d.Exec(t.Context(), []string{"CREATE TABLE " + table + " (n INT64)"}); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string][]string{
		"a statement": {"INSERT INTO " + table + " (n) SELECT 1"},
		"a script":    {"BEGIN TRANSACTION", "INSERT INTO " + table + " (n) SELECT 1", "COMMIT TRANSACTION"},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := rowsOf(t.Context(), d, "SELECT n FROM "+table)
			if err != nil {
				t.Fatal(err)
			}
			held.Store(true)
			done := make(chan error, 1)
			go func() { done <- d.Exec(t.Context(), script) }()
			<-started
			poison(t, proxy, "reset_peer", `{"timeout": 0}`)
			release <- true
			cure(t, proxy)
			if err := <-done; err != nil {
				t.Error(err)
			}
			after, err := rowsOf(t.Context(), d, "SELECT n FROM "+table)
			if err != nil || len(after) != len(before)+1 {
				t.Errorf("%d rows became %d, %v", len(before), len(after), err)
			}
		})
	}

	t.Run("a result", func(t *testing.T) {
		const n = 20_000
		cutting.Store(true) // each page, the first time
		rows, err := rowsOf(t.Context(), d, fmt.Sprintf("SELECT n, REPEAT('x', 200) FROM UNNEST(GENERATE_ARRAY(1, %d)) AS n", n))
		cutting.Store(false)
		if err != nil || len(rows) != n || cuts < 4 {
			t.Fatalf("got %d rows of %d, %v, after %d pages and cuts", len(rows), n, err, cuts)
		}
		seen := map[any]bool{}
		for _, row := range rows {
			seen[row[0]] = true
		}
		if len(seen) != n {
			t.Errorf("%d rows are %d", n, len(seen))
		}
	})

	t.Run("silence", func(t *testing.T) {
		poison(t, proxy, "timeout", `{"timeout": 0}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, func() { cancel(); cure(t, proxy) })
		_, err := rowsOf(ctx, d, "SELECT 1")
		if e := known(t, err); e.Kind != adapters.Canceled {
			t.Errorf("got kind %d, %v, want Canceled", e.Kind, err)
		}
	})
	if _, err := rowsOf(t.Context(), d, "SELECT 1"); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}

// TestTokens: a token that has expired is followed by another, and credentials
// that give none any more say what to do.
func TestTokens(t *testing.T) {
	var given atomic.Int64
	revoked := atomic.Bool{}
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if revoked.Load() {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}`)
			return
		}
		fmt.Fprintf(w, `{"access_token": "t%d", "token_type": "Bearer", "expires_in": 1}`, given.Add(1))
	}))
	defer tokens.Close()
	var refused atomic.Int64
	a := &api{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", given.Load()) {
			refused.Add(1)
			refuse(w, http.StatusUnauthorized, "authError", "Request had invalid authentication credentials.")
			return
		}
		a.ServeHTTP(w, r)
	}))
	defer server.Close()

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "shop-123456", "private_key_id": "1", "client_id": "1", "client_email": "cdp@shop-123456.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokens.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := secret.NewRef("${env:KEY}")
	if err != nil {
		t.Fatal(err)
	}
	d, err := bigquery.Open(t.Context(), bigquery.Config{Project: "shop-123456", Location: "EU", Endpoint: server.URL + "/bigquery/v2/", Credentials: ref},
		secret.Resolver{Env: func(string) (string, bool) { return string(text), true }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 2 {
		if err := d.Exec(t.Context(), []string{"SELECT 1"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // until it has expired
	}
	if given.Load() < 2 || refused.Load() != 0 {
		t.Errorf("%d tokens were given, %d requests refused", given.Load(), refused.Load())
	}
	revoked.Store(true)
	for range 2 { // one more may come with the last token
		err = d.Exec(t.Context(), []string{"SELECT 1"})
		time.Sleep(1100 * time.Millisecond)
	}
	if e := known(t, err); e.Kind != adapters.Permission || e.Help == "" || !strings.Contains(e.Message, "invalid_grant") {
		t.Errorf("got kind %d, %v (%s)", e.Kind, err, e.Help)
	}
}
