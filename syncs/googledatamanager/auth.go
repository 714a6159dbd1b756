package googledatamanager

import (
	"net/http"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
)

// scope is what a token is asked for.
const scope = "https://www.googleapis.com/auth/datamanager"

// EncodeRefresh implements syncs.Refresher.
func (d *destination) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	reveal := func(r secret.Ref) string { return q.Secrets(r).Reveal() }
	c := &d.config
	if c.ServiceAccount.IsZero() {
		client := auth.Client{ID: reveal(c.ClientID), Secret: reveal(c.ClientSecret)}
		return auth.Refresh(c.At("https://oauth2.googleapis.com", q.Secrets, "/token"), client, reveal(c.RefreshToken)), nil
	}
	account, err := auth.ParseServiceAccount(reveal(c.ServiceAccount))
	if err != nil {
		return nil, err //nolint:wrapcheck // It says what it is.
	}
	assertion, err := auth.Assertion(account.Key, auth.Claims{
		Issuer: account.Email, Audience: account.TokenURL, Scope: scope, At: q.SentAt, For: time.Hour,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	address := account.TokenURL
	if !c.BaseURL.IsZero() {
		address = c.At("", q.Secrets, "/token")
	}
	return auth.JWTBearer(address, assertion), nil
}

// DecodeRefresh implements syncs.Refresher.
func (d *destination) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	return auth.Decode(resp)
}

// nobody is a digest that is nobody's, for a request that is only checked.
const nobody = "0000000000000000000000000000000000000000000000000000000000000000"

// EncodeProbe implements syncs.Prober: a request of one who is nobody, which is
// checked and not executed; without an object the lists of the account.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	kind, id := syncs.Which(q.Object)
	post := func(path, rest string) *syncs.HTTPRequest {
		b := append(d.appendDestination(nil, id), `,"encoding":"HEX","validateOnly":true,`+rest...)
		return d.request(http.MethodPost, path, b, q.Secrets, q.Token)
	}
	switch kind {
	case conversion:
		at := q.SentAt.UTC().Format(time.RFC3339)
		return post("/events:ingest", `"events":[{"transactionId":"check","eventTimestamp":"`+at+`","userData":{"userIdentifiers":[{"emailAddress":"`+nobody+`"}]}}]}`)
	case audience:
		return post("/audienceMembers:ingest", `"audienceMembers":[{"userData":{"userIdentifiers":[{"emailAddress":"`+nobody+`"}]}}]}`)
	case userIDs:
		return post("/audienceMembers:ingest", `"audienceMembers":[{"userIdData":{"userId":"check"}}]}`)
	case mobiles:
		return post("/audienceMembers:ingest", `"audienceMembers":[{"mobileData":{"mobileIds":["00000000-0000-0000-0000-000000000000"]}}]}`)
	}
	typ := d.config.AccountType
	if typ == "" {
		typ = ads
	}
	return d.request(http.MethodGet, "/accountTypes/"+typ+"/accounts/"+d.config.Account+"/userLists?pageSize=1", nil, q.Secrets, q.Token)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	_, out := read(resp)
	switch out.Verdict { //nolint:exhaustive // The others are as they are.
	case 0:
		return syncs.Outcome{Verdict: syncs.Rows, Message: "account " + d.config.Account}
	case syncs.Split:
		out.Verdict = syncs.Fatal
	}
	return out
}
