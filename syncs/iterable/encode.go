package iterable

import (
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

// noList is the code of rows for a list that there cannot be.
const noList = "no-list"

var nobody = &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has nothing that a user can be found by"}

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := &requests{destination: d, chunk: &chunk}
	switch kind, which := syncs.Which(chunk.Schema.Object); kind {
	case list:
		r.members(which)
	case event:
		r.events(which)
	default:
		r.users()
		r.one(syncs.Delete)
		r.one(syncs.Erase)
	}
	return r.Requests, r.Rejections
}

// requests collects those of a chunk.
type requests struct {
	syncs.Draft
	destination *destination
	chunk       *syncs.Chunk
}

func (r *requests) add(method, path string, body []byte, ops []int, bucket string) {
	r.Requests = append(r.Requests, syncs.Request{
		HTTP: r.destination.request(method, path, body, r.chunk.Secrets), Ops: ops, Idempotent: true, Bucket: bucket,
	})
}

// array adds one request with an array of what each operation of these kinds is
// spelled as.
func (r *requests) array(path, bucket string, around [2]string, kinds []syncs.Kind, spell syncs.Spell) {
	body := append(make([]byte, 0, 1<<14), around[0]...)
	body, sent := r.Elements(body, r.chunk, r.chunk.OfKind(kinds...), spell)
	if len(sent) > 0 {
		r.add(http.MethodPost, path, append(body, around[1]...), sent, bucket)
	}
}

// member appends who somebody is as a member of an object that is begun.
func member(b []byte, name, value string) ([]byte, error) {
	switch {
	case strings.TrimSpace(value) == "":
		return b, nobody
	case name == userID && len(value) > maxUserID:
		return b, &syncs.Refusal{Code: syncs.TooLong, Message: fmt.Sprintf("the userId takes more than the %d bytes that Iterable permits", maxUserID)}
	}
	return syncs.AppendJSONString(append(append(append(b, '"'), name...), `":`...), value), nil
}

// users are those whose fields are set or emptied. A user who is known by userId
// alone is made, in projects by e-mail address too.
func (r *requests) users() {
	schema := r.chunk.Schema
	other := func(f syncs.Field) bool { return f.Name != schema.Key }
	fields := syncs.NewSpelling(schema.Fields, other).Bare()
	cleared := fields.Emptied()
	options := ""
	if schema.Key == userID {
		options += `,"preferUserId":true`
	}
	if slices.ContainsFunc(schema.Fields, func(f syncs.Field) bool { return len(f.Path) > 1 }) {
		options += `,"mergeNestedObjects":true`
	}
	r.array("/api/users/bulkUpdate", bulk, [2]string{`{"users":[`, `]}`}, []syncs.Kind{syncs.Upsert, syncs.Clear}, func(b []byte, op *syncs.Op) ([]byte, error) {
		b, err := member(append(b, '{'), schema.Key, op.Key)
		if err != nil {
			return b, err
		}
		b = append(append(b, options...), `,"dataFields":`...)
		if op.Kind == syncs.Clear {
			b = append(b, cleared...)
		} else if b, err = fields.Append(b, op.Values); err != nil {
			return b, err //nolint:wrapcheck // it names the field
		}
		return append(b, '}'), nil
	})
}

// one adds a request for each operation of a kind that has to be alone.
func (r *requests) one(kind syncs.Kind) {
	for _, i := range r.chunk.OfKind(kind) {
		op := &r.chunk.Ops[i]
		body, err := member([]byte{'{'}, r.chunk.Schema.Key, op.Key)
		switch {
		case err != nil:
			r.Refuse(i, err)
		case kind == syncs.Erase:
			r.add(http.MethodPost, "/api/users/forget", append(body, '}'), []int{i}, erasing)
		case r.chunk.Schema.Key == userID:
			r.add(http.MethodDelete, "/api/users/byUserId/"+url.PathEscape(op.Key), nil, []int{i}, deleting)
		default:
			r.add(http.MethodDelete, "/api/users/"+url.PathEscape(op.Key), nil, []int{i}, deleting)
		}
	}
}

// members are who is put on a list, and who is taken off it.
func (r *requests) members(which string) {
	number, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		for i := range r.chunk.Ops {
			r.Refuse(i, &syncs.Refusal{Code: noList, Message: "the id of a list of Iterable is a number"})
		}
		return
	}
	one := func(options string) func(b []byte, op *syncs.Op) ([]byte, error) {
		return func(b []byte, op *syncs.Op) ([]byte, error) {
			b, err := member(append(b, '{'), r.chunk.Schema.Key, op.Key)
			return append(append(b, options...), '}'), err
		}
	}
	options := ""
	if r.chunk.Schema.Key == userID {
		options = `,"preferUserId":true`
	}
	around := [2]string{`{"listId":` + strconv.FormatInt(number, 10) + `,"subscribers":[`, `]}`}
	r.array("/api/lists/subscribe", listing, around, []syncs.Kind{syncs.Add}, one(options))
	r.array("/api/lists/unsubscribe", listing, around, []syncs.Kind{syncs.Remove}, one(""))
}

// events are what people did.
func (r *requests) events(name string) {
	schema := r.chunk.Schema
	who, when := schema.Places(userID, email), schema.At(createdAt)
	data := syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool {
		return !slices.Contains([]string{email, userID, id, createdAt}, f.Name)
	}).Bare()
	r.array("/api/events/trackBulk", tracking, [2]string{`{"events":[`, `]}`}, []syncs.Kind{syncs.Append}, func(b []byte, op *syncs.Op) ([]byte, error) {
		if len(op.Key) > maxEventID {
			return b, &syncs.Refusal{Code: syncs.TooLong, Message: fmt.Sprintf("the id of the event takes more than the %d bytes that Iterable permits", maxEventID)}
		}
		// Iterable wants one of them.
		with, text := schema.First(who, op.Values)
		b, err := member(append(b, '{'), with, text)
		if err != nil {
			return b, err
		}
		b = syncs.AppendJSONString(append(b, `,"eventName":`...), name)
		b = syncs.AppendJSONString(append(b, `,"id":`...), op.Key)
		if when >= 0 {
			if t, ok := op.Values[when].(time.Time); ok {
				b = strconv.AppendInt(append(b, `,"createdAt":`...), t.Unix(), 10)
			}
		}
		// Their names begin with dataFields already.
		if b, err = data.AppendMembers(b, op.Values); err != nil {
			return b, err //nolint:wrapcheck // it names the field
		}
		return append(b, '}'), nil
	})
}

// request spells a request with the key of the project.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Api-Key": {secrets(d.config.APIKey).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{Method: method, URL: d.config.At(addresses[d.config.Region], secrets, path), Header: header, Body: body}
}
