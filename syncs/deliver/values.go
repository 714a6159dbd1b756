package deliver

import (
	"cmp"
	"slices"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// treated adds what was done to the values of operations to the report.
func (e *engine) treated(requests []syncs.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// The slice may be in a report that somebody holds.
	values := slices.Clone(e.report.Values)
	for _, r := range requests {
		for _, v := range r.Values {
			i := slices.IndexFunc(values, func(w syncs.Values) bool {
				return w.Field == v.Field && w.Fate == v.Fate && w.Reason == v.Reason
			})
			if i < 0 {
				values = append(values, v)
			} else {
				values[i].Count += v.Count
			}
		}
	}
	slices.SortFunc(values, func(a, b syncs.Values) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Fate, b.Fate), cmp.Compare(a.Reason, b.Reason))
	})
	e.report.Values = values
}
