package syncs

import "time"

// Finisher is a Destination whose platform can replace all that an object has:
// everything that is wanted is sent, then one request ends the replacement, and
// what was not sent is gone. See Spec.Replace and Spec.ReplaceFirst. Those who
// left are never encoded; not to be sent is how they leave.
//
// A replacement that is not ended is abandoned, and the next one is another.
type Finisher interface {
	Destination

	// EncodeFinish spells the request that ends a replacement. Chunk.Replacement
	// is that of the next request, and Chunk.Ops has one of the operations that
	// were accepted in it, for a platform that wants something to be in the last
	// request; it is empty where nothing was wanted. Decode, and Polled, read the
	// answer, with Rows where the replacement has ended. It may be sent again.
	//
	// An error says why the replacement cannot be ended like this, and what to do.
	EncodeFinish(chunk Chunk) (Request, error)
}

// Replacement is what Encode has to know of the replacement that a Chunk is part
// of.
type Replacement struct {
	// Number numbers the requests that were accepted, from 1: one that is sent
	// again has the number that it had. It does so only of a destination that has
	// one request in flight, and makes one of each chunk.
	Number int
	// Rows is how many there are to be in all, as far as is known.
	Rows int64
	// Began is the instant before anything was sent, by the platform's clock as far
	// as its answers tell; whole seconds.
	Began time.Time
}
