package tiktok

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says what is left to do at TikTok, which has no call that erases a person:
// Customhouse takes them off the audiences by their keys.
var manual = syncs.Manual{
	Open:   "In TikTok Ads Manager open Tools, Audience Manager.",
	Search: "Nobody can be looked up: TikTok matches people by digests and shows numbers alone. List the custom audiences of the type Customer File.",
	Do: []string{
		"See that Customhouse has taken the person off each audience that it fills (the receipts of this request).",
		"In the audiences that others fill choose Remove Data, with a file that has the identifiers of the person; delete the file from your machine afterwards.",
	},
	Keep: "the receipts of the removals, and a picture of each audience's history with the removal, with the day and who did it. Do not keep the file.",
}
