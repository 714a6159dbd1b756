package webhook

import "github.com/customhouse-cdp/customhouse/syncs"

// erasure is that of an endpoint which takes requests for it.
func erasure(by []string) syncs.Erasure {
	e := syncs.Erasure{
		Object: "people", By: by, Contacts: map[string]string{},
		Doc:    "the endpoint does with them what its request for erase asks",
		Beyond: []string{"what the application behind the endpoint has handed on"},
	}
	for _, name := range by {
		if name == "email" || name == "phone" {
			e.Contacts[name] = name
		}
	}
	return e
}

// manual says how somebody is erased from an application that nobody but its owner
// knows.
var manual = syncs.Manual{
	Open:   "Ask who runs the application behind the endpoint of this destination, in writing.",
	Search: "Have them search for each key and value of the person that the syncs to it map: in the application, its logs and queues, and what it hands on.",
	Do: []string{
		"Have them erase what they find, and confirm it in writing.",
		"Where the application can be asked to erase somebody, have erase_by and a request for erase added to the destination: the next request is then done by Customhouse.",
	},
	Keep: "your letter and the confirmation, with the day and who wrote it.",
}
