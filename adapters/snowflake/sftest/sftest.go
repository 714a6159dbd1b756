// Package sftest is a Snowflake for tests: a server that speaks the protocol of
// Snowflake's drivers, and executes on DuckDB what Snowflake's documentation
// says that a statement means. README.md says what that proves and what it does
// not.
//
// Names, types and functions are looked up as Snowflake does it: the parser
// (parse.go), the binder (bind.go, query.go) and the library of functions
// (library.go) refuse what is not documented. Only what they understood reaches
// DuckDB, in DuckDB's own words. An error with a code of Snowflake's says that
// Snowflake would refuse too; 999001 that this server cannot tell.
//
// Nothing but tests imports it, and it never looks at how the adapter spells
// anything. Start with NewTarget (target.go), for tests that run on an account as
// well, or with Start, for those of this server.
package sftest

import (
	"context"
	"crypto/rsa"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Server is a running server, and somebody who may do everything there.
type Server struct {
	Host           string
	Port           int
	Account        string
	User, Password string
	// Database exists and is empty; Warehouse and Role are there.
	Database, Warehouse, Role string

	db      *sql.DB
	catalog *catalog
	folder  string
	number  atomic.Int64
	http    *http.Server

	mu         sync.Mutex
	sessions   map[string]*session
	expired    map[string]bool
	masterless bool
	renewals   int
	jobs       map[string]*job
	running    map[string]context.CancelCauseFunc
	finished   map[string]*job
	faults     []*Fault
	recorded   []Statement
	wait       time.Duration
	key        *rsa.PublicKey
	access     string
}

// Statement is one that a client sent.
type Statement struct {
	Text string
	// Tag is the QUERY_TAG that it ran under.
	Tag string
	// Code is the code of its error, 0 where there was none.
	Code int
}

// Fault is what goes wrong with statements that contain a text.
type Fault struct {
	// Contains chooses the statements; empty chooses each.
	Contains string
	// Times is how often; 0 is for ever.
	Times int
	// Delay is before the statement, during which it can be cancelled.
	Delay time.Duration
	// Status is an answer of HTTP, without one of Snowflake's.
	Status int
	// Code, State and Message are Snowflake's error; a Code of 0 lets the
	// statement run.
	Code    int
	State   string
	Message string
}

// Errors as Snowflake sends them, to be set in a Fault.
var (
	// Quota is what a resource monitor says.
	Quota = Fault{Code: 90073, State: "22000", Message: "Warehouse 'WH' cannot be resumed because resource monitor 'LIMIT' has exceeded its quota."}
	// Denied is a missing privilege.
	Denied = Fault{Code: 3001, State: "42501", Message: "SQL access control error:\nInsufficient privileges to operate on schema 'PUBLIC'"}
	// Killed is a query that somebody stopped.
	Killed = Fault{Code: codeCanceled, State: "57014", Message: "SQL execution canceled"}
	// Busy is the failure of Snowflake's service, before anything was done.
	Busy = Fault{Status: http.StatusServiceUnavailable, Message: "service unavailable"}
)

// Start starts a server for a test, which ends with it.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.close)
	return s
}

func start() (*Server, error) {
	prepare()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("opening DuckDB: %w", err)
	}
	folder, err := os.MkdirTemp("", "sftest")
	if err != nil {
		return nil, fmt.Errorf("a folder for stages: %w", err)
	}
	s := &Server{
		Account: "testaccount", User: "customhouse", Password: `it's "secret"\`, Database: "TEST", Warehouse: "WH", Role: "SYSADMIN",
		db: sql.OpenDB(connector), catalog: newCatalog(), folder: folder,
		sessions: map[string]*session{}, expired: map[string]bool{}, jobs: map[string]*job{},
		running: map[string]context.CancelCauseFunc{}, finished: map[string]*job{}, wait: 45 * time.Second,
	}
	s.db.SetMaxOpenConns(0)
	ctx := context.Background()
	for _, q := range []string{"SET threads = 2", "SET TimeZone = 'UTC'", "SET GLOBAL TimeZone = 'UTC'", "SET autoinstall_known_extensions = false", "SET preserve_insertion_order = false"} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	if err := register(ctx, s.db); err != nil {
		return nil, err
	}
	s.catalog.makeDatabase(s.Database)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	at, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.New("listening: no TCP address")
	}
	s.Host, s.Port = "127.0.0.1", at.Port
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

func (s *Server) close() {
	s.mu.Lock()
	for _, stop := range s.running {
		stop(refuse(codeCanceled, "57014", "SQL execution canceled"))
	}
	sessions := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		sessions = append(sessions, x)
	}
	s.mu.Unlock()
	_ = s.http.Close()
	for _, x := range sessions {
		x.close()
	}
	_ = s.db.Close()
	_ = os.RemoveAll(s.folder)
}

// Inject makes statements fail, or be slow, from now on.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.masterless = nil, false
}

func (s *Server) fault(text string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !strings.Contains(text, f.Contains) {
			continue
		}
		out := *f
		if f.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		return &out
	}
	return nil
}

// ExpireTokens ends the validity of the session tokens that were given out: a
// client must renew them.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.sessions {
		s.expired[t] = true
	}
}

// ExpireLogins ends the validity of master tokens too: only a new login helps.
func (s *Server) ExpireLogins() {
	s.ExpireTokens()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.masterless = true
}

// Renewals is how often a token was renewed.
func (s *Server) Renewals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renewals
}

// Sessions is how many sessions are open.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Running is how many statements are running.
func (s *Server) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}

// Impatient makes a client ask again for what takes longer, as Snowflake does
// after 45 seconds.
func (s *Server) Impatient(after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait = after
}

func (s *Server) patience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait
}

// Register lets the user log in with a key pair.
func (s *Server) Register(key *rsa.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// Grant lets whoever has the token log in with OAuth.
func (s *Server) Grant(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access = token
}

func (s *Server) publicKey() *rsa.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

func (s *Server) oauth() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access
}

// Statements are those that clients sent so far.
func (s *Server) Statements() []Statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.recorded)
}

func (s *Server) record(x *session, r *queryRequest, err *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Statement{Text: r.SQL, Tag: x.parameters["QUERY_TAG"]}
	if err != nil {
		st.Code = err.code
	}
	s.recorded = append(s.recorded, st)
}

// recordError notes the error of the statement that was recorded last.
func (s *Server) recordError(err *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.recorded); n > 0 {
		s.recorded[n-1].Code = err.code
	}
}

func (s *Server) missingRole(name string) bool {
	return !slices.Contains([]string{s.Role, "PUBLIC", "ACCOUNTADMIN"}, name)
}

func (s *Server) missingWarehouse(name string) bool { return name != s.Warehouse }

func (c *catalog) has(database, schema string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.databases[database]
	return d != nil && (schema == "" || d.schemas[schema] != nil)
}

func (c *catalog) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *catalog) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
}

// sweep drops what nothing reads any more.
func (s *Server) sweep() {
	s.catalog.sweep(func(ctx context.Context, table string) error {
		_, err := s.db.ExecContext(ctx, "DROP TABLE IF EXISTS "+table)
		return err
	})
}
