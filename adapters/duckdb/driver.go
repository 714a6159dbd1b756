package duckdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	engine "github.com/duckdb/duckdb-go-bindings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// The names under which the databases of one process are attached.
const (
	// FileCatalog is the user's file, and the default of unqualified names.
	FileCatalog = "customhouse_file"
	// WorkCatalog holds intermediate tables and the views over files.
	WorkCatalog = "customhouse_work"
)

// WorkParts is where the tables of sql.Work live: see adapters.Options.
func WorkParts() []string { return []string{WorkCatalog, "main"} }

// FileParts is where sources that are files are: see adapters.Options.
func FileParts() []string { return []string{WorkCatalog, "files"} }

// owned are the files that this process has open. The engine's lock keeps
// other processes out, not a second instance in the same one.
var owned sync.Map

// Driver runs statements in one DuckDB file.
type Driver struct {
	db engine.Database
	// file is the path among owned, "" for a database in memory.
	file string

	mu     sync.Mutex
	idle   []*conn
	closed bool
	// untyped are the file views whose columns are all text.
	untyped map[string]bool
}

var (
	_ adapters.Driver     = (*Driver)(nil)
	_ adapters.FileReader = (*Driver)(nil)
)

// Open opens the database that config names; relative paths start at dir.
// A file that another process holds is an *adapters.Error of kind Locked.
func Open(ctx context.Context, config Config, dir string) (*Driver, error) {
	path := config.Path
	if path == "" {
		path = Memory
	}
	if path != Memory {
		path = resolve(dir, path)
	}
	spill := config.TempDirectory
	switch {
	case spill != "":
		spill = resolve(dir, spill)
	case path == Memory:
		spill = filepath.Join(os.TempDir(), fmt.Sprintf("customhouse-%d", os.Getpid()))
	default:
		spill = path + ".tmp"
	}
	threads := config.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	settings := map[string]string{
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
		"allow_community_extensions":   "false",
		"temp_directory":               spill,
		"threads":                      strconv.Itoa(threads),
		// Tables are sets; keeping their order costs memory and threads.
		"preserve_insertion_order": "false",
		// Each checkpoint compresses the ends of all tables anew; after every 16 MB
		// of its log, the default, a delivery would do little else.
		"checkpoint_threshold": "256MB",
	}
	if config.MemoryLimit != "" {
		settings["memory_limit"] = config.MemoryLimit
	}
	d := &Driver{untyped: map[string]bool{}}
	if err := d.own(path); err != nil {
		return nil, err
	}
	if err := d.start(settings); err != nil {
		d.disown()
		return nil, err
	}
	const attached = 1
	script := []string{
		"SET GLOBAL TimeZone = 'UTC'",
		"ATTACH " + quote(path) + " AS " + name(FileCatalog),
		"ATTACH ':memory:' AS " + name(WorkCatalog),
	}
	for _, alias := range slices.Sorted(maps.Keys(config.Attach)) {
		script = append(script, "ATTACH "+quote(resolve(dir, config.Attach[alias]))+" AS "+name(alias)+" (READ_ONLY)")
	}
	for i, statement := range script {
		// Not through Exec: a connection of the pool starts in FileCatalog.
		if err := d.bootstrap(ctx, statement); err != nil {
			return nil, errors.Join(err, d.close(context.WithoutCancel(ctx)))
		}
		if i == attached && config.TempDirectory == "" && path != Memory {
			// The file is ours, so what another process spilled is left over.
			if err := sweep(spill); err != nil {
				return nil, errors.Join(err, d.close(context.WithoutCancel(ctx)))
			}
		}
	}
	return d, nil
}

// sweep removes what a killed process spilled.
func sweep(dir string) error {
	left, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking for spilled data: %w", err)
	}
	for _, file := range left {
		if !strings.HasPrefix(file.Name(), "duckdb_temp_") {
			continue
		}
		if err := os.Remove(filepath.Join(dir, file.Name())); err != nil {
			return fmt.Errorf("removing spilled data: %w", err)
		}
	}
	return nil
}

// own claims the file for this Driver.
func (d *Driver) own(path string) error {
	if path == Memory {
		return nil
	}
	// Two ways to write one path are one file. A file that is not there yet
	// is known by its directory's real name.
	file := path
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		file = filepath.Join(dir, filepath.Base(path))
	}
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	if _, taken := owned.LoadOrStore(file, true); taken {
		return &adapters.Error{
			Kind:    adapters.Locked,
			Message: "the DuckDB file is open already in this process",
			Help:    "close it first: two targets cannot share a file",
		}
	}
	d.file = file
	return nil
}

func (d *Driver) disown() {
	if d.file != "" {
		owned.Delete(d.file)
	}
}

// start creates the engine's instance.
func (d *Driver) start(settings map[string]string) error {
	var config engine.Config
	if engine.CreateConfig(&config) == engine.StateError {
		return &adapters.Error{Message: "DuckDB could not allocate its configuration"}
	}
	defer engine.DestroyConfig(&config)
	for key, value := range settings {
		if engine.SetConfig(config, key, value) == engine.StateError {
			return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("DuckDB does not take %q for %s", value, key)}
		}
	}
	var message string
	if engine.OpenExt("", &d.db, config, &message) == engine.StateError {
		engine.Close(&d.db)
		return openError(message)
	}
	return nil
}

func (d *Driver) bootstrap(ctx context.Context, statement string) error {
	c, err := d.connect()
	if err != nil {
		return err
	}
	defer c.close()
	return c.exec(ctx, statement)
}

// Exec runs the script in one session; what a failure leaves open is rolled
// back.
func (d *Driver) Exec(ctx context.Context, script []string) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer d.release(c)
	for i, statement := range script {
		if err := c.exec(ctx, statement); err != nil {
			c.rollback()
			if known, ok := errors.AsType[*adapters.Error](err); ok {
				known.Statement = i
			}
			return err
		}
	}
	return nil
}

// Columns lists the columns of a table or view.
func (d *Driver) Columns(ctx context.Context, table []string) ([]adapters.Column, error) {
	quoted := make([]string, len(table))
	for i, part := range table {
		quoted[i] = name(part)
	}
	full := strings.Join(quoted, ".")
	rows, err := d.query(ctx, "SELECT * FROM "+full+" LIMIT 0", true)
	if err != nil {
		return nil, err
	}
	columns := rows.Columns()
	_ = rows.Close() // it never fails
	d.mu.Lock()
	untyped := d.untyped[full]
	d.mu.Unlock()
	if untyped {
		for i := range columns {
			columns[i].Untyped = columns[i].Type == sql.TypeString
		}
	}
	return columns, nil
}

// Close writes the file to its last byte and gives it free.
func (d *Driver) Close() error { return d.close(context.Background()) }

func (d *Driver) close(ctx context.Context) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	idle := d.idle
	d.idle = nil
	d.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	var err error
	if c, e := d.connect(); e == nil {
		// The instance writes its files when it goes; asking for it first is
		// the only way to hear that the disk was full.
		e := c.exec(ctx, "CHECKPOINT "+name(FileCatalog))
		if known, ok := errors.AsType[*adapters.Error](e); ok && known.Kind == adapters.Quota {
			err = e
		}
		c.close()
	}
	engine.Close(&d.db)
	d.disown()
	return err
}

// acquire takes a session from the pool, or makes one.
func (d *Driver) acquire(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, canceled(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, &adapters.Error{Message: "the DuckDB database is closed"}
	}
	if n := len(d.idle); n > 0 {
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		return c, nil
	}
	c, err := d.connect()
	if err != nil {
		return nil, err
	}
	if err := c.exec(ctx, "USE "+name(FileCatalog)); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (d *Driver) release(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		c.close()
		return
	}
	d.idle = append(d.idle, c)
}

func (d *Driver) connect() (*conn, error) {
	c := &conn{}
	if engine.Connect(d.db, &c.handle) == engine.StateError {
		return nil, &adapters.Error{Message: "DuckDB could not open a connection"}
	}
	return c, nil
}

// conn is one session. It is used by one goroutine at a time.
type conn struct{ handle engine.Connection }

func (c *conn) close() { engine.Disconnect(&c.handle) }

func (c *conn) exec(ctx context.Context, statement string) error {
	if err := sendable(statement); err != nil {
		return err
	}
	return c.interruptible(ctx, func() error {
		var result engine.Result
		defer engine.DestroyResult(&result)
		if engine.Query(c.handle, statement, &result) == engine.StateError {
			return resultError(&result)
		}
		return nil
	})
}

// rollback ends a transaction if one is open; without one it is refused, which
// does not matter.
func (c *conn) rollback() {
	var result engine.Result
	engine.Query(c.handle, "ROLLBACK", &result)
	engine.DestroyResult(&result)
}

// interruptEvery is how often a cancelled statement is asked to stop: the
// engine forgets a request that comes between two of its phases.
const interruptEvery = 20 * time.Millisecond

// interruptible runs f, and stops the engine when ctx ends.
func (c *conn) interruptible(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return canceled(err)
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		tick := time.NewTicker(interruptEvery)
		defer tick.Stop()
		for {
			engine.Interrupt(c.handle)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	err := f()
	close(done)
	if !stop() {
		<-stopped
	}
	if err != nil && ctx.Err() != nil {
		return canceled(ctx.Err())
	}
	return err
}

// sendable refuses what the C interface would cut short.
func sendable(statement string) error {
	if strings.ContainsRune(statement, 0) {
		return &adapters.Error{Kind: adapters.Syntax, Message: "a statement holds a NUL character"}
	}
	return nil
}

func resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func quote(s string) string { return sql.DuckDB.QuoteString(s) }
func name(s string) string  { return sql.DuckDB.QuoteName(s) }
