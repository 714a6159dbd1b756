package sftest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/config/secret"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// live is the variable that names an account to test on instead of the local
// server. What it signs in with has a variable of its own, whose name begins so.
const live = "CUSTOMHOUSE_TEST_SNOWFLAKE"

// inherited is the variable that gives a process the schema of another's target.
const inherited = "CUSTOMHOUSE_TEST_SNOWFLAKE_SCHEMA"

// spelled says how live is written.
const spelled = "write " + live + " as user@account/database?warehouse=name, without a secret; behind the ? may also stand role=, host=, port= and protocol= as in a target; " +
	"and give " + live + "_PRIVATE_KEY (the text of the key), " + live + "_TOKEN or " + live + "_PASSWORD"

// Target is where one test works: a server of its own, or the account that
// CUSTOMHOUSE_TEST_SNOWFLAKE names. This file alone knows the adapter.
type Target struct {
	Config snowflake.Config
	// Secrets resolves what Config refers to, Env is the same as variables.
	Secrets secret.Resolver
	Env     []string
	// Schema is a schema of the test's own. Neither it nor the one for work tables,
	// which has _work behind its name, is there yet; both go with the test.
	Schema string
	// Live says that it is an account.
	Live bool

	// way is the key of the target that signs in, and variable what it refers to.
	way, variable string
}

// NewTarget gives a test a target.
func NewTarget(tb testing.TB) *Target {
	tb.Helper()
	if text := os.Getenv(live); text != "" { //nolint:forbidigo // a test helper
		t, err := parse(text, os.Getenv) //nolint:forbidigo // a test helper
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { t.drop(tb) })
		return t
	}
	t, err := Start(tb).target()
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// target is one at a local server, which goes with its server.
func (s *Server) target() (*Target, error) {
	c := snowflake.Config{Account: s.Account, User: s.User, Database: s.Database, Host: s.Host, Port: s.Port, Protocol: "http"}
	return newTarget(c, map[string]string{"PASSWORD": s.Password})
}

// newTarget signs in with the one secret that is there.
func newTarget(c snowflake.Config, secrets map[string]string) (*Target, error) {
	t := &Target{Config: c, Schema: "test_" + strings.ToLower(rand.Text()[:12])}
	for _, w := range []struct {
		suffix, key string
		ref         *secret.Ref
	}{{"PRIVATE_KEY", "private_key", &t.Config.PrivateKey}, {"TOKEN", "token", &t.Config.Token}, {"PASSWORD", "password", &t.Config.Password}} {
		value := secrets[w.suffix]
		if value == "" {
			continue
		}
		if t.way != "" {
			return nil, fmt.Errorf("there are two secrets to sign in with; %s", spelled)
		}
		t.way, t.variable = w.key, live+"_"+w.suffix
		t.Env = []string{t.variable + "=" + value}
		t.Secrets = secret.Resolver{Env: func(name string) (string, bool) { return value, name == t.variable }}
		var err error
		if *w.ref, err = secret.NewRef("${env:" + t.variable + "}"); err != nil {
			return nil, fmt.Errorf("referring to %s: %w", t.variable, err)
		}
	}
	if t.way == "" {
		return nil, fmt.Errorf("there is no secret to sign in with; %s", spelled)
	}
	return t, nil
}

// parse reads what live and its secrets say.
func parse(text string, variable func(string) string) (*Target, error) {
	u, err := url.Parse("snowflake://" + text)
	if err != nil {
		return nil, fmt.Errorf("%s is no address; %s", live, spelled) // the error would show it, and what should not be in it
	}
	if _, given := u.User.Password(); given {
		return nil, fmt.Errorf("%s has a password in it; %s", live, spelled)
	}
	c := snowflake.Config{Account: u.Host, User: u.User.Username(), Database: strings.Trim(u.Path, "/")}
	if c.Account == "" || c.User == "" || c.Database == "" || strings.Contains(c.Database, "/") {
		return nil, fmt.Errorf("%s is %s; %s", live, text, spelled)
	}
	for key, values := range u.Query() {
		value := values[len(values)-1]
		switch key {
		case "warehouse":
			c.Warehouse = value
		case "role":
			c.Role = value
		case "host":
			c.Host = value
		case "protocol":
			c.Protocol = value
		case "port":
			if c.Port, err = strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("%s says port=%s; %s", live, value, spelled)
			}
		default:
			return nil, fmt.Errorf("%s has %s, which is none of its keys; %s", live, key, spelled)
		}
	}
	secrets := map[string]string{}
	for _, suffix := range []string{"PRIVATE_KEY", "TOKEN", "PASSWORD"} {
		secrets[suffix] = variable(live + "_" + suffix)
	}
	t, err := newTarget(c, secrets)
	if err == nil {
		t.Live = true
	}
	return t, err
}

// YAML is the target as a project has it, whose secret is in Env.
func (t *Target) YAML() string {
	var out strings.Builder
	out.WriteString("{type: snowflake, schema: " + t.Schema + ", " + t.way + ": '${env:" + t.variable + "}'")
	for _, key := range []struct{ name, value string }{
		{"account", t.Config.Account},
		{"user", t.Config.User},
		{"database", t.Config.Database},
		{"warehouse", t.Config.Warehouse},
		{"role", t.Config.Role},
		{"host", t.Config.Host},
		{"protocol", t.Config.Protocol},
	} {
		if key.value != "" {
			out.WriteString(", " + key.name + ": '" + key.value + "'")
		}
	}
	if t.Config.Port != 0 {
		out.WriteString(", port: " + strconv.Itoa(t.Config.Port))
	}
	return out.String() + ", deliver: true}"
}

// Inheritance gives another process the target, by Inherited.
func (t *Target) Inheritance() []string {
	c := t.Config
	q := url.Values{}
	for key, value := range map[string]string{"warehouse": c.Warehouse, "role": c.Role, "host": c.Host, "protocol": c.Protocol} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if c.Port != 0 {
		q.Set("port", strconv.Itoa(c.Port))
	}
	at := url.URL{User: url.User(c.User), Host: c.Account, Path: "/" + c.Database, RawQuery: q.Encode()}
	return append([]string{live + "=" + strings.TrimPrefix(at.String(), "//"), inherited + "=" + t.Schema}, t.Env...)
}

// Inherited connects to the target that another process gave this one.
func Inherited(ctx context.Context) (*adapters.Warehouse, error) {
	t, err := parse(os.Getenv(live), os.Getenv) //nolint:forbidigo // a test helper
	if err != nil {
		return nil, err
	}
	t.Schema = os.Getenv(inherited) //nolint:forbidigo // a test helper
	return t.connect(ctx)
}

// connect opens the target as a warehouse, whose schemas it does not make.
func (t *Target) connect(ctx context.Context) (*adapters.Warehouse, error) {
	driver, err := snowflake.Open(ctx, t.Config, t.Secrets)
	if err != nil {
		return nil, fmt.Errorf("connecting to Snowflake: %w", err)
	}
	return adapters.New(adapters.Options{Driver: driver, Dialect: dialect.Snowflake, Schema: t.Schema, Work: []string{t.Schema + "_work"}}), nil
}

// Connect opens the target as a warehouse, which is closed with the test. The
// schemas are left as they are.
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

// Tables are the tables of the schema.
func (t *Target) Tables(tb testing.TB) []string {
	tb.Helper()
	driver, err := snowflake.Open(tb.Context(), t.Config, t.Secrets)
	if err != nil {
		tb.Fatal(err)
	}
	defer driver.Close() //nolint:errcheck // nothing is left to be lost
	names, err := driver.Tables(tb.Context(), []string{t.Schema})
	if err != nil {
		tb.Fatal(err)
	}
	return names
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

// drop drops the schemas.
func (t *Target) drop(tb testing.TB) {
	tb.Helper()
	ctx := context.Background() // that of the test has ended
	driver, err := snowflake.Open(ctx, t.Config, t.Secrets)
	if err != nil {
		tb.Error(err)
		return
	}
	defer driver.Close() //nolint:errcheck // nothing is left to be lost
	for _, schema := range []string{t.Schema + "_work", t.Schema} {
		if err := driver.Exec(ctx, []string{"DROP SCHEMA IF EXISTS " + dialect.Snowflake.QuoteName(schema) + " CASCADE"}); err != nil {
			tb.Errorf("the schema %s is left: %v", schema, err)
		}
	}
}
