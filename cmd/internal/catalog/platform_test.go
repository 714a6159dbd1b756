package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/syncs"
)

func TestPlatforms(t *testing.T) {
	one := catalog.Platform{Type: "acme", Objects: map[string][]syncs.PlatformField{
		"contacts": {{Name: "email", Unique: true}, {Name: "age <&>", Types: []syncs.Type{syncs.Int, syncs.Float}, MaxLength: 3, Enum: []string{"1", "2"}}},
		"list/7":   {},
	}}
	lock := catalog.Platforms{}.With("crm", one).With("ads", catalog.Platform{Type: "other"})
	read, err := catalog.ReadPlatforms(lock.Text())
	if err != nil {
		t.Fatalf("%v in\n%s", err, lock.Text())
	}
	if d := cmp.Diff(string(lock.Text()), string(read.Text())); d != "" {
		t.Errorf("written again (-want +got):\n%s", d)
	}
	if d := cmp.Diff(one.Objects["contacts"][1], read.Destinations["crm"].Objects["contacts"][0]); d != "" {
		t.Errorf("the fields are sorted (-want +got):\n%s", d)
	}
	// A look at one object leaves the others; a destination of another type begins
	// anew.
	deals := map[string][]syncs.PlatformField{"deals": {{Name: "id"}}}
	if got := read.With("crm", catalog.Platform{Type: "acme", Objects: deals}).Destinations["crm"].Objects; len(got) != 3 {
		t.Errorf("objects %v, want three", got)
	}
	if got := read.With("crm", catalog.Platform{Type: "another", Objects: deals}).Destinations["crm"].Objects; len(got) != 1 {
		t.Errorf("objects %v, want one", got)
	}
	for _, text := range []string{
		"", "{}", "null", `{"schema": "customhouse/destinations-lock/v2"}`, string(lock.Text()) + "{}",
		`{"schema": "customhouse/destinations-lock/v1", "destinations": {"a": {"objects": {"b": [{"name": "c", "types": ["number"]}]}}}}`,
		`{"schema": "customhouse/destinations-lock/v1", "destinations": {"a": {"objects": {"b": [{"nam": "c"}]}}}}`,
	} {
		if _, err := catalog.ReadPlatforms([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// FuzzPlatforms: what is read is written so that it reads the same.
func FuzzPlatforms(f *testing.F) {
	f.Add([]byte(`{"schema": "customhouse/destinations-lock/v1", "destinations": {"a": {"type": "b", "objects": {"c": [{"name": "d", "types": ["int"]}]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lock, err := catalog.ReadPlatforms(text)
		if err != nil {
			return
		}
		again, err := catalog.ReadPlatforms(lock.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, lock.Text())
		}
		if d := cmp.Diff(string(lock.Text()), string(again.Text())); d != "" {
			t.Errorf("(-first +second):\n%s", d)
		}
	})
}
