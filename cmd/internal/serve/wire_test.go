package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// listen serves on a port until stop.
func (f *fixture) listen() (address string, stop func() error) {
	f.Helper()
	listener, err := new(net.ListenConfig).Listen(f.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, listener) }()
	return listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestSlow: whoever sends too slowly, or nothing, is hung up on.
func TestSlow(t *testing.T) {
	f := start(t, false, serve.Limits{Header: 100 * time.Millisecond, Read: 200 * time.Millisecond, Idle: 100 * time.Millisecond})
	address, stop := f.listen()
	head := "POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + f.all + "\r\nContent-Type: application/json\r\n"
	for name, sent := range map[string]string{
		"nothing": "", "half a header": "GET /v1/runs HTTP/1.1\r\nHost: 127", "half a body": head + "Content-Length: 1000\r\n\r\n{\"sel",
		"half a chunk": head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"se", "one request": "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		conn := dial(t, address)
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(conn) // It ends when the server hangs up.
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(text), " 202 ") {
			t.Errorf("%s started something: %s", name, text)
		}
	}
	conn := dial(t, address)
	go func() {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("a", 64<<10)+"\r\n\r\n")
	}()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large header: %d", r.StatusCode)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestPlaces: so many requests are served at a time, and whether the server is
// there is told whatever it has to do; and who waits when it stops is told how far
// it is.
func TestPlaces(t *testing.T) {
	f := start(t, false, serve.Limits{Requests: 1, Connections: 8})
	var run serve.Run
	f.ask("POST", "/v1/runs", "{}", http.StatusAccepted, &run)
	waiter := f.token("waiter", time.Time{}, "runs:read")
	address, stop := f.listen()
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "GET /v1/runs/"+run.ID+"?wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "+waiter+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for in := false; !in; { // until the one that waits has the place
		x, _, err := f.store.APIToken(t.Context(), waiter[len("cht_"):len("cht_01234567")])
		if err != nil {
			t.Fatal(err)
		}
		in = !x.Used.IsZero()
	}
	if p := problem(t, f.send(f.asked("GET", "/v1/syncs", f.all, ""))); p.Code != "overloaded" {
		t.Errorf("one more: %s", p.Code)
	}
	for _, at := range []string{"/healthz", "/readyz"} {
		if w := f.send(f.asked("GET", at, "", "")); w.Code != http.StatusOK {
			t.Errorf("%s: %d", at, w.Code)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got serve.Run
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.ID != run.ID || got.Status != "due" {
		t.Errorf("who waited was told %d %v %+v", r.StatusCode, err, got)
	}
	w := f.send(f.asked("GET", "/readyz", "", ""))
	if p := problem(t, w); p.Code != "not-ready" {
		t.Errorf("ready though it has stopped: %s", p.Code)
	}
}

// FuzzRequest: no request makes the server fail.
func FuzzRequest(f *testing.F) {
	for _, c := range calls("nightly@2026-01-01T00:00:00.000000Z") {
		f.Add(c.method, c.at, c.body, "application/json")
	}
	f.Add("POST", "/v1/runs?wait=1", `{"select":[null],"wait":1e400}`, "application/json; charset=utf-8")
	store, err := state.Open(f.Context(), state.Options{Place: filepath.Join(f.TempDir(), "p.db"), Scope: "p/local", Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	log := &logged{}
	s := serve.New(serve.Options{
		State: store, Project: &project{}, Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now, Limits: serve.Limits{Rate: 1e6, Burst: 1e6},
	}, true)
	f.Fuzz(func(t *testing.T, method, at, body, media string) {
		// To wait for an end that never comes is no failure, and takes long.
		if strings.Contains(at+body, "wait") || !strings.HasPrefix(at, "/") {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/", strings.NewReader(body))
		if err != nil {
			return
		}
		if r.URL, err = r.URL.Parse("http://127.0.0.1" + at); err != nil {
			return
		}
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q %q: %d %s\n%s", method, at, body, w.Code, w.Body, log)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: %s", method, at, w.Body)
		}
	})
}
