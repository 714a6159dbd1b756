package hubspot

import (
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
)

// oauth is a destination whose token has to be asked for. Those of private apps
// do not expire.
type oauth struct{ *destination }

// EncodeRefresh implements syncs.Refresher.
func (o *oauth) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	refresh := q.Token.Refresh
	if refresh.IsZero() {
		refresh = q.Secrets(o.config.RefreshToken)
	}
	client := auth.Client{ID: q.Secrets(o.config.ClientID).Reveal(), Secret: q.Secrets(o.config.ClientSecret).Reveal()}
	return auth.Refresh(o.at(q.Secrets, "/oauth/v1/token"), client, refresh.Reveal()), nil
}

// DecodeRefresh implements syncs.Refresher.
func (o *oauth) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	token, out := auth.Decode(resp)
	// HubSpot repeats the refresh token, which stays as it is.
	token.Refresh, token.URL = syncs.Token{}.Refresh, ""
	return token, out
}
