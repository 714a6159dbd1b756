package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Signing is how requests are signed.
type Signing struct {
	Secret secret.Ref `yaml:"secret,required" doc:"Reference to the key that signs requests."`
	Style  string     `yaml:"style" doc:"standard_webhooks signs as standardwebhooks.com says; the other keys are for signatures of any other kind."`
	// The others describe a signature that has no name.
	Algorithm       string `yaml:"algorithm" doc:"sha256 or sha512, as HMAC; sha256 where none is given."`
	Encoding        string `yaml:"encoding" doc:"hex or base64; hex where none is given."`
	KeyEncoding     string `yaml:"key_encoding" doc:"How the key is written: text, hex or base64; text where none is given."`
	Of              Text   `yaml:"of" doc:"What is signed, of {id}, {timestamp}, {method}, {path} and {body}; '{timestamp}.{body}' where none is given."`
	Value           Text   `yaml:"value" doc:"What the header holds, of {signature}, {timestamp} and {id}; '{signature}' where none is given."`
	Header          string `yaml:"header" doc:"Header with the signature; X-Customhouse-Signature where none is given."`
	TimestampHeader string `yaml:"timestamp_header" doc:"Header with the seconds since 1970 that are signed; none where none is given."`
	IDHeader        string `yaml:"id_header" doc:"Header with the id that is signed, which a repeated request has again; none where none is given."`
}

// Standard is a value of Signing.Style: Standard Webhooks, version 1
// (https://www.standardwebhooks.com).
const Standard = "standard_webhooks"

// The words of a signature.
const (
	base64Encoding = "base64"
	hexEncoding    = "hex"
	textEncoding   = "text"
	signedBody     = "body"
	signedID       = "id"
	signedTime     = "timestamp"
	signedMethod   = "method"
	signedPath     = "path"
	signed         = "signature"
)

// scheme is a signature with everything said.
type scheme struct {
	key                             secret.Ref
	algorithm                       func() hash.Hash
	encoding, keyEncoding           string
	of, value                       []part
	header, timestampHeader, idName string
}

// ours is how a webhook with secret alone signs.
var ours = scheme{
	algorithm: sha256.New, encoding: hexEncoding, keyEncoding: textEncoding,
	of: []part{{name: signedTime}, {literal: "."}, {name: signedBody}}, value: []part{{literal: "v1="}, {name: signed}},
	header: SignatureHeader, timestampHeader: TimestampHeader,
}

// standard is that of Standard Webhooks.
var standard = scheme{
	algorithm: sha256.New, encoding: base64Encoding, keyEncoding: base64Encoding,
	of:    []part{{name: signedID}, {literal: "."}, {name: signedTime}, {literal: "."}, {name: signedBody}},
	value: []part{{literal: "v1,"}, {name: signed}}, header: "webhook-signature", timestampHeader: "webhook-timestamp", idName: "webhook-id",
}

// scheme is what a configuration says; nil where nothing is signed.
func (c *Config) scheme() *scheme {
	given := c.Signature
	if given == nil {
		if c.Secret.IsZero() {
			return nil
		}
		out := ours
		out.key = c.Secret
		return &out
	}
	out := ours
	out.timestampHeader = ""
	out.value = []part{{name: signed}}
	if given.Style == Standard {
		out = standard
	}
	out.key = given.Secret
	if given.Algorithm == "sha512" {
		out.algorithm = sha512.New
	}
	for _, word := range []struct{ from, to *string }{
		{&given.Encoding, &out.encoding},
		{&given.KeyEncoding, &out.keyEncoding},
		{&given.Header, &out.header},
		{&given.TimestampHeader, &out.timestampHeader},
		{&given.IDHeader, &out.idName},
	} {
		if *word.from != "" {
			*word.to = *word.from
		}
	}
	if !given.Of.IsZero() {
		out.of = given.Of.parts
	}
	if !given.Value.IsZero() {
		out.value = given.Value.parts
	}
	return &out
}

// check finds what is wrong with a signature.
func (g *Signing) check(n strict.Node, report func(diag.Diagnostic)) {
	choose := func(value, key string, choices ...string) {
		if value != "" && !slices.Contains(choices, value) {
			report(diag.Errorf(n.At(key), CodeChoice, "%s is not one that is known", key).WithHelp("write %s", strings.Join(choices, " or ")))
		}
	}
	choose(g.Style, "style", Standard)
	choose(g.Algorithm, "algorithm", "sha256", "sha512")
	choose(g.Encoding, "encoding", hexEncoding, base64Encoding)
	choose(g.KeyEncoding, "key_encoding", textEncoding, hexEncoding, base64Encoding)
	for _, key := range []string{"algorithm", "encoding", "key_encoding", "of", "value", "header", "timestamp_header", "id_header"} {
		if g.Style == Standard && n.Get(key).Kind() != strict.Absent {
			report(diag.Errorf(n.Key(key), CodeConflict, "%s says how to sign, and so does the style", key).WithHelp("remove one of them").
				WithRelated(n.Key("style"), "the style is here"))
		}
	}
	for _, text := range []struct {
		Text
		key, must string
		only      []string
	}{
		{g.Of, "of", signedBody, []string{signedID, signedTime, signedMethod, signedPath, signedBody}},
		{g.Value, "value", signed, []string{signed, signedTime, signedID}},
	} {
		if text.IsZero() {
			continue
		}
		if !text.has(func(name string) bool { return name == text.must }) {
			report(diag.Errorf(n.At(text.key), CodeTemplate, "%s lacks {%s}", text.key, text.must).WithHelp("a signature that does not cover the body, or is not sent, proves nothing"))
		}
		text.check(place{only: text.only, why: "this is about the signature"}, report)
	}
	for key, name := range map[string]string{"header": g.Header, "timestamp_header": g.TimestampHeader, "id_header": g.IDHeader} {
		if name != "" && (!validHeader(name) || unsettable[textproto.CanonicalMIMEHeaderKey(name)] || textproto.CanonicalMIMEHeaderKey(name) == "Content-Type") {
			report(diag.Errorf(n.At(key), CodeHeader, "this is not the name of a header that can be set").WithHelp("use letters, digits and hyphens, such as X-Signature"))
		}
	}
}

// sign signs a request, where the configuration says so. The id is the same each
// time that the request is sent.
func (d *destination) sign(req *syncs.HTTPRequest, secrets func(secret.Ref) secret.Value, at time.Time, id string) error {
	s := d.config.scheme()
	if s == nil {
		return nil
	}
	key := []byte(secrets(s.key).Reveal())
	var err error
	switch s.keyEncoding {
	case base64Encoding:
		key, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(string(key), "whsec_"))
	case hexEncoding:
		key, err = hex.DecodeString(string(key))
	}
	if err != nil || len(key) == 0 {
		return &unfit{"bad-secret", "the key that signs requests is not " + s.keyEncoding}
	}
	path := req.URL
	if u, err := url.Parse(req.URL); err == nil {
		path = u.RequestURI()
	}
	words := map[string]string{
		signedID: id, signedTime: unixText(at), signedMethod: req.Method, signedPath: path, signedBody: string(req.Body),
	}
	mac := hmac.New(s.algorithm, key)
	for _, p := range s.of {
		// A hash never returns an error.
		_, _ = mac.Write([]byte(p.literal + words[p.name] + revealed(secrets, p.ref)))
	}
	sum := mac.Sum(nil)
	words[signed] = hex.EncodeToString(sum)
	if s.encoding == base64Encoding {
		words[signed] = base64.StdEncoding.EncodeToString(sum)
	}
	var value strings.Builder
	for _, p := range s.value {
		value.WriteString(p.literal + words[p.name] + revealed(secrets, p.ref))
	}
	req.Header.Set(s.header, value.String())
	setWhere(req.Header, s.timestampHeader, words[signedTime])
	setWhere(req.Header, s.idName, id)
	return nil
}

// revealed is what a reference stands for, "" where there is none.
func revealed(secrets func(secret.Ref) secret.Value, r secret.Ref) string {
	if r.IsZero() {
		return ""
	}
	return secrets(r).Reveal()
}

func setWhere(header http.Header, name, value string) {
	if name != "" {
		header.Set(name, value)
	}
}
