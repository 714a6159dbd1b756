package customerio

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what Customer.io does when a person is suppressed.
var erasure = syncs.Erasure{
	Object: people, By: identifiers, Contacts: map[string]string{"email": "email"}, Blocks: true,
	Doc: "the profile is deleted, and the identifier suppressed: nobody can add it again",
	Beyond: []string{
		"what was handed on: exports, and webhooks that reported deliveries",
	},
}

// manual says how a person is deleted and suppressed in Customer.io.
var manual = syncs.Manual{
	Open:   "In Customer.io open the page People of the workspace.",
	Search: "Search for each id and e-mail address of the person.",
	Do: []string{
		"Select everybody who is found, choose to delete them, and to suppress their identifiers as well: without that the activity stays attributed to them, and they can be added again.",
		"Search again: nobody may be found.",
	},
	Keep: "the day, who did it, the cio_id of each profile, and a picture of the search that finds nobody.",
}
