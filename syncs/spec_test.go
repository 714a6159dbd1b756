package syncs_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

func TestObjects(t *testing.T) {
	spec := syncs.Spec{
		Kinds: []syncs.Kind{syncs.Delete}, Batch: syncs.Batch{MaxRows: 7},
		Objects: []syncs.Object{
			{Name: "contacts", Kinds: []syncs.Kind{syncs.Upsert}}, {Name: "list/*", Batch: syncs.Batch{MaxRows: 3}}, {Name: "*"},
		},
	}
	for _, test := range []struct {
		name, want string
		rows       int
	}{
		{"contacts", "contacts", 7},
		{"list/12", "list/*", 3},
		{"2-123", "*", 7},
		{"list", "*", 7},
		{"", "", 0},
		{"list/", "", 0},
		{"list/ ", "", 0},
		{"contacts/1", "", 0},
		{" ", "", 0},
	} {
		o, ok := spec.Object(test.name)
		if ok != (test.want != "") || o.Name != test.want || o.Batch.MaxRows != test.rows {
			t.Errorf("object %q is %q of %d rows, %t, want %q of %d", test.name, o.Name, o.Batch.MaxRows, ok, test.want, test.rows)
		}
	}
	free, ok := syncs.Spec{Kinds: spec.Kinds, Batch: spec.Batch}.Object("whatever")
	if diff := cmp.Diff(syncs.Object{Name: "whatever", Kinds: spec.Kinds, Batch: spec.Batch}, free); diff != "" || !ok {
		t.Errorf("of a destination that takes any object: %s", diff)
	}
}

func TestTypesAreTexts(t *testing.T) {
	want := `["string","int","float","decimal","bool","timestamp","date","list"]`
	var types []syncs.Type
	if err := json.Unmarshal([]byte(want), &types); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(types); err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if err := json.Unmarshal([]byte(`["number"]`), &types); err == nil {
		t.Error("number is read as a type")
	}
}

func TestFit(t *testing.T) {
	fields := []syncs.PlatformField{
		{Name: "email", Types: []syncs.Type{syncs.String}, Unique: true},
		{Name: "hs_object_id", Unique: true, ReadOnly: true},
		{Name: "created", ReadOnly: true},
		{Name: "stage", Enum: []string{"lead", "customer"}},
		{Name: "note", MaxLength: 5},
		{Name: "age", Types: []syncs.Type{syncs.Int, syncs.Float}},
		{Name: "company", Required: true},
		{Name: "properties.*"},
	}
	f := func(name string, typ syncs.Type) syncs.Field { return syncs.Field{Name: name, Type: typ} }
	email, company := f("email", syncs.String), f("company", syncs.String)
	for name, test := range map[string]struct {
		key     string
		fields  []syncs.Field
		updates bool
		texts   map[string][]string
		want    []syncs.Misfit
	}{
		"fits":                 {key: "email", fields: []syncs.Field{email, company, f("properties.x", syncs.Bool), f("age", syncs.Float)}},
		"key is read-only":     {key: "hs_object_id", fields: []syncs.Field{f("hs_object_id", syncs.String), company}},
		"a constant fits":      {key: "email", fields: []syncs.Field{email, company, f("stage", syncs.String), f("note", syncs.String)}, texts: map[string][]string{"stage": {"lead", "customer"}, "note": {"ééééé"}}},
		"an update needs less": {key: "email", fields: []syncs.Field{email}, updates: true},
		"unknown": {key: "email", fields: []syncs.Field{email, company, f("agee", syncs.Int), f("properties.", syncs.Int)}, want: []syncs.Misfit{
			{"agee", "", syncs.CodeNoField, `contacts has no field "agee"`, "did you mean age?"},
			{"properties.", "", syncs.CodeNoField, `contacts has no field "properties."`, "did you mean properties.*?"},
		}},
		"read-only": {key: "email", fields: []syncs.Field{email, company, f("created", syncs.Date)}, want: []syncs.Misfit{
			{"created", "", syncs.CodeReadOnly, "the field created of contacts cannot be written", "remove it: the platform fills it itself"},
		}},
		"key": {key: "company", fields: []syncs.Field{company}, want: []syncs.Misfit{
			{"company", "", syncs.CodeNotUnique, "the field company of contacts does not identify a row there", "use one of email, hs_object_id as the key"},
		}},
		"type": {key: "email", fields: []syncs.Field{email, company, f("age", syncs.Bool)}, want: []syncs.Misfit{
			{"age", "", syncs.CodeFieldType, "the field age of contacts does not take values of type bool", "map something of type int or float, or give the field that type"},
		}},
		"values": {key: "email", fields: []syncs.Field{email, company, f("stage", syncs.String), f("note", syncs.String)}, texts: map[string][]string{"stage": {"customer", "leed"}, "note": {"abcdef", "a"}}, want: []syncs.Misfit{
			{"stage", "leed", syncs.CodeNotInList, `the field stage of contacts does not take the value "leed"`, "did you mean lead?"},
			{"note", "abcdef", syncs.CodeTooLong, "the field note of contacts takes 5 characters, and this has 6", "shorten it"},
		}},
		"missing": {key: "email", fields: []syncs.Field{email}, want: []syncs.Misfit{
			{"", "", syncs.CodeFieldNeeded, "new rows of contacts need the field company, which is not mapped", "map it"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := syncs.Fit(fields, syncs.Schema{Object: "contacts", Key: test.key, Fields: test.fields}, !test.updates, test.texts)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got := syncs.Fit(nil, syncs.Schema{Key: test.key, Fields: test.fields}, true, nil); got != nil {
				t.Errorf("of an unknown object: %v", got)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	for status, want := range map[int]syncs.Verdict{
		200: 0, 207: 0, 302: syncs.Fatal, 400: syncs.Split, 401: syncs.Expired, 403: syncs.Fatal, 404: syncs.Fatal, 408: syncs.Unknown,
		413: syncs.Split, 422: syncs.Split, 425: syncs.Retry, 429: syncs.Retry, 500: syncs.Unknown, 503: syncs.Retry, 504: syncs.Unknown,
		100: syncs.Fatal, 599: syncs.Unknown, 600: syncs.Fatal,
	} {
		out := syncs.Status(&syncs.Response{Status: status, Header: http.Header{"Retry-After": {"3"}}}, "why")
		waits := want == syncs.Retry || want == syncs.Unknown
		if out.Verdict != want || (out.Wait > 0) != waits || out.Throttled != (status == 429) || want != 0 && (out.Code == "" || out.Message == "") {
			t.Errorf("%d is %+v, want the verdict %d", status, out, want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	const own = "https://api.example.com"
	secrets := func(secret.Ref) secret.Value { return secret.NewValue("localhost:8080") }
	for text, want := range map[string]string{
		"": own + "/x", "http://127.0.0.1:1/": "http://127.0.0.1:1/x", "http://${env:HOST}/api": "http://localhost:8080/api/x",
	} {
		base, err := secret.NewTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		e := syncs.Endpoint{BaseURL: base}
		if got := e.At(own, secrets, "/x"); got != want {
			t.Errorf("base_url %q leads to %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]int{
		"https://example.com": 0, "https://example.com/v1": 0, "${env:URL}": 0, "example.com": 1, "ftp://example.com": 1,
		"https://example.com?x=1": 1, "https://u:p@example.com": 1, "https://": 1,
		"http://:80": 1, "http://127.0.0.1:8080": 1, "http://localhost": 1, "http://169.254.169.254": 1,
	} {
		base, err := secret.NewTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		e, found := syncs.Endpoint{BaseURL: base}, 0
		e.CheckEndpoint(strict.Node{}, func(diag.Diagnostic) { found++ })
		if found != want {
			t.Errorf("base_url %q has %d findings, want %d", text, found, want)
		}
		e.AllowPrivate, found = true, 0
		e.CheckEndpoint(strict.Node{}, func(diag.Diagnostic) { found++ })
		if meant := strings.HasSuffix(text, "localhost") || strings.Contains(text, "127.0.0.1"); meant && found != 0 || !meant && found != want {
			t.Errorf("base_url %q has %d findings where it may be private", text, found)
		}
	}
}

// TestFitRemoval: a key that people are found by has to be the only such field.
func TestFitRemoval(t *testing.T) {
	fields := []syncs.PlatformField{
		{Name: "external_id", Unique: true}, {Name: "email", Unique: true, Matches: true}, {Name: "phone", Unique: true, Matches: true}, {Name: "value"},
	}
	schema := func(key string, names ...string) syncs.Schema {
		s := syncs.Schema{Object: "audience/1", Key: key}
		for _, name := range names {
			s.Fields = append(s.Fields, syncs.Field{Name: name})
		}
		return s
	}
	for _, test := range []struct {
		schema syncs.Schema
		want   []string
	}{
		{schema("email", "email"), nil},
		{schema("email", "email", "value"), nil},
		{schema("email", "email", "external_id"), nil},
		{schema("external_id", "external_id", "email", "phone"), nil},
		{schema("email", "email", "phone"), []string{"phone use external_id as the key, or map nothing else that people are found by"}},
	} {
		var got []string
		for _, m := range syncs.FitRemoval(fields, test.schema) {
			got = append(got, m.Field+" "+m.Help)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v: %s", test.schema, diff)
		}
	}
	if got := syncs.FitRemoval(syncs.Replaced(fields), schema("email", "email", "phone")); got != nil {
		t.Errorf("what is replaced has %+v against it", got)
	}
}
