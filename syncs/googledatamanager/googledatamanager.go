// Package googledatamanager delivers to Google's advertising products through the
// Data Manager API: members of audiences, added, removed or replaced as a whole,
// and conversions.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; people.go is how identifiers are normalised and hashed,
// docs/destinations/google_data_manager.md what users read. The interface is that
// of the public protocol buffers google.ads.datamanager.v1, as JSON.
package googledatamanager

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
)

// Version is that of the interface. Google has not said until when it answers.
var Version = syncs.Version{Name: "v1"}

// Config is what a project says of an account of Google's.
type Config struct {
	ServiceAccount secret.Ref `yaml:"service_account" doc:"JSON key of a service account that the account has let in."`
	ClientID       secret.Ref `yaml:"client_id" doc:"Client id of an OAuth app, where there is no service account."`
	ClientSecret   secret.Ref `yaml:"client_secret" doc:"Client secret of the OAuth app."`
	RefreshToken   secret.Ref `yaml:"refresh_token" doc:"Refresh token that the OAuth app was given by somebody who may use the account."`

	Account          string `yaml:"account,required" doc:"Id of the account whose audiences and conversions they are, digits alone."`
	AccountType      string `yaml:"account_type" doc:"What it is an account of: GOOGLE_ADS where none is given."`
	LoginAccount     string `yaml:"login_account" doc:"Id of the manager account through which it is reached, where it is."`
	LoginAccountType string `yaml:"login_account_type" doc:"What that is an account of: GOOGLE_ADS where none is given."`

	Encoding          string `yaml:"encoding" doc:"How digests are spelled: hex where none is given, or base64."`
	AcceptTerms       bool   `yaml:"accept_terms" doc:"Whether you accept Google's terms of Customer Match, which each request then says."`
	AdUserData        string `yaml:"ad_user_data" doc:"Consent to send data to Google, of all whose row does not say: granted or denied; what the purpose of the sync says where none is given."`
	AdPersonalization string `yaml:"ad_personalization" doc:"Consent to personalised ads, of all whose row does not say: granted or denied; what the purpose of the sync says where none is given."`
	Replace           string `yaml:"replace" doc:"When a mirror replaces the whole audience: never (the default), first (when all of it is sent anyway) or always."`
	Concurrency       int    `yaml:"concurrency" doc:"Most requests at a time, 4 where none is given."`

	identify.Settings
	syncs.Endpoint
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{Concurrency: 4} }

// The values of Config.Replace.
const (
	Never  = "never"
	First  = "first"
	Always = "always"
)

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeChoice  = "bad-choice"
	CodeAuth    = "no-credential"
	CodeAccount = "bad-account"
	CodeRange   = "out-of-range"
)

// accountTypes are those of ProductAccount.AccountType.
var accountTypes = []string{
	ads, "DISPLAY_VIDEO_PARTNER", "DISPLAY_VIDEO_ADVERTISER", "DATA_PARTNER", "GOOGLE_ANALYTICS_PROPERTY",
	"GOOGLE_AD_MANAGER_AUDIENCE_LINK", "FLOODLIGHT_CONFIG",
}

const ads = "GOOGLE_ADS"

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	c.CheckSettings(n, report)
	oneOf := func(value, key string, of ...string) {
		if value != "" && !slices.Contains(of, value) {
			report(diag.Errorf(n.At(key), CodeChoice, "%s is none of the values there are", key).WithHelp("write %s", strings.Join(of, ", ")))
		}
	}
	oneOf(c.Replace, "replace", Never, First, Always)
	oneOf(c.Encoding, "encoding", "hex", "base64")
	oneOf(c.AdUserData, "ad_user_data", granted, denied)
	oneOf(c.AdPersonalization, "ad_personalization", granted, denied)
	oneOf(c.AccountType, "account_type", accountTypes...)
	oneOf(c.LoginAccountType, "login_account_type", accountTypes...)
	for key, id := range map[string]string{"account": c.Account, "login_account": c.LoginAccount} {
		if strings.Trim(id, "0123456789") != "" {
			report(diag.Errorf(n.At(key), CodeAccount, "%s is not the id of an account", key).WithHelp("write its digits, without hyphens"))
		}
	}
	if c.Concurrency < 1 || c.Concurrency > 10 {
		report(diag.Errorf(n.At("concurrency"), CodeRange, "concurrency is out of range").WithHelp("use a number from 1 to 10"))
	}
	oauth := []secret.Ref{c.ClientID, c.ClientSecret, c.RefreshToken}
	none := !slices.ContainsFunc(oauth, func(r secret.Ref) bool { return !r.IsZero() })
	whole := !slices.ContainsFunc(oauth, secret.Ref.IsZero)
	switch {
	case !c.ServiceAccount.IsZero() && !none:
		report(diag.Errorf(n.At("service_account"), CodeAuth, "there is a service account and an OAuth app").
			WithHelp("keep service_account, or client_id, client_secret and refresh_token"))
	case c.ServiceAccount.IsZero() && !whole:
		report(diag.Errorf(n.At(), CodeAuth, "nothing says who delivers").
			WithHelp("write service_account: '${file:key.json}', or client_id, client_secret and refresh_token"))
	}
}

// Unsaid implements config.Consenter.
func (c *Config) Unsaid(consent string) (given, said bool) {
	word := map[string]string{adUserData: c.AdUserData, adPersonalization: c.AdPersonalization}[consent]
	return word == granted, word != ""
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination {
	hash := identify.Hex
	if c.Encoding == "base64" {
		hash = identify.Base64
	}
	return &destination{config: *c, columns: columnsOf(hash), users: userColumns(hash)}
}

type destination struct {
	config Config
	// columns are those of audiences by their kind, users those of conversions.
	columns map[string][]identify.Column
	users   []identify.Column
}

var (
	_ syncs.Finisher  = (*destination)(nil)
	_ syncs.Poller    = (*destination)(nil)
	_ syncs.Prober    = (*destination)(nil)
	_ syncs.Refresher = (*destination)(nil)
)

// The kinds of objects.
const (
	audience   = "audience"
	mobiles    = "mobile_audience"
	userIDs    = "user_id_audience"
	conversion = "conversion"
)

// How many a request may have. Of events Google's documentation names two numbers;
// this is the smaller.
const (
	maxMembers = 10_000
	maxEvents  = 2_000
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	secrets := d.config.BaseURL.Refs()
	for _, r := range []secret.Ref{d.config.ServiceAccount, d.config.ClientID, d.config.ClientSecret, d.config.RefreshToken} {
		if !r.IsZero() {
			secrets = append(secrets, r)
		}
	}
	members := []syncs.Kind{syncs.Add, syncs.Remove}
	objects := []syncs.Object{
		{Name: audience + "/*", Kinds: members, Fields: memberFields(d.columns[audience], email, phone), Doc: "people of an audience of contact information, by its id"},
		{Name: mobiles + "/*", Kinds: members, Fields: memberFields(d.columns[mobiles], mobileID), Doc: "telephones of an audience of mobile ids"},
		{Name: userIDs + "/*", Kinds: members, Fields: memberFields(d.columns[userIDs], userID), Doc: "people of an audience of ids of your own"},
	}
	if d.config.Replace == Always {
		for i := range objects {
			objects[i].Fields = syncs.Replaced(objects[i].Fields)
		}
	} else {
		objects = append(objects, syncs.Object{
			Name: conversion + "/*", Kinds: []syncs.Kind{syncs.Append}, Batch: syncs.Batch{MaxRows: maxEvents}, Fields: eventFields(d.users),
			Doc: "conversions and other events, by the id of the conversion action",
		})
	}
	return syncs.Spec{
		Batch:        syncs.Batch{MaxRows: maxMembers},
		Objects:      objects,
		Keyed:        true,
		Replace:      d.config.Replace == Always,
		ReplaceFirst: d.config.Replace == First,
		Manual:       manual,
		Result:       syncs.CountsOnly,
		Version:      Version,
		TokenFirst:   true,
		Concurrency:  d.config.Concurrency,
		// 300 requests a minute and project, of which each job needs some to be
		// asked for.
		Limits:       []syncs.Limit{{Rate: 5, Burst: 10}},
		Timeout:      2 * time.Minute,
		Secrets:      secrets,
		AllowPrivate: d.config.AllowPrivate,
	}
}

// request makes a request to a path of the interface.
func (d *destination) request(method, path string, body []byte, secrets func(secret.Ref) secret.Value, token syncs.Token) *syncs.HTTPRequest {
	header := http.Header{"Authorization": {"Bearer " + token.Access.Reveal()}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return &syncs.HTTPRequest{
		Method: method, Header: header, Body: body,
		URL: d.config.At("https://datamanager.googleapis.com", secrets, "/"+Version.Name+path),
	}
}

// Encode implements syncs.Destination.
func (d *destination) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	kind, id := syncs.Which(chunk.Schema.Object)
	if kind == conversion {
		return d.encodeEvents(&chunk, id)
	}
	return d.encodeMembers(&chunk, kind, id)
}

// appendDestination begins the body of a request: where to.
func (d *destination) appendDestination(b []byte, id string) []byte {
	account := func(key, id, kind string) {
		if kind == "" {
			kind = ads
		}
		b = append(append(b, key...), `{"accountType":"`+kind+`","accountId":`...)
		b = append(syncs.AppendJSONString(b, id), `},`...)
	}
	b = append(b, `{"destinations":[{`...)
	if d.config.LoginAccount != "" {
		account(`"loginAccount":`, d.config.LoginAccount, d.config.LoginAccountType)
	}
	account(`"operatingAccount":`, d.config.Account, d.config.AccountType)
	b = syncs.AppendJSONString(append(b, `"productDestinationId":`...), id)
	return append(b, `}]`...)
}

// appendEncoding appends how digests are spelled.
func (d *destination) appendEncoding(b []byte) []byte {
	if d.config.Encoding == "base64" {
		return append(b, `,"encoding":"BASE64"`...)
	}
	return append(b, `,"encoding":"HEX"`...)
}
