package braze

import (
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

var nobody = &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has nothing that a user can be found by"}

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	kind, which := syncs.Which(chunk.Schema.Object)
	out := &requests{destination: d, chunk: &chunk}
	if kind == subscription {
		out.people(syncs.Add, "/v2/subscription/status/set", groups(which, "subscribed", states[chunk.Schema.Key]))
		out.people(syncs.Remove, "/v2/subscription/status/set", groups(which, "unsubscribed", states[chunk.Schema.Key]))
		return out.Requests, out.Rejections
	}
	out.track(kind, which)
	leaves := [2]string{`{"` + deletions[chunk.Schema.Key] + `":[`, `]}`}
	out.people(syncs.Delete, "/users/delete", leaves)
	out.people(syncs.Erase, "/users/delete", leaves)
	return out.Requests, out.Rejections
}

// groups are what stands before and behind the people whose state is set.
func groups(which, state, list string) [2]string {
	b := append([]byte(nil), `{"subscription_groups":[{"subscription_group_id":`...)
	b = syncs.AppendJSONString(b, which)
	return [2]string{string(b) + `,"subscription_state":"` + state + `","` + list + `":[`, `]}]}`}
}

// requests collects those of a chunk.
type requests struct {
	syncs.Draft
	destination *destination
	chunk       *syncs.Chunk
}

// add adds a request.
func (r *requests) add(path string, body []byte, ops []int, idempotent bool) {
	out := syncs.Request{HTTP: r.destination.request(http.MethodPost, path, body, r.chunk.Secrets), Ops: ops, Idempotent: idempotent}
	if path == "/users/delete" {
		out.Bucket = deletion
	}
	r.Requests = append(r.Requests, out)
}

// people adds requests with the keys of the operations of a kind.
func (r *requests) people(kind syncs.Kind, path string, around [2]string) {
	for part := range slices.Chunk(r.chunk.OfKind(kind), maxPeople) {
		body, sent := r.Elements([]byte(around[0]), r.chunk, part, func(b []byte, op *syncs.Op) ([]byte, error) {
			if strings.TrimSpace(op.Key) == "" {
				return b, nobody
			}
			return syncs.AppendJSONString(b, op.Key), nil
		})
		if len(sent) > 0 {
			r.add(path, append(body, around[1]...), sent, true)
		}
	}
}

// track adds the request with what is known of users, or what they did.
func (r *requests) track(object, which string) {
	list := map[string]string{users: "attributes", event: "events", purchases: "purchases"}[object]
	s := newSpelling(r.chunk.Schema, object)
	body := append(make([]byte, 0, 1<<14), `{"`+list+`":[`...)
	ops := r.chunk.OfKind(syncs.Upsert, syncs.Clear, syncs.Append)
	body, sent := r.Elements(body, r.chunk, ops, syncs.AtMost(maxObject, "Braze", func(b []byte, op *syncs.Op) ([]byte, error) {
		return s.append(b, op, which, r.destination.config.AppID)
	}))
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
		s.who = schema.Places(identifiers...)
	}
	other := func(f syncs.Field) bool {
		if object != users {
			return !slices.Contains(identifiers, f.Name)
		}
		return f.Name != schema.Key
	}
	s.merges = object == users && slices.ContainsFunc(schema.Fields, func(f syncs.Field) bool { return len(f.Path) > 1 })
	s.fields = syncs.NewSpelling(schema.Fields, other).Bare()
	s.cleared = s.fields.Emptied()
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
		b = syncs.Members(b, s.cleared)
	} else if b, err = s.fields.AppendMembers(b, op.Values); err != nil {
		return b, err //nolint:wrapcheck // it names the field
	}
	return append(b, '}'), nil
}

// identify appends who an object is about.
func (s *spelling) identify(b []byte, op *syncs.Op) ([]byte, error) {
	name, text := s.schema.Key, op.Key
	if s.object != users {
		name, text = s.schema.First(s.who, op.Values)
	}
	if strings.TrimSpace(text) == "" {
		return b, nobody
	}
	return syncs.AppendJSONString(append(b, `"`+name+`":`...), text), nil
}

// request spells a request with the key of the workspace.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + secrets(d.config.APIKey).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At(d.config.host(), secrets, path), Header: header, Body: body}
}
