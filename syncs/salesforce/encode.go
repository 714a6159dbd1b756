package salesforce

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

var nobody = &syncs.Refusal{Code: syncs.NoIdentifier, Message: "the row has no external id"}

// The marks of requests: what their answers are about.
const (
	markRecords = "records"
	markDelete  = "delete"
	markJob     = "job"
)

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := &requests{destination: d, chunk: &chunk}
	var bring, leave []int
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		switch err := fit(chunk.Schema, op); {
		case err != nil:
			r.Refuse(i, err)
		case op.Kind == syncs.Delete:
			leave = append(leave, i)
		default:
			bring = append(bring, i)
		}
	}
	if len(bring) >= d.config.BulkFrom {
		r.job(bring)
	} else {
		for part := range slices.Chunk(bring, maxRecords) {
			r.records(part)
		}
	}
	for part := range slices.Chunk(leave, maxComposite) {
		r.deletions(part)
	}
	return r.Requests, r.Rejections
}

// fit says whether a row can be spelled, as JSON and as CSV.
func fit(schema syncs.Schema, op *syncs.Op) error {
	if strings.TrimSpace(op.Key) == "" {
		return nobody
	}
	for i, f := range schema.Fields {
		if op.Values == nil || op.Kind.Leaves() {
			break
		}
		if _, err := text(nil, f, op.Values[i]); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// requests collects those of a chunk.
type requests struct {
	syncs.Draft
	destination *destination
	chunk       *syncs.Chunk
}

func (r *requests) add(method, path string, body []byte, ops []int, mark string) {
	r.Requests = append(r.Requests, syncs.Request{
		HTTP: r.destination.request(method, path, inJSON, body, r.chunk.Secrets, r.chunk.Token),
		Ops:  slices.Clone(ops), Idempotent: true, Mark: mark,
	})
}

// records upserts a few records. What one of them is refused for does not keep the
// others.
func (r *requests) records(ops []int) {
	schema := r.chunk.Schema
	b := []byte(`{"allOrNone":false,"records":[`)
	for n, i := range ops {
		op := &r.chunk.Ops[i]
		if n > 0 {
			b = append(b, ',')
		}
		b = syncs.AppendJSONString(append(b, `{"attributes":{"type":`...), schema.Object)
		b = syncs.AppendJSONString(append(syncs.AppendJSONString(append(b, "},"...), schema.Key), ':'), op.Key)
		for at, f := range schema.Fields {
			if f.Name == schema.Key {
				continue
			}
			var v any
			if op.Kind != syncs.Clear {
				v = op.Values[at]
			}
			if v == nil && f.SkipNull && op.Kind != syncs.Clear {
				continue
			}
			b = append(syncs.AppendJSONString(append(b, ','), f.Name), ':')
			b = value(b, f, v)
		}
		b = append(b, '}')
	}
	path := "/composite/sobjects/" + url.PathEscape(schema.Object) + "/" + url.PathEscape(schema.Key)
	r.add(http.MethodPatch, path, append(b, "]}"...), ops, markRecords)
}

// value appends a value as JSON; that it can be spelled was seen.
func value(b []byte, f syncs.Field, v any) []byte {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		b, _ = syncs.AppendJSON(b, f.Type, v)
		return b
	case string:
		if f.Type == syncs.Decimal {
			return append(b, v...)
		}
	}
	out, _ := text(nil, f, v)
	return syncs.AppendJSONString(b, string(out))
}

// text appends a value as Salesforce takes it in CSV: an instant with
// milliseconds, a list as the members of a picklist of many.
func text(b []byte, f syncs.Field, v any) ([]byte, error) {
	switch v := v.(type) {
	case time.Time:
		if f.Type != syncs.Date {
			return v.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z"), nil
		}
	case string:
		if _, err := strconv.ParseFloat(v, 64); f.Type == syncs.Decimal && (err != nil || strings.Trim(v, "-0123456789.") != "") {
			return b, syncs.ErrValue
		}
	case []any:
		first := true
		for _, item := range v {
			if item == nil {
				continue
			}
			if !first {
				b = append(b, ';')
			}
			from := len(b)
			var err error
			if b, err = text(b, f, item); err != nil {
				return b, err
			}
			if strings.ContainsRune(string(b[from:]), ';') {
				return b, &syncs.Refusal{Code: syncs.BadValue, Message: "the field " + f.Name + " has a member with a semicolon, which separates members"}
			}
			first = false
		}
		return b, nil
	}
	return syncs.AppendText(b, f.Type, v) //nolint:wrapcheck // the caller names the field
}

// deletions deletes records by their external ids, each for itself.
func (r *requests) deletions(ops []int) {
	schema := r.chunk.Schema
	b := []byte(`{"allOrNone":false,"compositeRequest":[`)
	for n, i := range ops {
		if n > 0 {
			b = append(b, ',')
		}
		path := "/services/data/" + Version.Name + "/sobjects/" + url.PathEscape(schema.Object) + "/" + url.PathEscape(schema.Key) + "/" + url.PathEscape(r.chunk.Ops[i].Key)
		b = syncs.AppendJSONString(append(b, `{"method":"DELETE","url":`...), path)
		b = append(b, `,"referenceId":"r`+strconv.Itoa(n)+`"}`...)
	}
	r.add(http.MethodPost, "/composite", append(b, "]}"...), ops, markDelete)
}

// job creates a job of the Bulk API; its rows follow.
func (r *requests) job(ops []int) {
	b := syncs.AppendJSONString([]byte(`{"object":`), r.chunk.Schema.Object)
	b = syncs.AppendJSONString(append(b, `,"operation":"upsert","externalIdFieldName":`...), r.chunk.Schema.Key)
	b = append(b, `,"contentType":"CSV","lineEnding":"LF","columnDelimiter":"COMMA"}`...)
	r.add(http.MethodPost, "/jobs/ingest", b, ops, markJob)
}
