package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Driver runs statements in one database.
type Driver struct {
	config *pgconn.Config
	// place tells the database in messages.
	place string
	// session are the statements that a session begins with.
	session string
	// timed says that statements have a timeout.
	timed bool

	mu     sync.Mutex
	idle   []*pgconn.PgConn
	closed bool
	// sessions are the numbers of those that it has begun.
	sessions []uint32
	// kinds are types that are not built in, by their number.
	kinds map[uint32]kind
}

var (
	_ adapters.Driver  = (*Driver)(nil)
	_ adapters.Stopper = (*Driver)(nil)
)

// WorkParts is where the tables of sql.Work live, beside a public schema: see
// adapters.Options.
func WorkParts(schema string) []string { return []string{schema + workSuffix} }

const workSuffix = "_work"

// LongestSchema is how many characters the name of a public schema may have:
// PostgreSQL cuts off what is behind the 63rd byte of a name, and that of WorkParts
// must not become another's.
const LongestSchema = 63 - len(workSuffix)

// cancelPatience is how long a statement may go on after its cancellation
// before its connection is cut.
const cancelPatience = 3 * time.Second

// Open connects to the database that config names; relative paths start at dir.
func Open(ctx context.Context, config Config, dir string, from secret.Resolver) (*Driver, error) {
	address, err := config.address(ctx, dir, from)
	if err != nil {
		return nil, err
	}
	parsed, err := pgconn.ParseConfig(address)
	if err != nil {
		// The error quotes the address, which may hold a password, and nothing
		// else that helps but for files that are missing.
		return nil, &adapters.Error{
			Kind: adapters.Syntax, Message: "the address of the target's PostgreSQL cannot be used",
			Help: "write it as postgres://user:password@host:5432/database, and see that the files of its certificates are there",
		}
	}
	parsed.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelPatience}
	}
	parsed.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
	d := &Driver{
		config: parsed, place: "PostgreSQL at " + parsed.Host + ", database " + parsed.Database,
		timed: config.StatementTimeout > 0, kinds: map[uint32]kind{},
		session: strings.Join([]string{
			"SET application_name = 'customhouse'",
			"SET TimeZone = 'UTC'",
			"SET DateStyle = 'ISO, YMD'",
			"SET IntervalStyle = 'postgres'",
			"SET extra_float_digits = 1",
			"SET bytea_output = 'hex'",
			"SET standard_conforming_strings = on",
			"SET statement_timeout = " + strconv.FormatInt(config.StatementTimeout.Milliseconds(), 10),
			// Statements of many expressions over few rows take longer to
			// compile than to run.
			"SET jit = off",
		}, "; "),
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	d.release(ctx, c)
	return d, nil
}

// address is the settings as one text. It may hold a password.
func (c *Config) address(ctx context.Context, dir string, from secret.Resolver) (string, error) {
	if !c.URL.IsZero() {
		return c.URL.Resolve(ctx, from) //nolint:wrapcheck // it says everything
	}
	u := url.URL{Scheme: "postgres", Path: "/" + c.Database}
	query := url.Values{}
	port := strconv.Itoa(c.Port)
	if c.Port == 0 {
		port = "5432"
	}
	local := strings.HasPrefix(c.Host, "/") || c.Host == "localhost" || c.Host == "127.0.0.1" || c.Host == "::1"
	if strings.HasPrefix(c.Host, "/") {
		query.Set("host", c.Host)
		query.Set("port", port)
	} else {
		u.Host = net.JoinHostPort(c.Host, port)
	}
	u.User = url.User(c.User)
	if !c.Password.IsZero() {
		password, err := c.Password.Resolve(ctx, from)
		if err != nil {
			return "", err //nolint:wrapcheck // it says everything
		}
		u.User = url.UserPassword(c.User, password.Reveal())
	}
	mode := c.SSLMode
	if mode == "" && !local {
		mode = "verify-full"
	}
	for key, value := range map[string]string{"sslrootcert": c.SSLRootCert, "sslcert": c.SSLCert, "sslkey": c.SSLKey} {
		if value != "" && !filepath.IsAbs(value) {
			value = filepath.Join(dir, value)
		}
		if value != "" {
			query.Set(key, value)
		}
	}
	if mode != "" {
		query.Set("sslmode", mode)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Exec runs the script in one session; what a failure leaves open is rolled
// back.
func (d *Driver) Exec(ctx context.Context, script []string) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer d.release(ctx, c)
	for i, statement := range script {
		if err := sendable(statement); err != nil {
			return err
		}
		// Until its commit what a lost connection leaves open is rolled back.
		open := c.TxStatus() == 'T' && i < len(script)-1
		if err := c.Exec(ctx, labeled(ctx, statement)).Close(); err != nil {
			failed := d.failure(ctx, err)
			failed.Statement = i
			// What the server itself has ended had no effect.
			if _, told := errors.AsType[*pgconn.PgError](err); failed.Kind == adapters.Transient && !told && !open && !pgconn.SafeToRetry(err) {
				failed.Kind = adapters.Lost
			}
			return failed
		}
	}
	return nil
}

// Columns lists the columns of a table or view.
func (d *Driver) Columns(ctx context.Context, table []string) ([]adapters.Column, error) {
	quoted := make([]string, len(table))
	for i, part := range table {
		quoted[i] = sql.PostgreSQL.QuoteName(part)
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer d.release(ctx, c)
	described, err := c.Prepare(ctx, "", "SELECT * FROM "+strings.Join(quoted, "."), nil)
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	_, columns, err := d.describe(ctx, described.Fields)
	return columns, err
}

// Close ends all sessions that are not in use; those that are end with it.
func (d *Driver) Close() error {
	d.mu.Lock()
	idle := d.idle
	d.idle, d.closed = nil, true
	d.mu.Unlock()
	for _, c := range idle {
		hangUp(context.Background(), c)
	}
	return nil
}

// hangUp ends a session; whether it hears of it does not matter.
func hangUp(ctx context.Context, c *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer cancel()
	_ = c.Close(ctx)
}

// acquire takes a session from the pool, or makes one.
func (d *Driver) acquire(ctx context.Context) (*pgconn.PgConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, canceled(err)
	}
	for {
		d.mu.Lock()
		if d.closed {
			d.mu.Unlock()
			return nil, &adapters.Error{Message: "the connection to PostgreSQL is closed"}
		}
		n := len(d.idle)
		if n == 0 {
			d.mu.Unlock()
			return d.connect(ctx)
		}
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		// A session that the server has ended meanwhile is no use, and a
		// statement that finds that out may or may not have been done.
		if c.Ping(ctx) == nil {
			return c, nil
		}
		hangUp(ctx, c)
	}
}

func (d *Driver) connect(ctx context.Context) (*pgconn.PgConn, error) {
	c, err := pgconn.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, d.failure(ctx, err)
	}
	// Digests, lengths and the order of texts are those of UTF-8.
	if encoding := c.ParameterStatus("server_encoding"); encoding != "UTF8" {
		hangUp(ctx, c)
		return nil, &adapters.Error{
			Kind: adapters.Syntax, Message: d.place + ", is encoded in " + encoding + " and not in UTF-8",
			Help: "use a database that was made with ENCODING 'UTF8'",
		}
	}
	if err := c.Exec(ctx, d.session).Close(); err != nil {
		hangUp(ctx, c)
		return nil, d.failure(ctx, err)
	}
	d.mu.Lock()
	d.sessions = append(d.sessions, c.PID())
	d.mu.Unlock()
	return c, nil
}

// release gives a session back. What it has open is rolled back, by ending it
// where it was cancelled: a late cancellation must not meet another statement.
func (d *Driver) release(ctx context.Context, c *pgconn.PgConn) {
	if !c.IsClosed() && ctx.Err() == nil && c.TxStatus() != 'I' {
		// A session that cannot roll back is not idle behind it, and ended.
		_ = c.Exec(ctx, "ROLLBACK").Close()
	}
	if c.IsClosed() || ctx.Err() != nil || c.TxStatus() != 'I' {
		hangUp(ctx, c)
		return
	}
	d.mu.Lock()
	closed := d.closed
	if !closed {
		d.idle = append(d.idle, c)
	}
	d.mu.Unlock()
	if closed {
		hangUp(ctx, c)
	}
}

// labeled says for what a statement runs. It comes first: pg_stat_activity shows
// the beginning of long statements.
func labeled(ctx context.Context, statement string) string {
	if comment := adapters.LabelOf(ctx).Comment(); comment != "" {
		return "/* " + comment + " */ " + statement
	}
	return statement
}

// sendable refuses what the protocol would cut short.
func sendable(statement string) error {
	if strings.ContainsRune(statement, 0) {
		return &adapters.Error{Kind: adapters.Syntax, Message: "a statement holds a NUL character"}
	}
	return nil
}

// failure turns an error of pgconn into one of ours, which shows no value.
func (d *Driver) failure(ctx context.Context, err error) *adapters.Error {
	if ctx.Err() != nil {
		return canceled(ctx.Err())
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return d.serverError(e)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &adapters.Error{
			Kind: adapters.Transient, Message: d.place + ", cannot be reached",
			Help: "see that the server runs, that its address and sslmode are right, and that it lets this machine in",
		}
	}
	return &adapters.Error{Kind: adapters.Transient, Message: "the connection to " + d.place + ", was lost", Help: "run again; if it happens often, look at the server's log"}
}

func canceled(err error) *adapters.Error {
	return &adapters.Error{Kind: adapters.Canceled, Message: "the statement was cancelled", Err: fmt.Errorf("PostgreSQL: %w", err)}
}
