package mask

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
)

// ours are the columns of our tables that say nothing of what a person is: names
// of the project, times, digests of it, and numbers. Those by which entities are
// known are among them: they say nothing to who cannot look them up, and somebody
// has to be spoken of. A column that is not here is masked by its class.
var ours = map[string][]string{
	"runs":                 {"run_id", "started_at", "finished_at", "status", "as_of", "project_hash"},
	"identity_state":       {"entity", "source", "settings", "since", "as_of", "run_id", "entities", "largest"},
	"aggregate_state":      {"source", "settings", "since", "merged", "as_of", "run_id"},
	"evaluated_from":       {"node", "definition", "inputs", "as_of", "run_id"},
	"segment_members":      {"segment", "entered_at"},
	"segment_changes":      {"segment", "change", "at", "run_id"},
	"segment_sizes":        {"segment", "at", "profiles", "members", "entries", "exits", "run_id"},
	"sync_ledger":          {"sync", "place", "entity_id", "acknowledged_at", "run_id"},
	"sync_state":           {"sync", "place", "forgotten_until", "run_id"},
	"sync_pending":         {"sync", "place", "entity_id", "run_id"},
	"sync_leases":          {"sync", "fence", "run_id"},
	"sync_rejections":      {"sync", "entity_id", "origin", "code", "attempts", "first_at", "last_at", "run_id"},
	"sync_log":             {"sync", "run_id", "entity_id", "operation", "reason", "outcome", "code", "at"},
	"script_commits":       {"script", "table_name", "dropped"},
	"test_results":         {"test", "expectation", "outcome", "failures", "rows", "at", "run_id"},
	"privacy_audit_heads":  {"run_id", "at", "seq", "hash", "seal"},
	"privacy_restrictions": {"request", "entity", "identifier_type", "kind", "purpose", "at"},
	"privacy_corrections":  {"request", "entity", "identifier_type", "trait", "at"},
	"privacy_suppressions": {"request", "entity", "identifier_type", "digest", "kind", "at"},
	"_identities":          {"identifier_type", "first_seen", "last_seen", "source", "number", "component", "quarantined"},
	"_id_history":          {"old_id", "new_id", "kind", "cause", "run_id", "at"},
	"_identity_incidents":  {"identifier_type", "reason", "evidence", "run_id", "number"},
	"_profiles":            {},
	"_profile_history":     {"valid_from", "valid_to"},
	"_consents":            {"purpose", "given", "at", "source"},
	"_consent_merges":      {"purpose", "at"},
	"identity_rows_":       {"row", "first_seen", "last_seen", "rows", "open"},
	"aggregates_":          {"day", "rows"},
	"relation":             {"is_primary", "first_seen", "last_seen", "rows", "source"},
}

// Table makes what masks rows of a table of ours, with these columns, in place. Of
// a table that it does not know everything is masked.
func (m *Masker) Table(name string, columns []string) func(row []any) {
	if m.open {
		return func([]any) {}
	}
	t := m.table(name)
	at := map[string]int{}
	for i, c := range columns {
		at[c] = i
	}
	// said is what another column of a row says, as a text.
	said := func(row []any, column string) string {
		if i, ok := at[column]; ok && i < len(row) {
			s, _ := row[i].(string)
			return s
		}
		return ""
	}
	return func(row []any) {
		// What a column says may decide about another: none is masked before.
		masked := slices.Clone(row)
		for i, c := range columns {
			switch class := t.class(c, func(other string) string { return said(row, other) }); {
			case slices.Contains(ours[t.kind], c) || t.isID(c):
			case c == "message" && t.kind == "sync_rejections":
				if s, ok := row[i].(string); ok {
					masked[i] = m.Words(s)
				}
			default:
				masked[i] = m.Value(class, row[i])
			}
		}
		copy(row, masked)
	}
}

// table is what is known of a table.
type table struct {
	*Masker
	// kind is its name in ours, "" where it is unknown.
	kind string
	// entity and source are whose it is.
	entity, source string
	// ids says that it has columns with ids of some entities.
	ids bool
}

func (m *Masker) table(name string) table {
	for _, e := range m.project.Entities {
		rest, ok := strings.CutPrefix(name, e.Name)
		if _, known := ours[rest]; ok && known && strings.HasPrefix(rest, "_") {
			return table{m, rest, e.Name, "", false}
		}
	}
	for _, prefix := range []string{"identity_rows_", "aggregates_"} {
		if source, ok := strings.CutPrefix(name, prefix); ok {
			return table{m, prefix, "", source, false}
		}
	}
	for _, r := range m.project.Relations {
		if name == r.TableName() {
			return table{m, "relation", "", "", true}
		}
	}
	if _, known := ours[name]; known && !strings.HasPrefix(name, "_") && !strings.HasSuffix(name, "_") && name != "relation" {
		return table{m, name, "", "", strings.HasPrefix(name, "segment_")}
	}
	return table{Masker: m}
}

// isID says that a column has the ids of an entity: of the one whose table it is, or
// of any.
func (t table) isID(column string) bool {
	if t.entity != "" {
		return column == t.entity+"_id"
	}
	return t.ids && slices.ContainsFunc(t.project.Entities, func(e *config.Entity) bool { return e.Name+"_id" == column })
}

// class is that of a column, which may depend on what other columns of the row say.
func (t table) class(column string, said func(string) string) config.Class {
	switch t.kind {
	case "_profiles", "_profile_history":
		return t.Trait(t.entity, column)
	case "_identities", "_identity_incidents":
		return t.Identifier(t.entity, said("identifier_type"))
	case "privacy_restrictions", "privacy_corrections":
		if column == "value" {
			return t.Trait(said("entity"), said("trait"))
		}
		return t.Identifier(said("entity"), said("identifier_type"))
	case "identity_rows_":
		if kind, ok := strings.CutPrefix(column, "raw."); ok {
			return t.Column(t.source, kind)
		}
		if strings.HasPrefix(column, "n.") {
			return config.Public
		}
	case "sync_ledger":
		if column != "key" {
			return t.Row(said("sync"))
		}
		return t.Key(said("sync"))
	case "sync_pending", "sync_log", "sync_rejections":
		return t.Key(said("sync"))
	}
	return config.Sensitive
}

// Rows are rows of a table of ours as they are shown.
func (m *Masker) Rows(name string, rows adapters.Rows) adapters.Rows {
	columns := make([]string, len(rows.Columns()))
	for i, c := range rows.Columns() {
		columns[i] = c.Name
	}
	return masked{rows, m.Table(name, columns)}
}

type masked struct {
	adapters.Rows
	row func([]any)
}

func (r masked) Next(dest []any) error {
	if err := r.Rows.Next(dest); err != nil {
		return err //nolint:wrapcheck // io.EOF is compared with
	}
	r.row(dest)
	return nil
}
