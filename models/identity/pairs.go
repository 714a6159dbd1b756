package identity

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// CheckPairs finds the identifiers in always_link and never_link that are none
// of their kind: no row could ever carry them, and the decision would have no
// effect without a word. What a custom normalizer accepts only the warehouse
// knows.
func CheckPairs(e *config.Entity) diag.List {
	var found diag.List
	check := func(p config.Pair, side string, r config.Reference) {
		for _, id := range e.Identifiers {
			if id.Name != r.Type || id.Normalize == "" || id.Normalize == config.CustomNormalizer {
				continue
			}
			if _, ok := normalize.Value(string(id.Normalize), id.Region, r.Value); !ok {
				found = append(found, diag.Errorf(p.Pos.At(side), "bad-identifier", "%q is no %s", r.Value, id.Normalize).
					WithHelp("write a value as the sources have it; it is brought into the comparable form of %s", id.Name))
			}
		}
	}
	for _, list := range [][]config.Pair{e.AlwaysLink, e.NeverLink} {
		for _, p := range list {
			check(p, "a", p.A)
			check(p, "b", p.B)
		}
	}
	return found
}
