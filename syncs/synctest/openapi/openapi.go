// Package openapi holds the requests of a destination against the vendor's own
// OpenAPI documents.
//
// The documents are no part of the project: CUSTOMHOUSE_SPECS names the folder
// that they are in, by vendor; ../shared/specs beside the repository is looked at
// where it is not set. Where they are missing the tests fail, so that nobody
// takes silence for a success; where it is "none", make test says loudly that
// they do not run. Start at Open. The package serves tests alone.
package openapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Variable names the folder of the documents.
const Variable = "CUSTOMHOUSE_SPECS"

// Path is where a file below the folder of the documents is. Where it is missing
// the test fails; only CUSTOMHOUSE_SPECS=none skips it.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	folder := os.Getenv(Variable) //nolint:forbidigo // test support: where a machine keeps the documents is the machine's to say
	switch folder {
	case "":
		folder = filepath.Join(root(tb), "..", "shared", "specs")
	case "none":
		tb.Skipf("%s is none: requests are not held against %s", Variable, name)
	}
	file := filepath.Join(folder, filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil { //nolint:gosec // test support: the folder is the machine's to say
		tb.Fatalf("the vendor's document is missing (%v): set %s to the folder of the documents, or to none to do without", err, Variable)
	}
	return file
}

// root is the folder of go.mod above that of the test's package.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("there is no go.mod above the working directory")
		}
		dir = up
	}
}

// Documents are what a vendor says of its interface.
type Documents []routers.Router

// Open reads documents by their names in the folder, "klaviyo/profiles.json", of
// OpenAPI 3 or Swagger 2. Where in the world they are served is not looked at.
func Open(tb testing.TB, names ...string) Documents {
	tb.Helper()
	var list Documents
	for _, name := range names {
		file := Path(tb, name)
		doc, err := load(file)
		if err != nil {
			tb.Fatalf("reading %s: %v", name, err)
		}
		doc.Servers = nil
		for _, path := range doc.Paths.Map() {
			path.Servers = nil
			for _, o := range path.Operations() {
				o.Servers = nil
			}
		}
		router, err := gorillamux.NewRouter(doc)
		if err != nil {
			tb.Fatalf("reading %s: %v", name, err)
		}
		list = append(list, router)
	}
	return list
}

func load(file string) (*openapi3.T, error) {
	text, err := os.ReadFile(file) //nolint:gosec // as above
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller names the file.
	}
	var version struct {
		Swagger string `json:"swagger"`
	}
	if strings.HasSuffix(file, ".json") && json.Unmarshal(text, &version) == nil && version.Swagger != "" {
		var old openapi2.T
		if err := json.Unmarshal(text, &old); err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		return openapi2conv.ToV3(&old) //nolint:wrapcheck // as above
	}
	return openapi3.NewLoader().LoadFromData(text) //nolint:wrapcheck // as above
}

// Check says what the documents have against a request; nothing where they have
// nothing, which includes that one of them describes it. Credentials are not
// looked at.
func (d Documents) Check(r *http.Request) error {
	var route *routers.Route
	var params map[string]string
	var err error
	for _, router := range d {
		if route, params, err = router.FindRoute(r); err == nil {
			break
		}
	}
	if err != nil {
		return err //nolint:wrapcheck // It names the path.
	}
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{ //nolint:wrapcheck // as above
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	})
}

// Watch holds each request to a fake against the documents before it is served.
// What only the fake has, such as its address for tokens, is in except, by path.
func (d Documents) Watch(tb testing.TB, fake synctest.Fake, except ...string) synctest.Fake {
	tb.Helper()
	w := &watched{Fake: fake, documents: d, tb: tb, except: map[string]bool{}}
	for _, path := range except {
		w.except[path] = true
	}
	return w
}

type watched struct {
	synctest.Fake
	documents Documents
	tb        testing.TB
	except    map[string]bool
	mu        sync.Mutex
	said      map[string]bool
}

// ServeHTTP checks a request and serves it. What is wrong is said once.
func (w *watched) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The sender went away.
	}
	if !w.except[r.URL.Path] {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		if err := w.documents.Check(again); err != nil {
			w.say(r.Method + " " + r.URL.Path + ": " + err.Error())
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.Fake.ServeHTTP(rw, r)
}

func (w *watched) say(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said == nil {
		w.said = map[string]bool{}
	}
	if !w.said[problem] {
		w.said[problem] = true
		w.tb.Errorf("the vendor's document has something against a request: %s", problem)
	}
}
