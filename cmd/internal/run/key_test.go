package run

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestUnlock: a list that does not fit the key is no list that anybody may go on
// without.
func TestUnlock(t *testing.T) {
	t.Parallel()
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, "")
	if err != nil {
		t.Fatal(err)
	}
	wh := adapters.New(adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Work: duckdb.WorkParts()})
	t.Cleanup(func() {
		if err := wh.Close(); err != nil {
			t.Error(err)
		}
	})
	exec := func(list ...sql.Statement) {
		t.Helper()
		if err := wh.Exec(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
	}
	if err := wh.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	customer := &config.Entity{Name: "customer", Identifiers: []config.Identifier{{Name: "email"}}}
	project := &config.Project{Entities: []*config.Entity{customer, {Name: "account", Identifiers: []config.Identifier{{Name: "domain"}}}}}
	pending := func(want map[string]bool) {
		t.Helper()
		got, err := erased(t.Context(), wh, project)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("who was erased (-want +got):\n%s", diff)
		}
	}
	pending(nil) // before the first run
	for _, s := range privacy.System() {
		exec(s)
	}
	pending(map[string]bool{})

	key, asked := privacy.NewKey([]byte("a secret")), 0
	asks := func(k privacy.Key, err error) func(context.Context) (privacy.Key, error) {
		return func(context.Context) (privacy.Key, error) {
			asked++
			return k, err
		}
	}
	unlock := func(ask func(context.Context) (privacy.Key, error)) error {
		return newRunner(Options{Warehouse: wh, Key: ask}).unlock(t.Context())
	}
	if err := unlock(asks(key, nil)); err != nil || asked > 0 {
		t.Errorf("nobody was erased: got %v, and the key was asked for %d times", err, asked)
	}
	exec(sql.InsertSelect{Table: privacy.Suppressions, Columns: []string{"entity", "identifier_type", "digest", "kind"}, Query: &sql.Select{Items: []sql.Item{
		sql.As(sql.String("customer"), "entity"), sql.As(sql.String("email"), "identifier_type"),
		sql.As(sql.String(key.Digest("email", "ada@example.com")), "digest"), sql.As(sql.String(privacy.Own), "kind"),
	}}})
	pending(map[string]bool{"customer": true})
	exec(identity.SystemErased(customer)[0])
	pending(map[string]bool{"customer": true})
	exec(sql.InsertSelect{Table: identity.SuppressedTable(customer), Columns: []string{"identifier_type", "digest", "kind"}, Query: &sql.Select{
		Items: sql.Items("s", "identifier_type", "digest", "kind"), From: sql.TableRef{Table: privacy.Suppressions, As: "s"},
	}})
	pending(map[string]bool{"customer": false})

	if err := unlock(asks(key, nil)); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a list without a check: got %v", err)
	}
	exec(privacy.AddCheck(key.CheckDigest(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	away := errors.New("the state is away")
	for name, c := range map[string]struct {
		ask  func(context.Context) (privacy.Key, error)
		want error
	}{
		"no key":      {nil, ErrWrongKey},
		"another key": {asks(privacy.NewKey([]byte("another")), nil), ErrWrongKey},
		"an error":    {asks(privacy.Key{}, away), away},
	} {
		if err := unlock(c.ask); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if there, err := exists(t.Context(), wh, privacy.KeyTable.Table); there || err != nil {
			t.Errorf("%s: the key is there: %t, %v", name, there, err)
		}
	}
	if err := unlock(asks(key, nil)); err != nil {
		t.Fatal(err)
	}
	inner, outer := key.Row()[0], key.Row()[1]
	err = each(t.Context(), wh, &sql.Select{Items: sql.Items("k", "inner", "outer"), From: sql.TableRef{Table: privacy.KeyTable.Table, As: "k"}}, func(row []any) error {
		if row[0] != inner || row[1] != outer {
			t.Error("the key that is there is another one")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
