package slack

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says how messages that name somebody are found and deleted. Slack keeps
// what it was told, and nothing in a message says whom it is about.
var manual = syncs.Manual{
	Open:   "In Slack open the channels that syncs post to, as somebody who may delete the messages of an app: a Workspace Owner says who may.",
	Search: "Search each channel for every value of the person that its syncs map, such as the e-mail address. Messages that only count people name nobody.",
	Do: []string{
		"Delete each message that names the person; where it names others too, they go with it.",
		"Have a Workspace Owner see to what the workspace retains of messages that were deleted or edited, and to exports that were made of it.",
		"Search again: no message may be found.",
	},
	Keep: "the day, who did it, the channels, the number of messages, and a picture of the search that finds none.",
}
