package braze

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// The codes of rows that are not sent.
const (
	badValue     = "bad-value"
	noIdentifier = "no-identifier"
	tooLong      = "too-long"
)

// refusal is why a row is not sent.
type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.message }

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	kind, which := syncs.Which(chunk.Schema.Object)
	out := &requests{destination: d, chunk: &chunk}
	if kind == subscription {
		out.people(syncs.Add, "/v2/subscription/status/set", groups(which, "subscribed", states[chunk.Schema.Key]))
		out.people(syncs.Remove, "/v2/subscription/status/set", groups(which, "unsubscribed", states[chunk.Schema.Key]))
		return out.list, out.rejections
	}
	out.track(kind, which)
	leaves := [2]string{`{"` + deletions[chunk.Schema.Key] + `":[`, `]}`}
	out.people(syncs.Delete, "/users/delete", leaves)
	out.people(syncs.Erase, "/users/delete", leaves)
	return out.list, out.rejections
}

// groups are what stands before and behind the people whose state is set.
func groups(which, state, list string) [2]string {
	b := append([]byte(nil), `{"subscription_groups":[{"subscription_group_id":`...)
	b = syncs.AppendJSONString(b, which)
	return [2]string{string(b) + `,"subscription_state":"` + state + `","` + list + `":[`, `]}]}`}
}

// requests collects those of a chunk.
type requests struct {
	destination *destination
	chunk       *syncs.Chunk
	list        []syncs.Request
	rejections  []syncs.Rejection
}

func (r *requests) refuse(op int, err error) {
	code := badValue
	if known, ok := errors.AsType[*refusal](err); ok {
		code = known.code
	}
	r.rejections = append(r.rejections, syncs.Rejection{Op: op, Code: code, Message: err.Error()})
}

// add adds a request.
func (r *requests) add(path string, body []byte, ops []int, idempotent bool) {
	out := syncs.Request{HTTP: r.destination.request(http.MethodPost, path, body, r.chunk.Secrets), Ops: ops, Idempotent: idempotent}
	if path == "/users/delete" {
		out.Bucket = deletion
	}
	r.list = append(r.list, out)
}

// people adds requests with the keys of the operations of a kind.
func (r *requests) people(kind syncs.Kind, path string, around [2]string) {
	var body []byte
	var sent []int
	send := func() {
		if len(sent) > 0 {
			r.add(path, append(body, around[1]...), sent, true)
		}
		body, sent = []byte(around[0]), nil
	}
	send()
	for i := range r.chunk.Ops {
		op := &r.chunk.Ops[i]
		if op.Kind != kind {
			continue
		}
		if strings.TrimSpace(op.Key) == "" {
			r.refuse(i, nobody)
			continue
		}
		if len(sent) == maxPeople {
			send()
		}
		if len(sent) > 0 {
			body = append(body, ',')
		}
		body, sent = syncs.AppendJSONString(body, op.Key), append(sent, i)
	}
	send()
}

var nobody = &refusal{noIdentifier, "the row has nothing that a user can be found by"}

// track adds the request with what is known of users, or what they did.
func (r *requests) track(object, which string) {
	list := map[string]string{users: "attributes", event: "events", purchases: "purchases"}[object]
	s := newSpelling(r.chunk.Schema, object)
	body := append(make([]byte, 0, 1<<14), `{"`+list+`":[`...)
	var sent []int
	for i := range r.chunk.Ops {
		op := &r.chunk.Ops[i]
		if op.Kind == syncs.Delete || op.Kind == syncs.Erase {
			continue
		}
		before := len(body)
		if len(sent) > 0 {
			body = append(body, ',')
		}
		from := len(body)
		var err error
		body, err = s.append(body, op, which, r.destination.config.AppID)
		if err == nil && len(body)-from > maxObject {
			err = &refusal{tooLong, fmt.Sprintf("the row takes more than %d bytes", maxObject)}
		}
		if err != nil {
			body = body[:before]
			r.refuse(i, err)
			continue
		}
		sent = append(sent, i)
	}
	if len(sent) > 0 {
		// Braze takes an event twice.
		r.add("/users/track", append(body, "]}"...), sent, object == users)
	}
}

// spelling spells the objects of users/track.
type spelling struct {
	schema syncs.Schema
	object string
	// who are the places of the fields that say whose an event is, the best first.
	who    []int
	fields *syncs.Spelling
	// cleared are all fields of a user but the key, without values.
	cleared []byte
	merges  bool
}

func newSpelling(schema syncs.Schema, object string) *spelling {
	s := &spelling{schema: schema, object: object}
	if object != users {
		for _, name := range identifiers {
			if i := slices.IndexFunc(schema.Fields, func(f syncs.Field) bool { return f.Name == name }); i >= 0 {
				s.who = append(s.who, i)
			}
		}
	}
	other := func(f syncs.Field) bool {
		if object != users {
			return !slices.Contains(identifiers, f.Name)
		}
		return f.Name != schema.Key
	}
	empty := slices.Clone(schema.Fields)
	for i := range empty {
		empty[i].SkipNull = false
		s.merges = s.merges || object == users && len(empty[i].Path) > 1
	}
	s.fields = syncs.NewSpelling(schema.Fields, other).Bare()
	// There is no value that could not be spelled.
	s.cleared, _ = syncs.NewSpelling(empty, other).Append(nil, make([]any, len(empty)))
	return s
}

// append appends the object of an operation.
func (s *spelling) append(b []byte, op *syncs.Op, which, app string) ([]byte, error) {
	b = append(b, '{')
	b, err := s.identify(b, op)
	if err != nil {
		return b, err
	}
	switch s.object {
	case event:
		b = syncs.AppendJSONString(append(b, `,"name":`...), which)
	case users:
		if s.merges {
			// What is beside a nested field stays.
			b = append(b, `,"_merge_objects":true`...)
		}
	}
	if s.object != users && app != "" {
		b = syncs.AppendJSONString(append(b, `,"app_id":`...), app)
	}
	if op.Kind == syncs.Clear {
		return merge(b, s.cleared), nil
	}
	fields, err := s.fields.Append(nil, op.Values)
	if err != nil {
		return b, err //nolint:wrapcheck // it names the field
	}
	return merge(b, fields), nil
}

// merge appends the members of an object to one that is begun, and ends it.
func merge(b, object []byte) []byte {
	if string(object) == "{}" {
		return append(b, '}')
	}
	return append(append(b, ','), object[1:]...)
}

// identify appends who an object is about.
func (s *spelling) identify(b []byte, op *syncs.Op) ([]byte, error) {
	member := func(name, value string) []byte {
		return syncs.AppendJSONString(append(b, `"`+name+`":`...), value)
	}
	if s.object == users {
		if strings.TrimSpace(op.Key) == "" {
			return b, nobody
		}
		return member(s.schema.Key, op.Key), nil
	}
	for _, i := range s.who {
		text, err := syncs.AppendText(nil, s.schema.Fields[i].Type, op.Values[i])
		if err == nil && strings.TrimSpace(string(text)) != "" {
			return member(s.schema.Fields[i].Name, string(text)), nil
		}
	}
	return b, nobody
}

// request spells a request with the key of the workspace.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + secrets(d.config.APIKey).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At(d.config.host(), secrets, path), Header: header, Body: body}
}
