// Package serve is the API of customhouse serve, over HTTP: runs are asked for and
// waited for, schedules paused, and what the last run left is looked at.
//
// The routes are a table (routes.go), of Go types from which requests are read
// (decode.go) and the OpenAPI document is made (openapi.go), so that none of the
// three can say something else than the others. What a request asks to be run
// becomes a slot of the state and goes the way of all slots: this package runs
// nothing. What it tells of the project and its warehouse it asks a Project for.
//
// It knows no warehouse, no vendor and no YAML. It never logs what a caller sent,
// nor an error of the warehouse, which may quote what is in a row: identifiers of
// people are in no line, no path and no error.
//
// Start at Server, then guard.go for who may come in, and token.go for what they
// show.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Options are what a Server needs.
type Options struct {
	State   *state.Store
	Project Project
	// Wake has the process look at the state now; what others ask for it sees
	// within seconds anyway. It may be nil.
	Wake func()
	// Metrics serves /metrics; nil where there are none.
	Metrics http.Handler
	Log     *slog.Logger
	Now     func() time.Time
	Limits  Limits
}

// Limits bound what callers can have of a server; what is 0 is as in Defaults.
type Limits struct {
	// Body is how many bytes that of a request may have.
	Body int64
	// Connections are open at a time, and Requests served: those of /healthz and
	// /readyz do not count.
	Connections, Requests int
	// Rate is how many requests a second a token may send on average, and Burst at
	// once.
	Rate  float64
	Burst int
	// Header is how long the header of a request may take, Read all of it, Idle how
	// long a connection may wait for the next one, and Work how long an answer may
	// take beside what the caller waits for.
	Header, Read, Idle, Work time.Duration
	// Wait is how long a caller may wait for a run in one request.
	Wait time.Duration
	// Poll is how often a run that is waited for is looked at.
	Poll time.Duration
	// Send is how long a file may take to be made and sent.
	Send time.Duration
	// Drain is how long requests may take that are under way when it stops.
	Drain time.Duration
}

// Defaults are the limits of a server that is told no others.
func Defaults() Limits {
	return Limits{
		Body: 64 << 10, Connections: 256, Requests: 64, Rate: 20, Burst: 40,
		Header: 5 * time.Second, Read: 15 * time.Second, Idle: time.Minute, Work: time.Minute,
		Wait: time.Minute, Poll: 500 * time.Millisecond, Send: 10 * time.Minute, Drain: 10 * time.Second,
	}
}

// Project is what is served, as it is now. Its errors are a *Problem where the
// caller can do something about it; of others nothing is told but that they
// happened.
type Project interface {
	// Schedules lists the project's schedules.
	Schedules(ctx context.Context) ([]Schedule, error)
	// Selects sees that a selection means something.
	Selects(ctx context.Context, want schedule.Want) error
	// Syncs lists the project's syncs, without their results.
	Syncs(ctx context.Context) ([]Sync, error)
	// Rejections lists rows of a sync that were refused and are still due, in a
	// fixed order; offset are left out. It masks keys, and leaves messages out, unless
	// the look says why not, which it writes down before it shows any.
	Rejections(ctx context.Context, look Look, sync, code string, offset, limit int) ([]Rejection, error)
	// Segments lists the project's segments.
	Segments(ctx context.Context) ([]Segment, error)
	// Profile is the one that an identifier belongs to, masked as Rejections are.
	Profile(ctx context.Context, look Look, entity, identifier, value string) (Profile, error)
	Rights
}

// Server answers requests.
type Server struct {
	opt    Options
	routes []route
	// document is the OpenAPI document.
	document []byte
	handler  http.Handler
	cross    *http.CrossOriginProtection
	// open says that requests need no token as long as none was ever made.
	open   bool
	places chan struct{}
	// stopping is closed when the server takes no more requests: whoever waits for
	// a run is told how far it is.
	stopping chan struct{}
	stop     func()

	mu    sync.Mutex // guards what follows
	rates map[string]*rate.Limiter
}

// New makes a server. One that is open serves requests without a token as long
// as none was ever made, if they are sent to this machine by name or number.
func New(opt Options, open bool) *Server {
	opt.Limits = opt.Limits.orDefaults()
	s := &Server{
		opt: opt, open: open, cross: http.NewCrossOriginProtection(),
		places: make(chan struct{}, opt.Limits.Requests), rates: map[string]*rate.Limiter{},
	}
	s.stopping = make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	s.routes = s.table()
	s.document = document(s.routes)
	s.handler = s.guard(s.mux())
	return s
}

func (l Limits) orDefaults() Limits {
	d := Defaults()
	for _, n := range []struct{ at, usual *int }{{&l.Connections, &d.Connections}, {&l.Requests, &d.Requests}, {&l.Burst, &d.Burst}} {
		if *n.at == 0 {
			*n.at = *n.usual
		}
	}
	for _, n := range []struct{ at, usual *time.Duration }{
		{&l.Header, &d.Header}, {&l.Read, &d.Read}, {&l.Idle, &d.Idle}, {&l.Work, &d.Work}, {&l.Wait, &d.Wait}, {&l.Poll, &d.Poll}, {&l.Send, &d.Send}, {&l.Drain, &d.Drain},
	} {
		if *n.at == 0 {
			*n.at = *n.usual
		}
	}
	if l.Body == 0 {
		l.Body = d.Body
	}
	if l.Rate == 0 {
		l.Rate = d.Rate
	}
	return l
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers what comes in until the context ends, and what is under way has;
// it closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	// What is under way ends by itself, or is cut off at last.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	l := s.opt.Limits
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: l.Header, ReadTimeout: l.Read, IdleTimeout: l.Idle,
		WriteTimeout: l.Read + l.Wait + l.Work, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(s.opt.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() {
		failed <- server.Serve(&bounded{Listener: listener, places: make(chan struct{}, l.Connections)})
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stop()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Drain)
	defer cancel()
	err := server.Shutdown(late)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// bounded accepts so many connections at a time.
type bounded struct {
	net.Listener
	places chan struct{}
}

// Accept waits for a place, and for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	b.places <- struct{}{}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	return &counted{Conn: conn, gone: sync.OnceFunc(func() { <-b.places })}, nil
}

// counted is a connection that has a place.
type counted struct {
	net.Conn
	gone func()
}

// Close gives the place back.
func (c *counted) Close() error {
	defer c.gone()
	return c.Conn.Close()
}
