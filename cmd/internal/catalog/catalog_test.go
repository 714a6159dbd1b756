package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestBroken(t *testing.T) {
	nodes := []models.Node{
		{Key: "sync:a", Kind: "sync", Name: "a", Reads: []string{"segment:z"}}, // before what it reads
		{Key: "trait:customer.x", Kind: "trait", Name: "x", Reads: []string{"entity:customer", "source:s"}, Columns: []string{"s.c"}},
		{Key: "trait:customer.y", Kind: "trait", Name: "y", Reads: []string{"source:s"}, Columns: []string{"s.d"}},
		{Key: "segment:z", Kind: "segment", Name: "z", Reads: []string{"trait:customer.x"}},
		{Key: "segment:other", Kind: "segment", Name: "other", Columns: []string{"t.c"}},
		{Key: "destination:d", Kind: "destination", Name: "d", Reads: []string{"sync:a"}},
	}
	for i := range 7 {
		name := string(rune('k' + i))
		nodes = append(nodes, models.Node{Key: "segment:" + name, Kind: "segment", Name: name, Columns: []string{"s.many"}})
	}
	for column, want := range map[string]string{
		"c": "trait x; segment z; sync a", "d": "trait y", "unused": "", "": "traits x, y; segment z; sync a",
		"many": "segments k, l, m, n, o and 2 more",
	} {
		if got := catalog.Broken(nodes, "s", column); got != want {
			t.Errorf("column %q: got %q, want %q", column, got, want)
		}
	}
}

func TestLock(t *testing.T) {
	columns := []adapters.Column{
		{Name: "id", Type: sql.TypeInt, Native: "BIGINT", Identifier: true},
		{Name: `odd "name" <&>`, Native: "MAP(VARCHAR, INTEGER)"},
		{Name: "text", Type: sql.TypeString, Native: "VARCHAR", Identifier: true, Untyped: true},
		{Name: "when", Type: sql.TypeDate, Native: "DATE"},
	}
	one := catalog.Target{Type: "duckdb", Sources: map[string]catalog.Source{"contacts": catalog.Of("raw.contacts", columns), "empty": catalog.Of("", nil)}}
	lock := catalog.Lock{}.With("prod", one).With("test", catalog.Target{Type: "postgres"})
	read, err := catalog.Read(lock.Text())
	if err != nil {
		t.Fatalf("%v in\n%s", err, lock.Text())
	}
	got, ok := read.Targets["prod"].Columns("contacts")
	if d := cmp.Diff(columns, got); d != "" || !ok {
		t.Errorf("columns (-want +got):\n%s", d)
	}
	if _, ok := read.Targets["prod"].Columns("nobody"); ok {
		t.Error("a source that is not there has columns")
	}
	if d := cmp.Diff(string(lock.Text()), string(read.Text())); d != "" {
		t.Errorf("written again (-want +got):\n%s", d)
	}
	// Another look of one target leaves the others as they are, and the lock that
	// it is made of.
	again := read.With("prod", catalog.Target{Type: "duckdb"})
	if _, ok := read.Targets["prod"].Columns("contacts"); !ok || len(again.Targets) != 2 {
		t.Errorf("got %+v and %+v", read, again)
	}
	for _, text := range []string{
		"", "{}", "null", "[]", `{"schema": "customhouse/schema-lock/v2", "targets": {}}`, `{"schema": "customhouse/schema-lock/v1", "more": 1}`,
		string(lock.Text()) + "{}",
		`{"schema": "customhouse/schema-lock/v1", "targets": {"p": {"type": "t", "sources": {"s": {"columns": [{"name": "c", "native": "x", "type": "number"}]}}}}}`,
	} {
		if _, err := catalog.Read([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// FuzzLock: what is read is written so that it reads the same.
func FuzzLock(f *testing.F) {
	f.Add([]byte(`{"schema": "customhouse/schema-lock/v1", "targets": {"p": {"type": "t", "sources": {"s": {"table": "a.b", "columns": [{"name": "c", "native": "x", "type": "int"}]}}}}}`))
	f.Add([]byte(`{"schema": "customhouse/schema-lock/v1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lock, err := catalog.Read(text)
		if err != nil {
			return
		}
		again, err := catalog.Read(lock.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, lock.Text())
		}
		if d := cmp.Diff(string(lock.Text()), string(again.Text())); d != "" {
			t.Errorf("(-first +second):\n%s", d)
		}
	})
}
