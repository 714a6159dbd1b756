// Package hubspot delivers to HubSpot: records of any object, members of static
// lists, and custom behavioural events.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/hubspot.md is what users read. What
// HubSpot documents is that of https://developers.hubspot.com, of the version
// in Version.
package hubspot

import (
	"net/http"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Version is that of HubSpot's interface, in the paths of its requests. HubSpot
// supports each for eighteen months.
var Version = syncs.Version{Name: "2026-03", Until: syncs.Day(2027, time.September, 1)}

// Config is what a project says of an account of HubSpot.
type Config struct {
	Token        secret.Ref `yaml:"token" doc:"Access token of a private app."`
	ClientID     secret.Ref `yaml:"client_id" doc:"Client id of an OAuth app, where there is no token."`
	ClientSecret secret.Ref `yaml:"client_secret" doc:"Client secret of the OAuth app."`
	RefreshToken secret.Ref `yaml:"refresh_token" doc:"Refresh token that the OAuth app was given for the account."`
	RateLimit    float64    `yaml:"rate_limit" doc:"Most requests a second, 10 where none is given; accounts with more to spend may have 19."`
	Concurrency  int        `yaml:"concurrency" doc:"Most requests at a time, 4 where none is given."`

	syncs.Endpoint
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{RateLimit: 10, Concurrency: 4} }

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeRange = "out-of-range"
	CodeAuth  = "no-credential"
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	oauth := !c.ClientID.IsZero() || !c.ClientSecret.IsZero() || !c.RefreshToken.IsZero()
	whole := !c.ClientID.IsZero() && !c.ClientSecret.IsZero() && !c.RefreshToken.IsZero()
	switch {
	case !c.Token.IsZero() && oauth:
		report(diag.Errorf(n.At("token"), CodeAuth, "there is a token and an OAuth app").
			WithHelp("keep token, or client_id, client_secret and refresh_token"))
	case c.Token.IsZero() && !whole:
		report(diag.Errorf(n.At(), CodeAuth, "nothing says who delivers").
			WithHelp("write token: '${env:HUBSPOT_TOKEN}' with the token of a private app, or client_id, client_secret and refresh_token"))
	}
	if c.RateLimit < 0.1 || c.RateLimit > 100 {
		report(diag.Errorf(n.At("rate_limit"), CodeRange, "rate_limit is out of range").WithHelp("use a number from 0.1 to 100 of requests a second"))
	}
	if c.Concurrency < 1 || c.Concurrency > 32 {
		report(diag.Errorf(n.At("concurrency"), CodeRange, "concurrency is out of range").WithHelp("use a number from 1 to 32"))
	}
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination {
	d := &destination{*c}
	if c.Token.IsZero() {
		return &oauth{d}
	}
	return d
}

type destination struct{ config Config }

var (
	_ syncs.Poller    = (*destination)(nil)
	_ syncs.Describer = (*destination)(nil)
	_ syncs.Prober    = (*destination)(nil)
	_ syncs.Refresher = (*oauth)(nil)
)

// maxRows is how many records a batch may have, and maxBytes keeps its answer
// below what is read of one.
const (
	maxRows  = 100
	maxBytes = 1 << 20
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	records := []syncs.Kind{syncs.Upsert, syncs.Update, syncs.Insert, syncs.Archive, syncs.Clear}
	scalar := []syncs.Type{syncs.String, syncs.Int, syncs.Float, syncs.Decimal, syncs.Bool, syncs.Timestamp, syncs.Date}
	text := []syncs.Type{syncs.String}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxRows, MaxBytes: maxBytes},
		Objects: []syncs.Object{
			{Name: "contacts", Kinds: records},
			{Name: "companies", Kinds: records},
			{Name: "deals", Kinds: records},
			{Name: "list/*", Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Doc: "contacts on a static list, by its id; contacts that are not there are made"},
			{Name: "event/*", Kinds: []syncs.Kind{syncs.Append}, Doc: "custom events, by their full name such as pe123_visited", Fields: []syncs.PlatformField{
				{Name: "uuid", Types: text, Unique: true},
				{Name: "email", Types: text},
				{Name: "objectId", Types: []syncs.Type{syncs.String, syncs.Int}},
				{Name: "utk", Types: text},
				{Name: "occurredAt", Types: []syncs.Type{syncs.Timestamp}},
				{Name: "properties.*", Types: scalar},
			}},
			{Name: "*", Kinds: records, Doc: "any other object, by its name or its id, such as tickets, p_pets or 2-123"},
		},
		Result:       syncs.Traced,
		Erasure:      erasure,
		Manual:       manual,
		Version:      Version,
		TokenFirst:   d.config.Token.IsZero(),
		Concurrency:  d.config.Concurrency,
		Limits:       []syncs.Limit{{Rate: d.config.RateLimit, Burst: 1}},
		Secrets:      d.secrets(),
		AllowPrivate: d.config.AllowPrivate,
	}
}

func (d *destination) secrets() []secret.Ref {
	refs := d.config.BaseURL.Refs()
	for _, r := range []secret.Ref{d.config.Token, d.config.ClientID, d.config.ClientSecret, d.config.RefreshToken} {
		if !r.IsZero() {
			refs = append(refs, r)
		}
	}
	return refs
}

// at is the address of a path.
func (d *destination) at(secrets func(secret.Ref) secret.Value, path string) string {
	return d.config.At("https://api.hubapi.com", secrets, path)
}

// header is that of every request.
func (d *destination) header(secrets func(secret.Ref) secret.Value, token syncs.Token) http.Header {
	access := token.Access
	if !d.config.Token.IsZero() {
		access = secrets(d.config.Token)
	}
	return http.Header{"Authorization": {"Bearer " + access.Reveal()}, "Content-Type": {"application/json"}}
}
