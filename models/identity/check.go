package identity

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// Check finds what an entity asks of the normalizers and they cannot do: a
// region whose phone numbers nothing is known of, and identifiers in
// always_link and never_link that are none of their kind. No row could ever
// carry either, and what was asked for would have no effect without a word.
// What a custom normalizer accepts only the warehouse knows.
func Check(e *config.Entity) diag.List {
	var found diag.List
	kinds := map[string]config.Identifier{}
	for _, id := range e.Identifiers {
		kinds[id.Name] = id
		if _, known := normalize.Regions[id.Region]; id.Normalize == "phone" && id.Region != "" && !known {
			found = append(found, diag.Errorf(id.Pos.At("region"), "unknown-region", "phone numbers of %s cannot be read", id.Region).
				WithHelp("leave region out: numbers with a country code, such as +33 6 12 34 56 78, are read everywhere"))
			delete(kinds, id.Name)
		}
	}
	for _, list := range [][]config.Pair{e.AlwaysLink, e.NeverLink} {
		for _, p := range list {
			for _, side := range []struct {
				key string
				config.Reference
			}{{"a", p.A}, {"b", p.B}} {
				id, known := kinds[side.Type]
				if !known || id.Normalize == "" || id.Normalize == config.CustomNormalizer {
					continue
				}
				if _, ok := normalize.Value(string(id.Normalize), id.Region, side.Value); !ok {
					found = append(found, diag.Errorf(p.Pos.At(side.key), "bad-identifier", "%q is no %s", side.Value, id.Normalize).
						WithHelp("write a value as the sources have it; it is brought into the comparable form of %s", id.Name))
				}
			}
		}
	}
	return found
}
