package webhook

import (
	"encoding/base64"
	"net/http"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
)

// Auth says who we are; at most one of its keys is given.
type Auth struct {
	Bearer secret.Ref `yaml:"bearer" doc:"Reference to a token that requests carry as Authorization: Bearer."`
	Basic  *Basic     `yaml:"basic" doc:"User and password, as Authorization: Basic."`
	OAuth2 *OAuth2    `yaml:"oauth2" doc:"A token that is asked for with client credentials, and anew when it expires."`
}

// Basic is a user with a password (RFC 7617).
type Basic struct {
	User     secret.Template `yaml:"user,required" doc:"The user; may be a reference."`
	Password secret.Ref      `yaml:"password" doc:"Reference to the password; empty where none is given."`
}

// OAuth2 asks for a token by client credentials (RFC 6749, section 4.4).
type OAuth2 struct {
	TokenURL     secret.Template `yaml:"token_url,required" doc:"Where tokens are asked for; http or https."`
	ClientID     secret.Template `yaml:"client_id,required" doc:"Who asks; may be a reference."`
	ClientSecret secret.Ref      `yaml:"client_secret,required" doc:"Reference to the client's secret."`
	Scope        string          `yaml:"scope" doc:"What the token is for, where the server wants to know."`
	InForm       bool            `yaml:"in_form" doc:"Whether client_id and client_secret are sent in the form, and not as Authorization: Basic."`
}

// check finds what is wrong with credentials.
func (a *Auth) check(n strict.Node, allowPrivate bool, report func(diag.Diagnostic)) {
	var given []string
	for _, key := range []string{"bearer", "basic", "oauth2"} {
		if n.Get(key).Kind() != strict.Absent {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0:
		report(diag.Errorf(n.At(), strict.CodeEmpty, "there is no credential here").WithHelp("write bearer, basic or oauth2; an API key is one of headers or query"))
	case len(given) > 1:
		report(diag.Errorf(n.Key(given[1]), CodeConflict, "there are two credentials, %s and %s", given[0], given[1]).WithHelp("keep one of them"))
	}
	if a.OAuth2 != nil {
		checkAddress(a.OAuth2.TokenURL, allowPrivate, n.Get("oauth2"), "token_url", report)
	}
}

// authorize puts the credential into a header.
func (d *destination) authorize(header http.Header, secrets func(secret.Ref) secret.Value, token syncs.Token) {
	a := d.config.Auth
	switch {
	case a == nil:
	case a.Basic != nil:
		pair := a.Basic.User.Expand(secrets) + ":" + revealed(secrets, a.Basic.Password)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case a.OAuth2 != nil:
		header.Set("Authorization", "Bearer "+token.Access.Reveal())
	case !a.Bearer.IsZero():
		header.Set("Authorization", "Bearer "+secrets(a.Bearer).Reveal())
	}
}

// EncodeRefresh implements syncs.Refresher.
func (d *refreshed) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	o := d.config.Auth.OAuth2
	client := auth.Client{ID: o.ClientID.Expand(q.Secrets), Secret: q.Secrets(o.ClientSecret).Reveal(), Basic: !o.InForm}
	return auth.ClientCredentials(o.TokenURL.Expand(q.Secrets), client, o.Scope), nil
}

// DecodeRefresh implements syncs.Refresher.
func (*refreshed) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	return auth.Decode(resp)
}

// refreshed is a destination whose token expires.
type refreshed struct{ *destination }

// probed is a destination that has a request to be checked with.
type probed struct{ *destination }

// refreshedProbed is both.
type refreshedProbed struct{ *refreshed }

var (
	_ syncs.Refresher = (*refreshed)(nil)
	_ syncs.Prober    = (*probed)(nil)
	_ syncs.Refresher = (*refreshedProbed)(nil)
	_ syncs.Prober    = (*refreshedProbed)(nil)
)

// EncodeProbe implements syncs.Prober.
func (d refreshedProbed) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	return probed{d.destination}.EncodeProbe(q)
}

// DecodeProbe implements syncs.Prober.
func (d refreshedProbed) DecodeProbe(q syncs.Question, resp *syncs.Response) syncs.Outcome {
	return probed{d.destination}.DecodeProbe(q, resp)
}

// EncodeProbe implements syncs.Prober.
func (d probed) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	s := &scope{schema: &syncs.Schema{Object: q.Object}, secrets: q.Secrets, sentAt: q.SentAt, asOf: q.SentAt}
	req, err := d.call(s, d.config.Probe, http.MethodGet)
	if err == nil {
		d.authorize(req.Header, q.Secrets, q.Token)
		err = d.sign(req, q.Secrets, q.SentAt, "check")
	}
	if err != nil {
		// The engine refuses it before anything is sent: it has no address.
		return &syncs.HTTPRequest{Method: http.MethodGet, Header: http.Header{}}
	}
	return req
}

// DecodeProbe implements syncs.Prober.
func (d probed) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	out := d.verdict(d.config.Response, resp, false)
	if out.Verdict == 0 {
		return syncs.Outcome{Verdict: syncs.Rows}
	}
	if out.Verdict == syncs.Split {
		out.Verdict = syncs.Fatal
	}
	return out
}
