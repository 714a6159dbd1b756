// Package iterable delivers to Iterable over its REST API: users and their
// fields, members of static lists, and custom events.
//
// It never sends anything itself. Start at Config and New;
// docs/destinations/iterable.md is what users read, and iterabletest a fake of
// the platform. What Iterable documents is that of
// https://api.iterable.com/api/docs.
package iterable

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Config is what a project says of a project of Iterable.
type Config struct {
	syncs.Endpoint

	APIKey secret.Ref `yaml:"api_key,required" doc:"Reference to a server-side API key of the project."`
	Region string     `yaml:"region" doc:"Where the project is: us, or eu. us where none is given."`
}

// Default is a Config with everything set that has a default.
func Default() *Config { return &Config{Region: "us"} }

// CodeChoice is the code of a finding of Check; docs/errors.md explains it.
const CodeChoice = "bad-choice"

var addresses = map[string]string{"us": "https://api.iterable.com", "eu": "https://api.eu.iterable.com"}

// Check implements config.Checker.
func (c *Config) Check(n strict.Node, report func(diag.Diagnostic)) {
	c.CheckEndpoint(n, report)
	if addresses[c.Region] == "" {
		report(diag.Errorf(n.At("region"), CodeChoice, "region is neither us nor eu").WithHelp("it is what the address of the project in a browser has: app.iterable.com, or app.eu.iterable.com"))
	}
}

// What Iterable permits: bytes of a request, of the id of an event, and of a
// userId.
const (
	maxRows    = 1000
	maxBody    = 4_000_000
	maxEventID = 512
	maxUserID  = 128
)

// The objects.
const (
	users = "users"
	list  = "list"
	event = "event"
)

// The fields that say who somebody is, and those of an event beside its data.
const (
	email     = "email"
	userID    = "userId"
	id        = "id"
	createdAt = "createdAt"
)

// The buckets of requests that have limits of their own.
const (
	bulk     = "users/bulkUpdate"
	listing  = "lists"
	tracking = "events/trackBulk"
	deleting = "users"
	erasing  = "users/forget"
	asking   = "users/getFields"
)

// New makes the destination. The configuration was checked.
func New(c *Config) syncs.Destination { return &destination{*c} }

type destination struct{ config Config }

var (
	_ syncs.Describer = (*destination)(nil)
	_ syncs.Prober    = (*destination)(nil)
)

// Spec implements syncs.Destination.
func (d *destination) Spec() syncs.Spec {
	text := []syncs.Type{syncs.String}
	ids := []syncs.Type{syncs.String, syncs.Int}
	who := func(key bool) []syncs.PlatformField {
		return []syncs.PlatformField{{Name: email, Types: text, Unique: key}, {Name: userID, Types: ids, Unique: key, MaxLength: maxUserID}}
	}
	return syncs.Spec{
		Batch: syncs.Batch{MaxRows: maxRows, MaxBytes: maxBody},
		Objects: []syncs.Object{
			{
				Name: users, Doc: "users with their fields",
				Kinds: []syncs.Kind{syncs.Upsert, syncs.Delete, syncs.Clear},
			},
			{
				Name: list + "/*", Doc: "members of the static list of the id behind the slash",
				Kinds: []syncs.Kind{syncs.Add, syncs.Remove}, Fields: who(true),
			},
			{
				Name: event + "/*", Doc: "custom events of the name behind the slash", Kinds: []syncs.Kind{syncs.Append},
				// Iterable says of events that it refused whose they were.
				Batch: syncs.Batch{MaxRows: maxRows, MaxBytes: maxBody, Distinct: []string{email, userID}},
				Fields: append(who(false),
					syncs.PlatformField{Name: id, Types: ids, Unique: true, MaxLength: maxEventID, Required: true},
					syncs.PlatformField{Name: createdAt, Types: []syncs.Type{syncs.Timestamp}},
					syncs.PlatformField{Name: "dataFields.*"}),
			},
		},
		// An event is updated by one of the same id.
		Keyed:       true,
		Result:      syncs.ByIdentifier,
		Erasure:     erasure,
		Manual:      manual,
		Concurrency: 2,
		Limits: []syncs.Limit{
			{Bucket: bulk, Rate: 5, Burst: 1},
			{Bucket: listing, Rate: 5, Burst: 1},
			{Bucket: tracking, Rate: 10, Burst: 1},
			{Bucket: deleting, Rate: 100, Burst: 1},
			{Bucket: erasing, Rate: 3, Burst: 1},
			{Bucket: asking, Rate: 3, Burst: 1},
		},
		Timeout:      time.Minute,
		Secrets:      append(d.config.BaseURL.Refs(), d.config.APIKey),
		AllowPrivate: d.config.AllowPrivate,
	}
}
