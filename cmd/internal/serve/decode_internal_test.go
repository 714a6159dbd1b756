package serve

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzBody: what a body is read as says what the body says: written down again and
// read again it is the same, and no value is beyond its bounds.
func FuzzBody(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"select":["a"],"wait":60}`, `{"Select":["a"]}`, `{"select":["a"],"select":["b"]}`, `{"identifier":{"type":"email","value":"a"}}`,
		`{"identifier":{"type":"email","value":"\ud800"}}`, `{"wait":1e1}`, `{"wait":-0}`, `{"select":[null]}`, `{"schedule":"on:request"}`, `[[[[`,
		`{"kind":"erase","identifiers":[{"type":"email","value":"a"},{"type":"id","value":"1"}],"evidence":"t","yes":true}`,
		`{"kind":"rectify","identifiers":[{"type":"email","value":"a","value":"b"}],"evidence":"t","received":"2026-01-31T00:00:00Z"}`,
		`{"step":"source","system":"contacts","evidence":"t"}`, `{"kind":"access","identifiers":[null],"evidence":"t"}`, "{\"\xff\":1}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []reflect.Type{reflect.TypeFor[RunAsked](), reflect.TypeFor[LookUp](), reflect.TypeFor[RightAsked](), reflect.TypeFor[StepDone](), reflect.TypeFor[WhereAsked]()} {
			read := reflect.New(kind)
			if decodeBody([]byte(text), read) != nil {
				continue
			}
			written, err := json.Marshal(read.Interface())
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(kind)
			if err := decodeBody(written, again); err != nil {
				t.Fatalf("%q became %s, which is refused: %v", text, written, err)
			}
			if diff := cmp.Diff(read.Interface(), again.Interface()); diff != "" {
				t.Errorf("%q: %s", text, diff)
			}
			if x, ok := reflect.TypeAssert[*RunAsked](read); ok && (x.Wait < 0 || x.Wait > 60 || len(x.Select) > 100) {
				t.Errorf("%q became %+v", text, x)
			}
			if x, ok := reflect.TypeAssert[*RightAsked](read); ok && (len(x.Identifiers) == 0 || len(x.Identifiers) > 20 || x.Identifiers[0].Value == "" || x.Evidence == "") {
				t.Errorf("%q became %+v", text, x)
			}
		}
	})
}
