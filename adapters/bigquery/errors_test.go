package bigquery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

// api is a server that speaks as much of BigQuery's API as a test says.
type api struct {
	t *testing.T
	// insert, get and cancel answer for jobs; nil is a job that has run.
	insert, get, cancel func(w http.ResponseWriter, id string) bool

	mu   sync.Mutex
	jobs []map[string]any // as they were inserted
	asks []string         // what was asked, by method and last part of the path
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := path[len(path)-1]
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && last == "jobs":
		var job map[string]any
		if err := json.Unmarshal(body, &job); err != nil {
			a.t.Error(err)
		}
		a.jobs, a.asks = append(a.jobs, job), append(a.asks, "insert")
		id := job["jobReference"].(map[string]any)["jobId"].(string)
		if a.insert == nil || !a.insert(w, id) {
			done(w, id, nil)
		}
	case last == "cancel":
		a.asks = append(a.asks, "cancel")
		if a.cancel == nil || !a.cancel(w, path[len(path)-2]) {
			fmt.Fprint(w, `{}`)
		}
	case len(path) > 1 && path[len(path)-2] == "jobs":
		a.asks = append(a.asks, "get")
		if a.get == nil || !a.get(w, last) {
			done(w, last, nil)
		}
	default:
		a.t.Errorf("%s %s is not expected", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusNotImplemented)
	}
}

// asked is what was asked so far.
func (a *api) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{}, a.asks...)
}

// state answers with a job.
func state(w http.ResponseWriter, id, state string, failed map[string]any, billed int) {
	status := map[string]any{"state": state}
	if failed != nil {
		status["errorResult"] = failed
	}
	if err := json.NewEncoder(w).Encode(map[string]any{
		"jobReference":  map[string]any{"projectId": "shop-123456", "jobId": id, "location": "EU"},
		"configuration": map[string]any{"query": map[string]any{"query": "x"}},
		"status":        status,
		"statistics": map[string]any{
			"totalBytesProcessed": strconv.Itoa(billed),
			"query":               map[string]any{"totalBytesBilled": strconv.Itoa(billed)},
		},
	}); err != nil {
		panic(err)
	}
}

func done(w http.ResponseWriter, id string, failed map[string]any) {
	state(w, id, "DONE", failed, 10<<20)
}

// refuse answers with an error of HTTP.
func refuse(w http.ResponseWriter, code int, reason, message string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": code, "message": message, "errors": []any{map[string]any{"reason": reason, "message": message}},
	}}); err != nil {
		panic(err)
	}
	return true
}

// at opens a target at a server.
func at(t *testing.T, a *api, config bigquery.Config) *bigquery.Driver {
	t.Helper()
	a.t = t
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	config.Project, config.Location, config.Endpoint, config.Anonymous = "shop-123456", "EU", server.URL+"/bigquery/v2/", true
	d, err := bigquery.Open(t.Context(), config, secret.Resolver{})
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

func known(t *testing.T, err error) *adapters.Error {
	t.Helper()
	e, ok := errors.AsType[*adapters.Error](err)
	if !ok {
		t.Fatalf("got %v, want an error with a kind", err)
	}
	return e
}

// TestErrorKinds: what BigQuery says of a job, and of a request, has its kind.
func TestErrorKinds(t *testing.T) {
	for _, c := range []struct {
		name, reason, message string
		code                  int // 0 for a job that fails
		kind                  adapters.Kind
		says                  string
	}{
		{"permission", "accessDenied", "Access Denied: Table p:d.t: User does not have permission", http.StatusForbidden, adapters.Permission, "BigQuery (accessDenied): Access Denied: Table p:d.t: User does not have permission"},
		{"expired", "authError", "Request had invalid authentication credentials.", http.StatusUnauthorized, adapters.Permission, "BigQuery (authError): Request had invalid authentication credentials"},
		{"table", "notFound", "Not found: Table p:d.t was not found in location EU", http.StatusNotFound, adapters.NotFound, "BigQuery (notFound): Not found: Table p:d.t was not found in location EU"},
		{"syntax", "invalidQuery", `Syntax error: Unexpected string literal "jane" at [1:8]`, http.StatusBadRequest, adapters.Syntax, "BigQuery (invalidQuery): Syntax error: Unexpected string literal '...' at [1:8]"},
		{"column", "invalidQuery", "Unrecognized name: x at [1:8]", 0, adapters.Syntax, "BigQuery (invalidQuery): Unrecognized name: x at [1:8]"},
		{"value", "invalidQuery", "Bad int64 value: jane@example.com", 0, adapters.Data, "BigQuery (invalidQuery): a value cannot be read as INT64"},
		{"literal", "invalidQuery", `Could not cast literal "jane" to type INT64 at [1:13]`, http.StatusBadRequest, adapters.Data, "BigQuery (invalidQuery): a value cannot be read as INT64"},
		{"time", "invalidQuery", "Invalid timestamp: 'jane'", 0, adapters.Data, "BigQuery (invalidQuery): a value cannot be read as TIMESTAMP"},
		{"loaded", "invalid", "Error while reading data, error message: JSON parsing error in row starting at position 0: jane", 0, adapters.Data, "BigQuery (invalid): a value cannot be converted"},
		{"bytes", "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1000. 20971520 or higher required.", 0, adapters.Quota, "BigQuery (bytesBilledLimitExceeded): Query exceeded limit for bytes billed: 1000. 20971520 or higher required"},
		{"quota", "quotaExceeded", "Quota exceeded: too many table update operations", 0, adapters.Quota, "BigQuery (quotaExceeded): Quota exceeded: too many table update operations"},
		{"backend", "backendError", "Error encountered during execution. Retrying may solve the problem.", 0, adapters.Transient, "BigQuery (backendError): Error encountered during execution. Retrying may solve the problem"},
		{"rate", "rateLimitExceeded", "Exceeded rate limits", 0, adapters.Transient, "BigQuery (rateLimitExceeded): Exceeded rate limits"},
		{"conflict", "invalidQuery", "Transaction is aborted due to concurrent update against table p:d.t", 0, adapters.Transient, "BigQuery (invalidQuery): Transaction is aborted due to concurrent update against table p:d.t"},
		{"stopped", "stopped", "Job execution was cancelled: User requested cancellation", 0, adapters.Canceled, "BigQuery (stopped): Job execution was cancelled: User requested cancellation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := at(t, &api{insert: func(w http.ResponseWriter, id string) bool {
				if c.code != 0 {
					return refuse(w, c.code, c.reason, c.message)
				}
				done(w, id, map[string]any{"reason": c.reason, "message": c.message})
				return true
			}}, bigquery.Config{})
			_, err := d.Query(t.Context(), "SELECT 1")
			e := known(t, err)
			if e.Kind != c.kind || e.Message != c.says {
				t.Errorf("got kind %d, %q, want %d, %q", e.Kind, e.Message, c.kind, c.says)
			}
			if c.kind == adapters.Permission && e.Help == "" {
				t.Error("there is no word of what to do")
			}
			for x := err; x != nil; x = errors.Unwrap(x) {
				if strings.Contains(fmt.Sprintf("%+v", x), "jane") {
					t.Errorf("the error tells a value: %+v", x)
				}
			}
		})
	}
}

// TestOnce: an answer that is lost is looked up, and a job runs once.
func TestOnce(t *testing.T) {
	t.Run("it runs", func(t *testing.T) {
		first := true
		a := &api{insert: func(w http.ResponseWriter, _ string) bool {
			if first {
				first = false
				panic(http.ErrAbortHandler) // it was taken, and the connection breaks
			}
			return refuse(w, http.StatusConflict, "duplicate", "Already Exists: Job")
		}}
		d := at(t, a, bigquery.Config{})
		if err := d.Exec(t.Context(), []string{"INSERT INTO t (a) SELECT 1"}); err != nil {
			t.Fatal(err)
		}
		ids := map[any]bool{}
		for _, j := range a.jobs {
			ids[j["jobReference"].(map[string]any)["jobId"]] = true
		}
		if len(ids) != 1 {
			t.Errorf("the job has %d names", len(ids))
		}
	})
	t.Run("it never was", func(t *testing.T) {
		d := at(t, &api{
			insert: func(w http.ResponseWriter, _ string) bool {
				return refuse(w, http.StatusConflict, "duplicate", "Already Exists")
			},
			get: func(w http.ResponseWriter, _ string) bool {
				return refuse(w, http.StatusNotFound, "notFound", "Not found: Job")
			},
		}, bigquery.Config{})
		if e := known(t, d.Exec(t.Context(), []string{"SELECT 1"})); e.Kind != adapters.Transient {
			t.Errorf("got kind %d, %v, want Transient", e.Kind, e)
		}
	})
}

// TestJobs: a script is one job, with its limit and its labels, and its bytes are
// counted; each helper is defined once, and an error is told of its statement.
func TestJobs(t *testing.T) {
	a := &api{insert: func(w http.ResponseWriter, id string) bool {
		done(w, id, map[string]any{"reason": "invalidQuery", "message": "Query error: Unrecognized name: x at [5:8]"})
		return true
	}}
	d := at(t, a, bigquery.Config{MaxBytesBilled: 1 << 30, Billing: "bills-123456"})
	ctx := adapters.WithLabel(t.Context(), adapters.Label{Run: "R1.Ü", Model: "sync:" + strings.Repeat("a", 70)})
	helper := "CREATE TEMP FUNCTION f(x ANY TYPE) AS (x);\n"
	e := known(t, d.Exec(ctx, []string{helper + "CREATE TABLE t AS\nSELECT f(1)", helper + "SELECT 2,\nx"}))
	if e.Statement != 1 {
		t.Errorf("the error is told of statement %d", e.Statement)
	}
	want := map[string]any{
		"labels": map[string]any{"app": "customhouse", "customhouse_run": "r1__", "customhouse_model": "sync_" + strings.Repeat("a", 58)},
		"query": map[string]any{
			"maximumBytesBilled": "1073741824",
			"query":              helper + "CREATE TABLE t AS\nSELECT f(1);\nSELECT 2,\nx",
			"useLegacySql":       false,
		},
	}
	if d := cmp.Diff(want, a.jobs[0]["configuration"]); d != "" {
		t.Errorf("job (-want +got):\n%s", d)
	}
	if got := d.BytesBilled(); got != 10<<20 {
		t.Errorf("got %d bytes billed", got)
	}
}

// TestCheckCostsNothing: a query is checked by a dry run.
func TestCheckCostsNothing(t *testing.T) {
	a := &api{}
	d := at(t, a, bigquery.Config{})
	bytes, err := d.Check(t.Context(), "SELECT 1")
	if err != nil || bytes != 10<<20 {
		t.Errorf("got %d, %v", bytes, err)
	}
	if a.jobs[0]["configuration"].(map[string]any)["dryRun"] != true {
		t.Error("it was no dry run")
	}
	if got := d.BytesBilled(); got != 0 {
		t.Errorf("got %d bytes billed", got)
	}
}

// TestCancel: a job ends with its context.
func TestCancel(t *testing.T) {
	stopped := false
	a := &api{
		insert: func(w http.ResponseWriter, id string) bool { state(w, id, "RUNNING", nil, 0); return true },
		cancel: func(http.ResponseWriter, string) bool { stopped = true; return false },
	}
	a.get = func(w http.ResponseWriter, id string) bool {
		if stopped {
			done(w, id, map[string]any{"reason": "stopped", "message": "Job execution was cancelled"})
		} else {
			state(w, id, "RUNNING", nil, 0)
		}
		return true
	}
	d := at(t, a, bigquery.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	err := d.Exec(ctx, []string{"SELECT 1"})
	if e := known(t, err); e.Kind != adapters.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got kind %d, %v", e.Kind, err)
	}
	if asked := strings.Join(a.asked(), " "); !strings.HasSuffix(asked, "get cancel get") {
		t.Errorf("the job was not cancelled: %s", asked)
	}
}

// TestCredentials: keys that are none are refused before anything is asked.
func TestCredentials(t *testing.T) {
	ref, err := secret.NewRef("${env:KEY}")
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"no JSON": "secret", "another kind": `{"type": "authorized_user", "refresh_token": "secret"}`} {
		_, err := bigquery.Open(t.Context(), bigquery.Config{Project: "shop-123456", Credentials: ref}, secret.Resolver{Env: func(string) (string, bool) { return key, true }})
		if e := known(t, err); e.Kind != adapters.Permission || e.Help == "" || strings.Contains(e.Error(), "secret") {
			t.Errorf("%s: got kind %d, %v", name, e.Kind, e)
		}
	}
}
