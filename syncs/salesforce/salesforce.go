// Package salesforce delivers to Salesforce: records of any object, by an
// external id. A few go through sObject Collections, many as a job of the Bulk
// API 2.0.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/salesforce.md is what users read, and
// salesforcetest a fake of the platform. What Salesforce documents is that of
// https://developer.salesforce.com/docs, of the version in Version.
package salesforce

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Version is that of Salesforce's interface, in the paths of its requests.
// Salesforce supports each for three years at least.
var Version = syncs.Version{Name: "v66.0", Until: syncs.Day(2029, time.February, 1)}

// Config is what a project says of an organisation.
type Config struct {
	syncs.Endpoint

	Login        secret.Template `yaml:"login_url" doc:"Where tokens are asked for: https://login.salesforce.com where none is given, https://test.salesforce.com for a sandbox, or the organisation's own address."`
	ClientID     secret.Ref      `yaml:"client_id,required" doc:"Consumer key of the connected app."`
	Username     string          `yaml:"username" doc:"The user that deliveries are made as, with private_key."`
	PrivateKey   secret.Ref      `yaml:"private_key" doc:"Private key in PEM whose certificate the connected app has (JWT bearer)."`
	ClientSecret secret.Ref      `yaml:"client_secret" doc:"Consumer secret of the connected app, without private_key. Alone it is used for client credentials."`
	RefreshToken secret.Ref      `yaml:"refresh_token" doc:"Refresh token, with client_secret."`
	BulkFrom     int             `yaml:"bulk_from" doc:"From how many rows at a time the Bulk API is used, 2000 where none is given."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{BulkFrom: 2000} }

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeRange = "out-of-range"
	CodeAuth  = "no-credential"
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if u, err := url.Parse(c.Login.Text()); c.Login.IsLiteral() && !c.Login.IsZero() && (err != nil || u.Scheme != "https" || u.Host == "") {
		report(diag.Errorf(n.At("login_url"), syncs.CodeEndpoint, "login_url is not an https address").WithHelp("write it like https://login.salesforce.com"))
	}
	key, secret := !c.PrivateKey.IsZero(), !c.ClientSecret.IsZero()
	switch {
	case key && (secret || !c.RefreshToken.IsZero()):
		report(diag.Errorf(n.At("private_key"), CodeAuth, "there is a private key and a client secret").WithHelp("keep private_key and username, or client_secret"))
	case key && c.Username == "":
		report(diag.Errorf(n.At("private_key"), CodeAuth, "nothing says whom private_key signs in").WithHelp("write username: with the name of a user that the connected app permits"))
	case !key && !secret:
		report(diag.Errorf(n.At(), CodeAuth, "nothing says who delivers").
			WithHelp("write username and private_key (JWT bearer), client_secret (client credentials), or client_secret and refresh_token"))
	}
	if c.BulkFrom < 1 || c.BulkFrom > maxRows+1 {
		report(diag.Errorf(n.At("bulk_from"), CodeRange, "bulk_from is out of range").WithHelp("use a number from 1 to %d; the last never uses the Bulk API", maxRows+1))
	}
}

// What Salesforce permits: records of a request of sObject Collections, and
// subrequests of a composite one. A job may have more rows than ours: its failures
// have to fit into one answer.
const (
	maxRows      = 5000
	maxRecords   = 200
	maxComposite = 25
	maxBody      = 50_000_000
)

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var (
	_ syncs.Poller    = (*destination)(nil)
	_ syncs.Refresher = (*destination)(nil)
	_ syncs.Describer = (*destination)(nil)
	_ syncs.Prober    = (*destination)(nil)
)

// contact is the object whose records are persons.
const contact = "Contact"

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	kinds := []syncs.Kind{syncs.Upsert, syncs.Delete, syncs.Clear}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxRows, MaxBytes: maxBody},
		Objects: []syncs.Object{
			{Name: contact, Kinds: kinds, Doc: "contacts"},
			{Name: "Lead", Kinds: kinds, Doc: "leads"},
			{Name: "Account", Kinds: kinds, Doc: "accounts"},
			{Name: "*", Kinds: kinds, Doc: "any other object by its API name, such as Subscription__c"},
		},
		Manual:  manual,
		Result:  syncs.Positional,
		Version: Version,
		// Not even where the organisation is is known without one.
		TokenFirst:   true,
		Concurrency:  2,
		Timeout:      2 * time.Minute,
		Secrets:      d.secrets(),
		AllowPrivate: d.config.AllowPrivate,
	}
}

func (d *destination) secrets() []secret.Ref {
	refs := append(d.config.BaseURL.Refs(), d.config.Login.Refs()...)
	for _, r := range []secret.Ref{d.config.ClientID, d.config.PrivateKey, d.config.ClientSecret, d.config.RefreshToken} {
		if !r.IsZero() {
			refs = append(refs, r)
		}
	}
	return refs
}

// request spells a request to the organisation.
func (d *destination) request(method, path, contentType string, body []byte, secrets func(secret.Ref) secret.Value, token syncs.Token) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + token.Access.Reveal()}}
	if body != nil {
		header.Set("Content-Type", contentType)
	}
	address := d.config.At(strings.TrimRight(token.URL, "/"), secrets, "/services/data/"+Version.Name+path)
	return &syncs.HTTPRequest{Method: method, URL: address, Header: header, Body: body}
}

const (
	inJSON = "application/json"
	inCSV  = "text/csv; charset=UTF-8"
)
