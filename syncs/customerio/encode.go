package customerio

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// timestamp is the field of an event that says when it was.
const timestamp = "timestamp"

// Encode implements syncs.Destination: one request for the whole chunk.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	kind, which := syncs.Which(chunk.Schema.Object)
	if kind == segment {
		return d.encodeMembers(chunk, which)
	}
	e := newEntries(chunk.Schema, kind, which)
	body := append(make([]byte, 0, 1<<16), `{"batch":[`...)
	var draft syncs.Draft
	body, sent := draft.Elements(body, &chunk, chunk.OfKind(syncs.Kinds()...), syncs.AtMost(maxEntry, "Customer.io", e.append))
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	request := d.request(http.MethodPost, "/api/v2/batch", append(body, "]}"...), chunk.Secrets)
	// An event is sent with an id that Customer.io does nothing with twice.
	return []syncs.Request{{HTTP: request, Ops: sent, Idempotent: true}}, draft.Rejections
}

// request spells a request with the credentials of the workspace.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	credentials := secrets(d.config.SiteID).Reveal() + ":" + secrets(d.config.APIKey).Reveal()
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At(addresses[d.config.Region], secrets, path), Header: header, Body: body}
}

// encodeMembers spells who is put on a manual segment, and who is taken off it.
func (d *destination) encodeMembers(chunk syncs.Chunk, which string) ([]syncs.Request, []syncs.Rejection) {
	var draft syncs.Draft
	for _, kind := range []syncs.Kind{syncs.Add, syncs.Remove} {
		body, sent := draft.Elements([]byte(`{"ids":[`), &chunk, chunk.OfKind(kind), func(b []byte, op *syncs.Op) ([]byte, error) {
			return syncs.AppendJSONString(b, op.Key), identifier(op.Key)
		})
		if len(sent) == 0 {
			continue
		}
		verb := map[syncs.Kind]string{syncs.Add: "add_customers", syncs.Remove: "remove_customers"}[kind]
		path := "/api/v1/segments/" + url.PathEscape(which) + "/" + verb + "?id_type=" + chunk.Schema.Key
		draft.Requests = append(draft.Requests, syncs.Request{
			HTTP: d.request(http.MethodPost, path, append(body, "]}"...), chunk.Secrets), Ops: sent, Idempotent: true,
		})
	}
	return draft.Requests, draft.Rejections
}

// identifier says whether a person can be found by a text.
func identifier(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has nothing that a person can be found by"}
	case len(text) > maxIdentifier:
		return &syncs.Refusal{Code: syncs.TooLong, Message: fmt.Sprintf("the identifier takes more than the %d bytes that Customer.io permits", maxIdentifier)}
	}
	return nil
}

// entries spells the entries of one chunk: what is done to a person each.
type entries struct {
	schema syncs.Schema
	// event is the name of the events, empty where people are sent.
	event string
	// who are the places of the fields that say whose an event is, and at that of
	// its instant; -1 where there is none.
	who []int
	at  int
	// attributes are all other fields but the key, and cleared is an object of them
	// without values.
	attributes *syncs.Spelling
	cleared    []byte
	// row is what attributes spells.
	row []any
}

func newEntries(schema syncs.Schema, kind, which string) *entries {
	e := &entries{schema: schema, at: -1, row: make([]any, len(schema.Fields))}
	if kind == event {
		e.event, e.at = which, schema.At(timestamp)
		for _, i := range schema.Places(identifiers...) {
			if schema.Fields[i].Name != schema.Key {
				e.who = append(e.who, i)
			}
		}
	}
	attribute := func(f syncs.Field) bool {
		i := schema.At(f.Name)
		return f.Name != schema.Key && i != e.at && !slices.Contains(e.who, i)
	}
	e.attributes = syncs.NewSpelling(schema.Fields, attribute).Bare()
	e.cleared = e.attributes.Emptied()
	return e
}

// append appends the entry of an operation.
func (e *entries) append(b []byte, op *syncs.Op) ([]byte, error) {
	b = append(b, `{"type":"person","identifiers":{`...)
	b, err := e.identify(b, op)
	if err != nil {
		return b, err
	}
	switch op.Kind { //nolint:exhaustive // Spec names these.
	case syncs.Delete:
		return append(b, `},"action":"delete"}`...), nil
	case syncs.Erase:
		return append(b, `},"action":"suppress"}`...), nil
	case syncs.Clear:
		return append(append(append(b, `},"action":"identify","attributes":`...), e.cleared...), '}'), nil
	case syncs.Append:
		b = syncs.AppendJSONString(append(b, `},"action":"event","name":`...), e.event)
		at := time.Unix(0, 0)
		if e.at >= 0 {
			if t, ok := op.Values[e.at].(time.Time); ok {
				at = t
				b = strconv.AppendInt(append(b, `,"timestamp":`...), t.Unix(), 10)
			}
		}
		b = append(append(append(b, `,"id":"`...), eventID(e.schema.Sync, op.Key, at)...), '"')
	default:
		b = append(b, `},"action":"identify"`...)
	}
	for i, f := range e.schema.Fields {
		if e.row[i], err = attribute(f, op.Values[i]); err != nil {
			return b, err
		}
	}
	if b, err = e.attributes.Append(append(b, `,"attributes":`...), e.row); err != nil {
		return b, err //nolint:wrapcheck // it names the field
	}
	return append(b, '}'), nil
}

// identify appends who the entry is about.
func (e *entries) identify(b []byte, op *syncs.Op) ([]byte, error) {
	if op.Kind != syncs.Append {
		if err := identifier(op.Key); err != nil {
			return b, err
		}
		b = append(append(append(b, '"'), e.schema.Key...), `":`...)
		return syncs.AppendJSONString(b, op.Key), nil
	}
	// Customer.io wants one identifier: the first that has a value.
	for _, i := range e.who {
		text, err := syncs.AppendText(nil, e.schema.Fields[i].Type, op.Values[i])
		if err != nil || strings.TrimSpace(string(text)) == "" {
			continue
		}
		if err := identifier(string(text)); err != nil {
			return b, err
		}
		b = append(append(append(b, '"'), e.schema.Fields[i].Name...), `":`...)
		return syncs.AppendJSONString(b, string(text)), nil
	}
	return b, identifier("")
}

// attribute is a value as Customer.io takes it: an instant in seconds since 1970,
// which is what its conditions on dates compare.
func attribute(f syncs.Field, v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		return v.Unix(), nil
	case string:
		if len(v) > maxValue {
			return nil, &syncs.Refusal{Code: syncs.TooLong, Message: fmt.Sprintf("the field %s takes more than the %d bytes that Customer.io permits", f.Name, maxValue)}
		}
	}
	return v, nil
}

// crockford is the alphabet of a ULID (https://github.com/ulid/spec).
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// eventID is a ULID that depends on the event alone: Customer.io does nothing with
// an event whose id it has had. For how long it remembers them is not documented.
func eventID(sync, key string, at time.Time) string {
	sum := sha256.Sum256([]byte(sync + "\x00" + key))
	// 26 characters are 130 bits: two of zero, 48 of milliseconds, 80 of chance.
	id := binary.BigEndian.AppendUint64(nil, uint64(max(at.UnixMilli(), 0))<<16)
	id = append(id[:6], sum[:10]...)
	var wide [17]byte
	for i, c := range id {
		wide[i] |= c >> 2
		wide[i+1] = c << 6
	}
	return crockford.EncodeToString(wide[:])[:26]
}
