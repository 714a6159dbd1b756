package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
)

// beyond are the statements of a run for what the hand-tuned SQL does not write,
// by the model that they are labelled with or the table that they make: digests
// of inputs, tests, what syncs want, incidents and histories.
var (
	beyondModels = regexp.MustCompile(`model=(?:inputs|tests|sync):`)
	beyondTables = regexp.MustCompile(`^(?:CREATE|INSERT)[^(\n]*_(?:identity_incidents|told|suspects|changes|id_history|profile_history|segment_changes)`)
)

// meter passes statements on to a server, one at a time, and adds up what CPU
// time it spends on those that are beyond.
type meter struct {
	*httptest.Server
	server *chtest.Server
	mu     sync.Mutex
	spent  time.Duration
}

func newMeter(server *chtest.Server) *meter {
	m := &meter{server: server}
	m.Server = httptest.NewServer(m)
	return m
}

// beyond is what was spent since the last call.
func (m *meter) beyond() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	spent := m.spent
	m.spent = 0
	return spent
}

// ServeHTTP reads an answer to its end before it passes it on: a client may ask
// for something else in the midst of it.
func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	statement, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", m.server.Address
	r.Body = io.NopCloser(bytes.NewReader(statement))
	var answer *httptest.ResponseRecorder
	spent, err := engineTime(m.server, func() error {
		answer, err = forward(r)
		return err
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if beyondModels.MatchString(r.URL.Query().Get("log_comment")) || beyondTables.Match(statement) {
		m.spent += spent
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// forward sends a request and reads the answer.
func forward(r *http.Request) (*httptest.ResponseRecorder, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer := httptest.NewRecorder()
	answer.Code = response.StatusCode
	maps.Copy(answer.Header(), response.Header)
	if _, err := io.Copy(answer.Body, response.Body); err != nil {
		return nil, err
	}
	return answer, nil
}
