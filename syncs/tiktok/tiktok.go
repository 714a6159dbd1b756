// Package tiktok delivers the members of custom audiences to TikTok: they are
// added and removed one by one, by e-mail address, telephone number or the id of a
// device, each hashed.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/tiktok.md is what users read.
package tiktok

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// Version is that of the interface. TikTok has not said until when it answers.
var Version = syncs.Version{Name: "v1.3"}

// Config is what a project says of an advertiser at TikTok.
type Config struct {
	AccessToken secret.Ref `yaml:"access_token,required" doc:"Access token that the advertiser gave to the app."`
	Advertiser  string     `yaml:"advertiser,required" doc:"Id of the advertiser whose audiences they are."`

	identify.Settings
	syncs.Endpoint
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// CodeAccount is the code of a finding of Check; docs/errors.md explains it.
const CodeAccount = "bad-account"

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	c.CheckSettings(n, report)
	if strings.Trim(c.Advertiser, "0123456789") != "" {
		report(diag.Errorf(n.At("advertiser"), CodeAccount, "advertiser is not the id of an advertiser").WithHelp("write its digits"))
	}
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var _ syncs.Prober = (*destination)(nil)

// maxMembers is how many a request has. TikTok documents no number; others send as
// many without being refused.
const maxMembers = 1_000

// Rules are how the fields are normalised and hashed, by their names. There is no
// rule for addresses at Gmail.
var Rules = map[string]identify.Rule{
	"email": {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Email}, Hash: identify.Hex},
	"phone": {Steps: []identify.Step{identify.Phone}, Hash: identify.Hex},
	"idfa":  {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Device}, Hash: identify.Hex},
	"gaid":  {Steps: []identify.Step{identify.Trim, identify.Lower, identify.Device}, Hash: identify.Hex},
}

// columns are what people are known by, in the order of id_schema.
var columns = []identify.Column{
	{Field: "email", Name: "EMAIL_SHA256", Rule: Rules["email"]},
	{Field: "phone", Name: "PHONE_SHA256", Rule: Rules["phone"]},
	{Field: "idfa", Name: "IDFA_SHA256", Rule: Rules["idfa"]},
	{Field: "gaid", Name: "AAID_SHA256", Rule: Rules["gaid"]},
}

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	fields := make([]syncs.PlatformField, len(columns))
	for i, c := range columns {
		fields[i] = syncs.PlatformField{Name: c.Field, Types: []syncs.Type{syncs.String}, Unique: true, Matches: true}
	}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxMembers},
		Objects: []syncs.Object{{
			Name: "audience/*", Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Fields: fields, Doc: "members of a custom audience, by its id",
		}},
		Manual:       manual,
		Result:       syncs.WholeRequest,
		Version:      Version,
		Concurrency:  2,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.AccessToken),
		AllowPrivate: d.config.AllowPrivate,
	}
}

func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value) *syncs.HTTPRequest {
	header := http.Header{"Access-Token": {secrets(d.config.AccessToken).Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{
		Method: method, Header: header, Body: body,
		URL: d.config.At("https://business-api.tiktok.com", secrets, "/open_api/"+Version.Name+path),
	}
}

// Encode implements syncs.Destination: those who are added and those who leave
// are a request each.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var draft syncs.Draft
	bring, leave := chunk.Sides()
	d.members(&draft, &chunk, bring, false)
	d.members(&draft, &chunk, leave, true)
	return draft.Requests, draft.Rejections
}

// members drafts the request with those who are added, or those who are taken off.
func (d *destination) members(draft *syncs.Draft, chunk *syncs.Chunk, ops []int, leaves bool) {
	m := identify.NewMembers(chunk.Schema, columns, d.config.Policy(), d.config.Region)
	_, audience := syncs.Which(chunk.Schema.Object)
	id := syncs.AppendJSONString(nil, audience)
	action, sent := "add", make([]int, 0, len(columns))
	if leaves {
		action = "delete"
	}
	b := append(make([]byte, 0, 256+128*len(ops)), `{"advertiser_ids":[`...)
	b = syncs.AppendJSONString(b, d.config.Advertiser)
	b = append(b, `],"action":"`+action+`","id_schema":[`...)
	for i, c := range m.Columns() {
		if leaves && i != m.Key() {
			continue
		}
		if len(sent) > 0 {
			b = append(b, ',')
		}
		sent = append(sent, i)
		b = append(append(append(b, '"'), c.Name...), '"')
	}
	b = append(b, `],"batch_data":[`...)
	b, taken := draft.Elements(b, chunk, ops, func(b []byte, op *syncs.Op) ([]byte, error) {
		if !m.Read(op) {
			return b, m.Nobody()
		}
		b = append(b, '[')
		for n, at := range sent {
			if n > 0 {
				b = append(b, ',')
			}
			if len(m.Cell(at)) == 0 {
				b = append(b, "{}"...)
				continue
			}
			b = append(append(append(b, `{"id":"`...), m.Cell(at)...), `","audience_ids":[`...)
			b = append(append(b, id...), "]}"...)
		}
		return append(b, ']'), nil
	})
	if len(taken) > 0 {
		request := d.request(http.MethodPost, "/segment/mapping/", append(b, "]}"...), chunk.Secrets)
		draft.Requests = append(draft.Requests, syncs.Request{HTTP: request, Ops: taken, Idempotent: true, Values: m.Values()})
	}
}

// answer is what TikTok says to any request, with the status 200 whatever it is.
type answer struct {
	Code    *int            `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// Codes of answers.
const (
	codeDenied   = 40001
	codeUnfit    = 40002
	codeTooMany  = 40100
	codeInternal = 50000
)

// read reads an answer; the outcome has a verdict where it is no success.
func read(resp *syncs.Response) (a answer, out syncs.Outcome) {
	err := json.Unmarshal(resp.Body, &a)
	if out = syncs.Status(resp, ""); out.Verdict != 0 {
		if out.Verdict == syncs.Expired {
			out.Verdict = syncs.Fatal
		}
		return a, out
	}
	if err != nil || a.Code == nil {
		return a, syncs.Unreadable("no code")
	}
	code := *a.Code
	if code == 0 {
		return a, out
	}
	said := syncs.Quote(a.Message)
	out = syncs.Outcome{Verdict: syncs.Fatal, Code: strconv.Itoa(code), Message: fmt.Sprintf("TikTok answered with code %d: %s", code, said)}
	switch {
	case code == codeUnfit:
		out.Verdict = syncs.Split
	case code == codeTooMany:
		out.Verdict, out.Throttled, out.Wait = syncs.Retry, true, syncs.RetryAfter(resp.Header, resp.ReceivedAt)
	case code >= codeInternal && code < 2*codeInternal:
		out.Verdict = syncs.Unknown
	case code == codeDenied:
		out.Message += "; the app needs the permission for audiences of the advertiser"
	case code > codeTooMany && code < codeTooMany+10:
		out.Message += "; have the advertiser let the app in again, and set access_token"
	}
	return a, out
}

// Decode implements syncs.Destination. TikTok says nothing of single members.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if _, out := read(resp); out.Verdict != 0 {
		return out
	}
	return syncs.AllAccepted(req, nil)
}

// EncodeProbe implements syncs.Prober: it asks for the audience, or for the
// advertiser.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	query, path := url.Values{}, "/advertiser/info/"
	query.Set("advertiser_ids", `["`+d.config.Advertiser+`"]`)
	if _, id := syncs.Which(q.Object); id != "" {
		path, query = "/dmp/custom_audience/get/", url.Values{}
		query.Set("advertiser_id", d.config.Advertiser)
		query.Set("custom_audience_ids", string(append(syncs.AppendJSONString([]byte{'['}, id), ']')))
	}
	return d.request(http.MethodGet, path+"?"+query.Encode(), nil, q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	switch out.Verdict { //nolint:exhaustive // The others are as they are.
	case 0:
	case syncs.Split:
		out.Verdict = syncs.Fatal
		return out
	default:
		return out
	}
	var data struct {
		List []json.RawMessage `json:"list"`
	}
	if json.Unmarshal(a.Data, &data) != nil || len(data.List) == 0 {
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "not-found", Message: "TikTok does not know the audience or the advertiser: look at object and advertiser"}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: "advertiser " + d.config.Advertiser}
}
