package syncs

import "github.com/customhouse-cdp/customhouse/config/secret"

// Refresher is a Destination whose credential expires in mid-run. Where Decode
// says Expired the engine asks for a new one, once for all requests that are
// on their way, and sends them again. Where Spec.TokenFirst it asks for one
// before the first request, too. syncs/auth has the usual ways.
type Refresher interface {
	Destination

	// EncodeRefresh spells the request for a new token. Question.Token is the one
	// of the run. Before the first refresh it is zero, when everything needed is
	// in the secrets, or has the Refresh that an earlier run was given. An error
	// says that the secrets are not what they should be, and holds none of them.
	EncodeRefresh(q Question) (*HTTPRequest, error)

	// DecodeRefresh reads the answer. The verdict is Rows with a token, Retry or
	// Unknown where it may be asked for again, and Fatal where somebody has to
	// sign in again.
	DecodeRefresh(resp *Response) (Token, Outcome)
}

// Token is a credential that was issued in mid-run.
type Token struct {
	// Access is what requests carry.
	Access secret.Value
	// Refresh asks for the next one, where the platform gives a new one each
	// time; otherwise it is zero.
	Refresh secret.Value
	// URL is where requests that carry it go, where the platform says so.
	URL string
}
