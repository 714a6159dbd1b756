package klaviyo

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what Klaviyo does on a request for deletion (POST
// /api/data-privacy-deletion-jobs). It works on it afterwards, and its interface
// has nothing that says when it is done.
var erasure = syncs.Erasure{
	Object: profiles, By: []string{email, phone, profileID}, Contacts: map[string]string{email: "email", phone: "phone"},
	Later: "after a while: the account's page of deleted profiles lists it then",
	Doc:   "the profile is deleted with everything known of it; it may be made again",
	Beyond: []string{
		"whether it is done: see the page of deleted profiles (https://www.klaviyo.com/account/deleted)",
		"other tools that send the person: they would make the profile again",
	},
}

// manual says how a profile is deleted in Klaviyo.
var manual = syncs.Manual{
	Open:   "In Klaviyo open the profiles of the account.",
	Search: "Search for each e-mail address, telephone number, external id and profile id of the person.",
	Do: []string{
		"Request the deletion of each profile that is found, as Klaviyo's help describes for requests under the GDPR. Suppressing a profile keeps its data, and is not enough.",
		"Wait until the page of deleted profiles (https://www.klaviyo.com/account/deleted) lists it.",
	},
	Keep: "the day, who did it, the ids of the profiles, and a picture of their lines on the page of deleted profiles.",
}
