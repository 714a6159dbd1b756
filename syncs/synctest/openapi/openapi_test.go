package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
)

func post(path, kind, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

// TestCheck reads a document of each kind there is, and finds what they say.
func TestCheck(t *testing.T) {
	braze := openapi.Open(t, "braze/openapi.json")
	iterable := openapi.Open(t, "iterable/swagger.json")
	klaviyo := openapi.Open(t, "klaviyo/lists.json", "klaviyo/profiles.json")
	for name, test := range map[string]struct {
		documents openapi.Documents
		r         *http.Request
		good      bool
	}{
		"good":             {braze, post("/users/track", "application/json", `{"attributes":[{"external_id":"1"}]}`), true},
		"no such path":     {braze, post("/users/trick", "application/json", `{}`), false},
		"swagger":          {iterable, post("/api/users/forget", "application/json", `{"email":"a@b.c"}`), true},
		"swagger, a type":  {iterable, post("/api/users/forget", "application/json", `{"email":1}`), false},
		"json api":         {klaviyo, post("/api/lists", "application/vnd.api+json", `{"data":{"type":"list","attributes":{"name":"x"}}}`), true},
		"json api, a lack": {klaviyo, post("/api/lists", "application/vnd.api+json", `{"data":{"type":"list"}}`), false},
	} {
		test.r.Header.Set("revision", "2026-07-15")
		if err := test.documents.Check(test.r); (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
