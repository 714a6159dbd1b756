package syncs_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// TestSpelling holds nested objects, with and without fields that are left out,
// to maps that are filled one by one.
func TestSpelling(t *testing.T) {
	paths := []string{"email", "address.city", "address.zip", "address.geo.lat", "address.geo.lon", "name", "a.b.c", "a.d", "last"}
	rapid.Check(t, func(t *rapid.T) {
		var fields []syncs.Field
		var values []any
		want := map[string]any{}
		for _, p := range paths {
			if !rapid.Bool().Draw(t, "has "+p) {
				continue
			}
			f := syncs.Field{Name: p, Path: strings.Split(p, "."), Type: syncs.String, SkipNull: rapid.Bool().Draw(t, "skips "+p)}
			var v any
			if rapid.Bool().Draw(t, "has a value") {
				v = "value of " + p
			}
			fields, values = append(fields, f), append(values, v)
			if v == nil && f.SkipNull {
				continue
			}
			at := want
			for _, name := range f.Path[:len(f.Path)-1] {
				inner, ok := at[name].(map[string]any)
				if !ok {
					inner = map[string]any{}
					at[name] = inner
				}
				at = inner
			}
			at[f.Path[len(f.Path)-1]] = v
		}
		text, err := syncs.NewSpelling(fields, nil).Append(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	})
}

func TestSpellingOfSome(t *testing.T) {
	fields := []syncs.Field{{Name: "a", Type: syncs.Int}, {Name: "b", Type: syncs.Int, SetIfEmpty: true}, {Name: "c", Type: syncs.Float}}
	some := syncs.NewSpelling(fields, func(f syncs.Field) bool { return f.SetIfEmpty })
	text, err := some.Append(nil, []any{int64(1), int64(2), 3.0})
	if err != nil || string(text) != `{"b":2}` || some.Empty() {
		t.Errorf("%s, %v, empty %v", text, err, some.Empty())
	}
	if !syncs.NewSpelling(fields, func(syncs.Field) bool { return false }).Empty() {
		t.Error("an object of no fields is not empty")
	}
	_, err = syncs.NewSpelling(fields, nil).Append(nil, []any{nil, nil, math.NaN()})
	if err == nil || !strings.HasPrefix(err.Error(), "field c: ") {
		t.Errorf("a number that JSON lacks: %v", err)
	}
}

// TestBare: decimals digit by digit, as numbers.
func TestBare(t *testing.T) {
	field := []syncs.Field{{Name: "d", Type: syncs.Decimal}}
	for value, want := range map[any]string{
		"12.50": `{"d":12.50}`, "-0.000000001": `{"d":-0.000000001}`, "99999999999999999999999999999.123456789": `{"d":99999999999999999999999999999.123456789}`,
		nil: `{"d":null}`, int64(3): `{"d":3}`, "": "", "x": "", "true": "", `"1"`: "", "1.": "", "[1]": "", "NaN": "",
	} {
		text, err := syncs.NewSpelling(field, nil).Bare().Append(nil, []any{value})
		if (err != nil) != (want == "") || err == nil && string(text) != want {
			t.Errorf("%v: got %s, %v, want %s", value, text, err, want)
		}
	}
}

// TestMembers: fields beside what an object has already, and all of them emptied.
func TestMembers(t *testing.T) {
	fields := []syncs.Field{{Name: "a", Type: syncs.Int, SkipNull: true}, {Name: "b.c", Path: []string{"b", "c"}, Type: syncs.Int, SkipNull: true}}
	spelling := syncs.NewSpelling(fields, nil)
	for _, test := range []struct {
		begun  string
		values []any
		want   string
	}{
		{`{`, []any{int64(1), int64(2)}, `{"a":1,"b":{"c":2}`},
		{`{"x":0`, []any{int64(1), int64(2)}, `{"x":0,"a":1,"b":{"c":2}`},
		{`{"x":0`, []any{nil, nil}, `{"x":0`},
		{`{`, []any{nil, nil}, `{`},
	} {
		got, err := spelling.AppendMembers([]byte(test.begun), test.values)
		if err != nil || string(got) != test.want {
			t.Errorf("%s with %v: got %s, %v, want %s", test.begun, test.values, got, err, test.want)
		}
	}
	emptied := spelling.Emptied()
	for range 2 {
		if got := syncs.Members([]byte(`{"x":0`), emptied); string(got) != `{"x":0,"a":null,"b":{"c":null}` {
			t.Errorf("got %s", got)
		}
	}
}
