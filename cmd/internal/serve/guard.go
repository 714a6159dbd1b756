package serve

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"golang.org/x/time/rate"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// seen is what is noted of a request while it is served, for its line in the log.
type seen struct {
	id     string
	route  string
	caller Caller
	status int
}

type seenKey struct{}

// noted is what is noted of a request.
func noted(ctx context.Context) *seen {
	s, ok := ctx.Value(seenKey{}).(*seen)
	if !ok {
		return &seen{}
	}
	return s
}

// watched tells the status of an answer.
type watched struct {
	http.ResponseWriter
	seen *seen
}

// WriteHeader notes the status.
func (w *watched) WriteHeader(status int) {
	if w.seen.status == 0 {
		w.seen.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (w *watched) Write(text []byte) (int, error) {
	if w.seen.status == 0 {
		w.seen.status = http.StatusOK
	}
	return w.ResponseWriter.Write(text)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// guard lets in what may come in, and writes a line for each request. The line
// has the route and never the path, which a caller may have put anything into.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		begun := s.opt.Now()
		note := &seen{id: requestID()}
		w := &watched{ResponseWriter: out, seen: note}
		h := w.Header()
		h.Set("X-Request-Id", note.id)
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		ctx := context.WithValue(r.Context(), seenKey{}, note)
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					panic(v)
				}
				// What it says may quote a row.
				s.opt.Log.ErrorContext(ctx, "crashed, which is our fault", slog.String("request", note.id), slog.String("what", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
				if note.status == 0 {
					Internal.Problem("the log says more of request %s", note.id).write(w)
				}
			}
			s.opt.Log.InfoContext(ctx, "request", slog.String("request", note.id), slog.String("method", method(r)), slog.String("route", note.route),
				slog.Int("status", note.status), slog.Duration("took", s.opt.Now().Sub(begun)), slog.String("token", note.caller.Name), slog.String("remote", r.RemoteAddr))
		}()
		if p := s.refuses(r); p != nil {
			p.write(w)
			return
		}
		if !probe(r) {
			select {
			case s.places <- struct{}{}:
				defer func() { <-s.places }()
			default:
				Overloaded.Problem("try again").After(1).write(w)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// method is a method as a log may hold it.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

func requestID() string {
	random := make([]byte, 8)
	rand.Read(random) // never fails: see its documentation
	return hex.EncodeToString(random)
}

// probe says that a request asks whether the server is there, which is answered
// whatever else there is to do.
func probe(r *http.Request) bool { return probePath(r.URL.Path) }

func probePath(at string) bool { return at == "/healthz" || at == "/readyz" }

// refuses says why a request is not looked at any further.
func (s *Server) refuses(r *http.Request) *Problem {
	// What is not spelled plainly means to be something else.
	if !strings.HasPrefix(r.URL.Path, "/") || path.Clean(r.URL.Path) != r.URL.Path || strings.ContainsAny(r.URL.Path, "\\\x00") {
		return NotFound.Problem("there is nothing at this address")
	}
	if err := s.cross.Check(r); err != nil {
		return ForeignOrigin.Problem("a page of another site may not ask for anything")
	}
	return nil
}

// admit finds out who sent a request, and whether they may have what needs the
// scope; none is needed where it is empty.
func (s *Server) admit(r *http.Request, scope Scope) (Caller, error) {
	if scope == "" {
		return Caller{Name: "anybody"}, nil
	}
	caller, err := s.caller(r)
	if err != nil {
		return caller, err
	}
	noted(r.Context()).caller = caller
	if !s.limiter(caller.ID).AllowN(s.opt.Now(), 1) {
		return caller, TooMany.Problem("at most %g a second, and %d at once", s.opt.Limits.Rate, s.opt.Limits.Burst).After(1)
	}
	if !caller.may(scope) {
		return caller, MissingScope.Problem("this needs the scope %s", scope)
	}
	return caller, nil
}

// caller is who sent a request.
func (s *Server) caller(r *http.Request) (Caller, error) {
	ctx := r.Context()
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		if !s.open {
			return Caller{}, MissingToken.Problem("send a token in the header Authorization, as Bearer cht_...: customhouse token create makes one")
		}
		made, err := s.opt.State.HasAPITokens(ctx)
		if err != nil {
			return Caller{}, err
		}
		if made {
			return Caller{}, MissingToken.Problem("send a token in the header Authorization, as Bearer cht_...: since one was made, every request needs one")
		}
		if !ownName(r.Host) {
			return Caller{}, ForeignHost.Problem("ask 127.0.0.1 or localhost, or make a token: customhouse token create")
		}
		return local(), nil
	}
	kind, token, _ := strings.Cut(given[0], " ")
	id, ok := tokenID(token)
	if len(given) > 1 || !strings.EqualFold(kind, "Bearer") || !ok {
		return Caller{}, InvalidToken.Problem("a token looks like cht_, eight digits, _ and 64 digits, after the word Bearer")
	}
	known, found, err := s.opt.State.APIToken(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	// One that is not there is compared as well, so that it takes as long.
	if !valid(token, known, s.opt.Now()) || !found {
		return Caller{}, InvalidToken.Problem("customhouse token list says which there are")
	}
	caller := Caller{Name: known.Name, ID: known.ID}
	for _, x := range known.Scopes {
		caller.scopes = append(caller.scopes, Scope(x))
	}
	return caller, s.opt.State.UsedAPIToken(ctx, known, s.opt.Now())
}

// ownName says that a host is this machine as only itself calls it: a name that
// somebody else gave to its address is a page's that means to pass for it.
func ownName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// IsLoopback says that an address to listen at can be reached from this machine
// alone.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && host != "" && ownName(host)
}

func (s *Server) limiter(token string) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.rates[token] // of tokens that count: nobody else can make it grow
	if l == nil {
		l = rate.NewLimiter(rate.Limit(s.opt.Limits.Rate), s.opt.Limits.Burst)
		s.rates[token] = l
	}
	return l
}

// fail answers with an error. What is not for the caller is logged by its kind
// alone: it may quote what is in a row.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	switch note := noted(r.Context()); {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		p = Overloaded.Problem("it took too long").After(1)
	default:
		s.opt.Log.ErrorContext(r.Context(), "a request failed", slog.String("request", note.id), slog.String("route", note.route), slog.String("error", told(err)))
		p = Internal.Problem("the log says more of request %s", note.id)
	}
	p.write(w)
}

// told is what a log may hold of an error.
func told(err error) string {
	if known, ok := errors.AsType[*state.Error](err); ok {
		return known.Error()
	}
	var names []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		names = append(names, fmt.Sprintf("%T", e))
	}
	return strings.Join(names, ": ")
}
