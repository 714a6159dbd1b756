package klaviyo

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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

var nobody = &refusal{noIdentifier, "the row has nothing that a profile can be found by"}

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
	return r.list, r.rejections
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

func (r *requests) add(method, path string, body []byte, ops []int, bucket, mark string) {
	r.list = append(r.list, syncs.Request{
		HTTP: r.destination.request(method, path, body, r.chunk.Secrets), Ops: ops, Idempotent: true, Bucket: bucket, Mark: mark,
	})
}

// array adds a request with an array of what each operation is spelled as.
func (r *requests) array(path, bucket, mark string, around [2]string, kinds []syncs.Kind, spell func([]byte, *syncs.Op) ([]byte, error)) {
	body := append(make([]byte, 0, 1<<14), around[0]...)
	var sent []int
	for i := range r.chunk.Ops {
		op := &r.chunk.Ops[i]
		if !slices.Contains(kinds, op.Kind) {
			continue
		}
		before := len(body)
		if len(sent) > 0 {
			body = append(body, ',')
		}
		from := len(body)
		var err error
		body, err = spell(body, op)
		if err == nil && len(body)-from > maxProfile {
			err = &refusal{tooLong, fmt.Sprintf("the row takes more than the %d bytes that Klaviyo permits", maxProfile)}
		}
		if err != nil {
			body = body[:before]
			r.refuse(i, err)
			continue
		}
		sent = append(sent, i)
	}
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
	empty := slices.Clone(schema.Fields)
	for i := range empty {
		empty[i].SkipNull = false
	}
	// There is no value that could not be spelled.
	cleared, _ := syncs.NewSpelling(empty, other).Append(nil, make([]any, len(empty)))
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
		object := cleared
		if op.Kind != syncs.Clear {
			if object, err = fields.Append(nil, op.Values); err != nil {
				return b, err //nolint:wrapcheck // it names the field
			}
		}
		if len(object) > 2 {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(b, object[1:len(object)-1]...)
		}
		return append(b, "}}"...), nil
	})
}

// find looks for the profiles that are to be taken off a list, which goes by
// Klaviyo's own ids.
func (r *requests) find() {
	var quoted []string
	var sent []int
	send := func() {
		if len(sent) > 0 {
			query := url.Values{
				"filter":          {"any(" + r.chunk.Schema.Key + ",[" + strings.Join(quoted, ",") + "])"},
				"fields[profile]": {"email,phone_number,external_id"},
				"page[size]":      {strconv.Itoa(maxLookup)},
			}
			r.add(http.MethodGet, "/api/profiles?"+query.Encode(), nil, sent, looking, markFind)
		}
		quoted, sent = nil, nil
	}
	for i := range r.chunk.Ops {
		op := &r.chunk.Ops[i]
		if op.Kind != syncs.Remove {
			continue
		}
		if strings.TrimSpace(op.Key) == "" {
			r.refuse(i, nobody)
			continue
		}
		if len(sent) == maxLookup {
			send()
		}
		quoted, sent = append(quoted, string(syncs.AppendJSONString(nil, op.Key))), append(sent, i)
	}
	send()
}

// events are what people did.
func (r *requests) events(metric string) {
	schema := r.chunk.Schema
	at := func(name string) int {
		return slices.IndexFunc(schema.Fields, func(f syncs.Field) bool { return f.Name == name })
	}
	var who []int
	for _, name := range identifiers {
		if i := at(name); i >= 0 {
			who = append(who, i)
		}
	}
	when := at(eventTime)
	plain := syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return f.Name == eventValue || f.Name == currency }).Bare()
	data := syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return strings.HasPrefix(f.Name, "properties.") }).Bare()
	name := string(syncs.AppendJSONString(nil, metric))
	around := [2]string{`{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[`, `]}}}}`}
	r.array("/api/event-bulk-create-jobs", tracking, markTrack, around, []syncs.Kind{syncs.Append}, func(b []byte, op *syncs.Op) ([]byte, error) {
		b = append(b, `{"type":"event-bulk-create","attributes":{"profile":{"data":`...)
		var err error = nobody
		for _, i := range who {
			text, spelled := syncs.AppendText(nil, schema.Fields[i].Type, op.Values[i])
			if spelled == nil && strings.TrimSpace(string(text)) != "" {
				b, err = person(b, schema.Fields[i].Name, string(text))
				break
			}
		}
		if err != nil {
			return b, err
		}
		b = append(b, `}}},"events":{"data":[{"type":"event","attributes":{`...)
		b = syncs.AppendJSONString(append(b, `"unique_id":`...), op.Key)
		if when >= 0 {
			t, ok := op.Values[when].(time.Time)
			if !ok {
				return b, &refusal{badValue, "the event has no time"}
			}
			b = append(t.UTC().AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano), '"')
		}
		if b, err = members(b, plain, op.Values); err != nil {
			return b, err
		}
		from := len(b)
		if b, err = members(b, data, op.Values); err != nil {
			return b, err
		}
		if len(b) == from {
			b = append(b, `,"properties":{}`...)
		}
		b = append(append(append(b, `,"metric":{"data":{"type":"metric","attributes":{"name":`...), name...), `}}}}}]}}}`...)
		return b, nil
	})
}

// members appends the members of an object to one that is begun.
func members(b []byte, s *syncs.Spelling, values []any) ([]byte, error) {
	if s.Empty() {
		return b, nil
	}
	object, err := s.Append(nil, values)
	if err != nil {
		return b, err //nolint:wrapcheck // it names the field
	}
	if len(object) > 2 {
		b = append(append(b, ','), object[1:len(object)-1]...)
	}
	return b, nil
}

// erase has profiles deleted, one each.
func (r *requests) erase() {
	for i := range r.chunk.Ops {
		op := &r.chunk.Ops[i]
		if op.Kind != syncs.Erase {
			continue
		}
		b := []byte(`{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":`)
		b, err := person(b, r.chunk.Schema.Key, op.Key)
		if err != nil {
			r.refuse(i, err)
			continue
		}
		r.add(http.MethodPost, "/api/data-privacy-deletion-jobs", append(b, "}}}}}}"...), []int{i}, erasing, markErase)
	}
}
