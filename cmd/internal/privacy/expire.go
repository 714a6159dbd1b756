package privacy

import (
	"context"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
)

// atOnce is how many of those who are not to be kept any longer are taken at a
// time: each has steps at each destination. The next run goes on.
const atOnce = 100

// Outlived writes down, as requests of the kind Expire, who is not to be kept any
// longer and was ever sent to a destination, by the tables that the last run left
// and the retention of their entity. Whom nobody was told of identity forgets by
// itself. The number is how many there are.
func (e *Engine) Outlived(ctx context.Context, asOf time.Time) (int, error) {
	known := map[string]bool{}
	list, err := e.Store.PrivacyRequests(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		for _, id := range r.Identifiers {
			known[r.Entity+" "+id.Type+" "+id.Value] = r.Open() && (r.Kind == Expire || r.Kind == Erase) || known[r.Entity+" "+id.Type+" "+id.Value]
		}
	}
	n := 0
	for _, x := range e.Project.Entities {
		sent := audience.Recipients(e.Project, x)
		if x.Retention == 0 || sent == nil {
			continue
		}
		var ids []int64
		people := map[int64][]state.Identifier{}
		err := readAll(ctx, e.Warehouse, identity.Unkept(x, asOf, sent, atOnce), func(row []any) {
			id, _ := row[0].(int64)
			kind, _ := row[1].(string)
			value, _ := row[2].(string)
			if len(people[id]) == 0 {
				ids = append(ids, id)
			}
			people[id] = append(people[id], state.Identifier{Type: kind, Value: value})
		})
		if err != nil {
			return n, err
		}
		for _, id := range ids {
			if slices.ContainsFunc(people[id], func(p state.Identifier) bool { return known[x.Name+" "+p.Type+" "+p.Value] }) {
				continue // what was begun goes on
			}
			if _, _, err := e.Receive(ctx, Ask{Kind: Expire, Entity: x.Name, Identifiers: people[id], Evidence: "the retention of the project"}); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}
