package audience

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Recipients lists, as entity_id, the ids of an entity under which anybody was ever sent
// to a destination, or may have been; nil where no sync sends it.
func Recipients(p *config.Project, e *config.Entity) sql.Query {
	syncs := sql.In{Expr: sql.Col("k", "sync")}
	for _, s := range p.Syncs {
		of := s.From.Entity
		if i := slices.IndexFunc(p.Segments, func(x *config.Segment) bool { return x.Name == s.From.Segment }); i >= 0 {
			of = p.Segments[i].Entity
		}
		if of == e.Name {
			syncs.List = append(syncs.List, sql.String(s.Name))
		}
	}
	if len(syncs.List) == 0 {
		return nil
	}
	var all sql.Union
	for _, t := range []sql.Table{Ledger, Pending, Log} {
		id := sql.Col("k", "entity_id")
		where := sql.And{syncs, sql.Fn(sql.IsNotNull, id)}
		if t == Log {
			where = append(where, sql.In{Expr: sql.Col("k", "outcome"), List: []sql.Expr{sql.String("accepted"), sql.String("exists"), sql.String("unknown")}})
		}
		all = append(all, &sql.Select{Items: sql.Items("k", "entity_id"), From: sql.TableRef{Table: t, As: "k"}, Where: where})
	}
	return all
}
