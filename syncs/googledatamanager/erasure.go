package googledatamanager

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says what is left to do at Google, which has no call that erases a person:
// Customhouse takes them off the audiences by their keys.
var manual = syncs.Manual{
	Open:   "In the Google Ads account open Tools, Shared library, Audience manager; for the audiences of other Google products that Customhouse fills, open those products.",
	Search: "Nobody can be looked up: Google matches people by digests and shows numbers alone. List the customer lists, and the conversion actions that syncs send to.",
	Do: []string{
		"See that Customhouse has taken the person off each list that it fills (the receipts of this request).",
		"Have the person taken off the lists that others fill, by whoever fills them, or delete those lists.",
		"Conversions that were sent cannot be taken back: where any were, ask Google for their deletion in the way that your contract with Google names.",
	},
	Keep: "the receipts of the removals, the list of customer lists and conversion actions with the day and who looked, and Google's answer where you asked it.",
}
