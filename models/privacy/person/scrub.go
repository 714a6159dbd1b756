package person

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// erased is what is left of the cause of a change of id.
const erased = "erased"

// nobodys are the tables that hold nothing of anybody: numbers, times, names of
// the project, digests.
var nobodys = []string{
	"aggregate_state", "evaluated_from", "identity_state", "privacy_audit_heads", "privacy_suppressions", "runs", "script_commits",
	"segment_sizes", "sync_leases", "sync_state", "test_results",
}

// Scrub compiles one script after which the tables named have nothing of whom IDs,
// Identifiers and Keys are about; it may be repeated. They are those of our schema.
// Of unknown ones it does not know what is in them: a table of a source or relation
// that the project has no more, or one that somebody made there.
func (in Input) Scrub(tables []string, runID string, asOf sql.Timestamp) (script []sql.Statement, unknown []string) {
	is := in.scrubs(runID, asOf)
	for _, last := range []bool{false, true} {
		for _, name := range tables {
			if s, ok := is[name]; ok && s.last == last {
				script = append(script, s.statements...)
			}
		}
	}
	for _, name := range tables {
		if _, ok := is[name]; !ok && !slices.Contains(nobodys, name) {
			unknown = append(unknown, name)
		}
	}
	return script, unknown
}

// scrub is what is done to one table.
type scrub struct {
	statements []sql.Statement
	// last says that others are found by it.
	last bool
}

// scrubs say what is done, by the name of the table.
func (in Input) scrubs(runID string, asOf sql.Timestamp) map[string]scrub {
	e := in.Entity
	out := map[string]scrub{}
	here := func(column string) sql.Expr { return sql.Col("", column) }
	isID := inTable(IDs.Table, nil, "id")
	isOwn := inTable(Identifiers.Table, sql.And{ownKind(), sql.Fn(sql.IsNotNull, sql.Col("q", "number"))}, "number")
	named := within([]sql.Expr{here("identifier_type"), here("identifier")}, Identifiers.Table, ownKind(), "identifier_type", "identifier")
	remove := func(t sql.Table, where sql.Expr) {
		out[t.Name] = scrub{statements: []sql.Statement{sql.Delete{Table: t, Where: where}}}
	}
	byID := func(t sql.Table) { remove(t, isID(here(identity.Column(e)))) }

	// Those of other entities have nothing of this one, but for relations.
	for _, x := range in.Project.Entities {
		for _, t := range []sql.Table{
			identity.IdentitiesTable(x), identity.HistoryTable(x), identity.IncidentsTable(x), profile.Table(x), profile.HistoryTable(x), profile.ConsentsTable(x), profile.ConsentMergesTable(x),
		} {
			out[t.Name] = scrub{}
		}
		out[x.Name+"_suppressed"] = scrub{}
	}
	for _, s := range in.Project.Sources {
		out[identity.StoredTable(s).Name], out[profile.DaysTable(s.Name).Name] = scrub{}, scrub{}
	}
	for _, r := range in.Project.Relations {
		out[relation.Table(r).Name] = scrub{}
		if r.From == e.Name || r.To == e.Name {
			byID(relation.Table(r))
		}
	}
	for _, t := range []sql.Table{profile.Table(e), profile.HistoryTable(e), profile.ConsentsTable(e), profile.ConsentMergesTable(e), segment.Table, segment.ChangesTable} {
		byID(t)
	}

	gone := sql.Or{isOwn(here("number")), isID(here(identity.Column(e))), named}
	for _, s := range in.sources() {
		rows := func(where sql.Expr, items ...sql.Item) sql.Query {
			return &sql.Select{Items: items, From: ref(identity.StoredTable(s), "r"), Where: sql.And{in.carries(s, "r", isOwn), where}}
		}
		// Values that were no identifiers are known by the rows that they stood on.
		for _, b := range identity.Bindings(e, s) {
			raw := sql.Col("r", b.Raw())
			gone = append(gone, sql.And{
				eq(here("identifier_type"), sql.String(b.Identifier.Name)), sql.Fn(sql.IsNull, here("number")),
				sql.InQuery{Exprs: []sql.Expr{here("identifier")}, Query: rows(sql.Fn(sql.IsNotNull, raw), sql.As(sql.Fn(sql.Substr, raw, sql.Int(1), sql.Int(100)), "v"))},
			})
		}
		remove(profile.DaysTable(s.Name), sql.InQuery{
			Exprs: []sql.Expr{here("hash.1"), here("hash.2")}, Query: rows(sql.Bool(true), sql.Items("r", "hash.1", "hash.2")...),
		})
		stored := identity.StoredTable(s)
		out[stored.Name] = scrub{last: true, statements: []sql.Statement{sql.Delete{Table: stored, Where: in.carries(s, "", isOwn)}}}
	}
	remove(identity.IncidentsTable(e), gone)
	remove(identity.IdentitiesTable(e), sql.Or{isOwn(here("number")), named})
	history := identity.HistoryTable(e)
	// That there was an id, and that it is gone, keeps its number from being given to
	// anybody else.
	out[history.Name] = scrub{statements: []sql.Statement{
		sql.Update{
			Table: history, Set: []sql.Assignment{{Column: "cause", Value: sql.String(erased)}},
			Where: sql.Or{isID(here("old_id")), sql.And{sql.Fn(sql.IsNotNull, here("new_id")), isID(here("new_id"))}},
		},
		sql.InsertSelect{Table: history, Columns: []string{"old_id", "new_id", "kind", "cause", "run_id", "at"}, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("d", "id"), "old_id"), sql.As(sql.Null{Type: sql.TypeInt}, "new_id"), sql.As(sql.String("gone"), "kind"),
				sql.As(sql.String(erased), "cause"), sql.As(sql.String(runID), "run_id"), sql.As(asOf, "at"),
			},
			From: ref(IDs.Table, "d"),
			Where: sql.InQuery{Not: true, Exprs: []sql.Expr{sql.Col("d", "id")}, Query: &sql.Select{
				Items: sql.Items("h", "old_id"), From: ref(history, "h"), Where: sql.Fn(sql.IsNotNull, sql.Col("h", "old_id")),
			}},
		}},
	}}
	for _, t := range []sql.Table{privacy.Restrictions, privacy.Corrections} {
		remove(t, sql.And{eq(here("entity"), sql.String(e.Name)), named})
	}
	for _, t := range []sql.Table{audience.Ledger, audience.Pending, audience.Rejections, audience.Log} {
		remove(t, sql.Or{
			sql.And{in.ofEntity(""), isID(here("entity_id"))},
			within([]sql.Expr{here("sync"), here("key")}, Keys.Table, nil, "sync", "key"),
			// Of a sync that the project has no more nobody knows whom it sent.
			sql.And{isID(here("entity_id")), inTable(Identifiers.Table, ownKind(), "identifier")(here("key"))},
		})
	}
	return out
}
