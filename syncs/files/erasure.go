package files

import "github.com/customhouse-cdp/customhouse/syncs"

// manual says how somebody is erased from files. They are not ours once they are
// published: nobody knows who has read or copied them.
var manual = syncs.Manual{
	Open:   "Open the folder, the bucket or the server that the destination publishes files at, and ask who reads them what they have made of them.",
	Search: "Search all files that were published, not the last alone, for each key and value of the person that the sync maps; compressed and Parquet files with a program that reads them.",
	Do: []string{
		"Delete each file that holds the person, or write it anew without the row. Of a snapshot the next one is without the person, and those before it can be deleted.",
		"Delete earlier versions of those files where the bucket keeps them, and backups by their rules.",
		"Have each reader erase the person where the files were loaded to, and say so in writing.",
	},
	Keep: "the day, who did it, the names of the files, and what each reader answered.",
}
