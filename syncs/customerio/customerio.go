// Package customerio delivers to Customer.io over its Track API, version 2:
// people and their attributes, events, and members of manual segments.
//
// It never sends anything itself. Start at Config and New;
// docs/destinations/customerio.md is what users read, and customeriotest a fake
// of the platform.
package customerio

import (
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a workspace.
type Config struct {
	syncs.Endpoint `yaml:",inline"`

	SiteID secret.Ref `yaml:"site_id,required" doc:"Reference to the site id of the workspace's Track API credentials."`
	APIKey secret.Ref `yaml:"api_key,required" doc:"Reference to the API key of the workspace's Track API credentials."`
	Region string     `yaml:"region" doc:"Where the account is: us, or eu. us where none is given."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{Region: "us"} }

// CodeChoice is the code of a finding of Check; docs/errors.md explains it.
const CodeChoice = "bad-choice"

// addresses are those of the Track API, by region.
var addresses = map[string]string{"us": "https://track.customer.io", "eu": "https://track-eu.customer.io"}

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if addresses[c.Region] == "" {
		report(diag.Errorf(n.At("region"), CodeChoice, "region is neither us nor eu").WithHelp("it is the one of the account, in Customer.io's settings under Privacy"))
	}
}

// The limits of the Track API, as documented in 2026: the bytes of a request and
// of one entry, of an identifier, of the name and the value of an attribute, the
// attributes of a person, and requests a second by fair use.
const (
	maxBody       = 500_000
	maxEntry      = 32_000
	maxIdentifier = 150
	maxName       = 150
	maxValue      = 1000
	maxAttributes = 300
	perSecond     = 100
)

// MaxRows is how many entries a request has, and how many people one to a
// segment.
const MaxRows = 1000

// identifiers are what a person can be found by.
var identifiers = []string{"id", "email", "cio_id"}

// The objects.
const (
	people  = "people"
	event   = "event"
	segment = "segment"
)

// personFields are an object's with the identifiers that can be its key.
func personFields(key bool) []syncs.PlatformField {
	var out []syncs.PlatformField
	for _, name := range identifiers {
		out = append(out, syncs.PlatformField{Name: name, Types: []syncs.Type{syncs.String, syncs.Int}, Unique: key, MaxLength: maxIdentifier})
	}
	return out
}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var _ syncs.Prober = (*destination)(nil)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: MaxRows, MaxBytes: maxBody},
		Objects: []syncs.Object{
			{
				Name: people, Doc: "people with their attributes",
				Kinds:  []syncs.Kind{syncs.Upsert, syncs.Delete, syncs.Clear},
				Fields: append(personFields(true), syncs.PlatformField{Name: "*"}),
			},
			{
				Name: event + "/*", Doc: "events of the name behind the slash",
				Kinds: []syncs.Kind{syncs.Append},
				Fields: append(personFields(false),
					syncs.PlatformField{Name: timestamp, Types: []syncs.Type{syncs.Timestamp}},
					syncs.PlatformField{Name: "*", Unique: true}),
			},
			{
				Name: segment + "/*", Doc: "members of the manual segment of the id behind the slash",
				Kinds:  []syncs.Kind{syncs.Add, syncs.Remove},
				Fields: personFields(true),
			},
		},
		Result:  syncs.Indexed,
		Erasure: erasure,
		Manual:  manual,
		Version: syncs.Version{Name: "v2"},
		Limits:  []syncs.Limit{{Rate: perSecond}},
		// Requests that change one person overtake each other otherwise.
		Concurrency:  1,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.SiteID, d.config.APIKey),
		AllowPrivate: d.config.AllowPrivate,
	}
}
