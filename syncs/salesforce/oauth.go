package salesforce

import (
	"net/url"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
)

// assertionLife is how long Salesforce may believe an assertion: three minutes at
// most.
const assertionLife = 3 * time.Minute

// EncodeRefresh implements syncs.Refresher.
func (d *destination) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	login := "https://login.salesforce.com"
	if !d.config.Login.IsZero() {
		login = strings.TrimRight(d.config.Login.Expand(q.Secrets), "/")
	}
	address := d.config.At(login, q.Secrets, "/services/oauth2/token")
	client := auth.Client{ID: q.Secrets(d.config.ClientID).Reveal()}
	if !d.config.PrivateKey.IsZero() {
		assertion, err := auth.Assertion(q.Secrets(d.config.PrivateKey).Reveal(), auth.Claims{
			Issuer: client.ID, Subject: d.config.Username, Audience: login, At: q.SentAt, For: assertionLife,
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // it says everything
		}
		return auth.JWTBearer(address, assertion), nil
	}
	client.Secret = q.Secrets(d.config.ClientSecret).Reveal()
	if d.config.RefreshToken.IsZero() {
		return auth.ClientCredentials(address, client, ""), nil
	}
	refresh := q.Token.Refresh
	if refresh.IsZero() {
		refresh = q.Secrets(d.config.RefreshToken)
	}
	return auth.Refresh(address, client, refresh.Reveal()), nil
}

// DecodeRefresh implements syncs.Refresher. The token goes nowhere but to the
// organisation that the answer names, over TLS.
func (d *destination) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	if out := refused(resp); out.Verdict == syncs.Retry {
		return syncs.Token{}, out
	}
	token, out := auth.Decode(resp)
	if out.Verdict != syncs.Rows || !d.config.BaseURL.IsZero() {
		return token, out
	}
	if u, err := url.Parse(token.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return syncs.Token{}, syncs.Unreadable("a token for no organisation")
	}
	return token, out
}
