package googledatamanager

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// noWholeAddress is why the parts of an address are dropped.
const noWholeAddress = "is not whole: it takes first_name, last_name, country and zip"

// encodeMembers spells those who are added and those who leave as a request each.
func (d *destination) encodeMembers(chunk *syncs.Chunk, kind, id string) ([]syncs.Request, []syncs.Rejection) {
	var draft syncs.Draft
	bring, leave := chunk.Sides()
	d.members(&draft, chunk, bring, kind, id, false)
	d.members(&draft, chunk, leave, kind, id, true)
	return draft.Requests, draft.Rejections
}

// members drafts the request with those who are added, or those who are taken off.
func (d *destination) members(draft *syncs.Draft, chunk *syncs.Chunk, ops []int, kind, id string, leaves bool) {
	m := identify.NewMembers(chunk.Schema, d.columns[kind], d.config.Policy(), d.config.Region)
	consent := newConsent(chunk.Schema, &d.config)
	b := d.appendDestination(make([]byte, 0, 512+len(ops)*(64+100*len(m.Columns()))), id)
	if kind == audience {
		b = d.appendEncoding(b)
	}
	path := "/audienceMembers:remove"
	if !leaves {
		path = "/audienceMembers:ingest"
		if d.config.AcceptTerms && kind == audience {
			b = append(b, `,"termsOfService":{"customerMatchTermsOfServiceStatus":"ACCEPTED"}`...)
		}
		b = consent.appendAll(b)
	}
	b = append(b, `,"audienceMembers":[`...)
	addresses := 0
	b, sent := draft.Elements(b, chunk, ops, func(b []byte, op *syncs.Op) ([]byte, error) {
		m.Read(op)
		b, some, partial := appendMember(append(b, '{'), m, kind)
		if partial {
			addresses++
		}
		if !some {
			return b, m.Nobody()
		}
		if !leaves {
			var err error
			if b, err = consent.append(b, op); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	})
	if len(sent) == 0 {
		return
	}
	values := m.Values()
	if addresses > 0 {
		values = append(values, syncs.Values{Field: "address", Fate: syncs.Dropped, Reason: noWholeAddress, Count: addresses})
	}
	request := d.request(http.MethodPost, path, append(b, "]}"...), chunk.Secrets, chunk.Token)
	draft.Requests = append(draft.Requests, syncs.Request{HTTP: request, Ops: sent, Idempotent: true, Values: values})
}

// appendMember appends what the row that was read is known by.
func appendMember(b []byte, m *identify.Members, kind string) (out []byte, some, partial bool) {
	if kind == audience {
		var n int
		b = append(b, `"userData":{"userIdentifiers":[`...)
		b, n, partial = appendIdentifiers(b, m)
		return append(b, "]}"...), n > 0, partial
	}
	some = len(m.Cell(0)) > 0
	if kind == mobiles {
		return append(m.AppendCell(append(b, `"mobileData":{"mobileIds":[`...), 0), "]}"...), some, false
	}
	return append(m.AppendCell(append(b, `"userIdData":{"userId":`...), 0), '}'), some, false
}

// consent is what a sync says of consent.
type consent struct {
	// at are the places of the two fields, -1 where the sync does not map them.
	at [2]int
	// included says which of the two the purpose of the sync includes: nobody has given
	// the others, whatever their row says.
	included [2]bool
	// all is what is said of those whose row does not say.
	all [2]string
}

// consentNames are the fields as Google has them.
var consentNames = [2]string{"adUserData", "adPersonalization"}

func newConsent(schema syncs.Schema, c *Config) consent {
	var of consent
	for i, name := range []string{adUserData, adPersonalization} {
		of.at[i] = schema.At(name)
		of.included[i] = slices.Contains(schema.Consents, name)
		given, said := c.Unsaid(name)
		of.all[i] = word(of.included[i] && (given || !said))
	}
	return of
}

// word is how a consent is spelled, in YAML and in rows.
func word(given bool) string {
	if given {
		return granted
	}
	return denied
}

// appendAll appends the consent of those whose row does not say.
func (c *consent) appendAll(b []byte) []byte { return appendConsent(b, c.all) }

// append appends the consent of a row. What it says in place of yes or no is
// refused.
func (c *consent) append(b []byte, op *syncs.Op) ([]byte, error) {
	var said [2]string
	for i, at := range c.at {
		switch v := op.At(at).(type) {
		case nil:
		case bool:
			said[i] = word(v)
		case string:
			if said[i] = v; v != "" && v != granted && v != denied {
				return b, errConsent
			}
		default:
			return b, errConsent
		}
	}
	if said == [2]string{} {
		return b, nil
	}
	for i := range said {
		switch {
		case said[i] == "":
			said[i] = c.all[i] // What a row says takes the place of what is said of all.
		case !c.included[i]:
			said[i] = denied
		}
	}
	return appendConsent(b, said), nil
}

var errConsent = &syncs.Refusal{Code: "bad-consent", Message: "the consent is neither granted nor denied"}

// appendConsent appends a member of a JSON object.
func appendConsent(b []byte, said [2]string) []byte {
	b = append(b, `,"consent":{`...)
	for i, word := range said {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), consentNames[i]...), `":"CONSENT_`...)
		b = append(append(b, strings.ToUpper(word)...), '"')
	}
	return append(b, '}')
}

// EncodeFinish implements syncs.Finisher: whoever was added before the
// replacement began is removed.
func (d *destination) EncodeFinish(chunk syncs.Chunk) (syncs.Request, error) {
	_, id := syncs.Which(chunk.Schema.Object)
	b := d.appendDestination(nil, id)
	b = append(b, `,"removeAsOfTime":"`...)
	b = chunk.Replacement.Began.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `"}`...)
	request := syncs.Request{
		Idempotent: true, Ops: make([]int, len(chunk.Ops)),
		HTTP: d.request(http.MethodPost, "/audienceMembers:removeAll", b, chunk.Secrets, chunk.Token),
	}
	for i := range request.Ops {
		request.Ops[i] = i
	}
	return request, nil
}
