// Package braze delivers to Braze over its REST API: users and their attributes,
// events, purchases, and the state of subscription groups.
//
// It never sends anything itself. Start at Config and New;
// docs/destinations/braze.md is what users read, and brazetest a fake of the
// platform.
package braze

import (
	"regexp"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a workspace.
type Config struct {
	syncs.Endpoint

	APIKey   secret.Ref `yaml:"api_key,required" doc:"Reference to a REST API key of the workspace."`
	Instance string     `yaml:"instance,required" doc:"The instance that the workspace is on, as in the address of its dashboard: iad-01 to iad-08, fra-01, fra-02, au-01, id-01."`
	AppID    string     `yaml:"app_id" doc:"The app that events and purchases are counted for."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{} }

// CodeChoice is the code of a finding of Check; docs/errors.md explains it.
const CodeChoice = "bad-choice"

// instance is what instances are called.
var instance = regexp.MustCompile(`^(iad|fra|au|id|jp|us)-[0-9]{2}$`)

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if !instance.MatchString(c.Instance) {
		report(diag.Errorf(n.At("instance"), CodeChoice, "this is not an instance of Braze").
			WithHelp("write what the address of the dashboard has, such as iad-03 or fra-01"))
	}
}

// host is where the instance answers.
func (c *Config) host() string {
	domain := "com"
	if c.Instance[:3] == "fra" {
		domain = "eu"
	}
	return "https://rest." + c.Instance + ".braze." + domain
}

// What Braze permits: objects in a request of users/track, all kinds together;
// people in one of users/delete and of subscription/status/set; bytes of a
// request and of an object of it.
const (
	maxObjects = 75
	maxPeople  = 50
	maxBody    = 4_000_000
	maxObject  = 100_000
)

// The objects.
const (
	users        = "users"
	event        = "event"
	purchases    = "purchases"
	subscription = "subscription_group"
)

// The fields that say who somebody is. Users are deleted by the first two alone.
const (
	externalID = "external_id"
	brazeID    = "braze_id"
	email      = "email"
	phone      = "phone"
)

// identifiers are those of events and purchases, the best first.
var identifiers = []string{externalID, brazeID, email, phone}

// deletions says by which list of users/delete a key is deleted.
var deletions = map[string]string{externalID: "external_ids", brazeID: "braze_ids"}

// states says by which list of a subscription group a key is set.
var states = map[string]string{externalID: "external_ids", email: "emails", phone: "phones"}

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var _ syncs.Prober = (*destination)(nil)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	text := []syncs.Type{syncs.String}
	id := []syncs.Type{syncs.String, syncs.Int}
	when := syncs.PlatformField{Name: "time", Types: []syncs.Type{syncs.Timestamp}, Required: true}
	number := []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}
	who := []syncs.PlatformField{{Name: externalID, Types: id}, {Name: brazeID, Types: text}, {Name: email, Types: text}, {Name: phone, Types: text}}
	properties := syncs.PlatformField{Name: "properties.*", Unique: true}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxObjects, MaxBytes: maxBody},
		Objects: []syncs.Object{
			{
				Name: users, Doc: "users with their attributes",
				Kinds: []syncs.Kind{syncs.Upsert, syncs.Delete, syncs.Clear},
				Fields: []syncs.PlatformField{
					{Name: externalID, Types: id, Unique: true},
					{Name: brazeID, Types: text, Unique: true},
					{Name: email, Types: text},
					{Name: phone, Types: text},
					{Name: "country", Types: text, MaxLength: 2},
					{Name: "dob", Types: []syncs.Type{syncs.Date}},
					{Name: "gender", Types: text, Enum: []string{"M", "F", "O", "N", "P"}},
					{Name: "email_subscribe", Types: text, Enum: []string{"opted_in", "subscribed", "unsubscribed"}},
					{Name: "push_subscribe", Types: text, Enum: []string{"opted_in", "subscribed", "unsubscribed"}},
					{Name: "*"},
				},
			},
			{
				Name: event + "/*", Doc: "custom events of the name behind the slash", Kinds: []syncs.Kind{syncs.Append},
				Fields: append(who, when, properties),
			},
			{
				Name: purchases, Doc: "purchases", Kinds: []syncs.Kind{syncs.Append},
				Fields: append(who, when, properties,
					syncs.PlatformField{Name: "product_id", Types: id, Required: true},
					syncs.PlatformField{Name: "currency", Types: text, Required: true, MaxLength: 3},
					syncs.PlatformField{Name: "price", Types: number, Required: true},
					syncs.PlatformField{Name: "quantity", Types: []syncs.Type{syncs.Int}}),
			},
			{
				Name: subscription + "/*", Doc: "who is subscribed to the group of the id behind the slash", Kinds: []syncs.Kind{syncs.Add, syncs.Remove},
				Batch:  syncs.Batch{MaxRows: 1000, MaxBytes: maxBody},
				Fields: []syncs.PlatformField{{Name: externalID, Types: id, Unique: true}, {Name: email, Types: text, Unique: true}, {Name: phone, Types: text, Unique: true}},
			},
		},
		Result:      syncs.Indexed,
		Erasure:     erasure,
		Manual:      manual,
		Concurrency: 4,
		// 3,000 requests in three seconds, and deletions of their own 20,000 a minute.
		Limits:       []syncs.Limit{{Rate: 1000}, {Bucket: deletion, Rate: 20_000.0 / 60}},
		Timeout:      time.Minute,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.APIKey),
		AllowPrivate: d.config.AllowPrivate,
	}
}

// deletion is the bucket of users/delete.
const deletion = "users/delete"
