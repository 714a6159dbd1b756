package salesforce

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says how somebody is erased in Salesforce. It has no call that finds all
// that is kept of a person: what Customhouse deletes is the record of its key, which
// then is in the recycle bin for 15 days. What deletes past the bin takes
// Salesforce's own ids, which we do not keep, of one object at a time, and none of
// what refers to them: hardDelete of the Bulk API, with a permission that is off
// where nobody has asked for it, and emptyRecycleBin of the SOAP API, of the bin of
// whoever calls. Neither would make the search unnecessary.
var manual = syncs.Manual{
	Open:   "In Salesforce, with the permission to delete the records of the objects that Customhouse fills, use the global search.",
	Search: "Search for each e-mail address, telephone number, name and external id of the person among contacts, leads, accounts, the object Individual and the objects of your own; and in the recycle bin of the organisation, where records are that Customhouse has deleted.",
	Do: []string{
		"Where the organisation has Privacy Center, run a Right to Be Forgotten policy on the record of the person: it deletes the records that belong to it too.",
		"Otherwise delete each record that is found, with the cases, tasks, events and e-mails that refer to it, and empty them out of the recycle bin: until then they can be restored, for 15 days. Whoever has the permission Bulk API Hard Delete can delete many past the bin, with Data Loader, by their ids.",
		"Delete what the field history keeps of the person, and look into text fields that the search does not cover, by an export.",
	},
	Keep: "the day, who did it, the ids of the deleted records or the number of the policy's run, and a picture of the search that finds nobody.",
}
