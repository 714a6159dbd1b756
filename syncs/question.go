package syncs

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// Question is something that is asked of a platform beside deliveries.
type Question struct {
	// Object is what it is about, as a sync calls it; it may be empty.
	Object string
	// Page is what the last answer gave to go on with, empty at first.
	Page string
	// SentAt is the instant that signatures and assertions carry.
	SentAt time.Time
	// Secrets and Token are as in a Chunk.
	Secrets func(secret.Ref) secret.Value
	Token   Token
}

// Describer is a Destination whose platform says which fields an object has. It is
// asked about objects that have no Fields of their own in the Spec.
type Describer interface {
	Destination

	// EncodeFields spells the question for the fields of an object, or for the
	// next page of them.
	EncodeFields(q Question) *HTTPRequest

	// DecodeFields reads the answer. The verdict is Rows with the fields, and with
	// the next page where there is one; Retry or Unknown where it may be asked
	// again, Expired as for a request, and otherwise Fatal, or Split, which is as
	// much: there is nothing to halve.
	DecodeFields(q Question, resp *Response) (fields []PlatformField, page string, out Outcome)
}

// Prober is a Destination that can be asked whether it would take a delivery.
type Prober interface {
	Destination

	// EncodeProbe spells the cheapest request that needs what deliveries to an
	// object need; of any, where the question names none.
	EncodeProbe(q Question) *HTTPRequest

	// DecodeProbe reads the answer. The verdict is Rows where nothing is missing,
	// and Message may then say who we are over there. It is Fatal with what is
	// missing and how to get it, or as that of DecodeFields.
	DecodeProbe(q Question, resp *Response) Outcome
}
