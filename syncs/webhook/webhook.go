// Package webhook delivers to any HTTP endpoint: batches of operations as
// JSON, signed with HMAC-SHA256 and repeatable by an idempotency key.
//
// It never sends anything itself, and knows no vendor. Start at Config and
// New; docs/destinations/webhook.md is what the receiver's author reads.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a webhook.
type Config struct {
	URL secret.Template `yaml:"url,required" doc:"Where batches are posted to; http or https."`
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
	CodeURL    = "bad-url"
	CodeHeader = "bad-header"
	CodeRange  = "out-of-range"
	CodeChoice = "bad-choice"
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	fail := func(code, summary, help string, path ...string) {
		report(diag.Diagnostic{Severity: diag.Error, Code: code, Span: n.At(path...), Summary: summary, Help: help})
	}
	if c.URL.IsLiteral() && !c.URL.IsZero() {
		if u, err := url.Parse(c.URL.Text()); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			fail(CodeURL, "url is not an http or https address", "write it like https://example.com/hook", "url")
		} else if u.User != nil {
			fail(secret.CodeLiteral, "url holds a user or password", "use a reference, such as ${env:WEBHOOK_URL}, or headers", "url")
		}
	}
	for _, h := range c.Headers {
		switch {
		case !validHeader(h.Key):
			fail(CodeHeader, "this is not the name of a header", "use letters, digits and hyphens", "headers", h.Key)
		case reserved[textproto.CanonicalMIMEHeaderKey(h.Key)]:
			fail(CodeHeader, "this header is set by Customhouse", "remove it", "headers", h.Key)
		case h.Value.IsLiteral() && credential(h.Key):
			fail(secret.CodeLiteral, "this header holds a credential", "use a reference, such as ${env:WEBHOOK_TOKEN}", "headers", h.Key)
		case strings.ContainsAny(h.Value.Text(), "\r\n\x00"):
			fail(CodeHeader, "a header cannot hold a line break", "write it on one line", "headers", h.Key)
		}
	}
	within := func(value, least, most int, path string) {
		if value < least || value > most {
			fail(CodeRange, path+" is out of range", "use a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most), path)
		}
	}
	within(c.BatchSize, 1, 10_000, "batch_size")
	within(c.MaxBytes, 1_000, 64<<20, "max_bytes")
	within(c.Concurrency, 1, 32, "concurrency")
	if given := n.Get("rate_limit").Kind() != strict.Absent; given && (c.RateLimit < 0.01 || c.RateLimit > 10_000) {
		fail(CodeRange, "rate_limit is out of range", "use a number from 0.01 to 10000 of requests a second, or remove it", "rate_limit")
	}
	if c.Timeout < time.Second || c.Timeout > 10*time.Minute {
		fail(CodeRange, "timeout is out of range", "use a duration from 1s to 10m", "timeout")
	}
	if c.Results != "" && c.Results != Indexed {
		fail(CodeChoice, "results is not a known way of answering", "write indexed, or remove it", "results")
	}
}

// The headers that a request carries.
const (
	IdempotencyKey  = "Idempotency-Key"
	TimestampHeader = "X-Customhouse-Timestamp"
	SignatureHeader = "X-Customhouse-Signature"
)

var reserved = map[string]bool{
	IdempotencyKey: true, TimestampHeader: true, SignatureHeader: true, "Content-Type": true,
	"Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Host": true, "Trailer": true,
	"Te": true, "Upgrade": true, "Expect": true, "Accept-Encoding": true,
}

// credential guesses from a header's name whether it holds a credential.
func credential(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authorization", "token", "secret", "api-key", "apikey", "password", "cookie", "credential"} {
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
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	secrets := d.config.URL.Refs()
	if !d.config.Secret.IsZero() {
		secrets = append(secrets, d.config.Secret)
	}
	for _, h := range d.config.Headers {
		secrets = append(secrets, h.Value.Refs()...)
	}
	var limits []syncs.Limit
	if d.config.RateLimit > 0 {
		limits = []syncs.Limit{{Rate: d.config.RateLimit}}
	}
	return syncs.Spec{
		Kinds: []syncs.Kind{
			syncs.Upsert, syncs.Update, syncs.Insert, syncs.Add, syncs.Append,
			syncs.Remove, syncs.Delete, syncs.Archive, syncs.Clear,
		},
		Keyed:        d.config.EventKeys,
		Batch:        syncs.Batch{MaxRows: d.config.BatchSize, MaxBytes: d.config.MaxBytes},
		Concurrency:  d.config.Concurrency,
		Limits:       limits,
		Timeout:      d.config.Timeout,
		Secrets:      secrets,
		SetIfEmpty:   true,
		AllowPrivate: d.config.AllowPrivate,
	}
}

// Encode implements syncs.Destination: one request for the whole chunk.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
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
	request := syncs.Request{
		HTTP: &syncs.HTTPRequest{
			Method: http.MethodPost,
			URL:    d.config.URL.Expand(chunk.Secrets),
			Header: d.header(chunk, body, identity.sum()),
			Body:   body,
		},
		Ops:        sent,
		Idempotent: d.config.EventKeys || !appends(chunk.Ops),
	}
	return []syncs.Request{request}, rejections
}

// appends says that operations append events. Those of a chunk are of one sync,
// which appends nothing but events.
func appends(ops []syncs.Op) bool {
	return slices.ContainsFunc(ops, func(op syncs.Op) bool { return op.Kind == syncs.Append })
}

// header is the request's, with the signature where there is a secret.
func (d *destination) header(chunk syncs.Chunk, body []byte, key string) http.Header {
	header := http.Header{}
	for _, h := range d.config.Headers {
		header.Set(h.Key, h.Value.Expand(chunk.Secrets))
	}
	header.Set("Content-Type", "application/json")
	header.Set(IdempotencyKey, key)
	timestamp := strconv.FormatInt(chunk.SentAt.Unix(), 10)
	header.Set(TimestampHeader, timestamp)
	if !d.config.Secret.IsZero() {
		header.Set(SignatureHeader, Signature([]byte(chunk.Secrets(d.config.Secret).Reveal()), timestamp, body))
	}
	return header
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
	fields, ifEmpty *syncs.Spelling
	// cleared is an object of all fields that we fill but the key, without
	// values.
	cleared []byte
}

func newSpelling(schema syncs.Schema) spelling {
	s := spelling{
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

func (d *digest) sum() string {
	sum := sha256.Sum256(d.buf)
	return hex.EncodeToString(sum[:16])
}
