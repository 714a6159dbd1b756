package mailchimp

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what Mailchimp does when a member is deleted permanently. It is asked
// of each audience by itself.
var erasure = syncs.Erasure{
	Object: list + "/*", By: []string{email}, Contacts: map[string]string{email: "email"}, Blocks: true,
	Doc: "the member is deleted for good from the audience behind the slash, and cannot be imported again",
	Beyond: []string{
		"audiences that no sync fills: search for the person in each",
		"the person may sign up anew by themselves",
	},
}

// manual says how a member is deleted in Mailchimp.
var manual = syncs.Manual{
	Open:   "In Mailchimp open each audience of the account in turn.",
	Search: "Search for each e-mail address and telephone number of the person among the contacts, those that are archived and unsubscribed too.",
	Do: []string{
		"Delete each contact that is found permanently. To archive one keeps its data, and is not enough.",
		"Search again: nobody may be found.",
	},
	Keep: "the day, who did it, the names of the audiences, and a picture of the search in each that finds nobody.",
}
