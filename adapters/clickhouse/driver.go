package clickhouse

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	client "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// settings are sent along with each statement: sql.ClickHouse counts on them.
var settings = map[string]string{
	// A row without a match has NULL, not 0 and ''.
	"join_use_nulls": "1",
	// A cast of NULL is NULL, while one of nonsense fails.
	"cast_keep_nullable": "1",
	// A name in WHERE is that of a column, not of an output.
	"prefer_column_name_to_alias": "1",
	// Lists that may be NULL.
	"enable_nullable_tuple_type": "1",
	// NULL for a column that cannot hold it is an error, not 0.
	"insert_null_as_default": "0", "input_format_null_as_default": "0",
	"least_greatest_legacy_null_behavior": "0", "transform_null_in": "0", "aggregate_functions_null_for_empty": "0",
	"describe_compact_output": "1", "short_circuit_function_evaluation": "enable", "group_by_use_nulls": "0", "final": "0", "session_timezone": "UTC",
	// What was deleted or altered is so when the statement ends.
	"mutations_sync": "2", "lightweight_deletes_sync": "2", "alter_sync": "2",
	// Dropping a large table is what was asked for.
	"max_table_size_to_drop": "0", "max_partition_size_to_drop": "0",
	"cancel_http_readonly_queries_on_client_close": "1",
}

// bounds are the settings by which what a statement holds goes to disk before it
// is as much as the target's max_memory_usage: the shares that the engine itself
// goes by are of the server's memory. A statement may hold several joins, groups
// and blocks at once. A join begins as few buckets, and divides when it is large:
// each bucket has buffers of its own. None where the target has no
// max_memory_usage.
func bounds(config Config) map[string]string {
	limit, err := strconv.ParseUint(config.Settings["max_memory_usage"], 10, 64)
	if err != nil || limit == 0 {
		return nil
	}
	const held, joined, block, largest = 16, 8, 16, 256 << 20
	of := func(share uint64) string { return strconv.FormatUint(limit/share, 10) }
	return map[string]string{
		"max_bytes_before_external_group_by": of(held), "max_bytes_before_external_sort": of(held),
		"join_algorithm": "grace_hash,hash", "max_bytes_in_join": of(joined), "grace_hash_join_initial_buckets": "4",
		"min_insert_block_size_bytes": strconv.FormatUint(min(limit/block, largest), 10),
	}
}

// Driver runs statements in one ClickHouse.
type Driver struct {
	conn client.Conn
	// name begins the ids of its statements.
	name     string
	settings client.Settings
	protocol string
	closed   atomic.Bool
}

var (
	_ adapters.Driver  = (*Driver)(nil)
	_ adapters.Stopper = (*Driver)(nil)
)

// dialTimeout is how long a server may take to answer a connection.
const dialTimeout = 10 * time.Second

// readTimeout is how long a statement may take until its first byte: without a
// limit of its own it is the context that ends it.
const readTimeout = 24 * time.Hour

// product is what servers know us by.
const product = "customhouse"

// connections is how many statements may be under way at once.
const connections = 32

// Open connects; relative paths of certificates start at dir.
func Open(ctx context.Context, config Config, dir string, from secret.Resolver) (*Driver, error) {
	options := &client.Options{
		Addr: config.addresses(), Auth: client.Auth{Database: config.Database, Username: config.User},
		DialTimeout: dialTimeout, ReadTimeout: readTimeout, MaxOpenConns: connections, MaxIdleConns: connections,
		Compression: &client.Compression{Method: client.CompressionLZ4},
	}
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{product, "1"})
	if config.Protocol != Native {
		options.Protocol = client.HTTP
	}
	if !config.Password.IsZero() {
		password, err := config.Password.Resolve(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("the password of the target: %w", err)
		}
		options.Auth.Password = password.Reveal()
	}
	if config.Secure {
		var err error
		if options.TLS, err = security(config, dir); err != nil {
			return nil, err
		}
	}
	d := &Driver{name: product + "-" + rand.Text()[:10] + "-", settings: client.Settings{}, protocol: config.Protocol}
	for _, list := range []map[string]string{settings, bounds(config), config.Settings} {
		for name, value := range list {
			d.settings[name] = value
		}
	}
	conn, err := client.Open(options)
	if err != nil {
		return nil, failure(ctx, err)
	}
	d.conn = conn
	if err := d.probe(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func security(config Config, dir string) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	resolve := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	if config.CA != "" {
		pem, err := os.ReadFile(resolve(config.CA))
		if err != nil {
			return nil, &adapters.Error{Kind: adapters.NotFound, Message: "the file of ca cannot be read: " + err.Error(), Err: err}
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &adapters.Error{Kind: adapters.Syntax, Message: "the file of ca holds no certificate", Help: "give a file in PEM format"}
		}
	}
	if config.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(resolve(config.Certificate), resolve(config.Key))
		if err != nil {
			return nil, &adapters.Error{Kind: adapters.Syntax, Message: "the client certificate cannot be read: " + err.Error(), Err: err}
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// probe connects for the first time, and refuses a server on which instants
// before 1900 would silently become others.
func (d *Driver) probe(ctx context.Context) error {
	var year uint16
	const first = "SELECT toYear(fromUnixTimestamp64Micro(-62135596800000000, 'UTC'))"
	if err := d.conn.QueryRow(d.with(ctx, ""), first).Scan(&year); err != nil {
		err := reading(ctx, err)
		// What answers in another protocol is not understood, in one way or another.
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Help == "" && (known.Kind == adapters.Transient || known.Kind == adapters.Unknown) {
			known.Help = ports
		}
		return err
	}
	if year != 1 {
		return &adapters.Error{
			Kind:    adapters.Syntax,
			Message: "this ClickHouse is too old: its times end in the years 1900 and 2299, or earlier",
			Help:    "use ClickHouse 26.7 or newer",
		}
	}
	return nil
}

// with is the context of a statement: its settings, and its name at the server.
func (d *Driver) with(ctx context.Context, id string, more ...string) context.Context {
	s := client.Settings{}
	maps.Copy(s, d.settings)
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	if comment := adapters.LabelOf(ctx).Comment(); comment != "" {
		s["log_comment"] = comment
	}
	options := []client.QueryOption{client.WithSettings(s)}
	if id != "" {
		options = append(options, client.WithQueryID(id))
	}
	return client.Context(ctx, options...)
}

// Exec runs the script in one session.
func (d *Driver) Exec(ctx context.Context, script []string) error {
	var session []string
	if len(script) > 1 && d.protocol != Native {
		session = []string{"session_id", d.newID()}
	}
	for i, statement := range script {
		if err := d.exec(ctx, statement, session); err != nil {
			if known, ok := errors.AsType[*adapters.Error](err); ok {
				known.Statement = i
			}
			return err
		}
	}
	return nil
}

func (d *Driver) exec(ctx context.Context, statement string, session []string) error {
	if err := d.usable(ctx); err != nil {
		return err
	}
	id := d.newID()
	if err := d.conn.Exec(d.with(ctx, id, session...), statement); err != nil {
		if ctx.Err() != nil {
			d.kill(ctx, id)
		}
		return failure(ctx, err)
	}
	return nil
}

// usable says that the driver is open and the context goes on.
func (d *Driver) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return canceled(err)
	}
	if d.closed.Load() {
		return &adapters.Error{Message: "the connection to ClickHouse is closed"}
	}
	return nil
}

// killPatience is how long stopping a statement may take.
const killPatience = 3 * time.Second

// killPause is how long to wait before looking for a statement again.
const killPause = 50 * time.Millisecond

// kill stops a statement at the server, where it goes on although its client is
// gone. It may have come to its end, or not have begun, in which case it is
// looked for a few times.
func (d *Driver) kill(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killPatience)
	defer cancel()
	const tries = 3
	for range tries {
		rows, err := d.conn.Query(d.with(ctx, d.newID()), "KILL QUERY WHERE query_id = "+sql.ClickHouse.QuoteString(id)+" SYNC")
		if err != nil {
			return
		}
		found := rows.Next()
		_ = rows.Close()
		if found || rows.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(killPause):
		}
	}
}

// newID is an id for a statement or session.
func (d *Driver) newID() string { return d.name + rand.Text() }

// StopOthers goes by the ids of statements, which begin with the name of their
// driver, and by what they write, which is said before their first parenthesis.
// Reading is left alone: others may look at the tables. It sees the statements of
// the server that answers.
func (d *Driver) StopOthers(ctx context.Context, schemas [][]string) (stopped int, err error) {
	names := make([]string, len(schemas))
	for i, parts := range schemas {
		names[i] = regexp.QuoteMeta(sql.ClickHouse.QuoteName(parts[len(parts)-1]))
	}
	quote := sql.ClickHouse.QuoteString
	where := "startsWith(query_id, " + quote(product+"-") + ") AND NOT startsWith(query_id, " + quote(d.name) + ")" +
		" AND query_kind NOT IN ('Select', 'Describe', 'Explain', 'KillQuery')" +
		" AND match(query, " + quote(`^[^(\n]* (?:`+strings.Join(names, "|")+`)[.]`) + ")"
	for {
		left, err := d.count(ctx, "SELECT query_id FROM system.processes WHERE "+where)
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.Permission {
			return 0, nil
		}
		if err != nil || left == 0 {
			return stopped, err
		}
		stopped = max(stopped, left)
		if _, err := d.count(ctx, "KILL QUERY WHERE "+where+" SYNC"); err != nil {
			return stopped, err
		}
		select {
		case <-ctx.Done():
			return stopped, canceled(ctx.Err())
		case <-time.After(killPause):
		}
	}
}

// count is how many rows a statement gives.
func (d *Driver) count(ctx context.Context, statement string) (n int, err error) {
	rows, err := d.conn.Query(d.with(ctx, d.newID()), statement)
	if err != nil {
		return 0, reading(ctx, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, reading(ctx, err)
	}
	return n, nil
}

// Columns lists the columns of a table or view.
func (d *Driver) Columns(ctx context.Context, table []string) ([]adapters.Column, error) {
	quoted := make([]string, len(table))
	for i, part := range table {
		quoted[i] = sql.ClickHouse.QuoteName(part)
	}
	rows, err := d.Query(ctx, "DESCRIBE TABLE "+strings.Join(quoted, "."))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return describe(rows)
}

// Close ends the connections.
func (d *Driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	if err := d.conn.Close(); err != nil {
		return fmt.Errorf("closing the connections to ClickHouse: %w", err)
	}
	return nil
}
