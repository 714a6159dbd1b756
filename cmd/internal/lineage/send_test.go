package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSend: events go out in their order, with the key, again where that may help;
// what cannot be sent is told once, without the address, and holds nothing up.
func TestSend(t *testing.T) {
	t.Parallel()
	var got []string
	refuse := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if refuse > 0 {
			refuse--
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		var e Event
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		got = append(got, r.URL.Path+" "+r.Header.Get("Authorization")+" "+e.Type)
	}))
	defer server.Close()
	send := func(env map[string]string, file string) (complaints []string) {
		t.Helper()
		s, err := FromEnvironment(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, file, func(err error) { complaints = append(complaints, err.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{start, complete} {
			s.Send(Event{Type: what})
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		return complaints
	}
	if complaints := send(map[string]string{"OPENLINEAGE_URL": server.URL, "OPENLINEAGE_ENDPOINT": "in", "OPENLINEAGE_API_KEY": "key"}, ""); complaints != nil {
		t.Errorf("it complained %q", complaints)
	}
	if diff := cmp.Diff([]string{"/in Bearer key START", "/in Bearer key COMPLETE"}, got); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
	complaints := send(map[string]string{"OPENLINEAGE_URL": "http://127.0.0.1:1/canary"}, "")
	if len(complaints) != 1 || strings.Contains(complaints[0], "canary") {
		t.Errorf("nobody there: it complained %q", complaints)
	}
	file := filepath.Join(t.TempDir(), "events")
	send(nil, file)
	send(nil, file)
	if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), "\n") != 4 {
		t.Errorf("the file holds %s, %v", text, err)
	}
	for _, env := range []map[string]string{{}, {"OPENLINEAGE_URL": "http://x", "OPENLINEAGE_DISABLED": "true"}} {
		s, err := FromEnvironment(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, "", nil)
		if err := errors.Join(err, s.Close(t.Context())); s != nil || err != nil {
			t.Errorf("%v: %v, %v", env, s, err)
		}
	}
}

// TestParent reads what started the run.
func TestParent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*Parent{
		"":                            nil,
		"a/b":                         nil,
		"airflow/dag.task/1-2":        {"airflow", "dag.task", "1-2"},
		"https://host/airflow/dag/id": {"https://host/airflow", "dag", "id"},
	} {
		got := ParentFromEnvironment(func(string) (string, bool) { return text, true })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
