package iterable

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what Iterable does when a user is forgotten (POST /api/users/forget).
var erasure = syncs.Erasure{
	Object: users, By: []string{email, userID}, Contacts: map[string]string{email: "email"}, Blocks: true,
	Doc: "the user is deleted, and nothing can be recorded of them again until they are unforgotten; 1000 a day",
	Beyond: []string{
		"in a project that knows users by e-mail address the userId finds nobody, and the other way round",
		"what was exported, or handed on by webhooks",
	},
}

// manual says how a user is forgotten by somebody who does it by hand.
var manual = syncs.Manual{
	Open:   "In Iterable open the project that the destination delivers to; somebody with a server-side API key of it has to be at hand.",
	Search: "Look up each e-mail address and userId of the person among the users of the project.",
	Do: []string{
		"Have POST /api/users/forget called with the email of each user that is found, or with the userId where the project knows users by that. Deleting a user alone does not keep them from being recorded again.",
		"Look the person up again: nobody may be found.",
	},
	Keep: "the day, who did it, the answer of Iterable to each call, and a picture of the search that finds nobody.",
}
