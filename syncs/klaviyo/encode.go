package klaviyo

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

var nobody = &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has nothing that a profile can be found by"}

// The marks of requests: what their answers are about.
const (
	markImport = "import"
	markFind   = "find"
	markTrack  = "track"
	markErase  = "erase"
)

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := &requests{destination: d, chunk: &chunk}
	kind, which := syncs.Which(chunk.Schema.Object)
	switch kind {
	case list:
		r.imports(which)
		r.find()
	case event:
		r.events(which)
	default:
		r.imports("")
		r.erase()
	}
	return r.Requests, r.Rejections
}

// requests collects those of a chunk.
type requests struct {
	syncs.Draft
	destination *destination
	chunk       *syncs.Chunk
}

func (r *requests) add(method, path string, body []byte, ops []int, bucket, mark string) {
	r.Requests = append(r.Requests, syncs.Request{
		HTTP: r.destination.request(method, path, body, r.chunk.Secrets), Ops: ops, Idempotent: true, Bucket: bucket, Mark: mark,
	})
}

// array adds a request with an array of what each operation is spelled as.
func (r *requests) array(path, bucket, mark string, around [2]string, kinds []syncs.Kind, spell syncs.Spell) {
	body := append(make([]byte, 0, 1<<14), around[0]...)
	body, sent := r.Elements(body, r.chunk, r.chunk.OfKind(kinds...), syncs.AtMost(maxProfile, "Klaviyo", spell))
	if len(sent) > 0 {
		r.add(http.MethodPost, path, append(body, around[1]...), sent, bucket, mark)
	}
}

// person appends the beginning of a profile that is known by its id, or by an
// attribute: both end within its attributes.
func person(b []byte, name, value string) ([]byte, error) {
	if strings.TrimSpace(value) == "" {
		return b, nobody
	}
	b = append(b, `{"type":"profile",`...)
	if name == profileID {
		return append(syncs.AppendJSONString(append(b, `"id":`...), value), `,"attributes":{`...), nil
	}
	return syncs.AppendJSONString(append(append(append(b, `"attributes":{"`...), name...), `":`...), value), nil
}

// imports is the job that fills profiles, and puts them on a list where there is
// one.
func (r *requests) imports(which string) {
	schema := r.chunk.Schema
	other := func(f syncs.Field) bool { return f.Name != schema.Key }
	fields := syncs.NewSpelling(schema.Fields, other).Bare()
	cleared := fields.Emptied()
	around := [2]string{`{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[`, `]}}}}`}
	if which != "" {
		list := `,"relationships":{"lists":{"data":[{"type":"list","id":` + string(syncs.AppendJSONString(nil, which)) + `}]}}`
		around[1] = `]}}` + list + `}}`
	}
	kinds := []syncs.Kind{syncs.Upsert, syncs.Clear, syncs.Add}
	r.array("/api/profile-bulk-import-jobs", importing, markImport, around, kinds, func(b []byte, op *syncs.Op) ([]byte, error) {
		b, err := person(b, schema.Key, op.Key)
		if err != nil {
			return b, err
		}
		if op.Kind == syncs.Clear {
			b = syncs.Members(b, cleared)
		} else if b, err = fields.AppendMembers(b, op.Values); err != nil {
			return b, err //nolint:wrapcheck // it names the field
		}
		return append(b, "}}"...), nil
	})
}

// find looks for the profiles that are to be taken off a list, which goes by
// Klaviyo's own ids.
func (r *requests) find() {
	for part := range slices.Chunk(r.chunk.OfKind(syncs.Remove), maxLookup) {
		filter, sent := r.Elements([]byte("any("+r.chunk.Schema.Key+",["), r.chunk, part, func(b []byte, op *syncs.Op) ([]byte, error) {
			if strings.TrimSpace(op.Key) == "" {
				return b, nobody
			}
			return syncs.AppendJSONString(b, op.Key), nil
		})
		if len(sent) > 0 {
			query := url.Values{
				"filter":          {string(filter) + "])"},
				"fields[profile]": {"email,phone_number,external_id"},
				"page[size]":      {strconv.Itoa(maxLookup)},
			}
			r.add(http.MethodGet, "/api/profiles?"+query.Encode(), nil, sent, looking, markFind)
		}
	}
}

// events are what people did.
func (r *requests) events(metric string) {
	schema := r.chunk.Schema
	who, when := schema.Places(identifiers...), schema.At(eventTime)
	plain := syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return f.Name == eventValue || f.Name == currency }).Bare()
	data := syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return strings.HasPrefix(f.Name, "properties.") }).Bare()
	of := string(syncs.AppendJSONString(nil, metric))
	around := [2]string{`{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[`, `]}}}}`}
	r.array("/api/event-bulk-create-jobs", tracking, markTrack, around, []syncs.Kind{syncs.Append}, func(b []byte, op *syncs.Op) ([]byte, error) {
		b = append(b, `{"type":"event-bulk-create","attributes":{"profile":{"data":`...)
		name, text := schema.First(who, op.Values)
		b, err := person(b, name, text)
		if err != nil {
			return b, err
		}
		b = append(b, `}}},"events":{"data":[{"type":"event","attributes":{`...)
		b = syncs.AppendJSONString(append(b, `"unique_id":`...), op.Key)
		if when >= 0 {
			t, ok := op.Values[when].(time.Time)
			if !ok {
				return b, &syncs.Refusal{Code: syncs.BadValue, Message: "the event has no time"}
			}
			b = append(t.UTC().AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano), '"')
		}
		if b, err = plain.AppendMembers(b, op.Values); err != nil {
			return b, err //nolint:wrapcheck // it names the field
		}
		from := len(b)
		if b, err = data.AppendMembers(b, op.Values); err != nil {
			return b, err //nolint:wrapcheck // as above
		}
		if len(b) == from {
			b = append(b, `,"properties":{}`...)
		}
		b = append(append(append(b, `,"metric":{"data":{"type":"metric","attributes":{"name":`...), of...), `}}}}}]}}}`...)
		return b, nil
	})
}

// erase has profiles deleted, one each.
func (r *requests) erase() {
	for _, i := range r.chunk.OfKind(syncs.Erase) {
		b := []byte(`{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":`)
		b, err := person(b, r.chunk.Schema.Key, r.chunk.Ops[i].Key)
		if err != nil {
			r.Refuse(i, err)
			continue
		}
		r.add(http.MethodPost, "/api/data-privacy-deletion-jobs", append(b, "}}}}}}"...), []int{i}, erasing, markErase)
	}
}
