// Package auth spells the usual ways in which a platform gives out a token:
// OAuth 2.0 with a refresh token, client credentials or a signed assertion
// (RFC 6749, RFC 7523), and Google's service accounts, which are the last.
//
// Everything is pure: requests are spelled and answers read, the engine sends
// them, and the instant that an assertion carries is the question's. Nothing
// here looks at the network, a clock or a file, and no error holds a secret.
// Start at Refresh, ClientCredentials or Assertion; Decode reads the answers.
package auth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Client is who asks for a token.
type Client struct {
	ID, Secret string
	// Basic sends both in the header Authorization, and otherwise in the form.
	Basic bool
}

// Refresh asks for a token with a refresh token (RFC 6749, section 6).
func Refresh(address string, c Client, refresh string) *syncs.HTTPRequest {
	return c.ask(address, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
}

// ClientCredentials asks for a token by the client's own name (RFC 6749,
// section 4.4). The scope may be empty.
func ClientCredentials(address string, c Client, scope string) *syncs.HTTPRequest {
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return c.ask(address, form)
}

// JWTBearer asks for a token with a signed assertion (RFC 7523, section 2.1).
func JWTBearer(address, assertion string) *syncs.HTTPRequest {
	return Client{}.ask(address, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
	})
}

func (c Client) ask(address string, form url.Values) *syncs.HTTPRequest {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	switch {
	case c.ID == "":
	case c.Basic:
		credentials := url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)))
	default:
		form.Set("client_id", c.ID)
		if c.Secret != "" {
			form.Set("client_secret", c.Secret)
		}
	}
	return &syncs.HTTPRequest{Method: http.MethodPost, URL: address, Header: header, Body: []byte(form.Encode())}
}

// answer is what RFC 6749 says in sections 5.1 and 5.2, and what Salesforce
// adds.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	InstanceURL  string `json:"instance_url"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

// Decode reads the answer to any of the requests, as syncs.Refresher does.
func Decode(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	said := a.Error
	if a.Description != "" {
		said += " (" + a.Description + ")"
	}
	out := syncs.Status(resp, said)
	switch {
	case out.Verdict == syncs.Retry, out.Verdict == syncs.Unknown:
		return syncs.Token{}, out
	case out.Verdict != 0:
		out.Verdict, out.Code = syncs.Fatal, "invalid-grant"
		return syncs.Token{}, out
	case err != nil:
		return syncs.Token{}, syncs.Unreadable("what is no token")
	case a.Error != "":
		return syncs.Token{}, syncs.Outcome{Verdict: syncs.Fatal, Code: "invalid-grant", Message: "the platform answered " + said}
	case a.AccessToken == "":
		return syncs.Token{}, syncs.Unreadable("no token")
	}
	token := syncs.Token{Access: secret.NewValue(a.AccessToken), URL: a.InstanceURL}
	if a.RefreshToken != "" {
		token.Refresh = secret.NewValue(a.RefreshToken)
	}
	return token, syncs.Outcome{Verdict: syncs.Rows}
}
