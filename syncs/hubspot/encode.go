package hubspot

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// HubSpot's words.
const (
	contacts = "contacts"
	email    = "email"
	// recordID is the property that holds HubSpot's own id of a record.
	recordID = "hs_object_id"
)

// What Decode has to know of a request, in syncs.Request.Mark.
const (
	markWrite  = "write"
	markInsert = "insert"
	// The records of these are looked up, to be done something with.
	markAdd     = "add"
	markRemove  = "remove"
	markArchive = "archive"
	markEvent   = "event"
	markErase   = "erase"
)

// Encode implements syncs.Destination: a request for each kind of operation in
// the chunk, or for each event.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	e := &encoder{destination: d, chunk: chunk}
	e.kind, e.which = syncs.Which(chunk.Schema.Object)
	byKind := map[syncs.Kind][]int{}
	for i := range chunk.Ops {
		byKind[chunk.Ops[i].Kind] = append(byKind[chunk.Ops[i].Kind], i)
	}
	for _, kind := range syncs.Kinds() {
		if len(byKind[kind]) > 0 {
			e.encode(kind, byKind[kind])
		}
	}
	return e.Requests, e.Rejections
}

// encoder spells one chunk.
type encoder struct {
	*destination
	chunk syncs.Chunk
	// kind and which are the parts of the object's name.
	kind, which string
	syncs.Draft
}

// encode spells the operations of one kind.
func (e *encoder) encode(kind syncs.Kind, ops []int) {
	object := e.kind
	if object == "list" {
		object = contacts
	}
	switch kind {
	case syncs.Upsert:
		e.batch(object, "upsert", markWrite, ops)
	case syncs.Update, syncs.Clear:
		e.batch(object, "update", markWrite, ops)
	case syncs.Insert:
		e.batch(object, "create", markInsert, ops)
	case syncs.Add:
		e.batch(object, "upsert", markAdd, ops)
	case syncs.Remove:
		e.lookup(object, markRemove, ops)
	case syncs.Archive:
		e.lookup(object, markArchive, ops)
	case syncs.Append:
		for _, op := range ops {
			e.event(op)
		}
	case syncs.Erase:
		for _, op := range ops {
			e.erase(op)
		}
	case syncs.Delete: // Spec does not have it.
	}
}

// post adds a request.
func (e *encoder) post(path, mark string, body []byte, ops []int, idempotent bool) {
	e.Requests = append(e.Requests, syncs.Request{
		HTTP: &syncs.HTTPRequest{
			Method: http.MethodPost, URL: e.at(e.chunk.Secrets, path),
			Header: e.header(e.chunk.Secrets, e.chunk.Token), Body: body,
		},
		Ops: ops, Mark: mark, Idempotent: idempotent,
	})
}

// objects is the path of an object's records.
func objects(object, rest string) string {
	return "/crm/objects/" + Version.Name + "/" + url.PathEscape(object) + rest
}

// batch writes records. Each carries a trace id: its place in the chunk.
func (e *encoder) batch(object, verb, mark string, ops []int) {
	body := []byte(`{"inputs":[`)
	place := 0
	body, sent := e.Elements(body, &e.chunk, ops, func(b []byte, op *syncs.Op) ([]byte, error) {
		b = append(b, '{')
		if verb != "create" {
			b = append(e.identified(b, op.Key), ',')
		}
		b = append(b, `"objectWriteTraceId":"`...)
		b = strconv.AppendInt(b, int64(ops[place]), 10)
		place++
		b, err := e.properties(append(b, `","properties":`...), op, verb == "create")
		return append(b, '}'), err
	})
	if len(sent) == 0 {
		return
	}
	// A record that was made twice is refused the second time, as one that exists.
	e.post(objects(object, "/batch/"+verb), mark, append(body, "]}"...), sent, true)
}

// identified appends what says which record is meant.
func (e *encoder) identified(b []byte, key string) []byte {
	b = syncs.AppendJSONString(append(b, `"id":`...), key)
	if e.chunk.Schema.Key == recordID {
		return b
	}
	return syncs.AppendJSONString(append(b, `,"idProperty":`...), e.chunk.Schema.Key)
}

// properties appends a record's properties, which are all texts. The key is not
// among them, unless the record is new: HubSpot takes it from the id, and lets
// nobody change it by itself. What takes nothing but the fields away empties
// all of them.
func (e *encoder) properties(b []byte, op *syncs.Op, withKey bool) ([]byte, error) {
	b = append(b, '{')
	first := true
	for i := range e.chunk.Schema.Fields {
		f := &e.chunk.Schema.Fields[i]
		if f.Name == e.chunk.Schema.Key && (!withKey || f.Name == recordID) {
			continue
		}
		var v any
		if op.Values != nil {
			v = op.Values[i]
		}
		if v == nil && f.SkipNull && op.Kind != syncs.Clear {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(syncs.AppendJSONString(b, f.Name), ':')
		text, err := value(f.Type, v)
		if err != nil {
			return b, fmt.Errorf("field %s: %w", f.Name, err)
		}
		b = syncs.AppendJSONString(b, text)
	}
	return append(b, '}'), nil
}

// value is a value as HubSpot writes it: lists with semicolons, as several
// options of one property are.
func value(t syncs.Type, v any) (string, error) {
	list, ok := v.([]any)
	if !ok {
		text, err := syncs.AppendText(nil, t, v)
		return string(text), err //nolint:wrapcheck // The caller names the field.
	}
	parts := make([]string, 0, len(list))
	for _, item := range list {
		text, err := syncs.AppendText(nil, t, item)
		if err != nil {
			return "", err //nolint:wrapcheck // as above
		}
		parts = append(parts, string(text))
	}
	return strings.Join(parts, ";"), nil
}

// lookup asks for the ids of records, to which something is to be done then.
func (e *encoder) lookup(object, mark string, ops []int) {
	body := []byte(`{"inputs":[`)
	for n, i := range ops {
		if n > 0 {
			body = append(body, ',')
		}
		body = append(syncs.AppendJSONString(append(body, `{"id":`...), e.chunk.Ops[i].Key), '}')
	}
	body = append(body, `],"properties":[`...)
	if key := e.chunk.Schema.Key; key != recordID {
		body = syncs.AppendJSONString(body, key)
		body = syncs.AppendJSONString(append(body, `],"idProperty":`...), key)
		body = append(body, '}')
	} else {
		body = append(body, "]}"...)
	}
	e.post(objects(object, "/batch/read"), mark, body, slices.Clone(ops), true)
}

// event sends one event: HubSpot does not say that it knows one that comes
// again, so it is not sent twice.
func (e *encoder) event(i int) {
	op := &e.chunk.Ops[i]
	given := slices.Clone(e.chunk.Schema.Fields)
	for i := range given {
		given[i].SkipNull = true // An event has nothing that could be emptied.
	}
	if _, who := e.chunk.Schema.First(e.chunk.Schema.Places(email, "objectId", "utk"), op.Values); who == "" {
		e.Refuse(i, &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the event has none of email, objectId and utk"})
		return
	}
	body, err := syncs.NewSpelling(given, nil).AppendMembers(syncs.AppendJSONString([]byte(`{"eventName":`), e.which), op.Values)
	if err != nil {
		e.Refuse(i, err)
		return
	}
	e.post("/events/v3/send", markEvent, append(body, '}'), []int{i}, false)
}

// erase has one contact deleted for good.
func (e *encoder) erase(i int) {
	body := syncs.AppendJSONString([]byte(`{"objectId":`), e.chunk.Ops[i].Key)
	if key := e.chunk.Schema.Key; key != recordID {
		body = syncs.AppendJSONString(append(body, `,"idProperty":`...), key)
	}
	e.post(objects(contacts, "/gdpr-delete"), markErase, append(body, '}'), []int{i}, true)
}
