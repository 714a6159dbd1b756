package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Identities reads what the last run left of each entity's identities, by the
// entity's name: what compile wants to know before it makes a plan.
func Identities(ctx context.Context, wh *adapters.Warehouse) (last map[string]*identity.Last, err error) {
	columns := make([]string, len(identity.StateColumns))
	for i, c := range identity.StateColumns {
		columns[i] = c.Name
	}
	if _, err := wh.Columns(ctx, identity.StateTable); err != nil {
		if known, ok := errors.AsType[*adapters.Error](err); ok && known.Kind == adapters.NotFound {
			return nil, nil // the first run
		}
		return nil, fmt.Errorf("looking for the last run: %w", err)
	}
	rows, err := wh.Query(ctx, &sql.Select{
		Items: sql.Items("s", columns...), From: sql.TableRef{Table: identity.StateTable, As: "s"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("s", "entity")), sql.Asc(sql.Col("s", "source"))},
	})
	if err != nil {
		return nil, fmt.Errorf("reading what the last run left: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	last = map[string]*identity.Last{}
	row := make([]any, len(columns))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return last, nil
		case err != nil:
			return nil, fmt.Errorf("reading what the last run left: %w", err)
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
			continue
		}
		if l == nil {
			continue // never without the row of its entity: it is not trusted
		}
		l.Sources = append(l.Sources, source)
		if since, ok := row[3].(time.Time); ok {
			l.Since[source] = since
		}
	}
}
