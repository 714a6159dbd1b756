package person_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
)

// TestFindKinds: what a person alone has is theirs, what others were seen with is
// shared, and what was refused together with it is kept so: a chain of four
// addresses is one too long, and without the first it would not be.
func TestFindKinds(t *testing.T) {
	t.Parallel()
	e := &config.Entity{Name: "customer", Identifiers: []config.Identifier{{Name: "user_id"}, {Name: "email", Limit: 3}, {Name: "cookie"}}}
	s := &config.Source{Name: "rows", Table: "raw.rows", Entity: "customer"}
	for _, id := range e.Identifiers {
		s.Identifiers = append(s.Identifiers, strict.Entry[string]{Key: id.Name, Value: id.Name})
	}
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.rows AS SELECT * FROM (VALUES (NULL, 'a', 'c1'), (NULL, 'b', 'c1'), (NULL, 'b', 'c2'), (NULL, 'c', 'c2'), (NULL, 'c', 'c3'), " +
		"(NULL, 'd', 'c3'), ('1', 'a', NULL), (NULL, 'a', 'own'), (NULL, 'x', 'y')) v (user_id, email, cookie)")
	for _, t := range slices.Concat(identity.System(e, []*config.Source{s}), audience.System(), privacy.System()) {
		b.Statements(t)
	}
	in := identity.Input{Entity: e, Sources: []*config.Source{s}, AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), RunID: "run"}
	b.Steps(identity.Rows(in, s).Steps)
	m := identity.Resolve(in)
	b.Steps(m.Steps)
	b.Statements(m.Commit...)

	b.Statements(person.Seeds)
	b.Exec("INSERT INTO work." + person.Seeds.Table.Name + " VALUES ('email', 'a')")
	b.Steps(person.Input{Project: &config.Project{Entities: []*config.Entity{e}, Sources: []*config.Source{s}}, Entity: e}.Find())
	want := [][]string{
		{"cookie", "c1", privacy.Shared},
		{"cookie", "c2", privacy.Shared},
		{"cookie", "c3", privacy.Shared},
		{"cookie", "own", privacy.Own},
		{"email", "a", privacy.Own},
		{"user_id", "1", privacy.Own},
	}
	got := b.Rows("SELECT identifier_type, identifier, kind FROM work." + person.Identifiers.Table.Name + " ORDER BY ALL")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identifiers (-want +got):\n%s", diff)
	}
}
