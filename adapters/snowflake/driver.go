package snowflake

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	client "github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/quiet"
	"github.com/customhouse-cdp/customhouse/config/secret"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// parameters are those of each session: sql.Snowflake counts on them.
var parameters = map[string]string{
	"TIMEZONE": "UTC", "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ", "TIMESTAMP_INPUT_FORMAT": "AUTO", "DATE_INPUT_FORMAT": "AUTO",
	"DATE_OUTPUT_FORMAT": "YYYY-MM-DD", "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9",
	"TIMESTAMP_LTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM", "TIMESTAMP_TZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM",
	"BINARY_INPUT_FORMAT": "HEX", "BINARY_OUTPUT_FORMAT": "HEX",
	"WEEK_START": "0", "WEEK_OF_YEAR_POLICY": "0",
	// A name in quotes is what it says.
	"QUOTED_IDENTIFIERS_IGNORE_CASE": "false",
	// All rows, and lists that are JSON.
	"ROWS_PER_RESULTSET": "0", "STRICT_JSON_OUTPUT": "true",
	"ERROR_ON_NONDETERMINISTIC_MERGE": "true", "ERROR_ON_NONDETERMINISTIC_UPDATE": "true", "TRANSACTION_ABORT_ON_ERROR": "true",
	"AUTOCOMMIT": "true",
	// A process that is gone leaves nothing running.
	"ABORT_DETACHED_QUERY":     "true",
	"CLIENT_TELEMETRY_ENABLED": "false",
	// A result is read in pieces of 48 MB at most, two ahead.
	"CLIENT_RESULT_CHUNK_SIZE": "48", "CLIENT_PREFETCH_THREADS": "2",
}

// application is how the account's history names who was connected.
const application = "customhouse"

const (
	// loginTimeout is how long signing in may take.
	loginTimeout = 60 * time.Second
	// sessions is how many statements may be under way at once.
	sessions = 16
	// sessionLife is how long a session is used: it ends by itself after four
	// hours in which nobody signs in anew.
	sessionLife = 3 * time.Hour
)

// Driver runs statements in one Snowflake account.
type Driver struct {
	db     *sql.DB
	closed atomic.Bool
	// process tells its statements from those of others.
	process string
	// timed says that the statements have a timeout of ours.
	timed bool
}

var (
	_ adapters.Driver  = (*Driver)(nil)
	_ adapters.Catalog = (*Driver)(nil)
	_ adapters.Stopper = (*Driver)(nil)
)

// Open connects to the account that config names.
func Open(ctx context.Context, config Config, from secret.Resolver) (*Driver, error) {
	if quiet.Err != nil {
		return nil, fmt.Errorf("setting up the client of Snowflake: %w", quiet.Err)
	}
	// What the client would log are the statements that fail, and with which values.
	if err := client.GetLogger().SetLogLevel("off"); err != nil {
		return nil, fmt.Errorf("setting up the client of Snowflake: %w", err)
	}
	settings, err := config.settings(ctx, from)
	if err != nil {
		return nil, err
	}
	d := &Driver{
		db: sql.OpenDB(client.NewConnector(client.SnowflakeDriver{}, *settings)), process: rand.Text()[:10], timed: config.StatementTimeout > 0,
	}
	d.db.SetMaxOpenConns(sessions)
	d.db.SetMaxIdleConns(sessions)
	d.db.SetConnMaxLifetime(sessionLife)
	c, err := d.session(ctx)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.release(c, nil)
	return d, nil
}

// settings are what the client is told; they hold secrets.
func (c *Config) settings(ctx context.Context, from secret.Resolver) (*client.Config, error) {
	out := &client.Config{
		Account: c.Account, User: c.User, Database: identifier(c.Database), Warehouse: identifier(c.Warehouse), Role: identifier(c.Role),
		Host: c.Host, Port: c.Port, Protocol: c.Protocol, Application: application, Params: map[string]*string{},
		LoginTimeout:          loginTimeout, //nolint:staticcheck // nothing has replaced it yet
		ClientRequestMfaToken: client.ConfigBoolFalse, ClientStoreTemporaryCredential: client.ConfigBoolFalse,
	}
	all := maps.Clone(parameters)
	if c.StatementTimeout > 0 {
		all["STATEMENT_TIMEOUT_IN_SECONDS"] = strconv.FormatInt(int64(c.StatementTimeout/time.Second), 10)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := all[name]
		out.Params[name] = &value
	}
	reveal := func(ref secret.Ref, what string) (string, error) {
		if ref.IsZero() {
			return "", nil
		}
		value, err := ref.Resolve(ctx, from)
		if err != nil {
			return "", fmt.Errorf("the %s of the target: %w", what, err)
		}
		return value.Reveal(), nil
	}
	var err error
	switch {
	case !c.PrivateKey.IsZero():
		text, err := reveal(c.PrivateKey, "private key")
		if err != nil {
			return nil, err
		}
		passphrase, err := reveal(c.PrivateKeyPassphrase, "passphrase")
		if err != nil {
			return nil, err
		}
		out.Authenticator = client.AuthTypeJwt
		if out.PrivateKey, err = parseKey(text, passphrase); err != nil {
			return nil, &adapters.Error{
				Kind: adapters.Permission, Message: "the private key of the target cannot be used: " + err.Error(),
				Help: "private_key refers to the text of a key in PEM format, which begins with -----BEGIN PRIVATE KEY----- or -----BEGIN ENCRYPTED PRIVATE KEY-----", Err: err,
			}
		}
	case !c.Token.IsZero():
		out.Authenticator = client.AuthTypeOAuth
		out.Token, err = reveal(c.Token, "token")
	default:
		out.Authenticator = client.AuthTypeSnowflake
		out.Password, err = reveal(c.Password, "password")
	}
	return out, err
}

// identifier is a name as Snowflake keeps it.
func identifier(name string) string {
	if name == "" {
		return ""
	}
	return readBack(dialect.Snowflake.QuoteName(name))
}

// readBack is what a name in a statement means.
func readBack(text string) string {
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return strings.ToUpper(text)
}

// session takes a session out of the pool, or signs in.
func (d *Driver) session(ctx context.Context) (*sql.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, canceled(err)
	}
	if d.closed.Load() {
		return nil, &adapters.Error{Message: "the connection to Snowflake is closed"}
	}
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	return c, nil
}

// release gives a session back, or ends one that failed in a way that others
// would too.
func (d *Driver) release(c *sql.Conn, err error) {
	if known, ok := errors.AsType[*adapters.Error](err); ok && (known.Kind == adapters.Lost || known.Kind == adapters.Transient || known.Kind == adapters.Canceled) {
		_ = c.Raw(func(any) error { return driver.ErrBadConn }) // so the pool forgets it
	}
	_ = c.Close() // it was given back, or is gone
}

// tagged labels the statements of a context in the account's history.
func (d *Driver) tagged(ctx context.Context) context.Context {
	label := adapters.LabelOf(ctx)
	text, err := json.Marshal(tag{App: application, Process: d.process, Run: label.Run, Model: label.Model})
	if err != nil {
		return ctx
	}
	return client.WithQueryTag(ctx, string(text))
}

// tag is a query tag.
type tag struct {
	App     string `json:"app"`
	Process string `json:"process"`
	Run     string `json:"run,omitempty"`
	Model   string `json:"model,omitempty"`
}

// Exec runs the script in one session, and in one request.
func (d *Driver) Exec(ctx context.Context, script []string) error {
	c, err := d.session(ctx)
	if err != nil {
		return err
	}
	inner := d.tagged(ctx)
	if len(script) > 1 {
		inner = client.WithMultiStatement(inner, len(script))
	}
	if _, err := c.ExecContext(inner, strings.Join(script, ";\n")); err != nil {
		failed := d.failure(ctx, err)
		if len(script) > 1 && failed.Kind != adapters.Canceled {
			failed.Statement = failedAt(err, script)
			// A transaction may be open; where there is none this does nothing.
			if _, err := c.ExecContext(context.WithoutCancel(ctx), dialect.Snowflake.Rollback); err != nil {
				failed.Kind = lostBy(failed.Kind)
			}
		}
		d.release(c, failed)
		return failed
	}
	d.release(c, nil)
	return nil
}

// lostBy is the kind of a failure after which the session could not go on.
func lostBy(kind adapters.Kind) adapters.Kind {
	if kind == adapters.Unknown || kind == adapters.Transient {
		return adapters.Lost
	}
	return kind
}

// Columns lists the columns of a table or view. No warehouse has to run for it.
func (d *Driver) Columns(ctx context.Context, table []string) ([]adapters.Column, error) {
	rows, err := d.query(client.WithDescribeOnly(ctx), "SELECT * FROM "+qualified(table))
	if err != nil {
		return nil, err
	}
	return rows.columns, rows.Close()
}

// MakeSchema makes a schema where there is none. Its tables are transient, as
// they can be made anew, and those of a run need not be remembered for a day.
func (d *Driver) MakeSchema(ctx context.Context, parts []string, work bool) error {
	statement := "CREATE TRANSIENT SCHEMA IF NOT EXISTS " + qualified(parts)
	if work {
		statement += " DATA_RETENTION_TIME_IN_DAYS = 0"
	}
	return d.Exec(ctx, []string{statement})
}

// Tables lists the tables of a schema. No warehouse has to run for it.
func (d *Driver) Tables(ctx context.Context, schema []string) (names []string, err error) {
	rows, err := d.query(ctx, "SHOW TERSE TABLES IN SCHEMA "+qualified(schema))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	// The columns of such an answer are in lower case.
	at := slices.IndexFunc(rows.columns, func(c adapters.Column) bool { return c.Name == `"name"` })
	if at < 0 {
		return nil, &adapters.Error{Message: "Snowflake lists tables without their names"}
	}
	dest := make([]any, len(rows.columns))
	for {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return names, nil
		case err != nil:
			return nil, err
		}
		name, _ := dest[at].(string)
		names = append(names, dialect.Snowflake.ReadName(name))
	}
}

// qualified is a name of several parts.
func qualified(parts []string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = dialect.Snowflake.QuoteName(part)
	}
	return strings.Join(quoted, ".")
}

// Close ends the sessions.
func (d *Driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("closing the sessions of Snowflake: %w", err)
	}
	return nil
}
