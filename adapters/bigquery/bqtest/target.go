package bqtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// live is the variable that names a project to test on instead of the engine.
const live = "CUSTOMHOUSE_TEST_BIGQUERY"

// inherited is the variable that gives a process the dataset of another's target.
const inherited = "CUSTOMHOUSE_TEST_BIGQUERY_SCHEMA"

// spelled says how live is written.
const spelled = "write " + live + " as project/location, such as my-project-123456/EU; behind it may stand ?billing_project=, ?impersonate=, ?endpoint= and ?anonymous=true as in a target"

// Target is where one test works: the engine, or the project that
// CUSTOMHOUSE_TEST_BIGQUERY names.
type Target struct {
	Config bigquery.Config
	// Schema is a dataset of the test's own. Neither it nor the one for work tables,
	// which has _work behind its name, is there yet; both go with the test.
	Schema string
	// Live says that it is a project.
	Live bool
}

// NewTarget gives a test a target. Where there is neither a project nor the engine
// the test is skipped, or fails in CI.
func NewTarget(tb testing.TB) *Target {
	tb.Helper()
	t := &Target{Schema: newName()}
	if text := os.Getenv(live); text != "" { //nolint:forbidigo // a test helper
		config, err := parse(text)
		if err != nil {
			tb.Fatal(err)
		}
		t.Config, t.Live = config, true
	} else {
		s := Start(tb)
		t.Config = bigquery.Config{Project: s.Project, Endpoint: s.Endpoint, Anonymous: true}
	}
	tb.Cleanup(func() { t.drop(tb) })
	return t
}

// parse reads what live says.
func parse(text string) (c bigquery.Config, err error) {
	u, err := url.Parse("bigquery://" + text)
	if err != nil {
		return c, fmt.Errorf("%s is no address; %s", live, spelled)
	}
	c.Project, c.Location = u.Host, strings.Trim(u.Path, "/")
	if c.Project == "" || c.Location == "" || strings.Contains(c.Location, "/") || u.User != nil {
		return c, fmt.Errorf("%s is %s; %s", live, text, spelled)
	}
	for key, values := range u.Query() {
		value := values[len(values)-1]
		switch key {
		case "billing_project":
			c.Billing = value
		case "impersonate":
			c.Impersonate = value
		case "endpoint":
			c.Endpoint = value
		case "anonymous":
			if c.Anonymous, err = strconv.ParseBool(value); err != nil {
				return c, fmt.Errorf("%s says anonymous=%s; %s", live, value, spelled)
			}
		default:
			return c, fmt.Errorf("%s has %s, which is none of its keys; %s", live, key, spelled)
		}
	}
	return c, nil
}

// YAML is the target as a project has it.
func (t *Target) YAML() string {
	var out strings.Builder
	out.WriteString("{type: bigquery, schema: " + t.Schema)
	for _, key := range []struct{ name, value string }{
		{"project", t.Config.Project},
		{"location", t.Config.Location},
		{"billing_project", t.Config.Billing},
		{"impersonate", t.Config.Impersonate},
		{"endpoint", t.Config.Endpoint},
	} {
		if key.value != "" {
			out.WriteString(", " + key.name + ": '" + key.value + "'")
		}
	}
	return out.String() + ", anonymous: " + strconv.FormatBool(t.Config.Anonymous) + ", deliver: true}"
}

// Inheritance gives another process the target, by Inherited.
func (t *Target) Inheritance() []string {
	q := url.Values{"anonymous": {strconv.FormatBool(t.Config.Anonymous)}}
	for key, value := range map[string]string{"billing_project": t.Config.Billing, "impersonate": t.Config.Impersonate, "endpoint": t.Config.Endpoint} {
		if value != "" {
			q.Set(key, value)
		}
	}
	location := t.Config.Location
	if location == "" {
		location = "US"
	}
	return []string{live + "=" + t.Config.Project + "/" + location + "?" + q.Encode(), inherited + "=" + t.Schema}
}

// Inherited connects to the target that another process gave this one.
func Inherited(ctx context.Context) (*adapters.Warehouse, error) {
	config, err := parse(os.Getenv(live)) //nolint:forbidigo // a test helper
	if err != nil {
		return nil, err
	}
	return (&Target{Config: config, Schema: os.Getenv(inherited)}).connect(ctx) //nolint:forbidigo // a test helper
}

// connect opens the target as a warehouse, whose datasets it does not make.
func (t *Target) connect(ctx context.Context) (*adapters.Warehouse, error) {
	driver, err := bigquery.Open(ctx, t.Config, secret.Resolver{})
	if err != nil {
		return nil, fmt.Errorf("connecting to BigQuery: %w", err)
	}
	return adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.BigQuery,
		Schema: t.Schema, Catalog: bigquery.Parts(t.Config.Project), Work: bigquery.Parts(t.Config.Project, t.work()),
	}), nil
}

// Connect opens the target as a warehouse, which is closed with the test. The
// datasets are left as they are.
func (t *Target) Connect(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	w, err := t.connect(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		tb.Logf("the test asked for %d statements", w.Asked()) // each of which may cost
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w
}

// Open is Connect with datasets that are made.
func (t *Target) Open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	w := t.Connect(tb)
	if err := w.Init(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

// Tables are the tables of the dataset.
func (t *Target) Tables(tb testing.TB) []string {
	tb.Helper()
	driver, err := bigquery.Open(tb.Context(), t.Config, secret.Resolver{})
	if err != nil {
		tb.Fatal(err)
	}
	defer driver.Close() //nolint:errcheck // nothing is left to be lost
	names, err := driver.Tables(tb.Context(), bigquery.Parts(t.Config.Project, t.Schema))
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

func (t *Target) work() string { return t.Schema + "_work" }

// drop drops the datasets.
func (t *Target) drop(tb testing.TB) {
	tb.Helper()
	ctx := context.Background() // that of the test has ended
	driver, err := bigquery.Open(ctx, t.Config, secret.Resolver{})
	if err != nil {
		tb.Error(err)
		return
	}
	defer driver.Close() //nolint:errcheck // nothing is left to be lost
	for _, dataset := range slices.Backward([]string{t.Schema, t.work()}) {
		name := sql.BigQuery.QuoteName(t.Config.Project) + "." + sql.BigQuery.QuoteName(dataset)
		if err := driver.Exec(ctx, []string{"DROP SCHEMA IF EXISTS " + name + " CASCADE"}); err != nil {
			tb.Errorf("the dataset %s is left: %v", dataset, err)
		}
	}
}
