package linkedin

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says what is left to do at LinkedIn, which has no call that erases a
// person: Customhouse takes them off the audiences by their keys.
var manual = syncs.Manual{
	Open:   "In LinkedIn Campaign Manager open the ad account, then Plan, Audiences, Matched.",
	Search: "Nobody can be looked up: LinkedIn matches people by digests and shows numbers alone. List the audiences whose source is a list or a partner.",
	Do: []string{
		"See that Customhouse has taken the person off each audience that it fills (the receipts of this request).",
		"Have the person taken off the audiences that others fill, by whoever fills them, or delete those audiences.",
	},
	Keep: "the receipts of the removals, and the list of audiences with the day and who looked.",
}
