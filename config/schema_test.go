package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// compileSchema is the schema of the test's kinds, ready to validate.
func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(testKinds())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("customhouse.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("customhouse.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decodeAny reads YAML as a validator of JSON wants it.
func decodeAny(t *testing.T, file string) (any, error) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Load(text, &v); err != nil {
		return nil, err
	}
	return v, nil
}

func TestSchemaAcceptsDesign(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("testdata/design/*.yaml")
	if err != nil || len(files) != 6 {
		t.Fatalf("got files %v, %v", files, err)
	}
	for _, file := range files {
		v, err := decodeAny(t, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchemaKnowsTheTopLevelKeys(t *testing.T) {
	s := compileSchema(t)
	for key, value := range map[string]any{
		"project": map[string]any{"name": "p"}, "targets": map[string]any{}, "entities": []any{}, "sources": []any{}, "relations": []any{},
		"traits": []any{}, "segments": []any{}, "parameters": []any{}, "consents": []any{}, "destinations": []any{}, "syncs": []any{},
	} {
		if err := s.Validate(map[string]any{key: value}); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := s.Validate(map[string]any{"models": []any{}}); err == nil {
		t.Error("got an unknown key accepted")
	}
}

// seen by the schema are the mistakes that editors show before anything runs:
// fixtures that say so in their second line. The others need the whole
// project, or more than JSON can say.
func TestSchemaRejectsFixtures(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v, err := decodeAny(t, file)
		if err != nil {
			continue // not YAML: the editor sees that by itself
		}
		rejected := s.Validate(v) != nil
		want := strings.Contains(string(text), "# Editors see it.")
		if rejected != want {
			t.Errorf("%s: got rejected %v by the schema, want %v", file, rejected, want)
		}
		if want {
			seen++
		}
	}
	if seen < 20 {
		t.Errorf("got %d fixtures that the schema rejects, want at least 20", seen)
	}
}

// TestEveryKeyIsDescribed keeps editors helpful: each key has a doc tag that
// is a sentence.
func TestEveryKeyIsDescribed(t *testing.T) {
	keys := map[string]bool{}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[header](), reflect.TypeFor[targetKeys](), reflect.TypeFor[destinationKeys](),
		reflect.TypeFor[Entity](), reflect.TypeFor[Identifier](), reflect.TypeFor[Source](), reflect.TypeFor[Files](),
		reflect.TypeFor[Column](), reflect.TypeFor[Trait](), reflect.TypeFor[Segment](), reflect.TypeFor[Sync](), reflect.TypeFor[Field](),
		reflect.TypeFor[Pair](), reflect.TypeFor[Relation](), reflect.TypeFor[Via](), reflect.TypeFor[Expire](), reflect.TypeFor[Parameter](), reflect.TypeFor[Consent](), reflect.TypeFor[Purpose](), reflect.TypeFor[Exception](), reflect.TypeFor[Retention](), reflect.TypeFor[Purpose](), reflect.TypeFor[Exception](), reflect.TypeFor[From](), reflect.TypeFor[To](), reflect.TypeFor[Guards](),
		reflect.TypeFor[Keep](), reflect.TypeFor[Holdout](), reflect.TypeFor[Split](), reflect.TypeFor[Top](), reflect.TypeFor[Priority](), reflect.TypeFor[Pressure](), reflect.TypeFor[Schedule](), reflect.TypeFor[Trigger](), reflect.TypeFor[Test](), reflect.TypeFor[RowCount](), reflect.TypeFor[Person](), reflect.TypeFor[DBT](),
		reflect.TypeFor[Alert](), reflect.TypeFor[SlackChannel](), reflect.TypeFor[WebhookChannel](), reflect.TypeFor[EmailChannel](), reflect.TypeFor[Volume](),
	} {
		for _, f := range reflect.VisibleFields(typ) {
			key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			keys[typ.Name()+"."+key] = true
			if key != "" && key != "-" && !strings.HasSuffix(f.Tag.Get("doc"), ".") {
				t.Errorf("%s.%s: got doc %q, want a sentence", typ.Name(), f.Name, f.Tag.Get("doc"))
			}
		}
	}
	for key := range facets {
		if !keys[key] {
			t.Errorf("facet %q names no field", key)
		}
	}
}
