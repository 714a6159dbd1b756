package braze

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what Braze does when users are deleted over its interface (POST
// /users/delete).
var erasure = syncs.Erasure{
	Object: users, By: []string{externalID, brazeID},
	Doc: "the user is deleted with everything known of them, and may be made again",
	Beyond: []string{
		"users whom Braze knows by an e-mail address, a telephone number or an alias alone: search for them by hand",
		"what Braze has handed on: exports, Currents, and the messages that were sent",
		"other tools that send the id: they would make the user again",
	},
}

// manual says how users are deleted in the dashboard of Braze.
var manual = syncs.Manual{
	Open:   "In the dashboard of Braze, as an administrator or with the permission to delete users, open Audience, Search Users.",
	Search: "Search for each external id, e-mail address and telephone number of the person.",
	Do: []string{
		"On the profile of each that is found choose Show options, Delete User, and confirm. Where the dashboard does not have that, have a developer call POST /users/delete with the Braze ID of the profile.",
		"Search again after a few minutes: nobody may be found.",
	},
	Keep: "the day, who did it, the Braze IDs of the deleted profiles, and a picture of the search that finds nobody.",
}
