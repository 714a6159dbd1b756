package hubspot

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is what HubSpot does when a contact is deleted for good (gdpr-delete).
var erasure = syncs.Erasure{
	Object: contacts, By: []string{email, recordID}, Contacts: map[string]string{email: "email"}, Blocks: true,
	Later: "within 30 days",
	Doc:   "a contact is deleted for good; an address that is not known is blocked from being added ever",
	Beyond: []string{
		"companies, deals and other records that name the person",
		"a contact who fills in a form, or writes to a connected inbox, is added again by HubSpot",
		"anonymous numbers of reports stay",
	},
}

// manual says how a contact is deleted for good in HubSpot.
var manual = syncs.Manual{
	Open:   "In HubSpot, with the permission to permanently delete contacts, open the contacts.",
	Search: "Search for each e-mail address, telephone number and record id of the person, and for their name among companies, deals and other objects that Customhouse fills.",
	Do: []string{
		"Open each contact that is found, choose Actions, Delete, and then the permanent deletion that privacy laws ask for: the ordinary one can be undone for 90 days.",
		"In other records delete the record, or empty the fields that name the person.",
		"HubSpot ends the deletion within 30 days: search again then.",
	},
	Keep: "the day, who did it, the record ids, and a picture of the search that finds nobody after 30 days.",
}
