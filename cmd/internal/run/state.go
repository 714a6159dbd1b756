package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Left reads what a plan that is to be run, or looked at, follows from.
func Left(ctx context.Context, wh *adapters.Warehouse, p *config.Project) (left compile.Left, err error) {
	if left.Identities, err = identities(ctx, wh); err != nil {
		return left, err
	}
	if left.Aggregates, err = aggregates(ctx, wh); err != nil {
		return left, err
	}
	if left.Erased, err = erased(ctx, wh, p); err != nil {
		return left, err
	}
	left.Corrected, err = corrected(ctx, wh)
	return left, err
}

// identities reads what the last run left of each entity's identities, by the
// entity's name.
func identities(ctx context.Context, wh *adapters.Warehouse) (last map[string]*identity.Last, err error) {
	err = leftovers(ctx, wh, identity.StateTable, identity.StateColumns, []string{"entity", "source"}, func(row []any) {
		if last == nil {
			last = map[string]*identity.Last{}
		}
		entity, _ := row[0].(string)
		source, _ := row[1].(string)
		l := last[entity]
		if source == "" {
			l = &identity.Last{Since: map[string]time.Time{}}
			l.Settings, _ = row[2].(string)
			l.AsOf, _ = row[4].(time.Time)
			l.RunID, _ = row[5].(string)
			last[entity] = l
			return
		}
		if l == nil {
			return // never without the row of its entity: it is not trusted
		}
		l.Sources = append(l.Sources, source)
		if since, ok := row[3].(time.Time); ok {
			l.Since[source] = since
		}
	})
	return last, err
}

// aggregates reads what the last run kept of each source that only grows, by the
// source's name. A source whose table is gone is not in it.
func aggregates(ctx context.Context, wh *adapters.Warehouse) (last map[string]*profile.Last, err error) {
	last = map[string]*profile.Last{}
	err = leftovers(ctx, wh, profile.DaysStateTable, profile.DaysStateColumns, []string{"source"}, func(row []any) {
		source, _ := row[0].(string)
		l := &profile.Last{}
		l.Settings, _ = row[1].(string)
		l.Since, _ = row[2].(time.Time)
		l.Merged, _ = row[3].(int64)
		l.AsOf, _ = row[4].(time.Time)
		last[source] = l
	})
	for source := range last {
		there, wrong := exists(ctx, wh, profile.DaysTable(source))
		if err = errors.Join(err, wrong); !there {
			delete(last, source)
		}
	}
	return last, err
}

// Evaluations reads what each segment and profile of a project was last evaluated
// from, by node. Nothing of it counts where a table is gone that holds results.
func Evaluations(ctx context.Context, wh *adapters.Warehouse, p *config.Project) (last map[string]inputs.Evaluation, err error) {
	results := []sql.Table{segment.Table}
	for _, e := range p.Entities {
		results = append(results, profile.Table(e))
	}
	for _, t := range results {
		if there, err := exists(ctx, wh, t); !there {
			return nil, err
		}
	}
	last = map[string]inputs.Evaluation{}
	err = leftovers(ctx, wh, inputs.StateTable, inputs.StateColumns, []string{"node"}, func(row []any) {
		node, _ := row[0].(string)
		var x inputs.Evaluation
		x.Definition, _ = row[1].(string)
		text, _ := row[2].(string)
		x.Inputs = inputs.ParseDigests(text)
		x.AsOf, _ = row[3].(time.Time)
		last[node] = x
	})
	return last, err
}

// Digests reads what the models of a plan have found that tell changes, and the
// files that it names. What it cannot read is not in it, and counts as changed.
func Digests(ctx context.Context, wh *adapters.Warehouse, plan *models.Plan, files map[string]adapters.Files) (inputs.Digests, error) {
	out := inputs.Digests{}
	for _, s := range plan.Compared {
		if f, ok := files[s.Name]; ok {
			if digest, ok := contents(f); ok {
				out[inputs.Files(s.Name)] = digest
			}
		}
	}
	for _, e := range plan.Project.Entities {
		err := leftovers(ctx, wh, inputs.Table(e.Name), inputs.Columns, []string{"input"}, func(row []any) {
			input, _ := row[0].(string)
			out[input], _ = row[1].(string)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// corrected reads which traits somebody has corrected, by the entity.
func corrected(ctx context.Context, wh *adapters.Warehouse) (map[string][]string, error) {
	if there, err := exists(ctx, wh, privacy.Corrections); !there {
		return nil, err
	}
	out := map[string][]string{}
	err := each(ctx, wh, privacy.Corrected(), func(row []any) error {
		entity, _ := row[0].(string)
		trait, _ := row[1].(string)
		out[entity] = append(out[entity], trait)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was corrected: %w", err)
	}
	return out, nil
}

// erased reads of which entities somebody is on the list of those who were erased,
// by name, and whether some of it no run has taken into account.
func erased(ctx context.Context, wh *adapters.Warehouse, p *config.Project) (map[string]bool, error) {
	if there, err := exists(ctx, wh, privacy.Suppressions); !there {
		return nil, err
	}
	out := map[string]bool{}
	err := each(ctx, wh, privacy.Suppressed(), func(row []any) error {
		name, _ := row[0].(string)
		out[name] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading who was erased: %w", err)
	}
	for _, e := range p.Entities {
		if !out[e.Name] {
			continue
		}
		there, err := exists(ctx, wh, identity.SuppressedTable(e))
		if err != nil {
			return nil, err
		}
		if !there {
			continue
		}
		n, err := wh.Int(ctx, identity.Pending(e))
		if err != nil {
			return nil, fmt.Errorf("reading who was erased: %w", err)
		}
		out[e.Name] = n > 0
	}
	return out, nil
}

// exists says whether there is a table.
func exists(ctx context.Context, wh *adapters.Warehouse, t sql.Table) (bool, error) {
	if _, err := wh.Columns(ctx, t); err != nil {
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
			return false, nil
		}
		return false, fmt.Errorf("looking for the last run: %w", err)
	}
	return true, nil
}

// leftovers reads a table that the last run left, in an order; of one that is not
// there it reads nothing.
func leftovers(ctx context.Context, wh *adapters.Warehouse, t sql.Table, defs []sql.ColumnDef, order []string, each func(row []any)) (err error) {
	if there, err := exists(ctx, wh, t); !there {
		return err
	}
	q := &sql.Select{From: sql.TableRef{Table: t, As: "s"}}
	for _, c := range defs {
		q.Items = append(q.Items, sql.Items("s", c.Name)...)
	}
	for _, name := range order {
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("s", name)))
	}
	rows, err := wh.Query(ctx, q)
	if err != nil {
		return fmt.Errorf("reading what the last run left: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]any, len(defs))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading what the last run left: %w", err)
		}
		each(row)
	}
}
