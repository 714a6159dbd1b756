package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// live is the variable that names a database to test in instead of one on a server
// that is started here.
const live = "CUSTOMHOUSE_TEST_POSTGRES"

// inherited is the variable that gives a process the schema of another's target.
const inherited = "CUSTOMHOUSE_TEST_POSTGRES_SCHEMA"

// Target is where one test works: a database of its own, or the one that
// CUSTOMHOUSE_TEST_POSTGRES names.
type Target struct {
	// Address is the database's, Env the same as a variable.
	Address string
	Env     []string
	// Schema is a schema of the test's own. Neither it nor the one for work tables,
	// which has _work behind its name, is there yet; both go with the test.
	Schema string
	// Live says that it is a database of somebody's.
	Live bool
}

// variable is what a target refers to.
const variable = "CUSTOMHOUSE_TARGET_POSTGRES"

// NewTarget gives a test a target. A database that is made for it gets options, as
// CREATE DATABASE takes them; one that was there is as it is. Where there is
// neither a server that Main started nor one that may be started the test is
// skipped, or fails in CI.
func NewTarget(tb testing.TB, options ...string) *Target {
	tb.Helper()
	t := &Target{Schema: "test_" + strings.ToLower(rand.Text()[:12])}
	if t.Address = os.Getenv(live); t.Address != "" {
		t.Live = true
		if err := check(t.Address); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { t.drop(tb) })
	} else if running == nil && lacking == nil {
		t.Address = New(tb).Database(tb, options...)
	} else {
		t.Address = Database(tb, options...)
	}
	t.Env = []string{variable + "=" + t.Address}
	return t
}

// check refuses what is no address of a database.
func check(address string) error {
	c, err := pgconn.ParseConfig(address)
	if err != nil || c.Database == "" || !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		// The address may hold a password.
		return fmt.Errorf("%s is not the address of a database; write it as postgres://user:password@host:5432/database", live)
	}
	return nil
}

// YAML is the target as a project has it, whose address is in Env.
func (t *Target) YAML() string {
	return "{type: postgres, schema: " + t.Schema + ", url: '${env:" + variable + "}', deliver: true}"
}

// Inheritance gives another process the target, by Inherited.
func (t *Target) Inheritance() []string {
	return []string{live + "=" + t.Address, inherited + "=" + t.Schema}
}

// Inherited connects to the target that another process gave this one.
func Inherited(ctx context.Context) (*adapters.Warehouse, error) {
	t := &Target{Address: os.Getenv(live), Schema: os.Getenv(inherited)}
	driver, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	return t.warehouse(driver), nil
}

func (t *Target) warehouse(driver adapters.Driver) *adapters.Warehouse {
	return adapters.New(adapters.Options{Driver: driver, Dialect: sql.PostgreSQL, Schema: t.Schema, Work: postgres.WorkParts(t.Schema)})
}

// Connect opens the target as a warehouse, which is closed with the test. The
// schemas are left as they are.
func (t *Target) Connect(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	driver, err := t.connect(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	w := t.warehouse(driver)
	tb.Cleanup(func() {
		tb.Logf("the test asked for %d statements", w.Asked()) // each of which may cost
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w
}

// Open is Connect with schemas that are made.
func (t *Target) Open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	w := t.Connect(tb)
	if err := w.Init(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

func (t *Target) connect(ctx context.Context) (*postgres.Driver, error) {
	url, err := secret.NewTemplate(t.Address)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
	driver, err := postgres.Open(ctx, postgres.Config{URL: url}, "", secret.Resolver{})
	if err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	return driver, nil
}

// drop drops the schemas.
func (t *Target) drop(tb testing.TB) {
	tb.Helper()
	ctx := context.Background() // that of the test has ended
	driver, err := t.connect(ctx)
	if err != nil {
		tb.Error(err)
		return
	}
	defer driver.Close()
	for _, parts := range [][]string{{t.Schema}, postgres.WorkParts(t.Schema)} {
		if err := driver.Exec(ctx, []string{"DROP SCHEMA IF EXISTS " + sql.PostgreSQL.QuoteName(parts[0]) + " CASCADE"}); err != nil {
			tb.Errorf("the schema %s is left: %v", parts[0], err)
		}
	}
}
