package googledatamanager

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// The fields of an event beside its person.
const (
	transactionID   = "transaction_id"
	eventTimestamp  = "event_timestamp"
	eventSource     = "event_source"
	conversionValue = "conversion_value"
	currency        = "currency"
	eventName       = "event_name"
	clientID        = "client_id"
)

// eventSources are those of EventSource.
var eventSources = []string{"WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER"}

// texts are fields of an event that are sent as they are.
var texts = []struct{ field, name string }{{currency, "currency"}, {eventName, "eventName"}, {clientID, "clientId"}}

// eventFields are the fields of conversions.
func eventFields(users []identify.Column) []syncs.PlatformField {
	text, id := []syncs.Type{syncs.String}, []syncs.Type{syncs.String, syncs.Int}
	out := []syncs.PlatformField{
		{Name: transactionID, Types: id, Required: true, Unique: true, MaxLength: 512},
		{Name: eventTimestamp, Types: []syncs.Type{syncs.Timestamp}, Required: true},
		{Name: eventSource, Types: text, Enum: eventSources},
		{Name: conversionValue, Types: []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}},
	}
	for _, t := range texts {
		out = append(out, syncs.PlatformField{Name: t.field, Types: text})
	}
	for _, c := range users {
		out = append(out, syncs.PlatformField{Name: c.Field, Types: id})
	}
	return append(out, consentFields()...)
}

// eventSpelling is how the events of a chunk are written.
type eventSpelling struct {
	people  *identify.Members
	consent consent
	schema  syncs.Schema
	at      map[string]int
}

func (d *destination) newEventSpelling(schema syncs.Schema) eventSpelling {
	s := eventSpelling{
		people:  identify.NewMembers(schema, d.users, d.config.Policy(), d.config.Region),
		consent: newConsent(schema, &d.config), schema: schema, at: map[string]int{},
	}
	for i, f := range schema.Fields {
		s.at[f.Name] = i
	}
	return s
}

// of is the value of a field, nil where there is none.
func (s *eventSpelling) of(op *syncs.Op, field string) (any, syncs.Type) {
	i, ok := s.at[field]
	if !ok {
		return nil, 0
	}
	return op.Values[i], s.schema.Fields[i].Type
}

// encodeEvents spells a request of all events. Google knows them by their
// transaction ids: one that comes again is counted as a duplicate, and is none.
func (d *destination) encodeEvents(chunk *syncs.Chunk, id string) ([]syncs.Request, []syncs.Rejection) {
	s := d.newEventSpelling(chunk.Schema)
	b := d.appendEncoding(d.appendDestination(make([]byte, 0, 512+400*len(chunk.Ops)), id))
	b = append(s.consent.appendAll(b), `,"events":[`...)
	var draft syncs.Draft
	b, sent := draft.Elements(b, chunk, chunk.OfKind(syncs.Append), s.append)
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	request := d.request(http.MethodPost, "/events:ingest", append(b, "]}"...), chunk.Secrets, chunk.Token)
	return []syncs.Request{{HTTP: request, Ops: sent, Idempotent: true, Values: s.people.Values()}}, draft.Rejections
}

// append appends one event.
func (s *eventSpelling) append(b []byte, op *syncs.Op) ([]byte, error) {
	refuse := func(code, message string) ([]byte, error) {
		return b, &syncs.Refusal{Code: code, Message: message}
	}
	at, _ := s.of(op, eventTimestamp)
	when, dated := at.(time.Time)
	if !dated {
		return refuse("no-event-time", "the event has no event_timestamp")
	}
	s.people.Read(op)
	b = syncs.AppendJSONString(append(b, `{"transactionId":`...), op.Key)
	b = append(when.UTC().AppendFormat(append(b, `,"eventTimestamp":"`...), time.RFC3339Nano), '"')
	if v, _ := s.of(op, eventSource); v != nil {
		source, _ := v.(string)
		if !slices.Contains(eventSources, source) {
			return refuse("bad-event-source", "the event's event_source is none of "+strings.Join(eventSources, ", "))
		}
		b = append(append(b, `,"eventSource":"`...), source+`"`...)
	}
	if v, t := s.of(op, conversionValue); v != nil {
		var err error
		if b, err = syncs.AppendNumber(append(b, `,"conversionValue":`...), t, v); err != nil {
			return refuse(syncs.BadValue, "field conversion_value: "+err.Error())
		}
	}
	for _, t := range texts {
		if v, _ := s.of(op, t.field); v != nil {
			text, ok := v.(string)
			if !ok {
				return refuse(syncs.BadValue, "field "+t.field+": "+syncs.ErrValue.Error())
			}
			if text != "" {
				b = syncs.AppendJSONString(append(append(append(b, `,"`...), t.name...), `":`...), text)
			}
		}
	}
	people := len(b)
	b, n, _ := appendIdentifiers(append(b, `,"userData":{"userIdentifiers":[`...), s.people)
	if b = append(b, "]}"...); n == 0 {
		b = b[:people]
	}
	clicks := 0
	for i, c := range s.people.Columns() {
		cell := s.people.Cell(i)
		if len(cell) == 0 || !slices.Contains(adIdentifiers, c.Field) {
			continue
		}
		if clicks++; clicks == 1 {
			b = append(b, `,"adIdentifiers":{`...)
		} else {
			b = append(b, ',')
		}
		b = syncs.AppendJSONString(append(append(append(b, '"'), c.Name...), `":`...), string(cell))
	}
	if clicks > 0 {
		b = append(b, '}')
	}
	if v, _ := s.of(op, clientID); n+clicks == 0 && (v == nil || v == "") {
		return b, s.people.Nobody()
	}
	b, err := s.consent.append(b, op)
	return append(b, '}'), err
}
