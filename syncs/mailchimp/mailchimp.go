// Package mailchimp delivers to Mailchimp: members of an audience with their
// merge fields, one a request.
//
// It spells requests and reads answers, and never sends anything itself. Start
// at Config and New; docs/destinations/mailchimp.md is what users read, and
// mailchimptest a fake of the platform.
package mailchimp

import (
	"regexp"
	"slices"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of an account.
type Config struct {
	syncs.Endpoint

	APIKey     secret.Ref `yaml:"api_key,required" doc:"Reference to an API key of the account."`
	DataCenter string     `yaml:"data_center,required" doc:"The data center of the account, which its keys end with: us21."`
	NewMembers string     `yaml:"new_members" doc:"What somebody becomes who is no member yet: subscribed, pending (asked by e-mail first), unsubscribed or transactional. transactional where none is given."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{NewMembers: "transactional"} }

// CodeChoice is the code of a finding of Check; docs/errors.md explains it.
const CodeChoice = "bad-choice"

var (
	center   = regexp.MustCompile(`^[a-z]{2}[0-9]{1,3}$`)
	statuses = []string{"subscribed", "pending", "unsubscribed", "transactional"}
)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if !center.MatchString(c.DataCenter) {
		report(diag.Errorf(n.At("data_center"), CodeChoice, "this is no data center of Mailchimp").WithHelp("write what the account's API keys end with, such as us21"))
	}
	if !slices.Contains(statuses, c.NewMembers) {
		report(diag.Errorf(n.At("new_members"), CodeChoice, "new_members is no status of members").WithHelp("write subscribed, pending, unsubscribed or transactional"))
	}
}

// list is the object, and email its key.
const (
	list  = "list"
	email = "email_address"
)

// connections is how many requests Mailchimp answers at a time; more are refused.
const connections = 10

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var (
	_ syncs.Describer = (*destination)(nil)
	_ syncs.Prober    = (*destination)(nil)
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: 100},
		Objects: []syncs.Object{{
			Name: list + "/*", Doc: "members of the audience of the id behind the slash",
			Kinds: []syncs.Kind{syncs.Upsert, syncs.Archive, syncs.Clear},
		}},
		Result:  syncs.WholeRequest,
		Erasure: erasure,
		Manual:  manual,
		Version: syncs.Version{Name: "3.0"},
		// One member a request: Concurrency keeps to what Mailchimp answers at once.
		Concurrency:  connections - 2,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.APIKey),
		AllowPrivate: d.config.AllowPrivate,
	}
}
