package syncs

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Poller is a Destination that answers a request by starting a job: Decode
// says Started, with a handle, instead of what became of the rows. The engine
// writes the handle down before anything else, asks for the job until it has
// ended, and goes on asking after a crash: rows of a job are not sent again
// while it is open.
//
// A job goes from handle to handle, so that whatever has to be done in several
// steps can be spelled: create, upload, close, wait, read the results page by
// page. Each step is a pair of Poll and Polled.
type Poller interface {
	Destination

	// Poll spells what has to be asked next, at least one request. Each may be
	// repeated: nobody may have noted the answer. Request.Ops is not looked at.
	Poll(job RemoteJob) []Request

	// Polled reads the answers to the requests of Poll, in their order; it is
	// called only with all of them. The verdict is
	//   - Started, while the job goes on: with the next handle, Outcome.Wait to
	//     the next step where the platform says so, and the rows whose outcome
	//     is known by now, if any. A step that failed is asked for again by the
	//     handle that it had.
	//   - Rows, where it has ended: a row that was never mentioned counts as
	//     unanswered.
	//   - Retry, Split and Unknown, where it has ended and says of all rows that
	//     were not mentioned what a request would.
	//   - Expired, as for a request, and Fatal; the job stays open.
	// RowResult.Op is an index into job.Ops.
	Polled(job RemoteJob, requests []Request, answers []*Response) Outcome
}

// Handle is what a destination has to know of a job to ask for it: a short
// text, such as JSON with the platform's id and the next step. It is kept in
// the open: no secret and no row content may be in it.
type Handle string

// MaxHandle bounds a Handle, in bytes.
const MaxHandle = 4096

// RemoteJob is something that a platform is doing with rows.
type RemoteJob struct {
	Handle Handle
	Schema Schema
	// RunID is that of the run that started it.
	RunID string
	// Ops are those of the request that started it, in its order. Their Values
	// are nil where another process did: a step that needs them has to be given
	// up, by Retry.
	Ops []Op
	// Resumed says that another process started it.
	Resumed bool
	// StartedAt is when the handle was first written down, and SentAt now.
	StartedAt, SentAt time.Time
	// Secrets and Token are as in a Chunk.
	Secrets func(secret.Ref) secret.Value
	Token   Token
}
