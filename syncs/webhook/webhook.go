// Package webhook delivers to any HTTP endpoint: batches of operations in an
// envelope of our own, or requests as the templates of a project spell them,
// whose answers are read as the project says.
//
// Templates place values and compute nothing: what is to be computed is a field
// of the sync. Each value is escaped for the place where it stands. The package
// never sends anything itself, and knows no vendor. Start at Config and New;
// docs/destinations/webhook.md is what the receiver's author reads.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a webhook.
type Config struct {
	URL secret.Template `yaml:"url,required" doc:"Where requests go; http or https. What a request says as path follows."`
	// Secret signs the requests; none are signed without.
	Secret       secret.Ref                      `yaml:"secret" doc:"Reference to the key that signs requests with HMAC-SHA256, such as ${env:WEBHOOK_SECRET}."`
	Headers      strict.Ordered[secret.Template] `yaml:"headers" doc:"Further headers. A header that holds a credential must be a reference."`
	BatchSize    int                             `yaml:"batch_size" doc:"Most operations in a request, 500 where none is given."`
	MaxBytes     int                             `yaml:"max_bytes" doc:"Most bytes in a request, 1048576 where none is given."`
	Concurrency  int                             `yaml:"concurrency" doc:"Most requests at a time, 2 where none is given."`
	RateLimit    float64                         `yaml:"rate_limit" doc:"Most requests a second; as many as the endpoint takes where none is given."`
	Timeout      time.Duration                   `yaml:"timeout" doc:"How long to wait for an answer, 30s where none is given."`
	EventKeys    bool                            `yaml:"event_keys" doc:"Whether the endpoint does nothing with an event whose key it knows. Without it an event whose answer was lost is not sent again."`
	Results      string                          `yaml:"results" doc:"indexed where each answer must say what became of each operation."`
	Signature    *Signing                        `yaml:"signature" doc:"How requests are signed, where not as secret does."`
	Auth         *Auth                           `yaml:"auth" doc:"Credential of the requests."`
	Query        strict.Ordered[Text]            `yaml:"query" doc:"Parameters of every address, by their names, such as an API key."`
	Requests     []Request                       `yaml:"requests" doc:"What operations are sent as. Without any they are posted in batches of our own."`
	Response     *Response                       `yaml:"response" doc:"What answers mean."`
	Probe        *Call                           `yaml:"check" doc:"Cheap request that customhouse destination check makes, such as {path: /me}."`
	EraseBy      strict.OneOrMany                `yaml:"erase_by" doc:"Identifiers by which people can be erased, such as email; needs a request for erase where there are requests."`
	AllowPrivate bool                            `yaml:"allow_private" doc:"Whether url may lead to this machine or a private network."`
}

// Default is a Config with everything set that has a default.
func Default() *Config {
	return &Config{BatchSize: 500, MaxBytes: 1 << 20, Concurrency: 2, Timeout: 30 * time.Second}
}

// Indexed is the value of Config.Results.
const Indexed = "indexed"

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeTemplate    = "bad-template"
	CodePlaceholder = "unknown-placeholder"
	CodePlace       = "misplaced-placeholder"
	CodeUnmapped    = "unmapped-field"
	CodePath        = "bad-json-path"
	CodeConflict    = "conflicting-keys"
	CodeVerb        = "unknown-value"
	CodeURL         = "bad-url"
	CodeHeader      = "bad-header"
	CodeRange       = "out-of-range"
	CodeChoice      = "bad-choice"
)

// The headers that a request carries.
const (
	IdempotencyKey  = "Idempotency-Key"
	TimestampHeader = "X-Customhouse-Timestamp"
	SignatureHeader = "X-Customhouse-Signature"
)

// unsettable are headers that belong to the transport, and reserved those that an
// envelope has.
var (
	reserved   = map[string]bool{IdempotencyKey: true, TimestampHeader: true, SignatureHeader: true, "Content-Type": true}
	unsettable = map[string]bool{
		"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Host": true, "Trailer": true,
		"Te": true, "Upgrade": true, "Expect": true, "Accept-Encoding": true,
	}
)

// credential guesses from a header's name whether it holds a credential.
func credential(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authorization", "token", "secret", "api-key", "api_key", "apikey", "password", "cookie", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func validHeader(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination {
	d := &destination{*c}
	anew := c.Auth != nil && c.Auth.OAuth2 != nil
	switch {
	case anew && c.Probe != nil:
		return &refreshedProbed{&refreshed{d}}
	case anew:
		return &refreshed{d}
	case c.Probe != nil:
		return &probed{d}
	}
	return d
}

type destination struct{ config Config }

// kinds are the operations that an envelope can ask for. The first of those that
// take something away is what a mirror does that does not say.
var kinds = []syncs.Kind{
	syncs.Upsert, syncs.Update, syncs.Insert, syncs.Add, syncs.Append,
	syncs.Remove, syncs.Delete, syncs.Archive, syncs.Clear,
}

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	c := &d.config
	can, rows := kinds, c.BatchSize
	if len(c.Requests) > 0 {
		can, rows = nil, 1
		for i := range c.Requests {
			for _, kind := range c.Requests[i].kinds() {
				if kind != syncs.Erase {
					can = append(can, kind)
				}
			}
			if c.Requests[i].batch() {
				rows = c.BatchSize
			}
		}
	}
	var limits []syncs.Limit
	if c.RateLimit > 0 {
		limits = []syncs.Limit{{Rate: c.RateLimit}}
	}
	spec := syncs.Spec{
		Kinds:        can,
		Keyed:        c.EventKeys,
		Batch:        syncs.Batch{MaxRows: rows, MaxBytes: c.MaxBytes},
		Concurrency:  c.Concurrency,
		Limits:       limits,
		Timeout:      c.Timeout,
		Secrets:      c.secrets(),
		SetIfEmpty:   len(c.Requests) == 0,
		Result:       c.resultStyle(),
		TokenFirst:   c.Auth != nil && c.Auth.OAuth2 != nil,
		AllowPrivate: c.AllowPrivate,
		Manual:       manual,
	}
	if len(c.EraseBy) > 0 {
		spec.Erasure = erasure(c.EraseBy)
	}
	return spec
}

// resultStyle says how answers speak of rows.
func (c *Config) resultStyle() syncs.ResultStyle {
	style := syncs.WholeRequest
	of := func(r *Response) {
		if r != nil && r.Rows != nil {
			style = map[string]syncs.ResultStyle{ByPosition: syncs.Positional, ByIndex: syncs.Indexed, ByKey: syncs.ByIdentifier}[r.Rows.By]
		}
	}
	if len(c.Requests) == 0 && c.Response == nil {
		return syncs.Indexed
	}
	of(c.Response)
	for i := range c.Requests {
		of(c.Requests[i].Response)
	}
	return style
}

// secrets are all references.
func (c *Config) secrets() []secret.Ref {
	refs := c.URL.Refs()
	add := func(list ...secret.Ref) {
		for _, r := range list {
			if !r.IsZero() {
				refs = append(refs, r)
			}
		}
	}
	add(c.Secret)
	for _, h := range c.Headers {
		add(h.Value.Refs()...)
	}
	for _, q := range c.Query {
		add(q.Value.Refs()...)
	}
	if s := c.Signature; s != nil {
		add(s.Secret)
		add(s.Of.Refs()...)
		add(s.Value.Refs()...)
	}
	if a := c.Auth; a != nil {
		add(a.Bearer)
		if a.Basic != nil {
			add(append(a.Basic.User.Refs(), a.Basic.Password)...)
		}
		if a.OAuth2 != nil {
			add(append(append(a.OAuth2.TokenURL.Refs(), a.OAuth2.ClientID.Refs()...), a.OAuth2.ClientSecret)...)
		}
	}
	for i := range c.Requests {
		r := &c.Requests[i]
		add(r.Row.Refs()...)
		for text := range r.texts {
			add(text.Refs()...)
		}
	}
	if c.Probe != nil {
		for text := range c.Probe.texts {
			add(text.Refs()...)
		}
	}
	return refs
}

// Encode implements syncs.Destination: as the templates say, or one request for
// the whole chunk.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	if len(d.config.Requests) > 0 {
		return d.templated(chunk)
	}
	return d.envelope(chunk)
}

// envelope spells a chunk as one request of our own.
func (d *destination) envelope(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var rejections []syncs.Rejection
	spelling := newSpelling(chunk.Schema)
	sent := make([]int, 0, len(chunk.Ops))
	body := make([]byte, 0, 4096)
	body = append(body, `{"sync":`...)
	body = syncs.AppendJSONString(body, chunk.Schema.Sync)
	body = append(body, `,"run_id":`...)
	body = syncs.AppendJSONString(body, chunk.RunID)
	body = append(body, `,"sent_at":"`...)
	body = chunk.SentAt.UTC().AppendFormat(body, time.RFC3339Nano)
	body = append(body, `","object":`...)
	body = syncs.AppendJSONString(body, chunk.Schema.Object)
	body = append(body, `,"operations":[`...)
	identity := newDigest(chunk)
	for i := range chunk.Ops {
		op, before := &chunk.Ops[i], len(body)
		if len(sent) > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = spelling.appendOp(body, op); err != nil {
			body = body[:before]
			rejections = append(rejections, syncs.Rejection{Op: i, Code: "bad-value", Message: err.Error()})
			continue
		}
		if len(sent) == 0 {
			// Rows of a sync resemble each other.
			body = grow(body, (len(body)-before+16)*len(chunk.Ops)*5/4)
		}
		sent = append(sent, i)
		identity.add(op)
	}
	if len(sent) == 0 {
		return nil, rejections
	}
	body = append(body, "]}"...)
	request, err := d.posted(chunk, body, identity.sum())
	if err != nil {
		for _, i := range sent {
			rejections = append(rejections, rejection(i, err))
		}
		return nil, rejections
	}
	keys := mark{}
	if r := d.config.Response; r != nil && r.Rows != nil && r.Rows.By == ByKey {
		for _, i := range sent {
			keys.Keys = append(keys.Keys, chunk.Ops[i].Key)
		}
	}
	return []syncs.Request{{
		HTTP:       request,
		Ops:        sent,
		Idempotent: d.config.EventKeys || !appends(chunk.Ops),
		Mark:       keys.text(),
	}}, rejections
}

// appends says that operations append events. Those of a chunk are of one sync,
// which appends nothing but events.
func appends(ops []syncs.Op) bool {
	return slices.ContainsFunc(ops, func(op syncs.Op) bool { return op.Kind == syncs.Append })
}

// posted is a request of our own.
func (d *destination) posted(chunk syncs.Chunk, body []byte, key string) (*syncs.HTTPRequest, error) {
	s := &scope{secrets: chunk.Secrets}
	address, err := d.address(s, &Call{})
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, h := range d.config.Headers {
		header.Set(h.Key, h.Value.Expand(chunk.Secrets))
	}
	header.Set("Content-Type", "application/json")
	header.Set(IdempotencyKey, key)
	header.Set(TimestampHeader, unixText(chunk.SentAt))
	d.authorize(header, chunk.Secrets, chunk.Token)
	request := &syncs.HTTPRequest{Method: http.MethodPost, URL: address, Header: header, Body: body}
	return request, d.sign(request, chunk.Secrets, chunk.SentAt, key)
}

// Signature is the value of SignatureHeader: v1= and the HMAC-SHA256 in hex of
// the timestamp, a dot and the body.
func Signature(key []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	// A hash never returns an error.
	_, _ = mac.Write([]byte(timestamp + "."))
	_, _ = mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// spelling is how the rows of a chunk are written.
type spelling struct {
	// key is the name of the field that identifies a row.
	key             string
	fields, ifEmpty *syncs.Spelling
	// cleared is an object of all fields that we fill but the key, without
	// values.
	cleared []byte
}

func newSpelling(schema syncs.Schema) spelling {
	s := spelling{
		key:     schema.Key,
		fields:  syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return !f.SetIfEmpty }),
		ifEmpty: syncs.NewSpelling(schema.Fields, func(f syncs.Field) bool { return f.SetIfEmpty }),
	}
	ours := slices.Clone(schema.Fields)
	for i := range ours {
		ours[i].SkipNull = false
	}
	cleared := syncs.NewSpelling(ours, func(f syncs.Field) bool { return !f.SetIfEmpty && f.Name != schema.Key })
	// There is no value that could not be spelled.
	s.cleared, _ = cleared.Append(nil, make([]any, len(ours)))
	return s
}

// appendOp appends one operation to a body.
func (s spelling) appendOp(b []byte, op *syncs.Op) ([]byte, error) {
	b = append(b, `{"op":"`...)
	b = append(b, op.Kind.String()...)
	b = append(b, `","key":`...)
	b = syncs.AppendJSONString(b, op.Key)
	b = append(b, `,"id":`...)
	b = strconv.AppendInt(b, op.EntityID, 10)
	switch {
	case op.Kind == syncs.Clear:
		return append(append(append(b, `,"fields":`...), s.cleared...), '}'), nil
	case op.Kind == syncs.Erase:
		b = append(b, `,"by":`...)
		return append(syncs.AppendJSONString(b, s.key), '}'), nil
	case op.Kind.Leaves():
		return append(b, '}'), nil
	}
	b, err := s.fields.Append(append(b, `,"fields":`...), op.Values)
	if err == nil && !s.ifEmpty.Empty() {
		b, err = s.ifEmpty.Append(append(b, `,"fields_if_empty":`...), op.Values)
	}
	return append(b, '}'), err
}

// grow makes room for n bytes more.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, len(b)+n), b...)
}

// digest makes an idempotency key of operations. It includes the run: a row
// that changes forth and back has its old fingerprint again, and must not pass
// for the request that was answered long ago.
type digest struct{ buf []byte }

func newDigest(chunk syncs.Chunk) *digest {
	d := &digest{buf: make([]byte, 0, 64*len(chunk.Ops)+128)}
	d.text(chunk.Schema.Sync)
	d.text(chunk.RunID)
	return d
}

func (d *digest) text(s string) {
	d.buf = binary.AppendUvarint(d.buf, uint64(len(s)))
	d.buf = append(d.buf, s...)
}

func (d *digest) add(op *syncs.Op) {
	d.buf = binary.AppendVarint(d.buf, int64(op.Kind))
	d.text(op.Key)
	d.text(op.Fingerprint)
}

// with is the sum with one operation.
func (d *digest) with(op *syncs.Op) string {
	d.add(op)
	return d.sum()
}

func (d *digest) sum() string {
	sum := sha256.Sum256(d.buf)
	return hex.EncodeToString(sum[:16])
}
