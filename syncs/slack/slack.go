// Package slack tells a channel of Slack who entered a segment and who left: one
// message for all of them, or one each where somebody wants that.
//
// It never sends anything itself, and a message it has no key for is never sent
// twice. Start at Config and New; docs/destinations/slack.md is what users read,
// and slacktest a fake of the platform.
package slack

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a workspace.
type Config struct {
	syncs.Endpoint `yaml:",inline"`

	Token   secret.Ref `yaml:"token" doc:"Reference to the token of a bot with the scope chat:write."`
	Webhook secret.Ref `yaml:"webhook" doc:"Reference to the address of an incoming webhook, instead of token. It belongs to one channel."`
	List    int        `yaml:"list" doc:"How many of those who entered a message names, by the fields of the sync; none where nothing is given."`
	Each    bool       `yaml:"each" doc:"Whether each row has a message of its own. Slack takes about one a second."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// The codes of the findings of Check; docs/errors.md explains them.
const (
	CodeRange  = "out-of-range"
	CodeChoice = "bad-choice"
)

// maxList is how many rows a message names at most: more would not be read.
const maxList = 50

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if c.Token.IsZero() == c.Webhook.IsZero() {
		report(diag.Errorf(n.At("token"), CodeChoice, "a slack destination has either token or webhook").
			WithHelp("write token: ${env:SLACK_TOKEN} for any channel, or webhook: ${env:SLACK_WEBHOOK} for one"))
	}
	if c.List < 0 || c.List > maxList {
		report(diag.Errorf(n.At("list"), CodeRange, "list is out of range").WithHelp("use a number from 0 to %d", maxList))
	}
}

// api is where Slack is.
const api = "https://slack.com"

// The objects.
const (
	channel = "channel"
	webhook = "webhook"
)

// The rows that one message sums up, and one that stands for itself.
const maxRows = 10_000

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var _ syncs.Prober = (*destination)(nil)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	rows := maxRows
	if d.config.Each {
		rows = 1
	}
	object := syncs.Object{
		Name: channel + "/*", Doc: "messages to the channel of the id behind the slash",
		Kinds: []syncs.Kind{syncs.Add, syncs.Append, syncs.Remove}, Fields: []syncs.PlatformField{{Name: "*", Unique: true}}, Tells: true,
	}
	credential := d.config.Token
	if !d.config.Webhook.IsZero() {
		object.Name, object.Doc, credential = webhook, "messages to the channel of the webhook", d.config.Webhook
	}
	return syncs.Spec{
		Batch:   syncs.Batch{MaxRows: rows},
		Objects: []syncs.Object{object},
		Manual:  manual,
		Result:  syncs.WholeRequest,
		// One message a second and channel.
		Limits:       []syncs.Limit{{Rate: 1}},
		Concurrency:  1,
		Timeout:      20 * time.Second,
		Secrets:      append(d.config.BaseURL.Refs(), credential),
		AllowPrivate: d.config.AllowPrivate,
	}
}
