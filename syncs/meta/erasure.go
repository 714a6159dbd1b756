package meta

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says what is left to do at Meta, which has no call that erases a person:
// Customhouse takes them off the audiences by their keys.
var manual = syncs.Manual{
	Open:   "In Meta Ads Manager open the audiences of the ad account, and in Events Manager the datasets that syncs send events to.",
	Search: "Nobody can be looked up: Meta matches people by digests and shows numbers alone. List the custom audiences whose source is a customer list, and the datasets.",
	Do: []string{
		"See that Customhouse has taken the person off each audience that it fills (the receipts of this request); Meta's changes take up to 24 hours.",
		"Have the person taken off the audiences that others fill, by whoever fills them, or delete those audiences.",
		"Events that were sent cannot be taken back: where any were, ask Meta for their deletion in the way that your contract with Meta names.",
	},
	Keep: "the receipts of the removals, the list of audiences and datasets with the day and who looked, and Meta's answer where you asked it.",
}
