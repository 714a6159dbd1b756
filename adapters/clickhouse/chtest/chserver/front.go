//go:build linux && amd64

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// front is ClickHouse's HTTP interface.
type front struct {
	engine   *library
	password string
	requests atomic.Int64

	mu       sync.Mutex
	sessions map[string]*session
}

// session is a session that outlives its requests.
type session struct {
	conn *conn
	busy bool
	end  *time.Timer
}

func newFront(engine *library, password string) *front {
	return &front{engine: engine, password: password, sessions: map[string]*session{}}
}

// refuse is an exception of this server, in the engine's form.
func refuse(code int, name, format string, args ...any) error {
	return exception(fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name))
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if err := f.answer(w, r); err != nil {
		failed(w, err)
	}
}

// code finds the number of an exception.
var code = regexp.MustCompile(`^(?:Error: )?Code: ([0-9]+)\.`)

// statuses are the HTTP statuses of exceptions; all others are 500.
var statuses = map[int]int{62: http.StatusBadRequest, 47: http.StatusNotFound, 60: http.StatusNotFound, 81: http.StatusNotFound, 115: http.StatusNotFound, 516: http.StatusForbidden}

// failed answers with an exception, as text.
func failed(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if m := code.FindStringSubmatch(err.Error()); m != nil {
		w.Header().Set("X-ClickHouse-Exception-Code", m[1])
		n, _ := strconv.Atoi(m[1])
		if s, ok := statuses[n]; ok {
			status = s
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, err.Error()+"\n") //nolint:gosec // plain text, for tests
}

// own are the parameters of a request that are no settings of the engine.
var own = []string{
	"query", "query_id", "database", "default_format", "session_id", "session_timeout", "session_check", "user", "password", "quota_key", "role",
	"client_protocol_version", "compress", "decompress", "buffer_size", "wait_end_of_query", "enable_http_compression", "stacktrace",
}

// The forms of a statement that are looked at here; the engine reads the rest.
var (
	settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)
	insertion   = regexp.MustCompile(`(?is)^\s*INSERT\s+INTO\b`)
	format      = regexp.MustCompile(`(?is)\s+FORMAT\s+([A-Za-z0-9]+)\s*;?\s*$`)
)

// hello is what the official Go client asks first, in a framing of its own.
const hello = "SELECT displayName(), version(), revision(), timezone()"

func (f *front) answer(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	if err := f.authenticate(r, values); err != nil {
		return err
	}
	body, err := requestBody(r, values)
	if err != nil {
		return err
	}
	c, release, err := f.acquire(values)
	if err != nil {
		return err
	}
	defer release()
	if err := configure(c, r.Method, values); err != nil {
		return err
	}
	output := values.Get("default_format")
	if output == "" {
		output = "TabSeparated"
	}
	statement := values.Get("query")
	var done result
	switch m := format.FindStringSubmatch(statement); {
	case insertion.MatchString(statement) && m != nil:
		done, err = c.load(format.ReplaceAllString(statement, ""), m[1], body)
	default:
		statement = strings.TrimSpace(statement + "\n" + string(body))
		parameters := map[string]string{}
		for key := range values {
			if name, ok := strings.CutPrefix(key, "param_"); ok {
				parameters[name] = values.Get(key)
			}
		}
		mark := f.mark(values)
		finished := f.watch(r, values, mark, statement)
		done, err = c.run(marked(mark, statement), output, parameters)
		finished()
	}
	if err != nil {
		// A session goes on showing what failed in it until it does something else.
		if _, e := c.run("SELECT 1", "Null", nil); e != nil {
			return e
		}
		return err
	}
	if statement == hello && values.Get("client_protocol_version") != "" {
		if done.data, err = helloFrame(done.data, values.Get("client_protocol_version")); err != nil {
			return err
		}
	}
	w.Header().Set("X-ClickHouse-Query-Id", values.Get("query_id"))
	w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d"}`, done.rowsRead, done.bytesRead, done.stored))
	return respond(w, r, values, done.data)
}

func (f *front) authenticate(r *http.Request, values url.Values) error {
	user, password, ok := r.BasicAuth()
	if !ok {
		user, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	}
	if user == "" {
		user, password = values.Get("user"), values.Get("password")
	}
	if (user != "" && user != "default") || password != f.password {
		return refuse(516, "AUTHENTICATION_FAILED", "%s: Authentication failed: password is incorrect, or there is no user with such name", user)
	}
	return nil
}

// sessionTimeout is how long a session waits for its next request.
const sessionTimeout = time.Minute

// acquire gives the connection of a request, which release gives back.
func (f *front) acquire(values url.Values) (*conn, func(), error) {
	id := values.Get("session_id")
	if id == "" {
		c, err := f.engine.session()
		if err != nil {
			return nil, nil, err
		}
		return c, c.close, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.sessions[id]
	switch {
	case s == nil && values.Get("session_check") == "1":
		return nil, nil, refuse(372, "SESSION_NOT_FOUND", "Session %s not found", id)
	case s == nil:
		c, err := f.engine.session()
		if err != nil {
			return nil, nil, err
		}
		s = &session{conn: c}
		f.sessions[id] = s
	case s.busy:
		return nil, nil, refuse(373, "SESSION_IS_LOCKED", "Session %s is locked by a concurrent client", id)
	default:
		s.end.Stop()
	}
	s.busy = true
	timeout := sessionTimeout
	if seconds, err := strconv.Atoi(values.Get("session_timeout")); err == nil {
		timeout = time.Duration(seconds) * time.Second
	}
	return s.conn, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		s.busy = false
		s.end = time.AfterFunc(timeout, func() { f.expire(id, s) })
	}, nil
}

func (f *front) expire(id string, s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sessions[id] == s && !s.busy {
		delete(f.sessions, id)
		s.conn.close()
	}
}

// configure applies what a request's parameters say to its session.
func configure(c *conn, method string, values url.Values) error {
	if database := values.Get("database"); database != "" {
		if _, err := c.run("USE `"+escape(database)+"`", "Null", nil); err != nil {
			return err
		}
	}
	var settings []string
	for key := range values {
		if slices.Contains(own, key) || strings.HasPrefix(key, "param_") {
			continue
		}
		if !settingName.MatchString(key) {
			return refuse(115, "UNKNOWN_SETTING", "Setting %s is neither a builtin setting nor started with a prefix", key)
		}
		settings = append(settings, key+" = '"+escape(values.Get(key))+"'")
	}
	if method == http.MethodGet && values.Get("readonly") == "" {
		settings = append(settings, "readonly = 2")
	}
	if len(settings) == 0 {
		return nil
	}
	slices.Sort(settings)
	_, err := c.run("SET "+strings.Join(settings, ", "), "Null", nil)
	return err
}

// escape writes text between quotes or backticks.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "`", "\\`", "\x00", `\0`).Replace(s)
}
