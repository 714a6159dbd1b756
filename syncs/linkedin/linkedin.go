// Package linkedin delivers the members of matched audiences to LinkedIn: they
// are streamed to a DMP segment, added and removed one by one.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/linkedin.md is what users read.
package linkedin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/auth"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// Version is that of the interface, in a header of each request. LinkedIn answers
// to one for about a year.
var Version = syncs.Version{Name: "202609", Until: syncs.Day(2027, time.September, 15)}

// Config is what a project says of LinkedIn.
type Config struct {
	AccessToken  secret.Ref `yaml:"access_token" doc:"Access token with rw_dmp_segments; it is good for 60 days."`
	ClientID     secret.Ref `yaml:"client_id" doc:"Client id of the app, where there is no access token."`
	ClientSecret secret.Ref `yaml:"client_secret" doc:"Client secret of the app."`
	RefreshToken secret.Ref `yaml:"refresh_token" doc:"Refresh token that the app was given; it is good for a year."`
	Digest       string     `yaml:"digest" doc:"How addresses are hashed: sha256 where none is given, or sha512."`
	Version      string     `yaml:"version" doc:"Version of the interface such as 202609, where it is to be another than that of Customhouse."`

	identify.Settings
	syncs.Endpoint
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeAuth   = "no-credential"
	CodeChoice = "bad-choice"
)

var month = regexp.MustCompile(`^20[0-9]{2}(0[1-9]|1[0-2])$`)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	c.CheckSettings(n, report)
	if c.Digest != "" && c.Digest != "sha256" && c.Digest != "sha512" {
		report(diag.Errorf(n.At("digest"), CodeChoice, "digest is none of the values there are").WithHelp("write sha256 or sha512"))
	}
	if c.Version != "" && !month.MatchString(c.Version) {
		report(diag.Errorf(n.At("version"), CodeChoice, "version is no version of LinkedIn's interface").WithHelp("write a year and a month, such as %s", Version.Name))
	}
	oauth := !c.ClientID.IsZero() || !c.ClientSecret.IsZero() || !c.RefreshToken.IsZero()
	whole := !c.ClientID.IsZero() && !c.ClientSecret.IsZero() && !c.RefreshToken.IsZero()
	switch {
	case !c.AccessToken.IsZero() && oauth:
		report(diag.Errorf(n.At("access_token"), CodeAuth, "there is an access token and an app").
			WithHelp("keep access_token, or client_id, client_secret and refresh_token"))
	case c.AccessToken.IsZero() && !whole:
		report(diag.Errorf(n.At(), CodeAuth, "nothing says who delivers").
			WithHelp("write client_id, client_secret and refresh_token, or access_token"))
	}
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination {
	d := &destination{*c}
	if c.AccessToken.IsZero() {
		return &refreshing{d}
	}
	return d
}

type destination struct{ config Config }

// refreshing is a destination whose token is asked for.
type refreshing struct{ *destination }

var (
	_ syncs.Prober    = (*destination)(nil)
	_ syncs.Refresher = (*refreshing)(nil)
)

// maxMembers is how many a request may have.
const maxMembers = 5_000

// perMinute is how many requests with members LinkedIn takes in the name of one
// person. Its pages say 500 and 600; there are daily limits besides, which
// only the account knows.
const perMinute = 500

// Rules are how the fields are normalised and hashed, by their names: addresses in
// either digest. There is no rule for those at Gmail.
var Rules = map[string]identify.Rule{
	"email":        {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Email}, Hash: identify.Hex},
	"email sha512": {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Email}, Hash: identify.Hex512},
	"google_aid":   {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Device}},
}

// columns are what people are known by, and what says more of them.
func (d *destination) columns() []identify.Column {
	address := identify.Column{Field: "email", Name: "SHA256_EMAIL", Rule: Rules["email"]}
	if d.config.Digest == "sha512" {
		address.Name, address.Rule = "SHA512_EMAIL", Rules["email sha512"]
	}
	list := []identify.Column{address, {Field: "google_aid", Name: "GOOGLE_AID", Rule: Rules["google_aid"]}}
	for _, detail := range details {
		list = append(list, identify.Column{Field: detail[0], Name: detail[1], Rule: identify.Rule{Steps: []identify.Step{identify.Trim}}, Detail: true})
	}
	return list
}

// details are sent as they are.
var details = [][2]string{{"first_name", "firstName"}, {"last_name", "lastName"}, {"title", "title"}, {"company", "company"}, {"country", "country"}}

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	secrets := d.config.BaseURL.Refs()
	for _, r := range []secret.Ref{d.config.AccessToken, d.config.ClientID, d.config.ClientSecret, d.config.RefreshToken} {
		if !r.IsZero() {
			secrets = append(secrets, r)
		}
	}
	var fields []syncs.PlatformField
	for _, c := range d.columns() {
		fields = append(fields, syncs.PlatformField{Name: c.Field, Types: []syncs.Type{syncs.String}, Unique: !c.Detail, Matches: !c.Detail})
	}
	version := Version
	if d.config.Version != "" {
		version = syncs.Version{Name: d.config.Version}
	}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxMembers},
		Objects: []syncs.Object{{
			Name: "audience/*", Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Fields: fields, Doc: "people of a DMP segment, by its id",
		}},
		Manual:       manual,
		Result:       syncs.Positional,
		Version:      version,
		TokenFirst:   d.config.AccessToken.IsZero(),
		Concurrency:  2,
		Limits:       []syncs.Limit{{Rate: perMinute / 60.0}},
		Secrets:      secrets,
		AllowPrivate: d.config.AllowPrivate,
	}
}

func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value, token syncs.Token) *syncs.HTTPRequest {
	access := token.Access
	if !d.config.AccessToken.IsZero() {
		access = secrets(d.config.AccessToken)
	}
	header := http.Header{"Authorization": {"Bearer " + access.Reveal()}, "X-Restli-Protocol-Version": {"2.0.0"}}
	header.Set("LinkedIn-Version", d.Spec().Version.Name)
	if body != nil {
		header.Set("Content-Type", "application/json")
		header.Set("X-Restli-Method", "BATCH_CREATE")
	}
	return &syncs.HTTPRequest{Method: method, Header: header, Body: body, URL: d.config.At("https://api.linkedin.com", secrets, "/rest"+path)}
}

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	m := identify.NewMembers(chunk.Schema, d.columns(), d.config.Policy(), d.config.Region)
	b := append(make([]byte, 0, 64+160*len(chunk.Ops)), `{"elements":[`...)
	var draft syncs.Draft
	b, sent := draft.Elements(b, &chunk, chunk.OfKind(syncs.Kinds()...), func(b []byte, op *syncs.Op) ([]byte, error) {
		if !m.Read(op) {
			return b, m.Nobody()
		}
		action := `{"action":"ADD","userIds":[`
		if op.Kind.Leaves() {
			action = `{"action":"REMOVE","userIds":[`
		}
		b = append(b, action...)
		some := false
		for n, c := range m.Columns() {
			if c.Detail || len(m.Cell(n)) == 0 {
				continue
			}
			if some {
				b = append(b, ',')
			}
			some = true
			b = append(append(append(b, `{"idType":"`...), c.Name...), `","idValue":"`...)
			b = append(append(b, m.Cell(n)...), `"}`...)
		}
		b = append(b, ']')
		for n, c := range m.Columns() {
			if c.Detail && len(m.Cell(n)) > 0 {
				b = m.AppendCell(append(append(append(b, `,"`...), c.Name...), `":`...), n)
			}
		}
		return append(b, '}'), nil
	})
	if len(sent) == 0 {
		return nil, draft.Rejections
	}
	_, id := syncs.Which(chunk.Schema.Object)
	request := d.request(http.MethodPost, "/dmpSegments/"+id+"/users", append(b, "]}"...), chunk.Secrets, chunk.Token)
	return []syncs.Request{{HTTP: request, Ops: sent, Idempotent: true, Values: m.Values()}}, draft.Rejections
}

// answer is what LinkedIn says.
type answer struct {
	Elements []struct {
		Status int   `json:"status"`
		Detail fault `json:"error"`
	} `json:"elements"`
	ID json.RawMessage `json:"id"`
	fault
	Status string `json:"status"`
}

// fault is an error of a request or an element.
type fault struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

// settling is how long a segment may be unknown after it was made.
const settling = 20 * time.Second

// read reads an answer; the outcome has a verdict where it is no success.
func read(resp *syncs.Response) (a answer, out syncs.Outcome) {
	// Numbers in place of texts, as in the status of an error, leave the rest.
	err := json.Unmarshal(resp.Body, &a)
	out = syncs.Status(resp, syncs.Quote(a.Message))
	if a.Code != "" && out.Verdict != 0 {
		out.Code = a.Code
	}
	switch {
	case out.Verdict == 0 && err != nil:
		return a, syncs.Unreadable("what is no JSON")
	case resp.Status == http.StatusNotFound:
		out.Verdict, out.Wait = syncs.Retry, settling
		out.Message += "; look at the id in object: one that was just made takes some minutes"
	case resp.Status == http.StatusForbidden:
		out.Message += "; the app needs the approval for audiences, and the token rw_dmp_segments"
	case resp.Status == http.StatusUpgradeRequired:
		out.Message += "; the version is not answered to any more: set version"
	}
	return a, out
}

// Decode implements syncs.Destination: an element for each member, in their order.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	if out.Verdict == syncs.Expired && !d.config.AccessToken.IsZero() {
		out.Verdict = syncs.Fatal
		out.Message += "; make a new access token"
	}
	switch {
	case out.Verdict != 0:
		return out
	case len(a.Elements) != len(req.Ops):
		return syncs.Unreadable("another number of elements than were sent")
	}
	out.Verdict = syncs.Rows
	for i, e := range a.Elements {
		row := syncs.RowResult{Op: req.Ops[i]}
		switch {
		case e.Status >= 200 && e.Status < 300:
			row.Accepted = true
		case e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests:
			row.Code, row.Message = "status-"+strconv.Itoa(e.Status), fmt.Sprintf("LinkedIn refused the member: %s", syncs.Quote(e.Detail.Message))
		default:
			continue // Nothing that could be believed was said of it.
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// EncodeRefresh implements syncs.Refresher.
func (d *refreshing) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	with := q.Token.Refresh
	if with.IsZero() {
		with = q.Secrets(d.config.RefreshToken)
	}
	client := auth.Client{ID: q.Secrets(d.config.ClientID).Reveal(), Secret: q.Secrets(d.config.ClientSecret).Reveal()}
	return auth.Refresh(d.config.At("https://www.linkedin.com/oauth/v2", q.Secrets, "/accessToken"), client, with.Reveal()), nil
}

// DecodeRefresh implements syncs.Refresher.
func (d *refreshing) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	return auth.Decode(resp)
}

// EncodeProbe implements syncs.Prober: it asks for the segment, or for who the token is of.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	path := "/me"
	if _, id := syncs.Which(q.Object); id != "" {
		path = "/dmpSegments/" + id
	}
	return d.request(http.MethodGet, path, nil, q.Secrets, q.Token)
}

// states are those of a segment that takes members.
var states = []string{"", "BUILDING", "UPDATING", "READY", "ARCHIVED"}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(q syncs.Question, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	_, id := syncs.Which(q.Object)
	switch {
	case out.Verdict == syncs.Split, resp.Status == http.StatusNotFound:
		out.Verdict = syncs.Fatal
	case out.Verdict == syncs.Expired && !d.config.AccessToken.IsZero():
		out.Verdict = syncs.Fatal
	case out.Verdict != 0:
	case id != "" && len(a.ID) == 0:
		return syncs.Unreadable("no segment")
	case slices.Contains(states, a.Status):
		return syncs.Outcome{Verdict: syncs.Rows}
	default:
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "segment-status", Message: "the segment takes no members: its status is " + syncs.Quote(a.Status)}
	}
	return out
}
